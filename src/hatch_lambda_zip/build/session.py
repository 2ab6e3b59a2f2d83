"""What the zips of one command share, and what has to be opened and closed for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from hatch_lambda_zip.archive import check_encoder
from hatch_lambda_zip.build.compiler import find_compiler
from hatch_lambda_zip.build.embed import EMBEDDED_DIRECTORY, read_embedded_files
from hatch_lambda_zip.build.inputs import Inputs
from hatch_lambda_zip.build.shared import Installers, Shared
from hatch_lambda_zip.build.workspace import Workspace
from hatch_lambda_zip.cache import find_cache
from hatch_lambda_zip.config import PARENT, Artifact, Project
from hatch_lambda_zip.contents import (
    Contents,
    Outputs,
    Surroundings,
    SyntaxJudge,
    TrackedFile,
    check_content,
    check_requirements,
    check_tracked,
    check_unzipped_size,
    decide_function,
    decide_layer,
    ignored_modules,
    ignored_paths,
    is_hatchlings,
    is_missed,
    odd_files,
    read_index,
    top_of,
    tracked_but_ignored,
)
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import DamagedPackError, LambdaZipError
from hatch_lambda_zip.install import Installed, OwnWheel, checking
from hatch_lambda_zip.lock import (
    LockFile,
    LockKind,
    Origin,
    Selection,
    Selector,
)
from hatch_lambda_zip.process.threads import ThreadPool
from hatch_lambda_zip.text import Lines, Progress, Reporter, first
from hatch_lambda_zip.uv import find_uv

_Result = TypeVar("_Result")


class Session:
    """Open for as long as a command builds zips.

    Attributes:
        project: the package.
        root: its directory.
        report: takes lines for the user.
        progress: takes what is done for each zip.
        workspace: the command's temporary files, and its outputs in the making.
        installer: installs for all zips.
        store: has what is compressed, for the next zip.
        locks: of its functions and layers.
        decided_layer: what a layer ships, from its inputs; decided once for all its functions.
        layer_contents: the same, checked against what its commit has.
    """

    def __init__(
        self,
        project: Project,
        root: Path,
        report: Reporter,
        *,
        workspace: Workspace,
        shared: Shared,
        selector: Selector,
        progress: Progress | None = None,
    ) -> None:
        self.project = project
        self.root = root
        self.report = report
        self.progress = progress or Lines(report)
        self.workspace = workspace
        self.installer = shared.installer
        self.store = shared.store
        self._selector = selector
        self._uv = selector.uv
        self.locks = selector.locks
        self._told: set[str] = set()
        self._ignored_modules = cache(ignored_modules)
        self._compiler = cache(
            partial(
                find_compiler,
                root=root,
                uv=self._uv,
                workspace=workspace,
                shared=shared,
                log=report.debug,
            )
        )
        self._check_content = cache(check_content)
        self._tracked = cache(self._ask_git)
        self._judge = SyntaxJudge(os.environ, report.debug, workspace.directory)
        self.decided_layer = cache(self._decide_layer)
        self.layer_contents = cache(
            lambda inputs: self._checked(self.decided_layer(inputs), inputs)
        )

    def label(self, artifact: Artifact) -> str:
        """Return what lines for the user start with; the builds of a workspace mix theirs."""
        return ":".join(filter(None, (self.project.name, artifact.name)))

    def tell_once(self, message: str) -> None:
        """Tell the user something that is true of several zips."""
        if message not in self._told:
            self._told.add(message)
            self.report.info(message)

    def surviving_damaged_packs(self, work: Callable[[], _Result]) -> _Result:
        """Return what work gives; where a pack turns out to be damaged, it is done without any."""
        try:
            return work()
        except DamagedPackError as error:
            self.report.debug(f"{error}; what it should have had is installed")
            self.installer.forget_pack(error.path)
            self.decided_layer.cache_clear()
            self.layer_contents.cache_clear()
            return work()

    def are_apart(self, one: LockFile, other: LockFile) -> bool:
        """Tell whether locks are two; an sdist has parts of one lock in several files."""
        embedded = self.root / EMBEDDED_DIRECTORY
        return one.path != other.path and not one.path.is_relative_to(embedded)

    def select(self, artifact: Artifact) -> Selection:
        """Return what a function or layer needs besides the package itself.

        Raises:
            LockError: the lock does not say it, or does not fit pyproject.toml.
        """
        selection = self._selector.select(artifact)
        if artifact.ships_package:  # where another project requires the package
            others = (it for it in selection.local_projects if it.path != self.root.resolve())
            selection = replace(selection, local_projects=tuple(others))
        return selection

    def select_all(
        self, artifacts: Iterable[Artifact], own: OwnWheel | None
    ) -> dict[Artifact, Selection]:
        """Return what functions and layers need; meanwhile, the package's wheel is built.

        Args:
            own: says how; None if it is not needed.

        Raises:
            LambdaZipError: a lock does not say it, or the wheel can't be built.
        """
        with ThreadPool(1) as pool:
            selecting = pool.submit(lambda: {each: self.select(each) for each in artifacts})
            try:
                if own is not None:
                    self.installer.own_wheel(own)
            except LambdaZipError:
                selecting.result()  # what is wrong with the lock comes first
                raise
            except BaseException:
                self._uv.stop()
                raise
            return selecting.result()

    def surroundings(self, selection: Selection, outputs: Outputs) -> Surroundings:
        """Return what decides which files of the project's directories ship."""
        lock = selection.lock
        if lock.path.is_relative_to(self.root / EMBEDDED_DIRECTORY):
            # An unpacked sdist has what is to ship, and perhaps more.
            return Surroundings(self.root, outputs, only=read_embedded_files(lock.path.parent))
        workspace = lock.path.parent if lock.kind is LockKind.UV else self.root
        bound = workspace if self.root.is_relative_to(workspace) else self.root
        return Surroundings(self.root, outputs, bound)

    def function_contents(self, inputs: Inputs, layers: Mapping[str, Contents]) -> Contents:
        """Decide what a function ships, and check it against what its commit has.

        Raises:
            LambdaZipError: one of its subclasses for every expected failure.
        """
        return self._checked(self.decided_function(inputs, layers), inputs)

    def decided_function(self, inputs: Inputs, layers: Mapping[str, Contents]) -> Contents:
        """Decide what a function ships; ``layers`` has what its layers do, by their names.

        Raises:
            LambdaZipError: one of its subclasses for every expected failure.
        """
        artifact, selection = inputs.artifact, inputs.selection
        installed, added = self._install(inputs)
        for requirer in self._asked(artifact, selection):
            check_requirements(requirer, artifact, selection, installed, extras=inputs.extras)
        compiler = self._compiler(artifact.bytecode)
        project = replace(self.project, lenders=inputs.lenders)
        contents = decide_function(
            artifact, project, installed, added, layers, compiler, self._judge
        )
        return contents.with_code(inputs.code)

    def requirers(self, artifact: Artifact, selection: Selection) -> tuple[Project, ...]:
        """Return the projects whose requirements a selection has to have."""
        return (*self.locks.requirers(artifact, selection.lock), *selection.requirers)

    def _asked(self, artifact: Artifact, selection: Selection) -> tuple[Project, ...]:
        """Return the same; or one that requires nothing, so that local libraries are asked."""
        nobody = Project(selection.lock.name, "", "", ())
        return self.requirers(artifact, selection) or (nobody,)

    def _decide_layer(self, inputs: Inputs) -> Contents:
        installed, added = self._install(inputs)
        # That of the inputs may lack the local projects, which such a layer does not ship.
        selection = self.select(inputs.artifact)
        elsewhere = selection.local_names
        # Without their names, only a function, which has them all, can tell what is missing.
        if elsewhere is not None:
            for requirer in self._asked(inputs.artifact, selection):
                check_requirements(
                    requirer,
                    inputs.artifact,
                    selection,
                    installed,
                    elsewhere=elsewhere,
                    extras=inputs.extras,
                )
        compiler = self._compiler(inputs.artifact.bytecode)
        project = replace(self.project, lenders=inputs.lenders)
        contents = decide_layer(inputs.artifact, project, installed, added, compiler)
        return contents.with_code(inputs.code)

    def _checked(self, contents: Contents, inputs: Inputs) -> Contents:
        """Check own files against what their commit has.

        Raises:
            ContentsError: they are other files on other machines, or not there.
        """
        own = {entry.distribution for _, entry in inputs.added}
        own |= {item.name for item in contents.distributions if item.origin is Origin.LOCAL}
        # What is too large is not read.
        check_unzipped_size(contents.entries, inputs.artifact.kind.value)
        entries = (entry for entry in contents.entries if entry.distribution in own)
        shipped = frozenset(digest for digest in map(self._check_content, entries) if digest)
        around = inputs.around
        if around is None or around.bound is None or not shipped:
            return contents
        roots = self._roots(inputs)
        tracked = self._tracked((*roots, *self._outside(inputs)))
        files = inputs.artifact.own_files.added
        check_tracked(
            tracked,
            shipped,
            roots=roots,
            included=[around.locate(source, inputs.artifact.key) for source, _ in files],
            misses=lambda module: is_missed(module, contents.entries, own),
        )
        ignored = [*inputs.code.ignored, *ignored_paths(around, files)] if tracked else []
        if names := [*tracked_but_ignored(tracked, ignored)]:
            warning = (
                f"{first(names)} does not ship: .gitignore names it, though git tracks it; "
                "name it in include-files, or take it back with `!` in .gitignore (in code "
                "directories, `artifacts` does too)"
            )
            return replace(contents, warnings=(*contents.warnings, warning))
        return contents

    def has_odd_files(self, inputs: Inputs) -> bool:
        """Tell whether there is something in the checkout that git's index has otherwise."""
        is_checkout = inputs.around is not None and inputs.around.bound is not None
        places = (*self._roots(inputs), *self._outside(inputs))
        return is_checkout and bool(odd_files(self._tracked(places)))

    def _outside(self, inputs: Inputs) -> tuple[Path, ...]:
        """Return the files and directories outside of the project that ship besides."""
        root = self.root.resolve()
        named = [source for source, _ in (*inputs.artifact.code, *inputs.artifact.own_files.added)]
        outside = [Path(os.path.normpath(root / it)) for it in named if it.startswith(PARENT)]
        known = (root, *outside)
        for source, _ in inputs.added:
            file = Path(os.path.realpath(root / source))  # links may lead there
            if not any(map(file.is_relative_to, known)):
                outside.append(file.parent)
        return tuple(dict.fromkeys(outside))

    def _roots(self, inputs: Inputs) -> tuple[Path, ...]:
        """Return the directories of the local projects, the package itself first."""
        return (self.root, *(project.path for project in inputs.selection.local_projects))

    def _note_ignored_modules(self, installed: Iterable[Installed], inputs: Inputs) -> None:
        """Say which modules git keeps out of the wheels: the handler's may be among them."""
        bound = None if inputs.around is None else inputs.around.bound
        if bound is None:
            return
        if names := [str(path) for path in inputs.code.ignored if path.name.endswith(".py")]:
            self.tell_once(
                f"{first(names)} does not ship, since git ignores it: `artifacts` in "
                f"[{inputs.artifact.key}] ships it all the same"
            )
        places = {project.name: project.path for project in inputs.selection.local_projects}
        places[self.project.name] = self.root
        for item in installed:
            project = places.get(item.name)
            if project is None:
                continue
            known = frozenset(entry.name for entry in item.entries)
            known |= {left.path for left in item.left_out}
            if names := self._ignored_modules(project, top_of(project, bound), known):
                remedy = (
                    "since git ignores it: `artifacts` in [tool.hatch.build] ships it all the same"
                    if is_hatchlings(project)
                    else "and git ignores it"
                )
                self.tell_once(
                    f"{self.project.name}: {first(names)} is in the source tree, but "
                    f"not in the wheel of {item.name}, {remedy}"
                )

    def _ask_git(self, directories: tuple[Path, ...]) -> tuple[TrackedFile, ...]:
        return read_index(
            directories, environ=os.environ, report=self.report, timeout=self._uv.timeout
        )

    def _install(self, inputs: Inputs) -> tuple[Sequence[Installed], Sequence[Entry]]:
        """Return the distributions, and the files that ship besides."""
        platform = inputs.artifact.platform
        installed = self.installer.install(inputs.selection, platform, inputs.wheels)
        self._note_ignored_modules(installed, inputs)
        return installed, [entry for _, entry in inputs.added]


@contextmanager
def open_session(
    project: Project,
    root: Path,
    report: Reporter,
    *,
    embedded: Path | None = None,
    installers: Installers | None = None,
    selector: Selector | None = None,
    progress: Progress | None = None,
) -> Iterator[Session]:
    """Open a session.

    Args:
        root: its directory.
        embedded: the directory with an embedded lock for each zip (see ``embed``), which then
            hold instead of the project's.
        installers: what is shared with the builds of other projects.
        selector: where it was made before; its uv's watcher becomes the session's.
        progress: takes what is done for each zip, as ``report`` does by default.

    Raises:
        ToolError: the installed encoder is another one.
        UvError: there is no uv.
        OutputError: there is no place for temporary files.
    """
    check_encoder()
    watcher = selector.uv.watcher if selector else None
    with Workspace(root, watcher, report.info) as workspace, ExitStack() as stack:
        if selector is None:
            log, tell = report.debug, report.info
            uv = find_uv(os.environ, log=log, watcher=workspace.watcher, tell=tell)
            selector = stack.enter_context(Selector(project, root, uv, checking, embedded))
        kept = find_cache(os.environ, report.warning)
        if installers:
            shared = installers.get(project.zip_version)
        else:
            shared = stack.enter_context(
                Shared(selector.uv, workspace.directory, kept, project.zip_version)
            )
        yield Session(
            project,
            root,
            report,
            workspace=workspace,
            shared=shared,
            selector=selector,
            progress=progress,
        )
