"""Between the pipeline and hatchling's application: lines out, expected failures to an end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.errors import LambdaZipError
from hatch_lambda_zip.files import (
    HOW_TO_HAVE_MORE,
    failure_at,
    how_to_write,
    name_encoding_problem,
    working_directory_problem,
)
from hatch_lambda_zip.plugin.cancel import Cancelled, cancellable, end_for_good
from hatch_lambda_zip.redact import redact, secret_values
from hatch_lambda_zip.text import readable

if TYPE_CHECKING:
    from hatchling.bridge.app import Application


_AS_IF_DONE: Final = (
    "Error: something that runs in this build, such as a build hook, has ended it by sys.exit() as "
    "if it were done. Let it return instead."
)


class AppReporter:
    """Shows the pipeline's lines through hatchling."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._secrets = secret_values(os.environ)

    def info(self, message: str) -> None:
        """Report progress."""
        self._app.display_info(self._shown(message))

    def warning(self, message: str) -> None:
        """Report what may be wrong."""
        self._app.display_warning(f"Warning: {self._shown(message)}")

    def debug(self, message: str) -> None:
        """Report what only ``-v`` shows."""
        self._app.display_debug(self._shown(message))

    def _shown(self, message: str) -> str:
        return readable(redact(message, self._secrets))


@contextlib.contextmanager
def aborting(app: Application) -> Iterator[None]:
    """End an expected failure, or a cancelled build, with its message alone: ``app.abort``.

    Of any other one the traceback is shown, without the secrets that it may hold. That somebody
    else, such as a build hook, ends the process as if all were well is a failure, too.
    """
    try:
        with cancellable():
            yield
    except Cancelled as cancelled:
        end_for_good(cancelled.exit_code)
        app.abort(f"Error: {cancelled}", code=cancelled.exit_code)
    except LambdaZipError as error:
        app.abort(f"Error: {shown_failure(str(error))}")
    except OSError as error:
        # hatchling makes the output directory; what else fails here is the disk's doing too.
        failure = f"{shown_failure(failure_at(error))}. {how_to_write(error)}"
        app.abort(f"Error: {working_directory_problem() or failure}")
    except MemoryError:
        app.abort(f"Error: There is not enough memory for this build. {HOW_TO_HAVE_MORE}")
    except (KeyboardInterrupt, GeneratorExit):  # the latter of a consumer that has enough
        raise
    except SystemExit as end:
        if isinstance(end.code, int) and end.code != 0:
            raise
        # Python would show a text as it is.
        app.abort(shown_failure(str(end.code)) if end.code else _AS_IF_DONE)
    except BaseException as error:  # noqa: BLE001 - of a project's build hook, or a mistake of ours
        # A name that the locale has no bytes for; any other text would be a mistake of ours.
        if isinstance(error, UnicodeEncodeError) and (problem := name_encoding_problem()):
            app.abort(f"Error: {error.object!a}: {problem}.")
        import traceback  # hardly any build needs it

        app.abort(shown_failure(traceback.format_exc()).rstrip())


def _here() -> Path | None:
    """Return this directory; None where somebody has removed it."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def shown_failure(message: str) -> str:
    """Clean the message of a failure, which may quote a part of a URL by itself."""
    return readable(redact(message, secret_values(os.environ, _here())))
