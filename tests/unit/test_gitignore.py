"""What git ignores, as git itself says it."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatch_lambda_zip.contents.own.gitignore import (
    IgnoreRules,
    repository_of,
    rules_at,
    select_ignored,
    top_of,
)
from hatch_lambda_zip.errors import ContentsError

NAMES = ("a", "b", "ab", "a.c", "b.c", ".x", "A", "[a]", "a b", "abab.c")
PARTS = (
    *("a", "b", "*", "**", "a*", "*.c", "?", "[ab]", "[!a]", "ab", "*b", "***", "a**", r"\a"),
    *("[a-b]*", "a.c", ".*", "[[]a]", "[^a]", r"a\ b", "a\\"),
    *("*a*b*", "a*b*c", "*?*[.b]*", r"*\a*b*.*"),
)


def write(root: Path, **files: str) -> None:
    """Write .gitignore files; ``_`` is the root."""
    for directory, text in files.items():
        place = root if directory == "_" else root / directory.replace("__", "/")
        place.mkdir(parents=True, exist_ok=True)
        (place / ".gitignore").write_text(text, encoding="utf-8")


def ignored(root: Path, path: str, top: Path | None = None) -> bool:
    """Tell whether something, or a directory that it lies in, is ignored; `/` ends directories."""
    rules = rules_at(top or root, root)
    *directories, name = path.rstrip("/").split("/")
    place = root
    for directory in directories:
        place /= directory
        if rules.ignores(directory, is_directory=True):
            return True
        place.mkdir(exist_ok=True)
        rules = rules.enter(place)
    return rules.ignores(name, is_directory=path.endswith("/"))


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("*.log", "a.log", True),
        ("*.log", "d/a.log", True),
        ("/a", "a", True),
        ("/a", "d/a", False),
        ("d/a", "d/a", True),
        ("d/a", "e/d/a", False),
        ("a/", "a", False),
        ("a/", "a/", True),
        ("a/", "a/b", True),
        ("*\n!a", "a", False),
        ("a\n!a/b", "a/b", True),
        ("*.log\n!keep.log", "keep.log/x.log", True),
        ("**/a", "d/e/a", True),
        ("d/**", "d/", False),
        ("d/**", "d/e/f", True),
        ("d/**/f", "d/f", True),
        ("# a\n\\#b\n\\!c", "#b", True),
        ("# a\n\\#b\n\\!c", "!c", True),
        ("a  ", "a", True),
        ("a\\ ", "a ", True),
        ("a\r\nb\r\n", "a", True),
        ("\ufeffa", "a", True),
        ("A", "a", False),
        ("[", "[", False),
        ("a\\", "a", False),
        ("!", "!", False),
        ("/", "a", False),
        ("a*/", "ab/c", True),
    ],
)
def test_patterns(tmp_path: Path, text: str, path: str, expected: bool) -> None:  # noqa: FBT001
    write(tmp_path, _=text)
    assert ignored(tmp_path, path) is expected


def test_deeper_files_win_and_speak_of_their_own_directory(tmp_path: Path) -> None:
    write(tmp_path, _="*.txt\n/x", d="!a.txt\n/x.md")
    assert not ignored(tmp_path, "d/a.txt")
    assert ignored(tmp_path, "d/b.txt")
    assert ignored(tmp_path, "d/x.md")
    assert not ignored(tmp_path, "x.md")
    assert not ignored(tmp_path, "d/x")


def test_files_above_count_from_the_top(tmp_path: Path) -> None:
    write(tmp_path, _="*.a", top="*.b", top__d="*.c")
    below, top = tmp_path / "top/d", tmp_path / "top"
    assert [ignored(below, f"x.{end}", top) for end in "abc"] == [False, True, True]


def test_a_repository_inside_has_rules_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, _="*.a", inner="*.b")
    (tmp_path / "inner/.git").write_text("gitdir: x")
    assert ignored(tmp_path, "inner/x.b")
    assert not ignored(tmp_path, "inner/x.a")


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("build/", "a", False),
        ("/build", "a", False),
        ("*", "a", False),
        ("build/\n*.log", "a.log", True),
        ("build/*", "a", True),
        ("around", "a", False),
    ],
)
def test_what_ignores_a_named_directory_itself_has_no_say(
    tmp_path: Path,
    text: str,
    name: str,
    expected: bool,  # noqa: FBT001
) -> None:
    write(tmp_path, _=text if "build/*" not in text else f"around/{text}")
    (tmp_path / "around/build").mkdir(parents=True)
    rules = rules_at(tmp_path, tmp_path / "around/build").for_named()
    assert rules.ignores(name, is_directory=False) is expected


def test_links_are_not_read_as_git_does_not(tmp_path: Path) -> None:
    (tmp_path / "patterns").write_text("a")
    (tmp_path / ".gitignore").symlink_to("patterns")
    assert not ignored(tmp_path, "a")


def test_one_that_can_not_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, _="a")

    def fail(self: Path) -> bytes:
        raise PermissionError(13, "no", str(self))

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(ContentsError, match=r"\.gitignore can't be read: "):
        rules_at(tmp_path, tmp_path)


def test_the_top_is_the_repository_else_the_workspace_else_the_directory(tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    inside, outside = workspace / "d", tmp_path / "other"
    inside.mkdir(parents=True)
    outside.mkdir()
    assert repository_of(inside) is None
    assert top_of(inside, workspace) == workspace
    assert top_of(outside, workspace) == outside
    (tmp_path / ".git").mkdir()
    assert repository_of(inside) == top_of(inside, workspace) == tmp_path


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 20 + "b", "a" * 250),
        ("[a-z]*" * 20 + "b", "a" * 250),
        ("a/**/" * 20 + "b", "/".join("a" * 80)),
    ],
)
def test_wildcards_take_no_time_without_end(pattern: str, path: str) -> None:
    """Tried in all ways, they would take longer than anybody lives."""
    assert not select_ignored([pattern], [path])
    assert select_ignored([pattern], [f"{path}b" if "/" not in path else f"{path}/b"])


def walk(directory: Path, rules: IgnoreRules, root: Path) -> Iterator[str]:
    for path in directory.iterdir():
        if path.name == ".git" or rules.ignores(path.name, is_directory=path.is_dir()):
            continue
        if path.is_dir():
            yield from walk(path, rules.enter(path), root)
        else:
            yield path.relative_to(root).as_posix()


def random_tree(root: Path, rng: random.Random) -> None:
    def pattern() -> str:
        text = "/".join(rng.choice(PARTS) for _ in range(rng.choice((1, 1, 1, 2, 2, 3))))
        ends = [("/", 0.3, ""), ("", 0.35, "/"), ("!", 0.35, ""), ("", 0.05, "  ")]
        for before, chance, behind in ends:
            if rng.random() < chance:
                text = f"{before}{text}{behind}"
        return text

    directories = [root]
    for _ in range(rng.randint(1, 6)):
        directory = rng.choice(directories) / rng.choice(NAMES)
        if not directory.exists():
            directory.mkdir()
            directories.append(directory)
    for directory in directories:
        for _ in range(rng.randint(0, 4)):
            file = directory / rng.choice(NAMES)
            if not file.exists():
                file.touch()
        if directory == root or rng.random() < 0.4:
            lines = [pattern() for _ in range(rng.randint(1, 4))]
            (directory / ".gitignore").write_text("\n".join(lines), encoding="utf-8")


def compare_with_git(root: Path, seed: int) -> None:
    root.mkdir()
    random_tree(root, random.Random(seed))  # noqa: S311 - no secret
    git = ["git", "-c", "core.ignorecase=false"]
    subprocess.run([*git, "init", "-q"], cwd=root, check=True)
    # Of the ways to ask git, the one that reads nothing but .gitignore files.
    ask = [*git, "ls-files", "-o", "-z", "--exclude-per-directory=.gitignore"]
    answer = subprocess.run(ask, cwd=root, check=True, capture_output=True).stdout.decode()
    expected = sorted(filter(None, answer.split("\0")))
    assert sorted(walk(root, rules_at(root, root), root)) == expected, f"seed {seed}"


@pytest.mark.parametrize("seed", [157, 647, *range(20)])
def test_git_says_the_same(tmp_path: Path, seed: int) -> None:
    compare_with_git(tmp_path / "tree", seed)


@pytest.mark.slow
def test_git_says_the_same_of_many_trees(tmp_path: Path) -> None:
    for seed in range(1000, 1100):
        compare_with_git(tmp_path / str(seed), seed)


@pytest.mark.parametrize(
    ("pattern", "ignored"),
    [
        ("/ab**", {"ab", "abx/c", "abX/c", "ab/x/c"}),
        ("ab**/c", {"abx/c", "ab/x/c", "abX/c"}),
        ("ab**/X", {"abX/c"}),
        ("p/ab**", {"p/abx"}),
        ("p/abx/", set()),
        ("ab/x/", {"ab/x/c"}),
    ],
)
def test_asterisks_that_are_glued_to_a_name(pattern: str, ignored: set[str]) -> None:
    """As `git check-ignore` has it."""
    paths = ("ab", "abx/c", "abX/c", "ab/x/c", "xab/c", "d/abx/c", "p/abx")
    assert select_ignored([pattern], paths) == ignored


def test_a_pattern_has_no_say_over_what_is_asked_for_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("a/\nb/\nc\n")
    rules = rules_at(tmp_path, tmp_path / "a/b").for_named()
    for name, is_directory in (("a", True), ("b", True)):
        assert not rules.ignores(name, is_directory=is_directory)
    assert rules.ignores("c", is_directory=False)
