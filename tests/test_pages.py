"""The pages of the documentation: every block of code is parsed, and run where it can be."""

from __future__ import annotations

import ast
import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import hcl2
import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hatch_lambda_zip.config.option import Kind
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.reference import json_schema
from hatch_lambda_zip.config.target_options import TargetOptions
from tests.support.commands import CHECKOUT, UV, run
from tests.support.pages import BLOCKS, PAGES, RUN, SHELL, Block, run_page

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.shared_cache

REPOSITORY = "https://github.com/hatch-lambda-zip/hatch-lambda-zip/"
KEYS = {
    key
    for option in (*Options.declared(), *TargetOptions.declared())
    for key in (*option.keys, *option.default_keys)
}
SCHEMA = json_schema()
TABLES = [
    {"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{name}"}
    for name in ("target", *(kind.value for kind in Kind))
]
LINKING = (
    *PAGES,
    *(CHECKOUT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((CHECKOUT / "examples").rglob("*.md")),
)


def toml(text: str) -> None:
    """Parse it, and judge what it says of us as an editor would."""
    document = tomllib.loads(text)
    problems = list(Draft202012Validator(SCHEMA).iter_errors(document))
    assert not problems, problems
    if KEYS & document.keys():  # lines of a table
        assert any(Draft202012Validator(table).is_valid(document) for table in TABLES)


def shell(text: str) -> None:
    if sys.platform == "win32":
        return  # its bash may be another system's
    subprocess.run(["bash", "-n"], input=text, text=True, check=True, timeout=60)


def console(text: str) -> None:
    assert text.startswith("$ "), "a console shows a command"
    shell("\n".join(line[2:] for line in text.splitlines() if line.startswith("$ ")))


class Template(yaml.SafeLoader):
    """YAML with the short functions of CloudFormation."""


Template.add_multi_constructor("!", lambda _loader, _suffix, node: node.value)


def yaml_document(text: str) -> None:
    yaml.load(text, Template)  # noqa: S506 - it is a safe one


PARSERS: dict[str, Callable[[str], object]] = {
    "bash": shell,
    "console": console,
    "diff": str,
    "fish": str,
    "hcl": hcl2.loads,
    "json": json.loads,
    "python": ast.parse,
    "sh": shell,
    "text": str,
    "toml": toml,
    "typescript": str,
    "yaml": yaml_document,
    "zsh": str,
}


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_is_what_its_language_says(block: Block) -> None:
    assert block.language in PARSERS, "name the block's language"
    PARSERS[block.language](block.text)


COPIES = [block for block in BLOCKS if block.note.startswith("from: ")]


@pytest.mark.parametrize("block", COPIES, ids=str)
def test_a_block_from_an_example_is_in_it(block: Block) -> None:
    example = CHECKOUT / block.note.removeprefix("from: ")
    assert block.text in example.read_text(encoding="utf-8")


def test_every_note_says_something_that_is_known() -> None:
    known = re.compile(
        r"(file|is|in|from|not run|recorded|mistake): .|(aws|plan|(example|test) command)$"
    )
    assert not [block for block in BLOCKS if block.note and not known.match(block.note)]


QUICK = "docs/tutorial/handler.md"


@pytest.mark.skipif(sys.platform != "linux", reason="the commands are Linux's")
def test_a_tutorial_does_what_it_says(plugin_wheel: Path, tmp_path: Path) -> None:
    run_page(CHECKOUT / QUICK, tmp_path, wheels=plugin_wheel.parent)


@pytest.mark.exhaustive
@pytest.mark.skipif(sys.platform != "linux", reason="the commands are Linux's")
@pytest.mark.parametrize(
    "page",
    [page for page in RUN if page != CHECKOUT / QUICK],
    ids=lambda page: page.stem,
)
def test_a_page_does_what_it_says(page: Path, plugin_wheel: Path, tmp_path: Path) -> None:
    run_page(page, tmp_path, wheels=plugin_wheel.parent)


@pytest.mark.exhaustive
@pytest.mark.parametrize("found_by", [0, 1], ids=["comment", "taplo.toml"])
def test_taplo_judges_by_the_schema(found_by: int, tmp_path: Path) -> None:
    page = CHECKOUT / "docs/reference/schema.md"
    written, configured = [block.text for block in BLOCKS if block.page == page]
    shutil.copy(CHECKOUT / "docs/lambda-zip.schema.json", tmp_path)
    if found_by:
        (tmp_path / ".taplo.toml").write_text(configured)
        written = written.replace("#:schema ./lambda-zip.schema.json", "")
    for text, code in ((written, 0), (written.replace("runtime", "runtme"), 1)):
        (tmp_path / "pyproject.toml").write_text(text)
        words = [UV, "tool", "run", "taplo", "lint", "pyproject.toml"]
        assert run(words, cwd=tmp_path, check=False).returncode == code


def test_no_command_stands_in_another_kind_of_block() -> None:
    """So none is missed: what looks like a command is `sh` or `console`."""
    for block in BLOCKS:
        if block.language == "text" and block.page.parent.name != "reference":
            assert not re.search(r"^(\$|uvx?|hatch|hatch-lambda-zip) ", block.text, re.MULTILINE)
        assert block.language in SHELL or not block.note.startswith("not run"), block


def without_blocks(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page that both GitHub and the site give it."""
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    found = set(re.findall(r'<a id="([^"]+)"', text))
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).replace("`", "").lower()
        github = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        if github == re.sub(r"-+", "-", github):  # the site has one hyphen for several
            found.add(github)
    return found


def links(page: Path) -> list[str]:
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    text = re.sub(r"`[^`\n]*`", "", text)
    return [
        *re.findall(r"\]\(([^)\s]+)\)", text),
        *re.findall(r"^\[[^]]+\]: (\S+)$", text, re.MULTILINE),
    ]


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for link in links(page):
        target, _, anchor = link.partition("#")
        if target.startswith(REPOSITORY):
            kind, _, path = target.removeprefix(REPOSITORY).partition("/main/")
            assert kind not in {"tree", "blob"} or (CHECKOUT / path).exists(), link
            continue
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / unquote(target)).resolve() if target else page
        assert file.exists(), link
        assert not anchor or anchor in anchors(file), link
        in_site = page.is_relative_to(CHECKOUT / "docs")
        assert not in_site or file.is_relative_to(CHECKOUT / "docs"), f"{link} is not on the site"


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.stem)
def test_lists_are_lists_on_the_site_too(page: Path) -> None:
    """Which reads Markdown as it was first defined, other than GitHub."""
    lines = without_blocks(page).splitlines()
    item = re.compile(r"(\* |- |\d+\. )")
    for before, line in itertools.pairwise(lines):
        assert not re.match(r" {1,3}(\* |- |\d+\. |```)", line), f"indent by four: {line}"
        starts = item.match(line) and before and not re.match(r"\* |- |\d+\. | ", before)
        assert not starts, f"an empty line belongs above: {line}"


def in_nav(entry: object) -> list[str]:
    """Return the pages of an entry of the navigation."""
    if isinstance(entry, str):
        return [entry]
    assert isinstance(entry, dict | list)
    return [
        page
        for one in (entry.values() if isinstance(entry, dict) else entry)
        for page in in_nav(one)
    ]


def test_the_navigation_has_every_page_once() -> None:
    site = tomllib.loads((CHECKOUT / "zensical.toml").read_text(encoding="utf-8"))
    pages = [page.relative_to(CHECKOUT / "docs").as_posix() for page in PAGES[1:]]
    assert sorted(in_nav(site["project"]["nav"])) == sorted(pages)


def test_the_changelog_is_shown_on_the_site_too() -> None:
    """Where a link that is relative to its file leads nowhere."""
    assert all(link.startswith("https://") for link in links(CHECKOUT / "CHANGELOG.md"))
