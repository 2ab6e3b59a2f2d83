from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hatch_lambda_zip import __version__, read_manifest
from hatch_lambda_zip.archive import Archive, encoder, write_archive
from hatch_lambda_zip.build.inputs import Inputs, Source
from hatch_lambda_zip.build.manifest import (
    describe_artifact,
    describe_inputs,
    describe_layer,
    describe_options,
    make_manifest,
)
from hatch_lambda_zip.build.previous import is_sbom_of, read_previous
from hatch_lambda_zip.cache import TAG_NAME, is_cache
from hatch_lambda_zip.config.file_names import file_name, manifest_name
from hatch_lambda_zip.config.model import Artifact, Kind
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.contents import Code, Contents, LeftAsSource, is_artifact
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import (
    Distribution,
    Installed,
    LeftOut,
    LeftOutDistribution,
    LocalWheel,
    Reason,
)
from hatch_lambda_zip.lock import (
    InstallList,
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
)
from hatch_lambda_zip.lock.adjustments import Adjustment, Adjustments
from hatch_lambda_zip.record import Digest
from hatch_lambda_zip.runtimes import Platform, find_runtime
from tests.support.effort import peak

PROJECT = Project(
    "my-orders",
    "1.0.0",
    "my_orders-1.0.0",
    dependencies=("empty @ file:///home/me/empty", "boto3>=1"),
)
ADDED = (("config/prod.toml", Entry.of("config.toml", b"a = 1\n", "my-orders")),)
SCHEMA = Path(__file__).parents[2] / "docs" / "manifest.schema.json"

Json = dict[str, Any]  # as json.loads returns it


def function_of(handler: str | None = "orders.app.handler") -> Artifact:
    runtime = find_runtime("python3.13")
    assert runtime is not None
    return Artifact(
        name="api",
        table="api",
        key="the key",
        kind=Kind.FUNCTION,
        platform=Platform(runtime, "arm64"),
        options=Options() if handler is None else Options(handler=handler),
    )


def layer_of() -> Artifact:
    return replace(function_of(None), name="deps", table="deps", kind=Kind.LAYER)


def inputs_of(handler: str | None = "orders.app.handler") -> dict[str, object]:
    lock = LockFile.of(LockKind.UV, Path("/home/somebody/orders/uv.lock"))
    install = InstallList(
        "pylock.wheels.toml",
        "https://user:password@example.invalid/boto3-1.40.0-py3-none-any.whl",
        (
            LockedDistribution("empty", "2.0", Origin.GIT, "git:abc"),
            LockedDistribution("boto3", "1.40.0", Origin.INDEX, "sha256:def"),
        ),
        builds=False,
    )
    own = LockedDistribution("my-orders", None, Origin.LOCAL, "content:123")
    wheel = LocalWheel(Path("my_orders-1.0.0-py3-none-any.whl"), own, is_compiled=False)
    url = "https://user:password@example.invalid/idna-3.10-py3-none-any.whl"
    adjustments = Adjustments((Adjustment("idna", f"idna @ {url}", "boto3"),))
    selection = Selection(lock, (install,), (), adjustments=adjustments)
    layer = Inputs(layer_of(), Selection(lock, (), ()))
    inputs = Inputs(function_of(handler), selection, (wheel,), ADDED)
    return describe_inputs(PROJECT, inputs, [layer])


def ignore(entry: Entry, content: bytes) -> None:
    del entry, content


def contents_in(directory: Path) -> Contents:
    """Return contents whose files lie in a directory of this machine."""
    directory.mkdir(parents=True, exist_ok=True)
    entries = []
    for name, content, distribution in (
        ("boto3/__init__.py", b"boto" * 100, "boto3"),
        ("boto3/data.json", b"{}", "boto3"),
        ("orders/app.py", b"def handler(): ...\n", "my-orders"),
        ("orders/\u00fc.py", b"", "my-orders"),
    ):
        path = directory / name.replace("/", "_")
        path.write_bytes(content)
        entries.append(Entry(name, path, len(content), Digest.of(content), distribution))
    distributions = (
        Distribution("boto3", "1.40.0", Origin.INDEX, "sha256:def", None),
        Distribution("empty", "2.0", Origin.GIT, "git:abc", "setuptools (80.0)"),
        Distribution("my-orders", "1.0.0", Origin.LOCAL, "content:123", "hatchling 1.33.0"),
    )
    return Contents(
        entries=tuple(entries),
        installed=tuple(Installed(item, f"{item.name}.dist-info", ()) for item in distributions),
        left_out=(
            LeftOut("bin/tool", Reason.SCRIPT, "boto3"),
            LeftOut("c.py", Reason.SOURCE, "my-orders"),
            LeftOut("\u00fc/__pycache__/a.pyc", Reason.BYTECODE, "my-orders"),
        ),
        left_out_distributions=(LeftOutDistribution("urllib3", "2.5.0", Reason.LAYER, "deps"),),
        compiled_modules=7,
        left_as_source=(LeftAsSource("a.py", "syntax", "line 1"),),
        warnings=("a warning for the user",),
    )


def archive_of(contents: Contents, workers: int = 1) -> Archive:
    return write_archive(contents.entries, io.BytesIO(), inspect=ignore, workers=workers)


def text_in(directory: Path, handler: str | None = "orders.app.handler") -> str:
    contents = contents_in(directory)
    archive = archive_of(contents)
    return make_manifest(inputs_of(handler), contents, archive).decode()


def test_the_whole_manifest(tmp_path: Path) -> None:
    contents = contents_in(tmp_path)
    archive = archive_of(contents)
    text = make_manifest(inputs_of(), contents, archive)
    stored = {name: len(content) for name, content in (("data", b"{}"), ("app", b"x" * 19))}
    compressed = len(encoder.compress(b"boto" * 100))
    app = min(stored["app"], len(encoder.compress(b"def handler(): ...\n")))
    before_checksum = text.rpartition(b',\n  "checksum": ')[0]
    assert json.loads(text) == {
        "checksum": hashlib.sha256(before_checksum).hexdigest(),
        "schema": 1,
        "tool": {"name": "hatch-lambda-zip", "version": __version__},
        "format": 2,
        "encoder": {"name": "deflate", "version": "0.9.0", "level": 6},
        "artifact": "my_orders-1.0.0-api-lambda.zip",
        "sbom": None,
        "project": {"name": "my-orders", "version": "1.0.0"},
        "target": "lambda-zip:api",
        "function": "api",
        "layer": None,
        "layers": [
            {
                "layer": "deps",
                "artifact": "my_orders-1.0.0-deps-layer.zip",
                "options": describe_options(layer_of()),
                "requirements": ["boto3>=1", "empty"],
                "adjustments": {"changes": [], "restated": []},
                "inputs": {},
                "include_files": [],
            }
        ],
        "options": describe_options(function_of()),
        "include_files": [
            {
                "source": "config/prod.toml",
                "path": "config.toml",
                "digest": str(Digest.of(b"a = 1\n")),
            }
        ],
        "handler": "orders.app.handler",
        "runtime": "python3.13",
        "architecture": "arm64",
        "sha256": archive.sha256.hex(),
        "sha256_base64": base64.b64encode(archive.sha256).decode(),
        "sbom_sha256": None,
        "zipped_bytes": archive.size,
        "unzipped_bytes": 421,
        "files": 4,
        "lock": "uv.lock",
        "requirements": ["boto3>=1", "empty"],
        "adjustments": {
            "changes": [{"name": "idna", "instead": "idna", "package": "boto3"}],
            "restated": [],
        },
        "inputs": {"boto3": "sha256:def", "empty": "git:abc", "my-orders": "content:123"},
        "distributions": [
            {
                "name": "boto3",
                "version": "1.40.0",
                "origin": "index",
                "built_with": None,
                "files": 2,
                "bytes": 402,
                "compressed_bytes": compressed + stored["data"],
            },
            {
                "name": "empty",
                "version": "2.0",
                "origin": "git",
                "built_with": "setuptools (80.0)",
                "files": 0,
                "bytes": 0,
                "compressed_bytes": 0,
            },
            {
                "name": "my-orders",
                "version": "1.0.0",
                "origin": "local",
                "built_with": "hatchling 1.33.0",
                "files": 2,
                "bytes": 19,
                "compressed_bytes": app,
            },
        ],
        "absent_distributions": [
            {
                "name": "urllib3",
                "version": "2.5.0",
                "reason": "layer",
                "explanation": Reason.LAYER.explanation,
                "layer": "deps",
            }
        ],
        "bytecode": {
            "compiled_modules": 7,
            "sources_left_out": 1,
            "left_as_source": [{"path": "a.py", "reason": "syntax", "detail": "line 1"}],
        },
        "left_out": [
            {
                "path": "bin/tool",
                "distribution": "boto3",
                "reason": "script",
                "explanation": Reason.SCRIPT.explanation,
            },
            {
                "path": "\u00fc/__pycache__/a.pyc",
                "distribution": "my-orders",
                "reason": "bytecode",
                "explanation": Reason.BYTECODE.explanation,
            },
        ],
    }


def test_the_hash_is_that_of_the_zip_in_both_spellings(tmp_path: Path) -> None:
    contents = contents_in(tmp_path)
    stream = io.BytesIO()
    archive = write_archive(contents.entries, stream, inspect=ignore, workers=2)
    manifest = json.loads(make_manifest(inputs_of(), contents, archive))
    digest = hashlib.sha256(stream.getvalue()).digest()
    assert bytes.fromhex(manifest["sha256"]) == digest
    assert base64.b64decode(manifest["sha256_base64"]) == digest  # as AWS's CodeSha256
    assert manifest["zipped_bytes"] == len(stream.getvalue())


def test_the_sums_agree(tmp_path: Path) -> None:
    manifest = json.loads(text_in(tmp_path))
    assert sum(each["files"] for each in manifest["distributions"]) == manifest["files"]
    assert sum(each["bytes"] for each in manifest["distributions"]) == manifest["unzipped_bytes"]
    compressed = sum(each["compressed_bytes"] for each in manifest["distributions"])
    assert 0 < compressed < manifest["zipped_bytes"]


def test_a_function_without_a_handler_has_none(tmp_path: Path) -> None:
    assert json.loads(text_in(tmp_path, handler=None))["handler"] is None


def test_the_same_zip_has_the_same_manifest_wherever_it_was_built(tmp_path: Path) -> None:
    assert text_in(tmp_path / "a") == text_in(tmp_path / "somewhere" / "else")
    contents = contents_in(tmp_path)
    texts = {
        make_manifest(inputs_of(), contents, archive_of(contents, workers)).decode()
        for workers in (1, 2, 8)
    }
    assert texts == {text_in(tmp_path)}


def test_nothing_of_the_machine_is_in_it(tmp_path: Path) -> None:
    text = text_in(tmp_path)
    for part in (str(tmp_path), tmp_path.name, str(Path.home()), str(Path.cwd()), "\\"):
        assert part not in text
    assert "warning" not in text


def test_it_is_readable_utf_8_with_one_line_feed_at_the_end(tmp_path: Path) -> None:
    text = text_in(tmp_path)
    assert "\u00fc/__pycache__/a.pyc" in text
    assert text.endswith("}\n")
    assert not text.endswith("\n\n")
    assert "\r" not in text
    assert text.splitlines()[1] == '  "schema": 1,'


def test_the_names_of_the_outputs() -> None:
    assert file_name(function_of(), PROJECT) == "my_orders-1.0.0-api-lambda.zip"
    assert manifest_name(function_of(), PROJECT) == "my_orders-1.0.0-api-lambda.json"


TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def mismatches_of_members(value: Json, schema: Json, root: Json, place: str) -> list[str]:
    properties = schema.get("properties", {})
    missing = set(schema.get("required", [])) - value.keys()
    found = [f"{place}.{name} is missing" for name in sorted(missing)]
    others = schema.get("additionalProperties", True)
    for name in value.keys() - properties.keys():
        if isinstance(others, dict):
            found += mismatches(value[name], others, root, f"{place}.{name}")
        elif not others:
            found.append(f"{place}.{name} is not described")
    for name in value.keys() & properties.keys():
        found += mismatches(value[name], properties[name], root, f"{place}.{name}")
    return found


def mismatches(value: object, schema: Json, root: Json, place: str = "$") -> list[str]:
    """Compare a document with the plain part of JSON Schema that ours may use."""
    if reference := schema.get("$ref"):
        platform = root
        for part in str(reference).removeprefix("#/").split("/"):
            platform = platform[part]
        return mismatches(value, platform, root, place)
    found = []
    names = schema.get("type", [])
    names = names if isinstance(names, list) else [names]
    if names and not any(isinstance(value, TYPES[name]) for name in names):
        found.append(f"{place} is not of type {names}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{place} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place} is not in {schema['enum']}")
    if isinstance(value, dict):
        found += mismatches_of_members(value, schema, root, place)
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            found += mismatches(item, schema["items"], root, f"{place}[{number}]")
    return found


@pytest.mark.parametrize("handler", ["orders.app.handler", None])
def test_the_schema_describes_it(tmp_path: Path, handler: str | None) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    manifest = json.loads(text_in(tmp_path, handler))
    assert mismatches(manifest, schema, schema) == []
    # Every key is described as one that is always there.
    assert set(schema["required"]) == manifest.keys()
    assert mismatches({**manifest, "files": "4", "new": 1}, schema, schema) == [
        "$.new is not described",
        "$.files is not of type ['integer']",
    ]


SOURCES = {
    "boto3": Source(None, Origin.INDEX),
    "empty": Source(None, Origin.GIT, "setuptools (80.0)"),
    "my-orders": Source("1.0.0", Origin.LOCAL, "hatchling 1.33.0"),
    "urllib3": Source(None, Origin.INDEX),
}


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """A zip with its manifest beside it."""
    return write_pair(tmp_path, Code())


def write_pair(tmp_path: Path, code: Code) -> Path:
    contents = contents_in(tmp_path / "staged").with_code(code)
    artifact = tmp_path / "my_orders-1.0.0-api-lambda.zip"
    with artifact.open("wb") as stream:
        archive = write_archive(contents.entries, stream, inspect=ignore, workers=2)
    artifact.with_suffix(".json").write_bytes(make_manifest(inputs_of(), contents, archive))
    return artifact


def test_previous_outputs_are_found_only_whole(artifact: Path) -> None:
    previous = read_previous(artifact)
    assert previous is not None
    assert previous.sha256 == hashlib.sha256(artifact.read_bytes()).hexdigest()
    manifest = artifact.with_suffix(".json")
    text = manifest.read_bytes()
    manifest.unlink()
    assert read_previous(artifact) is None
    manifest.write_bytes(text)
    with artifact.open("ab") as stream:
        stream.write(b"changed")
    assert read_previous(artifact) is None
    artifact.unlink()
    assert read_previous(artifact) is None


@pytest.mark.parametrize(
    ("inputs", "sources", "expected"),
    [
        (inputs_of(), SOURCES, True),
        (inputs_of(handler="orders.app.other"), SOURCES, False),
        (inputs_of(), {**SOURCES, "boto3": Source(None, Origin.ARCHIVE)}, False),
        (inputs_of(), {**SOURCES, "my-orders": Source("1.0.0", Origin.LOCAL, "flit 4")}, False),
        (
            inputs_of(),
            {**SOURCES, "my-orders": Source("1.0", Origin.LOCAL, "hatchling 1.33.0")},
            False,
        ),
        (inputs_of(), {**SOURCES, "urllib3": Source("2.5", Origin.LOCAL)}, False),
        (inputs_of(), {key: SOURCES[key] for key in ("boto3", "empty", "my-orders")}, False),
    ],
    ids=["the same", "handler", "origin", "back end", "version", "absent one's version", "absent"],
)
def test_a_pair_is_kept_for_what_it_was_made_from(
    artifact: Path, inputs: dict[str, object], sources: dict[str, Source], *, expected: bool
) -> None:
    previous = read_previous(artifact)
    assert previous is not None
    assert previous.is_made_from(inputs, sources) is expected


def test_a_pair_is_kept_for_what_code_directories_leave_out(tmp_path: Path) -> None:
    """A README.md that came in beside the code changes no byte of the zip, but the manifest."""
    readme = LeftOut("README.md", Reason.NOT_CODE, "my-orders")
    log = LeftOut("a.log", Reason.PATTERN, "my-orders")
    artifact = write_pair(tmp_path, Code(left_out=(readme, log)))
    previous = read_previous(artifact)
    assert previous is not None
    assert previous.is_made_from(inputs_of(), SOURCES)
    assert previous.is_made_from(inputs_of(), SOURCES, [log, readme])
    for left_out in ([], [log], [readme], [log, replace(readme, path="b")], [log, readme, readme]):
        assert not previous.is_made_from(inputs_of(), SOURCES, left_out)


def without_last_line(text: bytes) -> bytes:
    return b"\n".join(text.split(b"\n")[:-3]).removesuffix(b",") + b"\n}\n"


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: re.sub(rb'(?<="sha256_base64": ")..', b"AA", text),
        lambda text: text.replace(b'"files": 4', b'"files": 5'),
        lambda text: text.replace(b'"origin": "index"', b'"origin": "local"'),
        lambda text: text.replace(b"hatchling 1.33.0", b"hatchling 1.34.0"),
        lambda text: text.replace(b'"schema": 1,', b'"schema": 1,\n  "added": null,'),
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: json.dumps(json.loads(text), indent=4).encode(),
        lambda text: json.dumps(json.loads(text), indent=2).encode() + b"\n",
        lambda text: text + b"\n",
        lambda text: text.replace(b'"checksum": "', b'"checksum": "0'),
        without_last_line,
    ],
)
def test_an_edited_manifest_is_not_kept(artifact: Path, edit: Callable[[bytes], bytes]) -> None:
    manifest = artifact.with_suffix(".json")
    text = manifest.read_bytes()
    edited = edit(text)
    assert edited != text
    manifest.write_bytes(edited)
    previous = read_previous(artifact)
    assert previous is not None  # it still says whose zip that is
    assert not previous.is_made_from(inputs_of(), SOURCES)
    assert not previous.is_of({}, [{}])


@pytest.mark.parametrize("rows", [None, 5, {}, [None], ["boto3"], [{}], [{"name": []}]])
@pytest.mark.parametrize("key", ["distributions", "absent_distributions"])
def test_a_manifest_of_another_form_with_the_right_checksum(
    artifact: Path, key: str, rows: object
) -> None:
    manifest = artifact.with_suffix(".json")
    document = json.loads(manifest.read_bytes())
    del document["checksum"]
    head = json.dumps({**document, key: rows}, indent=2).encode().removesuffix(b"\n}")
    checksum = hashlib.sha256(head).hexdigest()
    manifest.write_bytes(head + f',\n  "checksum": "{checksum}"\n}}\n'.encode())
    previous = read_previous(artifact)
    assert previous is not None
    assert previous.is_as_made
    assert not previous.is_made_from(inputs_of(), SOURCES)


def test_a_zip_beside_an_older_bill_of_materials_is_not_kept(artifact: Path) -> None:
    listed = artifact.with_suffix(".cdx.json")
    listed.write_text("{}")  # somebody else's
    previous = read_previous(artifact)
    assert previous is not None
    assert previous.is_made_from(inputs_of(), SOURCES)
    tools = {"components": [{"name": "hatch-lambda-zip"}]}
    document = {"bomFormat": "CycloneDX", "metadata": {"tools": tools}}
    listed.write_text(json.dumps(document))
    previous = read_previous(artifact)
    assert previous is not None
    assert not previous.is_made_from(inputs_of(), SOURCES)


def test_what_a_layer_adds_is_an_input_of_its_functions() -> None:
    """It may be what their modules are reached from."""
    lock = LockFile.of(LockKind.UV, Path("uv.lock"))
    function = Inputs(function_of(), Selection(lock, (), ()))
    described = [
        describe_inputs(PROJECT, function, [Inputs(layer_of(), Selection(lock, (), ()), (), added)])
        for added in ((), ADDED, (("config/prod.toml", Entry.of("config.toml", b"", "a")),))
    ]
    assert described[0] != described[1] != described[2] != described[0]


def test_a_pair_is_of_its_configuration(artifact: Path) -> None:
    previous = read_previous(artifact)
    assert previous is not None
    described, layer = (
        describe_artifact(PROJECT, function_of()),
        describe_layer(PROJECT, layer_of()),
    )
    assert previous.is_of(described, [layer])
    assert not previous.is_of({**described, "runtime": "python3.12"}, [layer])
    assert not previous.is_of(described, [])
    assert not previous.is_of(described, [{**layer, "options": {}}])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
def test_nothing_but_regular_files_is_opened(artifact: Path) -> None:
    """Opening a pipe would wait for ever."""
    manifest = artifact.with_suffix(".json")
    moved = manifest.rename(manifest.with_name("moved"))
    os.mkfifo(manifest)
    assert read_manifest(manifest) is None
    assert read_previous(artifact) is None
    manifest.unlink()
    moved.rename(manifest)
    artifact.unlink()
    os.mkfifo(artifact)
    assert read_previous(artifact) is None


@pytest.mark.parametrize("depth", [900, 1_000, 100_000])
@pytest.mark.parametrize("key", ["artifact", "sha256", "distributions", "target", "project"])
def test_a_deep_document_is_none_of_ours_or_not_kept(artifact: Path, depth: int, key: str) -> None:
    """How deep is too deep to be read is up to the Python that runs."""
    deep = "[" * depth + "]" * depth
    text = f'{{"tool": {{"name": "hatch-lambda-zip"}}, "{key}": {deep}}}'
    artifact.with_suffix(".json").write_text(text)
    previous = read_previous(artifact)
    assert previous is None or not previous.is_made_from(inputs_of(), SOURCES)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tool": {"name": "other"}}', '{"tool": 1}'])
def test_a_foreign_manifest_is_none_of_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.zip").write_bytes(b"")
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert read_previous(tmp_path / "a.zip") is None


@pytest.mark.parametrize("sbom", [b"as written", b"edited", None], ids=repr)
def test_a_bill_of_materials_is_kept_as_it_was_written(artifact: Path, sbom: bytes | None) -> None:
    contents = contents_in(artifact.parent / "staged")
    with_sbom = replace(function_of(), options=Options(handler="orders.app.handler", sbom=True))
    inputs = inputs_of() | {"sbom": describe_artifact(PROJECT, with_sbom)["sbom"]}
    manifest = make_manifest(inputs, contents, archive_of(contents), b"as written")
    artifact.with_suffix(".json").write_bytes(manifest)
    if sbom is not None:
        artifact.with_suffix(".cdx.json").write_bytes(sbom)
    previous = read_previous(artifact)
    assert previous is not None
    assert previous.is_made_from(inputs, SOURCES) is (sbom == b"as written")
    # As when the option is switched off.
    assert not previous.is_made_from(inputs_of(), SOURCES)


@pytest.mark.parametrize("suffix", [".json", ".zip", ".cdx.json", TAG_NAME])
def test_what_is_far_larger_than_ours_is_not_read(artifact: Path, suffix: str) -> None:
    """A program gone wrong leaves files of gigabytes in an output directory; this one is sparse."""
    path = artifact.with_name(TAG_NAME) if suffix == TAG_NAME else artifact.with_suffix(suffix)
    size = 256 << 20
    with path.open("ab") as file:
        file.truncate(size)

    def read() -> None:
        assert (read_previous(artifact) is None) is (suffix in {".json", ".zip"})
        assert not is_cache(artifact.parent)
        assert not is_sbom_of({"sbom": path.name}, path)
        assert is_artifact(path) is (suffix == ".zip")

    assert peak(read) < size // 8


def test_a_zip_of_another_size_than_its_manifest_says_is_not_kept(artifact: Path) -> None:
    """Whoever has sealed the manifest anew: the hash is right, and the size is not."""
    manifest = artifact.with_suffix(".json")
    size = artifact.stat().st_size
    text = manifest.read_bytes().replace(
        b'"zipped_bytes": %d' % size, b'"zipped_bytes": 9%d' % size
    )
    head = text.rpartition(b',\n  "checksum": "')[0]
    checksum = hashlib.sha256(head).hexdigest().encode()
    manifest.write_bytes(head + b',\n  "checksum": "' + checksum + b'"\n}\n')
    assert read_previous(artifact) is None
