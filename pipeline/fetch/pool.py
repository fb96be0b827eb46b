"""The HTTP client of feeds and webhooks: guarded connections, kept for a moment, one exchange at a time on each.

It does what fetching needs and no more: no cookies, no redirects (client.py follows them itself, past the guard), no
proxies of the environment (they would resolve names past the guard), no decompression (decode.py has the limits). Why
not a general client: docs/decisions/0012.
"""

import asyncio
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote

import httpx2

from pipeline.fetch.guard import Guard
from pipeline.fetch.http1 import Exchange, Http1, Request
from pipeline.fetch.http2 import Http2
from pipeline.fetch.wire import NoAnswerError, NotAnAddressError

KEPT_S: Final = 5.0
"""How long an idle connection is kept: the rest between two requests to one domain is as long, and servers keep theirs
for 5 s at least."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An address, taken apart once: where to connect, and what to ask for there.

    `login`: the Authorization header that the address's own credentials mean; `shown`: the address without them.
    """

    secure: bool
    host: str
    port: int
    authority: str
    target: str
    login: str | None
    shown: str


@lru_cache(maxsize=16_384)
def destination(url: str) -> Destination:
    """Where `url` leads. Raises NotAnAddressError."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise NotAnAddressError(f"{url[:200]!r} is not an address: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise NotAnAddressError(f"{parsed.scheme or 'no scheme'}:// is not of the web")
    secure = parsed.scheme == "https"
    login = None
    if parsed.userinfo:
        name, _, word = parsed.userinfo.decode("ascii").partition(":")
        login = "Basic " + b64encode(f"{unquote(name)}:{unquote(word)}".encode()).decode("ascii")
    return Destination(
        secure,
        parsed.raw_host.decode("ascii"),
        parsed.port or (443 if secure else 80),
        parsed.netloc.decode("ascii"),
        parsed.raw_path.decode("ascii"),
        login,
        str(parsed.copy_with(userinfo=b"") if parsed.userinfo else parsed),
    )


class Answer:
    """What a server answers. Close it; its connection is kept where the body was read to its end."""

    def __init__(self, client: "HttpClient", place: "_Place", status: int, headers: dict[str, str]) -> None:
        self._client = client
        self._place = place
        self._open = True
        self.status = status
        self.headers = headers

    async def chunk(self) -> bytes | None:
        """The next piece of the body as it was sent, None at its end. Raises HttpError."""
        return await self._place.exchange.chunk(self._client.silence_s)

    def close(self) -> None:
        """Give the connection back."""
        if self._open:
            self._open = False
            self._client.give_back(self._place)


@dataclass(slots=True)
class _Place:
    """One connection and where it leads."""

    origin: tuple[bool, str, int]
    exchange: Exchange
    idle_since: float = 0.0


class HttpClient:
    """`async with HttpClient(...) as client:` then `answer = await client.send(url)`.

    `headers` go with every request (names in lower case). `kept`: idle connections at most. Durations in seconds.
    """

    def __init__(
        self,
        guard: Guard,
        context: ssl.SSLContext,
        headers: Mapping[str, str],
        *,
        connect_s: float,
        silence_s: float,
        kept: int,
    ) -> None:
        self.silence_s = silence_s
        self._guard = guard
        self._context = context
        self._headers = dict(headers)
        self._connect_s = connect_s
        self._kept = kept
        self._idle: list[_Place] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for place in self._idle:
            place.exchange.close()
        self._idle.clear()
        await asyncio.sleep(0)  # lets the loop end what was closed before it ends itself

    async def send(
        self, url: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", body: bytes = b""
    ) -> Answer:
        """Send one request. Raises HttpError, ForbiddenAddressError or NameLookupError.

        A server may close a kept connection at the very moment in which it is used again; a GET that was not answered
        at all is then sent once more over a new one (RFC 9112 section 9.3.1).
        """
        where = destination(url)
        fields = {**self._headers, **(headers or {})}
        if where.login is not None:
            fields.setdefault("authorization", where.login)
        scheme = "https" if where.secure else "http"
        request = Request(method, scheme, where.authority, where.target, list(fields.items()), body)
        kept = self._idle_at((where.secure, where.host, where.port)) if method == "GET" else None
        if kept is not None:
            try:
                return await self._over(kept, request)
            except NoAnswerError:
                pass  # the server had closed it
        return await self._over(await self._connected(where), request)

    async def _over(self, place: _Place, request: Request) -> Answer:
        try:
            head = await place.exchange.ask(request, self.silence_s)
        except BaseException:
            place.exchange.close()
            raise
        return Answer(self, place, head.status, head.headers)

    async def _connected(self, where: Destination) -> _Place:
        context = self._context if where.secure else None
        wire = await self._guard.connect(where.host, where.port, self._connect_s, context)
        exchange: Exchange = Http2(wire) if wire.agreed == "h2" else Http1(wire)
        return _Place((where.secure, where.host, where.port), exchange)

    def _idle_at(self, origin: tuple[bool, str, int]) -> _Place | None:
        self._drop_old()
        for number in range(len(self._idle) - 1, -1, -1):
            if self._idle[number].origin == origin:
                place = self._idle.pop(number)
                if place.exchange.reusable():
                    return place
                place.exchange.close()
        return None

    def give_back(self, place: _Place) -> None:
        """Keep a connection whose answer was read to its end, close any other."""
        if not place.exchange.reusable():
            place.exchange.close()
            return
        place.idle_since = time.monotonic()
        self._idle.append(place)
        self._drop_old()

    def _drop_old(self) -> None:
        """Close what has been idle for too long or is too much; the first are the oldest."""
        limit = time.monotonic() - KEPT_S
        while self._idle and (len(self._idle) > self._kept or self._idle[0].idle_since < limit):
            self._idle.pop(0).exchange.close()
