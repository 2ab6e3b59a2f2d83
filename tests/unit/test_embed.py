from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from hatch_lambda_zip.build.build import embed_lock
from hatch_lambda_zip.build.embed import embed
from hatch_lambda_zip.build.session import Session
from hatch_lambda_zip.config import parse_config
from hatch_lambda_zip.contents import Outputs, Surroundings
from hatch_lambda_zip.errors import ConfigError, LockError
from hatch_lambda_zip.lock import LockFile, LockKind, Selection, find_embedded_lock
from hatch_lambda_zip.lock.pylock import parse_pylock
from hatch_lambda_zip.lock.pylock import select as select_from_pylock
from hatch_lambda_zip.lock.requirements import select as select_from_requirements
from tests.support.installed import platform_of

PLATFORM = platform_of("python3.13", "arm64")
HASH = "0123456789abcdef" * 4
COMMIT = HASH[:40]
OF_SOURCES = hashlib.sha256(b"sources").hexdigest()
OF_WHEEL = hashlib.sha256(b"a wheel").hexdigest()
LOCK = f"""
lock-version = "1.0"
created-by = "test"

[[packages]]
name = "alpha"
version = "1.0"
marker = "python_version >= '3.9'"

[[packages.wheels]]
url = "https://example.invalid/alpha-1.0-py2.py3-none-any.whl"
hashes = {{ sha256 = "{HASH}", sha512 = "{HASH}{HASH}" }}

[[packages]]
name = "never"
version = "1.0"
marker = "sys_platform == 'win32'"
wheels = [{{ url = "https://example.invalid/never-1.0-py3-none-any.whl", hashes = {{ sha256 = "{HASH}" }} }}]

[[packages]]
name = "beta"
version = "2.0"
archive = {{ path = "archives/beta-2.0-py3-none-any.whl", hashes = {{ sha256 = "{OF_WHEEL}" }} }}

[[packages]]
name = "gamma"
vcs = {{ type = "git", url = "https://example.invalid/gamma.git", commit-id = "{COMMIT}" }}
"""  # noqa: E501
OTHER = f"beta==1.0 --hash=sha256:{HASH}\n"
REQUIREMENTS = f"alpha==1.0 --hash=sha256:{HASH}\n"


@pytest.fixture
def selection(tmp_path: Path) -> Selection:
    """Select from a uv.lock, as far as its export tells."""
    archive = tmp_path / "project/archives/beta-2.0-py3-none-any.whl"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"a wheel")
    return select(LockFile.of(LockKind.UV, tmp_path / "project/uv.lock"), LOCK)


def select(lock: LockFile, text: str, build: tuple[str, ...] = ()) -> Selection:
    root = lock.path.parent
    pylock = parse_pylock(text, lock)
    return select_from_pylock(pylock, lock, PLATFORM, root=root, build=build)


def test_what_is_embedded_is_selected_again_without_the_project(
    selection: Selection, tmp_path: Path
) -> None:
    wheel = tmp_path / "local-1.0-py3-none-any.whl"
    wheel.write_bytes(b"another wheel")
    embed(selection, PLATFORM, [wheel], tmp_path / "sdist/api")
    (tmp_path / "project").rename(tmp_path / "gone")
    unpacked = (tmp_path / "sdist").rename(tmp_path / "unpacked") / "api"
    lock = find_embedded_lock(unpacked, tmp_path)
    assert (lock.kind, lock.path.name) == (LockKind.EMBEDDED, "pylock.toml")
    assert [path.read_bytes() for path in lock.wheels] == [b"another wheel"]

    again = select(lock, lock.path.read_text(encoding="utf-8"))
    assert again.lock.name == "uv.lock"
    assert again.distributions == selection.distributions
    assert [install.builds for install in again.installs] == [False, True]
    (file,) = again.installs[0].files
    assert file.is_relative_to(unpacked.resolve())
    assert file.read_bytes() == b"a wheel"
    assert str(file) in again.installs[0].text
    assert not again.is_pinned
    assert not selection.is_pinned


def test_what_is_embedded_is_a_lock_for_one_platform(selection: Selection, tmp_path: Path) -> None:
    embed(selection, PLATFORM, [], tmp_path / "api")
    lock = find_embedded_lock(tmp_path / "api", tmp_path)
    text = lock.path.read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    pylock = parse_pylock(text, lock)
    assert [package.name for package in pylock.packages] == ["alpha", "beta", "gamma"]
    for other in (platform_of("python3.13", "x86_64"), platform_of("python3.12", "arm64")):
        with pytest.raises(LockError) as caught:
            select_from_pylock(pylock, lock, other, root=tmp_path)
        assert f"does not cover {other}: " in str(caught.value)
        assert str(caught.value).endswith(" Build the sdist again.")


def test_nothing_to_install_is_a_lock_as_well(tmp_path: Path) -> None:
    lock = LockFile.of(LockKind.UV, tmp_path / "uv.lock")
    embed(Selection(lock, (), ()), PLATFORM, [], tmp_path / "api")
    embedded = find_embedded_lock(tmp_path / "api", tmp_path)
    again = select(embedded, embedded.path.read_text(encoding="utf-8"))
    assert (again.installs, again.lock.name) == ((), "uv.lock")


def test_sources_to_build_are_embedded(tmp_path: Path) -> None:
    (tmp_path / "project/files").mkdir(parents=True)
    (tmp_path / "project/files/delta-1.0.tar.gz").write_bytes(b"sources")
    packages = "".join(
        f'\n[[packages]]\nname = "{name}"\nversion = "1.0"\n'
        f'sdist = {{ {place}, hashes = {{ sha256 = "{digest}" }} }}\n'
        for name, digest, place in (
            ("delta", OF_SOURCES, 'path = "files/delta-1.0.tar.gz"'),
            ("epsilon", HASH, 'url = "https://example.invalid/epsilon-1.0.tar.gz"'),
        )
    )
    text = f'lock-version = "1.0"\ncreated-by = "test"\n{packages}'
    build = ("delta", "epsilon")
    selection = select(LockFile.of(LockKind.UV, tmp_path / "project/uv.lock"), text, build)
    embed(selection, PLATFORM, [], tmp_path / "api")
    (tmp_path / "project").rename(tmp_path / "gone")
    embedded = find_embedded_lock(tmp_path / "api", tmp_path)
    again = select(embedded, embedded.path.read_text(encoding="utf-8"), build)
    assert again.distributions == selection.distributions
    (install,) = again.installs
    assert install.builds
    assert [path.read_bytes() for path in install.files] == [b"sources"]


@pytest.mark.parametrize("text", [REQUIREMENTS, "", f"--no-index\n{REQUIREMENTS}{OTHER}"])
@pytest.mark.parametrize("name", ["locked.txt", "requirements-api.lock"])
def test_a_requirements_file_stays_one(tmp_path: Path, text: str, name: str) -> None:
    lock = LockFile.of(LockKind.REQUIREMENTS, tmp_path / name)
    selection = select_from_requirements(text, lock, PLATFORM, root=tmp_path, build=("beta",))
    embed(selection, PLATFORM, [], tmp_path / "api")
    embedded = find_embedded_lock(tmp_path / "api", tmp_path)
    assert (embedded.kind, embedded.name) == (LockKind.REQUIREMENTS, name)
    again = select_from_requirements(
        embedded.path.read_text(encoding="utf-8"),
        embedded,
        PLATFORM,
        root=tmp_path,
        build=("beta",),
    )
    assert again.installs == selection.installs
    assert again.distributions == selection.distributions


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("//example.invalid/alpha", "//me:secret@example.invalid/alpha", "a URL with credentials"),
        ("https://example.invalid/gamma", "file:///home/me/gamma", "has a file:// URL"),
        (
            'url = "https://example.invalid/gamma.git"',
            'path = "gamma"',
            "which is no file that could be put into the sdist",
        ),
    ],
)
def test_what_no_other_machine_has_or_may_know_is_refused(
    selection: Selection, tmp_path: Path, old: str, new: str, expected: str
) -> None:
    del selection  # for its archive
    lock = LockFile.of(LockKind.UV, tmp_path / "project/uv.lock")
    changed = select(lock, LOCK.replace(old, new))
    with pytest.raises(LockError) as caught:
        embed(changed, PLATFORM, [], tmp_path / "api")
    assert expected in str(caught.value)
    assert "secret" not in str(caught.value)


def test_without_a_lock_in_the_sdist(tmp_path: Path) -> None:
    with pytest.raises(LockError, match=r"has no lock\. Build the sdist again\."):
        find_embedded_lock(tmp_path / "api", tmp_path)


def test_what_is_outside_of_the_project_can_not_be_taken_along(tmp_path: Path) -> None:
    table = {"runtime": "python3.13", "include-files": {"../common": "common"}}
    (artifact,) = parse_config(table, today=date(2026, 11, 1)).artifacts
    # It is refused before anything is asked of the session.
    session = cast("Session", None)
    with pytest.raises(ConfigError, match=r'"\.\./common": is outside of the project'):
        embed_lock(artifact, session, Outputs(tmp_path), tmp_path)


def test_a_link_out_of_the_project_can_not_be_taken_along(
    tmp_path: Path, selection: Selection
) -> None:
    root = tmp_path / "one"
    (root / "data").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "shared").write_bytes(b"")
    (root / "data/link").symlink_to("../../shared")
    table = {"runtime": "python3.13", "include-files": {"data": "data"}}
    (artifact,) = parse_config(table, today=date(2026, 7, 10)).artifacts
    session = SimpleNamespace(
        root=root,
        select=lambda _artifact: selection,
        installer=SimpleNamespace(build_wheels=lambda *_, **__: ()),
        surroundings=lambda *_: Surroundings(root, Outputs(root), root),
    )
    with pytest.raises(ConfigError, match="data/link is a link to what is outside of the project"):
        embed_lock(artifact, cast("Session", session), Outputs(root), tmp_path / "embedded")
