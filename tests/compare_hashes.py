"""Shows whether two checkouts of the plugin make the same zips of the same projects.

    python tests/compare_hashes.py BEFORE AFTER

Eight projects, copied from the second checkout and locked once: the three examples, and the
fixture with layers, bytecode, the build hook, an sdist and a requirements.txt. Ends with 1 when a
hash differs. It is for changes that must not alter a byte.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

TARGET = "[tool.hatch.build.targets.lambda-zip]\n"
ZIPS = ("-m", "hatchling", "build", "-t", "lambda-zip")
WHEEL = ("-m", "hatchling", "build", "-t", "wheel")


@dataclass(frozen=True)
class Project:
    """A project to build.

    Attributes:
        name: what the table calls it.
        source: a directory in the checkout.
        prepare: changes the copy, before it is locked.
        build: builds a copy with an interpreter.
        packages: directories of the copy that are built.
    """

    name: str
    source: str
    prepare: Callable[[Path], None]
    build: Callable[[Path, Path], None]
    packages: tuple[str, ...] = (".",)


def run(command: Sequence[str | Path], cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        command, cwd=cwd, check=False, capture_output=True, encoding="utf-8", env=environment
    )
    if result.returncode:
        sys.exit(f"{command} in {cwd} failed:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def build_zips(package: Path, python: Path) -> None:
    run([python, *ZIPS], package)


def build_with_hook(package: Path, python: Path) -> None:
    run([python, *WHEEL], package)


def build_from_sdist(package: Path, python: Path) -> None:
    run([python, "-m", "hatchling", "build", "-t", "sdist"], package)
    (sdist,) = (package / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(package / "unpacked", filter="data")
    for path in (package / "dist").glob("*.zip"):
        path.unlink()
    (unpacked,) = (package / "unpacked").iterdir()
    run([python, *WHEEL], unpacked)


def edit(package: Path, old: str, new: str) -> None:
    path = package / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    if old not in text:
        sys.exit(f"{path} has no {old!r}")
    path.write_text(text.replace(old, new), encoding="utf-8")


def leave(_package: Path) -> None:
    """Change nothing."""


def with_layers(root: Path) -> None:
    more = (
        '[tool.hatch.build.targets.lambda-zip.layers.deps]\ndistributions = ["markupsafe"]\n\n'
        '[tool.hatch.build.targets.lambda-zip.functions.api]\nlayers = ["deps"]\n\n[tool.uv]\n'
    )
    edit(root / "app", "[tool.uv]\n", more)


def with_bytecode(root: Path) -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    minor = f"python3.{sys.version_info.minor}"
    more = f'{TARGET}bytecode = "compile"\nbytecode-python = "{version}"\n'
    edit(root / "app", TARGET, more)
    edit(root / "app", 'runtime = "python3.13"', f'runtime = "{minor}"')


def with_hook(root: Path) -> None:
    edit(root / "app", "[tool.uv]\n", "[tool.hatch.build.hooks.lambda-zip]\n\n[tool.uv]\n")


def with_embedding(root: Path) -> None:
    hook = "[tool.hatch.build.hooks.lambda-zip]\nembed-lock = true\n\n[tool.uv]\n"
    edit(root / "app", "[tool.uv]\n", hook)


def with_requirements(root: Path) -> None:
    edit(root / "app", TARGET, f'{TARGET}lock = "requirements.txt"\n')
    run(["uv", "lock", "-q"], root / "app")
    export = ["uv", "export", "-q", "--format", "requirements.txt", "-o", "requirements.txt"]
    run(export, root / "app")


APP = ("app",)
PROJECTS = (
    Project("examples/orders", "examples/orders", leave, build_zips),
    Project("examples/functions", "examples/functions", leave, build_zips),
    Project(
        "examples/monorepo",
        "examples/monorepo",
        leave,
        build_zips,
        ("functions/api", "functions/worker"),
    ),
    Project("layers", "tests/fixtures", with_layers, build_zips, APP),
    Project("bytecode", "tests/fixtures", with_bytecode, build_zips, APP),
    Project("hook", "tests/fixtures", with_hook, build_with_hook, APP),
    Project("sdist", "tests/fixtures", with_embedding, build_from_sdist, APP),
    Project("requirements.txt", "tests/fixtures", with_requirements, build_zips, APP),
)


def hashes(project: Project, locked: Path, python: Path, directory: Path) -> dict[str, str]:
    """Build a copy, and return the SHA-256 of its zips by their names."""
    shutil.copytree(locked, directory)
    for package in project.packages:
        project.build(directory / package, python)
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*.zip"))
    }


def main(before: Path, after: Path) -> int:
    """Print the table, and return how many zips differ."""
    different = 0
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        pythons = []
        for number, checkout in enumerate((before, after)):
            place = root / f"venv-{number}"
            run(["uv", "venv", "-q", "--python", sys.executable, place], root)
            python = place / "bin/python"
            install: list[str | Path] = ["uv", "pip", "install", "-q"]
            install += ["--python", python, checkout, "uv"]
            run(install, root)
            pythons.append(python)
        for number, project in enumerate(PROJECTS):
            locked = root / f"locked-{number}"
            ignored = shutil.ignore_patterns("dist", "uv.lock", ".venv")
            shutil.copytree(after / project.source, locked, ignore=ignored)
            project.prepare(locked)
            run(["uv", "lock", "-q"], locked / project.packages[0])
            found = [
                hashes(project, locked, python, root / f"copy-{number}-{python.parent.parent.name}")
                for python in pythons
            ]
            if not found[0]:
                sys.exit(f"{project.name} made no zip")
            for name in sorted({*found[0], *found[1]}):
                pair = [one.get(name, "missing") for one in found]
                different += pair[0] != pair[1]
                verdict = "same     " if pair[0] == pair[1] else "DIFFERENT"
                row = (verdict, f"{project.name:20}", f"{name:36}", *dict.fromkeys(pair))
                sys.stdout.write(" ".join(row) + "\n")
    return different


if __name__ == "__main__":
    sys.exit(bool(main(*(Path(argument).resolve() for argument in sys.argv[1:3]))))
