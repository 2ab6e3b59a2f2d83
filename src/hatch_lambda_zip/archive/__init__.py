"""The canonical zip: its layout, its encoder, and the writer that puts both together.

Entries go in, sorted; out comes a zip whose bytes depend on their names and contents alone.
docs/format.md describes it byte by byte.
"""

from hatch_lambda_zip.archive.encoder import ENCODER, check_encoder
from hatch_lambda_zip.archive.store import ContentStore
from hatch_lambda_zip.archive.writer import Archive, Member, write_archive

__all__ = ["ENCODER", "Archive", "ContentStore", "Member", "check_encoder", "write_archive"]
