"""Times imports from unpacked zips, without and with bytecode, as a cold start meets them.

    python3 benchmarks/coldstart.py

For each package, a function is built twice: with `bytecode = "strip"` and with
`bytecode = "compile"`, for the Python that runs this script. Both zips are unpacked into
directories without write permission, and fresh processes import from them in turns, so that the
machine's moods hit both. The files are in the system's cache, the processes' start is not counted.

It needs CPython 3.10 to 3.15 on Linux, with venv and pip.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

# What a handler's module does before the first event: the requirement, and the code.
CASES = {
    "powertools": (
        "aws-lambda-powertools",
        "from aws_lambda_powertools import Logger, Metrics, Tracer, event_handler",
    ),
    "pydantic": ("pydantic", "from pydantic import BaseModel"),
    "requests": ("requests", "import requests"),
    "boto3": ("boto3", "import boto3; boto3.client('dynamodb', region_name='eu-west-1')"),
    "pandas": ("pandas", "import pandas"),
}
TARGET = "tool.hatch.build.targets.lambda-zip"
KINDS = ("none", "compiled")
TIMER = """
import sys, time
sys.path.insert(0, sys.argv[1])
started = time.perf_counter()
exec(compile(sys.argv[2], "handler", "exec"))
print(time.perf_counter() - started)
"""


def main() -> None:
    """Build, unpack, take turns, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=11, help="imports of each (default: 11)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        roots = build_all(Path(temporary))
        print(f"CPython {platform.python_version()}, medians of {arguments.runs} imports\n")
        print(f"| {'':12} | none, ms | compiled, ms | saved | zip, none | zip, compiled |")
        print("| --- | --- | --- | --- | --- | --- |")
        for name, (_, code) in CASES.items():
            seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
            for number in range(arguments.runs + 1):
                for kind in KINDS:
                    elapsed = timed(roots[name, kind], code)
                    if number:  # the first of each warms the system's cache up
                        seconds[kind].append(elapsed)
            report(name, seconds, roots)


def build_all(root: Path) -> dict[tuple[str, str], Path]:
    """Build and unpack every zip; return where each is."""
    project = root / "imports"
    (project / "src/imports").mkdir(parents=True)
    (project / "src/imports/__init__.py").touch()
    (project / "pyproject.toml").write_text(pyproject(), encoding="utf-8")
    venv.create(root / "venv", with_pip=True)
    python = root / "venv/bin/python"
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, f"{CHECKOUT}[uv]"], check=True)
    # uv is to find this Python, and no other.
    path = os.pathsep.join([f"{sys.base_prefix}/bin", os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "UV_PYTHON_DOWNLOADS": "never"}
    for command in (
        ["uv", "lock", "-q"],
        ["python", "-m", "hatchling", "build", "-t", "lambda-zip"],
    ):
        words = [str(python.parent / command[0]), *command[1:]]
        result = subprocess.run(
            words, cwd=project, env=environment, check=False, capture_output=True, text=True
        )
        if result.returncode:
            sys.exit(result.stderr)
    roots = {}
    for name in CASES:
        for kind in KINDS:
            place = roots[name, kind] = root / f"{name}-{kind}"
            with zipfile.ZipFile(project / f"dist/{name}-{kind}.zip") as archive:
                archive.extractall(place)
            for unpacked in (place, *place.rglob("*")):
                unpacked.chmod(0o555 if unpacked.is_dir() else 0o444)
    return roots


def pyproject() -> str:
    """Return the project's configuration, with two functions for each case."""
    version = platform.python_version()
    minor = ".".join(version.split(".")[:2])
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    extras = {name: [requirement] for name, (requirement, _) in CASES.items()}
    parts = [
        '[build-system]\nrequires = ["hatchling", "hatch-lambda-zip"]',
        'build-backend = "hatchling.build"\n',
        f'[project]\nname = "imports"\nversion = "1"\nrequires-python = "=={minor}.*"',
        "[project.optional-dependencies]",
        *(f"{name} = {json.dumps(requirements)}" for name, requirements in extras.items()),
        f'[{TARGET}]\nruntime = "python{minor}"\narchitecture = "{machine}"',
        f'filename = "{{function}}.zip"\nbytecode-python = "{version}"',
        f"bytecode-python-path = {json.dumps(sys.executable)}",
    ]
    for name in CASES:
        for kind, mode in zip(KINDS, ("strip", "compile"), strict=True):
            parts.append(f"[{TARGET}.functions.{name}-{kind}]")
            parts.append(f'extras = ["{name}"]\nbytecode = "{mode}"')
    return "\n".join([*parts, '[tool.uv]\nexclude-newer = "2026-11-01T00:00:00Z"\n'])


def timed(root: Path, code: str) -> float:
    """Import in a fresh process and return the seconds that it took."""
    result = subprocess.run(
        # -B, because the superuser could write where nobody can on Lambda.
        [sys.executable, "-I", "-S", "-B", "-c", TIMER, root, code],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ.get("PATH", ""), "POWERTOOLS_METRICS_NAMESPACE": "test"},
    )
    return float(result.stdout)


def report(name: str, seconds: dict[str, list[float]], roots: dict[tuple[str, str], Path]) -> None:
    """Print a row of the table."""
    none, compiled = (statistics.median(seconds[kind]) * 1000 for kind in KINDS)
    zips = [roots[name, kind].parent / f"imports/dist/{name}-{kind}.zip" for kind in KINDS]
    sizes = [f"{path.stat().st_size / 1e6:.1f} MB" for path in zips]
    saved = f"{1 - compiled / none:.0%}"
    print(f"| {name:12} | {none:.0f} | {compiled:.0f} | {saved} | {' | '.join(sizes)} |")


if __name__ == "__main__":
    main()
