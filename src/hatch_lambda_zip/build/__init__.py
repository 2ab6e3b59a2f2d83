"""One zip from start to end: the sentence that joins the stages, its manifest, its outputs."""

from hatch_lambda_zip.build.build import Job, build_zip, embed_lock, is_built
from hatch_lambda_zip.build.session import Session, open_session

__all__ = ["Job", "Session", "build_zip", "embed_lock", "is_built", "open_session"]
