"""What a handler imports, from end to end: what can't succeed, and what nothing leads to."""

from __future__ import annotations

from tests.support.projects import Project

KEY = "tool.hatch.build.targets.lambda-zip"
PACKAGE = "src/fixture_app"


def test_what_can_not_succeed_two_modules_away(project: Project) -> None:
    project.replace(
        "import idna", "import idna\nimport fixture_app.deep", file=f"{PACKAGE}/main.py"
    )
    (project.path / PACKAGE / "deep.py").write_text("from . import broken\nimport reqeusts\n")
    (project.path / PACKAGE / "broken.py").write_text("def f(:\n")
    way = "fixture_app/main.py, line 5: import fixture_app.deep\n"
    message = project.fail()
    assert f"there is no module 'reqeusts' in the zip, its layers or python3.13\n  {way}" in message
    assert f"  {way}  fixture_app/deep.py, line 2: import reqeusts\n" in message
    assert f"{KEY}.external-modules" in message
    project.configure(check_imports="warn")
    build = project.build()
    assert "Warning: fixture-app:lambda: there is no module 'reqeusts'" in build.output
    assert "broken.py" in build.output  # who judges it depends on the machine


def test_an_edit_of_a_module_that_the_function_does_not_import(project: Project) -> None:
    other = project.path / PACKAGE / "other.py"
    hashes = []
    project.configure(modules="imported")
    for content in ("x = 1\n", "x = 2\n"):
        other.write_text(content)
        build = project.build()
        hashes.append(build.sha256)
    assert hashes[0] == hashes[1]
    assert f"{PACKAGE.removeprefix('src/')}/other.py" not in build.names
    assert [left for left in build.manifest["left_out"] if left["reason"] == "unreached"] == [
        {
            "path": "fixture_app/other.py",
            "distribution": "fixture-app",
            "reason": "unreached",
            "explanation": "Nothing leads to it from the handler, by `modules`.",
        }
    ]
    keep = 'modules = "imported"\nkeep-modules = ["fixture_app.o*"]'
    project.replace('modules = "imported"', keep)
    assert project.build().sha256 != hashes[0]
