"""Which settings of uv make a lock that does not fit, as uv itself judges it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import UV, clean_environment, run
from tests.support.projects import Project

SETTINGS = [
    ("UV_EXCLUDE_NEWER", "exclude-newer", "2030-01-01", "2030-01-02T00:00:00Z"),
    ("UV_EXCLUDE_NEWER", "exclude-newer", "1 day", "P1D"),
    ("UV_RESOLUTION", "resolution", "lowest-direct", "lowest-direct"),
    ("UV_PRERELEASE", "prerelease", "allow", "allow"),
    ("UV_FORK_STRATEGY", "fork-strategy", "fewest", "fewest"),
]
NAMES = [value for _, _, value, _ in SETTINGS]


@pytest.fixture
def small(tmp_path: Path) -> Project:
    """A project that needs nothing, with a lock."""
    project = Project(tmp_path)
    project.path.mkdir()
    project.pyproject.write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.10"\n'
        '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\n'
        '[tool.hatch.build.targets.wheel]\ninclude = ["app.py"]\n[tool.uv]\n',
        encoding="utf-8",
    )
    (project.path / "app.py").touch()
    project.lock()
    return project


@pytest.mark.parametrize(("variable", "key", "value", "_"), SETTINGS, ids=NAMES)
def test_a_variable_that_the_lock_was_made_without(
    small: Project, variable: str, key: str, value: str, _: str
) -> None:
    message = small.fail(environment={variable: value})
    assert f"uv.lock does not match the settings of uv. {variable}={value} is set here" in message
    assert "commit the result" not in message
    # The advice, to the letter.
    line = f'{key} = "{value}"'
    assert f"write `{line}` in [tool.uv] of {small.pyproject}, run `uv lock`" in message
    small.replace("[tool.uv]\n", f"[tool.uv]\n{line}\n")
    small.lock()
    small.build()
    small.build(environment={variable: value})


@pytest.mark.parametrize(
    ("variable", "key", "value", "locked", "file_name"),
    [*((*setting, "pyproject.toml") for setting in SETTINGS), (*SETTINGS[2], "uv.toml")],
    ids=[*NAMES, "in uv.toml"],
)
def test_a_lock_that_was_made_with_a_variable(
    small: Project, variable: str, key: str, value: str, locked: str, file_name: str
) -> None:
    file = small.path / file_name
    head = "[tool.uv]\n" if file == small.pyproject else ""
    with file.open("a", encoding="utf-8"):
        pass  # a uv.toml counts even when it is empty
    run([UV, "lock", "-q"], cwd=small.path, env=clean_environment(**{variable: value}))
    message = small.fail()
    place = f"[tool.uv] of {file}" if head else file
    assert f'It was locked with {key} = "{locked}", which is not set here.' in message
    assert f'Write `{key} = "{locked}"` in {place}, where it holds on every machine' in message
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(head, f'{head}{key} = "{locked}"\n'), encoding="utf-8")
    small.build()


@pytest.mark.parametrize("variable", ["UV_NO_CONFIG", "UV_CONFIG_FILE"])
def test_a_variable_that_hides_the_settings(small: Project, variable: str, tmp_path: Path) -> None:
    small.replace("[tool.uv]\n", '[tool.uv]\nresolution = "lowest-direct"\n')
    small.lock()
    (tmp_path / "uv.toml").touch()
    value = "1" if variable == "UV_NO_CONFIG" else str(tmp_path / "uv.toml")
    message = small.fail(environment={variable: value})
    assert f"{variable}={value} is set here, and with it uv does not read [tool.uv]" in message
    assert "commit the result" not in message
    small.build()


@pytest.mark.parametrize("is_in_project", [False, True])
@pytest.mark.parametrize("is_set", [False, True])
def test_a_lock_that_is_stale_for_another_reason(
    small: Project, *, is_set: bool, is_in_project: bool
) -> None:
    date = "2030-01-02T00:00:00Z"
    environment = clean_environment(UV_EXCLUDE_NEWER=date) if is_set else clean_environment()
    if is_in_project:
        small.replace("[tool.uv]\n", f'[tool.uv]\nexclude-newer = "{date}"\n')
    run([UV, "lock", "-q"], cwd=small.path, env=environment)
    small.replace('version = "1"', 'version = "2"')
    message = small.fail(environment=environment)
    assert "uv.lock does not match pyproject.toml any more. Run `uv lock` and commit" in message
