"""Reads .pyc files and writes them in one canonical form. No byte of them is ever executed.

What compiles is imported from ``bytecode.compiler``: with its processes and the search for an
interpreter it takes 8 ms more to import, which only a build that compiles should pay.
"""

from hatch_lambda_zip.bytecode.code import Code, read_code, read_filename
from hatch_lambda_zip.bytecode.magic import find_format, format_of
from hatch_lambda_zip.bytecode.model import Compiled, Interpreter, Obstacle, Source
from hatch_lambda_zip.bytecode.normalize import NO_SOURCE, normalize
from hatch_lambda_zip.bytecode.pyc import read_header, without_source_hash
from hatch_lambda_zip.bytecode.source_hash import source_hash

__all__ = [
    "NO_SOURCE",
    "Code",
    "Compiled",
    "Interpreter",
    "Obstacle",
    "Source",
    "find_format",
    "format_of",
    "normalize",
    "read_code",
    "read_filename",
    "read_header",
    "source_hash",
    "without_source_hash",
]
