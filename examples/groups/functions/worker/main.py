"""Says which version of its one dependency it has."""

import six


def handler(_event: dict[str, str], _context: object) -> str:
    """Return the version."""
    return str(six.__version__)
