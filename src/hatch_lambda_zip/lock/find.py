"""Which lock file holds for a project, or for an unpacked sdist."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from packaging.pylock import is_valid_pylock_path

from hatch_lambda_zip.config import TOOL_NAME, read_tables
from hatch_lambda_zip.errors import LockError, UvError
from hatch_lambda_zip.files import instead_of_file, name_encoding_problem, read_regular
from hatch_lambda_zip.lock.elsewhere import unlocked_source
from hatch_lambda_zip.lock.foreign import FOREIGN, read_foreign
from hatch_lambda_zip.lock.model import LockFile, LockKind
from hatch_lambda_zip.lock.recorded import NEW_FILE, are_hashed, read_requirements
from hatch_lambda_zip.lock.requirements import compile_command
from hatch_lambda_zip.uv import Uv


def find_lock(root: Path, chosen: str | None, uv: Uv, *, key: str) -> LockFile:
    """Find the lock file of a project.

    Without a choice it is the uv.lock of the project or its workspace root, else the pylock.toml
    or the only pylock.<name>.toml (PEP 751) beside pyproject.toml.

    Args:
        root: the directory of pyproject.toml.
        chosen: a path relative to it, or None.
        key: the configuration key that chooses, for messages.

    Raises:
        LockError: there is none, or several and no choice.
    """
    how_to_lock = (
        "Run `uv lock` and commit uv.lock; or make a pylock.toml for all platforms, for example "
        "with `uv export --format pylock.toml -o pylock.toml`; or name a requirements.txt with "
        f'hashes: {key} = "requirements.txt".'
    )
    if chosen is not None:
        return _chosen_lock(root, chosen, uv, key, how_to_lock)
    if uv_lock := uv_lock_of(root, uv):
        return LockFile.of(LockKind.UV, uv_lock)
    pylock = root / "pylock.toml"
    if is_there(pylock):
        return LockFile.of(LockKind.PYLOCK, pylock)
    named = [path.name for path in _pylocks(root)]
    if len(named) == 1:
        return LockFile.of(LockKind.PYLOCK, root / named[0])
    if named:
        raise LockError(
            f"{root} has several lock files and no choice: {', '.join(named)}. "
            f'Name one: {key} = "{named[0]}".'
        )
    for foreign in FOREIGN:
        if is_there(root / foreign):
            raise LockError(f"No lock file for {root} that can be read, but a {_advice(foreign)}")
    if is_there(root / "requirements.txt"):
        raise LockError(
            f"No lock file for {root}, but a requirements.txt. If it has a hash for each "
            f'requirement, name it: {key} = "requirements.txt". If not, '
            f"`{compile_command('requirements.txt')}` locks what it asks for in a pylock.toml, "
            "which is found by itself, and leaves it as it is; commit that as well."
        )
    if problem := unlocked_source(root):
        raise LockError(problem)
    raise LockError(
        f"No lock file for {root}: neither uv.lock (here or in the workspace root) nor "
        f"pylock.toml. Without one, today's build and tomorrow's would differ. {how_to_lock}"
    )


def is_there(path: Path) -> bool:
    """Tell whether there is a lock, or a file that one is made of.

    Raises:
        LockError: there is something else in its place, which was hardly meant to be passed over.
    """
    if found := instead_of_file(path):
        raise LockError(f"{path} is {found}. Put the file itself there, or remove what is there.")
    return path.is_file()


def needs_no_lock(root: Path) -> bool:
    """Tell whether a project has no file at all that names what it requires, or a lock of it.

    Raises:
        LockError: something else is in the place of one.
    """
    if any(is_there(root / file) for file in FOREIGN):
        return False
    requirements = root / "requirements.txt"
    if read_requirements(requirements) if is_there(requirements) else unlocked_source(root):
        return False
    if _pylocks(root):
        return False
    return not any(map(os.path.lexists, _uv_locks_above(root)))


def find_code_lock(
    directories: Iterable[Path], root: Path | None = None, uv: Uv | None = None
) -> LockFile | None:
    """Find the lock that lies in a code directory, and answers for what stands beside it.

    Args:
        root: the project's directory, where another tool's lock is `find_lock`'s business: a
            uv.lock of a workspace goes before it.
        uv: knows the workspace of a directory that is a project of its own.

    Returns:
        The uv.lock of a directory that is a project of its own, a pylock.toml, or a
        requirements.txt with hashes; None where none of the directories has one of these, or a
        requirements.txt that requires something.

    Raises:
        LockError: there are several, or a requirements.txt without hashes, or requirements of
            another tool, and no lock of them.
    """
    found: list[LockFile] = []
    for directory in directories:
        if uv is not None and directory != root and (member := _lock_of_member(directory, uv)):
            found.append(member)
            continue
        pylocks = _pylocks(directory)
        requirements = directory / "requirements.txt"
        answers = _requirements_in(directory, root)
        found += [replace(LockFile.of(LockKind.PYLOCK, path), answers=answers) for path in pylocks]
        if not pylocks and is_there(requirements) and (lines := read_requirements(requirements)):
            if not are_hashed(lines):
                raise LockError(
                    f"{requirements} has no hashes, and there is no lock of it, so today's build "
                    f"and tomorrow's would differ. `{TOOL_NAME} lock` writes one beside it; commit "
                    "that as well."
                )
            found.append(LockFile.of(LockKind.REQUIREMENTS, requirements))
            continue
        if pylocks or directory == root or is_there(directory / "uv.lock"):
            continue
        if other := foreign_lock(directory):
            if read_foreign(other).requirements:
                raise LockError(f"{other} is a {_advice(other.name)}")
        elif not is_there(requirements) and (problem := unlocked_source(directory)):
            raise LockError(problem)
    if len(found) > 1:
        names = ", ".join(str(lock.path) for lock in found)
        raise LockError(f"There are several lock files and no choice: {names}. Name one by `lock`.")
    return found[0] if found else None


def _requirements_in(directory: Path, root: Path | None) -> Path | None:
    """Return the file of a code directory that says what it requires, if there is one."""
    requirements, pyproject = directory / "requirements.txt", directory / "pyproject.toml"
    if is_there(requirements):
        return requirements
    return pyproject if directory != root and "project" in read_tables(pyproject) else None


def _lock_of_member(directory: Path, uv: Uv) -> LockFile | None:
    """Return the uv.lock of a code directory that is a project; None where it is none.

    Raises:
        LockError: uv uses none for it and there is no other, or not the one that lies there.
    """
    pyproject, own = directory / "pyproject.toml", directory / "uv.lock"
    if "project" not in read_tables(pyproject):
        if is_there(own):
            raise LockError(
                f"{own} lies beside no pyproject.toml with a [project] that can be read, so nobody "
                "can tell what it is the lock of. Remove it, or add that."
            )
        return None
    lock = uv_lock_of(directory, uv)
    if is_there(own) and (lock is None or not lock.samefile(own)):
        raise LockError(
            f"{own} is not the lock that uv uses for {directory}, which is {lock or 'missing'}. "
            "Remove it, or take the directory out of that workspace."
        )
    if lock is not None:
        return replace(LockFile.of(LockKind.UV, lock), member=directory)
    if not is_uv_project(directory):
        return None
    raise LockError(
        f"{pyproject} has a [project], and there is no lock of it: neither a uv.lock beside it, "
        "nor is it a member of a uv workspace that has one. Name the directory in `members` of "
        f"[tool.uv.workspace], or leave it alone, and run `{TOOL_NAME} lock`; or remove [project]."
    )


def is_uv_project(directory: Path) -> bool:
    """Tell whether a code directory is a project that nothing but uv locks.

    Raises:
        LockError: it has locks of several other tools.
    """
    others = is_there(directory / "requirements.txt") or _pylocks(directory)
    is_project = "project" in read_tables(directory / "pyproject.toml")
    return is_project and not others and foreign_lock(directory) is None


def _pylocks(directory: Path) -> list[Path]:
    """Return the locks by PEP 751 in a directory, sorted, but for one that was never finished."""
    return sorted(
        path
        for path in directory.iterdir()
        if is_valid_pylock_path(path) and path.name != NEW_FILE and is_there(path)
    )


def foreign_lock(directory: Path) -> Path | None:
    """Return the lock of another tool in a directory, if there is one.

    Raises:
        LockError: there are several, or something else is in the place of one.
    """
    found = [directory / name for name in FOREIGN if is_there(directory / name)]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise LockError(f"{directory} has {names}, and no choice: remove all but one.")
    return found[0] if found else None


def find_embedded_lock(directory: Path, project: Path) -> LockFile:
    """Find the lock that an sdist took along for one function or layer.

    Args:
        directory: as ``embed`` in build/embed.py fills it: the lock, and the wheels of the local
            projects in ``wheels``.
        project: the project's directory, which may be that of the unpacked sdist.

    Raises:
        LockError: it is not there.
    """
    wheels = tuple(sorted((directory / "wheels").glob("*.whl")))
    pylock = directory / "pylock.toml"
    if pylock.is_file():
        return LockFile(LockKind.EMBEDDED, pylock, pylock.name, wheels, project=project)
    # Beside it there is a list of files, if anything (see build/embed.py).
    texts = [path for path in directory.glob("*") if path.is_file() and path.suffix != ".json"]
    if len(texts) != 1:
        raise LockError(f"{directory} has no lock. Build the sdist again.")
    return LockFile(LockKind.REQUIREMENTS, texts[0], texts[0].name, wheels, project=project)


def _chosen_lock(root: Path, chosen: str, uv: Uv, key: str, how_to_lock: str) -> LockFile:
    path = root / chosen
    if not is_there(path):
        # "uv.lock" names the workspace's lock too, which every member shares.
        shared = uv_lock_of(root, uv) if chosen == "uv.lock" else None
        if shared is None:
            if not chosen.isascii() and (problem := name_encoding_problem()):
                raise LockError(f"{key}: {chosen!a} is not found: {problem}.")
            source = path.with_name("requirements.txt")
            if path.name == "pylock.toml" and is_there(source):
                how_to_lock = f"`{TOOL_NAME} lock` makes it of {source}; commit it."
            raise LockError(f"{key}: there is no file {chosen!r} in {root}. {how_to_lock}")
        path = shared
    if path.name != "uv.lock":
        return LockFile.of(_kind_of(path, chosen, key), path)
    effective = uv_lock_of(root, uv)
    if effective is None or not path.samefile(effective):
        raise LockError(
            f"{key}: {chosen!r} is not the lock that uv uses for {root}, which is "
            f"{effective or 'missing'}. Remove the key, or make the project a member of that "
            "workspace."
        )
    return LockFile.of(LockKind.UV, path)


def _kind_of(path: Path, chosen: str, key: str) -> LockKind:
    """Tell the kind of a lock, whatever it is called, by its content."""
    if path.name in FOREIGN:
        raise LockError(f"{key}: {chosen!r} is a {_advice(path.name)}")
    document = read_tables(path)
    if "lock-version" in document or path.suffix == ".toml":
        return LockKind.PYLOCK
    if "package" in document:
        raise LockError(
            f"{key}: {chosen!r} looks like a uv.lock, which uv reads under no other name. Call it "
            "so; or let uv write what it holds in another form: "
            "`uv export --format pylock.toml -o pylock.toml`."
        )
    return LockKind.REQUIREMENTS


def _advice(foreign: str) -> str:
    return (
        f"{foreign}, which nothing is installed from. `{TOOL_NAME} lock` keeps its versions in a "
        "pylock.toml, which is found by itself; commit that as well."
    )


def uv_lock_of(root: Path, uv: Uv) -> Path | None:
    """Return the uv.lock that uv itself would use, or None when there is none.

    Raises:
        LockError: something else is in its place.
    """
    # Most projects without a uv.lock have none above them either: then uv needs no asking.
    if not any(map(os.path.lexists, _uv_locks_above(root))):
        return None
    own = root / "uv.lock"
    if is_there(own) and not any(map(_may_be_workspace, root.parents)):
        return own  # of a project that can be no member
    lock = uv_workspace_of(root, uv) / "uv.lock"
    return lock if is_there(lock) else None


def _uv_locks_above(root: Path) -> list[Path]:
    return [directory / "uv.lock" for directory in (root, *root.parents)]


def _may_be_workspace(directory: Path) -> bool:
    pyproject = directory / "pyproject.toml"
    try:
        return b"workspace" in (read_regular(pyproject) or b"")
    except OSError:
        return pyproject.exists()


def uv_workspace_of(root: Path, uv: Uv) -> Path:
    """Return the workspace's root that uv itself takes a project for; it may be its own."""
    answer = uv.run(["workspace", "dir"], cwd=root).strip()
    workspace = Path(answer)
    if not workspace.is_dir():
        raise UvError(f"`uv workspace dir` in {root} answered {answer!r}, which is no directory.")
    return workspace
