"""What counts as an edit while a directory is watched."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_lambda_zip.cli.watch import _Noticed


@pytest.fixture
def noticed(tmp_path: Path) -> _Noticed:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.py").write_text("1", encoding="utf-8")
    found = _Noticed()
    found.look_at([tmp_path])
    return found


def test_what_has_other_content_or_another_mode_is_edited(
    noticed: _Noticed, tmp_path: Path
) -> None:
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


def test_what_comes_and_goes_is_no_edit(noticed: _Noticed, tmp_path: Path) -> None:
    path = tmp_path / "scratch"
    assert noticed.edited({str(path): True}) == []
    path.touch()
    assert noticed.edited({str(path): True}) == ["scratch"]


def test_what_was_there_replaced_and_removed_is_edited(noticed: _Noticed, tmp_path: Path) -> None:
    (tmp_path / "deep/a.py").unlink()
    assert noticed.edited({str(tmp_path / "deep/a.py"): True}) == ["a.py"]


def test_links_are_edited_where_they_lead_elsewhere(noticed: _Noticed, tmp_path: Path) -> None:
    link = tmp_path / "link"
    for target in ("deep", "nowhere"):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        assert noticed.edited({str(link): True}) == ["link"]
        assert noticed.edited({str(link): True}) == []
