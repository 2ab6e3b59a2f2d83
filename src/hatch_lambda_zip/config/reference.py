"""The declared options -> the README's tables and the JSON Schema; nothing of a build needs it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from hatch_lambda_zip.config.keys import HATCHLING_KEYS, HATCHLING_SELECTION_KEYS
from hatch_lambda_zip.config.option import Kind, Option, OptionTable
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.target_options import TargetOptions
from hatch_lambda_zip.config.values import Schema

_HEAD = ("| key | default | meaning |", "| --- | --- | --- |")


def options_table(options: type[OptionTable] = Options) -> str:
    """Return a Markdown table of options."""
    rows = [row for option in options.declared() for row in _rows(option)]
    return "\n".join((*_HEAD, *rows)) + "\n"


def target_table() -> str:
    """Return a Markdown table of what only the target's own table has."""
    others = [key for key in HATCHLING_KEYS if key not in HATCHLING_SELECTION_KEYS]
    meaning = (
        f"{_code(others)}: the keys that hatchling defines for every target, with hatchling's "
        f"meaning. So are {_code(HATCHLING_SELECTION_KEYS)}, which say what goes into the wheel; "
        "they replace the wheel target's own for the zips, and are an error where another back end "
        "makes the wheel, as is `hooks`."
    )
    return f"{options_table(TargetOptions)}| hatchling's | | {meaning} |\n"


def update_readme(text: str, options: type[Options] = Options) -> str:
    """Return the README with the tables written anew, each between its two markers.

    Raises:
        ValueError: it has no such markers.
    """
    for name, table in (("options", options_table(options)), ("target", target_table())):
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        before, found, rest = text.partition(start)
        _, also_found, after = rest.partition(end)
        if not found or not also_found:
            raise ValueError(f"the README has no {start.strip()} or no {end.strip()}")
        text = before + start + table + end + after
    return text


def json_schema(options: type[Options] = Options) -> Schema:
    """Return the JSON Schema (2020-12) of pyproject.toml and hatch.toml, for what is ours in them.

    It says what can be said without the project: keys, types and words. Its keywords are those
    that the earlier drafts have too, which editors of TOML know best.
    """
    build = _table("targets", _table("lambda-zip", {"$ref": "#/$defs/target"}))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The options of hatch-lambda-zip, in pyproject.toml or hatch.toml",
        "type": "object",
        "properties": {
            "tool": _table("hatch", _table("build", build)),
            "build": build,  # in hatch.toml
        },
        "$defs": {
            "target": {
                "type": "object",
                "description": "The defaults of all functions and layers, and the tables of both.",
                "properties": {
                    # Ours say more of a key that is both.
                    **{key: _hatchling_schema(key) for key in HATCHLING_KEYS},
                    **_schemas(options.inheritable(), as_defaults=True),
                    **_schemas(TargetOptions.declared()),
                },
                "additionalProperties": False,
            },
            **{
                kind.value: {
                    "type": "object",
                    "description": f"A {kind.value}. What it does not say, the defaults say.",
                    "properties": _schemas(options.allowed_in(kind)),
                    "additionalProperties": False,
                }
                for kind in Kind
            },
        },
    }


def schema_text(options: type[Options] = Options) -> str:
    """Return the JSON Schema as it stands in its file."""
    return json.dumps(json_schema(options), indent=2, ensure_ascii=False) + "\n"


def _rows(option: Option[object]) -> Iterator[str]:
    """Yield a row for an option, and one for its list of several values if it has that."""
    default = option.otherwise or _code([json.dumps(option.value.to_json(option.default))])
    meaning = " ".join((option.description, *_scope(option)))
    yield f"| `{option.key}` | {default} | {meaning} |"
    for key in option.keys[1:]:
        yield f"| `{key}` | | {_several(option)} |"


def _several(option: Option[object]) -> str:
    return f"A list instead of `{option.key}`: one zip for each, which then is part of its name."


def _scope(option: Option[object]) -> Iterator[str]:
    """Yield in sentences where an option may stand, if that is not everywhere."""
    if len(option.of) == 1:
        yield f"{_plural(option.of)} only."
    if option.default_key != option.key:
        yield f"In the first table it is `{option.default_key}`."
    elif {*option.inherited_by} != {*option.of}:
        yield f"Of the defaults, it goes into {_plural(option.inherited_by).lower()} only."


def _plural(kinds: Iterable[Kind]) -> str:
    return " and ".join(f"{kind.value}s" for kind in kinds).capitalize()


def _schemas(options: Iterable[Option[object]], *, as_defaults: bool = False) -> Schema:
    """Return the schemas of options by key, as others have them or as the target's table has."""
    properties: Schema = {}
    for option in options:
        name = option.default_key if as_defaults else option.key
        for key, schema in option.value.schemas(name).items():
            is_several = key != name
            # Anchors are of the README.
            text = re.sub(r"\[([^]]*)\]\(#[^)]*\)", r"\1", option.description)
            described = {"description": _several(option) if is_several else text, **schema}
            default = option.value.to_json(option.default)
            if as_defaults and not is_several and default is not None and default != "":
                described["default"] = default
            properties[key] = described
    return properties


def _hatchling_schema(key: str) -> Schema:
    text = "A key of hatchling's, with its meaning."
    if key in HATCHLING_SELECTION_KEYS:
        text += " For the zips it replaces the wheel target's."
    return {"description": text}


def _table(name: str, inner: Schema) -> Schema:
    """Return the schema of a table with another inside, open to whatever else is in it."""
    return {"type": "object", "properties": {name: inner}}


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
