"""Wheels that are not what wheels should be, as an index has them and as a back end makes them."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from typing import Final

from hatch_lambda_zip.record import Digest
from tests.support.hostile import Case, World, locked, pylock
from tests.support.loose import write
from tests.support.raw_zip import DEFLATED, Raw, raw_zip

NAME: Final = "carrier-1.0-py3-none-any.whl"
INFO: Final = "carrier-1.0.dist-info"
RIGHT: Final = b"VALUE = 'right'\n"
_METADATA: Final = b"Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"
_WHEEL: Final = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_UTF_8: Final = 1 << 11  # the flag of names
_ENCRYPTED: Final = 1
_LINK: Final = 0o120777 << 16
_PIPE: Final = 0o010644 << 16
_BACK_END: Final = """\
import shutil

def build_wheel(directory, config_settings=None, metadata_directory=None):
    shutil.copyfile("wheel", f"{directory}/NAME")
    return "NAME"
"""


def member(name: str | bytes, content: bytes = b"", **fields: object) -> Raw:
    """Return a member with a name in UTF-8, or with any bytes as its name."""
    raw = name if isinstance(name, bytes) else name.encode()
    flags = 0 if isinstance(name, bytes) else _UTF_8
    return Raw(raw, content, **{"flags": flags, **fields})  # type: ignore[arg-type]


def row(name: str, content: bytes) -> str:
    """Return a row of RECORD."""
    return f"{quoted(name)},{Digest.of(content)},{len(content)}\n"


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set('",\n\r') & {*cell} else cell


def wheel(
    *more: Raw,
    record: str | bytes | None = None,
    more_rows: str = "",
    metadata: bytes | None = _METADATA,
    wheel_file: bytes | None = _WHEEL,
    info: str = INFO,
    points: str | bytes | None = None,
    **ends: object,
) -> bytes:
    """Return a wheel that is right but for what is given."""
    files = [member("carrier/__init__.py", RIGHT), *more]
    for name, content in (("METADATA", metadata), ("WHEEL", wheel_file)):
        if content is not None:
            files.append(member(f"{info}/{name}", content))
    if points is not None:
        text = points.encode() if isinstance(points, str) else points
        files.append(member(f"{info}/entry_points.txt", text))
    if record is None:
        rows = [row(raw.name.decode("utf-8", "replace"), raw.content) for raw in files]
        record = "".join([*rows, more_rows, f"{info}/RECORD,,\n"])
    if record != b"none":
        text = record.encode() if isinstance(record, str) else record
        files.append(member(f"{info}/RECORD", text))
    return raw_zip(*files, **ends)  # type: ignore[arg-type]


def from_index(data: Callable[[World], bytes], world: World) -> None:
    """Lock a wheel that lies on the disk."""
    path = world.files / NAME
    path.write_bytes(data(world))
    pylock(world, locked(path))


def from_back_end(data: Callable[[World], bytes], world: World) -> None:
    """Lock a project whose back end makes a wheel."""
    pyproject = (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "carrier"\nversion = "1.0"\n'
    )
    backend = _BACK_END.replace("NAME", NAME)
    write(world.root / "lib", {"pyproject.toml": pyproject, "backend.py": backend})
    (world.root / "lib/wheel").write_bytes(data(world))
    pylock(world, 'name = "carrier"\nversion = "1.0"\ndirectory = { path = "../lib" }')


def _named(name: str | bytes, content: bytes = b"value = 1\n") -> Callable[[World], bytes]:
    """Return what makes a wheel with a file of that name, where ROOT is the world's."""

    def data(world: World) -> bytes:
        root = str(world.root)
        if isinstance(name, bytes):
            return wheel(member(name, content))
        return wheel(member(name.replace("ROOT", root), content))

    return data


def _with(*more: Raw, **changes: object) -> Callable[[World], bytes]:
    return lambda _world: wheel(*more, **changes)  # type: ignore[arg-type]


NAMES: Final = (
    ("parent", "../escaped.py"),
    ("many-parents", "../" * 12 + "tmp/escaped.py"),
    ("parents-of-the-cache", "../../../outside/escaped.py"),
    ("inner-parent", "carrier/../../escaped.py"),
    ("inner-parent-that-stays", "carrier/x/../stays.py"),
    ("absolute", "ROOT/outside/escaped.py"),
    ("two-slashes", "//ROOT/outside/escaped.py"),
    ("backslash-parent", "..\\escaped.py"),
    ("backslash", "carrier\\module.py"),
    ("drive", "C:/escaped.py"),
    ("drive-relative", "C:escaped.py"),
    ("share", "\\\\server\\share\\escaped.py"),
    ("nul", "carrier/a\0b.py"),
    ("nul-before-parent", "carrier\0/../../escaped.py"),
    ("escape-sequence", "carrier/a\x1b[31mb.py"),
    ("line-feed", "carrier/a\nb.py"),
    ("carriage-return", "carrier/a\rb.py"),
    ("delete", "carrier/a\x7fb.py"),
    ("c1-control", "carrier/a\x9bb.py"),
    ("right-to-left", "carrier/a\u202eyp.txt"),
    ("isolate", "carrier/a\u2066b.py"),
    ("zero-width", "carrier/a\u200bb.py"),
    ("300-bytes", "carrier/" + "a" * 297 + ".py"),
    ("300-bytes-in-100-letters", "carrier/" + "\u20ac" * 99 + ".py"),
    ("5000-bytes", "/".join(["carrier", *["d" * 99] * 50, "a.py"])),
    ("300-directories", "/".join(["carrier", *"d" * 300, "a.py"])),
    ("not-utf-8", b"carrier/\xff\xfe.py"),
    ("cp437", b"carrier/\x82.py"),
    ("dot", "./carrier/a.py"),
    ("inner-dot", "carrier/./a.py"),
    ("double-slash", "carrier//a.py"),
    ("empty", ""),
    ("only-dots", ".."),
    ("device", "carrier/con.py"),
    ("device-directory", "aux/nul.txt"),
    ("trailing-dot", "carrier/a."),
    ("trailing-blank", "carrier/a "),
    ("colon", "carrier/a:b.txt"),
    ("decomposed", "carrier/e\u0301.txt"),
    ("dist-info-parent", f"{INFO}/../../escaped.py"),
    ("data-parent", "carrier-1.0.data/data/../../../escaped.py"),
    ("data-absolute", "carrier-1.0.data/purelib/ROOT/outside/escaped.py"),
    ("scripts-parent", "carrier-1.0.data/scripts/../../escaped"),
    ("headers-parent", "carrier-1.0.data/headers/../../../escaped.h"),
    ("unknown-scheme", "carrier-1.0.data/moon/a.py"),
    ("scheme-without-file", "carrier-1.0.data/a.py"),
    ("bin-parent", "bin/../../escaped"),
)


def _bomb(_world: World) -> bytes:
    """More zeros than Lambda takes, in a third of a megabyte."""
    count, piece = 300, bytes(1 << 20)
    deflater = zlib.compressobj(9, wbits=-15)
    packed = deflater.compress(piece) + deflater.flush(zlib.Z_FULL_FLUSH)
    data = packed * count + deflater.flush()
    crc = 0
    for _ in range(count):
        crc = zlib.crc32(piece, crc)
    bomb = member(
        "carrier/zeros.bin",
        method=DEFLATED,
        size=count << 20,
        data=data,
        local={"crc": crc},
        central={"crc": crc},
    )
    digest = Digest.of(bytes(count << 20))
    return _raw_wheel([bomb], f"carrier/zeros.bin,{digest},{count << 20}\n")


def _raw_wheel(files: list[Raw], rows: str, **ends: object) -> bytes:
    """Return a wheel whose RECORD has these rows besides those of all right files."""
    right = [
        member("carrier/__init__.py", RIGHT),
        member(f"{INFO}/METADATA", _METADATA),
        member(f"{INFO}/WHEEL", _WHEEL),
    ]
    record = "".join(row(raw.name.decode(), raw.content) for raw in right)
    text = f"{record}{rows}{INFO}/RECORD,,\n".encode()
    return raw_zip(*right, *files, member(f"{INFO}/RECORD", text), **ends)  # type: ignore[arg-type]


def _liar(**fields: object) -> Callable[[World], bytes]:
    """A member that is listed as it is, and whose headers say something else."""
    content = b"value = 1\n" * 100
    raw = Raw(b"carrier/liar.py", content, **{"flags": _UTF_8, "method": DEFLATED, **fields})  # type: ignore[arg-type]
    return lambda _world: _raw_wheel([raw], row("carrier/liar.py", content))


def _many(count: int) -> Callable[[World], bytes]:
    def data(_world: World) -> bytes:
        files = {
            "carrier/__init__.py": RIGHT,
            f"{INFO}/METADATA": _METADATA,
            f"{INFO}/WHEEL": _WHEEL,
            **{f"carrier/n{number}.py": b"" for number in range(count)},
        }
        rows = [row(name, content) for name, content in files.items()]
        files[f"{INFO}/RECORD"] = "".join([*rows, f"{INFO}/RECORD,,\n"]).encode()
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return stream.getvalue()

    return data


def _link(target: str, name: str = "carrier/link.py", *below: str) -> Callable[[World], bytes]:
    def data(world: World) -> bytes:
        content = target.replace("ROOT", str(world.root)).encode()
        return wheel(
            member(name, content, external=_LINK), *(member(path, b"a = 1\n") for path in below)
        )

    return data


def _changed(change: Callable[[bytes], bytes]) -> Callable[[World], bytes]:
    return lambda _world: change(wheel())


TWIN = (member("carrier/a.py", b"a = 1\n"), member("carrier/a.py", b"a = 2\n"))
MEMBERS: Final = (
    ("link-to-a-file", _link("/etc/passwd")),
    ("link-to-the-outside", _link("ROOT/outside/canary.txt")),
    ("link-to-a-directory", _link("ROOT/outside", "carrier/way", "carrier/way/escaped.py")),
    ("link-to-parents", _link("../../../../outside", "carrier/way", "carrier/way/escaped.py")),
    ("link-as-dist-info", _link("ROOT/outside", "other-1.0.dist-info")),
    ("link-to-itself", _link("link.py")),
    ("pipe", _with(member("carrier/pipe.py", b"a = 1\n", external=_PIPE))),
    ("set-uid", _with(member("carrier/a.py", b"a = 1\n", external=0o104755 << 16))),
    ("no-permissions", _with(member("carrier/a.py", b"a = 1\n", external=0o100000 << 16))),
    ("twins", _with(*TWIN)),
    ("same-twice", _with(TWIN[0], TWIN[0])),
    ("case-twins", _with(member("carrier/A.py", b"a = 1\n"), member("carrier/a.py", b"a = 2\n"))),
    ("case-twin-directories", _with(member("carrier/A/b.py"), member("carrier/a/c.py"))),
    (
        "unicode-twins",
        _with(member("carrier/\u00e9.py", b"a = 1\n"), member("carrier/e\u0301.py", b"a = 2\n")),
    ),
    ("file-and-directory", _with(member("carrier/a", b"a"), member("carrier/a/b.py", b"b = 1\n"))),
    ("encrypted", _liar(flags=_UTF_8 | _ENCRYPTED)),
    ("method-99", _liar(local={"method": 99}, central={"method": 99})),
    ("wrong-checksum", _liar(local={"crc": 1}, central={"crc": 1})),
    ("broken-stream", _liar(data=b"\xff" * 50)),
    ("size-too-small", _liar(size=10)),
    ("size-too-large", _liar(size=100_000)),
    ("size-of-four-gigabytes", _liar(size=0xFFFF_FFFE)),
    ("local-name-is-another", _liar(local={"name": b"carrier/other.py"})),
    ("central-name-is-another", _liar(central={"name": b"../escaped00.py"})),
    ("offset-beyond-the-end", _liar(central={"offset": 0x7FFF_FFFF})),
    ("other-disk", _liar(central={"disk": 7})),
    ("bomb", _bomb),
    ("100000-files", _many(100_000)),
    ("truncated", _changed(lambda data: data[: len(data) // 2])),
    ("without-directory", _changed(lambda data: data[:-40])),
    ("empty", _changed(lambda _: b"")),
    ("a-page", _changed(lambda _: b"<!DOCTYPE html><title>Sign in</title>")),
    ("a-program-before", _changed(lambda data: b"#!/bin/sh\nexit 1\n" + data)),
    ("more-after", _changed(lambda data: data + b"more" * 1000)),
    ("bits-flipped", _changed(lambda data: bytes(byte ^ 0x55 for byte in data))),
    ("count-is-wrong", lambda _world: wheel(end={"count": 60_000})),
)


def _record(rows: str) -> Callable[[World], bytes]:
    """A wheel with more rows in its RECORD, where SHA is the digest of no bytes."""
    return lambda _world: _raw_wheel([], rows.replace("SHA", str(Digest.of(b""))))


def _whole_record(change: Callable[[bytes], bytes]) -> Callable[[World], bytes]:
    """A wheel whose RECORD is changed as a whole."""

    def data(_world: World) -> bytes:
        right = [
            ("carrier/__init__.py", RIGHT),
            (f"{INFO}/METADATA", _METADATA),
            (f"{INFO}/WHEEL", _WHEEL),
        ]
        rows = "".join(row(name, content) for name, content in right) + f"{INFO}/RECORD,,\n"
        return wheel(record=change(rows.encode()))

    return data


_WRONG: Final = str(Digest.of(b"another"))
_OWN: Final = row("carrier/__init__.py", RIGHT)
RECORDS: Final = (
    ("none", _whole_record(lambda _: b"none")),
    ("empty", _whole_record(lambda _: b"")),
    (
        "wrong-hash",
        _whole_record(lambda text: text.replace(str(Digest.of(RIGHT)).encode(), _WRONG.encode())),
    ),
    ("row-missing", _whole_record(lambda text: text.replace(_OWN.encode(), b""))),
    ("no-hash", _whole_record(lambda text: text.replace(str(Digest.of(RIGHT)).encode(), b""))),
    ("md5", _whole_record(lambda text: text.replace(b"sha256", b"md5", 1))),
    ("unknown-hash", _whole_record(lambda text: text.replace(b"sha256", b"rot13", 1))),
    ("hash-of-blanks", _whole_record(lambda text: text.replace(b"sha256=", b"sha256= ", 1))),
    ("file-missing", _record("carrier/gone.py,SHA,0\n")),
    ("parent", _record("../escaped.py,SHA,0\n")),
    ("absolute", _record("/etc/passwd,,\n")),
    ("absolute-hashed", _record("/etc/passwd,SHA,0\n")),
    ("parent-of-a-real-file", _record("../../../../outside/canary.txt,SHA,10\n")),
    ("row-twice", _record(_OWN)),
    ("row-twice-with-other-hashes", _record(f"carrier/__init__.py,{_WRONG},16\n")),
    (
        "size-of-a-terabyte",
        _whole_record(lambda text: text.replace(b",16\n", b",1099511627776\n", 1)),
    ),
    ("size-below-zero", _whole_record(lambda text: text.replace(b",16\n", b",-16\n", 1))),
    ("size-in-words", _whole_record(lambda text: text.replace(b",16\n", b",many\n", 1))),
    (
        "size-of-a-million-digits",
        _whole_record(lambda text: text.replace(b",16\n", b"," + b"9" * 1_000_000 + b"\n", 1)),
    ),
    (
        "not-utf-8",
        _record("carrier/\udcff.py,SHA,0\n".encode("utf-8", "surrogateescape").decode("latin-1")),
    ),
    ("bytes", _whole_record(lambda text: b"\xff\xfe" + text)),
    ("byte-order-mark", _whole_record(lambda text: b"\xef\xbb\xbf" + text)),
    ("crlf", _whole_record(lambda text: text.replace(b"\n", b"\r\n"))),
    ("nul", _whole_record(lambda text: text + b"\0\n")),
    ("one-column", _record("carrier/a.py\n")),
    ("five-columns", _record("carrier/a.py,SHA,0,0,0\n")),
    ("open-quote", _record('"carrier/a.py,SHA,0\n')),
    ("row-of-a-million", _record("carrier/" + "a" * 1_000_000 + ",SHA,0\n")),
    ("a-directory", _record("carrier,SHA,0\n")),
    ("itself-hashed", _record(f"{INFO}/RECORD,{_WRONG},5\n")),
    ("foreign-dist-info", _record("six-1.0.dist-info/METADATA,SHA,0\n")),
)
SIX: Final = "six-1.0.dist-info"


def _metadata(*lines: str) -> Callable[[World], bytes]:
    text = _METADATA.decode() + "".join(f"{line}\n" for line in lines)
    return lambda _world: wheel(metadata=text.encode())


METADATA: Final = (
    ("none", _with(metadata=None)),
    ("empty", _with(metadata=b"")),
    ("bytes", _with(metadata=bytes(range(256)) * 4)),
    ("not-utf-8", _with(metadata=_METADATA + b"Author: \xff\xfe\n")),
    ("another-name", _with(metadata=_METADATA.replace(b"carrier", b"other"))),
    ("another-version", _with(metadata=_METADATA.replace(b"1.0\n", b"2.0\n"))),
    ("no-version", _with(metadata=b"Metadata-Version: 2.1\nName: carrier\n")),
    ("version-of-words", _with(metadata=_METADATA.replace(b"1.0\n", b"latest\n"))),
    ("format-99", _with(metadata=_METADATA.replace(b"2.1", b"99.0"))),
    ("needs-itself", _metadata("Requires-Dist: carrier>=1")),
    ("needs-nonsense", _metadata("Requires-Dist: !!!")),
    ("needs-a-command", _metadata("Requires-Dist: six; os_name == '$(touch escaped)'")),
    ("needs-a-url", _metadata("Requires-Dist: six @ https://user:s3cret-pass@h.invalid/six.whl")),
    ("needs-ten-thousand", _metadata(*["Requires-Dist: carrier; extra == 'x'"] * 10_000)),
    (
        "a-marker-of-a-million",
        _metadata("Requires-Dist: six; " + " or ".join(["os_name == 'nt'"] * 20_000)),
    ),
    (
        "nested-marker",
        _metadata("Requires-Dist: six; " + "(" * 5_000 + "os_name == 'nt'" + ")" * 5_000),
    ),
    ("a-line-of-a-million", _metadata("Summary: " + "a" * 1_000_000)),
    ("escape-sequences", _metadata("Requires-Dist: \x1b[2Jsix")),
    ("wheel-none", _with(wheel_file=None)),
    ("wheel-empty", _with(wheel_file=b"")),
    ("wheel-bytes", _with(wheel_file=bytes(range(256)))),
    ("wheel-of-2", _with(wheel_file=_WHEEL.replace(b"1.0", b"2.0"))),
    ("wheel-of-words", _with(wheel_file=_WHEEL.replace(b"1.0", b"new"))),
    (
        "wheel-for-windows",
        _with(wheel_file=_WHEEL.replace(b"py3-none-any", b"cp313-cp313-win_amd64")),
    ),
    ("wheel-tag-nonsense", _with(wheel_file=_WHEEL.replace(b"py3-none-any", b"!"))),
    ("not-pure", _with(wheel_file=_WHEEL.replace(b"true", b"false"))),
    ("dist-info-of-another", _with(info="other-1.0.dist-info")),
    ("dist-info-of-another-version", _with(info="carrier-9.9.dist-info")),
    (
        "two-dist-infos",
        _with(member(f"{SIX}/METADATA", b"Name: six\n"), member(f"{SIX}/RECORD", b"")),
    ),
    ("egg-info", _with(member("carrier.egg-info/PKG-INFO", b"Name: carrier\n"))),
    (
        "installer-files",
        _with(member(f"{INFO}/INSTALLER", b"me\n"), member(f"{INFO}/direct_url.json", b"{")),
    ),
)

POINTS: Final = (
    ("bytes", b"\xff\xfe\0"),
    ("no-section", "tool = carrier:main\n"),
    ("section-twice", "[console_scripts]\na = carrier:a\n[console_scripts]\nb = carrier:b\n"),
    ("key-twice", "[console_scripts]\na = carrier:a\na = carrier:b\n"),
    ("shell", "[console_scripts]\n$(touch escaped) = carrier:main\n"),
    (
        "shell-in-the-reference",
        "[console_scripts]\ntool = carrier:main;__import__('os').system('x')\n",
    ),
    ("quotes", "[console_scripts]\n\"tool' = carrier:main\n"),
    ("parent", "[console_scripts]\n../../escaped = carrier:main\n"),
    ("absolute", "[console_scripts]\n/tmp/escaped = carrier:main\n"),
    ("backslash", "[console_scripts]\n..\\escaped = carrier:main\n"),
    ("python", "[console_scripts]\npython = carrier:main\n"),
    ("no-reference", "[console_scripts]\ntool =\n"),
    ("no-attribute", "[console_scripts]\ntool = carrier\n"),
    ("code-in-the-module", "[console_scripts]\ntool = carrier\n import os:main\n"),
    ("control", "[console_scripts]\na\x1bb = carrier:main\n"),
    ("long", "[console_scripts]\n" + "a" * 100_000 + " = carrier:main\n"),
    ("interpolation", "[console_scripts]\ntool = carrier:%(main)s\n"),
)


def _six(name: str, content: bytes) -> Callable[[World], object]:
    """Lock another distribution beside the carrier, which has a file of that name."""

    def make(world: World) -> None:
        first, second = world.files / NAME, world.files / "six-1.0-py3-none-any.whl"
        first.write_bytes(wheel(member("carrier/data.txt", b"first\n")))
        rows = [
            ("six.py", b""),
            (name, content),
            (f"{SIX}/METADATA", _METADATA.replace(b"carrier", b"six")),
            (f"{SIX}/WHEEL", _WHEEL),
        ]
        record = "".join(row(*cells) for cells in rows) + f"{SIX}/RECORD,,\n"
        members = [member(*cells) for cells in rows]
        second.write_bytes(raw_zip(*members, member(f"{SIX}/RECORD", record.encode())))
        pylock(world, locked(first), locked(second, name="six"))

    return make


_PYC: Final = b"\xf3\r\r\n" + bytes(12) + b"N"  # Python 3.13's: a module that is None
CONTENTS: Final = (
    ("sitecustomize", "sitecustomize.py", b"raise SystemExit('sitecustomize ran')\n"),
    ("usercustomize", "usercustomize.py", b"raise SystemExit('usercustomize ran')\n"),
    ("shadows-the-standard-library", "json.py", b"raise SystemExit('not json')\n"),
    ("shadows-a-package-of-it", "email/__init__.py", b""),
    ("shadows-a-built-in-module", "sys.py", b""),
    ("shadows-the-runtime-client", "awslambdaric/__init__.py", b""),
    ("bootstrap", "bootstrap", b"#!/bin/sh\nexit 1\n"),
    ("path-file-with-code", "carrier.pth", b"import os; os.system('touch escaped')\n"),
    ("path-file-of-an-editable", "__editable__.carrier.pth", b"/somewhere/else\n"),
    ("bytecode-beside-its-source", "carrier/__init__.pyc", _PYC),
    ("bytecode-in-pycache", "carrier/__pycache__/__init__.cpython-313.pyc", _PYC),
    ("bytecode-alone", "carrier/alone.pyc", _PYC),
    ("bytecode-that-is-none", "carrier/broken.pyc", b"not bytecode"),
    ("library-for-another-machine", "carrier/x.so", b"\x7fELF\x01\x01\x01" + bytes(57)),
    ("library-cut-short", "carrier/x.so", b"\x7fELF\x02"),
    ("library-for-windows", "carrier/x.pyd", b"MZ" + bytes(62)),
    ("the-handler", "app/main.py", b"def handler(event, context):\n    return 'stolen'\n"),
    ("beside-the-handler", "app/other.py", b""),
    ("module-as-the-package", "app.py", b"raise SystemExit('not the app')\n"),
    ("a-zip-of-python", "python/lib/a.py", b""),
    ("source-that-is-none", "carrier/bad.py", b"def (:\n"),
    ("source-not-utf-8", "carrier/bad.py", b"# \xff\n"),
    ("source-nested", "carrier/deep.py", b"(" * 100_000),
    ("source-of-a-line", "carrier/wide.py", b"x = 1;" * 300_000),
)
ALONE: Final = {
    "overwrites-a-file": _six("carrier/data.txt", b"second\n"),
    "has-the-same-file": _six("carrier/data.txt", b"first\n"),
    "overwrites-metadata": _six(f"{INFO}/METADATA", b"Name: six\n"),
    "overwrites-in-case": _six("carrier/DATA.txt", b""),
    "has-the-app": _six("app/main.py", b"STOLEN = True\n"),
}
_WHEELS: Final = {
    **{f"name-{name}": _named(path) for name, path in NAMES},
    **{f"member-{name}": data for name, data in MEMBERS},
    **{f"record-{name}": data for name, data in RECORDS},
    **{f"metadata-{name}": data for name, data in METADATA},
    **{f"points-{name}": _with(points=text) for name, text in POINTS},
    **{f"file-{name}": _with(member(path, content)) for name, path, content in CONTENTS},
}
CASES: Final = [
    *(Case(f"{name}-from-an-index", partial(from_index, data)) for name, data in _WHEELS.items()),
    *(Case(f"{name}-built-here", partial(from_back_end, data)) for name, data in _WHEELS.items()),
    *(Case(f"other-{name}", make) for name, make in ALONE.items()),
]
