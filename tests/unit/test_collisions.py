"""Files of a function and its layers that want one place."""

from __future__ import annotations

import importlib.util
import marshal
from collections.abc import Mapping

import pytest

from hatch_lambda_zip.bytecode.normalize import normalize
from hatch_lambda_zip.config.model import Artifact, Kind
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.contents.collisions import check_collisions
from hatch_lambda_zip.contents.decide import Contents, decide_function, decide_layer
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.lock.model import Origin
from tests.support.installed import entry_of, made, platform_of

PLATFORM = platform_of("python3.13")
Files = Mapping[str, str | bytes]


def entries(files: Files, owner: str) -> list[Entry]:
    return [entry_of(path, content, owner) for path, content in files.items()]


def problems_of(function: Files, **layers: Files) -> list[str]:
    shipped = {name: entries(files, f"in-{name}") for name, files in layers.items()}
    try:
        check_collisions(entries(function, "orders"), shipped, PLATFORM.runtime, key="here")
    except ContentsError as error:
        return str(error).splitlines()
    return []


def test_two_layers_with_one_path_and_other_bytes() -> None:
    (problem,) = problems_of({}, a={"python/x.py": "1"}, b={"python/x.py": "2"})
    assert problem == (
        "here: the layers 'a' and 'b' both ship python/x.py (of in-a and in-b) with different "
        "content, and Lambda unpacks one over the other. Leave it out of one of them (by "
        "`exclude-files` in its table), or give it another place"
    )
    assert problems_of({}, a={"bin/tool": "1"}, b={"bin/tool": "2"})
    assert not problems_of({}, a={"python/x.py": "1"}, b={"python/x.py": "1"})
    # Other places below /opt, though of one module.
    elsewhere = "python/lib/python3.13/site-packages/x.py"
    assert not problems_of({}, a={"python/x.py": "1"}, b={elsewhere: "2"})


def test_a_file_of_one_layer_is_a_directory_of_another() -> None:
    (problem,) = problems_of({}, a={"python/x/y.py": ""}, b={"python/x": ""})
    assert "layer 'b' ships python/x (of in-b) as a file, and the layer 'a' has it" in problem


@pytest.mark.parametrize("root", ["python/", "python/lib/python3.13/site-packages/"])
def test_a_layer_against_the_function(root: str) -> None:
    (problem,) = problems_of({"x.py": "1"}, a={f"{root}x.py": "2"})
    assert problem == (
        f"here: the function ships x.py (of orders), and the layer 'a' {root}x.py (of in-a) with "
        "different content, which the function's would hide. Leave it out of one of them (by "
        "`exclude-files` in its table), or give it another place"
    )
    assert not problems_of({"x.py": "1"}, a={f"{root}x.py": "1"})


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("app/__init__.py", "app.py"),
        ("app/main.py", "app.py"),  # a package without __init__.py loses to a module anywhere
        ("app.py", "app/__init__.py"),
        ("app.py", "app/main.py"),
        ("a/b/c.py", "a/b.py"),
    ],
)
def test_a_module_here_and_a_package_there(mine: str, theirs: str) -> None:
    (problem,) = problems_of({mine: ""}, a={f"python/{theirs}": ""})
    name = "a.b" if mine.startswith("a/") else "app"
    assert problem.startswith(
        f"here: '{name}' is a module of the function and a package of the layer 'a', or the other "
        f"way round, and Python finds one of the two: the function ships {mine} (of orders), the "
        f"layer python/{theirs} (of in-a). Leave it out"
    )


def test_a_directory_of_data_is_no_package() -> None:
    assert not problems_of({"app/config.yaml": ""}, a={"python/app.py": ""})
    assert not problems_of({"app.py": ""}, a={"python/app/config.yaml": "", "app/main.py": ""})


@pytest.mark.parametrize("place", ["x.py", "python/lib/python3.12/site-packages/x.py", "lib/x.py"])
def test_what_is_not_imported_from_there_is_another_file(place: str) -> None:
    assert not problems_of({"x.py": "1"}, a={place: "2"})


def test_compiled_modules_differ_in_more_than_their_directory() -> None:
    def pyc(source: str, filename: str) -> bytes:
        code = marshal.dumps(compile(source, "x.py", "exec"))
        return normalize(importlib.util.MAGIC_NUMBER + bytes(12) + code, filename=filename)

    mine, same = pyc("x = 1", "/var/task/x.py"), pyc("x = 1", "/opt/python/x.py")
    assert mine != same
    assert not problems_of({"x.pyc": mine}, a={"python/x.pyc": same})
    assert problems_of({"x.pyc": mine}, a={"python/x.pyc": pyc("x = 2", "/opt/python/x.py")})
    assert problems_of({"x.pyc": b"?"}, a={"python/x.pyc": same})


def test_many_are_counted() -> None:
    one, other = ({f"python/{number}.py": text for number in range(8)} for text in "ab")
    problems = problems_of({}, a=one, b=other)
    assert len(problems) == 6
    assert problems[-1] == "here: and 3 more such paths"


def test_added_files_of_a_layer_are_compared_with_those_of_the_function() -> None:
    project = Project("orders", "1.0", "orders-1.0")
    orders = made("orders", {"orders.py": ""}, origin=Origin.LOCAL)
    layer = Artifact("deps", "deps", "here.layers.deps", Kind.LAYER, PLATFORM)
    function = Artifact("api", "api", "here.functions.api", Kind.FUNCTION, PLATFORM)

    def decide(in_layer: str, in_function: str) -> Contents:
        added = [entry_of("python/settings.toml", in_layer, "orders")]
        deps = decide_layer(layer, project, [made("six")], added)
        own = [entry_of("settings.toml", in_function, "orders")]
        installed = [orders, made("six")]
        return decide_function(function, project, installed, own, {"deps": deps})

    assert decide("1", "1").entries
    with pytest.raises(ContentsError, match=r"functions\.api\.layers: the function ships settin"):
        decide("1", "2")
