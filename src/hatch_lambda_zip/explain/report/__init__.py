"""A page that shows what is in zips: one file, which asks no network for anything."""

from hatch_lambda_zip.explain.report.files import ReportedFile, list_files
from hatch_lambda_zip.explain.report.page import render_page

__all__ = ["ReportedFile", "list_files", "render_page"]
