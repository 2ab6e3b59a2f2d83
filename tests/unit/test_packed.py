"""What a pack says of its distribution is taken for damaged where it can't be true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hatch_lambda_zip.archive import CompressedContent, compressed
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import DamagedPackError
from hatch_lambda_zip.install import Distribution, Installed
from hatch_lambda_zip.install.packed import find_packed, packable, save_packed
from hatch_lambda_zip.install.reasons import LeftOut, Reason
from hatch_lambda_zip.lock import InstallList, LockedDistribution, Origin
from hatch_lambda_zip.packs import PackCache

LOCKED = LockedDistribution(
    "demo", "1.0", Origin.INDEX, "sha256:0", wheel="demo-1.0-py3-none-any.whl"
)
INSTALL = InstallList("pylock.wheels.toml", "", (LOCKED,), builds=False)
INSTALLED = Installed(
    Distribution("demo", "1.0", Origin.INDEX, "sha256:0"),
    "demo-1.0.dist-info",
    (
        Entry.of("demo-1.0.dist-info/METADATA", b"", "demo"),
        Entry.of("demo-1.0.dist-info/WHEEL", b"", "demo"),
        Entry.of("demo.py", b"1", "demo"),
        Entry.of("more.py", b"2", "demo"),
    ),
    (LeftOut("bin/run", Reason.SCRIPT, "demo"),),
    (Entry.of("bin/run", b"#!python", "demo"),),
)


def compress(entry: Entry) -> CompressedContent:
    return compressed(entry, lambda _entry, _content: None, None)


class Forging(PackCache):
    """Keeps packs that say something else of what is in them."""

    said: dict[str, object]

    def save(self, name: str, key: str, about: object, contents: object) -> None:
        assert isinstance(about, dict)
        super().save(name, key, {**about, **self.said}, contents)  # type: ignore[arg-type]


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[Forging]:
    with closing(Forging(tmp_path, pytest.fail)) as opened:
        yield opened


def kept(packs: Forging, size: int | None = None, /, **said: object) -> dict[str, Installed]:
    packs.said = said
    save_packed(packable(INSTALLED, replace(LOCKED, size=size)), packs, compress)
    return find_packed(INSTALL, packs)


def found_by(packs: Forging, **said: object) -> bool:
    locked = replace(LOCKED, **said)  # type: ignore[arg-type]
    return bool(find_packed(replace(INSTALL, distributions=(locked,)), packs))


def test_what_was_kept(packs: Forging) -> None:
    found = kept(packs)["demo"]
    assert (found.distribution, found.dist_info) == (INSTALLED.distribution, INSTALLED.dist_info)
    assert found.left_out == INSTALLED.left_out
    assert found.entries[0].read() == b""
    assert [(entry.name, entry.read()) for entry in found.entries[2:]] == [
        ("demo.py", b"1"),
        ("more.py", b"2"),
    ]
    assert [(entry.name, entry.read()) for entry in found.scripts] == [("bin/run", b"#!python")]


@pytest.mark.parametrize(
    "said",
    [
        {"version": "2.0"},
        {"identity": "sha256:1"},
        {"wheel": "demo-1.0-1-py3-none-any.whl"},
        {"wheel": "demo-2.0-py3-none-any.whl"},
        {"wheel": "other-1.0-py3-none-any.whl"},
        {"wheel": None},
    ],
    ids=str,
)
def test_what_the_lock_calls_otherwise_is_for_uv_to_judge(
    packs: Forging, said: dict[str, object]
) -> None:
    kept(packs)
    assert found_by(packs)
    assert not found_by(packs, **said)


@pytest.mark.parametrize(("compared", "taken"), [(None, {None}), (5, {None, 5})])
def test_a_size_that_uv_has_not_compared(
    packs: Forging, compared: int | None, taken: set[int | None]
) -> None:
    kept(packs, compared)
    assert {size for size in (None, 5, 6) if found_by(packs, size=size)} == taken


@pytest.mark.parametrize("scripts", [-1, 6, "1", None, 1.5, [1]])
def test_a_number_of_scripts_that_is_none(packs: Forging, scripts: object) -> None:
    with pytest.raises(DamagedPackError, match="is not as it was written"):
        kept(packs, scripts=scripts)


@pytest.mark.parametrize(
    "said",
    [
        {"dist_info": None},
        {"entries": [["demo.py", "sha256=0"]]},
        {"entries": [["demo.py", "sha256"]] * 5},
        {"left_out": [["bin/run", "OTHER"]]},
        {"left_out": [["bin/run"]]},
    ],
    ids=str,
)
def test_what_else_can_not_be_true(packs: Forging, said: dict[str, object]) -> None:
    with pytest.raises(DamagedPackError):
        kept(packs, **said)
