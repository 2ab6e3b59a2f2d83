"""What builds write is known, and nothing else is taken for it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from hatch_lambda_zip.contents.own.outputs import Outputs, is_artifact, output_in

OURS = {"tool": {"name": "hatch-lambda-zip"}, "artifact": "api.zip"}
SBOM = {
    "bomFormat": "CycloneDX",
    "metadata": {"tools": {"components": [{"name": "hatch-lambda-zip"}]}},
}

UV_TAG = "Signature: 8a477f597d28d172789f06886806bc55"


def write(path: Path, content: object = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_an_unpacked_directory_has_a_manifest_that_says_so(tmp_path: Path) -> None:
    directory = tmp_path / "api"
    directory.mkdir()
    assert not is_artifact(directory)
    manifest = write(tmp_path / "api.json", OURS)
    assert not is_artifact(directory)
    write(manifest, {**OURS, "unpacked": {}})
    assert is_artifact(directory)
    write(manifest, {"unpacked": {}, "artifact": "hatch-lambda-zip"})
    assert not is_artifact(directory)
    outputs = Outputs.of(tmp_path, [])
    inside = write(directory / "deep/file.py")
    assert not outputs.is_unpacked(inside)
    write(manifest, {**OURS, "unpacked": {}})
    assert outputs.is_unpacked(inside)
    assert not Outputs.of(directory, []).is_unpacked(inside), "what lies around is no matter"


def test_a_zip_has_a_manifest_beside_it(tmp_path: Path) -> None:
    made = write(tmp_path / "api.zip")
    assert not is_artifact(made)
    manifest = write(tmp_path / "api.json", OURS)
    assert is_artifact(made)
    assert is_artifact(manifest)
    assert not is_artifact(write(tmp_path / "api.txt"))
    write(manifest, {**OURS, "artifact": "other.zip"})
    assert not is_artifact(made)


@pytest.mark.parametrize(
    ("document", "is_ours"),
    [
        (OURS, True),
        (SBOM, True),
        ({**SBOM, "bomFormat": "SPDX"}, False),
        ({**SBOM, "metadata": {"tools": {"components": []}}}, False),
        ({**SBOM, "metadata": {"tools": {"components": [{"name": "other"}, {}]}}}, False),
        ({"tool": {"name": "other"}, "by": "hatch-lambda-zip"}, False),
        ({"tool": "hatch-lambda-zip"}, False),
        (["hatch-lambda-zip"], False),
        ("hatch-lambda-zip is no JSON", False),
    ],
)
def test_documents_by_us(tmp_path: Path, document: object, *, is_ours: bool) -> None:
    path = write(tmp_path / "a.json", document)
    assert is_artifact(path) is is_ours
    wheel = tmp_path / "demo.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(path, "demo/a.json")
        archive.writestr("demo/a.txt", path.read_bytes())
    assert output_in(wheel, tmp_path) == ("demo/a.json" if is_ours else None)


def test_locks_of_uv_are_empty_files(tmp_path: Path) -> None:
    outputs = Outputs.of(tmp_path, [])
    path = tmp_path / "uv-setuptools-0123456789abcdef.lock"
    path.touch()
    assert outputs.is_output(path)
    path.write_text("kept", encoding="utf-8")
    assert not outputs.is_output(path)
    wheel = tmp_path / "demo.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(path, f"demo/{path.name}")
    assert output_in(wheel, tmp_path) is None
    path.unlink()
    path.mkdir()
    assert not outputs.is_output(path)


def test_wheels_and_sdists_in_output_directories(tmp_path: Path) -> None:
    outputs = Outputs.of(tmp_path, ["dist", "."])
    for name in ("a.whl", "a.tar.gz"):
        assert outputs.is_output(tmp_path / "dist" / name)
        assert not outputs.is_output(tmp_path / "other" / name)
    assert not outputs.is_output(tmp_path / "dist/a.txt")
    assert outputs.has_directory(tmp_path / "dist")
    assert not outputs.has_directory(tmp_path), "which is the project's as well"


def test_an_output_directory_with_sources_is_none(tmp_path: Path) -> None:
    outputs = Outputs.of(tmp_path, ["dist"])
    file = write(tmp_path / "dist/deep/data.txt")
    assert outputs.directory_of(file) == tmp_path / "dist"
    assert outputs.directory_of(tmp_path / "data.txt") is None
    write(tmp_path / "dist/deep/__init__.py")
    assert outputs.directory_of(file) is None
    assert outputs.has_directory(tmp_path / "dist")


def test_a_wheel_that_takes_in_what_was_built(tmp_path: Path) -> None:
    root = tmp_path / "project"
    outputs = Outputs.of(root, ["dist", "out"])
    wheel = tmp_path / "demo.whl"

    def takes_in(name: str) -> bool:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(name, "")
        return outputs.takes_in(wheel)

    assert not takes_in("dist/old.whl")
    write(root / "dist/old.whl")
    assert takes_in("dist/old.whl")
    assert takes_in("demo/old.whl"), "it was moved there"
    assert not takes_in("demo-1.dist-info/old.whl")
    write(root / "out/data.txt")
    assert takes_in("demo/data.txt")
    assert not takes_in("demo/other.txt")
    assert takes_in("demo/CACHEDIR.TAG") is False
    assert takes_in("demo/a.cpython-313.pyc.140234234")
    assert not takes_in("demo/a.cpython-313.pyc.140234234/b")


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("dist/old.whl", True),
        ("dist/old.tar.gz", True),
        ("dist/new.whl", False),
        ("other/old.whl", False),
        ("dist/old.txt", False),
        ("demo/hatch-lambda-zip-0123456789abcdef-locked/a", True),
        ("demo/hatch-lambda-zip-0123456789abcdef/a", False),
        ("demo/archive-v0/0123456789abcdef/a.py", True),
        ("demo/a.pyc.140234234", True),
        ("demo/uv-setuptools-0123456789abcdef.lock", True),
        ("demo/uv-0123456789abcdef.lock", True),
        ("demo/uv.lock", False),
        ("demo/.a-1.0-lambda.zip.0123abcd.locked.tmp", True),
        (".a-1.0-lambda.json.0123abcd.tmp", True),
        ("demo/.a.zip.0123456789abcdef01234567.before", True),
        ("demo/a.zip.0123abcd.locked.tmp", False),
        ("demo/.a.zip.0123abcd.tmp/b", False),
        ("demo/.a.before", False),
        ("demo/pc/usr/lib/a.cpython-313.pyc", True),
        ("demo/a.cpython-313.opt-1.pyc", True),
        ("demo/a.pypy310.pyc", True),
        ("demo/__pycache__/a.cpython-313.pyc", False),
        ("demo/a.pyc", False),
        ("demo/a.v1.pyc", False),
    ],
)
def test_what_a_build_wrote_by_its_name_in_a_wheel(
    tmp_path: Path, name: str, *, is_one: bool
) -> None:
    for file in ("dist/old.whl", "dist/old.tar.gz", "dist/old.txt", "other/old.whl"):
        write(tmp_path / file)
    wheel = tmp_path / "demo.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("demo/first.py", "")
        archive.writestr(name, "")
    assert output_in(wheel, tmp_path) == (name if is_one else None)


@pytest.mark.parametrize(
    ("tag", "others", "is_uvs"),
    [
        (UV_TAG, [".gitignore", ".lock", "sdists-v11/a"], True),
        (UV_TAG, [".gitignore"], True),
        (UV_TAG[:9], [], True),
        ("", [".tmpbaTrbv/a", ".lock"], True),
        (UV_TAG, [".gitignore", "pyvenv.cfg"], False),
        (f"{UV_TAG}\n", [], False),
        ("other", ["sdists-v11/a"], False),
    ],
)
def test_a_cache_of_uv_from_its_beginning(
    tmp_path: Path, tag: str, others: list[str], *, is_uvs: bool
) -> None:
    outputs = Outputs.of(tmp_path, [])
    names = ["CACHEDIR.TAG", *others]
    wheel = tmp_path / "demo.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            path = write(tmp_path / "demo" / name, tag if name == names[0] else "")
            archive.write(path, f"demo/{name}")
    assert outputs.is_output(tmp_path / "demo/CACHEDIR.TAG") is is_uvs
    assert (output_in(wheel, tmp_path) == "demo/CACHEDIR.TAG") is (is_uvs and bool(tag))
    assert not outputs.is_output(tmp_path / "demo")
    assert not outputs.is_output(write(tmp_path / "demo/model-1"))


def test_temporary_files_of_a_build(tmp_path: Path) -> None:
    outputs = Outputs.of(tmp_path, [])
    name = "hatch-lambda-zip-0123456789abcdef-locked"
    write(tmp_path / name / "contents")
    assert outputs.is_output(tmp_path / name)
    assert not outputs.is_output(tmp_path / f"my-{name}")
    assert not outputs.is_output(write(tmp_path / "a" / name)), "which is a file"


@pytest.mark.parametrize(
    "name",
    [
        ".a-1.0-lambda.zip.0123abcd.locked.tmp",
        ".pylock.toml.0123abcd.tmp",
        ".a.zip.0123456789abcdef01234567.before",
        "pc/usr/lib/a.cpython-313.opt-2.pyc",
    ],
)
def test_what_a_killed_build_or_python_has_left(tmp_path: Path, name: str) -> None:
    outputs = Outputs.of(tmp_path, [])
    assert outputs.is_output(write(tmp_path / "a" / name))
    assert not outputs.is_output(write(tmp_path / "b" / name / "c").parent), "a directory"
    assert not outputs.is_output(write(tmp_path / "a/__pycache__/a.cpython-313.pyc"))


def test_a_cache_of_uv_without_a_tag_yet(tmp_path: Path) -> None:
    outputs = Outputs.of(tmp_path, [])
    lock, made = write(tmp_path / ".lock"), write(tmp_path / ".tmpbaTrbv/a")
    assert outputs.is_output(lock)
    assert outputs.is_output(made.parent)
    assert outputs.is_output(write(tmp_path / ".gitignore", "*"))
    write(tmp_path / "a.py")
    assert not outputs.is_output(lock)
    assert not outputs.is_output(made.parent)


def test_a_lock_of_a_projects_own_is_no_cache_of_uv(tmp_path: Path) -> None:
    """Whatever lies beside it, or does not: those of uv are empty."""
    outputs = Outputs.of(tmp_path, [])
    assert not outputs.is_output(write(tmp_path / ".lock", "owner = 1\n"))
    assert not outputs.is_output(write(tmp_path / ".gitignore", "*.tmp\n"))
