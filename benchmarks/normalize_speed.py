"""Times the normalizer on the bytecode of this Python's standard library, in one thread.

    python3 benchmarks/normalize_speed.py

It needs the plugin installed. What is measured is processor time, so that other processes
disturb it less.
"""

from __future__ import annotations

import argparse
import importlib.util
import marshal
import platform
import statistics
import sysconfig
import time
import warnings
from pathlib import Path

from hatch_lambda_zip.bytecode.normalize import normalize


def main() -> None:
    """Compile, normalize some times, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="timed runs (default: 5)")
    arguments = parser.parse_args()
    files = compile_standard_library()
    megabytes = sum(map(len, files)) / 1e6
    print(f"Python {platform.python_version()}: {len(files)} files, {megabytes:.1f} MB")
    speeds = []
    for _ in range(arguments.runs):
        started = time.process_time()
        results = [normalize(pyc) for pyc in files]
        speeds.append(megabytes / (time.process_time() - started))
        print(f"{speeds[-1]:6.1f} MB/s", flush=True)
    ratio = sum(map(len, results)) / sum(map(len, files))
    print(
        f"median {statistics.median(speeds):.1f} MB/s, from {min(speeds):.1f} to {max(speeds):.1f};"
        f" the output is {ratio:.3f} times as large as the input"
    )


def compile_standard_library() -> list[bytes]:
    """Return a .pyc for each of its files that can be compiled."""
    library = Path(sysconfig.get_paths()["stdlib"])
    files = []
    for path in sorted(library.rglob("*.py")):
        if {"site-packages", "dist-packages"}.isdisjoint(path.parts) and path.is_file():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
            except (SyntaxError, ValueError):
                continue  # test data of the standard library's own
            files.append(importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code))
    return files


if __name__ == "__main__":
    main()
