"""What is to be built: one frozen description for each zip."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hatch_lambda_zip.config.option import Kind
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.words import BytecodeMode, Source, Strip
from hatch_lambda_zip.runtimes import Platform

__all__ = [
    "DEFAULT_FUNCTION",
    "Artifact",
    "Bytecode",
    "BytecodeMode",
    "Exclusions",
    "Kind",
    "OwnFiles",
    "Request",
    "Strip",
]


DEFAULT_FUNCTION: Final = "lambda"
"""What the only function is called, where none has a table of its own."""


@dataclass(frozen=True)
class Request:
    """Which part of the package's dependencies is wanted.

    Attributes:
        extras: of the package, normalized (PEP 685) and sorted.
        groups: its dependency groups (PEP 735), likewise.
        is_groups_alone: whether what the package itself requires stays away.
    """

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    is_groups_alone: bool = False


@dataclass(frozen=True)
class Exclusions:
    """What is left out on request.

    Attributes:
        distributions: their normalized names; what only they need goes with them.
        required: those of them that must be there to be left out, since the function's or layer's
            own table names them.
        provided: likewise, or names of sets of them: what something else has.
        must_provide: those of them that must be there to be left out, since the function's or
            layer's own table names them. Of a set, nothing has to be there.
        strip: kinds of files.
    """

    distributions: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()
    must_provide: tuple[str, ...] = ()
    strip: tuple[Strip, ...] = ()


@dataclass(frozen=True)
class OwnFiles:
    """Which files of the project itself ship.

    Attributes:
        include: patterns of the files of the package's wheel that ship; None for all.
        exclude: patterns of those that do not.
        added: the project's files and directories that ship besides: source relative to the
            project, destination in the zip.
        artifacts: of code directories, patterns of what ships though it is ignored or no code.
    """

    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    artifacts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bytecode:
    """How compiled modules ship.

    Attributes:
        mode: see there.
        python: the exact version of the compiling interpreter; None unless modules are compiled.
        python_path: where it is; None to look for it.
        optimize: the optimization level, 0 to 2.
        omit_source: whether modules ship without their source.
    """

    mode: BytecodeMode = BytecodeMode.STRIP
    python: str | None = None
    python_path: str | None = None
    optimize: int = 0
    omit_source: bool = False


@dataclass(frozen=True)
class Artifact:
    """One zip: a function or a layer, for one runtime and architecture.

    Attributes:
        name: what it is called on the command line; no other has this name.
        table: the name of the function or layer in the configuration. It differs from ``name``
            when there is one zip for each of several runtimes or architectures.
        key: the full configuration key of that table, for errors.
        kind: which of the two it is.
        platform: the runtime and architecture that it is built for.
        options: those that hold for this zip, with the defaults; ``bytecode_python`` has the
            version for its runtime alone.
        is_found: whether `function-directories` has found it.
    """

    name: str
    table: str
    key: str
    kind: Kind
    platform: Platform
    options: Options = field(default_factory=Options)
    is_found: bool = False

    @property
    def handler(self) -> str | None:
        """AWS's ``module.name``, or None when it is not to be checked."""
        return self.options.handler or None

    @property
    def request(self) -> Request:
        """Which dependencies it ships."""
        if self.options.only_groups:
            return Request((), self.options.only_groups, is_groups_alone=True)
        return Request(self.options.extras, self.options.groups)

    @property
    def file_name(self) -> str | None:
        """The template of the zip's name; None for the default (see ``file_names``)."""
        return self.options.filename or None

    @property
    def code(self) -> tuple[tuple[str, str], ...]:
        """Directories, and the places of their files in the zip."""
        return self.options.code

    @property
    def is_code_alone(self) -> bool:
        """Whether it is a layer that has code directories and names nothing else to ship."""
        return self.kind is Kind.LAYER and bool(self.code) and self.distributions is None

    @property
    def ships_package(self) -> bool:
        """Whether the package's own wheel ships: in functions, unless code directories do."""
        if self.kind is not Kind.FUNCTION:
            return False
        package = self.options.package
        return not self.options.code if package is None else package

    @property
    def layers(self) -> tuple[str, ...]:
        """The tables of the layers that a function is deployed with."""
        return self.options.layers

    @property
    def distributions(self) -> tuple[str, ...] | None:
        """What a layer ships, with dependencies; None for everything third-party."""
        return self.options.distributions

    @property
    def exclusions(self) -> Exclusions:
        """What is left out on request."""
        excluded = self.options.exclude_distributions
        is_own = self.options.is_own(Options.exclude_distributions)
        provided = self.options.provided
        return Exclusions(
            distributions=excluded,
            required=excluded if is_own else (),
            provided=provided,
            must_provide=provided if self.options.is_own(Options.provided) else (),
            strip=self.options.strip,
        )

    @property
    def own_files(self) -> OwnFiles:
        """Which of the project's own files ship."""
        options = self.options
        return OwnFiles(options.include, options.exclude, options.include_files, options.artifacts)

    @property
    def scripts(self) -> bool:
        """Whether console scripts ship."""
        return self.options.scripts

    @property
    def bytecode(self) -> Bytecode:
        """How compiled modules ship."""
        options = self.options
        return Bytecode(
            mode=options.bytecode,
            python=next(iter(options.bytecode_python), None),
            python_path=options.bytecode_python_path,
            optimize=options.bytecode_optimize,
            omit_source=options.source is Source.OMIT,
        )
