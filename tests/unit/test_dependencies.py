from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from installing import installed, names_of, target
from packaging.requirements import Requirement

from hatch_lambda_zip.artifacts import Exclusions, Wants
from hatch_lambda_zip.dependencies import Dependencies
from hatch_lambda_zip.errors import ExclusionError, ProjectError, StagingError
from hatch_lambda_zip.exclusions import exclude
from hatch_lambda_zip.project import Project


def graph(requires: dict[str, list[str]], *roots: str, runtime: str = "python3.13") -> Dependencies:
    distributions = [installed(name, requires=texts) for name, texts in requires.items()]
    return Dependencies(distributions, map(Requirement, roots), target(runtime))


def test_what_is_needed_follows_requirements_markers_and_extras() -> None:
    requires = {
        "a": ["b; python_version < '3.12'", "c[x]; platform_machine == 'x86_64'"],
        "b": ["e"],
        "c": ["d; extra == 'x'", "e; extra == 'y'"],
        "d": ["a"],  # a cycle
        "e": [],
    }
    assert graph(requires, "a").needed(without=["e"]) == {"a", "c", "d"} | {"b"}  # an orphan
    assert graph(requires, "a", runtime="python3.11").needed(without=["b"]) == {"a", "c", "d"}


def test_what_nobody_requires_counts_as_required() -> None:
    dependencies = graph({"a": ["b"], "b": [], "added": ["helper"], "helper": []}, "a")
    assert dependencies.needed() == {"a", "b", "added", "helper"}
    assert dependencies.needed(without=["a"]) == {"added", "helper"}
    assert dependencies.needed(without=["a", "helper"]) == {"added"}
    # By whom the helper is required, can't be told for sure: it stays.
    assert dependencies.needed(without=["added"]) == {"a", "b", "helper"}


def test_a_closure_has_the_extras_that_are_in_use() -> None:
    requires = {"a": ["c[x]"], "c": ["d; extra == 'x'", "f"], "d": [], "f": [], "g": []}
    assert graph(requires, "a", "g").closure(["c"]) == {"c", "d", "f"}
    assert graph(requires, "c", "a; python_version < '3'").closure(["g"]) == {"g"}


def test_names_and_extras_are_normalized() -> None:
    dependencies = graph({"a-b": ["C_d; extra == 'X_Y'"], "c-d": []}, "A.B[x-y]")
    assert dependencies.needed(without=[]) == {"a-b", "c-d"}
    assert dependencies.closure(["a-b"]) == {"a-b", "c-d"}


def test_metadata_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(StagingError, match="METADATA of a has a requirement that is none"):
        graph({"a": ["not a requirement at all"]}, "a").needed()


GRAPHS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), max_size=4), min_size=1
)


@given(GRAPHS, st.sets(st.sampled_from("abcdefgh")), st.sets(st.sampled_from("abcdefgh")))
def test_any_graph(requires: dict[str, list[str]], roots: set[str], without: set[str]) -> None:
    def reach(start: set[str], gone: set[str]) -> set[str]:
        found: set[str] = set()
        todo = [*start]
        while todo:
            name = todo.pop()
            if name in requires and name not in found and name not in gone:
                found.add(name)
                todo += requires[name]
        return found

    start = roots | (requires.keys() - reach(roots, set()))
    dependencies = graph(requires, *sorted(roots))
    assert dependencies.needed() == requires.keys()
    assert dependencies.needed(without=without) == reach(start, without)
    assert dependencies.closure(without) == reach(without, set())


SDK = {
    "own": [],
    "boto3": ["botocore", "jmespath", "s3transfer"],
    "botocore": ["jmespath", "python-dateutil", "urllib3"],
    "s3transfer": ["botocore"],
    "python-dateutil": ["six"],
    "powertools": ["jmespath"],
    "requests": ["urllib3"],
    **{name: [] for name in ("jmespath", "six", "urllib3")},
}


def excluded(exclusions: Exclusions, *roots: str) -> tuple[list[str], dict[str, str]]:
    distributions = [installed(name, requires=texts) for name, texts in SDK.items()]
    dependencies = Dependencies(distributions, map(Requirement, roots), target())
    kept, absent = exclude(distributions, exclusions, dependencies, key="KEY", own="own")
    return names_of(kept), {one.distribution.name: one.reason.value for one in absent}


def test_what_only_the_excluded_needs_goes_with_it() -> None:
    kept, absent = excluded(Exclusions(("boto3",), ("boto3",)), "boto3", "powertools", "requests")
    assert kept == ["own", "powertools", "requests", "jmespath", "urllib3"]
    assert absent == {
        "boto3": "excluded",
        **dict.fromkeys(("botocore", "python-dateutil", "s3transfer", "six"), "unneeded"),
    }


def test_what_the_runtime_provides_goes_as_one_set() -> None:
    kept, absent = excluded(Exclusions(provided="aws-sdk"), "boto3", "powertools", "requests")
    assert kept == ["own", "powertools", "requests", "urllib3"]  # though powertools needs jmespath
    assert absent == {
        **dict.fromkeys(("boto3", "botocore", "jmespath", "s3transfer"), "provided"),
        **dict.fromkeys(("python-dateutil", "six"), "unneeded"),
    }


def test_nothing_is_left_out_by_default() -> None:
    assert excluded(Exclusions(), "boto3") == ([*SDK], {})


def test_a_name_of_its_own_table_has_to_be_there() -> None:
    with pytest.raises(ExclusionError) as caught:
        excluded(Exclusions(("boto", "zzz"), ("boto", "zzz")), "boto3")
    first, second = str(caught.value).splitlines()
    assert first.startswith("KEY.exclude-distributions: of what the lock selects here, 'boto' is")
    assert first.endswith("Did you mean 'boto3'?")
    assert "'zzz' is not one of" in second
    assert "own" not in second
    # The defaults may name what only some functions have.
    assert excluded(Exclusions(("boto", "zzz")), "boto3") == ([*SDK], {})


def test_the_package_itself_is_not_left_out() -> None:
    with pytest.raises(ExclusionError, match=r"'own' is the package itself; use `exclude`"):
        excluded(Exclusions(("own",)), "boto3")


def test_a_project_requires_what_its_extras_and_groups_do() -> None:
    project = Project(
        "my-orders",
        "1",
        "my_orders-1",
        dependencies=("a", "b; python_version > '3'"),
        optional_dependencies={"web": ("c",), "all": ("My.Orders[web, db]", "d"), "db": ("e",)},
        dependency_groups={"G_1": ["f", {"include-group": "g2"}], "g2": ["g"]},
    )

    def required(*extras: str, groups: tuple[str, ...] = ()) -> list[str]:
        return sorted(one.name for one in project.requirements(Wants(extras, groups)))

    assert required() == ["a", "b"]
    assert required("web") == ["a", "b", "c"]
    assert required("all") == ["a", "b", "c", "d", "e"]
    assert required(groups=("g-1",)) == ["a", "b", "f", "g"]


@pytest.mark.parametrize("group", [[1], [{"include-group": "gone"}], ["not a requirement!"]])
def test_a_malformed_group_is_an_error(group: list[str]) -> None:
    project = Project("p", "1", "p-1", dependency_groups={"g": group})
    with pytest.raises(ProjectError, match=r"^dependency-groups: .*Correct pyproject.toml\.$"):
        project.requirements(Wants(groups=("g",)))
