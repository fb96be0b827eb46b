"""HTTP/1.1 over one connection, one exchange after the other. The rules of the protocol are the library h11's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import h11

from pipeline.fetch.wire import BrokenAnswerError, NoAnswerError, Wire

HEAD_BYTES: Final = 100 * 1024
"""Largest head of an answer: some sites send 30 KB of cookies and policies."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. `target`: path and query as they go over the wire; `headers`: names in lower case, without Host."""

    method: str
    scheme: str
    authority: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Head:
    """How an answer starts. `headers`: names in lower case, repeated ones joined by commas (RFC 9110 section 5.3)."""

    status: int
    headers: dict[str, str]


class Exchange(Protocol):
    """One connection that requests go over, one at a time. Errors are those of `pipeline.fetch.wire`."""

    async def ask(self, request: Request, silence_s: float) -> Head:
        """Send the request; returns when the final answer's head is there."""
        ...

    async def chunk(self, silence_s: float) -> bytes | None:
        """The next piece of the body as it was sent, None at its end."""
        ...

    def reusable(self) -> bool:
        """Whether another request may be sent: the answer is complete, and the server has not hung up."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


def head(status: int, fields: Sequence[tuple[bytes, bytes]]) -> Head:
    """Header fields as text: UTF-8 where they are, which some servers send in `Location`, else Latin-1."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name = raw_name.decode("ascii")
        try:
            value = raw_value.decode("utf-8")
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Head(status, headers)


class Http1:
    """An `Exchange` in HTTP/1.1, or with a server that answers in 1.0."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self._silent = True

    async def ask(self, request: Request, silence_s: float) -> Head:
        self._silent = True
        fields = [("host", request.authority), *request.headers]
        if request.body:
            fields.append(("content-length", str(len(request.body))))
        try:
            start = h11.Request(
                method=request.method,
                target=request.target,
                # Names as they have always been written: some servers and shields know no others.
                headers=[(name.title().encode("ascii"), value.encode("utf-8")) for name, value in fields],
            )
            sent = self._state.send(start) or b""
            if request.body:
                sent += self._state.send(h11.Data(request.body)) or b""
            self._wire.write(sent + (self._state.send(h11.EndOfMessage()) or b""))
        except h11.LocalProtocolError as error:
            raise BrokenAnswerError(f"cannot be asked for: {error}") from error
        while True:
            event = await self._event(silence_s)
            if isinstance(event, h11.Response):
                return head(event.status_code, list(event.headers))
            if not isinstance(event, h11.InformationalResponse):  # 100 or 103, the answer comes after it
                raise BrokenAnswerError(f"{type(event).__name__} where an answer should start")

    async def chunk(self, silence_s: float) -> bytes | None:
        event = await self._event(silence_s)
        return bytes(event.data) if isinstance(event, h11.Data) else None

    async def _event(self, silence_s: float) -> object:
        while True:
            try:
                event = self._state.next_event()
                if event is not h11.NEED_DATA:
                    return event
                self._state.receive_data(await self._bytes(silence_s))
            except h11.RemoteProtocolError as error:
                raise BrokenAnswerError(str(error)) from error

    async def _bytes(self, silence_s: float) -> bytes:
        data = await self._wire.read_answer(silence_s, silent=self._silent)
        if not data and self._silent:
            raise NoAnswerError("hangs up without an answer")
        self._silent = False
        return data

    def reusable(self) -> bool:
        if self._state.their_state is h11.SEND_BODY:
            try:
                self._state.next_event()  # the end of a body that is empty, as that of 304, has come with the head
            except h11.RemoteProtocolError:
                return False
        if self._state.our_state is h11.DONE and self._state.their_state is h11.DONE:
            self._state.start_next_cycle()
        # What was not asked for must not be taken for the next answer.
        return self._state.our_state is h11.IDLE and self._wire.is_silent and not self._state.trailing_data[0]

    def close(self) -> None:
        self._wire.close()
