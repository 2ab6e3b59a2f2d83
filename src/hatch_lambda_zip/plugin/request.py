"""When the build hook has something to do: in builds for people, not in those for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatchling.builders.constants import BuildEnvVars

from hatch_lambda_zip.uv import NESTED_VARIABLE

REQUEST_VARIABLE: Final = "HATCH_LAMBDA_ZIP"
NO_ZIP_BY_HOOKS_ONLY: Final = "no zip is made, since only build hooks are to run (`--hooks-only`)"
_OFF: Final = frozenset(("0", "false", "no", "off"))
_ON: Final = frozenset(("1", "true", "yes", "on"))


@dataclass(frozen=True)
class HookRequest:
    """What the user asks for through the environment.

    Attributes:
        enabled: False when the hook is switched off.
        names: what to make, in terms of functions, packages or both as ``package:function``;
            None for all.
        explicit: whether it was asked for at all, so that doing nothing would be a surprise.
    """

    enabled: bool
    names: tuple[str, ...] | None
    explicit: bool

    def includes(self, package: str, function: str) -> bool:
        """Tell whether a function of a package is asked for."""
        if self.names is None:
            return True
        return not {function, package, f"{package}:{function}"}.isdisjoint(self.names)


def parse_request(value: str | None) -> HookRequest:
    """Read ``HATCH_LAMBDA_ZIP``: 0 switches off, 1 asks for all, other values name functions.

    Args:
        value: the variable's value; None when it is not set.
    """
    words = tuple(word.strip() for word in (value or "").split(",") if word.strip())
    if not words:
        return HookRequest(enabled=True, names=None, explicit=False)
    if len(words) == 1 and words[0].lower() in _OFF:
        return HookRequest(enabled=False, names=None, explicit=False)
    if len(words) == 1 and words[0].lower() in _ON:
        return HookRequest(enabled=True, names=None, explicit=True)
    return HookRequest(enabled=True, names=words, explicit=True)


def is_hooks_only(environ: Mapping[str, str], arguments: Sequence[str]) -> bool:
    """Tell whether hatchling only runs build hooks, and only the first half of each.

    It tells hooks so by nothing but its own variable and command line.
    """
    variable = environ.get(BuildEnvVars.HOOKS_ONLY, "")
    return variable in {"1", "true"} or "--hooks-only" in arguments


def is_for_people(target: str, version: str, directory: Path, environ: Mapping[str, str]) -> bool:
    """Tell whether somebody wants the outputs of a build, and not an installer its wheel.

    Args:
        target: hatchling's build target.
        version: the target's version.
        directory: the output directory.
    """
    if target not in {"sdist", "wheel"} or version == "editable":
        return False
    if NESTED_VARIABLE in environ or "PIP_BUILD_TRACKER" in environ:
        return False
    return not is_in_cache(directory)


def is_in_cache(directory: Path) -> bool:
    """Tell whether a directory lies in one that may be thrown away, where nobody looks for a zip.

    uv's cache and tox's work directory are tagged as such (https://bford.info/cachedir/).
    """
    resolved = directory.resolve()
    return any((parent / "CACHEDIR.TAG").is_file() for parent in (resolved, *resolved.parents))


def is_unpacked_for_build(directory: Path) -> bool:
    """Tell whether a front end has unpacked an sdist there, only to build its wheel.

    uv does so in its cache, build (and pdm) in a temporary directory called after what it does.
    """
    names = [parent.name for parent in (directory, *directory.parents)]
    return is_in_cache(directory) or any("build-via-sdist-" in name for name in names)
