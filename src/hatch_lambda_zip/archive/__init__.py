"""The canonical zip: its layout, its encoder, and the writer that puts both together."""

from hatch_lambda_zip.archive.writer import Archive, Member, write_archive

__all__ = ["Archive", "Member", "write_archive"]
