"""One zip from start to end: the sentence that joins the stages, its manifest, its outputs."""

from hatch_lambda_zip.build.build import build_zip, embed_lock, is_built
from hatch_lambda_zip.build.embed import EMBEDDED_DIRECTORY
from hatch_lambda_zip.build.job import Job
from hatch_lambda_zip.build.manifest import is_as_made, with_unpacked
from hatch_lambda_zip.build.previous import read_previous
from hatch_lambda_zip.build.publish import locked
from hatch_lambda_zip.build.session import Session, open_session
from hatch_lambda_zip.build.shared import Installers
from hatch_lambda_zip.build.workspace import Workspace

__all__ = [
    "EMBEDDED_DIRECTORY",
    "Installers",
    "Job",
    "Session",
    "Workspace",
    "build_zip",
    "embed_lock",
    "is_as_made",
    "is_built",
    "locked",
    "open_session",
    "read_previous",
    "with_unpacked",
]
