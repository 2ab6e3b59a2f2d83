"""Which own modules ship with ``modules = "imported"``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from hatch_lambda_zip.config import (
    Artifact,
    Kind,
    Modules,
    Options,
    Project,
    parse_config,
)
from hatch_lambda_zip.contents.decide import Contents, decide_function
from hatch_lambda_zip.contents.imports.reachable import select_reachable
from hatch_lambda_zip.errors import ConfigError, ContentsError
from hatch_lambda_zip.lock import Origin
from tests.support.installed import entry_of, files_of, made, platform_of

HANDLER = "def handler(event, context): ...\n"
KEY = "tool.hatch.build.targets.lambda-zip"
BASE = {
    "orders/__init__.py": "",
    "orders/a.py": HANDLER,
    "orders/b.py": HANDLER,
    "orders/data.bin": "\0orders.b",
    "orders/plugins/__init__.py": "",
    "orders/plugins/one.py": "",
    "orders/plugins/deep/__init__.py": "",
    "orders/plugins/deep/two.py": "",
}
ALWAYS = {"orders/__init__.py", "orders/a.py", "orders/data.bin"}
PLUGINS = {path for path in BASE if "plugins" in path}


def reach(
    files: Mapping[str, str], keep: tuple[str, ...] = (), **others: str
) -> tuple[set[str], tuple[str, ...]]:
    package = made("orders", {**BASE, **files}, origin=Origin.LOCAL)
    added = [entry_of(f"{name}.py", text, "orders") for name, text in others.items()]
    left, notes = select_reachable(package, "orders.a.handler", added, keep)
    assert {lost.reason.value for lost in left.left_out} <= {"unreached"}
    assert len(left.left_out) + len(left.entries) == len(package.entries)
    return set(files_of(left)) - ALWAYS, notes


def test_what_nothing_leads_to_stays_out() -> None:
    assert reach({}) == (set(), ())


ONE = {"orders/plugins/__init__.py", "orders/plugins/one.py"}
LEADS = {
    "import": ("import orders.plugins.one", ONE),
    "from": ("from orders.plugins import one", ONE),
    "relative": ("from .plugins.one import x", ONE),
    "in a function": ("def f():\n    from .plugins import one", ONE),
    "in try": ("try:\n    import orders.plugins.one\nexcept ImportError: ...", ONE),
    "in if": ("if TYPE_CHECKING:\n    import orders.plugins.one", ONE),
    "syntax of another Python": ("print 'x'\nmatch (:\nimport orders.plugins.one", ONE),
    "task name": ("TASK = 'orders.plugins.one.send'", ONE),
    "relative string": ("import_module('.plugins.one', __package__)", ONE),
    "path": ("open('orders/plugins/one.py')", ONE | {"orders/plugins/__init__.py"}),
    "package in a string": ("APPS = ['orders.plugins']", PLUGINS),
    "package in an import": ("import orders.plugins", {"orders/plugins/__init__.py"}),
    "comment": ("# import orders.plugins.one", set()),
    "prose": ("'see one, or plugins'", set()),
}


@pytest.mark.parametrize(("line", "expected"), LEADS.values(), ids=LEADS)
def test_what_leads_to_a_module(line: str, expected: set[str]) -> None:
    assert reach({"orders/a.py": f"{line}\n{HANDLER}"}) == (expected, ())


def test_what_is_reached_leads_on() -> None:
    files = {"orders/__init__.py": "from . import b", "orders/b.py": "import orders.plugins.one"}
    assert reach(files)[0] == {"orders/b.py", *ONE}
    circle = {"orders/a.py": "import orders.b", "orders/b.py": "import orders.a"}
    assert reach(circle)[0] == {"orders/b.py"}


def test_data_and_entry_points_and_other_own_code_lead_to_modules() -> None:
    assert reach({"orders/jobs.toml": 'run = "orders.plugins.one:main"'})[0] - ONE == {
        "orders/jobs.toml"
    }
    points = {"orders-1.0.dist-info/entry_points.txt": "[orders]\nx = orders.plugins.one:main\n"}
    assert reach(points)[0] == ONE
    assert reach({}, member="import orders.plugins.one")[0] == ONE


def test_modules_can_be_kept() -> None:
    assert reach({}, keep=("orders.plugins.*",))[0] == PLUGINS
    assert reach({}, keep=("orders.b",))[0] == {"orders/b.py"}


SELF = {
    "loop": "for m in pkgutil.iter_modules(__path__):\n  import_module(f'{__name__}.{m.name}')",
    "package": "import_module('.' + name, __package__)",
}
DYNAMIC = {
    "name": "import importlib\nimportlib.import_module(name)",
    "f-string": "import_module(f'orders.plugins.{name}')",
    "sum": "__import__('orders.' + name)",
    "alias": "from importlib import import_module as load\nload(name)",
    "passed on": "map(importlib.import_module, names)",
    "pkgutil": "pkgutil.walk_packages(plugins.__path__)",
    "format": "import_module('orders.%s' % name)",
    "spec": "spec = find_spec('orders.' + name)\nmodule = importlib.util.module_from_spec(spec)",
    "old loader": "find_spec('orders.' + name).loader.load_module()",
    "file": "SourceFileLoader(name, path).get_code(name)",
    "resolved": "pkgutil.resolve_name(f'orders.plugins.{name}:run')",
}


@pytest.mark.parametrize("line", DYNAMIC.values(), ids=DYNAMIC)
def test_a_name_that_is_made_at_run_time_takes_the_package_whole(line: str) -> None:
    found, notes = reach({"orders/a.py": f"{line}\n{HANDLER}"})
    assert found == {"orders/b.py", *PLUGINS}
    assert notes == (
        "orders/a.py imports modules by names that are made at run time, so all of orders ships",
    )


@pytest.mark.parametrize("line", SELF.values(), ids=SELF)
def test_a_package_that_loops_over_itself(line: str) -> None:
    files = {"orders/a.py": "from . import plugins", "orders/plugins/__init__.py": line}
    found, (note,) = reach(files)
    assert found == PLUGINS
    assert note.endswith("so all of orders.plugins ships")
    files["orders/plugins/__init__.py"] = f"{line}\nimport_module(other)"
    assert "orders/b.py" in reach(files)[0]


@pytest.mark.parametrize(
    "line",
    [
        "from importlib import import_module\nimport_module('json')",
        "__import__('json')",
        "import importlib",
    ],
)
def test_a_constant_is_no_name_that_is_made_at_run_time(line: str) -> None:
    assert reach({"orders/a.py": line}) == (set(), ())


def decide(files: Mapping[str, str], **options: object) -> Contents:
    given = Options(handler="orders.a.handler", modules=Modules.IMPORTED, **options)
    artifact = Artifact("l", "l", KEY, Kind.FUNCTION, platform_of(), given)
    package = made("orders", {**BASE, **files}, origin=Origin.LOCAL)
    return decide_function(artifact, Project("orders", "1.0", "orders-1.0"), [package], [], {})


def test_an_edit_of_what_does_not_ship_changes_nothing() -> None:
    one, other = decide({}), decide({"orders/b.py": "changed"})
    assert one.entries == other.entries
    assert {left.path for left in one.left_out} == {"orders/b.py", *PLUGINS}


def test_what_is_left_out_and_imported_all_the_same_is_missed() -> None:
    # Of text alone nobody can tell that this is an import.
    files = {"orders/a.py": f"from orders import \\\n\\\n  b\n{HANDLER}"}
    assert "orders/b.py" in {entry.name for entry in decide(files).entries}
    with pytest.raises(ContentsError, match="is left out"):
        decide({"orders/a.py": f"import orders.b\n{HANDLER}"}, exclude=("orders/b.py",))


def test_without_a_handler_there_is_nothing_to_start_from() -> None:
    table = {"runtime": "python3.13", "modules": "imported", "keep-modules": ["a.*"]}
    with pytest.raises(ConfigError) as caught:
        parse_config(table, today=date(2026, 1, 1))
    (problem,) = caught.value.problems
    assert problem.startswith(f'{KEY}.modules: is "imported", which needs a `handler` to start')
    parse_config({**table, "handler": "a.b"}, today=date(2026, 1, 1))


def test_names_of_one_letter() -> None:
    files = {"p/__init__.py": "", "p/q.py": "", "orders/a.py": f"TASK = 'p.q.run'\n{HANDLER}"}
    assert reach(files)[0] == {"p/__init__.py", "p/q.py"}


def test_compiled_modules_lead_to_what_they_name() -> None:
    for name in ("orders/x.pyc", "orders/x.so"):
        assert reach({name: "\0orders.plugins.one\0"})[0] == {name, *ONE}
    assert reach({"orders/x.bin": "\0orders.plugins.one\0"})[0] == {"orders/x.bin"}
