"""A command for people."""

from __future__ import annotations

import rich
from common import greeting


def main() -> None:
    """Greet on the terminal."""
    rich.print(greeting("admin"))
