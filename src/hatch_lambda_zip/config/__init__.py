"""The target's table in pyproject.toml (or hatch.toml) -> one frozen :class:`Artifact` a zip.

Every option is declared once, in ``options``. Every mistake of all tables is found before any is
reported, each with its full key and, where one is near, the word that was perhaps meant.
"""

from hatch_lambda_zip.config.checks import (
    PARENT,
    wrong_back_end,
    wrong_specifier,
    wrong_version,
)
from hatch_lambda_zip.config.file_names import file_name, manifest_name, sbom_name, sbom_of
from hatch_lambda_zip.config.instead import instead_of
from hatch_lambda_zip.config.keys import (
    HATCHLING_KEYS,
    HATCHLING_SELECTION_KEYS,
    TARGET_KEY,
    TOOL_NAME,
)
from hatch_lambda_zip.config.load import Config, parse_config
from hatch_lambda_zip.config.misplaced import find_misplaced
from hatch_lambda_zip.config.model import Artifact, Bytecode, Exclusions, OwnFiles, Request
from hatch_lambda_zip.config.option import Kind
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.config.stated_project import (
    check_project_table,
    read_stated_project,
    stated_name,
)
from hatch_lambda_zip.config.tables import Known, TableReader, inner_table, read_tables
from hatch_lambda_zip.config.target_options import TargetOptions
from hatch_lambda_zip.config.words import BytecodeMode, CheckImports, Modules, Strip

__all__ = [
    "HATCHLING_KEYS",
    "HATCHLING_SELECTION_KEYS",
    "PARENT",
    "TARGET_KEY",
    "TOOL_NAME",
    "Artifact",
    "Bytecode",
    "BytecodeMode",
    "CheckImports",
    "Config",
    "Exclusions",
    "Kind",
    "Known",
    "Modules",
    "Options",
    "OwnFiles",
    "Project",
    "Request",
    "Strip",
    "TableReader",
    "TargetOptions",
    "check_project_table",
    "file_name",
    "find_misplaced",
    "inner_table",
    "instead_of",
    "manifest_name",
    "parse_config",
    "read_stated_project",
    "read_tables",
    "sbom_name",
    "sbom_of",
    "stated_name",
    "wrong_back_end",
    "wrong_specifier",
    "wrong_version",
]
