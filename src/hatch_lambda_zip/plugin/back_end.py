"""The declared build back end (PEP 517, PEP 518), and whether the running hatchling can be it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip import __version__
from hatch_lambda_zip.config import TARGET_KEY, TOOL_NAME, TargetOptions, wrong_specifier
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.runtimes import evaluate_marker

_KEY: Final = "build-system"
_HATCHLING: Final = "hatchling.build"
_WRAPPER: Final = "hatch_lambda_zip.backend"
_INNER_KEY: Final = f"{TARGET_KEY}.{TargetOptions.inner_backend.key}"
# PEP 517: what holds where nothing is declared.
_LEGACY: Final = "setuptools.build_meta:__legacy__"


@dataclass(frozen=True)
class BackEnd:
    """What ``[build-system]`` declares.

    Attributes:
        name: its object, such as ``hatchling.build``.
        requires: what its environment has to have.
        is_hatchling: whether that is hatchling itself, and not a project's wrapper of it.
        path: ``backend-path``, where front ends look for it instead; None if that is not there.
    """

    name: str
    requires: tuple[str, ...]
    is_hatchling: bool
    path: object = None

    @property
    def is_wrapper(self) -> bool:
        """Whether it is ours, which passes everything on to another one."""
        return self.name == _WRAPPER


@dataclass(frozen=True)
class Isolation:
    """Why the package's wheel is built in an environment of its own.

    Attributes:
        reason: half a sentence.
        remedy: what to do for a wheel that hatchling makes in this process.
    """

    reason: str
    remedy: str

    @classmethod
    def of(cls, back_end: BackEnd) -> Isolation | None:
        """Return why the declared back end is not the hatchling that runs; None if it is."""
        if not back_end.is_hatchling:
            return cls(
                f"{back_end.name} makes it",
                "Remove the key, and say it in the table of that back end.",
            )
        if missing := [*unmet(back_end.requires)]:
            return cls(
                f"this one does not have {', '.join(missing)} of build-system.requires",
                "Install that, or build with `hatch build` or `uv build`, which do.",
            )
        return None

    @classmethod
    def for_want_of(cls, missing: Iterable[str]) -> Isolation | None:
        """Return that the wheel target needs what is missing; None if nothing is."""
        wanted = ", ".join(missing)
        return (
            cls(
                f"this one does not have {wanted}, which the wheel target needs",
                "Add it to build-system.requires.",
            )
            if wanted
            else None
        )


def read_back_end(pyproject: Mapping[str, object]) -> BackEnd:
    """Read ``[build-system]``.

    Raises:
        ConfigError: it is malformed, or asks for another version of this plugin.
    """
    table = pyproject.get(_KEY, {})
    if not isinstance(table, Mapping):
        raise ConfigError([f"{_KEY}: must be a table"])
    name = table.get("build-backend", _LEGACY)
    requires = table.get("requires", ["setuptools"])
    if not isinstance(name, str):
        raise ConfigError([f"{_KEY}.build-backend: must be a string, not {name!r}"])
    if not isinstance(requires, list) or not all(isinstance(text, str) for text in requires):
        raise ConfigError([f"{_KEY}.requires: must be an array of strings, not {requires!r}"])
    if problems := [*_problems(requires)]:
        raise ConfigError(problems)
    is_hatchling = name == _HATCHLING and "backend-path" not in table
    return BackEnd(name, tuple(requires), is_hatchling, table.get("backend-path"))


def inner_problems(table: Mapping[str, object], back_end: BackEnd) -> Iterator[str]:
    """Yield what is wrong with ``inner-backend``, but for its form.

    Args:
        table: the target's.
        back_end: the declared one.
    """
    inner = table.get(TargetOptions.inner_backend.key)
    if not back_end.is_wrapper:
        if inner is not None:
            yield (
                f"{_INNER_KEY}: nobody asks for it, since {_KEY}.build-backend is "
                f"{back_end.name!r}; remove it, or set build-backend to {_WRAPPER!r}"
            )
        return
    if back_end.path is not None:
        yield (
            f"{_KEY}.backend-path: front ends look for {_WRAPPER} there alone, and it is not "
            f"there; remove it, and add the package that has the inner back end to {_KEY}.requires"
        )
    if inner is None:
        yield (
            f"{_INNER_KEY}: is required, since {_WRAPPER} leaves wheel and sdist to another back "
            f'end; name that, such as {TargetOptions.inner_backend.key} = "uv_build"'
        )
    elif isinstance(inner, str) and _is_in(_HATCHLING.partition(".")[0], inner):
        yield (
            f"{_INNER_KEY}: hatchling needs no wrapper; set {_KEY}.build-backend to "
            f"{_HATCHLING!r}, and add the table [tool.hatch.build.hooks.lambda-zip]"
        )
    elif isinstance(inner, str) and _is_in(_WRAPPER, inner):
        yield f"{_INNER_KEY}: {inner!r} is the wrapper itself; name the back end to be wrapped"


def _is_in(module: str, name: str) -> bool:
    """Tell whether a back end is a module or in it; the colon may stand at any of the dots."""
    return f"{name.replace(':', '.')}.".startswith(f"{module}.")


def unmet(requirements: Iterable[str]) -> Iterator[str]:
    """Yield the requirements that the running environment does not satisfy.

    Raises:
        InvalidMarker: a marker can't be evaluated.
    """
    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            yield text
            continue
        if requirement.marker is not None and not evaluate_marker(requirement.marker):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            yield text
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            yield text


def _problems(requires: Iterable[str]) -> Iterator[str]:
    for text in requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            yield f"{_KEY}.requires: {text!r} is no requirement (PEP 508): {error}"
            continue
        if wrong := wrong_specifier(str(requirement.specifier)):
            yield f"{_KEY}.requires: {text!r}: {wrong}"
            continue
        try:
            is_wanted = requirement.marker is None or evaluate_marker(requirement.marker)
        except InvalidMarker as error:
            yield f"{_KEY}.requires: {text!r}: {error}"
            continue
        if canonicalize_name(requirement.name) != TOOL_NAME or not is_wanted:
            continue
        if not requirement.specifier.contains(__version__, prereleases=True):
            yield (
                f"{_KEY}.requires: {text!r} is not the version of this plugin that runs, "
                f"{__version__}, and another may make other bytes. Install that version, build "
                "with `hatch build` or `uv build`, which do so, or change the requirement."
            )
