"""HTTP/2 over one connection, one exchange after the other. The rules of the protocol are the library h2's.

Several requests at once over one connection would be of no use here: a domain is asked twice at once at most.
"""

from collections import deque
from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, ResponseReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from pipeline.fetch.http1 import HEAD_BYTES, Head, Request, head
from pipeline.fetch.wire import BrokenAnswerError, NoAnswerError, Wire

_WINDOW_BYTES: Final = 1024 * 1024
"""What a server may send before we confirm anything: most feeds, whole."""


class Http2:
    """An `Exchange` in HTTP/2. Requests have no body."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._state = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._state.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW_BYTES,
                SettingCodes.MAX_HEADER_LIST_SIZE: HEAD_BYTES,
            },
        )
        self._state.initiate_connection()
        self._state.increment_flow_control_window(_WINDOW_BYTES)
        self._stream = 0
        self._events: deque[Event] = deque()
        self._complete = False
        self._leaving = False
        self._silent = True

    async def ask(self, request: Request, silence_s: float) -> Head:
        assert not request.body
        self._complete, self._silent = False, True
        fields = [
            (":method", request.method), (":authority", request.authority), (":scheme", request.scheme),
            (":path", request.target), *request.headers,
        ]  # fmt: skip
        try:
            self._stream = self._state.get_next_available_stream_id()
            encoded = [(name.encode("ascii"), value.encode("utf-8")) for name, value in fields]
            self._state.send_headers(self._stream, encoded, end_stream=True)
        except ProtocolError as error:
            raise BrokenAnswerError(f"cannot be asked for: {error}") from error
        self._wire.write(self._state.data_to_send())
        while True:
            event = await self._event(silence_s)
            if isinstance(event, ResponseReceived):
                fields_back = [(bytes(name), bytes(value)) for name, value in event.headers]
                status = dict(fields_back)[b":status"]
                return head(int(status), [field for field in fields_back if field[0][:1] != b":"])

    async def chunk(self, silence_s: float) -> bytes | None:
        while not self._complete:
            event = await self._event(silence_s)
            if isinstance(event, DataReceived):
                self._state.acknowledge_received_data(event.flow_controlled_length, self._stream)
                self._wire.write(self._state.data_to_send())
                return event.data
            if isinstance(event, StreamEnded):
                self._complete = True
        return None

    async def _event(self, silence_s: float) -> Event:
        """The next event of our stream, whatever else the server says meanwhile."""
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, StreamReset) and event.stream_id == self._stream:
                    raise BrokenAnswerError(f"breaks off its answer (HTTP/2 error {event.error_code})")
                if getattr(event, "stream_id", None) == self._stream:
                    return event
            if self._leaving:
                raise BrokenAnswerError("ends the connection within its answer")
            self._take(await self._bytes(silence_s))

    async def _bytes(self, silence_s: float) -> bytes:
        data = await self._wire.read_answer(silence_s, silent=self._silent)
        if not data:
            raise (NoAnswerError if self._silent else BrokenAnswerError)("hangs up within its answer")
        return data

    def _take(self, data: bytes) -> None:
        try:
            events = self._state.receive_data(data)
        except ProtocolError as error:
            raise BrokenAnswerError(f"breaks the rules of HTTP/2: {error}") from error
        self._wire.write(self._state.data_to_send())  # confirms settings, answers pings
        self._leaving = self._leaving or any(isinstance(event, ConnectionTerminated) for event in events)
        self._silent = self._silent and not any(isinstance(event, ResponseReceived) for event in events)
        self._events.extend(events)

    def reusable(self) -> bool:
        ours = [event for event in self._events if getattr(event, "stream_id", None) == self._stream]
        if not self._complete and not (len(ours) == 1 and isinstance(ours[0], StreamEnded)):
            return False
        self._complete = True
        self._events.clear()
        if not self._wire.is_silent:  # settings and pings may come at any time, and a farewell
            try:
                self._take(self._wire.taken())
            except BrokenAnswerError:
                return False
        return self._wire.is_silent and not self._leaving

    def close(self) -> None:
        self._wire.close()
