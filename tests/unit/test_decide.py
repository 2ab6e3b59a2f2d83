from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from hatch_lambda_zip.config.model import Artifact, Kind, Strip
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.contents.decide import Contents, decide_function, decide_layer
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.lock.model import Origin
from tests.support.installed import entry_of, files_of, made, platform_of

PROJECT = Project("orders", "1.0", "orders-1.0", ("boto3", "common", "pydantic"))
LAYER = Artifact("deps", "deps", "here.layers.deps", Kind.LAYER, platform_of())
FUNCTION = Artifact("api", "api", "here.functions.api", Kind.FUNCTION, platform_of())

BOTO3 = made("boto3", {"boto3/__init__.py": ""}, requires=["six"])
COMMON = made("common", {"common.py": ""}, requires=["boto3"], origin=Origin.LOCAL)
ORDERS = made(
    "orders",
    {
        "orders/__init__.py": "",
        "orders/app.py": "def handler(event, context): ...",
        "orders/tests/a.py": "",
    },
    requires=["boto3", "common", "pydantic"],
    origin=Origin.LOCAL,
)
PYDANTIC = made("pydantic", {"pydantic/__init__.py": "", "pydantic/py.typed": ""})
SIX = made("six", {"six.py": ""})
ALL = (BOTO3, COMMON, ORDERS, PYDANTIC, SIX)
THIRD_PARTY = (BOTO3, PYDANTIC, SIX)


def function(changes: Artifact = FUNCTION, **layers: Contents) -> Contents:
    return decide_function(changes, PROJECT, ALL, (), layers)


def layer(changes: Artifact = LAYER) -> Contents:
    return decide_layer(changes, PROJECT, THIRD_PARTY, ())


def names_of(contents: Contents) -> list[str]:
    return [one.name for one in contents.distributions]


def absent_of(contents: Contents) -> dict[str, tuple[str, str | None]]:
    left_out = contents.left_out_distributions
    return {left.name: (left.reason.value, left.layer) for left in left_out}


def files_in(contents: Contents) -> list[str]:
    return [one.name for one in contents.entries if ".dist-info/" not in one.name]


def test_a_function_ships_everything() -> None:
    contents = function()
    assert names_of(contents) == [one.name for one in ALL]
    assert contents.installed == ALL
    assert (contents.left_out_distributions, contents.warnings) == ((), ())
    assert files_in(contents) == sorted(name for one in ALL for name in files_of(one))


def test_a_function_ships_what_its_layers_do_not() -> None:
    deps = layer()
    assert names_of(deps) == ["boto3", "pydantic", "six"]
    assert all(entry.name.startswith("python/") for entry in deps.entries)
    contents = function(deps=deps)
    assert names_of(contents) == ["common", "orders"]
    assert absent_of(contents) == dict.fromkeys(("boto3", "pydantic", "six"), ("layer", "deps"))


def test_a_layer_without_members_leaves_out_what_its_function_leaves_out() -> None:
    options = Options(exclude_distributions=("boto3",), provided=("aws-sdk",))
    deps = layer(replace(LAYER, options=options))
    assert absent_of(deps) == {"boto3": ("excluded", None), "six": ("unneeded", None)}
    contents = function(replace(FUNCTION, options=options), deps=deps)
    assert names_of(contents) == ["common", "orders"]
    assert absent_of(contents) == {**absent_of(deps), "pydantic": ("layer", "deps")}


def test_what_is_absent_is_in_order() -> None:
    deps = layer(replace(LAYER, options=Options(distributions=("pydantic",))))
    options = Options(exclude_distributions=("six", "boto3"))
    contents = function(replace(FUNCTION, options=options), deps=deps)
    assert [*absent_of(contents)] == ["boto3", "pydantic", "six"]


def test_a_layer_may_ship_a_member() -> None:
    chosen = decide_layer(
        replace(LAYER, options=Options(distributions=("common",))), PROJECT, ALL, ()
    )
    assert names_of(chosen) == ["boto3", "common", "six"]
    assert names_of(function(common=chosen)) == ["orders", "pydantic"]


def test_what_is_left_out_has_to_be_there() -> None:
    options = Options(exclude_distributions=("bot",))
    with pytest.raises(ContentsError, match=r"^here\.layers\.deps\.exclude-distributions: of what"):
        layer(replace(LAYER, options=options))
    with pytest.raises(ContentsError, match=r"^here\.functions\.api\.exclude-distributions: of "):
        function(replace(FUNCTION, options=options))


def test_a_layer_that_does_not_fit_is_refused() -> None:
    deps = layer()
    with pytest.raises(
        ContentsError, match=r"^here\.functions\.api\.layers: the layer 'deps' ships "
    ):
        decide_function(FUNCTION, PROJECT, [ORDERS], (), {"deps": deps})


def test_a_torn_package_is_refused() -> None:
    plugin = made("plugin", {"pydantic/plugin.py": ""})
    with pytest.raises(
        ContentsError, match=r"^here\.functions\.api\.layers: the package 'pydantic'"
    ):
        decide_function(FUNCTION, PROJECT, [*ALL, plugin], (), {"deps": layer()})


def test_own_files_are_chosen_with_a_warning_for_idle_patterns() -> None:
    own = Options(include=("orders", "nothing"), exclude=("app.py",))
    contents = function(replace(FUNCTION, options=own))
    assert [name for name in files_in(contents) if name.startswith("orders/")] == [
        "orders/__init__.py",
        "orders/tests/a.py",
    ]
    assert contents.warnings == ("the pattern 'nothing' matches no file of orders",)


def test_a_function_without_files_of_its_own_is_warned_of() -> None:
    (warning,) = function(replace(FUNCTION, options=Options(include=()))).warnings
    assert warning == "the zip has no file of orders itself: does its wheel have any?"


def test_added_files_ship_and_can_have_the_handler() -> None:
    added = [
        entry_of("run.py", "from orders.tests import a\ndef handler(event, context): ...", "orders")
    ]
    wanted = replace(FUNCTION, options=Options(handler="run.handler", strip=(*Strip,)))
    files = files_in(decide_function(wanted, PROJECT, ALL, added, {}))
    assert {"run.py", "orders/tests/a.py"} <= {*files}
    assert "pydantic/py.typed" not in files


def test_the_handler_is_looked_for_in_what_ships() -> None:
    wanted = replace(FUNCTION, options=Options(handler="orders.app.handler"))
    assert function(wanted).warnings == ()
    with pytest.raises(ContentsError):
        function(replace(wanted, options=wanted.options.changed(exclude=("app.py",))))


def test_the_handler_may_be_in_a_layer() -> None:
    lib = made("lib", {"lib.py": "def handler(event, context): ..."})
    deps = decide_layer(LAYER, PROJECT, [lib], ())
    wanted = replace(FUNCTION, options=Options(handler="lib.handler"))
    contents = decide_function(wanted, PROJECT, [lib, ORDERS], (), {"deps": deps})
    assert names_of(contents) == ["orders"]


@pytest.mark.parametrize("handler", ["orders.tests.a.handler", "orders/tests/a.handler"])
def test_a_handler_among_tests_is_not_stripped(handler: str) -> None:
    orders = made("orders", {"orders/tests/a.py": "def handler(event, context): ..."})
    wanted = replace(FUNCTION, options=Options(handler=handler, strip=(Strip.TESTS,)))
    contents = decide_function(wanted, PROJECT, [orders], (), {})
    assert files_in(contents) == ["orders/tests/a.py"]


def test_tests_that_a_layer_imports_ship() -> None:
    lib = made("lib", {"lib.py": "import orders.tests.a"})
    wanted = replace(FUNCTION, options=Options(strip=(Strip.TESTS,)))
    deps = decide_layer(LAYER, PROJECT, [lib], ())
    contents = decide_function(wanted, PROJECT, [lib, ORDERS], (), {"deps": deps})
    assert "orders/tests/a.py" in files_in(contents)
    contents = decide_function(wanted, PROJECT, [ORDERS], (), {})
    assert "orders/tests/a.py" not in files_in(contents)


def test_a_layer_does_not_leave_out_tests_that_a_function_imports() -> None:
    lib = made("lib", {"lib/__init__.py": "", "lib/tests/a.py": ""})
    deps = decide_layer(replace(LAYER, options=Options(strip=(Strip.TESTS,))), PROJECT, [lib], ())
    assert files_in(deps) == ["python/lib/__init__.py"]
    assert decide_function(
        FUNCTION, PROJECT, [lib, ORDERS], (), {"deps": deps}
    ).left_out_distributions
    user = made("user", {"user.py": "from lib import tests"})
    added = entry_of("start.py", "import lib.tests.a")
    through_handler = replace(FUNCTION, options=Options(handler="lib.tests.a.handler"))
    for wanted, installed, more in (
        (FUNCTION, [lib, ORDERS, user], ()),
        (FUNCTION, [lib, ORDERS], (added,)),
        (through_handler, [lib, ORDERS], ()),
    ):
        with pytest.raises(ContentsError) as caught:
            decide_function(wanted, PROJECT, installed, more, {"deps": deps})
        assert str(caught.value).startswith(
            "here.functions.api.layers: the layer 'deps' leaves out lib/tests by `strip`, and"
        )


@pytest.mark.parametrize("scripts", [True, False])
def test_tests_that_a_script_imports_ship_with_the_script(scripts: bool) -> None:  # noqa: FBT001
    files: Mapping[str, str] = {"orders/__init__.py": "", "orders/tests/a.py": ""}
    orders = made("orders", files, scripts={"bin/tool": b"#!python\nimport orders.tests.a\n"})
    wanted = replace(FUNCTION, options=Options(scripts=scripts, strip=(Strip.TESTS,)))
    contents = decide_function(wanted, PROJECT, [orders], (), {})
    assert ("orders/tests/a.py" in files_in(contents)) is scripts
    assert ("bin/tool" in files_in(contents)) is scripts
