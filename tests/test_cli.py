"""The command hatch-lambda-zip, as it is typed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import hatch_lambda_zip.cli.build as cli_build
from hatch_lambda_zip import __version__
from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.main import main
from hatch_lambda_zip.cli.own_command import OWN_COMMAND
from hatch_lambda_zip.cli.watch import _places
from tests.support.commands import UV, clean_environment, run
from tests.support.loose import build, invoke, lock, write
from tests.support.processes import comes_true, number_in, runs
from tests.support.projects import Build, Project

SCHEMA = Path(__file__).parents[1] / "docs/manifest.schema.json"


def test_what_hatchling_makes(
    project: Project, reference_build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.path)
    result = invoke("build", "--json")
    assert result.exit_code == 0, result.stderr
    (made,) = json.loads(result.stdout)
    assert made["sha256"] == reference_build.sha256
    assert made["target"] == "lambda-zip:lambda"
    assert Path(made["zip"]) == project.path / "dist/fixture_app-1.2.3-lambda.zip"
    assert Path(made["manifest"]).is_file()
    assert "compressing" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes them")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed(tmp_path: Path, closed: str) -> None:
    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\ncode = "."\n'
    write(tmp_path, {"pyproject.toml": table, "a.py": "X = 1\n"})
    words = ["sh", "-c", f'"$0" -m hatch_lambda_zip build {closed}', sys.executable]
    done = run(words, cwd=tmp_path, env=clean_environment(), check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("dist/lambda.zip\n" if closed == "2>&-" else "")
    assert (tmp_path / "dist/lambda.zip").is_file()


def test_what_terraforms_external_data_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\nsbom = true\n'
    functions = 'functions = { api = { code = "api" }, worker = { code = "worker" } }\n'
    code = {"one/api/main.py": "X = 1\n", "one/worker/main.py": "X = 2\n", "two/api/main.py": ""}
    write(tmp_path, {"one/pyproject.toml": table + functions, **code, "deploy/main.tf": ""})
    monkeypatch.chdir(tmp_path / "deploy")
    result = invoke("build", "../one", "--external", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    manifest = json.loads((tmp_path / "one/dist/api-lambda.json").read_text())
    assert document.pop("api.sha256_base64") == manifest["sha256_base64"]
    assert document.pop("api.sha256") == manifest["sha256"]
    assert document.pop("api.zip") == "../one/dist/api-lambda.zip"
    assert document.pop("api.manifest") == "../one/dist/api-lambda.json"
    assert document.pop("api.sbom") == "../one/dist/api-lambda.cdx.json"
    assert (tmp_path / "one/dist/api-lambda.cdx.json").is_file()
    assert {*document} == {
        f"worker.{key}" for key in ("zip", "manifest", "sbom", "sha256", "sha256_base64")
    }
    # The protocol wants strings alone.
    assert all(isinstance(value, str) for value in document.values())

    write(tmp_path, {"two/pyproject.toml": f'{table}functions.api.code = "api"\n'})
    both = invoke("build", "../one", "../two", "--external")
    assert (both.exit_code, both.stdout) == (1, "")
    assert "--external: api is a function or layer of two of the projects" in both.stderr


def test_another_directory_as_typed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "fixture_app-1.2.3-lambda.zip"
    result = invoke("build", project.path, "-d", "out", "-q")
    assert (result.exit_code, result.stdout) == (0, f"out/{name}\n"), result.stderr
    assert result.stderr == ""
    assert (tmp_path / "out" / name).is_file()
    assert not (project.path / "dist").exists()


def test_the_command_itself(project: Project) -> None:
    result = run([sys.executable, "-m", "hatch_lambda_zip", "list"], cwd=project.path)
    head, row = result.stdout.splitlines()
    columns = "name kind runtime architecture handler code lock zip"
    assert head.split() == columns.split()
    assert row.split() == [
        *("lambda", "function", "python3.13", "x86_64", "fixture_app.main.handler"),
        "uv.lock",
        "fixture_app-1.2.3-lambda.zip",
    ]
    assert row.index("fixture_app-1") == head.index("zip")


def test_a_list_for_machines(project: Project) -> None:
    result = invoke("list", project.path, "--json")
    (row,) = json.loads(result.stdout)
    assert re.fullmatch("[0-9a-f]{64}", row.pop("input_digest"))
    assert [row] == [
        {
            "project": "fixture-app",
            "name": "lambda",
            "kind": "function",
            "runtime": "python3.13",
            "architecture": "x86_64",
            "handler": "fixture_app.main.handler",
            "code": "",
            "lock": "uv.lock",
            "zip": "fixture_app-1.2.3-lambda.zip",
            "sbom": None,
            "directory": str(project.path),
            "input_digest_unknown": None,
        }
    ]


@pytest.mark.parametrize("command", ["build", "list"])
def test_failures_are_one_message(project: Project, command: str, tmp_path: Path) -> None:
    project.configure(runtime="3.13")
    result = invoke(command, project.path)
    assert result.exit_code == 1
    assert 'write "python3.13"' in result.stderr
    assert result.stdout == ""
    result = invoke(command, tmp_path)
    assert result.exit_code == 1
    assert f"{tmp_path} has no pyproject.toml" in result.stderr
    (project.path / "hatch.toml").write_text("[broken")
    assert "hatch.toml can't be read: " in invoke(command, project.path).stderr
    for broken in ("[broken", f"a = {'[' * 100_000}"):
        (tmp_path / "pyproject.toml").write_text(broken)
        assert "pyproject.toml can't be read: " in invoke(command, tmp_path).stderr


def test_a_byte_order_mark_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\n', encoding="utf-8-sig")
    message = f"{tmp_path / 'pyproject.toml'} starts with a byte order mark"
    assert message in invoke("build", tmp_path).stderr


@pytest.mark.parametrize("command", ["build", "list", "lock"])
def test_the_root_of_a_workspace_names_the_projects_below(command: str, tmp_path: Path) -> None:
    table = "[tool.hatch.build.targets.lambda-zip]\n"
    root = '[tool.uv.workspace]\nmembers = ["*"]\n'
    write(tmp_path, {f"{name}/pyproject.toml": table for name in ("b", "a")})
    write(tmp_path, {"pyproject.toml": root})
    result = invoke(command, tmp_path)
    assert result.exit_code == 1
    assert f"{tmp_path} has no table [tool.hatch.build.targets.lambda-zip]" in result.stderr
    assert "projects below it have: a, b. Name those" in result.stderr.replace("\n", " ")
    assert not (tmp_path / "dist").exists()


def test_an_unknown_function(project: Project) -> None:
    result = invoke("build", project.path, "-f", "lamda")
    assert result.exit_code == 1
    assert "the function 'lamda' is not one of lambda. Did you mean" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["bild"],
        ["build", "--nothing"],
        ["build", "no-such-directory"],
        ["build", "--with-layers"],
        [],
    ],
)
def test_wrong_usage(words: list[str]) -> None:
    assert invoke(*words).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["{}"],
        ["--{}"],
        ["build", "--{}=1"],
        ["build", "{}"],
        ["init", "--architecture", "{}"],
        ["invoke", "--env", "{}"],
        ["invoke", "--event", "{}"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("value", ["https://user:not-for-you@host/", "of you: 'not-for-you'"])
def test_wrong_usage_is_cleaned_of_secrets(
    words: list[str], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_INDEX_X_PASSWORD", "of you: 'not-for-you'")
    result = invoke(*(word.format(value) for word in words))
    assert result.exit_code == 2
    assert "***" in result.stderr
    assert "not-for-you" not in result.output
    assert "Traceback" not in result.output


def test_the_version() -> None:
    assert invoke("--version").stdout == f"hatch-lambda-zip, version {__version__}\n"


@pytest.mark.parametrize("line", ["version = 3", 'readme = "no"'])
def test_metadata_that_hatchling_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    text = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    text += f'[project]\nname = "a"\n{line}\n[tool.hatch.build.targets.lambda-zip]\n'
    write(tmp_path, {"pyproject.toml": f"{text}runtime = 'python3.13'\n"})
    monkeypatch.chdir(tmp_path)
    result = invoke("list")
    assert not isinstance(result.exception, (TypeError, ValueError, OSError))


LOUD = """\
import os
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, *_):
        self.app.display_info(f"telling {os.environ['SOME_TOKEN']}")
        raise RuntimeError(f"failing with {os.environ['SOME_TOKEN']}")
"""


def test_what_a_build_hook_says_is_cleaned_of_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    text += '[project]\nname = "a"\nversion = "1"\n[tool.hatch.build.hooks.custom]\n'
    text += "[tool.hatch.build.targets.lambda-zip]\nruntime = 'python3.13'\nhandler = 'a.b'\n"
    write(tmp_path, {"pyproject.toml": text, "hatch_build.py": LOUD, "src/a/__init__.py": ""})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOME_TOKEN", "not-for-you")
    result = invoke("build")
    assert result.exit_code == 1
    assert "telling ***" in result.stderr
    assert result.stderr.endswith("RuntimeError: failing with ***\n")
    assert "not-for-you" not in result.stderr


def test_all_projects_of_a_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\ncode = "."\n'
    for name in ("-c", "a", "b/c", "ignored", ".hidden", "node_modules/x", "plain"):
        directory = tmp_path / name
        directory.mkdir(parents=True)
        (directory / "pyproject.toml").write_text("" if name == "plain" else table)
        (directory / "main.py").write_text("X = 1\n")
    (tmp_path / ".gitignore").write_text("/ignored/\n")
    monkeypatch.chdir(tmp_path)
    result = invoke("build", "--all")
    assert (result.exit_code, result.stdout) == (
        0,
        "-c/dist/lambda.zip\na/dist/lambda.zip\nb/c/dist/lambda.zip\n",
    )
    lines = result.stderr.splitlines()
    for name in ("-c", "a", "b/c"):
        own = [line for line in lines if line.startswith(f"[{name}] ")]
        assert any("compressing 1 file" in line for line in own)
    assert all(line.startswith(("[-c] ", "[a] ", "[b/c] ")) for line in lines)
    result = invoke("build", "--all", "-d", "out")
    assert result.exit_code == 1
    assert "out/lambda.zip would be made of two projects of this command" in result.stderr
    assert not (tmp_path / "out").exists()
    # One that fails leaves the others alone.
    (tmp_path / "a/requirements.txt").write_text("six\n")
    (tmp_path / "b/c/dist/lambda.zip").unlink()
    result = invoke("build", "--all", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "[a] Error: " in result.stderr
    assert "Error: 1 of 3 projects failed: a. What each said stands above" in result.stderr
    assert (tmp_path / "b/c/dist/lambda.zip").is_file()
    result = invoke("build", "--all", "plain")
    assert result.exit_code == 1
    assert "has the table [tool.hatch.build.targets.lambda-zip]" in result.stderr
    # Nor is one passed over that a merge has left unreadable.
    (tmp_path / "a/pyproject.toml").write_text(f"{table}<<<<<<< HEAD\n")
    (tmp_path / "plain/pyproject.toml").write_text("<<<<<<< HEAD\n# lambda-zip\n")
    result = invoke("build", "--all")
    assert result.exit_code == 1
    assert f"{tmp_path / 'a/pyproject.toml'} can't be read" in result.stderr


def test_what_two_would_write_is_told_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = (
        '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\nname = "NAME"\ncode = "."\n'
    )
    for name in ("a", "b"):
        write(tmp_path / name, {"pyproject.toml": table.replace("NAME", name), "main.py": ""})
    monkeypatch.chdir(tmp_path)
    result = invoke("build", "a", "b", "--unpacked", "out", "-d", "zips")
    assert result.exit_code == 1
    assert "out/lambda would be made of two projects of this command. --unpacked" in result.stderr
    write(tmp_path / "a", {"pyproject.toml": table.replace('name = "NAME"\n', "")})
    result = invoke("build", "a", "--unpacked", "zips", "-d", "zips")
    assert result.exit_code == 1
    assert "zips/lambda.json would be the manifest of a zip and of a directory" in result.stderr
    for name, more in (("a", "sbom = true\n"), ("b", 'filename = "a-lambda.cdx.zip"\n')):
        write(tmp_path / name, {"pyproject.toml": table.replace("NAME", name) + more})
    result = invoke("build", "a", "b", "-d", "zips")
    assert result.exit_code == 1
    assert "zips/a-lambda.cdx.json would be made of two projects of this comm" in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}


@pytest.mark.parametrize(
    ("stated", "more"),
    [
        ('[project]\nname = "{}"\nversion = "1.0"\n', ""),
        ('[project]\nname = "{}"\ndynamic = ["version"]\n', 'zip-version = "2"\n'),
        ('[tool.poetry]\nname = "{}"\nversion = "1.0"\n', ""),
    ],
)
def test_two_zips_of_packages_of_other_back_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stated: str, more: str
) -> None:
    for name in ("shop.A", "shop_a"):
        pyproject = (
            '[build-system]\nrequires = ["no-such-back-end"]\nbuild-backend = "none"\n'
            f"{stated.format(name)}[tool.hatch.build.targets.lambda-zip]\n"
            f'runtime = "python3.13"\nhandler = "shop.handler"\n{more}'
        )
        write(tmp_path / name, {"pyproject.toml": pyproject})
    monkeypatch.chdir(tmp_path)
    result = invoke("build", "shop.A", "shop_a", "-d", "out")
    assert result.exit_code == 1
    name = f"shop_a-{2 if more else '1.0'}-lambda.zip"
    assert f"out/{name} would be made of two projects" in result.stderr
    assert "no-such-back-end" not in result.stderr


def test_a_directory_instead_of_a_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "pyproject.toml": (
            '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\n'
            'default-layers = ["shared"]\n\n'
            "[tool.hatch.build.targets.lambda-zip.functions.api]\n"
            'code = "api"\nhandler = "main.handler"\n\n'
            "[tool.hatch.build.targets.lambda-zip.layers.shared]\n"
            'code = { "shared" = "python" }\n'
        ),
        "api/main.py": "import util\ndef handler(e, c): return util.X\n",
        "api/run.sh": "#!/bin/sh\n",
        "shared/util.py": "X = 1\n",
    }
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    command = ("build", "--unpacked", "out", "--with-layers", "-q")
    before = os.umask(0o077)
    try:
        assert invoke(*command).exit_code == 0
    finally:
        os.umask(before)
    for directory in (tmp_path / "out/api", tmp_path / "out/shared/python"):
        assert directory.stat().st_mode & 0o777 == 0o755
        assert directory.stat().st_mtime == 1580601600
    api = tmp_path / "out/api"
    assert {path.name for path in api.iterdir()} == {"main.py", "run.sh", "util.py"}
    assert (tmp_path / "out/shared/python/util.py").read_text() == "X = 1\n"
    assert api.joinpath("run.sh").stat().st_mode & 0o777 == 0o755
    assert api.joinpath("main.py").stat().st_mode & 0o777 == 0o644
    assert api.joinpath("main.py").stat().st_mtime == 1580601600  # 2020-02-02
    manifest = json.loads((tmp_path / "out/api.json").read_bytes())
    lines = [
        f"{path.stat().st_mode & 0o777:04o} {hashlib.sha256(path.read_bytes()).hexdigest()} "
        f"{path.name}\n"
        for path in sorted(api.iterdir())
    ]
    sha256 = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert manifest["unpacked"] == {"sha256": sha256, "layers": ["shared-layer.zip"]}
    zips_manifest = json.loads((tmp_path / "dist/api-lambda.json").read_bytes())
    assert manifest == {
        **zips_manifest,
        "unpacked": manifest["unpacked"],
        "checksum": manifest["checksum"],
    }
    Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(manifest)
    # Replaced whole, but only what is ours.
    api.joinpath("old.py").touch()
    assert invoke(*command).exit_code == 0
    assert not api.joinpath("old.py").exists()
    described = (tmp_path / "out/api.json").read_bytes()
    for other in (
        None,  # a directory of somebody's
        (tmp_path / "dist/api-lambda.json").read_bytes(),  # beside a zip
        described.replace(sha256.encode(), b"0" * 64),
    ):
        (tmp_path / "out/api.json").unlink()
        if other is not None:
            (tmp_path / "out/api.json").write_bytes(other)
        result = invoke(*command)
        assert result.exit_code == 1
        assert "out/api is there already, and no api.json as this command" in result.stderr
        assert api.joinpath("main.py").exists()
        (tmp_path / "out/api.json").write_bytes(described)
    assert invoke(*command).exit_code == 0
    result = invoke("build", "-f", "api", "-d", "new", "--unpacked", "other", "--with-layers")
    assert result.exit_code == 1
    assert (
        "shared-layer.zip is not beside api-lambda.zip; build the layers as well" in result.stderr
    )


@pytest.mark.parametrize("step", ["move", "describe", "remove"])
def test_an_unpacked_directory_that_can_not_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """It is a mount, or has files of another user."""
    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\ncode = "src"\n'
    write(tmp_path, {"pyproject.toml": table, "src/main.py": "X = 1\n"})
    monkeypatch.chdir(tmp_path)
    assert invoke("build", "--unpacked", "out").exit_code == 0
    place, manifest = tmp_path / "out/lambda", tmp_path / "out/lambda.json"
    before = manifest.read_bytes()
    write(tmp_path, {"src/main.py": "X = 2\n"})
    owner, name = {"move": (Path, "rename"), "describe": (Path, "replace")}.get(
        step, (shutil, "rmtree")
    )
    real = getattr(owner, name)

    def refuse(path: Path, *words: object, **options: object) -> object:
        is_it = path == place if step == "move" else manifest in words
        if is_it or (step == "remove" and not options and path.parent == place.parent):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *words, **options)

    monkeypatch.setattr(owner, name, refuse)
    result = invoke("build", "--unpacked", "out")
    assert result.exit_code == 1
    is_new = step == "remove"
    assert place.joinpath("main.py").read_text() == ("X = 2\n" if is_new else "X = 1\n")
    assert (manifest.read_bytes() != before) is is_new
    assert "Permission denied" in result.stderr
    assert ("Remove " in result.stderr) is is_new
    assert len([*place.parent.iterdir()]) == (3 if is_new else 2)


@pytest.mark.skipif(sys.platform == "win32", reason="no directory can be locked there")
def test_what_is_unpacked_is_all_of_one_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another build may replace the zip between its members and its manifest."""
    import fcntl

    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\ncode = "."\n'
    write(tmp_path, {"pyproject.toml": table, "main.py": "X = 1\n"})
    monkeypatch.chdir(tmp_path)
    locks: list[bool] = []

    def unpack(*_: object) -> None:
        directory = os.open("dist", os.O_RDONLY)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locks.append(False)
        os.close(directory)

    monkeypatch.setattr("hatch_lambda_zip.cli.build.unpack", unpack)
    assert invoke("build", "--unpacked", "out").exit_code == 0
    assert not locks


@pytest.mark.parametrize("option", ["--json", "--external", "--unpacked=out"])
@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b"{}")])
def test_a_zip_that_another_command_has_changed_since_is_an_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    change: Callable[[Path], object],
) -> None:
    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\ncode = "."\n'
    write(tmp_path, {"pyproject.toml": table, "main.py": "X = 1\n"})
    monkeypatch.chdir(tmp_path)
    real = cli_build._added

    def added(paths: Iterable[Path], made: list[Path]) -> Iterator[Path]:
        for path in real(paths, made):
            change(path.with_suffix(".json"))
            yield path

    monkeypatch.setattr(cli_build, "_added", added)
    result = invoke("build", option)
    assert result.exit_code == 1
    assert "another command has changed or removed one of them since. Let it end" in result.stderr


def test_an_unpacked_directory_is_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\ncode = "."\n'
    write(tmp_path, {"pyproject.toml": table, "main.py": "X = 1\n"})
    (tmp_path / "lambda.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    result = invoke("build", "--unpacked", ".")
    assert result.exit_code == 1
    assert "/lambda.json is there already" in result.stderr
    assert (tmp_path / "lambda.json").read_text() == "{}"
    (tmp_path / "lambda.json").unlink()
    first = build(tmp_path)
    assert invoke("build", "--unpacked", "out").exit_code == 0
    assert (tmp_path / "out/lambda/main.py").is_file()
    assert build(tmp_path) == first


def test_one_install_for_projects_that_lock_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        pyproject = (
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.10"\n'
            'dependencies = ["six"]\n[tool.hatch.build.targets.lambda-zip]\n'
            f'runtime = "python3.13"\nhandler = "{name}.handler"\n'
        )
        code = {f"src/{name}/__init__.py": "def handler(e, c): ...\n"}
        write(tmp_path / name, {"pyproject.toml": pyproject, **code})
        lock(tmp_path / name)
    result = invoke("build", "--part", "-v", "a", "b")  # what several of them run, side by side
    assert result.exit_code == 0, result.stderr
    zips = [Path(path) for made in json.loads(result.stdout) for path in made]
    assert [path.name for path in zips] == ["a-1-lambda.zip", "b-1-lambda.zip"]
    assert result.stderr.count("uv pip install") == 1
    together = [path.read_bytes() for path in zips]
    for name in ("a", "b"):
        assert invoke("build", name).exit_code == 0
    assert together == [path.read_bytes() for path in zips]
    assert b"b/__init__.py" in together[1]


def test_two_projects_share_no_unpacked_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\ncode = "."\n'
    named = '[project]\nname = "NAME"\nversion = "1"\n'
    for name in ("a", "b"):
        text = table if name == "a" else named.replace("NAME", name) + table
        write(tmp_path / name, {"pyproject.toml": text, "main.py": f"X = '{name}'\n"})
    monkeypatch.chdir(tmp_path)
    assert invoke("build", "a", "--unpacked", "out", "-q").exit_code == 0
    result = invoke("build", "b", "--unpacked", "out", "-q")
    assert result.exit_code == 1
    assert "lambda.json says that it is of another project" in result.stderr
    assert (tmp_path / "out/lambda/main.py").read_text() == "X = 'a'\n"
    assert invoke("build", "a", "--unpacked", "out", "-q").exit_code == 0


NOISY = """
import subprocess
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, *_):
        print("printed", flush=True)
        subprocess.run(["echo", "echoed"], check=True)
        server = subprocess.Popen(["sleep", "300"], start_new_session=True)
        Path(self.root, "pid").write_text(f"{server.pid}\\n")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no sleep")
def test_what_hooks_print_and_leave_behind(tmp_path: Path) -> None:
    """It is neither taken for a result, nor waited for."""
    pyproject = (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "NAME"\nversion = "1"\n[tool.hatch.build.targets.wheel.hooks.custom]\n'
        '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\nhandler = "NAME.handler"\n'
    )
    for name in ("a", "b"):
        files = {"pyproject.toml": pyproject.replace("NAME", name), "hatch_build.py": NOISY}
        write(tmp_path / name, {**files, f"src/{name}/__init__.py": "def handler(e, c): ...\n"})
        run([UV, "lock", "-q"], cwd=tmp_path / name)
    command = [sys.executable, "-m", "hatch_lambda_zip", "build", "--json", "a", "b"]
    try:
        # Whoever reads the pipe of the standard output waits for all that have it.
        with (tmp_path / "log").open("w") as log:
            result = subprocess.run(
                command,
                cwd=tmp_path,
                env=clean_environment(),
                stdout=subprocess.PIPE,
                stderr=log,
                check=False,
                timeout=60,
            )
        said = (tmp_path / "log").read_text()
        assert result.returncode == 0, said
        assert len(json.loads(result.stdout)) == 2
        assert (said.count("printed"), said.count("echoed")) == (2, 2)
        assert all(runs(number_in(tmp_path / name / "pid")) for name in ("a", "b"))
    finally:
        for name in ("a", "b"):
            with contextlib.suppress(OSError, ValueError):
                os.kill(int((tmp_path / name / "pid").read_text()), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at as on Linux")
def test_the_end_of_the_command_ends_its_builds(tmp_path: Path) -> None:
    """Both projects wait in a build hook, which tells that it runs."""
    hook = (
        "import os, pathlib, time\nfrom hatchling.builders.hooks.plugin.interface import "
        "BuildHookInterface\nclass Hook(BuildHookInterface):\n"
        "    def initialize(self, *_):\n"
        "        pathlib.Path(self.root, 'pid').write_text(f'{os.getpid()}\\n')\n"
        "        time.sleep(300)\n"
    )
    pyproject = (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "NAME"\nversion = "1"\n[tool.hatch.build.hooks.custom]\n'
        '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\nhandler = "a.handler"\n'
    )
    for name in ("a", "b"):
        files = {"pyproject.toml": pyproject.replace("NAME", name), "hatch_build.py": hook}
        write(tmp_path / name, {**files, f"src/{name}/__init__.py": "def handler(e, c): ...\n"})
    process = subprocess.Popen(
        [sys.executable, "-m", "hatch_lambda_zip", "build", "a", "b"],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    numbers = [number_in(tmp_path / name / "pid") for name in ("a", "b")]
    process.terminate()
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (128 + 15, b""), stderr
    assert b"cancelled by SIGTERM" in stderr
    assert comes_true(lambda: not any(map(runs, numbers)))


def test_what_is_watched(tmp_path: Path) -> None:
    table = "[project]\nname = 'app'\nversion = '1'\n[tool.hatch.build.targets.lambda-zip]\n"
    table += "runtime = 'python3.13'\nlock = 'requirements.txt'\n"
    names = {"requirements.txt": "-e lib/x\n./../lib[y]\n-e nowhere\n", "lib/x/setup.py": ""}
    write(tmp_path, {f"app/{name}": text for name, text in names.items()})
    write(tmp_path, {"app/pyproject.toml": table, "lib/pyproject.toml": "", "other/x": ""})
    app, lib = tmp_path / "app", tmp_path / "lib"
    assert _places([app], Console()) == [app, lib]
    url = (tmp_path / "other").as_uri()
    table = f"[build-system]\nrequires = ['other @ {url}']\n{table}"
    (app / "pyproject.toml").write_text(table)
    assert _places([app], Console()) == [app, lib, tmp_path / "other"]
    (app / "pyproject.toml").write_text(table.replace("requirements", "no"))
    assert _places([app], Console()) == [app]


@pytest.mark.slow
def test_an_edit_is_built_at_once(tmp_path: Path) -> None:
    table = "[tool.hatch.build.targets.lambda-zip]\nruntime = 'python3.13'\n"
    table += "function-directories = 'functions/*'\nhandler = 'main.handler'\n"
    handler = "def handler(event, context):\n    return {}\n"
    root = tmp_path / "build/app"  # what is above has any name
    write(
        root,
        {
            "pyproject.toml": table,
            "functions/api/main.py": handler.format(1),
            "functions/worker/main.py": handler.format(1),
            "functions/worker/target/__init__.py": "",  # a package, and no output
        },
    )
    log = tmp_path.with_name("log")
    words = ["-m", "hatch_lambda_zip", "build", "--watch", "--unpacked", "files"]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=root,
            env=clean_environment(),
            stdout=stream,
            stderr=stream,
        )

    def says(text: str) -> bool:
        return comes_true(lambda: text in log.read_text())

    try:
        assert says(f"watching {root}")
        main = root / "functions/api/main.py"
        main.write_text(handler.format(2))
        assert says("main.py edited\n")
        assert says("1 zip changed")
        main.write_text("def handler(event, context:\n")
        assert says("Error: ")
        main.write_text(handler.format(3))
        assert comes_true(lambda: log.read_text().count("1 zip changed") == 2), log.read_text()
        (root / "README.md").write_text("")
        assert says("0 zips changed")
        (root / "functions/worker/target/__init__.py").write_text("X = 1\n")
        assert comes_true(lambda: log.read_text().count("1 zip changed") == 3), log.read_text()
        lines = log.read_text().splitlines()
        assert lines.count("dist/worker-lambda.zip") == 2
        assert lines.count("dist/api-lambda.zip") == 3
        edits = ["main.py edited"] * 3 + ["README.md edited", "__init__.py edited"]
        assert [line for line in lines if line.endswith(" edited")] == edits
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    assert says("cancelled by SIGTERM.")


GENERATING = """\
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        Path(self.root, "app/generated.py").write_text(Path(self.root, "template").read_text())
        Path(self.root, "scratch").touch()
        Path(self.root, "scratch").unlink()
        build_data["artifacts"].append("app/generated.py")
"""


def watching(root: Path, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "hatch_lambda_zip", "build", "--watch"]
    with log.open("wb") as stream:
        return subprocess.Popen(
            command, cwd=root, env=clean_environment(), stdout=stream, stderr=stream
        )


@pytest.mark.slow
def test_what_a_build_writes_is_no_edit(tmp_path: Path) -> None:
    table = (
        "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n[project]\n"
    )
    table += "name = 'app'\nversion = '1'\n[tool.hatch.build.targets.wheel.hooks.custom]\n"
    table += "[tool.hatch.build.targets.lambda-zip]\nruntime = 'python3.13'\n"
    files = {"pyproject.toml": table, "app/__init__.py": "", "template": "X = 1\n"}
    write(tmp_path, {**files, "hatch_build.py": GENERATING})
    Project(tmp_path.parent, tmp_path.name).lock()
    log = tmp_path.with_name("log")
    process = watching(tmp_path, log)
    try:
        assert comes_true(lambda: "watching " in log.read_text())
        # Once for each other content.
        assert comes_true(lambda: log.read_text().count("0 zips changed") == 1), log.read_text()
        (tmp_path / "template").write_text("X = 2\n")
        assert comes_true(lambda: log.read_text().count("0 zips changed") == 2), log.read_text()
        (tmp_path / "app/other.py").touch()
        assert comes_true(lambda: log.read_text().count("1 zip changed") == 3), log.read_text()
        names = ("generated.py and 1 other file", "template", "generated.py", "other.py")
        lines = log.read_text().splitlines()
        assert [line for line in lines if line.endswith(" edited")] == [
            f"{name} edited" for name in names
        ]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM


@pytest.mark.parametrize("name", ["queue", "secrets"])  # nothing imports these as Python starts
def test_a_project_has_modules_by_names_of_the_standard_library(tmp_path: Path, name: str) -> None:
    """The command starts itself where they are (`--watch`, several projects, `list --changed`)."""
    table = "[tool.hatch.build.targets.lambda-zip]\nruntime = 'python3.13'\ncode = '.'\n"
    write(tmp_path, {"pyproject.toml": table, f"{name}.py": "raise OSError('shadowed')\n"})
    environment = clean_environment()
    result = run([*OWN_COMMAND, "list"], cwd=tmp_path, env=environment)
    assert "lambda.zip" in result.stdout
    words = [sys.executable, "-m", "hatch_lambda_zip", "list"]
    result = run(words, cwd=tmp_path, env=environment, check=False)
    assert "shadowed" in result.stderr


WAITING = """\
import time
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def wait(self, begun, go):
        (Path(self.root, "../") / begun).touch()
        while not (Path(self.root, "../") / go).exists():
            time.sleep(0.05)

    def initialize(self, version, build_data):
        if Path(self.root, "app/__init__.py").read_text() == "2":
            self.wait("begun", "read it")

    def finalize(self, version, build_data, artifact):
        if Path(self.root, "app/__init__.py").read_text() == "3":
            self.wait("read", "end")
"""


@pytest.mark.slow
def test_an_edit_that_is_undone_while_it_is_built_is_built_again(tmp_path: Path) -> None:
    root, module, log = tmp_path / "root", tmp_path / "root/app/__init__.py", tmp_path / "log"
    table = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"
    table += "[project]\nname = 'app'\nversion = '1'\n[tool.hatch.build.hooks.custom]\n"
    table += "[tool.hatch.build.targets.lambda-zip]\nruntime = 'python3.13'\n"
    write(root, {"pyproject.toml": table, "app/__init__.py": "1", "hatch_build.py": WAITING})
    Project(tmp_path, "root").lock()
    process = watching(root, log)
    try:
        assert comes_true(lambda: "watching " in log.read_text())
        time.sleep(1)  # what comes at once may be of that build
        module.write_text("2")
        assert comes_true((tmp_path / "begun").exists), log.read_text()
        module.write_text("3")
        (tmp_path / "read it").touch()
        assert comes_true((tmp_path / "read").exists), log.read_text()
        module.write_text("2")
        (tmp_path / "end").touch()
        assert comes_true(lambda: log.read_text().count("1 zip changed") == 3), log.read_text()
        with zipfile.ZipFile(root / "dist/app-1-lambda.zip") as archive:
            assert archive.read("app/__init__.py") == b"2"
    finally:
        for name in ("read it", "end"):
            (tmp_path / name).touch()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM


@pytest.mark.skipif(sys.platform == "win32", reason="no directory in use can be removed there")
def test_a_directory_that_was_removed_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = CliRunner().invoke(main, ["list", str(tmp_path)])
    monkeypatch.undo()
    assert (result.exit_code, result.output) == (
        1,
        "Error: The directory that this runs in was removed. Change into one that is there.\n",
    )


writing_results = pytest.mark.parametrize(
    "command",
    [["build"], ["build", "--json"], ["list", "--json"], ["cache", "info"], ["lock"]],
    ids=" ".join,
)


def write_results(
    command: list[str], root: Path, output: IO[bytes] | int
) -> subprocess.CompletedProcess[bytes]:
    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\ncode = "."\n'
    write(root, {"pyproject.toml": table, "main.py": ""})
    return subprocess.run(
        [sys.executable, "-m", "hatch_lambda_zip", *command],
        cwd=root,
        env=clean_environment(HATCH_LAMBDA_ZIP_CACHE=str(root / "cache")),
        stdout=output,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )


@writing_results
def test_where_nobody_reads_results_a_command_ends_in_silence(
    tmp_path: Path, command: list[str]
) -> None:
    read, written = os.pipe()
    os.close(read)
    try:
        result = write_results(command, tmp_path, written)
    finally:
        os.close(written)
    assert result.returncode == 1
    said = result.stderr.decode()
    assert "pipe" not in said.lower()
    assert "Exception" not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk")
@writing_results
def test_a_full_disk_is_told_in_one_line(tmp_path: Path, command: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        result = write_results(command, tmp_path, full)
    assert result.returncode == 2
    *_, last = result.stderr.decode().splitlines()
    assert last == "Error: The output can't be written: No space left on device."
    assert b"Traceback" not in result.stderr
