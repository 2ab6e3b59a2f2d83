"""What the functions share."""

from __future__ import annotations

from importlib.resources import files

import humanize


def greeting(name: str) -> str:
    """Greet somebody in the words of greeting.txt."""
    words = files(__package__).joinpath("greeting.txt").read_text(encoding="utf-8").strip()
    return f"{words} {name}, {humanize.intcomma(1_000_000)} times"
