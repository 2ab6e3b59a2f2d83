from __future__ import annotations

from pathlib import Path

import pytest

from hatch_lambda_zip.config import Request
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.uv_lock import UvLock
from hatch_lambda_zip.runtimes import RUNTIMES, Platform, find_runtime

TEXT = """
[[package]]
name = "app"
version = "1.0"
source = { virtual = "." }
dependencies = [
    { name = "lib", extra = ["x"] },
    { name = "windows", marker = "sys_platform == 'win32'" },
    { name = "odd", marker = "extra == 'extra-3-app-a' or (extra" },
]

[package.optional-dependencies]
api = [{ name = "of-api" }]

[package.dev-dependencies]
dev = [{ name = "of-dev" }]

[[package]]
name = "lib"
version = "0.4"
source = { editable = "../lib" }
dependencies = [{ name = "app" }]

[package.optional-dependencies]
x = [{ name = "deep" }, { name = "lib" }]
y = [{ name = "of-y" }]
"""
VIRTUAL = '\n[[package]]\nname = "{}"\nversion = "2"\nsource = {{ virtual = "../{}" }}\n'


@pytest.fixture
def uv_lock(tmp_path: Path) -> UvLock:
    path = tmp_path / "uv.lock"
    names = ("windows", "of-api", "of-dev", "deep", "of-y", "odd")
    path.write_text(TEXT + "".join(VIRTUAL.format(name, name) for name in names), encoding="utf-8")
    return UvLock.read(path)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request(), ("deep", "odd")),
        (Request(("api",), ("dev",)), ("deep", "odd", "of-api", "of-dev")),
    ],
    ids=["nothing more", "an extra and a group"],
)
def test_virtual_members_that_are_depended_on(
    uv_lock: UvLock, request_: Request, expected: tuple[str, ...]
) -> None:
    runtime = find_runtime("python3.13")
    assert runtime is not None
    assert uv_lock.virtual_members("app", request_, Platform(runtime, "arm64")) == expected


def test_what_virtual_members_require(tmp_path: Path) -> None:
    """Their entries say it twice, and a bad merge may take one away."""
    path = tmp_path / "uv.lock"
    path.write_text(
        """
[manifest]
excludes = ["excluded"]

[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "one", extra = ["x"] }, { name = "two" }]

[package.metadata]
requires-dist = [{ name = "own" }]

[[package]]
name = "one"
source = { virtual = "one" }

[package.metadata]
requires-dist = [
    { name = "a", extras = ["b"], specifier = ">=1" },
    { name = "excluded" },
    { name = "of-x", marker = "extra == 'x'" },
    { name = "of-y", marker = "extra == 'y'" },
    { name = "windows", marker = "sys_platform == 'win32'" },
    { name = "two" },
]

[[package]]
name = "two"
source = { virtual = "two" }

[[package]]
name = "three"
source = { virtual = "three" }

[package.metadata]
requires-dist = [{ name = "of-three" }]
""",
        encoding="utf-8",
    )
    runtime = find_runtime("python3.13")
    assert runtime is not None
    found = UvLock.read(path).required_by_virtual("app", Request(), Platform(runtime, "arm64"))
    assert [*map(str, found)] == ["a[b]>=1", "of-x"]


FORGOTTEN = """
[[package]]
name = "app"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "real" }}, {{ name = "one" }}]

[package.optional-dependencies]
y = []

[package.dev-dependencies]
dev = [{{ name = "one" }}]

[package.metadata]
requires-dist = [{}]

[package.metadata.requires-dev]
dev = [{}]

[[package]]
name = "real"
version = "1"
source = {{ editable = "real" }}
dependencies = [{{ name = "one" }}]

[package.metadata]
requires-dist = [{}]

[[package]]
name = "one"
source = {{ virtual = "one" }}

[package.metadata]
requires-dist = [
    {{ name = "a" }},
    {{ name = "of-x", marker = "extra == 'x'" }},
    {{ name = "one", extras = ["x"], marker = "extra == 'all'" }},
]
"""
EXTRA = '{ name = "one", extras = ["x"], virtual = "one" }'


@pytest.mark.parametrize(
    ("stated", "request_"),
    [
        ((EXTRA, "", ""), Request()),
        (('{ name = "one", extras = ["all"] }', "", ""), Request()),
        (('{ name = "one", extras = ["x"], marker = "extra == \'y\'" }', "", ""), Request(("y",))),
        (("", EXTRA, ""), Request(groups=("dev",))),
        (("", EXTRA, ""), Request(groups=("dev",), is_groups_alone=True)),
        (("", "", EXTRA), Request()),
    ],
    ids=["the project", "an extra of extras", "an extra", "a group", "a group alone", "a member"],
)
def test_an_extra_of_a_virtual_member_that_the_lock_forgot(
    tmp_path: Path, stated: tuple[str, str, str], request_: Request
) -> None:
    path = tmp_path / "uv.lock"
    platform = Platform(RUNTIMES[-1], "arm64")
    path.write_text(FORGOTTEN.format(*stated), encoding="utf-8")
    found = UvLock.read(path).required_by_virtual("app", request_, platform)
    assert {*map(str, found)} == {"a", "of-x"}
    excluded = f'[manifest]\nexcludes = ["one"]\n{FORGOTTEN.format(*stated)}'
    path.write_text(excluded, encoding="utf-8")
    found = UvLock.read(path).required_by_virtual("app", request_, platform)
    assert {*map(str, found)} == {"a"}


@pytest.mark.parametrize(
    ("stated", "request_"),
    [
        (('{ name = "one", extras = ["x"], marker = "extra == \'y\'" }', "", ""), Request()),
        ((EXTRA.replace("}", ", marker = \"os_name == 'nt'\" }"), "", ""), Request()),
        (("", EXTRA, ""), Request()),
        ((EXTRA, "", ""), Request(groups=("dev",), is_groups_alone=True)),
    ],
    ids=["another extra", "another platform", "another group", "not what a group needs"],
)
def test_an_extra_of_a_virtual_member_that_nobody_asks_for(
    tmp_path: Path, stated: tuple[str, str, str], request_: Request
) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(FORGOTTEN.format(*stated), encoding="utf-8")
    platform = Platform(RUNTIMES[-1], "arm64")
    found = UvLock.read(path).required_by_virtual("app", request_, platform)
    assert {*map(str, found)} == {"a"}


def test_versions_of_directories(uv_lock: UvLock, tmp_path: Path) -> None:
    assert uv_lock.version_of("lib", tmp_path.parent.resolve() / "lib") == "0.4"
    assert uv_lock.version_of("lib", tmp_path) is None
    assert uv_lock.version_of("other", tmp_path.parent / "lib") is None


def test_a_lock_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="can't be read"):
        UvLock.read(tmp_path / "uv.lock")


@pytest.mark.every_python  # tomllib, or tomli
def test_a_lock_with_arrays_in_arrays(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(f"a = {'[' * 100_000}{']' * 100_000}\n", encoding="utf-8")
    with pytest.raises(LockError, match=r"uv\.lock can't be read: [^\n]{1,200}\. Run `uv lock`\.$"):
        UvLock.read(path)


def test_files_without_a_hash(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(
        """
[[package]]
name = "demo"
source = { registry = "https://example.invalid/simple" }
sdist = { url = "https://example.invalid/demo-1.0.tar.gz#x", size = 5 }
wheels = [
    { url = "https://example.invalid/demo-1.0%2Bx-py3-none-any.whl?y" },
    { url = "https://example.invalid/demo-2.0-py3-none-any.whl", hash = "sha256:0" },
]

[[package]]
name = "other"
source = { registry = "wheels" }
wheels = [{ path = "a/other-1.0-py3-none-any.whl" }, { filename = "other.whl" }]
""",
        encoding="utf-8",
    )
    assert UvLock.read(path).unhashed == {
        ("demo", "demo-1.0.tar.gz"),
        ("demo", "demo-1.0+x-py3-none-any.whl"),
        ("other", "other-1.0-py3-none-any.whl"),
        ("other", "other.whl"),
    }


def test_of_several_versions_the_one_that_is_depended_on_counts(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    package = '\n[[package]]\nname = "{}"\nversion = "{}"\nsource = {}\ndependencies = [{}]\n'
    needs = '{{ name = "{}"{} }}'
    path.write_text(
        package.format("app", "1", '{ virtual = "." }', needs.format("lib", ', version = "2"'))
        + package.format("lib", "1", '{ registry = "x" }', needs.format("of-one", ""))
        + package.format("lib", "2", '{ registry = "x" }', needs.format("of-two", ""))
        + "".join(VIRTUAL.format(name, name) for name in ("of-one", "of-two")),
        encoding="utf-8",
    )
    found = UvLock.read(path).virtual_members("app", Request(), Platform(RUNTIMES[-1], "arm64"))
    assert found == ("of-two",)
