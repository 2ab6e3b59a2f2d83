"""What is said of modules that are called like Python's own."""

from __future__ import annotations

from hatch_lambda_zip.contents.cautions import like_pythons_own
from hatch_lambda_zip.lock.model import Origin
from tests.support.installed import entry_of, made, platform_of


def test_a_dependency_that_stands_in_for_the_standard_library() -> None:
    backport = made("enum34", {"enum/__init__.py": "", "enum/typing.py": ""})
    other = made("demo", {"demo/json.py": "", "__main__.py": "", "queue/data.txt": ""})
    (warning,) = like_pythons_own([backport, other], [], platform_of().runtime)
    assert warning == (
        "enum of enum34: Python itself has a module of that name, and on Lambda whatever imports "
        "that gets this one (unless the runtime has loaded Python's before); to leave it out, "
        '`exclude = ["enum34"]`'
    )


def test_own_modules() -> None:
    package = made("app", {"calendar.py": "", "app/types.py": ""}, origin=Origin.LOCAL)
    files = [entry_of("secrets.py", "", "app"), entry_of("handler.py", "", "app")]
    (warning,) = like_pythons_own([package], files, platform_of().runtime)
    assert warning.startswith("calendar, secrets: Python itself has a module")
    assert warning.endswith("; rename it")


def test_what_the_runtimes_python_no_longer_has() -> None:
    successor = made("audioop-lts", {"audioop.py": ""})
    assert not [*like_pythons_own([successor], [], platform_of("python3.13").runtime)]
    assert [*like_pythons_own([successor], [], platform_of("python3.12").runtime)]
