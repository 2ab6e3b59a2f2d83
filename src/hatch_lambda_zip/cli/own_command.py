"""How this command is started by itself, in a process of its own."""

from __future__ import annotations

import sys
from typing import Final


def start(first: str = "") -> tuple[str, str]:
    """Return what follows an interpreter, as ``-m hatch_lambda_zip`` would.

    But without modules of where it is started: a project's own ``queue.py`` would be in place of
    the standard library's (``-P`` is newer than Python 3.10).

    Args:
        first: statements that come before, with all their imports.
    """
    text = "import sys; sys.path[:] = filter(None, sys.path)"
    own = "from hatch_lambda_zip.__main__ import main; main()"
    return "-c", "\n".join(filter(None, (text, first, own)))


OWN_COMMAND: Final = (sys.executable, *start())
"""The words before its own."""
