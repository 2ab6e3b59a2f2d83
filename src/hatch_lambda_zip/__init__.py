"""Deterministic AWS Lambda zips: a build target and a build hook for hatchling.

The way through the packages is one direction. ``config`` and ``lock`` say what a zip needs,
``install`` installs it, ``contents`` decides which files ship, ``archive`` writes the canonical
zip, ``build`` tells that story and describes the result; ``plugin`` is hatchling's side of it.

What ``__all__`` names here is what others may use; everything else may change in any release.
"""

from pathlib import Path

from hatch_lambda_zip.errors import LambdaZipError

__all__ = ["LambdaZipError", "__version__", "read_manifest"]

__version__ = "0.1.0"


def read_manifest(path: Path) -> dict[str, object] | None:
    """Read the manifest beside a zip.

    Returns:
        The document, in the terms of docs/manifest.schema.json; None when there is no such file,
        or it is none of ours.
    """
    # A hatchling that only loads the plugins should not load the build.
    from hatch_lambda_zip.contents import read_manifest as read

    return read(path)
