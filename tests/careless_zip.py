"""Makes a Lambda zip the way people do by hand, with one kind of carelessness at a time.

    python careless_zip.py PROJECT ZIP KIND

It is the control of the determinism tests: under the circumstance that they change, a zip with
the matching carelessness changes too, so the protection is what keeps ours the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

SUFFIX_KINDS = {"bytecode": ".pyc", "direct-url": "direct_url.json"}


def main(project: Path, artifact: Path, kind: str) -> None:
    site = artifact.with_suffix(".site")
    command = ["uv", "pip", "install", "-q", "--target", str(site), "--python", sys.executable]
    subprocess.run([*command, str(project)], check=True)
    paths = [path for path in sorted(site.rglob("*")) if path.is_file()]
    if kind == "order":
        paths = sorted(paths, key=lambda path: hash(str(path.relative_to(site))))
    with zipfile.ZipFile(artifact, "w") as archive:
        for path in paths:
            name = path.relative_to(site).as_posix()
            if is_shipped(name, kind):
                archive.writestr(member(name, path, kind), content(path, kind))


def is_shipped(name: str, kind: str) -> bool:
    if name.startswith("bin/"):
        return kind == "scripts"
    if name.endswith(tuple(SUFFIX_KINDS.values())):
        return kind in SUFFIX_KINDS and name.endswith(SUFFIX_KINDS[kind])
    # uv notes here when it looked, and what it wrote; no carelessness under test.
    return not name.endswith((".lock", "RECORD", "uv_cache.json", "uv_build.json"))


def member(name: str, path: Path, kind: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    if kind == "times":
        info.date_time = time.localtime(path.stat().st_mtime)[:6]
    if kind == "epoch" and "SOURCE_DATE_EPOCH" in os.environ:
        info.date_time = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
    if kind == "modes":
        info.external_attr = path.stat().st_mode << 16
    if kind == "links":
        info.external_attr = path.lstat().st_mode << 16
    return info


def content(path: Path, kind: str) -> bytes:
    if kind == "links" and path.is_symlink():
        return os.fsencode(path.readlink())
    return path.read_bytes()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
