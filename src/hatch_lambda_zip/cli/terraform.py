"""What Terraform's files say of functions, as far as it stands there literally."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hatch_lambda_zip.cli.found import Found, Function
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.files import read_regular

_ARCHIVE: Final = re.compile(r"data\.archive_file\.([\w-]+)\.output_path")
_HERE: Final = re.compile(r"^\$\{path\.(module|root)\}/")


def read_terraform(root: Path) -> Found:
    """Read each ``aws_lambda_function`` of the files directly in a directory.

    Raises:
        ConfigError: the parser is not there, or a file can't be read.
    """
    blocks = [block for path in sorted(root.glob("*.tf")) for block in _blocks(path)]
    sources = {
        name: body.get("source_dir") for kind, name, body in blocks if kind == "archive_file"
    }
    functions = []
    unread = []
    for kind, name, body in blocks:
        if kind != "aws_lambda_function":
            continue
        filename = _ARCHIVE.search(str(body.get("filename")))
        code = _word(sources.get(filename[1]) if filename else None)
        handler = _word(body.get("handler"))
        if not code or not handler or not (root / code).is_dir():
            unread.append(
                f"aws_lambda_function.{name} has no handler and source_dir of an archive_file "
                "that stand there literally"
            )
            continue
        architectures = body.get("architectures")
        machine = architectures[0] if isinstance(architectures, list) and architectures else None
        directory = Path(code).as_posix()
        functions.append(
            Function(name, directory, handler, _word(body.get("runtime")), _word(machine))
        )
    return Found("Terraform's files", tuple(functions), tuple(unread))


def _blocks(path: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield type, name and body of a file's resources and data sources."""
    try:
        import hcl2
    except ImportError:
        message = (
            f"{path} is Terraform's, which takes one more package to read: run "
            '`uvx --from "hatch-lambda-zip[cli]" hatch-lambda-zip init`'
        )
        raise ConfigError([message]) from None
    try:
        document = hcl2.loads((read_regular(path) or b"").decode())
    except Exception as error:  # noqa: BLE001 - the parser's own kinds are not public
        # Its words quote the file, in which there may be a password.
        line, column = getattr(error, "line", -1), getattr(error, "column", -1)
        is_known = isinstance(line, int) and line > 0
        where = f", line {line}, column {column}," if is_known else ""
        message = f"{path}{where} can't be read: see what `terraform validate` says of it"
        raise ConfigError([message]) from None
    for section in ("resource", "data"):
        for block in document.get(section, []):
            for kind, named in block.items():
                for name, body in named.items():
                    if isinstance(body, Mapping):
                        yield kind.strip('"'), name.strip('"'), body


def _word(value: object) -> str:
    """Return a literal string without its quotes, else the empty string."""
    if not isinstance(value, str):
        return ""
    word = _HERE.sub("", value.strip('"'))
    return "" if "${" in word else word
