"""What a project states of its build decides where its back end may work."""

from __future__ import annotations

import configparser
import contextlib
import os
from pathlib import Path

import pytest

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install.build_system import (
    is_by_hatchling,
    is_by_setuptools,
    required_to_build,
)
from hatch_lambda_zip.install.old_setuptools import Traces
from hatch_lambda_zip.install.places_in_tree import leaving_nothing_built
from hatch_lambda_zip.install.setuptools_configuration import check_dates
from hatch_lambda_zip.install.work_places import outside_the_tree


def test_what_is_no_requirement_is_passed_over() -> None:
    system = {"requires": ["Zope.Interface>=1", "???"]}
    assert required_to_build({"build-system": system}) == {"zope-interface"}
    assert not required_to_build({"build-system": {"requires": "setuptools"}})
    assert not required_to_build({})


@pytest.mark.parametrize(
    ("requires", "backend", "expected"),
    [
        (["setuptools"], "setuptools.build_meta:__legacy__", True),
        ([], "setuptools.build_meta", True),
        (["hatchling"], "hatchling.build", False),
        # What runs it with its own settings.
        (["Setuptools"], "pbr.build", True),
        (["jupyter_packaging<2"], "jupyter_packaging.build_api", True),
        (["scikit-build-core", "setuptools"], "scikit_build_core.setuptools.build_meta", True),
        # What finds by itself what it built.
        (["pdm-backend", "setuptools"], "pdm.backend", False),
        (["poetry-core", "setuptools"], "poetry.core.masonry.api", False),
        (["flit_core"], "flit_core.buildapi", False),
        (["whey", "setuptools"], "whey", False),
    ],
)
def test_what_setuptools_builds(
    tmp_path: Path,
    requires: list[str],
    backend: str,
    expected: bool,  # noqa: FBT001
) -> None:
    text = f'[build-system]\nrequires = {requires}\nbuild-backend = "{backend}"\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert is_by_setuptools(tmp_path) == expected
    assert is_by_hatchling(tmp_path) == (backend == "hatchling.build")


@pytest.mark.parametrize("file", ["_build/mine.py", "_build/mine/__init__.py"])
def test_a_back_end_of_the_project_runs_what_it_imports(tmp_path: Path, file: str) -> None:
    text = """[build-system]
requires = ["setuptools", "meson"]
build-backend = "mine"
backend-path = ["_build"]
"""
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert not is_by_setuptools(tmp_path)
    (tmp_path / file).parent.mkdir(parents=True)
    for text, expected in (
        ("from pdm.backend import *", False),
        ('"""No longer setuptools."""\n__import__("hatchling.build")', False),
        ("from setuptools.build_meta import *", True),
        ("try:\n    import json, setuptools as it", True),
        ('__import__("setuptools.build_meta")', True),
    ):
        (tmp_path / file).write_text(f"{text}\n", encoding="utf-8")
        assert is_by_setuptools(tmp_path) == expected


@pytest.mark.parametrize(
    ("statement", "file"),
    [
        ("from _inner import *", "_build/_inner.py"),
        ("if True:\n    import _inner, json", "_build/_inner/deeper/__init__.py"),
        ("from .wheel import build_wheel", "_build/mine/wheel.py"),
        ("from . import wheel as _wheel", "_build/mine/wheel.py"),
    ],
)
def test_a_back_end_of_the_project_runs_what_its_modules_import(
    tmp_path: Path, statement: str, file: str
) -> None:
    text = '[build-system]\nbuild-backend = "mine:it"\nbackend-path = ["_build"]\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    start = "_build/mine/__init__.py" if "mine" in file else "_build/mine.py"
    for name, content in (("_build/other.py", "import setuptools"), (start, statement)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{content}\n", encoding="utf-8")
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    for module, expected in (("mine", False), ("setuptools.build_meta", True)):
        (tmp_path / file).write_text(f"from {module} import *\n", encoding="utf-8")
        assert is_by_setuptools(tmp_path) == expected


@pytest.mark.parametrize("place", ["/", "..", r"\u0000", "."])
@pytest.mark.parametrize("module", ["", ".x", r"a\u0000b", "é" * 200])
def test_what_is_no_back_end_is_not_by_setuptools(tmp_path: Path, module: str, place: str) -> None:
    system = f'[build-system]\nbuild-backend = "{module}"\nbackend-path = ["{place}"]\n'
    (tmp_path / "pyproject.toml").write_text(system, encoding="utf-8")
    assert not is_by_setuptools(tmp_path)


def test_setuptools_is_the_default_and_may_be_wrapped(tmp_path: Path) -> None:
    assert is_by_setuptools(tmp_path)
    text = """[build-system]
requires = ["hatch-lambda-zip", "setuptools"]
build-backend = "hatch_lambda_zip.backend"
[tool.hatch.build.targets.lambda-zip]
inner-backend = "setuptools.build_meta"
"""
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert is_by_setuptools(tmp_path)
    other = text.replace("setuptools", "uv_build")
    (tmp_path / "pyproject.toml").write_text(other, encoding="utf-8")
    assert not is_by_setuptools(tmp_path)


@pytest.mark.parametrize("place", ["app.egg-info", "src/app.egg-info", "lib/python/app.egg-info"])
def test_an_old_setuptools_leaves_no_list(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    traces = Traces(tmp_path, tmp_path / "told")
    (tmp_path / place).mkdir()
    traces.remove()
    assert not (tmp_path / place).exists()


@pytest.mark.parametrize(
    ("requires", "build", "is_there"),
    [
        ("poetry-core==1.0.8", "'b.py'", True),
        ("poetry_core~=1.4.0", "{ script = 'b.py' }", True),
        ("poetry-core<1.5", "{ script = 'b.py' }", True),
        ("poetry-core<1.5", "{ script = 'b.py', generate-setup-file = false }", False),
        ("poetry-core", "{ script = 'b.py', generate-setup-file = true }", True),
        ("poetry-core", "{ script = 'b.py', generate-setup-file = ['x'] }", True),
        ("poetry-core", "{ script = 'b.py', generate-setup-file = 'x' }", True),
        ("poetry-core", "{ script = 'b.py', generate-setup-file = [] }", False),
        ("poetry-core>=1.0.0", "'b.py'", False),
        ("poetry-core>=1,<2", "'b.py'", False),
        ("poetry-core==2.1.3", "'b.py'", False),
        ("poetry-core~=1.8.0", "'b.py'", False),
        ("poetry-core==1.9.*", "'b.py'", False),
        ("poetry-core==1.0.3", "'b.py'", True),
        ("poetry-core===odd", "'b.py'", False),
        ("poetry-core", "'b.py'", False),
    ],
)
def test_poetry_has_setuptools_work_in_the_tree(
    tmp_path: Path,
    requires: str,
    build: str,
    is_there: bool,  # noqa: FBT001
) -> None:
    text = f'[build-system]\nrequires = ["{requires}"]\n[tool.poetry]\nbuild = {build}\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    (tmp_path / "build/lib").mkdir(parents=True)
    if not is_there:
        with leaving_nothing_built(tmp_path):
            pass
        assert (tmp_path / "build/lib").is_dir()
        return
    with pytest.raises(DistributionError, match="is of another build, and poetry-core"):
        leaving_nothing_built(tmp_path).__enter__()


POETRY = "[build-system]\nrequires = ['poetry-core']\n[tool.poetry.build]\nscript = 'b.py'\n"


@pytest.mark.parametrize(
    ("made_by", "ships"),
    [
        ("poetry-core 1.4.0", True),
        ("poetry 1.0.8", True),
        ("poetry-core 1.5.0", False),
        ("poetry-core 2.1.3", False),
        ("poetry-core odd", False),
        ("mine 1.0", False),
        (None, False),
    ],
)
def test_which_poetry_it_is_may_only_be_seen_by_the_wheel(
    tmp_path: Path,
    made_by: str | None,
    ships: bool,  # noqa: FBT001
) -> None:
    """Constraints and a date may choose an older one than ``requires`` lets expect."""
    (tmp_path / "pyproject.toml").write_text(POETRY, encoding="utf-8")
    with leaving_nothing_built(tmp_path) as leftovers:
        (tmp_path / "build/lib.linux").mkdir(parents=True)
    leftovers.check(lambda: made_by)
    assert not (tmp_path / "build").exists()
    (tmp_path / "build/lib").mkdir(parents=True)
    with leaving_nothing_built(tmp_path) as leftovers:
        pass
    assert (tmp_path / "build/lib").is_dir()
    with (
        pytest.raises(DistributionError, match="is of another build, and poetry-core")
        if (ships)
        else contextlib.nullcontext()
    ):
        leftovers.check(lambda: made_by)


@pytest.mark.parametrize(
    ("before", "made", "after"),
    [
        (None, "import os\nsetup_kwargs = {\n}\n", None),
        (None, "by hand\n", "by hand\n"),
        ("\nsetup_kwargs = {\n}\n", "\nsetup_kwargs = {\n}\n", "\nsetup_kwargs = {\n}\n"),
    ],
)
def test_poetry_leaves_no_setup_py(
    tmp_path: Path, before: str | None, made: str, after: str | None
) -> None:
    (tmp_path / "pyproject.toml").write_text(POETRY, encoding="utf-8")
    file = tmp_path / "setup.py"
    if before:
        file.write_text(before, encoding="utf-8")

    def fail() -> None:
        with leaving_nothing_built(tmp_path):
            file.write_text(made, encoding="utf-8")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (file.read_text("utf-8") if file.exists() else None) == after


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("scikit-build", "_skbuild"),
        ("Scikit_Build", "_skbuild"),
        ("py-build-cmake", ".py-build-cmake_cache"),
    ],
)
def test_what_cmake_leaves_is_of_another_build(tmp_path: Path, name: str, place: str) -> None:
    text = f'[build-system]\nrequires = ["{name}~=0.1"]\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with leaving_nothing_built(tmp_path):
        (tmp_path / place).mkdir()
    assert not (tmp_path / place).exists()
    (tmp_path / place).mkdir()
    with pytest.raises(DistributionError, match=f"{place} is of another build"):
        leaving_nothing_built(tmp_path).__enter__()


def test_a_version_with_a_date_is_an_error(tmp_path: Path) -> None:
    directory = tmp_path / "places"
    directory.mkdir()
    file = tmp_path / "setup.cfg"
    file.write_text("[egg_info]\ntag_build =\ntag_date = 0\n", encoding="utf-8")  # as an sdist's
    variables = outside_the_tree(directory, tmp_path, {})
    # What setup.py may set is not known before it runs.
    text = Path(variables["DIST_EXTRA_CONFIG"]).read_text(encoding="utf-8")
    assert "tag_date = 0\n" in text
    file.write_text("[egg_info]\ntag-date = True\n", encoding="utf-8")
    with pytest.raises(DistributionError) as caught:
        check_dates(tmp_path, {})
    assert str(caught.value) == (
        f"tag_date of [egg_info] in {file}: setuptools adds today's date to the version, so the "
        "zip would be another one each day. Remove it, and run `uv lock`."
    )
    with pytest.raises(DistributionError, match=r"egg_info\] in .*mine\.cfg: setuptools adds"):
        check_dates(
            tmp_path / "places", {"DIST_EXTRA_CONFIG": str(file.rename(tmp_path / "mine.cfg"))}
        )
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text("[tool.distutils.egg_info]\ntag-date = false\n", encoding="utf-8")
    check_dates(tmp_path, {})
    pyproject.write_text("[tool.distutils.egg_info]\ntag-date = true\n", encoding="utf-8")
    with pytest.raises(DistributionError, match=r"tool\.distutils\.egg_info\.tag-date in "):
        check_dates(tmp_path, {})


def test_defaults_of_a_configuration_are_for_its_own_sections(tmp_path: Path) -> None:
    (tmp_path / "places").mkdir()
    extra = tmp_path / "extra.cfg"
    extra.write_text("[DEFAULT]\nx = 5%%\n[mine]\ny = %(x)s\n", encoding="utf-8")
    given = {"DIST_EXTRA_CONFIG": str(extra)}
    path = outside_the_tree(tmp_path / "places", tmp_path, given)["DIST_EXTRA_CONFIG"]
    config = configparser.ConfigParser()
    config.read(path, encoding="utf-8")
    assert dict(config["mine"]) == {"x": "5%", "y": "5%"}
    assert "x" not in config["egg_info"]


def test_what_an_interrupted_meson_leaves_is_removed(tmp_path: Path) -> None:
    text = "[build-system]\nrequires = ['meson-python']\n"
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    (tmp_path / ".mesonpy-before").mkdir()
    with leaving_nothing_built(tmp_path):
        (tmp_path / ".mesonpy-now").mkdir()
    assert {path.name for path in tmp_path.iterdir()} == {"pyproject.toml", ".mesonpy-before"}


@pytest.mark.parametrize("file", ["pyproject.toml", "setup.py"])
def test_what_another_project_leaves_is_its_own(tmp_path: Path, file: str) -> None:
    text = '[build-system]\nbuild-backend = "poetry.core.masonry.api"\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    (tmp_path / "build/lib").mkdir(parents=True)
    traces = Traces(tmp_path, tmp_path / "told")
    place = tmp_path / "libs/one/one.egg-info"
    place.mkdir(parents=True)
    (tmp_path / "libs/one" / file).touch()
    (tmp_path / "libs/one.egg-info").mkdir()
    (place / "SOURCES.txt").touch()
    assert not traces.spoil_the_wheel()
    traces.remove()
    assert place.exists()
    (tmp_path / "libs/one.egg-info/SOURCES.txt").touch()
    with pytest.raises(DistributionError, match=r"What another build left in .*build would ship"):
        traces.spoil_the_wheel()


def test_the_list_of_an_unpacked_sdist_counts(tmp_path: Path) -> None:
    told, file = tmp_path / "told", tmp_path / "src/a_b.egg-info/SOURCES.txt"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"a_b/data.json\n")
    traces = Traces(tmp_path, told)
    traces.pass_on_lists()
    assert not told.exists()
    (tmp_path / "PKG-INFO").touch()
    traces = Traces(tmp_path, told)
    traces.pass_on_lists()
    assert (told / "a_b.egg-info/SOURCES.txt").read_bytes() == b"a_b/data.json\n"
    # An old setuptools works in the tree, and reads the list there.
    file.write_bytes(b"setup.py\n")
    assert not traces.spoil_the_wheel()
    traces.remove()
    assert file.read_bytes() == b"a_b/data.json\n"


@pytest.mark.parametrize("file", ["lib.sh", "templates/x.txt", "libs/x.txt"])
def test_what_is_the_users_own_in_build_is_no_output(tmp_path: Path, file: str) -> None:
    path = tmp_path / "build" / file
    path.parent.mkdir(parents=True)
    path.touch()
    traces = Traces(tmp_path, tmp_path / "told")
    assert not traces.spoil_the_wheel()
    traces.remove()
    assert path.exists()
    poetry = "[tool.poetry.build]\ngenerate-setup-file = true\n"
    (tmp_path / "pyproject.toml").write_text(poetry, encoding="utf-8")
    with leaving_nothing_built(tmp_path):
        pass
    assert path.exists()


@pytest.mark.parametrize("name", ["lib.linux-x86_64-3.11", "src.linux-x86_64-3.11", "temp"])
def test_what_an_old_setuptools_has_built_is_removed(tmp_path: Path, name: str) -> None:
    traces = Traces(tmp_path, tmp_path / "told")
    (tmp_path / "build" / name).mkdir(parents=True)
    traces.remove()
    assert not (tmp_path / "build").exists()
    (tmp_path / "build" / name).mkdir(parents=True)
    with pytest.raises(DistributionError, match="What another build left"):
        Traces(tmp_path, tmp_path / "told").spoil_the_wheel()


def test_modules_of_a_library_in_build_are_no_output(tmp_path: Path) -> None:
    traces = Traces(tmp_path, tmp_path / "told")
    (tmp_path / "told/a.egg-info").mkdir(parents=True)
    (tmp_path / "told/a.egg-info/PKG-INFO").touch()
    (tmp_path / "build/libfoo-1.0").mkdir(parents=True)
    (tmp_path / "build/libfoo-1.0/gen.py").touch()
    assert not traces.spoil_the_wheel()
    for name in ("lib", "lib.linux-x86_64-cpython-311"):
        (tmp_path / "build" / name).mkdir()
        (tmp_path / "build" / name / "gen.py").touch()
        with pytest.raises(DistributionError, match=r"gen\.py was written by the build itself"):
            traces.spoil_the_wheel()
        traces = Traces(tmp_path, tmp_path / "told")
        assert not traces.spoil_the_wheel()
    # One that keeps the time.
    status = (tmp_path / "build/lib/gen.py").stat()
    (tmp_path / "build/lib/gen.py").write_text("x", encoding="utf-8")
    os.utime(tmp_path / "build/lib/gen.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(DistributionError, match=r"gen\.py was written by the build itself"):
        traces.spoil_the_wheel()


def test_data_written_beside_modules_is_output(tmp_path: Path) -> None:
    told = tmp_path / "places/egg_base"
    (told / "a.egg-info").mkdir(parents=True)
    (told / "a.egg-info/PKG-INFO").touch()
    traces = Traces(tmp_path, told)
    (tmp_path / "build/lib/a").mkdir(parents=True)
    (tmp_path / "build/lib/libfoo.so").touch()
    (tmp_path / "build/lib/a/data.json").touch()
    assert not traces.spoil_the_wheel()  # nothing of the project is called so
    (tmp_path / "places/lib/a").mkdir(parents=True)
    with pytest.raises(DistributionError, match=r"data\.json was written by the build itself"):
        traces.spoil_the_wheel()
