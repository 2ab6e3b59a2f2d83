"""Which files of distributions are left out on request, whichever distribution brings them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hatch_lambda_zip.contents.own.gitignore import select_ignored
from hatch_lambda_zip.install import (
    Installed,
    Reason,
    is_license_file,
    read_entry_points,
    script_names,
)


def exclude_files(installed: Iterable[Installed], patterns: Sequence[str]) -> tuple[Installed, ...]:
    """Leave files out, by patterns as in .gitignore, over the paths as RECORD has them.

    Of what is in a ``.dist-info`` directory only licences can be left out.
    """
    installed = tuple(installed)
    if not patterns:
        return installed
    ignored = select_ignored(patterns, {name for item in installed for name in _names(item)})
    return tuple(
        item.without({name: Reason.EXCLUDED_FILE for name in _names(item) if name in ignored})
        for item in installed
    )


def idle_patterns(
    installed: Iterable[Installed], patterns: Sequence[str], *, with_scripts: bool
) -> tuple[str, ...]:
    """Return the patterns that leave nothing out, and those with ``!`` that take nothing back.

    Args:
        with_scripts: whether console scripts ship.
    """
    if not patterns:
        return ()
    installed = tuple(installed)
    names = {name for item in installed for name in _names(item)}
    if with_scripts:
        names |= {name for item in installed for name in _scripts(item)}
    ignored = select_ignored(patterns, names)
    idle = []
    for index, pattern in enumerate(patterns):
        if pattern.startswith("!"):
            others = [*patterns[:index], *patterns[index + 1 :]]
            is_idle = select_ignored(others, names) == ignored
        else:
            is_idle = not select_ignored([pattern], names)
        if is_idle:
            idle.append(pattern)
    return tuple(idle)


def describe_idle(pattern: str) -> str:
    """Return the warning for a pattern that does nothing."""
    if pattern.startswith("!"):
        return (
            f"`exclude-files`: the pattern {pattern!r} takes nothing back. As in git, nothing "
            "comes back from a directory that is left out as a whole: 'data/*/' and '!data/kept/' "
            "work, 'data/' or 'data/**' and '!data/kept/' do not"
        )
    return (
        f"`exclude-files`: the pattern {pattern!r} matches no file of what the lock selects here "
        "(paths are those in RECORD; of a .dist-info directory only licences can be left out)"
    )


def _names(installed: Installed) -> Iterator[str]:
    """Yield the paths of what can be left out."""
    for entry in installed.entries:
        top, _, rest = entry.name.partition("/")
        if not top.endswith(".dist-info") or is_license_file(rest):
            yield entry.name


def _scripts(installed: Installed) -> Iterator[str]:
    yield from (script.name for script in installed.scripts)
    entry_points = read_entry_points(installed.metadata_file("entry_points.txt") or b"")
    yield from (f"bin/{name}" for name in script_names(entry_points))
