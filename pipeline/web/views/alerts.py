"""Alerts: saved searches that write mails. Make one from a search, see what it would have sent, pause it, read what it said."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast, get_args

from starlette.responses import Response

from pipeline.alerts.check import language_warnings
from pipeline.alerts.simulate import Simulation
from pipeline.db import alert_pages, overview
from pipeline.db import alerts as rows
from pipeline.errors import NotFoundError, QueryError, SettingsError
from pipeline.notify import content, render
from pipeline.notify.compose import would_say
from pipeline.query.words import in_words
from pipeline.steps.alerts import alert_desk
from pipeline.types import Alert, Cadence
from pipeline.web.routing import Visit, action, page

PREVIEW_DAYS = 30
HISTORY = 30
SHOWN_NEWS = 40


def index(visit: Visit) -> Response:
    """Every alert."""
    with visit.site.app.database.read() as connection:
        alerts = rows.list_all(connection)
        said = overview.messages_by_alert(connection)
    return visit.render(
        "alerts.html", active="alerts", title="Alerts", alerts=alerts, messages=said, said=visit.said
    )


def new(visit: Visit) -> Response:
    """The form of a new alert, out of a search, with what it would have sent."""
    alert = _blank(visit, visit.asked("q").strip())
    return _form(visit, alert, existing="")


def preview(visit: Visit) -> Response:
    """The same form with what the alert as typed would have sent."""
    existing = visit.form.get("existing", "")
    alert = replace(_blank(visit, ""), **_typed(visit))
    return _form(visit, alert, existing=existing)


def save(visit: Visit) -> Response:
    """Save a new alert or a changed one."""
    existing = visit.form.get("existing", "")
    typed = _typed(visit)
    desk = alert_desk(visit.site.app)
    try:
        if existing:
            saved = desk.edit(existing, typed, visit.now)
        else:
            saved = desk.add(replace(_blank(visit, ""), **typed), visit.now)
    except (QueryError, SettingsError) as error:
        return _form(visit, replace(_blank(visit, ""), **typed), existing=existing, wrong=error)
    return visit.go(f"/alert/{saved.id}", said="Saved. It sees what arrives from now on.")


def show(visit: Visit) -> Response:
    """One alert: what it asks, what it said and why, who got it."""
    alert = _by_id(visit)
    before = visit.asked("before")
    with visit.site.app.database.read() as connection:
        sent = alert_pages.history(
            connection, alert.id, HISTORY, int(before) if before.isdecimal() and len(before) < 18 else None
        )
        mutes = {
            number: mute
            for number, mute in rows.mutes(connection, visit.now).items()
            if mute.alert in (None, alert.id)
        }
    return visit.render(
        "alert.html",
        active="alerts",
        title=alert.name,
        alert=alert,
        in_words=_asked_in_words(visit, alert),
        sent=[(item, render.text(content.from_json(item.content))) for item in sent],
        older=sent[-1].id if len(sent) == HISTORY else None,
        mutes=mutes,
        said=visit.said,
    )


def edit(visit: Visit) -> Response:
    """The form of an alert that is there."""
    alert = _by_id(visit)
    return _form(visit, alert, existing=alert.name)


def change(visit: Visit) -> Response:
    """Pause it, open it again, or forget it."""
    alert, wanted = _by_id(visit), visit.form.get("do", "")
    desk = alert_desk(visit.site.app)
    if wanted == "pause":
        desk.pause(alert.name)
        return visit.go(f"/alert/{alert.id}", said="Paused. What happens meanwhile is not sent later.")
    if wanted == "resume":
        if not alert.recipients:
            raise SettingsError("This alert has no recipient yet. Change it, and give at least one address.")
        desk.resume(alert.name, visit.now)
        return visit.go(f"/alert/{alert.id}", said="Open again, for what arrives from now on.")
    if wanted != "remove":
        raise SettingsError("An alert can be paused, resumed or removed.")
    with visit.site.app.database.write() as connection:
        rows.remove(connection, alert.name)
    return visit.go("/alerts", said=f"“{alert.name}” is removed.")


def _by_id(visit: Visit) -> Alert:
    number = visit.path("alert")
    with visit.site.app.database.read() as connection:
        found = rows.by_id(connection, int(number)) if number.isdecimal() and len(number) < 18 else None
    if found is None:
        raise NotFoundError("There is no such alert (any more).")
    return found


def _blank(visit: Visit, query: str) -> Alert:
    return Alert(0, "", query, (), "instant", visit.now, visit.now, zone=visit.zone)


def _typed(visit: Visit) -> dict[str, Any]:
    """The form as fields of an Alert. Raises SettingsError."""
    form: Mapping[str, str] = visit.form
    cadence = form.get("cadence", "instant")
    if cadence not in get_args(Cadence):
        raise SettingsError(f"{cadence!r} is no cadence; it is {', '.join(get_args(Cadence))}")
    quiet = (form.get("quiet_from", "").strip(), form.get("quiet_to", "").strip())
    cap = form.get("daily_cap", "").strip()
    if cap and (not cap.isdecimal() or len(cap) > 6):
        raise SettingsError("the most mails a day is a number")
    return {
        "name": " ".join(form.get("name", "").split()),
        "query": form.get("query", "").strip(),
        "recipients": tuple(dict.fromkeys(form.get("recipients", "").replace(",", " ").split())),
        "cadence": cast(Cadence, cadence),
        "daily_at": form.get("daily_at", "").strip() or "07:00",
        "zone": form.get("zone", "").strip() or visit.zone,
        "quiet": quiet if all(quiet) else None,
        "daily_cap": int(cap) if cap else None,
        "include_uncertain": form.get("include_uncertain") == "yes",
        "all_forms": form.get("all_forms") == "yes",
    }


def _form(visit: Visit, alert: Alert, *, existing: str, wrong: Exception | None = None) -> Response:
    simulation: Simulation | None = None
    warnings: list[str] = []
    echoed = ""
    try:
        simulation = alert_desk(visit.site.app).test(alert, PREVIEW_DAYS, visit.now)
        echoed = _asked_in_words(visit, alert)
        warnings = language_warnings(visit.site.parse(alert.query))
    except (QueryError, SettingsError) as error:
        wrong = wrong or error
    return visit.render(
        "alert_form.html",
        status=200 if wrong is None else 400,
        active="alerts",
        title=f"Change {existing}" if existing else "New alert",
        alert=alert,
        existing=existing,
        wrong=wrong.message if isinstance(wrong, QueryError) else str(wrong or ""),
        error=wrong if isinstance(wrong, QueryError) else None,
        in_words=echoed,
        warnings=warnings,
        simulation=simulation,
        news=list(reversed(simulation.news))[:SHOWN_NEWS] if simulation else [],
        told=lambda news: would_say(news, visit.site.words),
        preview_days=PREVIEW_DAYS,
        cadences=get_args(Cadence),
    )


def _asked_in_words(visit: Visit, alert: Alert) -> str:
    try:
        parsed = visit.site.parse(alert.query)
    except QueryError as error:
        return error.message
    return in_words(
        parsed, names=lambda facet, label: visit.site.names.get(f"{facet}:{label}", label), zone=alert.zone
    )


ROUTES = (
    page("/alerts", index),
    page("/alerts/new", new),
    action("/alerts/preview", preview),
    action("/alerts/save", save),
    page("/alert/{alert}", show),
    page("/alert/{alert}/edit", edit),
    action("/alert/{alert}/change", change),
)
