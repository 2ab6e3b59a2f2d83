"""A tiny workspace, and what people and accidents do to it, its outputs and its caches."""

from __future__ import annotations

import os
import platform
import random
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.support.commands import UV, clean_environment, run
from tests.support.loose import write
from tests.support.projects import Project

# The Python that builds, so that imports are judged, and modules compiled, without another one.
_MINOR: Final = min(sys.version_info.minor, 14)
_APP: Final = f"""\
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

[tool.hatch.build.targets.wheel]
# wheel

[tool.hatch.build.targets.lambda-zip]
runtime = "python3.{_MINOR}"
# options

[tool.hatch.build.targets.lambda-zip.layers.deps]
distributions = ["six"]

[tool.hatch.build.targets.lambda-zip.functions.one]
handler = "app.main.handler"
include-files = {{ "../shared" = "shared" }}
# one

[tool.hatch.build.targets.lambda-zip.functions.two]
handler = "app.other.handler"

[tool.uv.sources]
lib = {{ workspace = true }}

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
# member
"""
_HANDLER: Final = "VALUE = 1000\n\ndef handler(event, context):\n    return VALUE\n"
_FILES: Final = {
    ".gitignore": "dist\n*.log\n",
    "app/pyproject.toml": _APP,
    "app/src/app/__init__.py": "",
    "app/src/app/main.py": f"import lib, six\n{_HANDLER}",
    "app/src/app/other.py": _HANDLER,
    "app/src/app/data.txt": "1000\n",
    "app/src/app/own.log": "1000\n",
    "app/lib/pyproject.toml": _LIB,
    "app/lib/src/lib/__init__.py": "VALUE = 1000\n",
    "app/lib/src/lib/data.txt": "1000\n",
    "shared/one.txt": "1000\n",
    "shared/ignored.log": "1000\n",
    "README.md": "1000\n",
}
# Lines that are there or not, below the comment that is their place.
_LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "options": (
        'strip = ["type-stubs"]',
        'exclude-files = ["*.txt"]',
        'exclude-distributions = ["six"]',
        'exclude = ["app/data.txt"]',
        'modules = "imported"',
        'architecture = "arm64"',
        "scripts = true",
        'include = ["app/**"]',
        'artifacts = ["app/own.log"]',
        'provided = ["six"]',
        f'bytecode = "compile"\nbytecode-python = "{platform.python_version()}"',
    ),
    "one": ('layers = ["deps"]', 'exclude-distributions = ["lib"]', 'exclude = ["app/other.py"]'),
    "wheel": (
        'exclude = ["*.txt"]',
        'artifacts = ["src/app/own.log"]',
        'force-include = { "../shared/one.txt" = "app/one.txt" }',
    ),
    "member": (
        '[project.scripts]\nlib = "lib:main"',
        '[project.entry-points.app]\nlib = "lib:VALUE"',
        '[tool.uv.build-backend]\nwheel-exclude = ["*.txt"]',
        'dependencies = ["six"]',  # with which the lock is none of it
    ),
}
_RIGHT: Final = f'runtime = "python3.{_MINOR}"'
_WRONG: Final = f'runtime = "3.{_MINOR}"'
_SHIPS: Final = (
    *("app/src/app/main.py", "app/src/app/other.py", "app/src/app/data.txt"),
    *("app/lib/src/lib/__init__.py", "app/lib/src/lib/data.txt", "shared/one.txt"),
)


def make_workspace(root: Path) -> None:
    """Write the workspace, with a repository around it, two locks to choose from, and uv's cache.

    Both builds have a copy of the latter, of which one is edited.
    """
    write(root / "tree", _FILES)
    run(["git", "init", "-q", "--template="], cwd=root / "tree")
    (root / "tree/.git/info").mkdir(exist_ok=True)
    environment = clean_environment(UV_CACHE_DIR=str(root / "uv"))
    project = Project(root / "tree")
    for number, version in enumerate(("1.16.0", "1.17.0")):
        words = ["lock", "-q", "--upgrade-package", f"six=={version}"]
        run([UV, *words], cwd=project.path, env=environment)
        shutil.copyfile(project.lock_path, root / f"lock-{number}")
        project.build(environment={"UV_CACHE_DIR": str(root / "uv")})
    shutil.rmtree(project.path / "dist")


@dataclass
class Workspace:
    """A workspace that is edited again and again.

    Attributes:
        root: of the repository; what does not belong to it lies beside it.
        cache: where the plugin keeps things.
        uv_cache: where uv keeps things.
        random: decides what is edited, and how.
        counter: makes each text another one.
        clock: seconds that it is set back by.
        is_uv_cache_edited: whether a build may say that it is.
    """

    root: Path
    cache: Path
    uv_cache: Path
    random: random.Random
    counter: int = 1000
    clock: int = 0
    is_uv_cache_edited: bool = False
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
        for name in ("app/pyproject.toml", "app/lib/pyproject.toml"):
            path = self.root / name
            text = path.read_text().replace(_WRONG, _RIGHT)
            for line in (line for lines in _LINES.values() for line in lines):
                text = text.replace(f"\n{line}\n", "\n")
            path.write_text(text)
        for name in ("shared", "app"):
            (self.root / name / ".gitignore").unlink(missing_ok=True)
        (self.root / ".gitignore").write_text(_FILES[".gitignore"])
        return "mended"

    def set_back_since(self, started: int) -> None:
        """Give what was written since then (nanoseconds) the times of the clock that is set back.

        The kernel's clock is everybody's, so it stays.
        """
        if not self.clock:
            return
        for directory in (self.root, self.cache):
            for path in directory.rglob("*"):
                status = path.lstat()
                if status.st_mtime_ns >= started and ".git" not in path.parts:
                    stamp = status.st_mtime_ns - self.clock * 10**9
                    os.utime(path, ns=(stamp, stamp), follow_symlinks=False)

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
    name = workspace.random.choice(("shared/ignored.log", "app/src/app/own.log"))
    (workspace.root / name).write_text(workspace.next())
    return f"content of {name}, which git may ignore"


def _own_ignored(workspace: Workspace) -> str:
    """Ignore something in this clone alone."""
    text = workspace.random.choice(("", "*.txt\n", "*.py\n"))
    (workspace.root / ".git/info/exclude").write_text(text)
    return "quiet: .git/info/exclude"


def _inner_patterns(workspace: Workspace) -> str:
    path = workspace.root / workspace.random.choice(("shared", "app")) / ".gitignore"
    if path.exists():
        path.unlink()
        return f"deleted {path.parent.name}/.gitignore"
    path.write_text(workspace.random.choice(("*.txt\n", "!*.log\n", "added*\n")))
    return f"wrote {path.parent.name}/.gitignore"


def _staged(workspace: Workspace) -> str:
    words = ["add", "-A"] if workspace.random.random() < 0.5 else ["rm", "-rqf", "--cached", "."]
    run(["git", "-c", "core.safecrlf=false", *words], cwd=workspace.root, check=False)
    return f"git {words[0]}"


def _clock(workspace: Workspace) -> str:
    workspace.clock = workspace.random.choice((0, 2, 3_600, 86_400, 10**9))
    return f"quiet: clock set back by {workspace.clock} seconds"


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
    place = workspace.random.choice((*("options",) * 4, "one", "one", "wheel", "wheel", "member"))
    path = workspace.app / ("lib/pyproject.toml" if place == "member" else "pyproject.toml")
    line = workspace.random.choice(_LINES[place])
    head, comment, tail = path.read_text().partition(f"# {place}\n")
    if f"{line}\n" in tail:
        path.write_text(head + comment + tail.replace(f"{line}\n", "", 1))
    else:
        path.write_text(f"{head}{comment}{line}\n{tail}")
    return f"toggled {line} of {place}"


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
    if len(paths) >= 2:
        paths = workspace.random.sample(paths, 2)
        one, two = (path.read_bytes() for path in paths)
        paths[0].write_bytes(two)
        paths[1].write_bytes(one)
    return "quiet: swapped two zips"


def _pack(workspace: Workspace) -> str:
    paths = [path for path in _files(workspace.cache) if path.name != "CACHEDIR.TAG"]
    if not paths:
        return "quiet: nothing, without a cache"
    if workspace.random.random() < 0.2:
        shutil.rmtree(workspace.cache / "packs", ignore_errors=True)
        return "quiet: deleted all packs"
    path = workspace.random.choice(paths)
    return f"quiet: {_damage(workspace, path)} {path.name} of the cache"


def _uv_cache(workspace: Workspace) -> str:
    """Edit what uv has unpacked, or what it notes; installs only look there without packs."""
    workspace.is_uv_cache_edited = True
    shutil.rmtree(workspace.cache / "packs", ignore_errors=True)
    unpacked = _files(workspace.uv_cache / "archive-v0")
    if workspace.random.random() < 0.3:
        unpacked = _files(workspace.uv_cache)
    path = workspace.random.choice([path for path in unpacked if path.suffix != ".lock"])
    kind = _damage(workspace, path)
    return f"quiet: {kind} {path.relative_to(workspace.uv_cache)} of uv's cache"


def _files(directory: Path) -> list[Path]:
    found = (path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(found)


def _damage(workspace: Workspace, path: Path) -> str:
    """Change one byte, the end or the existence of a file; its time stays as it was.

    It is written where it is, as through a hard link elsewhere.
    """
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
    *(_own_ignored, _inner_patterns, _staged, _clock, _uv_cache),
    # The commonest ones more often.
    *(_content, _content_unseen, _output, _option, _option),
)
