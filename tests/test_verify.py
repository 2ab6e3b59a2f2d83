"""`verify` builds again, in copies, and tells when something else comes out."""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hatch_lambda_zip.cli.circumstances import OTHER_PATH, Circumstance
from hatch_lambda_zip.cli.rebuild import Rebuilds, Rebuilt
from tests.support.commands import CHECKOUT, UV, clean_environment, run
from tests.support.loose import invoke, write
from tests.support.processes import HEEDING_SIGINT
from tests.support.projects import Build, Project
from tests.support.schemas import is_valid
from tests.support.site_zips import zipped

EXAMPLES = CHECKOUT / "examples"
ZONE = "time zone Pacific/Kiritimati"
HOOK = """
import os, tempfile
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        Path(self.root, "written").write_text("by a back end")
        zone = os.environ.get("TZ", "")
        if zone == "broken":
            raise SystemExit("this zone won't do")
        made = Path(tempfile.mkdtemp(), "zone.txt")
        made.write_text(zone)
        build_data["force_include"][str(made)] = "fixture_app/zone.txt"
"""


@pytest.fixture
def careless(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose zip depends on the time zone, with its zip."""
    monkeypatch.delenv("TZ", raising=False)
    (project.path / "hatch_build.py").write_text(HOOK, encoding="utf-8")
    project.replace("[tool.uv]\n", "[tool.hatch.build.targets.wheel.hooks.custom]\n\n[tool.uv]\n")
    project.build()
    return project


def snapshot(directory: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in directory.rglob("*")
        if path.is_file()
    }


def choose(monkeypatch: pytest.MonkeyPatch, *chosen: Circumstance) -> None:
    module = importlib.import_module("hatch_lambda_zip.cli.verify")
    monkeypatch.setattr(module, "circumstances", lambda _directory: iter(chosen))


def test_what_differs_is_found_and_nothing_is_touched(
    careless: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones = [Circumstance(zone, {"TZ": zone}) for zone in ("Asia/Tokyo", "broken")]
    choose(monkeypatch, OTHER_PATH, *zones)
    before = snapshot(careless.root)
    result = invoke("verify", careless.path, "--json")
    assert result.exit_code == 2, result.output
    document = json.loads(result.stdout)
    assert is_valid(document, "verify.schema.json")
    rows = {row["name"]: row for row in document["circumstances"]}
    assert [row["result"] for row in rows.values()] == ["same", "differs", "failed"]
    assert rows["Asia/Tokyo"]["zips"][0]["verdict"] == "fixture_app/zone.txt changed"
    assert "this zone won't do" in rows["broken"]["failure"]
    assert snapshot(careless.root) == before


@pytest.mark.exhaustive
def test_every_circumstance(careless: Project) -> None:
    result = invoke("verify", careless.path)
    assert result.exit_code == 1, result.output
    table = result.stdout.partition("\n\n")[0].splitlines()[1:]
    assert len(table) >= 9
    assert [row for row in table if " ok" not in row] == [
        row for row in table if row.startswith(ZONE)
    ]
    assert "Pacific/Kiritimati" in result.stdout.partition("\n\n")[2]


@pytest.mark.exhaustive
def test_zips_that_are_older_than_the_sources(project: Project) -> None:
    project.build()
    project.replace("def ", "# more\ndef ", file="src/fixture_app/main.py")
    result = invoke("verify", project.path)
    assert result.exit_code == 1
    assert "fixture_app/main.py" in result.stdout
    assert "the zip may be older than the sources" in result.stdout


@pytest.mark.exhaustive
def test_a_member_of_a_workspace_in_a_repository(tmp_path: Path) -> None:
    root = tmp_path / "monorepo"
    shutil.copytree(EXAMPLES / "monorepo", root)
    for words in (("git", "init", "-q"), (UV, "lock", "-q")):
        run(words, cwd=root)
    member = root / "functions/api"
    assert invoke("build", "-q", member).exit_code == 0
    result = invoke("verify", member, "-q")
    assert result.exit_code == 0, result.output
    moved = root / "libraries/common/src/common/greeting.txt"
    moved.write_text("Another", encoding="utf-8")
    result = invoke("verify", member, "-q", "--against", next((member / "dist").glob("*.zip")))
    assert result.exit_code == 1
    assert "common/greeting.txt" in result.stdout


@pytest.mark.exhaustive
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_what_is_cancelled_leaves_nothing(project: Project, tmp_path: Path) -> None:
    project.build()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = subprocess.Popen(
        [*HEEDING_SIGINT, sys.executable, "-m", "hatch_lambda_zip", "verify", project.path],
        env=clean_environment(TMPDIR=str(temporary)),
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert command.stderr is not None
    with command, command.stderr as said:
        while "built" not in said.readline():
            assert command.poll() is None
        assert [*temporary.iterdir()]
        command.send_signal(signal.SIGINT)
        assert command.wait(60) == 130
    assert not [*temporary.iterdir()]


@pytest.fixture
def built(
    project: Project, reference_build: Build, monkeypatch: pytest.MonkeyPatch
) -> tuple[Project, Build]:
    """A project that is not built, but has a build put in the place of each."""

    def build(_self: Rebuilds, chosen: Sequence[Circumstance], _done: object) -> Iterator[Rebuilt]:
        path = reference_build.artifact
        yield from (Rebuilt(circumstance, {path.name: path}) for circumstance in chosen)

    monkeypatch.setattr(Rebuilds, "build", build)
    return project, reference_build


def test_against_what_is_the_same(built: tuple[Project, Build]) -> None:
    project, build = built
    manifest = build.artifact.with_suffix(".json")
    for against in (build.artifact, manifest, build.sha256, build.manifest["sha256_base64"]):
        result = invoke("verify", project.path, "-q", "--against", against)
        assert result.exit_code == 0, result.output
        assert "another path  ok" in result.stdout
    document = json.loads(
        invoke("verify", project.path, "-q", "--json", "--against", build.sha256).stdout
    )
    assert document["variations"] == []


def test_against_something_else(built: tuple[Project, Build], tmp_path: Path) -> None:
    project, build = built
    other = tmp_path / "deployed.zip"
    other.write_bytes(zipped({"fixture_app/main.py": b"value = 1\n"}))
    result = invoke("verify", project.path, "-q", "--against", other)
    assert result.exit_code == 1
    assert "fixture_app/main.py" in result.stdout
    text = build.artifact.with_suffix(".json").read_text("utf-8")
    changed = text.replace(build.sha256, "0" * 64).replace("python3.13", "python3.12")
    (tmp_path / "old.json").write_text(changed, encoding="utf-8")
    result = invoke("verify", project.path, "-q", "--against", tmp_path / "old.json")
    assert result.exit_code == 1
    assert "python3.12 -> python3.13" in result.stdout
    unknown = hashlib.sha256(b"").hexdigest()
    result = invoke("verify", project.path, "-q", "--against", unknown)
    assert result.exit_code == 1
    assert f"No zip of these sources has the hash {unknown}" in result.stdout
    assert build.sha256 in result.stdout


def test_a_hash_of_what_is_configured_otherwise(
    built: tuple[Project, Build], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, reference = built
    asked: list[tuple[str, ...]] = []

    def build(
        rebuilds: Rebuilds, chosen: Sequence[Circumstance], _done: object
    ) -> Iterator[Rebuilt]:
        asked.append(tuple(rebuilds.functions))
        for circumstance in chosen:
            if circumstance.instead.get("architecture") == "x86_64":
                yield Rebuilt(circumstance, {}, "Warning: no.\nError: There is no wheel.")
                continue
            said = repr(circumstance.instead).encode()
            path = tmp_path / f"{hashlib.sha256(said).hexdigest()}.zip"
            path.write_bytes(zipped({"said": said}))
            yield Rebuilt(circumstance, {reference.artifact.name: path})

    monkeypatch.setattr(Rebuilds, "build", build)
    module = importlib.import_module("hatch_lambda_zip.cli.verify")
    monkeypatch.setattr(module, "release_here", lambda *_: lambda _: "")
    # A runtime that AWS will have longest.
    wanted = {"runtime": "python3.14", "architecture": "arm64", "python-release": ""}
    sha256 = hashlib.sha256(zipped({"said": repr(wanted).encode()})).hexdigest()
    words = ("verify", project.path, "-q", "--against", sha256)
    result = invoke(*words)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    name = reference.artifact.name
    assert lines[-1] == f"{sha256} is {name} of these sources for python3.14 on arm64."
    assert lines[-3] == f"for python3.14 on arm64   {name}  {sha256}"
    (failed,) = (line for line in lines if line.startswith("for python3.14 on x86_64 "))
    assert failed.split("  ")[-1] == "not built: Error: There is no wheel."
    document = json.loads(invoke(*words, "--json").stdout)
    assert is_valid(document, "verify.schema.json")
    assert [row["result"] for row in document["circumstances"]] == ["differs"]
    *others, last = document["variations"]
    assert (last["name"], last["result"]) == ("for python3.14 on arm64", "same")
    assert {row["result"] for row in others} == {"differs", "failed"}
    # Of several platforms, each zip has a name that it has not where there is one.
    project.replace('runtime = "python3.13"', 'runtimes = ["python3.13", "python3.14"]')
    result = invoke(*words, "-f", "lambda-python3.13")
    assert result.stdout.splitlines()[-1] == lines[-1]
    assert asked[-2:] == [("lambda-python3.13",), ("lambda",)]


def test_a_build_with_other_options(tmp_path: Path) -> None:
    table = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\n'
    function = 'functions.api = { code = ".", runtime = "python3.12" }\n'
    write(tmp_path, {"pyproject.toml": table + function, "api.py": "X = 1\n"})
    for words, platform in (
        ([], ("python3.12", "x86_64")),
        (
            ["--instead", "architecture=arm64", "--instead", "runtime=python3.14"],
            ("python3.14", "arm64"),
        ),
    ):
        result = invoke("build", tmp_path, "-q", *words)
        assert result.exit_code == 0, result.output
        manifest = json.loads((tmp_path / "dist/api-lambda.json").read_text())
        assert (manifest["runtime"], manifest["architecture"]) == platform


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("options", "name"),
    [
        ('architecture = "arm64"', "for python3.{} on arm64"),
        (
            'bytecode = "compile"\nbytecode-python = "{}"\nsource = "omit"',
            'with bytecode = "compile", source = "omit"',
        ),
    ],
)
def test_a_hash_of_a_build_that_was_configured_otherwise(
    options: str, name: str, tmp_path: Path
) -> None:
    minor, release = sys.version_info[1], ".".join(map(str, sys.version_info[:3]))
    table = f'[tool.hatch.build.targets.lambda-zip]\ncode = "."\nruntime = "python3.{minor}"\n'
    package = '[project]\nname = "a"\nversion = "1"\ndependencies = ["markupsafe"]\n'
    package += 'requires-python = ">=3.10"\n[tool.uv]\nexclude-newer = "2026-11-01T00:00:00Z"\n'
    root = tmp_path / "project"
    write(root, {"api.py": "X = 1\n", "pyproject.toml": package + table + options.format(release)})
    run((UV, "lock", "-q"), cwd=root)
    result = invoke("build", root, "-q", "--json", "-d", tmp_path / "a")
    assert result.exit_code == 0, result.output
    (made,) = json.loads(result.stdout)
    write(root, {"pyproject.toml": package + table})
    result = invoke("verify", root, "-q", "--against", made["sha256_base64"])
    assert result.exit_code == 1, result.output
    said = f"{made['sha256']} is a-1-lambda.zip of these sources {name.format(minor)}."
    assert said in result.stdout.splitlines()


@pytest.mark.parametrize(
    "words", [[], ["-f", "nothing"], ["--against", "nothing"], ["--nothing"], ["-d", "nothing"]]
)
def test_wrong_usage(words: list[str], built: tuple[Project, Build]) -> None:
    project, _ = built
    result = invoke("verify", project.path, *words)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert "Traceback" not in result.output
