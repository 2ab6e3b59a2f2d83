"""Lets atheris, which follows the branches taken, look for .pyc files that the reader chokes on.

    python tests/fuzz/fuzz_reader.py CORPUS -max_total_time=600 -timeout=10 -rss_limit_mb=2048

CORPUS is a directory of small .pyc files; all options are those of libFuzzer. It needs the package
atheris, which the tests do without.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

GROWTH: Final = 2.5  # as in the tests


def main() -> None:
    """Run until something is found or the time is over."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["hatch_lambda_zip.bytecode"]):
        from hatch_lambda_zip.bytecode.normalize import normalize
        from hatch_lambda_zip.errors import BytecodeError

    def check(data: bytes) -> None:
        try:
            result = normalize(data)
        except BytecodeError:
            return
        assert normalize(result) == result
        assert len(result) <= GROWTH * len(data)

    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
