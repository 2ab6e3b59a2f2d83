"""Each source tree that a build builds has places of its own."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from hatch_lambda_zip.install import other_trees
from hatch_lambda_zip.install.work_places import outside_the_tree, prepare_another, was_built
from tests.support.commands import run

SHOW = "import os, sys; print(*(os.environ.get(name) for name in sys.argv[1:]), sep='|')"
NAMES = ("DIST_EXTRA_CONFIG", "SKBUILD_BUILD_DIR", "PRETEND_VERSION", "CYTHON_FORCE_REGEN")


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("tree", "other", "places"):
        (tmp_path / name).mkdir()
    return tmp_path / "tree", tmp_path / "other"


def variables_of(tree: Path, environ: dict[str, str] | None = None) -> dict[str, str]:
    places = tree.parent / "places"
    return outside_the_tree(places, tree, environ or {}, {"PRETEND_VERSION": "3"})


def seen_in(tree: Path, variables: dict[str, str], *names: str) -> list[str]:
    environ = {**os.environ, **variables}
    output = run([sys.executable, "-c", SHOW, *names], cwd=tree, env=environ).stdout
    return output.strip().split("|")


def changed_in(tree: Path, variables: dict[str, str]) -> dict[str, str]:
    """Return the variables as a Python that works there has them."""
    environ = dict(variables)
    before = Path.cwd()
    os.chdir(tree)
    try:
        other_trees.change(environ)
    finally:
        os.chdir(before)
    return environ


def test_the_tree_itself_keeps_its_places(trees: tuple[Path, Path]) -> None:
    variables = variables_of(trees[0])
    assert seen_in(trees[0], variables, *NAMES) == [variables[name] for name in NAMES]
    link = trees[0].parent / "link"
    link.symlink_to(trees[0])
    assert seen_in(link, variables, *NAMES) == [variables[name] for name in NAMES]


def test_another_tree_has_others(trees: tuple[Path, Path]) -> None:
    variables = variables_of(trees[0])
    places = trees[0].parent / "places"
    for _ in range(2):
        config, cargo, pretended, forced = seen_in(trees[1], variables, *NAMES)
        assert (pretended, forced) == ("None", "1")
        own = Path(cargo).parent
        assert own.parent == places / "others"
        text = Path(config).read_text(encoding="utf-8")
        before = Path(variables["DIST_EXTRA_CONFIG"]).read_text(encoding="utf-8")
        assert text == before.replace(f"{places}{os.sep}", f"{own}{os.sep}")
        assert (own / "egg_base").is_dir()
    # What its build starts there has the same.
    assert changed_in(trees[1], changed_in(trees[1], variables))["DIST_EXTRA_CONFIG"] == config


@pytest.mark.parametrize("is_known", [True, False])
def test_a_tree_that_is_known_has_places_as_its_own_back_end_needs_them(
    tmp_path: Path, *, is_known: bool
) -> None:
    parent = tmp_path / "a\u2028b"  # no end of a line, as files have them
    trees = (parent / "tree", parent / "other")
    for path in (*trees, parent / "places"):
        path.mkdir(parents=True)
    system = "[build-system]\nrequires = [%s]\nbuild-backend = '%s'\n"
    for tree, values in zip(
        trees, (("", "hatchling.build"), ("'maturin'", "setuptools.build_meta")), strict=True
    ):
        (tree / "pyproject.toml").write_text(system % values, encoding="utf-8")
    variables = variables_of(trees[0])
    own = parent / "places/others/unknown"
    if is_known:
        own = prepare_another(trees[1], parent / "places", {})
        assert not was_built(own)
    config, cargo = seen_in(trees[1], variables, "DIST_EXTRA_CONFIG", "CARGO_TARGET_DIR")
    text = Path(config).read_text(encoding="utf-8")
    assert (f"build_lib = {own / 'lib'}\n" in text) == is_known
    assert (own / "lib").is_dir() == is_known
    assert cargo == (str(own / "cargo") if is_known else "None")
    assert was_built(own) == is_known


@pytest.mark.parametrize("config", [None, "mine.cfg"])
def test_what_a_build_runs_elsewhere_works_as_it_would(
    trees: tuple[Path, Path], config: str | None
) -> None:
    if config:
        config = str(trees[0].parent / config)
        Path(config).write_text("[sdist]\nformats = zip\n", encoding="utf-8")
    variables = variables_of(trees[0], {"DIST_EXTRA_CONFIG": config} if config else {})
    environ = changed_in(trees[0], variables)
    assert changed_in(trees[0], environ) == environ
    assert seen_in(trees[1], environ, *NAMES) == [str(config), "None", "3", "1"]
    # And so does what that of a build requirement runs.
    assert seen_in(trees[0], changed_in(trees[1], variables), *NAMES) == [
        *(str(config), "None", "None", "1")
    ]


def test_what_hatchling_runs_works_as_it_would(trees: tuple[Path, Path]) -> None:
    text = '[build-system]\nrequires = []\nbuild-backend = "hatchling.build"\n'
    (trees[0] / "pyproject.toml").write_text(text, encoding="utf-8")
    variables = variables_of(trees[0])
    assert seen_in(trees[0], variables, *NAMES) == ["None", "None", "3", "1"]
    config, _, pretended, _ = seen_in(trees[1], variables, *NAMES)
    assert Path(config).parent.parent == trees[0].parent / "places" / "others"
    assert pretended == "None"


@pytest.mark.parametrize("config", [None, "/nowhere/mine.cfg"])
def test_another_configuration_of_setuptools_stays(
    trees: tuple[Path, Path], config: str | None
) -> None:
    variables = variables_of(trees[0])
    del variables["DIST_EXTRA_CONFIG"]
    variables |= {"DIST_EXTRA_CONFIG": config} if config else {}
    assert changed_in(trees[1], variables).get("DIST_EXTRA_CONFIG") == config


def test_a_directory_that_is_gone_is_another(tmp_path: Path) -> None:
    assert other_trees._identity(str(tmp_path / "gone")) == "none"


def test_what_it_hides_runs_as_well(trees: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    (tmp_path / "user/sitecustomize.py").write_text("import os; os.environ['USERS'] = '1'\n")
    variables = variables_of(trees[0], {"PYTHONPATH": str(tmp_path / "user")})
    for tree in trees:
        assert seen_in(tree, variables, "USERS") == ["1"]
    show = "import sys; print(sys.modules['sitecustomize'].__file__, *sys.path, sep='|')"
    environ = {**os.environ, **variables}
    lines = run([sys.executable, "-c", show], cwd=trees[0], env=environ).stdout.strip().split("|")
    assert lines[0] == str(tmp_path / "user/sitecustomize.py")
    assert str(trees[0].parent / "places" / "site") not in lines
    # It fails as it would without.
    (tmp_path / "user/sitecustomize.py").write_text("import not_there\n")
    done = run([sys.executable, "-c", ""], cwd=trees[0], env=environ)
    assert "No module named 'not_there'" in done.stderr


@pytest.mark.every_python
def test_each_python_runs_it(trees: tuple[Path, Path]) -> None:
    variables = variables_of(trees[0])
    pythons = [*filter(None, (shutil.which(f"python3.{minor}") for minor in range(8, 16)))]
    for python in [sys.executable, *pythons]:
        environ = {**os.environ, **variables}
        show = [python, "-c", SHOW, "SKBUILD_BUILD_DIR"]
        for tree, is_other in zip(trees, (False, True), strict=True):
            done = run(show, cwd=tree, env=environ, check=False)
            if done.returncode:
                continue  # a name that pyenv has for what is not chosen
            assert not done.stderr
            assert ("others" in done.stdout) == is_other
