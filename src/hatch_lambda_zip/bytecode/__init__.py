"""Reads .pyc files and writes them in one canonical form. No byte of them is ever executed.

What works on them is imported from its module, by a build that has some: all of it takes 20 ms to
import.
"""

from hatch_lambda_zip.bytecode.model import Compiled, Interpreter, Obstacle, Source

__all__ = [
    "Compiled",
    "Interpreter",
    "Obstacle",
    "Source",
]
