"""``hatch-lambda-zip inspect``: what is in a zip, how large it is, and what keeps it noisy."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hatch_lambda_zip.cli.console import Console, style
from hatch_lambda_zip.cli.progress import Bars, Plain, can_draw
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.redact import printable
from hatch_lambda_zip.text import aligned, format_size, plural

if TYPE_CHECKING:
    from hatch_lambda_zip.explain import Finding, Inspection, NativeLibrary, Source

_SCHEMA: Final = 1
_SHOWN_LIBRARIES: Final = 10
_LIMITS: Final = {
    "unzipped": "Lambda takes, layers included",
    "direct-upload": "a direct upload takes, instead of one through S3",
}


@click.command(
    "inspect",
    epilog="\b\nExamples:\n  hatch-lambda-zip inspect dist/*.zip\n"
    "  hatch-lambda-zip inspect --json downloaded.zip",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="ZIP...")
@click.option("as_json", "--json", is_flag=True, help="Print it as JSON, with sizes in bytes.")
def inspect(*, paths: tuple[Path, ...], as_json: bool) -> None:
    """Show what is in each ZIP (or wheel, or directory), whoever made it.

    That is its hash, its sizes beside Lambda's limits, what it is for, its distributions, largest
    files and native libraries, and each way in which it is not canonical, so that its hash may
    change though nothing else does.

    Exit codes: 0; 1 when one is larger than Lambda takes; 2 for wrong usage, or what is no zip, is
    broken or not safe to unpack.
    """
    screen = Bars() if can_draw() else Plain()
    with aborting(Console(screen=screen, failure=2)), screen.drawing():
        found = inspect_all(paths, screen)
    if as_json:
        show_result(json.dumps([describe_inspection(one) for one in found], indent=2))
    else:
        show_result("\n\n".join("\n".join(_lines(one)) for one in found))
    sys.exit(1 if any(one.is_too_large for one in found) else 0)


def inspect_all(paths: Iterable[Path], screen: Plain) -> list[Inspection]:
    """Inspect one source after the other.

    Raises:
        InputError: one can't be read.
    """
    # `--help` does not need it.
    from hatch_lambda_zip.explain import inspect_source, read_source
    from hatch_lambda_zip.process.threads import available_cpus

    found = []
    for path in paths:
        screen.only(path.name, "reading")
        found.append(inspect_source(read_source(path), workers=available_cpus()))
    return found


def _lines(found: Inspection) -> Iterator[str]:
    yield style(printable(str(found.source.path)), bold=True)
    yield from _indented(aligned([*_facts(found)]))
    for limit in found.limits:
        if limit.is_crossed:
            yield style(f"  more than {_LIMITS[limit.name]}", fg="red")
    if found.is_of_another:
        yield style(f"  {found.source.path.stem}.json is the manifest of another zip", fg="yellow")
    yield ""
    yield from _indented(aligned([*_distributions(found)], right={2, 3, 4, 5}))
    if found.largest:
        yield ""
        files = [(format_size(it.size), printable(it.name)) for it in found.largest]
        yield from _indented(aligned([("largest files", ""), *files], right={0}))
    if found.native:
        yield ""
        yield from _indented(_native(found))
    yield ""
    yield from _indented(_canonical(found))


def _indented(lines: Sequence[str] | Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield f"  {line}".rstrip()


def _facts(found: Inspection) -> Iterator[tuple[str, str]]:
    source = found.source
    runtime = " or ".join(found.runtime.names) or "unknown runtime"
    architecture = " and ".join(found.architecture.names) or "any architecture"
    yield "kind", f"{found.kind} for {runtime} on {architecture}"
    if found.target:
        yield "target", printable(found.target)
    if found.handler.names:
        yield "handler", printable(found.handler.names[0])
    if source.sha256 is not None:
        yield "sha256", source.sha256.hex()
        yield "base64", base64.b64encode(source.sha256).decode("ascii")
    limits = {limit.name: limit for limit in found.limits}
    for name, word in (("direct-upload", "zipped"), ("unzipped", "unzipped")):
        if name in limits:
            value, limit = limits[name].value, limits[name].limit
            said = f"{format_size(value)}, {_share(value, limit)} of the {format_size(limit)}"
            yield word, f"{said} that {_LIMITS[name]}"
    yield "files", f"{len(source.files):,}"


def _distributions(found: Inspection) -> Iterator[tuple[str, ...]]:
    is_zip = found.source.size is not None
    whole = sum(share.compressed_size or share.size for share in found.shares)
    yield "distribution", "version", "files", "size", "zipped" if is_zip else "", "share"
    for share in found.shares:
        compressed = share.compressed_size
        yield (
            *(printable(share.name) or "(own files)", printable(share.version)),
            *(f"{share.files:,}", format_size(share.size)),
            "" if compressed is None else format_size(compressed),
            _share(compressed or share.size, whole),
        )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0.0%"


def _native(found: Inspection) -> Iterator[str]:
    rows = [("native", "machine", "needs", "oldest runtime")]
    rows += [
        (
            *(printable(it.member.name), it.machine, _glibc(it)),
            it.oldest_runtime or "none",
        )
        for it in found.native[:_SHOWN_LIBRARIES]
    ]
    yield from aligned(rows)
    if len(found.native) > _SHOWN_LIBRARIES:
        others = plural(len(found.native) - _SHOWN_LIBRARIES, "other")
        yield f"and {others} that need no newer glibc"
    if found.oldest_runtime is None:
        yield style("no runtime of Lambda's loads them all", fg="red")
    elif too_old := found.too_old_runtimes:
        said = f"{' and '.join(too_old)} can't load them all, {found.oldest_runtime} is the first"
        yield style(said, fg="red")


def _glibc(library: NativeLibrary) -> str:
    return "no glibc" if library.glibc is None else f"glibc {library.glibc[0]}.{library.glibc[1]}"


def _canonical(found: Inspection) -> Iterator[str]:
    if found.findings:
        yield style("not canonical:", fg="yellow")
        yield from (f"- {printable(finding.sentence)}" for finding in found.findings)
    elif found.is_canonical:
        yield style("canonical", fg="green")
    else:
        yield "canonical as far as was looked; `hatch-lambda-zip normalize --check` looks at all"


def describe_findings(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """Return deviations in the terms of docs/inspect.schema.json."""
    return [
        {
            "kind": finding.deviation.value,
            "count": finding.count,
            "examples": list(finding.examples),
            "at_least": finding.is_partial,
            "sentence": finding.sentence,
            "mendable": finding.deviation.is_mendable,
        }
        for finding in findings
    ]


def describe_hash(sha256: bytes | None) -> dict[str, str | None]:
    """Return a hash in the two spellings that tools want; None twice for a directory."""
    return {
        "sha256": None if sha256 is None else sha256.hex(),
        "sha256_base64": None if sha256 is None else base64.b64encode(sha256).decode("ascii"),
    }


def describe_inspection(found: Inspection) -> dict[str, object]:
    """Return what was found out in the terms of docs/inspect.schema.json."""
    source: Source = found.source
    by_file = found.owners.by_file
    return {
        "schema": _SCHEMA,
        "path": str(source.path),
        "kind": found.kind,
        "target": found.target or None,
        **describe_hash(source.sha256),
        "zipped_bytes": source.size,
        "unzipped_bytes": found.size,
        "files": len(source.files),
        "limits": [
            {
                "name": limit.name,
                "bytes": limit.value,
                "limit": limit.limit,
                "crossed": limit.is_crossed,
            }
            for limit in found.limits
        ],
        "runtime": {"names": list(found.runtime.names), "from": found.runtime.source or None},
        "architecture": {
            "names": list(found.architecture.names),
            "from": found.architecture.source or None,
        },
        "handler": {"names": list(found.handler.names), "from": found.handler.source or None},
        "distributions": [
            {
                "name": share.name or None,
                "version": share.version or None,
                "files": share.files,
                "bytes": share.size,
                "compressed_bytes": share.compressed_size,
            }
            for share in found.shares
        ],
        "largest_files": [
            {
                "path": member.name,
                "distribution": by_file[member.name] or None,
                "bytes": member.size,
                "compressed_bytes": member.compressed_size,
            }
            for member in found.largest
        ],
        "native": [
            {
                "path": library.member.name,
                "distribution": by_file[library.member.name] or None,
                "machine": library.machine,
                "glibc": library.glibc and f"{library.glibc[0]}.{library.glibc[1]}",
                "oldest_runtime": library.oldest_runtime,
            }
            for library in found.native
        ],
        "oldest_runtime": found.oldest_runtime if found.native else None,
        "canonical": found.is_canonical,
        "deviations": describe_findings(found.findings),
    }
