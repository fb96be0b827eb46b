"""Feed documents to entries: RSS 0.9 to 2.0, RDF, Atom and JSON Feed. Pure; the only user of feedparser.

feedparser's own cleaning of HTML and of embedded links is off: `extract` cleans everything, once.
"""

import io
import re
from calendar import timegm
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import feedparser
import feedparser.api

from pipeline.dates import read_date
from pipeline.errors import ParseError
from pipeline.json_feed import is_json, parse_json_feed
from pipeline.marks import without_known
from pipeline.sniff import readable_bytes, what_it_is
from pipeline.types import Entry, ParsedFeed, RawFeed

feedparser.api.PREFERRED_XML_PARSERS.clear()
"""It prefers a driver that Python 3 has not: looking for it on the disk, document by document, costs a tenth of a small one."""


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """What one document may cost. Counts of entries, lengths in characters."""

    entries: int = 2000
    """The first ones are kept, which are the newest in every feed in use; archives of 50,000 exist by mistake."""

    tags: int = 500_000
    """In the whole document, those within HTML included: full-text feeds of 10 MB have half as many. feedparser needs
    about 10 s for so many; a hostile document of millions would hold up every other feed."""

    text: int = 500_000
    """Of one entry's summary or content: a long book chapter."""

    title: int = 2000
    link: int = 4000
    """Longer ones are not addresses (data in a query string)."""

    guid: int = 2000
    categories: int = 50


DEFAULT_LIMITS: Final = ParseLimits()


def parse_feed(
    raw: RawFeed, limits: ParseLimits = DEFAULT_LIMITS, known: frozenset[bytes] = frozenset()
) -> ParsedFeed:
    """Read the document of `raw`; its final URL is the base of relative links.

    `known`: marks of entries that are recorded already and need not be read again (`pipeline.marks`).

    Broken markup, wrong encodings, missing dates and the like end up in `problems`, never as an error. Raises
    ParseError where the document is not a feed, and says what it is instead.
    """
    if is_json(raw.body):
        parsed = parse_json_feed(raw.body, raw.url, known)
        return _bounded(parsed, limits, len(parsed.entries) + parsed.left_out)
    body, charset, problems = readable_bytes(raw.body, raw.content_type)
    if (other := what_it_is(body)) is not None:
        raise ParseError(other, raw.url)
    body, found = _shortened(body, limits.entries)
    marked = without_known(body, known)
    body = marked.body
    if body.count(b"<") > limits.tags:
        raise ParseError(f"more than {limits.tags} tags: too much for a feed", raw.url)
    content_type = "application/xml" + (f"; charset={charset}" if charset else "")
    document = _feedparser(body, content_type, raw)
    if not document.version and not document.entries:
        raise ParseError("XML of a kind that is not a feed", raw.url)
    if document.get("bozo"):
        problems.append(f"broken markup: {_one_line(document.get('bozo_exception'))}")
    head = document.feed
    language = _text(head.get("language")) or None
    entries = tuple(_entry(item, language, raw.url) for item in document.entries[: limits.entries])
    parsed = ParsedFeed(
        title=_text(head.get("title")),
        language=language,
        ttl_min=_ttl_min(head),
        entries=entries,
        problems=tuple(problems),
        marks=marked.marks if len(marked.marks) == len(entries) + marked.left_out else (),
        left_out=marked.left_out,
        older=_older(head, raw.url),
    )
    return _bounded(parsed, limits, max(found, len(document.entries)))


_ENTRY_END: Final = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry)\s*>")


def _shortened(body: bytes, entries: int) -> tuple[bytes, int]:
    """The document without those entries that come after the first `entries`, and how many it has.

    feedparser needs 15 s for 50,000 entries; cutting them out as bytes beforehand needs none. (0 is told for
    UTF-16, whose tags are not seen here; it is cut after reading.)
    """
    ends = [found.end() for found in _ENTRY_END.finditer(body)]
    if len(ends) <= entries:
        return body, len(ends)
    return body[: ends[entries - 1]] + body[ends[-1] :], len(ends)


def _feedparser(body: bytes, content_type: str, raw: RawFeed) -> Any:
    try:
        return feedparser.parse(
            io.BytesIO(body),
            response_headers={"content-type": content_type, "content-location": raw.url},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # its loose parser is known to raise all kinds on hostile markup
        raise ParseError(
            f"markup that cannot be read at all ({type(error).__name__}: {_one_line(error)})", raw.url
        ) from error


def _entry(found: Any, feed_language: str | None, base_url: str) -> Entry:
    item = dict(found)  # feedparser's own look-ups try aliases, which is slow and mixes up dates
    content = max((_text(part.get("value")) for part in item.get("content", ())), key=len, default="")
    summary = _text(item.get("summary"))
    date_text, published, has_zone = _date(item, "published")
    updated_text, updated, updated_has_zone = _date(item, "updated")
    if published is None and updated is not None:
        date_text, has_zone = updated_text, updated_has_zone
    return Entry(
        guid=_text(item.get("id")) or None,
        link=_link(item, base_url),
        title=_text(item.get("title")),
        summary="" if summary == content else summary,
        content=content,
        published=published,
        updated=updated,
        date_text=date_text or updated_text,
        date_has_zone=has_zone,
        language=_entry_language(item, feed_language),
        author=_text(item.get("author")),
        categories=tuple(term for tag in item.get("tags", ()) if (term := _text(tag.get("term")))),
    )


def _date(item: Mapping[str, Any], name: str) -> tuple[str, datetime | None, bool]:
    text = _text(item.get(name))
    moment, has_zone = read_date(text)
    if moment is None and (parts := item.get(f"{name}_parsed")):
        try:
            moment = datetime.fromtimestamp(timegm(parts), UTC)
        except (ValueError, OverflowError):
            moment = None
        has_zone = _ENDS_WITH_ZONE.search(text) is not None
    return text, moment, has_zone


_ENDS_WITH_ZONE: Final = re.compile(r"(?:Z|[+-]\d{2}:?\d{2}|GMT|UTC)\s*$")


def _link(item: Mapping[str, Any], base_url: str) -> str | None:
    """The article's own page: FeedBurner's original link, the alternate, or a guid that is a web address."""
    candidates = [item.get("feedburner_origlink"), item.get("link")]
    candidates += [
        link.get("href") for link in item.get("links", ()) if link.get("rel") in (None, "alternate")
    ]
    if item.get("guidislink"):
        candidates.append(item.get("id"))
    for candidate in candidates:
        text = re.sub(r"[\s\x00-\x1f]+", "", _text(candidate))
        if not text:
            continue
        try:
            link = urljoin(base_url, text)
        except ValueError:
            continue
        if link.lower().startswith(("http://", "https://")):
            return link
    return None


def _entry_language(item: Mapping[str, Any], feed_language: str | None) -> str | None:
    """The language of the entry itself, only where it differs from the document's (feedparser hands that one down)."""
    details = [*item.get("content", ()), item.get("summary_detail"), item.get("title_detail")]
    for detail in details:
        if detail and (language := detail.get("language")) and language != feed_language:
            return str(language)
    return None


def _older(head: Mapping[str, Any], base_url: str) -> str | None:
    """Where earlier entries are: RFC 5005 (prev-archive, else next), or WordPress's own way of paging."""
    links = {str(link.get("rel")): _text(link.get("href")) for link in reversed(head.get("links", ()))}
    target = links.get("prev-archive") or links.get("next")
    try:
        if target:
            return urljoin(base_url, target)
        if "wordpress.org" in _text(head.get("generator")).lower():
            parts = urlsplit(base_url)
            query = dict(parse_qsl(parts.query))
            number = query.get("paged", "1")
            query["paged"] = str(int(number) + 1 if number.isdecimal() else 2)
            return urlunsplit(parts._replace(query=urlencode(query)))
    except ValueError:
        return None
    return None


def _ttl_min(head: Mapping[str, Any]) -> int | None:
    """Minutes between polls that the document asks for: `ttl`, or the syndication module's period."""
    ttl = _text(head.get("ttl"))
    if ttl.isdecimal() and len(ttl) < 7:
        return int(ttl) or None
    period = _PERIOD_MIN.get(_text(head.get("sy_updateperiod")).lower())
    frequency = _text(head.get("sy_updatefrequency"))
    if period is None:
        return None
    return max(1, period // max(1, int(frequency) if frequency.isdecimal() and len(frequency) < 5 else 1))


_PERIOD_MIN: Final = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}


def _bounded(parsed: ParsedFeed, limits: ParseLimits, found: int) -> ParsedFeed:
    """Within the limits; `found` entries were in the document."""
    problems = list(parsed.problems)
    if found > limits.entries:
        problems.append(f"{found} entries, only the first {limits.entries} are read")
    cut: set[str] = set()
    entries = tuple(_cut(entry, limits, cut.add) for entry in parsed.entries[: limits.entries])
    problems += [f"entries with a {part} over the limit, cut" for part in sorted(cut)]
    if not found:
        problems.append("no entries")
    return replace(parsed, title=parsed.title[: limits.title], entries=entries, problems=tuple(problems))


def _cut(entry: Entry, limits: ParseLimits, note: Callable[[str], None]) -> Entry:
    def cut(text: str, length: int, part: str) -> str:
        if len(text) > length:
            note(part)
            return text[:length]
        return text

    link = entry.link
    if link is not None and len(link) > limits.link:
        note("link")
        link = None
    return Entry(
        guid=cut(entry.guid, limits.guid, "guid") if entry.guid else None,
        link=link,
        title=cut(entry.title, limits.title, "title"),
        summary=cut(entry.summary, limits.text, "summary"),
        content=cut(entry.content, limits.text, "content"),
        published=entry.published,
        updated=entry.updated,
        date_text=entry.date_text[:200],
        date_has_zone=entry.date_has_zone,
        language=entry.language[:35] if entry.language else None,
        author=cut(entry.author, limits.title, "author"),
        categories=tuple(category[:200] for category in entry.categories[: limits.categories]),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _one_line(value: object) -> str:
    return " ".join(str(value).split())[:200]
