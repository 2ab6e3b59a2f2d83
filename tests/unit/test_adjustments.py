from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.adjustments import (
    Adjustment,
    Adjustments,
    Restated,
    find_adjustments,
    read_adjustments,
    read_described,
)
from hatch_lambda_zip.lock.pylock_writer import write_lock
from hatch_lambda_zip.lock.uv_lock import UvLock

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXPECTED = Adjustments(
    (
        Adjustment("six", "six[x,y]<2; sys_platform == 'linux'"),
        Adjustment("idna", "idna"),
        Adjustment("a-b", "A_b>=1", "lib"),
        Adjustment("c", "c", "lib"),
        Adjustment("d", None),
        Adjustment("e", None, "other", "0.4"),
        Adjustment("f", None, "other", "0.4"),
    ),
    (
        Restated("lib-x", ()),
        Restated("lib-x", ("a", "b>=2 ; extra == 'x'"), "1.2"),
    ),
)
# As uv 0.13 writes them.
MANIFEST = """
[manifest]
overrides = [
    { name = "six", extras = ["x", "y"], marker = "sys_platform == 'linux'", specifier = "<2" },
    { name = "idna", url = "https://example.invalid/idna-1-py3-none-any.whl" },
    { package = { name = "lib" }, dependencies = [{ name = "A_b", specifier = ">=1" }, { name = "c" }] },
]
excludes = ["d", { package = { name = "other", version = "0.4" }, dependencies = ["e", "f"] }]

[[manifest.dependency-metadata]]
name = "lib-x"
requires-dist = []

[[manifest.dependency-metadata]]
name = "lib-x"
version = "1.2.0"
requires-dist = ["a", "b>=2 ; extra == 'x'"]
requires-python = ">=3.10"
provides-extras = ["x"]
"""  # noqa: E501
SETTINGS = """
[tool.uv]
override-dependencies = [
    "six[x,y]<2; sys_platform == 'linux'",
    "idna",
    { package = { name = "lib" }, dependencies = ["A_b>=1", "c"] },
]
exclude-dependencies = ["D", { package = { name = "other", version = "0.4" }, dependencies = ["e", "f"] }]
dependency-metadata = [
    { name = "Lib.X" },
    { name = "lib_x", version = "1.2", requires-dist = ["a", "b>=2 ; extra == 'x'"] },
]
"""  # noqa: E501


def test_what_a_uv_lock_says(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(MANIFEST)
    assert UvLock.read(tmp_path / "uv.lock").adjustments == EXPECTED
    (tmp_path / "uv.lock").write_text("version = 1\n")
    assert UvLock.read(tmp_path / "uv.lock").adjustments == Adjustments()


def test_what_pyproject_says(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    assert find_adjustments(tmp_path) == EXPECTED


def test_what_the_workspace_says(tmp_path: Path) -> None:
    member = tmp_path / "packages/app"
    member.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(f"{SETTINGS}[tool.uv.workspace]\nmembers = []\n")
    assert find_adjustments(member) == EXPECTED
    (member / "pyproject.toml").write_text('[tool.uv]\nexclude-dependencies = ["g"]\n')
    found = find_adjustments(member)
    assert found.changes == (Adjustment("g"), *EXPECTED.changes)
    # A workspace or another project around it has no say.
    (tmp_path / "packages/pyproject.toml").write_text("[tool.uv.workspace]\n")
    assert find_adjustments(member) == Adjustments((Adjustment("g"),))
    (tmp_path / "packages/pyproject.toml").unlink()
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    assert find_adjustments(member) == Adjustments((Adjustment("g"),))


def test_what_is_described_is_read_again() -> None:
    assert read_described(EXPECTED.described()) == EXPECTED
    text = write_lock((), {"tool": EXPECTED.described()})
    assert read_described(tomllib.loads(text)["tool"]) == EXPECTED
    assert read_described({}) == Adjustments()
    assert read_described(Adjustments().described()) == Adjustments()


@pytest.mark.parametrize(
    "table",
    [
        *({"changes": 1}, {"changes": [1]}, {"changes": [{"x": 1}]}, {"restated": [[]]}),
        *({"restated": ["a"]}, {"restated": [{"name": "a"}]}),
        {"restated": [{"name": "a", "requires": ["!!!"]}]},
        {"changes": [{"name": "a", "instead": "!!!"}]},
    ],
)
def test_what_was_not_described_is_an_error(table: dict[str, object]) -> None:
    with pytest.raises(LockError, match=r"Build the sdist again\.$"):
        read_described(table)


@pytest.mark.parametrize("text", ["six>>1", "", "six; wrong == 1"])
def test_an_override_that_is_no_requirement_is_an_error(text: str) -> None:
    for overrides in ([text], [{"package": {"name": "lib"}, "dependencies": [text]}]):
        with pytest.raises(LockError, match=r"^here: an override can\'t be read: "):
            read_adjustments(overrides, None, None, "here")


@pytest.mark.parametrize(
    "item", [1, {}, {"package": {}}, {"package": {"name": "x"}}, {"package": 1}, ["x"]]
)
def test_what_uv_would_not_read_either(item: object) -> None:
    for overrides, excludes in (([item], None), (None, [item])):
        with pytest.raises(LockError, match=r"^here: an override can\'t be read: "):
            read_adjustments(overrides, excludes, None, "here")


@pytest.mark.parametrize(
    "item",
    [
        *(
            1,
            "a",
            {},
            {"name": 1},
            {"name": "a", "version": 1},
            {"name": "a", "version": "1" * 9999},
        ),
        *({"name": "a", "requires-dist": value} for value in (1, [1], ["!!!"], [""])),
    ],
)
def test_metadata_that_is_none_is_an_error(item: object) -> None:
    with pytest.raises(LockError, match=r"^here: an entry of dependency-metadata can\'t be read: "):
        read_adjustments(None, None, [item], "here")


FOR_ANY, FOR_1, FOR_2 = (Restated("a", (f"x{it}",), it) for it in (None, "1", "2"))


@pytest.mark.parametrize(
    ("entries", "known", "else_"),
    [
        ((), None, None),
        ((Restated("b", ("y",)),), None, None),
        ((FOR_ANY,), "xNone", None),
        ((FOR_1,), "x1", "x1"),
        ((FOR_2,), None, "x2"),
        ((FOR_ANY, FOR_1), "x1", None),
        ((FOR_ANY, FOR_2), "xNone", None),
        ((FOR_1, FOR_2), "x1", None),
    ],
)
def test_whose_metadata_is_told(
    entries: tuple[Restated, ...], known: str | None, else_: str | None
) -> None:
    """As uv 0.13.9 was seen to lock wheels and what is in an index, and other sources."""
    adjustments = Adjustments(restated=entries)
    for is_known, expected in ((True, known), (False, else_)):
        found = adjustments.restated_of("a", "1.0", is_version_known=is_known)
        assert found == (None if expected is None else (Requirement(expected),))


def test_what_is_not_told_of_stays() -> None:
    requirement = Requirement("z>1")
    assert EXPECTED.applied(requirement, "lib", "1") == (requirement,)
    assert EXPECTED.applied(Requirement("e"), "other", "0.5") == (Requirement("e"),)
    assert EXPECTED.applied(Requirement("e"), "other", "0.4") == ()
    assert EXPECTED.applied(Requirement("e"), "other", "0.4.0") == ()
    assert EXPECTED.applied(Requirement("a_b<1"), "lib", "1") == (Requirement("a-b>=1"),)
