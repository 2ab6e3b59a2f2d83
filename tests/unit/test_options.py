"""What functions, layers and their defaults may say, and every mistake in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from hatch_lambda_zip.artifacts import (
    Artifact,
    Bytecode,
    BytecodeMode,
    Exclusions,
    Kind,
    OwnFiles,
    Strip,
    Wants,
)
from hatch_lambda_zip.config import TARGET_KEY, Config, parse_config
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.options import Known
from hatch_lambda_zip.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TODAY = date(2026, 1, 1)
PROJECT = Project("orders", "1.0.0", "orders-1.0.0")

Table = dict[str, object]


def parse(table: Table, *, known: Known | None = None, project: Project = PROJECT) -> Config:
    return parse_config(
        {"runtime": "python3.13", **table}, today=TODAY, known=known, project=project
    )


def problems_of(table: Table, **more: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(table, **more)  # type: ignore[arg-type]
    prefix = f"{TARGET_KEY}."
    assert all(problem.startswith((prefix, f"{TARGET_KEY}: ")) for problem in caught.value.problems)
    return [problem.removeprefix(prefix) for problem in caught.value.problems]


def problem_of(table: Table, **more: object) -> str:
    (problem,) = problems_of(table, **more)
    return problem


def only(config: Config, name: str) -> Artifact:
    return config.artifact(name)


# key -> value in the defaults, value of its own, and where each is found.
SHARED: dict[str, tuple[object, object, Callable[[Artifact], object]]] = {
    "runtime": ("python3.12", "python3.13", lambda one: one.target.runtime.identifier),
    "architecture": ("arm64", "x86_64", lambda one: one.target.architecture),
    "extras": (["a"], ["b"], lambda one: [*one.wants.extras]),
    "groups": (["a"], ["b"], lambda one: [*one.wants.groups]),
    "filename": (
        "{function}-{architecture}.zip",
        "own-{function}.zip",
        lambda one: one.file_name,
    ),
    "exclude-distributions": (["six"], ["idna"], lambda one: [*one.exclusions.distributions]),
    "strip": (["tests"], ["type-stubs"], lambda one: [kind.value for kind in one.exclusions.strip]),
    "scripts": (True, False, lambda one: one.scripts),
    "bytecode": ("keep", "strip", lambda one: one.bytecode.mode.value),
}


@pytest.mark.parametrize("kind", ["functions", "layers"])
@pytest.mark.parametrize("key", SHARED)
def test_a_value_of_its_own_wins_over_the_default(key: str, kind: str) -> None:
    default, own, found = SHARED[key]
    table: Table = {key: default, "functions": {}, "layers": {}}
    table[kind] = {"plain": {}, "special": {key: own}}
    config = parse(table)
    assert found(only(config, "plain")) == default
    assert found(only(config, "special")) == own


@pytest.mark.parametrize(
    ("key", "default", "own"),
    [("handler", "a.b", "c.d"), ("include", ["a"], ["b"]), ("exclude", ["a"], ["b"])],
)
def test_what_only_functions_have(key: str, default: object, own: object) -> None:
    config = parse({key: default, "functions": {"plain": {}, "special": {key: own}}})
    artifacts = {one.name: one for one in config.artifacts}

    def found(one: Artifact) -> object:
        if key == "handler":
            return one.handler
        patterns = one.own_files.include if key == "include" else one.own_files.exclude
        return [*(patterns or ())]

    assert found(artifacts["plain"]) == default
    assert found(artifacts["special"]) == own


def test_files_of_the_defaults_go_into_functions_only() -> None:
    config = parse(
        {
            "include-files": {"a": "b"},
            "functions": {"f": {}},
            "layers": {"plain": {}, "special": {"include-files": {"c": "d"}}},
        }
    )
    added = {one.name: one.own_files.added for one in config.artifacts}
    assert added == {"plain": (), "special": (("c", "d"),), "f": (("a", "b"),)}


def test_everything_at_once() -> None:
    config = parse(
        {
            "architecture": "arm64",
            "layers": {"deps": {"distributions": ["Pydantic", "a_b"]}},
            "functions": {
                "api": {
                    "handler": "orders.api.handler",
                    "extras": ["Web_API"],
                    "groups": ["q"],
                    "layers": ["deps"],
                    "exclude-distributions": ["Boto3"],
                    "provided": "aws-sdk",
                    "strip": ["native-headers", "tests"],
                    "include": ["/orders"],
                    "exclude": ["*.txt"],
                    "include-files": {"config/prod.toml": "config.toml"},
                    "scripts": True,
                    "bytecode": "compile",
                    "bytecode-python": "3.13.5",
                    "bytecode-python-path": "/opt/python",
                    "bytecode-optimize": 1,
                    "source": "omit",
                }
            },
        }
    )
    layer, function = config.artifacts
    assert layer == replace(
        layer, name="deps", kind=Kind.LAYER, distributions=("a-b", "pydantic"), handler=None
    )
    assert function == Artifact(
        name="api",
        table="api",
        key=f"{TARGET_KEY}.functions.api",
        kind=Kind.FUNCTION,
        target=layer.target,
        handler="orders.api.handler",
        wants=Wants(("web-api",), ("q",)),
        layers=("deps",),
        exclusions=Exclusions(
            ("boto3",), ("boto3",), "aws-sdk", (Strip.TESTS, Strip.NATIVE_HEADERS)
        ),
        own_files=OwnFiles(("/orders",), ("*.txt",), (("config/prod.toml", "config.toml"),)),
        scripts=True,
        bytecode=Bytecode(BytecodeMode.COMPILE, "3.13.5", "/opt/python", 1, omit_source=True),
    )
    assert config.layers_of(function) == (layer,)


def test_lists_make_one_zip_for_each_combination() -> None:
    config = parse(
        {
            "functions": {
                "api": {
                    "runtimes": ["python3.12", "python3.13"],
                    "architectures": ["arm64", "x86_64", "arm64"],
                },
                "one": {"architectures": ["arm64"]},
                "plain": {},
            }
        }
    )
    assert [one.name for one in config.artifacts] == [
        "api-python3.12-arm64",
        "api-python3.12-x86_64",
        "api-python3.13-arm64",
        "api-python3.13-x86_64",
        "one-arm64",
        "plain",
    ]
    assert config.named(["api", "plain"]) == [
        one.name for one in config.artifacts if one.name != "one-arm64"
    ]
    assert config.named(["api-python3.13-arm64"]) == ["api-python3.13-arm64"]


def test_one_value_overrides_a_list_and_the_other_way_round() -> None:
    table: Table = {
        "architectures": ["arm64", "x86_64"],
        "functions": {"f": {"architecture": "arm64"}},
    }
    assert [one.name for one in parse(table).artifacts] == ["f"]
    table = {"architecture": "arm64", "functions": {"f": {"architectures": ["x86_64"]}}}
    assert [one.name for one in parse(table).artifacts] == ["f-x86_64"]


def test_layers_fit_by_runtime_and_architecture() -> None:
    both = {"architectures": ["arm64", "x86_64"]}
    config = parse({"layers": {"deps": both}, "functions": {"f": {**both, "layers": ["deps"]}}})
    for function in config.artifacts[2:]:
        (layer,) = config.layers_of(function)
        assert layer.target == function.target
        assert layer.name == f"deps-{function.target.architecture}"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"runtimes": ["python3.12"]}, "runtimes: and 'runtime' are two words for one thing"),
        (
            {"functions": {"f": {"architectures": []}}},
            "functions.f.architectures: is empty, so there is nothing to build",
        ),
        (
            {"functions": {"f": {"architectures": ["arm46"]}}},
            "functions.f.architectures: 'arm46' is not one of x86_64, arm64. Did you mean 'arm64'?",
        ),
        (
            {"functions": {"f": {"layers": ["dep"]}}, "layers": {"deps": {}}},
            "functions.f.layers: the layer 'dep' is not one of deps. Did you mean 'deps'?",
        ),
        (
            {"functions": {"f": {"layers": ["a"]}}},
            "functions.f.layers: the layer 'a' is not one of (there is none)",
        ),
        (
            {
                "functions": {"f": {"layers": [*"ghijkl"]}},
                "layers": {name: {} for name in "ghijkl"},
            },
            "functions.f.layers: has 6 layers; Lambda takes 5 at the most",
        ),
        (
            {"functions": {"f": {"layers": ["a", "a"]}}, "layers": {"a": {}}},
            "functions.f.layers: names a twice",
        ),
        (
            {
                "functions": {"f": {"layers": ["a"], "architecture": "arm64"}},
                "layers": {"a": {}},
            },
            (
                "functions.f.layers: the layer 'a' is built for python3.13 on x86_64, and the "
                "function for python3.13 on arm64; make them agree"
            ),
        ),
        (
            {"functions": {"a": {}}, "layers": {"a": {}}},
            f"functions.a: the name 'a' is taken by {TARGET_KEY}.layers.a; rename one of them",
        ),
        (
            {"functions": {"a": {"architectures": ["arm64"]}, "a-arm64": {}}},
            f"functions.a-arm64: the name 'a-arm64' is taken by {TARGET_KEY}.functions.a",
        ),
        (
            {"layers": {"a": {"handler": "a.b"}}},
            "layers.a.handler: is an option of functions only; remove it",
        ),
        (
            {"layers": {"a": {"layers": ["b"]}}},
            "layers.a.layers: is an option of functions only; remove it",
        ),
        (
            {"functions": {"f": {"distributions": ["six"]}}},
            "functions.f.distributions: is an option of layers only; remove it",
        ),
        ({"functions": {}}, "functions: has no function in it; remove the table, or add one"),
        ({"layers": ["a"]}, "layers: must be a table of tables, not ['a']"),
        ({"layers": {"a b": {}}}, "layers.a b: 'a b' can't name a layer, since it becomes part"),
        (
            {"provided": "aws"},
            "provided: 'aws' is not one of aws-sdk. Did you mean 'aws-sdk'?",
        ),
        ({"strip": ["test"]}, "strip: 'test' is not one of tests, type-stubs, native-headers. Did"),
        (
            {"exclude-distributions": ["six>=1"]},
            "exclude-distributions: 'six>=1' is not the name of a distribution; write it without",
        ),
        ({"exclude": ["!"]}, "exclude: '!' is not a pattern: "),
        ({"scripts": "yes"}, "scripts: must be true or false, not 'yes'"),
        ({"include-files": ["a"]}, "include-files: must be a table of non-empty strings, not"),
        (
            {"include-files": {"/etc/hosts": "hosts"}},
            (
                "include-files.\"/etc/hosts\": '/etc/hosts' is an absolute path; write it relative "
                "to the project"
            ),
        ),
        (
            {"include-files": {"a": "C:/hosts"}},
            "include-files.\"a\": 'C:/hosts' is an absolute path; write it relative to the zip",
        ),
        (
            {"include-files": {"../a": "a"}},
            "include-files.\"../a\": '../a' leaves the project, or is not in its plain form",
        ),
        (
            {"include-files": {"a": "b/../../c"}},
            "include-files.\"a\": 'b/../../c' leaves the zip, or is not in its plain form",
        ),
        ({"include-files": {"a": "b\\c"}}, "include-files.\"a\": 'b\\\\c' leaves the zip, or is"),
        (
            {"bytecode": "compile"},
            (
                'bytecode-python: is required with bytecode = "compile": the exact version of the '
                "compiling interpreter, a release of Python 3.13"
            ),
        ),
        (
            {"bytecode": "compile", "bytecode-python": "3.12.1"},
            "bytecode-python: 3.12.1 can't compile for python3.13: name a release of Python 3.13",
        ),
        (
            {"bytecode-python": "3.13"},
            "bytecode-python: '3.13' is not the exact version of a release, like '3.13.5'",
        ),
        (
            {"bytecode-python": ["3.13.1", "3.13.2"]},
            "bytecode-python: has two versions for Python 3.13",
        ),
        (
            {"bytecode-optimize": 3},
            "bytecode-optimize: must be one of 0, 1, 2, not 3",
        ),
        ({"bytecode-optimize": True}, "bytecode-optimize: must be one of 0, 1, 2, not True"),
        ({"source": "omit"}, 'source: "omit" would leave no code at all without bytecode = "'),
        (
            {"runtime": "python3.8", "bytecode": "keep"},
            "bytecode: 'keep' is not possible for python3.8, whose bytecode this version",
        ),
        (
            {"filename": "{function}"},
            "filename: '{function}' does not end with .zip, by which the tools of AWS know",
        ),
        (
            {"filename": "{functoin}.zip"},
            (
                "filename: '{functoin}.zip': the placeholder 'functoin' is not one of name, "
                "version, function, runtime, architecture. Did you mean 'function'?"
            ),
        ),
        ({"filename": "{function!r}.zip"}, "filename: '{function!r}.zip': write plain {function}"),
        ({"filename": "{function:>9}.zip"}, "filename: '{function:>9}.zip': write plain"),
        ({"filename": "{function.zip"}, "filename: '{function.zip' is no template: "),
        ({"filename": "a/{function}.zip"}, "filename: 'a/{function}.zip' is not a plain file name"),
        ({"filename": "../x.zip"}, "filename: '../x.zip' is not a plain file name"),
        (
            {"filename": "{name}-{version}.zip"},
            (
                "filename: 'orders-1.0.0.zip' is what tools of the package index take for the "
                "source distribution of a version '1.0.0'"
            ),
        ),
        (
            {"functions": {"dev": {}}},
            "functions.dev.filename: 'orders-1.0.0-dev.zip' is what tools of the package index",
        ),
        ({"functions": {"2": {}}}, "functions.2.filename: 'orders-1.0.0-2.zip' is what tools"),
        (
            {"functions": {"api": {}}, "filename": "{function}-v2.zip"},
            (
                "functions.api.filename: 'api-v2.zip' is what tools of the package index take for "
                "the source distribution of a version 'v2'"
            ),
        ),
        (
            {"functions": {"a": {}, "b": {}}, "filename": "x.zip"},
            "functions.a.filename: 'x.zip' is the name of 2 zips (a, b); add {function}",
        ),
        (
            {"filename": "{function}.zip", "architectures": ["arm64", "x86_64"]},
            (
                "filename: 'lambda.zip' is the name of 2 zips (lambda-arm64, lambda-x86_64); add "
                "{architecture}"
            ),
        ),
        (
            {
                "functions": {"a": {"filename": "X.zip"}, "b": {"filename": "x.zip"}},
            },
            "functions.a.filename: 'X.zip' is the name of 2 zips (a, b); add {function}",
        ),
    ],
)
def test_mistakes(table: Table, expected: str) -> None:
    problem = problem_of(table)
    assert problem.startswith(expected), problem


def test_misspelt_extras_and_groups() -> None:
    known = Known(extras=("web",), groups=("queue",))
    table: Table = {"functions": {"f": {"extras": ["wep"], "groups": ["Queue", "queu"]}}}
    assert problems_of(table, known=known) == [
        "functions.f.extras: 'wep' is not one of web. Did you mean 'web'?",
        "functions.f.groups: 'queu' is not one of queue. Did you mean 'queue'?",
    ]


def test_files_that_are_not_there_or_lead_away(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "there").touch()
    (root / "away").symlink_to(tmp_path)
    table: Table = {"include-files": {"there": "a", "not": "b", "away": "c"}}
    assert problems_of(table, known=Known(root=root)) == [
        f"include-files.\"not\": there is no 'not' in {root}",
        (
            "include-files.\"away\": 'away' is a symbolic link that leaves the project, to "
            f"{tmp_path.resolve()}"
        ),
    ]


def test_versions_for_several_runtimes() -> None:
    config = parse(
        {
            "functions": {
                "f": {
                    "runtimes": ["python3.12", "python3.13"],
                    "bytecode": "compile",
                    "bytecode-python": ["3.13.5", "3.12.1"],
                }
            }
        }
    )
    assert [one.bytecode.python for one in config.artifacts] == ["3.12.1", "3.13.5"]


@pytest.mark.parametrize("version", ["1.0.0", "1.0.0+g12ab", "1.0.0.dev3+g12ab.d20260101"])
def test_the_default_names_are_no_sdists(version: str) -> None:
    project = Project("orders", version, f"orders-{version}")
    table: Table = {
        "functions": {"api": {"architectures": ["arm64"]}, "x2": {}},
        "layers": {"deps": {}},
    }
    assert len(parse(table, project=project).artifacts) == 3


def test_all_mistakes_of_all_tables_come_at_once() -> None:
    problems = problems_of(
        {
            "runtime": "python3.x",
            "provided": "aws",
            "functions": {"f": {"handler": "x", "strip": ["all"], "zzz": 1}, "g h": {}},
            "layers": {"l": {"distributions": "six", "handler": "a.b"}},
        }
    )
    assert {problem.partition(": ")[0] for problem in problems} == {
        *("runtime", "provided", "layers.l.handler", "layers.l.distributions"),
        *("functions.f.zzz", "functions.f.strip", "functions.f.handler", "functions.g h"),
    }
