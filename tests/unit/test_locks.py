"""Which lock holds for a function or layer, what is read of it, and what it has to have."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hatch_lambda_zip.config import Artifact, Kind, Options, Project, Request
from hatch_lambda_zip.errors import LockError, UvError, UvFailure
from hatch_lambda_zip.install import checking
from hatch_lambda_zip.lock import (
    InstallList,
    LocalProject,
    LockedDistribution,
    LockFile,
    LockKind,
    LockReader,
    Locks,
    Origin,
    Selection,
    Selector,
    part_of,
    project_in,
    requires_nothing,
)
from hatch_lambda_zip.lock.read import _lines, _requirers
from hatch_lambda_zip.lock.resolution import differing_settings, explain_settings
from hatch_lambda_zip.uv import Uv
from tests.support.installed import platform_of
from tests.support.loose import write

DIGEST = "0" * 64
PYLOCK = f"""\
lock-version = "1.0"
created-by = "uv"
[[packages]]
name = "six"
version = "1.0"
wheels = [{{ name = "six-1.0-py3-none-any.whl", url = "https://example.invalid/six-1.0-py3-none-any.whl", hashes = {{ sha256 = "{DIGEST}" }} }}]
"""  # noqa: E501
UV_LOCK = """\
version = 1
requires-python = ">=3.13"
[[package]]
name = "app"
version = "1"
source = { virtual = "." }
"""
PROJECT = Project("app", "1", "app-1", ("six",), {"more": ["idna"]})


class Exporting(Uv):
    """Answers as `uv export` does, or fails."""

    asked: list[list[str]]
    answer: str | UvError

    def run(
        self,
        arguments: Iterable[str | Path],
        *,
        cwd: Path,
        variables: Mapping[str, str] | None = None,
        without: Iterable[str] = (),
    ) -> str:
        del cwd, variables, without
        self.asked.append([*map(str, arguments)])
        if isinstance(self.answer, UvError):
            raise self.answer
        return self.answer


def exporting(answer: str | UvError = PYLOCK) -> Exporting:
    uv = Exporting(Path("uv"), {}, 1, print)
    uv.__dict__.update(answer=answer, asked=[])  # the class is frozen
    return uv


def artifact(kind: Kind = Kind.FUNCTION, /, **options: object) -> Artifact:
    given = Options(**options)
    return Artifact("api", "api", "tool.api", kind, platform_of(), given)


CODE = {"code": (("src", ""),)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    return tmp_path


def test_a_list_beside_the_code_that_requires_nothing(root: Path) -> None:
    assert not requires_nothing(artifact(**CODE), root)
    write(root, {"src/requirements.txt": "# nothing\n"})
    assert requires_nothing(artifact(**CODE), root)
    for options in ({"package": True}, {"extras": ("a",)}, {"groups": ("a",)}):
        assert not requires_nothing(artifact(**CODE, **options), root)
    assert not requires_nothing(artifact(), root)
    write(root, {"src/requirements.txt": "six\n"})
    assert not requires_nothing(artifact(**CODE), root)
    # That of the project itself says nothing of what the project requires.
    write(root, {"requirements.txt": ""})
    assert not requires_nothing(artifact(code=((".", ""),)), root)


def locks(root: Path, project: Project = PROJECT, **more: Path) -> Locks:
    return Locks(project, root, exporting(), **more)


def test_the_lock_of_a_function(root: Path) -> None:
    write(root, {"pylock.toml": PYLOCK})
    own = LockFile.of(LockKind.PYLOCK, root / "pylock.toml")
    assert locks(root).of(artifact()) == locks(root).of(artifact(**CODE)) == own
    # Where nothing is required, there need be none, but if it is asked for.
    assert locks(root).of(artifact(Kind.LAYER, **CODE)) == LockFile.none(root)
    nothing = replace(PROJECT, dependencies=())
    assert locks(root, nothing).of(artifact(**CODE)) == own
    (root / "pylock.toml").unlink()
    assert locks(root, nothing).of(artifact(**CODE)) == LockFile.none(root)
    with pytest.raises(LockError, match="No lock file"):
        locks(root).of(artifact(**CODE))
    with pytest.raises(LockError, match="No lock file"):
        locks(root, nothing).of(artifact())


def test_the_lock_beside_the_code(root: Path) -> None:
    write(root, {"pylock.toml": PYLOCK, "src/pylock.toml": PYLOCK, "other.toml": PYLOCK})
    beside = LockFile.of(LockKind.PYLOCK, root / "src/pylock.toml")
    assert locks(root).of(artifact(**CODE)) == beside
    assert locks(root).of(artifact()).path == root / "pylock.toml"
    assert locks(root).of(artifact(**CODE, only_groups=("a",))).path == root / "pylock.toml"
    chosen = artifact(**CODE, lock="other.toml")
    assert locks(root).of(chosen).path == root / "other.toml"
    assert (
        locks(root).of(replace(chosen, options=Options({"lock": "other.toml"}, **CODE))) == beside
    )


def test_the_lock_in_an_sdist(root: Path) -> None:
    write(root, {"embedded/api/pylock.toml": PYLOCK, "pylock.toml": PYLOCK})
    found = locks(root, embedded=root / "embedded").of(artifact())
    assert (found.kind, found.project) == (LockKind.EMBEDDED, root)


def test_whose_requirements_a_lock_has_to_have(root: Path) -> None:
    known = locks(root)
    own = LockFile.of(LockKind.PYLOCK, root / "pylock.toml")
    uvs = LockFile.of(LockKind.UV, root.parent / "uv.lock")
    beside = LockFile.of(LockKind.PYLOCK, root / "src/pylock.toml")
    loose, both, alone = artifact(**CODE), artifact(**CODE, package=True), artifact()
    for lock in (own, uvs):
        assert known.requirers(loose, lock) == (PROJECT,)
    assert known.requirers(loose, beside) == ()
    assert known.requirers(loose, LockFile.none(root)) == ()
    for lock in (own, uvs, beside, LockFile.none(root)):
        assert known.requirers(both, lock) == known.requirers(alone, lock) == (PROJECT,)
        assert known.lenders(both, lock) == ()
    write(root, {"src/pyproject.toml": '[project]\nname = "inner"\nversion = "2"\n'})
    member = replace(uvs, member=root / "src")
    inner = project_in(root / "src")
    assert inner.name == "inner"
    assert known.lenders(loose, member) == known.requirers(loose, member) == (inner,)
    assert known.lenders(both, member) == known.requirers(both, member) == (PROJECT, inner)


def select(
    root: Path, lock: LockFile, request: Request | None = None, uv: Uv | None = None
) -> tuple[LockedDistribution, ...]:
    reader = LockReader(root, "app", uv or exporting(), checking)
    try:
        return reader.select(lock, platform_of(), request or Request()).distributions
    finally:
        reader.close()


def refused(root: Path, lock: LockFile, request: Request, uv: Uv | None = None) -> str:
    with pytest.raises(LockError) as caught:
        select(root, lock, request, uv)
    return str(caught.value)


def test_each_kind_of_lock(root: Path) -> None:
    six = LockedDistribution(
        *("six", "1.0", Origin.INDEX, f"sha256:{DIGEST}"), wheel="six-1.0-py3-none-any.whl"
    )
    write(root, {"pylock.toml": PYLOCK, "uv.lock": UV_LOCK})
    path = root / "requirements.txt"
    path.write_text(f"\ufeffsix==1.0 --hash=sha256:{DIGEST}\n", encoding="utf-8")
    assert select(root, LockFile.of(LockKind.PYLOCK, root / "pylock.toml")) == (six,)
    assert select(root, LockFile.of(LockKind.UV, root / "uv.lock")) == (six,)
    (listed,) = select(root, LockFile.of(LockKind.REQUIREMENTS, path))
    assert (listed.name, listed.version) == ("six", "1.0")
    assert select(root, LockFile.none(root)) == ()


def test_where_the_configuration_of_a_lock_is(root: Path) -> None:
    lock = LockFile.of(LockKind.PYLOCK, root / "pylock.toml")
    assert lock.configured_in == root
    assert replace(lock, project=root / "src").configured_in == root / "src"


def test_the_names_of_local_projects() -> None:
    wheels = (Path("wheels/A_b-1-py3-none-any.whl"),)
    lock = replace(LockFile.none(Path("/p")), wheels=wheels)
    named = LocalProject("c", Path("/p/c"))
    assert Selection(lock, (), (named,)).local_names == frozenset(("a-b", "c"))
    unnamed = replace(named, is_name_locked=False)
    assert Selection(lock, (), (unnamed,)).local_names is None


def test_a_pylock_of_other_requirements_than_stand_there(root: Path) -> None:
    made_of = '[tool.hatch-lambda-zip]\nrequirements-file = "requirements.in"\nrequirements = []\n'
    write(root, {"pylock.toml": PYLOCK + made_of, "requirements.in": "idna\n", "uv.lock": UV_LOCK})
    pylock = LockFile.of(LockKind.PYLOCK, root / "pylock.toml")
    assert "was made of another requirements.in: " in refused(root, pylock, Request())
    # What uv exports is of now.
    uv = exporting(PYLOCK + made_of)
    assert select(root, LockFile.of(LockKind.UV, root / "uv.lock"), Request(), uv)


def test_extras_that_a_list_asks_of_a_directory(root: Path) -> None:
    made_of = '[tool.hatch-lambda-zip]\nrequirements-file = "requirements.txt"\n'
    made_of += 'requirements = ["six", "./src[more]"]\n'
    local = '[[packages]]\nname = "src"\ndirectory = { path = "src" }\n'
    write(
        root,
        {"pylock.toml": PYLOCK + local + made_of, "requirements.txt": "six\n./src[more]\n"},
    )
    reader = LockReader(root, "app", exporting(), checking)
    lock = LockFile.of(LockKind.PYLOCK, root / "pylock.toml")
    selection = reader.select(lock, platform_of(), Request())
    assert selection.extras == ((root / "src", "more"),)
    assert reader.directories(lock, platform_of(), Request()) == (root / "src",)
    reader.close()


def test_the_directories_of_a_uv_lock(root: Path) -> None:
    member = '[[package]]\nname = "m"\nversion = "1"\nsource = { editable = "m" }\n'
    write(root, {"uv.lock": UV_LOCK + member})
    reader = LockReader(root, "app", exporting(), checking)
    found = reader.directories(LockFile.of(LockKind.UV, root / "uv.lock"), platform_of(), Request())
    assert root / "m" in found
    reader.close()


def test_what_a_lock_can_not_tell(root: Path) -> None:
    write(root, {"pylock.toml": PYLOCK, "requirements.txt": ""})
    alone = Request((), ("a",), is_groups_alone=True)
    pylock = LockFile.of(LockKind.PYLOCK, root / "pylock.toml")
    listed = LockFile.of(LockKind.REQUIREMENTS, root / "requirements.txt")
    for lock in (pylock, listed):
        message = f"{lock.name} does not say what the package requires and what its groups do. Use "
        assert refused(root, lock, alone) == f"{message}uv.lock with `only-groups`."
    for request in (Request(("a",)), Request((), ("a",))):
        assert "is one flat list, from which no extras" in refused(root, listed, request)
    (root / "requirements.txt").write_bytes(b"\xff")
    assert "requirements.txt can't be read: " in refused(root, listed, Request())


def test_what_uv_is_asked_for(root: Path) -> None:
    write(root, {"uv.lock": UV_LOCK})
    lock = LockFile.of(LockKind.UV, root / "uv.lock")
    uv = exporting()
    select(root, lock, Request(("x", "y"), ("g",)), uv)
    select(root, lock, Request((), ("g",), is_groups_alone=True), uv)
    common = ["--no-default-groups", "--no-editable", "--format", "pylock.toml", "--package", "app"]
    assert uv.asked == [
        ["export", "--locked", *common, "--extra", "x", "--extra", "y", "--group", "g"],
        ["export", "--locked", *common, "--only-group", "g"],
    ]
    uv.asked.clear()
    write(root, {"pyproject.toml": '[dependency-groups]\ng = ["six"]\n'})
    of_none = replace(lock, member=root)
    select(root, of_none, Request((), ("g",)), uv)
    assert uv.asked == [["export", "--locked", *common[:-2], "--group", "g"]]
    assert refused(root, of_none, Request()).startswith(
        f"{lock.path}: without a [project] that requires something, only dependency groups ship"
    )


def test_a_lock_that_uv_finds_outdated(root: Path) -> None:
    write(root, {"uv.lock": UV_LOCK})
    lock = LockFile.of(LockKind.UV, root / "uv.lock")
    error = UvError("no", failure=UvFailure.LOCK_OUTDATED, said="it said")
    assert refused(root, lock, Request(), exporting(error)) == (
        f"{lock.path} does not match pyproject.toml any more. Run `uv lock` and commit the "
        "result. uv says:\nit said"
    )
    write(root, {"uv.lock": f'{UV_LOCK}[options]\nresolution-mode = "lowest"\n'})
    message = refused(root, lock, Request(), exporting(error))
    assert " does not match the settings of uv. It was locked with resolution = " in message


def test_a_lock_that_nobody_can_judge(root: Path) -> None:
    write(root, {"uv.lock": "version = 2\n"})
    lock = LockFile.of(LockKind.UV, root / "uv.lock")
    error = UvError("no", failure=UvFailure.NO_INTERPRETER, said="error: No one\nelse")
    message = refused(root, lock, Request(), exporting(error))
    assert message.startswith(
        f"Nobody can tell whether {lock.path} is up to date: uv has no Python"
    )
    assert "requires-python (No one), and compared without one, its version can't be c" in message


def test_what_is_built_from_source_and_not_selected(root: Path) -> None:
    write(root, {"pylock.toml": PYLOCK})
    with Selector(PROJECT, root, exporting(), checking) as selector:
        names = {"build_from_source": ("six", "other")}
        assert selector.select(artifact(**names)).warnings == (
            "`build-from-source`: other is nothing that pylock.toml selects here",
        )
        assert selector.select(artifact(build_from_source=("six",))).warnings == ()
        # A default is for others too.
        assert selector.select(replace(artifact(), options=Options(names))).warnings == ()


def test_what_was_started_has_ended_when_all_is_closed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"uv.lock": UV_LOCK})
    begun, ended = threading.Event(), threading.Event()

    def run(*_: object, **__: object) -> str:
        begun.set()
        time.sleep(0.05)
        ended.set()
        return PYLOCK

    monkeypatch.setattr(Exporting, "run", run)
    with Selector(PROJECT, root, exporting(), checking) as selector:
        selector.start(artifact())
        assert begun.wait(30)
    assert ended.is_set()


def test_uv_is_stopped_where_something_fails_meanwhile(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[Uv] = []

    def stop(uv: Uv) -> None:
        stopped.append(uv)

    monkeypatch.setattr(Exporting, "stop", stop)
    uv = exporting()
    with Selector(PROJECT, root, uv, checking):
        pass
    assert not stopped
    with pytest.raises(LockError), Selector(PROJECT, root, uv, checking):
        raise LockError("x")
    assert stopped == [uv]


INSTALL = InstallList(
    "requirements.txt",
    f"--index-url https://example.invalid\nSix==1.0 --hash=sha256:{DIGEST}\nidna==3 --hash=a:b\n",
    tuple(LockedDistribution(name, "1.0", Origin.INDEX, "x") for name in ("six", "idna")),
    builds=False,
    checks=("more",),
)


def test_a_part_of_a_list() -> None:
    part = part_of(INSTALL, {"six"})
    assert part.text == "".join(INSTALL.text.splitlines(keepends=True)[:2])
    assert ([locked.name for locked in part.distributions], part.checks) == (["six"], ())
    of_pylock = replace(INSTALL, file_name="pylock.wheels.toml", text=PYLOCK)
    assert 'name = "six"\nversion = "1.0"' in part_of(of_pylock, {"six"}).text
    assert "six" not in part_of(of_pylock, {"idna"}).text


SETTINGS = {
    "exclude-newer": ("UV_EXCLUDE_NEWER", "exclude-newer-span"),
    "resolution": ("UV_RESOLUTION", "resolution-mode"),
    "prerelease": ("UV_PRERELEASE", "prerelease-mode"),
    "fork-strategy": ("UV_FORK_STRATEGY", "fork-strategy"),
}


@pytest.mark.parametrize("key", SETTINGS)
def test_a_setting_that_a_lock_repeats(root: Path, key: str) -> None:
    variable, locked = SETTINGS[key]
    lock, pyproject = root / "uv.lock", root / "pyproject.toml"
    write(root, {"uv.lock": f'[options]\n{locked} = "a"\n', "pyproject.toml": ""})
    assert differing_settings(lock, {}) == (key,)
    (unset,) = explain_settings(lock, {})
    assert unset.startswith(f'It was locked with {key} = "a", which is not set here.')
    assert f"in [tool.uv] of {pyproject}, where it holds" in unset
    assert (
        differing_settings(lock, {variable: "a"}) == explain_settings(lock, {variable: "a"}) == ()
    )
    assert differing_settings(lock, {variable: "b"}) == (key,)
    (other,) = explain_settings(lock, {variable: "b"})
    assert other.startswith(f"{variable}=b is set here, and with it uv makes another lock.")
    write(root, {"pyproject.toml": f'[tool.uv]\n{key} = "a"\n'})
    assert differing_settings(lock, {}) == explain_settings(lock, {}) == ()
    assert differing_settings(lock, {variable: "b"}) == (key,)
    write(root, {"pyproject.toml": f'[tool.uv]\n{key} = "b"\n'})
    assert differing_settings(lock, {}) == (key,)
    assert explain_settings(lock, {variable: "b"}) == ()
    # With this, uv looks into none.
    (hidden, *_) = explain_settings(lock, {"UV_NO_CONFIG": "1"})
    assert hidden.startswith("UV_NO_CONFIG=1 is set here, and with it uv does not read [tool.uv] ")
    write(root, {"pyproject.toml": ""})
    (unset,) = explain_settings(lock, {"UV_NO_CONFIG": "1"})
    assert unset.startswith("It was locked with ")
    write(root, {"pyproject.toml": f'[tool.uv]\n{key} = "b"\n'})
    # Where there is a uv.toml, uv looks into no other file.
    write(root, {"uv.toml": f'{key} = "c"\n'})
    assert explain_settings(lock, {}) == ()
    (other,) = explain_settings(lock, {variable: "b"})
    assert f'write `{key} = "b"` in {root / "uv.toml"}, run `uv lock`' in other


def test_settings_that_nobody_knows_differ(root: Path) -> None:
    date = '[options]\nexclude-newer-span = "P1D"\nexclude-newer = "2026-01-01"\nnew = 1\n'
    write(root, {"uv.lock": date})
    assert differing_settings(root / "uv.lock", {"UV_EXCLUDE_NEWER": "P1D"}) == ("new",)
    (sentence,) = explain_settings(root / "uv.lock", {})
    assert 'exclude-newer = "P1D"' in sentence


def test_what_a_pylock_answers_for(root: Path) -> None:
    lock = LockFile.of(LockKind.PYLOCK, root / "pylock.toml")

    def asked(made_of: str | None = None, lock: LockFile = lock) -> tuple[list[str], str]:
        record = {"requirements-file": made_of, "requirements": ["six"]}
        requirers, remedy = _requirers({"hatch-lambda-zip": record} if made_of else {}, lock)
        return [f"{it.name}: {' '.join(it.dependencies)}" for it in requirers], remedy

    renew = "Run `hatch-lambda-zip lock` and commit the result."
    assert asked() == ([], "")
    assert asked("requirements.txt") == (["requirements.txt: six"], renew)
    found, remedy = asked("poetry.lock")
    assert (found, "`hatch-lambda-zip lock`, and commit both" in remedy) == (
        ["poetry.lock: six"],
        True,
    )
    write(root, {"Pipfile": '[packages]\nidna = "*"\n'})
    assert asked("poetry.lock")[0] == ["poetry.lock: six"], "what another tool reads is no matter"
    assert asked("Pipfile.lock")[0] == ["Pipfile.lock: six", "Pipfile: idna"]
    write(root, {"pyproject.toml": '[project]\nname = "app"\ndependencies = ["attrs"]\n'})
    of_project = replace(lock, answers=root / "pyproject.toml")
    assert asked("poetry.lock", of_project)[0] == ["poetry.lock: six", "app: attrs"]
    found, remedy = asked(None, of_project)
    assert (found, "Without it" in remedy) == (["app: attrs"], False)
    assert _lines({}, of_project) == _lines({}, lock) == ()
    write(root, {"requirements.txt": "more\n"})
    of_list = replace(lock, answers=root / "requirements.txt")
    found, remedy = asked(None, of_list)
    assert (found, "Without it, `hatch-lambda-zip lock`" in remedy) == (
        ["requirements.txt: more"],
        True,
    )
    assert asked("poetry.lock", of_list)[0] == ["poetry.lock: six"]
    assert _lines({}, of_list) == ("more",)
