"""Content-Encoding undone within a limit: a bomb stops at the limit, not after it has filled the memory."""

import zlib
from typing import Final, Protocol

import brotli

ACCEPT_ENCODING: Final = "gzip, deflate, br"
_STEP: Final = 256 * 1024
_TELLING_BYTES: Final = 2
"""What is needed to tell gzip, zlib, raw deflate and plain text from each other."""

_GZIP_MAGIC: Final = b"\x1f\x8b"


class TooLargeError(Exception):
    """More bytes than the limit allows."""


class BrokenEncodingError(Exception):
    """The body is not what its Content-Encoding says, or it ends early."""


class _Decoder(Protocol):
    def feed(self, data: bytes, limit: int) -> bytes: ...

    def finished(self) -> bool: ...


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)

    def feed(self, data: bytes, limit: int) -> bytes:
        out: list[bytes] = []
        size = 0
        while data and not self._inner.eof:
            try:
                piece = self._inner.decompress(data, _STEP)
            except zlib.error as error:
                raise BrokenEncodingError(f"cannot be decompressed: {error}") from error
            size += len(piece)
            out.append(piece)
            if size > limit:
                raise TooLargeError
            data = self._inner.unconsumed_tail
        return b"".join(out)

    def finished(self) -> bool:
        return self._inner.eof


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    def feed(self, data: bytes, limit: int) -> bytes:
        out: list[bytes] = []
        size = 0
        while True:
            try:
                piece = self._inner.process(data, output_buffer_limit=_STEP)
            except brotli.error as error:
                raise BrokenEncodingError(f"cannot be decompressed: {error}") from error
            size += len(piece)
            out.append(piece)
            if size > limit:
                raise TooLargeError
            if self._inner.can_accept_more_data() or self._inner.is_finished():
                return b"".join(out)
            data = b""

    def finished(self) -> bool:
        return bool(self._inner.is_finished())


class BodyReader:
    """Takes the raw chunks of one answer and gives its decoded body, at most `max_bytes` long.

    `content_encoding` is the header's value. Servers that announce gzip or deflate and send plain text are believed
    by their bytes. `feed` and `body` raise TooLargeError or BrokenEncodingError.
    """

    def __init__(self, content_encoding: str, max_bytes: int) -> None:
        self._names = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
        self._max_bytes = max_bytes
        self._decoders: list[_Decoder] | None = None
        self._start = b""
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next raw bytes."""
        if self._decoders is None:
            self._start += chunk
            if len(self._start) < _TELLING_BYTES:
                return
            chunk = self._start
            self._decoders = _decoders(self._names, chunk)
        self._decode(chunk)

    def _decode(self, chunk: bytes) -> None:
        for decoder in self._decoders or ():
            chunk = decoder.feed(chunk, self._max_bytes - self._size)
        self._size += len(chunk)
        if self._size > self._max_bytes:
            raise TooLargeError
        self._parts.append(chunk)

    def body(self) -> bytes:
        """The whole decoded body, after the last chunk."""
        if self._decoders is None and self._start:
            self._decoders = _decoders(self._names, self._start)
            self._decode(self._start)
        if any(not decoder.finished() for decoder in self._decoders or ()):
            raise BrokenEncodingError("the compressed body ends early")
        body = b"".join(self._parts)
        if body.startswith(_GZIP_MAGIC):  # a .xml.gz file served as it is
            decoder = _Zlib(zlib.MAX_WBITS | 16)
            body = decoder.feed(body, self._max_bytes)
            if not decoder.finished():
                raise BrokenEncodingError("the gzip file ends early")
        return body


def _decoders(names: list[str], first: bytes) -> list[_Decoder]:
    decoders: list[_Decoder] = []
    for name in reversed(names):  # RFC 9110 section 8.4: listed in the order in which they were applied
        if name in ("gzip", "x-gzip"):
            if first.startswith(_GZIP_MAGIC) or decoders:
                decoders.append(_Zlib(zlib.MAX_WBITS | 16))
        elif name == "deflate":
            if not first.lstrip().startswith(b"<"):
                # RFC 9110 means zlib, some servers send raw deflate: a zlib header's two bytes divide by 31.
                zlib_header = len(first) > 1 and first[0] & 0x0F == 8 and (first[0] << 8 | first[1]) % 31 == 0
                decoders.append(_Zlib(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS))
        elif name == "br":
            decoders.append(_Brotli())
        elif name != "identity":
            raise BrokenEncodingError(f"its Content-Encoding {name!r} was not asked for and is not known")
    return decoders
