"""The page that `report` writes, as far as no browser is needed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zipfile
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hatch_lambda_zip.explain import inspection
from tests.support.loose import invoke
from tests.support.schemas import is_valid
from tests.support.site_zips import distribution, zipped
from tests.unit.test_inspection import TREE

HOSTILE = {
    "</script><img src=x onerror=alert(1)>/a.py": b"a = 1\n",
    "<!--<script>.py": b"b = 1\n",
    "x\u202ey\u2028.py": b"c = 1\n",
    "__proto__/constructor/$data.py": b"d = 1\n",
    **distribution({"evil/__init__.py": b""}, "evil"),
    "evil-1.0.dist-info/METADATA": b"Name: evil\nVersion: 1</script><b>&amp;\n",
}


class Page(HTMLParser):
    """The elements of a page, and what is in its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.links: list[str] = []
        self.policy = ""
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags[tag] += 1
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "action"}]
        self.policy = self.policy or str(values.get("content") or "") * ("http-equiv" in values)

    def handle_data(self, data: str) -> None:
        if self.lasttag in {"script", "style"} and data.strip():
            self.texts.append(data)


def report(tmp_path: Path, *trees: dict[str, bytes]) -> tuple[Page, Any]:
    """Return the page of zips of trees, and what it shows."""
    paths = []
    for index, tree in enumerate(trees):
        paths.append(tmp_path / f"{index}.zip")
        paths[-1].write_bytes(zipped(tree))
    output = tmp_path / "report.html"
    result = invoke("report", *paths, "-o", output)
    assert (result.exit_code, result.stdout) == (0, f"{output}\n"), result.stderr
    page = Page(output.read_text("utf-8"))
    _, data, _ = page.texts
    return page, json.loads(data)


def test_the_numbers_are_those_of_inspect(tmp_path: Path) -> None:
    _, data = report(tmp_path, TREE)
    assert data["zips"] == json.loads(invoke("inspect", "--json", tmp_path / "0.zip").stdout)
    printed = json.loads(invoke("report", "--json", tmp_path / "0.zip").stdout)
    assert printed == data
    assert is_valid(data, "report.schema.json")
    assert not is_valid({**data, "files": [{}]}, "report.schema.json")
    sizes = {file["path"]: file["zips"][0]["bytes"] for file in data["files"]}
    assert sizes == {name: len(content) for name, content in TREE.items()}
    for share in data["zips"][0]["distributions"]:
        own = [file for file in data["files"] if file["distribution"] == share["name"]]
        for measure in ("bytes", "compressed_bytes"):
            assert sum(file["zips"][0][measure] for file in own) == share[measure]


def test_what_is_in_a_zip_is_never_more_than_text(tmp_path: Path) -> None:
    plain, _ = report(tmp_path, TREE)
    page, data = report(tmp_path, HOSTILE)
    assert page.tags == plain.tags
    assert page.policy == plain.policy
    assert {file["path"] for file in data["files"]} == {*HOSTILE}
    assert data["zips"][0]["distributions"][0]["version"] == "1</script><b>&amp;"


def test_the_page_asks_nobody_for_anything(tmp_path: Path) -> None:
    page, _ = report(tmp_path, TREE)
    assert page.links == ["data:,"]
    assert page.policy.startswith("default-src 'none'; img-src data:; ")
    style, _, script = page.texts
    for kind, text in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in page.policy
    assert not re.search(r"https?:|url\(|@import|import\(|fetch\(|innerHTML", style + script)


def test_the_change_between_two_zips(tmp_path: Path) -> None:
    moved = {**TREE, "lambda_function.py": b"other\n", "new.py": b"new = 1\n"}
    del moved["demo/slow.abi3.so"]
    _, data = report(tmp_path, TREE, moved)
    found = {file["path"]: (file["zips"], file["changed"]) for file in data["files"]}
    assert found["lambda_function.py"][1] is True
    assert found["demo/__init__.py"][1] is False
    assert (found["new.py"][0][0], found["new.py"][1]) == (None, None)
    said = invoke("diff", tmp_path / "0.zip", tmp_path / "1.zip").stdout
    assert data["verdict"] == said.partition("\n")[0]
    # It is in RECORD still, as a file that is missing.
    assert found["demo/slow.abi3.so"][0][1] is None


def test_a_change_of_the_same_size_in_a_directory(tmp_path: Path) -> None:
    for name, content in (("a", b"value = 1\n"), ("b", b"value = 2\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_bytes(content)
    for second, is_changed in (("b", True), ("a", False)):
        data = json.loads(invoke("report", "--json", tmp_path / "a", tmp_path / second).stdout)
        assert [file["changed"] for file in data["files"]] == [is_changed]
        assert data["files"][0]["zips"][0]["compressed_bytes"] is None


@pytest.mark.parametrize(
    "words",
    [
        ["report", "{good}"],
        ["report", "-o", "{made}"],
        ["report", "{good}", "{broken}", "-o", "{made}"],
        ["report", "{good}", "-o", "{made}/in/no/directory.html"],
    ],
)
def test_wrong_usage_and_what_is_unreadable(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(zipped(TREE))
    (tmp_path / "broken").write_bytes(zipped(TREE)[:-9])
    names = {name: tmp_path / name for name in ("good", "broken", "made")}
    result = invoke(*(word.format(**names) for word in words))
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert "Error: " in result.stderr
    assert not (tmp_path / "made").exists()


def test_a_zip_that_lambda_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(TREE))
    monkeypatch.setattr(inspection, "MAX_UNZIPPED", 100)
    result = invoke("report", path, "-o", tmp_path / "report.html")
    assert result.exit_code == 1
    assert (tmp_path / "report.html").is_file()


@pytest.mark.slow
def test_the_wheel_has_the_parts_of_the_page(plugin_wheel: Path) -> None:
    with zipfile.ZipFile(plugin_wheel) as archive:
        names = {Path(name).name for name in archive.namelist() if "/explain/report/" in name}
    assert {"page.html", "page.css", "page.js", "treemap.js"} <= names
