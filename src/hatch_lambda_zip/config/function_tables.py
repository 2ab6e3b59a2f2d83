"""The tables of functions and layers, each read over the defaults of the first table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from hatch_lambda_zip.config import checks
from hatch_lambda_zip.config.expand import expand
from hatch_lambda_zip.config.hints import about_key
from hatch_lambda_zip.config.keys import HATCHLING_KEYS
from hatch_lambda_zip.config.model import DEFAULT_FUNCTION, Artifact
from hatch_lambda_zip.config.option import Kind, Option
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.tables import TableReader
from hatch_lambda_zip.config.target_options import TargetOptions
from hatch_lambda_zip.config.templates import for_function, split_templates
from hatch_lambda_zip.config.words import Modules
from hatch_lambda_zip.runtimes import RUNTIMES


@dataclass(frozen=True)
class Table:
    """A function's or layer's table.

    Attributes:
        name: of the function or layer.
        kind: which of the two.
        reader: takes its mistakes.
        defaults: takes those of what it inherits: the reader of the target's table.
        options: those that hold for it, with the defaults.
        wrong: the keys with a mistake, here or in the defaults.
        is_found: whether `function-directories` has found it.
        artifacts: what is built for it.
    """

    name: str
    kind: Kind
    reader: TableReader
    defaults: TableReader
    options: Options
    wrong: frozenset[str]
    is_found: bool = False
    artifacts: list[Artifact] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names that it may be asked for by, each once."""
        return list(dict.fromkeys((self.name, *(artifact.name for artifact in self.artifacts))))

    def problem(
        self, option: Option[object], message: str, asked_by: Option[object] | None = None
    ) -> None:
        """Note a mistake in an option at the key that holds its value.

        One that is missing is missing beside the option that asks for it.
        """
        holder = asked_by or option
        is_here = self.options.is_own(holder) or not self.options.is_given(holder)
        if is_here and self.reader is not self.defaults:
            self.reader.problem(option.key, message)
        else:
            self.defaults.problem(option.default_key, message)


def read_function_tables(
    target: TableReader, target_options: TargetOptions, options: type[Options]
) -> list[Table]:
    """Read all layers, then all functions, each over the defaults."""
    plain, templates = split_templates(target.table)
    defaults = options.read_defaults(target.over(plain))
    tables = []
    for kind, inner_tables in (
        (Kind.LAYER, ((name, inner, False) for name, inner in target_options.layers)),
        (Kind.FUNCTION, _functions(target, target_options)),
    ):
        for name, inner, is_found in inner_tables:
            inherited = defaults
            if kind is Kind.FUNCTION:
                named = options.read_defaults(target.over(for_function(templates, name)))
                inherited = defaults.changed(**named.given(options.inheritable()))
            if inner is target:  # the only function's own
                merged = inherited.over(options(), kind)
                wrong = frozenset(target.wrong)
            else:
                own = inner.over(for_function(inner.table, name))
                _refuse_keys(own, kind, options)
                merged = options.read(own, options.allowed_in(kind)).over(inherited, kind)
                wrong = _wrong_keys(inner, target, options)
            tables.append(Table(name, kind, inner, target, merged, wrong, is_found))
    if not target.table.get("layers"):
        for option in options.inheritable():
            if option.of == (Kind.LAYER,) and option.default_key in target.table:
                target.problem(
                    option.default_key, "is an option of layers, and there is none; remove it"
                )
    for table in tables:
        _refuse_empty(table)
        _check_groups(table)
        _check_modules(table)
        table.artifacts.extend(
            replace(artifact, is_found=table.is_found)
            for artifact in expand(
                table.name, table.kind, table.options, table.reader.key, table.problem, table.wrong
            )
        )
    _require_runtimes(tables, target)
    return tables


def _functions(
    target: TableReader, target_options: TargetOptions
) -> Iterator[tuple[str, TableReader, bool]]:
    """Yield the functions' names and tables, and whether a directory is one's; these first."""
    given = dict(target_options.functions)
    if "functions" not in target.table and "function-directories" not in target.table:
        yield DEFAULT_FUNCTION, target, False
        return
    is_empty = target.table.get("functions") == {} and not target_options.layers
    if is_empty and "function-directories" not in target.table:
        target.problem("functions", "has no function in it; remove the table, or add one")
    directories: dict[str, str] = {}
    for directory in _directories(target, target_options):
        name = directory.rpartition("/")[2]
        if other := directories.get(name):
            target.problem(
                "function-directories",
                f"{other} and {directory} would both be the function {name!r}; leave one out with "
                f'"!{directory}"',
            )
            continue
        directories[name] = directory
        if problem := checks.wrong_function_name(name):
            target.problem(
                "function-directories",
                f"{directory} can't give a function its name, which {problem}; rename it, or leave "
                f'it out with "!{directory}"',
            )
            continue
        key = f"{target.key}.functions.{name}"
        inner = given.pop(name, None) or TableReader(key, {}, target.problems, target.known)
        has_code = "code" in inner.table or "code" in target.table
        yield name, inner if has_code else inner.over({"code": directory, **inner.table}), True
    for name, inner in given.items():
        if target_options.function_directories and not {"code", "handler"} & {*inner.table}:
            target.problem(
                f"functions.{name}",
                "no directory of `function-directories` is called so, and it has neither `code` "
                "nor `handler`; correct the name, or give it one",
            )
        yield name, inner, False


def _directories(target: TableReader, target_options: TargetOptions) -> tuple[str, ...]:
    patterns = target_options.function_directories
    found = target.known.directories(patterns) if patterns else ()
    if patterns and target.known.root is not None and not found:
        target.problem(
            "function-directories",
            f"{', '.join(patterns)}: no such directory has a file that would ship",
        )
    return found


def _require_runtimes(tables: Sequence[Table], target: TableReader) -> None:
    """Note tables without a runtime; one that is given, but wrong, was noted where it stands."""
    keys = set(Options.runtimes.keys)
    without = [table for table in tables if keys.isdisjoint(table.reader.table)]
    if keys.isdisjoint(target.table):
        # What all lack, they best have from the defaults.
        readers = [target] if len(without) == len(tables) else [table.reader for table in without]
        for reader in readers:
            newest = RUNTIMES[-1].identifier
            reader.problem("runtime", f'is required; for example: runtime = "{newest}"')


def keys_of(options: Iterable[Option[object]]) -> set[str]:
    """Return all keys that options may stand in."""
    return {key for option in options for key in option.keys}


def _wrong_keys(
    reader: TableReader, defaults: TableReader, options: type[Options]
) -> frozenset[str]:
    """Return the keys with a mistake that matters to a table, in it or in the defaults."""
    # A runtime of its own stands for the defaults' runtimes too.
    own = keys_of(
        option for option in options.declared() if not reader.table.keys().isdisjoint(option.keys)
    )
    return frozenset(reader.wrong | (defaults.wrong - own))


def _refuse_empty(table: Table) -> None:
    """Note a layer without anything in it."""
    if table.options.distributions == () and not (
        table.options.include_files or table.options.code
    ):
        table.problem(
            Options.distributions,
            "is empty, so there is nothing to ship; name distributions, or remove the key for "
            "everything third-party",
        )


def _check_groups(table: Table) -> None:
    """Note groups alone together with what they leave away."""
    options = table.options
    if options.only_groups and (options.groups or options.extras):
        other = "groups" if options.groups else "extras"
        table.problem(
            Options.only_groups,
            f"leaves away what `{other}` adds to; keep one of the two, or write {other} = []",
        )


def _check_modules(table: Table) -> None:
    """Note modules that are to be found from a handler that is not given."""
    options = table.options
    if options.modules is Modules.IMPORTED:
        if options.code and not options.package:
            table.problem(
                Options.modules,
                'is "imported", which is about the modules of the package, and that does not ship '
                "here; remove it, or add package = true",
            )
        elif not options.handler:
            table.problem(
                Options.modules,
                'is "imported", which needs a `handler` to start from; give one, or remove it',
            )
    elif options.is_own(Options.keep_modules) and options.keep_modules:
        table.reader.problem("keep-modules", 'says nothing without modules = "imported"; remove it')


def _refuse_keys(reader: TableReader, kind: Kind, options: type[Options]) -> None:
    """Note keys that do not belong in a table."""
    known = keys_of(options.allowed_in(kind))
    elsewhere = keys_of(options.declared()) - known
    for key in reader.table:
        if key in elsewhere:
            others = " or ".join(f"{other.value}s" for other in Kind if other is not kind)
            reader.problem(key, f"is an option of {others} only; remove it")
    first_table = keys_of(TargetOptions.declared()) | HATCHLING_KEYS.keys()
    reader.refuse_unknown(known, hint=partial(about_key, first_table=first_table))
