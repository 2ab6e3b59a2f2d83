"""Installed distributions -> the exact files of a zip, and why others do not ship.

One module for each question: what is excluded, what a layer takes over, which own files, tests,
scripts and compiled modules ship, whether the handler and what it imports are there; `decide` asks
them in order.
"""

from hatch_lambda_zip.contents.assemble import directories_of
from hatch_lambda_zip.contents.bytecode import LeftAsSource
from hatch_lambda_zip.contents.decide import Contents, decide_function, decide_layer
from hatch_lambda_zip.contents.imports.syntax import SyntaxJudge
from hatch_lambda_zip.contents.limits import (
    MAX_DIRECT_UPLOAD,
    MAX_UNZIPPED,
    check_unzipped_size,
    upload_note,
)
from hatch_lambda_zip.contents.machines import check_machines, machine_name, machine_of
from hatch_lambda_zip.contents.module_compiler import ModuleCompiler
from hatch_lambda_zip.contents.names import folded
from hatch_lambda_zip.contents.own.checkout import (
    check_content,
    check_tracked,
    is_missed,
    odd_files,
    tracked_but_ignored,
)
from hatch_lambda_zip.contents.own.code import Code, directories_with_code, read_code
from hatch_lambda_zip.contents.own.git_index import TrackedFile, read_index
from hatch_lambda_zip.contents.own.gitignore import (
    IgnoreRules,
    repository_of,
    rules_at,
    top_of,
)
from hatch_lambda_zip.contents.own.ignored_modules import ignored_modules
from hatch_lambda_zip.contents.own.outputs import (
    LARGEST_DESCRIPTION,
    Outputs,
    is_artifact,
    is_half_written,
    is_in_uv_cache,
    output_in,
    parse_manifest,
    read_manifest,
)
from hatch_lambda_zip.contents.own.own_files import (
    Surroundings,
    added_files,
    ignored_paths,
    read_added,
)
from hatch_lambda_zip.contents.own.stray_gitignore import check_stray_gitignore, is_hatchlings
from hatch_lambda_zip.contents.requirements_check import check_requirements
from hatch_lambda_zip.contents.requirements_graph import direct_requirements
from hatch_lambda_zip.contents.scripts import is_for_other_python

__all__ = [
    "LARGEST_DESCRIPTION",
    "MAX_DIRECT_UPLOAD",
    "MAX_UNZIPPED",
    "Code",
    "Contents",
    "IgnoreRules",
    "LeftAsSource",
    "ModuleCompiler",
    "Outputs",
    "Surroundings",
    "SyntaxJudge",
    "TrackedFile",
    "added_files",
    "check_content",
    "check_machines",
    "check_requirements",
    "check_stray_gitignore",
    "check_tracked",
    "check_unzipped_size",
    "decide_function",
    "decide_layer",
    "direct_requirements",
    "directories_of",
    "directories_with_code",
    "folded",
    "ignored_modules",
    "ignored_paths",
    "is_artifact",
    "is_for_other_python",
    "is_half_written",
    "is_hatchlings",
    "is_in_uv_cache",
    "is_missed",
    "machine_name",
    "machine_of",
    "odd_files",
    "output_in",
    "parse_manifest",
    "read_added",
    "read_code",
    "read_index",
    "read_manifest",
    "repository_of",
    "rules_at",
    "top_of",
    "tracked_but_ignored",
    "upload_note",
]
