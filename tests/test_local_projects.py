"""Members and path dependencies are what the lock says, or a line says that they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.projects import Project


def project_with_library(root: Path, library: str) -> Project:
    for name in ("app", "lib"):
        package = root / name / "src" / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("", encoding="utf-8")
    (root / "lib/pyproject.toml").write_text(library, encoding="utf-8")
    (root / "app/pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n'
        '[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.10"\n'
        'dependencies = ["lib"]\n\n[tool.uv.sources]\nlib = { path = "../lib" }\n\n'
        '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\n',
        encoding="utf-8",
    )
    project = Project(root)
    project.lock()
    return project


def test_a_virtual_member_is_a_warning(tmp_path: Path) -> None:
    library = '[project]\nname = "lib"\nversion = "0.4"\ndependencies = ["six"]\n'
    project = project_with_library(tmp_path, f"{library}[tool.uv]\npackage = false\n")
    build = project.build()
    assert "six.py" in build.names
    assert not [name for name in build.names if name.startswith("lib")]
    assert "Warning: app:lambda: lib is locked as virtual" in build.output
    assert "[build-system] in its pyproject.toml, without `package = false`" in build.output
    # A bad merge, which uv does not notice.
    text = project.lock_path.read_text()
    forgetful = text.replace('dependencies = [\n    { name = "six" },\n]\n', "")
    assert forgetful != text
    project.lock_path.write_text(forgetful)
    message = project.fail()
    assert "uv.lock does not have what app requires: six (not in it)" in message
    assert "`uv lock --upgrade-package six` mends it" in message


def test_an_extra_of_a_virtual_member_that_the_lock_forgot(tmp_path: Path) -> None:
    library = '[project]\nname = "lib"\nversion = "0.4"\n[project.optional-dependencies]\n'
    project = project_with_library(tmp_path, f'{library}x = ["six"]\n[tool.uv]\npackage = false\n')
    project.replace('["lib"]', '["lib[x]"]')
    project.lock()
    assert "six.py" in project.build().names
    # A bad merge, which uv does not notice.
    project.replace('{ name = "lib", extra = ["x"] }', '{ name = "lib" }', file="uv.lock")
    message = project.fail()
    assert "uv.lock does not have what app requires: six (not in it)" in message
    project.lock("--upgrade-package", "six")  # as it says
    build = project.build()
    assert "six.py" in build.names
    # What uv was told of the member itself is no requirement that is missed.
    with project.pyproject.open("a", encoding="utf-8") as file:
        file.write('[tool.uv]\noverride-dependencies = ["lib[x]"]\n')
    project.lock()
    assert project.build().sha256 == build.sha256


BACK_END = """\
import zipfile

FILES = {{
    "METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
    "WHEEL": "Wheel-Version: 1.0\\nTag: py3-none-any\\n",
    "RECORD": "",
}}

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(f"{{directory}}/{{name}}", "w") as archive:
        for file, text in FILES.items():
            archive.writestr(f"{name}-{version}.dist-info/{{file}}", text)
    return name
"""


@pytest.mark.parametrize(
    ("name", "version"), [("lib", "0.5"), ("other", "0.4")], ids=["version", "name"]
)
def test_a_wheel_of_another_version_or_name_is_refused(
    tmp_path: Path, name: str, version: str
) -> None:
    project = project_with_library(
        tmp_path,
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "lib"\nversion = "0.4"\n',
    )
    # Where a project has static metadata, uv asks no back end when it locks.
    text = BACK_END.format(name=name, version=version)
    (tmp_path / "lib/backend.py").write_text(text, encoding="utf-8")
    message = project.fail()
    expected = f"lib is locked as lib 0.4, but its back end makes a wheel of {name} {version}."
    assert expected in message
    assert "run `uv lock`" in message
