from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hatch_lambda_zip.config.fields import with_fields, without_fields
from hatch_lambda_zip.config.keys import TARGET_KEY
from hatch_lambda_zip.config.load import parse_config
from hatch_lambda_zip.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("{root}/config", "config"),
        ("{root}", "."),
        ("{name}-{version}.zip", "{name}-{version}.zip"),
        ("*.{a,b}", "*.{a,b}"),
        ("{{root}}/x", "{root}/x"),
        ("a{{env:CI}}", "a{env:CI}"),
    ],
)
def test_a_text_that_is_the_same_everywhere(text: str, plain: str) -> None:
    assert without_fields(text) == plain


@pytest.mark.parametrize(
    "text", ["{env:STAGE}", "x/{env:STAGE:dev}", "{home}/x", "a/{root}", "{root:parent}/x"]
)
def test_a_text_that_depends_on_the_machine(text: str) -> None:
    with pytest.raises(ValueError, match="would make the zip depend on this machine by") as caught:
        without_fields(text)
    # What it says to write is then taken as it is.
    field = "{" + text.partition("{")[2].partition("}")[0] + "}"
    assert f"or {{{field}}} for the very braces" in str(caught.value)
    assert without_fields(text.replace(field, f"{{{field}}}")) == text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{root}/bin", "/srv/app/bin"),
        ("{root:parent}/bin", "/srv/bin"),
        ("{env:HERE}/bin", "/here/bin"),
        ("{env:NOWHERE:/default}/bin", "/default/bin"),
        ("{{root}}", "{root}"),
    ],
)
def test_a_path_of_this_machine(text: str, path: str) -> None:
    assert with_fields(text, Path("/srv/app"), {"HERE": "/here"}) == path


def test_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert with_fields("{home}/bin", Path("/"), {}) == "/home/ada/bin"


@pytest.mark.parametrize("text", ["{env:NOWHERE}", "{root:uri}"])
def test_a_path_that_can_not_be_known(text: str) -> None:
    with pytest.raises(ValueError, match=r"NOWHERE|unknown modifier"):
        with_fields(text, Path("/"), {})


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("handler", "{env:HANDLER}", "handler"),
        ("exclude", ["{home}/x"], "exclude"),
        ("include-files", {"{env:A}": "a"}, 'include-files."{env:A}"'),
        ("include-files", {"a": "{env:A}"}, 'include-files."a"'),
    ],
)
def test_the_option_is_named(key: str, value: object, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config({"runtime": "python3.13", key: value}, today=date(2026, 1, 1))
    (problem,) = caught.value.problems
    assert problem.startswith(f"{TARGET_KEY}.{where}: ")
    assert "would make the zip depend on this machine" in problem


def test_root_in_options() -> None:
    table = {
        "runtime": "python3.13",
        "include-files": {"{root}/conf": "conf"},
        "bytecode": "compile",
        "bytecode-python": "3.13.1",
        "bytecode-python-path": "{root}/python",
    }
    (artifact,) = parse_config(table, today=date(2026, 1, 1)).artifacts
    assert artifact.own_files.added == (("conf", "conf"),)
    assert artifact.bytecode.python_path == str(Path.cwd() / "python")
