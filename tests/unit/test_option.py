"""One declaration is enough for an option to be everywhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from hatch_lambda_zip.build.manifest import describe_options
from hatch_lambda_zip.config.keys import HATCHLING_KEYS, TARGET_KEY
from hatch_lambda_zip.config.load import Config, parse_config
from hatch_lambda_zip.config.option import Kind, Option, OptionTable
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.reference import json_schema, options_page
from hatch_lambda_zip.config.target_options import TargetOptions
from hatch_lambda_zip.config.values import Number, Several
from hatch_lambda_zip.config.words import BytecodeMode, Strip
from hatch_lambda_zip.errors import ConfigError


class WithMemory(Options):
    memory = Option(
        "memory",
        Number((128, 256, 512)),
        default=128,
        example="256",
        description="Megabytes that the function has.",
        of=(Kind.FUNCTION,),
    )


def parse(table: Mapping[str, object]) -> Config:
    table = {"runtime": "python3.13", **table}
    return parse_config(table, today=date(2026, 1, 1), options=WithMemory)


def problem_of(table: Mapping[str, object]) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(table)
    (problem,) = caught.value.problems
    return problem.removeprefix(f"{TARGET_KEY}.")


def test_a_new_option_is_read_and_merged() -> None:
    config = parse(
        {"memory": 256, "functions": {"a": {}, "b": {"memory": 512}}, "layers": {"l": {}}}
    )
    memories = {}
    for artifact in config.artifacts:
        assert isinstance(artifact.options, WithMemory)
        memories[artifact.name] = artifact.options.memory
    assert memories == {"l": 128, "a": 256, "b": 512}


def test_a_new_option_is_checked_where_it_stands() -> None:
    message = "memory: must be one of 128, 256, 512, not 1"
    assert problem_of({"memory": 1}) == message
    assert problem_of({"functions": {"a": {"memory": 1}}}) == f"functions.a.{message}"


def test_a_new_option_belongs_where_it_says() -> None:
    message = "layers.l.memory: is an option of functions only; remove it"
    assert problem_of({"layers": {"l": {"memory": 256}}}) == message


@pytest.mark.parametrize("where", ["", "functions.a."])
def test_a_new_option_is_what_was_perhaps_meant(where: str) -> None:
    table: dict[str, object] = {"memry": 256}
    problem = problem_of({"functions": {"a": table}} if where else table)
    assert problem == f"{where}memry: unknown key. Did you mean 'memory'?"


def test_a_new_option_is_among_the_known_ones() -> None:
    assert ", memory, " in problem_of({"zzz": 1}).partition("Known: ")[2]


def test_a_new_option_is_on_the_page() -> None:
    text = "a\n<!-- options -->\nold\n<!-- /options -->\nb\n<!-- target -->\n<!-- /target -->\nc\n"
    updated = options_page(text, options=WithMemory)
    assert (
        "### `memory`\n\nMegabytes that the function has.\n\n* Type: `128` or `256` or `512`\n"
        "* Default: `128`\n* Where: the first table; tables of functions\n\n"
        "```toml\nmemory = 256\n```\n"
    ) in updated
    assert "old" not in updated
    assert options_page(updated, options=WithMemory) == updated


def test_a_new_option_is_in_the_schema() -> None:
    definitions = json_schema(WithMemory)["$defs"]
    assert isinstance(definitions, dict)
    schema = {
        "description": "Megabytes that the function has.",
        "type": "integer",
        "enum": [128, 256, 512],
    }
    assert definitions["function"]["properties"]["memory"] == schema
    assert definitions["target"]["properties"]["memory"] == {**schema, "default": 128}
    assert "memory" not in definitions["layer"]["properties"]


def test_a_new_option_is_in_the_manifest() -> None:
    (artifact,) = parse({"memory": 256}).artifacts
    described = describe_options(artifact)
    assert described == {
        **describe_options(replace(artifact, options=Options())),
        "memory": 256,
    } | {"python-release": artifact.platform.release}


def test_the_manifest_tells_the_options_in_one_order() -> None:
    assert list(Options().describe().items()) == [
        ("python-release", None),
        ("check-imports", "error"),
        ("external-modules", []),
        ("extras", []),
        ("groups", []),
        ("only-groups", []),
        ("build-from-source", []),
        ("code", {}),
        ("package", None),
        ("distributions", None),
        ("exclude-distributions", []),
        ("exclude-files", []),
        ("provided", None),
        ("strip", []),
        ("include", None),
        ("exclude", []),
        ("modules", "all"),
        ("keep-modules", []),
        ("scripts", False),
        ("bytecode", "strip"),
        ("bytecode-python", None),
        ("bytecode-optimize", 0),
        ("source", "keep"),
    ]


def test_the_manifest_has_values_in_the_words_of_the_configuration() -> None:
    table = {
        "extras": ["a"],
        "strip": ["tests"],
        "include": [],
        "bytecode": "compile",
        "bytecode-python": ["3.12.1", "3.13.5"],
        "source": "omit",
    }
    (artifact,) = parse(table).artifacts
    described = {key: describe_options(artifact)[key] for key in table}
    assert described == {**table, "bytecode-python": "3.13.5"}


def test_no_two_options_have_one_key() -> None:
    hatchling = set(HATCHLING_KEYS)
    for options in (Options.allowed_in(Kind.FUNCTION), Options.allowed_in(Kind.LAYER)):
        keys = [key for option in options for key in option.keys]
        assert len(keys) == len(set(keys))
    target = [*Options.inheritable(), *TargetOptions.declared()]
    keys = [key for option in target for key in option.default_keys]
    assert len(keys) == len(set(keys))
    assert {"include", "exclude"} & hatchling == set()  # they choose among the wheel's files
    assert hatchling.intersection(keys) == {"artifacts"}  # patterns of either kind of files


@pytest.mark.parametrize("option", Options.declared(), ids=lambda option: option.key)
def test_every_option_is_explained_in_sentences(option: Option[object]) -> None:
    assert option.description.endswith(".")
    assert "|" not in option.description
    assert not {*option.inherited_by} - {*option.of}
    # A table without the key says something about it, by value or in words.
    assert option.otherwise or option.default is not None


def test_options_have_defaults_of_the_type_that_is_read() -> None:
    options = Options()
    assert (options.strip, options.bytecode) == ((), BytecodeMode.STRIP)
    assert (options.scripts, options.bytecode_optimize) == (False, 0)
    assert options.architectures == Several(("x86_64",), listed=False)
    assert options.distributions is None


def test_options_are_values() -> None:
    one = Options(strip=(Strip.TESTS,), scripts=True)
    same = Options(scripts=True, strip=(Strip.TESTS,))
    assert one == same
    assert hash(one) == hash(same)
    assert len({one, same, Options(scripts=True), Options()}) == 3
    assert one != WithMemory(strip=(Strip.TESTS,), scripts=True)
    own = Options(scripts=True)
    others = [own.over(Options(scripts=shadowed), Kind.LAYER) for shadowed in (True, False)]
    assert {own, *others} == {own}
    assert own != Options().over(own, Kind.LAYER)  # not given in a table of its own
    assert repr(Options(scripts=True)) == "Options(scripts=True)"


def test_options_are_frozen() -> None:
    options = WithMemory()
    with pytest.raises(AttributeError, match="'memory' can't be set"):
        options.memory = 256
    assert options.memory == 128


def test_options_that_are_not_declared_are_refused() -> None:
    with pytest.raises(TypeError, match="Options has no option memory, memries"):
        Options(memory=1, memries=2)


def test_options_know_which_of_them_are_given() -> None:
    merged = Options(scripts=True).over(Options(scripts=False, provided="aws-sdk"), Kind.LAYER)
    given = [option for option in Options.declared() if merged.is_given(option)]
    assert given == [Options.provided, Options.scripts]
    assert [option for option in given if merged.is_own(option)] == [Options.scripts]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Kind.FUNCTION, {"handler": "a.b", "include_files": (("a", "b"),)}),
        (Kind.LAYER, {"distributions": ("a",)}),
    ],
)
def test_a_table_takes_the_defaults_that_belong_to_it(
    kind: Kind, values: Mapping[str, object]
) -> None:
    defaults = Options(handler="a.b", distributions=("a",), include_files=(("a", "b"),))
    merged = Options().over(defaults, kind)
    assert merged.given(Options.declared()) == values


def test_changed_options_replace_or_take_away() -> None:
    merged = Options(scripts=True).over(Options(provided="aws-sdk"), Kind.FUNCTION)
    assert merged.changed(scripts=None, provided=None) == Options()
    assert merged.changed(scripts=False, provided=None) == Options(scripts=False)


def test_an_attribute_of_the_class_is_the_declaration() -> None:
    assert isinstance(Options.strip, Option)
    assert (Options.runtimes.keys, Options.strip.keys) == (("runtime", "runtimes"), ("strip",))
    assert Options.strip in Options.declared()
    assert OptionTable.declared() == ()


def test_importing_the_configuration_needs_little() -> None:
    # It is loaded with the plugin in every build with hatchling, whatever is built. What the tests
    # bring along is not there.
    code = """if True:
        import sys

        sys.modules["typing_extensions"] = None
        import hatch_lambda_zip.config

        print(*sys.modules)
    """
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    slow = {"concurrent.futures", "csv", "zipfile", "packaging.pylock", "hatch_lambda_zip.bytecode"}
    assert slow.isdisjoint(run.stdout.split())
