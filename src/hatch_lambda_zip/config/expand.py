"""A table's options -> one artifact for each of its runtimes and architectures."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from hatch_lambda_zip.config.model import Artifact
from hatch_lambda_zip.config.option import Kind, Option
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.values import Several
from hatch_lambda_zip.config.words import BytecodeMode, Source
from hatch_lambda_zip.runtimes import BYTECODE_MINORS, Platform, Runtime, find_runtime


class Note(Protocol):
    """Takes an option, what is wrong with it, and which other one asks for it if it is missing."""

    def __call__(
        self, option: Option[object], message: str, asked_by: Option[object] | None = None, /
    ) -> None:
        """Take them."""


def expand(
    name: str,
    kind: Kind,
    options: Options,
    key: str,
    note: Note,
    wrong: Collection[str] = (),
) -> Iterator[Artifact]:
    """Yield the artifacts of a function or layer; none without a runtime.

    Args:
        name: of the function or layer.
        kind: which of the two.
        options: those that hold for it.
        key: the full configuration key of its table.
        note: takes an option and what is wrong with it.
        wrong: keys with a mistake already, here or in the defaults, which are left alone.
    """
    runtimes = options.runtimes or Several((), listed=False)
    architectures = options.architectures
    # All of them can be found: that is checked when they are read.
    for runtime in filter(None, map(find_runtime, runtimes.values)):
        resolved = _with_release(_resolve(options, runtime, note, wrong), runtime, note)
        for architecture in architectures.values:
            parts = [
                name,
                *([runtime.identifier] if runtimes.listed else []),
                *([architecture] if architectures.listed else []),
            ]
            release = next(iter(resolved.python_release), runtime.release)
            chosen = "" if release == runtime.release else release
            is_settled = options.is_given(Options.python_release)
            platform = Platform(runtime, architecture, chosen, is_settled)
            yield Artifact("-".join(parts), name, key, kind, platform, resolved)


def _resolve(options: Options, runtime: Runtime, note: Note, wrong: Collection[str]) -> Options:
    """Return the options as they hold for one runtime; notes what does not fit together."""
    mode = options.bytecode
    if mode is not BytecodeMode.STRIP and runtime.python_minor not in BYTECODE_MINORS:
        note(
            Options.bytecode,
            f"{mode.value!r} is not possible for {runtime.identifier}, whose bytecode this version "
            'of hatch-lambda-zip can\'t normalize; "strip" is',
        )
    if mode is not BytecodeMode.COMPILE:
        if options.source is Source.OMIT and "bytecode" not in wrong:
            note(Options.source, '"omit" would leave no code at all without bytecode = "compile"')
        # What says how to compile says nothing here.
        return options.changed(
            bytecode_python=None, bytecode_python_path=None, bytecode_optimize=None, source=None
        )
    pythons = options.bytecode_python
    fitting = [python for python in pythons if python.startswith(f"{runtime.python_version}.")]
    if not options.is_given(Options.bytecode_python) and "bytecode-python" not in wrong:
        note(
            Options.bytecode_python,
            'is required with bytecode = "compile": the exact version of the compiling '
            f"interpreter, a release of Python {runtime.python_version}",
            Options.bytecode,
        )
    elif pythons and not fitting:
        note(
            Options.bytecode_python,
            f"{', '.join(pythons)} can't compile for {runtime.identifier}: name a release of "
            f"Python {runtime.python_version}",
        )
    return options.changed(bytecode_python=tuple(fitting))


def _with_release(options: Options, runtime: Runtime, note: Note) -> Options:
    """Return the options with the one release of Python that is judged by; notes what is wrong."""
    minor = f"{runtime.python_version}."
    fitting = [release for release in options.python_release if release.startswith(minor)]
    compiling = [python for python in options.bytecode_python if python.startswith(minor)]
    if options.python_release and not fitting:
        note(
            Options.python_release,
            f"{', '.join(options.python_release)} is not what {runtime.identifier} runs: name a "
            f"release of Python {runtime.python_version}",
        )
    if fitting and compiling and fitting != compiling:
        note(
            Options.python_release,
            f"{fitting[0]} and bytecode-python = {compiling[0]!r} are two releases for one "
            "runtime; name the same in both, or remove python-release",
        )
    return options.changed(python_release=tuple((fitting or compiling or [runtime.release])[:1]))
