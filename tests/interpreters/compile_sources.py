"""Compiles sources into a zip of .pyc files, under conditions that move reference counts.

Runs on every interpreter from Python 3.9: ``compile_sources.py SOURCES OUT.zip [CONDITION]…``,
where SOURCES is a text file with one path in each line, and a condition one of

    seed=N          in an order shuffled with N
    threads=N       in N threads
    load=A,B        with these modules imported first; path=P appends to sys.path
    keep=1          with all code objects kept alive
    hold=1          with a reference held to every constant, as tracers do
    churn=1         with words of the sources interned
    prefix=P        with P before every file name
    optimize=N      optimization level
"""

from __future__ import annotations

import importlib
import importlib.util
import marshal
import random
import sys
import types
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


class Compiler:
    """Compiles under some conditions.

    Args:
        conditions: as above.
    """

    def __init__(self, conditions: dict[str, str]) -> None:
        self.conditions = conditions
        self.kept: list[object] = []

    def compile(self, path: str) -> tuple[str, bytes | None]:
        """Return a path and its .pyc, or None if this Python can't compile it."""
        source = Path(path).read_bytes()
        try:
            code = compile(
                source,
                self.conditions.get("prefix", "") + path,
                "exec",
                dont_inherit=True,
                optimize=int(self.conditions.get("optimize", "0")),
            )
        except (SyntaxError, ValueError):
            return path, None
        if "keep" in self.conditions:
            self.kept.append(code)
        if "hold" in self.conditions:
            self.hold(code.co_consts)
        if "churn" in self.conditions:
            self.kept += [sys.intern(word) for word in source.decode("latin-1").split()[::7]]
        header = importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + importlib.util.source_hash(source)
        return path, header + marshal.dumps(code)

    def hold(self, constants: tuple[object, ...]) -> None:
        """Keep constants alive, but not the code objects among them."""
        for constant in constants:
            if isinstance(constant, types.CodeType):
                self.hold(constant.co_consts)
            else:
                self.kept.append(constant)


def main(sources: str, out: str, *words: str) -> None:
    """Do what the module says."""
    conditions = dict(word.split("=", 1) for word in words)
    paths = Path(sources).read_text("utf-8").splitlines()
    sys.path += conditions.get("path", "").split(":")
    for module in filter(None, conditions.get("load", "").split(",")):
        importlib.import_module(module)
    if "seed" in conditions:
        random.Random(conditions["seed"]).shuffle(paths)  # noqa: S311 - no secret
    compiler = Compiler(conditions)
    threads = int(conditions.get("threads", "1"))
    if threads > 1:
        sys.setswitchinterval(1e-4)
        with ThreadPoolExecutor(threads) as pool:
            results = list(pool.map(compiler.compile, paths))
    else:
        results = [compiler.compile(path) for path in paths]
    with zipfile.ZipFile(out, "w") as archive:
        for path, pyc in sorted(results):
            if pyc is not None:
                archive.writestr(zipfile.ZipInfo(path.lstrip("/")), pyc)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
