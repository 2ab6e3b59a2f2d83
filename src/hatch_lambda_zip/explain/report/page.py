"""Puts the page together from its parts and the data that it shows."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from string import Template
from typing import Final

# In a script element, `</script` and `<!--` would mean something (HTML, 13.2.5.15 and following).
_ESCAPES: Final = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})
_SCRIPTS: Final = ("treemap.js", "page.js")


def render_page(data: object) -> str:
    """Return the page with some data in it.

    The browser is told to run the page's own script alone and to load nothing: whatever is in a
    zip, the page only shows it.

    Args:
        data: what page.js reads, as for JSON.
    """
    style = _part("page.css")
    script = '"use strict";\n' + "".join(map(_part, _SCRIPTS))
    return Template(_part("page.html")).substitute(
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        data=json.dumps(data, separators=(",", ":")).translate(_ESCAPES),
    )


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return what a Content-Security-Policy calls a script or style by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
