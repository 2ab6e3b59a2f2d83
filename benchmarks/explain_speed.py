"""Times the commands that explain zips, as they are typed, on a zip of some 100 MB.

    python3 benchmarks/explain_speed.py [ZIP]

It needs the plugin installed. Without a zip it makes one of numpy, pandas, pyarrow and boto3, by
uv and Python's zipfile, which takes a minute.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

PACKAGES = ("numpy", "pandas", "pyarrow", "boto3")


def main() -> None:
    """Run each command some times, report medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("zip", nargs="?", type=Path, help="the zip (default: one is made)")
    parser.add_argument("--runs", type=int, default=5, help="timed runs (default: 5)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = arguments.zip or make_zip(Path(directory))
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {os.cpu_count()} CPUs")
        output = Path(directory, "normalized.zip")
        for words in (
            ["--help"],
            ["inspect", path],
            ["normalize", path, "-o", output],
            ["inspect", output],
            ["diff", path, output],
            ["diff", path, path],
            ["normalize", "--check", output],
        ):
            seconds = [timed([str(word) for word in words]) for _ in range(arguments.runs)]
            named = " ".join(Path(str(word)).name for word in words)
            print(f"{statistics.median(seconds):6.2f} s  {named}", flush=True)


def timed(words: list[str]) -> float:
    """Return how long a command takes, in seconds."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "hatch_lambda_zip", *words]
    # 1 says that the zip is too large for Lambda, which is no matter here.
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode not in {0, 1}:
        sys.exit(result.stderr.decode())
    return time.perf_counter() - started


def make_zip(directory: Path) -> Path:
    """Return a zip of packages, as people make it."""
    site, path = directory / "site", directory / "made.zip"
    command = ["uv", "pip", "install", "-q", "--target", str(site), "--python", sys.executable]
    subprocess.run([*command, *PACKAGES], check=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in site.rglob("*"):
            if file.is_file():
                archive.write(file, file.relative_to(site))
    return path


if __name__ == "__main__":
    main()
