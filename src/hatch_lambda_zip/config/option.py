"""What an option is: one declaration, from which everything else about it follows.

The declaration says how the option is read, merged over defaults, refused where it does not belong,
written in the manifest, and explained on the page of options and in the JSON Schema. What it does
not say is what the option does: that is for those who ask for its value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar, cast, overload

from hatch_lambda_zip.config.tables import TableReader
from hatch_lambda_zip.config.values import Value

if TYPE_CHECKING:
    from typing_extensions import Self  # type checkers know it, and nothing installs it

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Kind(Enum):
    """What a zip is to Lambda."""

    FUNCTION = "function"
    LAYER = "layer"

    @property
    def prefix(self) -> str:
        """The directory of the zip that distributions are put into.

        AWS Lambda developer guide, "Packaging your layer content": ``python/`` of a layer.
        """
        return "python/" if self is Kind.LAYER else ""

    @property
    def import_root(self) -> str:
        """The directory on Lambda that modules of the zip are imported from."""
        return "/opt/python/" if self is Kind.LAYER else "/var/task/"


class Option(Generic[T_co]):
    """An option, declared as an attribute of an :class:`OptionTable`.

    Args:
        key: its name in TOML.
        value: how it is read and written.
        default: what holds where it is not given.
        description: one or more sentences of Markdown, whose links are those of docs/reference.
        example: a value as it stands in TOML; by default that of flags.
        otherwise: what holds where it is not given, in words, if the default does not tell.
        of: whose tables may have it; those of neither kind when it belongs to the target alone.
        inherited_by: who takes it from the target's table if his own does not have it; all that may
            have it by default. What nobody inherits can't stand in the target's table.
        default_key: its name in the target's table, where that is another one.
        in_manifest: whether it decides what is in a zip, and the manifest tells it nowhere else.
            Outputs of an earlier build are only taken again if these options are the same.
    """

    def __init__(  # noqa: PLR0913 - all keywords, all there is to know of an option
        self,
        key: str,
        value: Value[T_co],
        *,
        default: T_co,
        description: str,
        example: str = "true",
        otherwise: str = "",
        of: Collection[Kind] = tuple(Kind),
        inherited_by: Collection[Kind] | None = None,
        default_key: str | None = None,
        in_manifest: bool = True,
    ) -> None:
        self.key = key
        self.value = value
        self.default = default
        self.description = description
        self.example = example
        self.otherwise = otherwise
        self.of = of
        self.inherited_by = of if inherited_by is None else inherited_by
        self.default_key = default_key or key
        self.in_manifest = in_manifest

    def __set_name__(self, owner: type[OptionTable], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, table: None, owner: type[OptionTable]) -> Option[T_co]: ...
    @overload
    def __get__(self, table: OptionTable, owner: type[OptionTable]) -> T_co: ...
    def __get__(self, table: OptionTable | None, owner: type[OptionTable]) -> Option[T_co] | T_co:
        return self if table is None else table.value_of(self)

    def __set__(self, table: OptionTable, value: object) -> NoReturn:
        raise AttributeError(f"{self.name!r} can't be set: options are frozen")

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """All keys that it may stand in, such as ``runtime`` and ``runtimes``."""
        return tuple(self.value.schemas(self.key))

    @cached_property
    def default_keys(self) -> tuple[str, ...]:
        """All keys that it may stand in in the target's table."""
        return tuple(self.value.schemas(self.default_key))


class OptionTable:
    """The values of a table's options: frozen, and equal where the same ones are given.

    A subclass declares the options. An attribute is the value that is given, or else the default;
    the same attribute of the class is the :class:`Option`.

    Args:
        inherited: values of another table's options, by attribute.
        own: those that stand in the table itself, which win.
    """

    def __init__(self, inherited: Mapping[str, object] | None = None, /, **own: object) -> None:
        self._values = {**(inherited or {}), **own}
        self._own = frozenset(own)
        if unknown := self._values.keys() - {option.name for option in self.declared()}:
            raise TypeError(f"{type(self).__name__} has no option {', '.join(sorted(unknown))}")

    @classmethod
    @cache  # a project may have hundreds of tables
    def declared(cls) -> tuple[Option[object], ...]:
        """Return all options, in the order in which they are declared."""
        found = {
            name: attribute
            for base in reversed(cls.__mro__)
            for name, attribute in vars(base).items()
            if isinstance(attribute, Option)
        }
        return tuple(found.values())

    @classmethod
    @cache
    def allowed_in(cls, kind: Kind) -> tuple[Option[object], ...]:
        """Return the options that the table of a function or layer may have."""
        return tuple(option for option in cls.declared() if kind in option.of)

    @classmethod
    @cache
    def inheritable(cls) -> tuple[Option[object], ...]:
        """Return the options that may stand in the target's table, as defaults of others."""
        return tuple(option for option in cls.declared() if option.inherited_by)

    @classmethod
    def read(cls, reader: TableReader, options: Iterable[Option[object]]) -> Self:
        """Read some of the options; mistakes are noted in the reader."""
        return cls._of({option.name: option.value.read(reader, option.key) for option in options})

    @classmethod
    def read_defaults(cls, reader: TableReader) -> Self:
        """Read what the target's table has for others; mistakes are noted in the reader."""
        options = cls.inheritable()
        return cls._of({item.name: item.value.read(reader, item.default_key) for item in options})

    @classmethod
    def _of(cls, values: Mapping[str, object]) -> Self:
        return cls(**{name: value for name, value in values.items() if value is not None})

    def over(self, defaults: OptionTable, kind: Kind) -> Self:
        """Return the options that hold for a function or layer.

        Args:
            defaults: what the target's table has; other than these options, they are not own ones.
            kind: which of the two; what does not belong to it is dropped.
        """
        inherited = [option for option in defaults.inheritable() if kind in option.inherited_by]
        return type(self)(defaults.given(inherited), **self.given(self.allowed_in(kind)))

    def changed(self, **values: object) -> Self:
        """Return the same options but for some, by attribute; None takes one away."""
        kept = {name: value for name, value in self._values.items() if name not in values}
        inherited = {name: value for name, value in kept.items() if name not in self._own}
        own = {name: value for name, value in kept.items() if name in self._own}
        new = {name: value for name, value in values.items() if value is not None}
        return type(self)(inherited, **own, **new)

    def given(self, options: Iterable[Option[object]]) -> dict[str, object]:
        """Return the values of those options that are given at all, by attribute."""
        names = [option.name for option in options]
        return {name: self._values[name] for name in names if name in self._values}

    def is_given(self, option: Option[object]) -> bool:
        """Tell whether an option is given, here or in the defaults."""
        return option.name in self._values

    def is_own(self, option: Option[object]) -> bool:
        """Tell whether an option is given in the table itself."""
        return option.name in self._own

    def value_of(self, option: Option[T]) -> T:
        """Return the value of an option, or its default."""
        # What is given has been read by the option's own kind of value.
        return cast("T", self._values.get(option.name, option.default))

    def describe(self) -> dict[str, object]:
        """Describe the options that decide what is in a zip, in the words of the configuration."""
        return {
            option.key: option.value.to_json(self.value_of(option))
            for option in self.declared()
            if option.in_manifest
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OptionTable) or type(self) is not type(other):
            return NotImplemented
        return (self._values, self._own) == (other._values, other._own)

    def __hash__(self) -> int:
        return hash((frozenset(self._values.items()), self._own))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self._values.items())
        return f"{type(self).__name__}({values})"
