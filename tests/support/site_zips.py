"""Small trees as installers leave them, and zips of them as people make them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from hatch_lambda_zip.explain import Bytecode, Normalized, Source, read_zip, write_canonical
from hatch_lambda_zip.record import Digest, format_record

PATH = Path("some.zip")


def distribution(
    files: Mapping[str, bytes], name: str = "demo", version: str = "1.0", prefix: str = ""
) -> dict[str, bytes]:
    """Return the files of a distribution with METADATA and a RECORD that lists them all."""
    dist_info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    everything = {f"{dist_info}/METADATA": metadata, f"{dist_info}/WHEEL": b"", **files}
    rows = [(path, Digest.of(data), len(data)) for path, data in everything.items()]
    record = format_record([*rows, (f"{dist_info}/RECORD", None, None)])
    everything[f"{dist_info}/RECORD"] = record
    return {prefix + path: data for path, data in everything.items()}


def zipped(
    tree: Mapping[str, bytes],
    *,
    time: tuple[int, int, int, int, int, int] = (2026, 1, 2, 3, 4, 6),
    mode: int = 0o100664,
    extras: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return a zip as Python writes it, in the order of the tree."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tree.items():
            info = zipfile.ZipInfo(name, time)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            info.extra = (extras or {}).get(name, b"")
            archive.writestr(info, content)
    return stream.getvalue()


def read(data: bytes) -> Source:
    return read_zip(data, PATH)


def normalize(
    data: bytes | Source, bytecode: Bytecode = Bytecode.NORMALIZE
) -> tuple[bytes, Normalized]:
    """Return a zip in canonical form, and what it had otherwise."""
    source = read(data) if isinstance(data, bytes) else data
    stream = io.BytesIO()
    found = write_canonical(source, stream, bytecode=bytecode, workers=2)
    return stream.getvalue(), found


def contents(data: bytes) -> dict[str, bytes]:
    return {member.name: member.read() for member in read(data).files}
