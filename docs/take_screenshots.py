"""Takes the pictures of docs/images anew: a function of known packages in Chromium and on a terminal."""  # noqa: E501, INP001 - docs are no package

from __future__ import annotations

import io
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

IMAGES = Path(__file__).resolve().parent / "images"
PROJECT = """\
[build-system]
requires = ["hatchling", "hatch-lambda-zip"]
build-backend = "hatchling.build"

[project]
name = "orders"
version = "1.0"
requires-python = ">=3.10"
dependencies = [{requirements}]

[tool.hatch.build.targets.lambda-zip]
handler = "orders.handler"
runtime = "python3.13"
architecture = "arm64"
"""
HEAVY = ("boto3==1.40.1", "fastapi==0.116.1", "mangum==0.19.0", "numpy==2.2.6", "orjson==3.11.4")
LIGHT = ("fastapi==0.116.1", "mangum==0.19.0", "orjson==3.11.4")
NEWER = (*LIGHT[:-1], "orjson==3.11.5")
HANDLER = '''\
"""The API of orders."""

from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()
handler = Mangum(app)
'''
EDITED = HANDLER.replace("FastAPI()", 'FastAPI(title="Orders")')
COMMAND = (sys.executable, "-m", "hatch_lambda_zip")
LARGEST = 150_000  # bytes of a picture
COLUMNS = 112
DAYS = {"monday": 1_795_424_400, "tuesday": 1_795_510_800}  # seconds; 2026-11-23 and the day after
# rich's own has fonts from the network, which a page would load or a viewer refuse.
SVG = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px monospace; line-height: {line_height}px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def take() -> None:
    """Write all pictures."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("Chromium is needed, as `chromium` on the PATH.")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        photograph_report(root, browser)
        photograph_commands(root)
    for picture in IMAGES.iterdir():
        if picture.stat().st_size > LARGEST:
            sys.exit(f"{picture} has more than {LARGEST:,} bytes.")


def photograph_report(root: Path, browser: str) -> None:
    """Take the picture of a page of `report`."""
    page = root / "report.html"
    built = build(root / "heavy", HEAVY, HANDLER)
    subprocess.run([*COMMAND, "report", built, "-o", page], check=True, timeout=60)
    subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--hide-scrollbars"),
            *("--window-size=1100,900", f"--screenshot={IMAGES / 'report.png'}", page.as_uri()),
        ],
        check=True,
        timeout=120,
    )


def photograph_commands(root: Path) -> None:
    """Take the pictures of `inspect` and `diff`, of zips as people make them and of built ones."""
    built = build(root / "light", LIGHT, HANDLER)
    newer = build(root / "newer", NEWER, EDITED)
    shutil.copy(built, root / "deployed.zip")
    shutil.copy(newer, root / "orders.zip")
    for day, moment in DAYS.items():
        with zipfile.ZipFile(built) as archive:
            archive.extractall(root / day)
        for path in (root / day).rglob("*"):
            os.utime(path, (moment, moment))
        pack = ["zip", "-qrXD", f"../{day}.zip", "."]
        subprocess.run(pack, cwd=root / day, check=True, timeout=60)
    photograph("diff", ["diff monday.zip tuesday.zip", "diff deployed.zip orders.zip"], root)
    photograph("inspect", ["inspect tuesday.zip"], root)


def build(root: Path, requirements: tuple[str, ...], handler: str) -> Path:
    """Return the zip of a project that requires something."""
    (root / "src/orders").mkdir(parents=True)
    listed = ", ".join(f'"{requirement}"' for requirement in requirements)
    (root / "pyproject.toml").write_text(PROJECT.format(requirements=listed), encoding="utf-8")
    (root / "src/orders/__init__.py").write_text(handler, encoding="utf-8")
    subprocess.run(["uv", "lock", "-q"], cwd=root, check=True, timeout=300)  # noqa: S607
    subprocess.run([*COMMAND, "build", "-q"], cwd=root, check=True, timeout=600)
    (built,) = (root / "dist").glob("*.zip")
    return built


def photograph(name: str, commands: list[str], directory: Path) -> None:
    """Take the picture of what commands print on a terminal."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for index, command in enumerate(commands):
        prompt = Text.assemble("\n" * (index > 0), ("$ ", "bold green"), "hatch-lambda-zip ")
        console.print(prompt + Text(command, "bold"), highlight=False)
        console.print(Text.from_ansi(on_terminal([*COMMAND, *command.split()], directory)))
    console.print()
    picture = IMAGES / f"{name}.svg"
    console.save_svg(
        str(picture), title="", theme=MONOKAI, code_format=SVG, unique_id=f"terminal-{name}"
    )


def on_terminal(command: list[str], directory: Path) -> str:
    """Return what a command prints where its output is a terminal, with its colours."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, cwd=directory, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        printed = b""
        try:
            while part := os.read(ours, 65536):
                printed += part
        except OSError:  # Linux says so that the other end is closed
            pass
        os.close(ours)
    if process.returncode not in {0, 1}:
        sys.exit(printed.decode())
    return printed.decode().replace("\r\n", "\n").rstrip("\n")


take()
