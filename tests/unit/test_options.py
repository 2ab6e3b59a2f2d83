from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from hatch_lambda_zip.config.keys import TARGET_KEY
from hatch_lambda_zip.config.load import Config, parse_config
from hatch_lambda_zip.config.model import Artifact, BytecodeMode, Kind, Strip
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.tables import Known
from hatch_lambda_zip.errors import ConfigError

TODAY = date(2026, 1, 1)
FUNCTION_KEYS, LAYER_KEYS = (
    {key for option in Options.allowed_in(kind) for key in option.keys} for kind in Kind
)
SHARED_KEYS = FUNCTION_KEYS & LAYER_KEYS


def parse(table: Mapping[str, object], known: Known | None = None) -> Config:
    return parse_config({"runtime": "python3.13", **table}, today=TODAY, known=known)


def problems_of(table: Mapping[str, object], known: Known | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(table, known)
    return caught.value.problems


def problem_of(table: Mapping[str, object], known: Known | None = None) -> str:
    (problem,) = problems_of(table, known)
    return problem.removeprefix(f"{TARGET_KEY}.")


# Each key that functions and layers share: what has to stand beside it, a default, another value,
# and what tells them apart in the artifact.
SHARED: dict[str, tuple[dict[str, object], object, object, Callable[[Artifact], object]]] = {
    "runtime": ({}, "python3.12", "python3.11", lambda one: one.platform.runtime.identifier),
    "runtimes": ({}, ["python3.12"], ["python3.11"], lambda one: [one.platform.runtime.identifier]),
    "architecture": ({}, "x86_64", "arm64", lambda one: one.platform.architecture),
    "architectures": ({}, ["x86_64"], ["arm64"], lambda one: [one.platform.architecture]),
    "python-release": ({}, "3.13.1", "3.13.2", lambda one: one.platform.release),
    "filename": ({}, "a.zip", "b.zip", lambda one: one.file_name),
    "sbom": ({}, True, False, lambda one: one.options.sbom),
    "extras": ({}, ["a"], ["b"], lambda one: list(one.request.extras)),
    "groups": ({}, ["a"], ["b"], lambda one: list(one.request.groups)),
    "only-groups": ({}, ["a"], ["b"], lambda one: list(one.request.groups)),
    "build-from-source": ({}, ["a"], ["b"], lambda one: list(one.options.build_from_source)),
    "code": ({}, "a", "b", lambda one: one.options.code[0][0] if one.options.code else {}),
    "lock": ({}, "uv.lock", "pylock.toml", lambda one: one.options.lock),
    "exclude-distributions": ({}, ["a"], [], lambda one: list(one.exclusions.distributions)),
    "exclude-files": ({}, ["a/"], ["b/"], lambda one: list(one.options.exclude_files)),
    "provided": ({}, "aws-sdk", "numpy", lambda one: one.exclusions.provided[0]),
    "strip": ({}, ["tests"], [], lambda one: [kind.value for kind in one.exclusions.strip]),
    "include-files": ({}, {"a": "b"}, {"c": "d"}, lambda one: dict(one.own_files.added)),
    "scripts": ({}, True, False, lambda one: one.scripts),
    "bytecode": (
        {"bytecode-python": "3.13.5"},
        "compile",
        "strip",
        lambda one: one.bytecode.mode.value,
    ),
    "bytecode-python": (
        {"bytecode": "compile"},
        "3.13.1",
        "3.13.2",
        lambda one: one.bytecode.python,
    ),
    "bytecode-python-path": (
        {"bytecode": "compile", "bytecode-python": "3.13.1"},
        "/a",
        "/b",
        lambda one: one.bytecode.python_path,
    ),
    "bytecode-optimize": (
        {"bytecode": "compile", "bytecode-python": "3.13.1"},
        2,
        0,
        lambda one: one.bytecode.optimize,
    ),
    "source": (
        {"bytecode": "compile", "bytecode-python": "3.13.1"},
        "omit",
        "keep",
        lambda one: "omit" if one.bytecode.omit_source else "keep",
    ),
    "artifacts": ({}, ["a"], ["b"], lambda one: list(one.own_files.artifacts)),
}


def test_the_table_above_is_complete() -> None:
    assert set(SHARED) == set(SHARED_KEYS)


@pytest.mark.parametrize("kind", ["functions", "layers"])
@pytest.mark.parametrize("key", sorted(SHARED_KEYS))
def test_a_default_is_taken_and_the_own_value_wins(key: str, kind: str) -> None:
    beside, default, own, value_of = SHARED[key]
    table = {"runtime": "python3.13", **beside, key: default}
    if key == "runtimes":
        del table["runtime"]
    config = parse_config({**table, kind: {"a": {}, "b": {key: own}}}, today=TODAY)
    inherited, overridden = (one for one in config.artifacts if one.table in {"a", "b"})
    assert value_of(overridden) == own
    if kind == "layers" and key in {"code", "include-files", "artifacts"}:
        assert not value_of(inherited)  # they are in every function already
    else:
        assert value_of(inherited) == default


@pytest.mark.parametrize(
    ("key", "default", "own", "value_of"),
    [
        ("handler", "a.b", "c.d", lambda one: one.handler),
        ("include", ["a"], ["b"], lambda one: list(one.own_files.include)),
        ("include", ["a"], [], lambda one: list(one.own_files.include)),
        ("exclude", ["a"], [], lambda one: list(one.own_files.exclude)),
    ],
)
def test_a_function_takes_the_default_of_its_keys(
    key: str, default: object, own: object, value_of: Callable[[Artifact], object]
) -> None:
    inherited, overridden = parse({key: default, "functions": {"a": {}, "b": {key: own}}}).artifacts
    assert (value_of(inherited), value_of(overridden)) == (default, own)


def test_a_layer_takes_the_default_of_its_key() -> None:
    table = {"distributions": ["a"], "layers": {"l": {}, "m": {"distributions": ["b", "A_c"]}}}
    layers = [one for one in parse(table).artifacts if one.kind is Kind.LAYER]
    assert [one.distributions for one in layers] == [("a",), ("a-c", "b")]


def test_false_and_none_are_told_apart_when_options_are_merged() -> None:
    defaults = Options(scripts=True, bytecode_optimize=2)
    own = Options(scripts=False, bytecode_optimize=0)
    for kind in Kind:
        merged = own.over(defaults, kind)
        assert (merged.scripts, merged.bytecode_optimize) == (False, 0)


@pytest.mark.parametrize("key", sorted({*FUNCTION_KEYS, *LAYER_KEYS} - {"layers"}))
@pytest.mark.parametrize("where", ["", "functions", "layers"])
def test_a_value_of_another_type_is_reported_where_it_stands(key: str, where: str) -> None:
    allowed = {"functions": FUNCTION_KEYS, "layers": LAYER_KEYS}.get(where, (key,))
    if key not in allowed or (where == "" and key == "distributions"):
        return
    wrong = 1.5 if key in {"scripts", "package", "sbom"} else True
    table: dict[str, object] = {key: wrong}
    full_key = f"{TARGET_KEY}.{key}" if where == "" else f"{TARGET_KEY}.{where}.one.{key}"
    with pytest.raises(ConfigError) as caught:
        parse_config(
            table if where == "" else {"runtime": "python3.13", where: {"one": table}},
            today=TODAY,
        )
    # The runtime is missing if it is not the key in question.
    found = [problem for problem in caught.value.problems if "is required" not in problem]
    assert len(found) == 1
    assert found[0].startswith(f"{full_key}: must be ")
    assert found[0].endswith(f", not {wrong}")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("strip", ["test"], "'test' is not one of tests, type-stubs, native-headers. Did you"),
        ("provided", "boto3==1", "'boto3==1' is none of aws-sdk, and not the name of a distrib"),
        ("source", "drop", "'drop' is not one of keep, omit"),
        ("bytecode", "compiled", "'compiled' is not one of strip, compile. Did you mean"),
        ("bytecode-optimize", 3, "must be one of 0, 1, 2, not 3"),
        ("bytecode-optimize", True, "must be one of 0, 1, 2, not True"),
        ("scripts", "yes", "must be true or false, not 'yes'"),
        ("extras", [""], "must be an array of non-empty strings, not ['']"),
        ("include-files", {"a": ""}, "must be a table of non-empty strings, not {'a': ''}"),
        ("include-files", ["a"], "must be a table of non-empty strings, not ['a']"),
        ("exclude-distributions", "boto3", "must be an array of non-empty strings, not 'boto3'"),
    ],
)
def test_a_wrong_value_is_refused(key: str, value: object, message: str) -> None:
    assert problem_of({key: value}).startswith(f"{key}: {message}")


@pytest.mark.parametrize("name", ["boto3==1.0", "boto3[crt]", "boto3>=1", "-a", "a.", "a b", "é"])
def test_names_of_distributions_have_no_versions_or_extras(name: str) -> None:
    message = f"{name!r} is not the name of a distribution; write it without version and extras"
    assert problem_of({"exclude-distributions": [name]}) == f"exclude-distributions: {message}"
    layer = {"layers": {"deps": {"distributions": [name]}}}
    assert problem_of(layer) == f"layers.deps.distributions: {message}"


def test_names_are_normalized_and_each_is_taken_once() -> None:
    (one,) = parse(
        {"exclude-distributions": ["B_3", "a.a", "b-3"], "extras": ["X_y"], "groups": ["Dev.A"]}
    ).artifacts
    assert one.exclusions.distributions == one.exclusions.required == ("a-a", "b-3")
    assert (one.request.extras, one.request.groups) == (("x-y",), ("dev-a",))


def test_only_the_own_table_requires_what_it_excludes() -> None:
    table = {"exclude-distributions": ["a"]}
    inherited, own = parse({**table, "functions": {"f": {}, "g": table}}).artifacts
    assert (inherited.exclusions.required, own.exclusions.required) == ((), ("a",))
    assert inherited.exclusions.distributions == own.exclusions.distributions == ("a",)


@pytest.mark.parametrize("key", ["extras", "groups"])
def test_unknown_extras_and_groups_are_corrected(key: str) -> None:
    known = Known(extras=("api", "worker"), groups=("api", "worker"))
    assert parse({key: ["API"]}, known).artifacts
    assert parse({key: ["whatever"]}, Known()).artifacts
    assert problem_of({key: ["wroker"]}, known) == (
        f"{key}: 'wroker' is not one of api, worker. Did you mean 'worker'?"
    )


def test_the_kinds_to_strip_have_one_order() -> None:
    (one,) = parse({"strip": ["native-headers", "tests", "tests"]}).artifacts
    assert one.exclusions.strip == (Strip.TESTS, Strip.NATIVE_HEADERS)


@pytest.mark.parametrize("key", ["include", "exclude"])
@pytest.mark.parametrize(
    "pattern", ["!", "a\\", "\\", "[z-a]", "[[:alpha:]]", "# comment", " ", "/", "a[", "[!]"]
)
def test_what_is_no_pattern_is_refused(key: str, pattern: str) -> None:
    assert problem_of({key: [pattern]}).startswith(f"{key}: {pattern!r} is not a pattern: ")


@pytest.mark.parametrize("pattern", ["*.py", "a/**", "!a/b", "/a", "a/", "[a-z]*", "\\#a", "é"])
def test_patterns(pattern: str) -> None:
    (one,) = parse({"include": [pattern], "exclude": [pattern]}).artifacts
    assert (one.own_files.include, one.own_files.exclude) == ((pattern,), (pattern,))


@pytest.mark.parametrize("path", ["/etc/passwd", "C:/x", "c:x", "\\x", "//server/x"])
def test_absolute_paths_are_refused_in_include_files(path: str) -> None:
    message = f"{path!r} is an absolute path; write it relative to "
    assert problem_of({"include-files": {path: "a"}}) == (
        f'include-files."{path}": {message}the project'
    )
    assert problem_of({"include-files": {"a": path}}) == f'include-files."a": {message}the zip'


@pytest.mark.parametrize(
    "path", ["..", "../", "../..", "a/../b", "a/./b", ".", "a//b", "a/", "a\\b"]
)
def test_paths_that_leave_or_are_not_plain_are_refused_in_include_files(path: str) -> None:
    for pair, base in (({path: "a"}, "the project"), ({"a": path}, "the zip")):
        assert problem_of({"include-files": pair}) == (
            f'include-files."{next(iter(pair))}": {path!r} leaves {base}, '
            "or is not in its plain form: folder/file, with '/'"
        )


def test_control_characters_are_refused_in_include_files() -> None:
    assert problem_of({"include-files": {"a": "b\nc"}}) == (
        "include-files.\"a\": 'b\\nc' has a control character"
    )


def test_sources_of_include_files_have_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "project" / "config").mkdir(parents=True)
    known = Known(root=tmp_path / "project")
    assert parse({"include-files": {"config": "config"}}, known).artifacts
    for source in ("missing", "config/missing", "x" * 300):
        assert problem_of({"include-files": {source: "a"}}, known) == (
            f"include-files.\"{source}\": there is no '{source}' in {tmp_path / 'project'}"
        )


def test_links_that_include_files_names_lead_somewhere(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "inside").write_bytes(b"")
    (root / "fine").symlink_to("inside")
    (root / "link").symlink_to("nothing")
    assert parse({"include-files": {"fine": "a"}}, Known(root=root)).artifacts
    assert problem_of({"include-files": {"link": "a"}}, Known(root=root)) == (
        "include-files.\"link\": 'link' is a symbolic link to nothing, which is not there"
    )


def test_every_wrong_pair_of_include_files_is_reported() -> None:
    pairs = {"/a": "a", "b": "../b", "c": "c"}
    keys = [problem.partition(": ")[0] for problem in problems_of({"include-files": pairs})]
    assert keys == [f'{TARGET_KEY}.include-files."/a"', f'{TARGET_KEY}.include-files."b"']


def test_bytecode_options_are_read() -> None:
    (one,) = parse(
        {
            "bytecode": "compile",
            "bytecode-python": "3.13.5",
            "bytecode-python-path": "/opt/python",
            "bytecode-optimize": 2,
            "source": "omit",
        }
    ).artifacts
    assert one.bytecode.mode is BytecodeMode.COMPILE
    assert (one.bytecode.python, one.bytecode.python_path) == ("3.13.5", "/opt/python")
    assert (one.bytecode.optimize, one.bytecode.omit_source) == (2, True)


@pytest.mark.parametrize(
    "version", ["3", "3.13", "3.13.x", ">=3.13.1", "3.13.1rc1", "3.013.1", "2.7.18", "3.13.1 "]
)
def test_the_compiling_python_is_an_exact_release(version: str) -> None:
    assert problem_of({"bytecode": "compile", "bytecode-python": version}) == (
        f"bytecode-python: {version!r} is not the exact version of a release, like '3.13.5'. "
        "Patch releases of one Python compile to different bytecode, so none of them can be left "
        "open"
    )


@pytest.mark.parametrize(
    "table",
    [{"code": "größe", "package": False}, {"include-files": {"größe": "data"}}],
    ids=["code", "include-files"],
)
def test_a_path_that_the_locale_has_no_bytes_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: dict[str, object]
) -> None:
    known = Known(root=tmp_path)
    assert "there is no 'größe' in " in problem_of(table, known)
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    assert r"'gr\xf6\xdfe' is not found: this Python takes the names" in problem_of(table, known)


def test_a_path_that_is_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    message = "'link' is a symbolic link to nowhere, which is not there"
    assert message in problem_of({"code": "link"}, Known(root=tmp_path))
