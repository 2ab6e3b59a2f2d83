"""What is pinned beside the code: the developers' tools by hashes, and the workflows' actions."""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT: Final = Path(__file__).parents[2]
TOOLS: Final = ROOT / "requirements/tools.txt"
PINNED: Final = (TOOLS, ROOT / "requirements/tox.txt")
WORKFLOWS: Final = (*sorted(ROOT.glob(".github/workflows/*.yml")), ROOT / "action/action.yml")
REMEDY: Final = "run: tox -e refresh"

Json = dict[str, Any]  # as a YAML or TOML file is read


def pins(path: Path) -> Iterator[tuple[Requirement, list[str]]]:
    """Yield each requirement of a file, and its hashes."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if not line.startswith("#"):
            requirement, *hashes = line.split(" --hash=")
            yield Requirement(requirement), [item.strip() for item in hashes]


def stated() -> Iterator[Requirement]:
    """Yield all requirements of the package and of its developers."""
    document: Json = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [
        document["build-system"]["requires"],
        document["project"]["dependencies"],
        *document["project"]["optional-dependencies"].values(),
        *document["dependency-groups"].values(),
    ]
    yield from (Requirement(item) for items in lists for item in items if isinstance(item, str))


def test_every_requirement_is_pinned_to_what_it_allows() -> None:
    pinned = defaultdict(list)
    for pin, _ in pins(TOOLS):
        pinned[canonicalize_name(pin.name)].append(pin)
    for requirement in stated():
        found = pinned[canonicalize_name(requirement.name)]
        assert found, f"{requirement} is not in {TOOLS.name}; {REMEDY}"
        for pin in found:
            (specifier,) = pin.specifier
            assert specifier.operator == "=="
            assert specifier.version in requirement.specifier, f"{pin}: {requirement}; {REMEDY}"


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_pins_have_hashes_and_no_host(path: Path) -> None:
    found = [*pins(path)]
    assert found
    for pin, hashes in found:
        assert hashes, pin
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", item) for item in hashes), pin
        assert pin.url is None
    assert "://" not in path.read_text(encoding="utf-8")


def test_the_pins_of_npm_have_hashes_and_no_host() -> None:
    document: Json = json.loads((ROOT / "requirements/package-lock.json").read_text("utf-8"))
    packages = {name: item for name, item in document["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


def test_tox_installs_what_is_pinned() -> None:
    tox = ConfigParser()
    tox.read(ROOT / "tox.ini")
    for environment in ("testenv", "pkgenv"):
        assert tox[environment]["constraints"] == "{tox_root}/requirements/tools.txt"
    others = {name for name in tox if "constraints" in tox[name]} - {"testenv", "pkgenv"}
    assert others == {"testenv:oldest", "testenv:refresh"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_a_commit_with_its_version(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)", text)
    for line in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+", line), line


def test_links_of_the_readme_lead_somewhere_on_the_package_index() -> None:
    document: Json = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    hook = document["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for substitution in hook["substitutions"]:
        text = re.sub(substitution["pattern"], substitution["replacement"], text)
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert any("/blob/v$HFPR_VERSION/docs/" in link for link in links)
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_one_action_is_one_commit_everywhere() -> None:
    texts = [path.read_text(encoding="utf-8") for path in WORKFLOWS]
    used = {line for text in texts for line in re.findall(r"uses: (.*)", text)}
    assert len(used) == len({line.partition("@")[0] for line in used})


@pytest.mark.parametrize("path", WORKFLOWS[:-1], ids=lambda path: path.name)
def test_workflows_may_do_nothing_that_a_job_does_not_say(path: Path) -> None:
    document: Json = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["permissions"] == {}
    for name, job in document["jobs"].items():
        assert job.get("timeout-minutes"), name
        granted = job.get("permissions", {})
        assert granted in ({}, {"contents": "read"}, {"id-token": "write"}), name
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
