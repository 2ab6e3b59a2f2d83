"""Whether a lock has versions that its constraints allow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock import LockedDistribution, Origin
from hatch_lambda_zip.lock.constraints import constraints_in, told_constraints, unmet_constraints
from hatch_lambda_zip.runtimes import RUNTIMES, Platform

SIX = LockedDistribution("six", "1.0+cpu", Origin.INDEX, "")
LOCK = Path("here/uv.lock")
HERE = Platform(RUNTIMES[-1], "x86_64")


@pytest.mark.parametrize(
    ("constraint", "is_met"),
    [
        ("Six>=2", False),
        ("six>=2; sys_platform == 'linux'", False),
        ("six>=2; sys_platform == 'win32'", True),
        ("six>=2; extra == 'x'", True),
        ("six==1.0", True),
        ("six<=1.0", True),
        ("six===1.0.0+CPU", True),
        ("six===1.0", False),
        ("six===other", False),
        ("six @ https://host/six.whl", True),
        ("other>=2", True),
    ],
)
def test_versions_that_are_allowed(constraint: str, *, is_met: bool) -> None:
    expected = {} if is_met else {"six": f"six 1.0+cpu for {constraint}"}
    assert unmet_constraints(["six>=1", constraint], [SIX], HERE, LOCK) == expected
    # uv takes what it is told the place of in whatever version it is.
    for other in (replace(SIX, origin=Origin.GIT), replace(SIX, name="else")):
        assert unmet_constraints([constraint], [other], HERE, LOCK) == {}


@pytest.mark.parametrize(
    "constraint", ["six>=odd", "six>=2; os_name ~= 'posix'", f"six>={'1' * 5000}"]
)
def test_constraints_that_can_not_be_read(constraint: str) -> None:
    with pytest.raises(LockError) as raised:
        unmet_constraints([constraint], [SIX], HERE, LOCK)
    message = str(raised.value)
    assert message.startswith(f"{LOCK}: the constraint {constraint!r} can't be read: ")
    assert "Correct it where it stands" in message
    assert "\n" not in message


def test_constraints_among_the_lines_of_a_file() -> None:
    lines = ["a>=1", "-c b>=2 --hash=sha256:0", "-c ./c", "-c d==${D}", "-c e<2; os_name == 'nt'"]
    assert [*constraints_in(lines)] == ["b>=2", "e<2; os_name == 'nt'"]


def test_constraints_among_settings() -> None:
    assert told_constraints({"constraint-dependencies": ["a<2", "b<2"]}, "uv.toml") == (
        "a<2",
        "b<2",
    )
    assert told_constraints({}, "uv.toml") == ()
    for wrong in (["a<2", 5], "a<2"):
        with pytest.raises(LockError, match=r"^uv.toml: constraint-dependencies is no list of req"):
            told_constraints({"constraint-dependencies": wrong}, "uv.toml")
