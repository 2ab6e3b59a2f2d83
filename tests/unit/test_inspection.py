"""What inspect finds out, and the commands inspect and normalize."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import deflate
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.cli import main
from hatch_lambda_zip.explain import Inspection, inspect_source, inspection, read_source
from hatch_lambda_zip.explain.elf import glibc_needed
from tests.support.loose import invoke
from tests.support.projects import Build
from tests.support.raw_zip import Raw, raw_zip
from tests.support.schemas import is_valid
from tests.support.site_zips import distribution, normalize, read, zipped


def library(*versions: bytes, weak: bytes = b"", machine: int = 62) -> bytes:
    """Return an ELF file that needs these versions of symbols, as far as a loader looks."""
    names = [*versions, *([weak] if weak else [])]
    strings = b"\0libc.so.6\0" + b"".join(name + b"\0" for name in names)
    dynamic = 64 + 2 * 56
    need = dynamic + 5 * 16
    chain = struct.pack("<2H3I", 1, len(names), 1, 16, 0)
    at = 11
    for index, name in enumerate(names):
        step = 16 if index < len(names) - 1 else 0
        chain += struct.pack("<I2H2I", 0, 2 if name == weak else 0, 2, at, step)
        at += len(name) + 1
    base = 0x40_0000
    tags = [
        *((5, base + need + len(chain)), (0x6FFF_FFFE, base + need), (0x6FFF_FFFF, 1)),
        *((0, 0), (0x6FFF_FFFE, 0)),
    ]
    size = need + len(chain) + len(strings)
    head = (
        b"\x7fELF\2\1\1"
        + bytes(9)
        + struct.pack("<2HI3QI6H", 3, machine, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    )
    return b"".join(
        (
            head,
            struct.pack("<2I6Q", 1, 5, 0, base, base, size, size, 4096),
            struct.pack("<2I6Q", 2, 6, dynamic, base + dynamic, 0, 80, 80, 8),
            *(struct.pack("<2Q", *tag) for tag in tags),
            *(chain, strings),
        )
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (library(b"GLIBC_2.2.5", b"GLIBC_2.17", b"GLIBC_2.3"), (2, 17)),
        (library(b"GLIBC_2.9", b"GLIBC_2.28", b"GCC_3.0"), (2, 28)),
        (library(b"GLIBC_2.4", weak=b"GLIBC_2.38"), (2, 4)),
        (library(b"GCC_3.0"), None),
        (library(b"GLIBC_PRIVATE"), None),
        (library(), None),
        (library(b"GLIBC_2.17")[:300], None),
        (b"\x7fELF\1\1" + bytes(200), None),
        (b"\x7fELF", None),
        (b"text", None),
    ],
)
def test_the_newest_glibc(content: bytes, expected: tuple[int, int] | None) -> None:
    assert glibc_needed(content) == expected


@given(st.data())
def test_any_file_that_looks_like_a_library_has_an_answer(data: st.DataObject) -> None:
    content = bytearray(library(b"GLIBC_2.2.5", b"GLIBC_2.17"))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(6, len(content) - 1))] = data.draw(st.integers(0, 255))
    glibc_needed(content)


@pytest.mark.skipif(sys.platform != "linux", reason="these are no ELF files")
def test_a_real_library() -> None:
    path = next(
        path
        for path in Path(deflate.__file__).parent.parent.rglob("*deflate*")
        if path.name.endswith((*EXTENSION_SUFFIXES, ".so"))
    )
    found = glibc_needed(path.read_bytes())
    assert found is not None
    assert (2, 2) <= found < (2, 40)


TREE = {
    "lambda_function.py": b"def lambda_handler(event, context): ...\n",
    **distribution(
        {
            "demo/__init__.py": b"value = 1\n" * 50,
            "demo/fast.cpython-311-x86_64-linux-gnu.so": library(b"GLIBC_2.28"),
            "demo/slow.abi3.so": library(b"GLIBC_2.17"),
        },
        "Demo",
        "1.5",
    ),
}


def inspect(data: bytes) -> Inspection:
    return inspect_source(read(data), workers=2)


def test_what_a_zip_by_hand_tells() -> None:
    found = inspect(zipped(TREE))
    assert found.kind == "function"
    assert (found.runtime.names, found.runtime.source) == (("python3.11",), "files")
    assert found.architecture.names == ("x86_64",)
    assert found.handler.names == ("lambda_function.lambda_handler",)
    assert [(share.name, share.version, share.files) for share in found.shares] == [
        ("demo", "1.5", 6),
        ("", "", 1),
    ]
    assert sum(share.size for share in found.shares) == sum(map(len, TREE.values()))
    assert [(it.glibc, it.oldest_runtime) for it in found.native] == [
        ((2, 28), "python3.12"),
        ((2, 17), "python3.8"),
    ]
    assert found.oldest_runtime == "python3.12"
    assert found.too_old_runtimes == ("python3.11",)
    assert found.is_canonical is False
    assert inspect(normalize(zipped(TREE))[0]).is_canonical is True


def test_a_layer_and_an_arm64_library_that_nothing_loads() -> None:
    site = "python/lib/python3.13/site-packages/"
    content = library(b"GLIBC_2.99", machine=183)
    tree = {**distribution({"demo.abi3.so": content}, prefix=site), "lib/libx.so": content}
    found = inspect(zipped(tree))
    assert found.kind == "layer"
    assert found.runtime.names == ("python3.13",)
    assert found.architecture.names == ("arm64",)
    assert found.handler.names == ()
    assert found.oldest_runtime is None
    assert found.shares[0].name == "demo"


def test_not_all_of_a_large_zip_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    data, _ = normalize(zipped(TREE))
    monkeypatch.setattr("hatch_lambda_zip.explain.canonical._ALL", 1000)
    monkeypatch.setattr("hatch_lambda_zip.explain.canonical._SAMPLE", 600)
    assert inspect(data).is_canonical is None
    (encoder,) = [
        finding
        for finding in inspect(zipped(TREE)).findings
        if finding.deviation.value == "encoder"
    ]
    assert encoder.is_partial
    assert encoder.sentence.startswith("at least ")


def test_a_build_has_what_its_manifest_says(reference_build: Build, tmp_path: Path) -> None:
    found = inspect_source(read_source(reference_build.artifact), workers=2)
    manifest = reference_build.manifest
    assert found.is_canonical
    assert found.target == manifest["target"]
    assert found.runtime == inspection.Found((manifest["runtime"],), "manifest")
    assert found.architecture.names == (manifest["architecture"],)
    assert found.handler.names == (manifest["handler"],)
    stated = {
        it["name"]: (it["version"], it["files"], it["bytes"]) for it in manifest["distributions"]
    }
    assert {it.name: (it.version, it.files, it.size) for it in found.shares} == stated
    assert found.size == manifest["unzipped_bytes"]
    assert [limit.is_crossed for limit in found.limits] == [False, False]

    shown = invoke("inspect", reference_build.artifact).stdout
    assert re.search(rf"target +{manifest['target']}\n", shown)
    assert shown.endswith("\n  canonical\n")

    other = tmp_path / "other.zip"
    other.write_bytes(zipped(TREE))
    (tmp_path / "other.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert inspect_source(read_source(other), workers=1).is_of_another
    assert "other.json is the manifest of another zip" in invoke("inspect", other).stdout


def test_inspect_as_json(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(TREE))
    (tmp_path / "site").mkdir()
    result = invoke("inspect", "--json", path, tmp_path / "site")
    assert result.exit_code == 0, result.stderr
    documents = json.loads(result.stdout)
    assert is_valid(documents, "inspect.schema.json")
    assert not is_valid([{**documents[0], "more": 1}], "inspect.schema.json")
    first, second = documents
    sha256 = hashlib.sha256(path.read_bytes())
    assert first["sha256"] == sha256.hexdigest()
    assert base64.b64decode(first["sha256_base64"]) == sha256.digest()
    assert first["zipped_bytes"] == path.stat().st_size
    assert first["distributions"][1]["name"] is None
    assert first["native"][0]["glibc"] == "2.28"
    assert {"time", "order", "encoder"} <= {it["kind"] for it in first["deviations"]}
    assert (second["files"], second["sha256"], second["canonical"]) == (0, None, True)


def test_inspect_for_people(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({**TREE, "x\u202ey.py": b""}))
    result = invoke("inspect", path, path)
    assert result.exit_code == 0
    for text in (
        *("function for python3.11 on x86_64", "lambda_function.lambda_handler"),
        *("demo          1.5          6", "(own files)", "glibc 2.28  python3.12"),
        *("python3.11 can't load them all, python3.12 is the first", "not canonical:"),
        *("members have another time", r"x\u202ey.py"),
    ):
        assert text in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stdout.count("sha256") == 2


@pytest.mark.parametrize(("no_colour", "is_coloured"), [("", True), ("1", False)])
def test_colours_on_a_terminal_alone(tmp_path: Path, no_colour: str, is_coloured: bool) -> None:  # noqa: FBT001
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(TREE))
    runner = CliRunner(env={"NO_COLOR": no_colour})
    result = runner.invoke(main, ["inspect", str(path)], color=True)
    assert ("\x1b[" in result.stdout) == is_coloured


def test_a_zip_that_lambda_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(TREE))
    monkeypatch.setattr(inspection, "MAX_DIRECT_UPLOAD", 100)
    assert invoke("inspect", path).exit_code == 0
    monkeypatch.setattr(inspection, "MAX_UNZIPPED", 100)
    result = invoke("inspect", path)
    assert result.exit_code == 1
    assert "more than Lambda takes, layers included" in result.stdout
    assert invoke("inspect", "--json", path).exit_code == 1


@pytest.mark.parametrize(
    "words",
    [
        ["inspect", "{broken}"],
        ["inspect", "{good}", "{absent}"],
        ["inspect"],
        ["inspect", "{good}", "--nothing"],
        ["normalize", "--check", "{broken}"],
        ["normalize", "{good}"],
        ["normalize", "{good}", "--check", "-o", "{made}"],
        ["normalize", "{good}", "-o", "{made}/in/no/directory.zip"],
        ["normalize", "{good}", "-o", "{made}", "--bytecode", "keep"],
        ["normalize", "{stale}", "-o", "{made}"],
    ],
)
def test_wrong_usage_and_what_is_unreadable(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(zipped(TREE))
    (tmp_path / "broken").write_bytes(zipped(TREE)[:-9])
    (tmp_path / "stale").write_bytes(raw_zip(Raw(b"a.pyc", b"abc")))
    names = {name: tmp_path / name for name in ("good", "broken", "absent", "made", "stale")}
    result = invoke(*(word.format(**names) for word in words))
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert "Error: " in result.stderr
    assert len(result.stderr.splitlines()) <= 5
    assert not [path for path in tmp_path.iterdir() if path.name not in names]
    assert not (tmp_path / "made").exists()


def test_normalize_and_its_check(tmp_path: Path) -> None:
    path, made = tmp_path / "a.zip", tmp_path / "made.zip"
    path.write_bytes(zipped(TREE))
    result = invoke("normalize", "--check", path)
    assert result.exit_code == 1
    assert f"{path} is not canonical:\n" in result.stdout
    assert "- members are in another order" in result.stdout
    result = invoke("normalize", path, "-o", made)
    assert result.exit_code == 0
    assert made.read_bytes() == normalize(path.read_bytes())[0]
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    assert result.stdout.splitlines()[-1].startswith(f"{made} ")
    assert digest in result.stdout
    result = invoke("normalize", "--check", made)
    assert (result.exit_code, result.stdout) == (0, f"{made} is canonical\n")
    invoke("normalize", path, "-o", path)
    assert path.read_bytes() == made.read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk")
def test_an_output_that_is_full(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(TREE))
    command = [sys.executable, "-m", "hatch_lambda_zip", "inspect", "a.zip"]
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 2
    assert result.stderr == "Error: The output can't be written: No space left on device.\n"


def test_only_a_file_is_replaced(tmp_path: Path) -> None:
    path, pipe = tmp_path / "a.zip", tmp_path / "pipe"
    path.write_bytes(zipped(TREE))
    os.mkfifo(pipe)
    result = invoke("normalize", path, "-o", pipe)
    assert result.exit_code == 2
    assert "pipe is no regular file" in result.stderr
    assert pipe.is_fifo()


def test_normalize_as_json_and_what_can_not_be_mended(tmp_path: Path) -> None:
    tree = {name: data for name, data in TREE.items() if not name.endswith("RECORD")}
    path, made = tmp_path / "a.zip", tmp_path / "made.zip"
    path.write_bytes(zipped(tree))
    result = invoke("normalize", path, "-o", made)
    assert result.exit_code == 0
    assert "Warning: 1 distribution has no RECORD" in result.stderr
    result = invoke("normalize", "--json", "--check", made)
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert is_valid(document, "normalize.schema.json")
    assert document["sha256"] == hashlib.sha256(made.read_bytes()).hexdigest()
    assert [(it["kind"], it["mendable"]) for it in document["deviations"]] == [("no-record", False)]


@pytest.mark.parametrize("command", ["inspect", "normalize"])
def test_help_has_examples_and_exit_codes(command: str) -> None:
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert "Exit codes: " in result.stdout
