from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from hatch_lambda_zip.config.keys import TARGET_KEY
from hatch_lambda_zip.config.load import Config, parse_config
from hatch_lambda_zip.errors import ConfigError

TODAY = date(2026, 1, 1)


def parse(table: Mapping[str, object]) -> Config:
    return parse_config({"runtime": "python3.13", **table}, today=TODAY)


def problems_of(table: Mapping[str, object]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(table)
    return [problem.removeprefix(f"{TARGET_KEY}.") for problem in caught.value.problems]


def test_compiling_needs_an_exact_python() -> None:
    assert problems_of({"bytecode": "compile"}) == [
        (
            'bytecode-python: is required with bytecode = "compile": the exact version of the '
            "compiling interpreter, a release of Python 3.13"
        )
    ]


def test_the_python_fits_the_runtime() -> None:
    message = "can't compile for python3.13: name a release of Python 3.13"
    table = {"bytecode": "compile"}
    assert problems_of({**table, "bytecode-python": "3.12.1"}) == [
        f"bytecode-python: 3.12.1 {message}"
    ]
    assert problems_of({**table, "bytecode-python": ["3.12.1", "3.1.3"]}) == [
        f"bytecode-python: 3.12.1, 3.1.3 {message}"
    ]


def test_several_pythons_compile_for_several_runtimes() -> None:
    table = {
        "bytecode": "compile",
        "bytecode-python": ["3.12.4", "3.13.5", "3.11.1"],
        "functions": {"all": {"runtimes": ["python3.13", "python3.12"]}, "one": {}},
    }
    pythons = {one.name: one.bytecode.python for one in parse(table).artifacts}
    assert pythons == {"all-python3.13": "3.13.5", "all-python3.12": "3.12.4", "one": "3.13.5"}


def test_two_pythons_for_one_runtime_are_refused() -> None:
    pythons = ["3.13.5", "3.12.1", "3.13.6"]
    assert problems_of({"bytecode": "compile", "bytecode-python": pythons}) == [
        "bytecode-python: has two versions for Python 3.13"
    ]


def test_an_empty_list_of_pythons_is_refused() -> None:
    assert problems_of({"bytecode": "compile", "bytecode-python": []}) == [
        "bytecode-python: is empty; name the exact version of the compiling interpreter"
    ]


@pytest.mark.parametrize("value", ["3.13", 3.13, ["3.13.1", 3]])
def test_a_wrong_python_of_the_defaults_is_reported_once(value: object) -> None:
    table = {"bytecode": "compile", "bytecode-python": value}
    (problem,) = problems_of({**table, "functions": {"one": {}, "two": {}}})
    assert problem.startswith("bytecode-python: ")


@pytest.mark.parametrize("mode", [None, "strip"])
def test_the_source_is_omitted_only_where_modules_are_compiled(mode: str | None) -> None:
    table = {"source": "omit", **({"bytecode": mode} if mode else {})}
    message = 'source: "omit" would leave no code at all without bytecode = "compile"'
    assert problems_of(table) == [message]


@pytest.mark.parametrize("where", [None, "functions", "layers"])
def test_a_wrong_word_for_bytecode_is_the_only_mistake(where: str | None) -> None:
    table: dict[str, object] = {"bytecode": "compiled", "source": "omit"}
    (problem,) = problems_of({where: {"one": table}} if where else table)
    assert "bytecode: 'compiled' is not one of strip, compile" in problem


def test_a_mistake_comes_once_for_all_runtimes() -> None:
    table = {"runtimes": ["python3.12", "python3.13"], "source": "omit"}
    with pytest.raises(ConfigError) as caught:
        parse_config(table, today=TODAY)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("runtime", ["python3.8", "python3.16"])
def test_bytecode_that_is_not_understood_is_refused(runtime: str) -> None:
    minor = runtime.removeprefix("python")
    table = {"runtime": runtime, "bytecode": "compile", "bytecode-python": f"{minor}.1"}
    assert problems_of(table) == [
        (
            f"bytecode: 'compile' is not possible for {runtime}, whose bytecode this version of "
            'hatch-lambda-zip can\'t normalize; "strip" is'
        )
    ]
    assert parse({**table, "bytecode": "strip"}).artifacts


def test_without_compiling_there_is_nothing_to_compile_with() -> None:
    (one,) = parse(
        {"bytecode": "strip", "bytecode-python": "3.1.1", "bytecode-optimize": 2}
    ).artifacts
    assert (one.bytecode.python, one.bytecode.optimize, one.bytecode.omit_source) == (
        None,
        0,
        False,
    )
