"""What the locks of other tools pin."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.elsewhere import stated_elsewhere, unlocked_source
from hatch_lambda_zip.lock.foreign import ForeignLock, read_foreign
from tests.support.foreign import PDM, PIPENV, POETRY
from tests.support.loose import write

pytestmark = pytest.mark.every_python  # tomllib, or tomli

IDNA = frozenset(["sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3"])
PROJECTS = {"poetry.lock": POETRY, "pdm.lock": PDM, "Pipfile.lock": PIPENV}


def read(root: Path, name: str, old: str = "", new: str = "", *, file: str = "") -> ForeignLock:
    """Read a lock of which, or of a file beside it, a part is replaced."""
    files = dict(PROJECTS[name])
    file = file or name
    assert old in files[file]
    files[file] = files[file].replace(old, new, 1) if old else files[file]
    write(root, files)
    return read_foreign(root / name)


@pytest.mark.parametrize(
    ("name", "requirements"),
    [
        ("poetry.lock", ("idna==3.10 ; python_version > '3.5'",)),
        ("pdm.lock", ('idna==3.10 ; python_version > "3.5"',)),
        ("Pipfile.lock", ("idna==3.10 ; python_version > '3.5'", "six ; python_version < '3'")),
    ],
)
def test_what_is_needed_at_run_time(
    tmp_path: Path, name: str, requirements: tuple[str, ...]
) -> None:
    found = read(tmp_path, name)
    assert found.requirements == requirements
    assert found.hashes["idna"] == IDNA
    assert found.indexes == (("main",) if name == "Pipfile.lock" else ())


NEXT = '[[package]]\nname = "iniconfig"'


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        (
            "poetry.lock",
            NEXT,
            (
                '[package.source]\ntype = "git"\nurl = "git@example.org:a/b.git"\n'
                f'resolved_reference = "abc"\nsubdirectory = "x"\n\n{NEXT}'
            ),
            "idna @ git+ssh://git@example.org/a/b.git@abc#subdirectory=x",
        ),
        (
            "poetry.lock",
            NEXT,
            f'[package.source]\ntype = "directory"\nurl = "../idna"\n\n{NEXT}',
            "idna @ ../idna",
        ),
        (
            "pdm.lock",
            'version = "3.10"',
            'version = "3.10"\ngit = "https://example.org/a.git"\nrevision = "abc"',
            "idna @ git+https://example.org/a.git@abc",
        ),
        ("pdm.lock", 'version = "3.10"', 'version = "3.10"\npath = "./idna"', "idna @ ./idna"),
        (
            "Pipfile.lock",
            '"version": "==3.10"',
            '"git": "https://example.org/a.git", "ref": "abc"',
            "idna @ git+https://example.org/a.git@abc",
        ),
        ("Pipfile.lock", '"version": "==3.10"', '"path": "./idna"', "idna @ ./idna"),
    ],
)
def test_what_comes_from_no_index(tmp_path: Path, name: str, old: str, new: str, line: str) -> None:
    (found, *_) = read(tmp_path, name, old, new).requirements
    assert found.partition(" ; ")[0] == line


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "message"),
    [
        ("poetry.lock", "pyproject.toml", "^3.0", "^3.7", "of another pyproject.toml than there"),
        ("Pipfile.lock", "Pipfile", 'Idna = "*"', 'Idna = ">3"', "Run `pipenv lock`, then"),
        ("poetry.lock", "", 'groups = ["dev"]\n', "", "made by a poetry before 2.0"),
        ("pdm.lock", "", 'groups = ["dev"]\n', "", "`pdm lock --update-reuse -S inherit_metadata`"),
        (
            "pdm.lock",
            "",
            'requires_python = ">=3.12"',
            'requires_python = ">=3.12"\nplatform = "macos_14_0_arm64"',
            "was made for single platforms",
        ),
        ("pdm.lock", "", "[metadata]", "[metadata", ". Restore it, or lock again with its tool."),
        # What would be another line of a requirements file than that of a distribution.
        ("pdm.lock", "", '"idna"', '"--index-url https://x.invalid/#"', "Lock again with its"),
        ("pdm.lock", "", '"3.10"', '"3.10\\nsix==1.17.0"', "Lock again with its tool"),
        ("poetry.lock", "", "'3.5'", "'3.5' \\n six", "Lock again with its tool"),
        ("Pipfile.lock", "", "'3.5'", "'3.5'\\nsix", "Lock again with its tool"),
        ("pdm.lock", "", '> \\"3.5\\"', '~= \\"3\\"', "can't be evaluated: "),
        (
            "poetry.lock",
            "",
            NEXT,
            f'[package.source]\ntype = "hg"\nurl = "https://example.org/a"\n\n{NEXT}',
            "poetry.lock: idna comes from hg, and uv fetches from no version control",
        ),
        *(
            (name, "", old, new.format(system), f"{name}: idna comes from {system}, and uv fetches")
            for system in ("hg", "svn", "bzr")
            for name, old, new in (
                ("pdm.lock", '"3.10"', '"3.10"\n{} = "https://example.org/a"\nrevision = "abc"'),
                (
                    "Pipfile.lock",
                    '"version": "==3.10"',
                    '"{}": "https://example.org/a", "ref": "abc"',
                ),
            )
        ),
        ("Pipfile.lock", "", '"default"', '"other"', "is not in a form that is known: KeyError"),
    ],
)
def test_what_can_not_be_kept(
    tmp_path: Path, name: str, file: str, old: str, new: str, message: str
) -> None:
    with pytest.raises(LockError) as caught:
        read(tmp_path, name, old, new, file=file)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", PROJECTS)
def test_hashes_are_compared_without_their_case(tmp_path: Path, name: str) -> None:
    digest = "946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3"
    assert read(tmp_path, name, digest, digest.upper()).hashes["idna"] == {f"sha256:{digest}"}


def test_settings_of_pipenv_do_not_make_its_lock_outdated(tmp_path: Path) -> None:
    settings = "[pipenv]\nallow_prereleases = true\n\n[packages]"
    assert read(tmp_path, "Pipfile.lock", "[packages]", settings, file="Pipfile").requirements


def test_poetry_with_a_project_table_and_groups(tmp_path: Path) -> None:
    write(tmp_path, POETRY)
    path = tmp_path / "poetry.lock"
    digest = "7126f647592bb8300131299e07d9db8f822113f430b26270e2e973e71370140b"
    text = path.read_text()
    path.write_text(text.replace(text.split('content-hash = "')[1][:64], digest))
    pyproject = (
        '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.12"\n'
        'dependencies = ["idna"]\n[dependency-groups]\ndev = ["iniconfig"]\n'
    )
    (tmp_path / "pyproject.toml").write_text(pyproject)
    assert read_foreign(path).requirements


# With the digests that pdm's own releases give for it.
PDM_TABLES = """\
[project]
name = "demo"
version = "1.0"
requires-python = ">=3.12"
dependencies = ["idna>=3"]
optional-dependencies = { more = ["six"] }

[dependency-groups]
Dev_x = ["iniconfig", { include-group = "lint" }]
lint = ["toml"]

[tool.pdm.dev-dependencies]
dev-x = ["six"]

[tool.pdm.resolution]
respect-source-order = true
overrides = { six = "1.16" }

[[tool.pdm.source]]
name = "main"
url = "index"
"""


@pytest.mark.parametrize(
    "digest",
    [
        "47a33ddcd4c1bd946ca221787d54a475fb0e5dd0eb12ffe3ed4afd0b965e4171",  # 2.15.4
        "a755295c912cd5307c6c8b193852391f1155e7edbb30e6c9d6a2da475dba38f9",  # 2.16.1
        "4a878cc3d5274249b729d1a959151b69c6b5041e47ea9f8b6ffe25970474978b",  # 2.22.2 and 2.26.1
    ],
)
def test_a_pdm_lock_is_of_the_tables_that_there_are(tmp_path: Path, digest: str) -> None:
    write(tmp_path, PDM)
    path = tmp_path / "pdm.lock"
    text = path.read_text()
    path.write_text(text.replace(text.split('content_hash = "sha256:')[1][:64], digest))
    (tmp_path / "pyproject.toml").write_text(PDM_TABLES)
    assert read_foreign(path).requirements
    (tmp_path / "pyproject.toml").write_text(PDM_TABLES.replace("idna>=3", "idna>=3.1"))
    with pytest.raises(LockError, match=r"another pyproject.toml .* Run `pdm lock --update-reuse`"):
        read_foreign(path)
    # What it makes of poetry's and flit's own tables is not asked.
    (tmp_path / "pyproject.toml").write_text('[tool.poetry]\nname = "demo"\n')
    assert read_foreign(path).requirements


@pytest.mark.parametrize(
    ("file", "text", "command"),
    [
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.12"\n', None),
        ("pyproject.toml", '[tool.poetry.dependencies]\nsix = "*"\n', "poetry lock"),
        ("pyproject.toml", '[tool.poetry.group.main.dependencies]\nsix = "*"\n', "poetry lock"),
        ("pyproject.toml", '[tool.poetry.group.dev.dependencies]\nsix = "*"\n', None),
        ("pyproject.toml", "[tool.poetry.dependencies]\nsix = {optional = true}\n", None),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["six"]\n[tool.poetry.dependencies]\nsix = {git = "x"}\n',
            None,
        ),
        ("Pipfile", '[packages]\nsix = "*"\n', "pipenv lock"),
        ("Pipfile", '[dev-packages]\nsix = "*"\n', None),
    ],
)
def test_requirements_that_only_another_tool_reads(
    tmp_path: Path, file: str, text: str, command: str | None
) -> None:
    write(tmp_path, {file: text})
    problem = unlocked_source(tmp_path)
    if command is None:
        assert problem is None
    else:
        assert f"Run `{command}`, then `hatch-lambda-zip lock`" in (problem or "")


@pytest.mark.parametrize(
    ("stated", "requirement"),
    [
        *(
            (f'"{version}"', f"Idna<{above},>={version[1:]}")
            for version, above in (
                *(
                    ("^3.0", "4"),
                    ("^3", "4"),
                    ("^1.2.3", "2"),
                    ("^0.2.3", "0.3"),
                    ("^0.0.3", "0.0.4"),
                ),
                *(("^0.0", "0.1"), ("^0", "1"), ("~1.2.3", "1.3"), ("~1.2", "1.3"), ("~1", "2")),
            )
        ),
        ('"^3.0 || ^4.0"', "Idna"),
        ('"3.10"', "Idna==3.10"),
        ('"3.*"', "Idna==3.*"),
        ('"^3.0, !=3.7"', "Idna!=3.7,<4,>=3.0"),
        ('">= 3 <4"', "Idna<4,>=3"),
        ('"3 - 4"', "Idna"),
        ('"*"', "Idna"),
        ('">=3,<4"', "Idna<4,>=3"),
        ('{path = "../idna", develop = true, optional = false}', "Idna"),
        ('{version = ">=3", extras = ["all", "b"]}', "Idna[all,b]>=3"),
        ("{markers = \"os_name == 'nt'\"}", "Idna ; (os_name == 'nt')"),
        ('{markers = "", python = ""}', "Idna"),
        ('{python = ">=3.9"}', 'Idna ; (python_full_version >= "3.9")'),
        ('{platform = "win32"}', 'Idna ; (sys_platform == "win32")'),
        ("{sys_platform = \"== 'linux'\"}", "Idna ; (sys_platform == 'linux')"),
        ('[{python = "<3.9"}, {version = "^3"}]', 'Idna ; (python_full_version < "3.9")'),
        (
            '{python = "^3.9"}',
            'Idna ; (python_full_version < "4" and python_full_version >= "3.9")',
        ),
        ('{python = "^3.9 || ^4.0"}', None),
        ('{platform = "linux || darwin"}', None),
        ('{markers = "!!!"}', None),
        ("{markers = \"python_version ~= '3'\"}", None),
        ("{version = 3, markers = 3}", None),
        pytest.param(
            f'"^{"9" * 5000}"',
            "Idna",
            marks=pytest.mark.skipif(
                not hasattr(sys, "set_int_max_str_digits"), reason="an early patch release"
            ),
            id="too many digits for an int",
        ),
    ],
)
@pytest.mark.parametrize("tool", ["poetry", "pipenv"])
def test_what_only_another_tool_reads_as_requirements(
    tmp_path: Path, tool: str, stated: str, requirement: str | None
) -> None:
    text = f"Idna = {stated}\n"
    files = {"pyproject.toml": f"[tool.poetry.dependencies]\n{text}"}
    write(tmp_path, files if tool == "poetry" else {"Pipfile": f"[packages]\n{text}"})
    found = stated_elsewhere(tmp_path)
    assert found is not None
    first = next(iter(found.requirements), None)
    assert first == requirement


@pytest.mark.parametrize("name", PROJECTS)
def test_a_lock_with_arrays_in_arrays(tmp_path: Path, name: str) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    (tmp_path / name).write_text(f'{{"a": {deep}}}' if name == "Pipfile.lock" else f"a = {deep}")
    with pytest.raises(LockError, match=rf"{re.escape(name)} can't be read: [^\n]{{1,200}}\.$"):
        read_foreign(tmp_path / name)


@pytest.mark.parametrize(
    ("constraint", "is_certain"),
    [
        *((f"{{{key} = 'x'}}", True) for key in ("version", "extras", "index", "source", "url")),
        *((f"{{{key} = 'x'}}", True) for key in ("git", "ref", "rev", "tag", "branch")),
        *((f"{{{key} = true}}", True) for key in ("allow-prereleases", "subdirectory", "editable")),
        ("'*'", True),
        ("[{version = '*'}]", True),
        ("{version = '*', python = 'x'}", False),
        ("{markers = 'x'}", False),
    ],
)
def test_what_is_needed_on_every_platform(
    tmp_path: Path, constraint: str, *, is_certain: bool
) -> None:
    write(tmp_path, {"pyproject.toml": f"[tool.poetry.dependencies]\nsix = {constraint}\n"})
    stated = stated_elsewhere(tmp_path)
    assert stated is not None
    assert [Requirement(it).name for it in stated.requirements] == ["six"] * is_certain
    (tmp_path / "pyproject.toml").unlink()
    write(tmp_path, {"Pipfile": f"[packages]\nsix = {constraint}\n"})
    assert stated_elsewhere(tmp_path) == replace(stated, file="Pipfile", lock="Pipfile.lock")


def test_which_tables_of_a_pipfile_count(tmp_path: Path) -> None:
    """By pipenv's own `Pipfile.calculate_hash`: sources, requirements of Python, and packages."""
    names = ("scripts", "pipfile", "pipenv", "default", "develop")
    others = "".join(f'[{name}]\na = "b"\n' for name in names)
    packages = '[packages]\nsix = "*"\n[dev-packages]\nidna = "*"\n[docs]\nmore = "1"\n'
    sources = [{"url": "index"}]
    counts = {
        "_meta": {"requires": {"python_version": "3.13"}, "sources": sources},
        "default": {"six": "*"},
        "develop": {"idna": "*"},
        "docs": {"more": "1"},
    }
    text = json.dumps(counts, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    lock = {"_meta": {"hash": {"sha256": digest}, "sources": sources}, "default": {}}
    head = '[[source]]\nurl = "index"\n[requires]\npython_version = "3.13"\n'
    write(tmp_path, {"Pipfile.lock": json.dumps(lock), "Pipfile": head + others + packages})
    assert read_foreign(tmp_path / "Pipfile.lock").requirements == ()
    for old, new in (("3.13", "3.12"), ("index", "other"), ('more = "1"', 'more = "2"')):
        write(tmp_path, {"Pipfile": (head + others + packages).replace(old, new)})
        with pytest.raises(LockError, match="was made of another Pipfile"):
            read_foreign(tmp_path / "Pipfile.lock")


@pytest.mark.parametrize(
    "key",
    [
        *("os_name", "sys_platform", "python_version", "python_full_version"),
        *("platform_machine", "platform_python_implementation", "platform_release"),
        *("platform_system", "platform_version", "implementation_name", "implementation_version"),
    ],
)
def test_a_marker_as_a_key_of_pipenvs(tmp_path: Path, key: str) -> None:
    write(tmp_path, {"Pipfile": f"[packages]\nsix = {{{key} = \"== '3.1'\"}}\n"})
    stated = stated_elsewhere(tmp_path)
    assert stated is not None
    assert stated.requirements == (f"six ; ({key} == '3.1')",)


def test_what_is_optional_is_not_required(tmp_path: Path) -> None:
    table = "six = {optional = true}\nidna = {optional = false}\n"
    write(tmp_path, {"Pipfile": f"[packages]\n{table}"})
    stated = stated_elsewhere(tmp_path)
    assert stated is not None
    assert stated.requirements == ("idna",)
