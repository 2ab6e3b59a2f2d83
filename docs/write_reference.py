"""Writes what declares options and commands into the reference pages and the JSON Schema."""  # noqa: INP001 - docs are no package

from __future__ import annotations

from pathlib import Path

from hatch_lambda_zip.cli.reference import commands_page
from hatch_lambda_zip.config.reference import options_page, schema_text

DOCS = Path(__file__).resolve().parent
for name, update in (("options", options_page), ("commands", commands_page)):
    page = DOCS / "reference" / f"{name}.md"
    page.write_text(update(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
schema = DOCS / "lambda-zip.schema.json"
schema.write_text(schema_text(), encoding="utf-8", newline="\n")
