"""The application: every view's routes behind the guard."""

import gc

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from pipeline.app import App
from pipeline.clock import Clock, utc_now
from pipeline.web.access import Access, Door
from pipeline.web.guard import Guard, allowed_hosts
from pipeline.web.pages import STATIC
from pipeline.web.routing import Visit
from pipeline.web.site import Site
from pipeline.web.views import (
    alerts,
    article,
    brief,
    downloads,
    feeds,
    issue,
    judgement,
    matrix,
    now,
    operation,
    reader,
    search,
    story,
    thread,
    unsubscribe,
)

VIEWS = (
    now, search, downloads, story, article, thread, brief, issue, matrix, alerts, feeds, judgement, reader, unsubscribe,
    operation,
)  # fmt: skip


def make_application(app: App, access: Access, host: str = "127.0.0.1", clock: Clock = utc_now) -> Starlette:
    """The page over an opened application, to be served at `host`."""
    routes: list[Route | Mount] = [route for view in VIEWS for route in view.ROUTES]
    routes.append(Mount("/static", Kept(directory=STATIC), name="static"))
    hosts = allowed_hosts(host, asks=access.asks)
    application = Starlette(
        routes=routes,
        middleware=[
            Middleware(Guard, door=Door(access), hosts=hosts),
            Middleware(GZipMiddleware, minimum_size=2000),
        ],
        exception_handlers={404: _not_here, 405: _not_here},
    )
    application.router.redirect_slashes = False  # it would believe the Host header
    application.state.site = Site(app, access, clock)
    return application


def keep_what_is_loaded() -> None:
    """Take libraries and templates out of the garbage collector's sight; for a process that now begins to serve.

    Looking at all of them costs a page a tenth of a second each time, and finds nothing.
    """
    gc.collect()
    gc.freeze()


class Kept(StaticFiles):
    """Files that browsers keep for good: their addresses change with their content."""

    def file_response(
        self, full_path: object, stat_result: object, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _not_here(request: Request, error: Exception) -> Response:
    site: Site = request.app.state.site
    visit = Visit(site, request, site.now())
    known = isinstance(error, HTTPException) and error.status_code == 405
    response = visit.render(
        "error.html",
        status=405 if known else 404,
        heading="Not this way" if known else "Not here",
        message="That address does not take such a request."
        if known
        else "There is no page of that address.",
    )
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response
