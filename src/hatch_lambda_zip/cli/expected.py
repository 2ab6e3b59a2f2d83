"""What a zip that is built again has to be: one in the output directory, or what was deployed."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip import read_manifest
from hatch_lambda_zip.errors import InputError

_SHA256: Final = 32  # bytes


@dataclass(frozen=True)
class Expected:
    """What is to come out.

    Attributes:
        sha256: in hexadecimal.
        source: a zip, or a manifest, that tells why something else came out; None for a bare hash.
        name: of the zip, as the build calls it; empty if that is not known.
    """

    sha256: str
    source: Path | None
    name: str = ""


def expected_in(output: Path) -> dict[str, Expected]:
    """Return the zips of an output directory by their names, as their manifests say.

    Raises:
        InputError: a zip is not that of its manifest, or can't be read.
    """
    found = {}
    for path in sorted(output.glob("*.zip")):
        if read_manifest(path.with_suffix(".json")) is not None:
            found[path.name] = _of_zip(path)
    return found


def read_expected(against: str, known: Iterable[Expected]) -> Expected:
    """Read what ``--against`` names: a zip, a manifest, or a hash in hexadecimal or base64.

    Args:
        known: zips that a hash may be of.

    Raises:
        InputError: it is none of these.
    """
    path = Path(against)
    if not os.path.lexists(against):  # which says so of what is no path at all, too
        sha256 = _hash(against)
        if not sha256:
            raise InputError(
                f"--against: {against} is neither a file nor a SHA-256 in hexadecimal or base64."
            )
        return next((it for it in known if it.sha256 == sha256), Expected(sha256, None))
    if path.suffix != ".json":
        return _of_zip(path)
    manifest = read_manifest(path)
    if manifest is None:
        raise InputError(f"{path} is no manifest of a zip.")
    return Expected(str(manifest.get("sha256")), path, str(manifest.get("artifact")))


def counterpart(expected: Expected, built: Mapping[str, str]) -> str:
    """Return the name of the zip that was to be the expected one.

    Args:
        built: the hashes of zips by their names.

    Returns:
        The one that it is, that is called so, or that is the only one; else an empty string.
    """
    same = [name for name, sha256 in built.items() if sha256 == expected.sha256]
    if same:
        return same[0]
    if expected.name in built:
        return expected.name
    return next(iter(built)) if len(built) == 1 else ""


def _of_zip(path: Path) -> Expected:
    from hatch_lambda_zip.explain import read_source

    sha256 = read_source(path).sha256
    if sha256 is None:
        raise InputError(f"{path} is a directory. Name a zip, a manifest or a hash.")
    return Expected(sha256.hex(), path, path.name)


def _hash(text: str) -> str:
    """Return a SHA-256 in hexadecimal; an empty string if it is none."""
    for decode in (bytes.fromhex, _from_base64):
        try:
            found = decode(text)
        except (ValueError, binascii.Error):
            continue
        if len(found) == _SHA256:
            return found.hex()
    return ""


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
