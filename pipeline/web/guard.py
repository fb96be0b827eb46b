"""Before any view: is the host ours, who asks; and on every answer: the headers that keep other people's text harmless."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.web.access import LOOPBACK_NAMES, Door, TooManyGuessesError

OPEN = ("/static/", "/unsubscribe/", "/healthz")
"""Paths that need no name: style and script, RFC 8058's one click, and a probe that tells nothing but up or down."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # no-referrer would make browsers say "Origin: null" with our own forms
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
}
"""No inline script or style, nothing from elsewhere, no frame around us, and no word to outlets about who reads them."""


class Guard:
    """Wraps the whole application. `hosts`: the names by which the page may be asked for; empty where a proxy decides.

    Checking the host keeps a foreign page from reading a loopback server through a name of its own (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, door: Door, hosts: Collection[str]) -> None:
        self._app = app
        self._door = door
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = await self._refusal(scope)
        await (self._app if answer is None else answer)(scope, receive, guarded)

    async def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if self._hosts and _host_of(headers.get("host", "")) not in self._hosts:
            return PlainTextResponse("This page is not served under that name.\n", 421)
        client = scope.get("client")
        peer = client[0] if client else ""
        named = {name: headers[name] for name in headers}
        is_open = str(scope["path"]).startswith(OPEN)
        try:
            if self._door.access.users:  # a password costs 50 ms: others need not wait for it
                reader = await run_in_threadpool(self._door.reader, peer, named)
            else:
                reader = self._door.reader(peer, named)
        except TooManyGuessesError as error:
            reader = None
            if not is_open:
                return PlainTextResponse(f"{error}\n", 429, {"Retry-After": str(error.wait_s)})
        scope["reader"] = reader or ""
        if reader is None and not is_open:
            ask = {"WWW-Authenticate": 'Basic realm="Ceasefire monitor", charset="UTF-8"'}
            return PlainTextResponse("Please say who you are.\n", 401, ask if self._door.access.users else {})
        return None


def allowed_hosts(bound_to: str, *, asks: bool) -> frozenset[str]:
    """Names under which a server may be asked: loopback's own, so that neither a foreign page nor a proxy without a log-in
    opens it to others. Where readers log in, a foreign page has no password to send, and any name may do."""
    return frozenset() if asks else LOOPBACK_NAMES | {bound_to.strip("[]")}


def _host_of(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
