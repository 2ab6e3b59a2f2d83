"""``hatch-lambda-zip why``: why something ships in a zip, or does not."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hatch_lambda_zip.cli.console import Console, hooks_aside
from hatch_lambda_zip.cli.project import OpenProject, complete_names, open_project, project_option
from hatch_lambda_zip.cli.stdout import show_result, show_text
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.text import did_you_mean

if TYPE_CHECKING:
    from hatch_lambda_zip.contents.why import Answer, Decided

_SCHEMA: Final = 1
_EXAMPLE = """
\b
Examples:
  hatch-lambda-zip why api botocore
  hatch-lambda-zip why api orders/reports.py
  hatch-lambda-zip why api pandas/tests --json
"""


@click.command("why", epilog=_EXAMPLE)
@click.argument("function", shell_complete=complete_names)
@click.argument("name", metavar="PATH|DISTRIBUTION")
@project_option
@click.option("as_json", "--json", is_flag=True, help="Print it as JSON.")
@click.option("-v", "--verbose", count=True, help="Show what is run.")
def why(*, function: str, name: str, project: Path, as_json: bool, verbose: int) -> None:
    """Say why a distribution or a file (PATH as in the zip) is in the zip of a FUNCTION, or not.

    With who requires it, which imports lead to it, or which option leaves it out. Decides what a
    build would, and writes nothing. The build hooks of the target itself are not run.

    Exit codes: 0 it ships, 1 it does not (perhaps a layer ships it), 2 wrong usage, or it can't
    be decided.
    """
    console = Console(verbose - 1, failure=2)
    with aborting(console), hooks_aside(), open_project(project, console) as opened:
        answers = [*_answers(opened, function, name)]
    if as_json:
        show_result(json.dumps([_to_json(label, it) for label, it in answers], indent=2))
    else:
        for label, answer in answers:
            show_text("\n".join(_lines(label, answer)))
    sys.exit(0 if all(answer.ships for _, answer in answers) else 1)


def _answers(opened: OpenProject, function: str, name: str) -> Iterator[tuple[str, Answer]]:
    """Yield the zips that are meant, and what each answers.

    Raises:
        LambdaZipError: something can't be decided, or nothing knows the name.
    """
    from hatch_lambda_zip.build import Job
    from hatch_lambda_zip.build.decided import decide_unchecked
    from hatch_lambda_zip.contents.why import explain

    builder = opened.builder
    config = builder.lambda_config
    names = config.named([function])
    builder.check()
    output = opened.root / builder.config.directory
    outputs = builder.outputs(output)
    with builder.keeping_version_files(), builder.open_session() as session:
        own = builder.own_wheel(outputs)
        for artifact in map(config.artifact, names):
            job = Job(artifact, config.layers_of(artifact), output, own, outputs)
            decided = decide_unchecked(job, session)
            answer = explain(name, decided)
            if answer is None:
                raise _unknown(name, decided)
            yield artifact.name, answer


def _unknown(name: str, decided: Decided) -> ConfigError:
    from hatch_lambda_zip.contents.why import names_known

    hint = did_you_mean(name, names_known(decided))
    kind = decided.artifact.kind.value
    message = (
        f"{name!r} is neither a distribution that the lock has nor a file that the {kind} "
        f"{decided.artifact.name} could ship{hint and f'. {hint}'}"
    )
    return ConfigError([message])


def _lines(label: str, answer: Answer) -> Iterator[str]:
    does = "ships" if answer.ships else "does not ship"
    yield f"{label}: {answer.name} {does}: {answer.why}"
    if answer.rule is not None:
        value = answer.rule.value
        shown = "" if value is None else f" = {json.dumps(value, ensure_ascii=False)}"
        yield f"  by {answer.rule.key}{shown}"
    yield from (f"  {step}" for step in answer.requirements)
    yield from (f"  {step}" for step in answer.imports)


def _to_json(label: str, answer: Answer) -> dict[str, object]:
    rule = answer.rule
    return {
        "schema": _SCHEMA,
        "function": label,
        "name": answer.name,
        "kind": answer.kind,
        "ships": answer.ships,
        "why": answer.why,
        "reason": None if answer.reason is None else answer.reason.value,
        "rule": None if rule is None else {"key": rule.key, "value": rule.value},
        "requirements": [
            {"owner": step.owner, "requires": step.text} for step in answer.requirements
        ],
        "imports": [
            {"file": step.file, "line": step.line, "statement": step.statement}
            for step in answer.imports
        ],
    }
