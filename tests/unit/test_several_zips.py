"""Configurations with several functions, layers, runtimes and architectures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from hatch_lambda_zip.config.keys import TARGET_KEY
from hatch_lambda_zip.config.load import Config, parse_config
from hatch_lambda_zip.config.model import Kind
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.errors import ConfigError

TODAY = date(2026, 1, 1)
ORDERS = Project("orders", "1.0", "orders-1.0")


def parse(table: Mapping[str, object], project: Project | None = None) -> Config:
    return parse_config(table, today=TODAY, project=project)


def problems_of(table: Mapping[str, object], project: Project | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(table, project)
    return [problem.removeprefix(f"{TARGET_KEY}.") for problem in caught.value.problems]


def names_of(table: Mapping[str, object]) -> list[str]:
    return [one.name for one in parse(table).artifacts]


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ({"runtime": "python3.13", "architecture": "arm64"}, ["lambda"]),
        ({"runtimes": ["python3.13"]}, ["lambda-python3.13"]),
        (
            {"runtimes": ["python3.13", "python3.12", "python3.13"]},
            ["lambda-python3.13", "lambda-python3.12"],
        ),
        (
            {"runtime": "python3.13", "architectures": ["arm64", "x86_64"]},
            ["lambda-arm64", "lambda-x86_64"],
        ),
        (
            {"runtimes": ["python3.13", "python3.12"], "architectures": ["arm64", "x86_64"]},
            [
                "lambda-python3.13-arm64",
                "lambda-python3.13-x86_64",
                "lambda-python3.12-arm64",
                "lambda-python3.12-x86_64",
            ],
        ),
    ],
)
def test_lists_make_one_zip_for_each_combination(
    table: dict[str, object], names: list[str]
) -> None:
    artifacts = parse(table).artifacts
    assert [one.name for one in artifacts] == names
    assert {one.table for one in artifacts} == {"lambda"}
    assert len({one.platform for one in artifacts}) == len(names)


@pytest.mark.parametrize(
    ("default", "own", "name"),
    [
        ({"runtimes": ["python3.12", "python3.13"]}, {"runtime": "python3.11"}, "f"),
        ({"runtime": "python3.11"}, {"runtimes": ["python3.12"]}, "f-python3.12"),
        ({"architectures": ["arm64", "x86_64"]}, {"architecture": "arm64"}, "f"),
        ({"architecture": "x86_64"}, {"architectures": ["arm64"]}, "f-arm64"),
    ],
)
def test_one_overrides_several_and_the_other_way_round(
    default: dict[str, object], own: dict[str, object], name: str
) -> None:
    base = {} if "runtimes" in default else {"runtime": "python3.13"}
    assert names_of({**base, **default, "functions": {"f": own}}) == [name]


@pytest.mark.parametrize("word", ["runtime", "architecture"])
@pytest.mark.parametrize("where", ["", "functions", "layers"])
def test_one_and_several_in_one_table_are_two_words_for_one_thing(word: str, where: str) -> None:
    value = {"runtime": "python3.13", "architecture": "arm64"}[word]
    both: dict[str, object] = {word: value, f"{word}s": [value]}
    key = f"{where}.f." if where else ""
    table = {where: {"f": both}} if where else both
    assert problems_of({"runtime": "python3.13", **table}) == [
        f"{key}{word}s: and '{word}' are two words for one thing; keep one of them"
    ]


@pytest.mark.parametrize("key", ["runtimes", "architectures"])
def test_an_empty_list_makes_nothing_and_is_refused(key: str) -> None:
    table: dict[str, object] = {key: []}
    if key == "architectures":
        table["runtime"] = "python3.13"
    assert problems_of(table) == [
        f"{key}: is empty, so there is nothing to build; remove it or add one"
    ]


def test_each_wrong_value_of_a_list_is_reported() -> None:
    problems = problems_of({"runtimes": ["python3.13", "nodejs", "ruby3.3"]})
    assert [problem[:30] for problem in problems] == [
        "runtimes: 'nodejs' is not one ",
        "runtimes: 'ruby3.3' is not one",
    ]


def test_the_runtime_is_required_of_each_that_has_none() -> None:
    table = {
        "functions": {"a": {}, "b": {"runtime": "python3.13"}},
        "layers": {"c": {}},
    }
    message = 'is required; for example: runtime = "python3.14"'
    assert problems_of(table) == [f"layers.c.runtime: {message}", f"functions.a.runtime: {message}"]


def test_a_wrong_runtime_of_the_defaults_is_reported_once() -> None:
    table = {"runtime": "python", "functions": {"a": {}, "b": {}}}
    (problem,) = problems_of({**table, "versions": ["a"]})
    assert problem.startswith("runtime: 'python' is not one of ")


def test_layers_come_before_functions() -> None:
    config = parse({"runtime": "python3.13", "functions": {"f": {}}, "layers": {"l": {}, "k": {}}})
    assert [(one.name, one.kind) for one in config.artifacts] == [
        ("l", Kind.LAYER),
        ("k", Kind.LAYER),
        ("f", Kind.FUNCTION),
    ]
    assert [one.key for one in config.artifacts] == [
        f"{TARGET_KEY}.layers.l",
        f"{TARGET_KEY}.layers.k",
        f"{TARGET_KEY}.functions.f",
    ]


def test_layers_alone_need_an_empty_table_of_functions() -> None:
    table = {"runtime": "python3.13", "layers": {"l": {}}}
    assert names_of(table) == ["l", "lambda"]
    assert names_of({**table, "functions": {}}) == ["l"]


def test_no_function_and_no_layer_is_refused_along_with_other_mistakes() -> None:
    message = "functions: has no function in it; remove the table, or add one"
    assert problems_of({"runtime": "python3.13", "functions": {}}) == [message]
    problems = problems_of({"runtime": "x", "functions": {}})
    assert problems[1:] == [message]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (
            {"functions": ["a"]},
            f"functions: must be a table of tables, as in [{TARGET_KEY}.functions.a]",
        ),
        (
            {"functions": [{"name": "a"}]},
            f"functions: must be a table of tables, as in [{TARGET_KEY}.functions.a]",
        ),
        (
            {"functions": 1},
            f"functions: must be a table of tables, as in [{TARGET_KEY}.functions.NAME]",
        ),
        (
            {"layers": "a"},
            (
                f"layers: must be a table of tables, as in [{TARGET_KEY}.layers.a]; the layers of "
                "all functions are `default-layers`"
            ),
        ),
        ({"functions": {"a": 1}}, "functions.a: must be a table, not 1"),
        (
            {"functions": {"a": {"zip-version": "0"}}},
            (
                "functions.a.zip-version: unknown key. It holds for the whole project: put it into "
                "the first table."
            ),
        ),
        (
            {"functions": {"a": {"distributions": ["b"]}}},
            "functions.a.distributions: is an option of layers only; remove it",
        ),
        *(
            (
                {"layers": {"a": {key: value}}},
                f"layers.a.{key}: is an option of functions only; remove it",
            )
            for key, value in {
                "handler": "a.b",
                "layers": ["a"],
                "include": ["a"],
                "exclude": ["a"],
            }.items()
        ),
        (
            {"distributions": ["a"]},
            "distributions: is an option of layers, and there is none; remove it",
        ),
        (
            {"layers": {"a": {"distributions": []}}},
            (
                "layers.a.distributions: is empty, so there is nothing to ship; name "
                "distributions, or remove the key for everything third-party"
            ),
        ),
    ],
)
def test_what_does_not_belong_in_a_table_is_refused(table: dict[str, object], problem: str) -> None:
    (found,) = problems_of({"runtime": "python3.13", **table})
    assert found.startswith(problem) if problem.endswith(": ") else found == problem


def test_a_layer_of_files_alone_is_fine() -> None:
    layer = {"distributions": [], "include-files": {"a": "python/a"}}
    assert names_of({"runtime": "python3.13", "layers": {"l": layer}}) == ["l", "lambda"]


@pytest.mark.parametrize("kind", ["functions", "layers"])
@pytest.mark.parametrize("name", ["", "a b", "a.b", "a/b", "-a", "_a", "é", "a\n", ".."])
def test_a_name_becomes_part_of_a_file_name(name: str, kind: str) -> None:
    assert problems_of({"runtime": "python3.13", kind: {name: {}}}) == [
        (
            f"{kind}.{name}: {name!r} can't name a {kind.removesuffix('s')}, since it becomes part "
            "of a file name; only ASCII letters, digits, '-' and '_' will do"
        )
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (
            {"functions": {"a": {}}, "layers": {"a": {}}},
            f"functions.a: the name 'a' is taken by {TARGET_KEY}.layers.a; rename one of them",
        ),
        (
            {"functions": {"a": {}}, "layers": {"a": {}}, "architectures": ["x86_64", "arm64"]},
            f"functions.a: the name 'a' is taken by {TARGET_KEY}.layers.a; rename one of them",
        ),
        (
            {"functions": {"api": {"architectures": ["x86_64", "arm64"]}, "api-arm64": {}}},
            (
                f"functions.api-arm64: the name 'api-arm64' is taken by {TARGET_KEY}.functions.api;"
                " rename one of them"
            ),
        ),
        (
            {"functions": {"api-arm64": {}, "api": {"architectures": ["x86_64", "arm64"]}}},
            (
                f"functions.api: the name 'api-arm64' is taken by {TARGET_KEY}.functions.api-arm64;"
                " rename one of them"
            ),
        ),
    ],
)
def test_every_zip_has_a_name_of_its_own(table: dict[str, object], problem: str) -> None:
    assert problems_of({"runtime": "python3.13", **table}) == [problem]


def test_the_only_function_has_a_name_that_no_layer_may_have() -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"runtime": "python3.13", "layers": {"lambda": {}}})
    assert caught.value.problems == (
        (
            f"{TARGET_KEY}: the name 'lambda' is taken by {TARGET_KEY}.layers.lambda; rename one "
            "of them"
        ),
    )


def with_layers(names: list[str], **layers: dict[str, object]) -> dict[str, object]:
    return {"runtime": "python3.13", "functions": {"f": {"layers": names}}, "layers": layers}


def test_five_layers_are_fine_and_six_are_not() -> None:
    layers: dict[str, dict[str, object]] = {f"l{number}-x": {} for number in range(6)}
    (*_, function) = parse(with_layers([*layers][:5], **layers)).artifacts
    assert function.layers == tuple(layers)[:5]
    assert problems_of(with_layers([*layers], **layers)) == [
        "functions.f.layers: has 6 layers; Lambda takes 5 at the most"
    ]


def test_an_unknown_layer_is_corrected() -> None:
    assert problems_of(with_layers(["dep", "f"], deps={})) == [
        "functions.f.layers: the layer 'dep' is not one of deps. Did you mean 'deps'?",
        "functions.f.layers: the layer 'f' is not one of deps",
    ]


def test_a_layer_without_any() -> None:
    table = {"runtime": "python3.13", "functions": {"f": {"layers": ["deps"]}}}
    assert problems_of(table) == [
        f"functions.f.layers: there is no layer 'deps'; [{TARGET_KEY}.layers.deps] makes one"
    ]


def test_a_layer_is_named_once() -> None:
    assert problems_of(with_layers(["a", "b", "a"], a={}, b={})) == [
        "functions.f.layers: names a twice"
    ]


def test_layers_of_all_functions_are_named_once() -> None:
    table = {
        "runtime": "python3.13",
        "default-layers": ["deps"],
        "functions": {"a": {}, "b": {"layers": []}, "c": {"layers": ["more"]}},
        "layers": {"deps": {}, "more": {}},
    }
    layers = {one.name: one.layers for one in parse(table).artifacts if one.kind is Kind.FUNCTION}
    assert layers == {"a": ("deps",), "b": (), "c": ("more",)}
    # The only function, whose table is the target's own, can have layers too.
    del table["functions"]
    function = parse(table).artifacts[-1]
    assert function.layers == ("deps",)


@pytest.mark.parametrize(
    ("defaults", "problem"),
    [
        ({"default-layers": ["dep"]}, "default-layers: the layer 'dep' is not one of deps. Did"),
        ({"bytecode": "compile"}, 'bytecode-python: is required with bytecode = "compile"'),
        (
            {"bytecode": "compile", "bytecode-python": "3.12.1"},
            "bytecode-python: 3.12.1 can't compile for python3.13",
        ),
        ({"python-release": "3.12.1"}, "python-release: 3.12.1 is not what python3.13 runs"),
        ({"source": "omit"}, 'source: "omit" would leave no code at all'),
    ],
)
def test_a_mistake_in_the_defaults_is_told_once_where_it_stands(
    defaults: dict[str, object], problem: str
) -> None:
    table = {"runtime": "python3.13", "functions": {"a": {}, "b": {}}, "layers": {"deps": {}}}
    (found,) = problems_of({**table, **defaults})
    assert found.startswith(problem)


def test_a_layer_that_no_function_has_is_noted() -> None:
    config = parse(with_layers(["used"], used={}, idle={}))
    (note,) = config.notes
    assert note.startswith(f"{TARGET_KEY}.layers.idle: no function has this layer in its `layers`")


def test_what_is_inherited_can_be_switched_off() -> None:
    table = {
        "runtime": "python3.13",
        "handler": "app.main",
        "filename": "{function}.zip",
        "provided": ["aws-sdk"],
        "functions": {"a": {}, "b": {"handler": False, "filename": False, "provided": []}},
    }
    inherited, switched_off = parse(table).artifacts
    assert (inherited.handler, inherited.file_name) == ("app.main", "{function}.zip")
    assert (switched_off.handler, switched_off.file_name) == (None, None)
    assert (inherited.exclusions.provided, switched_off.exclusions.provided) == (("aws-sdk",), ())


@pytest.mark.parametrize(
    ("layer", "built"),
    [
        ({"architecture": "arm64"}, "python3.13 on arm64"),
        ({"runtime": "python3.12"}, "python3.12 on x86_64"),
        (
            {"runtimes": ["python3.12", "python3.11"]},
            "python3.12 on x86_64, python3.11 on x86_64",
        ),
    ],
)
def test_a_layer_is_built_for_the_target_of_its_function(
    layer: dict[str, object], built: str
) -> None:
    assert problems_of(with_layers(["deps"], deps=layer)) == [
        (
            f"functions.f.layers: the layer 'deps' is built for {built}, and the function 'f' for "
            "python3.13 on x86_64; make them agree, or build the layer for both (`architectures`, "
            "`runtimes`)"
        )
    ]


@pytest.mark.parametrize(
    "layer", [{"architecture": "arm46"}, {"runtime": "python"}, {"runtime": 1}]
)
def test_a_mistake_of_a_layer_is_not_one_of_its_functions_too(layer: dict[str, object]) -> None:
    function = {"layers": ["deps"], "architecture": "arm64", "runtime": "python3.12"}
    table = {"runtime": "python3.13", "functions": {"f": function}, "layers": {"deps": layer}}
    (problem,) = problems_of(table)
    assert problem.startswith("layers.deps.")


def test_the_layers_of_a_function_are_those_of_its_target_in_its_order() -> None:
    table = with_layers(["b", "a"], a={}, b={}, c={})
    config = parse({**table, "architectures": ["arm64", "x86_64"]})
    for architecture in ("arm64", "x86_64"):
        layers = config.layers_of(config.artifact(f"f-{architecture}"))
        assert [one.name for one in layers] == [f"b-{architecture}", f"a-{architecture}"]
    assert config.layers_of(config.artifact("a-arm64")) == ()


def test_names_of_tables_stand_for_all_their_zips() -> None:
    table = with_layers(["a"], a={}, b={"architecture": "arm64"})
    config = parse({**table, "architectures": ["arm64", "x86_64"]})
    assert config.named([]) == []
    assert config.named(["f", "f-arm64", "f"]) == ["f-arm64", "f-x86_64"]
    assert config.named(["f-x86_64", "b", "a-arm64"]) == ["a-arm64", "b", "f-x86_64"]
    with pytest.raises(ConfigError) as caught:
        config.named(["f-arm46", "f", "zz"])
    known = "a, a-arm64, a-x86_64, b, f, f-arm64, f-x86_64"
    first, second = caught.value.problems
    assert first.startswith(
        f"{TARGET_KEY}: the function or layer 'f-arm46' is not one of {known}. Did you mean 'f-arm"
    )
    assert second == f"{TARGET_KEY}: the function or layer 'zz' is not one of {known}"


def test_the_versions_are_names_of_tables_or_zips() -> None:
    table = {"runtime": "python3.13", "architectures": ["arm64", "x86_64"]}
    assert parse({**table, "versions": ["lambda", "lambda-arm64"]}).artifacts
    assert problems_of({**table, "versions": ["lamda"]}) == [
        (
            "versions: 'lamda' is not one of lambda, lambda-arm64, lambda-x86_64. "
            "Did you mean 'lambda'?"
        )
    ]


def test_the_warnings_of_all_runtimes_are_given_once_each() -> None:
    table = {"runtimes": ["python3.8", "python3.9"], "functions": {"a": {}, "b": {}}}
    assert len(parse(table).warnings) == 2


def test_every_mistake_of_a_file_comes_at_once() -> None:
    problems = problems_of(
        {
            "runtimes": ["python3.13"],
            "architecture": "mips",
            "zzz": 1,
            "lock": "/uv.lock",
            "exclude-distributions": ["boto3==1"],
            "versions": ["nothing"],
            "functions": {
                "api": {"layers": ["dpes", "dpes"], "handler": "x", "architecture": "arm64"},
                "b d": {"distributions": ["x"], "exclude": ["[z-a]"]},
                "bytes": {"bytecode": "compile", "scripts": 1, "include-files": {"/a": "a"}},
                "x": {"filename": "same.zip", "architecture": "arm64"},
                "y": {"filename": "same.zip", "architecture": "arm64"},
                "w": {"filename": "{nme}.zip"},
            },
            "layers": {"deps": {"handler": "a.b", "strip": ["all"]}, "api": {"source": "omit"}},
        },
        ORDERS,
    )
    assert sorted(problem.partition(": ")[0] for problem in problems) == sorted(
        [
            "architecture",
            "zzz",
            "lock",
            "exclude-distributions",
            "versions",
            "functions.api.layers",
            "functions.api.layers",
            "functions.api.handler",
            "functions.api",
            "functions.b d",
            "functions.b d.distributions",
            "functions.b d.exclude",
            "functions.bytes.bytecode-python",
            "functions.bytes.scripts",
            'functions.bytes.include-files."/a"',
            "functions.x.filename",
            "functions.w.filename",
            "layers.deps.handler",
            "layers.deps.strip",
            "layers.api.source",
        ]
    )
