"""Variables that this process has for a while."""

from __future__ import annotations

import os

import pytest

from hatch_lambda_zip.process import environment_with


def test_variables_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_BEFORE", "a")
    monkeypatch.delenv("NOT_BEFORE", raising=False)
    with environment_with({"SET_BEFORE": "b", "NOT_BEFORE": "c"}):
        assert (os.environ["SET_BEFORE"], os.environ["NOT_BEFORE"]) == ("b", "c")
    assert os.environ["SET_BEFORE"] == "a"
    assert "NOT_BEFORE" not in os.environ
