from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hatch_lambda_zip.config import Artifact, Kind, Options, Project, Request
from hatch_lambda_zip.contents import check_requirements
from hatch_lambda_zip.errors import DistributionError, LockError
from hatch_lambda_zip.install import Installed
from hatch_lambda_zip.lock import LockFile, LockKind, Origin, Selection
from hatch_lambda_zip.lock.adjustments import Adjustment, Adjustments, Restated
from tests.support.installed import made, platform_of

PROJECT = Project("app", "1.0", "app-1.0")
FUNCTION = Artifact("api", "api", "here", Kind.FUNCTION, platform_of())
UV = LockFile.of(LockKind.UV, Path("uv.lock"))


def local(name: str, *requires: str, version: str = "1.0") -> Installed:
    return made(name, requires=requires, version=version, origin=Origin.LOCAL)


def problem(
    *installed: Installed,
    project: Project = PROJECT,
    lock: LockFile = UV,
    request: Request | None = None,
    adjustments: Adjustments | None = None,
    elsewhere: Iterable[str] = (),
) -> str | None:
    """Return what is missing; None if nothing is."""
    artifact = FUNCTION
    if request is not None:
        options = Options(extras=request.extras, groups=request.groups)
        artifact = replace(artifact, options=options)
    selection = Selection(lock, (), (), adjustments=adjustments or Adjustments())
    try:
        check_requirements(project, artifact, selection, installed, elsewhere=[*elsewhere])
    except LockError as error:
        message = str(error)
        assert message.startswith(f"{lock.name} does not have what ")
        return message.removeprefix(f"{lock.name} does not have what ").split(". ")[0]
    return None


def test_what_the_project_requires_has_to_be_there() -> None:
    app = local("app", "a", "B_c>=2", "d; sys_platform == 'win32'", "e; extra == 'x'")
    both = (made("a"), made("b-c", version="2.1"))
    assert problem(app, *both) is None
    assert problem(app, made("a")) == "app requires: B_c>=2 (not in it)"
    assert problem(app) == "app requires: a (not in it), B_c>=2 (not in it)"
    assert problem(app, made("a"), made("b-c")) == "app requires: B_c>=2 (it has 1.0)"
    assert problem(app, *both, made("b-c", version="3.0a1")) is None


def test_what_local_members_require_has_to_be_there() -> None:
    app = local("app", "lib[x]")
    lib = local("lib", "a", "b; extra == 'X'", "c; extra == 'y'", "deep")
    deep = local("deep", "d", "lib[y]")
    everything = [made(name) for name in "abcd"]
    assert problem(app, lib, deep, *everything) is None
    for missing in everything:
        others = [item for item in everything if item is not missing]
        found = problem(app, lib, deep, *others)
        assert found is not None
        owner = "deep" if missing.name == "d" else "lib"
        assert found.startswith(f"{owner} requires: {missing.name}")
    assert problem(app, local("lib", "a"), local("other", "z")) == (
        "lib requires: a (not in it); nor what other requires: z (not in it)"
    ), "a path alone, as in a requirements file, names nobody"


def test_several_members_that_lack_something() -> None:
    found = problem(local("app", "a", "lib"), local("lib", "b"))
    assert found == "app requires: a (not in it); nor what lib requires: b (not in it)"


THIRD_PARTIES = (Origin.INDEX, Origin.ARCHIVE, Origin.GIT)


@pytest.mark.parametrize("origin", THIRD_PARTIES)
def test_a_uv_lock_has_what_third_parties_require(origin: Origin) -> None:
    requires = ["b==2", "c; extra == 'x'", "d; extra == 'y'", "e; sys_platform == 'win32'"]
    everything = (local("app", "a[x]"), made("a", requires=requires, origin=origin))
    assert problem(
        *everything
    ) == "a requires: b==2 (not in it), c; extra == 'x' (not in it)".replace("'", '"')
    assert problem(*everything, made("b"), made("c")) == "a requires: b==2 (it has 1.0)"
    assert problem(*everything, made("b", version="2"), made("c")) is None


@pytest.mark.parametrize("requirement", ["b (>=1.0.*)", 'b; os_name ~= "posix"', "b; platform = 1"])
def test_what_nobody_can_read_of_third_parties_is_not_asked(requirement: str) -> None:
    assert problem(local("app", "a"), made("a", requires=[requirement])) is None


@pytest.mark.parametrize("origin", THIRD_PARTIES)
@pytest.mark.parametrize("kind", [LockKind.PYLOCK, LockKind.REQUIREMENTS])
def test_other_locks_may_lack_what_third_parties_require(kind: LockKind, origin: Origin) -> None:
    lock = LockFile.of(kind, Path(kind.value))
    app = local("app", "a")
    assert problem(app, made("a", requires=["b"], origin=origin), lock=lock) is None


def test_extras_and_groups_that_are_asked_for_count() -> None:
    optional = {"x": ("a", "app[y]"), "y": ("b",), "z": ("c",)}
    groups = {"dev": ("d", {"include-group": "more"}), "more": ("e",), "other": ("f",)}
    project = replace(PROJECT, optional_dependencies=optional, dependency_groups=groups)
    requires = ["a; extra == 'x'", "app[y]; extra == 'x'", "b; extra == 'y'", "c; extra == 'z'"]
    app = local("app", *requires)
    assert problem(app, project=project) is None
    request = Request(("x",), ("dev",))
    everything = [made(name) for name in "abde"]
    assert problem(app, *everything, project=project, request=request) is None
    for missing in everything:
        others = [item for item in everything if item is not missing]
        found = problem(app, *others, project=project, request=request)
        assert found == f"app requires: {missing.name} (not in it)" or (
            found is not None and found.startswith(f"app requires: {missing.name};")
        )


def test_a_layer_has_no_package_and_may_lack_local_projects() -> None:
    project = replace(PROJECT, dependencies=("a", "lib", "b; python_version < '3'"))
    assert problem(made("a"), project=project, elsewhere=["lib"]) is None
    assert problem(made("a"), project=project) == "app requires: lib (not in it)"
    assert problem(project=project, elsewhere=["lib"]) == "app requires: a (not in it)"


CHANGES: Mapping[str, tuple[Adjustment, str | None]] = {
    "overridden": (Adjustment("a", "a>=2"), None),
    "by what it does not have": (Adjustment("a", "a>=3"), "lib requires: a>=3 (it has 2.0)"),
    "dropped by a marker": (Adjustment("a", "a; sys_platform == 'never'"), None),
    "excluded": (Adjustment("a"), None),
    "of this package": (Adjustment("a", "a>=2", "lib", "0.4"), None),
    "of another version": (Adjustment("a", "a>=2", "lib", "0.5"), "lib requires: a<2 (it has 2.0)"),
    "of another package": (Adjustment("a", None, "app"), "lib requires: a<2 (it has 2.0)"),
    "of another requirement": (Adjustment("b"), "lib requires: a<2 (it has 2.0)"),
}


@pytest.mark.parametrize("case", CHANGES)
@pytest.mark.parametrize("kind", [LockKind.UV, LockKind.PYLOCK])
def test_what_uv_was_told_counts_as_intended(case: str, kind: LockKind) -> None:
    lock = LockFile.of(kind, Path(kind.value))
    adjustment, expected = CHANGES[case]
    installed = (local("app", "lib"), local("lib", "a<2", version="0.4"), made("a", version="2.0"))
    found = problem(*installed, lock=lock, adjustments=Adjustments((adjustment,)))
    assert found == expected


def test_what_is_told_of_one_package_wins() -> None:
    changes = (Adjustment("a"), Adjustment("a", "a>=3", "app"))
    adjustments = Adjustments(changes)
    installed = (local("app", "a", "lib"), local("lib", "a"))
    assert problem(*installed, adjustments=adjustments) == "app requires: a>=3 (not in it)"


def test_metadata_that_is_told_replaces_a_members_own() -> None:
    installed = (local("app", "lib"), local("lib", "a"))
    assert problem(*installed) == "lib requires: a (not in it)"
    nothing = Adjustments(restated=(Restated("lib", (), "1"),))
    assert problem(*installed, adjustments=nothing) is None
    other = Adjustments(restated=(Restated("lib", ("b", "c; extra == 'x'"), "1"),))
    assert problem(*installed, adjustments=other) == (
        "lib requires by `dependency-metadata` of [tool.uv]: b (not in it)"
    )


@pytest.mark.parametrize("origin", THIRD_PARTIES)
def test_metadata_that_is_told_of_a_third_party(origin: Origin) -> None:
    requires = ("b>=2", "c; extra == 'x'", "d; sys_platform == 'win32'")
    adjustments = Adjustments(restated=(Restated("a", requires, "1"),))
    installed = (local("app", "a[x]"), made("a", requires=["z"], origin=origin))
    c, new, old = made("c"), made("b", version="2"), made("b")
    assert problem(*installed, c, new, adjustments=adjustments) is None
    start = "a requires by `dependency-metadata` of [tool.uv]"
    for others, expected in (
        ((c,), "b>=2 (not in it)"),
        ((c, old), "b>=2 (it has 1.0)"),
        ((new,), 'c; extra == "x" (not in it)'),
    ):
        assert problem(*installed, *others, adjustments=adjustments) == f"{start}: {expected}"


def test_metadata_that_is_told_of_another_version() -> None:
    adjustments = Adjustments(restated=(Restated("a", ("b",), "2"),))
    installed = (local("app", "a"), made("a", requires=["z"]))
    assert problem(*installed, adjustments=adjustments) == "a requires: z (not in it)"


@pytest.mark.parametrize("origin", [Origin.LOCAL, Origin.GIT, Origin.ARCHIVE])
def test_uv_takes_its_sources_in_any_version(origin: Origin) -> None:
    installed = (local("app", "a>=2"), made("a", origin=origin))
    assert problem(*installed) is None
    lock = LockFile.of(LockKind.PYLOCK, Path("pylock.toml"))
    assert problem(*installed, lock=lock) == "app requires: a>=2 (it has 1.0)"
    zipped = replace(PROJECT, zip_version="0")
    expected = None if origin is Origin.LOCAL else "app requires: a>=2 (it has 1.0)"
    assert problem(*installed, lock=lock, project=zipped) == expected


@pytest.mark.parametrize("kind", [LockKind.UV, LockKind.PYLOCK])
def test_the_remedy_is_one_that_helps(kind: LockKind) -> None:
    selection = Selection(LockFile.of(kind, Path("lock")), (), ())
    with pytest.raises(LockError) as caught:
        check_requirements(PROJECT, FUNCTION, selection, [local("app", "b", "a")])
    uvs = "`uv lock --upgrade-package a --upgrade-package b` mends it"
    assert (uvs in str(caught.value)) is (kind is LockKind.UV)


@pytest.mark.parametrize("marker", ['python_version ~= "3"', 'os_name ~= "posix"', '"x" in extras'])
def test_a_marker_that_cannot_be_evaluated_is_an_error(marker: str) -> None:
    for app, project in (
        (local("app", f"a; {marker}"), PROJECT),
        (local("app"), replace(PROJECT, dependencies=(f"a; {marker}",))),
    ):
        with pytest.raises(DistributionError, match=r"^app requires a, but the marker '"):
            problem(app, project=project)
