"""The group of all subcommands."""

from __future__ import annotations

import click

from hatch_lambda_zip import __version__
from hatch_lambda_zip.cli.build import build
from hatch_lambda_zip.cli.cache import cache
from hatch_lambda_zip.cli.diff import diff
from hatch_lambda_zip.cli.init import init
from hatch_lambda_zip.cli.inspect import inspect
from hatch_lambda_zip.cli.invoke import invoke
from hatch_lambda_zip.cli.listing import list_artifacts
from hatch_lambda_zip.cli.lock import lock
from hatch_lambda_zip.cli.normalize import normalize
from hatch_lambda_zip.cli.report import report
from hatch_lambda_zip.cli.verify import verify
from hatch_lambda_zip.cli.why import why
from hatch_lambda_zip.config import TOOL_NAME


@click.group(
    TOOL_NAME,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name=TOOL_NAME)
def main() -> None:
    """AWS Lambda zips from locked Python projects: the same inputs, the same bytes.

    Exit codes: 0 as expected; 1 a build failed, or a limit is crossed; 2 wrong usage.
    """


main.add_command(init)
main.add_command(build)
main.add_command(invoke)
main.add_command(list_artifacts)
main.add_command(lock)
main.add_command(inspect)
main.add_command(diff)
main.add_command(verify)
main.add_command(normalize)
main.add_command(report)
main.add_command(cache)
main.add_command(why)
