"""Connections that are kept, closed under us, or spoken in ways that HTTP allows and few servers use."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

import pytest

from pipeline.fetch import client as client_module
from pipeline.fetch.client import fetch_feed, open_client
from pipeline.fetch.pool import HttpClient
from pipeline.fetch.settings import FetchSettings
from pipeline.types import FetchOutcome, Validators
from tests.http2 import TLS, trusting_context
from tests.pipeline.fetch.test_client import DOCUMENT, NOW, SETTINGS, feed_at
from tests.pipeline.fetch.test_http2 import offering

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(DOCUMENT), DOCUMENT.encode())

RESET = b"reset"


class Server:
    """Answers the requests of each connection with what `answers` says next; b"" hangs up instead, RESET rudely."""

    def __init__(self, answers: list[bytes], *, hang_up_after: bool = False) -> None:
        self.answers = answers
        self.hang_up_after = hang_up_after
        self.connections = 0
        self.requests: list[bytes] = []
        self.hung_up = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                answer = self.answers.pop(0)
                if answer == RESET:
                    linger = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                if answer in (b"", RESET):
                    break
                writer.write(answer)
                await writer.drain()
                if self.hang_up_after:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.hung_up.set()


def against(
    server: Callable[[], Server], talk: Callable[[Server, HttpClient, str], Awaitable[None]]
) -> Server:
    async def run() -> Server:
        answering = server()
        listener = await asyncio.start_server(answering, "127.0.0.1", 0)
        async with listener, open_client(SETTINGS) as client:
            await talk(answering, client, f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/rss")
        return answering

    return asyncio.run(run())


async def poll(client: HttpClient, url: str, known: Validators | None = None) -> FetchOutcome:
    return await fetch_feed(client, feed_at(url), known or Validators(), SETTINGS, NOW)


@pytest.mark.parametrize(
    "first",
    [
        WHOLE,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 0\r\n\r\n",
    ],
    ids=["stated length", "chunked", "empty"],
)
def test_a_connection_is_used_again_once_its_answer_was_read(first: bytes) -> None:
    async def talk(_server: Server, client: HttpClient, url: str) -> None:
        await poll(client, url)
        assert (await poll(client, url)).result == "fetched"

    assert against(lambda: Server([first, WHOLE]), talk).connections == 1


def test_a_connection_is_used_again_after_nothing_was_changed() -> None:
    async def talk(_server: Server, client: HttpClient, url: str) -> None:
        for _ in range(3):
            assert (await poll(client, url, Validators(etag='"v1"'))).status == 304

    unchanged = b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n'
    assert against(lambda: Server([unchanged] * 3), talk).connections == 1


@pytest.mark.parametrize(
    "first",
    [
        HEAD + b"Connection: close\r\nContent-Length: 5\r\n\r\n<rss>",
        HEAD.replace(b"1.1", b"1.0") + b"Content-Length: 5\r\n\r\n<rss>",
        HEAD + b"Content-Length: 5\r\n\r\n<rss>HTTP/1.1 408 Too late\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nno!",
    ],
    ids=["closed by the server's wish", "HTTP/1.0", "more than was asked for", "an answer that was not read"],
)  # fmt: skip
def test_a_connection_whose_state_is_in_doubt_is_not_used_again(first: bytes) -> None:
    async def talk(_server: Server, client: HttpClient, url: str) -> None:
        await poll(client, url)
        assert (await poll(client, url)).result == "fetched"

    assert against(lambda: Server([first, WHOLE]), talk).connections == 2


def test_a_kept_connection_that_the_server_closed_meanwhile_is_replaced() -> None:
    async def talk(server: Server, client: HttpClient, url: str) -> None:
        await poll(client, url)
        await server.hung_up.wait()
        await asyncio.sleep(0.01)
        assert (await poll(client, url)).result == "fetched"

    assert against(lambda: Server([WHOLE, WHOLE], hang_up_after=True), talk).connections == 2


@pytest.mark.parametrize("ending", [b"", RESET], ids=["hangs up", "resets"])
def test_a_poll_is_sent_once_more_where_the_server_closes_as_it_comes(ending: bytes) -> None:
    async def talk(_server: Server, client: HttpClient, url: str) -> None:
        await poll(client, url)
        assert (await poll(client, url)).result == "fetched"

    server = against(lambda: Server([WHOLE, ending, WHOLE]), talk)
    assert (server.connections, len(server.requests)) == (2, 3)


@pytest.mark.parametrize(
    ("ending", "detail"),
    [(b"", "hangs up without an answer"), (RESET, "the connection broke")],
    ids=["hangs up", "resets"],
)
def test_a_new_connection_without_an_answer_is_not_tried_again(ending: bytes, detail: str) -> None:
    async def talk(_server: Server, client: HttpClient, url: str) -> None:
        outcome = await poll(client, url)
        assert outcome.failure == "bad-response"
        assert detail in outcome.detail

    assert len(against(lambda: Server([ending]), talk).requests) == 1


def test_hints_before_the_answer_are_passed_over() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"

    async def talk(_server: Server, client: HttpClient, url: str) -> None:
        assert (await poll(client, url)).result == "fetched"

    against(lambda: Server([hints + WHOLE]), talk)


def test_a_body_without_a_stated_length_ends_with_the_connection() -> None:
    async def talk(_server: Server, client: HttpClient, url: str) -> None:
        outcome = await poll(client, url)
        assert outcome.raw is not None
        assert outcome.raw.body == DOCUMENT.encode()

    against(lambda: Server([HEAD + b"\r\n" + DOCUMENT.encode()], hang_up_after=True), talk)


def test_a_validator_that_no_request_may_contain_is_not_sent() -> None:
    async def talk(server: Server, client: HttpClient, url: str) -> None:
        outcome = await poll(client, url, Validators(etag='"a\r\nX-Injected: 1"', last_modified="yesterday"))
        assert outcome.result == "fetched"
        assert b"Injected" not in server.requests[0]
        assert b"If-Modified-Since: yesterday" in server.requests[0]

    against(lambda: Server([WHOLE]), talk)


def test_idle_connections_are_no_more_than_requests_at_once() -> None:
    few = FetchSettings(allow_private_addresses=True, concurrency=2)

    async def run() -> int:
        answering = Server([WHOLE] * 9)
        listener = await asyncio.start_server(answering, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/rss"
        async with listener, open_client(few) as client:
            await asyncio.gather(*(poll(client, url) for _ in range(6)))
            await asyncio.gather(*(poll(client, url) for _ in range(3)))
        return answering.connections

    assert asyncio.run(run()) == 7


@pytest.mark.parametrize("protocols", [[], ["http/1.1"]], ids=["says no protocol", "agrees on HTTP/1.1"])
def test_a_secure_server_without_http2_is_read_over_one_connection(
    monkeypatch: pytest.MonkeyPatch, protocols: list[str]
) -> None:
    monkeypatch.setattr(client_module, "_ssl_context", offering(trusting_context))
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    if protocols:
        secure.set_alpn_protocols(protocols)

    async def run() -> Server:
        answering = Server([WHOLE, WHOLE])
        listener = await asyncio.start_server(answering, "127.0.0.1", 0, ssl=secure)
        url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/rss"
        async with listener, open_client(SETTINGS) as client:
            assert [(await poll(client, url)).result for _ in range(2)] == ["fetched", "fetched"]
        return answering

    assert asyncio.run(run()).connections == 1
