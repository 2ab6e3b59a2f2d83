"""Writes the pylock.toml of a requirements file, with uv, and says in it what it was made of."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip.config import TOOL_NAME
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.files import replacing
from hatch_lambda_zip.lock.model import LockFile, LockKind
from hatch_lambda_zip.lock.recorded import check_recorded, is_recorded, with_record
from hatch_lambda_zip.uv import Uv

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NEW_FILE: Final = f"pylock.{TOOL_NAME}-new.toml"  # a name that uv takes for a lock


@dataclass(frozen=True)
class RequirementsLock:
    """A requirements file, and the lock to be made of it.

    Attributes:
        requirements: the file.
        python: the lowest version of Python that the lock is for, such as ``3.12``.
    """

    requirements: Path
    python: str

    @property
    def path(self) -> Path:
        """Where the lock belongs: beside the file."""
        return self.requirements.with_name("pylock.toml")

    def check(self) -> None:
        """Check that the lock is there and was made of what the file says now.

        Raises:
            LockError: it is not, or was made by another tool.
        """
        if not self.path.is_file():
            raise LockError(f"{self.path} is missing. Run `{TOOL_NAME} lock` and commit it.")
        check_recorded(self._tool(), LockFile.of(LockKind.PYLOCK, self.path))

    def write(self, uv: Uv, *, upgrade: bool = False, packages: Iterable[str] = ()) -> bool:
        """Write the lock, or renew it; versions that are locked stay as far as they can.

        Args:
            upgrade: take the newest versions of all packages.
            packages: those whose newest versions are taken.

        Returns:
            Whether something changed.

        Raises:
            LockError: the lock was made by another tool.
            UvError: uv can't find versions that fit.
        """
        before = None
        new = self.path.with_name(_NEW_FILE)
        if self.path.is_file():
            self._tool()
            before = self.path.read_text(encoding="utf-8")
            shutil.copyfile(self.path, new)  # where uv looks for the versions to keep
        command = [
            *("pip", "compile", "--universal", "--format", "pylock.toml", "--quiet"),
            *("--python-version", self.python, "--custom-compile-command", f"{TOOL_NAME} lock"),
            *(["--upgrade"] if upgrade else []),
            *(word for package in packages for word in ("--upgrade-package", package)),
            *(self.requirements.name, "--output-file", new.name),
        ]
        try:
            uv.run(command, cwd=self.requirements.parent)
            text = with_record(new.read_text(encoding="utf-8"), self.requirements)
        finally:
            new.unlink(missing_ok=True)
        if text == before:
            return False
        with replacing(self.path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
        return True

    def _tool(self) -> dict[str, object]:
        """Return the ``[tool]`` of the lock that is there.

        Raises:
            LockError: the lock is not ours.
        """
        try:
            document = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise LockError(f"{self.path} can't be read: {error}. Remove it.") from None
        tool = document.get("tool", {})
        if not isinstance(tool, dict) or not is_recorded(tool):
            raise LockError(
                f"{self.path} was made by another tool, so it is left alone. Remove it to have "
                f"`{TOOL_NAME} lock` make one of {self.requirements.name}."
            )
        return tool
