from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from hatch_lambda_zip import __version__
from hatch_lambda_zip.errors import ConfigError, DistributionError
from hatch_lambda_zip.install import read_project
from hatch_lambda_zip.plugin.back_end import inner_problems, read_back_end, unmet


def test_the_declared_back_end() -> None:
    table = {"requires": ["hatchling"], "build-backend": "hatchling.build"}
    assert read_back_end({"build-system": table}).is_hatchling
    wrapped = {**table, "backend-path": ["."]}
    assert not read_back_end({"build-system": wrapped}).is_hatchling
    other = read_back_end({"build-system": {**table, "build-backend": "uv_build"}})
    assert (other.name, other.is_hatchling) == ("uv_build", False)
    # PEP 517 and PEP 518: setuptools, where nothing is declared.
    assert read_back_end({}).requires == ("setuptools",)
    assert read_back_end({}).name == "setuptools.build_meta:__legacy__"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (1, "build-system: must be a table"),
        ({"build-backend": 1}, "build-system.build-backend: must be a string, not 1"),
        ({"requires": "a"}, "build-system.requires: must be an array of strings, not 'a'"),
        ({"requires": ["a b"]}, "build-system.requires: 'a b' is no requirement"),
        (
            {"requires": ["Hatch_Lambda.Zip[uv]<0.0.1"]},
            f"is not the version of this plugin that runs, {__version__},",
        ),
    ],
)
def test_mistakes(table: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_back_end({"build-system": table})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "hatch-lambda-zip",
        f"hatch-lambda-zip=={__version__}",
        "hatch-lambda-zip==99; python_version < '3'",
        "hatch-lambda-zip @ https://example.com/hatch_lambda_zip-0.1.0-py3-none-any.whl",
    ],
)
def test_this_version_of_the_plugin(text: str) -> None:
    assert read_back_end({"build-system": {"requires": [text]}})


def test_what_the_environment_has() -> None:
    there = ["hatchling", "hatchling>=1.0", "nowhere; python_version < '3'", "packaging[x]"]
    absent = ["hatchling<1.0", "nowhere", "not a requirement"]
    assert [*unmet([*there, *absent])] == absent


def wheel_of(directory: Path, metadata: str) -> Path:
    path = directory / "demo_app-3.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo_app-3.1.dist-info/METADATA", metadata)
        archive.writestr("demo_app-3.1.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        archive.writestr("demo_app-3.1.dist-info/RECORD", "")
        archive.writestr("vendored/x-1.dist-info/METADATA", "")
    return path


def test_a_project_is_read_from_its_wheel(tmp_path: Path) -> None:
    metadata = (
        "Name: Demo.App\nVersion: 3.1\nProvides-Extra: A_b\nProvides-Extra: c\n"
        "Requires-Dist: six (>=1)\nRequires-Dist: idna; os_name == 'nt'\n"
        "Requires-Dist: attrs; extra == 'A_b'\n"
        "Requires-Dist: rich; (os_name == 'nt' or os_name == 'posix') and extra == 'c'\n"
        "Requires-Dist: odd; extra == 'a-b' or extra == 'c'\n"
        "Requires-Dist: odder; extra != 'c'\n"
        "Requires-Dist: far @ https://example.com/far.whl ; os_name=='nt' and extra == 'c'\n"
    )
    project = read_project(wheel_of(tmp_path, metadata), {"dev": ["pytest"]})
    assert (project.name, project.version, project.file_stem) == (
        "demo-app",
        "3.1",
        "demo_app-3.1",
    )
    assert project.dependencies == ("six>=1", 'idna; os_name == "nt"')
    assert {extra: list(found) for extra, found in project.optional_dependencies.items()} == {
        "a-b": ["attrs", "odd", "odder"],
        "c": [
            'rich; (os_name == "nt" or os_name == "posix")',
            "odd",
            "odder",
            'far @ https://example.com/far.whl ; os_name == "nt"',
        ],
    }
    assert project.dependency_groups == {"dev": ["pytest"]}


@pytest.mark.parametrize("metadata", ["Requires-Dist: a b\n", "no field\n"])
def test_a_wheel_with_malformed_metadata(tmp_path: Path, metadata: str) -> None:
    with pytest.raises(DistributionError):
        read_project(wheel_of(tmp_path, metadata), {})


def test_an_inner_back_end_that_nobody_asks() -> None:
    declared = {"build-system": {"requires": [], "build-backend": "uv_build"}}
    (problem,) = inner_problems({"inner-backend": "uv_build"}, read_back_end(declared))
    assert "nobody asks for it, since build-system.build-backend is 'uv_build'" in problem
    assert not [*inner_problems({}, read_back_end(declared))]
