"""The patch release of Python that markers and Requires-Python are judged for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from packaging.markers import Marker

from hatch_lambda_zip.config import Artifact, Kind, Options, Project
from hatch_lambda_zip.config.keys import TARGET_KEY
from hatch_lambda_zip.config.load import parse_config
from hatch_lambda_zip.contents.decide import decide_function, decide_layer
from hatch_lambda_zip.contents.requirements_graph import requires_python_warnings
from hatch_lambda_zip.errors import ConfigError, LockError
from hatch_lambda_zip.install import Installer
from hatch_lambda_zip.lock import (
    InstallList,
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
)
from hatch_lambda_zip.lock.requirements import select as select_requirements
from hatch_lambda_zip.runtimes import RUNTIMES, Platform
from tests.support.installed import made, platform_of
from tests.unit.test_pylock import package_of, select_from

RUNTIME = next(runtime for runtime in RUNTIMES if runtime.identifier == "python3.13")
HERE = Platform(RUNTIME, "x86_64")
OLD = Platform(RUNTIME, "x86_64", "3.13.2")


def releases_of(table: Mapping[str, object]) -> dict[str, str]:
    table = {"runtime": "python3.13", **table}
    artifacts = parse_config(table, today=date(2026, 1, 1)).artifacts
    return {one.name: one.platform.release for one in artifacts}


def problems_of(table: Mapping[str, object]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        releases_of(table)
    return [problem.removeprefix(f"{TARGET_KEY}.") for problem in caught.value.problems]


def test_by_default_it_is_one_that_lambda_has_had() -> None:
    assert releases_of({}) == {"lambda": RUNTIME.release}
    assert RUNTIME.release == "3.13.9"


def test_the_page_of_lock_files_names_those_of_the_table() -> None:
    page = Path(__file__).parents[2] / "docs/reference/lock-files.md"
    text = page.read_text(encoding="utf-8")
    for runtime in RUNTIMES:
        assert runtime.deprecated is not None
        if runtime.deprecated.year > 2025:
            assert re.search(rf"\b{re.escape(runtime.release)}\b", text)


def test_the_release_is_given() -> None:
    assert releases_of({"python-release": "3.13.5"}) == {"lambda": "3.13.5"}
    table = {
        "python-release": ["3.12.4", "3.13.5"],
        "functions": {"all": {"runtimes": ["python3.13", "python3.12"]}, "one": {}},
    }
    expected = {"all-python3.13": "3.13.5", "all-python3.12": "3.12.4", "one": "3.13.5"}
    assert releases_of(table) == expected


def test_the_compiling_python_is_the_default() -> None:
    table = {"bytecode": "compile", "bytecode-python": "3.13.4"}
    assert releases_of(table) == {"lambda": "3.13.4"}
    assert releases_of({**table, "python-release": "3.13.4"}) == {"lambda": "3.13.4"}
    # What does not compile says nothing.
    assert releases_of({**table, "bytecode": "strip"}) == {"lambda": "3.13.9"}


def test_two_that_differ_are_an_error() -> None:
    table = {"bytecode": "compile", "bytecode-python": "3.13.4", "python-release": "3.13.5"}
    assert problems_of(table) == [
        (
            "python-release: 3.13.5 and bytecode-python = '3.13.4' are two releases for one "
            "runtime; name the same in both, or remove python-release"
        )
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("3.12.1", "3.12.1 is not what python3.13 runs: name a release of Python 3.13"),
        ("3.13", "'3.13' is not the exact version of a release, like '3.13.5'"),
        (["3.13.1", "3.13.2"], "has two versions for Python 3.13"),
    ],
)
def test_what_is_no_release_of_the_runtime_is_refused(value: object, message: str) -> None:
    assert problems_of({"python-release": value}) == [f"python-release: {message}"]


def test_equal_platforms_are_equal_however_they_are_written() -> None:
    table = {"runtime": "python3.13", "functions": {"a": {}, "b": {"python-release": "3.13.9"}}}
    one, other = parse_config(table, today=date(2026, 1, 1)).artifacts
    assert one.platform == other.platform
    assert str(one.platform) == "python3.13 on x86_64"
    assert str(OLD) == "python3.13 on x86_64 (Python 3.13.2)"


@pytest.mark.parametrize(
    ("marker", "varies"),
    [
        ("python_full_version >= '3.13.1'", True),
        ("python_full_version < '3.13.11'", True),
        ("python_full_version == '3.13.*'", False),
        ("python_full_version > '3.13'", True),
        ("python_full_version != '3.13.4'", True),
        ("python_full_version >= '3.13'", False),
        ("python_full_version < '3.14'", False),
        ("python_full_version >= '3.12.4'", False),
        ("python_full_version >= '3.130.4'", False),
        ("python_version >= '3.13'", False),
        ("implementation_version >= '3.13.3'", True),
        ("python_full_version >= '3.13.1' and sys_platform == 'win32'", False),
        ("python_full_version >= '3.13.1' or sys_platform == 'linux'", False),
    ],
)
def test_what_depends_on_the_patch_release(marker: str, varies: bool) -> None:  # noqa: FBT001
    parsed = Marker(marker)
    assert HERE.varies(str(parsed), lambda where: where.satisfies(parsed)) is varies


def test_a_lock_is_judged_by_it_with_a_warning() -> None:
    old = package_of("old", "py3-none-any", marker="python_full_version < '3.13.4'")
    new = package_of("new", "py3-none-any", marker="python_full_version >= '3.13.4'")
    for where, name in ((HERE, "new"), (OLD, "old")):
        selection = select_from(old, new, where=where)
        (locked,) = selection.distributions
        assert locked.name == name
        first, second = selection.warnings
        assert first == (
            'pylock.toml: old is locked for python_full_version < "3.13.4", which depends on the '
            f"patch release of Python; it was judged for {where.release}. AWS moves that of "
            "python3.13 without notice: say with `python-release` which one your functions run on"
        )
        assert "new is locked for python_full_version >=" in second
    assert not select_from(package_of("demo", "py3-none-any")).warnings


def test_a_lower_bound_on_a_patch_release_has_a_way_out() -> None:
    demo = package_of("demo", "py3-none-any")
    bound: dict[str, Any] = {"requires-python": ">=3.13.3"}
    (warning,) = select_from(demo, where=HERE, **bound).warnings
    assert warning.startswith("pylock.toml: it is for Python >=3.13.3, which depends")
    bound = {"requires-python": ">=3.13"}
    assert not select_from(demo, where=HERE, **bound).warnings
    bound = {"requires-python": ">=3.13.3"}
    with pytest.raises(LockError, match=r"judged for Python 3\.13\.2; .* name it with `python-rel"):
        select_from(demo, where=OLD, **bound)


def test_environments_are_judged_by_it() -> None:
    demo = package_of("demo", "py3-none-any")
    new = "python_full_version >= '3.13.4'"
    (warning,) = select_from(demo, where=HERE, environments=[new]).warnings
    assert warning.startswith(
        'pylock.toml: it is for environments with python_full_version >= "3.1'
    )
    both = [new, "python_full_version < '3.13.4'"]
    assert not select_from(demo, where=HERE, environments=both).warnings
    with pytest.raises(LockError, match="does not cover"):
        select_from(demo, where=OLD, environments=[new])


def test_nothing_is_said_of_a_release_that_is_named() -> None:
    (artifact,) = parse_config(
        {"runtime": "python3.13", "python-release": "3.13.9"}, today=date(2026, 1, 1)
    ).artifacts
    old = package_of("old", "py3-none-any", marker="python_full_version < '3.13.4'")
    assert artifact.platform == HERE
    assert select_from(old, where=HERE).warnings
    assert not select_from(old, where=artifact.platform).warnings
    # What compiles need not be what runs.
    table = {"runtime": "python3.13", "bytecode": "compile", "bytecode-python": "3.13.9"}
    (artifact,) = parse_config(table, today=date(2026, 1, 1)).artifacts
    assert select_from(old, where=artifact.platform).warnings


EXCLUDING = {"exclude_distributions": ("boto3",)}
OWN = {"orders/__init__.py": ""}


@pytest.mark.parametrize(
    ("marker", "options", "warns"),
    [
        ("python_full_version >= '3.13.4'", EXCLUDING, True),
        ("python_full_version >= '3.13.4'", {}, False),
        ("python_full_version >= '3.12.4'", EXCLUDING, False),
        ("python_full_version >= '3.13.4' and extra == 'x'", EXCLUDING, False),
    ],
    ids=["excluding", "nothing-left-out", "other-minor", "unused-extra"],
)
def test_markers_of_what_goes_along_are_judged_by_it(
    marker: str, options: dict[str, Any], *, warns: bool
) -> None:
    # boto3 brings six, and so does lib, perhaps.
    installed = [
        made("boto3", {"boto3.py": ""}, requires=["six"]),
        made("lib", {"lib.py": ""}, requires=[f"six; {marker}"]),
        made("orders", OWN, requires=["boto3", "lib"], origin=Origin.LOCAL),
        made("six", {"six.py": ""}),
    ]
    project = Project("orders", "1.0", "orders-1.0", ("boto3", "lib"))
    for platform, count in ((HERE, int(warns)), (replace(HERE, is_settled=True), 0)):
        function = Artifact("f", "f", "tool.f", Kind.FUNCTION, platform, Options(**options))
        contents = decide_function(function, project, installed, (), {})
        warnings = [text for text in contents.warnings if "patch release" in text]
        assert len(warnings) == count
        assert all(
            text.startswith("tool.f: which distributions ship follows from markers")
            for text in warnings
        )


def test_a_layers_closure_is_judged_by_it() -> None:
    installed = [
        made("lib", {"lib.py": ""}, requires=["six; python_full_version >= '3.13.4'"]),
        made("six", {"six.py": ""}),
    ]
    project = Project("orders", "1.0", "orders-1.0", ("lib", "six"))
    options = Options(distributions=("lib",))
    layer = Artifact("deps", "deps", "tool.deps", Kind.LAYER, HERE, options)
    contents = decide_layer(layer, project, installed, ())
    assert [item.name for item in contents.distributions] == ["lib", "six"]
    assert "tool.deps: which distributions ship" in contents.warnings[0]


@pytest.mark.parametrize("where", [HERE, OLD])
def test_requirements_are_judged_by_it(where: Platform) -> None:
    line = f"idna==3.7 ; python_full_version >= '3.13.4' --hash=sha256:{'a' * 64}\n"
    lock = LockFile.of(LockKind.REQUIREMENTS, Path("requirements.txt").absolute())
    selection = select_requirements(line, lock, where, root=Path.cwd())
    assert len(selection.distributions) == (where is HERE)
    (warning,) = selection.warnings
    assert "idna==3.7 is locked for python_full_version" in warning


def test_requires_python_is_looked_at() -> None:
    def requiring(text: str) -> list[str]:
        metadata = f"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n{text}"
        distribution = made("demo", {"demo-1.0.dist-info/METADATA": metadata})
        return list(requires_python_warnings([distribution], platform_of("python3.13")))

    (warning,) = requiring("Requires-Python: !=3.13.0,!=3.13.1,>=3.9\n")
    assert warning.startswith("METADATA of demo: it requires Python !=3.13.0,!=3.13.1,>=3.9, which")
    assert requiring("Requires-Python: >=3.9\n") == requiring("") == []
    assert requiring("Requires-Python: any 3.13.1\n") == []
    for text in (">=3.14", ">3.14, <4", "~=3.14"):
        (warning,) = requiring(f"Requires-Python: {text}\n")
        assert "which python3.13 (3.13.9) is not. Lock a version of it that does not" in warning
    for guess in ("<3.13", ">=3.9,<3.12", "==3.12.*", "!=3.13.*"):
        assert requiring(f"Requires-Python: {guess}\n") == []


def test_uv_gets_the_same_release(tmp_path: Path) -> None:
    uv = Mock()
    uv.run.side_effect = RuntimeError
    lock = LockFile.of(LockKind.PYLOCK, tmp_path / "pylock.toml")
    locked = LockedDistribution("demo", "1.0", Origin.INDEX, "sha256:00")
    install = InstallList("pylock.wheels.toml", "", (locked,), builds=False)
    with Installer(uv, tmp_path) as installer, pytest.raises(RuntimeError):
        installer.install(Selection(lock, (install,), ()), OLD, ())
    command = uv.run.call_args[0][0]
    assert command[command.index("--python-version") + 1] == "3.13.2"
