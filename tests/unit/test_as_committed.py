from __future__ import annotations

import pytest

from hatch_lambda_zip.install.as_committed import as_committed


def test_settings_of_the_environment_stay() -> None:
    """They may have what lets git in."""
    for environ, first in (
        ({}, 0),
        ({"GIT_CONFIG_COUNT": ""}, 0),
        ({"GIT_CONFIG_COUNT": "12"}, 12),
    ):
        found = as_committed(environ)
        assert found["GIT_CONFIG_COUNT"] == str(first + 3)
        keys = {
            f"GIT_CONFIG_{kind}_{first + number}"
            for kind in ("KEY", "VALUE")
            for number in range(3)
        }
        assert found.keys() == {"GIT_CONFIG_COUNT", "GIT_ATTR_NOSYSTEM", *keys}
        assert found[f"GIT_CONFIG_KEY_{first}"] == "core.autocrlf"
        assert found[f"GIT_CONFIG_VALUE_{first}"] == "false"


@pytest.mark.parametrize("count", ["x", "-1", "1 ", "\u0661", "9" * 5000])
def test_of_a_count_that_is_none_git_says_what_is_wrong(count: str) -> None:
    assert not as_committed({"GIT_CONFIG_COUNT": count})
