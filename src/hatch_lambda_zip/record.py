"""RECORD files: a distribution's list of its files (PEP 376, PEP 427)."""

from __future__ import annotations

import base64
import contextlib
import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Final

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.files import path_problem

PIECE: Final = 1 << 20
"""How many bytes of a large file are read at a time."""

# PEP 427 asks for sha256 or better.
_SIZES: Final = {"sha256": 32, "sha384": 48, "sha512": 64}  # bytes
_ALGORITHMS: Final = frozenset(_SIZES)


@dataclass(frozen=True)
class Digest:
    """A hash as RECORD writes it.

    Attributes:
        algorithm: ``sha256``, ``sha384`` or ``sha512``.
        value: urlsafe base64 without padding.
    """

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm}={self.value}"

    @classmethod
    def of(cls, data: bytes, algorithm: str = "sha256") -> Digest:
        """Return the digest of some data."""
        return cls.from_raw(algorithm, hashlib.new(algorithm, data).digest())

    @classmethod
    def of_file(cls, file: IO[bytes], algorithm: str = "sha256") -> Digest:
        """Return the digest of what can be read of a file, which is read in pieces."""
        total = hashlib.new(algorithm)
        while piece := file.read(PIECE):
            total.update(piece)
        return cls.from_raw(total.name, total.digest())

    @classmethod
    def written(cls, text: str) -> Digest:
        """Return the digest that ``str`` made such a text of.

        Raises:
            ValueError: it made none.
        """
        algorithm, _, value = text.partition("=")
        # Without padding, each character has six bits.
        if algorithm not in _ALGORITHMS or len(value) != -(-_SIZES[algorithm] * 8 // 6):
            raise ValueError(text)
        return cls(algorithm, value)

    @classmethod
    def from_raw(cls, algorithm: str, raw: bytes) -> Digest:
        """Return the digest whose bytes are known."""
        return cls(algorithm, base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii"))


@dataclass(frozen=True)
class RecordRow:
    """One row of a RECORD.

    Attributes:
        path: ``/``-separated, relative to the site directory.
        digest: None where the row has none (RECORD itself).
    """

    path: str
    digest: Digest | None


def parse_record(text: str, source: str) -> list[RecordRow]:
    """Read a RECORD; ``source`` is what to call it in an error.

    Raises:
        DistributionError: a row is malformed, has a weak hash, or an unsafe path.
    """
    if "\0" in text:
        # Python's csv module refuses it in some versions only.
        raise DistributionError(f"{source} has a NUL character; the wheel is malformed")
    try:
        table = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise DistributionError(
            f"{source} is not a table of comma-separated values: {error}"
        ) from None
    rows = []
    for cells in table:
        if not cells:
            continue
        if len(cells) != 3:  # noqa: PLR2004 - path, hash, size: PEP 376
            raise DistributionError(f"{source}: {','.join(cells)!r} is not 'path,hash,size'")
        path, hash_cell, _size = cells
        check_path(path, source)
        rows.append(RecordRow(path, _parse_digest(hash_cell, path, source)))
    return rows


def format_record(rows: Iterable[tuple[str, Digest | None, int | None]]) -> bytes:
    """Write a RECORD in its canonical form, from each file's path, digest and size in bytes.

    That is one line per file, ascending by the path's UTF-8 bytes, ended by a line feed; fields
    are quoted only where CSV needs it.
    """
    lines = []
    for path, digest, size in sorted(rows, key=lambda row: row[0].encode()):
        cells = (path, "" if digest is None else str(digest), "" if size is None else str(size))
        lines.append(",".join(map(_quoted, cells)) + "\n")
    return "".join(lines).encode()


def _quoted(cell: str) -> str:
    """Quote a cell where RFC 4180 needs it; Python's csv module does so by version."""
    if "," not in cell and '"' not in cell:
        return cell
    return '"' + cell.replace('"', '""') + '"'


def check_path(path: str, source: str) -> None:
    """Check that a path stays below the directory that it is relative to.

    Raises:
        DistributionError: it is absolute, leaves the directory, or is not in normal form.
    """
    if path_problem(path, "the package directory"):
        raise DistributionError(
            f"{source}: {path!r} is not a plain relative path below the package directory; "
            "the wheel is malformed"
        )


def parse_digest(cell: str) -> Digest | None:
    """Read the hash of a row; None where it is none that PEP 427 asks for.

    uv_build 0.7 writes it in hexadecimal.

    >>> parse_digest("sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
    Digest(algorithm='sha256', value='47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')
    >>> parse_digest("sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    Digest(algorithm='sha256', value='47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')
    >>> parse_digest("md5=1B2M2Y8AsgTpgAmY7PhCfg")
    """
    algorithm, _, value = cell.partition("=")
    if algorithm not in _ALGORITHMS or not value:
        return None
    if len(value) == 2 * _SIZES[algorithm]:  # longer than any in base64
        with contextlib.suppress(ValueError):
            return Digest.from_raw(algorithm, bytes.fromhex(value))
    return Digest(algorithm, value.rstrip("="))


def _parse_digest(cell: str, path: str, source: str) -> Digest | None:
    digest = parse_digest(cell)
    if cell and digest is None:
        raise DistributionError(
            f"{source}: the hash {cell!r} of {path} is not sha256 or better (PEP 427)"
        )
    return digest
