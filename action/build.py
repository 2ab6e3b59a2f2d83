"""Builds zips, and tells the later steps of a job what was made and what has changed.

The inputs of action.yml are environment variables here. It is run by the Python of an environment
that has hatch-lambda-zip.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

Rows = list[dict[str, str]]

COMMAND = (sys.executable, "-m", "hatch_lambda_zip")


def main() -> None:
    """Do what the inputs say, and write the outputs."""
    projects = [line.strip() for line in os.environ["PROJECTS"].splitlines() if line.strip()]
    which = [*(["--all"] if is_on("ALL") else []), *projects]
    if is_on("CACHE"):
        caches = Path(os.environ["RUNNER_TEMP"], "lambda-zip-caches")
        os.environ["UV_CACHE_DIR"] = str(caches / "uv")
        os.environ["HATCH_LAMBDA_ZIP_CACHE"] = str(caches / "packs")
    changed: Rows = []
    zips: Rows = []
    if since := os.environ["CHANGED_SINCE"]:
        changed = run("list", *which, "--changed-since", since, "--json")
    if is_on("BUILD"):
        place = ["-d", directory] if (directory := os.environ["DIRECTORY"]) else []
        zips = run("build", *which, *place, "--json")
    if is_on("CACHE"):
        subprocess.run([*COMMAND, "cache", "prune", "--ci"], check=True, timeout=600)
    outputs = {
        "zips": zips,
        "names": [row["target"].partition(":")[2] for row in zips],
        "paths": [row["zip"] for row in zips],
        "hashes": [row["sha256_base64"] for row in zips],
        "changed": changed,
    }
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8", newline="\n") as stream:
        # JSON has no line breaks of its own here, so nothing in it can be taken for an output.
        stream.writelines(f"{name}={json.dumps(value)}\n" for name, value in outputs.items())


def is_on(name: str) -> bool:
    """Tell whether an input is switched on; anything but a boolean ends the step."""
    value = os.environ[name]
    if value not in {"true", "false"}:
        sys.exit(f"The input `{name.lower()}` has to be true or false, not {value!r}.")
    return value == "true"


def run(*words: str) -> Rows:
    """Run the command, whose messages are seen in the log, and read what it prints."""
    # It ends by itself: what it starts has time limits, and the job has one.
    result = subprocess.run([*COMMAND, *words], stdout=subprocess.PIPE, check=False)
    if result.returncode:
        sys.exit(result.returncode)
    rows: Rows = json.loads(result.stdout)
    return rows


if __name__ == "__main__":
    main()
