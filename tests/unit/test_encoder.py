from __future__ import annotations

import errno
import hashlib
import zlib

import deflate
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.archive import ENCODER, encoder
from hatch_lambda_zip.errors import ToolError

pytestmark = pytest.mark.every_python


def test_this_machines_encoder_is_the_pinned_one() -> None:
    encoder.check_encoder()
    assert deflate.__version__ == ENCODER.version
    assert tuple(ENCODER) == ("deflate", "0.9.0", 6)


def test_where_there_is_no_memory_it_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr("mmap.mmap", refuse)
    monkeypatch.setattr(encoder, "compress", lambda _data: pytest.fail("it was"))
    with pytest.raises(MemoryError):
        encoder.check_encoder()


@pytest.mark.parametrize("level", [*range(1, 6), *range(7, 13)])
def test_another_level_is_noticed(monkeypatch: pytest.MonkeyPatch, level: int) -> None:
    monkeypatch.setattr(encoder, "ENCODER", ENCODER._replace(level=level))
    with pytest.raises(ToolError):
        encoder.check_encoder()


def test_another_encoder_is_noticed_and_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def compress_with_zlib(data: bytes) -> bytearray:
        compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
        return bytearray(compressor.compress(data) + compressor.flush())

    monkeypatch.setattr(encoder, "compress", compress_with_zlib)
    with pytest.raises(ToolError) as caught:
        encoder.check_encoder()
    message = str(caught.value)
    assert message.startswith(
        "The installed deflate 0.9.0 does not compress like deflate 0.9.0 from the package index, "
        "so the zip's bytes would differ from those of other machines."
    )
    assert "`pip install --only-binary :all: deflate==0.9.0`" in message


def test_the_check_vector_is_the_same_everywhere() -> None:
    vector = encoder.check_vector()
    assert 200_000 < len(vector) < 300_000
    assert hashlib.sha256(vector).hexdigest() == (
        "defc2c236d4e751ba1560b69d0d115aaa63980a95b955eeb0acf4b9825c5814e"
    )


def test_the_compressed_check_vector_is_the_formats_definition() -> None:
    compressed = encoder.compress(encoder.check_vector())
    assert hashlib.sha256(compressed).hexdigest() == (
        "205382bf5a618911267cefe0b9e3363fd3bbb09a0140c84cb15352a520e2c138"
    )


@given(st.binary(max_size=2_000))
def test_the_stream_is_raw_deflate(data: bytes) -> None:
    assert zlib.decompress(encoder.compress(data), -15) == data
    assert encoder.crc32(data) == zlib.crc32(data)
    assert encoder.compress(data) == encoder.compress(data)
