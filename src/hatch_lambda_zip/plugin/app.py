"""Between the pipeline and hatchling's application: lines out, expected failures to an end."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hatch_lambda_zip.errors import LambdaZipError
from hatch_lambda_zip.files import failure_at
from hatch_lambda_zip.uv import redact

if TYPE_CHECKING:
    from hatchling.bridge.app import Application


class AppReporter:
    """Shows the pipeline's lines through hatchling."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def info(self, message: str) -> None:
        """Report progress."""
        self._app.display_info(redact(message))

    def warning(self, message: str) -> None:
        """Report what may be wrong."""
        self._app.display_warning(f"Warning: {redact(message)}")

    def debug(self, message: str) -> None:
        """Report what only ``-v`` shows."""
        self._app.display_debug(redact(message))


@contextlib.contextmanager
def aborting(app: Application) -> Iterator[None]:
    """End an expected failure with its message alone, through ``app.abort``."""
    try:
        yield
    except LambdaZipError as error:
        app.abort(f"Error: {redact(str(error))}")
    except OSError as error:
        # hatchling makes the output directory; what else fails here is the disk's doing too.
        app.abort(f"Error: {redact(failure_at(error))}. {_remedy(error)}")


def _remedy(error: OSError) -> str:
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return (
            "Allow writing there, or choose another output directory: `-d`, with `uv build` `-o`, "
            "or `directory` in the table."
        )
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "Free space there and build again."
    return "Free or repair that path and build again."
