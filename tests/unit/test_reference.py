"""The pages of options and commands and the JSON Schema: up to date, and as the parser has it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest

# Without types; their stubs would be one more tool to keep up to date for one call.
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hatch_lambda_zip.cli.reference import commands_page
from hatch_lambda_zip.config.load import parse_config
from hatch_lambda_zip.config.option import Kind
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.reference import json_schema, options_page, schema_text
from hatch_lambda_zip.config.target_options import TargetOptions
from hatch_lambda_zip.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "reference"
HINT = "run: python docs/write_reference.py"
DOCUMENTS = sorted(
    path
    for folder in ("examples", "tests/fixtures")
    for path in (ROOT / folder).rglob("pyproject.toml")
    if ".venv" not in path.parts
)

COMPILED = {"bytecode": "compile", "bytecode-python": "3.13.5"}
LAYERS: dict[str, object] = {f"l{number}": {} for number in range(6)}

# Tables beside a runtime, and functions' tables inside such a table.
RIGHT: list[dict[str, object]] = [
    {},
    {"handler": "a.b", "architecture": "arm64", "lock": "pylock.toml", "versions": ["lambda"]},
    {"architectures": ["arm64", "x86_64"], "filename": "{function}-{architecture}.zip"},
    {"extras": ["a"], "groups": [], "exclude-distributions": ["A_b.c"], "provided": "aws-sdk"},
    {"provided": ["aws-sdk", "numpy"], "external-modules": ["a.b_1"], "check-imports": "off"},
    {"strip": ["tests", "native-headers"], "include": ["a/**"], "exclude": ["!a"]},
    {"include-files": {"a b/c.toml": "c"}, "scripts": False},
    {**COMPILED, "bytecode-python-path": "/x", "bytecode-optimize": 2, "source": "omit"},
    {**COMPILED, "bytecode-python": ["3.13.5", "3.12.1"]},
    {"directory": "out", "only-packages": True, "hooks": {"custom": {}}},
    {"layers": LAYERS, "functions": {"f": {"layers": ["l0", "l1", "l2", "l3", "l4"]}}},
    {"layers": {"l": {"distributions": ["a"]}}, "functions": {}},
    {"distributions": ["a"], "layers": {"l": {}}},
    {"functions": {"a": {"runtime": "python3.99"}, "b-C_1": {"runtimes": ["python3.12"]}}},
]
WRONG: list[dict[str, object]] = [
    {"handlr": "a.b"},
    {"runtime": "python2.7"},
    {"runtime": "nodejs22.x"},
    {"runtime": ["python3.13"]},
    {"architecture": "mips"},
    {"architectures": "arm64"},
    {"architectures": []},
    {"architectures": ["mips"]},
    {"handler": ""},
    {"handler": 1},
    {"filename": True},
    {"lock": ["uv.lock"]},
    {"versions": "lambda"},
    {"extras": "a"},
    {"extras": [""]},
    {"groups": [1]},
    {"exclude-distributions": ["boto3==1.0"]},
    {"exclude-distributions": ["boto3", "-a"]},
    {"provided": "boto3==1"},
    {"provided": ["aws-sdk", ""]},
    {"check-imports": "never"},
    {"external-modules": ["a.b", "a-b"]},
    {"layers": {"l": {"external-modules": ["a"]}}},
    {"strip": ["test"]},
    {"strip": "tests"},
    {"include": "a"},
    {"exclude": [1]},
    {"include-files": ["a"]},
    {"include-files": {"a": ""}},
    {"include-files": {"": "a"}},
    {"scripts": "yes"},
    {"bytecode": "compiled"},
    {"bytecode": True},
    {**COMPILED, "bytecode-python": "3.13"},
    {**COMPILED, "bytecode-python": []},
    {**COMPILED, "bytecode-python": ["3.13.5", "3.12"]},
    {**COMPILED, "bytecode-python-path": 1},
    {**COMPILED, "bytecode-optimize": 3},
    {**COMPILED, "bytecode-optimize": "1"},
    {**COMPILED, "source": "drop"},
    {"functions": ["a"]},
    {"functions": {"a": 1}},
    {"functions": {"a b": {}}},
    {"functions": {"a": {"zip-version": "0"}}},
    {"functions": {"a": {"functions": {}}}},
    {"functions": {"a": {"directory": "out"}}},
    {"functions": {"a": {"distributions": ["b"]}}},
    {"functions": {"a": {"layers": {}}}},
    {"functions": {"a": {"layers": [*LAYERS]}}, "layers": LAYERS},
    {"functions": {"a": {"layers": ["l0", "l0"]}}, "layers": LAYERS},
    {"layers": ["l"]},
    {"layers": {"l": {"handler": "a.b"}}},
    {"layers": {"l": {"include": ["a"]}}},
    {"layers": {"l": {"layers": ["m"]}, "m": {}}},
    {"layers": {"l": {"distributions": ["a[b]"]}}},
]


def document_of(table: Mapping[str, object]) -> dict[str, object]:
    return {"tool": {"hatch": {"build": {"targets": {"lambda-zip": table}}}}}


def is_valid(document: Mapping[str, object]) -> bool:
    return bool(Draft202012Validator(json_schema()).is_valid(document))


def is_parsed(table: Mapping[str, object]) -> bool:
    try:
        parse_config(table, today=date(2026, 1, 1))
    except ConfigError:
        return False
    return True


def test_the_pages_have_what_is_declared() -> None:
    options = (PAGES / "options.md").read_text(encoding="utf-8")
    messages = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    assert options_page(options, messages) == options, HINT
    commands = (PAGES / "commands.md").read_text(encoding="utf-8")
    assert commands_page(commands) == commands, HINT


def test_the_schema_file_has_the_declared_options() -> None:
    schema = (ROOT / "docs" / "lambda-zip.schema.json").read_text(encoding="utf-8")
    assert schema_text() == schema, HINT


@pytest.mark.parametrize("marker", ["<!-- options -->", "<!-- /target -->"])
def test_a_page_without_the_markers_is_refused(marker: str) -> None:
    page = (PAGES / "options.md").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=marker):
        options_page(page.replace(marker, ""))


def test_every_example_is_one_of_its_key() -> None:
    of_target = {option.key: option.example for option in TargetOptions.declared()}
    for kind in Kind:
        for option in Options.allowed_in(kind):
            lines = f"[{kind.value}s.one]\n{option.key} = {option.example}\n"
            table = tomllib.loads(lines)
            assert is_valid(document_of({"runtime": "python3.13", **table})), lines
    for key, example in of_target.items():
        assert is_valid(document_of(tomllib.loads(f"{key} = {example}"))), key


def test_the_schema_of_manifests_has_the_options_that_manifests_tell() -> None:
    schema = json.loads((ROOT / "docs" / "manifest.schema.json").read_text(encoding="utf-8"))
    options = schema["properties"]["options"]
    assert [*options["properties"]] == options["required"] == [*Options().describe()]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.parent.name)
def test_examples_and_fixtures_are_valid(path: Path) -> None:
    assert is_valid(tomllib.loads(path.read_text(encoding="utf-8")))


def test_there_are_examples_with_tables() -> None:
    assert sum("lambda-zip]" in path.read_text(encoding="utf-8") for path in DOCUMENTS) >= 4


@pytest.mark.parametrize("table", RIGHT, ids=json.dumps)
def test_what_the_parser_takes_is_valid(table: dict[str, object]) -> None:
    table = {"runtime": "python3.13", **table}
    assert is_parsed(table)
    assert is_valid(document_of(table))
    in_hatch_toml = {"build": {"targets": {"lambda-zip": table}}}
    assert is_valid(in_hatch_toml)


@pytest.mark.parametrize("table", WRONG, ids=json.dumps)
def test_what_has_another_form_is_neither_parsed_nor_valid(table: dict[str, object]) -> None:
    table = {"runtime": "python3.13", **table}
    assert not is_parsed(table)
    assert not is_valid(document_of(table))
    assert not is_valid({"build": {"targets": {"lambda-zip": table}}})


@pytest.mark.parametrize("key", sorted({key for one in Options.declared() for key in one.keys}))
@pytest.mark.parametrize("where", ["", "functions", "layers"])
def test_no_key_takes_a_value_of_another_type(key: str, where: str) -> None:
    wrong: dict[str, object] = {key: 1.5}
    table = {where: {"one": wrong}} if where else wrong
    assert not is_parsed({"runtime": "python3.13", **table})
    assert not is_valid(document_of(table))


def test_other_tables_are_not_judged() -> None:
    document = document_of({"runtime": "python3.13"})
    other = deepcopy(document)
    other["project"] = {"name": 1}
    other["tool"] = {"hatch": {"build": {"targets": {"wheel": {"zzz": 1}}}}, "zzz": {}}
    assert is_valid(other)


def test_each_kind_of_table_is_closed_and_lists_its_keys() -> None:
    definitions = json_schema()["$defs"]
    assert isinstance(definitions, dict)
    assert all(schema["additionalProperties"] is False for schema in definitions.values())
    for kind in Kind:
        keys = [key for option in Options.allowed_in(kind) for key in option.keys]
        assert [*definitions[kind.value]["properties"]] == keys
