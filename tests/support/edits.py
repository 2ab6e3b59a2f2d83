"""A tiny workspace, and what people and accidents do to it, its outputs and its caches."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.support.commands import run
from tests.support.loose import write
from tests.support.projects import Project

_APP: Final = """\
[build-system]
requires = ["hatchling", "hatch-lambda-zip"]
build-backend = "hatchling.build"

[project]
name = "app"
version = "1"
description = "about 0"
requires-python = ">=3.10"
dependencies = ["lib", "six"]

[tool.hatch.build.hooks.lambda-zip]

[tool.hatch.build.targets.lambda-zip]
runtime = "python3.13"
# options

[tool.hatch.build.targets.lambda-zip.functions.one]
handler = "app.main.handler"
include-files = { "../shared" = "shared" }

[tool.hatch.build.targets.lambda-zip.functions.two]
handler = "app.other.handler"

[tool.uv.sources]
lib = { workspace = true }

[tool.uv.workspace]
members = ["lib"]

[tool.uv]
exclude-newer = "2026-11-01T00:00:00Z"
"""
_LIB: Final = """\
[build-system]
requires = ["uv_build>=0.10.2,<1"]
build-backend = "uv_build"

[project]
name = "lib"
version = "1"
description = "about 0"
requires-python = ">=3.10"
"""
_HANDLER: Final = "VALUE = 1000\n\ndef handler(event, context):\n    return VALUE\n"
_FILES: Final = {
    ".gitignore": "dist\n*.log\n",
    "app/pyproject.toml": _APP,
    "app/src/app/__init__.py": "",
    "app/src/app/main.py": f"import lib, six\n{_HANDLER}",
    "app/src/app/other.py": _HANDLER,
    "app/src/app/data.txt": "1000\n",
    "app/lib/pyproject.toml": _LIB,
    "app/lib/src/lib/__init__.py": "VALUE = 1000\n",
    "app/lib/src/lib/data.txt": "1000\n",
    "shared/one.txt": "1000\n",
    "shared/ignored.log": "1000\n",
    "README.md": "1000\n",
}
OPTIONS: Final = (
    'strip = ["type-stubs"]',
    'exclude-files = ["*.txt"]',
    'exclude-distributions = ["six"]',
    'exclude = ["app/data.txt"]',
    'modules = "imported"',
    'architecture = "arm64"',
    "scripts = true",
)
_RIGHT: Final = 'runtime = "python3.13"'
_WRONG: Final = 'runtime = "3.13"'
_SHIPS: Final = (
    *("app/src/app/main.py", "app/src/app/other.py", "app/src/app/data.txt"),
    *("app/lib/src/lib/__init__.py", "app/lib/src/lib/data.txt", "shared/one.txt"),
)


def make_workspace(root: Path) -> None:
    """Write the workspace, with a repository around it and two locks to choose from."""
    write(root / "tree", _FILES)
    run(["git", "init", "-q"], cwd=root / "tree")
    project = Project(root / "tree")
    for number, version in enumerate(("1.16.0", "1.17.0")):
        project.lock("--upgrade-package", f"six=={version}")
        shutil.copyfile(project.lock_path, root / f"lock-{number}")


@dataclass
class Workspace:
    """A workspace that is edited again and again.

    Attributes:
        root: of the repository; what does not belong to it lies beside it.
        cache: where the plugin keeps things.
        random: decides what is edited, and how.
        counter: makes each text another one.
    """

    root: Path
    cache: Path
    random: random.Random
    counter: int = 1000
    added: list[Path] = field(default_factory=list)

    @property
    def app(self) -> Path:
        """The project that has the functions."""
        return self.root / "app"

    def edit(self) -> str:
        """Do one of the things, and return which: ``quiet`` comes first if nothing ships of it."""
        return self.random.choice(_EDITS)(self)

    def mend(self) -> str:
        """Undo what keeps builds from succeeding: one failure says no more than ten."""
        for name in _SHIPS:
            if not (self.root / name).exists():
                write(self.root, {name: _FILES[name]})
        path = self.app / "pyproject.toml"
        text = path.read_text().replace(_WRONG, _RIGHT)
        for line in OPTIONS:
            text = text.replace(f"{line}\n", "")
        path.write_text(text)
        (self.root / ".gitignore").write_text(_FILES[".gitignore"])
        return "mended"

    def outputs(self, suffix: str = "") -> list[Path]:
        """What builds have written, and what is not a wheel."""
        return sorted((self.app / "dist").glob(f"app*{suffix or '.[zj]*'}"))

    def next(self) -> str:
        """Return a number of four digits that no text had before."""
        self.counter += 1
        return str(1000 + self.counter % 9000)


def _content(workspace: Workspace) -> str:
    name = workspace.random.choice(_SHIPS)
    path = workspace.root / name
    if not path.exists():
        write(workspace.root, {name: _FILES[name]})
        return f"restored {name}"
    _renumber(path, workspace.next())
    return f"content of {name}"


def _content_unseen(workspace: Workspace) -> str:
    """Change a file so that neither its size nor its time tells."""
    path = workspace.random.choice([workspace.root / name for name in _SHIPS])
    if not path.exists():
        return _content(workspace)
    before = path.stat()
    _renumber(path, workspace.next())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return f"content of {path.name}, with its size and time"


def _renumber(path: Path, number: str) -> None:
    words = path.read_text().split("1000") if "1000" in path.read_text() else []
    if words:
        path.write_text(number.join(words))
        return
    text = path.read_text()
    at = next(place for place, letter in enumerate(text) if letter.isdigit())
    path.write_text(text[:at] + number + text[at + 4 :])


def _delete(workspace: Workspace) -> str:
    path = workspace.root / workspace.random.choice(_SHIPS)
    path.unlink(missing_ok=True)
    return f"deleted {path.name}"


def _rename(workspace: Workspace) -> str:
    for path in sorted((workspace.app / "src/app").glob("renamed*")):
        path.unlink()
        return "deleted what was renamed"
    path = workspace.app / "src/app/data.txt"
    if not path.exists():
        return _content(workspace)
    path.rename(path.with_name(f"renamed{workspace.next()}.txt"))
    return "renamed data.txt"


def _add(workspace: Workspace) -> str:
    if workspace.added and workspace.random.random() < 0.5:
        workspace.added.pop().unlink()
        return "deleted what was added"
    place = workspace.random.choice(("app/src/app", "app/lib/src/lib", "shared"))
    path = workspace.root / place / f"added{workspace.next()}.py"
    path.write_text("VALUE = 1\n")
    workspace.added.append(path)
    return f"added a file in {place}"


def _ignored(workspace: Workspace) -> str:
    (workspace.root / "shared/ignored.log").write_text(workspace.next())
    return "content of a file that git may ignore"


def _patterns(workspace: Workspace) -> str:
    path = workspace.root / ".gitignore"
    lines = path.read_text().splitlines()
    line = workspace.random.choice(("*.log", "one.txt", "added*"))
    path.write_text("".join(f"{one}\n" for one in {*lines} ^ {line}))
    return f"toggled {line} in .gitignore"


def _mode(workspace: Workspace) -> str:
    path = workspace.root / workspace.random.choice(_SHIPS)
    if path.exists():
        path.chmod(path.stat().st_mode ^ 0o111)
    return f"quiet: mode of {path.name}"


def _touch(workspace: Workspace) -> str:
    path = workspace.root / workspace.random.choice(_SHIPS)
    if path.exists():
        stamp = workspace.random.randrange(10**9, 2 * 10**9)
        os.utime(path, (stamp, stamp))
    return f"quiet: time of {path.name}"


def _readme(workspace: Workspace) -> str:
    (workspace.root / "README.md").write_text(workspace.next())
    return "quiet: README"


def _nothing(_workspace: Workspace) -> str:
    return "quiet: nothing"


def _description(workspace: Workspace) -> str:
    name = workspace.random.choice(("app", "app/lib"))
    path = workspace.root / name / "pyproject.toml"
    head, word, tail = path.read_text().partition('description = "')
    path.write_text(f'{head}{word}about {workspace.next()}"\n{tail.partition(chr(10))[2]}')
    return f"description of {name}"


def _option(workspace: Workspace) -> str:
    path = workspace.app / "pyproject.toml"
    line = workspace.random.choice(OPTIONS)
    text = path.read_text()
    if f"{line}\n" in text:
        path.write_text(text.replace(f"{line}\n", ""))
    else:
        path.write_text(text.replace("# options\n", f"# options\n{line}\n"))
    return f"toggled {line}"


def _mistake(workspace: Workspace) -> str:
    path = workspace.app / "pyproject.toml"
    text = path.read_text()
    path.write_text(
        text.replace(_WRONG, _RIGHT) if _WRONG in text else text.replace(_RIGHT, _WRONG)
    )
    return "a mistake, or its correction"


def _lock(workspace: Workspace) -> str:
    source = workspace.root.parent / f"lock-{workspace.random.randrange(2)}"
    shutil.copyfile(source, workspace.app / "uv.lock")
    return f"{source.name}"


def _output(workspace: Workspace) -> str:
    paths = workspace.outputs()
    if not paths:
        return "quiet: nothing, without outputs"
    path = workspace.random.choice(paths)
    return f"quiet: {_damage(workspace, path)} {path.name}"


def _swapped(workspace: Workspace) -> str:
    paths = workspace.outputs(".zip")
    if len(paths) == 2:
        one, two = (path.read_bytes() for path in paths)
        paths[0].write_bytes(two)
        paths[1].write_bytes(one)
    return "quiet: swapped two zips"


def _pack(workspace: Workspace) -> str:
    paths = sorted(path for path in workspace.cache.rglob("*") if path.is_file())
    paths = [path for path in paths if path.name != "CACHEDIR.TAG"]
    if not paths:
        return "quiet: nothing, without a cache"
    path = workspace.random.choice(paths)
    return f"quiet: {_damage(workspace, path)} {path.name} of the cache"


def _damage(workspace: Workspace, path: Path) -> str:
    """Change one byte, the end or the existence of a file; its time stays as it was."""
    before, data = path.stat(), bytearray(path.read_bytes())
    kind = workspace.random.choice(("changed", "cut", "deleted"))
    if kind == "deleted" or not data:
        path.unlink()
        return "deleted"
    if kind == "changed":
        data[workspace.random.randrange(len(data))] ^= 1 << workspace.random.randrange(8)
    path.write_bytes(data if kind == "changed" else data[: workspace.random.randrange(len(data))])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return kind


_EDITS: Final[tuple[Callable[[Workspace], str], ...]] = (
    *(_content, _content_unseen, _delete, _rename, _add, _ignored, _patterns, _mode, _touch),
    *(_readme, _nothing, _description, _option, _mistake, _lock, _output, _swapped, _pack),
    # The commonest ones more often.
    *(_content, _content_unseen, _output),
)
