"""The briefing of any period: printable, copyable, every line with its source and time."""

from datetime import timedelta
from typing import Any

from starlette.responses import PlainTextResponse, Response

from pipeline.errors import SettingsError
from pipeline.notify import render
from pipeline.notify.content import Brief
from pipeline.notify.render import sender_from
from pipeline.periods import parse_moment
from pipeline.steps.briefing import briefing
from pipeline.web.routing import Visit, page

LONGEST = timedelta(days=92)
PRESETS = (
    ("Since yesterday 18:00", "yesterday 18:00", "now"),
    ("24 hours", "24h", "now"),
    ("Yesterday", "yesterday", "today"),
    ("7 days", "7d", "now"),
)


def show(visit: Visit) -> Response:
    """The page, with a form for the period."""
    since, until = visit.asked("since", "yesterday 18:00"), visit.asked("until", "now")
    context: dict[str, Any] = {
        "since": since,
        "until": until,
        "presets": PRESETS,
        "active": "brief",
        "title": "Briefing",
    }
    try:
        brief = _brief(visit, since, until)
    except SettingsError as error:
        return visit.render("brief.html", status=400, brief=None, wrong=str(error), plain="", **context)
    return visit.render("brief.html", brief=brief, wrong="", plain=_render(visit, brief, "txt"), **context)


def as_plain(visit: Visit) -> Response:
    """The same as plain text, for other programs."""
    return PlainTextResponse(_render(visit, _asked(visit), "txt"))


def as_markdown(visit: Visit) -> Response:
    """The same as Markdown."""
    return PlainTextResponse(_render(visit, _asked(visit), "md"), media_type="text/markdown")


def _asked(visit: Visit) -> Brief:
    return _brief(visit, visit.asked("since", "yesterday 18:00"), visit.asked("until", "now"))


def _brief(visit: Visit, since: str, until: str) -> Brief:
    start = parse_moment(since, visit.now, visit.zone)
    end = visit.now if until == "now" else parse_moment(until, visit.now, visit.zone)
    if start >= end:
        raise SettingsError(f"the beginning ({since}) must lie before the end ({until})")
    if end - start > LONGEST:
        raise SettingsError(f"a briefing covers at most {LONGEST.days} days")
    return briefing(visit.site.app, start, end, visit.zone)


def _render(visit: Visit, brief: Brief, kind: str) -> str:
    settings = visit.site.app.settings
    sender = sender_from(settings.mail_from, settings.public_url, settings.secret_key)
    return render.brief(brief, kind, sender).rstrip() + "\n"


ROUTES = (page("/brief", show), page("/brief.txt", as_plain), page("/brief.md", as_markdown))
