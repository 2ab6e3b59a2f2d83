"""When the build hook has something to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_lambda_zip.plugin.request import (
    HookRequest,
    is_for_people,
    is_unpacked_for_build,
    parse_request,
)
from hatch_lambda_zip.uv import NESTED_VARIABLE


@pytest.mark.parametrize("target", ["sdist", "wheel"])
def test_sdists_and_wheels_are_for_people(tmp_path: Path, target: str) -> None:
    assert is_for_people(target, "standard", tmp_path, {})


@pytest.mark.parametrize(
    ("target", "version", "environ"),
    [
        ("wheel", "editable", {}),
        ("lambda-zip", "api", {}),
        ("custom", "standard", {}),
        ("wheel", "standard", {NESTED_VARIABLE: "1"}),
        ("sdist", "standard", {NESTED_VARIABLE: ""}),
        ("wheel", "standard", {"PIP_BUILD_TRACKER": "/somewhere"}),
    ],
)
def test_what_is_for_machines(
    tmp_path: Path, target: str, version: str, environ: dict[str, str]
) -> None:
    assert not is_for_people(target, version, tmp_path, environ)


def test_nobody_looks_into_a_cache(tmp_path: Path) -> None:
    directory = tmp_path / "cache" / "sdists" / "dist"
    assert is_for_people("wheel", "standard", directory, {})
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "CACHEDIR.TAG").touch()
    assert not is_for_people("wheel", "standard", directory, {})


def test_where_front_ends_unpack_sdists(tmp_path: Path) -> None:
    assert not is_unpacked_for_build(tmp_path / "demo-1.0")
    assert is_unpacked_for_build(tmp_path / "build-via-sdist-x1y2" / "demo-1.0")
    assert is_unpacked_for_build(tmp_path / "pdm-build-via-sdist-x1y2" / "demo-1.0")
    (tmp_path / "CACHEDIR.TAG").touch()
    assert is_unpacked_for_build(tmp_path / "sdists-v9" / ".tmpAbc" / "demo-1.0")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, HookRequest(enabled=True, names=None, explicit=False)),
        (" ", HookRequest(enabled=True, names=None, explicit=False)),
        ("0", HookRequest(enabled=False, names=None, explicit=False)),
        ("Off", HookRequest(enabled=False, names=None, explicit=False)),
        ("1", HookRequest(enabled=True, names=None, explicit=True)),
        ("api, worker,", HookRequest(enabled=True, names=("api", "worker"), explicit=True)),
    ],
)
def test_the_variable(value: str | None, expected: HookRequest) -> None:
    assert parse_request(value) == expected


def test_what_is_asked_for_by_name() -> None:
    request = parse_request("api,orders:cron")
    assert request.includes("orders", "api")
    assert request.includes("api", "lambda")
    assert request.includes("orders", "cron")
    assert not request.includes("other", "cron")
    assert parse_request("1").includes("any", "thing")
