"""Deterministic AWS Lambda zips as a hatchling build target.

The way through the package is one direction: ``config`` and ``lock`` say what a function needs,
``staging`` installs it, ``contents`` decides which files ship, ``archive`` writes the canonical
zip, ``manifest`` describes it. ``pipeline`` tells that story for one function.
"""

__version__ = "0.1.0"
