"""What to do about distributions that ship one path, in the order of what is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pathspec import GitIgnoreSpec

from hatch_lambda_zip.config.model import Artifact
from hatch_lambda_zip.config.option import Kind
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.config.words import Strip
from hatch_lambda_zip.contents.decide import decide_function
from hatch_lambda_zip.contents.overlaps import pattern_for
from hatch_lambda_zip.contents.own.gitignore import select_ignored
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Installed
from hatch_lambda_zip.lock.model import Origin
from tests.support.installed import made, platform_of

PROJECT = Project("orders", "1.0", "orders-1.0", ("one", "two"))
FUNCTION = Artifact("api", "api", "here.api", Kind.FUNCTION, platform_of())


def message(*installed: Installed, orders: str | None = None, **options: object) -> str:
    files = {"orders.py": "", **({} if orders is None else {"docs/conf.py": orders})}
    own = made("orders", files, origin=Origin.LOCAL)
    artifact = replace(FUNCTION, options=Options(**options))
    with pytest.raises(ContentsError) as caught:
        decide_function(artifact, PROJECT, (own, *installed), (), {})
    return str(caught.value)


def with_files(name: str, *paths: str) -> Installed:
    return made(name, dict.fromkeys(paths, name))


def test_all_paths_and_all_ways_out() -> None:
    paths = ("docs/conf.py", "tests/__init__.py")
    assert message(with_files("one", *paths), with_files("two", *paths)) == (
        "one and two both ship files with different content, so one would silently overwrite the "
        "other:\n"
        "  docs/conf.py\n"
        "  tests/__init__.py\n"
        "If the function does not need all of that, in here.api:\n"
        '  `exclude-files = ["/docs/conf.py", "/tests/__init__.py"]` leaves them out, of both.\n'
        "  `exclude-distributions` leaves one or two out altogether.\n"
        "Otherwise one and two can't be used together: choose another version, or remove one of "
        "the dependencies."
    )


def test_every_pair_is_told() -> None:
    files = [with_files(name, "x.py") for name in ("one", "two", "three")]
    text = message(*files)
    assert "one and two both ship" in text
    assert "one and three both ship" in text


def test_strip_is_advised_where_it_helps() -> None:
    paths = ("tests/__init__.py", "x.pyi")
    ships = [with_files(name, *paths) for name in ("one", "two")]
    advice = '  `strip = ["tests", "type-stubs"]` leaves them out where nothing imports them.\n'
    assert advice in message(*ships)
    # What is there stays.
    text = message(*ships, strip=(Strip.TESTS, Strip.NATIVE_HEADERS))
    assert '  `strip = ["tests", "type-stubs", "native-headers"]` leaves it out where' in text
    kept = made("user", {"user.py": "import tests"})
    assert "strip" not in message(*ships, kept, strip=(Strip.TESTS, Strip.TYPE_STUBS))


def test_nobody_is_told_to_remove_the_project() -> None:
    text = message(with_files("one", "docs/conf.py"), orders="mine")
    assert "`exclude = [\"/docs/conf.py\"]` leaves the package's own out, so that one's" in text
    assert "orders out" not in text
    assert "orders or" not in text
    assert "remove" not in text


@pytest.mark.parametrize(
    "path", ["a.py", "a/b.py", "!a", "#a", "a[1]*?.py", "a ", "a/b ", "dir with/ä.py"]
)
def test_the_patterns_match_the_file_alone(path: str) -> None:
    others = {f"x/{path}", f"{path}x", "a1b.py", "b.py", "a1zz.py", "a"} - {path}
    assert select_ignored([pattern_for(path)], {path, *others}) == {path}
    # `exclude` reads them too.
    assert {*GitIgnoreSpec.from_lines([pattern_for(path)]).match_files({path, *others})} == {path}
