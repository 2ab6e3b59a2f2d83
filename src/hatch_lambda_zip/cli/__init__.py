"""The command ``hatch-lambda-zip``: the plugin's builds for every project, whatever its back end.

It stands above the plugin, since it makes wheels and zips as that does: one project after the
other, each with the builder that hatchling would have called.
"""

from hatch_lambda_zip.cli.main import main

__all__ = ["main"]
