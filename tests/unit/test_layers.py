from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from installing import installed, names_of, target
from packaging.requirements import Requirement

from hatch_lambda_zip.dependencies import Dependencies
from hatch_lambda_zip.errors import LayerError
from hatch_lambda_zip.layers import check_packages, choose_for_layer, divide
from hatch_lambda_zip.lock.model import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_lambda_zip.installed import Installed

ALL = (
    installed("a", requires=["b"]),
    installed("b"),
    installed("member", requires=["c"], origin=Origin.LOCAL),
    installed("c"),
    installed("built", origin=Origin.GIT),
)


def chosen(named: Sequence[str] | None) -> list[str]:
    roots = map(Requirement, ["a", "member", "built"])
    dependencies = Dependencies(ALL, roots, target())
    return names_of(choose_for_layer(ALL, named, dependencies, key="KEY", own="own"))


def test_by_default_a_layer_has_everything_third_party() -> None:
    assert chosen(None) == ["a", "b", "c", "built"]


def test_a_layer_has_what_it_names_with_all_that_this_needs() -> None:
    assert chosen(["a"]) == ["a", "b"]
    assert chosen(["b", "member"]) == ["b", "member", "c"]
    assert chosen([]) == []


def test_names_that_a_layer_cannot_have() -> None:
    with pytest.raises(LayerError, match=r"^KEY.distributions: 'own' is the package itself"):
        chosen(["own"])
    with pytest.raises(LayerError) as caught:
        chosen(["a", "membr", "zzz"])
    first, second = str(caught.value).splitlines()
    assert "'membr' is not one of a, b, built, c, member. Did you mean 'member'?" in first
    assert "has to be selected here too (`extras`, `groups`)" in second


def problems(needed: Sequence[Installed], **layers: Sequence[Installed]) -> list[str]:
    with pytest.raises(LayerError) as caught:
        divide(needed, layers, key="KEY")
    return str(caught.value).splitlines()


def test_every_distribution_is_in_one_place() -> None:
    a, b, _, c, _ = ALL
    assert divide(ALL, {}, key="KEY") == {}
    assert divide(ALL, {"one": [a], "two": [b, c]}, key="KEY") == {
        "a": "one",
        "b": "two",
        "c": "two",
    }


def test_layers_that_do_not_fit() -> None:
    a, b, _, c, _ = ALL
    (problem,) = problems([b], one=[a, b])
    assert problem.startswith(
        "KEY: the layer 'one' ships a 1.0, which is none of what the function"
    )
    (problem,) = problems([a], one=[installed("a", version="2.0")])
    assert "the layer 'one' ships a 2.0, while the lock gives the function 1.0" in problem
    (problem,) = problems([a], one=[installed("a", identity="sha256:other")])
    assert "the layer 'one' ships another build of a 1.0 than the function needs" in problem
    (problem,) = problems([a, b], one=[a], two=[b, a])
    assert "the layers 'one' and 'two' both ship a" in problem
    assert len(problems([a], one=[b, c], two=[a], three=[a])) == 3


def check(function: dict[str, bytes], layer: dict[str, bytes]) -> None:
    check_packages([installed("f", function)], [installed("l", layer)], "KEY")


SPREADING = b"__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
DECLARED = b"__import__('pkg_resources').declare_namespace(__name__)\n"


@pytest.mark.parametrize(
    ("function", "layer"),
    [
        pytest.param({"a/__init__.py": b"", "a/b.py": b""}, {"c/__init__.py": b""}, id="apart"),
        pytest.param({"a/b.py": b""}, {"a/c.py": b"", "a/d/__init__.py": b""}, id="namespace"),
        pytest.param({"a.py": b""}, {"b.py": b""}, id="modules"),
        pytest.param(
            {"a/__init__.py": SPREADING, "a/b.py": b""},
            {"a/__init__.py": SPREADING, "a/c.py": b""},
            id="pkgutil",
        ),
        pytest.param({"a/__init__.py": DECLARED}, {"a/c/__init__.py": b""}, id="setuptools"),
    ],
)
def test_packages_that_may_be_on_both_sides(
    function: dict[str, bytes], layer: dict[str, bytes]
) -> None:
    check(function, layer)
    check(layer, function)


@pytest.mark.parametrize(
    ("function", "layer", "package"),
    [
        pytest.param({"a/__init__.py": b""}, {"a/b.py": b""}, "a", id="plain"),
        pytest.param({"a/__init__.py": b""}, {"a/b/c/data.txt": b""}, "a", id="below"),
        pytest.param({"n/a/__init__.py": b"", "x.py": b""}, {"n/a/b.py": b""}, "n.a", id="nested"),
        pytest.param(
            {"a/__init__.py": SPREADING, "a/b/__init__.py": b""},
            {"a/__init__.py": SPREADING, "a/b/c.py": b""},
            "a.b",
            id="inside of pkgutil's",
        ),
        pytest.param({"a/__init__.py": b""}, {"a/__init__.py": b""}, "a", id="both"),
    ],
)
def test_packages_that_would_be_torn_apart(
    function: dict[str, bytes], layer: dict[str, bytes], package: str
) -> None:
    for one, other in ((function, layer), (layer, function)):
        with pytest.raises(LayerError) as caught:
            check(one, other)
        (line,) = str(caught.value).splitlines()
        assert line.startswith(f"KEY: the package {package!r} would be torn apart: the function ")
        assert "with f, a layer one with l, and" in line
