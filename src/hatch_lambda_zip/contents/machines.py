"""Native code for another machine than the function's: where it can't work, and where it may lie.

A wheel for any platform may carry one program for each machine, of which one fits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hatch_lambda_zip.contents.overlaps import pattern_for
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Installed
from hatch_lambda_zip.runtimes import Platform
from hatch_lambda_zip.text import plural

# The e_machine field of an ELF header (System V ABI); at byte 18, in the file's byte order.
_ELF_MAGIC: Final = b"\x7fELF"
_ELF_DATA_OFFSET: Final = 5
_ELF_BIG_ENDIAN: Final = 2
_ELF_MACHINE: Final = slice(18, 20)
_MACHINE_NUMBERS: Final = {"x86_64": 62, "aarch64": 183}
_MACHINE_NAMES: Final = {3: "32-bit x86", 40: "32-bit ARM", 62: "x86_64", 183: "arm64"}
# What tells the names of programs for several machines apart.
_MACHINE_WORD: Final = re.compile(
    r"x86[-_]64|amd64|x64|x86|i[3-6]86|aarch64|arm64|armv\d+\w?|armhf|arm|riscv64|ppc64(?:le)?|"
    r"s390x|32|64",
    re.IGNORECASE,
)


def machine_of(content: bytes) -> int | None:
    """Return the number of the machine that an ELF file was built for; None for other files."""
    if not content.startswith(_ELF_MAGIC) or len(content) < _ELF_MACHINE.stop:
        return None
    is_big_endian = content[_ELF_DATA_OFFSET] == _ELF_BIG_ENDIAN
    return int.from_bytes(content[_ELF_MACHINE], "big" if is_big_endian else "little")


def machine_name(machine: int) -> str:
    """Return what to call a machine, by its number; those of Lambda as AWS does.

    >>> machine_name(183)
    'arm64'
    """
    return _MACHINE_NAMES.get(machine, f"machine number {machine}")


@dataclass(frozen=True)
class _Foreign:
    """A file for another machine; its path as in RECORD, or its place in the zip."""

    path: str
    machine: int

    @property
    def built_for(self) -> str:
        return machine_name(self.machine)


def check_machines(
    found: Iterable[tuple[Entry, int]],
    installed: Iterable[Installed],
    added: Mapping[str, str],
    platform: Platform,
    *,
    prefix: str,
    key: str,
) -> tuple[str, ...]:
    """Check that native code was built for the platform, where it matters.

    In a wheel for any platform, and among the project's files that ship besides, that is where
    Python would import it, and where there is no file like it that fits.

    Args:
        found: the entries of a zip that are ELF files, and the numbers of their machines.
        installed: the distributions that ship.
        added: the project's files that ship besides: place in the zip, source.
        prefix: the directory that distributions lie in.
        key: the configuration key of the table.

    Returns:
        Notes on what is there in vain.

    Raises:
        ContentsError: there is such a file; all of them are named.
    """
    wanted = _MACHINE_NUMBERS[platform.machine]
    foreign: dict[str, list[_Foreign]] = {}
    fitting: dict[str, set[str]] = {}
    for entry, machine in found:
        owner = "" if entry.name in added else entry.distribution
        path = entry.name.removeprefix(prefix) if owner else entry.name
        if machine == wanted:
            fitting.setdefault(owner, set()).add(_without_machine(path))
        else:
            foreign.setdefault(owner, []).append(_Foreign(path, machine))
    any_platform = {"", *(item.name for item in installed if item.is_for_any_platform)}
    problems: list[str] = []
    notes: list[str] = []
    for owner, files in sorted(foreign.items()):
        likes = fitting.get(owner, set()) if owner in any_platform else set()
        wrong = [
            file
            for file in files
            if _without_machine(file.path) not in likes or _is_extension(file.path, platform)
        ]
        if wrong:
            problems += _describe(owner, wrong, added, platform, key, owner in any_platform)
        elif owner:
            notes.append(
                f"{owner} ships {plural(len(files), 'file')} for other machines beside "
                f"the same for {platform.architecture}; if you like, "
                f"`exclude-files = [{_patterns(files)}]` leaves "
                f"{'it' if len(files) == 1 else 'them'} out"
            )
    if problems:
        raise ContentsError("\n".join(problems))
    return tuple(notes)


def _describe(
    owner: str,
    files: list[_Foreign],
    added: Mapping[str, str],
    platform: Platform,
    key: str,
    is_for_any_platform: bool,  # noqa: FBT001
) -> Iterator[str]:
    for file in files:
        whose = f"of {owner}" if owner else f"from `include-files` ({added[file.path]})"
        yield (
            f"{file.path} {whose} was built for {file.built_for} and can't be loaded on "
            f"{platform.architecture}."
        )
    if not owner:
        yield (
            f"Include the files for {platform.architecture} instead: {key}.include-files, in a "
            "table of its own for each architecture."
        )
        return
    if is_for_any_platform:
        yield (
            f"The wheel of {owner} is for any platform, and has nothing like that for "
            f"{platform.architecture}, or Python would import just this. Choose another version of "
            "it, or another architecture;"
        )
    else:
        yield (
            f"The tags of the wheel of {owner} promise something else: choose another version of "
            "it, or another architecture;"
        )
    yield f"or, if the function does not need that, {key}.exclude-files = [{_patterns(files)}]."


def _patterns(files: Iterable[_Foreign]) -> str:
    return ", ".join(json.dumps(pattern_for(file.path), ensure_ascii=False) for file in files)


def _without_machine(path: str) -> str:
    """Return what the names of one program for several machines have in common."""
    return _MACHINE_WORD.sub("", path.rpartition("/")[2])


def _is_extension(path: str, platform: Platform) -> bool:
    """Tell whether the runtime's Python takes a file for an extension module, by its name."""
    *directories, file = path.split("/")
    tag = f"cpython-3{platform.runtime.python_minor}-{platform.machine}-linux-gnu"
    match = re.fullmatch(rf"([^.]+)(?:\.(?:{tag}|abi3))?\.so", file)
    return match is not None and all(map(str.isidentifier, (*directories, match[1])))
