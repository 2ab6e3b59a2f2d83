"""The settings of uv that a uv.lock repeats in ``[options]``: with others, it is another lock.

They can stand in a variable of one machine, so a lock that does not fit is not always stale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.lock.settings import HIDING


@dataclass(frozen=True)
class _Setting:
    variable: str
    key: str  # in [tool.uv] and uv.toml
    locked: tuple[str, ...]  # in [options] of uv.lock; the first that is there counts


# Seen in uv 0.13.9; a span ("3 days") is locked beside a date without meaning.
_SETTINGS: Final = (
    _Setting("UV_EXCLUDE_NEWER", "exclude-newer", ("exclude-newer-span", "exclude-newer")),
    _Setting("UV_RESOLUTION", "resolution", ("resolution-mode",)),
    _Setting("UV_PRERELEASE", "prerelease", ("prerelease-mode",)),
    _Setting("UV_FORK_STRATEGY", "fork-strategy", ("fork-strategy",)),
)


def explain_settings(lock: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Say which settings may be why a uv.lock does not fit, and what to do; a sentence for each.

    Args:
        lock: the uv.lock, beside the pyproject.toml that holds its settings.
        environ: uv's variables.
    """
    return tuple(_sentences(lock, environ))


def differing_settings(lock: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of settings that a uv.lock does not have as they are written here.

    One that is only written otherwise, such as ``1 day`` for ``P1D``, is among them.
    """
    options = dict(inner_table(read_tables(lock), "options"))
    stated = inner_table(read_tables(lock.parent / "pyproject.toml"), "tool", "uv")
    differing = []
    for setting in _SETTINGS:
        found = [options.pop(key) for key in setting.locked if key in options]
        here = environ.get(setting.variable) or stated.get(setting.key)
        if here != next(iter(found), None):
            differing.append(setting.key)
    return (*differing, *options)


def _sentences(lock: Path, environ: Mapping[str, str]) -> Iterator[str]:
    project = lock.parent / "pyproject.toml"
    options = inner_table(read_tables(lock), "options")
    # Where there is a uv.toml, uv does not look into [tool.uv].
    file = lock.parent / "uv.toml"
    stated = (
        read_tables(file) if file.is_file() else inner_table(read_tables(project), "tool", "uv")
    )
    place = str(file) if file.is_file() else f"[tool.uv] of {project}"
    hiding = next(filter(environ.get, HIDING), None)
    if hiding and any(setting.key in stated for setting in _SETTINGS):
        yield (
            f"{hiding}={environ[hiding]} is set here, and with it uv does not read {place}. Unset "
            "it and build again."
        )
    for setting in _SETTINGS:
        locked = next((options[key] for key in setting.locked if key in options), None)
        given = environ.get(setting.variable)
        if given and given in {locked, stated.get(setting.key)}:
            continue  # what the lock was made with, or what holds without the variable
        if given:
            yield (
                f"{setting.variable}={given} is set here, and with it uv makes another lock. If "
                f'that is meant for the project, write `{setting.key} = "{given}"` in {place}, '
                "run `uv lock`, and commit both; else unset it and build again."
            )
        elif locked is not None and setting.key not in stated:
            yield (
                f'It was locked with {setting.key} = "{locked}", which is not set here. Write '
                f'`{setting.key} = "{locked}"` in {place}, where it holds on every machine; or '
                f"run `uv lock` to lock without it."
            )
