from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker, default_environment
from packaging.tags import Tag, parse_tag
from packaging.utils import parse_wheel_filename

from hatch_lambda_zip.bytecode.magic import FORMATS
from hatch_lambda_zip.runtimes import (
    BYTECODE_MINORS,
    RUNTIMES,
    Platform,
    Runtime,
    find_runtime,
)


def make_platform(identifier: str, architecture: str = "x86_64") -> Platform:
    runtime = find_runtime(identifier)
    assert runtime is not None
    return Platform(runtime, architecture)


def accepts(identifier: str, tag: str, architecture: str = "x86_64") -> bool:
    return not parse_tag(tag).isdisjoint(make_platform(identifier, architecture).tags())


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.identifier)
def test_every_row_is_found_and_consistent(runtime: Runtime) -> None:
    assert find_runtime(runtime.identifier) is runtime
    assert runtime.identifier == f"python3.{runtime.python_minor}"
    assert runtime.python_version == f"3.{runtime.python_minor}"
    minor, _, patch = runtime.release.rpartition(".")
    assert minor == runtime.python_version
    assert int(patch) > 0
    assert runtime.is_known


def test_the_table_ascends_without_gaps() -> None:
    minors = [runtime.python_minor for runtime in RUNTIMES]
    assert minors == list(range(8, 15))
    glibcs = [runtime.glibc_minor for runtime in RUNTIMES]
    assert glibcs == sorted(glibcs)
    deprecations = [runtime.deprecated or date.max for runtime in RUNTIMES]
    assert deprecations == sorted(deprecations)


def test_the_pythons_whose_bytecode_is_known_are_those_of_the_normalizer() -> None:
    assert [*BYTECODE_MINORS] == [form.python_minor for form in FORMATS]


@pytest.mark.parametrize("minor", [15, 16, 99, 100, 999])
def test_a_newer_runtime_has_the_newest_rows_values(minor: int) -> None:
    assert find_runtime(f"python3.{minor}") == Runtime(
        f"python3.{minor}", minor, RUNTIMES[-1].glibc_minor, f"3.{minor}.1", None, is_known=False
    )


@pytest.mark.parametrize(
    "identifier",
    [
        *("", "python", "python3", "python3.", "python3.7", "python3.0", "python2.7", "python4.0"),
        *(
            "python3.015",
            "python3.15.1",
            "python3.15 ",
            " python3.15",
            "python3.15\n",
            "Python3.15",
        ),
        *("python3.-15", "python3.1000", "python3.\u0661\u0665", "provided.al2023", "ruby3.15"),
    ],
)
def test_what_is_no_runtime(identifier: str) -> None:
    assert find_runtime(identifier) is None


@given(st.from_regex(r"python3\.[0-9]{1,4}", fullmatch=True) | st.text())
def test_a_found_runtime_has_the_name_that_was_asked_for(identifier: str) -> None:
    runtime = find_runtime(identifier)
    if runtime is not None:
        assert identifier == runtime.identifier == f"python3.{runtime.python_minor}"
        assert runtime.python_minor >= RUNTIMES[0].python_minor


@pytest.mark.parametrize(
    ("identifier", "architecture", "platform"),
    [
        ("python3.8", "x86_64", "x86_64-manylinux2014"),
        ("python3.10", "arm64", "aarch64-manylinux2014"),
        ("python3.11", "x86_64", "x86_64-manylinux2014"),
        ("python3.11", "arm64", "aarch64-manylinux2014"),
        ("python3.12", "x86_64", "x86_64-manylinux_2_34"),
        ("python3.13", "arm64", "aarch64-manylinux_2_34"),
        ("python3.14", "x86_64", "x86_64-manylinux_2_34"),
        ("python3.15", "arm64", "aarch64-manylinux_2_34"),
    ],
)
def test_the_platform_for_uv(identifier: str, architecture: str, platform: str) -> None:
    assert make_platform(identifier, architecture).uv_platform == platform


def test_a_target_is_named_in_the_terms_of_aws() -> None:
    assert str(make_platform("python3.13", "arm64")) == "python3.13 on arm64"
    assert make_platform("python3.13", "arm64").machine == "aarch64"
    assert make_platform("python3.13", "x86_64").machine == "x86_64"


def test_the_marker_environment_has_every_variable_and_none_of_the_host() -> None:
    environment = make_platform("python3.11", "arm64").marker_environment()
    assert environment.keys() == default_environment().keys()
    assert environment == {
        "implementation_name": "cpython",
        "implementation_version": "3.11.10",
        "os_name": "posix",
        "platform_machine": "aarch64",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": "3.11.10",
        "python_version": "3.11",
        "sys_platform": "linux",
    }


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("python_version == '3.13'", True),
        ("python_version >= '3.9'", True),
        ("python_version < '3.13'", False),
        ("python_full_version < '3.13.1'", False),
        ("python_full_version >= '3.13.1'", True),
        ("platform_machine == 'aarch64'", True),
        ("platform_machine == 'arm64'", False),
        ("sys_platform == 'linux' and os_name == 'posix'", True),
        ("sys_platform == 'win32' or platform_system == 'Darwin'", False),
        ("implementation_name == 'cpython'", True),
        ("platform_python_implementation != 'CPython'", False),
    ],
)
def test_markers_are_evaluated_for_the_function(marker: str, holds: bool) -> None:  # noqa: FBT001
    environment = make_platform("python3.13", "arm64").marker_environment()
    assert Marker(marker).evaluate({key: str(value) for key, value in environment.items()}) is holds


@pytest.mark.parametrize(
    ("identifier", "tag"),
    [
        ("python3.11", "cp311-cp311-manylinux2014_x86_64"),
        ("python3.11", "cp311-cp311-manylinux_2_17_x86_64"),
        ("python3.11", "cp311-cp311-manylinux2010_x86_64"),
        ("python3.11", "cp311-cp311-manylinux1_x86_64"),
        ("python3.11", "cp311-cp311-manylinux_2_5_x86_64"),
        ("python3.11", "cp38-abi3-manylinux2014_x86_64"),
        ("python3.11", "py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64"),
        ("python3.11", "py3-none-any"),
        ("python3.11", "py2.py3-none-any"),
        ("python3.11", "py311-none-any"),
        ("python3.11", "py37-none-any"),
        ("python3.11", "cp311-none-any"),
        ("python3.11", "cp311-abi3-linux_x86_64"),
        ("python3.13", "cp313-cp313-manylinux_2_28_x86_64"),
        ("python3.13", "cp313-cp313-manylinux_2_34_x86_64"),
        ("python3.13", "cp313-cp313-manylinux_2_26_x86_64.manylinux_2_28_x86_64"),
        ("python3.14", "cp314-cp314-manylinux2014_x86_64"),
        ("python3.15", "cp315-cp315-manylinux_2_34_x86_64"),
    ],
)
def test_wheels_that_the_runtime_can_use(identifier: str, tag: str) -> None:
    assert accepts(identifier, tag)


@pytest.mark.parametrize(
    ("identifier", "tag"),
    [
        ("python3.11", "cp311-cp311-manylinux_2_28_x86_64"),
        ("python3.11", "cp311-cp311-manylinux_2_26_x86_64"),
        ("python3.11", "cp311-cp311-manylinux_2_18_x86_64"),
        ("python3.11", "cp310-cp310-manylinux2014_x86_64"),
        ("python3.11", "cp312-cp312-manylinux2014_x86_64"),
        ("python3.11", "cp312-abi3-manylinux2014_x86_64"),
        ("python3.11", "py312-none-any"),
        ("python3.11", "py2-none-any"),
        ("python3.11", "pp311-pypy311_pp73-manylinux2014_x86_64"),
        ("python3.13", "cp313-cp313t-manylinux2014_x86_64"),
        ("python3.13", "cp313-cp313-manylinux_2_35_x86_64"),
        ("python3.13", "cp313-cp313-manylinux_2_4_x86_64"),
        ("python3.13", "cp313-cp313-musllinux_1_2_x86_64"),
        ("python3.13", "cp313-cp313-macosx_11_0_arm64"),
        ("python3.13", "cp313-cp313-win_amd64"),
        ("python3.13", "cp313-cp313-manylinux2014_aarch64"),
        ("python3.13", "cp313-cp313-manylinux2014_i686"),
        ("python3.13", "cp313-cp313-linux_i686"),
    ],
)
def test_wheels_that_the_runtime_can_not_use(identifier: str, tag: str) -> None:
    assert not accepts(identifier, tag)


def test_arm_has_no_manylinux_before_2014() -> None:
    assert make_platform("python3.11", "arm64").platform_tags() == (
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
        "linux_aarch64",
    )
    assert accepts("python3.13", "cp313-cp313-manylinux_2_34_aarch64", "arm64")
    assert not accepts("python3.13", "cp313-cp313-manylinux_2_16_aarch64", "arm64")
    assert not accepts("python3.13", "cp313-cp313-manylinux2010_aarch64", "arm64")
    assert not accepts("python3.13", "cp313-cp313-manylinux2014_x86_64", "arm64")


def test_the_platforms_of_python_3_11() -> None:
    assert make_platform("python3.11").platform_tags() == (
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64",
        "manylinux_2_16_x86_64",
        "manylinux_2_15_x86_64",
        "manylinux_2_14_x86_64",
        "manylinux_2_13_x86_64",
        "manylinux_2_12_x86_64",
        "manylinux2010_x86_64",
        "manylinux_2_11_x86_64",
        "manylinux_2_10_x86_64",
        "manylinux_2_9_x86_64",
        "manylinux_2_8_x86_64",
        "manylinux_2_7_x86_64",
        "manylinux_2_6_x86_64",
        "manylinux_2_5_x86_64",
        "manylinux1_x86_64",
        "linux_x86_64",
    )


def test_the_newer_runtimes_start_at_glibc_2_34() -> None:
    assert make_platform("python3.13").platform_tags()[0] == "manylinux_2_34_x86_64"
    assert len(make_platform("python3.13").platform_tags()) == len(range(5, 35)) + 4


def test_the_order_of_wheels_is_best_first() -> None:
    """From PEP 425: the specific ABI, the stable ABI, no ABI; the newer platform; no platform."""
    names = [
        "demo-1-cp313-cp313-manylinux_2_34_x86_64.whl",
        "demo-1-cp313-cp313-manylinux_2_28_x86_64.whl",
        "demo-1-cp313-cp313-manylinux_2_17_x86_64.whl",
        "demo-1-cp313-cp313-manylinux2014_x86_64.whl",
        "demo-1-cp313-cp313-manylinux1_x86_64.whl",
        "demo-1-cp313-abi3-manylinux2014_x86_64.whl",
        "demo-1-cp313-none-manylinux2014_x86_64.whl",
        "demo-1-cp312-abi3-manylinux_2_34_x86_64.whl",
        "demo-1-cp39-abi3-manylinux_2_34_x86_64.whl",
        "demo-1-py313-none-manylinux2014_x86_64.whl",
        "demo-1-py3-none-manylinux2014_x86_64.whl",
        "demo-1-py312-none-manylinux2014_x86_64.whl",
        "demo-1-cp313-none-any.whl",
        "demo-1-py313-none-any.whl",
        "demo-1-py3-none-any.whl",
        "demo-1-py312-none-any.whl",
    ]
    ranks = {tag: rank for rank, tag in enumerate(make_platform("python3.13").tags())}
    positions = [min(ranks[tag] for tag in parse_wheel_filename(name)[3]) for name in names]
    assert positions == sorted(positions)
    assert len(set(positions)) == len(names)


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.identifier)
def test_every_tag_is_of_this_python_and_this_machine(runtime: Runtime, architecture: str) -> None:
    here = Platform(runtime, architecture)
    tags = here.tags()
    assert len(set(tags)) == len(tags)
    assert tags[0] == Tag(
        f"cp3{runtime.python_minor}", f"cp3{runtime.python_minor}", here.platform_tags()[0]
    )
    assert {tag.platform for tag in tags} == {*here.platform_tags(), "any"}
    assert {tag.abi for tag in tags} == {f"cp3{runtime.python_minor}", "abi3", "none"}
    for tag in tags:
        assert tag.interpreter[:2] in {"cp", "py"}
        assert int(tag.interpreter[3:] or 0) <= runtime.python_minor
