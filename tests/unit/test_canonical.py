"""Any zip in canonical form, and each way not to be canonical."""

from __future__ import annotations

import importlib.util
import io
import marshal
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatch_lambda_zip.archive import write_archive
from hatch_lambda_zip.bytecode.normalize import normalize as normalize_pyc
from hatch_lambda_zip.bytecode.source_hash import siphash, source_hash
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import DistributionError, InputError
from hatch_lambda_zip.explain import (
    Bytecode,
    Deviation,
    find_distributions,
    look,
    read_source,
)
from hatch_lambda_zip.record import Digest
from tests.support.projects import Build
from tests.support.raw_zip import Raw, raw_zip
from tests.support.site_zips import contents, distribution, normalize, read, zipped

SOURCE = b"value = 1\n" * 20
OWN = {"app.py": b"def handler(event, context): ...\n" * 9}
TREE = {**OWN, **distribution({"demo/__init__.py": SOURCE, "demo/lib.so": b"\x7fELF" * 9})}
SCRIPT = b"#!/home/me/.venv/bin/python\nimport demo\n"
CANONICAL, _ = normalize(zipped(TREE))

MAGIC = importlib.util.MAGIC_NUMBER
TAG = f"cpython-{importlib.util.cache_from_source('a.py').split('-')[1].split('.')[0]}"


def compiled(source: bytes, flags: int = 1, head: bytes | None = None) -> bytes:
    """Return a .pyc of this Python, with the hash of its source if nothing else is said."""
    code = marshal.dumps(compile(source, "/build/somewhere.py", "exec"))
    return MAGIC + struct.pack("<I", flags) + (head or importlib.util.source_hash(source)) + code


def kinds(data: bytes) -> set[Deviation]:
    """Return the deviations of a zip, which both ways to look for them agree on."""
    source = read(data)
    quick, _ = look(source, find_distributions(source))
    found = {finding.deviation for finding in quick}
    try:
        _, thorough = normalize(source)
    except InputError:
        assert Deviation.STALE in found
        return found
    assert found == {finding.deviation for finding in thorough.findings}
    assert thorough.is_canonical == (not found)
    return found


def patched(value: int, *, central: int | None = None, local: int | None = None) -> bytes:
    """Return the canonical zip with another byte in the headers of its first member."""
    data = bytearray(CANONICAL)
    if central is not None:
        data[CANONICAL.index(b"PK\x01\x02") + central] = value
    if local is not None:
        data[local] = value
    return bytes(data)


def rewritten(changes: dict[str, bytes | None]) -> bytes:
    """Return a zip that is canonical but for some files, which have other contents or are gone."""
    tree = {name: data for name, data in {**TREE, **changes}.items() if data is not None}
    return canonical_zip(tree)


def canonical_zip(tree: dict[str, bytes]) -> bytes:
    """Write files as they are, in canonical headers and compression."""
    stream = io.BytesIO()
    entries = [Entry.of(name, tree[name], "demo") for name in sorted(tree, key=str.encode)]
    write_archive(entries, stream, inspect=lambda *_: None, workers=1)
    return stream.getvalue()


def with_files(more: dict[str, bytes]) -> bytes:
    """Return a canonical zip of the tree with more files of the distribution."""
    return canonical_zip(
        {**OWN, **distribution({"demo/__init__.py": SOURCE, "demo/lib.so": b"\x7fELF" * 9, **more})}
    )


INFO = "demo-1.0.dist-info"
CASES = {
    "canonical": (CANONICAL, set()),
    "empty": (normalize(zipped({}))[0], set()),
    "time": (patched(1, central=12, local=10), {Deviation.TIME}),
    "date": (patched(1, central=14, local=12), {Deviation.TIME}),
    "host": (patched(0, central=5), {Deviation.HOST, Deviation.MODE}),
    "made by": (patched(30, central=4), {Deviation.VERSION}),
    "needed": (patched(10, central=6, local=4), {Deviation.VERSION}),
    "flags": (patched(2, central=8, local=6), {Deviation.FLAGS}),
    "internal attributes": (patched(1, central=36), {Deviation.FLAGS}),
    "mode": (patched(0xED, central=40), {Deviation.MODE}),
    "only in the local header": (patched(1, local=10), {Deviation.OTHER}),
    "comment": (CANONICAL[:-2] + b"\2\0hi", {Deviation.COMMENT}),
    "something before": (b"#!" + CANONICAL, {Deviation.LAYOUT}),
    "encoder": (
        zipped(dict(sorted(TREE.items())), time=(2020, 2, 2, 0, 0, 0), mode=0o100644),
        {Deviation.ENCODER, Deviation.FLAGS, Deviation.MODE},
    ),
    "directory": (
        raw_zip(Raw(b"a/", b"", flags=1 << 11)),
        {Deviation.DIRECTORY},
    ),
    "bytes between": (raw_zip(Raw(flags=1 << 11), between=b"x"), {Deviation.LAYOUT}),
    "extra": (raw_zip(Raw(flags=1 << 11, extra=b"xx\0\0")), {Deviation.EXTRA}),
    "local extra": (raw_zip(Raw(flags=1 << 11, local_extra=b"xx\0\0")), {Deviation.EXTRA}),
    "name": (raw_zip(Raw(b"./a", flags=1 << 11)), {Deviation.NAME}),
    "members in another order": (
        raw_zip(Raw(b"b", flags=1 << 11), Raw(b"a", flags=1 << 11)),
        {Deviation.ORDER},
    ),
    "descriptor": (
        raw_zip(Raw(flags=1 << 11 | 8, descriptor=bytes(16), local={"crc": 0})),
        {Deviation.DESCRIPTOR},
    ),
    "case": (canonical_zip({"A/b": b"", "a/c": b""}), {Deviation.CASE}),
    "RECORD in another order": (
        rewritten({f"{INFO}/RECORD": TREE[f"{INFO}/RECORD"].replace(b"\n", b"\r\n")}),
        {Deviation.RECORD},
    ),
    "RECORD of more than ships": (
        rewritten({f"{INFO}/RECORD": TREE[f"{INFO}/RECORD"] + b"gone.py,,\n"}),
        {Deviation.RECORD},
    ),
    "no RECORD": (rewritten({f"{INFO}/RECORD": None}), {Deviation.NO_RECORD}),
    "installer": (
        with_files({f"{INFO}/INSTALLER": b"pip\n"}),
        {Deviation.INSTALLER, Deviation.RECORD},
    ),
    "lock of uv": (
        canonical_zip({**contents(with_files({f"{INFO}/INSTALLER": b"uv"})), ".lock": b""}),
        {Deviation.INSTALLER, Deviation.RECORD},
    ),
    "lock beside what pip installed": (
        canonical_zip({**contents(with_files({f"{INFO}/INSTALLER": b"pip"})), ".lock": b""}),
        {Deviation.INSTALLER, Deviation.RECORD},
    ),
    "edited file": (rewritten({"demo/__init__.py": SOURCE[::-1]}), {Deviation.RECORD}),
    "lock of somebody": (canonical_zip({".lock": b""}), set()),
    "signature": (
        with_files({f"{INFO}/RECORD.jws": b"x"}),
        {Deviation.SIGNATURE, Deviation.RECORD},
    ),
    "script": (with_files({"bin/demo": SCRIPT}), {Deviation.SCRIPT, Deviation.RECORD}),
    "long script": (
        with_files({"bin/demo": b"#!/bin/sh\n'''exec' /a/b \"$0\"\n' '''\n"}),
        {Deviation.SCRIPT, Deviation.RECORD},
    ),
    "program of Windows": (
        with_files(
            {
                f"{INFO}/entry_points.txt": b"[console_scripts]\ndemo = demo:main\n",
                "bin/demo.exe": b"MZ",
                "bin/other.exe": b"MZ",
            }
        ),
        {Deviation.SCRIPT, Deviation.RECORD},
    ),
    "script of Lambda": (with_files({"bin/demo": b"#!/var/lang/bin/python3.13\n"}), set()),
    "script of any Python": (with_files({"bin/demo": b"#!/usr/bin/env python3\n"}), set()),
    "script of the shell": (with_files({"bin/demo": b"#!/bin/sh\necho\n"}), set()),
    "own script": (canonical_zip({"bin/demo": SCRIPT}), set()),
    "module in bin": (with_files({"bin/__init__.py": b"", "bin/demo.py": SCRIPT}), set()),
    "script of a layer": (
        canonical_zip(distribution({"bin/demo": SCRIPT}, prefix="python/")),
        {Deviation.SCRIPT, Deviation.RECORD},
    ),
    "other pycache": (
        with_files({"demo/__pycache__/x.txt": b""}),
        {Deviation.PYCACHE, Deviation.RECORD},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_way_not_to_be_canonical(case: str) -> None:
    data, expected = CASES[case]
    assert kinds(data) == expected
    made, _ = normalize(data)
    assert (".lock" in contents(made)) == (case.startswith("lock") and "uv" not in case)
    assert kinds(made) <= {kind for kind in expected if not kind.is_mendable}


def test_links(tmp_path: Path) -> None:
    member = Raw(b"app.py", flags=1 << 11)
    link = Raw(b"link.py", b"./app.py", flags=1 << 11, external=0o120777 << 16)
    again = Raw(b"x/again.py", b"../link.py", flags=1 << 11, external=0o120777 << 16)
    data = raw_zip(member, link, again)
    assert kinds(data) == {Deviation.LINK}
    made, _ = normalize(data)
    assert contents(made) == dict.fromkeys(("app.py", "link.py", "x/again.py"), b"value = 1\n")
    for target in (b"../app.py", b"/app.py", b"absent.py", b"link.py", b"x"):
        with pytest.raises(InputError, match="leads to no file in it"):
            normalize(raw_zip(member, Raw(b"link.py", target, external=0o120777 << 16), again))
    (tmp_path / "app.py").write_bytes(b"value = 1\n")
    (tmp_path / "link.py").symlink_to("app.py")
    made, _ = normalize(read_source(tmp_path))
    assert contents(made) == dict.fromkeys(("app.py", "link.py"), b"value = 1\n")


def test_what_is_installed_is_mended_to_what_ships(tmp_path: Path) -> None:
    files = {
        "demo/__init__.py": SOURCE,
        "demo/__pycache__/x.cpython-313.pyc": b"\0" * 20,
        f"{INFO}/direct_url.json": b'{"archive_info": {}}',
        f"{INFO}/entry_points.txt": b"[console_scripts]\ndemo = demo:main\n",
    }
    tree = distribution(files)
    # As pip's --target leaves it: a script elsewhere, and a row that is not there.
    tree[f"{INFO}/RECORD"] += b"../../bin/demo,sha256=x,1\n../../../etc/passwd,,\ngone.py,,\n"
    tree["bin/demo"] = SCRIPT
    tree["demo/__init__.py"] += b"edited = True\n"
    made, found = normalize(zipped(tree))
    assert set(contents(made)) == {
        "demo/__init__.py",
        *(f"{INFO}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")),
    }
    assert {finding.deviation for finding in found.findings} >= {
        *(Deviation.PYCACHE, Deviation.INSTALLER, Deviation.SCRIPT, Deviation.RECORD),
    }
    target = tmp_path / "made.zip"
    target.write_bytes(made)
    with zipfile.ZipFile(target) as archive:
        archive.extractall(tmp_path / "site")
    listed = PathDistribution(tmp_path / "site" / INFO).files
    assert listed is not None
    assert {str(path) for path in listed} == set(contents(made))
    for path in listed:
        if path.hash is not None:
            content = (tmp_path / "site" / str(path)).read_bytes()
            assert (f"{path.hash.mode}={path.hash.value}", path.size) == (
                digest(content),
                len(content),
            )


def digest(content: bytes) -> str:
    return str(Digest.of(content))


def test_a_stronger_hash_in_a_record_stays() -> None:
    tree = dict(TREE)
    name = f"{INFO}/RECORD"
    strong = str(Digest.of(SOURCE, "sha512"))
    tree[name] = tree[name].replace(digest(SOURCE).encode(), strong.encode())
    made, _ = normalize(zipped(tree))
    assert strong.encode() in contents(made)[name]
    assert kinds(made) == set()


def test_a_local_project_has_the_metadata_of_the_format() -> None:
    tree = distribution({"My_App/__init__.py": b""}, "My_App", "1.0.0")
    info = "My_App-1.0.0.dist-info"
    tree[f"{info}/METADATA"] += b"License-File: LICENSE\n\n# A description\n"
    tree[f"{info}/LICENSE"] = b"free\n"
    tree[f"{info}/direct_url.json"] = b'{"url": "file:///home/me/app", "dir_info": {}}'
    made, found = normalize(zipped(tree))
    files = contents(made)
    assert set(files) == {
        "My_App/__init__.py",
        *(f"my_app-1.0.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL")),
        "my_app-1.0.0.dist-info/licenses/LICENSE",
    }
    assert b"description" not in files["my_app-1.0.0.dist-info/METADATA"]
    assert files["my_app-1.0.0.dist-info/RECORD"].count(b"\n") == 5
    assert Deviation.METADATA in {finding.deviation for finding in found.findings}
    assert kinds(made) == set()


def test_a_local_project_whose_place_is_taken() -> None:
    tree = distribution({"My_App-1.0.dist-info/direct_url.json": b'{"dir_info": {}}'}, "My_App")
    with pytest.raises(InputError, match=r"my_app-1\.0\.dist-info/METADATA from another"):
        normalize(zipped({**tree, **distribution({}, "my_app")}))


def test_malformed_metadata_of_a_local_project() -> None:
    tree = dict(TREE)
    tree[f"{INFO}/METADATA"] += b"no field\n"
    tree[f"{INFO}/direct_url.json"] = b'{"dir_info": {}}'
    source = read(zipped(tree))
    quick, _ = look(source, find_distributions(source))
    assert Deviation.METADATA in {finding.deviation for finding in quick}
    with pytest.raises(DistributionError, match="which is no field"):
        normalize(source)


UT = b"UT" + struct.pack("<HBi", 5, 1, 1_700_000_001)
TIMED = struct.pack("<II", 1_700_000_001, len(SOURCE))
PYC = f"demo/__pycache__/a.{TAG}.pyc"


@pytest.mark.every_python
@pytest.mark.parametrize(
    ("pyc", "extra", "expected"),
    [
        (compiled(SOURCE), b"", Deviation.BYTECODE),
        (compiled(SOURCE, 3), b"", Deviation.BYTECODE),
        (compiled(SOURCE, 0, TIMED), UT, Deviation.BYTECODE),
        (compiled(SOURCE, 0, TIMED), b"", Deviation.PYCACHE),
        (compiled(SOURCE, 0, TIMED[:4] + bytes(4)), UT, Deviation.PYCACHE),
        (compiled(SOURCE, 0, b"\0" + TIMED[1:]), UT, Deviation.PYCACHE),
        (compiled(SOURCE + b"\n", 3), b"", Deviation.PYCACHE),
        (compiled(SOURCE + b"\n"), b"", Deviation.STALE),
        (compiled(SOURCE, 5), b"", Deviation.PYCACHE),
        (b"abcd" + compiled(SOURCE)[4:], b"", Deviation.PYCACHE),
        (b"", b"", Deviation.PYCACHE),
    ],
)
def test_modules_stay_where_they_are_proven(pyc: bytes, extra: bytes, expected: Deviation) -> None:
    tree = {"demo/a.py": SOURCE, PYC: pyc}
    data = zipped(tree, extras={"demo/a.py": extra})
    assert expected in kinds(data)
    dropped, _ = normalize(data, Bytecode.DROP)
    assert contents(dropped) == {"demo/a.py": SOURCE}
    assert normalize(dropped, Bytecode.DROP)[1].is_canonical
    if expected is Deviation.STALE:
        with pytest.raises(InputError, match=r"__pycache__.*was made of another one"):
            normalize(data)
        return
    made, _ = normalize(data)
    if expected is Deviation.PYCACHE:
        assert made == dropped
        return
    assert contents(made)[PYC] == normalize_pyc(
        compiled(SOURCE),
        filename="/var/task/demo/a.py",
        source_hash=importlib.util.source_hash(SOURCE),
    )
    assert kinds(made) == set()
    (finding,) = normalize(made, Bytecode.DROP)[1].findings
    assert finding.deviation is Deviation.UNWANTED


@pytest.mark.every_python
def test_a_module_without_source_is_code() -> None:
    for prefix, root in (("", "/var/task/"), ("python/", "/opt/")):
        name = f"{prefix}demo/a.pyc"
        made, _ = normalize(zipped({name: compiled(SOURCE)}), Bytecode.DROP)
        expected = normalize_pyc(compiled(SOURCE), filename=root + name.removesuffix("c"))
        assert contents(made) == {name: expected}
        assert kinds(made) == set()
    beside = {"demo/a.py": SOURCE, "demo/a.pyc": compiled(SOURCE)}
    assert set(contents(normalize(zipped(beside))[0])) == {"demo/a.py"}
    with pytest.raises(InputError, match="a module without a source that can't be brought"):
        normalize(zipped({"demo/a.pyc": b"abc"}))


@pytest.mark.every_python
@given(st.binary(max_size=40))
def test_hashes_of_sources_are_those_of_this_python(source: bytes) -> None:
    assert source_hash(MAGIC, source) == importlib.util.source_hash(source)
    rounds = (1, 3) if sys.version_info >= (3, 11) else (2, 4)
    key = int.from_bytes(MAGIC, "little")
    assert siphash(key, source, *rounds) == importlib.util.source_hash(source)


# What importlib.util.source_hash(b"x" * 1000) of each Python returns, from 3.8 on.
@pytest.mark.parametrize(
    ("magic", "expected"),
    [
        (b"U\r\r\n", "0d36e2912ed944f7"),
        (b"a\r\r\n", "043536a97d887231"),
        (b"o\r\r\n", "c3f361285d32ed57"),
        (b"\xa7\r\r\n", "91e54c9786268d0a"),
        (b"\xcb\r\r\n", "83df6b61944f9d17"),
        (b"\xf3\r\r\n", "670d3e1875fbe217"),
    ],
)
@pytest.mark.every_python
def test_hashes_of_sources_are_those_of_other_pythons(magic: bytes, expected: str) -> None:
    assert source_hash(magic, b"x" * 1000).hex() == expected


names = st.lists(
    st.text(st.sampled_from("abA._é"), min_size=1, max_size=4).filter(
        lambda part: part not in {".", ".."}
    ),
    min_size=1,
    max_size=3,
).map("/".join)
trees = st.dictionaries(
    names | st.sampled_from(["a.py", "demo/a.py", PYC, "demo/a.pyc", "bin/run", "python/x.py"]),
    st.binary(max_size=40)
    | st.sampled_from([SOURCE, compiled(SOURCE), SCRIPT, b"\x7fELF" + bytes(90)]),
    max_size=8,
)


@settings(max_examples=40)
@given(trees, trees, st.sampled_from(["", "python/", "python/lib/python3.13/site-packages/"]))
def test_normalizing_again_changes_nothing(
    own: dict[str, bytes], files: dict[str, bytes], prefix: str
) -> None:
    data = zipped({**own, **distribution(files, prefix=prefix)})
    try:
        made, _ = normalize(data)
    except InputError:
        return
    again, found = normalize(made)
    assert again == made
    assert found.is_same
    assert {finding.deviation for finding in found.findings} <= {Deviation.CASE}
    quick, _ = look(read(made), find_distributions(read(made)))
    assert quick == found.findings


def test_equal_trees_by_all_tools_are_equal_bytes(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    for name, content in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    assert normalize(read_source(root))[0] == CANONICAL
    assert normalize(zipped(dict(reversed(TREE.items())), mode=0o100600))[0] == CANONICAL
    for command in (["zip", "-qr", "../made.zip", "."], ["jar", "-cfM", "../made.zip", "."]):
        if shutil.which(command[0]):
            (tmp_path / "made.zip").unlink(missing_ok=True)
            subprocess.run(command, cwd=root, check=True, env=os.environ)
            assert normalize(read_source(tmp_path / "made.zip"))[0] == CANONICAL


def test_a_build_is_canonical(reference_build: Build) -> None:
    source = read_source(reference_build.artifact)
    made, found = normalize(source)
    assert made == reference_build.artifact.read_bytes()
    assert found.findings == ()
    assert look(source, find_distributions(source)) == ((), True)
