"""Installed distributions for tests: on the disk as an installer leaves them, or in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install.read import Distribution, Installed, Site
from hatch_lambda_zip.install.reasons import LeftOut, Reason
from hatch_lambda_zip.lock.model import LockedDistribution, Origin
from hatch_lambda_zip.record import Digest, format_record
from hatch_lambda_zip.runtimes import Platform, find_runtime

WHEEL = (
    b"Wheel-Version: 1.0\nGenerator: hatchling 1.33.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
)
METADATA = b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"

INSTALLED: dict[Path, tuple[bytes, int, int]] = {}
"""What `put` wrote: content, inode and time of modification."""


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    INSTALLED[path] = (content, path.stat().st_ino, path.stat().st_mtime_ns)


def install(
    site: Path,
    files: Mapping[str, bytes],
    *,
    name: str = "demo",
    version: str = "1.0",
    extra_rows: str = "",
) -> None:
    """Install a distribution as an installer would: its files, dist-info and RECORD."""
    dist_info = f"{name}-{version}.dist-info"
    all_files = {f"{dist_info}/METADATA": METADATA, f"{dist_info}/WHEEL": WHEEL, **files}
    for path, content in all_files.items():
        put(site / path, content)
    rows = [(path, Digest.of(content), len(content)) for path, content in all_files.items()]
    record = format_record(rows).decode() + extra_rows + f"{dist_info}/RECORD,,\n"
    put(site / dist_info / "RECORD", record.encode())


def site_of(path: Path, *names: str, version: str | None = "1.0", built: bool = False) -> Site:
    origin = Origin.LOCAL if built else Origin.INDEX
    locked = tuple(
        LockedDistribution(name, version, origin, "sha256:x") for name in names or ("demo",)
    )
    return Site(path, locked, built)


def made(
    name: str = "demo",
    files: Mapping[str, str | bytes] | None = None,
    *,
    requires: Iterable[str] = (),
    version: str = "1.0",
    origin: Origin = Origin.INDEX,
    identity: str = "sha256:x",
    scripts: Mapping[str, bytes] | None = None,
) -> Installed:
    """Make a distribution in memory, with METADATA that has its requirements."""
    dist_info = f"{name.replace('-', '_')}-{version}.dist-info"
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    content = {f"{dist_info}/METADATA": "\n".join([*lines, ""]), **(files or {})}
    scripts = scripts or {}
    return Installed(
        Distribution(name, version, origin, identity, None),
        dist_info,
        tuple(entry_of(path, text, name) for path, text in content.items()),
        left_out=tuple(LeftOut(path, Reason.SCRIPT, name) for path in scripts),
        scripts=tuple(entry_of(path, text, name) for path, text in scripts.items()),
    )


def entry_of(path: str, content: str | bytes, distribution: str = "demo") -> Entry:
    content = content if isinstance(content, bytes) else content.encode()
    return Entry.of(path, content, distribution)


def files_of(installed: Installed) -> list[str]:
    """Return the names of what ships besides the dist-info directory."""
    names = [entry.name for entry in installed.entries]
    return [name for name in names if not name.startswith(f"{installed.dist_info}/")]


def platform_of(runtime: str = "python3.13", architecture: str = "x86_64") -> Platform:
    found = find_runtime(runtime)
    assert found is not None
    return Platform(found, architecture)
