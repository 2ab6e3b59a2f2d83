"""Markers that are well-formed and yet have no answer, wherever they may stand."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import packaging
import pytest
from packaging.markers import InvalidMarker, Marker

from hatch_lambda_zip.config import (
    Artifact,
    Kind,
    Project,
    wrong_specifier,
    wrong_version,
)
from hatch_lambda_zip.contents import check_requirements
from hatch_lambda_zip.contents.requirements_graph import (
    RequirementsGraph,
    requires_python_warnings,
)
from hatch_lambda_zip.errors import ConfigError, LambdaZipError
from hatch_lambda_zip.install.wheel import same_version
from hatch_lambda_zip.lock import LockFile, LockKind, Origin, Selection, requirements
from hatch_lambda_zip.lock.pylock import parse_pylock, select
from hatch_lambda_zip.plugin.back_end import read_back_end
from hatch_lambda_zip.runtimes import evaluate_marker
from tests.support.installed import made, platform_of

pytestmark = pytest.mark.every_python

ROOT = Path("project").absolute()
APP = Project("app", "1.0", "app-1.0")


def in_metadata(marker: str) -> None:
    RequirementsGraph([made(requires=[f"a; {marker}"])], (), platform_of()).needed()


def in_metadata_of_a_member(marker: str) -> None:
    _check(APP, marker)


def in_own_dependencies(marker: str) -> None:
    _check(replace(APP, dependencies=(f"a; {marker}",)))


def in_a_group(marker: str) -> None:
    _check(replace(APP, dependency_groups={"dev": [f"a; {marker}"]}), groups=("dev",))


def _check(project: Project, marker: str = "", groups: tuple[str, ...] = ()) -> None:
    app = made("app", requires=[f"a; {marker}"] if marker else [], origin=Origin.LOCAL)
    artifact = Artifact("api", "api", "here", Kind.FUNCTION, platform_of())
    artifact = replace(artifact, options=type(artifact.options)(groups=groups))
    selection = Selection(LockFile.of(LockKind.UV, ROOT / "uv.lock"), (), ())
    check_requirements(project, artifact, selection, [app, made("a")])


def in_a_requirements_file(marker: str) -> None:
    _select_from_requirements(f"a==1; {marker} --hash=sha256:{'0' * 64}\n")


def in_a_line_with_a_directory(marker: str) -> None:
    _select_from_requirements(f"./a; {marker}\n")


def _select_from_requirements(text: str) -> None:
    lock = LockFile.of(LockKind.REQUIREMENTS, ROOT / "requirements.txt")
    requirements.select(text, lock, platform_of(), root=ROOT)


def in_a_package_of_a_pylock(marker: str) -> None:
    _select_from_pylock(f"packages = [{{ name = 'a', marker = '''{marker}''' }}]\n")


def in_the_environments_of_a_pylock(marker: str) -> None:
    _select_from_pylock(f"environments = ['''{marker}''']\npackages = []\n")


def _select_from_pylock(text: str) -> None:
    lock = LockFile.of(LockKind.PYLOCK, ROOT / "pylock.toml")
    more = "directory = { path = 'a' } }]"
    text = text.replace(" }]", f", {more}") if "name" in text else text
    pylock = parse_pylock(f"lock-version = '1.0'\ncreated-by = 'x'\n{text}", lock)
    select(pylock, lock, platform_of(), root=ROOT)


def in_build_requirements(marker: str) -> None:
    read_back_end({"build-system": {"requires": [f"a; {marker}"]}})


PLACES = (
    *(in_metadata, in_metadata_of_a_member, in_own_dependencies, in_a_group),
    *(in_a_requirements_file, in_a_line_with_a_directory),
    *(in_a_package_of_a_pylock, in_the_environments_of_a_pylock, in_build_requirements),
)
UNUSABLE = ('python_version ~= "3"', 'os_name ~= "posix"')
# And the places that have a value for them.
VARIABLES: dict[str, tuple[Callable[[str], None], ...]] = {
    '"x" in extras': (in_a_package_of_a_pylock,),
    '"x" in dependency_groups': (in_a_package_of_a_pylock,),
    'extra == "q"': tuple(
        place
        for place in PLACES
        if place not in {in_a_package_of_a_pylock, in_the_environments_of_a_pylock}
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_marker_without_an_answer_is_one_sentence(place: Callable[[str], None]) -> None:
    place('python_version >= "3"')
    # What has a value depends on the place.
    for marker in (
        *UNUSABLE,
        *(variable for variable in VARIABLES if place not in VARIABLES[variable]),
    ):
        with pytest.raises(LambdaZipError) as caught:
            place(marker)
        assert "can't be evaluated: " in str(caught.value)
        assert str(Marker(marker)) in str(caught.value)


def exceptions_of_packaging() -> list[type[Exception]]:
    found = {}
    for module in pkgutil.iter_modules(packaging.__path__, "packaging."):
        if "__" not in module.name:
            for name, value in vars(importlib.import_module(module.name)).items():
                if (
                    isinstance(value, type)
                    and issubclass(value, Exception)
                    and value.__module__.startswith("packaging.")
                ):
                    found[f"{module.name}.{name}"] = value
    return [found[name] for name in sorted(found)]


def instance(kind: type[Exception]) -> Exception:
    """Make an exception, whatever it has to be told."""
    with contextlib.suppress(TypeError):
        return kind("why")
    with contextlib.suppress(TypeError):
        return kind("why", "why", "why")
    with contextlib.suppress(TypeError):
        return kind("why", [ValueError()])
    return kind("why", source="text", span=(0, 1))  # type: ignore[call-arg]  # the parser's own


def test_no_exception_of_packaging_gets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    exceptions = exceptions_of_packaging()
    assert len(exceptions) > 10
    for kind in (*exceptions, KeyError, ValueError, TypeError, AssertionError, RecursionError):

        def fail(*_: object, error: Exception = instance(kind)) -> bool:  # noqa: B008
            raise error

        monkeypatch.setattr(Marker, "evaluate", fail)
        for place in PLACES:
            with pytest.raises(LambdaZipError):
                place('python_version >= "3"')


ENDLESS = f"1.{'9' * 5000}"  # Python reads no number of so many digits


@pytest.mark.skipif(not hasattr(sys, "set_int_max_str_digits"), reason="an early patch release")
def test_versions_without_end_are_one_sentence() -> None:
    for problem in (wrong_version(ENDLESS), wrong_specifier(f">={ENDLESS}")):
        assert problem is not None
    for name in ("a", "hatch-lambda-zip"):
        with pytest.raises(ConfigError, match="does not say which versions"):
            read_back_end({"build-system": {"requires": [f"{name}>={ENDLESS}"]}})
    with pytest.raises(LambdaZipError, match="which is none"):
        _select_from_requirements(f"a=={ENDLESS} --hash=sha256:00\n")
    marker = f'python_full_version < "3.{platform_of().runtime.python_minor}.{"9" * 5000}"'
    for place in PLACES:
        if place is not in_build_requirements:
            with pytest.raises(LambdaZipError, match="Exceeds the limit"):
                place(marker)
    for text in (
        f"requires-python = '<{ENDLESS}'\npackages = []\n",
        f"packages = [{{ name = 'a', requires-python = '<{ENDLESS}' }}]\n",
    ):
        with pytest.raises(LambdaZipError, match=r"Exceeds the limit[^\n]*\. Lock again\.$"):
            _select_from_pylock(text)
    with pytest.raises(LambdaZipError, match="Exceeds the limit"):
        _check(replace(APP, dependencies=(f"a>={ENDLESS}",)))
    assert not same_version(ENDLESS, "1.0")
    metadata = f"Name: a\nVersion: 1.0\nRequires-Python: >={ENDLESS}\n"
    python = made("a", {"a-1.0.dist-info/METADATA": metadata})
    assert not [*requires_python_warnings([python], platform_of())]


def test_the_reason_is_said() -> None:
    with pytest.raises(InvalidMarker, match=r"can't be evaluated: 'extras' has no value here"):
        evaluate_marker(Marker('"x" in extras'))
