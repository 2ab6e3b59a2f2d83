"""Whether a uv.lock takes packages from where its projects say."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

import pytest

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.sources import misplaced
from hatch_lambda_zip.lock.uv_lock import UvLock
from hatch_lambda_zip.runtimes import RUNTIMES, Platform

pytestmark = pytest.mark.every_python  # tomllib, or tomli

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LOCK = """
[[package]]
name = "app"
source = {{ virtual = "." }}
[package.metadata]
requires-dist = [{{ name = "six"{} }}]
[package.metadata.requires-dev]
dev = [{{ name = "plain" }}]

[[package]]
name = "six"
source = {{ {} }}

[[package]]
name = "plain"
source = {{ registry = "https://host/simple" }}
"""
PLACES = {
    "": 'registry = "https://host/simple"',
    ', url = "https://host/six.whl"': 'url = "https://host/six.whl"',
    ', git = "https://host/six?rev=v1"': 'git = "https://host/six?subdirectory=a&rev=v1#abc"',
    ', git = "https://host/six?tag=v1"': 'git = "https://host/six?tag=v1#abc"',
    ', git = "https://host/six"': 'git = "https://host/six#abc"',
    ', path = "six.whl"': 'path = "./six.whl"',
    ', directory = "six"': 'editable = "six"',
    ', directory = "other"': 'virtual = "other"',
    ', index = "https://other/simple/"': 'registry = "https://other/simple"',
    ', index = "file:///wheels"': 'registry = "../wheels"',
}


def found(
    stated: str, source: str, more: str = "", constraints: str = "", adjusted: Collection[str] = ()
) -> tuple[str, ...]:
    document = tomllib.loads(LOCK.format(stated, source) + more)
    told = tomllib.loads(f"it = [{constraints}]")["it"]
    return misplaced(document["package"], told, Path("/work"), adjusted)


@pytest.mark.parametrize("stated", PLACES)
def test_where_a_package_is_from(stated: str) -> None:
    for place, source in PLACES.items():
        # What no project states an index of is from any.
        is_right = place == stated or (stated == "" and source.startswith("registry"))
        assert found(stated, source) == (() if is_right else ("six",)), source


URL = 'url = "https://host/six.whl"'


@pytest.mark.parametrize(
    ("stated", "more", "constraints", "adjusted"),
    [
        (", marker = \"os_name == 'nt'\"", "", "", ()),
        ("", "", "", {"six"}),
        ("", "", f'{{ name = "six", {URL} }}', ()),
        ("", '[[package]]\nname = "a"\nsource = { git = "https://host/a#b" }\n', "", ()),
        (
            "",
            (
                '[[package]]\nname = "lib"\nsource = { editable = "lib" }\n'
                f'[package.metadata]\nrequires-dist = [{{ name = "six", {URL} }}]\n'
            ),
            "",
            (),
        ),
    ],
    ids=["a marker", "an override", "a constraint", "a repository", "a member"],
)
def test_what_may_have_brought_a_url(
    stated: str, more: str, constraints: str, adjusted: Collection[str]
) -> None:
    assert found("", URL) == ("six",)
    assert found(stated, URL, more, constraints, adjusted) == ()


@pytest.mark.parametrize("text", ["package = [{}]", "package = [5]", 'package = [{ name = "a" }]'])
def test_a_lock_of_another_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(text)
    with pytest.raises(LockError, match="is not in a form that is known"):
        UvLock.read(path)


def test_conflicts_may_need_several_places(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    for start, expected in (("", ("six",)), ("conflicts = [[]]\n", ())):
        path.write_text(start + LOCK.format("", URL))
        assert UvLock.read(path).misplaced == expected


def test_what_is_misplaced_and_selected_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(LOCK.format("", URL))
    lock = UvLock.read(path)
    lock.refuse_misplaced({"other"})
    for selected in (None, {"six", "other"}):
        with pytest.raises(LockError, match="has six from elsewhere than the projects state"):
            lock.refuse_misplaced(selected)


FORKED = """
[[package]]
name = "app"
source = {{ virtual = "." }}
[package.metadata]
requires-dist = [{}]

[[package]]
name = "six"
version = "1"
source = {{ registry = "https://host/cpu" }}

[[package]]
name = "six"
version = "1"
source = {{ registry = "https://host/simple" }}

[[package]]
name = "six"
version = "2"
source = {{ registry = "https://host/simple" }}
"""
LINUX, WINDOWS = "sys_platform == 'linux'", "sys_platform == 'win32'"
CPU, GPU = "https://host/cpu", "https://host/gpu"


def of_index(index: str, marker: str) -> str:
    return f'{{ name = "six", marker = "{marker}", index = "{index}" }},'


@pytest.mark.parametrize(
    ("stated", "version", "start", "expected"),
    [
        (of_index(CPU, LINUX), "1", "", ()),
        (of_index(CPU, LINUX), "2", "", ("six",)),
        (of_index(CPU, LINUX), "2", "conflicts = [[]]\n", ()),
        (of_index(CPU, WINDOWS), "2", "", ()),
        (of_index(CPU, LINUX) + f'{{ name = "six", marker = "{LINUX}" }}', "2", "", ()),
        (of_index(CPU, f"{LINUX} and extra == 'x'"), "2", "", ()),
        (of_index(GPU, LINUX) + of_index(CPU, "extra == 'x'"), "1", "", ()),
        (of_index(GPU, LINUX) + of_index(CPU, "extra == 'x'"), "2", "", ("six",)),
        (of_index(CPU, "os_name ~= 'posix'"), "2", "", ()),
    ],
    ids=[
        "right",
        "of another index",
        "conflicts",
        "another platform",
        "any index",
        "for an extra",
        "as for an extra",
        "not even for an extra",
        "a marker that can't be evaluated",
    ],
)
def test_where_a_platform_has_a_package_from(
    tmp_path: Path, stated: str, version: str, start: str, expected: tuple[str, ...]
) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(start + FORKED.format(stated))
    lock, platform = UvLock.read(path), Platform(RUNTIMES[-1], "x86_64")
    selected = [("six", version), ("app", None), ("unknown", "1")]
    if not expected:
        lock.refuse_misplaced_on(platform, selected)
        return
    with pytest.raises(LockError, match="has six from elsewhere than the projects state"):
        lock.refuse_misplaced_on(platform, selected)
