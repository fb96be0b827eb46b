"""The results of a search for other programs: spreadsheet, JSON lines, citations, a feed reader."""

from starlette.responses import Response

from pipeline.db import article_pages, documents
from pipeline.notify.words import headline
from pipeline.query.words import in_words
from pipeline.search import document_json
from pipeline.types import Document
from pipeline.web.pages import to
from pipeline.web.routing import Visit, page
from pipeline.web.shown import downloads

MOST = 1000
"""Articles of one download: what a person reads in a spreadsheet; `ceasefire export` writes everything."""
IN_FEED = 50


def as_csv(visit: Visit) -> Response:
    """For a spreadsheet."""
    return _file(downloads.as_csv(_found(visit, MOST)), "text/csv", "articles.csv")


def as_json(visit: Visit) -> Response:
    """As `ceasefire search --json` prints it."""
    return _file(
        downloads.json_lines(document_json(item) for item in _found(visit, MOST)),
        "application/x-ndjson",
        "articles.jsonl",
    )


def as_citations(visit: Visit) -> Response:
    """As a list of sources."""
    found = _found(visit, MOST)
    with visit.site.app.database.read() as connection:
        hashes = article_pages.text_hashes(connection, [item.id for item in found])
    text = downloads.as_citations(found, hashes, visit.asked("q"), visit.now)
    return _file(text, "text/markdown", "citations.md")


def as_atom(visit: Visit) -> Response:
    """For a feed reader: an alert without mail."""
    found, words = _found(visit, IN_FEED), visit.site.words
    told = {
        item.id: "; ".join(dict.fromkeys(headline(position, words) for position in item.positions))
        for item in found
    }
    query = visit.site.parse(visit.asked("q"))
    names = visit.site.names
    body = downloads.as_atom(
        found,
        told,
        title=in_words(query, names=lambda facet, label: names.get(f"{facet}:{label}", label)),
        address=to("/search.atom", q=visit.asked("q")),
        base=visit.site.public_url or str(visit.request.base_url).rstrip("/"),
        now=visit.now,
    )
    return Response(body, media_type="application/atom+xml")


def _found(visit: Visit, limit: int) -> list[Document]:
    index = visit.site.app.index
    hits = index.search(visit.site.parse(visit.asked("q")), limit=limit).hits
    with visit.site.app.database.read() as connection:
        return documents.by_ids(connection, [hit.id for hit in hits])


def _file(text: str, media_type: str, name: str) -> Response:
    return Response(
        text.encode("utf-8", "replace"),
        media_type=f"{media_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


ROUTES = (
    page("/search.csv", as_csv),
    page("/search.json", as_json),
    page("/search.md", as_citations),
    page("/search.atom", as_atom),
)
