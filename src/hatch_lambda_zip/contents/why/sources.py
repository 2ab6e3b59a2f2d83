"""What lies in a source tree and does not ship from there: ignored, left by tools, or not taken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hatch_lambda_zip.config import Options
from hatch_lambda_zip.contents.own.gitignore import rules_at, top_of
from hatch_lambda_zip.contents.own.own_files import NOISE, Surroundings
from hatch_lambda_zip.contents.why.model import Answer, Decided, Rule
from hatch_lambda_zip.contents.why.rules import key_of

_SOURCES: Final = ("src", "")


def explain_source(path: str, decided: Decided) -> Answer | None:
    """Say why a file or directory of a source tree is not in the zip; None if there is none.

    Args:
        path: where it would be in the zip.

    Raises:
        ContentsError: a .gitignore can't be read.
    """
    around = decided.around
    if around is None:
        return None
    for found, why, rule in _candidates(path, decided, around):
        if not os.path.lexists(found):
            continue
        kind = "directory" if found.is_dir() else "file"
        shown = Path(os.path.relpath(found, around.root)).as_posix()
        top = top_of(found.parent, around.bound or around.root)
        if left := sorted({*found.relative_to(top).parts} & NOISE):
            text = f"{shown}: nothing called {left[0]} ships, as tools leave it behind"
            return Answer(path, kind, ships=False, why=text)
        if _is_ignored(found, top):
            text = (
                f"git ignores {shown}; `!` in .gitignore takes it back, `artifacts` or "
                "`include-files` let it ship all the same"
            )
            return Answer(path, kind, ships=False, why=text, rule=Rule(".gitignore"))
        return Answer(path, kind, ships=False, why=f"{shown} is there, but {why}", rule=rule)
    return None


def _candidates(
    path: str, decided: Decided, around: Surroundings
) -> Iterator[tuple[Path, str, Rule | None]]:
    """Yield where a file may lie, why it does not ship from there, and the rule."""
    artifact = decided.artifact
    places = {Options.code: artifact.code, Options.include_files: artifact.own_files.added}
    for option, pairs in places.items():
        rule = Rule(key_of(artifact, option))
        for source, place in pairs:
            inner = path if not place else path.removeprefix(f"{place}/")
            if not place or inner != path:
                yield around.locate(source, rule.key) / inner, "a build wrote it", rule
    for name, directory in decided.places.items():
        for source in _SOURCES:
            why = f"the wheel that the build back end of {name} makes does not have it"
            yield directory.resolve() / source / path, why, None


def _is_ignored(path: Path, top: Path) -> bool:
    """Tell whether git ignores something, or a directory that it lies in."""
    rules, directory = rules_at(top, top), top
    for part in path.relative_to(top).parts:
        inner = directory / part
        if rules.ignores(part, is_directory=inner.is_dir() and not inner.is_symlink()):
            return True
        if inner.is_dir():
            rules, directory = rules.enter(inner), inner
    return False
