"""What a zip is made of, before anything is installed."""

from __future__ import annotations
from hatch_lambda_zip.config.model import Artifact
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.lock.model import Selection
from hatch_lambda_zip.install.install import LocalWheel

from dataclasses import dataclass
from typing import TYPE_CHECKING



@dataclass(frozen=True)
class Materials:
    """What one zip is made of.

    Attributes:
        artifact: the function or layer.
        selection: from the lock.
        wheels: the local projects, as just built.
        added: files of the project that ship besides, by their sources.
    """

    artifact: Artifact
    selection: Selection
    wheels: tuple[LocalWheel, ...] = ()
    added: tuple[tuple[str, Entry], ...] = ()

    @property
    def pins(self) -> dict[str, str]:
        """What the content of each distribution is pinned by, ascending by their names."""
        locked = [one for install in self.selection.installs for one in install.distributions]
        local = [wheel.distribution for wheel in self.wheels]
        both = sorted([*locked, *local], key=lambda one: one.name)
        return {one.name: one.identity for one in both}
