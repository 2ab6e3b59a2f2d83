from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from hatch_lambda_zip.config.model import Artifact, Exclusions, Kind, OwnFiles, Strip
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.contents.decide import Shipment, ship_function, ship_layer
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
    {"orders/__init__.py": "", "orders/app.py": "def handler(): ...", "orders/tests/a.py": ""},
    requires=["boto3", "common", "pydantic"],
    origin=Origin.LOCAL,
)
PYDANTIC = made("pydantic", {"pydantic/__init__.py": "", "pydantic/py.typed": ""})
SIX = made("six", {"six.py": ""})
ALL = (BOTO3, COMMON, ORDERS, PYDANTIC, SIX)
THIRD_PARTY = (BOTO3, PYDANTIC, SIX)


def function(changes: Artifact = FUNCTION, **layers: Shipment) -> Shipment:
    return ship_function(changes, PROJECT, ALL, (), layers)


def layer(changes: Artifact = LAYER) -> Shipment:
    return ship_layer(changes, PROJECT, THIRD_PARTY, ())


def names_of(shipment: Shipment) -> list[str]:
    return [one.name for one in shipment.contents.distributions]


def absent_of(shipment: Shipment) -> dict[str, tuple[str, str | None]]:
    return {one.distribution.name: (one.reason.value, one.layer) for one in shipment.absent}


def files_in(shipment: Shipment) -> list[str]:
    return [one.name for one in shipment.contents.entries if ".dist-info/" not in one.name]


def test_a_function_ships_everything() -> None:
    shipment = function()
    assert names_of(shipment) == [one.name for one in ALL]
    assert shipment.distributions == ALL
    assert (shipment.absent, shipment.warnings) == ((), ())
    assert files_in(shipment) == sorted(name for one in ALL for name in files_of(one))


def test_a_function_ships_what_its_layers_do_not() -> None:
    deps = layer()
    assert names_of(deps) == ["boto3", "pydantic", "six"]
    assert all(entry.name.startswith("python/") for entry in deps.contents.entries)
    shipment = function(deps=deps)
    assert names_of(shipment) == ["common", "orders"]
    assert absent_of(shipment) == dict.fromkeys(("boto3", "pydantic", "six"), ("layer", "deps"))


def test_a_layer_without_members_leaves_out_what_its_function_leaves_out() -> None:
    exclusions = Exclusions(("boto3",), provided="aws-sdk")
    deps = layer(replace(LAYER, exclusions=exclusions))
    assert absent_of(deps) == {"boto3": ("excluded", None), "six": ("unneeded", None)}
    shipment = function(replace(FUNCTION, exclusions=exclusions), deps=deps)
    assert names_of(shipment) == ["common", "orders"]
    assert absent_of(shipment) == {**absent_of(deps), "pydantic": ("layer", "deps")}


def test_what_is_absent_is_in_order() -> None:
    deps = layer(replace(LAYER, distributions=("pydantic",)))
    exclusions = Exclusions(("six", "boto3"))
    shipment = function(replace(FUNCTION, exclusions=exclusions), deps=deps)
    assert [*absent_of(shipment)] == ["boto3", "pydantic", "six"]


def test_a_layer_may_ship_a_member() -> None:
    chosen = ship_layer(replace(LAYER, distributions=("common",)), PROJECT, ALL, ())
    assert names_of(chosen) == ["boto3", "common", "six"]
    assert names_of(function(common=chosen)) == ["orders", "pydantic"]


def test_what_is_left_out_has_to_be_there() -> None:
    exclusions = Exclusions(("bot",), required=("bot",))
    with pytest.raises(ContentsError, match=r"^here\.layers\.deps\.exclude-distributions: of what"):
        layer(replace(LAYER, exclusions=exclusions))
    with pytest.raises(ContentsError, match=r"^here\.functions\.api\.exclude-distributions: of "):
        function(replace(FUNCTION, exclusions=exclusions))


def test_a_layer_that_does_not_fit_is_refused() -> None:
    deps = layer()
    with pytest.raises(
        ContentsError, match=r"^here\.functions\.api\.layers: the layer 'deps' ships "
    ):
        ship_function(FUNCTION, PROJECT, [ORDERS], (), {"deps": deps})


def test_a_torn_package_is_refused() -> None:
    plugin = made("plugin", {"pydantic/plugin.py": ""})
    with pytest.raises(
        ContentsError, match=r"^here\.functions\.api\.layers: the package 'pydantic'"
    ):
        ship_function(FUNCTION, PROJECT, [*ALL, plugin], (), {"deps": layer()})


def test_own_files_are_chosen_with_a_warning_for_idle_patterns() -> None:
    own = OwnFiles(include=("orders", "nothing"), exclude=("app.py",))
    shipment = function(replace(FUNCTION, own_files=own))
    assert [name for name in files_in(shipment) if name.startswith("orders/")] == [
        "orders/__init__.py",
        "orders/tests/a.py",
    ]
    assert shipment.warnings == ("the pattern 'nothing' matches no file of orders",)


def test_a_function_without_files_of_its_own_is_warned_of() -> None:
    (warning,) = function(replace(FUNCTION, own_files=OwnFiles(include=()))).warnings
    assert warning == "the zip has no file of orders itself: does its wheel have any?"


def test_added_files_ship_and_can_have_the_handler() -> None:
    added = [entry_of("run.py", "from orders.tests import a\ndef handler(): ...", "orders")]
    wanted = replace(FUNCTION, handler="run.handler", exclusions=Exclusions(strip=(*Strip,)))
    files = files_in(ship_function(wanted, PROJECT, ALL, added, {}))
    assert {"run.py", "orders/tests/a.py"} <= {*files}
    assert "pydantic/py.typed" not in files


def test_the_handler_is_looked_for_in_what_ships() -> None:
    wanted = replace(FUNCTION, handler="orders.app.handler")
    assert function(wanted).warnings == ()
    with pytest.raises(ContentsError):
        function(replace(wanted, own_files=OwnFiles(exclude=("app.py",))))


def test_the_handler_may_be_in_a_layer() -> None:
    lib = made("lib", {"lib.py": "def handler(): ..."})
    deps = ship_layer(LAYER, PROJECT, [lib], ())
    wanted = replace(FUNCTION, handler="lib.handler")
    shipment = ship_function(wanted, PROJECT, [lib, ORDERS], (), {"deps": deps})
    assert names_of(shipment) == ["orders"]


@pytest.mark.parametrize("handler", ["orders.tests.a.handler", "orders/tests/a.handler"])
def test_a_handler_among_tests_is_not_stripped(handler: str) -> None:
    orders = made("orders", {"orders/tests/a.py": "def handler(): ..."})
    wanted = replace(FUNCTION, handler=handler, exclusions=Exclusions(strip=(Strip.TESTS,)))
    shipment = ship_function(wanted, PROJECT, [orders], (), {})
    assert files_in(shipment) == ["orders/tests/a.py"]


def test_tests_that_a_layer_imports_ship() -> None:
    lib = made("lib", {"lib.py": "import orders.tests.a"})
    wanted = replace(FUNCTION, exclusions=Exclusions(strip=(Strip.TESTS,)))
    deps = ship_layer(LAYER, PROJECT, [lib], ())
    shipment = ship_function(wanted, PROJECT, [lib, ORDERS], (), {"deps": deps})
    assert "orders/tests/a.py" in files_in(shipment)
    shipment = ship_function(wanted, PROJECT, [ORDERS], (), {})
    assert "orders/tests/a.py" not in files_in(shipment)


def test_a_layer_does_not_leave_out_tests_that_a_function_imports() -> None:
    lib = made("lib", {"lib/__init__.py": "", "lib/tests/a.py": ""})
    deps = ship_layer(
        replace(LAYER, exclusions=Exclusions(strip=(Strip.TESTS,))), PROJECT, [lib], ()
    )
    assert files_in(deps) == ["python/lib/__init__.py"]
    assert ship_function(FUNCTION, PROJECT, [lib, ORDERS], (), {"deps": deps}).absent
    user = made("user", {"user.py": "from lib import tests"})
    added = entry_of("start.py", "import lib.tests.a")
    through_handler = replace(FUNCTION, handler="lib.tests.a.handler")
    for wanted, installed, more in (
        (FUNCTION, [lib, ORDERS, user], ()),
        (FUNCTION, [lib, ORDERS], (added,)),
        (through_handler, [lib, ORDERS], ()),
    ):
        with pytest.raises(ContentsError) as caught:
            ship_function(wanted, PROJECT, installed, more, {"deps": deps})
        assert str(caught.value).startswith(
            "here.functions.api.layers: the layer 'deps' leaves out lib/tests by `strip`, and"
        )


@pytest.mark.parametrize("scripts", [True, False])
def test_tests_that_a_script_imports_ship_with_the_script(scripts: bool) -> None:  # noqa: FBT001
    files: Mapping[str, str] = {"orders/__init__.py": "", "orders/tests/a.py": ""}
    orders = made("orders", files, scripts={"bin/tool": b"#!python\nimport orders.tests.a\n"})
    wanted = replace(FUNCTION, scripts=scripts, exclusions=Exclusions(strip=(Strip.TESTS,)))
    shipment = ship_function(wanted, PROJECT, [orders], (), {})
    assert ("orders/tests/a.py" in files_in(shipment)) is scripts
    assert ("bin/tool" in files_in(shipment)) is scripts
