"""Brings about what no command can, and notes which circumstances a build really had.

In a directory on PYTHONPATH, every Python imports this when it starts.
"""

from __future__ import annotations

import atexit
import json
import locale
import os
import platform
import sys
import time
import types
import zlib
from collections.abc import Callable
from pathlib import Path

REFUSAL = "this zlib refuses to compress"
_PASSES_ON = ("zipfile", "tarfile", "gzip", "shutil", "contextlib", "zlib", "sitecustomize")
counts = {"refused": 0, "let": 0}


def _refuse_to_compress() -> None:
    """Let zlib compress for hatchling, whose wheels and sdists are not ours, and nobody else."""
    make: Callable[..., object] = zlib.compressobj

    def is_for_hatchling(frame: types.FrameType | None) -> bool:
        while frame is not None:
            name = frame.f_globals.get("__name__", "")
            if name.partition(".")[0] not in _PASSES_ON:
                return name.partition(".")[0] in {"hatchling", "build"}
            frame = frame.f_back
        return False

    def compressobj(*arguments: int, **options: int) -> object:
        if not is_for_hatchling(sys._getframe(1)):
            counts["refused"] += 1
            raise AssertionError(REFUSAL)
        counts["let"] += 1
        return make(*arguments, **options)

    def compress(*_arguments: object, **_options: object) -> bytes:
        counts["refused"] += 1
        raise AssertionError(REFUSAL)

    zlib.compressobj = compressobj  # type: ignore[assignment]
    zlib.compress = compress


def _refuses() -> bool:
    before = counts["refused"]
    try:
        zlib.compress(b"")
    except AssertionError:
        counts["refused"] = before
        return True
    return False


def _note(path: str) -> None:
    if "hatch_lambda_zip" not in sys.modules:
        return
    umask = os.umask(0)
    os.umask(umask)
    time.tzset()
    locale.setlocale(locale.LC_ALL, "")
    hatchling = sys.modules.get("hatchling.__about__")
    found = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "zlib": "refuses" if _refuses() else "host",
        "refused": counts["refused"],
        "umask": f"{umask:03o}",
        "time": time.strftime("%H:%M %A", time.localtime(0)),
        "encoding": sys.getfilesystemencoding(),
        "codeset": locale.nl_langinfo(locale.CODESET),
        "is_random": bool(sys.flags.hash_randomization),
        "user": os.getuid(),
        "home": os.environ.get("HOME"),
        "directory": os.path.realpath(os.environ["MATRIX_PROJECT"]),
        "device": Path(os.environ["MATRIX_PROJECT"]).stat().st_dev,
        "cpus": len(os.sched_getaffinity(0)),
        "hatchling": getattr(hatchling, "__version__", None),
        "optimize": sys.flags.optimize,
    }
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(json.dumps(found) + "\n")


if os.environ.get("MATRIX_ZLIB") == "refuses":
    _refuse_to_compress()
if "MATRIX_CPUS" in os.environ:
    _cpus = set(range(int(os.environ["MATRIX_CPUS"])))
    os.sched_getaffinity = lambda _pid: _cpus
    os.cpu_count = lambda: len(_cpus)
if "MATRIX_EXECUTABLE" in os.environ:
    # Under emulation, the file itself can't be executed; what starts the emulator can.
    sys.executable = os.environ["MATRIX_EXECUTABLE"]
if "MATRIX_NOTE" in os.environ:
    atexit.register(_note, os.environ["MATRIX_NOTE"])
