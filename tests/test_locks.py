"""Every kind of lock and of source, with real uv, real git and a real private index."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hatch_lambda_zip.lock.recorded import with_record
from tests.support.commands import UV, clean_environment, run
from tests.support.hatchling_runs import run_hatchling
from tests.support.loose import invoke
from tests.support.projects import Project

EXPORT = [UV, "export", "-q", "--no-default-groups"]


def export(project: Project, *arguments: str) -> None:
    run([*EXPORT, *arguments], cwd=project.path)
    project.lock_path.unlink()


def shipped(build_names: list[str]) -> set[str]:
    """Return the names without the dist-info directories, whose RECORDs name each other."""
    return {name for name in build_names if ".dist-info/" not in name}


@pytest.mark.parametrize("name", ["pylock.toml", "pylock.lambda.toml"])
def test_pylock_gives_the_same_bytes_as_uv_lock(project: Project, name: str) -> None:
    reference = project.build()
    export(project, "--format", "pylock.toml", "-o", name)
    build = project.build()
    assert build.sha256 == reference.sha256
    assert build.manifest["lock"] == name


def test_what_uv_locks_for_a_patch_release_is_a_warning(project: Project) -> None:
    marked = """    "six; python_full_version >= '3.13.4'","""
    project.replace('    "six",', marked)
    project.lock()
    build = project.build()
    assert "six.py" in build.names
    assert "Warning: fixture-app:lambda: uv.lock: six is locked for" in build.output
    assert "it was judged for 3.13.9" in build.output


def test_requirements_txt_gives_the_same_bytes_as_uv_lock(project: Project) -> None:
    reference = project.build()
    export(project, "--format", "requirements.txt", "-o", "requirements.txt")
    assert "No lock file" in project.fail(), "a requirements.txt counts only when it is chosen"
    project.configure(lock="requirements.txt")
    assert project.build().sha256 == reference.sha256


@pytest.mark.parametrize("kind", ["pylock.toml", "requirements.txt"])
def test_a_lock_that_lacks_what_the_package_requires(project: Project, kind: str) -> None:
    export(project, "--format", kind, "-o", kind)
    project.configure(lock=kind)
    project.build()
    project.replace('    "six",', '    "six",\n    "iniconfig",')
    project.replace('    "idna",', '    "idna<3",')
    message = project.fail()
    assert f"{kind} does not have what fixture-app requires: " in message
    assert "idna<3 (it has 3." in message
    assert "iniconfig (not in it)" in message


def damage(project: Project, old: str, new: str) -> None:
    """Change the first place of a uv.lock, as a bad merge may do it."""
    text = project.lock_path.read_text()
    assert old in text
    project.lock_path.write_text(text.replace(old, new, 1))
    run([*EXPORT, "--locked"], cwd=project.path)  # uv does not mind


@pytest.mark.parametrize(
    "new",
    ["", '    { name = "six", marker = "sys_platform == \'win32\'" },\n'],
    ids=["no line", "a marker"],
)
def test_a_uv_lock_that_forgot_a_requirement(project: Project, new: str) -> None:
    locked = project.lock_path.read_bytes()
    damage(project, '    { name = "six" },\n', new)
    message = project.fail()
    assert "uv.lock does not have what fixture-app requires: six (not in it)." in message
    advice = "uv lock --upgrade-package six"
    assert advice in message
    run([UV, *advice.split()[1:]], cwd=project.path)
    assert project.lock_path.read_bytes() == locked


def test_a_uv_lock_that_forgot_a_requirement_of_a_third_party(project: Project) -> None:
    project.replace('    "markupsafe",', '    "jinja2",')
    project.lock()
    locked = project.lock_path.read_bytes()
    damage(project, '    { name = "markupsafe" },\n', "")
    message = project.fail()
    assert "uv.lock does not have what jinja2 requires: MarkupSafe>=2.0 (not in it)." in message
    assert "exclude-dependencies" in message
    run([UV, "lock", "--upgrade-package", "markupsafe"], cwd=project.path)
    assert project.lock_path.read_bytes() == locked


def test_a_uv_lock_that_forgot_a_requirement_that_uv_was_told(project: Project) -> None:
    told = 'dependency-metadata = [{ name = "idna", requires-dist = ["iniconfig"] }]\n'
    project.replace("[tool.uv]\n", f"[tool.uv]\n{told}")
    project.lock()
    locked = project.lock_path.read_bytes()
    assert "iniconfig/__init__.py" in project.build().names
    damage(project, 'dependencies = [\n    { name = "iniconfig" },\n]\n', "")
    message = project.fail()
    assert (
        "uv.lock does not have what idna requires by `dependency-metadata` of [tool.uv]: "
        "iniconfig (not in it)."
    ) in message
    run([UV, "lock", "--upgrade-package", "iniconfig"], cwd=project.path)
    assert project.lock_path.read_bytes() == locked


def test_the_hook_keeps_no_zip_that_lacks_what_uv_was_told_since(project: Project) -> None:
    with project.pyproject.open("a") as file:
        file.write("\n[tool.hatch.build.hooks.lambda-zip]\n")
    assert zip_beside(project.path, "wheel")
    entry = 'name = "idna"\nrequires-dist = ["iniconfig"]\n'
    project.replace("[tool.uv]\n", f"[[tool.uv.dependency-metadata]]\n{entry}[tool.uv]\n")
    damage(project, "[[package]]", f"[[manifest.dependency-metadata]]\n{entry}\n[[package]]")
    result = run_hatchling(["build", "-t", "wheel"], cwd=project.path)
    assert result.returncode == 1
    assert "uv.lock does not have what idna requires by `dependency-metadata`" in result.stderr


def test_a_uv_lock_that_has_a_package_from_elsewhere(project: Project) -> None:
    locked = project.lock_path.read_bytes()
    shutil.copytree(project.root / "lib", project.root / "other")
    damage(project, 'source = { directory = "../lib" }', 'source = { directory = "../other" }')
    message = project.fail()
    assert "uv.lock has fixture-lib from elsewhere than the projects state" in message
    for words in ((), ("--check",)):
        result = invoke("lock", *words, project.path)
        assert result.exit_code == 1
        assert "uv.lock has fixture-lib from elsewhere" in result.stderr
    run([UV, "lock", "--upgrade-package", "fixture-lib"], cwd=project.path)
    assert project.lock_path.read_bytes() == locked


def test_a_uv_lock_that_has_another_version_than_uv_was_told(project: Project) -> None:
    project.replace("[tool.uv]\n", '[tool.uv]\nconstraint-dependencies = ["idna>=3"]\n')
    project.lock()
    assert "idna/__init__.py" in project.build().names
    # What one branch was told beside what another had locked: uv compares the two settings alone.
    project.replace("idna>=3", "idna>=100")
    damage(project, 'specifier = ">=3"', 'specifier = ">=100"')
    message = project.fail()
    assert "uv.lock has other versions than `constraint-dependencies` of [tool.uv]" in message
    assert "for idna>=100." in message
    assert "`uv lock --upgrade-package idna` mends it." in message


def test_a_uv_lock_that_is_none_any_more(project: Project) -> None:
    locked = project.lock_path.read_text()
    remedy = "Restore uv.lock, as one side of a merge has it, and run `uv lock`"
    project.lock_path.write_text(locked.replace("[[package]]", "<<<<<<< HEAD\n[[package]]", 1))
    assert remedy in project.fail()
    assert remedy in invoke("lock", project.path).stderr
    project.lock_path.write_text(locked, encoding="utf-16")
    assert remedy in project.fail()


def test_a_uv_lock_that_forgot_a_requirement_of_a_layer(project: Project) -> None:
    table = "\n[tool.hatch.build.targets.lambda-zip.layers.deps]\n"
    project.replace("\n[tool.uv]\n", f"{table}\n[tool.uv]\n")
    project.build(names="deps")
    damage(project, '    { name = "six" },\n', "")
    assert "does not have what fixture-app requires: six (not in it)" in project.fail(names="deps")


@pytest.mark.parametrize("kind", ["uv.lock", "pylock.toml", "requirements.txt"])
def test_a_lock_that_forgot_a_requirement_of_a_local_member(project: Project, kind: str) -> None:
    (project.root / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["app", "lib"]\n')
    project.replace('{ path = "../lib" }', "{ workspace = true }")
    project.lock_path.unlink()
    with (project.root / "lib/pyproject.toml").open("a") as file:
        file.write('dependencies = ["iniconfig"]\n')
    project.lock()
    path = project.root / "uv.lock"
    of_member = r'dependencies = \[\n    \{ name = "iniconfig" \},\n\]\n'
    if kind != "uv.lock":
        # From the root, where the paths start in every version of uv.
        command = [*EXPORT, "--package", "fixture-app", "--format", kind, "-o", kind]
        run(command, cwd=project.root)
        path = project.root / kind
        project.configure(lock=f"../{kind}")
    assert "iniconfig/__init__.py" in project.build().names
    pattern = {
        "uv.lock": of_member,
        "pylock.toml": r'\[\[packages\]\]\nname = "iniconfig"\n(.+\n)*',
        "requirements.txt": r"iniconfig(.*\\\n)*.*\n",
    }[kind]
    text = path.read_text()
    damaged = re.sub(pattern, "", text, count=1)
    assert damaged != text
    path.write_text(damaged)
    message = project.fail()
    assert f"{kind} does not have what fixture-lib requires: iniconfig (not in it)." in message


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("requirements.txt", "-e ../lib[x]"),
        pytest.param("requirements.txt", ".[x]", marks=pytest.mark.exhaustive),
        pytest.param("pylock.toml", "../lib[X]", marks=pytest.mark.exhaustive),
        pytest.param("pylock.toml", "-e .[x]", marks=pytest.mark.exhaustive),
    ],
)
def test_an_extra_that_grew_since_it_was_locked(project: Project, kind: str, asked: str) -> None:
    grown = project.root / ("lib" if "lib" in asked else "app") / "pyproject.toml"
    extra = '[project.optional-dependencies]\nx = ["iniconfig"]\n'
    export(project, "--format", kind, "-o", kind)
    lock = project.path / kind
    if kind == "requirements.txt":
        before = "\n../lib\n" if "lib" in asked else "\n\n"
        lock.write_text(f"{lock.read_text()}\n{asked}\n".replace(before, "\n"))
        project.configure(lock=kind)
    else:
        (project.path / "requirements.txt").write_text(asked)
        lock.write_text(with_record(lock.read_text(), project.path / "requirements.txt"))
    project.build()
    text = grown.read_text()
    grown.write_text(text.replace("[project]", f"{extra}\n[project]"))
    message = project.fail()
    assert f"{kind} does not have what fixture-{grown.parent.name} requires: iniconfig" in message


@pytest.mark.parametrize("pinned", ["fixture-lib", "fixture-app"])
def test_a_directory_and_a_pin_of_one_name(project: Project, pinned: str) -> None:
    """A line with a path says no name; whose file would be there, the other's zip would lack."""
    export(project, "--format", "requirements.txt", "-o", "requirements.txt")
    project.configure(lock="requirements.txt")
    lock = project.path / "requirements.txt"
    text = f"{lock.read_text()}\n../app/../lib\n"
    lock.write_text(text)
    build = project.build()
    assert len([it for it in build.manifest["distributions"] if it["name"] == "fixture-lib"]) == 1
    lock.write_text(
        f"{text}{pinned} @ https://host.invalid/x-1-py3-none-any.whl --hash=sha256:{'0' * 64}\n"
    )
    message = project.fail()
    where = project.root / ("lib" if "lib" in pinned else "app")
    assert f"two distributions called {pinned}, by a pin and as {where}. Keep one" in message


def test_a_lock_that_lost_what_its_requirements_name_by_path(project: Project) -> None:
    export(project, "--format", "pylock.toml", "-o", "pylock.toml")
    project.replace('    "fixture-lib",\n', "")
    (project.path / "requirements.txt").write_text("-e ../lib\n")
    lock = project.path / "pylock.toml"
    text = with_record(lock.read_text(), project.path / "requirements.txt")
    lost = re.sub(r'\[\[packages\]\]\nname = "fixture-lib"\n(.+\n)*', "", text)
    assert lost != text
    lock.write_text(lost)
    assert "pylock.toml does not have -e ../lib. Run `hatch-lambda-zip lock`" in project.fail()
    lock.write_text(text)
    project.build()


@pytest.mark.parametrize("is_in_file", [True, False], ids=["-c", "[tool.uv]"])
def test_a_lock_with_versions_that_constraints_do_not_allow(
    project: Project, *, is_in_file: bool
) -> None:
    export(project, "--format", "pylock.toml", "-o", "pylock.toml")
    requirements, lock = project.path / "requirements.txt", project.path / "pylock.toml"
    requirements.write_text("idna\n")
    made = with_record(lock.read_text(), requirements)
    lock.write_text(made)
    project.build()
    if is_in_file:
        requirements.write_text("idna\n-c constraints.txt\n")
        (project.path / "constraints.txt").write_text("idna>=100\n")
        lock.write_text(with_record(made.partition("[tool.")[0], requirements))
    else:
        project.replace("[tool.uv]\n", '[tool.uv]\nconstraint-dependencies = ["idna>=100"]\n')
    message = project.fail()
    assert "pylock.toml has other versions than `constraint-dependencies` of [tool.uv]" in message
    assert "for idna>=100. Run `hatch-lambda-zip lock`" in message


@pytest.mark.parametrize("kind", ["uv.lock", "pylock.toml"])
def test_what_uv_was_told_to_lock_otherwise_is_no_mistake(project: Project, kind: str) -> None:
    project.replace('    "idna",', '    "idna<3",')
    settings = 'override-dependencies = ["idna>=3"]\nexclude-dependencies = ["six"]\n'
    project.replace("[tool.uv]\n", f"[tool.uv]\n{settings}")
    project.configure(handler=None)
    project.lock()
    if kind != "uv.lock":
        export(project, "--format", kind, "-o", kind)
    names = project.build().names
    assert "idna/core.py" in names
    assert "six.py" not in names


@pytest.mark.slow
def test_an_sdist_knows_what_uv_was_told_to_lock_otherwise(
    project: Project, tmp_path: Path
) -> None:
    project.replace('    "idna",', '    "idna<3",')
    project.replace("[tool.uv]\n", '[tool.uv]\noverride-dependencies = ["idna>=3"]\n')
    with project.pyproject.open("a") as file:
        file.write("\n[tool.hatch.build.hooks.lambda-zip]\nembed-lock = true\n")
    project.lock()
    first = zip_beside(project.path, "sdist")
    (sdist,) = (project.path / "dist").glob("*.tar.gz")
    shutil.unpack_archive(sdist, tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert zip_beside(unpacked, "wheel") == first


def test_credentials_of_a_library_are_refused_before_there_is_an_sdist(project: Project) -> None:
    with (project.root / "lib/pyproject.toml").open("a") as file:
        file.write('[project.urls]\nHomepage = "https://me:s3cret@example.invalid"\n')
    with project.pyproject.open("a") as file:
        file.write("\n[tool.hatch.build.hooks.lambda-zip]\nembed-lock = true\n")
    result = run_hatchling(["build", "-t", "sdist"], cwd=project.path)
    assert result.returncode == 1
    assert "METADATA of fixture-lib has a URL with credentials" in result.stderr
    assert "s3cret" not in result.stderr
    assert not any((project.path / "dist").glob("*"))


@pytest.mark.exhaustive
def test_a_password_in_uvs_own_settings_is_refused_where_they_go_along(project: Project) -> None:
    (project.path / "uv.toml").write_text('index-url = "https://me:s3cret@a.invalid/simple"\n')
    with project.pyproject.open("a") as file:
        file.write("\n[tool.hatch.build.hooks.lambda-zip]\nembed-lock = true\n")
    refused = run_hatchling(["build", "-t", "sdist"], cwd=project.path)
    assert "uv.toml: a URL has a password" in refused.stderr
    assert "s3cret" not in refused.stderr
    with project.pyproject.open("a") as file:
        file.write('[tool.hatch.build.targets.sdist]\nexclude = ["uv.toml"]\n')
    left_out = run_hatchling(["build", "-t", "sdist"], cwd=project.path)
    assert "uv.toml: a URL" not in left_out.stderr


def zip_beside(root: Path, target: str) -> bytes:
    """Build an sdist or a wheel, and return the zip that the hook makes."""
    result = run_hatchling(["build", "-t", target], cwd=root)
    assert result.returncode == 0, result.stderr
    (archive,) = (root / "dist").glob("*.zip")
    return archive.read_bytes()


def test_no_configuration_of_uv_makes_it_build_from_source(project: Project) -> None:
    export(project, "--format", "requirements.txt", "-o", "requirements.txt")
    project.configure(lock="requirements.txt")
    reference = project.build().sha256
    (project.path / "uv.toml").write_text(
        'no-binary-package = ["markupsafe"]\n[pip]\nno-binary = ["markupsafe"]\n'
    )
    assert project.build().sha256 == reference
    config = {"UV_CONFIG_FILE": str(project.path / "uv.toml")}
    assert project.build(environment=config).sha256 == reference


def test_a_configuration_that_wants_source_is_an_error_with_advice(project: Project) -> None:
    project.replace("[tool.uv]\n", '[tool.uv]\nno-binary-package = ["six"]\n')
    project.lock()
    message = project.fail()
    assert "A uv configuration asks to build it from source (no-binary" in message


@pytest.mark.parametrize(
    "line",
    [
        "-e git+https://reader:s3cret@example.invalid/a@abc",
        "https://reader:s3cret@example.invalid/x-1-py3-none-any.whl --hash=sha256:00",
        "x @ https://reader:s3'cret@example.invalid/x.whl --hash=sha256:00 --foo",
        "-ihttps://reader:s3cret@example.invalid/simple",
    ],
)
def test_no_message_about_a_line_shows_a_password(project: Project, line: str) -> None:
    (project.path / "requirements.txt").write_text(f"{line}\n")
    project.configure(lock="requirements.txt")
    message = project.fail()
    assert "requirements.txt, line 1" in message
    assert "cret" not in message


def test_the_chosen_lock_wins(project: Project) -> None:
    run([*EXPORT, "--format", "pylock.toml", "-o", "pylock.old.toml"], cwd=project.path)
    assert project.build().manifest["lock"] == "uv.lock"
    project.configure(lock="pylock.old.toml")
    assert project.build().manifest["lock"] == "pylock.old.toml"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("requirements.txt", "requirements-api.lock"),
        ("requirements.txt", "locked"),
        ("pylock.toml", "pylock.a.b.txt"),
    ],
)
def test_a_lock_is_read_by_its_content_and_not_its_name(
    project: Project, kind: str, name: str
) -> None:
    export(project, "--format", kind, "-o", kind)
    (project.path / kind).rename(project.path / name)
    project.configure(lock=name)
    build = project.build()
    assert "six.py" in build.names
    assert build.manifest["lock"] == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("uv.old.lock", "'uv.old.lock' looks like a uv.lock, which uv reads under no other name"),
        ("poetry.lock", "'poetry.lock' is a poetry.lock, which nothing is installed from. `hatch-"),
    ],
)
def test_another_lock_that_is_chosen(project: Project, name: str, message: str) -> None:
    project.lock_path.rename(project.path / name)
    project.configure(lock=name)
    assert f"tool.hatch.build.targets.lambda-zip.lock: {message}" in project.fail()


@pytest.mark.parametrize("name", ["uv.lock", "pylock.txt", "requirements.txt"])
def test_a_lock_with_a_byte_order_mark(project: Project, name: str) -> None:
    if name != "uv.lock":
        kind = name.replace("pylock.txt", "pylock.toml")
        export(project, "--format", kind, "-o", kind)
        (project.path / kind).rename(project.path / name)
        project.configure(lock=name)
    path = project.path / name
    before = project.build()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert project.build().sha256 == before.sha256


def test_a_requirements_txt_without_hashes(project: Project) -> None:
    export(project, "--format", "requirements.txt", "--no-hashes", "-o", "requirements.txt")
    project.configure(lock="requirements.txt")
    message = project.fail()
    for name in ("idna", "markupsafe", "six"):
        assert re.search(rf"requirements\.txt, line \d+: {name} has no --hash", message)


def test_a_requirements_txt_without_the_targets_wheel(project: Project) -> None:
    (project.path / "requirements.txt").write_text(
        "docopt==0.6.2 "
        "--hash=sha256:49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491\n"
    )
    project.configure(lock="requirements.txt")
    message = project.fail()
    assert "docopt 0.6.2 has no wheel for python3.13 on x86_64" in message
    assert "requirements.txt" in message


def test_a_pylock_for_one_host_only(project: Project) -> None:
    export(project, "--format", "pylock.toml", "-o", "pylock.toml")
    path = project.path / "pylock.toml"
    lines = path.read_text().splitlines(keepends=True)
    # As `pip lock` writes it: of each package only the wheel that this host would install.
    kept = [
        line
        for line in lines
        if "markupsafe" not in line.lower()
        or ".whl" not in line
        or "cp313-cp313-manylinux2014_x86_64" in line
    ]
    assert len(kept) < len(lines)
    path.write_text("".join(kept))
    project.build()
    project.configure(architecture="arm64")
    message = project.fail()
    assert "markupsafe" in message
    assert "has no wheel for python3.13 on arm64" in message
    assert "cp313-cp313-manylinux2014_x86_64" in message
    assert "pylock.toml was made for one host only" in message


def test_a_pylock_that_is_none(project: Project) -> None:
    project.lock_path.unlink()
    (project.path / "pylock.toml").write_text("lock-version = 1\n")
    assert "can't be read as a pylock.toml (PEP 751)" in project.fail()


def test_the_hashes_of_the_lock_are_checked(project: Project, tmp_path: Path) -> None:
    text = project.lock_path.read_text()
    wrong = re.sub(r'(six-[^"]*\.whl", hash = "sha256:)....', r"\g<1>0000", text)
    assert wrong != text
    project.lock_path.write_text(wrong)
    message = project.fail(
        environment={"UV_CACHE_DIR": str(tmp_path / "cache"), "UV_NO_VERIFY_HASHES": "1"}
    )
    assert "Hash mismatch for `six==" in message


def test_a_workspace_member_uses_the_lock_of_the_root(project: Project) -> None:
    root = project.root
    (root / "pyproject.toml").write_text(
        '[tool.uv]\nexclude-newer = "2026-11-01T00:00:00Z"\n'
        '[tool.uv.workspace]\nmembers = ["app", "lib"]\n'
    )
    project.replace('fixture-lib = { path = "../lib" }', "fixture-lib = { workspace = true }")
    project.lock_path.unlink()
    run([UV, "lock", "-q"], cwd=root)
    assert not project.lock_path.exists()
    build = project.build()
    assert "fixture_lib/greeting.txt" in build.names
    project.configure(lock="uv.lock")
    assert project.build().sha256 == build.sha256


def test_a_lock_above_that_belongs_to_another_project_is_not_used(project: Project) -> None:
    shutil.move(project.lock_path, project.root / "uv.lock")
    (project.root / "pyproject.toml").write_text('[project]\nname = "other"\nversion = "1"\n')
    assert "No lock file for" in project.fail()


@pytest.fixture
def git_dependency(project: Project) -> Project:
    """Make the library a git dependency instead of a path dependency."""
    repository = project.root / "repository"
    shutil.move(project.root / "lib", repository)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        run(["git", *command], cwd=repository)
    project.replace('{ path = "../lib" }', f'{{ git = "{repository.as_uri()}" }}')
    project.lock()
    return project


def test_a_git_dependency(git_dependency: Project) -> None:
    build = git_dependency.build()
    assert "fixture_lib/greeting.txt" in build.names
    (entry,) = [d for d in build.manifest["distributions"] if d["name"] == "fixture-lib"]
    assert entry["origin"] == "git"
    assert entry["built_with"].startswith("uv ")
    assert "Generator: hatch-lambda-zip" in build.read("fixture_lib-0.4.dist-info/WHEEL").decode()
    assert "fixture_lib-0.4.dist-info/direct_url.json" not in build.names


def test_a_git_dependency_has_the_line_ends_of_its_commit(
    git_dependency: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    attributes = tmp_path / "attributes"
    attributes.write_text("*.py text eol=crlf\n")
    settings.write_text(
        f"[core]\nautocrlf = true\neol = crlf\nattributesFile = {attributes.as_posix()}\n"
    )
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    reference = git_dependency.build(environment={"GIT_CONFIG_GLOBAL": os.devnull})
    shutil.rmtree(tmp_path / "cache")
    build = git_dependency.build(environment={"GIT_CONFIG_GLOBAL": str(settings)})
    assert b"\r" not in build.read("fixture_lib/__init__.py")
    assert build.sha256 == reference.sha256


def test_url_and_file_dependencies(project: Project) -> None:
    reference = project.build()
    index = project.lock_path.read_text()
    match = re.search(r'url = "([^"]*/six-[^"]*\.whl)"', index)
    assert match is not None
    run([UV, "build", "-q", "--sdist", "-o", project.root, "../lib"], cwd=project.path)
    run([UV, "build", "-q", "--wheel", "-o", project.root, "../lib"], cwd=project.path)
    sources = "[tool.uv.sources]\n"
    project.replace(sources, f'{sources}six = {{ url = "{match[1]}" }}\n')
    for file in ("fixture_lib-0.4.tar.gz", "fixture_lib-0.4-py3-none-any.whl"):
        text = project.pyproject.read_text()
        text = re.sub(
            r'fixture-lib = \{ path = "[^"]*" \}', f'fixture-lib = {{ path = "../{file}" }}', text
        )
        project.pyproject.write_text(text)
        project.lock()
        build = project.build()
        assert shipped(build.names) == shipped(reference.names)
        origins = {d["name"]: d["origin"] for d in build.manifest["distributions"]}
        assert (origins["six"], origins["fixture-lib"]) == ("archive", "archive")


def test_a_wheel_beside_the_project_that_was_built_anew(project: Project) -> None:
    project.replace('{ path = "../lib" }', '{ path = "../fixture_lib-0.4-py3-none-any.whl" }')
    build = [UV, "build", "-q", "--wheel", "-o", str(project.root), "../lib"]
    run(build, cwd=project.path)
    project.lock()
    (project.root / "lib/src/fixture_lib/new.py").write_text("")
    run(build, cwd=project.path)
    run([UV, "lock"], cwd=project.path)
    advice = "uv lock --upgrade-package fixture-lib"
    assert f"To lock it again, run `{advice}`" in project.fail()
    run([UV, *advice.split()[1:]], cwd=project.path)
    assert "fixture_lib/new.py" in project.build().names


class _PrivateIndex(http.server.SimpleHTTPRequestHandler):
    """A simple index that wants a user name and a password."""

    credentials = "reader:s3cret-token"

    def do_GET(self) -> None:
        expected = base64.b64encode(self.credentials.encode()).decode()
        if self.headers.get("Authorization") != f"Basic {expected}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="private"')
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextlib.contextmanager
def private_index(directory: Path) -> Iterator[int]:
    handler = partial(_PrivateIndex, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("way", ["variables", "netrc"])
def test_a_private_index_and_its_credentials(project: Project, tmp_path: Path, way: str) -> None:
    index = tmp_path / "index"
    files = index / "simple/fixture-lib"
    files.mkdir(parents=True)
    run([UV, "build", "-q", "--wheel", "-o", files, "../lib"], cwd=project.path)
    (wheel,) = files.glob("*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (files / "index.html").write_text(f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>')
    (files / ".gitignore").unlink(missing_ok=True)
    user, _, password = _PrivateIndex.credentials.partition(":")
    with private_index(index) as port:
        project.replace(
            'fixture-lib = { path = "../lib" }',
            'fixture-lib = { index = "private" }\n\n[[tool.uv.index]]\nname = "private"\n'
            f'url = "http://127.0.0.1:{port}/simple"\nexplicit = true',
        )
        project.replace('exclude-newer = "2026-11-01T00:00:00Z"', "")
        netrc = tmp_path / "netrc"
        netrc.write_text(f"machine 127.0.0.1 login {user} password {password}\n")
        variables = {
            "variables": {
                "UV_INDEX_PRIVATE_USERNAME": user,
                "UV_INDEX_PRIVATE_PASSWORD": password,
            },
            "netrc": {"NETRC": str(netrc)},
        }[way]
        run([UV, "lock", "-q"], cwd=project.path, env=clean_environment(**variables))
        cache = {"UV_CACHE_DIR": str(tmp_path / "cache")}
        build = project.build(environment={**variables, **cache, "HATCH_VERBOSE": "2"})
        assert "fixture_lib/greeting.txt" in build.names
        assert password not in build.output
        assert password.encode() not in build.artifact.read_bytes()
        assert password not in str(build.manifest)
        assert "127.0.0.1" not in str(build.manifest)
        # A wrong password in the URL itself: uv fails, and what it says is shown without it.
        project.replace(
            f"http://127.0.0.1:{port}", f"http://reader:wr0ng-{password}@127.0.0.1:{port}"
        )
        project.lock_path.write_text(
            project.lock_path.read_text().replace(
                f"http://127.0.0.1:{port}", f"http://reader:wr0ng-{password}@127.0.0.1:{port}"
            )
        )
        message = project.fail(
            environment={"UV_CACHE_DIR": str(tmp_path / "cold"), "HATCH_VERBOSE": "2"}
        )
        assert password not in message
    # Offline mode is uv's as well: what the cache has is enough.
    project.replace(f"http://reader:wr0ng-{password}@127.0.0.1", "http://127.0.0.1")
    project.lock_path.write_text(
        project.lock_path.read_text().replace(f"reader:wr0ng-{password}@", "")
    )
    assert project.build(environment={"UV_OFFLINE": "1", **cache}).sha256 == build.sha256


def test_no_markers_of_the_host_decide(project: Project) -> None:
    # exceptiongroup is for Python 3.10, whatever builds; colorama is for Windows.
    names = {}
    for runtime in ("python3.10", "python3.13"):
        project.configure(runtime=runtime)
        build = project.build()
        names[runtime] = {d["name"] for d in build.manifest["distributions"]}
    assert names["python3.10"] - names["python3.13"] == {"exceptiongroup", "typing-extensions"}
    assert not any("colorama" in found for found in names.values())


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_colours_that_a_ci_system_asks_for(project: Project, variable: str) -> None:
    reference = project.build().sha256
    # A second lock, which must not be taken for the first because that was not recognised.
    run([*EXPORT, "--format", "pylock.toml", "-o", "pylock.toml"], cwd=project.path)
    build = project.build(environment={variable: "1"})
    assert build.manifest["lock"] == "uv.lock"
    assert build.sha256 == reference


def test_a_relative_cache_directory_is_one_directory(project: Project) -> None:
    environment = {"UV_CACHE_DIR": ".uv-cache", "PWD": str(project.root)}
    project.build(environment=environment)
    found = [path.parent for path in project.root.rglob(".uv-cache")]
    assert found == [project.root]


def test_a_uv_that_is_not_there(project: Project) -> None:
    message = project.fail(environment={"UV": "/nonexistent/uv"})
    assert "UV=/nonexistent/uv: there is no such program" in message


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands in front of uv")
def test_uv_is_taken_from_the_environment(project: Project, tmp_path: Path) -> None:
    called = tmp_path / "called"
    wrapper = tmp_path / "my-uv"
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> "{called}"\nexec "{UV}" "$@"\n')
    wrapper.chmod(0o755)
    for variable in ("UV", "HATCH_UV"):
        called.unlink(missing_ok=True)
        project.build(environment={variable: str(wrapper)})
        commands = [line.split()[0] for line in called.read_text().splitlines()]
        assert sorted(set(commands)) == ["--version", "build", "export", "pip"]


def test_the_sources_stay_as_they_were(project: Project) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        run(["git", *command], cwd=project.root)
    project.build()
    shutil.rmtree(project.root / "kept")
    status = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=project.root,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.splitlines()
    assert [line for line in status if not line.startswith("?? app/dist/")] == []
