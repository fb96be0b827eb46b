"""One connection's bytes, both ways, and what can go wrong with it. What they mean is http1.py's and http2.py's."""

import asyncio
from typing import Final, cast

from pipeline.errors import InputError

_HIGH_WATER: Final = 256 * 1024
"""Bytes that may lie unread before the server is made to wait: an endless body must not fill the memory."""


class HttpError(InputError):
    """An exchange over HTTP that did not come about.

    HttpError
    ├── NoConnectionError       nothing was sent
    │   ├── SlowConnectionError     no connection in time
    │   └── TlsError                no secure connection: certificate, name, protocol
    ├── NotAnAddressError       nothing was sent: the address is none of the web's
    ├── SilenceError            the server said nothing for too long
    └── BrokenAnswerError       the answer breaks off, or is not HTTP
        └── NoAnswerError           the connection ended before its first byte
    """


class NoConnectionError(HttpError):
    """No connection to the server came about."""


class SlowConnectionError(NoConnectionError):
    """No connection came about in time."""


class TlsError(NoConnectionError):
    """No secure connection came about."""


class NotAnAddressError(HttpError):
    """An address that is none of the web's."""


class SilenceError(HttpError):
    """The server said nothing for too long."""


class BrokenAnswerError(HttpError):
    """The answer breaks off or breaks the rules of HTTP."""


class NoAnswerError(BrokenAnswerError):
    """The server ended the connection without a byte of an answer."""


class Wire(asyncio.Protocol):
    """A connection as asyncio's event loop drives it. One reader at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._came: list[bytes] = []
        self._size = 0
        self._paused = False
        self._ended = False
        self._fault: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._came.append(data)
        self._size += len(data)
        if self._size > _HIGH_WATER and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._fault = exc
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def is_silent(self) -> bool:
        """Whether the connection stands and nothing has come: an idle one of which this is not true was closed."""
        return not self._ended and not self._came and self._transport is not None

    @property
    def agreed(self) -> str:
        """The protocol that TLS agreed on, "" where it did not say."""
        secure = self._transport.get_extra_info("ssl_object") if self._transport else None
        return (secure.selected_alpn_protocol() if secure else None) or ""

    def write(self, data: bytes) -> None:
        """Send bytes, as soon as the system takes them."""
        if self._transport is not None:
            self._transport.write(data)

    def taken(self) -> bytes:
        """What has come so far, without waiting."""
        data = self._came[0] if len(self._came) == 1 else b"".join(self._came)
        self._came.clear()
        self._size = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def read(self, silence_s: float) -> bytes:
        """The next bytes, b"" at the end. Raises SilenceError, or BrokenAnswerError where the connection broke."""
        if not self._came and not self._ended:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(silence_s):
                    await self._waiter
            except TimeoutError as error:
                raise SilenceError("silent for too long within its answer") from error
            finally:
                self._waiter = None
        if self._came:
            return self.taken()
        if self._fault is not None:
            raise BrokenAnswerError(f"the connection broke: {self._fault}") from self._fault
        return b""

    async def read_answer(self, silence_s: float, *, silent: bool) -> bytes:
        """`read` for an answer. While nothing of that has come (`silent`), a broken connection is a NoAnswerError."""
        try:
            return await self.read(silence_s)
        except BrokenAnswerError as error:
            if silent:
                raise NoAnswerError(str(error)) from error
            raise

    def close(self) -> None:
        """End it at once: TLS would otherwise wait for the server's farewell."""
        if self._transport is not None:
            self._transport.abort()
