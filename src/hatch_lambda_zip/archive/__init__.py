"""The canonical zip: its layout, its encoder, and the writer that puts both together.

Entries go in, sorted; out comes a zip whose bytes depend on their names and contents alone.
docs/format.md describes it byte by byte.
"""

from hatch_lambda_zip.archive.encoder import ENCODER, check_encoder
from hatch_lambda_zip.archive.layout import DEFLATED, FORMAT_VERSION
from hatch_lambda_zip.archive.store import Compressed, CompressedContent, ContentStore
from hatch_lambda_zip.archive.writer import Archive, Inspect, Member, compressed, write_archive

__all__ = [
    "DEFLATED",
    "ENCODER",
    "FORMAT_VERSION",
    "Archive",
    "Compressed",
    "CompressedContent",
    "ContentStore",
    "Inspect",
    "Member",
    "check_encoder",
    "compressed",
    "write_archive",
]
