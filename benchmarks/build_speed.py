"""Times a heavy function's build against the way people do it by hand.

    python3 benchmarks/build_speed.py

Both start from the same lock and a warm uv cache and end with a zip of the same distributions, and
they take turns, so that the machine's moods hit both:

* this project: `python -m hatchling build -t lambda-zip`
* by hand: `uv pip install --target` and `zip -r`

It needs Python 3.10 or newer with venv and pip, and the programs `zip` and a POSIX `os.wait4`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

PYPROJECT = """
[build-system]
requires = ["hatchling", "hatch-lambda-zip"]
build-backend = "hatchling.build"

[project]
name = "heavy"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["aws-lambda-powertools", "numpy", "pandas", "pydantic", "requests"]

[tool.hatch.build.targets.lambda-zip]
runtime = "python3.13"
architecture = "arm64"
handler = "heavy.handler"

[tool.uv]
exclude-newer = "2026-11-01T00:00:00Z"
"""


@dataclass(frozen=True)
class Run:
    """One timed build.

    Attributes:
        seconds: of wall-clock time.
        memory: peak resident memory of its largest process, in bytes.
        size: of the zip, in bytes.
    """

    seconds: float
    memory: int
    size: int


def main() -> None:
    """Prepare, warm up, take turns, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7, help="timed runs of each (default: 7)")
    arguments = parser.parse_args()
    if shutil.which("zip") is None:
        sys.exit("The program `zip` is needed for the comparison; install it.")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        python = prepare(root)
        ways = {"this project": (ours, root / "heavy/dist"), "by hand": (by_hand, root / "hand")}
        runs: dict[str, list[Run]] = {name: [] for name in ways}
        for number in range(arguments.runs + 1):
            for name, (commands, output) in ways.items():
                run = timed(commands(python, root, output), root / "heavy", output)
                if number:  # the first of each warms the caches up
                    runs[name].append(run)
                    print(f"{name:13} {run.seconds:6.2f} s", flush=True)
        report(runs)


def prepare(root: Path) -> Path:
    """Make the project, its lock and a virtual environment; return its Python."""
    project = root / "heavy"
    (project / "src/heavy").mkdir(parents=True)
    (project / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (project / "src/heavy/__init__.py").write_text(
        "import pandas\n\n\ndef handler(event, context):\n    return pandas.__version__\n",
        encoding="utf-8",
    )
    venv.create(root / "venv", with_pip=True)
    python = root / "venv/bin/python"
    uv = str(python.parent / "uv")
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, f"{CHECKOUT}[uv]"], check=True)
    subprocess.run([uv, "lock", "-q"], cwd=project, check=True)
    export = [uv, "export", "-q", "--locked", "--no-emit-project", "--format", "requirements.txt"]
    subprocess.run([*export, "-o", str(root / "requirements.txt")], cwd=project, check=True)
    return python


def ours(python: Path, root: Path, output: Path) -> list[list[str | Path]]:
    """Return the command of this project."""
    del root, output
    return [[python, "-m", "hatchling", "build", "-t", "lambda-zip"]]


def by_hand(python: Path, root: Path, output: Path) -> list[list[str | Path]]:
    """Return the commands that a deployment script would have."""
    site = output / "site"
    uv = python.parent / "uv"
    platform = ["--python-platform", "aarch64-manylinux_2_34", "--python-version", "3.13"]
    install: list[str | Path] = [uv, "pip", "install", "-q", "--target", site, "--python", python]
    install += [*platform, "--only-binary", ":all:", "-r", root / "requirements.txt"]
    return [
        install,
        ["cp", "-r", root / "heavy/src/heavy", site],
        ["sh", "-c", f"cd '{site}' && zip -qr ../function.zip ."],
    ]


def timed(commands: list[list[str | Path]], cwd: Path, output: Path) -> Run:
    """Run commands one after the other, starting without their earlier output."""
    shutil.rmtree(output, ignore_errors=True)
    quiet = subprocess.DEVNULL
    memory = 0
    started = time.monotonic()
    for command in commands:
        with subprocess.Popen(command, cwd=cwd, stdout=quiet, stderr=quiet) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{command} failed")
        # Linux counts in KiB, macOS in bytes.
        memory = max(memory, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
    seconds = time.monotonic() - started
    (artifact,) = output.glob("*.zip")
    return Run(seconds, memory, artifact.stat().st_size)


def report(runs: dict[str, list[Run]]) -> None:
    """Print medians, the ratio, the peak memory and the sizes."""
    mebibyte = 1 << 20
    print(f"\n{'':13} {'median s':>9} {'min s':>7} {'max s':>7} {'peak MiB':>9} {'zip MB':>7}")
    medians = {}
    for name, results in runs.items():
        seconds = [run.seconds for run in results]
        medians[name] = statistics.median(seconds)
        memory = max(run.memory for run in results) / mebibyte
        print(
            f"{name:13} {medians[name]:9.2f} {min(seconds):7.2f} {max(seconds):7.2f} "
            f"{memory:9.0f} {results[0].size / 1e6:7.2f}"
        )
    ours_median, hand_median = medians.values()
    print(f"\nThis project takes 1/{hand_median / ours_median:.1f} of the time.")


if __name__ == "__main__":
    main()
