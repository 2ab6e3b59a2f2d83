"""What lines of a requirements file ask for by a path or a URL, and which packages are that."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.pylock import Package, Pylock

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.model import LockFile, LockKind
from hatch_lambda_zip.lock.places import check_places, has_name, places_in
from hatch_lambda_zip.lock.pylock import parse_pylock, selected_packages
from tests.support.installed import platform_of

COMMIT = "d5861d8523ac04b07ecc52b86d4c1d6e815f9edb"
ARCHIVE = "archive = {{ {}, hashes = {{ sha256 = '00' }} }}"
WHEEL = ARCHIVE.format("url = 'https://host/a%2Bb/demo-1-py3-none-any.whl'")
GIT = f"vcs = {{ type = 'git', url = 'https://host/demo.git', commit-id = '{COMMIT}' }}"
TAGGED = GIT.replace("commit-id", "requested-revision = 'v1', commit-id")
DIRECTORY = "directory = { path = 'lib/demo' }"
FILE = ARCHIVE.format("path = 'files/demo-1-py3-none-any.whl'")


INDEX = (
    "version = '1'\nwheels = [{ url = 'https://host/demo-1-py3-none-any.whl', "
    "hashes = { sha256 = '00' } }]"
)


def selected(document: Pylock, lock: LockFile) -> list[Package]:
    return selected_packages(document, lock, platform_of(), None)


def lacks(line: str, package: str, root: Path, name: str = "demo") -> bool:
    """Tell whether a lock with a package lacks what a line asks for."""
    lock = LockFile.of(LockKind.PYLOCK, root / "pylock.toml")
    text = f"lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = '{name}'\n{package}\n"
    document = parse_pylock(text, lock)
    places = [*places_in([line], root, platform_of())]
    try:
        check_places(places, selected(document, lock), lock, "Do.")
    except LockError:
        return True
    return False


@pytest.mark.parametrize(
    ("line", "package", "other"),
    [
        ("https://host/a+b/demo-1-py3-none-any.whl", WHEEL, GIT),
        ("https://HOST:443/a%2Bb/demo-1-py3-none-any.whl#sha256=00", WHEEL, FILE),
        ("demo @ https://me:pw@host/a%2Bb/demo-1-py3-none-any.whl", WHEEL, DIRECTORY),
        ("Demo @ https://host/a%2Bb/demo-1-py3-none-any.whl ; os_name != 'nt'", WHEEL, GIT),
        ("https://host/a%2Bb/demo-1-py3-none-any.whl ; os_name != 'nt'", WHEEL, GIT),
        ("git+https://host/demo.git", GIT, WHEEL),
        ("git+https://host/demo.git@v1#egg=demo", TAGGED, GIT),
        (f"demo @ git+https://me@host/demo.git/@{COMMIT}", GIT, WHEEL),
        ("git+https://host/demo.git@v2", TAGGED.replace("v1", "v2"), TAGGED),
        ("-e lib/demo", DIRECTORY, FILE),
        ("lib/demo", DIRECTORY, FILE),
        ("./lib/demo#egg=demo", DIRECTORY, FILE),
        ("lib/demo[x] ; os_name != 'nt'", DIRECTORY, FILE),
        ("demo @ ./lib/demo", DIRECTORY, WHEEL),
        ("demo[x] @ file:lib/demo", DIRECTORY, WHEEL),
        ("files/demo-1-py3-none-any.whl", FILE, DIRECTORY),
        ("files/demo-1-py3-none-any.whl --hash=sha256:00", FILE, DIRECTORY),
    ],
)
def test_what_a_lock_has_or_lacks(line: str, package: str, other: str, tmp_path: Path) -> None:
    assert not lacks(line, package, tmp_path)
    assert lacks(line, other, tmp_path)
    assert lacks(line, INDEX, tmp_path)
    assert lacks(line, f"marker = \"os_name == 'nt'\"\n{package}", tmp_path)
    assert lacks(line, package, tmp_path, name="other") is ("@ " in line)
    assert not lacks(f"-c {line}", other, tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "demo>=1 --hash=sha256:00",
        "https://host/demo-1-py3-none-any.whl ; os_name == 'nt'",
        "demo @ https://host/demo-1-py3-none-any.whl ; os_name == 'nt'",
        "lib/demo ; os_name == 'nt'",
        "${HERE}/lib/demo",
    ],
)
def test_what_is_not_asked_for_by_its_place(line: str, tmp_path: Path) -> None:
    assert not lacks(line, INDEX, tmp_path)


def test_what_is_said_of_it(tmp_path: Path) -> None:
    lock = LockFile.of(LockKind.PYLOCK, tmp_path / "pylock.toml")
    places = places_in(["./a", "https://host/b.whl"], tmp_path, platform_of())
    document = parse_pylock("lock-version = '1.0'\ncreated-by = 'x'\npackages = []\n", lock)
    with pytest.raises(LockError) as caught:
        check_places(places, selected(document, lock), lock, "Do.")
    assert str(caught.value) == f"{lock.path} does not have ./a, https://host/b.whl. Do."


def test_the_file_name_of_an_archive_is_no_name(tmp_path: Path) -> None:
    line = "demo-1-py3-none-any.whl"
    assert not has_name(line)
    assert lacks(line, FILE, tmp_path)
    assert not lacks(line, FILE.replace("files/", ""), tmp_path)


@pytest.mark.parametrize("url", ["https://host:x/demo.whl", "https://[::1/demo.whl"])
def test_what_is_no_url(url: str, tmp_path: Path) -> None:
    assert lacks(url, WHEEL, tmp_path)


@pytest.mark.parametrize("line", ["lib/demo ; !!!", "https://host/a.whl ; os_name ~= 'x'"])
def test_markers_that_are_none(line: str, tmp_path: Path) -> None:
    with pytest.raises(LockError) as caught:
        lacks(line, WHEEL, tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}: the requirement {line!r} can't be read: ")
    assert message.endswith(". Correct it where it stands, and lock again.")
    assert "\n" not in message


def test_what_is_left_out_ends_nothing(tmp_path: Path) -> None:
    lines = ["${HERE}/lib", "-c ./lib", "six", "./other"]
    found = [place.path for place in places_in(lines, tmp_path.resolve(), platform_of())]
    assert found == [tmp_path.resolve() / "other"]


def test_a_name_as_pip_once_had_it_is_no_part_of_a_path(tmp_path: Path) -> None:
    for line in ("-e ./lib#egg=lib", "./lib#egg=li.b-1 ; python_version > '3'"):
        (place,) = places_in([line], tmp_path.resolve(), platform_of())
        assert place.path == tmp_path.resolve() / "lib"
