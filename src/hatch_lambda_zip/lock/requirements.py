"""requirements.txt: the requirements that one function needs, each pinned and hashed."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from hatch_lambda_zip.errors import LockError, UvError, UvFailure
from hatch_lambda_zip.lock.hashes import ONLY_GIT, STRONG, check_digest, refuse_other_hash
from hatch_lambda_zip.lock.model import (
    InstallList,
    LocalProject,
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
    not_built,
    patch_warning,
    resolved,
)
from hatch_lambda_zip.redact import redact
from hatch_lambda_zip.runtimes import Platform
from hatch_lambda_zip.text import shortened

_FILE_NAME: Final = "requirements.txt"

# Options that say where to look; they are uv's business and passed on as they stand.
_FIND_LINKS: Final = ("-f", "--find-links")
_INDEX_OPTIONS: Final = frozenset(
    (
        *("-i", "--index-url", "--extra-index-url", "--no-index"),
        *(*_FIND_LINKS, "--trusted-host"),
    )
)
# Those of requirements files at all, as pip documents them and uv reads them.
_SWITCHES: Final = frozenset(("--no-index", "--require-hashes", "--pre", "--prefer-binary"))
_OPTIONS: Final = (
    _INDEX_OPTIONS
    | _SWITCHES
    | frozenset(
        (
            *("-r", "--requirement", "-c", "--constraint", "-e", "--editable"),
            *("--no-binary", "--only-binary", "--use-feature"),
        )
    )
)
_GLUED: Final = re.compile(r"(-[a-z])(\w.*)")
_URL: Final = re.compile(r"\w+://|file:")
_EGG: Final = re.compile(r"#egg=[\w.-]+")  # pip's old way to say a name
_VCS: Final = re.compile(r"(git|hg|svn|bzr)\+")  # what pip knows
_NO_GIT: Final = "comes from git, which can't have a hash here; use uv.lock or pylock.toml"


@dataclass(frozen=True)
class _Line:
    number: int
    text: str


def select(
    text: str,
    lock: LockFile,
    platform: Platform,
    *,
    root: Path,
    build: Collection[str] = (),
) -> Selection:
    """Select what a function needs.

    Args:
        platform: the runtime and architecture that markers are evaluated for.
        root: the project's own directory, which the selection leaves out.
        build: the names of distributions that uv may build where there is no wheel.

    Raises:
        LockError: a line is no pinned requirement with a hash, no index option and no
            local directory; every such line is named.
    """
    problems: list[str] = []
    options: list[str] = []
    # One list for all that needs a wheel, and one for each that may do without.
    requirements: dict[str, list[tuple[str, LockedDistribution]]] = {}
    local_projects: list[LocalProject] = []
    extras: list[tuple[Path, str]] = []
    files: list[Path] = []
    pinned: dict[str, LockedDistribution] = {}
    warnings: list[str] = []
    for line in logical_lines(text):
        try:
            warnings += _patch_warnings(line.text, lock, platform)
            local = directory_in(line.text)
            if local is not None:
                _check_directory(local)
                if not local.holds(platform):
                    continue
                path = resolved(lock.path.parent, local.path)
                # What an extra adds stands in the file by itself; later it is checked that it does.
                extras += [(path, extra) for extra in local.extras]
                if path != root.resolve():
                    local_projects.append(
                        LocalProject(canonicalize_name(path.name), path, is_name_locked=False)
                    )
            elif line.text == "--require-hashes":
                continue  # they are required anyway
            elif line.text.startswith("-"):
                option, places = _index_option(line.text, lock.path.parent)
                options.append(option)
                files += places
            else:
                requirement, hashes = _pinned(line.text)
                if requirement.marker is None or platform.satisfies(requirement.marker):
                    requirement.marker = None
                    found = _distribution(requirement, hashes)
                    _check_same(pinned.setdefault(found.name, found), found)
                    several = requirements.setdefault(found.name if found.name in build else "", [])
                    several.append((" ".join([str(requirement), *hashes]), found))
        except (LineError, LockError, InvalidMarker) as error:
            problems.append(f"{lock.path}, line {line.number}: {error}")
    if problems:
        raise LockError("\n".join([*problems, _how_to_lock(lock, platform)]))
    installs = tuple(
        InstallList(
            _FILE_NAME,
            "\n".join([*options, *(line for line, _ in several)]) + "\n",
            tuple(distribution for _, distribution in several),
            builds=False,
            files=tuple(files),
            may_build=bool(name),
        )
        for name, several in sorted(requirements.items())
    )
    # One that two lines name is one.
    projects = sorted(dict.fromkeys(local_projects), key=lambda project: project.name)
    return Selection(lock, installs, tuple(projects), tuple(warnings), extras=tuple(extras))


def explain_failure(error: UvError, lock: LockFile, platform: Platform) -> LockError | None:
    """Say it in our words when uv found no wheel for a requirement.

    A requirements.txt has hashes but no file names, so only the index, and thus uv, can tell
    that none of them belongs to a fitting wheel.

    Returns:
        The error to raise, or None when uv failed for another reason.
    """
    if lock.kind is not LockKind.REQUIREMENTS or error.failure is not UvFailure.NO_WHEEL:
        return None
    lines = [
        f"{name} {version} has no wheel for {platform} among the hashes in {lock.name} "
        f"(it needs cp3{platform.runtime.python_minor} or any, and {platform.platform_tags()[0]} "
        "or older)."
        for name, version in error.without_wheel
    ]
    lines.append(
        not_built(
            [name for name, _ in error.without_wheel],
            platform,
            "a version that has the wheel, another runtime or architecture, or lock for all "
            f"platforms. {_how_to_lock(lock, platform)}",
        )
    )
    return LockError("\n".join(lines))


def compile_command(file: str, python: str = "") -> str:
    """Return the command that locks what a requirements file asks for, beside it.

    Args:
        python: the lowest version of Python that it is for, such as ``3.13``; by default the one
            that uv finds.
    """
    version = f" --python-version {python}" if python else ""
    return f"uv pip compile --universal --format pylock.toml{version} {file} -o pylock.toml"


def _how_to_lock(lock: LockFile, platform: Platform) -> str:
    command = compile_command(lock.name, platform.runtime.python_version)
    return (
        f"`{command}`, run beside it, locks what it asks for and leaves it as it is; then write "
        '`lock = "pylock.toml"`.'
    )


def _patch_warnings(line: str, lock: LockFile, platform: Platform) -> Iterator[str]:
    """Yield a warning if the marker of a line depends on the patch release of Python."""
    requirement, _, rest = line.partition(";")
    try:
        marker = Marker(rest.partition(" --")[0].strip())
        varies = platform.varies(str(marker), lambda where: where.satisfies(marker))
    except InvalidMarker:  # none, or one that is refused elsewhere
        return
    if varies:
        yield patch_warning(f"{requirement.strip()} is locked for {marker}", lock.name, platform)


class LineError(Exception):
    """What is wrong with one line."""


def logical_lines(text: str) -> Iterator[_Line]:
    """Join continued lines and drop comments, by pip's rules: a comment ends a continued line."""
    parts: list[str] = []
    start = 1
    for number, line in enumerate(text.splitlines(), 1):
        start = start if parts else number
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            parts.append(line[:-1])
            continue
        yield from _without_comment(start, [*parts, f" {line}" if is_comment else line])
        parts = []
    yield from _without_comment(start, parts)


def _without_comment(number: int, parts: list[str]) -> Iterator[_Line]:
    text = re.sub(r"(^|\s)#.*$", "", "".join(parts)).strip()
    if text:
        yield _Line(number, text)


@dataclass(frozen=True)
class Directory:
    """A line that names a directory.

    Attributes:
        path: as it stands there.
        extras: what is asked of it besides, normalized.
        marker: when it is needed; empty for always.
        options: what follows it.
    """

    path: str
    extras: tuple[str, ...]
    marker: str
    options: str

    def resolved(self, base: Path) -> Path:
        """Return where it lies; ``base`` is what paths are relative to.

        Raises:
            LockError: the path can't be followed.
        """
        is_url = self.path.startswith("file:")
        return resolved(
            base, unquote(re.sub("^file:(//)?", "", self.path)) if is_url else self.path
        )

    def holds(self, platform: Platform) -> bool:
        """Tell whether it is needed on a platform.

        Raises:
            LineError: its marker can't be evaluated.
        """
        try:
            return not self.marker or platform.satisfies(Marker(self.marker))
        except InvalidMarker as error:
            raise LineError(f"invalid marker: {error}") from None


def directory_in(line: str) -> Directory | None:
    """Return the directory that a line names, or None if it names none."""
    match = re.match(r"(?:-e|--editable)(?:\s+|=)\s*(.*)", line)
    candidate = match[1] if match else line
    if not match and not re.match(r"\.{0,2}/|\.{1,2}(\s|;|\[|$)|file:", candidate):
        return None
    text, _, options = candidate.partition(" --")
    place, _, marker = _EGG.sub("", text).partition(";")
    found = re.fullmatch(r"(.*?)\s*\[([^\[\]]*)\]", place.strip())
    path, listed = (found[1], found[2]) if found else (place.strip(), "")
    extras = (canonicalize_name(extra.strip()) for extra in listed.split(","))
    return Directory(path, tuple(filter(None, extras)), marker.strip(), options)


def _check_directory(local: Directory) -> None:
    path = local.path
    _refuse_vcs(path, repr(path))
    if path.endswith((".whl", ".tar.gz", ".zip")):
        raise LineError(
            "a path to an archive has no name and version here; use uv.lock or pylock.toml for it"
        )
    if local.options:
        options = shortened(redact(f"--{local.options}"))  # cut, it would not show a password
        raise LineError(f"options are not supported after a directory: {options!r}")
    if path.startswith("file:"):
        raise LineError(f"{path!r} is a URL of one machine only; write the path relative to here")
    if path.startswith("/"):
        raise LineError(f"{path!r} is a path of one machine only; write it relative to here")


def _refuse_vcs(url: str, what: str) -> None:
    if match := _VCS.match(url):
        of_other = f"comes from {match[1]}, {ONLY_GIT}"
        raise LineError(f"{what} {_NO_GIT if match[1] == 'git' else of_other}")


def _index_option(line: str, base: Path) -> tuple[str, list[Path]]:
    """Check an option line; a directory in it is made absolute, since uv reads it elsewhere."""
    name, value = split_option(line)
    if name not in _INDEX_OPTIONS:
        raise LineError(
            f"the option {name!r} is not supported; write one flat file of pinned requirements"
        )
    if name in _FIND_LINKS and not _URL.match(value):
        place = resolved(base, value)
        return f"{name} {place}", [place]
    _check_port(value)
    return line, []


def split_option(line: str) -> tuple[str, str]:
    """Split a line with an option into its name and its value, which is empty for a switch.

    Raises:
        LineError: uv does not read it: it lacks its value, or there is no such option.
    """
    name, *values = re.split(r"[\s=]+", line, maxsplit=1)
    if name not in _OPTIONS:
        glued = _GLUED.fullmatch(line)
        what = f"the option {shortened(redact(name))!r} is none that uv reads"
        if glued and glued[1] in _OPTIONS:
            raise LineError(f"{what}; write it apart from its value: `{glued[1]} ...`")
        raise LineError(f"{what} in such a file; take it out, or correct it")
    if name not in _SWITCHES and not any(values):
        raise LineError(f"{name} lacks its value; add that, or take the line out")
    return name, "".join(values)


def _check_port(url: str) -> None:
    try:
        _ = urlsplit(url).port
    except ValueError as error:  # or no address in brackets
        # The rest of it may hold a password.
        raise LineError(f"its URL can't be read: {error}; correct it") from None


def _pinned(line: str) -> tuple[Requirement, list[str]]:
    """Split a line into its requirement and those of its ``--hash`` options that count."""
    text, _, rest = line.partition(" --")
    try:
        options = shlex.split(f"--{rest}") if rest else []
    except ValueError as error:
        raise LineError(f"{line!r} can't be split into words: {error}") from None
    hashes = [option for option in options if option.startswith("--hash=")]
    if len(hashes) != len(options):
        raise LineError(f"only --hash options are supported after a requirement: {line!r}")
    _refuse_vcs(text, repr(text.strip()))
    try:
        requirement = Requirement(text.strip())
    except InvalidRequirement as error:
        raise LineError(f"not a requirement: {error}") from None
    if requirement.url is not None:
        _check_url(requirement.name, requirement.url)
    elif _pinned_version(requirement) is None:
        raise LineError(f"{requirement.name} is not pinned to one version with ==")
    if not hashes:
        raise LineError(f"{requirement.name} has no --hash")
    strong = [option for option in hashes if option[len("--hash=") :].split(":")[0] in STRONG]
    if not strong:
        raise LineError(
            f"{requirement.name} has no --hash of sha256, sha384 or sha512, and what others there "
            "are does not tell a file from all others"
        )
    by_kind: dict[str, list[str]] = {}
    for option in strong:
        kind, _, value = option.removeprefix("--hash=").partition(":")
        check_digest(kind, value)
        by_kind.setdefault(kind, []).append(value)
    known = {kind: " ".join(values) for kind, values in by_kind.items()}
    refuse_other_hash(requirement.url or "", known)
    return requirement, strong


def _check_url(name: str, url: str) -> None:
    _refuse_vcs(url, name)
    if url.startswith("file:"):
        raise LineError(f"{url!r} is a URL of one machine only")
    if "://" not in url:
        raise LineError(f"{url!r} is no URL; use uv.lock or pylock.toml for a file beside it")
    _check_port(url)


def _check_same(above: LockedDistribution, found: LockedDistribution) -> None:
    # uv takes a file that any of several lines allows, and a manifest has one pin of it.
    if above != found:
        raise LineError(
            f"{found.name} is pinned above, to another version or other files; keep one line"
        )


def _pinned_version(requirement: Requirement) -> str | None:
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1:
        return None
    specifier = specifiers[0]
    if specifier.operator not in {"==", "==="} or specifier.version.endswith(".*"):
        return None
    try:
        return str(Version(specifier.version))
    except ValueError:  # InvalidVersion, or too many digits for an int
        raise LineError(
            f"{requirement.name} has the version {specifier.version!r}, which is none (PEP 440)"
        ) from None


def _distribution(requirement: Requirement, hashes: list[str]) -> LockedDistribution:
    origin = Origin.INDEX if requirement.url is None else Origin.ARCHIVE
    pin = hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()
    name = canonicalize_name(requirement.name)
    return LockedDistribution(name, _pinned_version(requirement), origin, f"hashes:{pin}")
