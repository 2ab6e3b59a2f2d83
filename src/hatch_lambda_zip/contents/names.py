"""Names that every file system can hold, and tells apart; judged before anything is read."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from hatch_lambda_zip.contents.assemble import directories_of, parents
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.files import name_encoding_problem, path_problem
from hatch_lambda_zip.text import shortened

_LONGEST_COMPONENT: Final = 255  # bytes: NAME_MAX of Linux's file systems
# Bytes: PATH_MAX of Linux is 4096 with a NUL at the end, and functions lie in /var/task/.
_LONGEST_PATH: Final = 4096 - 1 - len("/var/task/")


def check_names(names: Iterable[tuple[str, str]], *, local: Collection[str]) -> None:
    """Check the names of what ships.

    Args:
        names: of the files in the zip, each with its owner.
        local: the owners whose names come from files on this machine.

    Raises:
        ContentsError: two of them, or of the directories that they lie in, differ in nothing but
            upper and lower case; one, or a component of it, is longer than Lambda's file system
            takes; or a local one is not in Unicode's composed form (NFC), no plain path, or read
            otherwise here than on other machines.
    """
    owners = {}
    for name, distribution in names:
        owners[name] = distribution
        if distribution in local:
            _check_local(name, distribution)
        if len(name) > _LONGEST_COMPONENT or not name.isascii():
            _check_length(name, distribution)
    paths = owners.keys() | directories_of(owners)
    if len(paths) != len({folded(path) for path in paths}):
        _refuse_twins(owners)


def _refuse_twins(owners: Mapping[str, str]) -> None:
    places: dict[str, tuple[str, str, str]] = {}
    for name, distribution in owners.items():
        for path in (name, *parents(name)):
            other, owner, file = places.setdefault(folded(path), (path, distribution, name))
            if other != path:
                difference = f"{other} and {path} differ in nothing but upper and lower case"
                if unicodedata.normalize("NFC", other) == unicodedata.normalize("NFC", path):
                    difference = f"{other!a} and {path!a} are one name in two forms of Unicode"
                raise ContentsError(
                    f"{owner} ships {file}, and {distribution} ships {name}: {difference}, "
                    "and the file systems of macOS and Windows have room for one of them. Rename "
                    "one of them, or leave it out by `exclude-files`, or one of the "
                    "distributions by `exclude-distributions`."
                )


def _check_length(name: str, distribution: str) -> None:
    if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_PATH:
        raise ContentsError(
            f"{distribution} ships {shortened(name)}: the path has more than {_LONGEST_PATH} "
            "bytes, and Lambda can't open one so long. Shorten it, or leave the file out."
        )
    for component in name.split("/"):
        if len(component.encode("utf-8", "surrogateescape")) > _LONGEST_COMPONENT:
            raise ContentsError(
                f"{distribution} ships {shortened(name)}: {component[:40]}… has more than "
                f"{_LONGEST_COMPONENT} bytes, and Lambda's file system can't hold a name of "
                "that length. Shorten it, or leave the file out by `exclude-files`."
            )


def _check_local(name: str, distribution: str) -> None:
    if not name.isascii():
        if problem := name_encoding_problem():
            raise ContentsError(f"{distribution} ships {name!r}: {problem}.")
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ContentsError(
                f"{distribution} ships {name!r}: the name is not UTF-8. Rename the file."
            ) from None
        if not unicodedata.is_normalized("NFC", name):
            raise ContentsError(
                f"{distribution} ships {name!r}: the name is not in Unicode's composed form (NFC), "
                "as other systems write it, so the zip would differ there. Rename the file to "
                f"{unicodedata.normalize('NFC', name)!r}; on macOS, `git config "
                "core.precomposeunicode true` keeps it so."
            )
    if problem := path_problem(name, "the zip"):
        raise ContentsError(f"{distribution} ships {name!r}: it {problem}. Rename the file.")


def folded(path: str) -> str:
    """Return what is equal for paths that a file system without case takes for one."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
