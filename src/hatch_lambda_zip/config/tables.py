"""Reads TOML tables value by value and collects every mistake, each with its full key."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatch_lambda_zip.config.fields import with_fields, without_fields
from hatch_lambda_zip.files import read_regular
from hatch_lambda_zip.text import did_you_mean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Known:
    """What the package itself has, so that a misspelt name is found early.

    Attributes:
        extras: normalized; None when they can't be known beforehand.
        groups: likewise.
        root: the project's directory, in which files are looked for; None not to look.
        directories: returns the directories that patterns match, relative to it, in which there
            is a file that would ship.
    """

    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    root: Path | None = None
    directories: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda _: ()


class TableReader:
    """Reads one table.

    Attributes:
        key: the table's full key.
        table: its content.
        problems: the mistakes found so far, one line each; shared with the tables inside.
        known: what values are judged by.
        wrong: the table's keys that have a mistake.
    """

    def __init__(
        self,
        key: str,
        table: Mapping[str, object],
        problems: list[str],
        known: Known | None = None,
    ) -> None:
        self.key = key
        self.table = table
        self.problems = problems
        self.known = known or Known()
        self.wrong: set[str] = set()

    def over(self, table: Mapping[str, object]) -> TableReader:
        """Return a reader of another table that stands for this one, whose mistakes are its own."""
        other = TableReader(self.key, table, self.problems, self.known)
        other.wrong = self.wrong
        return other

    def problem(self, key: str, message: str) -> None:
        """Note a mistake in one of the table's keys, once."""
        self.wrong.add(key)
        line = f"{self.key}.{key}: {message}"
        if line not in self.problems:
            self.problems.append(line)

    def refuse_unknown(
        self,
        known: Iterable[str],
        others: Iterable[str] = (),
        hint: Callable[[str, Collection[str]], str] = did_you_mean,
    ) -> None:
        """Note every key that is not known, unless something else is noted about it already.

        Args:
            known: the keys that are listed where there is no hint.
            others: those that are known as well.
            hint: returns what to say about a key, given all that are known; "" for nothing.
        """
        known = sorted(set(known))
        all_known = sorted({*known, *others})
        # A list of several is known where the one is.
        listed = [word for word in known if word[:-1] not in known]
        for key in self.table:
            if key not in all_known and key not in self.wrong:
                advice = hint(key, all_known) or f"Known: {', '.join(listed)}"
                self.problem(key, f"unknown key. {advice}")

    def text(self, key: str, check: Callable[[str], str | None] | None = None) -> str | None:
        """Return a string; None when it is absent or wrong (which is noted).

        ``check`` returns what is wrong with a value, or None.
        """
        value = self._string(key)
        return None if value is None else self._checked(key, value, check)

    def path(self, key: str, environ: Mapping[str, str]) -> str | None:
        """Return a path of this machine; None when it is absent or wrong (which is noted)."""
        value = self._string(key)
        if value is None:
            return None
        try:
            # hatchling builds in the project's directory, whether its files are known or not.
            return with_fields(value, self.known.root or Path.cwd(), environ)
        except ValueError as error:
            self.problem(key, str(error))
            return None

    def texts(
        self, key: str, check: Callable[[str], str | None] | None = None
    ) -> tuple[str, ...] | None:
        """Return an array of strings; None when it is absent or wrong (which is noted)."""
        if key not in self.table:
            return None
        values = self.table[key]
        if not isinstance(values, list) or not all(
            isinstance(value, str) and value for value in values
        ):
            hint = f'; write ["{values}"]' if values and isinstance(values, str) else ""
            self.problem(key, f"must be an array of non-empty strings, not {values!r}{hint}")
            return None
        checked = [self._checked(key, value, check) for value in values]
        sound = tuple(value for value in checked if value is not None)
        return sound if len(sound) == len(values) else None

    def _string(self, key: str) -> str | None:
        """Return what stands in the table, if it is a string."""
        if key not in self.table:
            return None
        value = self.table[key]
        if isinstance(value, str) and value:
            return value
        self.problem(key, f"must be a non-empty string, not {value!r}")
        return None

    def _checked(
        self, key: str, value: str, check: Callable[[str], str | None] | None
    ) -> str | None:
        """Return a value without fields; None if it is wrong (which is noted)."""
        try:
            value = without_fields(value)
            message = check(value) if check else None
        except ValueError as error:
            message = str(error)
        if message:
            self.problem(key, message)
        return None if message else value

    def flag(self, key: str) -> bool | None:
        """Return a boolean; None when it is absent or wrong (which is noted)."""
        if key not in self.table:
            return None
        value = self.table[key]
        if not isinstance(value, bool):
            self.problem(key, f"must be true or false, not {value!r}")
            return None
        return value

    def number(self, key: str, choices: Iterable[int]) -> int | None:
        """Return one of some integers; None when it is absent or wrong (which is noted)."""
        if key not in self.table:
            return None
        value = self.table[key]
        choices = tuple(choices)
        if isinstance(value, bool) or value not in choices or not isinstance(value, int):
            self.problem(key, f"must be one of {', '.join(map(str, choices))}, not {value!r}")
            return None
        return value

    def text_pairs(
        self,
        key: str,
        check: Callable[[str, str], str | None] | None = None,
        *,
        may_be_empty: bool = False,
    ) -> tuple[tuple[str, str], ...] | None:
        """Return a table of strings; None when it is absent or wrong (which is noted).

        Args:
            check: returns what is wrong with a name and its value, or None.
            may_be_empty: whether a value may be the empty string.
        """
        if key not in self.table:
            return None
        pairs = self.table[key]
        if not isinstance(pairs, dict) or not all(
            name and isinstance(value, str) and (value or may_be_empty)
            for name, value in pairs.items()
        ):
            kind = "strings" if may_be_empty else "non-empty strings"
            names = pairs if isinstance(pairs, list) else [pairs]
            alike = [f'"{name}" = "{name}"' for name in names if name and isinstance(name, str)]
            hint = f"; write {{ {', '.join(alike)} }}" if alike else ""
            self.problem(key, f"must be a table of {kind}, not {pairs!r}{hint}")
            return None
        sound = {}
        for name, value in pairs.items():
            try:
                source, place = without_fields(name), value and without_fields(value)
                message = check(source, place) if check else None
            except ValueError as error:
                message = str(error)
            if message:
                self.problem(f'{key}."{name}"', message)
            else:
                sound[source] = place
        return tuple(sound.items()) if len(sound) == len(pairs) else None

    def tables(self, key: str, hint: str = "") -> list[tuple[str, TableReader]]:
        """Return a reader for each table inside a table, with its name.

        Args:
            hint: ends the message when it is no table.
        """
        outer = self.table.get(key, {})
        if not isinstance(outer, dict):
            name = _first_name(outer) or "NAME"
            self.problem(key, f"must be a table of tables, as in [{self.key}.{key}.{name}]{hint}")
            return []
        found = []
        for name, inner in outer.items():
            if isinstance(inner, dict):
                inner_key = f"{self.key}.{key}.{name}"
                reader = TableReader(inner_key, inner, self.problems, self.known)
                found.append((name, reader))
            else:
                self.problem(f"{key}.{name}", f"must be a table, not {inner!r}")
        return found


def _first_name(tables: object) -> str | None:
    """Return what was meant to be the name of a table, where there is a list or a string."""
    first = tables[0] if isinstance(tables, list) and tables else tables
    name = first.get("name") if isinstance(first, dict) else first
    return name if isinstance(name, str) and name else None


def inner_table(table: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return a table inside others; an empty one where something else, or nothing, is there."""
    for key in keys:
        inner = table.get(key)
        table = inner if isinstance(inner, dict) else {}
    return table


def read_tables(path: Path) -> Mapping[str, Any]:
    """Read a TOML file that somebody else judges; an empty table where it can't be read."""
    try:
        return tomllib.loads((read_regular(path) or b"").decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
