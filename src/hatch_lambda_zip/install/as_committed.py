"""Has git check out what uv builds from a commit as it is there, whatever the user has set.

With ``core.autocrlf``, as git for Windows is installed with, the files of a commit have other line
ends here than elsewhere, and so would have what is built of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

_COUNT: Final = "GIT_CONFIG_COUNT"
_SETTINGS: Final = {
    "core.autocrlf": "false",
    "core.eol": "lf",
    "core.attributesFile": os.devnull,
}


def as_committed(environ: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables for git, besides the settings that are in the environment.

    Those are numbered (``git help config``, GIT_CONFIG_COUNT), and may have what lets git in.
    """
    count = environ.get(_COUNT) or "0"
    if not re.fullmatch("[0-9]{1,9}", count):
        return {}  # git says what is wrong with it
    variables = {"GIT_ATTR_NOSYSTEM": "1"}
    for number, (key, value) in enumerate(_SETTINGS.items(), int(count)):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        variables[_COUNT] = str(number + 1)
    return variables
