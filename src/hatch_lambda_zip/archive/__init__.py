"""The canonical zip: its layout, its encoder, and the writer that puts both together.

Entries go in, sorted; out comes a zip whose bytes depend on their names and contents alone.
docs/format.md describes it byte by byte.
"""

from hatch_lambda_zip.archive.encoder import ENCODER, check_encoder
from hatch_lambda_zip.archive.layout import (
    DATE,
    DEFLATED,
    FORMAT_VERSION,
    REGULAR_FILE,
    STORED,
    TIME,
    UNIX,
    UTF8_NAME,
    VERSION,
)
from hatch_lambda_zip.archive.store import Compressed, CompressedContent, ContentStore
from hatch_lambda_zip.archive.writer import (
    Archive,
    Inspect,
    Member,
    compressed,
    mode_of,
    write_archive,
)

__all__ = [
    "DATE",
    "DEFLATED",
    "ENCODER",
    "FORMAT_VERSION",
    "REGULAR_FILE",
    "STORED",
    "TIME",
    "UNIX",
    "UTF8_NAME",
    "VERSION",
    "Archive",
    "Compressed",
    "CompressedContent",
    "ContentStore",
    "Inspect",
    "Member",
    "check_encoder",
    "compressed",
    "mode_of",
    "write_archive",
]
