from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatch_lambda_zip.config import Request
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.model import (
    InstallList,
    LocalProject,
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
)
from hatch_lambda_zip.lock.pylock import parse_pylock, select, selected_packages
from hatch_lambda_zip.lock.pylock_writer import _toml
from hatch_lambda_zip.runtimes import Platform, find_runtime

pytestmark = pytest.mark.every_python

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

URL = "https://example.invalid/files"
INDEX = "https://example.invalid/simple"
HASHES = {"sha256": "0" * 64}
PIN = "sha256:" + "0" * 64
MD5, SHA256, SHA512 = "1" * 32, "2" * 64, "3" * 128
ROOT = Path("project").absolute()
CONTENT = b"of a file on this machine"
OF_CONTENT = {"sha256": hashlib.sha256(CONTENT).hexdigest()}
PIN_OF_CONTENT = f"sha256:{OF_CONTENT['sha256']}"

Table = dict[str, Any]  # as tomllib returns it


def platform(identifier: str = "python3.13", architecture: str = "x86_64") -> Platform:
    runtime = find_runtime(identifier)
    assert runtime is not None
    return Platform(runtime, architecture)


def wheel_of(name: str) -> Table:
    return {"name": name, "url": f"{URL}/{name}", "hashes": HASHES}


def package_of(name: str, *tags: str, **more: object) -> Table:
    """Return a package of version 1.0 with a wheel for each of the tags."""
    wheels = [wheel_of(f"{name.replace('-', '_')}-1.0-{tag}.whl") for tag in tags]
    return {
        "name": name,
        "version": "1.0",
        **({"wheels": wheels} if wheels else {}),
        **more,
    }


def lock_text(packages: Iterable[Table], **more: object) -> str:
    document = {"lock-version": "1.0", "created-by": "test", **more, "packages": [*packages]}
    return "".join(f"{key} = {_toml(value)}\n" for key, value in document.items())


def select_from(
    *packages: Table,
    kind: LockKind = LockKind.PYLOCK,
    where: Platform | None = None,
    root: Path = ROOT,
    base: Path = ROOT,
    build: Iterable[str] = (),
    **more: object,
) -> Selection:
    lock = LockFile.of(kind, base / kind.value)
    parsed = parse_pylock(lock_text(packages, **more), lock)
    return select(parsed, lock, where or platform(), root=root, build=tuple(build))


def packages_in(install: InstallList) -> list[Table]:
    document = tomllib.loads(install.text)
    assert document["lock-version"] == "1.0"
    assert document["created-by"] == "hatch-lambda-zip"
    parse_pylock(install.text, LockFile.of(LockKind.PYLOCK, Path(install.file_name)))
    packages: list[Table] = document["packages"]
    return packages


def selected_wheel(*tags: str, where: Platform | None = None) -> str:
    (install,) = select_from(package_of("demo", *tags), where=where).installs
    ((wheel,),) = (package["wheels"] for package in packages_in(install))
    return str(wheel["name"]).removeprefix("demo-1.0-").removesuffix(".whl")


def test_one_wheel_of_each_package_is_selected() -> None:
    selection = select_from(
        package_of("pure", "py3-none-any", index=INDEX),
        package_of(
            "compiled",
            "cp313-cp313-macosx_11_0_arm64",
            "cp313-cp313-manylinux2014_aarch64",
            "cp313-cp313-manylinux_2_28_x86_64",
            "cp313-cp313-manylinux2014_x86_64",
            "cp312-cp312-manylinux_2_34_x86_64",
            sdist={"name": "compiled-1.0.tar.gz", "url": f"{URL}/c.tar.gz", "hashes": HASHES},
        ),
    )
    (install,) = selection.installs
    assert install.file_name == "pylock.wheels.toml"
    assert not install.builds
    assert install.distributions == (
        LockedDistribution("pure", "1.0", Origin.INDEX, PIN, wheel="pure-1.0-py3-none-any.whl"),
        LockedDistribution(
            *("compiled", "1.0", Origin.INDEX, PIN),
            wheel="compiled-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
        ),
    )
    assert packages_in(install) == [
        {
            "name": "pure",
            "version": "1.0",
            "index": INDEX,
            "wheels": [wheel_of("pure-1.0-py3-none-any.whl")],
        },
        {
            "name": "compiled",
            "version": "1.0",
            "wheels": [wheel_of("compiled-1.0-cp313-cp313-manylinux_2_28_x86_64.whl")],
        },
    ]
    assert selection.local_projects == ()
    assert selection.lock == LockFile.of(LockKind.PYLOCK, ROOT / "pylock.toml")


@pytest.mark.parametrize("key", ["url", "path"])
def test_a_wheel_that_is_called_like_another_one_is_refused(tmp_path: Path, key: str) -> None:
    """By its name it fits, and another one would ship; nobody compares it with the file."""
    place = tmp_path.as_posix() if key == "path" else URL

    def selected(there: str) -> Selection:
        if key == "path":
            (tmp_path / there).write_bytes(CONTENT)
        wheel = {
            "name": "demo-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
            key: f"{place}/{there}",
            "hashes": OF_CONTENT if key == "path" else HASHES,
        }
        return select_from({"name": "demo", "version": "1.0", "wheels": [wheel]})

    for other in (
        "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "demo-1.0-cp313-cp313-manylinux_2_28_aarch64.whl",
        "demo-1.0-1-cp313-cp313-manylinux_2_28_x86_64.whl",
        "demo-2.0-cp313-cp313-manylinux_2_28_x86_64.whl",
        "other-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
    ):
        with pytest.raises(LockError, match=f"x86_64.whl, and in its place lies {other}. Find out"):
            selected(other)
    for same in ("Demo-1.0.0-cp313-cp313-manylinux_2_28_x86_64.whl", "blob", "blob.whl"):
        assert selected(same).distributions


def hashed(**hashes: str) -> Table:
    return package_of("demo", wheels=[{**wheel_of("demo-1.0-py3-none-any.whl"), "hashes": hashes}])


def test_a_wheel_is_pinned_by_the_best_of_its_hashes() -> None:
    for hashes, pin in (
        ({"md5": MD5, "sha512": SHA512, "sha256": SHA256}, f"sha256:{SHA256}"),
        ({"sha512": SHA512, "sha384": "4" * 96}, "sha384:" + "4" * 96),
        ({"sha256": "AB" * 32}, "sha256:" + "ab" * 32),
    ):
        (install,) = select_from(hashed(**hashes)).installs
        assert [distribution.identity for distribution in install.distributions] == [pin]


def hashes_in(text: str) -> list[Table]:
    return [package["wheels"][0]["hashes"] for package in tomllib.loads(text)["packages"]]


def test_each_of_several_hashes_is_compared_alone_too() -> None:
    several = {"sha512": SHA512, "md5": MD5, "sha1": "0", "sha256": SHA256}
    selection = select_from(package_of("other", "py3-none-any"), hashed(**several))
    (install,) = selection.installs
    assert hashes_in(install.text) == [
        HASHES,
        {"sha256": SHA256, "sha512": SHA512, "md5": MD5},
    ]
    assert [*map(hashes_in, install.checks)] == [
        [{"sha256": SHA256}],
        [{"sha512": SHA512}],
        [{"md5": MD5}],
    ]
    assert selection.warnings == ("pylock.toml: sha1 of demo is not compared",)
    (install,) = select_from(package_of("other", "py3-none-any")).installs
    assert install.checks == ()


def test_each_hash_of_a_source_archive_is_compared_alone_too() -> None:
    archive = {"url": f"{URL}/demo-1.0.tar.gz", "hashes": {"sha256": SHA256, "sha512": SHA512}}
    (install,) = select_from({"name": "demo", "archive": archive}).installs
    found = [tomllib.loads(text)["packages"][0]["archive"]["hashes"] for text in install.checks]
    assert found == [{"sha256": SHA256}, {"sha512": SHA512}]


@pytest.mark.parametrize(
    ("kind", "digits"), [("md5", 32), ("sha256", 64), ("sha384", 96), ("sha512", 128)]
)
def test_a_hash_that_is_none_is_refused(kind: str, digits: int) -> None:
    for value in ("1" * (digits - 1), " " + "1" * digits, "g" * digits, "1" * 5000):
        with pytest.raises(LockError) as caught:
            select_from(hashed(**{"sha256": SHA256, kind: value}))
        message = str(caught.value)
        start = f"{ROOT / 'pylock.toml'}: demo 1.0: its {kind} is '{value[:20]}"
        assert message.startswith(start)
        assert f", and one has {digits} hexadecimal digits. Restore it, or lock again." in message
        assert len(message) < 500


@pytest.mark.parametrize("commit", ["main", "a" * 39, "-" * 40, "a" * 63])
def test_a_commit_that_is_none_is_refused(commit: str) -> None:
    vcs = {"type": "git", "url": URL, "commit-id": commit}
    with pytest.raises(LockError, match=r"demo: '.*' is no commit, which has 40 digits"):
        select_from({"name": "demo", "vcs": vcs})


@pytest.mark.parametrize("kind", ["hg", "svn", "bzr", "Git", ""])
def test_another_version_control_system_is_refused(kind: str) -> None:
    vcs = {"type": kind, "url": URL, "commit-id": "a" * 40}
    with pytest.raises(LockError) as caught:
        select_from({"name": "demo", "version": "1.0", "vcs": vcs})
    assert str(caught.value) == (
        f"{ROOT / 'pylock.toml'}: demo 1.0: it comes from {kind!r} (vcs.type), and uv fetches from "
        "no version control system but git. Require a wheel, an sdist or a git repository of it "
        "instead, and lock again."
    )


def test_a_hash_in_the_url_of_a_file_on_this_machine_is_compared(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    wheel.write_bytes(CONTENT)
    right = OF_CONTENT["sha256"]
    for fragment, hashes in (
        (right, {}),
        (right, OF_CONTENT),
        ("0" * 64, {}),
        ("0" * 64, OF_CONTENT),
    ):
        file = {"url": f"{wheel.as_uri()}#sha256={fragment}", "hashes": hashes}
        package = package_of("demo", wheels=[file])
        if fragment == right:
            (install,) = select_from(package, base=tmp_path).installs
            assert install.distributions[0].identity == PIN_OF_CONTENT
        else:
            with pytest.raises(LockError, match=r"is not the file that was locked|its URL says"):
                select_from(package, base=tmp_path)


def test_a_hash_in_a_url_is_compared_beside_others() -> None:
    wheel = wheel_of("demo-1.0-py3-none-any.whl")
    wheel["url"] = f"{wheel['url']}#egg=demo&sha512={SHA512}"
    (install,) = select_from(package_of("demo", wheels=[wheel])).installs
    assert hashes_in(install.text) == [{**HASHES, "sha512": SHA512}]
    assert [*map(hashes_in, install.checks)] == [[HASHES], [{"sha512": SHA512}]]


WEAK = ["md5", "sha1", "sha224", "sha3_256", "blake2b", "SHA256", "sha-256", "none"]


@pytest.mark.parametrize("weak", WEAK)
def test_a_file_without_a_hash_that_is_compared_is_refused(weak: str) -> None:
    archive = {"url": f"{URL}/demo-1.0.tar.gz", "hashes": {weak: "1"}}
    for package in (hashed(**{weak: "1"}), {"name": "demo", "version": "1.0", "archive": archive}):
        with pytest.raises(LockError) as caught:
            select_from(package, package_of("other", "py3-none-any"))
        message = str(caught.value)
        assert message.startswith(f"{ROOT / 'pylock.toml'}: demo 1.0: it has no sha256, sha384 or ")
        assert f"({weak})" in message
        assert "Lock again, with an index or a tool that gives one" in message


@pytest.mark.parametrize("kind", [LockKind.PYLOCK, LockKind.UV])
def test_a_file_without_any_hash_is_refused_if_it_is_needed(kind: LockKind) -> None:
    for package in (hashed(), {"name": "demo", "archive": {"url": f"{URL}/d.tgz", "hashes": {}}}):
        with pytest.raises(LockError, match=r"it has no sha256, .* \(none at all\)"):
            select_from(package, kind=kind)
    elsewhere = package_of("demo", "cp313-cp313-win_amd64", "py3-none-any")
    elsewhere["wheels"][0]["hashes"] = {}
    (install,) = select_from(elsewhere, kind=kind).installs
    assert hashes_in(install.text) == [HASHES]


def test_a_url_that_says_another_hash_is_refused() -> None:
    package = package_of("demo", "py3-none-any")
    wheel = package["wheels"][0]
    right = wheel["hashes"]["sha256"]
    url = wheel["url"]
    wheel["url"] = f"{url}#sha256={right}"
    assert select_from(package).installs
    wheel["url"] = f"{url}#sha256={'1' * 64}"
    with pytest.raises(LockError, match=r"demo 1\.0: its URL says sha256=1{64}, and the hash "):
        select_from(package)


def test_a_hash_that_is_not_the_locks_own_does_not_count() -> None:
    lock = LockFile.of(LockKind.UV, ROOT / "uv.lock")
    parsed = parse_pylock(lock_text([package_of("demo", "py3-none-any")]), lock)
    for name, is_refused in (("demo", True), ("other", False)):
        unhashed = {(name, "demo-1.0-py3-none-any.whl")}
        try:
            select(parsed, lock, platform(), root=ROOT, unhashed=unhashed)
        except LockError:
            assert is_refused
        else:
            assert not is_refused


def test_a_file_on_this_machine_has_the_hash_that_it_has_now(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    places: list[Table] = [{"path": wheel.name}, {"url": wheel.as_uri()}]
    for content in (b"one", b"two"):
        wheel.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        for place in places:
            for hashes in ({}, {"sha1": hashlib.sha1(content).hexdigest()}):  # noqa: S324
                package = package_of("demo", wheels=[{**place, "hashes": hashes}])
                selection = select_from(package, base=tmp_path)
                (install,) = selection.installs
                assert selection.warnings == ()
                assert install.files == (wheel,)
                assert hashes_in(install.text) == [{"sha256": digest}]
                assert install.distributions[0].identity == f"sha256:{digest}"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    name = "demo-1.0-py3-none-any.whl"
    package = package_of("demo", wheels=[{"path": name, "hashes": {}}])
    makers: list[Callable[[Path], None]] = [Path.mkdir]
    if sys.platform != "win32":
        makers.append(os.mkfifo)  # whose content nobody ever writes
    for make in (lambda _: None, *makers):
        base = tmp_path / str(len(list(tmp_path.iterdir())))
        base.mkdir()
        make(base / name)
        with pytest.raises(LockError, match=f"there is no file {re.escape(str(base / name))}"):
            select_from(package, base=base)


@pytest.mark.parametrize("kind", ["sha256", "sha1", "md5", "sha3_256", "blake2b"])
def test_every_hash_of_a_file_on_this_machine_is_compared(tmp_path: Path, kind: str) -> None:
    (tmp_path / "demo-1.0-py3-none-any.whl").write_bytes(b"content")
    right = {"sha512": hashlib.sha512(b"content").hexdigest()}
    wrong = {kind: hashlib.new(kind, b"another").hexdigest()}
    wheel = {"path": "demo-1.0-py3-none-any.whl", "hashes": {**right, **wrong}}
    with pytest.raises(LockError, match=f"is not the file that was locked: its {kind} is"):
        select_from(package_of("demo", wheels=[wheel]), base=tmp_path)


def test_a_file_may_be_empty() -> None:
    wheel = {**wheel_of("demo-1.0-py3-none-any.whl"), "size": 0}
    (locked,) = select_from(package_of("demo", wheels=[wheel])).distributions
    assert locked.size == 0


@pytest.mark.parametrize("size", [-1, 2**63])
def test_a_size_that_no_file_has(size: int) -> None:
    """Of which uv would say that it can't read a file of ours."""
    wheel = {**wheel_of("demo-1.0-py3-none-any.whl"), "size": size}
    with pytest.raises(LockError, match=f"demo 1.0: its size is {size}, which no file has"):
        select_from(package_of("demo", wheels=[wheel]))


def test_the_size_of_a_file_is_compared(tmp_path: Path) -> None:
    (tmp_path / "demo-1.0-py3-none-any.whl").write_bytes(b"content")
    here = {"path": "demo-1.0-py3-none-any.whl", "hashes": {}, "size": 8}
    with pytest.raises(LockError, match="has 7 bytes instead of 8"):
        select_from(package_of("demo", wheels=[here]), base=tmp_path)
    # That of others is uv's to compare.
    sizes = {"size": 8}
    wheel = package_of("demo", wheels=[{**wheel_of("demo-1.0-py3-none-any.whl"), **sizes}])
    archive = {"url": f"{URL}/source-1.0.tar.gz", "hashes": HASHES, **sizes}
    wheels, sources = select_from(wheel, {"name": "source", "archive": archive}).installs
    assert packages_in(wheels)[0]["wheels"][0]["size"] == 8
    assert packages_in(sources)[0]["archive"]["size"] == 8


@pytest.mark.parametrize("path", ["a\0b", "circle/x"])
def test_a_path_that_cannot_be_followed_is_an_error(tmp_path: Path, path: str) -> None:
    (tmp_path / "circle").symlink_to("circle")
    for package in (
        {"name": "demo", "directory": {"path": path}},
        {"name": "demo", "directory": {"path": ".", "subdirectory": path}},
        {"name": "demo", "archive": {"path": f"{path}.whl", "hashes": HASHES}},
        {"name": "demo", "vcs": {"type": "git", "path": path, "commit-id": "a" * 40}},
        package_of("demo", wheels=[{"path": f"{path}-1.0-py3-none-any.whl", "hashes": HASHES}]),
    ):
        with contextlib.suppress(LockError):
            # Newer Pythons leave a circle to whoever opens the file.
            select_from(package, base=tmp_path)
            assert "\0" not in path


def test_a_newer_minor_version_of_the_format_warns() -> None:
    text = lock_text([package_of("demo", "py3-none-any")]).replace('"1.0"', '"1.1"', 1)
    lock = LockFile.of(LockKind.PYLOCK, ROOT / "pylock.toml")
    (warning,) = select(parse_pylock(text, lock), lock, platform(), root=ROOT).warnings
    assert warning.startswith("pylock.toml has version 1.1 of the format")
    assert select_from(package_of("demo", "py3-none-any")).warnings == ()


def test_an_empty_lock_selects_nothing() -> None:
    selection = select_from()
    assert selection.installs == ()
    assert selection.local_projects == ()


def test_the_best_wheel_does_not_depend_on_the_order_of_the_lock() -> None:
    tags = [
        "cp313-cp313-manylinux_2_34_x86_64",
        "cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp313-abi3-manylinux2014_x86_64",
        "cp39-abi3-manylinux2014_x86_64",
        "py3-none-any",
    ]
    while tags:
        assert selected_wheel(*tags) == selected_wheel(*reversed(tags)) == tags.pop(0)


def test_an_older_runtime_gets_an_older_wheel() -> None:
    tags = ["cp311-cp311-manylinux_2_28_x86_64", "cp311-cp311-manylinux2014_x86_64"]
    assert selected_wheel(*tags, where=platform("python3.11")) == tags[1]


def test_the_architecture_decides() -> None:
    tags = ["cp313-cp313-manylinux2014_x86_64", "cp313-cp313-manylinux2014_aarch64"]
    assert selected_wheel(*tags) == tags[0]
    assert selected_wheel(*tags, where=platform(architecture="arm64")) == tags[1]


def names_selected(*markers: tuple[str, str], where: Platform | None = None) -> list[str]:
    packages = [package_of(name, "py3-none-any", marker=marker) for name, marker in markers]
    installs = select_from(*packages, where=where).installs
    return [distribution.name for install in installs for distribution in install.distributions]


def test_markers_are_evaluated_for_the_function() -> None:
    markers = (
        ("always", "python_version >= '3.8'"),
        ("on-windows", "sys_platform == 'win32'"),
        ("on-linux", "sys_platform == 'linux'"),
        ("on-arm", "platform_machine == 'aarch64'"),
        ("on-intel", "platform_machine == 'x86_64'"),
        ("backport", "python_version < '3.11'"),
        ("an-extra", "'extra' in extras"),
        ("a-group", "'dev' in dependency_groups"),
    )
    assert names_selected(*markers) == ["always", "on-linux", "on-intel"]
    assert names_selected(*markers, where=platform("python3.10", "arm64")) == [
        "always",
        "on-linux",
        "on-arm",
        "backport",
    ]


def test_default_groups_are_selected() -> None:
    package = package_of("a-group", "py3-none-any", marker="'main' in dependency_groups")
    groups: Table = {"dependency-groups": ["main", "dev"], "default-groups": ["main"]}
    (install,) = select_from(package, **groups).installs
    assert [distribution.name for distribution in install.distributions] == ["a-group"]


@pytest.mark.parametrize("default", [["main"], []])
def test_extras_and_groups_that_are_asked_for_are_selected(default: list[str]) -> None:
    markers = ("'an-extra' in extras", "'dev' in dependency_groups", "'main' in dependency_groups")
    packages = [
        package_of(name, "py3-none-any", marker=marker)
        for name, marker in zip(("an-extra", "a-group", "main"), markers, strict=True)
    ]
    lists: Table = {"extras": ["an-extra", "other"], "dependency-groups": ["main", "dev"]}
    text = lock_text(packages, **lists, **{"default-groups": default})
    lock = LockFile.of(LockKind.PYLOCK, ROOT / "pylock.toml")
    pylock = parse_pylock(text, lock)
    for request, expected in (
        (Request(("an-extra",)), ["an-extra", *default]),
        (Request((), ("dev",)), ["a-group"]),
        (Request(("an-extra",), ("dev", "main")), ["an-extra", "a-group", "main"]),
    ):
        selected = selected_packages(pylock, lock, platform(), request)
        assert [package.name for package in selected] == expected


def test_one_of_two_versions_is_selected_by_its_marker() -> None:
    old = package_of("demo", "py3-none-any", marker="python_version < '3.12'")
    new = {**package_of("demo", "py3-none-any", marker="python_version >= '3.12'"), "version": "2"}
    new["wheels"] = [wheel_of("demo-2-py3-none-any.whl")]
    for where, version in (("python3.11", "1.0"), ("python3.12", "2")):
        (install,) = select_from(old, new, where=platform(where)).installs
        assert [distribution.version for distribution in install.distributions] == [version]


def selection_error(*packages: Table, **more: Any) -> str:  # noqa: ANN401 - as select_from
    with pytest.raises(LockError) as caught:
        select_from(*packages, **more)
    message = str(caught.value)
    assert message.startswith(f"{ROOT / 'pylock.toml'} does not cover python3.13 on x86_64: ")
    assert "Lock again for that Python (see requires-python), or choose another runtime." in message
    return message


def test_a_lock_for_other_pythons_is_refused() -> None:
    assert "'>=3.14'" in selection_error(**{"requires-python": ">=3.14"})
    assert "'demo'" in selection_error(
        package_of("demo", "py3-none-any", **{"requires-python": "<3.13"})
    )


def test_a_lock_for_other_environments_is_refused() -> None:
    assert "environments" in selection_error(environments=["sys_platform == 'darwin'"])


def test_an_empty_list_of_environments_says_nothing() -> None:
    # As `pipenv pylock` and pdm write it.
    package = package_of("demo", "py3-none-any")
    assert select_from(package, environments=[]) == select_from(package)


def test_two_packages_of_one_name_are_refused() -> None:
    package = package_of("demo", "py3-none-any")
    with pytest.raises(LockError, match="Multiple packages with the name 'demo'") as caught:
        select_from(package, package)
    assert str(caught.value).endswith("Remove all but one, as after a bad merge, or lock again.")


def missing_message(*packages: Table, **more: Any) -> list[str]:  # noqa: ANN401 - as select_from
    with pytest.raises(LockError) as caught:
        select_from(*packages, **more)
    return str(caught.value).splitlines()


OTHERWISE = (
    "a version that has the wheel (and lock again), another runtime or architecture, or build the "
    "wheel yourself and lock it as a path or from an index of your own."
)
SDIST = {"name": "source-1.0.tar.gz", "url": f"{URL}/source-1.0.tar.gz", "hashes": HASHES}


def test_every_package_without_a_wheel_is_named_at_once() -> None:
    lines = missing_message(
        package_of("fine", "cp313-cp313-manylinux2014_x86_64", "cp313-cp313-win_amd64"),
        package_of("old", "cp311-cp311-manylinux2014_x86_64", "cp310-cp310-win_amd64"),
        package_of("source", sdist=SDIST),
        package_of("elsewhere", "cp313-cp313-manylinux2014_aarch64", marker="os_name == 'nt'"),
    )
    assert lines == [
        (
            "old 1.0 has no wheel for python3.13 on x86_64 (it needs cp313 or any, and "
            "manylinux_2_34_x86_64 or older); pylock.toml has old-1.0-cp310-cp310-win_amd64.whl, "
            "old-1.0-cp311-cp311-manylinux2014_x86_64.whl."
        ),
        (
            "source 1.0 has no wheel for python3.13 on x86_64 (it needs cp313 or any, and "
            "manylinux_2_34_x86_64 or older); pylock.toml has only its source distribution."
        ),
        (
            "Nothing is built from source for Lambda unless it is named: `build-from-source = "
            '["source"]` has the locked source distribution built, which works for pure Python, '
            "and for compiled code on a machine like that of python3.13 on x86_64."
        ),
        f"Otherwise choose {OTHERWISE}",
    ]
    only_wheels = package_of("old", "cp311-cp311-win_amd64", "cp311-cp311-macosx_11_0_arm64")
    assert missing_message(only_wheels)[1] == (
        f"Nothing is built from source for Lambda. Choose {OTHERWISE}"
    )


def test_a_source_distribution_is_built_where_it_is_named_and_no_wheel_fits() -> None:
    packages = [
        package_of("fine", "py3-none-any", sdist={**SDIST, "name": "fine-1.0.tar.gz"}),
        package_of("source", "cp313-cp313-manylinux2014_aarch64", sdist=SDIST, index=INDEX),
    ]
    wheels, sources = select_from(*packages, build=("fine", "source")).installs
    assert [locked.name for locked in wheels.distributions] == ["fine"]
    (locked,) = sources.distributions
    assert locked == LockedDistribution("source", "1.0", Origin.INDEX, PIN)
    assert sources.builds
    both = ("fine", "source")
    assert not select_from(*packages, build=both, kind=LockKind.UV).is_pinned
    assert packages_in(sources) == [
        {"name": "source", "version": "1.0", "index": INDEX, "sdist": SDIST}
    ]
    arm = platform(architecture="arm64")
    assert select_from(*packages, build=both, where=arm, kind=LockKind.UV).is_pinned
    assert not select_from(*packages, build=both, where=arm).is_pinned, "uv's settings count"
    # What is not named is refused, and what has no sources too.
    message = missing_message(*packages, kind=LockKind.UV, build=("fine",))
    assert '["source"]' in message[1]
    without = package_of("source", "cp311-cp311-win_amd64")
    assert missing_message(without, build=("source",))


def test_a_source_distribution_may_lie_beside_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "files/source-1.0.tar.gz"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    sdist = {"path": "files/source-1.0.tar.gz", "hashes": OF_CONTENT}
    package = package_of("source", sdist=sdist)
    (sources,) = select_from(package, build=("source",), base=tmp_path).installs
    assert sources.files == (path,)
    (written,) = packages_in(sources)
    assert written["sdist"] == {"name": path.name, "path": str(path), "hashes": OF_CONTENT}


def test_only_the_first_dozen_wheels_are_listed() -> None:
    tags = [f"cp3{minor}-cp3{minor}-win_amd64" for minor in range(20, 40)]
    tags.append("cp313-cp313-win32")
    first, _ = missing_message(package_of("demo", *tags), package_of("x", "py3-none-any"))
    assert first.count(".whl") == 12
    assert first.endswith(" and 9 more.")
    exactly = [f"cp3{minor}-cp3{minor}-win_amd64" for minor in range(20, 32)]
    first, _ = missing_message(package_of("demo", *exactly))
    assert first.count(".whl") == 12
    assert "more" not in first


def test_a_lock_made_for_one_host_is_recognised() -> None:
    host = ("cp313-cp313-macosx_11_0_arm64", "cp312-cp312-macosx_11_0_arm64")
    packages = (package_of("compiled", *host), package_of("pure", "py3-none-any"))
    assert missing_message(*packages)[1:] == [
        (
            "pylock.toml was made for one host only: no package in it has wheels for a second "
            "platform. Make one for all platforms, for example with "
            "`uv export --format pylock.toml -o pylock.toml`."
        ),
    ]
    # uv.lock is always for all platforms.
    assert "one host" not in missing_message(*packages, kind=LockKind.UV)[1]
    several = package_of("other", "cp313-cp313-win_amd64", "cp313-cp313-manylinux2014_x86_64")
    assert "one host" not in missing_message(*packages, several)[1]


def test_two_names_of_one_platform_are_no_second_platform() -> None:
    package = package_of("demo", "cp313-cp313-manylinux_2_17_aarch64.manylinux2014_aarch64")
    assert "one host" in missing_message(package)[1]


def test_a_lock_without_any_platform_was_not_made_for_one_host() -> None:
    packages = (package_of("source", sdist=SDIST), package_of("pure", "py3-none-any"))
    assert missing_message(*packages)[1].startswith("Nothing is built from source for Lambda ")


def test_directories_are_local_projects_except_the_package_itself(tmp_path: Path) -> None:
    root = tmp_path / "workspace" / "member"
    base = tmp_path / "workspace"
    selection = select_from(
        {"name": "zoo", "directory": {"path": "zoo"}},
        {"name": "member", "directory": {"path": "./member"}},
        {"name": "library", "directory": {"path": "../elsewhere", "subdirectory": "lib"}},
        {"name": "skipped", "directory": {"path": "skipped"}, "marker": "os_name == 'nt'"},
        root=root,
        base=base,
    )
    assert selection.installs == ()
    assert selection.local_projects == (
        LocalProject("library", tmp_path / "elsewhere" / "lib"),
        LocalProject("zoo", base / "zoo"),
    )


@pytest.mark.parametrize(
    "directory",
    [
        {"path": "."},
        {"path": "../project"},
        {"path": "..", "subdirectory": "project"},
        {"path": "../link"},
        {"path": "..", "subdirectory": "other/../project"},
        {"path": "..", "subdirectory": "link"},
    ],
    ids=lambda directory: "+".join(directory.values()),
)
def test_the_package_itself_is_recognised_however_it_is_written(
    tmp_path: Path, directory: Table
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(root)
    for project in (root, tmp_path / "link"):
        selection = select_from({"name": "demo", "directory": directory}, root=project, base=root)
        assert selection.local_projects == ()


def test_relative_paths_start_from_the_base(tmp_path: Path) -> None:
    package = package_of("demo")
    package["wheels"] = [{"path": "../wheels/demo-1.0-py3-none-any.whl", "hashes": OF_CONTENT}]
    base = tmp_path / "project"
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels/demo-1.0-py3-none-any.whl").write_bytes(CONTENT)
    (install,) = select_from(package, base=base).installs
    assert packages_in(install)[0]["wheels"] == [
        {
            "name": "demo-1.0-py3-none-any.whl",
            "path": str(tmp_path / "wheels" / "demo-1.0-py3-none-any.whl"),
            "hashes": OF_CONTENT,
        }
    ]


def test_a_wheel_of_its_own_is_an_archive(tmp_path: Path) -> None:
    (tmp_path / "by_path-3.0-py3-none-any.whl").write_bytes(CONTENT)
    selection = select_from(
        {
            "name": "by-url",
            "archive": {"url": f"{URL}/by_url-2.0-py3-none-any.whl?x=1#y", "hashes": HASHES},
        },
        {
            "name": "by-path",
            "version": "3.0",
            "archive": {"path": "by_path-3.0-py3-none-any.whl", "hashes": OF_CONTENT},
        },
        base=tmp_path,
    )
    (install,) = selection.installs
    assert not install.builds
    assert install.distributions == (
        LockedDistribution(
            *("by-url", None, Origin.ARCHIVE, PIN), wheel="by_url-2.0-py3-none-any.whl"
        ),
        LockedDistribution(
            *("by-path", "3.0", Origin.ARCHIVE, PIN_OF_CONTENT),
            wheel="by_path-3.0-py3-none-any.whl",
        ),
    )
    by_url, by_path = packages_in(install)
    assert by_url == {
        "name": "by-url",
        "archive": {"url": f"{URL}/by_url-2.0-py3-none-any.whl?x=1#y", "hashes": HASHES},
    }
    assert by_path["archive"]["path"] == str(tmp_path / "by_path-3.0-py3-none-any.whl")


def test_a_wheel_of_its_own_has_to_fit_too() -> None:
    archive = {"url": f"{URL}/demo-1.0-cp313-cp313-win_amd64.whl", "hashes": HASHES}
    lines = missing_message({"name": "demo", "archive": archive})
    assert lines[0].startswith("demo has no wheel for python3.13 on x86_64 ")
    assert "demo-1.0-cp313-cp313-win_amd64.whl" in lines[0]


def test_git_and_source_archives_are_built(tmp_path: Path) -> None:
    (tmp_path / "project/sources").mkdir(parents=True)
    (tmp_path / "project/sources/from-source-1.0.tar.gz").write_bytes(CONTENT)
    selection = select_from(
        {
            "name": "from-git",
            "version": "1.5",
            "vcs": {
                "type": "git",
                "url": "https://example.invalid/repository.git",
                "requested-revision": "main",
                "commit-id": "a" * 40,
                "subdirectory": "python",
            },
        },
        {
            "name": "from-source",
            "archive": {
                "path": "sources/from-source-1.0.tar.gz",
                "hashes": OF_CONTENT,
                "subdirectory": "deep",
            },
        },
        {"name": "cloned", "vcs": {"type": "git", "path": "../clone", "commit-id": "b" * 40}},
        package_of("pure", "py3-none-any"),
        base=tmp_path / "project",
    )
    wheels, sources = selection.installs
    assert not wheels.builds
    assert [distribution.name for distribution in wheels.distributions] == ["pure"]
    assert sources.builds
    assert sources.file_name == "pylock.sources.toml"
    assert sources.distributions == (
        LockedDistribution("from-git", "1.5", Origin.GIT, f"git:{'a' * 40}#python"),
        LockedDistribution("from-source", None, Origin.ARCHIVE, f"{PIN_OF_CONTENT}#deep"),
        LockedDistribution("cloned", None, Origin.GIT, f"git:{'b' * 40}"),
    )
    assert packages_in(sources) == [
        {
            "name": "from-git",
            "version": "1.5",
            "vcs": {
                "type": "git",
                "url": "https://example.invalid/repository.git",
                "commit-id": "a" * 40,
                "subdirectory": "python",
            },
        },
        {
            "name": "from-source",
            "archive": {
                "path": str(tmp_path / "project" / "sources" / "from-source-1.0.tar.gz"),
                "hashes": OF_CONTENT,
                "subdirectory": "deep",
            },
        },
        {
            "name": "cloned",
            "vcs": {"type": "git", "path": str(tmp_path / "clone"), "commit-id": "b" * 40},
        },
    ]


def test_the_selection_is_the_same_every_time() -> None:
    packages = [package_of(name, "py3-none-any") for name in ("b", "a", "c")]
    assert select_from(*packages) == select_from(*packages)


@pytest.mark.parametrize(
    "text",
    [
        "no toml",
        "",
        'lock-version = "1.0"\ncreated-by = "x"\n',
        'lock-version = "9.0"\ncreated-by = "x"\npackages = []\n',
        'lock-version = "1.0"\ncreated-by = "x"\npackages = [{ name = "Not_Normalized" }]\n',
        'lock-version = "1.0"\ncreated-by = "x"\npackages = [{ name = "a", marker = "(" }]\n',
    ],
)
def test_what_is_no_lock_is_refused(text: str) -> None:
    lock = LockFile.of(LockKind.PYLOCK, ROOT / "pylock.toml")
    with pytest.raises(LockError) as caught:
        parse_pylock(text, lock)
    message = str(caught.value)
    assert message.startswith(f"{lock.path} can't be read as a pylock.toml (PEP 751): ")
    assert message.endswith(". Make it anew.")


@pytest.mark.parametrize("name", ["demo-1.0.whl", "demo-1.0-py3-none.whl", "demo-1.0.tar.gz"])
def test_an_invalid_wheel_name_is_refused(name: str) -> None:
    package = package_of("demo", wheels=[{"name": name, "url": f"{URL}/{name}", "hashes": HASHES}])
    archive = {"name": "demo", "archive": {"url": f"{URL}/{name}.whl", "hashes": HASHES}}
    for invalid in (package, archive):
        with pytest.raises(LockError):
            select_from(invalid)


characters = st.characters(exclude_categories=["Cs"])
strings = st.text(characters, max_size=10) | st.text(
    st.sampled_from("\"'\\\0\b\t\n\f\r\x1b\x7f\x80\u2028\ufeff\U0001f40d\x1f a=#[]{},."),
    max_size=10,
)
values = st.recursive(
    strings,
    lambda inner: st.dictionaries(strings, inner, max_size=4) | st.lists(inner, max_size=4),
    max_leaves=8,
)


@given(values)
@example("".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x22, 0x5C])))
@example({"": [{}, []]})
def test_toml_that_is_written_is_read_back(value: object) -> None:
    assert tomllib.loads(f"key = {_toml(value)}\n") == {"key": value}
    assert tomllib.loads(f"key = {_toml(value)}\r\n") == {"key": value}


@given(st.text(characters.filter(lambda character: character not in "/\\\0"), min_size=1))
def test_odd_characters_in_a_lock_reach_the_installer_as_they_are(text: str) -> None:
    vcs = {"type": "git", "url": f"{URL}/{text}", "commit-id": "a" * 40, "subdirectory": text}
    (install,) = select_from({"name": "demo", "vcs": vcs}).installs
    assert packages_in(install) == [{"name": "demo", "vcs": vcs}]


@pytest.mark.parametrize("key", ["name", "path", "url"])
def test_a_wheel_that_is_called_for_billions_of_tags(key: str) -> None:
    """None of them is made."""
    tags = "-".join(3 * [".".join(map(str, range(1000)))])
    place = {"name": "", "path": "./", "url": "https://x.invalid/"}[key]
    wheel = f'{{ {key} = "{place}demo-1-{tags}.whl", hashes = {{ sha256 = "{"a" * 64}" }} }}'
    text = (
        f'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "demo"\nwheels = [{wheel}]'
    )
    lock = LockFile.of(LockKind.PYLOCK, ROOT / "pylock.toml")
    with pytest.raises(LockError, match=r"demo-1-0\.1\.2.*… is longer than a file's name can be"):
        parse_pylock(text, lock)


def test_a_lock_with_arrays_in_arrays() -> None:
    text = f"lock-version = {'[' * 100_000}{']' * 100_000}\n"
    with pytest.raises(
        LockError, match=r"can't be read as a pylock\.toml [^\n]{1,200} Make it anew"
    ):
        parse_pylock(text, LockFile.of(LockKind.PYLOCK, ROOT / "pylock.toml"))
