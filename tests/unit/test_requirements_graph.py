from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from hatch_lambda_zip.contents.requirements_graph import (
    RequirementsGraph,
    direct_requirements,
    requirements_of,
)
from hatch_lambda_zip.errors import DistributionError
from tests.support.installed import entry_of, made, platform_of

pytestmark = pytest.mark.every_python


def graph(
    edges: Mapping[str, Iterable[str]], *roots: str, runtime: str = "python3.13"
) -> RequirementsGraph:
    installed = [made(name, requires=requires) for name, requires in edges.items()]
    return RequirementsGraph(installed, map(Requirement, roots), platform_of(runtime))


def needed(dependencies: RequirementsGraph, *without: str) -> str:
    return "".join(sorted(dependencies.needed(without=without)))


def test_everything_is_needed() -> None:
    dependencies = graph({"a": ["b"], "b": ["c"], "c": []}, "a")
    assert needed(dependencies) == "abc"
    assert needed(dependencies, "b") == "a"
    assert needed(dependencies, "a") == ""
    assert needed(dependencies, "unknown") == "abc"


def test_what_others_need_too_stays() -> None:
    dependencies = graph({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, "a")
    assert needed(dependencies, "b") == "acd"


def test_what_the_package_needs_itself_stays() -> None:
    assert needed(graph({"a": ["b"], "b": []}, "a", "b"), "a") == "b"


def test_names_are_compared_as_normalized() -> None:
    dependencies = graph({"a-b": ["C_d"], "c-d": []}, "A.B")
    assert dependencies.needed() == {"a-b", "c-d"}
    assert dependencies.needed(without=["a-b"]) == set()


def test_circles_end() -> None:
    dependencies = graph({"a": ["b"], "b": ["c"], "c": ["a"]}, "a")
    assert needed(dependencies) == "abc"
    assert needed(dependencies, "b") == "a"


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("python_version < '3.11'", False),
        ("python_version >= '3.11'", True),
        ("sys_platform == 'linux'", True),
        ("sys_platform == 'win32' or platform_system == 'Darwin'", False),
        ("platform_machine == 'x86_64'", True),
        ("extra == 'x'", False),
        ("extra != 'x'", True),
    ],
)
def test_markers_are_those_of_the_target(marker: str, holds: bool) -> None:  # noqa: FBT001
    dependencies = graph({"a": ["b", f"c; {marker}"], "b": ["c"], "c": []}, "a")
    assert needed(dependencies, "b") == ("ac" if holds else "a")
    # A root counts where its marker holds.
    dependencies = graph({"a": ["b"], "b": []}, "a", f"b; {marker}")
    assert needed(dependencies, "a") == ("b" if holds else "")


def test_the_extras_that_are_asked_for_count() -> None:
    edges = {"a": ["c; extra == 'X_y'", "d; extra == 'z'", "b"], "b": ["c", "d"], "c": [], "d": []}
    assert needed(graph(edges, "a"), "b") == "a"
    assert needed(graph(edges, "a[x.Y]"), "b") == "ac"
    assert needed(graph(edges, "a[x-y,z]"), "b") == "acd"


def test_extras_ask_for_others() -> None:
    edges = {"a": ["a[y]; extra == 'x'", "c; extra == 'y'", "b"], "b": ["c"], "c": []}
    assert needed(graph(edges, "a[x]"), "b") == "ac"
    assert needed(graph(edges, "a"), "b") == "a"


def test_an_extra_with_a_marker_beside_it() -> None:
    requires = ["c; extra == 'x' and python_version < '3.9'", "b"]
    edges = {"a": requires, "b": ["c"], "c": []}
    assert needed(graph(edges, "a[x]"), "b") == "a"
    assert needed(graph(edges, "a[x]", runtime="python3.8"), "b") == "ac"


def test_what_nothing_requires_counts_as_required_with_what_it_needs() -> None:
    dependencies = graph({"a": [], "x": ["y"], "y": ["z"], "z": []}, "a")
    assert needed(dependencies) == "axyz"
    assert needed(dependencies, "a") == "xyz"
    # What only an excluded one needs goes with it, whoever required that one.
    assert needed(dependencies, "x") == "a"
    assert needed(dependencies, "y") == "ax"


def test_a_circle_that_nothing_requires_counts_as_required() -> None:
    dependencies = graph({"a": [], "x": ["y"], "y": ["x", "z"], "z": []}, "a")
    assert needed(dependencies) == "axyz"
    assert needed(dependencies, "a") == "xyz"


def test_what_requires_itself_counts_as_required_by_nothing() -> None:
    dependencies = graph({"x": ["x[e]", "a"], "a": []})
    assert needed(dependencies) == "ax"
    assert needed(dependencies, "x") == ""


def test_a_local_project_that_is_not_there_changes_nothing() -> None:
    """A layer is built without the workspace's members, which its functions have."""
    edges = {"b": ["c", "d"], "c": ["d", "e"], "d": [], "e": [], "f": ["e"]}
    with_member = graph({"m": ["b", "f"], **edges}, "m")
    without_member = graph(edges, "m")
    for left_out in ("b", "c", "bc", "f"):
        assert {*needed(with_member, *left_out)} - {"m"} == {*needed(without_member, *left_out)}


def test_a_closure_has_what_its_names_need() -> None:
    dependencies = graph({"a": ["b"], "b": [], "c": ["d"], "d": ["c"], "e": []}, "a", "c", "e")
    assert dependencies.closure([]) == set()
    assert dependencies.closure(["a"]) == {"a", "b"}
    assert dependencies.closure(["d", "b"]) == {"b", "c", "d"}
    assert dependencies.closure(["unknown"]) == set()


def test_a_closure_takes_extras_as_they_are_used() -> None:
    edges = {"a": ["b; extra == 'x'", "c; extra == 'y'"], "b": [], "c": [], "d": ["a[y]", "c"]}
    assert graph(edges, "a[x]", "d").closure(["a"]) == {"a", "b", "c"}
    assert graph(edges, "a[x]", "c").closure(["a"]) == {"a", "b", "c"}  # d is there all the same
    del edges["d"]
    assert graph(edges, "a[x]", "c").closure(["a"]) == {"a", "b"}
    assert graph(edges, "a", "b", "c").closure(["a"]) == {"a"}


NODES = "abcdef"
EDGES = st.dictionaries(
    st.sampled_from(NODES), st.lists(st.sampled_from(NODES), max_size=3), max_size=6
)
SOME = st.sets(st.sampled_from(NODES), max_size=3)


def reachable(
    edges: Mapping[str, Iterable[str]], start: Iterable[str], without: Collection[str] = ()
) -> set[str]:
    """Say the same in another way: grow a set until nothing is new."""
    found = {name for name in start if name in edges and name not in without}
    while new := {
        one for name in found for one in edges[name] if one in edges and one not in without
    }.difference(found):
        found |= new
    return found


@given(EDGES, SOME, SOME)
def test_needed_is_what_can_be_reached(
    edges: dict[str, list[str]], roots: set[str], without: set[str]
) -> None:
    dependencies = graph(edges, *roots)
    assert dependencies.needed() == edges.keys()
    kept = dependencies.needed(without=without)
    assert kept <= edges.keys() - without
    # Nothing goes that the package reaches otherwise, nor what it has without a reason.
    assert reachable(edges, roots, without) <= kept
    unrequired = edges.keys() - {one for name in edges for one in edges[name] if one != name}
    assert reachable(edges, unrequired, without) <= kept
    # What goes was needed by what is left out, and by nothing that stays.
    gone = edges.keys() - kept - without
    assert gone <= reachable(edges, without)
    assert gone.isdisjoint(one for name in kept for one in edges[name])


@given(EDGES, SOME)
def test_needed_of_what_the_package_requires_is_exactly_what_it_reaches(
    edges: dict[str, list[str]], without: set[str]
) -> None:
    roots = [name for name in edges if name < "c"]
    own = reachable(edges, roots)
    closed = {name: edges[name] for name in own}
    assert graph(closed, *roots).needed(without=without) == reachable(closed, roots, without)


@given(EDGES, SOME, SOME)
def test_a_closure_is_what_can_be_reached(
    edges: dict[str, list[str]], roots: set[str], names: set[str]
) -> None:
    assert graph(edges, *roots).closure(names) == reachable(edges, names)


@given(EDGES, SOME, SOME, st.randoms())
def test_the_order_does_not_matter(
    edges: dict[str, list[str]], roots: set[str], without: set[str], random: Random
) -> None:
    names = [*edges]
    random.shuffle(names)
    other = graph({name: edges[name] for name in names}, *sorted(roots, reverse=True))
    assert other.needed(without=without) == graph(edges, *roots).needed(without=without)


@pytest.mark.parametrize(
    ("line", "requirements"),
    [
        (b"Requires-Dist: b (>=1,<2)\n", ["b<2,>=1"]),
        (b"Requires-Dist: b>=1,\n        <2\nrequires-dist: c\n", ["b<2,>=1", "c"]),
        (b"Requires-Dist: b\r\n", ["b"]),
        (b"Summary: \xff\nRequires-Dist: b\n\nRequires-Dist: text\n", ["b"]),
    ],
)
def test_requirements_are_read_from_metadata(line: bytes, requirements: list[str]) -> None:
    demo = made(files={"demo-1.0.dist-info/METADATA": b"Name: demo\n" + line})
    assert [str(one) for one in requirements_of(demo)] == requirements


@pytest.mark.parametrize("text", [b"!!", b"b >", "b\u00e9".encode(), b"b\xff", b"b; wrong == 1"])
def test_a_requirement_that_is_none_is_refused(text: bytes) -> None:
    demo = made(files={"demo-1.0.dist-info/METADATA": b"Requires-Dist: " + text + b"\n"})
    with pytest.raises(
        DistributionError, match=r"^METADATA of demo has a requirement that is none: "
    ):
        requirements_of(demo)


def test_missing_metadata_is_refused() -> None:
    without = replace(made(), entries=(entry_of("demo.py", ""),))
    with pytest.raises(DistributionError) as caught:
        RequirementsGraph([without], (), platform_of()).needed()
    assert str(caught.value) == "demo has no METADATA. Choose another version of it."


def test_no_way_leads_to_what_is_not_there() -> None:
    installed = [made("a", requires=["b"]), made("b", requires=["a", "gone"])]
    graph = RequirementsGraph(installed, [Requirement("a")], platform_of())
    assert [step.text for step in graph.chain("b")] == ["a", "b"]
    assert graph.chain("gone") == graph.chain("other") == ()


def test_a_marker_of_the_package_that_has_no_answer() -> None:
    roots = [Requirement('a; os_name ~= "posix"')]
    with pytest.raises(DistributionError, match=r"^the package requires a, but .* of the package"):
        direct_requirements([made("a")], roots, platform_of())
