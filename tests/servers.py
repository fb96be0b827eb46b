"""A real web server on loopback that serves feeds, and misbehaves on request. It records what it was asked."""

import gzip
import socket
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self

import brotli

FEED_TYPE = "application/rss+xml; charset=utf-8"
Encoding = Literal["gzip", "deflate", "raw-deflate", "br"]


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what many tests are about; anything else is a fault of the test."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Listener6(_Listener):
    address_family = socket.AF_INET6


@dataclass(frozen=True)
class Asked:
    """One request that came in; header names are in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """What the server answers.

    `chunks` takes the place of `body` where it comes piece by piece, or never ends; `silent_after` counts the bytes of
    the body after which the server says nothing more until it is stopped (0: not even a status line), `cut_after` those
    after which it closes the connection. `length` is sent as Content-Length in place of the true one.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Callable[[], Iterable[bytes]] | None = None
    silent_after: int | None = None
    cut_after: int | None = None
    length: int | None = None
    raw: bytes | None = None
    """Sent as it is, in place of everything, status line included."""


Answer = Callable[[Asked], Reply]


class FeedServer:
    """`with FeedServer() as server:` then `server.feed("/rss", document)` and `server.url("/rss")`."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._answers: dict[str, Answer] = {}
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._asked: list[Asked] = []
        self._under_way = 0
        self.most_at_once = 0
        listener = _Listener6 if ":" in host else _Listener
        self._http = listener((host, 0), self._handler())
        self.host = f"[{host}]" if ":" in host else host
        self.port = int(self._http.server_address[1])
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def stopped(self) -> threading.Event:
        """Set when the server ends: what an endless answer may wait for."""
        return self._stopped

    def url(self, path: str, *, host: str | None = None, scheme: str = "http") -> str:
        """The address of a path, under another host name if one is given."""
        return f"{scheme}://{host or self.host}:{self.port}{path}"

    @property
    def asked(self) -> list[Asked]:
        """Every request so far, in the order of arrival."""
        with self._lock:
            return list(self._asked)

    def answer(self, path: str, answer: Reply | Answer) -> str:
        """Answer requests for `path` so from now on; returns its address."""
        self._answers[path] = answer if callable(answer) else lambda _asked: answer
        return self.url(path)

    def feed(
        self,
        path: str,
        document: bytes | str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        encoding: Encoding | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Serve a document as a good server does: conditional and compressed where asked; returns its address."""
        body = document.encode() if isinstance(document, str) else document

        def answer(asked: Asked) -> Reply:
            out = {"Content-Type": FEED_TYPE, **(headers or {})}
            if etag:
                out["ETag"] = etag
            if last_modified:
                out["Last-Modified"] = last_modified
            if etag and asked.headers.get("if-none-match") == etag:
                return Reply(304, headers=out)
            if last_modified and not etag and asked.headers.get("if-modified-since") == last_modified:
                return Reply(304, headers=out)
            if encoding is None:
                return Reply(body=body, headers=out)
            out["Content-Encoding"] = encoding.removeprefix("raw-")
            return Reply(body=compressed(body, encoding), headers=out)

        return self.answer(path, answer)

    def redirect(self, path: str, to: str, status: int = 301) -> str:
        """Send requests for `path` elsewhere; returns its address."""
        return self.answer(path, Reply(status, headers={"Location": to}))

    def _answered(self, asked: Asked) -> Reply:
        with self._lock:
            self._asked.append(asked)
        answer = self._answers.get(asked.path) or self._answers.get(asked.path.partition("?")[0])
        return answer(asked) if answer else Reply(404, b"nothing here", {"Content-Type": "text/plain"})

    def _enter(self) -> None:
        with self._lock:
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)

    def _leave(self) -> None:
        with self._lock:
            self._under_way -= 1

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805  the inner class has a self of its own
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version = "TestFeeds"

            def do_GET(self) -> None:
                server._enter()
                try:
                    asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
                    self._send(server._answered(asked))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                finally:
                    server._leave()

            def _send(self, reply: Reply) -> None:
                if reply.raw is not None:
                    self.wfile.write(reply.raw)
                    self.close_connection = True
                    return
                if reply.silent_after == 0:
                    server._stopped.wait()
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.chunks is not None:
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    for chunk in reply.chunks():
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                    self.wfile.write(b"0\r\n\r\n")
                    return
                if reply.status != 304:
                    length = len(reply.body) if reply.length is None else reply.length
                    self.send_header("Content-Length", str(length))
                self.end_headers()
                if reply.status == 304:
                    return
                stop = reply.cut_after if reply.cut_after is not None else reply.silent_after
                self.wfile.write(reply.body[:stop])
                if reply.silent_after is not None:
                    self.wfile.flush()
                    server._stopped.wait()
                if stop is not None or reply.length is not None:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the requests are recorded."""

        return Handler


def compressed(body: bytes, encoding: Encoding) -> bytes:
    """`body` as servers compress it."""
    if encoding == "gzip":
        return gzip.compress(body, mtime=0)
    if encoding == "br":
        return bytes(brotli.compress(body))
    if encoding == "deflate":
        return zlib.compress(body)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def rss(*items: str, title: str = "Test feed", head: str = "") -> str:
    """An RSS 2.0 document around items that are given as XML."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>{title}</title><link>https://news.example/</link>{head}{''.join(items)}</channel></rss>"
    )


def item(
    number: int = 1, *, title: str | None = None, text: str = "", date: str = "Wed, 25 Nov 2026 08:00:00 GMT"
) -> str:
    """One RSS item with a link, a guid and a date of its own."""
    return (
        f"<item><title>{title or f'Talks continue, day {number}'}</title>"
        f"<link>https://news.example/articles/{number}</link><guid>https://news.example/articles/{number}</guid>"
        f"<pubDate>{date}</pubDate><description>{text}</description></item>"
    )
