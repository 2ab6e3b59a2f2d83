"""What the hook keeps, and builds that overlap: an edit is in a zip sooner or later, always."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from hatch_lambda_zip import build as build_package
from hatch_lambda_zip.build import Job, Session, build_zip
from hatch_lambda_zip.plugin.target import LambdaZipBuilder
from tests.support.commands import UV, clean_environment, run
from tests.support.hatchling_runs import COMMAND, run_hatchling
from tests.support.projects import Project

HOOK: Final = """
[tool.hatch.build.hooks.lambda-zip]

[tool.hatch.build.targets.lambda-zip.functions.first]

[tool.hatch.build.targets.lambda-zip.functions.second]

[tool.uv]
"""
MAIN: Final = "src/fixture_app/main.py"
WORDS: Final = ("build", "-t", "wheel")
EXPORT: Final = (UV, "export", "-q", "--no-default-groups", "--format", "pylock.toml")


@pytest.fixture
def hooked(project: Project) -> Project:
    """The app with two functions, whose zips are made beside its wheel."""
    project.replace("\n[tool.uv]\n", HOOK)
    return project


def build(project: Project, target: str = "wheel") -> str:
    result = run_hatchling(["build", "-t", target], cwd=project.path)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def edit(project: Project, old: int, new: int) -> None:
    project.replace(f"ANSWER = {old}", f"ANSWER = {new}", file=MAIN)


def pair(project: Project, function: str = "first") -> tuple[Path, Path]:
    zipped = project.path / f"dist/fixture_app-1.2.3-{function}-lambda.zip"
    return zipped, zipped.with_suffix(".json")


def answer(project: Project, function: str) -> str:
    with zipfile.ZipFile(pair(project, function)[0]) as archive:
        text = archive.read("fixture_app/main.py").decode()
    return text.partition("ANSWER = ")[2].partition("\n")[0]


def pin(project: Project, function: str) -> str:
    manifest = json.loads(pair(project, function)[1].read_bytes())
    pinned: str = manifest["inputs"]["fixture-app"]
    return pinned


@pytest.mark.slow
def test_an_edit_between_two_builds_that_overlap_is_not_lost(
    hooked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second build starts and ends while the first one has made one of its two zips."""

    def build_second(job: Job, session: Session) -> Path:
        if job.artifact.name == "second":
            edit(hooked, 42, 4300)
            subprocess.run([*COMMAND, *WORDS], cwd=hooked.path, env=clean_environment(), check=True)
            newer.append(pin(hooked, "second"))
            assert answer(hooked, "second") == "4300"
        return build_zip(job, session)

    newer: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(build_package, "build_zip", build_second)
        build(hooked)
    # The first build began before the edit; so what it makes has to say.
    assert answer(hooked, "second") == "42"
    assert [pin(hooked, "second")] != newer
    output = build(hooked)
    assert "fixture-app:second: compressing" in output
    assert [answer(hooked, function) for function in ("first", "second")] == ["4300"] * 2
    assert [pin(hooked, function) for function in ("first", "second")] == newer * 2


@pytest.mark.slow
def test_another_checkouts_wheel_does_not_ship(
    hooked: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It replaces this one's in a directory of both, before the zips are begun."""
    other = hooked.copy_to(tmp_path / "other")
    edit(other, 42, 4300)
    words = [*WORDS, "-d", str(hooked.path / "dist")]
    check = LambdaZipBuilder.check

    def check_later(builder: LambdaZipBuilder) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(LambdaZipBuilder, "check", check)
            subprocess.run([*COMMAND, *words], cwd=other.path, env=clean_environment(), check=True)
            answers.extend(answer(hooked, function) for function in ("first", "second"))
        check(builder)

    answers: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(LambdaZipBuilder, "check", check_later)
        build(hooked)
    assert answers == ["4300"] * 2
    assert [answer(hooked, function) for function in ("first", "second")] == ["42"] * 2


def test_a_wheel_that_another_build_is_writing_is_an_error(
    hooked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(hooked)
    (wheel,) = (hooked.path / "dist").glob("*.whl")
    monkeypatch.setattr(
        "hatchling.builders.wheel.replace_file",
        lambda _, target: Path(target).write_bytes(Path(target).read_bytes()[:-99]),
    )
    before = {path: path.read_bytes() for path in pair(hooked)}
    result = run_hatchling(WORDS, cwd=hooked.path)
    assert result.returncode == 1
    assert f"{wheel.name} is not a valid wheel: " in result.stderr + result.stdout
    assert (
        f"If another build writes to {wheel.parent} too, or cleans it, let it end" in result.stderr
    )
    assert {path: path.read_bytes() for path in pair(hooked)} == before


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such devices")
def test_what_is_no_wheel_any_more_is_not_read(
    hooked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a device, of which there is no end."""

    def replace_file(_: str, target: str) -> None:
        Path(target).unlink(missing_ok=True)
        Path(target).symlink_to("/dev/zero")

    monkeypatch.setattr("hatchling.builders.wheel.replace_file", replace_file)
    result = run_hatchling(WORDS, cwd=hooked.path)
    assert result.returncode == 1
    assert "is not a valid wheel: File is not a zip file" in result.stderr


def test_a_pair_that_is_as_it_was_written_is_kept(hooked: Project) -> None:
    build(hooked)
    before = {path: (path.read_bytes(), path.stat().st_ino) for path in pair(hooked)}
    output = build(hooked)
    assert output.count(": unchanged, sha256 ") == 2
    assert {path: (path.read_bytes(), path.stat().st_ino) for path in pair(hooked)} == before


def test_an_edited_manifest_is_written_anew(hooked: Project) -> None:
    build(hooked)
    zipped, manifest = pair(hooked)
    before = (zipped.read_bytes(), manifest.read_bytes())
    document = json.loads(before[1])
    hashed = document["sha256_base64"].encode()
    manifest.write_bytes(before[1].replace(hashed, b"A" * len(hashed)))
    output = build(hooked)
    assert "fixture-app:first: compressing" in output
    assert "fixture-app:second: unchanged" in output
    assert (zipped.read_bytes(), manifest.read_bytes()) == before


def test_a_manifest_says_what_built_the_wheels_that_it_is_of(
    hooked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new release of a back end changes no zip, but what the manifest says of it."""
    build(hooked)
    zipped, manifest = pair(hooked)
    before = zipped.read_bytes()
    monkeypatch.setattr("hatchling.builders.wheel.__version__", "99.0")
    build(hooked)
    (own,) = (
        row
        for row in json.loads(manifest.read_bytes())["distributions"]
        if row["name"] == "fixture-app"
    )
    assert own["built_with"] == "hatchling 99.0"
    assert zipped.read_bytes() == before


@pytest.mark.slow
def test_a_manifest_says_where_distributions_come_from(hooked: Project) -> None:
    """The same wheel by the URL that the index has for it is another source."""
    build(hooked)
    zipped, manifest = pair(hooked)
    lock = hooked.lock_path.read_text()
    url = next(
        part.partition('"')[0]
        for part in lock.split('url = "')
        if part.startswith("http") and "/six-" in part and ".whl" in part.partition('"')[0]
    )
    library = 'fixture-lib = { path = "../lib" }\n'
    hooked.replace(library, f'{library}six = {{ url = "{url}" }}\n')
    hooked.lock()
    build(hooked)
    fresh = manifest.read_bytes()
    (six,) = (row for row in json.loads(fresh)["distributions"] if row["name"] == "six")
    assert six["origin"] == "archive"
    for path in (zipped, manifest):
        path.unlink()
    build(hooked)
    assert manifest.read_bytes() == fresh


@pytest.mark.parametrize("target", ["wheel", "sdist"])
@pytest.mark.parametrize(
    "edited",
    [
        "library",
        *(pytest.param(name, marks=pytest.mark.exhaustive) for name in ("option", "lock", "file")),
    ],
)
def test_a_stray_pkg_info_hides_no_edit(hooked: Project, target: str, edited: str) -> None:
    metadata = "Metadata-Version: 2.4\nName: fixture-app\nVersion: 1.2.3\n"
    (hooked.path / "PKG-INFO").write_text(metadata)
    (hooked.path / "note.txt").write_text("one\n")
    handler = 'handler = "fixture_app.main.handler"\n'
    hooked.replace(handler, f'{handler}include-files = {{ "note.txt" = "note.txt" }}\n')
    build(hooked, target)
    before = [path.read_bytes() for path in pair(hooked)]
    if edited == "library":
        library = hooked.root / "lib/src/fixture_lib/__init__.py"
        library.write_text(library.read_text() + "\nEDITED = True\n")
    elif edited == "option":
        hooked.configure(architecture="arm64")
    elif edited == "lock":
        hooked.lock("--upgrade-package", "idna<3.10")
    else:
        (hooked.path / "note.txt").write_text("two\n")
    output = build(hooked, target)
    assert "made already" not in output
    assert [path.read_bytes() for path in pair(hooked)] != before
    (hooked.path / "PKG-INFO").unlink()
    assert build(hooked).count(": unchanged, sha256 ") == 2


@pytest.mark.parametrize("name", ["uv.lock", "pylock.toml"])
def test_no_zip_stays_that_a_build_of_its_own_would_refuse(hooked: Project, name: str) -> None:
    excludes = 'exclude-dependencies = ["six"]\n'
    hooked.replace("[tool.uv]\n", f"[tool.uv]\n{excludes}")
    hooked.configure(handler=None)
    hooked.lock()
    if name == "pylock.toml":
        run([*EXPORT, "-o", name], cwd=hooked.path)
        hooked.lock_path.unlink()
    build(hooked)
    assert build(hooked).count(": unchanged, sha256 ") == (2 if name == "uv.lock" else 0)
    # As a merge takes it out, without what is required then coming in.
    hooked.replace(excludes, "")
    if name == "uv.lock":
        text = hooked.lock_path.read_text()
        assert 'excludes = ["six"]\n' in text
        hooked.lock_path.write_text(text.replace('excludes = ["six"]\n', ""))
    result = run_hatchling(WORDS, cwd=hooked.path)
    assert result.returncode == 1
    assert f"{name} does not have what fixture-app requires: six" in result.stderr


def test_an_sdist_that_is_unpacked_for_one_build_is_no_source_tree(
    hooked: Project, tmp_path: Path
) -> None:
    """Though the lock and the library are in reach, the sdist may lack anything else."""
    build(hooked)
    before = {path: path.read_bytes() for path in pair(hooked)}
    unpacked = hooked.copy_to(tmp_path / "build-via-sdist-1")
    metadata = "Metadata-Version: 2.4\nName: fixture-app\nVersion: 1.2.3\n"
    (unpacked.path / "PKG-INFO").write_text(metadata)
    words = [*WORDS, "-d", str(hooked.path / "dist")]
    result = run_hatchling(words, cwd=unpacked.path)
    names = "fixture-app:first, fixture-app:second"
    assert f"{names}: made already, from the source tree" in result.stdout + result.stderr
    unpacked.configure(architecture="arm64")
    result = run_hatchling(words, cwd=unpacked.path)
    assert f"no zip of {names}: this is an unpacked sdist" in result.stdout + result.stderr
    assert {path: path.read_bytes() for path in pair(hooked)} == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
def test_pipes_and_deep_documents_in_the_output_directory_hold_nobody_up(hooked: Project) -> None:
    build(hooked)
    dist = hooked.path / "dist"
    os.mkfifo(dist / "pipe.json")
    for depth in (900, 1_000, 100_000):
        text = f'{{"tool": {{"name": "hatch-lambda-zip"}}, "x": {"[" * depth}{"]" * depth}}}'
        (dist / f"deep{depth}.json").write_text(text)
    _, manifest = pair(hooked)
    manifest.unlink()
    os.mkfifo(manifest)
    result = run_hatchling(WORDS, cwd=hooked.path)
    assert f"{manifest} can't be replaced: it is no regular file." in result.stderr + result.stdout
    manifest.unlink()
    build(hooked)
    result = run_hatchling([*WORDS, "--clean-only"], cwd=hooked.path)
    assert result.returncode == 0, result.stderr
    assert not any(path.exists() for path in pair(hooked))
    assert (dist / "pipe.json").exists()
