"""Which file in a zip is of which distribution."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_lambda_zip.explain import OWN, Owners, find_distributions, read_source
from tests.support.site_zips import distribution, normalize, read, zipped
from tests.support.wheels import write_wheel

INFO = "demo-1.0.dist-info"


def found_in(tree: dict[str, bytes]) -> Owners:
    return find_distributions(read(zipped(tree)))


@pytest.mark.parametrize("prefix", ["", "python/", "python/lib/python3.13/site-packages/"])
def test_by_records_in_each_place_that_lambda_has(prefix: str) -> None:
    tree = distribution({"demo/__init__.py": b""}, "Demo.App", "1.0.post1", prefix)
    owners = found_in({**tree, f"{prefix}other.py": b"", "app.py": b""})
    (found,) = owners.distributions
    assert (found.name, found.version, found.site) == ("demo-app", "1.0.post1", prefix)
    assert set(found.files) == set(tree)
    assert found.missing == ()
    own = {name for name, owner in owners.by_file.items() if owner == OWN}
    assert own == {f"{prefix}other.py", "app.py"}


def test_copies_in_other_packages_are_these_packages() -> None:
    inner = distribution({"inner/__init__.py": b""}, "inner", prefix="demo/_vendor/")
    owners = found_in(distribution({"demo/__init__.py": b"", **inner}))
    assert [found.name for found in owners.distributions] == ["demo"]
    assert set(owners.by_file.values()) == {"demo"}


def test_compiled_modules_are_of_whoever_has_the_source() -> None:
    pyc = "demo/__pycache__/__init__.cpython-313.opt-1.pyc"
    tree = distribution({"demo/__init__.py": b""})
    owners = found_in({**tree, pyc: b"", "__pycache__/app.cpython-313.pyc": b"", "app.py": b""})
    assert set(owners.distributions[0].files) == {*tree, pyc}
    assert owners.by_file[pyc] == "demo"
    assert owners.by_file["__pycache__/app.cpython-313.pyc"] == OWN


def test_a_file_of_two_distributions_counts_once() -> None:
    one = distribution({"space/__init__.py": b""}, "b-one")
    two = distribution({"space/__init__.py": b""}, "a-two")
    owners = found_in({**one, **two})
    assert [found.name for found in owners.distributions] == ["a-two", "b-one"]
    assert owners.by_file["space/__init__.py"] == "a-two"
    assert all("space/__init__.py" in found.files for found in owners.distributions)


def test_rows_where_installers_put_the_files_elsewhere() -> None:
    tree = distribution({})
    tree |= {"demo.py": b"", "bin/demo": b"", "include/demo/demo.h": b""}
    tree[f"{INFO}/RECORD"] += (
        b"demo-1.0.data/purelib/demo.py,,\n../../bin/demo,,\n"
        b"demo-1.0.data/headers/demo.h,,\ndemo-1.0.data/odd/x,,\n/etc/passwd,,\n../up.py,,\n"
    )
    owners = found_in({**tree, "app.py": b""})
    (found,) = owners.distributions
    assert {"demo.py", "bin/demo", "include/demo/demo.h"} <= set(found.files)
    assert found.missing == ("demo-1.0.data/odd/x", "/etc/passwd", "../up.py")
    assert owners.by_file["app.py"] == OWN
    # Afterwards RECORD says where the files are.
    again = find_distributions(read(normalize(zipped(tree))[0])).distributions[0]
    assert (again.missing, set(again.files)) == ((), set(found.files))


@pytest.mark.parametrize(
    "record",
    [b"", b"\xff\xfe,,", b'"open,,\n', b"\0", b"demo.py\n", b"demo.py,md5=abc,1\n", b",,,,\n"],
)
def test_records_that_are_none_raise_nothing(record: bytes) -> None:
    tree = {**distribution({"demo.py": b""}), f"{INFO}/RECORD": record}
    (found,) = found_in(tree).distributions
    assert found.rows is not None
    assert set(found.rows) <= {"demo.py"}
    assert found.rows.get("demo.py") is None


def test_names_without_metadata_that_can_be_read() -> None:
    tree = distribution({}, "My_Demo", "2.0")
    for metadata in (b"\xff", b"no field", b"Summary: no name\n"):
        (found,) = found_in({**tree, "My_Demo-2.0.dist-info/METADATA": metadata}).distributions
        assert (found.name, found.version) == ("my-demo", "2.0")
    only = {"My_Demo-2.0.dist-info/LICENSE": b""}
    assert found_in(only).distributions == ()


def test_a_wheel_has_one_distribution(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, {"carrier.py": b"", "carrier-1.0.data/scripts/run": b"#!python"})
    owners = find_distributions(read_source(wheel))
    assert [(found.name, found.version) for found in owners.distributions] == [("carrier", "1.0")]
    assert set(owners.by_file.values()) == {"carrier"}
