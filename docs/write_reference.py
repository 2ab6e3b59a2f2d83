"""Writes what declares options and commands into the reference pages and the JSON Schema."""  # noqa: INP001 - docs are no package

from __future__ import annotations

from pathlib import Path

from hatch_lambda_zip.cli.reference import commands_page
from hatch_lambda_zip.config.reference import options_page, schema_text

DOCS = Path(__file__).resolve().parent


def read(name: str) -> str:
    """Return a file of the documentation."""
    return (DOCS / name).read_text(encoding="utf-8")


pages = {
    "reference/options.md": options_page(
        read("reference/options.md"), messages=read("troubleshooting.md")
    ),
    "reference/commands.md": commands_page(read("reference/commands.md")),
    "lambda-zip.schema.json": schema_text(),
}
for name, text in pages.items():
    (DOCS / name).write_text(text, encoding="utf-8", newline="\n")
