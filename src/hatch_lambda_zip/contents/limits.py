"""Lambda's size limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.text import format_size

# AWS Lambda developer guide, "Lambda quotas".
MAX_UNZIPPED: Final = 262_144_000  # bytes, all layers included
MAX_DIRECT_UPLOAD: Final = 50 * 1024 * 1024  # bytes

_SHOWN_DISTRIBUTIONS: Final = 5


def check_unzipped_size(entries: Iterable[Entry], what: str = "function") -> int:
    """Check the size of everything that ships against Lambda's limit.

    Args:
        entries: of the function and its layers, or of one layer.

    Returns:
        The size in bytes.

    Raises:
        ContentsError: it is larger; the message names the largest distributions.
    """
    sizes: Counter[str] = Counter()
    for entry in entries:
        sizes[entry.distribution] += entry.size
    total = sizes.total()
    if total > MAX_UNZIPPED:
        ranked = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
        largest = ", ".join(
            f"{name} {format_size(size)}" for name, size in ranked[:_SHOWN_DISTRIBUTIONS]
        )
        raise ContentsError(
            f"The {what} is {total:,} bytes unzipped, and Lambda takes {MAX_UNZIPPED:,} at the "
            f"most, the layers of a function included. The largest distributions: {largest}. "
            "Leave out what does not run: with `strip` tests, type stubs and headers, with "
            "`exclude-files` data, with `exclude-distributions` what nothing imports. Layers do "
            "not help, since they count too; beyond the limit there are container images."
        )
    return total


def upload_note(zipped: int) -> str | None:
    """Return a note when a zip of that many bytes can't be uploaded directly, else None."""
    if zipped <= MAX_DIRECT_UPLOAD:
        return None
    return (
        f"the zip has {format_size(zipped)}: more than the {format_size(MAX_DIRECT_UPLOAD)} that "
        "Lambda takes in a direct upload, so deploy it through S3"
    )
