"""Content encodings within a limit, however the bytes are cut into chunks."""

import contextlib
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fetch.decode import BodyReader, BrokenEncodingError, TooLargeError
from tests.servers import Encoding, compressed

LIMIT = 100_000


def read(body: bytes, encoding: str, chunk: int, limit: int = LIMIT) -> bytes:
    reader = BodyReader(encoding, limit)
    for start in range(0, len(body), chunk):
        reader.feed(body[start : start + chunk])
    return reader.body()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from(["gzip", "deflate", "br"]), st.integers(1, 50))
def test_what_was_compressed_comes_back(body: bytes, encoding: Encoding, chunk: int) -> None:
    plain = b"<rss>" + body
    assert read(compressed(plain, encoding), encoding, chunk) == plain


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "x-gzip", "identity", "zstd"]))
def test_arbitrary_bytes_raise_only_what_is_promised(body: bytes, encoding: str) -> None:
    with contextlib.suppress(BrokenEncodingError, TooLargeError):
        read(body, encoding, 10)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_body_of_exactly_the_limit_is_read(encoding: Encoding) -> None:
    assert len(read(compressed(b"<" * LIMIT, encoding), encoding, 1000)) == LIMIT


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_one_byte_more_is_too_large(encoding: Encoding) -> None:
    with pytest.raises(TooLargeError):
        read(compressed(b"<" * (LIMIT + 1), encoding), encoding, 1000)


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_bomb_is_never_unpacked_beyond_the_limit(encoding: Encoding) -> None:
    """One chunk holds it all: what is decoded is bounded by steps, not by the size of chunks."""
    bomb = compressed(bytes(50_000_000), encoding)
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            BodyReader(encoding, LIMIT).feed(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


def test_gzip_within_gzip_is_bounded_too() -> None:
    inner = compressed(bytes(5_000_000), "gzip")
    with pytest.raises(TooLargeError):
        read(inner, "", 1000)
