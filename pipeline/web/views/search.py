"""Search: one box, facets that are parts of the query, a histogram to zoom into, results that show where they match."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from classifiers.details import all_details
from pipeline.db import documents, judgement
from pipeline.errors import QueryError
from pipeline.index.base import Count, Index, Sort
from pipeline.notify import clean
from pipeline.notify.words import headline
from pipeline.query import fold
from pipeline.query.fields import CLOSED_VALUES, FIELDS
from pipeline.query.highlight import Marked, marked, snippet
from pipeline.query.nodes import All, Query
from pipeline.query.words import in_words
from pipeline.search import FACETS
from pipeline.types import Document
from pipeline.web.routing import Visit, page
from pipeline.web.shown import charts, clauses, words
from pipeline.web.site import Site
from pipeline.web.views.lists import stories_found

RESULTS = 25
STORIES = 15
COUNT_CAP = 10_000
SNIPPET_OF = 6_000
"""Letters of a text in which a list looks for the best place to show; the article's own page marks all of it."""
FACET_VALUES = 12
FACET_ORDER = ("development", "issue", "actor", "side", "outlet", "owner", "language")


@dataclass(frozen=True, slots=True)
class Result:
    """One article found: `happened` are its positions in words, `issues` the names of what it is about."""

    document: Document
    title: Marked
    snippet: Marked
    happened: tuple[str, ...]
    issues: tuple[tuple[str, str], ...]
    new: bool


@dataclass(frozen=True, slots=True)
class FacetRow:
    """A value of a facet: `add`, `exclude` and `remove` are queries; None where that cannot be said."""

    value: str
    name: str
    count: int
    state: str
    add: str | None = None
    exclude: str | None = None
    remove: str | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """A field with its values among the hits."""

    field: str
    name: str
    rows: tuple[FacetRow, ...]


def show(visit: Visit) -> Response:
    """The page of a query; an error stands under its place in the query."""
    text = visit.asked("q").strip()
    sort: Sort = "relevance" if visit.asked("sort") == "relevance" else "published"
    as_stories = visit.asked("as") == "stories"
    common: dict[str, Any] = {
        "q": text,
        "sort": sort,
        "as_stories": as_stories,
        "active": "search",
        "title": text or "Search",
    }
    try:
        query = visit.site.parse(text)
        context = _found(visit, text, query, sort, as_stories)
    except QueryError as error:
        return visit.render("search.html", status=400, error=error, **common)
    return visit.render("search.html", error=None, **common, **context)


def _found(visit: Visit, text: str, query: Query, sort: Sort, as_stories: bool) -> dict[str, Any]:
    site = visit.site
    index = site.app.index
    after = visit.asked("after") or None
    context: dict[str, Any] = {"results": (), "cards": (), "next": None}
    if as_stories:
        found = stories_found(visit, query, STORIES, after)
        context |= {"cards": found.cards, "next": found.after}
    else:
        hits = index.search(query, limit=RESULTS, after=after, sort=sort)
        with site.app.database.read() as connection:
            found_documents = documents.by_ids(connection, [hit.id for hit in hits.hits])
        context |= {
            "results": [result(visit, query, document) for document in found_documents],
            "next": hits.after,
        }
    count = index.count(query, cap=COUNT_CAP)
    counted = index.facets(query, FACETS, limit=FACET_VALUES)
    return context | {
        "count": count,
        "count_words": count_words(count),
        "in_words": in_words(query, names=lambda facet, label: site.names.get(f"{facet}:{label}", label)),
        "facets": [
            facet(site, text, query, name, [(item.value, item.count) for item in counted[name]])
            for name in FACET_ORDER
        ],
        "chart": chart(index, query),
        "unzoomed": clauses.unzoomed(text, query, site.parse),
        "bar_query": lambda bar: clauses.zoomed(text, query, clauses.Zoom(bar.first, bar.last), site.parse),
        "zoom_base": clauses.unzoomed(text, query, site.parse) or text,
        "everything": isinstance(query.root, All),
        "later_page": after is not None,
    }


def result(visit: Visit, query: Query, document: Document) -> Result:
    """What the list shows of an article."""
    site = visit.site
    plain = clean.line(document.text[:SNIPPET_OF], SNIPPET_OF)
    new_since = visit.new_since
    return Result(
        document,
        marked(query, "title", clean.line(document.title, 400)),
        snippet(query, "text", plain, 260),
        tuple(dict.fromkeys(headline(item, site.words) for item in document.positions))[:4],
        tuple(
            (label.label.partition(":")[2], site.names.get(label.label, label.label))
            for label in document.labels
            if label.label.startswith("issue:")
        )[:3],
        new_since is not None and document.seen > new_since,
    )


def count_words(count: Count) -> str:
    """ "1 article", "10,000+ articles"."""
    return f"{count.value:,}{'' if count.exact else '+'} article{'' if count.value == 1 and count.exact else 's'}"


def facet(site: Site, text: str, query: Query, field: str, counted: list[tuple[str, int]]) -> Facet:
    """The values of a field: those that the query demands or excludes first, with the query that a click leads to."""
    held, refused = clauses.held(query), clauses.refused(query)
    rows: list[FacetRow] = []
    for value, count in counted:
        key = (field, fold.key(value))
        name = words.value(field, value, site.names)
        part = clauses.clause(field, value)
        if key in held:
            rows.insert(
                0,
                FacetRow(
                    value, name, count, "held", remove=clauses.removed(text, query, held[key], site.parse)
                ),
            )
        else:
            rows.append(
                FacetRow(
                    value,
                    name,
                    count,
                    "free",
                    clauses.added(text, query, part),
                    clauses.added(text, query, f"NOT {part}"),
                )
            )
    for (of, key_text), node in refused.items():
        if of == field:
            name = words.value(field, key_text, site.names)
            rows.insert(
                0,
                FacetRow(key_text, name, 0, "refused", remove=clauses.removed(text, query, node, site.parse)),
            )
    return Facet(field, words.FIELDS[field], tuple(rows))


def chart(index: Index, query: Query) -> charts.Histogram:
    """Hits over time, at an interval that gives a readable number of bars."""
    buckets = list(index.histogram(query, "day"))
    interval = charts.interval_for(len(buckets))
    if interval == "hour":
        buckets = list(index.histogram(query, "hour"))
    elif interval in ("week", "month"):
        buckets = charts.merged(buckets, interval == "month", "UTC")
    return charts.histogram(buckets, interval, "UTC")


def zoom(visit: Visit) -> Response:
    """Where a drag over the histogram leads: the query with that span of days."""
    text = visit.asked("q").strip()
    try:
        first, last = sorted(date.fromisoformat(visit.asked(name)) for name in ("from", "to"))
    except ValueError:
        return visit.go("/search", q=text)
    if last - first > timedelta(days=366 * 200):
        return visit.go("/search", q=text)
    query = clauses.zoomed(text, visit.site.parse(text), clauses.Zoom(first, last), visit.site.parse)
    return visit.go("/search", q=query, sort=visit.asked("sort"), **{"as": visit.asked("as")})


def completions(visit: Visit) -> Response:
    """What the box completes: every field, and the values that are known beforehand, with their names."""
    site = visit.site
    values: dict[str, list[list[str]]] = {}
    for facet_name in ("actor", "issue", "development"):
        values[facet_name] = [
            [label.id, label.name] for label in site.labels.values() if label.facet == facet_name
        ]
    values["by"] = values["against"] = values["actor"]
    values["detail"] = [[name, name.replace("-", " ")] for name in all_details()]
    for field, known in CLOSED_VALUES.items():
        values[field] = [[value, words.value(field, value, site.names)] for value in known]
    with site.app.database.read() as connection:
        values["tag"] = [[tag, tag] for tag in judgement.tag_counts(connection)]
    feeds = site.app.feeds.values()
    for field in ("outlet", "owner", "feed", "language", "country"):
        attribute = "name" if field == "feed" else field
        values[field] = [
            [value, value] for value in sorted({str(getattr(feed, attribute)) for feed in feeds})
        ]
    fields = [[name, field.says] for name, field in FIELDS.items()]
    return JSONResponse(
        {"fields": fields, "values": values}, headers={"Cache-Control": "private, max-age=300"}
    )


ROUTES = (page("/search", show), page("/search/zoom", zoom), page("/completions.json", completions))
