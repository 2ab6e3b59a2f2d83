"""Builds an example with the plugin from this checkout and shows what came out.

    python3 examples/build.py orders

It needs Python 3.10 or newer with venv and pip, and nothing else: hatch and uv go into a virtual
environment in .venv, which later runs use again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
CHECKOUT = EXAMPLES.parent
HATCH_BUILD = ["hatch", "build", "-t", "lambda-zip"]


def main() -> None:
    """Lock the example, build it, print its manifests."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = sorted(path.parent.name for path in EXAMPLES.glob("*/pyproject.toml"))
    parser.add_argument("example", choices=names)
    project = EXAMPLES / parser.parse_args().example

    scripts = prepare_tools()
    with tempfile.TemporaryDirectory() as temporary:
        wheels = Path(temporary, "wheels")
        uv = scripts / "uv"
        run([uv, "build", "-q", "--wheel", "-o", wheels, CHECKOUT])
        environment = {
            **os.environ,
            # Where the build finds this checkout's plugin instead of the published one.
            "UV_FIND_LINKS": str(wheels),
            "PIP_FIND_LINKS": str(wheels),
            # hatch keeps its build environments here; a fresh place, so a fresh plugin.
            "HATCH_DATA_DIR": str(Path(temporary, "hatch")),
            "PATH": os.pathsep.join([str(scripts), os.environ.get("PATH", "")]),
        }
        pyproject = (project / "pyproject.toml").read_text(encoding="utf-8")
        if "hatchling.build" in pyproject:
            commands = [["uv", "lock"], HATCH_BUILD]
        elif (project / "tools").is_dir():
            commands = [["uv", "lock"], ["uv", "build", "--all-packages"]]
        else:
            # Nothing that hatch would build.
            (wheel,) = wheels.glob("*.whl")
            run([uv, "pip", "install", "-q", "--python", python_in(scripts), wheel])
            commands = [["hatch-lambda-zip", "lock"], ["hatch-lambda-zip", "build"]]
            if "tool.poetry" in pyproject:
                commands.insert(0, ["uvx", "poetry", "lock"])
        for command in commands:
            run(command, cwd=project, env=environment)
    for manifest in sorted((project / "dist").glob("*.json")):
        show(json.loads(manifest.read_text(encoding="utf-8")))


def prepare_tools() -> Path:
    """Make .venv with hatch and uv, if it is not there; return its directory of scripts."""
    directory = CHECKOUT / ".venv"
    scripts = directory / ("Scripts" if sys.platform == "win32" else "bin")
    if not python_in(scripts).exists():
        venv.create(directory, with_pip=True)
    python = python_in(scripts)
    run([python, "-m", "pip", "install", "-q", "uv"])
    run([scripts / "uv", "pip", "install", "-q", "--python", python, "hatch"])
    return scripts


def python_in(scripts: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return scripts / ("python.exe" if sys.platform == "win32" else "python")


def run(
    command: Sequence[str | Path], *, cwd: Path = CHECKOUT, env: dict[str, str] | None = None
) -> None:
    """Show a command and run it; end with its exit code when it fails."""
    words = [str(word) for word in command]
    print("$", " ".join([Path(words[0]).name, *words[1:]]), flush=True)
    code = subprocess.run(words, cwd=cwd, env=env, check=False).returncode
    if code:
        sys.exit(code)


def show(manifest: dict[str, object]) -> None:
    """Print a zip's hash and its contents by distribution."""
    print(f"\n{manifest['artifact']}")
    print(f"  sha256         {manifest['sha256']}")
    print(f"  sha256 base64  {manifest['sha256_base64']}")
    print(f"\n  {'distribution':32} {'version':12} {'files':>6} {'bytes':>12} {'compressed':>12}")
    rows = manifest["distributions"]
    if not isinstance(rows, list):
        raise TypeError(rows)
    for row in rows:
        print(
            f"  {row['name']:32} {row['version']:12} {row['files']:>6,} {row['bytes']:>12,} "
            f"{row['compressed_bytes']:>12,}"
        )
    total = f"{manifest['files']:>6,} {manifest['unzipped_bytes']:>12,}"
    print(f"  {'total':32} {'':12} {total} {manifest['zipped_bytes']:>12,}")


if __name__ == "__main__":
    main()
