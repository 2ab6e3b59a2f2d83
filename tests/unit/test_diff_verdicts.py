"""For pairs of zips and directories that real tools make, the verdict names the true cause."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import marshal
import os
import platform
import py_compile
import re
import shutil
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from click import unstyle

from hatch_lambda_zip.cli.diff_json import describe
from hatch_lambda_zip.cli.diff_lines import all_lines
from hatch_lambda_zip.explain import inspect_source, read_source
from hatch_lambda_zip.explain.diff import compare, verdict
from tests.support.commands import CHECKOUT, UV, clean_environment, needed, run
from tests.support.raw_zip import Raw, raw_zip
from tests.support.schemas import is_valid
from tests.support.shared import made_once
from tests.support.site_zips import distribution, normalize, zipped
from tests.support.sites import (
    APP,
    OWN,
    Sites,
    Tree,
    install,
    read_tree,
    write_tree,
    zip_directory,
)

Pair = tuple[Path, Path]
Case = Callable[[Sites, Path], Pair]

EARLIER = 1_700_000_000  # seconds since 1970
LATER = EARLIER + 86_400
API = "orders/api.py"


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    return Sites(made_once(tmp_path_factory, "sites", install))


def told(pair: Pair) -> str:
    """Return the verdict; how many files this machine's zlib compresses alike is its own affair."""
    difference = compare(*map(read_source, pair), workers=2)
    assert is_valid(describe(difference), "diff.schema.json")
    found, *_ = map(unstyle, all_lines(difference, is_full=True))
    assert found == verdict(difference)
    return re.sub(r"\d+(?= files (?:differ (?:only )?)?in their compression)", "#", found)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def pair_of(tmp: Path, before: Tree, after: Tree) -> Pair:
    """Return zips of two trees by Python, which are otherwise alike."""
    return written(tmp / "a.zip", zipped(before)), written(tmp / "b.zip", zipped(after))


def edited(old: str, new: str, name: str = API) -> Case:
    """Return the pair of the application before and after an edit."""

    def make(sites: Sites, tmp: Path) -> Pair:
        tree = sites.tree()
        content = tree[name].decode("latin-1")
        assert old in content
        return pair_of(tmp, tree, tree | {name: content.replace(old, new).encode("latin-1")})

    return make


def with_time(root: Path, modified: int, accessed: int) -> Path:
    for path in [root, *root.rglob("*")]:
        os.utime(path, (accessed, modified))
    return root


def zipped_twice(*, modified: int = EARLIER, accessed: int = EARLIER, words: str = "") -> Case:
    """Return what zip makes twice of one directory, between which something happens.

    Without directories, whose time of access is that of the zipping itself.
    """

    def make(sites: Sites, tmp: Path) -> Pair:
        root = with_time(sites.copy(tmp / "site"), EARLIER, EARLIER)
        first = zip_directory(root, tmp / "a.zip", "-D")
        with_time(root, modified, accessed)
        return first, zip_directory(root, tmp / "b.zip", "-D", *words.split())

    return make


def with_directories(sites: Sites, tmp: Path) -> Pair:
    root = with_time(sites.copy(tmp / "site"), EARLIER, EARLIER)
    first = zip_directory(root, tmp / "a.zip", "-D")
    with_time(root, EARLIER, EARLIER)
    return first, zip_directory(root, tmp / "b.zip")


def in_two_zones(sites: Sites, tmp: Path) -> Pair:
    root = with_time(sites.copy(tmp / "site"), EARLIER, EARLIER)
    for name, zone in (("a", "UTC"), ("b", "Asia/Tokyo")):
        with_time(root, EARLIER, EARLIER)
        zone_of_zip = clean_environment(TZ=zone)
        run([needed("zip"), "-qrD", tmp / f"{name}.zip", "."], cwd=root, env=zone_of_zip)
    return tmp / "a.zip", tmp / "b.zip"


def by_python(root: Path, target: Path) -> Path:
    """Zip a directory as `python -m zipfile` does."""
    names = sorted(path.name for path in root.iterdir())
    run([sys.executable, "-m", "zipfile", "-c", target, *names], cwd=root)
    return target


def two_umasks(sites: Sites, tmp: Path) -> Pair:
    sites.copy(tmp / "site")
    zips = []
    for umask, name in (("022", "a"), ("077", "b")):
        run(["sh", "-c", f"umask {umask}; cp -r site {name}"], cwd=tmp)
        root = with_time(tmp / name, EARLIER, EARLIER)
        zips.append(zip_directory(root, tmp / f"{name}.zip", "-X"))
    return zips[0], zips[1]


def in_other_order(sites: Sites, tmp: Path) -> Pair:
    tree = sites.tree()
    return pair_of(tmp, tree, dict(reversed(tree.items())))


def by_two_tools(sites: Sites, tmp: Path) -> Pair:
    root = with_time(sites.copy(tmp / "site"), EARLIER, EARLIER)
    return zip_directory(root, tmp / "a.zip", "-X"), by_python(root, tmp / "b.zip")


def by_python_twice(sites: Sites, tmp: Path) -> Pair:
    root = with_time(sites.copy(tmp / "site"), EARLIER, EARLIER)
    first = by_python(root, tmp / "a.zip")
    return first, by_python(with_time(root, LATER, LATER), tmp / "b.zip")


def at_levels(sites: Sites, tmp: Path) -> Pair:
    zips = []
    for level in (1, 9):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
            for name, content in sites.tree().items():
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, level)
        zips.append(written(tmp / f"{level}.zip", stream.getvalue()))
    return zips[0], zips[1]


def with_comment(sites: Sites, tmp: Path) -> Pair:
    data = zipped(sites.tree())
    return written(tmp / "a.zip", data), written(tmp / "b.zip", data[:-2] + b"\x02\x00hi")


def as_program(sites: Sites, tmp: Path) -> Pair:
    data = zipped(sites.tree())
    return written(tmp / "a.zip", data), written(tmp / "b.zip", b"#!/bin/false\n" + data)


def compiled(root: Path, *words: str) -> Path:
    """Run compileall on a directory, whose files are as old as they were."""
    run([sys.executable, "-m", "compileall", "-q", *words, "."], cwd=root)
    return root


def compiled_twice(first: str, second: str, *, second_time: int = EARLIER) -> Case:
    """Return zips of what compileall makes with two sets of options, of sources of two times."""

    def make(sites: Sites, tmp: Path) -> Pair:
        trees = []
        for name, words, modified in (("a", first, EARLIER), ("b", second, second_time)):
            root = with_time(sites.copy(tmp / name), modified, modified)
            trees.append(read_tree(compiled(root, *words.split())))
        return pair_of(tmp, trees[0], trees[1])

    return make


def one_pyc(before: bytes, after: bytes, *, source: bytes | None = APP, flags: int = 1) -> Case:
    """Return zips with a compiled module of two sources, beside a source or not."""

    def make(_sites: Sites, tmp: Path) -> Pair:
        trees = []
        for content in (before, after):
            path = written(tmp / "api.py", content)
            pyc = Path(
                py_compile.compile(
                    str(path),
                    cfile=str(tmp / "api.pyc"),
                    dfile="/var/task/orders/api.py",
                    doraise=True,
                    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
                )
                or ""
            ).read_bytes()
            pyc = pyc[:4] + flags.to_bytes(4, "little") + pyc[8:]
            trees.append({"orders/api.pyc": pyc} if source is None else {API: source, PYC: pyc})
        return pair_of(tmp, trees[0], trees[1])

    return make


def with_bytecode(sites: Sites, tmp: Path) -> Pair:
    """Return the application before and after an edit, both compiled."""
    trees = []
    for name, source in (("a", APP), ("b", APP.replace(b"Return one.", b"Find one."))):
        root = sites.copy(tmp / name)
        (root / API).write_bytes(source)
        trees.append(read_tree(compiled(root, "--invalidation-mode", "checked-hash")))
    return pair_of(tmp, trees[0], trees[1])


def other_site(name: str) -> Case:
    """Return the application with what uv has installed in another way."""
    return lambda sites, tmp: pair_of(tmp, sites.tree(), sites.tree(name))


def without_references(sites: Sites, tmp: Path) -> Pair:
    """Return one module as Python compiles it, and with each object written where it is used."""
    code = compile(APP, "/var/task/orders/api.py", "exec")
    head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
    head += importlib.util.source_hash(APP)
    trees = [sites.tree() | {PYC: head + marshal.dumps(code, version)} for version in (4, 2)]
    return pair_of(tmp, trees[0], trees[1])


def by_zlib_ng(sites: Sites, tmp: Path) -> Pair:
    """Return zips of the same levels by Python's zlib, and by zlib-ng in its place."""
    root = with_time(sites.copy(tmp / "site"), EARLIER, EARLIER)
    library = sites.root / "zlib-ng"
    code = "import sys, zlib_ng.zlib_ng as ng; sys.modules['zlib'] = ng;"
    code += "import zipfile; zipfile.main()"
    names = sorted(path.name for path in root.iterdir())
    second = tmp / "b.zip"
    environment = clean_environment(PYTHONPATH=str(library))
    run([sys.executable, "-c", code, "-c", second, *names], cwd=root, env=environment)
    return by_python(root, tmp / "a.zip"), second


def by_jar(sites: Sites, tmp: Path) -> Pair:
    root = with_time(sites.copy(tmp / "site"), EARLIER, EARLIER)
    second = tmp / "b.zip"
    run([needed("jar"), "--create", "--no-manifest", "--file", second, "."], cwd=root)
    return by_python(root, tmp / "a.zip"), second


def by_go(sites: Sites, tmp: Path) -> Pair:
    root, second = with_time(sites.copy(tmp / "site"), EARLIER, EARLIER), tmp / "b.zip"
    environment = clean_environment(GO111MODULE="off", GOCACHE=str(tmp / "go"))
    words = (needed("go"), "run", CHECKOUT / "tests/readers/write_zip.go", root, second)
    run(words, cwd=tmp, env=environment)
    with zipfile.ZipFile(second) as archive:
        assert any(member.flag_bits & 8 for member in archive.infolist())  # data descriptors
    return by_python(root, tmp / "a.zip"), second


def by_pip(sites: Sites, tmp: Path) -> Pair:
    """Return what pip installs where uv has installed the same."""
    words: list[str | Path] = ["-q", "--no-deps", "--no-compile", "--target", tmp / "pip"]
    wanted = ["iniconfig==2.0.0", "markupsafe==3.0.2"]
    run([sys.executable, "-m", "pip", "install", *words, *wanted], cwd=tmp)
    return pair_of(tmp, sites.tree(), OWN | read_tree(tmp / "pip"))


def changed(change: Callable[[Tree], Tree]) -> Case:
    """Return the application before and after a change of its files."""
    return lambda sites, tmp: pair_of(tmp, sites.tree(), change(sites.tree()))


def added(files: Tree) -> Case:
    return changed(lambda tree: tree | files)


def renamed(old: str, new: str) -> Case:
    return changed(lambda tree: {new if it == old else it: tree[it] for it in tree})


def without(start: str) -> Case:
    return changed(lambda tree: {it: tree[it] for it in tree if not it.startswith(start)})


def between(before: Tree, after: Tree) -> Case:
    return lambda _, tmp: pair_of(tmp, before, after)


def record_in_order(tree: Tree) -> Tree:
    name = "iniconfig-2.0.0.dist-info/RECORD"
    lines = tree[name].splitlines(keepends=True)
    return tree | {name: b"".join(reversed(lines))}


def with_links(_sites: Sites, tmp: Path) -> Pair:
    zips = []
    for target in (b"api.py", b"other.py"):
        data = zipped({"orders/link": target}, mode=0o120777)
        zips.append(written(tmp / f"{target.decode()}.zip", data))
    return zips[0], zips[1]


def same_directory(sites: Sites, tmp: Path) -> Pair:
    return sites.copy(tmp / "a"), sites.copy(tmp / "b")


def other_directory(sites: Sites, tmp: Path) -> Pair:
    first, second = same_directory(sites, tmp)
    (second / "orders/terms.txt").write_text("Refunds.\n")
    return first, second


def directory_and_zip(sites: Sites, tmp: Path) -> Pair:
    return sites.copy(tmp / "a"), written(tmp / "b.zip", zipped(sites.tree()))


def against_canonical(sites: Sites, tmp: Path) -> Pair:
    """Return what SAM makes (all that is installed, times, notes of the installer), and ours."""
    theirs = zipped(sites.tree())
    ours, _ = normalize(theirs)
    return written(tmp / "sam.zip", theirs), written(tmp / "ours.zip", ours)


def like_serverless(sites: Sites, tmp: Path) -> Pair:
    """Return the same files as serverless zips them: of 1980, and executable by all."""
    tree = sites.tree()
    first = zipped(tree, time=(1980, 1, 1, 0, 0, 0), mode=0o100755)
    return written(tmp / "a.zip", first), written(tmp / "b.zip", zipped(tree))


def script(line: str) -> Tree:
    return distribution({"bin/demo": f"#!{line}\nimport demo\n".encode(), "demo.py": b""})


def long_script(path: str) -> Tree:
    """Return what installers write where a path is too long for a first line."""
    return script(f"/bin/sh\n'''exec' {path} \"$0\" \"$@\"\n' '''")


def description(text: str) -> Tree:
    tree = distribution({"demo.py": b""})
    name = "demo-1.0.dist-info/METADATA"
    return tree | {name: tree[name] + b"\n" + text.encode()}


def local(comment: str) -> Tree:
    """Return a distribution that was installed from a directory."""
    files = {f"{name}.py": f"# {comment}\n".encode() for name in ("demo", "more")}
    return distribution({**files, "demo-1.0.dist-info/direct_url.json": b'{"dir_info": {}}'})


def listing_itself(digest: str) -> Tree:
    tree = distribution({"demo.py": b""})
    name = "demo-1.0.dist-info/RECORD"
    return tree | {name: tree[name].replace(b"RECORD,,", f"RECORD,sha256={digest},".encode())}


def less_with_directories(sites: Sites, tmp: Path) -> Pair:
    """Return what zip -r makes before and after a distribution has gone."""
    root = with_time(sites.copy(tmp / "site"), EARLIER, EARLIER)
    first = zip_directory(root, tmp / "a.zip", "-X")
    for path in root.glob("iniconfig*"):
        shutil.rmtree(path)
    return first, zip_directory(with_time(root, EARLIER, EARLIER), tmp / "b.zip", "-X")


def with_descriptors(_sites: Sites, tmp: Path) -> Pair:
    """Return zips whose sizes stand behind the data, after a signature or not."""
    content = b"x = 1\n"
    sizes = struct.pack("<3I", zlib.crc32(content), len(content), len(content))
    zips = []
    for name, start in (("a", b"PK\x07\x08"), ("b", b"PK\x07\x07")):
        raw = Raw(b"app.py", content, flags=8, descriptor=start + sizes)
        zips.append(written(tmp / f"{name}.zip", raw_zip(raw)))
    return zips[0], zips[1]


def left_behind(compile_again: bytes | None) -> Case:
    """Return an application whose source is edited, with bytecode of what it was, or of another."""

    def make(sites: Sites, tmp: Path) -> Pair:
        edited = APP.replace(b"# orders", b"# all")
        first, second = one_pyc(APP, compile_again or APP)(sites, tmp)
        with zipfile.ZipFile(second) as archive:
            tree = {API: edited, PYC: archive.read(PYC)}
        return first, written(tmp / "c.zip", zipped(tree))

    return make


def with_stale(sites: Sites, tmp: Path) -> Pair:
    """Return an application without bytecode, and with that of another source."""
    _, other = one_pyc(APP, APP.replace(b"30", b"31"))(sites, tmp)
    return written(tmp / "c.zip", zipped({API: APP})), other


def metadata(requirement: str) -> Tree:
    tree = distribution({"demo.py": b""})
    name = "demo-1.0.dist-info/METADATA"
    return tree | {name: tree[name] + f"Requires-Dist: {requirement}\n".encode()}


def notes(tool: str) -> Tree:
    return distribution({"demo.py": b"", "demo-1.0.dist-info/INSTALLER": tool.encode()})


def four(version: str) -> Tree:
    return {
        name: content
        for project in ("a", "b", "c", "d")
        for name, content in distribution({f"{project}.py": b""}, project, version).items()
    }


PYC = f"orders/__pycache__/api.{sys.implementation.cache_tag}.pyc"
BEGINNINGS = ("equal: ", "same code: ")
CASES: dict[str, tuple[Case, str]] = {
    "the same": (lambda s, t: pair_of(t, s.tree(), s.tree()), "equal: the same bytes"),
    # What stands around the files.
    "zip -r twice": (
        zipped_twice(modified=LATER, accessed=LATER),
        "same code: 30 files differ only in their time",
    ),
    "zip -r twice, read between": (
        zipped_twice(accessed=LATER),
        "same code: 30 files differ only in their time of access",
    ),
    "two time zones": (in_two_zones, "same code: 30 files differ only in their time zone"),
    "zip without extra fields": (
        zipped_twice(words="-X"),
        "same code: 30 files differ only in their marks of the zipping tool",
    ),
    "zip -1": (zipped_twice(words="-1"), "same code: # files differ only in their compression"),
    "zip -0": (
        zipped_twice(words="-0"),
        (
            "same code: # files differ in their compression and "
            "22 files in their marks of the zipping tool"
        ),
    ),
    "zip -D": (with_directories, "same code: directories as members of one alone"),
    "two umasks": (two_umasks, "same code: 36 members differ only in their mode"),
    "other order": (in_other_order, "same code: another order"),
    "zip and Python": (
        by_two_tools,
        (
            "same code: # files differ in their compression, "
            "36 members in their marks of the zipping tool and another order"
        ),
    ),
    "python -m zipfile twice": (by_python_twice, "same code: 36 members differ only in their time"),
    "levels of zlib": (at_levels, "same code: # files differ only in their compression"),
    "zlib-ng": (by_zlib_ng, "same code: # files differ only in their compression"),
    "comment": (with_comment, "same code: another comment, or other bytes around the files"),
    "something before": (as_program, "same code: another comment, or other bytes around the files"),
    "descriptors": (
        with_descriptors,
        "same code: another comment, or other bytes around the files",
    ),
    "like serverless": (
        like_serverless,
        "same code: 30 files differ only in their time and mode (0755 -> 0664)",
    ),
    "against ours": (
        against_canonical,
        (
            "same code: notes of the installer (5 files), 25 files differ in their time, mode and "
            "marks of the zipping tool, # files in their compression and another order"
        ),
    ),
    # Bytecode.
    "UV_COMPILE_BYTECODE": (other_site("compiled"), "same code: 6 compiled modules added"),
    "compileall with workers": (compiled_twice("", "-j4"), "equal: the same bytes"),
    "unchecked bytecode": (
        compiled_twice("", "--invalidation-mode unchecked-hash"),
        (
            "same code: 8 compiled modules differ only in what is checked before loading "
            "(time and size -> nothing)"
        ),
    ),
    "sources of another time": (
        compiled_twice("", "", second_time=LATER),
        "same code: 8 compiled modules differ only in the time of the source",
    ),
    "sources of another path": (
        compiled_twice("-d /a", "-d /b"),
        "same code: 8 compiled modules differ only in the path of the source",
    ),
    "compiled for tracebacks": (
        compiled_twice("", "-o 1"),
        "same code: 8 compiled modules added and 8 compiled modules removed",
    ),
    "reference flags": (
        without_references,
        "same code: 1 compiled module differs only in reference flags",
    ),
    "docstring, with bytecode": (with_bytecode, f"one docstring in {API}"),
    "bytecode of the source before": (
        left_behind(None),
        f"one comment in {API} and {PYC} not made of the source beside it",
    ),
    "bytecode of another source": (
        left_behind(APP.replace(b"30", b"31")),
        f"one comment in {API} and {PYC} not made of the source beside it",
    ),
    "bytecode of the edited source": (
        left_behind(APP.replace(b"# orders", b"# all")),
        f"one comment in {API}",
    ),
    "stale, and new": (with_stale, f"{PYC} added"),
    "stale": (
        one_pyc(APP, APP.replace(b"30", b"31")),
        f"{PYC}, which runs on one side though it is not of the source beside it",
    ),
    "stale, and checked": (
        one_pyc(APP, APP.replace(b"30", b"31"), flags=3),
        f"one constant in the compiled module {PYC} (<module>, line 1: 30 -> 31)",
    ),
    "constant of a module alone": (
        one_pyc(APP, APP.replace(b"30", b"31"), source=None),
        "one constant in the compiled module orders/api.pyc (<module>, line 1: 30 -> 31)",
    ),
    "code of a module alone": (
        one_pyc(APP, APP.replace(b"+ 1", b"- 1"), source=None),
        "code in the compiled module orders/api.pyc (handler, line 16)",
    ),
    "lines of a module alone": (
        one_pyc(APP, b"\n" + APP, source=None),
        "only line numbers in the compiled module orders/api.pyc",
    ),
    # Distributions.
    "another version": (other_site("newer"), "iniconfig 2.0.0 -> 2.1.0"),
    "another version, and own files": (
        lambda s, t: pair_of(
            t, s.tree(), s.tree("newer") | {API: APP + b"#\n", "orders/new.py": b"new = 1\n"}
        ),
        "iniconfig 2.0.0 -> 2.1.0, orders/new.py added and one comment in orders/api.py",
    ),
    "a distribution less": (without("iniconfig"), "iniconfig 2.0.0 removed"),
    "a distribution more": (added(distribution({"demo.py": b""})), "demo 1.0 added"),
    "four distributions": (
        between(four("1.0"), four("1.1")),
        "4 distributions changed (a 1.0 -> 1.1, b 1.0 -> 1.1, c 1.0 -> 1.1, …)",
    ),
    "another architecture": (other_site("arm"), "for arm64 instead of x86_64 (2 files)"),
    "another Python": (other_site("next"), "for Python 3.12 instead of 3.11 (2 files)"),
    "a file of a distribution": (
        edited("class", "class ", "iniconfig/exceptions.py"),
        "only the layout of iniconfig/exceptions.py",
    ),
    "a file of a distribution, with its RECORD": (
        between(distribution({"demo.py": b"x = 1\n"}), distribution({"demo.py": b"x = 2\n"})),
        "one constant in demo.py (line 1: 1 -> 2)",
    ),
    "a file more, with its RECORD": (
        between(distribution({"demo.py": b""}), distribution({"demo.py": b"", "new.py": b""})),
        "new.py added",
    ),
    "a RECORD that lies": (
        between(
            distribution({"demo.py": b""}) | {"demo.py": b"x = 1\n"},
            distribution({"demo.py": b"x = 1\n"}),
        ),
        "same code: the RECORD of demo",
    ),
    "two files of a distribution": (
        changed(
            lambda tree: (
                tree
                | {
                    f"iniconfig/{it}.py": tree[f"iniconfig/{it}.py"] + b"x = 1\n"
                    for it in ("_parse", "exceptions")
                }
            )
        ),
        "2 files of iniconfig 2.0.0 changed",
    ),
    "as a layer": (
        changed(lambda tree: {f"python/{name}": tree[name] for name in tree}),
        "30 files moved from the root to python/",
    ),
    "script": (
        between(script("/home/a/.venv/bin/python"), script("/home/b/.venv/bin/python")),
        "same code: the Python that the first line of bin/demo names",
    ),
    "long path in a script": (
        between(long_script("/home/a/.venv/bin/python"), long_script("/home/b/.venv/bin/python")),
        "same code: the Python that the first line of bin/demo names",
    ),
    "script of another language": (
        between(script("/bin/sh"), script("/usr/bin/python")),
        "bin/demo changed",
    ),
    "description": (
        between(description("One."), description("Two.")),
        "same code: metadata of demo (description)",
    ),
    "a RECORD that lists itself": (
        between(listing_itself("a"), listing_itself("b")),
        "same code: the RECORD of demo",
    ),
    "files of a local project": (
        between(local("one"), local("two")),
        "only comments in 2 own files",
    ),
    "a distribution less, by zip -r": (less_with_directories, "iniconfig 2.0.0 removed"),
    "metadata": (
        between(metadata("idna"), metadata("idna>=3")),
        "same code: metadata of demo (requires-dist)",
    ),
    "installer": (between(notes("uv"), notes("pip")), "same code: notes of the installer (1 file)"),
    "order of a RECORD": (changed(record_in_order), "same code: the RECORD of iniconfig"),
    # Own files.
    "code": (edited("+ 1", "- 1"), f"code in {API} (handler, line 18)"),
    "constant": (edited("+ 1", "+ 2"), f"one constant in {API} (handler, line 18: 1 -> 2)"),
    "constant of the module": (edited("= 30", "= 31"), f"one constant in {API} (line 5: 30 -> 31)"),
    "docstring": (edited("Return one.", "Find one."), f"one docstring in {API}"),
    "four docstrings": (edited('."""', '!"""'), f"4 docstrings in {API}"),
    "own comment": (edited("# orders", "# of them"), f"one comment in {API}"),
    "layout": (edited("event: ", "event:  "), f"only the layout of {API}"),
    "line ends": (edited("\n", "\r\n"), f"only the line ends of {API}"),
    "function more": (
        edited("\n\ndef", "\n\ndef new(): ...\n\n\ndef"),
        f"code in {API} (new, line 16)",
    ),
    "data": (edited("1", "10", "orders/prices.json"), "orders/prices.json changed"),
    "layout of data": (
        edited(" ", "", "orders/prices.json"),
        "only the layout of orders/prices.json",
    ),
    "text": (edited("No", "Few", "orders/terms.txt"), "orders/terms.txt changed"),
    "binary": (edited("PNG", "png", "orders/logo.png"), "orders/logo.png changed"),
    "added": (added({"orders/new.py": b"new = 1\n"}), "orders/new.py added"),
    "removed": (without("orders/logo"), "orders/logo.png removed"),
    "renamed": (
        renamed("orders/logo.png", "orders/sign.png"),
        "orders/logo.png renamed to orders/sign.png",
    ),
    "moved": (renamed("orders/logo.png", "logo.png"), "orders/logo.png moved to logo.png"),
    "comments of two files": (
        lambda s, t: pair_of(
            t,
            s.tree() | {"orders/more.py": b"# one\n"},
            s.tree() | {"orders/more.py": b"# two\n", API: APP.replace(b"# orders", b"# all")},
        ),
        "only comments in 2 own files",
    ),
    "link": (with_links, "orders/link changed"),
    # Directories.
    "equal directories": (same_directory, "equal: the same files"),
    "directories": (other_directory, "orders/terms.txt changed"),
    "directory and zip": (directory_and_zip, "equal: the same files"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_true_cause_is_named(name: str, sites: Sites, tmp_path: Path) -> None:
    make, expected = CASES[name]
    before, after = make(sites, tmp_path)
    assert told((before, after)) == expected
    back = told((after, before))
    assert [back.startswith(it) for it in BEGINNINGS] == [
        expected.startswith(it) for it in BEGINNINGS
    ]


SAM_TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: app, Handler: orders.api.handler, Runtime: RUNTIME}
"""


def by_sam(sites: Sites, tmp: Path) -> Pair:
    """Return what `sam build` makes and `sam package` zips, and what uv installs, by Python."""
    runtime = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (tmp / "template.yaml").write_text(SAM_TEMPLATE.replace("RUNTIME", runtime))
    app = write_tree(tmp / "app", OWN)
    (app / "requirements.txt").write_text("iniconfig==2.0.0\nmarkupsafe==3.0.2\n")
    command = [UV, "pip", "install", "-q", "--python", sys.executable, "--target", "sam"]
    run([*command, "aws-sam-cli"], cwd=tmp)
    environment = clean_environment(PYTHONPATH=str(tmp / "sam"), SAM_CLI_TELEMETRY="0")
    run([sys.executable, "-m", "samcli", "build"], cwd=tmp, env=environment)
    for path in (tmp / ".aws-sam/build").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    code = "from samcli.lib.package.utils import make_zip; make_zip('a', '.aws-sam/build/Orders')"
    run([sys.executable, "-c", code], cwd=tmp, env=environment)
    tree = sites.tree() | {"requirements.txt": (app / "requirements.txt").read_bytes()}
    return tmp / "a.zip", written(tmp / "b.zip", zipped(tree, mode=0o100644))


SERVERLESS = """
const archiver = require("archiver"), fs = require("fs"), path = require("path");
const zip = archiver.create("zip"), names = fs.readdirSync("site", {recursive: true}).sort();
zip.pipe(fs.createWriteStream("a.zip"));
for (const name of names.filter((name) => fs.statSync(path.join("site", name)).isFile()))
  zip.append(fs.readFileSync(path.join("site", name)), {name, mode: 0o755, date: new Date(0)});
zip.finalize();
"""


def by_serverless(sites: Sites, tmp: Path) -> Pair:
    """Return what Serverless zips, by the library and with the options that it uses; and Python."""
    sites.copy(tmp / "site")
    run([needed("npm"), "install", "--silent", "--no-audit", "--no-fund", "archiver@5"], cwd=tmp)
    run([needed("node"), "-e", SERVERLESS], cwd=tmp)
    tree = sites.tree()
    ordered = {name: tree[name] for name in sorted(tree)}
    return tmp / "a.zip", written(tmp / "b.zip", zipped(ordered))


SLOW_CASES: dict[str, tuple[Case, str]] = {
    "jar": (
        by_jar,
        (
            "same code: 36 members differ in their mode and marks of the zipping tool and "
            "# files in their compression"
        ),
    ),
    "SAM": (
        by_sam,
        (
            "same code: notes of the installer (5 files), 26 files differ in their time "
            "and another order"
        ),
    ),
    "Serverless": (
        by_serverless,
        (
            "same code: 30 files differ in their time, mode (0755 -> 0664) and marks of the "
            "zipping tool and # files in their compression"
        ),
    ),
    "Go": (
        by_go,
        (
            "same code: # files differ in their compression, 36 members in their marks of the "
            "zipping tool and another comment, or other bytes around the files"
        ),
    ),
    "pip": (by_pip, "same code: notes of the installer (3 files)"),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SLOW_CASES)
def test_the_cause_is_named_of_what_slow_tools_make(
    name: str, sites: Sites, tmp_path: Path
) -> None:
    make, expected = SLOW_CASES[name]
    pair = make(sites, tmp_path)
    assert told(pair) == expected
    # What is the same code on both sides is one zip in canonical form, whoever made it.
    made, other = (normalize(read_source(path))[0] for path in pair)
    assert made == other
    assert normalize(made)[0] == made
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    for path in pair:
        found = inspect_source(read_source(path), workers=2)
        versions = {share.name: share.version for share in found.shares}
        assert versions == {"iniconfig": "2.0.0", "markupsafe": "3.0.2", "": ""}
        assert sum(share.files for share in found.shares) == len(found.source.files)
        assert [library.machine for library in found.native] == [machine]
        _, normalized = normalize(read_source(path))
        seen = {it.deviation for it in found.findings}
        assert seen <= {it.deviation for it in normalized.findings}
        assert seen


def test_bytecode_that_no_record_lists_is_of_the_distribution_of_its_source(
    sites: Sites, tmp_path: Path
) -> None:
    before, after = map(read_source, other_site("compiled")(sites, tmp_path))
    found = compare(before, after, workers=1)
    assert {change.owner for change in found.files} == {"iniconfig", "markupsafe"}


def test_what_a_manifest_calls_local_is_own(tmp_path: Path) -> None:
    trees = [{f"{it}.py": f"# {text}\n".encode() for it in "ab"} for text in ("one", "two")]
    pair = pair_of(tmp_path, *map(distribution, trees))
    assert told(pair) == "only comments in 2 files of demo 1.0"
    manifest = {
        "tool": {"name": "hatch-lambda-zip"},
        "sha256": hashlib.sha256(pair[0].read_bytes()).hexdigest(),
        "distributions": [{"name": "demo", "origin": "local"}],
    }
    (tmp_path / "a.json").write_text(json.dumps(manifest))
    assert told(pair) == "only comments in 2 own files"
