"""The declared options -> the page of options and the JSON Schema; no build needs it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from hatch_lambda_zip.config.keys import HATCHLING_KEYS, HATCHLING_SELECTION_KEYS
from hatch_lambda_zip.config.option import Kind, Option
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.target_options import TargetOptions
from hatch_lambda_zip.config.values import Schema


def options_page(text: str, messages: str = "", options: type[Options] = Options) -> str:
    """Return the page of options with the sections written anew, each between its two markers.

    Args:
        text: the page.
        messages: the page of messages, to which the options' mistakes are links.
        options: those of functions and layers.

    Raises:
        ValueError: it has no such markers.
    """
    target = [_section(option, messages) for option in TargetOptions.declared()]
    sections = {
        "options": [_section(option, messages) for option in options.declared()],
        "target": [*target, _hatchling_section()],
    }
    for name, found in sections.items():
        text = between_markers(text, name, "\n".join(found))
    return text


def between_markers(text: str, name: str, content: str) -> str:
    """Return a page with other content between the two markers of a name.

    Raises:
        ValueError: it has no such markers.
    """
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    before, found, rest = text.partition(start)
    _, also_found, after = rest.partition(end)
    if not found or not also_found:
        raise ValueError(f"the page has no {start.strip()} or no {end.strip()}")
    return f"{before}{start}\n{content}\n{end}{after}"


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


def _section(option: Option[object], messages: str) -> str:
    """Return what the page says of an option."""
    default = option.otherwise or _code([json.dumps(option.value.to_json(option.default))])
    lines = [
        f"### `{option.key}`",
        "",
        option.description,
        "",
        f"* Type: {_type(option.value.schema())}",
        f"* Default: {default}",
        f"* Where: {'; '.join(_places(option))}",
        *(f"* `{key}`: {_several(option)}" for key in option.keys[1:]),
        *_mistakes(option, messages),
        "",
        "```toml",
        f"{option.key} = {option.example}",
        "```",
        "",
    ]
    return "\n".join(lines)


def _mistakes(option: Option[object], messages: str) -> Iterator[str]:
    """Yield a line of links to what is said of an option, if anything is."""
    _, *parts = re.split(r"^### (.+)$", messages, flags=re.MULTILINE)
    keys = [f".lambda-zip.{key}: " for key in (*option.keys, *option.default_keys)]
    links = [
        f"[{title}](../troubleshooting.md#{_anchor(title)})"
        for title, said in zip(parts[::2], parts[1::2], strict=True)
        if any(key in said for key in keys)
    ]
    if links:
        yield f"* Mistakes: {', '.join(links)}"


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9- ]", "", title.lower()).replace(" ", "-")


def _hatchling_section() -> str:
    others = [key for key in HATCHLING_KEYS if key not in HATCHLING_SELECTION_KEYS]
    return (
        "### hatchling's keys\n\n"
        f"{_code(others)}: the keys that hatchling defines for every target, with hatchling's "
        f"meaning. So are {_code(HATCHLING_SELECTION_KEYS)}, which say what goes into the wheel; "
        "they replace the wheel target's own for the zips, and are an error where another back end "
        "makes the wheel, as is `hooks`.\n"
    )


def _type(schema: object) -> str:
    """Return in words what a JSON Schema takes."""
    match schema:
        case {"enum": [*values]}:
            words = " or ".join(_code([json.dumps(value)]) for value in values)
        case {"const": value}:
            words = _code([json.dumps(value)])
        case {"type": "array", "items": {"enum": [*values]}}:
            words = f"array of {_code(json.dumps(value) for value in values)}"
        case {"type": "array"}:
            words = "array of strings"
        case {"type": "object"}:
            words = "table"
        case {"type": str(name)}:
            words = name
        case {"anyOf": [*kinds]}:
            words = ", or ".join(map(_type, kinds))
        case _:
            raise ValueError(schema)
    return words


def _several(option: Option[object]) -> str:
    return f"A list instead of `{option.key}`: one zip for each, which then is part of its name."


def _places(option: Option[object]) -> Iterator[str]:
    """Yield the tables that an option may stand in."""
    if not option.of:
        yield "the first table"
        return
    if {*option.inherited_by} == {*option.of}:
        scope = ""
    else:
        scope = f", for {_plural(option.inherited_by)} only"
    name = "" if option.default_key == option.key else f", as `{option.default_key}`"
    if option.inherited_by:
        yield f"the first table{name}{scope}"
    yield f"tables of {_plural(option.of)}"


def _plural(kinds: Iterable[Kind]) -> str:
    return " and ".join(f"{kind.value}s" for kind in kinds)


def _schemas(options: Iterable[Option[object]], *, as_defaults: bool = False) -> Schema:
    """Return the schemas of options by key, as others have them or as the target's table has."""
    properties: Schema = {}
    for option in options:
        name = option.default_key if as_defaults else option.key
        for key, schema in option.value.schemas(name).items():
            is_several = key != name
            # Links are those of the page.
            text = re.sub(r" See \[[^]]*\]\([^)]*\)\.", "", option.description)
            text = re.sub(r"\[([^]]*)\]\((?!https:)[^)]*\)", r"\1", text)
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
