"""From a request to a handler and back: who asks, when, with which form; and errors as pages that say what to do."""

import hmac
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from pipeline.errors import NotFoundError, PipelineError, QueryError, ServiceError
from pipeline.periods import zone_of
from pipeline.web.pages import to

if TYPE_CHECKING:
    from pipeline.web.site import Site

log = logging.getLogger(__name__)

LARGEST_FORM = 200_000
CSRF_COOKIE = "ceasefire_csrf"
SAID_COOKIE = "ceasefire_said"
SAID_S = 60
YEAR_S = 365 * 24 * 3600

RENAMED = dict.fromkeys(("Europe/Kiev", "Europe/Uzhgorod", "Europe/Zaporozhye"), "Europe/Kyiv")
"""Browsers still say the old names; the time zone database renamed them in 2022."""


class RefusedError(PipelineError):
    """A request that must not be served; the message says why and what to do."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Visit:
    """One request of one reader: what a handler gets. `now`: UTC. `form`: what was posted, each field once."""

    site: "Site"
    request: Request
    now: datetime
    form: Mapping[str, str] = field(default_factory=dict)
    many: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def reader(self) -> str:
        """The name under which this reader judges."""
        return str(self.request.scope.get("reader") or "")

    @cached_property
    def zone(self) -> str:
        """The reader's time zone, an IANA name; UTC until their browser or they themselves name another."""
        wanted = self.request.cookies.get("zone", "").replace("%2F", "/")
        try:
            key = zone_of(wanted).key if wanted else "UTC"
        except PipelineError:
            return "UTC"
        return RENAMED.get(key, key)

    @property
    def theme(self) -> str:
        """light, dark, or "" for the system's own."""
        chosen = self.request.cookies.get("theme", "")
        return chosen if chosen in ("light", "dark") else ""

    @cached_property
    def csrf(self) -> str:
        """The token that every form carries back; it is the value of a cookie that no script can read."""
        return self.request.cookies.get(CSRF_COOKIE) or secrets.token_urlsafe(24)

    @cached_property
    def new_since(self) -> datetime | None:
        """What was seen after this is new to the reader; None on their first visit."""
        return self.site.visits.new_since(self.reader, self.now)

    @property
    def said(self) -> str:
        """What the form before this page did, told once. In a cookie of ours: an address could be anybody's."""
        return unquote(self.request.cookies.get(SAID_COOKIE, ""))

    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the address, bounded."""
        return self.request.query_params.get(name, default)[:10_000]

    def path(self, name: str) -> str:
        """A part of the address's path."""
        return str(self.request.path_params[name])

    def render(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A page."""
        return HTMLResponse(self.site.pages.render(template, self, **context), status)

    def go(self, path: str, *, said: str = "", **parameters: Any) -> Response:
        """On to another page after a write (303: it is asked for by GET), which shows once what was done."""
        response = RedirectResponse(to(path, **parameters), 303)
        if said:
            response.set_cookie(
                SAID_COOKIE,
                quote(said[:1000]),
                httponly=True,
                samesite="strict",
                secure=self.site.is_https,
                max_age=SAID_S,
            )
        return response


Handler = Callable[[Visit], Response]


def page(path: str, handler: Handler) -> Route:
    """A page that only shows."""

    async def endpoint(request: Request) -> Response:
        visit = _visit(request)
        response = await run_in_threadpool(_answered, handler, visit)
        return _signed(visit, response)

    return Route(path, endpoint, methods=["GET"], name=handler.__module__ + "." + handler.__name__)


def action(path: str, handler: Handler, *, open_to_all: bool = False, in_browser: bool = False) -> Route:
    """A write, by POST. Needs the form's token and a server that is not read-only, unless it is `open_to_all`: then
    the address itself carries its authority. `in_browser`: only the reader's own browser keeps it, read-only or not."""

    async def endpoint(request: Request) -> Response:
        visit = _visit(request)
        try:
            fields = await _form(request)
            visit.form = {name: values[0] for name, values in fields.items()}
            visit.many = fields
            if not open_to_all:
                _check_write(visit, in_browser=in_browser)
        except RefusedError as error:
            return _failed(visit, error)
        return _signed(visit, await run_in_threadpool(_answered, handler, visit))

    return Route(path, endpoint, methods=["POST"], name=handler.__module__ + "." + handler.__name__)


def _visit(request: Request) -> Visit:
    site: Site = request.app.state.site
    return Visit(site, request, site.now())


def _answered(handler: Handler, visit: Visit) -> Response:
    try:
        return handler(visit)
    except PipelineError as error:
        return _failed(visit, error)


def _failed(visit: Visit, error: PipelineError) -> Response:
    if isinstance(error, RefusedError):
        status = error.status
    elif isinstance(error, NotFoundError):
        status = 404
    elif isinstance(error, ServiceError):
        status = 503
        log.error("%s: %s", visit.request.url.path, error)
    else:
        status = 400
    message = error.message if isinstance(error, QueryError) else str(error)
    return visit.render(
        "error.html", status=status, heading=HEADINGS.get(status, "This cannot be done"), message=message
    )


HEADINGS = {404: "Not here", 503: "A service is out of reach", 403: "Not allowed", 413: "Too much"}


def _signed(visit: Visit, response: Response) -> Response:
    """Give the browser its token, and note the visit once the answer is out."""
    if visit.request.cookies.get(CSRF_COOKIE) != visit.csrf:
        response.set_cookie(
            CSRF_COOKIE,
            visit.csrf,
            httponly=True,
            samesite="strict",
            secure=visit.site.is_https,
            max_age=YEAR_S,
        )
    if SAID_COOKIE in visit.request.cookies and response.media_type == "text/html":
        response.delete_cookie(SAID_COOKIE, httponly=True, samesite="strict", secure=visit.site.is_https)
    shows = response.media_type == "text/html"  # feed readers and monitoring ask too, and are no readers
    if shows and response.background is None and visit.reader and not visit.site.access.read_only:
        response.background = BackgroundTask(visit.site.visits.note, visit.reader, visit.now)
    return response


def _check_write(visit: Visit, *, in_browser: bool) -> None:
    if visit.site.access.read_only and not in_browser:
        raise RefusedError("This page is read-only: nothing can be changed here.", 403)
    cookie, token = visit.request.cookies.get(CSRF_COOKIE, ""), visit.form.get("csrf", "")
    origin = visit.request.headers.get("origin", "")
    if not cookie or not hmac.compare_digest(cookie.encode(), token.encode()) or not _is_ours(visit, origin):
        raise RefusedError(
            "This form did not come from our own page, or the page is older than your browser's cookies. "
            "Load the page again and repeat.",
            403,
        )


def _is_ours(visit: Visit, origin: str) -> bool:
    """Browsers name the page that a form was sent from; where they do, it must be one of ours."""
    if not origin:
        return True
    ours = {visit.request.headers.get("host", ""), urlsplit(visit.site.public_url).netloc}
    return urlsplit(origin).netloc in ours - {""}


async def _form(request: Request) -> dict[str, list[str]]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise RefusedError("That is more than a form of this page can hold.", 413)
    try:
        return parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=2000)
    except ValueError as error:
        raise RefusedError("That form cannot be read.", 400) from error
