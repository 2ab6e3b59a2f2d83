"""Names that every file system can hold and tells apart."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hatchling.bridge.app import Application

from hatch_lambda_zip.config.model import Artifact, Kind, Strip
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.contents.decide import Contents, decide_function, decide_layer
from hatch_lambda_zip.contents.names import check_names
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install.read import Installed
from hatch_lambda_zip.lock.model import Origin
from hatch_lambda_zip.plugin.app import aborting
from tests.support.installed import entry_of, made, platform_of

PROJECT = Project("orders", "1.0", "orders-1.0", ("one", "two"))
FUNCTION = Artifact("api", "api", "here.functions.api", Kind.FUNCTION, platform_of())
LAYER = replace(FUNCTION, kind=Kind.LAYER, key="here.layers.api")
ORDERS = made("orders", {"orders.py": ""}, requires=["one", "two"], origin=Origin.LOCAL)


def unreadable(installed: Installed) -> Installed:
    """Let files outside of the dist-info directory be gone."""
    entries = [
        entry if installed.is_metadata(entry.name) else replace(entry, content=Path("/nowhere"))
        for entry in installed.entries
    ]
    return replace(installed, entries=tuple(entries))


def decide(*distributions: Installed, options: Options | None = None) -> Contents:
    artifact = FUNCTION if options is None else replace(FUNCTION, options=options)
    return decide_function(artifact, PROJECT, (ORDERS, *distributions), (), {})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Data.py", "data.py"),
        ("pkg/a.py", "pkg/A.py"),
        ("Pkg/a.py", "pkg/b.py"),
        ("a/Deep/x", "a/deep/y"),
        ("\u00c9.txt", "\u00e9.txt"),
        ("stra\u00dfe", "STRASSE"),
        ("\u00e9", unicodedata.normalize("NFD", "\u00c9")),
    ],
)
def test_case_twins_are_refused(one: str, other: str) -> None:
    for names in ([(one, "a"), (other, "b")], [(other, "a"), (one, "a")]):
        with pytest.raises(ContentsError, match="in nothing but upper and lower case"):
            check_names(names, local=())


def test_one_name_in_two_forms_of_unicode_is_called_so() -> None:
    with pytest.raises(ContentsError) as caught:
        check_names([("\u00e9", "one"), ("e\u0301", "two")], local=())
    assert r"'\xe9' and 'e\u0301' are one name in two forms of Unicode, and" in str(caught.value)


def test_names_that_differ_in_more_are_none() -> None:
    check_names(
        [("a/b", "one"), ("a/c", "one"), ("b/a", "two"), ("a/b", "two"), ("ab", "x")], local=()
    )


@pytest.mark.parametrize("kind", [Kind.FUNCTION, Kind.LAYER])
@pytest.mark.parametrize("together", [False, True])
def test_they_are_found_by_name_before_anything_is_read(
    kind: Kind,
    together: bool,  # noqa: FBT001
) -> None:
    files = ("Data/a.py", "data/b.py")
    one, two = made("one", dict.fromkeys(files, "")), made("two")
    if not together:
        one, two = (
            made(name, {file: ""}) for name, file in zip(("one", "two"), files, strict=True)
        )
    tests = made("three", {"three/tests/a.py": "", "three/b.py": ""})
    installed = [unreadable(item) for item in (one, two, tests)]
    options = Options().changed(strip=(Strip.TESTS,))

    def run() -> Contents:
        if kind is Kind.LAYER:
            return decide_layer(replace(LAYER, options=options), PROJECT, installed, ())
        return decide(*installed, options=options)

    with pytest.raises(ContentsError) as caught:
        run()
    prefix = "python/" if kind is Kind.LAYER else ""
    owner = "one" if together else "two"
    assert str(caught.value) == (
        f"one ships {prefix}Data/a.py, and {owner} ships {prefix}data/b.py: {prefix}Data and "
        f"{prefix}data differ in nothing but upper and lower case, and the file systems of macOS "
        "and Windows have room for one of them. Rename one of them, or leave it out by "
        "`exclude-files`, or one of the distributions by `exclude-distributions`."
    )


def test_added_files_are_twins_too() -> None:
    with pytest.raises(ContentsError, match=r"differ in nothing but"):
        decide_function(FUNCTION, PROJECT, (ORDERS,), (entry_of("Orders.py", "", "orders"),), {})


def test_own_files_that_are_left_out_are_no_twins() -> None:
    package = made("orders", {"a.py": "", "A.py": ""}, origin=Origin.LOCAL)
    options = Options().changed(exclude=("A.py",))
    artifact = replace(FUNCTION, options=options)
    contents = decide_function(artifact, PROJECT, (package,), (), {})
    assert "a.py" in [entry.name for entry in contents.entries]


@pytest.mark.parametrize("name", ["x" * 256, f"a/{'é' * 128}/b"])
def test_components_that_lambda_can_not_have_are_refused(name: str) -> None:
    with pytest.raises(ContentsError, match=r"has more than 255 bytes"):
        decide(made("one", {name: ""}))
    check_names([("x" * 255, "one"), (f"{'y' * 255}/{'z' * 255}", "one")], local=())


@pytest.mark.parametrize("name", [unicodedata.normalize("NFD", "é"), "a\\b", "a\nb", "\udcff"])
def test_local_names_are_composed_and_plain(name: str) -> None:
    with pytest.raises(ContentsError):
        check_names([(name, "orders")], local=("orders",))
    check_names([(name, "other")], local=("orders",))


def test_local_names_that_a_locale_takes_for_others_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On disk, names are bytes: those of tür.txt are another name in ISO-8859-9."""
    name = "tür.txt".encode().decode("iso8859-9")
    check_names([(name, "orders")], local=("orders",))
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-9")
    check_names([("size.txt", "orders"), (name, "other")], local=("orders",))
    with pytest.raises(ContentsError, match=r"takes the names of files for iso8859-9.* PYTHONUTF8"):
        check_names([(name, "orders")], local=("orders",))


def test_a_name_that_a_locale_has_no_bytes_for_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit), aborting(Application()):
        "größe.txt".encode("ascii")  # a mistake of ours, where names are UTF-8
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    with pytest.raises(SystemExit), aborting(Application()):
        "größe.txt".encode("ascii")
    said = capsys.readouterr().err
    assert r"Error: 'gr\xf6\xdfe.txt': this Python takes the names" in said
    assert "Traceback" not in said


def test_names_that_look_like_secrets_are_a_warning() -> None:
    begin = "-----BEGIN {}-----\nMII"
    files = {
        "orders/.env": "",
        "orders/a.pem": "",
        "orders/b.pem": begin.format("RSA PRIVATE KEY"),
        "orders/global-bundle.pem": begin.format("CERTIFICATE").ljust(1 << 20),
        "orders/vast.pem": begin.format("CERTIFICATE").ljust((1 << 20) + 1),  # is not looked into
    }
    package = made("orders", files, origin=Origin.LOCAL)
    third = made("one", {"one/cacert.pem": ""})
    contents = decide_function(FUNCTION, PROJECT, (package, third), (), {})
    (warning,) = contents.warnings
    assert warning == (
        "orders/.env, orders/a.pem, orders/b.pem, orders/vast.pem may be secret, and everybody who "
        "can read the function gets it; leave it out, unless it is meant to ship"
    )


@pytest.mark.parametrize("local", [True, False])
def test_a_path_that_lambda_cannot_open_is_refused(local: bool) -> None:  # noqa: FBT001
    own = {"demo"} if local else set()
    longest = "é/" * 1361 + "xy"
    assert len(f"/var/task/{longest}".encode()) == 4095
    check_names([(longest, "demo")], local=own)
    for name in (f"{longest}z", "a/" * 40_000 + "x", "bin/" + "a/" * 40_000 + "x"):
        with pytest.raises(ContentsError, match="the path has more than 4085 bytes") as caught:
            check_names([(name, "demo")], local=own)
        assert len(str(caught.value)) < 250
