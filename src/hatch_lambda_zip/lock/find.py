"""Which lock file holds for a project."""

from __future__ import annotations

import re
from pathlib import Path

from hatch_lambda_zip.config.load import TARGET_KEY
from hatch_lambda_zip.errors import LockError, UvError
from hatch_lambda_zip.lock.model import LockFile, LockKind
from hatch_lambda_zip.uv import Uv

_HOW_TO_LOCK = (
    "Run `uv lock` and commit uv.lock; or make a pylock.toml for all platforms, for example with "
    "`uv export --format pylock.toml -o pylock.toml`; or name a requirements.txt with hashes: "
    f'{TARGET_KEY}.lock = "requirements.txt".'
)


def find_lock(root: Path, chosen: str | None, uv: Uv) -> LockFile:
    """Find the lock file of a project.

    Without a choice it is the uv.lock of the project or its workspace root, else the pylock.toml
    or the only pylock.<name>.toml (PEP 751) beside pyproject.toml.

    Args:
        root: the directory of pyproject.toml.
        chosen: the value of ``lock`` in the configuration, or None.
        uv: is asked for the workspace root.

    Raises:
        LockError: there is none, or several and no choice.
    """
    if chosen is not None:
        return _chosen_lock(root, chosen, uv)
    if uv_lock := _uv_lock(root, uv):
        return LockFile(LockKind.UV, uv_lock)
    pylock = root / "pylock.toml"
    if pylock.is_file():
        return LockFile(LockKind.PYLOCK, pylock)
    named = sorted(
        path.name for path in root.iterdir() if re.fullmatch(r"pylock\.[^.]+\.toml", path.name)
    )
    if len(named) == 1:
        return LockFile(LockKind.PYLOCK, root / named[0])
    if named:
        raise LockError(
            f"{root} has several lock files and no choice: {', '.join(named)}. "
            f'Name one: {TARGET_KEY}.lock = "{named[0]}".'
        )
    raise LockError(
        f"No lock file for {root}: neither uv.lock (here or in the workspace root) nor "
        f"pylock.toml. Without one, today's build and tomorrow's would differ. {_HOW_TO_LOCK}"
    )


def _chosen_lock(root: Path, chosen: str, uv: Uv) -> LockFile:
    path = root / chosen
    if not path.is_file():
        # "uv.lock" names the workspace's lock too, which every member shares.
        shared = _uv_lock(root, uv) if chosen == "uv.lock" else None
        if shared is None:
            raise LockError(
                f"{TARGET_KEY}.lock: there is no file {chosen!r} in {root}. {_HOW_TO_LOCK}"
            )
        path = shared
    if path.suffix == ".txt":
        return LockFile(LockKind.REQUIREMENTS, path)
    if path.name != "uv.lock":
        return LockFile(LockKind.PYLOCK, path)
    effective = _uv_lock(root, uv)
    if effective is None or not path.samefile(effective):
        raise LockError(
            f"{TARGET_KEY}.lock: {chosen!r} is not the lock that uv uses for {root}, which is "
            f"{effective or 'missing'}. Remove the key, or make the project a member of that "
            "workspace."
        )
    return LockFile(LockKind.UV, path)


def _uv_lock(root: Path, uv: Uv) -> Path | None:
    """Return the uv.lock that uv itself would use, or None when there is none."""
    # Most projects without a uv.lock have none above them either: then uv needs no asking.
    if not any((directory / "uv.lock").is_file() for directory in (root, *root.parents)):
        return None
    answer = uv.run(["workspace", "dir"], cwd=root).strip()
    workspace = Path(answer)
    if not workspace.is_dir():
        raise UvError(f"`uv workspace dir` in {root} answered {answer!r}, which is no directory.")
    lock = workspace / "uv.lock"
    return lock if lock.is_file() else None
