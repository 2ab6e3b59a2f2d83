"""What keeps an input digest from being told, and what goes into one of files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from hatch_lambda_zip.build import Job, Session, digest
from hatch_lambda_zip.build.digest import InputDigest, input_digest
from hatch_lambda_zip.build.inputs import Inputs
from hatch_lambda_zip.config import Artifact, Kind
from hatch_lambda_zip.install import LocalWheel
from hatch_lambda_zip.lock import (
    InstallList,
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
)
from hatch_lambda_zip.runtimes import RUNTIMES, Platform

DEMO = LockedDistribution("demo", "1.0", Origin.INDEX, "sha256:1")
OTHER = replace(DEMO, name="other")
INSTALL = InstallList("pylock.demo.toml", "", (DEMO,), builds=False)
LOCK = LockFile(LockKind.PYLOCK, Path("/somewhere/pylock.toml"), "pylock.toml")
ARTIFACT = Artifact("api", "api", "key", Kind.FUNCTION, Platform(RUNTIMES[-1], "arm64"))
WHEEL = LocalWheel(Path("own.whl"), replace(DEMO, name="own"), is_compiled=False)


def selection(*installs: InstallList) -> Selection:
    return Selection(LOCK, installs, ())


def digest_of(
    monkeypatch: pytest.MonkeyPatch,
    selections: Sequence[Selection],
    wheels: Sequence[LocalWheel] = (),
) -> InputDigest:
    """Return the digest of a function and its layers, of which these are the selections."""
    artifacts = [replace(ARTIFACT, name=f"{index}") for index in range(len(selections))]
    chosen = dict(zip(artifacts, selections, strict=True))
    needed = [Inputs(artifact, found, tuple(wheels)) for artifact, found in chosen.items()]
    monkeypatch.setattr(digest, "select_all", lambda *_: chosen)
    monkeypatch.setattr(digest, "gather_all", lambda *_: needed)
    monkeypatch.setattr(digest, "_describe", lambda inputs, _: inputs.pins)
    # Nothing of them is asked.
    return input_digest(cast("Job", None), cast("Session", None))


@pytest.mark.parametrize(
    ("installs", "named"),
    [
        ([INSTALL], ""),
        ([replace(INSTALL, builds=True)], "demo"),
        ([replace(INSTALL, may_build=True)], "demo"),
        ([INSTALL, replace(INSTALL, builds=True, distributions=(DEMO, OTHER))], "demo, other"),
    ],
)
def test_what_is_built_from_source_is_not_pinned(
    installs: list[InstallList], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for selections in ([selection(*installs)], [selection(), selection(*installs)]):
        found = digest_of(monkeypatch, selections)
        assert (found.value is None) == bool(named)
        assert found.unknown == (
            f"{named} may be built from source, by what its build requires at that time, which "
            "pylock.toml does not say"
            if named
            else ""
        )


def test_what_is_compiled_here_depends_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = replace(WHEEL, is_compiled=True, distribution=replace(DEMO, name="fast"))
    assert digest_of(monkeypatch, [selection()], [WHEEL]).value
    found = digest_of(monkeypatch, [selection()], [WHEEL, compiled])
    assert found == InputDigest(
        None, "fast is compiled, and another machine's compiler may make other bytes of it"
    )


def test_files_that_a_lock_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = tuple(tmp_path / name for name in ("a.whl", "b.whl"))
    for path in files:
        path.write_bytes(path.name.encode())
    listed = selection(INSTALL, replace(INSTALL, files=files))
    values = {
        digest_of(monkeypatch, [selection(INSTALL, INSTALL)]).value,
        digest_of(monkeypatch, [listed]).value,
    }
    for path in files:
        before = path.read_bytes()
        path.write_bytes(b"other")
        values.add(digest_of(monkeypatch, [listed]).value)
        path.write_bytes(before)
    assert len(values) == 4
    assert digest_of(monkeypatch, [listed]).value in values
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in files:
        path.rename(moved / path.name)
    renamed = replace(INSTALL, files=tuple(moved / path.name for path in files))
    assert digest_of(monkeypatch, [selection(INSTALL, renamed)]).value in values
    assert digest_of(monkeypatch, [listed]) == InputDigest(
        None, f"{files[0]}: No such file or directory, which the lock names"
    )


def test_layers_and_their_order_count(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = selection(INSTALL), selection(replace(INSTALL, distributions=(OTHER,)))
    values = {
        digest_of(monkeypatch, selections).value
        for selections in ([one], [one, one], [one, two], [two, one])
    }
    assert len(values) == 4
