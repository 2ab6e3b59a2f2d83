"""Reads a lock file of any kind, for one function after the other."""

from __future__ import annotations

from pathlib import Path

from hatch_lambda_zip.config.model import Request
from hatch_lambda_zip.errors import LockError, UvError, UvFailure
from hatch_lambda_zip.lock.model import LockFile, LockKind, Selection
from hatch_lambda_zip.runtimes import Platform
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
        self._exports: dict[Request, str] = {}

    def select(self, platform: Platform, request: Request) -> Selection:
        """Select what a function needs.

        Args:
            platform: its runtime and architecture.
            request: its extras and dependency groups.

        Raises:
            LockError: uv.lock does not fit pyproject.toml.
            LockError: see the readers.
        """
        # One reader's imports are enough for a build.
        if self.lock.kind is LockKind.REQUIREMENTS:
            from hatch_lambda_zip.lock import requirements

            if request.extras or request.groups:
                raise LockError(
                    f"{self.lock.path.name} is one flat list, from which no extras or dependency "
                    "groups can be selected. Use uv.lock for functions that differ in them."
                )
            text = self._text()
            return requirements.select(text, self.lock, platform, root=self._root)
        from hatch_lambda_zip.lock import pylock

        is_uv_lock = self.lock.kind is LockKind.UV
        parsed = pylock.parse_pylock(
            self._exported(request) if is_uv_lock else self._text(), self.lock
        )
        return pylock.select(
            parsed,
            self.lock,
            platform,
            # uv exported what is wanted and nothing else.
            request=None if is_uv_lock else request,
            root=self._root,
            base=self.lock.path.parent,
        )

    def _exported(self, request: Request) -> str:
        if request not in self._exports:
            self._exports[request] = self._export(request)
        return self._exports[request]

    def _export(self, request: Request) -> str:
        command = [
            *("export", "--locked", "--no-default-groups", "--no-editable"),
            *("--format", "pylock.toml", "--package", self._name),
        ]
        for extra in request.extras:
            command += ["--extra", extra]
        for group in request.groups:
            command += ["--group", group]
        try:
            # In the workspace root: uv writes paths relative to where it runs, and before
            # version 0.13 to the root.
            return self._uv.run(command, cwd=self.lock.path.parent)
        except UvError as error:
            if error.failure is UvFailure.LOCK_OUTDATED:
                raise LockError(
                    f"{self.lock.path} does not match pyproject.toml any more. "
                    f"Run `uv lock` and commit the result. uv says:\n{error.said}"
                ) from None
            raise

    def _text(self) -> str:
        try:
            return self.lock.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LockError(f"{self.lock.path} can't be read: {error}.") from None
