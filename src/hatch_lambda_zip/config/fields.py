"""The fields in braces that hatch replaces in its own options: ``{root}``, ``{home}``, ``{env:…}``.

What decides a zip's bytes can't depend on the machine, so of these only ``{root}/`` can stand in
it, for the project's directory, to which all paths are relative anyway. Where an option is a path
of this machine, all can.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_FIELD: Final = re.compile(r"(?<!\{)\{(root|home|env)(?::([^{}]*))?\}")
_LITERAL: Final = re.compile(r"\{(\{(?:root|home|env)(?::[^{}]*)?\})\}")


def without_fields(text: str) -> str:
    """Return a text that is the same on every machine; ``{{root}}`` stands for the very braces.

    Raises:
        ValueError: it has a field that is not; says so in half a sentence.

    >>> without_fields("{root}/conf"), without_fields("a{{home}}b"), without_fields("{name}.zip")
    ('conf', 'a{home}b', '{name}.zip')
    """
    plain = "" if text == "{root}" else text.removeprefix("{root}/")
    if match := _FIELD.search(plain):
        raise ValueError(
            f"{text!r} would make the zip depend on this machine by {match[0]}; write the value "
            f"itself, or {{{match[0]}}} for the very braces"
        )
    return _LITERAL.sub(r"\1", plain or ".")


def with_fields(text: str, root: Path, environ: Mapping[str, str]) -> str:
    """Return a text with its fields replaced as hatch replaces them.

    Raises:
        ValueError: a variable has neither a value nor a default; says so in half a sentence.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] != "env":
            path = os.fspath(root) if match[1] == "root" else os.path.expanduser("~")  # noqa: PTH111
            for modifier in filter(None, (match[2] or "").split(":")):
                if modifier not in {"parent", "real"}:
                    raise ValueError(f"{match[0]} has an unknown modifier, {modifier!r}")
                path = os.path.dirname(path) if modifier == "parent" else os.path.realpath(path)  # noqa: PTH120
            return path
        name, has_default, default = (match[2] or "").partition(":")
        if name not in environ and not has_default:
            raise ValueError(
                f"the variable {name!r} is not set; set it, or write a default: {{env:{name}:…}}"
            )
        return environ.get(name, default)

    return _LITERAL.sub(r"\1", _FIELD.sub(value, text))
