"""Mistakes of newcomers: the message is followed to the letter, and the build succeeds.

The page of messages shows each of them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.commands import CHECKOUT, UV, run
from tests.support.pages import blocks_of
from tests.support.projects import Project
from tests.support.shared import made_once

pytestmark = pytest.mark.shared_cache

KEY = "tool.hatch.build.targets.lambda-zip"
RUNTIME = 'runtime = "python3.13"'
HANDLER = 'handler = "shop.app.handler"'
PYPROJECT = f"""\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "shop"
version = "1.0"
requires-python = ">=3.10"
dependencies = ["idna"]

[project.optional-dependencies]
web = ["six"]

[dependency-groups]
dev = ["six"]

[tool.uv]
exclude-newer = "2026-11-01T00:00:00Z"

[{KEY}]
{RUNTIME}
{HANDLER}
"""
CODE = "import idna\n\n\ndef handler(event, context):\n    return idna.__version__\n"

MESSAGES = CHECKOUT / "docs/troubleshooting.md"

Edit = Callable[[Project], object]


@pytest.fixture(scope="session")
def locked_shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small package with a handler, locked. Not to be changed."""

    def make(root: Path) -> None:
        package = root / "app/src/shop"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "app.py").write_text(CODE, encoding="utf-8")
        (root / "app/pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
        Project(root).lock()

    return Project(made_once(tmp_path_factory, "shop", make))


@pytest.fixture
def shop(locked_shop: Project, tmp_path: Path) -> Project:
    """The package: a copy of the test's own, to change."""
    return locked_shop.copy_to(tmp_path / "shop")


def written(old: str, new: str, file: str = "pyproject.toml") -> Edit:
    """Return an edit of some text."""
    return lambda project: project.replace(old, new, file=file)


def added(lines: str) -> Edit:
    """Return an edit that adds lines to the table."""
    return written(HANDLER, f"{HANDLER}\n{lines}")


def removed(file: str) -> Edit:
    """Return an edit that removes a file or a directory."""

    def edit(project: Project) -> None:
        path = project.path / file
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return edit


def with_file(file: str, text: str) -> Edit:
    """Return an edit that writes a file."""

    def edit(project: Project) -> None:
        path = project.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return edit


def uv_lock(project: Project) -> None:
    """Lock, as a message says."""
    run([UV, "lock"], cwd=project.path)


def git_init(project: Project) -> None:
    """Make it a repository."""
    run(["git", "init", "-q"], cwd=project.path)


def all_of(*edits: Edit) -> Edit:
    """Return several edits as one."""

    def edit(project: Project) -> None:
        for each in edits:
            each(project)

    return edit


# A mistake, what has to be said of it, and what somebody does who reads that.
MISTAKES: dict[str, tuple[Edit, str, Edit]] = {
    "no runtime": (
        written(RUNTIME, ""),
        'runtime: is required; for example: runtime = "python3.14"',
        added('runtime = "python3.14"'),
    ),
    "a version as runtime": (
        written(RUNTIME, 'runtime = "3.13"'),
        'write "python3.13"',
        written('runtime = "3.13"', RUNTIME),
    ),
    "a number as runtime": (
        written(RUNTIME, "runtime = 3.13"),
        'write "python3.13", in quotes',
        written("runtime = 3.13", RUNTIME),
    ),
    "a patch release as runtime": (
        written(RUNTIME, 'runtime = "python3.13.2"'),
        'write "python3.13"',
        written('runtime = "python3.13.2"', RUNTIME),
    ),
    "a list as runtime": (
        written(RUNTIME, 'runtime = ["python3.13"]'),
        "for a zip for each of several, the key is runtimes",
        written("runtime = [", "runtimes = ["),
    ),
    "Docker's word": (
        added('architecture = "amd64"'),
        'write "x86_64"',
        written('"amd64"', '"x86_64"'),
    ),
    "another spelling": (
        added('architecture = "Arm64"'),
        'write "arm64"',
        written('"Arm64"', '"arm64"'),
    ),
    "a path as handler": (
        written(HANDLER, 'handler = "src/shop/app.py:handler"'),
        'write "shop.app.handler"',
        written('"src/shop/app.py:handler"', '"shop.app.handler"'),
    ),
    "an entry point as handler": (
        written(HANDLER, 'handler = "shop.app:handler"'),
        'write "shop.app.handler"',
        written('"shop.app:handler"', '"shop.app.handler"'),
    ),
    "the source directory in the handler": (
        written(HANDLER, 'handler = "src.shop.app.handler"'),
        "Did you mean 'shop.app.handler'?",
        written('"src.shop.app.handler"', '"shop.app.handler"'),
    ),
    "the package missing in the handler": (
        written(HANDLER, 'handler = "app.handler"'),
        "Did you mean 'shop.app.handler'?",
        written('"app.handler"', '"shop.app.handler"'),
    ),
    "another name of the function": (
        written(HANDLER, 'handler = "shop.app.handle"'),
        "Did you mean 'handler'?",
        written("shop.app.handle", "shop.app.handler"),
    ),
    "a dependency that is not locked": (
        written('["idna"]', '["idna", "six"]'),
        "Run `uv lock` and commit the result",
        uv_lock,
    ),
    "no lock": (removed("uv.lock"), "Run `uv lock` and commit uv.lock", uv_lock),
    "another tool's lock": (
        lambda project: (project.path / "uv.lock").rename(project.path / "poetry.lock"),
        "but a poetry.lock, which nothing is installed from",
        all_of(removed("poetry.lock"), uv_lock),
    ),
    "a distribution without a wheel": (
        all_of(written('["idna"]', '["idna", "docopt"]'), uv_lock),
        "build-from-source",
        added('build-from-source = ["docopt"]'),
    ),
    "an import that no dependency has": (
        written("import idna", "import idna, iniconfig", "src/shop/app.py"),
        "Add the distribution that has a module to the dependencies and lock them again",
        all_of(written('["idna"]', '["idna", "iniconfig"]'), uv_lock),
    ),
    "an extra that is none": (
        added('extras = ["wbe"]'),
        "Did you mean 'web'?",
        written('"wbe"', '"web"'),
    ),
    "a group that is none": (
        added('groups = ["prod"]'),
        "'prod' is not one of dev",
        written('"prod"', '"dev"'),
    ),
    "a list of files": (
        all_of(with_file("config.yaml", "a: 1\n"), added('include-files = ["config.yaml"]')),
        'write { "config.yaml" = "config.yaml" }',
        written('["config.yaml"]', '{ "config.yaml" = "config.yaml" }'),
    ),
    "a string as list": (
        all_of(with_file("src/shop/tests/a.py", ""), added('exclude = "shop/tests/*"')),
        'write ["shop/tests/*"]',
        written('"shop/tests/*"', '["shop/tests/*"]'),
    ),
    "a list of functions": (
        added('functions = ["api"]'),
        f"as in [{KEY}.functions.api]",
        written('functions = ["api"]', f"[{KEY}.functions.api]"),
    ),
    "an array of functions": (
        added(f'[[{KEY}.functions]]\nname = "api"'),
        f"as in [{KEY}.functions.api]",
        written(f'[[{KEY}.functions]]\nname = "api"', f"[{KEY}.functions.api]"),
    ),
    "a layer for all": (
        added('layers = ["deps"]'),
        "the layers of all functions are `default-layers`",
        written('layers = ["deps"]', f'default-layers = ["deps"]\n[{KEY}.layers.deps]'),
    ),
    "a layer that is not there": (
        added('default-layers = ["deps"]'),
        f"[{KEY}.layers.deps] makes one",
        written('["deps"]\n', f'["deps"]\n[{KEY}.layers.deps]\n'),
    ),
    "bytecode as a question": (
        added("bytecode = true"),
        'must be one of "strip", "compile"',
        written("bytecode = true", 'bytecode = "strip"'),
    ),
    "what is set at deployment": (
        added("timeout = 30"),
        "timeout: unknown key. It is set where the function is deployed, and not in its zip",
        written("timeout = 30", ""),
    ),
    "hatch's placeholder": (
        added('filename = "{project}.zip"'),
        "'project' is not one of name, version, function",
        written("{project}", "{name}"),
    ),
    "a name without its end": (
        added('filename = "{function}"'),
        "does not end with .zip",
        written('"{function}"', '"{function}.zip"'),
    ),
    "a release of another runtime": (
        added('python-release = "3.12.1"'),
        "name a release of Python 3.13",
        written('"3.12.1"', '"3.13.1"'),
    ),
    "a distribution's name": (
        added('exclude-distributions = ["idnna"]\nexternal-modules = ["idna"]'),
        "Did you mean 'idna'?",
        written('"idnna"', '"idna"'),
    ),
    "another version of the plugin": (
        added('required-version = "==9.9"'),
        "or change the value",
        written('"==9.9"', '">=0"'),
    ),
    "a module that git ignores": (
        all_of(with_file(".gitignore", "app.py\n"), git_init),
        "`artifacts` in [tool.hatch.build] ships it all the same",
        written("[tool.uv]", '[tool.hatch.build]\nartifacts = ["app.py"]\n\n[tool.uv]'),
    ),
    "a handler without parameters": (
        written("(event, context)", "()", "src/shop/app.py"),
        "Lambda calls it with two positional arguments, event and context",
        written("()", "(event, context)", "src/shop/app.py"),
    ),
    "a typing error": (
        written("return", "retrun", "src/shop/app.py"),
        "can't parse shop/app.py: invalid syntax (line 5)",
        written("retrun", "return", "src/shop/app.py"),
    ),
    "a file where the zips go": (
        with_file("dist", ""),
        "dist: File exists. Free or repair that path and build again",
        removed("dist"),
    ),
    "the hook's table alone": (
        written(f"[{KEY}]", "[tool.hatch.build.hooks.lambda-zip]"),
        f"call it [{KEY}]",
        written("[tool.hatch.build.hooks.lambda-zip]", f"[{KEY}]"),
    ),
}


def shown(name: str) -> str:
    """Return the message that the page of messages has for a mistake, with … for what differs."""
    (block,) = [block for block in blocks_of(MESSAGES) if block.note == f"mistake: {name}"]
    return block.text.strip()


def test_the_page_shows_these_mistakes_and_no_others() -> None:
    notes = [block.note.partition("mistake: ") for block in blocks_of(MESSAGES)]
    names = [name for _, found, name in notes if found]
    assert sorted(names) == sorted(MISTAKES)
    assert len(names) >= 30


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_who_follows_the_advice_has_a_zip(shop: Project, name: str) -> None:
    mistake, said, remedy = MISTAKES[name]
    mistake(shop)
    message = shop.fail()
    assert said in message
    _, _, error = message.strip().partition("Error: ")
    pattern = ".*".join(map(re.escape, shown(name).removeprefix("Error: ").split("…")))
    assert re.fullmatch(pattern, error, re.DOTALL), f"the page of messages shows another:\n{error}"
    remedy(shop)
    shop.build()
