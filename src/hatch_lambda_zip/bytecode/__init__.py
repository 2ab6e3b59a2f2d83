"""Reads .pyc files and writes them in one canonical form. No byte of them is ever executed."""

from hatch_lambda_zip.bytecode.normalize import NO_SOURCE, normalize
from hatch_lambda_zip.bytecode.pyc import Header, read_header, source_hash

__all__ = ["NO_SOURCE", "Header", "normalize", "read_header", "source_hash"]
