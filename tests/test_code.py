"""Projects that are no packages: code directories, with what they require beside them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.commands import CHECKOUT, FIXTURES, run
from tests.support.loose import build, fail, invoke, lock, names_in, write
from tests.support.shared import made_once

pytestmark = pytest.mark.shared_cache

TABLE = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\n'
HANDLER = "import six\n\n\ndef handler(event, context):\n    return six.__version__\n"
NEWER = 'exclude-newer = "2026-11-01T00:00:00Z"\n'


def call(root: Path, name: str, handler: str, place: Path) -> str:
    """Unpack a zip and call its handler, with nothing else to import from."""
    with zipfile.ZipFile(root / "dist" / name) as archive:
        archive.extractall(place)
    module, _, function = handler.rpartition(".")
    code = (
        f"import sys; sys.path.insert(0, {str(place)!r}); import {module};"
        f"print({module}.{function}({{}}, None))"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return result.stdout.strip()


def make_flat(root: Path) -> None:
    write(
        root,
        {
            "lambda_function.py": HANDLER,
            "requirements.txt": "six\n",
            "pyproject.toml": f'{TABLE}code = "."\nhandler = "lambda_function.handler"\n',
        },
    )
    lock(root)


@pytest.fixture
def flat(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """A handler beside a requirements.txt, locked, with three lines of table."""
    return shutil.copytree(made_once(tmp_path_factory, "flat", make_flat), tmp_path / "flat")


def test_a_flat_folder(flat: Path, tmp_path: Path) -> None:
    first = build(flat)
    assert names_in(flat, "lambda.zip") >= {"lambda_function.py", "six.py"}
    assert not {"pyproject.toml", "requirements.txt", "pylock.toml"} & names_in(flat, "lambda.zip")
    assert call(flat, "lambda.zip", "lambda_function.handler", tmp_path / "task").startswith("1.")
    moved = flat.rename(tmp_path / "elsewhere")
    assert build(moved) == first


def test_what_is_edited_in_a_flat_folder(flat: Path) -> None:
    first = build(flat)
    write(flat, {"README.md": "# News\n", "Makefile": "all:\n", ".env": "SECRET=1\n"})
    assert build(flat) == first
    write(flat, {"more.py": "X = 1\n"})
    assert build(flat) != first
    assert "more.py" in names_in(flat, "lambda.zip")
    write(flat, {"requirements.txt": "six\nidna\n"})
    assert "since then idna came in. Run `hatch-lambda-zip lock`" in fail(flat)
    assert invoke("lock", "--check", flat).exit_code == 1
    lock(flat)
    build(flat)
    assert "idna/core.py" in names_in(flat, "lambda.zip")


def test_a_lock_of_a_flat_folder_that_lost_a_package(flat: Path) -> None:
    assert invoke("lock", "--check", flat).exit_code == 0
    path = flat / "pylock.toml"
    text = path.read_text()
    path.write_text(re.sub(r'\[\[packages\]\]\nname = "six"\n(.+\n)*', "", text))
    result = invoke("lock", "--check", flat)
    assert result.exit_code == 1
    assert "has other packages than what it is made of leads to: six. Run" in result.stderr
    lock(flat)
    assert path.read_text() == text


def test_a_flat_folder_without_a_lock_or_without_a_need_of_one(flat: Path) -> None:
    (flat / "pylock.toml").unlink()
    assert "has no hashes, and there is no lock of it" in fail(flat)
    write(flat, {"requirements.txt": "# nothing\n"})
    write(flat, {"lambda_function.py": HANDLER.replace("six", "idna")})
    assert "there is no module 'idna' in the zip" in fail(flat)
    (flat / "requirements.txt").unlink()
    write(flat, {"lambda_function.py": "X = 1\n"})
    assert "function-directories" not in fail(flat)  # of which there are none
    write(flat, {"lambda_function.py": "def handler(event, context): ...\n"})
    build(flat)
    assert names_in(flat, "lambda.zip") == {"lambda_function.py"}


def test_modules_of_a_folder_that_git_ignores_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\ncode = "."\n'
    files = {
        ".gitignore": "*_pb2.py\nforced.*\n",
        "main.py": "X = 1\n",
        "x_pb2.py": "",
        "forced.txt": "X",
    }
    write(tmp_path, {"pyproject.toml": table, **files})
    for words in (["init", "-q"], ["add", "-A"], ["add", "-f", "forced.txt"]):
        run(["git", *words], cwd=tmp_path)
    monkeypatch.chdir(tmp_path)
    result = invoke("build")
    name = tmp_path / "x_pb2.py"
    assert f"{name} does not ship, since git ignores it: `artifacts`" in result.stderr
    warning = f"Warning: lambda: {tmp_path / 'forced.txt'} does not ship: .gitignore names it"
    assert warning in result.stderr
    write(tmp_path, {"pyproject.toml": f'{table}artifacts = ["*_pb2.py", "forced.txt"]\n'})
    result = invoke("build")
    assert "does not ship" not in result.stderr
    assert {"x_pb2.py", "forced.txt"} <= names_in(tmp_path, "lambda.zip")


def test_locked_versions_stay(flat: Path) -> None:
    write(flat, {"requirements.txt": "six==1.16.0\n"})
    lock(flat)
    write(flat, {"requirements.txt": "six\n"})
    lock(flat)
    assert 'version = "1.16.0"' in (flat / "pylock.toml").read_text()
    assert invoke("lock", "--upgrade", flat).exit_code == 0
    assert 'version = "1.16.0"' not in (flat / "pylock.toml").read_text()


def test_what_a_lock_says_that_it_was_made_of_is_in_it(flat: Path) -> None:
    """A merge may keep the line that a package came in with, and lose the package."""
    write(flat, {"requirements.txt": "idna\nsix\n"})
    lock(flat)
    path, requirements = flat / "pylock.toml", flat / "requirements.txt"
    before, asked = path.read_text(), requirements.read_text()
    head, six, _ = before.partition('[[packages]]\nname = "six"\n')
    assert six
    tail = before[before.index("[tool.hatch-lambda-zip]") :]
    path.write_text(head + tail)
    message = fail(flat)
    assert "pylock.toml does not have what requirements.txt requires: six" in message
    assert "(not in it). Run `hatch-lambda-zip lock` and commit the result." in message
    path.write_text(before.replace(six, f"{six}marker = \"sys_platform == 'win32'\"\n"))
    assert "requires: six" in fail(flat)
    requirements.write_text(asked.replace("six", "six<1"))
    path.write_text(before.replace('    "six"', '    "six<1"'))
    assert "(it has 1." in fail(flat)
    # uv was told so.
    write(flat, {"uv.toml": 'override-dependencies = ["six>1"]\n'})
    build(flat)


OVERRIDE = 'override-dependencies = ["six==1.16.0"]\n'
CONSTRAINT = 'constraint-dependencies = ["six==1.16.0"]\n'
UV_TABLE = "[tool.uv]\n"
PROJECT = '[project]\nname = "around"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("files", "locked"),
    [
        ({"pyproject.toml": UV_TABLE + OVERRIDE}, "1.16.0"),
        ({"uv.toml": OVERRIDE}, "1.16.0"),
        ({"uv.toml": "# empty\n", "pyproject.toml": UV_TABLE + CONSTRAINT}, "1.17.0"),
        ({"f/uv.toml": "# empty\n", "f/pyproject.toml": UV_TABLE + OVERRIDE}, "1.17.0"),
        ({"f/pyproject.toml": UV_TABLE, "pyproject.toml": UV_TABLE + CONSTRAINT}, "1.17.0"),
        ({"f/code/uv.toml": CONSTRAINT, "f/pyproject.toml": PROJECT}, "1.17.0"),
        ({"f/code/uv.toml": OVERRIDE, "f/pyproject.toml": PROJECT}, "1.17.0"),
        (
            {
                "f/pyproject.toml": PROJECT.replace("around", "f") + UV_TABLE + OVERRIDE,
                "pyproject.toml": f'{PROJECT}[tool.uv.workspace]\nmembers = ["f"]\n',
            },
            "1.17.0",
        ),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else value,
)
def test_a_lock_made_with_the_settings_that_uv_finds(
    tmp_path: Path, files: dict[str, str], locked: str
) -> None:
    write(tmp_path, files)
    project = tmp_path / "f"
    (project / "code").mkdir(parents=True, exist_ok=True)
    with (project / "pyproject.toml").open("a") as file:
        file.write(f'{TABLE}code = "code"\n')
    write(project, {"code/requirements.txt": "six==1.17.0\n", "code/main.py": ""})
    lock(project)
    assert f'version = "{locked}"' in (project / "code/pylock.toml").read_text()
    build(project)


def test_a_lock_made_without_the_settings_that_count(
    flat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (flat / "pyproject.toml").open("a") as file:
        file.write(f"{UV_TABLE}{CONSTRAINT}")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    lock(flat)
    message = fail(flat)
    assert "allows: six 1.17.0 for six==1.16.0. Run `hatch-lambda-zip lock` and commit" in message
    assert "UV_NO_CONFIG is set here, which may give uv other settings than these" in message
    monkeypatch.delenv("UV_NO_CONFIG")
    (flat / "pylock.toml").unlink()
    lock(flat)
    build(flat)


@pytest.mark.parametrize("is_recorded", [True, False], ids=["ours", "another tool's"])
def test_a_library_that_a_path_alone_names_and_that_requires_more_by_now(
    flat: Path, tmp_path: Path, *, is_recorded: bool
) -> None:
    shutil.copytree(FIXTURES / "lib", tmp_path / "lib")
    write(flat, {"requirements.txt": f"-e {tmp_path / 'lib'}\nsix\n"})
    lock(flat)
    path = flat / "pylock.toml"
    if not is_recorded:
        path.write_text(path.read_text().partition("[tool.")[0])
    build(flat)
    with (tmp_path / "lib/pyproject.toml").open("a") as file:
        file.write('dependencies = ["iniconfig"]\n')
    message = fail(flat)
    assert "does not have what fixture-lib requires: iniconfig (not in it). " in message
    advice = "Run `hatch-lambda-zip lock` and" if is_recorded else f"Make it anew of {path.parent}"
    assert f"(not in it). {advice}" in message


def test_a_lock_of_another_tool_is_left_alone(flat: Path) -> None:
    (flat / "pylock.toml").write_text('lock-version = "1.0"\ncreated-by = "me"\npackages = []\n')
    result = invoke("lock", flat)
    assert result.exit_code == 1
    assert "was made by another tool, so it is left alone" in result.stderr


def test_a_lock_of_another_tool_answers_for_what_lies_beside_it(flat: Path) -> None:
    (flat / "pylock.toml").write_text('lock-version = "1.0"\ncreated-by = "me"\npackages = []\n')
    message = fail(flat)
    assert "pylock.toml does not have what requirements.txt requires: six (not in it)" in message
    assert f"Make it anew of {flat / 'requirements.txt'}" in message
    # A project of its own, that is no package here.
    table = f'{TABLE}code = "f"\nhandler = "main.handler"\n'
    own = '[project]\nname = "own"\nversion = "1"\ndependencies = ["idna"]\n'
    handler = "def handler(event, context): ...\n"
    write(flat, {"pyproject.toml": table, "f/main.py": handler, "f/pyproject.toml": own})
    (flat / "pylock.toml").rename(flat / "f/pylock.toml")
    assert "what own requires: idna (not in it)" in fail(flat)
    write(flat, {"pyproject.toml": f'{table}lock = "f/pylock.toml"\n'})
    build(flat)  # whoever names a lock knows


def test_a_lock_whose_source_is_gone(flat: Path) -> None:
    (flat / "requirements.txt").unlink()
    assert "which is not there any more. Restore it; or remove the lock, too" in fail(flat)


def test_what_lock_makes_a_lock_of(tmp_path: Path) -> None:
    """What builds would take, and nothing else."""
    handler = "def handler(event, context): ...\n"
    project = (
        '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.10"\n'
        "[dependency-groups]\ngrouped = []\n"
    )
    table = (
        f'{TABLE}handler = "main.handler"\nfunction-directories = "functions/*"\n'
        'lock = "locks/pylock.toml"\n'
        "[tool.hatch.build.targets.lambda-zip.functions.grouped]\n"
        'only-groups = ["grouped"]\nlock = "uv.lock"\n'
    )
    files = {
        "pyproject.toml": f"{project}{table}",
        "requirements.txt": "toml\n",  # somebody else's, as uv.lock says what the project requires
        "locks/requirements.txt": "idna\n",
        **{f"functions/{name}/main.py": handler for name in ("plain", "six", "empty", "grouped")},
        "functions/six/requirements.txt": "six\n",
        "functions/empty/requirements.txt": "# nothing\n",
        "functions/grouped/requirements.txt": "six\n",
    }
    write(tmp_path, files)
    assert "`hatch-lambda-zip lock` makes it of " in invoke("list", tmp_path).stderr
    lock(tmp_path)
    made = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*lock*") if path.is_file()
    }
    assert made - {"locks/requirements.txt"} == {
        "uv.lock",
        "locks/pylock.toml",
        "functions/six/pylock.toml",
    }
    assert len(build(tmp_path)) == 4
    assert "six.py" not in names_in(tmp_path, "shop-1-grouped-lambda.zip")
    assert "idna/core.py" in names_in(tmp_path, "shop-1-plain-lambda.zip")
    assert names_in(tmp_path, "shop-1-empty-lambda.zip") == {"main.py"}
    write(tmp_path, {"functions/six/requirements.txt": ""})
    lock(tmp_path)
    assert 'name = "six"' not in (tmp_path / "functions/six/pylock.toml").read_text()
    build(tmp_path)


@pytest.mark.exhaustive
def test_groups_without_a_project(tmp_path: Path) -> None:
    table = f'{TABLE}code = "api"\nonly-groups = ["api"]\n'
    groups = '[dependency-groups]\napi = ["six"]\n[tool.uv.workspace]\n'
    write(tmp_path, {"pyproject.toml": f"{groups}{table}", "api/main.py": "X = 1\n"})
    lock(tmp_path)
    build(tmp_path)
    assert "six.py" in names_in(tmp_path, "lambda.zip")
    write(tmp_path, {"pyproject.toml": f"{groups}{table}".replace('"six"', '"six", "idna"')})
    assert invoke("lock", "--check", tmp_path).stderr.startswith(
        f"Error: {tmp_path / 'uv.lock'} does not match pyproject.toml any more. Run `hatch"
    )


def make_folders(root: Path) -> None:
    handler = "from common.util import NAME\n\n\ndef handler(event, context):\n    return NAME\n"
    write(
        root,
        {
            "pyproject.toml": (
                f'{TABLE}function-directories = ["src/*", "!src/common"]\n'
                'handler = "main.handler"\ninclude-files = { "src/common" = "common" }\n'
            ),
            "src/common/util.py": 'NAME = "shared"\n',
            "src/orders/main.py": handler,
            "src/orders/requirements.txt": "six\n",
            "src/users/main.py": handler,
            "src/users/requirements.txt": "idna\n",
            "src/ping/main.py": handler,
            "src/old/__pycache__/main.cpython-313.pyc": "",
        },
    )
    lock(root)


@pytest.fixture
def folders(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """SAM's layout, locked: a folder with requirements.txt for each function, and a shared one."""
    made = made_once(tmp_path_factory, "folders", make_folders)
    return shutil.copytree(made, tmp_path / "folders")


def test_a_folder_for_each_function(folders: Path, tmp_path: Path) -> None:
    first = build(folders)
    assert first.keys() == {"orders-lambda.zip", "users-lambda.zip", "ping-lambda.zip"}
    assert "six.py" in names_in(folders, "orders-lambda.zip")
    assert "idna/core.py" in names_in(folders, "users-lambda.zip")
    assert names_in(folders, "ping-lambda.zip") == {"main.py", "common/util.py"}
    for name in ("orders", "users", "ping"):
        assert call(folders, f"{name}-lambda.zip", "main.handler", tmp_path / name) == "shared"


@pytest.mark.parametrize(
    ("file", "text", "changed"),
    [
        ("src/orders/new.py", "X = 1\n", {"orders"}),
        ("src/common/util.py", 'NAME = "other"\n', {"orders", "users", "ping"}),
        ("src/users/README.md", "# Users\n", set()),
        ("src/users/template.yaml", "a: 1\n", set()),
    ],
)
def test_an_edit_changes_the_zips_that_it_should(
    folders: Path, file: str, text: str, changed: set[str]
) -> None:
    before = build(folders)
    write(folders, {file: text})
    after = build(folders)
    assert {name for name in after if after[name] != before[name]} == {
        f"{name}-lambda.zip" for name in changed
    }


def test_a_new_folder_is_a_new_function(folders: Path) -> None:
    build(folders)
    write(folders, {"src/more/main.py": "def handler(event, context): ...\n"})
    assert "more-lambda.zip" in build(folders)


def test_a_group_for_each_function(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": (
                '[project]\nname = "shop"\nversion = "1.0"\nrequires-python = ">=3.10"\n\n'
                '[dependency-groups]\napi = ["idna"]\nworker = ["six"]\n\n'
                f'{TABLE}function-directories = "functions/*"\ngroups = ["{{function}}"]\n'
                f'handler = "main.handler"\n\n[tool.uv]\n{NEWER}'
            ),
            "functions/api/main.py": "import idna\ndef handler(e, c): ...\n",
            "functions/worker/main.py": "import six\ndef handler(e, c): ...\n",
        },
    )
    lock(tmp_path)
    assert build(tmp_path).keys() == {"shop-1.0-api-lambda.zip", "shop-1.0-worker-lambda.zip"}
    assert "six.py" not in names_in(tmp_path, "shop-1.0-api-lambda.zip")
    assert "idna/core.py" in names_in(tmp_path, "shop-1.0-api-lambda.zip")
    assert "idna/core.py" not in names_in(tmp_path, "shop-1.0-worker-lambda.zip")


def test_groups_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": (
                '[project]\nname = "shop"\nversion = "1.0"\nrequires-python = ">=3.10"\n'
                'dependencies = ["idna"]\n\n[dependency-groups]\napi = ["six"]\n\n'
                f'{TABLE}function-directories = "functions/*"\nonly-groups = ["{{function}}"]\n'
                f'required-version = ">=0"\n\n[tool.uv]\n{NEWER}'
            ),
            "functions/api/main.py": "def handler(e, c): ...\n",
        },
    )
    lock(tmp_path)
    build(tmp_path)
    names = names_in(tmp_path, "shop-1.0-api-lambda.zip")
    assert "six.py" in names
    assert not any(name.startswith("idna") for name in names)
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('">=0"', '"==99.*"'))
    assert '`uvx --from "hatch-lambda-zip==99.*" hatch-lambda-zip build`' in fail(tmp_path)
    write(tmp_path, {"functions/more/main.py": "def handler(e, c): ...\n"})
    assert "only-groups: 'more' is not one of api" in fail(tmp_path)


def test_a_package_beside_folders_and_a_layer_of_code(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": (
                '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n'
                '[project]\nname = "shop"\nversion = "1.0"\nrequires-python = ">=3.10"\n\n'
                f'{TABLE}package = true\ncode = "functions/{{function}}"\n'
                'handler = "main.handler"\ndefault-layers = ["tools"]\n\n'
                "[tool.hatch.build.targets.lambda-zip.functions.api]\n\n"
                "[tool.hatch.build.targets.lambda-zip.layers.tools]\n"
                'code = { "tools" = "python" }\n'
                f"\n[tool.uv]\n{NEWER}"
            ),
            "src/shop/__init__.py": "PRICE = 3\n",
            "functions/api/main.py": (
                "import helper, shop\ndef handler(e, c): return shop.PRICE * helper.TWO\n"
            ),
            "tools/helper.py": "TWO = 2\n",
        },
    )
    lock(tmp_path)
    build(tmp_path)
    names = names_in(tmp_path, "shop-1.0-api-lambda.zip")
    assert {"main.py", "shop/__init__.py", "shop-1.0.dist-info/METADATA"} <= names
    assert names_in(tmp_path, "shop-1.0-tools-layer.zip") == {"python/helper.py"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda root: write(root, {"src/users/main.py": "import nothing\n" + HANDLER}),
            "no module 'nothing'",
        ),
        (
            lambda root: (root / "src/users/main.py").rename(root / "src/users/app.py"),
            '"!src/users" in `function-directories`',
        ),
        (
            lambda root: write(root, {"src/users/common/util.py": "NAME = 1\n"}),
            "would both be common/util.py in the zip",
        ),
        (
            lambda root: (root / "pyproject.toml").write_text(
                (root / "pyproject.toml").read_text().replace('"src/*"', '"source/*"')
            ),
            "function-directories: source/*, !src/common: no such directory has a file",
        ),
        (
            lambda root: (root / "pyproject.toml").write_text(
                (root / "pyproject.toml").read_text()
                + "\n[tool.hatch.build.targets.lambda-zip.functions.user]\nstrip = []\n"
            ),
            "functions.user: no directory of `function-directories` is called so",
        ),
        (
            lambda root: write(root, {"src/my function/main.py": "def handler(e, c): ...\n"}),
            "src/my function can't give a function its name, which may have only ASCII",
        ),
        (
            lambda root: write(root, {"src/nul/main.py": "def handler(e, c): ...\n"}),
            'leave it out with "!src/nul"',
        ),
        (
            lambda root: write(root, {f"src/{'a' * 65}/main.py": "def handler(e, c): ...\n"}),
            "which may have 64 characters at AWS",
        ),
        (
            lambda root: (root / "pyproject.toml").write_text(
                (root / "pyproject.toml").read_text().replace('["src/*", "!src/common"]', "[]")
            ),
            "function-directories: names no directory",
        ),
    ],
)
def test_mistakes(folders: Path, change: Callable[[Path], object], message: str) -> None:
    change(folders)
    assert message in fail(folders)


@pytest.mark.parametrize(
    ("example", "handlers"),
    [
        ("handler", {"lambda.zip": "lambda_function"}),
        ("folders", {"api-lambda.zip": "main", "worker-lambda.zip": "main"}),
    ],
)
def test_the_examples(example: str, handlers: dict[str, str], tmp_path: Path) -> None:
    made = []
    for place in ("one", "two"):
        root = tmp_path / place
        ignored = shutil.ignore_patterns("dist", "pylock.toml")
        shutil.copytree(CHECKOUT / "examples" / example, root, ignore=ignored)
        lock(root)
        made.append(build(root))
    assert made[0] == made[1]
    assert made[0].keys() == handlers.keys()
    for name, module in handlers.items():
        assert call(root, name, f"{module}.handler", tmp_path / name)


def test_files_shared_by_the_projects_of_a_repository(tmp_path: Path) -> None:
    table = (
        f'{TABLE}handler = "main.handler"\n'
        'code = { "." = "", "../common" = "common" }\n'
        'include-files = { "../a.txt" = "a.txt" }\n'
    )
    zips = []
    for place in (tmp_path / "here", tmp_path / "elsewhere/deep"):
        files = {
            "one/main.py": "from common import words\n\n\ndef handler(*_):\n    pass\n",
            "one/pyproject.toml": table,
            "common/words.py": "X = 1\n",
            "a.txt": "a\n",
        }
        write(place, files)
        (place / ".git").mkdir()
        zips.append(build(place / "one"))
        manifest = (place / "one/dist/lambda.json").read_text()
        assert '"../common/words.py"' in manifest
        assert str(tmp_path) not in manifest
        zips[-1]["manifest"] = manifest.encode()
    assert zips[0] == zips[1]
    assert names_in(tmp_path / "here/one", "lambda.zip") == {"a.txt", "common/words.py", "main.py"}


def test_a_link_to_files_of_the_repository(tmp_path: Path) -> None:
    root = tmp_path / "one"
    files = {"one/code/main.py": "X = 1\n", "shared/words.py": "X = 1\n"}
    write(tmp_path, {"one/pyproject.toml": f'{TABLE}code = "code"\n', **files})
    (root / "code/shared").symlink_to("../../shared")
    for words in (["init", "-q"], ["add", "-A"]):
        run(["git", *words], cwd=tmp_path)
    build(root)
    assert names_in(root, "lambda.zip") == {"main.py", "shared/words.py"}
    (tmp_path / "shared/words.py").write_bytes(b"X = 1\r\n")  # as some checkouts have it
    assert "words.py" in fail(root)


def test_a_name_for_zips_without_a_project(tmp_path: Path) -> None:
    table = f'{TABLE}code = "."\nname = "my-shop"\n'
    write(tmp_path, {"main.py": "X = 1\n", "pyproject.toml": table})
    assert build(tmp_path).keys() == {"my_shop-lambda.zip"}
    more = "[tool.hatch.build.targets.lambda-zip.functions.api]\n"
    write(tmp_path, {"pyproject.toml": f"{table}{more}"})
    assert "my_shop-api-lambda.zip" in build(tmp_path)
    project = '[project]\nname = "orders"\nversion = "1"\n'
    write(tmp_path, {"pyproject.toml": f"{project}{table}"})
    assert "lambda-zip.name: is for projects without [project]" in fail(tmp_path)
    write(tmp_path, {"pyproject.toml": table.replace("my-shop", "../x")})
    assert "'../x' is not the name of a distribution" in fail(tmp_path)


@pytest.mark.parametrize("is_own", [False, True])
def test_artifacts_bring_files_back(tmp_path: Path, is_own: bool) -> None:  # noqa: FBT001
    (tmp_path / ".git").mkdir()
    table = "[tool.hatch.build.targets.lambda-zip.functions.api]\n" if is_own else ""
    keys = 'artifacts = ["/gen/*.py", "package.json", ".env.d/"]\nexclude = ["/gen/b.py"]\n'
    files = {
        ".gitignore": "gen/\n*.log\n",
        "main.py": "X = 1\n",
        "gen/a.py": "X = 1\n",
        "gen/b.py": "X = 1\n",
        "gen/a.log": "X\n",
        "package.json": "{}\n",
        "README.md": "#\n",
        ".env.d/x": "x\n",
        "pyproject.toml": f'{TABLE}code = "."\n{table}{keys}',
    }
    write(tmp_path, files)
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv/python").symlink_to("/nowhere")
    (name,) = build(tmp_path)
    assert names_in(tmp_path, name) == {".env.d/x", "gen/a.py", "main.py", "package.json"}


def test_messages_name_the_owner_of_loose_code(tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n"
    write(tmp_path, {"pyproject.toml": f'{TABLE}code = "src"\n', "src/data.bin": pointer})
    assert "Error: data.bin of the project is a git-LFS pointer" in fail(tmp_path)
    (tmp_path / "src/data.bin").rename(tmp_path / "src" / "cafe\u0301.bin")
    assert "Error: the project ships 'cafe\u0301.bin': the name is not in" in fail(tmp_path)
