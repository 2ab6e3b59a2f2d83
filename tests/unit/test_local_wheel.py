from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hatch_lambda_zip.errors import DistributionError, OutputError, UvTimeoutError
from hatch_lambda_zip.install.local_wheel import build_wheel
from hatch_lambda_zip.install.setuptools_configuration import check_places, removing_lists
from hatch_lambda_zip.install.work_places import check_alone, outside_the_tree
from hatch_lambda_zip.lock import LocalProject
from hatch_lambda_zip.uv import Uv

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")

# Makes a wheel, or what has the name of one.
STAND_IN = """#!/bin/sh
while [ $# -gt 1 ]; do
    if [ "$1" = --out-dir ]; then mkdir -p "$2"; touch "$2/demo-1.0-py3-none-any.whl"; fi
    shift
done
"""


@pytest.fixture
def project(tmp_path: Path) -> LocalProject:
    (tmp_path / "demo").mkdir()
    return LocalProject("demo", tmp_path / "demo")


@pytest.fixture
def uv(tmp_path: Path) -> Callable[..., Uv]:
    program = tmp_path / "uv"
    program.write_text(STAND_IN, encoding="utf-8")
    program.chmod(0o755)

    def make(tell: Callable[[str], None], timeout: float = 60) -> Uv:
        environment = {"PATH": os.environ.get("PATH", os.defpath)}
        return Uv(program, environment, timeout, lambda _: None, tell=tell)

    return make


@pytest.fixture
def held(project: LocalProject) -> int:
    """Hold a project's directory as another build does; give what has to be closed."""
    import fcntl

    directory = os.open(project.path, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    return directory


def test_another_build_is_waited_for_and_named_once(
    tmp_path: Path, project: LocalProject, uv: Callable[..., Uv], held: int
) -> None:
    lines: list[str] = []

    def tell(line: str) -> None:
        lines.append(line)
        threading.Timer(0.3, os.close, [held]).start()

    assert build_wheel(project, uv(tell), tmp_path / "work").name == "demo-1.0-py3-none-any.whl"
    assert lines == [f"demo: waiting for another build that works in {project.path}"]


def test_what_requires_each_other_is_waited_for_in_one_order(
    tmp_path: Path, uv: Callable[..., Uv]
) -> None:
    import fcntl

    (tmp_path / "link").symlink_to(tmp_path / "b")  # the same, once more
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").write_text(
            "[build-system]\nrequires = ['other', 'link']\n[tool.uv.sources]\n"
            f"other.path = '../{other}'\nlink.path = '../link'\n",
            encoding="utf-8",
        )
    waited_for = []
    for name in ("a", "b"):
        held = [os.open(tmp_path / it, os.O_RDONLY) for it in ("a", "b")]
        for directory in held:
            fcntl.flock(directory, fcntl.LOCK_EX)
        lines: list[str] = []

        def tell(line: str, held: list[int] = held, lines: list[str] = lines) -> None:
            lines.append(line)
            while held:
                os.close(held.pop())

        build_wheel(LocalProject("demo", tmp_path / name), uv(tell), tmp_path / f"work-{name}")
        waited_for.append({line.rpartition("/")[2].replace("link", "b") for line in lines})
    assert waited_for[0] == waited_for[1]
    assert len(waited_for[0]) == 1


@pytest.mark.parametrize(
    ("requires", "is_waited_for"),
    [
        ("hatchling", False),
        ("setuptools>=40", False),
        ("setuptools<60", True),
        ("scikit-build", True),
        ("pdm-backend", True),
    ],
)
def test_several_builds_may_take_something_from_a_directory(
    tmp_path: Path,
    project: LocalProject,
    uv: Callable[..., Uv],
    requires: str,
    is_waited_for: bool,  # noqa: FBT001
) -> None:
    import fcntl

    helper = tmp_path / "helper"
    helper.mkdir()
    text = f"[build-system]\nrequires = ['helper @ {helper.as_uri()}']\n"
    (project.path / "pyproject.toml").write_text(text, "utf-8")
    (helper / "pyproject.toml").write_text(f"[build-system]\nrequires = ['{requires}']\n", "utf-8")
    held = os.open(helper, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)
    lines: list[str] = []

    def tell(line: str) -> None:
        lines.append(line)
        os.close(held)

    build_wheel(project, uv(tell), tmp_path / "work")
    expected = [f"helper: waiting for another build that works in {helper}"]
    assert lines == (expected if is_waited_for else [])
    if not is_waited_for:
        os.close(held)


def test_another_build_is_not_waited_for_for_ever(
    tmp_path: Path, project: LocalProject, uv: Callable[..., Uv], held: int
) -> None:
    try:
        with pytest.raises(UvTimeoutError) as caught:
            build_wheel(project, uv(lambda _: None, 0.3), tmp_path / "work")
    finally:
        os.close(held)
    assert str(caught.value) == (
        f"Another build has worked in {project.path} for more than 0.3 seconds. End it "
        "(`fuser -v` with that path names its process), or set HATCH_LAMBDA_ZIP_TIMEOUT to more "
        "seconds."
    )


def test_a_build_that_is_over_waits_for_nobody(
    tmp_path: Path, project: LocalProject, uv: Callable[..., Uv], held: int
) -> None:
    running: list[Uv] = []
    running.append(uv(lambda _line: running[0].stop()))
    try:
        with pytest.raises(DistributionError, match="The build is over"):
            build_wheel(project, running[0], tmp_path / "work")
    finally:
        os.close(held)


def test_a_source_tree_is_no_place_for_temporary_files(
    project: LocalProject, uv: Callable[..., Uv]
) -> None:
    with pytest.raises(OutputError, match="Set TMPDIR"):
        build_wheel(project, uv(lambda _: None), project.path / "tmp" / "work")
    assert list(project.path.iterdir()) == []


SECRET = "s3cret"  # noqa: S105 - of nobody


@pytest.mark.parametrize(
    "content",
    [
        f"password {SECRET}\n",
        f"[build]\n{SECRET}\n",
        f"[build]\na = 1\na = {SECRET}\n",
        f"[build]\n[build]\n{SECRET}=1\n",
        b"\xff\xfe" + SECRET.encode(),
        f'{{"token": "{SECRET}"}}',
        f"[upload]\npassword = a%{SECRET}\n",
        f"[build]\na = %({SECRET})s\n",
    ],
)
def test_a_configuration_of_setuptools_that_is_none(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "extra"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DistributionError) as caught:
        outside_the_tree(tmp_path, tmp_path, {"DIST_EXTRA_CONFIG": str(path)})
    assert str(caught.value) == (
        f"DIST_EXTRA_CONFIG={path}: it can't be read as a configuration of setuptools, an INI file "
        "in UTF-8 (with each % of a value as %%). Correct the file, or remove the variable."
    )
    assert SECRET not in str(caught.value)


def test_a_configuration_of_setuptools_goes_on_holding(tmp_path: Path) -> None:
    path = tmp_path / "extra.cfg"
    text = "[build]\nbuild_base = elsewhere\n[options.package_data]\nMyPkg = *.json\n"
    path.write_text(f"{text}[sdist]\nformats = zip\n", "utf-8")
    variables = outside_the_tree(tmp_path, tmp_path, {"DIST_EXTRA_CONFIG": str(path)})
    text = Path(variables["DIST_EXTRA_CONFIG"]).read_text("utf-8")
    assert "formats = zip" in text
    assert "MyPkg = *.json" in text
    assert "elsewhere" not in text
    (tmp_path / "deeper").mkdir()
    missing = {"DIST_EXTRA_CONFIG": str(tmp_path / "missing")}
    assert outside_the_tree(tmp_path / "deeper", tmp_path, missing)  # as setuptools has it


@pytest.mark.parametrize(
    "name", ["100%", "%(prefix)s", "a$HOME", "${HOME}", "a{b}", "a}", "a\nb", "\udcff"]
)
def test_setuptools_can_be_told_of_the_temporary_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"and back ends can't be told of a path with .* TMPDIR"):
        outside_the_tree(tmp_path / name / "own", tmp_path, {})


@pytest.mark.parametrize("name", ["a b", "#a", ";a", "a$", "\xe4"])
def test_setuptools_is_told_of_odd_names(tmp_path: Path, name: str) -> None:
    directory = tmp_path / name / "own"
    directory.mkdir(parents=True)
    assert outside_the_tree(directory, tmp_path, {})


@pytest.mark.parametrize("option", ["build-base", "build_lib", "Build-PurELib", "build_platlib"])
def test_pyproject_has_setuptools_work_in_no_other_place(
    project: LocalProject, uv: Callable[..., Uv], tmp_path: Path, option: str
) -> None:
    pyproject = project.path / "pyproject.toml"
    pyproject.write_text(f"[tool.distutils.build]\n{option} = 'out'\n", "utf-8")
    with pytest.raises(DistributionError) as caught:
        build_wheel(project, uv(lambda _: None), tmp_path / "work")
    assert str(caught.value) == (
        f"tool.distutils.build.{option} in {pyproject}: setuptools would work in that directory, "
        "and what an earlier build left there could ship. Remove it, or write it into setup.cfg, "
        f"as `{option.lower().replace('-', '_')}` in [build]: a temporary directory takes its "
        "place there."
    )


def test_pyproject_has_other_settings_for_setuptools(
    project: LocalProject, uv: Callable[..., Uv], tmp_path: Path
) -> None:
    text = "[tool.distutils]\nbuild = 1\nbdist_wheel = {universal = true}\nsdist.build-base = 'a'\n"
    (project.path / "pyproject.toml").write_text(text, "utf-8")
    build_wheel(project, uv(lambda _: None), tmp_path / "work")


FILES_OF_SETUPTOOLS = ("setup.cfg", "home/.pydistutils.cfg", "extra.cfg")


@pytest.mark.parametrize("file", FILES_OF_SETUPTOOLS)
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[install]\ninstall_lib = out\n", "install_lib of [install]"),
        ("[install_lib]\ninstall_dir = out\n", "install_dir of [install_lib]"),
        ("[install_scripts]\ninstall_dir = out\n", "install_dir of [install_scripts]"),
        ("[aliases]\negg_info = egg_info --egg-base data\n", "egg_info of [aliases]"),
        ("[aliases]\nbdist_wheel = bdist_wheel -kb data\n", "bdist_wheel of [aliases]"),
    ],
)
def test_a_place_for_which_no_other_can_be_named_is_refused(
    tmp_path: Path, file: str, text: str, key: str
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / file).write_text(text, "utf-8")
    environ = {"HOME": str(tmp_path / "home"), "DIST_EXTRA_CONFIG": str(tmp_path / "extra.cfg")}
    with pytest.raises(DistributionError) as caught:
        check_places(tmp_path, environ)
    assert str(caught.value).startswith(f"{key} in {tmp_path / file}: setuptools would put there")
    # What runs no setuptools is not held up by it.
    by_another = '[build-system]\nbuild-backend = "hatchling.build"\n'
    (tmp_path / "pyproject.toml").write_text(by_another, "utf-8")
    check_places(tmp_path, environ)


@pytest.mark.parametrize(
    "text",
    [
        "[install]\nprefix =\n",
        "[install]\ninstall-lib = ~/lib\nrecord = list.txt\n",
        "[aliases]\ntest = pytest\nrelease = egg_info -Db ''\nbdist_wheel = sdist bdist_wheel\n",
        "[options]\ninstall_requires = six\n",
    ],
)
def test_other_options_for_installing_are_no_matter(tmp_path: Path, text: str) -> None:
    (tmp_path / "setup.cfg").write_text(text, "utf-8")
    check_places(tmp_path, {"HOME": str(tmp_path)})


def test_lists_are_removed_from_the_sources_alone(tmp_path: Path) -> None:
    root, extra = tmp_path / "root", tmp_path / "extra.cfg"
    environ = {"HOME": str(tmp_path / "home"), "DIST_EXTRA_CONFIG": str(extra)}
    (root / "kept.egg-info").mkdir(parents=True)
    for base, is_removed in ((".", True), (str(tmp_path / "elsewhere"), False)):
        extra.write_text(f"[egg_info]\negg-base = {base}\n", "utf-8")
        made = root / base / "demo.egg-info"
        with removing_lists(root, environ):
            made.mkdir(parents=True)
        assert made.exists() is not is_removed
    assert (root / "kept.egg-info").exists()


def test_a_list_of_what_is_installed_is_written_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text("[install]\nrecord = list.txt\n", "utf-8")
    (tmp_path / "work").mkdir()
    variables = outside_the_tree(tmp_path / "work", tmp_path, {"HOME": str(tmp_path)})
    text = Path(variables["DIST_EXTRA_CONFIG"]).read_text("utf-8")
    assert f"record = {tmp_path / 'work' / 'record.txt'}\n" in text
    assert not (tmp_path / "work/record.txt").exists()


def test_pyproject_names_a_place_for_which_no_other_can_be_named(tmp_path: Path) -> None:
    text = "[tool.distutils.install-lib]\ninstall-dir = 'out'\n"
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    with pytest.raises(DistributionError, match=r"^tool\.distutils\.install-lib\.install-dir in "):
        check_places(tmp_path, {"HOME": str(tmp_path)})


@pytest.mark.parametrize("file", FILES_OF_SETUPTOOLS)
def test_wherever_setuptools_is_told_a_place_it_gets_another(tmp_path: Path, file: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / file).write_text("[build]\nbuild-lib = out\n", "utf-8")
    environ = {"HOME": str(tmp_path / "home"), "USERPROFILE": str(tmp_path / "home")}
    if file == "extra.cfg":
        environ["DIST_EXTRA_CONFIG"] = str(tmp_path / file)
    variables = outside_the_tree(tmp_path / "work", tmp_path, environ)
    text = Path(variables["DIST_EXTRA_CONFIG"]).read_text("utf-8")
    # The last one counts.
    *_, last = (
        line for line in text.splitlines() if line.replace("-", "_").startswith("build_lib")
    )
    assert last == f"build_lib = {tmp_path / 'work' / 'lib'}"


def test_where_no_place_is_named_that_of_the_command_line_counts(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    text = '[build-system]\nbuild-backend = "poetry.core.masonry.api"\n'
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    variables = outside_the_tree(tmp_path / "work", tmp_path, {"HOME": str(tmp_path)})
    assert "build_lib" not in Path(variables["DIST_EXTRA_CONFIG"]).read_text("utf-8")


def test_something_else_in_the_places_is_an_error_where_setuptools_builds(tmp_path: Path) -> None:
    for name in ("one", "two", "empty"):
        (tmp_path / f"egg_base/{name}.egg-info").mkdir(parents=True)
    (tmp_path / "egg_base/one.egg-info/PKG-INFO").touch()
    (tmp_path / "lib").mkdir()
    check_alone("one", tmp_path)
    (tmp_path / "egg_base/two.egg-info/PKG-INFO").touch()
    with pytest.raises(DistributionError, match=r"one\.egg-info and two\.egg-info.*pip does with"):
        check_alone("one", tmp_path)
    (tmp_path / "lib").rmdir()  # as with other back ends
    check_alone("one", tmp_path)


def test_where_build_clib_and_cargo_are_told_places_they_get_others(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "setup.cfg").write_text("[build_clib]\nbuild_clib = out\n", "utf-8")
    requires = "[build-system]\nrequires = ['setuptools', 'setuptools_rust']\n"
    (tmp_path / "pyproject.toml").write_text(requires, "utf-8")
    variables = outside_the_tree(work, tmp_path, {"HOME": str(tmp_path)})
    text = Path(variables["DIST_EXTRA_CONFIG"]).read_text("utf-8")
    assert f"build_clib = {work / 'build_temp'}\n" in text
    # `build.build-dir` of a configuration of Cargo's.
    assert variables["CARGO_BUILD_BUILD_DIR"] == variables["CARGO_TARGET_DIR"]


def test_where_documentation_is_built_is_no_place_of_setuptools(
    project: LocalProject, uv: Callable[..., Uv], tmp_path: Path
) -> None:
    text = "[build_sphinx]\nbuild-dir = docs/_build\n"
    (project.path / "setup.cfg").write_text(text, "utf-8")
    build_wheel(project, uv(lambda _: None), tmp_path / "work")


def test_what_is_nowhere_is_not_looked_for_offline(
    project: LocalProject, uv: Callable[..., Uv], tmp_path: Path
) -> None:
    online = uv(lambda _: None)
    offline = replace(online, environment={**online.environment, "UV_OFFLINE": "1"})
    text = "[build-system]\nrequires = ['one @ file:{}']\n"
    (project.path / "pyproject.toml").write_text(text.format(tmp_path / "nowhere"), "utf-8")
    build_wheel(project, offline, tmp_path / "first")
    (tmp_path / "there").mkdir()
    (project.path / "pyproject.toml").write_text(text.format(tmp_path / "there"), "utf-8")
    with pytest.raises(DistributionError, match=r"The build of demo requires one from a directory"):
        build_wheel(project, offline, tmp_path / "second")
