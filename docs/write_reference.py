"""Writes what the declarations of options say into the README and docs/lambda-zip.schema.json."""  # noqa: INP001 - docs are no package

from __future__ import annotations

from pathlib import Path

from hatch_lambda_zip.config.reference import schema_text, update_readme

ROOT = Path(__file__).resolve().parents[1]
readme = ROOT / "README.md"
readme.write_text(update_readme(readme.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
schema = ROOT / "docs" / "lambda-zip.schema.json"
schema.write_text(schema_text(), encoding="utf-8", newline="\n")
