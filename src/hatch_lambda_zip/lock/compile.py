"""Makes the pylock.toml of a requirements file, or of another tool's lock, with uv."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hatch_lambda_zip.config import TOOL_NAME
from hatch_lambda_zip.errors import LockError, UvError
from hatch_lambda_zip.files import replacing
from hatch_lambda_zip.lock.find import is_there
from hatch_lambda_zip.lock.foreign import FOREIGN, ForeignLock, read_foreign
from hatch_lambda_zip.lock.model import LockFile, LockKind
from hatch_lambda_zip.lock.recorded import (
    NEW_FILE,
    check_recorded,
    is_recorded,
    with_record,
)
from hatch_lambda_zip.uv import Uv

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_QUOTED: Final = re.compile(r'"(\w+)"')
_NAME_INDEX: Final = "Name the same one to uv, by UV_INDEX or in uv.toml."


@dataclass(frozen=True)
class RequirementsLock:
    """A requirements file or another tool's lock, and the pylock.toml to be made of it.

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

    @property
    def is_foreign(self) -> bool:
        """Whether it is made of another tool's lock, which decides the versions."""
        return self.requirements.name in FOREIGN

    def check(self) -> None:
        """Check that the lock is there and was made of what the file says now.

        Raises:
            LockError: it is not, or was made by another tool.
        """
        if not is_there(self.path):
            raise LockError(f"{self.path} is missing. Run `{TOOL_NAME} lock` and commit it.")
        document = self._document()
        check_recorded(document["tool"], LockFile.of(LockKind.PYLOCK, self.path))
        if (python := document.get("requires-python")) != f">={self.python}":
            raise LockError(
                f"{self.path} was made for Python {python}, while {self.python} is the lowest in "
                f"use now. Run `{TOOL_NAME} lock` and commit the result."
            )

    def before(self) -> str:
        """Return the lock that is there; nothing where there is none.

        Raises:
            LockError: the lock was made by another tool, or something else is in its place.
        """
        if not is_there(self.path):
            return ""
        self._document()
        return self.path.read_text(encoding="utf-8")

    def compile(
        self,
        uv: Uv,
        *,
        upgrade: bool = False,
        packages: Iterable[str] = (),
        constraints: Iterable[str] = (),
        temporary: Path | None = None,
    ) -> str:
        """Return the lock as it is to be; versions that are locked stay as far as they can.

        Args:
            upgrade: take the newest versions of all packages.
            packages: those whose newest versions are taken.
            constraints: requirements that hold for what is in both, such as ``idna==3.10``.
            temporary: a directory for temporary files; None for the system's.

        Raises:
            LockError: the lock was made by another tool, or its files are others than those that
                another tool's lock allows.
            UvError: uv can't find versions that fit.
        """
        foreign = read_foreign(self.requirements) if self.is_foreign else None
        held = tuple(constraints)
        new = self.path.with_name(NEW_FILE)
        if uv.watcher:
            uv.watcher.remove_later(new)
        with tempfile.TemporaryDirectory(dir=temporary) as directory:
            constraints_file = Path(directory, "constraints.txt")
            constraints_file.write_text("\n".join(held), encoding="utf-8")
            pins = Path(directory, "requirements.txt")
            if foreign:
                pins.write_text("\n".join(foreign.requirements), encoding="utf-8")
            command: list[str | Path] = [
                *("pip", "compile", "--universal", "--format", "pylock.toml", "--quiet"),
                *("--python-version", self.python),
                *("--custom-compile-command", f"{TOOL_NAME} lock"),
                *(["--upgrade"] if upgrade else []),
                *(word for package in packages for word in ("--upgrade-package", package)),
                *("--constraint", constraints_file),
                *(pins if foreign else self.requirements.name, "--output-file", new.name),
            ]
            try:
                if self.before() and "packages" in self._document():  # uv reads no lock without
                    shutil.copyfile(self.path, new)  # where uv looks for the versions to keep
                uv.run(command, cwd=self.requirements.parent)
                text = new.read_text(encoding="utf-8")
            except UvError as error:
                raise self._explained(error, foreign, held) from None
            finally:
                new.unlink(missing_ok=True)
        if foreign:
            text = self._allowed_alone(text, foreign)
        return with_record(text, self.requirements)

    def pinned(self) -> frozenset[str]:
        """Return the names that another tool's lock has, normalized.

        Raises:
            LockError: see `read_foreign`.
        """
        return frozenset(read_foreign(self.requirements).hashes)

    def unhashed(self, text: str) -> tuple[str, ...]:
        """Return the names of packages of an index that another tool's lock has no hash of, sorted.

        Args:
            text: the lock that was made of it.

        Raises:
            LockError: see `read_foreign`.
        """
        hashes = read_foreign(self.requirements).hashes
        return tuple(
            sorted(
                package["name"]
                for package in tomllib.loads(text).get("packages", [])
                if hashes.get(package["name"]) == frozenset() and {"wheels", "sdist"} & {*package}
            )
        )

    def write(self, text: str) -> None:
        """Write the lock, complete or not at all."""
        with replacing(self.path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")

    def _allowed_alone(self, text: str, foreign: ForeignLock) -> str:
        """Leave out of a lock the files that the other tool's does not allow.

        An index may have got some since, or have others by the same names.

        Args:
            text: as uv wrote it, with a line for each file of several.

        Raises:
            LockError: the index has none of a package's wheels, or files, that are allowed.
        """
        others: list[str] = []
        refused: set[str] = set()
        for package in tomllib.loads(text).get("packages", []):
            if not (allowed := foreign.hashes.get(package["name"])):
                continue
            wheels = [*map(_hashes, package.get("wheels", ()))]
            sources = [*map(_hashes, filter(None, map(package.get, ("sdist", "archive"))))]
            wanted = wheels or sources
            if wanted and all(map(allowed.isdisjoint, wanted)):
                others.append(package["name"])
            refused.update(*filter(allowed.isdisjoint, (*wheels, *sources)))
        if others:
            raise LockError(
                f"uv finds other files of {', '.join(others)} than {self.requirements.name} "
                f"allows, so it was locked from another package index. {_NAME_INDEX}"
            )
        digests = {found.partition(":")[2] for found in refused}
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if digests.isdisjoint(_QUOTED.findall(line)))

    def _explained(
        self, error: UvError, foreign: ForeignLock | None, held: tuple[str, ...]
    ) -> UvError:
        lines, name = [str(error)], self.requirements.name
        if held:
            lines.append(
                f"For {self.requirements}, what the locks of the layers pin holds too: "
                f"{', '.join(held)}. Require versions that fit, or change those of the layers."
            )
        if foreign:
            lines.append(f"So the versions of {name} can't be kept in {self.path}.")
        if foreign and foreign.indexes:
            indexes = ", ".join(foreign.indexes)
            lines.append(f"{name} takes packages from the index {indexes}. {_NAME_INDEX}")
        return UvError("\n".join(lines), failure=error.failure, said=error.said)

    def _document(self) -> dict[str, Any]:
        """Return the lock that is there.

        Raises:
            LockError: the lock is not ours.
        """
        from packaging.pylock import PylockValidationError

        from hatch_lambda_zip.lock.pylock import pylock_of

        try:
            document = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise LockError(f"{self.path} can't be read: {error}. Remove it.") from None
        tool = document.get("tool", {})
        if not isinstance(tool, dict) or not is_recorded(tool):
            raise LockError(
                f"{self.path} was made by another tool, so it is left alone. Remove it to have "
                f"`{TOOL_NAME} lock` make one of {self.requirements.name}."
            )
        try:
            if "packages" in document:
                pylock_of(deepcopy(document))
        except (ValueError, PylockValidationError) as error:
            raise LockError(f"{self.path} can't be read: {error}. Remove it.") from None
        return document


def locked_versions(text: str) -> dict[str, str]:
    """Return the versions that a pylock.toml or uv.lock has, by name; several are joined.

    What has none, such as a local project, is not among them.
    """
    document = tomllib.loads(text)
    found: dict[str, set[str]] = {}
    for package in document.get("packages", document.get("package", [])):
        if "version" in package:
            found.setdefault(package["name"], set()).add(package["version"])
    return {name: ", ".join(sorted(versions)) for name, versions in sorted(found.items())}


def differing(before: str, after: str) -> tuple[str, ...]:
    """Return the names of packages that two pylock.toml have otherwise, or one of them alone.

    That is another version, place or marker; their files may be others, and so may be the commits
    of branches.
    """
    one, other = Counter(_packages(before)), Counter(_packages(after))
    return tuple(sorted({name for name, *_ in (one - other) + (other - one)}))


def is_for_as_much(before: str, after: str) -> bool:
    """Tell whether two pylock.toml hold for the same environments and Pythons."""
    one, other = tomllib.loads(before), tomllib.loads(after)
    keys = ("environments", "requires-python", "extras", "default-groups")
    return all(one.get(key) == other.get(key) for key in keys)


def _packages(text: str) -> list[tuple[str, ...]]:
    kinds, places = ("directory", "vcs", "archive"), ("url", "path", "subdirectory")
    return [
        (
            package["name"],
            *(str(package.get(key, "")) for key in ("version", "marker", "requires-python")),
            *(
                f"{kind} {[package[kind].get(it) for it in places]}"
                for kind in kinds
                if kind in package
            ),
        )
        for package in tomllib.loads(text).get("packages", ())
    ]


def constraints_of(text: str) -> Iterator[str]:
    """Yield what a lock pins to one version, as constraints of another one."""
    for name, version in locked_versions(text).items():
        if "," not in version:
            yield f"{name}=={version}"


def _hashes(file: Mapping[str, Any]) -> set[str]:
    """Return the hashes of a file in a pylock.toml, as ``sha256:…``."""
    return {f"{algorithm}:{digest}" for algorithm, digest in file["hashes"].items()}
