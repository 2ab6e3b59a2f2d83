"""The page that `report` writes, in a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hatch_lambda_zip.text import format_size
from tests.support.browsers import browser_modules, chromium
from tests.support.commands import needed, run
from tests.support.loose import invoke
from tests.support.site_zips import zipped
from tests.unit.test_inspection import TREE
from tests.unit.test_report import HOSTILE

pytestmark = pytest.mark.exhaustive

SCRIPT = Path(__file__).parent / "browser/report.mjs"
OTHER = {**TREE, "lambda_function.py": b"other = 1\n", "new.py": b"new = 1\n" * 9}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return browser_modules(tmp_path_factory)


@pytest.fixture(scope="module")
def seen(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was seen on the pages of one zip, of two, and of one with hostile names."""
    browser = chromium()
    directory = tmp_path_factory.mktemp("pages")
    for name, tree in (("one", TREE), ("other", OTHER), ("hostile", {**TREE, **HOSTILE})):
        (directory / f"{name}.zip").write_bytes(zipped(tree))
    pages = {"one": ["one.zip"], "two": ["one.zip", "other.zip"], "hostile": ["hostile.zip"]}
    for name, zips in pages.items():
        paths = [directory / it for it in zips]
        assert invoke("report", *paths, "-o", directory / f"{name}.html").exit_code == 0
    paths = [directory / f"{name}.html" for name in pages]
    result = run([needed("node"), SCRIPT, modules, browser, *paths], cwd=directory)
    (data,) = json.loads(invoke("inspect", "--json", directory / "one.zip").stdout)
    return {**dict(zip(pages, json.loads(result.stdout), strict=True)), "inspect": data}


@pytest.mark.parametrize("page", ["one", "two", "hostile"])
def test_no_error_no_request_and_nothing_for_axe(page: str, seen: dict[str, Any]) -> None:
    assert seen[page]["trouble"] == []
    assert seen[page]["violations"] == []


def test_the_numbers_are_those_of_inspect(seen: dict[str, Any]) -> None:
    inspected, saw = seen["inspect"], seen["one"]
    assert saw["title"] == "one.zip"
    assert saw["limits"] == [format_size(it["bytes"]) for it in inspected["limits"]]
    expected = {
        " ".join(filter(None, (it["name"] or "(own files)", it["version"]))): [
            str(it["files"]),
            format_size(it["bytes"]),
            format_size(it["compressed_bytes"]),
        ]
        for it in inspected["distributions"]
    }
    assert {row[0]: row[1:4] for row in saw["rows"]} == expected


@pytest.mark.parametrize(
    ("areas", "measure"), [("areas", "bytes"), ("compressed", "compressed_bytes")]
)
def test_areas_are_sizes(areas: str, measure: str, seen: dict[str, Any]) -> None:
    sizes = sorted((it[measure] for it in seen["inspect"]["distributions"]), reverse=True)
    found = sorted((area for _, area in seen["one"][areas]), reverse=True)
    for size, area in zip(sizes, found, strict=True):
        assert area / sum(found) == pytest.approx(size / sum(sizes), abs=0.01)


def test_a_click_and_the_keyboard_zoom(seen: dict[str, Any]) -> None:
    saw = seen["one"]
    assert saw["hovered"].startswith("demo")
    assert saw["zoomed"] == ["all files", "demo"]
    assert {label.partition(" ")[0] for label in saw["inside"]} == {"demo", "Demo-1.5.dist-info"}
    assert saw["back"] == ["all files"]
    assert saw["moved"].startswith("(own files)")
    assert saw["entered"] == ["all files", "(own files)"]


def test_the_search_filters_and_the_table_sorts(seen: dict[str, Any]) -> None:
    saw = seen["one"]
    libraries = sorted(name for name in TREE if name.endswith(".so"))
    size = format_size(sum(len(TREE[name]) for name in libraries))
    assert saw["found"] == f"2 files found, {size}"
    assert sorted(saw["foundRows"]) == libraries
    assert (saw["sorted"], saw["order"]) == (libraries, "ascending")


def test_the_change_between_two_zips(seen: dict[str, Any]) -> None:
    saw = seen["two"]
    assert saw["title"] == "one.zip → other.zip"
    rows = {row[0]: row[1:] for row in saw["rows"]}
    before, after = (
        sum(len(tree[name]) for name in ("lambda_function.py", "new.py") if name in tree)
        for tree in (TREE, OTHER)
    )
    assert rows["(own files)"] == [
        "1 added, 1 changed",
        *(format_size(before), format_size(after), f"+{format_size(after - before)}"),
    ]
    assert rows["demo 1.5"][0] == "the same"


def test_hostile_names_are_shown_as_text(seen: dict[str, Any]) -> None:
    labels = " ".join(label for label, _ in seen["hostile"]["areas"])
    assert "evil 1</script><b>&amp;" in labels
