"""Members and path dependencies are what the lock says, or a line says that they are not."""

from __future__ import annotations

from pathlib import Path

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


def test_a_wheel_of_another_version_or_name_is_refused(tmp_path: Path) -> None:
    project = project_with_library(
        tmp_path,
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "lib"\nversion = "0.4"\n',
    )
    # Where a project has static metadata, uv asks no back end.
    (tmp_path / "lib/setup.py").write_text(
        "from setuptools import setup\n"
        "from setuptools.dist import Distribution\n\n\n"
        "class Other(Distribution):\n"
        "    def parse_config_files(self, *arguments, **options):\n"
        "        super().parse_config_files(*arguments, **options)\n"
        "        self.metadata.version = '0.5'\n\n\n"
        "setup(distclass=Other)\n",
        encoding="utf-8",
    )
    message = project.fail()
    assert "lib is locked as lib 0.4, but its back end makes a wheel of lib 0.5." in message
    assert "run `uv lock`" in message
