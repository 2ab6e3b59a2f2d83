"""What a lock says of its files is compared with what a server, or this machine, has by now."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from hatch_lambda_zip.cli import main
from tests.support.commands import UV, clean_environment, run
from tests.support.projects import Project
from tests.support.servers import serving
from tests.support.wheels import write_wheel

NAME = "carrier-1.0-py3-none-any.whl"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """What an index has of one package: its only wheel, and a page that gives no hash of it."""
    directory = tmp_path / "index/carrier"
    directory.mkdir(parents=True)
    write_wheel(directory, {"carrier.py": b"AS_LOCKED = True\n"})
    (directory / "index.html").write_text(f'<a href="{NAME}">{NAME}</a>')
    return directory


@pytest.fixture
def url(files: Path) -> Iterator[str]:
    with serving(files.parent) as address:
        yield address


@pytest.fixture
def dependent(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The app, which needs that package too; uv's cache knows nothing of it."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    project.pyproject.write_text(
        '[build-system]\nrequires = ["hatchling", "hatch-lambda-zip"]\n'
        'build-backend = "hatchling.build"\n'
        '[project]\nname = "fixture-app"\nversion = "1"\nrequires-python = ">=3.10"\n'
        'dependencies = ["carrier"]\n'
        '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\n'
    )
    project.lock_path.unlink()
    return project


def write_pylock(project: Project, url: str, more: str, *, wheel: str = NAME) -> None:
    (project.path / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "test"\n'
        '[[packages]]\nname = "carrier"\nversion = "1.0"\n'
        f'wheels = [{{ url = "{url}/carrier/{wheel}", {more} }}]\n'
    )


def hashes(wheel: Path, *right: str, wrong: str = "") -> str:
    data = wheel.read_bytes()
    found = {kind: hashlib.new(kind, data).hexdigest() for kind in right}
    found |= {wrong: hashlib.new(wrong, b"another").hexdigest()} if wrong else {}
    cells = [f'{kind} = "{value}"' for kind, value in found.items()]
    return f"hashes = {{ {', '.join(cells)} }}"


@pytest.mark.parametrize("source", ["index", pytest.param("page", marks=pytest.mark.slow)])
def test_a_uv_lock_without_hashes_is_refused(
    dependent: Project, files: Path, url: str, source: str
) -> None:
    index = {"index": f'url = "{url}"', "page": f'url = "{url}/carrier"\nformat = "flat"'}[source]
    with dependent.pyproject.open("a") as file:
        file.write(
            '[tool.uv.sources]\ncarrier = { index = "own" }\n'
            f'[[tool.uv.index]]\nname = "own"\n{index}\nexplicit = true\n'
        )
    dependent.lock()
    assert NAME in dependent.lock_path.read_text()
    assert "hash" not in dependent.lock_path.read_text()
    write_wheel(files, {"carrier.py": b"AS_LOCKED = False\n"})
    message = dependent.fail()
    assert f"uv.lock: carrier 1.0: it has no sha256, sha384 or sha512 of {NAME}" in message
    # What the message advises.
    text = dependent.pyproject.read_text()
    source = f'url = "{url}/carrier/{NAME}"'
    dependent.pyproject.write_text(text.replace('index = "own"', source, 1))
    dependent.lock()
    assert dependent.build().read("carrier.py") == b"AS_LOCKED = False\n"


def test_every_hash_of_a_file_is_compared(dependent: Project, files: Path, url: str) -> None:
    wheel = files / NAME
    for wrong, right in (("sha512", "sha256"), ("sha256", "sha384"), ("md5", "sha256")):
        write_pylock(dependent, url, hashes(wheel, right, wrong=wrong))
        assert "Hash mismatch" in dependent.fail(), wrong
    write_pylock(dependent, url, hashes(wheel, "md5", "sha512", "sha256"))
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert dependent.build().manifest["inputs"]["carrier"] == f"sha256:{digest}"


def test_the_size_of_a_file_is_compared(
    dependent: Project, files: Path, url: str, tmp_path: Path
) -> None:
    """Whether or not an earlier build has kept what is in it."""
    packs = {"HATCH_LAMBDA_ZIP_CACHE": str(tmp_path / "packs")}
    wheel = files / NAME
    write_pylock(dependent, url, f"size = {wheel.stat().st_size}, {hashes(wheel, 'sha256')}")
    dependent.build(environment=packs)
    write_pylock(dependent, url, f"size = 5, {hashes(wheel, 'sha256')}")
    message = dependent.fail(environment=packs)
    assert "Size mismatch" in message
    assert "another file than was locked" in message


def test_the_hash_of_another_wheel_is_compared(
    dependent: Project, files: Path, url: str, tmp_path: Path
) -> None:
    """Whether or not an earlier build has kept what is in that."""
    packs = {"HATCH_LAMBDA_ZIP_CACHE": str(tmp_path / "packs")}
    rebuilt = files / "carrier-1.0-1-py3-none-any.whl"
    shutil.copy(files / NAME, rebuilt)
    wheel = write_wheel(files, {"carrier.py": b"AS_LOCKED = False\n"})
    write_pylock(dependent, url, hashes(wheel, "sha256"))
    reference = dependent.build(environment=packs).sha256
    write_pylock(dependent, url, hashes(wheel, "sha256"), wheel=rebuilt.name)
    message = dependent.fail(environment=packs)
    assert "Hash mismatch" in message
    assert "run `uv cache clean carrier` and build again" in message
    write_pylock(dependent, url, hashes(wheel, "sha256"))
    again = dependent.build(environment={**packs, "HATCH_VERBOSE": "1"})
    assert again.sha256 == reference
    assert "pip install" not in again.output


def test_a_lock_of_a_directory_of_this_machine(dependent: Project, files: Path) -> None:
    with dependent.pyproject.open("a") as file:
        file.write(
            '[tool.uv.sources]\ncarrier = { index = "own" }\n[[tool.uv.index]]\nname = "own"\n'
            f'url = "{os.path.relpath(files, dependent.path)}"\nformat = "flat"\nexplicit = true\n'
        )
    dependent.lock()
    assert "hash" not in dependent.lock_path.read_text()
    pins, digests = [], []
    for content in (b"FIRST = True\n", b"SECOND = True\n"):
        digest = hashlib.sha256(write_wheel(files, {"carrier.py": content}).read_bytes())
        build = dependent.build()
        assert build.read("carrier.py") == content
        pins.append(build.manifest["inputs"]["carrier"])
        words = ["list", str(dependent.path), "--json"]
        (row,) = json.loads(CliRunner(env=clean_environment()).invoke(main, words).stdout)
        digests.append(row["input_digest"])
        assert pins[-1] == f"sha256:{digest.hexdigest()}"
    assert len(set(pins)) == 2
    assert len({*digests, None}) == 3


@pytest.mark.slow
@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="names there are Unicode")
@pytest.mark.parametrize("kind", ["pylock.toml", "requirements.txt"])
def test_a_file_on_this_machine_whose_path_is_not_utf_8(
    dependent: Project, tmp_path: Path, kind: str
) -> None:
    files = dependent.path / "files"
    files.mkdir()
    wheel = write_wheel(files, {"carrier.py": b""})
    if kind == "pylock.toml":
        write_pylock(dependent, "URL", hashes(wheel, "sha256"))
        dependent.replace('url = "URL/carrier/', 'path = "files/', file=kind)
    else:
        dependent.configure(lock=kind)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        text = f"--no-index\n-f files\ncarrier==1.0 --hash=sha256:{digest}\n"
        (dependent.path / kind).write_text(text, "utf-8")
    assert "carrier.py" in dependent.build().names
    odd = dependent.copy_to(tmp_path / os.fsdecode(b"\xff"))
    message = odd.fail()
    assert f"{kind} takes something from '{tmp_path}/\\udcff/app/files" in message
    assert "can't be told of a path that is not UTF-8. Rename that directory or file." in message


@pytest.mark.slow
def test_an_sdist_takes_a_wheel_of_a_directory_along(
    dependent: Project, files: Path, tmp_path: Path
) -> None:
    # As uv 0.10 exports it.
    shutil.copy(files / NAME, dependent.path)
    (dependent.path / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "uv"\n'
        '[[packages]]\nname = "carrier"\nversion = "1.0"\n'
        f'index = "{files.as_uri()}"\n'
        f'wheels = [{{ url = "{(files / NAME).as_uri()}", hashes = {{}} }}]\n'
    )
    with dependent.pyproject.open("a") as file:
        file.write("[tool.hatch.build.hooks.lambda-zip]\nembed-lock = true\n")
    reference = dependent.build().sha256
    output = tmp_path / "sdist"
    command = [UV, "build", "-q", "--sdist", "--no-build-isolation", "-o", str(output)]
    run(command, cwd=dependent.path)
    (sdist,) = output.glob("*.tar.gz")
    shutil.unpack_archive(sdist, tmp_path / "unpacked")
    (lock,) = (tmp_path / "unpacked").glob("*/.hatch-lambda-zip/lambda/pylock.toml")
    digest = hashlib.sha256((files / NAME).read_bytes()).hexdigest()
    assert f'"files/0/{NAME}", "hashes" = {{ "sha256" = "{digest}" }}' in lock.read_text()
    zips = [hashlib.sha256(path.read_bytes()).hexdigest() for path in output.glob("*.zip")]
    assert zips == [reference]


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (0, "RECORD of carrier 1.0 does not list its own METADATA and WHEEL."),
        (3, "carrier/a.py and 1 other file of carrier would not ship, since no RECORD lists it."),
    ],
    ids=["emptied", "shortened"],
)
def test_a_record_in_the_cache_of_uv_that_lost_lines(
    dependent: Project, tmp_path: Path, kept: int, expected: str
) -> None:
    wheel = write_wheel(dependent.path, {"carrier/a.py": b"", "carrier/b.py": b""})
    (dependent.path / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "test"\n'
        '[[packages]]\nname = "carrier"\nversion = "1.0"\n'
        f'wheels = [{{ path = "{NAME}", {hashes(wheel, "sha256")} }}]\n'
    )
    environment = {"UV_LINK_MODE": "hardlink"}
    reference = dependent.build(environment=environment).sha256
    (record,) = (tmp_path / "cache").glob("archive-v0/*/carrier-1.0.dist-info/RECORD")
    # METADATA, RECORD and WHEEL come first, since uv sorts it by paths.
    lines = record.read_text().splitlines(keepends=True)
    record.unlink()
    record.write_text("".join(lines[:kept]))
    message = dependent.fail(environment=environment)
    assert expected in message
    assert "`uv cache clean carrier`" in message
    run([UV, "cache", "clean", "carrier"], cwd=tmp_path)
    assert dependent.build(environment=environment).sha256 == reference
