"""The reader's own settings, kept in their browser; and the page that explains labels and query language."""

from starlette.responses import Response

from pipeline.periods import zone_of
from pipeline.query.fields import FIELDS
from pipeline.web.routing import YEAR_S, Visit, action, page
from pipeline.web.shown.precision import FEWEST


def settings(visit: Visit) -> Response:
    """Time zone and colours."""
    return visit.render("you.html", active="", title="Your settings", said=visit.said)


def save(visit: Visit) -> Response:
    """Keep them in the browser. Raises SettingsError for a zone that is not there."""
    zone = zone_of(visit.form.get("zone", "").strip() or "UTC").key
    theme = visit.form.get("theme", "")
    response = visit.go("/you", said="Saved in this browser.")
    response.set_cookie("zone", zone, max_age=YEAR_S, samesite="lax", secure=visit.site.is_https)
    response.set_cookie(
        "theme",
        theme if theme in ("light", "dark") else "",
        max_age=YEAR_S,
        samesite="lax",
        secure=visit.site.is_https,
    )
    return response


def help_page(visit: Visit) -> Response:
    """Every label with its definition and its limits, and every field of the query language."""
    groups = [
        (heading, [label for label in visit.site.labels.values() if label.facet == facet])
        for facet, heading in (
            ("development", "What happened"),
            ("issue", "What it is about"),
            ("actor", "Who"),
        )
    ]
    return visit.render(
        "help.html", active="", title="Labels and query language", groups=groups, fields=FIELDS.values(),
        measured=visit.site.measured, fewest=FEWEST,
    )  # fmt: skip


ROUTES = (page("/you", settings), action("/you", save, in_browser=True), page("/help", help_page))
