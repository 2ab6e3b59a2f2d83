"""The kinds of values that options have: how each is read, and written as JSON."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from packaging.utils import canonicalize_name

from hatch_lambda_zip.config.tables import Known, TableReader
from hatch_lambda_zip.text import not_one_of

T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=Enum)

Schema = dict[str, object]
"""A JSON Schema."""

Check = Callable[[str], str | None]
"""Returns what is wrong with a string, or None."""


class Value(ABC, Generic[T_co]):
    """A kind of value: how it stands in TOML, and in the two kinds of JSON."""

    @abstractmethod
    def read(self, reader: TableReader, key: str) -> T_co | None:
        """Return the value of a key; None when it is absent or wrong (which is noted)."""

    @abstractmethod
    def schema(self) -> Schema:
        """Return what an editor can check: types and words, but nothing that the project knows."""

    def schemas(self, key: str) -> dict[str, Schema]:
        """Return the schema of each key that the value may stand in."""
        return {key: self.schema()}

    def to_json(self, value: object) -> object:
        """Return a value as the manifest has it; by default as in TOML."""
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, tuple):
            return [self.to_json(item) for item in value]
        return value


@dataclass(frozen=True)
class Text(Value[str]):
    """A non-empty string.

    Attributes:
        check: is there more to say against it?
        form: what of that a JSON Schema can say.
    """

    check: Check | None = None
    form: Schema = field(default_factory=dict)

    @classmethod
    def among(cls, words: Collection[str]) -> Text:
        """Return the kind of value that is one of some words."""
        return cls(lambda word: _unless_in(word, words), {"enum": [*words]})

    def read(self, reader: TableReader, key: str) -> str | None:
        """Read the string."""
        return reader.text(key, self.check)

    def schema(self) -> Schema:
        """Return the schema of one such string."""
        return {"type": "string", "minLength": 1, **self.form}


class MachinePath(Text):
    """A path of the machine that builds, in which hatch's fields are replaced."""

    def read(self, reader: TableReader, key: str) -> str | None:
        """Read the path."""
        return reader.path(key, os.environ)


class TextOrFalse(Text):
    """A non-empty string, or ``false``, which takes the defaults' away and reads as ``""``."""

    def read(self, reader: TableReader, key: str) -> str | None:
        """Read the string."""
        return "" if reader.table.get(key) is False else super().read(reader, key)

    def schema(self) -> Schema:
        """Return the schema of either."""
        return {"anyOf": [super().schema(), {"const": False}]}


@dataclass(frozen=True)
class Texts(Value[tuple[str, ...]]):
    """An array of strings.

    Attributes:
        item: what each of them is.
        review: yields what is wrong with all of them together.
        form: what of that a JSON Schema can say.
    """

    item: Text = Text()
    review: Callable[[tuple[str, ...]], Iterable[str]] | None = None
    form: Schema = field(default_factory=dict)

    def read(self, reader: TableReader, key: str) -> tuple[str, ...] | None:
        """Read the strings in their order."""
        values = reader.texts(key, self.item.check)
        if values is not None and self.review is not None:
            for message in self.review(values):
                reader.problem(key, message)
        return values

    def schema(self) -> Schema:
        """Return the schema of the array."""
        return {"type": "array", "items": self.item.schema(), **self.form}


class TextOrTexts(Texts):
    """An array of strings, or one string that stands for an array of it alone."""

    def read(self, reader: TableReader, key: str) -> tuple[str, ...] | None:
        """Read the strings in their order."""
        if isinstance(reader.table.get(key), list):
            return super().read(reader, key)
        value = self.item.read(reader, key)
        return None if value is None else (value,)

    def schema(self) -> Schema:
        """Return the schema of either."""
        return {"anyOf": [self.item.schema(), super().schema()]}

    def to_json(self, value: object) -> object:
        """Return a single string without its array, and null when there is none."""
        values = super().to_json(value)
        if isinstance(values, list) and len(values) < 2:  # noqa: PLR2004 - none or one
            return values[0] if values else None
        return values


@dataclass(frozen=True)
class Names(Value[tuple[str, ...]]):
    """An array of names that are normalized as those of distributions (PEP 503, PEP 685, PEP 735).

    Attributes:
        item: what each of them is.
        known: the normalized names that there are, or None when nobody knows.
    """

    item: Text = Text()
    known: Callable[[Known], tuple[str, ...] | None] = lambda _: None

    def read(self, reader: TableReader, key: str) -> tuple[str, ...] | None:
        """Read the names, normalized and sorted, each once."""
        known = self.known(reader.known)

        def check(name: str) -> str | None:
            if known is not None:
                return _unless_in(canonicalize_name(name), known)
            return None if self.item.check is None else self.item.check(name)

        names = reader.texts(key, check)
        return None if names is None else tuple(sorted({canonicalize_name(name) for name in names}))

    def schema(self) -> Schema:
        """Return the schema of the array."""
        return {"type": "array", "items": self.item.schema()}


@dataclass(frozen=True)
class OneOf(Value[E]):
    """One word of an enumeration."""

    words: type[E]

    def read(self, reader: TableReader, key: str) -> E | None:
        """Read the word."""
        value = reader.table.get(key, "")
        if not isinstance(value, str):
            words = ", ".join(f'"{member.value}"' for member in self.words)
            reader.problem(key, f"must be one of {words}, not {value!r}")
            return None
        word = reader.text(key, _word_of(self.words).check)
        return None if word is None else self.words(word)

    def schema(self) -> Schema:
        """Return the schema of the word."""
        return _word_of(self.words).schema()


@dataclass(frozen=True)
class SomeOf(Value[tuple[E, ...]]):
    """An array of words of an enumeration."""

    words: type[E]

    def read(self, reader: TableReader, key: str) -> tuple[E, ...] | None:
        """Read the words, each once, in the order that the enumeration has."""
        words = reader.texts(key, _word_of(self.words).check)
        if words is None:
            return None
        return tuple(member for member in self.words if member.value in words)

    def schema(self) -> Schema:
        """Return the schema of the array."""
        return {"type": "array", "items": _word_of(self.words).schema()}


class Flag(Value[bool]):
    """``true`` or ``false``."""

    def read(self, reader: TableReader, key: str) -> bool | None:
        """Read the boolean."""
        return reader.flag(key)

    def schema(self) -> Schema:
        """Return the schema of a boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Number(Value[int]):
    """One of some integers."""

    choices: tuple[int, ...]

    def read(self, reader: TableReader, key: str) -> int | None:
        """Read the integer."""
        return reader.number(key, self.choices)

    def schema(self) -> Schema:
        """Return the schema of the integer."""
        return {"type": "integer", "enum": [*self.choices]}


@dataclass(frozen=True)
class Pairs(Value[tuple[tuple[str, str], ...]]):
    """A table of strings.

    Attributes:
        check: returns what is wrong with a key and its value, or None.
    """

    check: Callable[[str, str, Known], str | None]

    def read(self, reader: TableReader, key: str) -> tuple[tuple[str, str], ...] | None:
        """Read the pairs in their order."""
        return reader.text_pairs(key, lambda name, value: self.check(name, value, reader.known))

    def schema(self) -> Schema:
        """Return the schema of the table."""
        return {
            "type": "object",
            "patternProperties": {".": Text().schema()},
            "additionalProperties": False,
        }


@dataclass(frozen=True)
class Places(Value[tuple[tuple[str, str], ...]]):
    """A directory whose files lie at the root of the zip, or a table of several and their places.

    Attributes:
        check: returns what is wrong with a directory and its place, or None.
    """

    check: Callable[[str, str, Known], str | None]

    def read(self, reader: TableReader, key: str) -> tuple[tuple[str, str], ...] | None:
        """Read the pairs in their order."""

        def check(source: str, place: str) -> str | None:
            return self.check(source, place, reader.known)

        if isinstance(reader.table.get(key), dict):
            return reader.text_pairs(key, check, may_be_empty=True)
        value = reader.text(key, lambda source: check(source, ""))
        return None if value is None else ((value, ""),)

    def schema(self) -> Schema:
        """Return the schema of either."""
        return {
            "anyOf": [
                Text().schema(),
                {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
            ]
        }

    def to_json(self, value: object) -> object:
        """Return the table."""
        return dict(value) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Several:
    """One value, or a list of them that makes one zip for each.

    Attributes:
        values: at least one.
        listed: whether they came as a list.
    """

    values: tuple[str, ...]
    listed: bool


@dataclass(frozen=True)
class OneOrSeveral(Value[Several]):
    """A string, or an array of them in a key of its own, which has an "s" at the end."""

    item: Text

    def read(self, reader: TableReader, key: str) -> Several | None:
        """Read the one that is there."""
        plural = f"{key}s"
        if key in reader.table and plural in reader.table:
            reader.problem(plural, f"and {key!r} are two words for one thing; keep one of them")
            return None
        if plural not in reader.table:
            value = self._read_one(reader, key)
            return None if value is None else Several((value,), listed=False)
        values = reader.texts(plural, self.item.check)
        if values is None:
            return None
        if not values:
            reader.problem(plural, "is empty, so there is nothing to build; remove it or add one")
            return None
        return Several(tuple(dict.fromkeys(values)), listed=True)

    def _read_one(self, reader: TableReader, key: str) -> str | None:
        value = reader.table.get(key)
        if value and isinstance(value, list):
            reader.problem(
                key, f"takes one value; for a zip for each of several, the key is {key}s"
            )
            return None
        if isinstance(value, float) and self.item.check:  # a version without quotes
            reader.problem(key, f"{self.item.check(str(value))}, in quotes")
            return None
        return self.item.read(reader, key)

    def schema(self) -> Schema:
        """Return the schema of the string."""
        return self.item.schema()

    def schemas(self, key: str) -> dict[str, Schema]:
        """Return the schema of both keys."""
        several = {"type": "array", "items": self.item.schema(), "minItems": 1}
        return {key: self.item.schema(), f"{key}s": several}

    def to_json(self, value: object) -> object:
        """Return the string or the array."""
        if not isinstance(value, Several):
            return value
        return [*value.values] if value.listed else value.values[0]


@dataclass(frozen=True)
class Tables(Value[tuple[tuple[str, TableReader], ...]]):
    """A table of tables.

    Attributes:
        definition: what the JSON Schema calls the schema of each.
        names: what they can be called.
        hint: ends the message about what is no such table.
    """

    definition: str
    names: re.Pattern[str]
    hint: str = ""

    def read(self, reader: TableReader, key: str) -> tuple[tuple[str, TableReader], ...] | None:
        """Return a reader for each table, with its name."""
        return tuple(reader.tables(key, self.hint)) if key in reader.table else None

    def schema(self) -> Schema:
        """Return the schema of the outer table."""
        return {
            "type": "object",
            "patternProperties": {
                f"^{self.names.pattern}$": {"$ref": f"#/$defs/{self.definition}"}
            },
            "additionalProperties": False,
        }


def _word_of(words: type[Enum]) -> Text:
    return Text.among([member.value for member in words])


def _unless_in(word: str, words: Collection[str]) -> str | None:
    return None if word in words else not_one_of(word, words)
