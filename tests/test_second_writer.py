"""docs/format.md is complete: what was written from it alone writes the same bytes."""

from __future__ import annotations

import importlib.util
import io
import logging
import marshal
import platform
import sys
import warnings
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hatch_lambda_zip.archive import write_archive
from hatch_lambda_zip.bytecode.normalize import NO_SOURCE, normalize
from hatch_lambda_zip.bytecode.source_hash import source_hash as own_source_hash
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import BytecodeError
from hatch_lambda_zip.record import Digest
from tests.support.built_examples import zips_of_examples
from tests.support.interpreters import interpreters, read_zip, run_script, version_of
from tests.support.projects import Build, Project
from tests.support.python_sources import sources as files_of
from tests.support.random_code import MUTABLE, shared_constants, sources
from tests.support.second_writer import source_hash, write_pyc, write_zip

LOG = logging.getLogger(__name__)
MINOR = sys.version_info.minor
FILENAME = "/var/task/demo/naïve.py"
components = st.text(
    st.sampled_from("ab._-")
    | st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"),
    min_size=1,
    max_size=8,
)
contents = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda part, count: part * count, st.binary(max_size=20), st.integers(1, 5000)),
    st.builds(lambda head, rest: head + rest, st.sampled_from([b"#!", b"\x7fELF"]), st.binary()),
)
trees = st.dictionaries(
    st.lists(components, min_size=1, max_size=3).map("/".join), contents, max_size=12
)


@given(trees)
def test_zips_of_random_trees(tree: dict[str, bytes]) -> None:
    stream = io.BytesIO()
    entries = [
        Entry(name, content, len(content), Digest.of(content), "demo")
        for name, content in sorted(tree.items(), key=lambda item: item[0].encode())
    ]
    write_archive(entries, stream, inspect=lambda _entry, _content: None, workers=2)
    assert write_zip(tree) == stream.getvalue()


def same_form(pyc: bytes, minor: int, source: bytes | None = None) -> None:
    """Compare what both make of a .pyc, or that both refuse it."""
    own_hash = NO_SOURCE if source is None else own_source_hash(pyc[:4], source)
    try:
        expected = normalize(pyc, filename=FILENAME, source_hash=own_hash)
    except BytecodeError:
        with pytest.raises(ValueError, match="equal members"):
            write_pyc(pyc, minor, FILENAME, source)
        return
    assert write_pyc(pyc, minor, FILENAME, source) == expected


@pytest.mark.every_python
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(sources(), st.binary(max_size=20) | st.none())
def test_random_code(text: str, source: bytes | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = compile(text, "demo.py", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            assume(False)
    pyc = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)
    same_form(pyc, MINOR, source)


@pytest.mark.every_python
@given(MUTABLE | shared_constants())
def test_random_constants(value: object) -> None:
    code = compile("x", "demo.py", "exec").replace(co_consts=(value,))
    pyc = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)
    same_form(pyc, MINOR)


def test_members_about_as_long_as_their_digests() -> None:
    texts = frozenset(letter * size for letter in "abcdefgh" for size in range(55, 70))
    code = compile("x", "demo.py", "exec").replace(co_consts=(texts,))
    same_form(importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code), MINOR)


@pytest.mark.parametrize(
    "members",
    [
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        ((1,), (1.0,)),
        (2.0, 2 + 0j),
        (float("nan"), -float("nan")),
    ],
)
def test_members_that_python_takes_for_equal(members: tuple[object, ...]) -> None:
    code = compile("x", "demo.py", "exec").replace(co_consts=(frozenset(["a", "b"]), members))
    stream = marshal.dumps(code, 2)
    # The tuple becomes a set, which Python would not make.
    at = stream.index(b"(" + (2).to_bytes(4, "little"), stream.index(b">"))
    pyc = importlib.util.MAGIC_NUMBER + bytes(12) + stream[:at] + b">" + stream[at + 1 :]
    with pytest.raises(ValueError, match="equal members"):
        write_pyc(pyc, MINOR, FILENAME, None)
    same_form(pyc, MINOR)


@pytest.mark.every_python
@given(st.binary(max_size=40))
def test_the_hash_of_a_source(source: bytes) -> None:
    magic = importlib.util.MAGIC_NUMBER
    rounds = 1 if MINOR > 10 else 2
    assert source_hash(source, magic, rounds=rounds) == importlib.util.source_hash(source)


def _one_for_each_minor() -> list[ParameterSet]:
    paths = {(version_of(path) or "").rpartition(".")[0]: path for path in interpreters()[::-1]}
    return [pytest.param(path, id=f"python{minor}") for minor, path in sorted(paths.items())]


@pytest.mark.exhaustive
@pytest.mark.parametrize("python", _one_for_each_minor())
def test_standard_libraries_and_packages(python: str, packages: Path, tmp_path: Path) -> None:
    (tmp_path / "sources.txt").write_text("\n".join(files_of(python, packages, everything=True)))
    run_script(python, "compile_sources.py", tmp_path / "sources.txt", tmp_path / "out.zip")
    compiled = read_zip(tmp_path / "out.zip")
    for pyc in compiled.values():
        same_form(pyc, int((version_of(python) or "").split(".")[1]))
    LOG.info("%s: %d files have the same form", version_of(python), len(compiled))


def test_a_real_build(reference_build: Build) -> None:
    written_again(reference_build.artifact)


@pytest.mark.exhaustive
def test_the_examples(tmp_path_factory: pytest.TempPathFactory) -> None:
    zips = zips_of_examples(tmp_path_factory)
    for path in zips:
        written_again(path)
    LOG.info("%d zips of examples are the same", len(zips))


def written_again(path: Path) -> dict[str, bytes]:
    files = read_zip(path)
    assert write_zip(files) == path.read_bytes()
    return files


@pytest.mark.exhaustive
@pytest.mark.skipif(
    sys.version_info.releaselevel != "final", reason="bytecode is compiled by releases only"
)
def test_builds_with_bytecode_scripts_and_layers(project: Project) -> None:
    project.configure(
        runtime=f"python3.{MINOR}",
        bytecode="compile",
        bytecode_python=platform.python_version(),
        handler=None,
    )
    table = "[tool.hatch.build.targets.lambda-zip]\n"
    layers = f'{table[:-2]}.layers.deps]\ndistributions = ["six", "markupsafe"]\n\n'
    project.replace(table, f"{table}scripts = true\n")
    project.pyproject.write_text(f"{project.pyproject.read_text('utf-8')}\n{layers}", "utf-8")
    function = f'{table[:-2]}.functions.main]\nlayers = ["deps"]\n'
    project.pyproject.write_text(f"{project.pyproject.read_text('utf-8')}{function}", "utf-8")
    kept = compiled_again(project.build().kept, {})
    assert {name.partition("/")[0] for name in kept} >= {"python", "fixture_app", "bin"}
    project.replace(table, f'{table}source = "omit"\n')
    compiled_again(project.build().kept, kept)


def compiled_again(directory: Path, kept: dict[str, bytes]) -> dict[str, bytes]:
    """Write the zips there again, and compile and write all that is compiled in them.

    Args:
        kept: the sources that were left out of these zips.
    """
    paths = sorted(directory.glob("*.zip"))
    assert len(paths) == 2
    files = {name: content for path in paths for name, content in written_again(path).items()}
    count = 0
    for name, content in ({**files, **kept}).items():
        folder, slash, file = name.rpartition("/")
        beside = f"{folder}{slash}__pycache__/{file[:-3]}.cpython-3{MINOR}.pyc"
        member = next((found for found in (beside, f"{name}c") if found in files), None)
        if name.endswith(".py") and member is not None:
            root = "/opt" if name.startswith("python/") else "/var/task"
            code = compile(content, "other.py", "exec", dont_inherit=True, optimize=0)
            pyc = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)
            source = content if name in files else None
            assert write_pyc(pyc, MINOR, f"{root}/{name}", source) == files[member]
            count += 1
    assert count > 10
    return files
