from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from installing import files_of, installed

from hatch_lambda_zip.artifacts import OwnFiles
from hatch_lambda_zip.contents import assemble
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import CollisionError, OwnFilesError
from hatch_lambda_zip.left_out import Reason
from hatch_lambda_zip.own_files import choose, read_added

if TYPE_CHECKING:
    from pathlib import Path

FILES = dict.fromkeys(
    ("orders/__init__.py", "orders/api/__init__.py", "orders/api/a.txt", "orders/b.txt", "c.py"),
    b"",
)


def chosen(include: tuple[str, ...] | None, *exclude: str) -> tuple[set[str], tuple[str, ...]]:
    package, idle = choose(installed("orders", FILES), OwnFiles(include, exclude))
    assert {left.path for left in package.left_out} == FILES.keys() - files_of([package])
    assert all(left.reason is Reason.PATTERN for left in package.left_out)
    assert any(entry.name.endswith("METADATA") for entry in package.entries)
    return files_of([package]), idle


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (None, (), FILES.keys()),
        (None, ("orders/api/**",), {"orders/__init__.py", "orders/b.txt", "c.py"}),
        (None, ("/api",), FILES.keys()),
        (None, ("api",), {"orders/__init__.py", "orders/b.txt", "c.py"}),
        (None, ("*.txt", "!b.txt"), FILES.keys() - {"orders/api/a.txt"}),
        (("/orders",), (), FILES.keys() - {"c.py"}),
        (("*.py",), ("api/",), {"orders/__init__.py", "c.py"}),
        (("c.py",), ("c.py",), set()),
        (None, ("*",), set()),
    ],
)
def test_patterns_are_gits(
    include: tuple[str, ...] | None, exclude: tuple[str, ...], expected: set[str]
) -> None:
    assert chosen(include, *exclude)[0] == expected


def test_patterns_that_match_nothing_are_told() -> None:
    assert chosen(("/orders", "/src"), "*.txt", "*.md", "!*.rst")[1] == ("/src", "*.md")


def read(root: Path, **added: str) -> dict[str, bytes]:
    pairs = [(source.replace("__", "/"), place) for source, place in added.items()]
    entries = read_added(root, pairs, owner="orders", key="KEY")
    assert all((root / source).read_bytes() == entry.read() for source, entry in entries)
    return {entry.name: entry.read() for _, entry in entries}


def test_files_and_directories_are_added_in_one_order(tmp_path: Path) -> None:
    noise = "config/__pycache__/x.pyc", "config/a/.DS_Store"
    for name in ("config/z.toml", "config/a/b.toml", "top", *noise):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert read(tmp_path, config="etc", top="top.txt") == {
        "etc/a/b.toml": b"config/a/b.toml",
        "etc/z.toml": b"config/z.toml",
        "top.txt": b"top",
    }
    assert [*read(tmp_path, config="etc")] == ["etc/a/b.toml", "etc/z.toml"]


def test_sources_that_are_not_there_or_lead_away(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "config").mkdir(parents=True)
    with pytest.raises(OwnFilesError, match=r"^KEY.include-files.\"gone\": there is no 'gone' in"):
        read(root, gone="x")
    (tmp_path / "secret").write_text("s")
    (root / "config/link").symlink_to(tmp_path / "secret")
    with pytest.raises(OwnFilesError, match=r"config/link is a symbolic link that leaves the"):
        read(root, config="x")
    (root / "config/link").unlink()
    (root / "config/loop").symlink_to(root / "config")
    with pytest.raises(OwnFilesError, match=r"config/loop is a symbolic link to a directory"):
        read(root, config="x")


def test_added_files_and_prefixes_in_the_zip() -> None:
    package = installed("orders", {"orders/a.py": b"1"})
    added = [Entry.of("etc/x", b"2", "orders")]
    contents = assemble([package], added=added, prefix="python/")
    assert [entry.name for entry in contents.entries] == [
        "etc/x",
        "python/orders-1.0.dist-info/METADATA",
        "python/orders-1.0.dist-info/RECORD",
        "python/orders/a.py",
    ]
    record = next(one for one in contents.entries if one.name.endswith("RECORD")).read().decode()
    assert [line.partition(",")[0] for line in record.splitlines()] == [
        "orders-1.0.dist-info/METADATA",
        "orders-1.0.dist-info/RECORD",
        "orders/a.py",
    ]
    same = Entry.of("orders/a.py", b"1", "orders")
    assert len(assemble([package], added=[same]).entries) == 3
    for name in ("orders/a.py", "orders", "orders/a.py/b"):
        with pytest.raises(CollisionError):
            assemble([package], added=[Entry.of(name, b"other", "orders")])
