"""An article's own page to an entry: title, main text, stated date and language, by trafilatura. Pure."""

import html
from datetime import UTC, datetime

from trafilatura import bare_extraction
from trafilatura.settings import Document

from pipeline.errors import ExtractError
from pipeline.types import Entry

PAGE_LIMIT_BYTES = 5 * 1024 * 1024
"""Pages larger than this are applications, not articles."""


def read_page(body: bytes, url: str) -> Entry:
    """The article on a page, as an entry whose link is the page's own canonical address.

    Raises ExtractError where the page holds no article text (a front page, a consent or sign-in page).
    """
    found = bare_extraction(body[:PAGE_LIMIT_BYTES], url=url, with_metadata=True, include_comments=False)
    text = found.text if isinstance(found, Document) else None
    if not isinstance(found, Document) or not text or not text.strip():
        raise ExtractError(f"{url}: no article text on this page; give the text by hand")
    published = _day(found.date)
    return Entry(
        guid=None,
        link=found.url or url,
        title=html.escape(found.title or ""),
        summary="",
        content="".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines()),
        published=published,
        updated=None,
        date_text=found.date or "",
        date_has_zone=False,
        language=found.language or None,
        author=html.escape(found.author or ""),
    )


def _day(text: str | None) -> datetime | None:
    """Pages state days (ISO 8601); None where they state none that can be read."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
