"""Finds uv and runs it (`command`), and reads what its failures mean (`words`, `setuptools`)."""

from hatch_lambda_zip.uv.command import (
    NESTED_VARIABLE,
    OLDEST,
    TIMEOUT_VARIABLE,
    Uv,
    find_uv,
)

__all__ = ["NESTED_VARIABLE", "OLDEST", "TIMEOUT_VARIABLE", "Uv", "find_uv"]
