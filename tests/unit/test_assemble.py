"""Contents of layers, and with files of the project."""

from __future__ import annotations

import pytest

from hatch_lambda_zip.contents.assemble import assemble
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.record import parse_record
from tests.support.installed import entry_of, made


def test_a_prefix_stands_before_everything_but_in_the_records() -> None:
    package = made("demo", {"demo.py": "x", "bin/tool": ""})
    plain, prefixed = assemble([package]), assemble([package], prefix="python/")
    assert [entry.name for entry in prefixed] == [f"python/{entry.name}" for entry in plain]
    for entry, other in zip(plain, prefixed, strict=True):
        assert entry.read() == other.read()
    (record,) = (entry for entry in prefixed if entry.name.endswith("/RECORD"))
    rows = parse_record(record.read().decode(), "RECORD")
    assert [row.path for row in rows] == [entry.name for entry in plain]


def test_added_files_have_their_own_names_and_are_in_no_record() -> None:
    added = [entry_of("z.toml", "1"), entry_of("a/b.toml", "2")]
    contents = assemble([made("demo", {"demo.py": ""})], added=added, prefix="python/")
    names = [entry.name for entry in contents]
    assert names == sorted(names)
    assert {"z.toml", "a/b.toml", "python/demo.py"} <= {*names}
    records = [entry.read() for entry in contents if entry.name.endswith("/RECORD")]
    assert all(b"toml" not in record for record in records)


def test_files_alone_make_a_zip() -> None:
    assert [entry.name for entry in assemble([], added=[entry_of("a", "")])] == ["a"]


@pytest.mark.parametrize("prefix", ["", "python/"])
def test_an_added_file_that_would_replace_another_is_refused(prefix: str) -> None:
    package = made("demo", {"demo.py": "right"})
    name = f"{prefix}demo.py"
    contents = assemble([package], added=[entry_of(name, "right", "own")], prefix=prefix)
    assert [entry.distribution for entry in contents if entry.name == name] == ["demo"]
    with pytest.raises(ContentsError) as caught:
        assemble([package], added=[entry_of(name, "wrong", "own")], prefix=prefix)
    assert str(caught.value) == (
        f"`include-files` puts {name} into the zip, which demo ships with different content. "
        "Choose another place for it, or leave the other out by `exclude-files`."
    )


def test_an_added_file_beside_the_prefix_replaces_nothing() -> None:
    added = [entry_of("demo.py", "other")]
    assert len(assemble([made("demo", {"demo.py": ""})], added=added, prefix="python/")) == 4


@pytest.mark.parametrize(
    "name", ["demo", "demo-1.0.dist-info", "demo.py/inner", "demo-1.0.dist-info/METADATA/a"]
)
def test_an_added_file_is_no_directory_and_the_other_way_round(name: str) -> None:
    package = made("demo", {"demo/a.py": "", "demo.py": ""})
    with pytest.raises(ContentsError, match=r" as a file, and .* has it as a directory with "):
        assemble([package], added=[entry_of(name, "")])


def test_the_prefix_itself_can_not_be_a_file() -> None:
    with pytest.raises(ContentsError, match=r"^own ships python as a file, and demo has it"):
        assemble([made("demo")], added=[entry_of("python", "", "own")], prefix="python/")


def test_the_record_of_a_distribution_can_not_be_replaced() -> None:
    added = [entry_of("demo-1.0.dist-info/RECORD", "mine")]
    with pytest.raises(ContentsError, match=r"^`include-files` puts demo-1\.0\.dist-info/RECORD"):
        assemble([made("demo")], added=added)
