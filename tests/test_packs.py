"""What earlier commands have installed and compressed saves work, and changes no byte."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hatch_lambda_zip.cli import main
from hatch_lambda_zip.install.packed import RULES_VERSION
from hatch_lambda_zip.packs import Pack
from hatch_lambda_zip.packs.pack import write_pack
from tests.support.commands import UV, clean_environment, run
from tests.support.projects import Build, Project

INSTALL = "pip install"
TABLES: dict[str, dict[str, object]] = {
    "plain": {},
    "left out": {"exclude-files": ["idna/*data.py"], "strip": ["tests", "type-stubs"]},
    "scripts": {"scripts": True},
    "excluded": {"exclude-distributions": ["six"]},
}


@pytest.fixture
def build(project: Project, tmp_path: Path) -> Callable[..., Build]:
    def build(cache: str = "cache") -> Build:
        directory = "0" if cache == "0" else str(tmp_path / cache)
        return project.build(
            environment={"HATCH_LAMBDA_ZIP_CACHE": directory, "HATCH_VERBOSE": "1"}
        )

    return build


def outputs(build: Build) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in build.kept.iterdir()}


def packs_in(tmp_path: Path) -> dict[str, Path]:
    return {
        path.name.rpartition("-")[0]: path for path in (tmp_path / "cache/packs").glob("*.pack")
    }


@pytest.mark.parametrize("table", TABLES)
def test_with_packs_and_without_the_bytes_are_the_same(
    project: Project, build: Callable[..., Build], tmp_path: Path, table: str
) -> None:
    project.configure(**TABLES[table])  # type: ignore[arg-type]
    without = build("0")
    cold, warm = build(), build()
    assert packs_in(tmp_path).keys() == {"idna", "markupsafe", "six"}
    assert INSTALL in without.output
    assert INSTALL in cold.output
    assert INSTALL not in warm.output
    assert outputs(cold) == outputs(without)
    assert outputs(warm) == outputs(without)


def test_bytecode_is_kept_compressed_too(
    project: Project, build: Callable[..., Build], tmp_path: Path
) -> None:
    runtime, version = f"python3.{sys.version_info.minor}", platform.python_version()
    project.configure(runtime=runtime, bytecode="compile", bytecode_python=version)
    without, cold, warm = build("0"), build(), build()
    assert outputs(cold) == outputs(warm) == outputs(without)
    kept = packs_in(tmp_path)
    assert kept.keys() >= {"idna-bytecode", "six-bytecode"}
    assert "fixture-lib-bytecode" not in kept
    data = kept["six-bytecode"].read_bytes()
    kept["six-bytecode"].write_bytes(data[:-1] + bytes((data[-1] ^ 1,)))
    mended, again = build(), build()
    assert "six-bytecode-" in mended.output
    assert "is not as it was written" in mended.output
    assert outputs(mended) == outputs(again) == outputs(without)


def test_a_layer_and_a_function_share_packs(project: Project, build: Callable[..., Build]) -> None:
    table = "[tool.hatch.build.targets.lambda-zip.{}]\n"
    text = table.format("functions.api") + 'layers = ["deps"]\n' + table.format("layers.deps")
    text += 'distributions = ["idna"]\n[tool.uv]\n'
    project.replace("[tool.uv]\n", text)
    without, cold, warm = build("0"), build(), build()
    assert outputs(without) == outputs(cold) == outputs(warm)
    assert INSTALL not in warm.output


def test_a_requirements_txt_names_no_wheels(
    project: Project, build: Callable[..., Build], tmp_path: Path
) -> None:
    """So uv installs, and what was compressed is found by the files."""
    export = ["export", "-q", "--format", "requirements.txt", "--no-emit-project"]
    run([UV, *export, "-o", "requirements.txt"], cwd=project.path)
    project.configure(lock="requirements.txt")
    without, cold, warm = build("0"), build(), build()
    assert outputs(without) == outputs(cold) == outputs(warm)
    assert packs_in(tmp_path).keys() == {"idna", "markupsafe", "six"}
    assert INSTALL in warm.output
    path = packs_in(tmp_path)["six"]
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)  # so it was taken from there
    mended = build()
    assert f"{path} is not as it was written" in mended.output
    assert outputs(mended) == outputs(without)


def test_what_is_missing_alone_is_installed(build: Callable[..., Build], tmp_path: Path) -> None:
    reference = build()
    packs_in(tmp_path)["idna"].unlink()
    half = build()
    assert outputs(half) == outputs(reference)
    assert INSTALL in half.output
    assert packs_in(tmp_path).keys() == {"idna", "markupsafe", "six"}
    assert INSTALL not in build().output


@pytest.mark.parametrize("share", [0.02, 0.7], ids=["index", "content"])
def test_a_damaged_pack_is_made_anew(
    build: Callable[..., Build], tmp_path: Path, share: float
) -> None:
    reference = build()
    path = packs_in(tmp_path)["idna"]
    intact = path.read_bytes()
    damaged = bytearray(intact)
    damaged[int(len(intact) * share)] ^= 1
    path.write_bytes(damaged)
    mended = build()
    assert outputs(mended) == outputs(reference)
    assert f"{path} is not as it was written" in mended.output
    build()
    assert path.read_bytes() == intact
    assert INSTALL not in build().output


@pytest.mark.parametrize(
    "about",
    [
        {},
        pytest.param([], marks=pytest.mark.exhaustive),
        pytest.param({"left_out": [["a", "NOTHING"]]}, marks=pytest.mark.exhaustive),
        pytest.param({"entries": []}, marks=pytest.mark.exhaustive),
        pytest.param({"entries": [["a"]]}, marks=pytest.mark.exhaustive),
        pytest.param({"dist_info": "a-1.dist-info"}, marks=pytest.mark.exhaustive),
        pytest.param({"scripts": 5}, marks=pytest.mark.exhaustive),
        pytest.param({"left_out": [[5, "TESTS"]]}, marks=pytest.mark.exhaustive),
    ],
)
def test_a_pack_that_says_something_else_of_its_contents_is_made_anew(
    build: Callable[..., Build], tmp_path: Path, about: object
) -> None:
    reference = build()
    path = packs_in(tmp_path)["idna"]
    intact = path.read_bytes()
    with closing(Pack(path, key_of(intact))) as pack:
        said = {**pack.about, **about} if isinstance(about, dict) and about else about
        contents = [content.compressed() for content in pack.contents]
    with path.open("wb") as stream:
        write_pack(stream, key_of(intact), said, contents)
    mended = build()
    assert outputs(mended) == outputs(reference)
    build()
    assert path.read_bytes() == intact


def key_of(pack: bytes) -> str:
    index = pack.partition(b'{"key":')[2]
    key: str = json.JSONDecoder().raw_decode(index.decode("latin-1"))[0]
    return key


def test_a_lock_that_pins_another_wheel_has_another_pack(
    project: Project, build: Callable[..., Build], tmp_path: Path
) -> None:
    build()
    project.lock("--upgrade-package", "idna<3.10")
    old = build()
    assert INSTALL in old.output
    assert len([*(tmp_path / "cache/packs").glob("idna-*")]) == 2
    assert any(name.startswith("idna-3.9.dist-info") for name in old.names)


def test_what_is_local_is_never_kept(project: Project, build: Callable[..., Build]) -> None:
    build()
    library = project.root / "lib/src/fixture_lib/__init__.py"
    library.write_text(library.read_text() + "\nEDITED = True\n")
    edited = build()
    assert INSTALL not in edited.output
    assert b"EDITED" in edited.read("fixture_lib/__init__.py")


@pytest.mark.slow
def test_two_builds_fill_the_cache_at_once(project: Project, tmp_path: Path) -> None:
    reference = project.build()
    environment = clean_environment(HATCH_LAMBDA_ZIP_CACHE=str(tmp_path / "cache"))
    copies = [project.copy_to(tmp_path / f"copy-{number}") for number in range(2)]
    for _ in range(2):  # cold, then warm
        builds = [
            subprocess.Popen(
                [sys.executable, "-m", "hatchling", "build", "-t", "lambda-zip"],
                cwd=copy.path,
                env=environment,
            )
            for copy in copies
        ]
        assert [each.wait(300) for each in builds] == [0, 0]
        for copy in copies:
            (made,) = (copy.path / "dist").glob("*.zip")
            assert made.read_bytes() == reference.artifact.read_bytes()
            shutil.rmtree(copy.path / "dist")
    assert packs_in(tmp_path).keys() == {"idna", "markupsafe", "six"}


def test_what_is_read_of_wheels_has_a_version(build: Callable[..., Build], tmp_path: Path) -> None:
    build()
    found = []
    for _, path in sorted(packs_in(tmp_path).items()):
        data = path.read_bytes()
        text = data[data.index(b'{"key"') :].decode("utf-8", "replace")
        index, _ = json.JSONDecoder().raw_decode(text)
        about = index["about"]
        shipped = about["entries"][: len(about["entries"]) - about["scripts"]]
        said = [row[3:6] for row in index["contents"]]  # CRC-32, mode, machine
        about["entries"] = shipped  # a script has a path of this machine
        del about["size"]  # which the lock says
        found.append([about, said[: len(shipped)]])
    digest = hashlib.sha256(json.dumps(found).encode()).hexdigest()
    assert {RULES_VERSION: digest} == {
        2: "32a05977e635fbb410cb99b102cd621c667a2a6323f15cf31f36cb97429f6fbf"
    }, "the same wheels are read otherwise than before: RULES_VERSION has to go up"


def test_the_command(build: Callable[..., Build], tmp_path: Path) -> None:
    build()
    directory = tmp_path / "cache"

    def cache(*words: str, named: str = str(directory)) -> Result:
        environment = clean_environment(HATCH_LAMBDA_ZIP_CACHE=named)
        return CliRunner(env=environment).invoke(main, ["cache", *words])

    assert cache("dir").stdout == f"{directory}\n"
    sizes = [path.stat().st_size for path in packs_in(tmp_path).values()]
    assert json.loads(cache("info", "--json").stdout) == {
        "directory": str(directory),
        "limit": 2 << 30,
        "kept": {"packs": {"files": 3, "size": sum(sizes)}},
    }
    assert "\npacks: 3 files, " in cache("info").stdout
    assert cache("prune").stdout == "0 bytes removed\n"
    assert cache("prune", "--ci").stdout == "0 bytes removed\n"
    assert cache("clear").exit_code == 0
    assert packs_in(tmp_path) == {}
    assert INSTALL in build().output
    off = cache("info", named="0")
    assert off.exit_code == 1
    assert "There is no cache: HATCH_LAMBDA_ZIP_CACHE is 0." in off.stderr
