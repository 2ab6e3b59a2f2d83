"""Wheels made by hand, with a RECORD that lists everything."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from hatch_lambda_zip.record import Digest, format_record

_WHEEL = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_wheel(
    directory: Path,
    files: Mapping[str, bytes],
    name: str = "carrier",
    *,
    requires: Iterable[str] = (),
) -> Path:
    """Write a wheel of version 1.0 for all platforms."""
    dist_info = f"{name}-1.0.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    everything = {
        **files,
        f"{dist_info}/METADATA": "\n".join([*lines, ""]).encode(),
        f"{dist_info}/WHEEL": _WHEEL,
    }
    rows = [(path, Digest.of(data), len(data)) for path, data in everything.items()]
    record = format_record([*rows, (f"{dist_info}/RECORD", None, None)])
    wheel = directory / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in {**everything, f"{dist_info}/RECORD": record}.items():
            archive.writestr(path, data)
    return wheel
