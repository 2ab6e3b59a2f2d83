"""What must hold before a zip is published: Lambda's size limits, native libraries, the total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.runtimes import Platform
from hatch_lambda_zip.text import format_size

# AWS Lambda developer guide, "Lambda quotas".
MAX_UNZIPPED: Final = 262_144_000  # bytes, all layers included
MAX_DIRECT_UPLOAD: Final = 50 * 1024 * 1024  # bytes

_SHOWN_DISTRIBUTIONS: Final = 5

# The e_machine field of an ELF header (System V ABI); at byte 18, in the file's byte order.
_ELF_MAGIC: Final = b"\x7fELF"
_ELF_DATA_OFFSET: Final = 5
_ELF_BIG_ENDIAN: Final = 2
_ELF_MACHINE: Final = slice(18, 20)
_MACHINE_NUMBERS: Final = {"x86_64": 62, "aarch64": 183}
_MACHINE_NAMES: Final = {3: "32-bit x86", 40: "32-bit ARM", 62: "x86_64", 183: "arm64"}


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
            f"most. The largest distributions: {largest}. Remove dependencies that the function "
            "does not import, or deploy a container image."
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


def machine_inspector(platform: Platform) -> Callable[[Entry, bytes], None]:
    """Return a function that checks the machine of one file, if it is an ELF file.

    The function raises:
        ContentsError: it was built for another machine than the platform's.
    """
    wanted = _MACHINE_NUMBERS[platform.machine]

    def inspect(entry: Entry, content: bytes) -> None:
        if not content.startswith(_ELF_MAGIC) or len(content) < _ELF_MACHINE.stop:
            return
        is_big_endian = content[_ELF_DATA_OFFSET] == _ELF_BIG_ENDIAN
        machine = int.from_bytes(content[_ELF_MACHINE], "big" if is_big_endian else "little")
        if machine != wanted:
            built_for = _MACHINE_NAMES.get(machine, f"machine number {machine}")
            raise ContentsError(
                f"{entry.name} of {entry.distribution} was built for {built_for} and can't be "
                f"loaded on {platform.architecture}. The wheel's tags promise something else: "
                "choose another version of it, or another architecture."
            )

    return inspect
