"""``hatch-lambda-zip lock``: writes or renews the lock that each function needs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.project import OpenProject, open_project, projects_argument
from hatch_lambda_zip.cli.stdout import show_text
from hatch_lambda_zip.config import TOOL_NAME, Artifact, Kind, Options, read_stated_project
from hatch_lambda_zip.errors import LockError, UvError, UvFailure
from hatch_lambda_zip.install import checking
from hatch_lambda_zip.lock import (
    FOREIGN,
    Locks,
    Selector,
    are_hashed,
    foreign_lock,
    is_there,
    is_uv_project,
    read_requirements,
    requires_nothing,
    uv_lock_of,
    uv_workspace_of,
)
from hatch_lambda_zip.lock.compile import (
    RequirementsLock,
    constraints_of,
    differing,
    is_for_as_much,
    locked_versions,
)
from hatch_lambda_zip.lock.uv_lock import UvLock
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.redact import has_password, has_query, has_token
from hatch_lambda_zip.uv import Uv, find_uv

# Of files and repositories, not of indexes.
_LOCKED_URL: Final = re.compile(r"""(?<![\w-])(?:url|git)[ \t]*=[ \t]*["']([^"'\n]*)""")
# What uv writes behind a repository's URL.
_GIT_QUERY: Final = re.compile(
    r"""\?(?:(?:subdirectory|rev|tag|branch|lfs)=[^&#"'\s]*&?)+(?=[#"'\s]|\Z)"""
)
_EXAMPLE = "\b\nExamples:\n  hatch-lambda-zip lock\n  hatch-lambda-zip lock --upgrade-package boto3"


@click.command("lock", epilog=_EXAMPLE)
@projects_argument
@click.option("--check", is_flag=True, help="Change nothing; fail if something would change.")
# Two options: were the name an optional value, `--upgrade api` would be a package or a project.
@click.option("-U", "--upgrade", is_flag=True, help="Take the newest versions of all packages.")
@click.option(
    "packages",
    "-P",
    "--upgrade-package",
    multiple=True,
    metavar="NAME",
    help="Take the newest version of one package. Can be given several times.",
)
@click.option("-v", "--verbose", count=True, help="Show what is run.")
def lock(
    *,
    projects: tuple[Path, ...],
    check: bool,
    upgrade: bool,
    packages: tuple[str, ...],
    verbose: int,
) -> None:
    """Write or renew the locks of each PROJECT (a directory; by default this one).

    A uv project gets its uv.lock. A requirements.txt, poetry.lock, pdm.lock or Pipfile.lock gets a
    pylock.toml beside it, for all platforms, which says what it was made of, so that builds notice
    when it is out of date. Locked versions stay unless they have to change, those of other tools'
    locks always; what a function's layers lock holds for the function too.

    Exit codes: 0, 1 when a lock can't be made or, with --check, would change, 2 for wrong usage.
    """
    from hatch_lambda_zip.build import Workspace  # `--help` does not need it

    console = Console(verbose)
    with aborting(console), Workspace() as work:
        uv = find_uv(
            os.environ, log=console.display_debug, watcher=work.watcher, tell=console.display_info
        )
        for project in projects or (Path(),):
            with open_project(project, console) as opened:
                has_uv_lock = _has_uv_lock(opened, uv)
                found = requirements_locks(opened, has_uv_lock=has_uv_lock)
                workspaces = _workspaces(opened, uv, has_uv_lock=has_uv_lock)
                for workspace in workspaces:
                    arguments = [*(["--check"] if check else []), *_upgrades(upgrade, packages)]
                    _run_uv_lock(uv, workspace, arguments, console)
                    show_text(f"{workspace}: uv.lock")
                if check:
                    _check(found)
                stated = read_stated_project(opened.builder.metadata.config)
                with Selector(stated, opened.root, uv, checking) as selector:
                    texts = _compiled(
                        *(found, selector, work.directory),
                        upgrade=upgrade,
                        packages=packages,
                    )
                if check:
                    _compare(found, texts)
                else:
                    _write(found, texts, console, upgrades=upgrade or bool(packages))
                _check_found(opened, uv)
                if not found and not workspaces:
                    show_text(f"{opened.root}: no function needs a lock")


@dataclass
class Needed:
    """A lock that is to be made, and what has a say in it.

    Attributes:
        lock: what it is made of.
        layers: those of functions that use it; for each the lock that this command makes of what
            lies there, if it makes one.
    """

    lock: RequirementsLock
    layers: dict[Artifact, Path | None] = field(default_factory=dict)


def requirements_locks(opened: OpenProject, *, has_uv_lock: bool) -> list[Needed]:
    """Return what is to be made, for the lowest runtime that uses each; layers' locks first.

    Args:
        has_uv_lock: whether the project's own lock is a uv.lock, whatever else lies beside it.

    Raises:
        LockError: there are several sources and no choice, or a function wants a part of one that
            can't be told apart.
    """
    config = opened.builder.lambda_config
    lowest: dict[Path, tuple[int, str]] = {}
    layers: dict[Path, dict[Artifact, Path | None]] = {}
    of_layers = set[Path]()
    sources = {
        artifact.name: [*_sources(opened, artifact, has_uv_lock=has_uv_lock)]
        for artifact in config.artifacts
    }
    for artifact in config.artifacts:
        runtime = artifact.platform.runtime
        version = (runtime.python_minor, runtime.python_version)
        for source in sources[artifact.name]:
            lowest[source] = min(lowest.get(source, version), version)
            if artifact.kind is Kind.LAYER:
                of_layers.add(source)
            for layer in config.layers_of(artifact):
                # What lies beside code goes before the project's own.
                made = [it.with_name("pylock.toml") for it in sources[layer.name]]
                layers.setdefault(source, {})[layer] = made[-1] if made else None
    ordered = sorted(lowest, key=lambda source: (source not in of_layers, source))
    return [Needed(RequirementsLock(it, lowest[it][1]), layers.get(it, {})) for it in ordered]


def _beside_code(opened: OpenProject, artifact: Artifact) -> list[Path]:
    """Return the directories whose locks go before the project's, as for builds (`Locks.of`)."""
    if artifact.options.is_own(Options.lock) or artifact.request.is_groups_alone:
        return []
    return [opened.root / source for source, _ in artifact.code]


def _sources(opened: OpenProject, artifact: Artifact, *, has_uv_lock: bool) -> Iterator[Path]:
    """Yield what the locks of a function or layer are made of."""
    root, named = opened.root, artifact.options.lock
    beside = _beside_code(opened, artifact)
    found = [*_sources_in(beside, artifact, root if has_uv_lock else None)]
    is_uvs = has_uv_lock and named in {None, "uv.lock"}
    is_none = bool(beside) and (artifact.is_code_alone or requires_nothing(artifact, root))
    if not found and not is_none and not is_uvs:
        elsewhere = root if named is None else (root / named).parent
        found = [*_sources_in([elsewhere], artifact, root if has_uv_lock else None)]
    yield from found


def _sources_in(places: Iterable[Path], artifact: Artifact, uvs: Path | None) -> Iterator[Path]:
    """Yield what locks are made of in some directories; in ``uvs`` no other tool's lock is."""
    for place in dict.fromkeys(places):
        requirements = place / "requirements.txt"
        foreign = None if place == uvs else foreign_lock(place)
        lines = read_requirements(requirements) if is_there(requirements) else ()
        # Where nothing is required any more, a lock that is there has to say so.
        is_empty = is_there(requirements) and not lines and is_there(place / "pylock.toml")
        is_list = is_empty or (bool(lines) and not are_hashed(lines))
        if foreign and lines and is_list:
            raise LockError(
                f"{place} has {foreign.name} and requirements.txt, and a pylock.toml is made of "
                "one of them: remove the other."
            )
        if foreign and (artifact.request.extras or artifact.request.groups):
            raise LockError(
                f"{artifact.key}: a pylock.toml made of {foreign} is one flat list, from which no "
                "extras or dependency groups can be selected. Use uv.lock for functions that "
                "differ in them."
            )
        if foreign or is_list:
            yield foreign or requirements


def _has_uv_lock(opened: OpenProject, uv: Uv) -> bool:
    """Tell whether functions of a project take what they need from its uv.lock."""
    root, artifacts = opened.root, opened.builder.lambda_config.artifacts
    if "project" not in opened.builder.metadata.config:
        # Then uv locks groups, and members of a workspace.
        is_uvs = is_there(root / "uv.lock") or any(it.request.groups for it in artifacts)
    else:
        others = is_there(root / "pylock.toml") or foreign_lock(root)
        is_uvs = not others or uv_lock_of(root, uv) is not None
    return is_uvs and any(it.options.lock in {None, "uv.lock"} for it in artifacts)


def _workspaces(opened: OpenProject, uv: Uv, *, has_uv_lock: bool) -> list[Path]:
    """Return the directories that have, or are to have, a uv.lock that functions need."""
    found = [opened.root] if has_uv_lock else []
    members = {
        place
        for artifact in opened.builder.lambda_config.artifacts
        for place in _beside_code(opened, artifact)
        if place != opened.root and is_uv_project(place)
    }
    found += [uv_workspace_of(place, uv) for place in sorted(members)]
    return list(dict.fromkeys(found))


def _upgrades(upgrade: bool, packages: Sequence[str]) -> list[str]:  # noqa: FBT001
    words = [word for name in packages for word in ("--upgrade-package", name)]
    return [*(["--upgrade"] if upgrade else []), *words]


def _run_uv_lock(uv: Uv, workspace: Path, arguments: Sequence[str], console: Console) -> None:
    """Have uv write or check a uv.lock.

    Raises:
        LockError: it has something from elsewhere than the projects state; or it is to be checked
            and is out of date.
        UvError: uv can't make it.
    """
    try:
        uv.run(["lock", *arguments], cwd=workspace)
    except UvError as error:
        if error.failure is not UvFailure.LOCK_OUTDATED:
            raise
        raise LockError(
            f"{workspace / 'uv.lock'} does not match pyproject.toml any more. Run "
            f"`{TOOL_NAME} lock` and commit the result. uv says:\n{error.said}"
        ) from None
    if path := uv_lock_of(workspace, uv):  # a member's is that of its workspace
        UvLock.read(path).refuse_misplaced()
        text = path.read_text(encoding="utf-8-sig")
        warn_of_secrets(path, text, "pyproject.toml", console)


def _check(found: Sequence[Needed]) -> None:
    """Check that locks were made of what there is now.

    Raises:
        LockError: some were not; each is named.
    """
    problems = []
    for needed in found:
        try:
            needed.lock.check()
        except LockError as error:
            problems.append(str(error))
    if problems:
        raise LockError("\n".join(problems))


def _compare(found: Sequence[Needed], texts: Mapping[Path, str]) -> None:
    """Check that locks have the packages that they would have, were they made now.

    Which files of these an index has by now is no matter.

    Raises:
        LockError: some have others, as after a bad merge; each is named.
    """
    problems = []
    for path in (needed.lock.path for needed in found):
        before = path.read_text(encoding="utf-8")
        if names := differing(before, texts[path]):
            problems.append(
                f"{path} has other packages than what it is made of leads to: {', '.join(names)}. "
                f"Run `{TOOL_NAME} lock` and commit the result."
            )
        elif not is_for_as_much(before, texts[path]):
            problems.append(
                f"{path} holds for others than what it is made of leads to (environments and the "
                f"like, at its start). Run `{TOOL_NAME} lock` and commit the result."
            )
        else:
            show_text(f"{path}: up to date")
    if problems:
        raise LockError("\n".join(problems))


def _check_found(opened: OpenProject, uv: Uv) -> None:
    """Check that there is a lock now for each function or layer that needs one, as builds do.

    Raises:
        LockError: there is none, as for requirements that only another tool reads.
    """
    # What is dynamic, and would take a build of the wheel to know, is judged by builds alone.
    locks = Locks(read_stated_project(opened.builder.metadata.config), opened.root, uv)
    for artifact in opened.builder.lambda_config.artifacts:
        locks.of(artifact)


def _compiled(
    found: Sequence[Needed],
    selector: Selector,
    temporary: Path,
    *,
    upgrade: bool,
    packages: tuple[str, ...],
) -> dict[Path, str]:
    """Return the locks as they are to be, by their paths."""
    texts: dict[Path, str] = {}
    for needed in found:
        constraints = {
            line
            for layer, made in needed.layers.items()
            for line in _pins(layer, made, needed.lock.path, selector, texts)
        }
        texts[needed.lock.path] = needed.lock.compile(
            selector.uv,
            upgrade=upgrade,
            packages=packages,
            temporary=temporary,
            # Another tool's versions are what they are; a build compares them.
            constraints=() if needed.lock.is_foreign else sorted(constraints),
        )
    return texts


def _write(
    found: Sequence[Needed], texts: Mapping[Path, str], console: Console, *, upgrades: bool
) -> None:
    """Say what is in locks, and write those that change."""
    for needed in found:
        path, text = needed.lock.path, texts[needed.lock.path]
        before = needed.lock.before()
        warn_of_secrets(path, text, needed.lock.requirements.name, console)
        if needed.lock.is_foreign and upgrades:
            name = needed.lock.requirements.name
            show_text(f"{path}: {name} decides its versions; {FOREIGN[name]} takes newer ones")
        if text == before:
            show_text(f"{path}: up to date")
            continue
        for line in _described(needed.lock, before, text):
            show_text(f"  {line}")
        needed.lock.write(text)
        show_text(f"{path}: written")


def warn_of_secrets(path: Path, text: str, source: str, console: Console) -> None:
    """Warn of what may be a secret in the URLs of a lock.

    An index's may have a user alone, whose password a keyring knows; a file's or repository's not.

    Args:
        text: the lock's.
        source: the name of what it is made of.
    """
    if has_password(text) or any(map(has_token, _LOCKED_URL.findall(text))):
        console.display_warning(
            f"{path} has a URL with a password or token, as {source} or the index has it. Do not "
            "commit it so: have uv ask for that (a keyring, netrc, UV_INDEX_<NAME>_PASSWORD)"
        )
    if has_query(_GIT_QUERY.sub("", text)):
        console.display_warning(
            f"{path} has a link with a query, as {source} or the index has it. If that is a "
            "signature, it may open what is private to whoever reads the file, and builds fail "
            "when it is over: do not commit it so, and take what is locked from a place whose "
            "links have none"
        )


def _pins(
    layer: Artifact, made: Path | None, path: Path, selector: Selector, texts: Mapping[Path, str]
) -> Iterator[str]:
    """Yield what a layer's lock pins, as constraints of a function's, which is another one.

    Args:
        made: the lock that is made for the layer, if one is.
        path: of the function's lock.
        texts: the locks that are made already, which nothing is written of yet.

    Raises:
        LockError: the layer's lock can't be read, or does not fit what it is made of.
    """
    try:
        holds = selector.locks.of(layer).path
    except LockError:
        if made is None:
            raise
        holds = made  # there is none yet
    if holds == path:
        return
    if holds in texts:
        yield from constraints_of(texts[holds])
        return
    for distribution in selector.select(layer).distributions:
        if distribution.version is not None:
            yield f"{distribution.name}=={distribution.version}"


def _described(lock: RequirementsLock, before: str, text: str) -> Iterator[str]:
    """Yield what changes in a lock, and which versions another tool's lock decided."""
    old, new = locked_versions(before), locked_versions(text)
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"- {name} {old[name]}"
        elif name not in old:
            yield f"+ {name} {new[name]}"
        elif new[name] != old[name]:
            yield f"{name} {old[name]} -> {new[name]}"
    if lock.is_foreign:
        kept = lock.pinned()
        names = [f"{name} {version}" for name, version in new.items() if name in kept]
        yield f"versions of {lock.requirements.name}: {', '.join(names) or 'none'}"
        if unhashed := lock.unhashed(text):
            yield f"without a hash there, so as the index has them now: {', '.join(unhashed)}"
        if others := [f"{name} {version}" for name, version in new.items() if name not in kept]:
            yield f"not in it, so chosen by uv: {', '.join(others)}"
