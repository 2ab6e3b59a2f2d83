"""Why something ships, or why not: each kind of answer, of decisions made in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hatch_lambda_zip.config.model import Artifact, Kind, Strip
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.config.words import BytecodeMode, Modules
from hatch_lambda_zip.contents.decide import Contents, decide_function, decide_layer
from hatch_lambda_zip.contents.own.code import read_code
from hatch_lambda_zip.contents.own.outputs import Outputs
from hatch_lambda_zip.contents.own.own_files import Surroundings
from hatch_lambda_zip.contents.why import Answer, Decided, explain, names_known
from hatch_lambda_zip.install.reasons import LeftOut, Reason
from hatch_lambda_zip.lock.model import Origin
from tests.support.installed import entry_of, made, platform_of
from tests.support.loose import write

PROJECT = Project(
    "orders",
    "1.0",
    "orders-1.0",
    ("boto3>=1", "common", 'colorama; sys_platform == "win32"'),
    {"api": ("fastapi[all]>=0.1",)},
    {"dev": ["tool"]},
)
KEY = "here.functions.api"
HANDLER = "orders.app.handler"
BOTO3 = made(
    "boto3",
    {
        "boto3/__init__.py": "",
        "boto3/py.typed": "",
        "boto3/tests/t.py": "",
        "boto3/c.h": "",
        "boto3/data/a.json": "{}",
        "boto3/data/b.json": "{}",
    },
    requires=["botocore<2"],
)
BOTOCORE = made("botocore", {"botocore.py": ""}, requires=["six"])
BOTOCORE = replace(
    BOTOCORE,
    left_out=(
        LeftOut("__pycache__/botocore.cpython-313.pyc", Reason.BYTECODE, "botocore"),
        LeftOut("bin/botocore", Reason.SCRIPT, "botocore"),
    ),
)
COMMON = made("common", {"common.py": "import orders.models\n"}, origin=Origin.LOCAL)
FASTAPI = made("fastapi", {"fastapi.py": ""}, requires=["extras-only; extra == 'all'"])
EXTRAS_ONLY = made("extras-only", {"extras_only.py": ""})
ORPHAN = made("orphan", {"orphan.py": ""})
ORDERS = made(
    "orders",
    {
        "orders/__init__.py": "",
        "orders/app.py": "import common\n\ndef handler(event, context):\n    import orders.late\n",
        "orders/models.py": "",
        "orders/late.py": "",
        "orders/unused.py": "",
        "orders/notes.txt": "",
    },
    origin=Origin.LOCAL,
)
SIX = made("six", {"six.py": ""})
TOOL = made("tool", {"tool.py": ""})
ALL = (BOTO3, BOTOCORE, COMMON, EXTRAS_ONLY, FASTAPI, ORDERS, ORPHAN, SIX, TOOL)


def decided(
    defaults: dict[str, object] | None = None,
    layers: dict[str, Contents] | None = None,
    **options: object,
) -> Decided:
    given = Options(
        defaults or {}, **{"handler": HANDLER, "extras": ("api",), "groups": ("dev",), **options}
    )
    function = Artifact("api", "api", KEY, Kind.FUNCTION, platform_of(), given)
    contents = decide_function(function, PROJECT, ALL, (), layers or {})
    return Decided(
        function,
        (PROJECT,),
        contents,
        layers or {},
        ALL,
        locked={"pandas": "2.0", "six": "1.0"},
    )


def ask(name: str, of: Decided | None = None, **options: Any) -> Answer:  # noqa: ANN401
    answer = explain(name, of or decided(**options))
    assert answer is not None
    return answer


def rule(answer: Answer) -> tuple[str, object]:
    assert answer.rule is not None
    return answer.rule.key, answer.rule.value


def test_what_kind_of_thing_does_not_ship() -> None:
    for name, kind in (("bin/botocore", "file"), ("boto3", "distribution")):
        answer = ask(name, exclude_distributions=("boto3",) if name == "boto3" else ())
        assert (answer.name, answer.kind, answer.ships) == (name, kind, False)


def test_the_way_to_a_distribution() -> None:
    answer = ask("SIX")
    assert (answer.ships, answer.kind, answer.name) == (True, "distribution", "six")
    assert [str(step) for step in answer.requirements] == [
        "orders requires boto3>=1",
        "boto3 requires botocore<2",
        "botocore requires six",
    ]


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("fastapi", ["orders[api] requires fastapi[all]>=0.1"]),
        (
            "extras_only",
            [
                "orders[api] requires fastapi[all]>=0.1",
                'fastapi requires extras-only; extra == "all"',
            ],
        ),
        ("tool", ["orders (group dev) requires tool"]),
        ("orphan", []),
        ("orders", []),
    ],
)
def test_which_part_of_the_project_requires_it(name: str, steps: list[str]) -> None:
    answer = ask(name)
    assert answer.ships
    assert [str(step) for step in answer.requirements] == steps


def test_a_url_is_not_shown() -> None:
    project = replace(PROJECT, dependencies=("six @ https://user:secret@example.com/six.whl",))
    answer = explain("six", replace(decided(), requirers=(project,)))
    assert answer is not None
    assert [str(step) for step in answer.requirements] == ["orders requires six"]


def test_a_file_of_a_distribution() -> None:
    answer = ask("botocore.py")
    assert (answer.ships, answer.kind, answer.why) == (
        True,
        "file",
        "RECORD of botocore 1.0 has it",
    )
    assert [step.owner for step in answer.requirements] == ["orders", "boto3"]
    assert "written anew" in ask("six-1.0.dist-info/RECORD").why


def test_the_imports_that_lead_to_an_own_module() -> None:
    answer = ask("orders/models.py")
    assert answer.ships
    assert [str(step) for step in answer.imports] == [
        "orders/app.py, line 1: import common",
        "common.py, line 1: import orders.models",
    ]
    (step,) = ask("orders/late.py").imports
    assert (step.file, step.line) == ("orders/app.py", 4)
    assert "the handler is in it" in ask("orders/app.py").why
    assert "no import leads to it" in ask("orders/unused.py").why
    assert "without `handler`" in ask("orders/unused.py", handler="").why


@pytest.mark.parametrize(
    ("options", "name", "reason", "found"),
    [
        (
            {"exclude": ("*.md", "*.txt")},
            "orders/notes.txt",
            Reason.PATTERN,
            ("exclude", ["*.txt"]),
        ),
        ({"include": ("*.py",)}, "orders/notes.txt", Reason.PATTERN, ("include", ["*.py"])),
        (
            {"exclude_files": ("boto3/data/", "x/")},
            "boto3/data/a.json",
            Reason.EXCLUDED_FILE,
            ("exclude-files", ["boto3/data/"]),
        ),
        (
            {"modules": Modules.IMPORTED},
            "orders/unused.py",
            Reason.UNREACHED,
            ("modules", "imported"),
        ),
        ({"strip": (Strip.TESTS,)}, "boto3/tests/t.py", Reason.TESTS, ("strip", ["tests"])),
        (
            {"strip": (Strip.TYPE_STUBS,)},
            "boto3/py.typed",
            Reason.TYPE_STUB,
            ("strip", ["type-stubs"]),
        ),
        (
            {"strip": (Strip.NATIVE_HEADERS,)},
            "boto3/c.h",
            Reason.NATIVE_HEADER,
            ("strip", ["native-headers"]),
        ),
        ({}, "bin/botocore", Reason.SCRIPT, ("scripts", False)),
        (
            {"exclude_distributions": ("boto3",)},
            "boto3",
            Reason.EXCLUDED,
            ("exclude-distributions", ["boto3"]),
        ),
        (
            {"exclude_distributions": ("boto3",)},
            "boto3/data/a.json",
            Reason.EXCLUDED,
            ("exclude-distributions", ["boto3"]),
        ),
        ({"provided": ("aws-sdk",)}, "botocore", Reason.PROVIDED, ("provided", "aws-sdk")),
    ],
)
def test_the_rule_that_leaves_it_out(
    options: Any,  # noqa: ANN401
    name: str,
    reason: Reason,
    found: tuple[str, object],
) -> None:
    answer = ask(name, **options)
    assert not answer.ships
    assert answer.reason is reason
    assert rule(answer) == (f"{KEY}.{found[0]}", found[1])


def test_a_rule_of_the_defaults_has_their_key() -> None:
    answer = ask("boto3", defaults={"exclude_distributions": ("boto3",)})
    assert rule(answer)[0] == "tool.hatch.build.targets.lambda-zip.exclude-distributions"


def test_what_only_that_needed() -> None:
    answer = ask("six", exclude_distributions=("boto3",))
    assert (answer.ships, answer.reason) == (False, Reason.UNNEEDED)
    assert rule(answer)[0] == f"{KEY}.exclude-distributions"
    assert [step.owner for step in answer.requirements] == ["orders", "boto3", "botocore"]


def test_rows_that_are_skipped() -> None:
    answer = ask("__pycache__/botocore.cpython-313.pyc")
    assert (answer.ships, answer.reason, answer.rule) == (False, Reason.BYTECODE, None)
    assert answer.why == "compiled by some interpreter at some time; the source ships (of botocore)"
    answer = ask("six-1.0.dist-info/INSTALLER")
    assert (answer.kind, answer.ships) == ("file", False)
    assert "no two machines" in answer.why


def test_a_directory() -> None:
    answer = ask("boto3/data/", exclude_files=("*a.json",))
    assert (answer.ships, answer.kind, answer.name) == (True, "directory", "boto3/data")
    assert answer.why == (
        "1 of its files ship, of boto3; 1 left out: `exclude-files` leaves it out"
    )
    assert (answer.reason, answer.rule) == (None, None)
    answer = ask("boto3/tests", strip=(Strip.TESTS,))
    assert (answer.ships, answer.reason) == (False, Reason.TESTS)
    assert rule(answer) == (f"{KEY}.strip", ["tests"])


def layer(**options: object) -> Contents:
    given = Options({}, **options)
    artifact = Artifact("deps", "deps", "here.layers.deps", Kind.LAYER, platform_of(), given)
    others = tuple(item for item in ALL if item.distribution.origin is not Origin.LOCAL)
    return decide_layer(artifact, PROJECT, others, ())


def test_what_a_layer_ships() -> None:
    contents = layer(strip=(Strip.TYPE_STUBS,))
    of = decided(layers={"deps": contents})
    answer = ask("six", of)
    assert (answer.ships, answer.reason) == (False, Reason.LAYER)
    assert answer.why == "the layer 'deps' ships it"
    for path in ("six.py", "python/six.py"):
        answer = ask(path, of)
        assert (answer.ships, answer.reason) == (False, Reason.LAYER)
        assert answer.why == "the layer 'deps' ships it, as python/six.py"
        assert rule(answer)[0] == f"{KEY}.layers"
    answer = ask("boto3/py.typed", of)
    assert (answer.ships, answer.reason) == (False, Reason.TYPE_STUB)
    assert "without it" in answer.why


def test_a_layer_itself() -> None:
    contents = layer(distributions=("botocore",))
    given = Options({}, distributions=("botocore",))
    artifact = Artifact("deps", "deps", "here.layers.deps", Kind.LAYER, platform_of(), given)
    of = Decided(artifact, (PROJECT,), contents, {}, ALL)
    assert ask("python/six.py", of).ships
    assert ask("six", of).ships
    answer = ask("fastapi", of)
    assert not answer.ships
    assert rule(answer)[0] == "here.layers.deps.distributions"


def test_what_the_lock_has_for_others() -> None:
    answer = ask("Pandas")
    assert not answer.ships
    assert "the lock has pandas 2.0" in answer.why


def test_what_nobody_knows() -> None:
    assert explain("nothing", decided()) is None
    assert {"six", "pandas", "orders/app.py"} <= {*names_known(decided())}


def test_what_lies_in_code_directories(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "api/app.py": "import common.help\ndef handler(event, context): ...",
            "api/README.md": "",
            "api/secret.txt": "",
            "api/.venv/a.py": "",
            "api/node_modules/b/c.js": "",
            "api/notes.txt": "",
            "common/help.py": "",
            "common/package.json": "{}",
            "data/a.json": "{}",
            ".gitignore": "secret.txt\n",
        },
    )
    code = (("api", ""), ("common", "common"))
    files = (("data/a.json", "data.json"),)
    given = Options({}, handler="app.handler", code=code, exclude=("*.txt",), include_files=files)
    function = Artifact("api", "api", KEY, Kind.FUNCTION, platform_of(), given)
    around = Surroundings(tmp_path, Outputs.of(tmp_path, ["dist"]), tmp_path)
    found = read_code(around, code, function.own_files, owner="orders", key=KEY)
    data = entry_of("data.json", "{}", "orders")
    added = (*found.files, ("data/a.json", data))
    contents = decide_function(function, PROJECT, (), [entry for _, entry in added], {})
    of = Decided(
        function, (PROJECT,), contents.with_code(found), added=added, code=found, around=around
    )
    answer = ask("common/help.py", of)
    assert answer.ships
    assert rule(answer) == (f"{KEY}.code", {"common": "common"})
    assert [str(step) for step in answer.imports] == ["app.py, line 1: import common.help"]
    # As it lies in the project, too.
    assert ask("api/app.py", of).name == "app.py"
    assert rule(ask("data.json", of)) == (f"{KEY}.include-files", {"data/a.json": "data.json"})
    for name in ("README.md", "common/package.json", "node_modules/b/c.js"):
        assert ask(name, of).reason is Reason.NOT_CODE, name
    assert rule(ask("notes.txt", of)) == (f"{KEY}.exclude", ["*.txt"])
    answer = ask("secret.txt", of)
    assert not answer.ships
    assert rule(answer)[0] == ".gitignore"
    assert "tools leave it behind" in ask(".venv/a.py", of).why


def test_what_is_compiled_in_its_place() -> None:
    of = decided()
    compiled = entry_of("six.pyc", b"", "six")
    contents = replace(of.contents, entries=(*of.contents.entries, compiled))
    options = of.artifact.options.changed(bytecode=BytecodeMode.COMPILE)
    answer = ask(
        "six.pyc", replace(of, contents=contents, artifact=replace(of.artifact, options=options))
    )
    assert answer.ships
    assert rule(answer) == (f"{KEY}.bytecode", "compile")


def test_what_is_in_the_source_tree_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "src/orders/_version.py": "",
            "src/orders/other.c": "",
            ".gitignore": "_version.py\n",
        },
    )
    around = Surroundings(tmp_path, Outputs.of(tmp_path, ["dist"]), tmp_path)
    of = replace(decided(), around=around, places={"orders": tmp_path})
    answer = ask("orders/_version.py", of)
    assert (answer.ships, answer.kind) == (False, "file")
    assert answer.why.startswith("git ignores src/orders/_version.py; ")
    answer = ask("orders/other.c", of)
    assert not answer.ships
    assert answer.why == (
        "src/orders/other.c is there, but the wheel that the build back end of orders makes does "
        "not have it"
    )


def test_links_to_directories_are_files_to_git(tmp_path: Path) -> None:
    write(tmp_path, {"src/orders/real/a.c": "", "src/orders/made/a.c": ""})
    (tmp_path / ".gitignore").write_text("link/\nmade/\nother\n")
    for name in ("link", "other"):
        (tmp_path / "src/orders" / name).symlink_to("real")
    around = Surroundings(tmp_path, Outputs.of(tmp_path, ["dist"]), tmp_path)
    of = replace(decided(), around=around, places={"orders": tmp_path})
    ignored = {
        name: ask(f"orders/{name}", of).why.startswith("git ignores ")
        for name in ("link", "made", "other", "real")
    }
    assert ignored == {"link": False, "made": True, "other": True, "real": False}


def test_a_file_of_somebody_who_is_not_there() -> None:
    answer = ask("six.py", replace(decided(), installed=()))
    assert (answer.kind, answer.ships, answer.why) == ("file", True, "it is of six")


def test_paths_as_people_type_them() -> None:
    of = decided()
    assert ask("./six.py", of) == ask("six.py", of)
    assert ask("boto3/data/", of) == ask("boto3/data", of)
    for name in ("six.pyX", "Xsix.py", "ordersX"):
        assert explain(name, of) is None
