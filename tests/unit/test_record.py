from __future__ import annotations

import base64
import csv
import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.files import path_problem
from hatch_lambda_zip.record import Digest, RecordRow, check_path, format_record, parse_record

pytestmark = pytest.mark.every_python

SOURCE = "RECORD of demo 1.0"
HASH = "sha256=" + "A" * 43

# What a file on Lambda may be called; commas and quotes are what CSV has to escape.
names = st.text(
    st.sampled_from(",\" '#;=é漢🐍ab._-") | st.characters(exclude_categories=["Cs", "Cc"]),
    min_size=1,
    max_size=12,
).filter(lambda name: "/" not in name and path_problem(name, "here") is None)
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
digests = st.builds(
    Digest.of, st.binary(max_size=8), st.sampled_from(["sha256", "sha384", "sha512"])
)
rows = st.lists(
    st.tuples(paths, st.none() | digests, st.none() | st.integers(0, 2**40)),
    unique_by=lambda row: row[0],
    max_size=8,
)


@given(rows)
def test_what_is_written_is_read_back_in_order(
    rows: list[tuple[str, Digest | None, int | None]],
) -> None:
    text = format_record(rows).decode()
    expected = [RecordRow(path, digest) for path, digest, _ in rows]
    expected.sort(key=lambda row: row.path.encode())
    assert parse_record(text, SOURCE) == expected
    assert format_record(reversed(rows)).decode() == text


def test_the_written_form() -> None:
    assert (
        format_record(
            [
                ("demo/ü.py", Digest("sha256", "abc"), 3),
                ("demo/a,b.py", Digest("sha512", "x_-"), 0),
                ("demo/Z.py", Digest("sha256", "abc"), 12),
                ('demo/say "hi".py', Digest("sha256", "abc"), 1),
                ("demo/ spaced .py", Digest("sha256", "abc"), 1),
                ("demo-1.0.dist-info/RECORD", None, None),
            ]
        )
        == (
            "demo-1.0.dist-info/RECORD,,\n"
            "demo/ spaced .py,sha256=abc,1\n"
            "demo/Z.py,sha256=abc,12\n"
            '"demo/a,b.py",sha512=x_-,0\n'
            '"demo/say ""hi"".py",sha256=abc,1\n'
            "demo/ü.py,sha256=abc,3\n"
        ).encode()
    )


def test_the_order_is_that_of_the_bytes_and_not_that_of_utf_16() -> None:
    # U+FFFD sorts before U+1F40D in UTF-8 and in code points, but after it in UTF-16.
    text = format_record([("\U0001f40d", None, None), ("\ufffd", None, None)]).decode()
    assert text == "\ufffd,,\n\U0001f40d,,\n"


def test_other_writers_line_ends_quotes_and_blank_lines_are_read() -> None:
    text = f'a.py,{HASH},1\r\n\r\n"b.py","{HASH}=",\r\ndemo-1.0.dist-info/RECORD,,\r\n'
    digest = Digest("sha256", "A" * 43)
    assert parse_record(text, SOURCE) == [
        RecordRow("a.py", digest),
        RecordRow("b.py", digest),
        RecordRow("demo-1.0.dist-info/RECORD", None),
    ]
    assert parse_record("", SOURCE) == []


@given(st.binary(), st.sampled_from(["sha256", "sha384", "sha512"]))
def test_a_digest_is_urlsafe_base64_without_padding(data: bytes, algorithm: str) -> None:
    name, _, value = str(Digest.of(data, algorithm)).partition("=")
    assert name == algorithm
    assert "=" not in value
    padded = value + "=" * (-len(value) % 4)
    assert base64.urlsafe_b64decode(padded) == hashlib.new(algorithm, data).digest()


def test_sha256_is_the_default() -> None:
    assert str(Digest.of(b"")) == "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/etc/passwd", "..", "../a.py", "a/../b.py", "a/..", ".", "./a.py", "a/./b.py"),
        *("a//b.py", "a/", "//server/share", "a\\b.py", "..\\a.py", "C:/a.py", "c:a.py"),
    ],
)
def test_unsafe_paths_are_refused(path: str) -> None:
    message = (
        f"{SOURCE}: {path!r} is not a plain relative path below the package directory; "
        "the wheel is malformed"
    )
    with pytest.raises(DistributionError) as caught:
        check_path(path, SOURCE)
    assert str(caught.value) == message
    with pytest.raises(DistributionError) as caught:
        parse_record(f'"{path}",{HASH},1\n', SOURCE)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "path", ["a.py", "a/b.py", "...", "a/..b", "a../b", ".hidden", "a b", "a/c:d"]
)
def test_plain_paths_are_accepted(path: str) -> None:
    check_path(path, SOURCE)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "SHA256", "crc32", ""])
def test_weak_and_unknown_hashes_are_refused(algorithm: str) -> None:
    cell = f"{algorithm}=AAAA"
    with pytest.raises(DistributionError) as caught:
        parse_record(f"ok.py,{HASH},1\na.py,{cell},1\n", SOURCE)
    assert str(caught.value) == (
        f"{SOURCE}: the hash {cell!r} of a.py is not sha256 or better (PEP 427)"
    )


@pytest.mark.parametrize("cell", ["sha256", "sha256=", "A" * 43])
def test_a_hash_without_a_value_or_an_algorithm_is_refused(cell: str) -> None:
    with pytest.raises(DistributionError, match=r"of a\.py is not sha256 or better"):
        parse_record(f"a.py,{cell},1\n", SOURCE)


@pytest.mark.parametrize("line", ["a.py", f"a.py,{HASH}", f"a.py,{HASH},1,", f"a,b.py,{HASH},1"])
def test_a_row_needs_three_cells(line: str) -> None:
    with pytest.raises(DistributionError) as caught:
        parse_record(line + "\n", SOURCE)
    assert str(caught.value) == f"{SOURCE}: {line!r} is not 'path,hash,size'"


def test_a_cell_too_long_for_the_csv_module_is_an_error_of_ours() -> None:
    with pytest.raises(DistributionError, match=r"RECORD of demo 1\.0"):
        parse_record("a" * (csv.field_size_limit() + 1) + f",{HASH},1\n", SOURCE)


def test_an_unclosed_quote_does_not_swallow_the_rows_after_it() -> None:
    with pytest.raises(DistributionError, match=r"RECORD of demo 1\.0"):
        parse_record(f'"a.py,{HASH},1\nb.py,{HASH},1\n', SOURCE)


@given(st.text(max_size=60) | st.text(st.sampled_from('a./\\,"\n\r=sh256 '), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_record(text, SOURCE)
    except DistributionError as error:
        message = str(error)
    else:
        assert len(found) <= len(list(csv.reader(io.StringIO(text, newline=""))))
        return
    assert message.startswith(SOURCE)


def test_a_nul_is_refused() -> None:
    with pytest.raises(DistributionError, match="has a NUL character"):
        parse_record("a\0b,,\n", "RECORD of demo 1.0")


@pytest.mark.parametrize("character", ["\r", "\n", "\t", "\x1f", "\x7f", "\x9b", "\u202e"])
def test_a_control_character_in_a_name_is_refused(character: str) -> None:
    # Python's csv module quotes them by version, and Lambda's tools have no use for them.
    with pytest.raises(DistributionError, match="is not a plain relative path"):
        check_path(f"a{character}b", SOURCE)


def test_fields_are_quoted_by_the_standard_alone() -> None:
    rows: list[tuple[str, Digest | None, int | None]] = [
        ("a,b", None, 1),
        ('a"b', None, 2),
        (" a'b;#", None, 3),
    ]
    assert format_record(rows) == b' a\'b;#,,3\n"a""b",,2\n"a,b",,1\n'


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_a_digest_that_was_written(algorithm: str) -> None:
    digest = Digest.of(b"x", algorithm)
    assert Digest.written(str(digest)) == digest
    for text in (str(digest)[:-1], f"{digest}A", digest.value, str(digest).replace("sha", "shb")):
        with pytest.raises(ValueError, match=text):
            Digest.written(text)
