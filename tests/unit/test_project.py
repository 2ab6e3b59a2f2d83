from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pytest
from packaging.version import Version

from hatch_lambda_zip.config.model import Request
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.config.stated_project import read_stated_project
from hatch_lambda_zip.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def project_of(
    *dependencies: str,
    extras: Mapping[str, tuple[str, ...]] | None = None,
    groups: Any = None,  # noqa: ANN401 - whatever stands in pyproject.toml
) -> Project:
    return Project("orders", "1.0", "orders-1.0", dependencies, extras or {}, groups or {})


def required(
    project: Project, *, extras: tuple[str, ...] = (), groups: tuple[str, ...] = ()
) -> list[str]:
    return sorted(map(str, project.requirements(Request(extras, groups))))


def test_nothing_is_required_of_nothing() -> None:
    assert required(project_of()) == []
    assert required(project_of(), extras=("unknown",)) == []


def test_only_wanted_extras_and_groups_are_required() -> None:
    project = project_of(
        "a>=1; python_version < '3.9'",
        extras={"x": ("b",), "y": ("c",)},
        groups={"g": ["d"], "h": ["e"]},
    )
    always = 'a>=1; python_version < "3.9"'
    assert required(project) == [always]
    assert required(project, extras=("x",)) == [always, "b"]
    assert required(project, groups=("h",)) == [always, "e"]
    assert required(project, extras=("y", "x"), groups=("h", "g")) == [always, *"bcde"]


def test_an_extra_may_refer_to_others_of_the_package() -> None:
    project = project_of(
        extras={
            "all": ("Orders[x, Y_y]",),
            "x": ("b", "orders[z]"),
            "y-y": ("c",),
            "z": ("d", "orders[all]"),
        }
    )
    assert required(project, extras=("all",)) == ["b", "c", "d"]


def test_dependencies_and_groups_may_refer_to_extras_of_the_package() -> None:
    extras = {"x": ("b",), "y": ("c",)}
    assert required(project_of("orders[x]", extras=extras)) == ["b"]
    project = project_of(extras=extras, groups={"g": ["orders[y]", "d"]})
    assert required(project, groups=("g",)) == ["c", "d"]


def test_groups_include_others() -> None:
    groups = {"g": ["a", {"include-group": "H_h"}], "h-h": [{"include-group": "i"}, "b"], "i": []}
    assert required(project_of(groups=groups), groups=("g",)) == ["a", "b"]


def test_group_names_are_normalized() -> None:
    assert required(project_of(groups={"Lambda_Only": ["a"]}), groups=("lambda-only",)) == ["a"]


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ({"g": [{"include-group": "g"}]}, "Cyclic dependency group include"),
        ({"g": [{"include-group": "h"}]}, "Dependency group 'h' not found"),
        ({"h": []}, "Dependency group 'g' not found"),
        ({"g": ["!!"]}, "Expected package name"),
        ({"g": [1]}, "1"),
        ({"g": "a"}, "Dependency group 'g' contained a string rather than a list"),
        ({"g": [{"x": "y"}]}, "x"),
        ({"g": 1}, "g"),
        ({"G": [], "g": []}, "Duplicate dependency group names"),
        ({"g": [{"include-group": 1}]}, ""),  # in other words by each release of packaging
        (["g"], "items"),
    ],
)
def test_malformed_groups_are_refused(groups: object, reason: str) -> None:
    project = project_of(groups=groups)
    assert required(project) == []
    with pytest.raises(ConfigError) as caught:
        required(project, groups=("g",))
    message = str(caught.value)
    assert message.startswith("dependency-groups: ")
    assert reason in message
    assert message.endswith(". Correct pyproject.toml.")
    assert "\n" not in message


KINDS = {
    "project = 3": "project: must be a table",
    "project = { name = 3 }": "project.name: must be a string, not 3",
    "project = { version = [] }": "project.version: must be a string, not []",
    "project = { dependencies = '' }": "project.dependencies: must be an array of strings, not ''",
    "project = { dynamic = [3] }": "project.dynamic: must be an array of strings, not [3]",
    "project = { optional-dependencies = [] }": "project.optional-dependencies: must be a table",
    "project = { optional-dependencies = { x = 3 } }": (
        "project.optional-dependencies.x: must be an array of strings, not 3"
    ),
    "dependency-groups = []": "dependency-groups: must be a table",
}


@pytest.mark.parametrize("text", KINDS)
def test_what_is_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_stated_project(tomllib.loads(text))
    assert caught.value.problems == (KINDS[text],)


def test_every_mistake_of_a_group_is_named() -> None:
    project = project_of(groups={"g": ["!!", "a", {"include-group": "zz"}]})
    # packaging stopped at the first one before it had groups of exceptions.
    names_all = Version(version("packaging")) >= Version("26.4")
    with pytest.raises(ConfigError, match=r"'!!'.*; .*'?zz'?" if names_all else "'!!'"):
        required(project, groups=("g",))


@pytest.mark.parametrize("text", ["!!!", "", "a b", "a; x"])
def test_a_requirement_that_is_none_is_refused(text: str) -> None:
    of_extra = Project("a", "1", "a-1", optional_dependencies={"x": (text,)})
    assert of_extra.requirements(Request()) == ()
    for project in (of_extra, Project("a", "1", "a-1", dependencies=(text,))):
        with pytest.raises(ConfigError) as caught:
            project.requirements(Request(("x",)))
        (message,) = caught.value.problems
        assert message.startswith(f"project: {text!r} is no requirement (PEP 508): ")
        assert message.endswith(". Correct pyproject.toml.")
        assert "\n" not in message
