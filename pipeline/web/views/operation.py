"""For an operator's monitoring: is the server up, and the numbers that `ceasefire status` tells a person."""

from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, Info
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from pipeline import __version__
from pipeline.db import cycles, overview
from pipeline.errors import PipelineError
from pipeline.web.routing import Visit, page
from pipeline.web.site import Site


def health(visit: Visit) -> Response:
    """200 where database and index answer, else 503 with which one does not. Tells nothing else: it needs no login."""
    parts = {"database": _answers(lambda: _count(visit.site)), "index": _answers(lambda: _index(visit.site))}
    well = all(parts.values())
    words = {name: "ok" if answers else "unavailable" for name, answers in parts.items()}
    return JSONResponse({"status": "ok" if well else "unavailable", **words}, 200 if well else 503)


def metrics(visit: Visit) -> Response:
    """Prometheus text format."""
    return Response(
        generate_latest(_registry(visit.site, visit.now)), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


def _answers(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except PipelineError:
        return False
    return True


def _count(site: Site) -> None:
    with site.app.database.read() as connection:
        overview.newest_seen(connection)


def _index(site: Site) -> None:
    site.app.index.count(site.parse("story:none"), cap=1)


def _registry(site: Site, now: datetime) -> CollectorRegistry:
    registry = CollectorRegistry()
    with site.app.database.read() as connection:
        state = overview.status(connection)
        last = cycles.last(connection)

    def gauge(name: str, says: str, value: float, **labels: str) -> None:
        made = gauges.get(name) or Gauge(f"ceasefire_{name}", says, list(labels), registry=registry)
        gauges[name] = made
        (made.labels(**labels) if labels else made).set(value)

    gauges: dict[str, Gauge] = {}
    Info("ceasefire_build", "Version of the program.", registry=registry).info({"version": __version__})
    gauge("articles", "Articles in the database.", state.articles)
    gauge("stories", "Living stories.", state.stories)
    if last is not None:
        age = (now - last["finished"]).total_seconds()
        gauge("last_cycle_age_seconds", "Time since the last cycle finished.", age)
    gauge("feeds", "Listed feeds.", state.feeds)
    gauge("feeds_failing", "Listed feeds whose last poll failed.", state.feeds_failing)
    gauge("feeds_gone", "Listed feeds that are not asked any more.", state.feeds_gone)
    for step, waiting in (
        ("tag", state.to_tag), ("group", state.to_group), ("index", state.to_index), ("match", state.to_match),
    ):  # fmt: skip
        gauge("queue", "Articles that wait for a step.", waiting, step=step)
    for name in ("waiting", "sending", "sent", "held", "set-aside"):
        gauge("outbox", "Messages by state.", state.outbox.get(name, 0), state=name)
    gauge("alerts", "Saved alerts.", state.alerts)
    gauge("alerts_paused", "Saved alerts that rest.", state.alerts_paused)
    for step, count in state.set_aside.items():
        gauge("set_aside", "Inputs that can never work, by step.", count, step=step)
    for model, count in state.models.items():
        gauge("tagged_articles", "Articles by the model that tagged them.", count, model=model)
    return registry


ROUTES = (page("/healthz", health), page("/metrics", metrics))
