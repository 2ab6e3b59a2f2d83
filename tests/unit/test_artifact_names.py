from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from hatch_lambda_zip.config.file_names import file_name, manifest_name
from hatch_lambda_zip.config.keys import TARGET_KEY
from hatch_lambda_zip.config.load import Config, parse_config
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.errors import ConfigError

TODAY = date(2026, 1, 1)


def project_of(version: str = "1.0", name: str = "orders") -> Project:
    return Project(name, version, f"{name.replace('-', '_')}-{version}")


def parse(table: Mapping[str, object], project: Project | None = None) -> Config:
    table = {"runtime": "python3.13", **table}
    return parse_config(table, today=TODAY, project=project or project_of())


def problems_of(table: Mapping[str, object], project: Project | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(table, project)
    return [problem.removeprefix(f"{TARGET_KEY}.") for problem in caught.value.problems]


def files_of(table: Mapping[str, object], project: Project | None = None) -> list[str]:
    project = project or project_of()
    return [file_name(one, project) for one in parse(table, project).artifacts]


BOTH = ["x86_64", "arm64"]


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ({}, ["orders-1.0-lambda.zip"]),
        (
            {"functions": {"api": {}}, "layers": {"deps": {}}},
            ["orders-1.0-deps-layer.zip", "orders-1.0-api-lambda.zip"],
        ),
        ({"architectures": BOTH}, ["orders-1.0-x86_64-lambda.zip", "orders-1.0-arm64-lambda.zip"]),
        (
            {"architectures": BOTH, "filename": "{function}.{architecture}.zip"},
            ["lambda.x86_64.zip", "lambda.arm64.zip"],
        ),
        (
            {"filename": "{name}_{version}_{function}_{runtime}_{architecture}.zip"},
            ["orders_1.0_lambda_python3.13_x86_64.zip"],
        ),
        ({"filename": "fixed name.zip"}, ["fixed name.zip"]),
        ({"filename": "{{braces}}.zip"}, ["{braces}.zip"]),
    ],
)
def test_file_names(table: dict[str, object], names: list[str]) -> None:
    assert files_of(table)[: len(names)] == names


def test_the_name_and_version_are_those_of_wheels() -> None:
    project = project_of("1!2.0.post1", "my-orders")
    (name,) = files_of({"filename": "{name}_{version}.zip"}, project)
    assert name == "my_orders_1!2.0.post1.zip"


def test_a_manifest_has_its_zips_name() -> None:
    (one,) = parse({"filename": "{function}.zip.zip"}).artifacts
    assert manifest_name(one, project_of()) == "lambda.zip.json"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{nme}.zip", "the placeholder 'nme' is not one of name, version, function, runtime, "),
        ("{}.zip", "the placeholder '' is not one of "),
        ("{0}.zip", "the placeholder '0' is not one of "),
        ("{name.x}.zip", "the placeholder 'name.x' is not one of "),
        ("{name[0]}.zip", "the placeholder 'name[0]' is not one of "),
        ("{name!r}.zip", "write plain {name}"),
        ("{name:>9}.zip", "write plain {name}"),
        ("{name:{version}}.zip", "write plain {name}"),
    ],
)
def test_placeholders_are_known_and_plain(template: str, message: str) -> None:
    (problem,) = problems_of({"filename": template})
    assert problem.startswith(f"filename: {template!r}: {message}")


def test_a_misspelt_placeholder_is_corrected() -> None:
    (problem,) = problems_of({"filename": "{nme}.zip"})
    assert problem.endswith(". Did you mean 'name'?")


@pytest.mark.parametrize("template", ["{name.zip", "name}.zip", "{na{me}}.zip"])
def test_what_is_no_template_is_refused(template: str) -> None:
    (problem,) = problems_of({"filename": template})
    assert problem.startswith(f"filename: {template!r}")


@pytest.mark.parametrize("template", ["{function}", "a.ZIP", "a.zip ", "a.zip\n", "zip", "a.whl"])
def test_a_zip_is_called_so(template: str) -> None:
    assert problems_of({"filename": template}) == [
        f"filename: {template!r} does not end with .zip, by which the tools of AWS know a package"
    ]


@pytest.mark.parametrize(
    "template",
    ["a/b.zip", "../a.zip", "a\\b.zip", ".zip", ".a.zip", "-a.zip", "~a.zip", "a:b.zip", "a\n.zip"],
)
def test_a_file_name_names_no_directory(template: str) -> None:
    assert problems_of({"filename": template}) == [
        f"filename: {template!r} is not a plain file name; choose the directory with `directory`"
    ]


def test_two_functions_of_one_file_name() -> None:
    table = {"filename": "a.zip", "functions": {"api": {}, "jobs": {}}}
    assert problems_of(table) == [
        "functions.api.filename: 'a.zip' is the name of 2 zips (api, jobs); add {function}"
    ]


def test_no_manifest_takes_the_place_of_a_bill_of_materials() -> None:
    table = {
        "sbom": True,
        "functions": {"api": {"filename": "a.zip"}, "jobs": {"filename": "A.cdx.zip"}},
    }
    (problem,) = problems_of(table)
    assert problem == (
        "functions.jobs.filename: 'A.cdx.zip' would have 'a.cdx.json' as its manifest, which is "
        "the bill of materials of 'a.zip'; choose another name"
    )
    assert parse({**table, "sbom": False}).artifacts


def test_what_a_file_name_lacks_is_named() -> None:
    table = {
        "functions": {
            "api": {"filename": "{function}.zip", "runtimes": ["python3.12", "python3.13"]},
            "jobs": {"filename": "{function}.zip", "architectures": BOTH},
        }
    }
    assert problems_of(table) == [
        (
            "functions.api.filename: 'api.zip' is the name of 2 zips "
            "(api-python3.12, api-python3.13); add {runtime}"
        ),
        (
            "functions.jobs.filename: 'jobs.zip' is the name of 2 zips "
            "(jobs-x86_64, jobs-arm64); add {architecture}"
        ),
    ]


@pytest.mark.parametrize("table", [{}, {"filename": "{function}.zip"}])
def test_case_alone_does_not_tell_two_files_apart(table: dict[str, object]) -> None:
    (problem,) = problems_of({**table, "functions": {"API": {}, "api": {}}})
    assert problem.endswith(
        ".zip' is the name of 2 zips (API, api); rename one of them, by more than upper and lower "
        "case"
    )


VERSIONS = ["dev", "DEV", "rc1", "a", "r", "post", "beta", "preview", "2", "post1", "v3", "x-v3"]


@pytest.mark.parametrize("name", VERSIONS)
def test_a_function_may_be_called_like_a_version(name: str) -> None:
    assert files_of({"functions": {name: {}}}) == [f"orders-1.0-{name}-lambda.zip"]
    assert files_of({"layers": {name: {}}})[0] == f"orders-1.0-{name}-layer.zip"


@pytest.mark.parametrize("name", VERSIONS)
def test_but_not_where_a_template_makes_an_sdist_of_it(name: str) -> None:
    table = {"filename": "{name}-{version}-{function}.zip", "functions": {name: {}}}
    (problem,) = problems_of(table)
    assert problem.startswith(
        f"functions.{name}.filename: 'orders-1.0-{name}.zip' is what tools of the package index "
        "take for the source distribution of a version "
    )


@pytest.mark.parametrize(
    ("template", "version"),
    [
        ("{name}-{version}.zip", "1.0"),
        ("api-{version}.zip", "1.0"),
        ("{function}-{version}.zip", "1.0"),
        ("api-1.zip", "1"),
        ("api-v1.2-final-3.zip", "3"),
    ],
)
@pytest.mark.parametrize("local", ["", "+g12ab", "+g12ab.d20260101", "+1"])
def test_a_template_whose_zip_is_taken_for_an_sdist(
    template: str, version: str, local: str
) -> None:
    (problem,) = problems_of({"filename": template}, project_of(f"1.0{local}"))
    assert f"the source distribution of a version {version!r}, and" in problem


@pytest.mark.parametrize("version", ["1.0", "0.1.dev3+g12ab", "1.0+1", "1.0+g12ab.d20260101"])
@pytest.mark.parametrize("function", ["lambda", "api", "worker-two", "deploy", "x2", "api_2"])
def test_names_by_default_are_fine(version: str, function: str) -> None:
    project = project_of(version)
    middle = "" if function == "lambda" else f"-{function}"
    table = {"functions": {function: {"architectures": BOTH}}}
    assert files_of(table, project) == [
        f"orders-{version}{middle}-x86_64-lambda.zip",
        f"orders-{version}{middle}-arm64-lambda.zip",
    ]
    assert files_of({"functions": {function: {}}}, project) == [
        f"orders-{version}{middle}-lambda.zip"
    ]


def test_names_are_not_judged_where_a_target_or_name_is_wrong_already() -> None:
    table = {
        "filename": "{architecture}.zip",
        "functions": {"one": {"architecture": "arm46"}, "two": {}, "one two": {}},
    }
    problems = problems_of(table)
    assert [problem.partition(": ")[0] for problem in problems] == [
        "functions.one.architecture",
        "functions.one two",
    ]
