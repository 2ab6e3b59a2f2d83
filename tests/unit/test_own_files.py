from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.cli.find import find_projects
from hatch_lambda_zip.config.model import OwnFiles
from hatch_lambda_zip.contents.own.code import read_code
from hatch_lambda_zip.contents.own.outputs import Outputs
from hatch_lambda_zip.contents.own.own_files import Surroundings, read_added, select_own_files
from hatch_lambda_zip.errors import ContentsError, OutputError
from hatch_lambda_zip.install.reasons import LeftOut, Reason
from tests.support.installed import files_of, made, put

PACKAGE = made(
    "orders",
    dict.fromkeys(
        (
            "orders/__init__.py",
            "orders/api/app.py",
            "orders/api/data.json",
            "orders/jobs.py",
            "top.py",
        ),
        "",
    ),
)
FILES = files_of(PACKAGE)


def chosen(
    include: tuple[str, ...] | None = None, exclude: tuple[str, ...] = ()
) -> tuple[list[str], tuple[str, ...]]:
    package, idle = select_own_files(PACKAGE, OwnFiles(include, exclude))
    gone = sorted({*FILES} - {*files_of(package)})
    assert package.left_out == tuple(LeftOut(name, Reason.PATTERN, "orders") for name in gone)
    assert {*PACKAGE.entries} - {*package.entries} == {
        entry for entry in PACKAGE.entries if entry.name in gone
    }
    return files_of(package), idle


@pytest.mark.parametrize(
    ("include", "exclude", "files"),
    [
        (None, (), FILES),
        (("orders/**",), (), FILES[:-1]),
        (("orders/api",), (), ["orders/api/app.py", "orders/api/data.json"]),
        (("/top.py",), (), ["top.py"]),
        ((), (), []),
        (None, ("orders/api/**",), ["orders/__init__.py", "orders/jobs.py", "top.py"]),
        (None, ("*.py",), ["orders/api/data.json"]),
        (("orders",), ("*.py",), ["orders/api/data.json"]),
        (("*.py",), ("*.py",), []),
        (None, ("*.py", "!top.py"), ["orders/api/data.json", "top.py"]),
        (("*.py", "!orders/jobs.py"), (), ["orders/__init__.py", "orders/api/app.py", "top.py"]),
        (None, ("app.py",), [name for name in FILES if not name.endswith("app.py")]),
    ],
)
def test_patterns_choose_as_in_gitignore_and_exclude_wins(
    include: tuple[str, ...] | None, exclude: tuple[str, ...], files: list[str]
) -> None:
    assert chosen(include, exclude) == (files, ())


def test_patterns_that_match_nothing_are_named() -> None:
    assert chosen(("orders", "order"), ("nothing", "*.json", "!never")) == (
        ["orders/__init__.py", "orders/api/app.py", "orders/jobs.py"],
        ("order", "nothing"),
    )


@pytest.mark.parametrize(
    ("include", "exclude"), [((), ()), (None, ("*",)), (("top.py",), ("METADATA", "*.dist-info"))]
)
def test_the_dist_info_directory_always_ships(
    include: tuple[str, ...] | None, exclude: tuple[str, ...]
) -> None:
    package, _ = select_own_files(PACKAGE, OwnFiles(include, exclude))
    assert "orders-1.0.dist-info/METADATA" in [entry.name for entry in package.entries]


def read(root: Path, **added: str) -> dict[str, tuple[str, bytes]]:
    pairs = [(source.replace("__", "/"), place) for source, place in added.items()]
    around = Surroundings(root, Outputs(root.resolve()))
    found = read_added(around, pairs, owner="orders", key="here")
    assert all(entry.distribution == "orders" for _, entry in found)
    names = [entry.name for _, entry in found]
    assert len(names) == len({*names})
    return {entry.name: (source, entry.read()) for source, entry in found}


def error_of(root: Path, **added: str) -> str:
    with pytest.raises(ContentsError) as caught:
        read(root, **added)
    return str(caught.value)


def test_files_and_directories_are_read(tmp_path: Path) -> None:
    put(tmp_path / "a", b"1")
    put(tmp_path / "b/c/d", b"2")
    put(tmp_path / "b/B", b"3")
    assert read(tmp_path, a="x/y", b="z", b__c="c") == {
        "x/y": ("a", b"1"),
        "z/c/d": ("b/c/d", b"2"),
        "z/B": ("b/B", b"3"),
        "c/d": ("b/c/d", b"2"),
    }
    assert read(tmp_path) == {}


@given(st.permutations(["b", "a", "Z", "\u00e9", "a.b", "a-b"]))
def test_the_order_of_a_directory_is_that_of_names(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    root = tmp_path_factory.mktemp("order")
    for name in names:
        put(root / "d" / name, name.encode())
    assert [*read(root, d="d")] == [f"d/{name}" for name in sorted(names)]


def test_what_an_interpreter_left_behind_does_not_ship(tmp_path: Path) -> None:
    put(tmp_path / "d/a.py", b"")
    put(tmp_path / "d/__pycache__/a.cpython-313.pyc", b"")
    assert [*read(tmp_path, d="d")] == ["d/a.py"]


def test_links_inside_the_project_ship_what_they_name(tmp_path: Path) -> None:
    put(tmp_path / "a", b"1")
    put(tmp_path / "b/c", b"2")
    (tmp_path / "d").mkdir()
    (tmp_path / "d/file").symlink_to("../a")
    (tmp_path / "d/directory").symlink_to("../b")
    assert read(tmp_path, d="d") == {
        "d/directory/c": ("d/directory/c", b"2"),
        "d/file": ("d/file", b"1"),
    }


def test_a_root_that_is_a_link_itself_is_no_way_out(tmp_path: Path) -> None:
    put(tmp_path / "real/a", b"1")
    (tmp_path / "link").symlink_to("real")
    assert read(tmp_path / "link", a="a") == {"a": ("a", b"1")}


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    assert error_of(tmp_path, a="b") == (
        f"here.include-files.\"a\": there is no 'a' in {tmp_path}. Correct the path; in an "
        "unpacked sdist, make the sdist take the file along."
    )


def test_an_output_directory_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "out/a.txt", b"")
    around = Surroundings(tmp_path, Outputs.of(tmp_path, ["out"]))
    with pytest.raises(
        ContentsError, match=r"include-files\.\"out\": 'out' is an output directory"
    ):
        read_added(around, [("out", "x")], owner="orders", key="here")


def test_a_directory_without_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d/e").mkdir(parents=True)
    assert error_of(tmp_path, d="d") == (
        'here.include-files."d": no file is in it. Remove the line, or add a file.'
    )


@pytest.mark.parametrize("inner", ["d", "d/link", "d/e/link"])
@pytest.mark.parametrize("directory", [False, True])
def test_a_link_that_leaves_the_project_is_refused(
    tmp_path: Path,
    inner: str,
    directory: bool,  # noqa: FBT001
) -> None:
    put(tmp_path / "outside/secret", b"")
    (tmp_path / "root").mkdir()
    link = tmp_path / "root" / inner
    link.parent.mkdir(parents=True, exist_ok=True)
    goal = tmp_path / "outside" if directory else tmp_path / "outside/secret"
    link.symlink_to(goal)
    assert error_of(tmp_path / "root", d="d") == (
        f'here.include-files."d": {link} is a symbolic link that leaves the project, to {goal}. '
        "Copy what it names into the project."
    )


def read_beside(place: Path, source: str) -> dict[str, str]:
    (place / "projects/one").mkdir(parents=True, exist_ok=True)
    around = Surroundings(place / "projects/one", Outputs(place), place / "projects/one")
    found = read_added(around, [(source, "c")], owner="one", key="here")
    return {entry.name: named for named, entry in found}


@pytest.mark.parametrize("is_repository", [False, True])
def test_a_directory_beside_the_project(tmp_path: Path, is_repository: bool) -> None:  # noqa: FBT001
    put(tmp_path / "common/a", b"1")
    put(tmp_path / "common/secret", b"2")
    put(tmp_path / "common/.gitignore", b"secret\n")
    if is_repository:
        (tmp_path / ".git").mkdir()
    named = read_beside(tmp_path, "../../common")
    assert named == {"c/.gitignore": "../../common/.gitignore", "c/a": "../../common/a"}
    assert read_beside(tmp_path, "../../common/a") == {"c": "../../common/a"}


def test_what_is_named_beside_the_project_stays_in_the_repository(tmp_path: Path) -> None:
    put(tmp_path / "outside/a", b"1")
    put(tmp_path / "top/other/a", b"1")
    (tmp_path / "top/.git").mkdir()
    (tmp_path / "top/fine").symlink_to("other")
    (tmp_path / "top/link").symlink_to("../outside")
    assert read_beside(tmp_path / "top", "../../fine") == {"c/a": "../../fine/a"}
    with pytest.raises(ContentsError, match=r"link that leaves .*, to .*outside"):
        read_beside(tmp_path / "top", "../../link")
    # The second depends on what the checkout's directory is called.
    for source in ("../../../outside", "../../../top/other"):
        with pytest.raises(ContentsError, match="other checkouts do not have what is there"):
            read_beside(tmp_path / "top", source)


def test_links_in_the_project_stay_in_the_repository(tmp_path: Path) -> None:
    put(tmp_path / "outside", b"1")
    put(tmp_path / "top/common/a", b"1")
    put(tmp_path / "top/projects/one/d/b", b"1")
    (tmp_path / "top/.git").mkdir()
    (tmp_path / "top/projects/one/d/common").symlink_to("../../../common")
    named = {"c/b": "d/b", "c/common/a": "d/common/a"}
    assert read_beside(tmp_path / "top", "d") == named
    (tmp_path / "top/projects/one/d/link").symlink_to("../../../../outside")
    with pytest.raises(ContentsError, match=r"link that leaves .*top and .*one, to .*outside"):
        read_beside(tmp_path / "top", "d")


def test_links_beside_a_project_without_a_repository_stay_in_what_is_named(tmp_path: Path) -> None:
    put(tmp_path / "outside", b"1")
    put(tmp_path / "common/a", b"1")
    (tmp_path / "common/b").symlink_to("../outside")
    with pytest.raises(ContentsError, match=r"link that leaves .*common, to .*outside"):
        read_beside(tmp_path, "../../common")


@pytest.mark.parametrize("inner", ["d", "d/link"])
def test_a_broken_link_is_refused(tmp_path: Path, inner: str) -> None:
    link = tmp_path / inner
    link.parent.mkdir(exist_ok=True)
    link.symlink_to("nothing")
    message = error_of(tmp_path, d="d")
    assert message.startswith(
        f'here.include-files."d": {link} is a symbolic link to nothing, which is not there.'
    )
    assert "nothing" in message


@pytest.mark.parametrize("goal", [".", "..", "../..", "../../d/e"])
def test_a_link_around_itself_is_refused(tmp_path: Path, goal: str) -> None:
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "d/e/link").symlink_to(goal)
    assert error_of(tmp_path, d="d") == (
        f'here.include-files."d": {tmp_path / "d/e/link"} is a symbolic link to a directory that '
        "it lies in. Remove it."
    )


def test_links_to_each_other_are_refused(tmp_path: Path) -> None:
    for one, other in ("ef", "fe"):
        (tmp_path / f"d/{one}").mkdir(parents=True)
        (tmp_path / f"d/{one}/link").symlink_to(f"../{other}")
    assert "is a symbolic link to a directory that it lies in" in error_of(tmp_path, d="d")


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d").symlink_to("d")
    assert "symbolic links" in error_of(tmp_path, d="d")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_what_is_neither_file_nor_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    os.mkfifo(tmp_path / "d/pipe")
    assert error_of(tmp_path, d="d") == (
        f'here.include-files."d": {tmp_path / "d/pipe"} is neither a file nor a directory. '
        "Remove it."
    )


def test_sources_elsewhere_are_no_place_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a build writes there while it runs would ship."""
    root = tmp_path / "app"
    for directory in ("shared/tmp", "linked"):
        put(tmp_path / directory / "a.py", b"")
    put(root / "x", b"")
    (root / "link").symlink_to("../shared")
    put(tmp_path / ".git/HEAD", b"")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "shared/tmp"))
    around = Surroundings(root, Outputs(root.resolve()), tmp_path)
    for source in ("../shared", "../shared/tmp", "link"):
        with pytest.raises(OutputError, match="among the sources in"):
            read_added(around, [(source, "x")], owner="orders", key="here")
        with pytest.raises(OutputError, match="among the sources in"):
            read_code(around, [(source, "")], OwnFiles(), owner="orders", key="here")
    assert read_added(around, [("../linked", "x")], owner="orders", key="here")
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "linked/compiled"))
    with pytest.raises(OutputError, match="Set PYTHONPYCACHEPREFIX to a directory outside"):
        read_added(around, [("../linked", "x")], owner="orders", key="here")
    assert read_code(around, [("../linked", "")], OwnFiles(), owner="orders", key="here")


def test_directories_without_end_are_refused(tmp_path: Path) -> None:
    deep = tmp_path / "d"
    for _ in range(101):
        deep /= "d"
    put(deep / "x", b"")
    with pytest.raises(OutputError) as caught:
        read(tmp_path, d="d")
    assert str(caught.value) == (
        f"{tmp_path / 'd'} has directories in directories, more than 100 deep, as a program gone "
        f"wrong makes them. Remove them, from {tmp_path / 'd/d'} on."
    )
    with pytest.raises(OutputError, match="more than 100 deep"):
        find_projects(tmp_path)
    (deep / "x").unlink()
    deep.rmdir()
    put(deep.parent / "x", b"")
    assert [*read(tmp_path, d="d")] == [f"{'d/' * 101}x"]


def test_two_sources_of_one_place_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "a/x", b"1")
    put(tmp_path / "b/x", b"1")
    put(tmp_path / "b/y", b"1")
    assert error_of(tmp_path, a="c", b="c") == (
        'here.include-files."b": b/x and a/x would both be c/x in the zip. Choose another place '
        "for one of them."
    )
    put(tmp_path / "e/y", b"1")
    assert [*read(tmp_path, a="c", e="c")] == ["c/x", "c/y"]
