"""What is to be built: one frozen description for each zip."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hatch_lambda_zip.runtimes import Platform


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


class Strip(Enum):
    """A kind of file that no function needs, to be left out on request."""

    TESTS = "tests"
    TYPE_STUBS = "type-stubs"
    NATIVE_HEADERS = "native-headers"


class BytecodeMode(Enum):
    """What happens to compiled modules."""

    STRIP = "strip"
    COMPILE = "compile"
    KEEP = "keep"


@dataclass(frozen=True)
class Request:
    """Which part of the package's dependencies is wanted.

    Attributes:
        extras: of the package, normalized (PEP 685) and sorted.
        groups: its dependency groups (PEP 735), likewise.
    """

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exclusions:
    """What is left out on request.

    Attributes:
        distributions: their normalized names; what only they need goes with them.
        required: those of them that must be there to be left out, since the function's or layer's
            own table names them.
        provided: the name of a set of distributions that the runtime provides, or None.
        strip: kinds of files.
    """

    distributions: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    provided: str | None = None
    strip: tuple[Strip, ...] = ()


@dataclass(frozen=True)
class OwnFiles:
    """Which files of the project itself ship.

    Attributes:
        include: patterns of the files of the package's wheel that ship; None for all.
        exclude: patterns of those that do not.
        added: the project's files and directories that ship besides: source relative to the
            project, destination in the zip.
    """

    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    added: tuple[tuple[str, str], ...] = ()


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
        handler: AWS's ``module.name``, or None when it is not to be checked.
        request: which dependencies it ships.
        file_name: of the zip; None for ``{name}-{version}-{artifact}.zip``.
        layers: the tables of the layers that a function is deployed with.
        distributions: what a layer ships, with dependencies; None for everything third-party.
        exclusions: what is left out on request.
        own_files: which of the project's own files ship.
        scripts: whether console scripts ship.
        bytecode: how compiled modules ship.
    """

    name: str
    table: str
    key: str
    kind: Kind
    platform: Platform
    handler: str | None = None
    request: Request = Request()
    file_name: str | None = None
    layers: tuple[str, ...] = ()
    distributions: tuple[str, ...] | None = None
    exclusions: Exclusions = Exclusions()
    own_files: OwnFiles = OwnFiles()
    scripts: bool = False
    bytecode: Bytecode = Bytecode()
