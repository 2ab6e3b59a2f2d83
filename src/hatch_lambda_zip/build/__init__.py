"""One zip from start to end: the sentence that joins the stages, its manifest, its outputs."""

from hatch_lambda_zip.build.build import build_zip, embed_lock, is_built
from hatch_lambda_zip.build.clean import remove_artifacts
from hatch_lambda_zip.build.decided import decide_unchecked
from hatch_lambda_zip.build.digest import InputDigest, input_digest
from hatch_lambda_zip.build.embed import EMBEDDED_DIRECTORY
from hatch_lambda_zip.build.job import Job
from hatch_lambda_zip.build.manifest import is_as_made, with_unpacked
from hatch_lambda_zip.build.session import Session, open_session
from hatch_lambda_zip.build.shared import Installers
from hatch_lambda_zip.build.source_tree import is_source_tree
from hatch_lambda_zip.build.workspace import Workspace

__all__ = [
    "EMBEDDED_DIRECTORY",
    "InputDigest",
    "Installers",
    "Job",
    "Session",
    "Workspace",
    "build_zip",
    "decide_unchecked",
    "embed_lock",
    "input_digest",
    "is_as_made",
    "is_built",
    "is_source_tree",
    "open_session",
    "remove_artifacts",
    "with_unpacked",
]
