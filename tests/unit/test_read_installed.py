from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.config.model import Artifact, Kind
from hatch_lambda_zip.contents.decide import Contents, _ship
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError, DistributionError
from hatch_lambda_zip.install.read import Site, read_site
from hatch_lambda_zip.install.reasons import LeftOut, Reason
from hatch_lambda_zip.install.unlisted import check_all_listed
from hatch_lambda_zip.lock.model import LockedDistribution, Origin
from hatch_lambda_zip.record import Digest, parse_record
from tests.support.installed import INSTALLED, WHEEL, install, platform_of, put, site_of

pytestmark = pytest.mark.every_python

FUNCTION = Artifact("api", "api", "here", Kind.FUNCTION, platform_of())


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Path]:
    """Give a directory to install into, and check that nothing in it is modified afterwards."""
    directory = tmp_path / "staged"
    directory.mkdir()
    yield directory
    for path in directory.rglob("*"):
        if path.is_file() and (original := INSTALLED.get(path)) is not None:
            assert (path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns) == original
    assert {path for path in directory.rglob("*") if path.is_file()} <= INSTALLED.keys()
    INSTALLED.clear()


def ship(site: Path, files: Mapping[str, bytes], *, built: bool = False) -> Contents:
    """Install one distribution called demo and collect it."""
    install(site, files)
    return collect([site_of(site, built=built)])


def collect(sites: Iterable[Site]) -> Contents:
    """Ship everything as a function does that asks for nothing else."""
    installed = [distribution for site in sites for distribution in read_site(site)]
    installed.sort(key=lambda distribution: distribution.name)
    return _ship(FUNCTION, tuple(installed), (), added=())


def names_in(contents: Contents) -> list[str]:
    """Return what ships besides the three files that every distribution has."""
    standard = {f"demo-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL")}
    assert standard <= {entry.name for entry in contents.entries}
    return [entry.name for entry in contents.entries if entry.name not in standard]


def content_of(contents: Contents, name: str) -> bytes:
    (entry,) = (entry for entry in contents.entries if entry.name == name)
    return entry.read()


def test_what_a_record_lists_ships_in_the_order_of_the_bytes(staged: Path) -> None:
    files = {
        "demo/__init__.py": b"",
        "demo/Z.py": b"z",
        "demo/a.py": b"a",
        "demo/\ufffd.txt": b"1",
        "demo/\U0001f40d.txt": b"2",
        "demo/data/with, comma.txt": b"3",
        "demo.py": b"4",
    }
    contents = ship(staged, files)
    assert [entry.name for entry in contents.entries] == sorted(
        [*files, *(f"demo-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL"))],
        key=str.encode,
    )
    for name, content in files.items():
        assert content_of(contents, name) == content
    for entry in contents.entries:
        assert entry.distribution == "demo"
        assert entry.size == len(entry.read())
    assert contents.left_out == ()
    assert contents.warnings == ()


def remedy_of(names: list[str], *, built: bool = False) -> str:
    """Return what a message about a RECORD ends with."""
    if built:
        return (
            f"The build back end of {' or '.join(names)} made a wheel with a wrong RECORD: build "
            "it with another release of that."
        )
    return (
        "Either uv's cache is damaged, as by a loss of power: then "
        f"`uv cache clean {' '.join(names)}` helps. Or the wheel was published so; uv and pip "
        "install it unseen, but what it has to hold nobody can tell, and `exclude-files` changes "
        "nothing of that. Choose another version, and tell its author, whom `wheel unpack` and "
        "`wheel pack` give a right RECORD."
    )


STRAYS = {
    "stray.py": "demo or other",
    "demo.py": "demo",
    "Demo/deep/stray.py": "demo",
    "other/deeper/stray.py": "other",
    "demo-1.0.dist-info/stray.txt": "demo",
    "demo-1.0.dist-info/licenses/stray.txt": "demo",
    "bin/stray": "other",
    "other/__pycache__/x.pyc": "other",
    "other/.lock": "other",
}


@pytest.mark.parametrize("stray", STRAYS)
def test_a_file_that_no_record_names_is_refused(staged: Path, stray: str) -> None:
    install(staged, {"other/__init__.py": b"", "bin/other": b""}, name="other")
    install(staged, {"mod.py": b""})
    put(staged / ".lock", b"")  # uv's
    put(staged / "demo-1.0.dist-info/RECORD.jws", b"{}")
    collect([site_of(staged, "other", "demo")])
    put(staged / stray, b"stray")
    with pytest.raises(DistributionError) as caught:
        collect([site_of(staged, "other", "demo")])
    assert str(caught.value) == (
        f"{stray} of {STRAYS[stray]} would not ship, since no RECORD lists it. "
        f"{remedy_of(STRAYS[stray].split(' or '))}"
    )


def test_a_file_that_no_record_of_a_back_end_names_is_its_mistake(staged: Path) -> None:
    put(staged / "stray.py", b"stray")
    with pytest.raises(DistributionError) as caught:
        check_all_listed(staged, {"demo": ()}, is_cached=False)
    assert str(caught.value).endswith(remedy_of(["demo"], built=True))


def test_a_row_that_is_there_twice_changes_nothing(staged: Path) -> None:
    once = ship(staged, {"demo.py": b"x"})
    install(staged, {"demo.py": b"x"}, extra_rows=f"demo.py,{Digest.of(b'x')},1\n")
    assert collect([site_of(staged)]) == once


def test_a_row_that_is_there_twice_with_different_hashes_is_refused(staged: Path) -> None:
    rows = f"demo.py,{Digest.of(b'x', 'sha512')},1\n"
    install(staged, {"demo.py": b"x"}, extra_rows=rows)
    with pytest.raises(DistributionError) as caught:
        read_site(site_of(staged))
    assert str(caught.value) == (
        f"RECORD of demo 1.0 lists demo.py twice, with different hashes. {remedy_of(['demo'])}"
    )


def test_a_row_with_a_name_that_no_file_has_is_refused(staged: Path) -> None:
    name = "x" * 5_000
    install(staged, {"demo.py": b""}, extra_rows=f"{name},{Digest.of(b'x')},1\n")
    with pytest.raises(DistributionError) as caught:
        read_site(site_of(staged))
    assert str(caught.value) == (
        f"RECORD of demo 1.0 lists {name}, which is not there as a file. {remedy_of(['demo'])}"
    )


@pytest.mark.parametrize("origin", [Origin.GIT, Origin.ARCHIVE, Origin.INDEX])
def test_what_uv_has_built_may_be_damaged_in_its_cache(staged: Path, origin: Origin) -> None:
    install(staged, {"demo.py": b""})
    put(staged / "stray.py", b"stray")
    locked = LockedDistribution("demo", "1.0", origin, "git:x")
    with pytest.raises(DistributionError) as caught:
        read_site(Site(staged, (locked,), is_built_here=True))
    assert str(caught.value).endswith(remedy_of(["demo"]))


def test_several_files_that_no_record_names(staged: Path) -> None:
    install(staged, {"demo/__init__.py": b""})
    for stray in ("demo/a.py", "demo/b.py", "demo/c.py"):
        put(staged / stray, b"stray")
    with pytest.raises(DistributionError, match=r"^demo/a\.py and 2 other files of demo would not"):
        collect([site_of(staged)])


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("missing", [("METADATA",), ("WHEEL",), ("METADATA", "WHEEL")])
def test_a_record_without_what_every_wheel_has_is_refused(
    staged: Path,
    missing: tuple[str, ...],
    built: bool,  # noqa: FBT001
) -> None:
    install(staged, {"demo.py": b""})
    record = staged / "demo-1.0.dist-info/RECORD"
    lines = record.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not any(f"/{name}," in line for name in missing)]
    put(record, "".join(kept).encode())
    with pytest.raises(DistributionError) as caught:
        collect([site_of(staged, built=built)])
    message = str(caught.value)
    assert message.startswith(f"RECORD of demo 1.0 does not list its own {' and '.join(missing)}. ")
    assert ("uv cache clean demo" in message) is not built
    assert message.endswith(remedy_of(["demo"], built=built))


def test_what_the_installer_wrote_about_itself_is_dropped(staged: Path) -> None:
    installers = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")
    files = {f"demo-1.0.dist-info/{name}": b"x" for name in installers}
    # Elsewhere the same names are ordinary files.
    elsewhere = {f"demo/{name}": b"x" for name in installers}
    deeper = {"demo-1.0.dist-info/licenses/INSTALLER": b"x"}
    contents = ship(staged, {**files, **elsewhere, **deeper})
    assert names_in(contents) == sorted([*elsewhere, *deeper])
    assert contents.left_out == ()  # they are no part of the distribution


def test_installer_files_without_a_hash_or_without_a_file_are_no_mistake(staged: Path) -> None:
    install(staged, {"demo.py": b""}, extra_rows="demo-1.0.dist-info/uv_cache.json,,\n")
    assert names_in(collect([site_of(staged)])) == ["demo.py"]


def test_signatures_of_the_record_need_no_hash_and_do_not_ship(staged: Path) -> None:
    # PEP 427: they can't have a hash, and the rewritten RECORD is not what they sign.
    put(staged / "demo-1.0.dist-info/RECORD.jws", b"{}")
    put(staged / "demo-1.0.dist-info/RECORD.p7s", b"{}")
    rows = "demo-1.0.dist-info/RECORD.jws,,\ndemo-1.0.dist-info/RECORD.p7s,,\n"
    install(staged, {"demo.py": b""}, extra_rows=rows)
    contents = collect([site_of(staged)])
    assert names_in(contents) == ["demo.py"]
    assert contents.left_out == (
        LeftOut("demo-1.0.dist-info/RECORD.jws", Reason.SIGNATURE, "demo"),
        LeftOut("demo-1.0.dist-info/RECORD.p7s", Reason.SIGNATURE, "demo"),
    )


def test_bytecode_in_pycache_is_left_out(staged: Path) -> None:
    files = {
        "demo/__init__.py": b"",
        "demo/__pycache__/__init__.cpython-313.pyc": b"x",
        "demo/__pycache__/gone.cpython-313.pyc": b"x",
        "__pycache__/demo.cpython-313.pyc": b"x",
        "demo/__pycache__/notes.txt": b"x",
    }
    contents = ship(staged, files)
    assert names_in(contents) == ["demo/__init__.py"]
    assert contents.left_out == tuple(
        LeftOut(path, Reason.BYTECODE, "demo") for path in sorted(files) if "__pycache__" in path
    )


def test_bytecode_in_pycache_needs_neither_a_file_nor_a_hash(staged: Path) -> None:
    install(staged, {"demo.py": b""}, extra_rows="__pycache__/demo.cpython-313.pyc,,\n")
    assert names_in(collect([site_of(staged)])) == ["demo.py"]


def test_bytecode_is_code_when_it_has_no_source(staged: Path) -> None:
    files = {"demo/both.py": b"x", "demo/both.pyc": b"y", "demo/only.pyc": b"z"}
    install(staged, files)
    (installed,) = read_site(site_of(staged))
    names = [entry.name for entry in installed.entries if not installed.is_metadata(entry.name)]
    assert names == ["demo/both.py", "demo/only.pyc"]
    assert installed.left_out == (LeftOut("demo/both.pyc", Reason.BYTECODE, "demo"),)


def test_scripts_of_entry_points_are_left_out_and_other_programs_are_not(staged: Path) -> None:
    entry_points = (
        b"[console_scripts]\nDemo-Tool = demo:main\ndemo.tool=demo:main\n"
        b"[gui_scripts]\ndemo-gui = demo:gui\n"
        b"[other.group]\nbinary = demo:other\n"
    )
    scripts = ["bin/Demo-Tool", "bin/demo-gui", "bin/demo.tool"]
    files = {
        "demo-1.0.dist-info/entry_points.txt": entry_points,
        **dict.fromkeys(scripts, b"\x00 trampoline"),
        "bin/binary": b"\x7fELF",
        "bin/demo-tool": b"lower case: another name",
        "bin/shebang": b"#!/some/where/python\n",
        "bin/sub/shebang": b"#!/some/where/python\n",
        "demo/bin/shebang": b"#!/bin/sh\n",
        "demo/tool": b"#!/bin/sh\n",
    }
    contents = ship(staged, files)
    left = sorted([*scripts, "bin/shebang"])
    assert contents.left_out == tuple(LeftOut(path, Reason.SCRIPT, "demo") for path in left)
    assert set(names_in(contents)) == files.keys() - set(left)


def test_programs_that_uv_makes_of_entry_points_on_windows_are_left_out(staged: Path) -> None:
    entry_points = b"[console_scripts]\ntool = demo:main\nrun.py = demo:main\n"
    programs = ["bin/run.exe", "bin/tool.exe"]
    files = {
        "demo-1.0.dist-info/entry_points.txt": entry_points,
        **dict.fromkeys(programs, b"MZ of C:\\Users\\me\\.venv\\Scripts\\python.exe"),
        "bin/other.exe": b"MZ",
        "demo/tool.exe": b"MZ",
    }
    contents = ship(staged, files)
    assert contents.left_out == tuple(LeftOut(path, Reason.SCRIPT, "demo") for path in programs)
    assert set(names_in(contents)) == files.keys() - set(programs)


def test_separators_of_windows_in_what_uv_writes(
    staged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(staged, {"demo/share/data.txt": b"x"})
    record = staged / "demo-1.0.dist-info/RECORD"
    put(record, record.read_bytes().replace(b"demo/share/data", b"demo\\share\\data"))
    with pytest.raises(DistributionError, match="is not a plain relative path"):
        collect([site_of(staged)])
    monkeypatch.setattr(sys, "platform", "win32")
    assert names_in(collect([site_of(staged)])) == ["demo/share/data.txt"]


def test_a_path_that_windows_can_not_open(staged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = f"demo/{250 * 'x'}.py,{Digest.of(b'')},0\n"
    install(staged, {}, extra_rows=rows)
    with pytest.raises(DistributionError, match="uv cache clean demo"):
        collect([site_of(staged)])
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(DistributionError, match=r"as a file\. Windows opens no path of 26"):
        collect([site_of(staged)])


@pytest.mark.parametrize(
    ("listed", "found"),
    [("demo/a.py", "Demo/a.py"), ("caf\u00e9.py", "cafe\u0301.py"), ("\u00c9.py", "e\u0301.py")],
)
def test_another_spelling_of_a_file_is_no_other_file(staged: Path, listed: str, found: str) -> None:
    """As on macOS and Windows, of which two names for one file are an image."""
    install(staged, {listed: b"x"})
    put(staged / found, b"x")
    with pytest.raises(DistributionError, match="would not ship, since no RECORD lists it"):
        collect([site_of(staged)])
    (staged / found).unlink()
    (staged / found).hardlink_to(staged / listed)
    INSTALLED[staged / found] = INSTALLED[staged / listed]
    assert names_in(collect([site_of(staged)])) == [listed]


def test_a_package_called_bin_ships_whole(staged: Path) -> None:
    files = {"bin/__init__.py": b"", "bin/tool.py": b"#!/usr/bin/env python3\n", "bin/run": b"#!x"}
    contents = ship(staged, files)
    assert names_in(contents) == sorted(files)
    assert contents.left_out == ()


def test_scripts_beside_a_package_called_bin_are_left_out(staged: Path) -> None:
    # Their first lines hold the path of an interpreter, or will when an installer has seen them.
    files = {
        "bin/__init__.py": b"",
        "bin/installed": f"#!{sys.executable}\n".encode(),
        "bin/long": f"#!/bin/sh\n'''exec' '{sys.executable}' \"$0\"\n".encode(),
        "bin/unpacked": b"#!python\n",
    }
    contents = ship(staged, files)
    assert names_in(contents) == ["bin/__init__.py"]
    assert {left.reason for left in contents.left_out} == {Reason.SCRIPT}
    assert len(contents.left_out) == 3


def test_entry_points_that_can_not_be_read_leave_nothing_out(staged: Path) -> None:
    for number, broken in enumerate((b"no section\n", b"[console_scripts\n", b"\xff\xfe")):
        site = staged / f"{number}"
        files = {"demo-1.0.dist-info/entry_points.txt": broken, "bin/tool": b"x"}
        assert "bin/tool" in names_in(ship(site, files))


def test_every_reason_is_explained() -> None:
    files = (
        *("bytecode", "script", "signature", "pattern", "unreached", "tests", "type-stub"),
        *("native-header", "excluded-file", "not-code"),
    )
    distributions = "excluded", "provided", "unneeded", "layer"
    assert {reason.value for reason in Reason} == {*files, "source", *distributions}
    assert len({reason.explanation for reason in Reason}) == len(Reason)
    for reason in Reason:
        assert reason.explanation.endswith(".")


def test_what_is_left_out_is_in_the_order_of_the_bytes(staged: Path) -> None:
    install(staged, {"b.py": b"", "b.pyc": b"", "__pycache__/x.pyc": b"1"}, name="aaa")
    install(staged, {"a.py": b"", "a.pyc": b"", "__pycache__/y.pyc": b"2"}, name="bbb")
    contents = collect([site_of(staged, "aaa", "bbb")])
    assert [(left.path, left.distribution) for left in contents.left_out] == [
        ("__pycache__/x.pyc", "aaa"),
        ("__pycache__/y.pyc", "bbb"),
        ("a.pyc", "bbb"),
        ("b.pyc", "aaa"),
    ]


@pytest.mark.parametrize("built", [False, True])
def test_the_record_is_rewritten_to_what_ships(staged: Path, built: bool) -> None:  # noqa: FBT001
    contents = ship(
        staged,
        {
            "demo.py": b"x = 1\n",
            "bin/tool": b"#!python\n",
            "demo-1.0.dist-info/INSTALLER": b"uv",
            "__pycache__/demo.cpython-313.pyc": b"x",
        },
        built=built,
    )
    text = content_of(contents, "demo-1.0.dist-info/RECORD").decode()
    rows = parse_record(text, "RECORD")
    assert [row.path for row in rows] == [entry.name for entry in contents.entries]
    for row, entry in zip(rows, contents.entries, strict=True):
        own = entry.name == "demo-1.0.dist-info/RECORD"
        assert row.digest == (None if own else Digest.of(entry.read()))
        size = "" if own else str(len(entry.read()))
        assert f"{row.path},{row.digest or ''},{size}\n" in text


def test_importlib_metadata_reads_what_ships(staged: Path, tmp_path: Path) -> None:
    contents = ship(
        staged,
        {
            "demo.py": b"",
            "demo-1.0.dist-info/entry_points.txt": b"[group]\nname = demo:function\n",
            "demo-1.0.dist-info/INSTALLER": b"uv",
        },
    )
    for entry in contents.entries:
        path = tmp_path / "unzipped" / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.read())
    distribution = importlib.metadata.PathDistribution(tmp_path / "unzipped" / "demo-1.0.dist-info")
    assert distribution.version == "1.0"
    assert [entry_point.name for entry_point in distribution.entry_points] == ["name"]
    assert distribution.files is not None
    assert [str(file) for file in distribution.files] == [entry.name for entry in contents.entries]


def test_the_generator_of_a_wheel_built_here_is_left_out(staged: Path) -> None:
    contents = ship(staged, {}, built=True)
    assert content_of(contents, "demo-1.0.dist-info/WHEEL") == WHEEL.replace(
        b"hatchling 1.33.0", b"hatch-lambda-zip"
    )
    (distribution,) = contents.distributions
    assert distribution.built_with == "hatchling 1.33.0"
    assert distribution.origin is Origin.LOCAL


def test_the_generator_of_a_wheel_from_an_index_stays(staged: Path) -> None:
    contents = ship(staged, {}, built=False)
    assert content_of(contents, "demo-1.0.dist-info/WHEEL") == WHEEL
    (distribution,) = contents.distributions
    assert distribution.built_with is None
    assert distribution.origin is Origin.INDEX


@pytest.mark.parametrize(
    ("wheel", "generator"),
    [
        (b"Generator: a\r\nTag: py3-none-any\r\n", "a"),
        (b"Tag: py3-none-any\nGenerator:a", "a"),
        (b"root-is-purelib: TRUE\nTag: py3-none-any\n", None),
        (b"X-Generator: a\nTag:py3-none-any", None),
    ],
)
def test_a_wheel_file_built_here_is_written_anew(
    staged: Path, wheel: bytes, generator: str | None
) -> None:
    contents = ship(staged, {"demo-1.0.dist-info/WHEEL": wheel}, built=True)
    expected = WHEEL.replace(b"hatchling 1.33.0", b"hatch-lambda-zip")
    assert content_of(contents, "demo-1.0.dist-info/WHEEL") == expected
    assert contents.distributions[0].built_with == generator


def test_two_back_ends_make_the_same_contents(staged: Path) -> None:
    made = []
    for number, generator in enumerate((b"hatchling 1.33.0", b"hatchling 2.0")):
        wheel = WHEEL.replace(b"hatchling 1.33.0", generator)
        contents = ship(
            staged / f"{number}", {"demo-1.0.dist-info/WHEEL": wheel, "a.py": b""}, built=True
        )
        made.append({entry.name: entry.read() for entry in contents.entries})
    assert made[0] == made[1]


def test_a_wheel_file_that_was_changed_is_not_rewritten_but_refused(staged: Path) -> None:
    install(staged, {})
    put(staged / "demo-1.0.dist-info" / "WHEEL", WHEEL + b"\n")
    with pytest.raises(
        DistributionError, match=r"demo-1\.0\.dist-info/WHEEL of demo is not the file"
    ):
        collect([site_of(staged, built=True)])


def test_different_content_under_one_name_is_refused(staged: Path) -> None:
    install(staged / "1", {"shared/__init__.py": b"one"}, name="first")
    install(staged / "2", {"shared/__init__.py": b"two"}, name="second")
    with pytest.raises(ContentsError) as caught:
        collect([site_of(staged / "2", "second"), site_of(staged / "1", "first")])
    assert str(caught.value).startswith(
        "first and second both ship a file with different content, so one would silently "
        "overwrite the other:\n  shared/__init__.py\n"
    )


def test_two_records_of_one_site_that_disagree_are_refused(staged: Path) -> None:
    install(staged, {"shared.py": b"one"}, name="first")
    install(staged, {"shared.py": b"two"}, name="second")
    with pytest.raises(
        ContentsError, match=r"^first and second both ship a file.*\n  shared\.py\n"
    ):
        collect([site_of(staged, "first", "second")])


def test_the_same_content_under_one_name_ships_once(staged: Path) -> None:
    install(staged, {"shared/__init__.py": b"same"}, name="first")
    install(staged, {"shared/__init__.py": b"same"}, name="second")
    contents = collect([site_of(staged, "first", "second")])
    (shared,) = (entry for entry in contents.entries if entry.name == "shared/__init__.py")
    assert shared.distribution == "first"
    for name in ("first", "second"):
        assert b"shared/__init__.py," in content_of(contents, f"{name}-1.0.dist-info/RECORD")


def test_the_same_content_under_another_hash_ships_once(staged: Path) -> None:
    install(staged, {"shared.py": b"same"}, name="first")
    row = f"shared.py,{Digest.of(b'same', 'sha512')},4\n"
    install(staged, {}, name="second", extra_rows=row)
    contents = collect([site_of(staged, "first", "second")])
    assert [entry.name for entry in contents.entries].count("shared.py") == 1


def test_different_content_under_another_hash_is_refused(staged: Path) -> None:
    install(staged / "1", {"shared.py": b"one"}, name="first")
    put(staged / "2" / "shared.py", b"two")
    row = f"shared.py,{Digest.of(b'two', 'sha512')},3\n"
    install(staged / "2", {}, name="second", extra_rows=row)
    with pytest.raises(
        ContentsError, match=r"^first and second both ship a file.*\n  shared\.py\n"
    ):
        collect([site_of(staged / "1", "first"), site_of(staged / "2", "second")])


def test_what_is_left_out_collides_with_nothing(staged: Path) -> None:
    install(staged / "1", {"bin/tool": b"#!one"}, name="first")
    install(staged / "2", {"bin/tool": b"#!two"}, name="second")
    contents = collect([site_of(staged / "1", "first"), site_of(staged / "2", "second")])
    assert [left.distribution for left in contents.left_out] == ["first", "second"]


@pytest.mark.parametrize(
    ("file", "deep"),
    [
        ("clash", "clash/module.py"),
        ("clash", "clash/deeper/module.py"),
        ("package/clash", "package/clash/module.py"),
    ],
)
def test_a_file_and_a_directory_of_one_name_are_refused(staged: Path, file: str, deep: str) -> None:
    install(staged / "1", {file: b"a file"}, name="first")
    install(staged / "2", {deep: b""}, name="second")
    with pytest.raises(ContentsError) as caught:
        collect([site_of(staged / "1", "first"), site_of(staged / "2", "second")])
    assert str(caught.value).startswith(
        f"first ships {file} as a file, and second has it as a directory with {deep}."
    )


def test_names_that_only_start_alike_do_not_collide(staged: Path) -> None:
    files = {"clash": b"", "clash.py": b"", "clash-2/a.py": b"", "clashes/a.py": b""}
    assert names_in(ship(staged, files)) == sorted(files)


def test_a_pth_file_ships_with_a_warning(staged: Path) -> None:
    contents = ship(
        staged, {"demo.pth": b"import demo\nrelative/path\n", "demo/nested.pth": b"/x\n"}
    )
    assert names_in(contents) == ["demo.pth", "demo/nested.pth"]
    assert contents.warnings == (
        (
            "demo ships demo.pth: Lambda does not process .pth files of the deployment package, so "
            "what it does locally will not happen there"
        ),
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("_demo.pth", b"/srv/demo/src\n"),  # hatchling
        ("demo.pth", b"# comment\n/srv/demo/src"),
        ("demo.pth", b"C:\\demo\\src\r\n"),
        ("demo.pth", b"d:/demo/src\n"),
        ("__editable__.demo-1.0.pth", b"import __editable___demo_1_0_finder\n"),  # setuptools
        ("__editable___demo_1_0.pth", b""),
        ("_editable_impl_demo.pth", b"import _editable_impl_demo\n"),  # uv, editables
        ("__editables_demo.pth", b"import __editables_demo\n"),
        ("_demo.pth", b"import _editable_impl_demo\n"),  # hatchling with dev-mode-exact
    ],
)
def test_an_editable_install_is_refused(staged: Path, name: str, content: bytes) -> None:
    with pytest.raises(DistributionError) as caught:
        ship(staged, {name: content})
    assert str(caught.value).startswith(
        f"demo is an editable install: {name} only points to a directory of this machine"
    )


def test_a_missing_record_is_refused(staged: Path) -> None:
    install(staged, {})
    record = staged / "demo-1.0.dist-info" / "RECORD"
    record.unlink()
    with pytest.raises(DistributionError, match=r"^RECORD of demo 1\.0 can't be read: "):
        collect([site_of(staged)])


def test_a_record_that_is_not_utf_8_is_refused(staged: Path) -> None:
    install(staged, {})
    put(staged / "demo-1.0.dist-info" / "RECORD", b"\xff,,\n")
    with pytest.raises(DistributionError, match=r"^RECORD of demo 1\.0 can't be read: "):
        collect([site_of(staged)])


def test_a_row_without_a_hash_is_refused(staged: Path) -> None:
    put(staged / "demo.py", b"")
    install(staged, {}, extra_rows="demo.py,,\n")
    with pytest.raises(DistributionError) as caught:
        collect([site_of(staged)])
    assert str(caught.value) == (
        f"RECORD of demo 1.0: demo.py has no hash, so it can't be verified. {remedy_of(['demo'])}"
    )
    with pytest.raises(DistributionError) as caught:
        collect([site_of(staged, built=True)])
    assert str(caught.value).endswith(remedy_of(["demo"], built=True))


@pytest.mark.parametrize("path", ["gone.py", "bin/gone"])
def test_a_file_that_is_not_there_is_refused(staged: Path, path: str) -> None:
    install(staged, {path: b""})
    (staged / path).unlink()
    with pytest.raises(DistributionError) as caught:
        collect([site_of(staged)])
    assert str(caught.value) == (
        f"RECORD of demo 1.0 lists {path}, which is not there as a file. {remedy_of(['demo'])}"
    )


@pytest.mark.parametrize("path", ["demo", "bin/demo"])
def test_a_row_that_names_a_directory_is_refused(staged: Path, path: str) -> None:
    install(staged, {f"{path}/__init__.py": b""}, extra_rows=f"{path},{Digest.of(b'')},0\n")
    with pytest.raises(DistributionError) as caught:
        collect([site_of(staged)])
    assert str(caught.value) == (
        f"RECORD of demo 1.0 lists {path}, which is not there as a file. {remedy_of(['demo'])}"
    )


def test_a_path_out_of_the_site_is_refused(staged: Path) -> None:
    install(staged, {}, extra_rows=f"../outside.py,{Digest.of(b'')},0\n")
    with pytest.raises(
        DistributionError, match=r"^RECORD of demo 1\.0: '\.\./outside\.py' is not a plain"
    ):
        collect([site_of(staged)])


def test_a_missing_distribution_is_refused(staged: Path) -> None:
    install(staged, {})
    with pytest.raises(DistributionError) as caught:
        collect([site_of(staged, "other", "demo", "another")])
    assert str(caught.value).startswith(
        "another, other should have been installed, but is not there."
    )


def test_a_distribution_in_the_wrong_site_is_missing_there(staged: Path) -> None:
    install(staged / "1", {}, name="demo")
    (staged / "2").mkdir()
    with pytest.raises(DistributionError):
        collect([site_of(staged / "1", "demo"), site_of(staged / "2", "other")])


def test_an_unexpected_distribution_is_refused(staged: Path) -> None:
    install(staged, {})
    install(staged, {}, name="stranger", version="2.0")
    with pytest.raises(DistributionError) as caught:
        collect([site_of(staged, "demo")])
    assert str(caught.value) == (
        "stranger-2.0.dist-info was installed, which the lock does not name; it names demo 1.0."
    )


@pytest.mark.parametrize(
    ("locked", "installed", "same"),
    [
        ("1.0", "1.0", True),
        ("1.0", "1.0.0", True),
        ("1.0rc1", "1.0.rc.1", True),
        ("1.0+local", "1.0+local", True),
        ("1.0", "1.0+local", False),
        ("1.0", "1.0.1", False),
        ("1.0", "1.0.post1", False),
        (None, "17", True),
        ("weird", "weird", True),
        ("weird", "other", False),
    ],
)
def test_the_version_is_the_locked_one(
    staged: Path,
    locked: str | None,
    installed: str,
    same: bool,  # noqa: FBT001
) -> None:
    install(staged, {}, version=installed)
    if same:
        (distribution,) = collect([site_of(staged, version=locked)]).distributions
        assert distribution.version == installed
    else:
        with pytest.raises(
            DistributionError,
            match=f"^demo-{installed}.dist-info was installed".replace("+", r"\+"),
        ):
            collect([site_of(staged, version=locked)])


def test_distributions_are_named_as_normalized_and_in_order(staged: Path) -> None:
    install(staged / "1", {}, name="Zope.Interface")
    install(staged / "1", {}, name="my_demo")
    install(staged / "2", {}, name="abc")
    sites = [site_of(staged / "1", "my-demo", "zope-interface"), site_of(staged / "2", "abc")]
    names = [distribution.name for distribution in collect(sites).distributions]
    assert names == ["abc", "my-demo", "zope-interface"]


def test_the_order_of_the_sites_does_not_matter(staged: Path) -> None:
    install(staged / "1", {"a.py": b"", "__pycache__/a.pyc": b"", "a.pth": b""}, name="first")
    install(staged / "2", {"b.py": b"", "__pycache__/b.pyc": b"", "b.pth": b""}, name="second")
    sites = [site_of(staged / "1", "first"), site_of(staged / "2", "second")]
    assert collect(sites) == collect(reversed(sites))


def test_the_files_are_verified_when_they_are_read(staged: Path) -> None:
    contents = ship(staged, {"demo.py": b"right"})
    put(staged / "demo.py", b"wrong")
    with pytest.raises(DistributionError, match=r"^demo\.py of demo is not the file"):
        content_of(contents, "demo.py")


def test_hard_links_are_left_alone(staged: Path, tmp_path: Path) -> None:
    """An installer's cache shares its files with the site, so no write may reach them."""
    cache = tmp_path / "cache"
    cache.mkdir()
    install(staged, {"demo.py": b"x"})
    for number, path in enumerate(sorted(INSTALLED)):
        os.link(path, cache / f"{number}")
    before = [path.read_bytes() for path in sorted(cache.iterdir())]
    for entry in collect([site_of(staged, built=True)]).entries:
        entry.read()
    assert [path.read_bytes() for path in sorted(cache.iterdir())] == before


@given(
    st.binary(max_size=50),
    st.binary(max_size=50),
    st.sampled_from(["sha256", "sha384", "sha512"]),
)
def test_an_entry_gives_only_what_its_digest_says(
    expected: bytes, found: bytes, algorithm: str
) -> None:
    entry = Entry("a", found, len(expected), Digest.of(expected, algorithm), "demo")
    if found == expected:
        assert entry.read() == expected
    else:
        with pytest.raises(DistributionError):
            entry.read()
