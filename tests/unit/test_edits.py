"""What counts as an edit while a directory is watched."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_lambda_zip.cli.edits import Noticed, is_output


@pytest.fixture
def noticed(tmp_path: Path) -> Noticed:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.py").write_text("1", encoding="utf-8")
    found = Noticed()
    found.look_at([tmp_path])
    return found


def test_what_has_other_content_or_another_mode_is_edited(noticed: Noticed, tmp_path: Path) -> None:
    path = tmp_path / "deep/a.py"
    change = {str(path): False}
    assert noticed.edited(change) == ["a.py"]  # of what was in it nothing is known
    assert noticed.edited(change) == []
    for text in ("2", "1"):
        path.write_text(text, encoding="utf-8")
        assert noticed.edited(change) == ["a.py"]
    path.chmod(0o755)
    assert noticed.edited(change) == ["a.py"]
    path.unlink()
    assert noticed.edited(change) == ["a.py"]
    assert noticed.edited({}) == []


def test_what_a_build_changes_is_edited_until_the_next_build_leaves_the_same(
    noticed: Noticed, tmp_path: Path
) -> None:
    path = tmp_path / "deep/a.py"
    change = {str(path): False}
    for text, expected in (("1", ["a.py"]), ("1", []), ("1", []), ("2", ["a.py"]), ("2", [])):
        path.write_text(text, encoding="utf-8")
        noticed.end_build()
        assert noticed.edited(change) == expected
        assert noticed.edited(change) == []
    # A build that does not change it: the next change during one may be of somebody else.
    noticed.end_build()
    assert noticed.edited({}) == []
    assert noticed.edited(change) == []
    noticed.end_build()
    assert noticed.edited(change) == ["a.py"]


def test_an_edit_that_is_undone_during_a_build_is_one(noticed: Noticed, tmp_path: Path) -> None:
    path = tmp_path / "deep/a.py"
    noticed.end_build()
    assert noticed.edited({}) == []
    path.write_text("2", encoding="utf-8")
    assert noticed.edited({str(path): False}) == ["a.py"]
    noticed.end_build()  # it was another one in between
    assert noticed.edited({str(path): False}) == ["a.py"]


def until_quiet(noticed: Noticed) -> list[str]:
    return next(filter(None, (noticed.edited({}) for _ in range(20))), [])


def test_what_is_another_one_after_each_build_is_no_edit_for_ever(
    noticed: Noticed, tmp_path: Path
) -> None:
    path = tmp_path / "deep/a.py"
    change = {str(path): False}

    def build(text: str) -> list[str]:
        path.write_text(text, encoding="utf-8")
        noticed.end_build()
        return noticed.edited(change)

    assert [build(text) for text in "123"] == [["a.py"]] * 3
    assert build("4") == []
    assert noticed.products == []
    assert until_quiet(noticed) == ["a.py"], "it may have been saved during each of them"
    assert build("5") == []
    assert noticed.products == ["a.py"]
    assert until_quiet(noticed) == []
    assert noticed.products == []
    path.write_text("by hand", encoding="utf-8")
    assert noticed.edited(change) == ["a.py"]
    assert build("6") == []
    assert until_quiet(noticed) == ["a.py"]
    # The same again is what a build makes; and then another one may be of somebody else.
    assert build("6") == []
    assert until_quiet(noticed) == []
    assert build("7") == ["a.py"]


def test_one_edit_ends_the_wait_for_quiet(noticed: Noticed, tmp_path: Path) -> None:
    path, other = tmp_path / "deep/a.py", tmp_path / "b.py"
    for text in "1234":
        path.write_text(text, encoding="utf-8")
        noticed.end_build()
        noticed.edited({str(path): False})
    other.touch()
    assert noticed.edited({str(other): True}) == ["b.py"]
    assert until_quiet(noticed) == []


def test_what_comes_and_goes_is_an_edit_during_a_build_alone(
    noticed: Noticed, tmp_path: Path
) -> None:
    path = tmp_path / "scratch"
    assert noticed.edited({str(path): True}) == []
    path.touch()
    assert noticed.edited({str(path): True}) == ["scratch"]
    for name, expected in (("a", ["a1", "a2"]), ("b", []), ("c", [])):  # once, whatever they are
        noticed.end_build()
        changes = {str(tmp_path / f"{name}{number}"): True for number in (1, 2)}
        assert noticed.edited(changes) == expected


def test_what_was_there_replaced_and_removed_is_edited(noticed: Noticed, tmp_path: Path) -> None:
    (tmp_path / "deep/a.py").unlink()
    assert noticed.edited({str(tmp_path / "deep/a.py"): True}) == ["a.py"]


def test_a_directory_counts_with_all_that_is_in_it(noticed: Noticed, tmp_path: Path) -> None:
    path = tmp_path / "deep"
    change = {str(path): True}
    assert noticed.edited(change) == ["deep"]
    for text in ("2", "3"):
        path.rename(tmp_path.with_name(f"old-{text}"))
        path.mkdir()
        (path / "b.py").write_text(text, encoding="utf-8")
        assert noticed.edited(change) == ["deep"]
        assert noticed.edited(change) == []
    (path / "b.py").unlink()
    assert noticed.edited({str(path / "b.py"): True}) == ["b.py"]  # which nobody told of
    path.rmdir()
    assert noticed.edited({str(path): False}) == ["deep"]


def test_links_are_edited_where_they_lead_elsewhere(noticed: Noticed, tmp_path: Path) -> None:
    link = tmp_path / "link"
    for target in ("deep", "nowhere"):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        assert noticed.edited({str(link): True}) == ["link"]
        assert noticed.edited({str(link): True}) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("dist/a.txt", True),
        ("app/build/lib/a.py", True),
        ("app/src/a/build/a.txt", False),
        ("app/target/a.py", False),
        ("app/src/a.egg-info/x", False),
        ("app/src/a.egg-info", True),
        ("app/src/distance/a.py", False),
        ("out/a-lambda.zip", True),
        ("out/.a-lambda.zip.0a1b2c3d.before", True),
        ("out/a.before", False),
        ("out/a.zip", False),
    ],
)
def test_outputs_are_beside_a_file_of_the_project(
    tmp_path: Path, path: str, *, expected: bool
) -> None:
    (tmp_path / "app/target").mkdir(parents=True)
    (tmp_path / "app/pyproject.toml").touch()
    (tmp_path / "app/target/__init__.py").touch()
    (tmp_path / "out").mkdir()
    text = '{"artifact": "a-lambda.zip", "tool": {"name": "hatch-lambda-zip"}}'
    (tmp_path / "out/a-lambda.json").write_text(text, encoding="utf-8")
    assert is_output(tmp_path / path, tmp_path) is expected
