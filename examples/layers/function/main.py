"""Uses a module from one layer and a distribution from another."""

import six
import tools


def handler(_event: object, _context: object) -> str:
    """Shout the version."""
    return tools.shout(six.__version__)
