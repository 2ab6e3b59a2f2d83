"""Makes a Lambda zip the way people do by hand, with one kind of carelessness at a time.

    python careless_zip.py install PROJECT SITE
    python careless_zip.py zip SITE ZIP KIND

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


def install(project: str, site: str) -> None:
    """Install a project with its dependencies, in the way of the environment's settings."""
    command = ["uv", "pip", "install", "-q", "--target", site, "--python", sys.executable]
    subprocess.run([*command, project], check=True)


def write_zip(site: Path, artifact: Path, kind: str) -> None:
    """Zip what is installed."""
    paths = [path for path in sorted(site.rglob("*")) if path.is_file()]
    if kind == "order":
        paths = sorted(paths, key=lambda path: hash(str(path.relative_to(site))))
    with zipfile.ZipFile(artifact, "w") as archive:
        for path in paths:
            name = path.relative_to(site).as_posix()
            if is_shipped(name, kind):
                archive.writestr(member(name, path, kind), content(path, kind))


def is_shipped(name: str, kind: str) -> bool:
    """Tell whether a careless person of this kind would ship a file."""
    if name.startswith("bin/"):
        return kind == "scripts"
    if name.endswith(tuple(SUFFIX_KINDS.values())):
        return kind in SUFFIX_KINDS and name.endswith(SUFFIX_KINDS[kind])
    # uv notes here when it looked, and what it wrote; no carelessness under test.
    return not name.endswith((".lock", "RECORD", "uv_cache.json", "uv_build.json"))


def member(name: str, path: Path, kind: str) -> zipfile.ZipInfo:
    """Return what the zip says of a file."""
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
    """Return what the zip has of a file."""
    if kind == "links" and path.is_symlink():
        return os.fsencode(path.readlink())
    return path.read_bytes()


def main(command: str, *arguments: str) -> None:
    """Do what the module says."""
    if command == "install":
        install(*arguments)
    else:
        site, artifact, kind = arguments
        write_zip(Path(site), Path(artifact), kind)


if __name__ == "__main__":
    main(*sys.argv[1:])
