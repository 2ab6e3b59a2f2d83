"""Code directories: which of their files ship, and which are no code.

What is left out by the lists below is written in docs/format.md too, since it decides bytes. It is
decided by names alone, so that it is the same on every machine; never is a ``.py`` file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec

from hatch_lambda_zip.config import OwnFiles
from hatch_lambda_zip.contents.own.own_files import (
    Surroundings,
    excluded_by_patterns,
    files_below,
    source_name,
)
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.files import check_no_temporary_files, failure_at
from hatch_lambda_zip.install import LeftOut, Reason

# At any depth, besides all names that start with a dot.
_NEVER_CODE: Final = ("__pycache__", "node_modules", "venv", "*.egg-info", "*.pyc", "*.pyo")
# Directly in a code directory: what describes the project, what deploys it, and what tests it.
_NOT_CODE_AT_TOP: Final = (
    *("pyproject.toml", "hatch.toml", "setup.cfg", "MANIFEST.in", "uv.toml", "README*"),
    *("uv.lock", "pylock.toml", "pylock.*.toml", "poetry.lock", "pdm.lock"),
    *("Pipfile", "Pipfile.lock", "requirements*.txt", "requirements*.in", "constraints*.txt"),
    *("*.tf", "*.tf.json", "*.tfvars", "*.tfvars.json", "*.tfstate", "*.tfstate.backup"),
    *("template.yaml", "template.yml", "samconfig.toml", "samconfig.yaml", "samconfig.yml"),
    *("serverless.yml", "serverless.yaml", "serverless.json", "package.json"),
    *("package-lock.json", "cdk.json", "cdk.context.json", "cdk.out", "Pulumi.yaml"),
    *("Dockerfile", "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"),
    *("Makefile", "justfile", "tox.ini", "pytest.ini", "mypy.ini", "ruff.toml", "pylintrc"),
)


@dataclass(frozen=True)
class Code:
    """What a function's or layer's code directories bring.

    Attributes:
        files: the source of each file that ships, relative to the project, and its entry.
        left_out: what is in the directories and does not ship, by its place in the zip; what git
            ignores is not among it.
        idle: patterns of ``include`` and ``exclude`` that match nothing.
        ignored: files and directories of which git keeps all out.
    """

    files: tuple[tuple[str, Entry], ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    idle: tuple[str, ...] = ()
    ignored: tuple[Path, ...] = ()


def read_code(
    around: Surroundings,
    code: Iterable[tuple[str, str]],
    own_files: OwnFiles,
    *,
    owner: str,
    key: str,
) -> Code:
    """Read the files of code directories that ship.

    Args:
        code: directories relative to the project's, and the places of their files in the zip.
        own_files: patterns over the places in the zip.
        owner: whom the files are counted for.
        key: the configuration key of the table, for errors.

    Raises:
        ContentsError: a directory is not there or has nothing to ship, something in it leaves the
            repository, or two files have one place.
        OutputError: temporary files would lie in a directory, or where a link in it leads to.
    """
    found: dict[str, tuple[str, Entry]] = {}
    left_out: list[LeftOut] = []
    ignored: list[Path] = []
    for source, place in code:
        where = f"{key}.code"
        directory = around.locate(source, where)
        if not directory.is_dir():
            raise ContentsError(f"{where}: there is no directory {source!r} in {around.root}.")
        check_no_temporary_files(directory)
        try:
            out: list[Path] = []
            no_code: list[LeftOut] = []
            files = [*code_files(around, source, where, no_code, owner, out)]
            left_out += [replace(left, path=_placed(place, left.path)) for left in no_code]
            files += _brought_back(around, source, place, own_files.artifacts)
            shipped = {above for file in files for above in (file, *file.parents)}
            ignored += [path for path in out if path not in shipped]
            for file in dict.fromkeys(files):
                name = _placed(place, file.relative_to(directory).as_posix())
                relative = source_name(source, directory, file)
                other, _ = found.setdefault(
                    name, (relative, Entry.of(name, file.read_bytes(), owner))
                )
                if other != relative:
                    raise ContentsError(
                        f"{where}: {other} and {relative} would both be {name} in the zip. Give "
                        "one of the directories another place, or leave one out by `exclude`."
                    )
        except OSError as error:
            raise ContentsError(f"{where}: {failure_at(error)}.") from None
    left_out = [left for left in left_out if left.path not in found]
    excluded, idle = excluded_by_patterns([*found], own_files)
    for name in excluded:
        del found[name]
        left_out.append(LeftOut(name, Reason.PATTERN, owner))
    if not found:
        names = ", ".join(source for source, _ in code)
        raise ContentsError(
            f"{key}.code: no file in {names} ships. Add one, or correct the directory, `include` "
            "or `exclude`."
        )
    return Code(tuple(found.values()), tuple(left_out), idle, tuple(ignored))


def _placed(place: str, path: str) -> str:
    return f"{place}/{path}" if place else path


def _brought_back(
    around: Surroundings, source: str, place: str, patterns: tuple[str, ...]
) -> Iterator[Path]:
    """Yield the files of a code directory that patterns over the places in the zip name.

    What machines leave in directories, and what builds wrote, is not among them.
    """
    if not patterns:
        return
    spec = GitIgnoreSpec.from_lines(patterns)
    directory = around.locate(source, "code")

    def is_other(path: Path) -> bool:
        name = _placed(place, path.relative_to(directory).as_posix())
        # A link is looked at only where it is named: those in environments lead anywhere.
        if (path.is_symlink() or not path.is_dir()) and not spec.match_file(name):
            return True
        _check_link(path)
        return False

    yield from files_below(around.at(source, directory), directory, "code", None, [], skip=is_other)


def directories_with_code(around: Surroundings, patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the directories that patterns match and in which there is a file that would ship.

    Args:
        patterns: globs relative to the project's directory; those with ``!`` leave out.

    Returns:
        Their paths relative to the project's directory, sorted.
    """
    matched: dict[bool, set[Path]] = {True: set(), False: set()}
    for pattern in patterns:
        is_wanted = not pattern.startswith("!")
        matched[is_wanted].update(around.root.glob(pattern.lstrip("!").rstrip("/")))
    found = (
        path.relative_to(around.root).as_posix()
        for path in sorted(matched[True] - matched[False])
        if path.is_dir() and not _is_no_code(path, is_top=False)
    )
    return tuple(
        source
        for source in found
        if next(iter(code_files(around, source, "function-directories")), None) is not None
    )


def code_files(
    around: Surroundings,
    source: str,
    where: str,
    left_out: list[LeftOut] | None = None,
    owner: str = "",
    ignored: list[Path] | None = None,
) -> Iterator[Path]:
    """Yield the files of a code directory that ship, but for patterns.

    Args:
        where: the configuration key, for errors.
        left_out: takes what does not ship since it is no code, by its path in the directory.
        ignored: takes what does not ship since git ignores it.

    Raises:
        OutputError: temporary files would lie where a link in it leads to.
    """
    directory = around.locate(source, where)

    def is_no_code(path: Path) -> bool:
        if not _is_no_code(path, is_top=path.parent == directory):
            _check_link(path)
            return False
        if left_out is not None:
            name = path.relative_to(directory).as_posix()
            left_out.append(LeftOut(name, Reason.NOT_CODE, owner))
        return True

    rules = around.rules_in(directory)
    out = [] if ignored is None else ignored
    return files_below(around.at(source, directory), directory, where, rules, out, skip=is_no_code)


def _check_link(path: Path) -> None:
    if path.is_symlink():
        check_no_temporary_files(path)


def _is_no_code(path: Path, *, is_top: bool) -> bool:
    name = path.name
    if name.endswith(".py") and path.is_file():
        return False
    if name.startswith(".") or any(fnmatchcase(name, pattern) for pattern in _NEVER_CODE):
        return True
    if (path / "pyvenv.cfg").is_file():  # a virtual environment, whatever it is called
        return True
    return is_top and any(fnmatchcase(name, pattern) for pattern in _NOT_CODE_AT_TOP)
