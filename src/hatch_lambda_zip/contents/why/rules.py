"""Which option leaves something out, with the part of its value that does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pathspec import GitIgnoreSpec

from hatch_lambda_zip.config import TARGET_KEY, Artifact, Options
from hatch_lambda_zip.config.option import Option
from hatch_lambda_zip.contents.own.gitignore import select_ignored
from hatch_lambda_zip.contents.why.model import Rule
from hatch_lambda_zip.install import Reason

_OPTIONS: Final[Mapping[Reason, Option[object]]] = {
    Reason.EXCLUDED_FILE: Options.exclude_files,
    Reason.UNREACHED: Options.modules,
    Reason.TESTS: Options.strip,
    Reason.TYPE_STUB: Options.strip,
    Reason.NATIVE_HEADER: Options.strip,
    Reason.SOURCE: Options.source,
    Reason.SCRIPT: Options.scripts,
    Reason.NOT_CODE: Options.code,
    Reason.EXCLUDED: Options.exclude_distributions,
    Reason.PROVIDED: Options.provided,
    Reason.LAYER: Options.layers,
}


def rule_of(reason: Reason, path: str, artifact: Artifact) -> Rule | None:
    """Return the rule that leaves something out; None where no option has a say.

    Args:
        path: as in RECORD, of a file.
    """
    options = artifact.options
    if reason is Reason.PATTERN:
        if matching := _matching(options.exclude, path):
            return Rule(key_of(artifact, Options.exclude), matching)
        return Rule(key_of(artifact, Options.include), [*(options.include or ())])
    if reason is Reason.UNNEEDED:
        both: tuple[Option[object], ...] = (Options.exclude_distributions, Options.provided)
        given = [option for option in both if options.value_of(option)]
        return Rule(" and ".join(key_of(artifact, option) for option in given))
    option = _OPTIONS.get(reason)
    if option is None:
        return None
    value = option.value.to_json(options.value_of(option))
    if reason is Reason.NOT_CODE:
        value = dict(options.code)
    elif reason is Reason.EXCLUDED_FILE:
        value = [it for it in options.exclude_files if select_ignored([it], [path])]
    return Rule(key_of(artifact, option), value)


def key_of(artifact: Artifact, option: Option[object]) -> str:
    """Return the full key of an option: where it stands, or where it would."""
    options = artifact.options
    if options.is_given(option) and not options.is_own(option):
        return f"{TARGET_KEY}.{option.default_key}"
    return f"{artifact.key}.{option.key}"


def _matching(patterns: Sequence[str], path: str) -> list[str]:
    return [it for it in patterns if GitIgnoreSpec.from_lines([it]).match_file(path)]
