"""Installed distributions -> the exact files of a zip, and why others do not ship.

One module for each question: what is excluded, what a layer takes over, which own files, tests,
scripts and compiled modules ship, whether the handler and what it imports are there; `decide` asks
them in order.
"""

from hatch_lambda_zip.contents.bytecode import LeftAsSource
from hatch_lambda_zip.contents.decide import Contents, decide_function, decide_layer
from hatch_lambda_zip.contents.limits import check_unzipped_size, machine_inspector, upload_note
from hatch_lambda_zip.contents.own_files import read_added
from hatch_lambda_zip.contents.requirements_graph import check_requirements
from hatch_lambda_zip.contents.syntax import SyntaxJudge

__all__ = [
    "Contents",
    "LeftAsSource",
    "SyntaxJudge",
    "check_requirements",
    "check_unzipped_size",
    "decide_function",
    "decide_layer",
    "machine_inspector",
    "read_added",
    "upload_note",
]
