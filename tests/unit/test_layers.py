from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from hatch_lambda_zip.contents.layers import check_packages, select_for_layer, split_layers
from hatch_lambda_zip.contents.requirements_graph import RequirementsGraph
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install.read import Installed
from hatch_lambda_zip.lock.model import Origin
from tests.support.installed import made, platform_of, put

SELECTED = (
    made("common", requires=["requests"], origin=Origin.LOCAL),
    made("idna"),
    made("orders", requires=["common", "pydantic"], origin=Origin.LOCAL),
    made("pydantic", requires=["pydantic-core"]),
    made("pydantic-core"),
    made("requests", requires=["idna"]),
)


def choose(named: Sequence[str] | None, installed: Sequence[Installed] = SELECTED) -> list[str]:
    roots = [Requirement("common"), Requirement("pydantic")]
    graph = RequirementsGraph(installed, roots, platform_of())
    chosen = select_for_layer(installed, named, graph, key="here", own="orders")
    return [one.name for one in chosen]


def test_everything_third_party_by_default() -> None:
    assert choose(None) == ["idna", "pydantic", "pydantic-core", "requests"]


@pytest.mark.parametrize("origin", [one for one in Origin if one is not Origin.LOCAL])
def test_what_is_no_project_of_the_workspace_is_third_party(origin: Origin) -> None:
    assert choose(None, [made("a", origin=origin)]) == ["a"]


@pytest.mark.parametrize(
    ("named", "chosen"),
    [
        ([], []),
        (["pydantic"], ["pydantic", "pydantic-core"]),
        (["pydantic-core"], ["pydantic-core"]),
        (["common"], ["common", "idna", "requests"]),
        (["requests", "pydantic-core"], ["idna", "pydantic-core", "requests"]),
    ],
)
def test_what_is_named_ships_with_all_that_it_needs(named: list[str], chosen: list[str]) -> None:
    assert choose(named) == chosen


def test_the_package_is_in_no_layer_even_where_another_needs_it() -> None:
    installed = [*SELECTED, made("plugin", requires=["orders"])]
    assert "orders" not in choose(["plugin"], installed)


def test_the_package_itself_can_not_be_named() -> None:
    with pytest.raises(ContentsError) as caught:
        choose(["pydantic", "orders"])
    assert str(caught.value) == (
        "here.distributions: 'orders' is the package itself, which its functions ship"
    )


def test_every_unknown_name_is_corrected() -> None:
    with pytest.raises(ContentsError) as caught:
        choose(["pydantik", "requests", "zzz"])
    start = "here.distributions: of what the lock selects for this layer, "
    known = "common, idna, pydantic, pydantic-core, requests"
    end = (
        ". What comes with an extra or a dependency group has to be selected here too "
        "(`extras`, `groups`)"
    )
    assert str(caught.value).splitlines() == [
        f"{start}'pydantik' is not one of {known}. Did you mean 'pydantic'?{end}",
        f"{start}'zzz' is not one of {known}{end}",
    ]


def split(needed: Sequence[Installed], **layers: Sequence[Installed]) -> dict[str, str]:
    return split_layers(needed, layers, key="here.layers")


def problems_of(needed: Sequence[Installed], **layers: Sequence[Installed]) -> list[str]:
    with pytest.raises(ContentsError) as caught:
        split(needed, **layers)
    return str(caught.value).splitlines()


def test_layers_ship_a_part_of_what_is_needed() -> None:
    a, b, c = made("a"), made("b"), made("c")
    assert split([a, b, c]) == {}
    assert split([a, b, c], one=[a], two=[c], three=[]) == {"a": "one", "c": "two"}


def test_a_layer_ships_nothing_that_is_not_needed() -> None:
    assert problems_of([made("a")], one=[made("a"), made("b"), made("c", version="2.0")]) == [
        f"here.layers: the layer 'one' ships {what}, which is none of what the function needs; "
        "give the function the extras or groups that select it, or leave it out of the layer"
        for what in ("b 1.0", "c 2.0")
    ]


def test_a_layer_ships_the_version_that_is_needed() -> None:
    other = made("a", version="2.0", identity="sha256:y")
    assert problems_of([made("a")], one=[other]) == [
        (
            "here.layers: the layer 'one' ships a 2.0, while the lock gives the function 1.0; "
            "select the same extras and groups for both"
        )
    ]


def test_a_layer_ships_the_build_that_is_needed() -> None:
    assert problems_of([made("a")], one=[made("a", identity="sha256:y")]) == [
        (
            "here.layers: the layer 'one' ships another build of a 1.0 than the function needs; "
            "select the same extras and groups for both"
        )
    ]


def test_hashes_of_a_requirements_file_are_compared_by_what_they_let_in() -> None:
    listed = {"one": [made("a", identity="hashes:x")]}
    assert split_layers([made("a")], listed, key="k") == {"a": "one"}
    other = made("a", {"a.py": b"X = 2\n"})
    with pytest.raises(ContentsError, match="ships another build of a"):
        split_layers([other], listed, key="k")


def test_a_layer_with_a_lock_of_its_own_ships_more_but_no_other_version() -> None:
    layers = {"one": [made("a"), made("b")], "two": [made("b", version="2.0")]}
    shipped = split_layers([made("a")], {"one": layers["one"]}, key="k", apart=["one"])
    assert shipped == {"a": "one", "b": "one"}
    with pytest.raises(ContentsError, match="layers 'one' and 'two' both ship b"):
        split_layers([made("a")], layers, key="k", apart=layers)
    other = {"one": [made("a", version="2.0", identity="sha256:y")]}
    with pytest.raises(ContentsError) as caught:
        split_layers([made("a")], other, key="k", apart=["one"])
    assert str(caught.value) == (
        "k: the layer 'one' ships a 2.0, while the lock gives the function 1.0; "
        "`hatch-lambda-zip lock` renews the locks of both so that they agree"
    )


def test_nothing_is_in_two_layers() -> None:
    a, b = made("a"), made("b")
    assert problems_of([a, b], one=[a, b], two=[b, a], three=[a]) == [
        "here.layers: the layers 'one' and 'two' both ship b; leave it out of one of them",
        "here.layers: the layers 'one' and 'two' both ship a; leave it out of one of them",
        "here.layers: the layers 'one' and 'three' both ship a; leave it out of one of them",
    ]


def test_all_that_does_not_fit_is_reported_at_once() -> None:
    other = made("a", identity="sha256:y")
    assert len(problems_of([made("a")], one=[other, made("b")], two=[made("c")])) == 3


EXTENDS = "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n"
DECLARES = "__import__('pkg_resources').declare_namespace(__name__)\n"


def torn(function: dict[str, str | bytes], layer: dict[str, str | bytes]) -> list[str]:
    """Return the packages that are torn when two distributions share them."""
    try:
        check_packages([made("mine", function)], [made("theirs", layer)], "here.layers")
    except ContentsError as error:
        lines = str(error).splitlines()
        for line in lines:
            assert line.startswith("here.layers: the package '")
            assert line.endswith(
                " would be torn apart: the function ships a part of it with mine, a layer one with "
                "theirs, and Python looks into one of them only. Put both into the layer, or "
                "neither"
            )
        return [line.split("'")[1] for line in lines]
    return []


CASES: dict[str, tuple[dict[str, str | bytes], dict[str, str | bytes], list[str]]] = {
    "different packages": ({"a/__init__.py": ""}, {"b/__init__.py": ""}, []),
    "both have the package": ({"a/__init__.py": "", "a/b.py": ""}, {"a/__init__.py": ""}, ["a"]),
    "the layer closes it": ({"a/b.py": ""}, {"a/__init__.py": ""}, ["a"]),
    "the function closes it": ({"a/__init__.py": ""}, {"a/b.py": ""}, ["a"]),
    "native namespace": ({"a/b.py": ""}, {"a/c.py": ""}, []),
    "native namespace of packages": ({"a/b/__init__.py": ""}, {"a/c/__init__.py": ""}, []),
    "pkgutil": (
        {"a/__init__.py": EXTENDS, "a/b.py": ""},
        {"a/__init__.py": EXTENDS, "a/c.py": ""},
        [],
    ),
    "pkg_resources": (
        {"a/__init__.py": DECLARES, "a/b.py": ""},
        {"a/__init__.py": DECLARES, "a/c.py": ""},
        [],
    ),
    "pkgutil on one side": ({"a/__init__.py": EXTENDS}, {"a/__init__.py": ""}, ["a"]),
    "a package in a namespace": (
        {"a/b/__init__.py": "", "a/b/c.py": ""},
        {"a/b/d.py": ""},
        ["a.b"],
    ),
    "a package in a pkgutil namespace": (
        {"a/__init__.py": EXTENDS, "a/b/__init__.py": ""},
        {"a/__init__.py": EXTENDS, "a/b/c.py": ""},
        ["a.b"],
    ),
    "what is below is torn with it": (
        {"a/__init__.py": "", "a/b/__init__.py": "", "ab/__init__.py": ""},
        {"a/__init__.py": "", "a/b/__init__.py": "", "ab/__init__.py": ""},
        ["a", "ab"],
    ),
    "a namespace of deep packages": (
        {"a/b/c/d/__init__.py": ""},
        {"a/b/c/e/__init__.py": ""},
        [],
    ),
    "a compiled package": ({"a/__init__.pyc": b""}, {"a/b.py": ""}, ["a"]),
    "a native package": (
        {"a/b.py": ""},
        {"a/__init__.cpython-313-x86_64-linux-gnu.so": b""},
        ["a"],
    ),
    "data directories": ({"share/man/a.1": ""}, {"share/man/b.1": ""}, []),
    "modules of the top": ({"a.py": ""}, {"b.py": ""}, []),
}


@pytest.mark.parametrize("case", CASES)
def test_no_package_is_torn_apart(case: str) -> None:
    function, layer, packages = CASES[case]
    assert torn(function, layer) == packages


def test_of_several_owners_the_first_is_named() -> None:
    function = [made("one", {"a/b.py": ""}), made("other", {"a/c.py": ""})]
    with pytest.raises(ContentsError, match="the function ships a part of it with one, a layer"):
        check_packages(function, [made("theirs", {"a/__init__.py": ""})], "here.layers")


IMPORTABLE = [
    case
    for case, (*sides, _) in CASES.items()
    for files in [{**sides[0], **sides[1]}]
    if all(name.endswith(".py") for name in files) and DECLARES not in files.values()
]


@pytest.mark.parametrize("case", IMPORTABLE)
def test_python_finds_all_modules_but_those_of_torn_packages(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, layer, packages = CASES[case]
    directories = {tmp_path / "task": function, tmp_path / "opt": layer}
    monkeypatch.setattr(sys, "path", [*map(str, directories), *sys.path])
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    modules: dict[Path, str] = {}
    for directory, files in directories.items():
        for name, content in files.items():
            put(directory / name, str(content).encode())
            # Of modules that do nothing but spread their package, any will do.
            if content != EXTENDS:
                dotted = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                modules[directory / name] = dotted
    importlib.invalidate_caches()
    found = {path: imported_file(module) for path, module in modules.items()}
    assert all(found[path] == str(path) for path in found) is not bool(packages)


def imported_file(module: str) -> str | None:
    try:
        return importlib.import_module(module).__file__
    except ModuleNotFoundError:
        return None
