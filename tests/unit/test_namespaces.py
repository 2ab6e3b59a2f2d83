"""Distributions of one namespace each bring its `__init__.py`, in their own spelling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatch_lambda_zip.config.model import Artifact
from hatch_lambda_zip.config.option import Kind
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.contents.decide import Contents, decide_function, decide_layer
from hatch_lambda_zip.contents.namespaces import is_namespace
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Installed
from hatch_lambda_zip.lock.model import Origin
from hatch_lambda_zip.record import Digest, parse_record
from tests.support.installed import made, platform_of

PROJECT = Project("orders", "1.0", "orders-1.0", ("first", "second"))
FUNCTION = Artifact("api", "api", "here.functions.api", Kind.FUNCTION, platform_of())
LAYER = Artifact("deps", "deps", "here.layers.deps", Kind.LAYER, platform_of())
ORDERS = made("orders", {"orders.py": ""}, origin=Origin.LOCAL)

PKGUTIL = '__path__ = __import__("pkgutil").extend_path(__path__, __name__)\n'
BOTH = """\
# Copyright, and what a namespace is.
'''A namespace.'''
try:
    import pkg_resources
    pkg_resources.declare_namespace(__name__)
except ImportError:
    import pkgutil
    __path__ = pkgutil.extend_path(__path__, __name__)
"""
SPELLINGS = [
    PKGUTIL,
    BOTH,
    "__path__=__import__('pkgutil').extend_path(__path__,__name__) # type: ignore",
    "import pkgutil\n\n__path__ = pkgutil.extend_path(__path__, __name__)",
    "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n",
    "__import__('pkg_resources').declare_namespace(__name__)  # pragma: no cover\n",
    "from pkg_resources import declare_namespace; declare_namespace(__name__)",
    "import pkg_resources\r\npkg_resources.declare_namespace(__name__)\r\n",
]


def part(name: str, init: str, **others: str) -> Installed:
    return made(name, {"space/__init__.py": init, f"space/{name}.py": "", **others})


def build(*installed: Installed, **options: object) -> Contents:
    artifact = replace(FUNCTION, options=Options(**options))
    return decide_function(artifact, PROJECT, installed, (), {})


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_file_of_the_first_distribution_ships(spelling: str) -> None:
    for one, other in ((PKGUTIL, spelling), (spelling, PKGUTIL)):
        contents = build(part("first", one), ORDERS, part("second", other))
        files = {entry.name: entry for entry in contents.entries}
        shipped = files["space/__init__.py"]
        assert (shipped.read(), shipped.distribution) == (one.encode(), "first")
        for name in ("first", "second"):
            record = files[f"{name}-1.0.dist-info/RECORD"].read().decode()
            rows = {row.path: row.digest for row in parse_record(record, "RECORD")}
            assert rows["space/__init__.py"] == Digest.of(one.encode())
        assert not contents.left_out


@pytest.mark.parametrize(
    "other",
    [
        "",
        "import pkgutil\n",
        f"{PKGUTIL}__version__ = '1'\n",
        f"{PKGUTIL}{PKGUTIL}",
        PKGUTIL.replace("__name__", "'space'"),
        f"def extend_path(): '''{PKGUTIL}'''",
        "extend_path(",
        "# extend_path\0",
        f"{PKGUTIL}#{'x' * 10_000}",
    ],
)
def test_what_does_something_else_is_a_collision(other: str) -> None:
    assert not is_namespace(other.encode())
    with pytest.raises(ContentsError, match="both ship a file with different content"):
        build(part("first", PKGUTIL), ORDERS, part("second", other))


def test_only_what_declares_the_namespace_is_shared() -> None:
    with pytest.raises(ContentsError, match="first and third both ship a file with different"):
        build(part("first", PKGUTIL), ORDERS, part("second", BOTH), part("third", ""))
    # Elsewhere such text is a file like any other.
    module = {"space/module.py": PKGUTIL}
    first = part("first", PKGUTIL, **module)
    second = part("second", BOTH, **{"space/module.py": BOTH})
    with pytest.raises(ContentsError, match=r"  space/module\.py\n"):
        build(first, ORDERS, second)


def test_a_layer_hides_no_namespace_and_none_hides_it() -> None:
    first, second = part("first", PKGUTIL), part("second", BOTH)
    options = Options(distributions=("second",))
    layer = decide_layer(replace(LAYER, options=options), PROJECT, (first, second), ())
    contents = decide_function(FUNCTION, PROJECT, (first, ORDERS, second), (), {"deps": layer})
    assert "space/__init__.py" in {entry.name for entry in contents.entries}


def test_how_large_such_a_file_may_be() -> None:
    largest = PKGUTIL.encode().ljust(10_000, b"#")
    assert is_namespace(largest)
    assert not is_namespace(largest + b"#")
