"""A small application as it is deployed, installed once by uv, and files of it as trees."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.commands import UV, clean_environment, needed, run

Tree = dict[str, bytes]

APP = b'''"""Orders, by their numbers."""

import iniconfig

LIMIT = 30  # orders


class Orders:
    """All of them."""

    def find(self, number: int) -> str:
        """Return one."""
        return f"order {number}"


def handler(event: dict[str, int], context: object) -> str:
    """Answer a request."""
    return Orders().find(event["number"] + 1)
'''
OWN = {
    "orders/__init__.py": b"",
    "orders/api.py": APP,
    "orders/prices.json": b'{"apple": 1, "pear": 2}\n',
    "orders/terms.txt": b"No refunds.\nNo returns.\n",
    "orders/logo.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
}


@dataclass(frozen=True)
class Sites:
    """Directories that uv has installed the application's dependencies to, by what is otherwise."""

    root: Path

    def tree(self, name: str = "plain") -> Tree:
        """Return the files of one, with the application."""
        return OWN | read_tree(self.root / name)

    def copy(self, target: Path, name: str = "plain") -> Path:
        """Write one with the application, and return where."""
        shutil.copytree(self.root / name, target)
        return write_tree(target, OWN)


def install(directory: Path) -> Sites:
    """Install the same distributions in five ways, and zlib-ng."""
    old, new, native = "iniconfig==2.0.0", "iniconfig==2.1.0", "markupsafe==3.0.2"
    arm = ["--python-platform", "aarch64-manylinux2014"]
    for name, words, variables in (
        ("plain", [old, native], {}),
        ("newer", [new, native], {}),
        ("compiled", [old, native], {"UV_COMPILE_BYTECODE": "1"}),
        ("arm", [*arm, old, native], {}),
        ("zlib-ng", ["zlib-ng"], {}),
        ("next", ["--python-version", "3.12", old, native], {}),
    ):
        command: list[str | Path] = [
            UV,
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--python",
            sys.executable,
        ]
        command += ["--target", directory / name, *words]
        directory.mkdir(exist_ok=True)
        run(command, cwd=directory, env=clean_environment(**variables))
    return Sites(directory)


def read_tree(root: Path) -> Tree:
    """Return all files of a directory."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def write_tree(root: Path, tree: Tree) -> Path:
    """Write files into a directory, and return it."""
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def zip_directory(root: Path, target: Path, *words: str) -> Path:
    """Run Info-ZIP's zip."""
    run([needed("zip"), "-qr", *words, target, "."], cwd=root)
    return target
