"""Which wheels uv may take from directories."""

from __future__ import annotations

from pathlib import Path

from hatch_lambda_zip.install.wheelhouses import names_in_wheelhouses


def test_names_in_indexes_and_what_can_be_no_path(tmp_path: Path) -> None:
    (tmp_path / "simple/Zq_Mine").mkdir(parents=True)
    (tmp_path / "simple/_").mkdir()
    (tmp_path / "simple/other-1-py3-none-any.whl").touch()
    given = {
        "UV_CONFIG_FILE": str(tmp_path / "none.toml"),
        "UV_INDEX": f"own={tmp_path / 'simple'} {'x' * 300} https://example.com/simple",
        "UV_FIND_LINKS": "x" * 5000,
    }
    assert names_in_wheelhouses(tmp_path, given) == {"zq-mine", "other"}
