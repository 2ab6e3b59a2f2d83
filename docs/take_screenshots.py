"""Takes the README's pictures anew: builds a function of known packages, and looks at its page in Chromium."""  # noqa: E501, INP001 - docs are no package

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

IMAGES = Path(__file__).resolve().parent / "images"
PROJECT = """\
[build-system]
requires = ["hatchling", "hatch-lambda-zip"]
build-backend = "hatchling.build"

[project]
name = "orders"
version = "1.0"
requires-python = ">=3.10"
dependencies = [
    "boto3==1.40.1", "fastapi==0.116.1", "mangum", "numpy==2.2.6", "orjson",
]

[tool.hatch.build.targets.lambda-zip]
handler = "orders.handler"
runtime = "python3.13"
architecture = "arm64"
"""
HANDLER = '''\
"""The API of orders."""

from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()
handler = Mangum(app)
'''
LARGEST = 150_000  # bytes


def take() -> None:
    """Write all pictures."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("Chromium is needed, as `chromium` on the PATH.")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary, "orders")
        (root / "src/orders").mkdir(parents=True)
        (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
        (root / "src/orders/__init__.py").write_text(HANDLER, encoding="utf-8")
        command = [sys.executable, "-m", "hatch_lambda_zip"]
        subprocess.run(["uv", "lock", "-q"], cwd=root, check=True, timeout=300)  # noqa: S607
        subprocess.run([*command, "build", "-q"], cwd=root, check=True, timeout=600)
        page = root / "report.html"
        (built,) = (root / "dist").glob("*.zip")
        subprocess.run([*command, "report", built, "-o", page], check=True, timeout=60)
        picture = IMAGES / "report.png"
        subprocess.run(
            [
                *(browser, "--headless", "--no-sandbox", "--hide-scrollbars"),
                *("--window-size=1100,900", f"--screenshot={picture}", page.as_uri()),
            ],
            check=True,
            timeout=120,
        )
    if picture.stat().st_size > LARGEST:
        sys.exit(f"{picture} has more than {LARGEST:,} bytes.")


take()
