"""Builds the package's own wheel with hatchling, in this process.

That takes a tenth of the time of a build in an environment of its own, and hatchling is loaded
anyway. It works when everything that the wheel target needs can be imported here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import InvalidRequirement, Requirement

from hatch_lambda_zip.contents import Outputs
from hatch_lambda_zip.errors import DistributionError

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    from hatchling.builders.plugin.interface import BuilderInterface, IncludedFile


class _OwnWheelBuilder(WheelBuilder):
    """hatchling's wheel builder, with the file selection of the lambda-zip target on top."""

    def __init__(
        self,
        builder: BuilderInterface[Any, Any],  # hatchling types both parameters loosely
        selection: Mapping[str, object],
        build_data: Mapping[str, object],
        outputs: Outputs,
    ) -> None:
        super().__init__(
            builder.root,
            plugin_manager=builder.plugin_manager,
            metadata=builder.metadata,
            app=builder.app,
        )
        self._selection = selection
        self._build_data = build_data
        self._outputs = outputs

    def recurse_included_files(self) -> Iterator[IncludedFile]:
        for file in super().recurse_included_files():
            path = Path(file.path)
            directory = self._outputs.directory_of(path)
            if directory is not None and path.suffix == ".py":
                raise DistributionError(
                    f"{path} would ship, and {directory} is an output directory of this project's "
                    "builds, of which nothing does. Choose another output directory, or remove it."
                )
            if directory is None and not self._outputs.is_output(path):
                yield file

    def get_build_hooks(self, directory: str) -> dict[str, BuildHookInterface[Any]]:
        hooks: dict[str, BuildHookInterface[Any]] = super().get_build_hooks(directory)
        # Ours would make the zips of the wheel that the zips are made of.
        return {name: hook for name, hook in hooks.items() if name != "lambda-zip"}

    @property
    def target_config(self) -> dict[str, Any]:
        return {**super().target_config, **self._selection}

    def get_default_build_data(self) -> dict[str, Any]:
        return {**super().get_default_build_data(), **self._build_data}


def build_own_wheel(
    builder: BuilderInterface[Any, Any],
    directory: Path,
    *,
    selection: Mapping[str, object],
    build_data: Mapping[str, object],
    outputs: Outputs,
) -> Path | None:
    """Build the wheel.

    Args:
        selection: keys of the lambda-zip table that select files; each replaces the wheel
            target's own.
        build_data: ``artifacts`` and ``force_include`` as build hooks left them.
        outputs: where builds write, which does not ship.

    Returns:
        The wheel; None when a build hook of the wheel target or one of its dependencies is not
        installed here, so that the wheel has to be built in an environment of its own.

    Raises:
        DistributionError: hatchling can't build it, or it would have to be built elsewhere, where
            ``selection`` could not be heeded.
    """
    wheel_builder = _OwnWheelBuilder(builder, selection, build_data, outputs)
    try:
        missing = _missing_requirements(wheel_builder)
        if missing:
            if selection:
                raise DistributionError(
                    f"The wheel target needs {', '.join(missing)}, which this build environment "
                    f"does not have, while {', '.join(sorted(selection))} of the lambda-zip "
                    "target asks for a wheel of its own. Add it to build-system.requires."
                )
            return None
        for source in wheel_builder.config.force_include:
            if outputs.has_directory(Path(source)):
                raise DistributionError(
                    f"force-include: {os.path.relpath(source, builder.root)!r} is an output "
                    "directory of this project's builds, so each wheel and zip would hold those "
                    "before it. Choose another one with `directory` (or `-d`, `-o`), or name what "
                    "is to ship in it."
                )
        (wheel,) = wheel_builder.build(
            directory=str(directory),
            versions=["standard"],
            hooks_only=False,
            clean=False,
            clean_hooks_after=False,
        )
    except (ValueError, TypeError, OSError) as error:
        raise DistributionError(f"hatchling can't build the package's wheel: {error}") from None
    return directory / wheel


def _missing_requirements(builder: WheelBuilder) -> list[str]:
    """Return what the wheel target needs and this process can't import."""
    known_hooks = builder.plugin_manager.build_hook
    missing = [
        f"the build hook {name!r}"
        for name in builder.config.hook_config
        if known_hooks.get(name) is None
    ]
    if missing:
        return missing
    return [*_uninstalled(builder.config.dependencies)]


def _uninstalled(requirements: Iterable[str]) -> list[str]:
    missing = []
    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            missing.append(text)
            continue
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            missing.append(text)
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            missing.append(text)
    return missing
