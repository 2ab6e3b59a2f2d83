"""A table's options -> one artifact for each of its runtimes and architectures."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from hatch_lambda_zip.config.model import (
    Artifact,
    Bytecode,
    BytecodeMode,
    Exclusions,
    Kind,
    OwnFiles,
    Request,
)
from hatch_lambda_zip.config.options import Options, Several, python_for
from hatch_lambda_zip.config.tables import TableReader
from hatch_lambda_zip.runtimes import (
    ARCHITECTURES,
    BYTECODE_MINORS,
    Platform,
    Runtime,
    find_runtime,
)


def expand(
    name: str,
    kind: Kind,
    own: Options,
    options: Options,
    reader: TableReader,
    wrong: Collection[str] = (),
) -> Iterator[Artifact]:
    """Yield the artifacts of a function or layer.

    Args:
        name: of the function or layer.
        kind: which of the two.
        own: what stands in its own table.
        options: the same, with the defaults; has a runtime.
        reader: takes mistakes.
        wrong: the keys that have one already, here or in the defaults.
    """
    if options.runtimes is None:
        raise AssertionError(name)
    architectures = options.architectures or Several((ARCHITECTURES[0],), listed=False)
    exclusions = Exclusions(
        distributions=options.exclude_distributions or (),
        required=own.exclude_distributions or (),
        provided=options.provided,
        strip=options.strip or (),
    )
    for identifier in options.runtimes.values:
        runtime = find_runtime(identifier)
        if runtime is None:
            raise AssertionError(identifier)
        bytecode = _bytecode(options, runtime, reader, wrong_pythons="bytecode-python" in wrong)
        for architecture in architectures.values:
            parts = [
                name,
                *([identifier] if options.runtimes.listed else []),
                *([architecture] if architectures.listed else []),
            ]
            artifact = Artifact(
                name="-".join(parts),
                table=name,
                key=reader.key,
                kind=kind,
                platform=Platform(runtime, architecture),
                request=Request(options.extras or (), options.groups or ()),
                file_name=options.filename,
                exclusions=exclusions,
                scripts=options.scripts or False,
                bytecode=bytecode,
            )
            yield (
                _as_layer(artifact, own, options)
                if kind is Kind.LAYER
                else _as_function(artifact, options)
            )


def _as_function(artifact: Artifact, options: Options) -> Artifact:
    files = OwnFiles(options.include, options.exclude or (), options.include_files or ())
    layers = options.layers or ()
    return replace(artifact, handler=options.handler, layers=layers, own_files=files)


def _as_layer(artifact: Artifact, own: Options, options: Options) -> Artifact:
    # The defaults' files go into every function; in its layers they would be there twice.
    files = OwnFiles(added=own.include_files or ())
    return replace(artifact, distributions=options.distributions, own_files=files)


def _bytecode(
    options: Options, runtime: Runtime, reader: TableReader, *, wrong_pythons: bool
) -> Bytecode:
    mode = options.bytecode or BytecodeMode.STRIP
    omit_source = options.source == "omit"
    if omit_source and mode is not BytecodeMode.COMPILE:
        reader.problem("source", '"omit" would leave no code at all without bytecode = "compile"')
    if mode is not BytecodeMode.STRIP and runtime.python_minor not in BYTECODE_MINORS:
        reader.problem(
            "bytecode",
            f"{mode.value!r} is not possible for {runtime.identifier}, whose bytecode this version "
            'of hatch-lambda-zip can\'t normalize; "strip" is',
        )
    if mode is not BytecodeMode.COMPILE:
        return Bytecode(mode)
    pythons = options.bytecode_pythons
    python = python_for(runtime, pythons or ())
    if pythons is None and not wrong_pythons:
        reader.problem(
            "bytecode-python",
            'is required with bytecode = "compile": the exact version of the compiling '
            f"interpreter, a release of Python {runtime.python_version}",
        )
    elif python is None and pythons:
        reader.problem(
            "bytecode-python",
            f"{', '.join(pythons)} can't compile for {runtime.identifier}: name a release of "
            f"Python {runtime.python_version}",
        )
    optimize = options.bytecode_optimize or 0
    return Bytecode(mode, python, options.bytecode_python_path, optimize, omit_source)
