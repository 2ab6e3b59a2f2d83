"""Reads a lock file of any kind, for one function after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_lambda_zip.errors import (
    LockFormatError,
    LockOutdatedError,
    LockSelectionError,
    UvError,
)
from hatch_lambda_zip.lock.model import LockKind

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_lambda_zip.config.model import Wants
    from hatch_lambda_zip.lock.model import LockFile, Selection
    from hatch_lambda_zip.runtimes import Target
    from hatch_lambda_zip.uv import Uv


class LockReader:
    """Selects what functions need; each text is read, or exported by uv, only once."""

    def __init__(self, lock: LockFile, *, root: Path, name: str, uv: Uv) -> None:
        """Prepare to read.

        Args:
            lock: the file.
            root: the project's directory.
            name: the project's name, normalized.
            uv: exports the part of a uv.lock that belongs to the project, after checking that
                the lock is up to date.
        """
        self.lock = lock
        self._root = root
        self._name = name
        self._uv = uv
        self._exports: dict[Wants, str] = {}

    def select(self, target: Target, wants: Wants) -> Selection:
        """Select what a function needs.

        Args:
            target: its runtime and architecture.
            wants: its extras and dependency groups.

        Raises:
            LockOutdatedError: uv.lock does not fit pyproject.toml.
            LockFormatError, LockSelectionError, MissingWheelError: see the readers.
        """
        # One reader's imports are enough for a build.
        if self.lock.kind is LockKind.REQUIREMENTS:
            from hatch_lambda_zip.lock import requirements

            if wants.extras or wants.groups:
                raise LockSelectionError(
                    f"{self.lock.path.name} is one flat list, from which no extras or dependency "
                    "groups can be selected. Use uv.lock for functions that differ in them."
                )
            text = self._text()
            return requirements.select(text, self.lock, target, root=self._root)
        from hatch_lambda_zip.lock import pylock

        is_uv_lock = self.lock.kind is LockKind.UV
        parsed = pylock.parse_pylock(
            self._exported(wants) if is_uv_lock else self._text(), self.lock
        )
        return pylock.select(
            parsed,
            self.lock,
            target,
            # uv exported what is wanted and nothing else.
            wants=None if is_uv_lock else wants,
            root=self._root,
            base=self.lock.path.parent,
        )

    def _exported(self, wants: Wants) -> str:
        if wants not in self._exports:
            self._exports[wants] = self._export(wants)
        return self._exports[wants]

    def _export(self, wants: Wants) -> str:
        command = [
            *("export", "--locked", "--no-default-groups", "--no-editable"),
            *("--format", "pylock.toml", "--package", self._name),
        ]
        for extra in wants.extras:
            command += ["--extra", extra]
        for group in wants.groups:
            command += ["--group", group]
        try:
            # In the workspace root: uv writes paths relative to where it runs, and before
            # version 0.13 to the root.
            return self._uv.run(command, cwd=self.lock.path.parent)
        except UvError as error:
            if "needs to be updated" in str(error):
                said = str(error).partition("\n")[2]
                raise LockOutdatedError(
                    f"{self.lock.path} does not match pyproject.toml any more. "
                    f"Run `uv lock` and commit the result. uv says:\n{said}"
                ) from None
            raise

    def _text(self) -> str:
        try:
            return self.lock.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LockFormatError(f"{self.lock.path} can't be read: {error}.") from None
