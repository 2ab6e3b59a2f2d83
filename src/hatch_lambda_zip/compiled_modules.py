"""Which compiled modules ship, beside their sources or instead of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_lambda_zip.bytecode import NO_SOURCE, normalize, read_header
from hatch_lambda_zip.bytecode.magic import format_of
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import BytecodeError, ForeignBytecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_lambda_zip.artifacts import Artifact
    from hatch_lambda_zip.installed import Installed


def with_canonical_bytecode(
    installed: Iterable[Installed], artifact: Artifact
) -> tuple[Installed, ...]:
    """Normalize the modules that have no source, which are code like any other.

    Raises:
        ForeignBytecodeError: one was compiled for another Python than the runtime's, or can't be
            normalized.
    """
    return tuple(
        replace(
            one,
            entries=tuple(
                _normalized(entry, artifact) if entry.name.endswith(".pyc") else entry
                for entry in one.entries
            ),
        )
        if any(entry.name.endswith(".pyc") for entry in one.entries)
        else one
        for one in installed
    )


def _normalized(entry: Entry, artifact: Artifact) -> Entry:
    """Normalize a module without source; its traceback names where the source would be."""
    runtime = artifact.target.runtime
    pyc = entry.read()
    try:
        header = read_header(pyc)
        if header.form != format_of(runtime.python_minor):
            raise ForeignBytecodeError(
                f"{entry.name} of {entry.distribution} has no source and was compiled by Python "
                f"3.{header.form.python_minor}, so {runtime.identifier} can't import it. Choose a "
                "version of it for that runtime, or another runtime."
            )
        filename = f"{artifact.kind.import_root}{entry.name.removesuffix('c')}"
        content = normalize(pyc, filename=filename, source_hash=NO_SOURCE)
    except BytecodeError as error:
        raise ForeignBytecodeError(
            f"{entry.name} of {entry.distribution} has no source and can't ship as it is: {error}. "
            "It may differ from build to build, or not be importable at all. Leave it out, or "
            "choose another version of that distribution."
        ) from None
    return Entry.of(entry.name, content, entry.distribution)
