"""Times builds side by side: this project, and what people do otherwise.

    python3 benchmarks/compare.py [--runs 5] [--others] [--markdown docs/benchmarks.md]

All ways start from the same locks and a warm uv cache, and take turns, so that the machine's moods
hit all of them. The first round of each is not counted. Memory is measured in a round of its own.

It needs Linux, Python 3.10 or newer with venv and pip, and the program `zip`; other tools that make
such zips are installed if they are asked for (SAM then wants a python3.13 on PATH). A chart is
drawn beside the tables.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

FUNCTIONS = {
    "tiny": ("idna", "six"),
    "typical": ("aws-lambda-powertools", "boto3", "pydantic", "requests"),
    "heavy": ("aws-lambda-powertools", "numpy", "pandas", "pydantic", "requests"),
}
PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = {dependencies}

[tool.hatch.build.targets.wheel]
packages = ["src/{name}"]

[tool.hatch.build.targets.lambda-zip]
runtime = "python3.13"
handler = "{name}.handler"

[tool.uv]
exclude-newer = "2026-11-01T00:00:00Z"
"""
HANDLER = "def handler(event, context):\n    return {answer}\n"
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: app.handler, CodeUri: app/}
"""
# A floor: a wheel of nothing, the lock's export, and the zip's bytes copied with a hash.
COPY = """
import hashlib, shutil, sys
total = hashlib.sha256()
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    while piece := source.read(1 << 20):
        total.update(piece)
        target.write(piece)
"""
WITH_ZIPFILE = """
import pathlib, sys, zipfile
site = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(site.rglob("*")):
        archive.write(path, path.relative_to(site))
"""

VERSION_OF = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
# Draws the chart of one function's ways, from their names and medians.
CHART = """
import json, sys
import matplotlib
matplotlib.use("svg")
import matplotlib.pyplot as plt
matplotlib.rcParams |= {"svg.hashsalt": "chart", "svg.fonttype": "none", "font.size": 10}
title, names, medians = json.loads(sys.argv[1])
figure, axes = plt.subplots(figsize=(8, 0.4 * len(names) + 1))
ours = ["#2a6f97" if name.startswith("ours") else "#b0b7bf" for name in names]
bars = axes.barh(names[::-1], medians[::-1], color=ours[::-1])
axes.bar_label(bars, fmt="%.2f s", padding=4)
axes.set_xlim(0, max(medians) * 1.12)
axes.set_title(title, loc="left")
axes.xaxis.set_visible(False)
axes.spines[:].set_visible(False)
axes.tick_params(left=False)
figure.savefig(sys.argv[2], bbox_inches="tight", metadata={"Date": None}, facecolor="white")
"""
# Other tools that make such zips, by the name of their command.
OTHERS = {
    "sam": "aws-sam-cli",
    "pex3": "pex",
    "package-python-function": "package-python-function",
    "chalice": "chalice",
}
# What chalice has instead of a template.
CHALICE = """
from chalice import Chalice

app = Chalice(app_name="function")


@app.lambda_function()
def handler(event, context):
    return 1
"""
CHALICE_CONFIG = '{"version": "2.0", "app_name": "function", "stages": {"dev": {}}}'

# Where the hand-written part of the page starts, which stays.
_KEPT = "## What misses its target"

_LARGE = 100  # functions; such builds are timed once
_TYPICAL_SIZE = 21  # MB: the zips of `typical`, which the many functions are

Command = Sequence[str | Path]


@dataclass
class Way:
    """One way to build.

    Attributes:
        commands: one after the other, timed.
        before: what is done before, untimed.
        environment: what differs from this process's.
        output: where its zip is afterwards; None for a floor.
    """

    name: str
    commands: list[Command]
    cwd: Path
    before: Callable[[], object]
    output: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    memory: int = 0

    @property
    def median(self) -> float:
        """Of the timed runs, in seconds."""
        return statistics.median(self.seconds)

    def run(self) -> float:
        """Run the commands, and return how many seconds they took."""
        self.before()
        environment = {**os.environ, **self.environment}
        started = time.monotonic()
        for command in self.commands:
            done = subprocess.run(
                command, cwd=self.cwd, env=environment, capture_output=True, check=False
            )
            if done.returncode:
                sys.exit(f"{self.name}: {command} failed:\n{done.stderr.decode()}")
        return time.monotonic() - started

    def measure_memory(self) -> None:
        """Sample the resident memory of all processes below this one, in bytes."""
        done = threading.Event()

        def sample() -> None:
            while not done.wait(0.005):
                self.memory = max(self.memory, sum(resident(each) for each in below(os.getpid())))

        sampler = threading.Thread(target=sample)
        sampler.start()
        try:
            self.run()
        finally:
            done.set()
            sampler.join()


def below(root: int) -> Iterator[int]:
    """Yield the processes that a process started, and those that these did."""
    try:
        text = Path(f"/proc/{root}/task/{root}/children").read_text("ascii")
        threads = [*Path(f"/proc/{root}/task").iterdir()]
    except OSError:
        return
    numbers = {int(number) for number in text.split()}
    for thread in threads:
        try:
            numbers |= {int(number) for number in (thread / "children").read_text("ascii").split()}
        except OSError:
            continue
    for number in numbers:
        yield number
        yield from below(number)


def resident(number: int) -> int:
    """Return the resident memory of a process, in bytes; 0 of one that has ended."""
    try:
        return int(Path(f"/proc/{number}/statm").read_text("ascii").split()[1]) * 4096
    except (OSError, IndexError):
        return 0


def run_python(python: Path, program: str, *arguments: str | Path) -> str:
    """Run a program, and return what it prints."""
    command: Command = [python, "-c", program, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Bench:
    """Projects, their tools, and what is measured of them."""

    def __init__(self, root: Path, runs: int, *, has_others: bool) -> None:
        self.root = root
        self.runs = runs
        venv.create(root / "venv", with_pip=True)
        self.python = root / "venv/bin/python"
        self.uv = self.python.parent / "uv"
        pip: list[str | Path] = [self.python, "-m", "pip", "install", "-q"]
        subprocess.run([*pip, f"{CHECKOUT}[uv]", "hatchling"], check=True)
        self.others: dict[str, Path] = {}
        for name, package in OTHERS.items() if has_others else ():
            venv.create(root / name, with_pip=True)
            command: Command = [root / name / "bin/python", "-m", "pip", "install", "-qq", package]
            subprocess.run(command, check=True)
            self.others[name] = root / name / "bin" / name
        self.tool = self.python.parent / "hatch-lambda-zip"

    def project(self, name: str, dependencies: Sequence[str]) -> Path:
        """Write and lock a project that all ways can build."""
        root = self.root / name
        (root / f"src/{name}").mkdir(parents=True)
        (root / f"src/{name}/__init__.py").write_text(HANDLER.format(answer=1))
        text = PYPROJECT.format(name=name, dependencies=[*dependencies])
        (root / "pyproject.toml").write_text(text)
        subprocess.run([self.uv, "lock", "-q"], cwd=root, check=True)
        export: Command = [
            self.uv,
            "export",
            "-q",
            "--no-emit-project",
            "--format",
            "requirements.txt",
        ]
        subprocess.run([*export, "-o", root / "requirements.txt"], cwd=root, check=True)
        (root / "app").mkdir()
        shutil.copy(root / f"src/{name}/__init__.py", root / "app/app.py")
        shutil.copy(root / "requirements.txt", root / "app")
        (root / "template.yaml").write_text(TEMPLATE)
        (root / "chalice/.chalice").mkdir(parents=True)
        (root / "chalice/.chalice/config.json").write_text(CHALICE_CONFIG)
        (root / "chalice/app.py").write_text(CHALICE)
        shutil.copy(root / "requirements.txt", root / "chalice")
        return root

    def ways(self, name: str) -> list[Way]:
        """Return all ways to build one function."""
        root = self.project(name, FUNCTIONS[name])
        cache = root / "cache"
        dist = root / "dist"
        source = root / f"src/{name}/__init__.py"
        build: Command = [self.tool, "build", "-q"]
        off = {"HATCH_LAMBDA_ZIP_CACHE": "0"}
        environment = {"HATCH_LAMBDA_ZIP_CACHE": str(cache)}
        made = root / "made"
        install: Command = [
            *(self.uv, "pip", "install", "-q", "--target", made / "site"),
            *("--python", self.python, "--python-platform", "x86_64-manylinux_2_34"),
            *("--python-version", "3.13", "--only-binary", ":all:"),
            *("-r", root / "requirements.txt"),
        ]
        copy: Command = ["cp", "-r", root / f"src/{name}", made / "site"]
        empty = self.root / "empty"
        if not empty.exists():
            self.project("empty", ())
        reference = root / "reference.zip"

        def fresh(*paths: Path) -> Callable[[], object]:
            def remove() -> None:
                for path in paths:
                    shutil.rmtree(path, ignore_errors=True)

            return remove

        def edit() -> None:
            fresh(dist)()
            source.write_text(HANDLER.format(answer=time.monotonic_ns()))

        ways = [
            Way("ours, cold", [build], root, fresh(dist, cache), dist, environment),
            Way("ours, warm", [build], root, fresh(dist), dist, environment),
            Way("ours, one line changed", [build], root, edit, dist, environment),
            Way("ours, no cache", [build], root, fresh(dist), dist, off),
            Way(
                "uv pip install --target, zip -r",
                [install, copy, ["sh", "-c", f"cd '{made}/site' && zip -qr ../function.zip ."]],
                root,
                fresh(made),
                made,
            ),
            Way(
                "uv pip install --target, zipfile",
                [
                    install,
                    copy,
                    [self.python, "-c", WITH_ZIPFILE, made / "site", made / "function.zip"],
                ],
                root,
                fresh(made),
                made,
            ),
            Way(
                "floor",
                [
                    [self.python, "-m", "hatchling", "build", "-t", "wheel"],
                    [self.uv, "export", "-q", "--locked", "--project", root, "-o", root / "floor"],
                    [self.python, "-c", COPY, reference, root / "copied.zip"],
                ],
                empty,
                fresh(empty / "dist"),
            ),
        ]
        kept_by_chalice = root / "chalice/.chalice/deployments"
        ways += self.others_ways(root, made, fresh(made, kept_by_chalice))
        ways[0].run()
        (artifact,) = dist.glob("*.zip")
        shutil.copy(artifact, reference)
        return ways

    def others_ways(self, root: Path, made: Path, before: Callable[[], object]) -> list[Way]:
        """Return the ways of other tools; but for SAM they take the wheels of this machine."""
        ways = []
        if sam := self.others.get("sam"):
            built = made / "build"
            zipped = f"cd '{built}/Function' && zip -qr '{made}/function.zip' ."
            commands: list[Command] = [[sam, "build", "-b", built], ["sh", "-c", zipped]]
            off = {"SAM_CLI_TELEMETRY": "0"}
            ways.append(Way("sam build, zip -r", commands, root, before, made, off))
        if pex := self.others.get("pex3"):
            command: Command = [
                *(pex, "venv", "create", "--layout", "flat-zipped"),
                *("--dest-dir", made / "function", "-r", root / "requirements.txt"),
            ]
            ways.append(Way("pex3 venv create", [command], root, before, made))
        if package := self.others.get("package-python-function"):
            commands = [
                [self.uv, "sync", "-q", "--locked", "--no-dev", "--no-editable"],
                [package, made / "venv", "--output", made / "function.zip"],
            ]
            place = {"UV_PROJECT_ENVIRONMENT": str(made / "venv")}
            name = "uv sync, package-python-function"
            ways.append(Way(name, commands, root, before, made, place))
        # Of numpy it finds no wheel, and compiles it for many minutes.
        if (chalice := self.others.get("chalice")) and root.name != "heavy":
            place = {"AWS_DEFAULT_REGION": "eu-central-1"}
            command = [chalice, "package", made]
            ways.append(Way("chalice package", [command], root / "chalice", before, made, place))
        return ways

    def versions(self) -> str:
        """Name the tools and their versions."""
        names = ["hatch-lambda-zip", "hatchling", "uv"]
        found = [(self.python, names)]
        for name, package in OTHERS.items() if self.others else ():
            found.append((self.root / name / "bin/python", [package]))
        return ", ".join(
            f"{name} {run_python(python, VERSION_OF, name)}"
            for python, names in found
            for name in names
        )

    def many(self, shape: str, count: int) -> tuple[Way, Way]:
        """Return a build of many functions, and of one of them."""
        root = self.root / f"{shape.replace(' ', '-')}-{count}"
        names = [f"f{number:03}" for number in range(count)]
        dependencies = [*FUNCTIONS["typical"]]
        if shape == "one package":
            self.project(root.name, ())
            text = PYPROJECT.format(name=root.name, dependencies=dependencies)
            text = text.replace(
                f'handler = "{root.name}.handler"', 'handler = "many.{function}.handler"'
            )
            text = text.replace(f'"src/{root.name}"', '"src/many"')
            text += "\n[tool.hatch.build.targets.lambda-zip.functions]\n"
            (root / "pyproject.toml").write_text(
                text + "".join(f"{name} = {{}}\n" for name in names)
            )
            shutil.rmtree(root / "src")
            (root / "src/many").mkdir(parents=True)
            for name in names:
                (root / f"src/many/{name}.py").write_text(HANDLER.format(answer=1))
            all_of, one_of = ["build", "-q"], ["build", "-q", "-f", names[0]]
        elif shape == "folder each":
            for name in names:
                (root / f"functions/{name}").mkdir(parents=True)
                (root / f"functions/{name}/main.py").write_text(HANDLER.format(answer=1))
            head = PYPROJECT.format(name="folders", dependencies=dependencies)
            head = head.replace('handler = "folders.handler"', 'handler = "main.handler"')
            table = 'function-directories = "functions/*"\nhandler'
            (root / "pyproject.toml").write_text(head.replace("handler", table, 1))
            all_of, one_of = ["build", "-q"], ["build", "-q", "-f", names[0]]
        else:
            (root).mkdir()
            (root / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["packages/*"]\n')
            for name in names:
                place = root / f"packages/{name}"
                (place / f"src/{name}").mkdir(parents=True)
                (place / f"src/{name}/__init__.py").write_text(HANDLER.format(answer=1))
                text = PYPROJECT.format(name=name, dependencies=dependencies)
                (place / "pyproject.toml").write_text(text.partition("\n[tool.uv]")[0])
            all_of = ["build", "-q", "--all"]
            one_of = ["build", "-q", f"packages/{names[0]}"]
        subprocess.run([self.uv, "lock", "-q"], cwd=root, check=True)
        environment = {"HATCH_LAMBDA_ZIP_CACHE": str(self.root / "many-cache")}

        def clean() -> None:
            for dist in root.rglob("dist"):
                shutil.rmtree(dist)

        every = Way(f"{shape}, {count}", [[self.tool, *all_of]], root, clean, None, environment)
        single = Way(f"{shape}, 1", [[self.tool, *one_of]], root, clean, None, environment)
        return every, single

    def take_turns(self, ways: Sequence[Way], runs: int) -> None:
        """Time ways, one after the other, again and again, and measure their memory."""
        for number in range(runs + 1):
            for way in ways:
                seconds = way.run()
                if number:
                    way.seconds.append(seconds)
            print(".", end="", flush=True)
        for way in ways:
            way.measure_memory()
        print(flush=True)


def size_of(way: Way) -> str:
    """Return the size of what a way made, in MB."""
    if way.output is None:
        return ""
    (artifact,) = way.output.glob("*.zip")
    return f"{artifact.stat().st_size / 1e6:.1f}"


def describe(name: str, ways: Sequence[Way]) -> Iterator[str]:
    """Write the table of one function, as Markdown."""
    by_name = {way.name: way.median for way in ways}
    hand = by_name["uv pip install --target, zip -r"]
    yield f"## {name}: {', '.join(FUNCTIONS[name])}\n"
    yield "| way | median s | of by hand | of the floor | peak MiB | zip MB |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for way in ways:
        yield (
            f"| {way.name} | {way.median:.2f} | {way.median / hand:.2f} "
            f"| {way.median / by_name['floor']:.1f} | {way.memory >> 20} | {size_of(way)} |"
        )
    yield ""


def draw(name: str, ways: Sequence[Way], path: Path, root: Path) -> None:
    """Draw a chart of one function's ways."""
    venv.create(root / "chart", with_pip=True)
    python = root / "chart/bin/python"
    subprocess.run([python, "-m", "pip", "install", "-qq", "matplotlib"], check=True)
    title = f"Seconds for the zip of {name}: {', '.join(FUNCTIONS[name])}"
    data = json.dumps([title, [way.name for way in ways], [way.median for way in ways]])
    run_python(python, CHART, data, path)


def describe_many(pairs: Sequence[tuple[Way, Way]]) -> Iterator[str]:
    """Write the table of many functions, as Markdown."""
    yield "## Many functions, warm\n"
    yield "| shape | all, s | one, s | each further one, s | peak MiB, all | peak MiB, one |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for every, single in pairs:
        count = int(every.name.rpartition(" ")[2])
        each = (every.median - single.median) / (count - 1)
        yield (
            f"| {every.name} | {every.median:.2f} | {single.median:.2f} | {each:.3f} "
            f"| {every.memory >> 20} | {single.memory >> 20} |"
        )
    yield ""


def describe_targets(
    timed: Mapping[str, Sequence[Way]], pairs: Sequence[tuple[Way, Way]]
) -> Iterator[str]:
    """Write how the figures compare with what they should be, as Markdown."""
    yield "## Against the targets\n"
    yield "| case | target | measured |"
    yield "| --- | --- | --- |"
    if heavy := {way.name: way for way in timed.get("heavy", ())}:
        cold, warm, off = (heavy[f"ours, {name}"] for name in ("cold", "warm", "no cache"))
        hand, floor = heavy["uv pip install --target, zip -r"], heavy["floor"]
        by_hand = "by hand (`uv pip install --target`, `zip -r`)"
        sizes = f"{size_of(cold)} MB instead of {size_of(hand)}"
        yield (
            f"| heavy, cold, against {by_hand} | 3 times as fast, smaller zip "
            f"| {hand.median / cold.median:.1f} times, {sizes} |"
        )
        times = f"{hand.median / warm.median:.1f} times"
        yield f"| heavy, warm, against the same | 10 times as fast | {times} |"
        if sam := heavy.get("sam build, zip -r"):
            times = f"{sam.median / warm.median:.0f} times"
            yield f"| heavy, warm, against `sam build` and `zip -r` | 30 times as fast | {times} |"
        times = f"{warm.median / floor.median:.1f} times"
        yield f"| heavy, warm, against the floor | 1.3 times its time | {times} |"
        memory = f"{cold.memory >> 20} and {warm.memory >> 20} MiB"
        yield f"| memory, heavy, cold and warm | 150 and 80 MiB | {memory} |"
        slower = f"{cold.median / off.median - 1:.0%}"
        yield f"| heavy, cold, with an empty cache, against none | 5% slower at most | {slower} |"
    for way in timed.get("typical", ()):
        if way.name == "ours, one line changed":
            yield f"| typical, one line changed | 0.5 s | {way.median:.2f} s |"
    for every, single in pairs:
        shape, _, count = every.name.rpartition(", ")
        each = (every.median - single.median) / (int(count) - 1)
        memory = f"{every.memory / single.memory - 1:+.0%} of memory"
        yield (
            f"| {shape}, {count} functions, warm, each further one | 0.03 s for 10 MB, memory "
            f"within 20% of one's | {each:.3f} s for {_TYPICAL_SIZE} MB, {memory} |"
        )
    yield ""


def machine() -> str:
    """Describe the machine."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} CPUs ({cpu}), Python {platform.python_version()}"


def main() -> None:
    """Prepare, warm up, take turns, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each (default: 5)")
    parser.add_argument(
        "--others", action="store_true", help=f"compare with {', '.join(OTHERS.values())} as well"
    )
    parser.add_argument("--functions", nargs="*", default=[*FUNCTIONS], choices=[*FUNCTIONS])
    parser.add_argument("--counts", nargs="*", type=int, default=[10, 50, 200])
    parser.add_argument("--markdown", type=Path, help="write the tables there")
    arguments = parser.parse_args()
    if shutil.which("zip") is None:
        sys.exit("The program `zip` is needed for the comparison; install it.")
    lines: list[str] = []
    timed: dict[str, list[Way]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench(Path(temporary), arguments.runs, has_others=arguments.others)
        lines.append(
            f"{machine()}; {bench.versions()}. Medians of {arguments.runs} runs that take turns, "
            f"and of one run where there are {_LARGE} functions or more.\n"
        )
        for name in arguments.functions:
            ways = bench.ways(name)
            bench.take_turns(ways, arguments.runs)
            timed[name] = ways
            lines += describe(name, ways)
            print("\n".join(lines[-len(ways) - 4 :]), flush=True)
            if arguments.markdown and name == arguments.functions[-1]:
                chart = arguments.markdown.with_suffix(".svg").absolute()
                draw(name, ways, chart, bench.root)
                lines += [f"![{name}]({chart.name})\n"]
        pairs = []
        for count in arguments.counts:
            for shape in ("one package", "folder each", "package each"):
                pair = bench.many(shape, count)
                bench.take_turns(pair, arguments.runs if count < _LARGE else 1)
                pairs.append(pair)
        if pairs:
            lines += describe_many(pairs)
            print("\n".join(describe_many(pairs)))
        lines += describe_targets(timed, pairs)
        print("\n".join(describe_targets(timed, pairs)))
    if page := arguments.markdown:
        _, mark, kept = page.read_text("utf-8").partition(_KEPT) if page.exists() else ("", "", "")
        page.write_text("\n".join(["# Benchmarks\n", *lines, mark + kept]), encoding="utf-8")


if __name__ == "__main__":
    main()
