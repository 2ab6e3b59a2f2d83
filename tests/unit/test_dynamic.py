"""Which projects uv builds to check a lock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hatch_lambda_zip.lock.dynamic import built_to_check, states_requirements


@pytest.mark.parametrize(
    ("pyproject", "is_stated"),
    [
        ({"project": {"name": "a", "dependencies": []}}, True),
        ({"project": {"name": "a", "dynamic": ["version", "scripts"]}}, True),
        ({"project": {"name": "a", "dynamic": ["dependencies"]}}, False),
        ({"project": {"name": "a", "dynamic": ["version", "optional-dependencies"]}}, False),
        ({"project": {"name": "a", "dynamic": "dependencies"}}, True),
        ({"project": 1}, False),
        ({}, False),
    ],
)
def test_what_a_project_states(pyproject: Mapping[str, object], *, is_stated: bool) -> None:
    assert states_requirements(pyproject) is is_stated


def test_only_directories_that_do_not_state_it(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(
        'source = { editable = "." }\nsource = { directory = "stated" }\n'
        'source = { directory = "../elsewhere" }\nsource = { directory = "gone" }\n'
        'source = { virtual = "virtual" }\nsource = { registry = "https://index.invalid" }\n',
        encoding="utf-8",
    )
    (tmp_path / "pyproject.toml").write_text('project = {name="a", dynamic=["dependencies"]}')
    (tmp_path / "stated").mkdir()
    (tmp_path / "stated/pyproject.toml").write_text('[project]\nname = "b"\n')
    assert built_to_check(tmp_path / "uv.lock") == [
        tmp_path / place for place in (".", "../elsewhere", "gone")
    ]
    assert built_to_check(tmp_path / "none.lock") == []
