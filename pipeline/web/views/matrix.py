"""Actor by issue for a period: where the talk is, each cell a search."""

from dataclasses import dataclass

from starlette.responses import Response

from pipeline.web.pages import to
from pipeline.web.routing import Visit, page
from pipeline.web.shown.charts import shade

PERIODS = (("24 hours", "24h"), ("7 days", "7d"), ("30 days", "30d"), ("90 days", "90d"), ("All", "all"))
ROWS, COLUMNS = 14, 16


@dataclass(frozen=True, slots=True)
class Cell:
    """Articles with that actor and issue; `shade` 0 to 5; the search behind it."""

    count: int
    shade: int
    url: str
    words: str


def show(visit: Visit) -> Response:
    """The matrix of a period: actors that are named, or (`who=by`) that act."""
    site = visit.site
    period = visit.asked("period", "7d")
    if period not in {value for _, value in PERIODS}:
        period = "7d"
    who = "by" if visit.asked("who") == "by" else "actor"
    span = "" if period == "all" else f"published:{period}"
    index = site.app.index
    issues = [item.value for item in index.facets(site.parse(span), ("issue",), limit=COLUMNS)["issue"]]
    rows: dict[str, dict[str, int]] = {}
    for issue in issues:
        query = site.parse(_joined(f"issue:{issue}", span))
        for item in index.facets(query, (who,), limit=ROWS * 2)[who]:
            rows.setdefault(item.value, {})[issue] = item.count
    actors = sorted(rows, key=lambda actor: (-sum(rows[actor].values()), actor))[:ROWS]
    highest = max((count for actor in actors for count in rows[actor].values()), default=0)
    table = [
        (
            actor,
            site.words.actor(actor),
            [
                Cell(
                    count := rows[actor].get(issue, 0),
                    shade(count, highest),
                    to("/search", q=_joined(f"{who}:{actor}", f"issue:{issue}", span)),
                    f"{site.words.actor(actor)}, {site.names.get(f'issue:{issue}', issue)}: {count} articles",
                )
                for issue in issues
            ],
        )
        for actor in actors
    ]
    return visit.render(
        "matrix.html", active="matrix", title="Matrix", table=table, issues=issues, periods=PERIODS, period=period,
        who=who,
    )  # fmt: skip


def _joined(*parts: str) -> str:
    return " AND ".join(part for part in parts if part)


ROUTES = (page("/matrix", show),)
