"""One entry of a feed to one article: joins text, address, identity, times, language and form. Pure."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pipeline.errors import ExtractError
from pipeline.extract.form import form_of
from pipeline.extract.identity import article_id, article_keys, content_hash
from pipeline.extract.language import article_language
from pipeline.extract.text import clean_line, clean_text, shortened
from pipeline.extract.times import publication_time
from pipeline.extract.url import canonical_url
from pipeline.types import Article, Entry, Feed, ParsedFeed


@dataclass(frozen=True, slots=True)
class ExtractLimits:
    """Lengths in characters of what an article keeps."""

    text: int = 100_000
    """The longest transcripts of press conferences have about 80,000."""

    title: int = 500
    untitled: int = 120
    """Of a title made from a post's first sentence."""

    author: int = 200
    category: int = 100


DEFAULT_LIMITS: Final = ExtractLimits()
_SHARED_LINK_AT: Final = 3
"""Two guids for one link may be an article and its correction; three are a page on which things appear."""
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])[\"”’»)]*\s")


@dataclass(frozen=True, slots=True)
class Extracted:
    """The articles of one document, in its order, and the reasons for which entries were set aside."""

    articles: tuple[Article, ...]
    set_aside: tuple[str, ...] = ()


def extract_feed(
    parsed: ParsedFeed, feed: Feed, seen: datetime, limits: ExtractLimits = DEFAULT_LIMITS
) -> Extracted:
    """Every entry of a document as an article; what cannot be one is set aside with its reason.

    A link that entries with different guids share (a live page, a front page) does not identify them; their guids do.
    """
    shared = _shared_links(parsed)
    articles: list[Article] = []
    set_aside: list[str] = []
    for number, entry in enumerate(parsed.entries, start=1):
        try:
            articles.append(
                extract_article(entry, feed, seen, limits, link_identifies=entry.link not in shared)
            )
        except ExtractError as error:
            set_aside.append(f"entry {number}: {error}")
    return Extracted(tuple(articles), tuple(set_aside))


def extract_article(
    entry: Entry,
    feed: Feed,
    seen: datetime,
    limits: ExtractLimits = DEFAULT_LIMITS,
    *,
    link_identifies: bool = True,
) -> Article:
    """Make one entry clean.

    `seen`: aware UTC, when we first saw it. `link_identifies`: False where other entries of the document have the same
    link. Raises ExtractError where the entry has neither title nor text.
    """
    title = _without_outlet(clean_line(entry.title, limits.title), feed.outlet)
    text, source = _text(entry, title, limits)
    if not title:
        title = _first_sentence(text, limits.untitled)
    if not title:
        raise ExtractError(f"neither title nor text ({entry.link or entry.guid or 'no link'})")
    url = canonical_url(entry.link) if entry.link else None
    keys = article_keys(
        url if link_identifies or not entry.guid else None, entry.guid, feed.name, f"{title}\n{text}"
    )
    published, flag = publication_time(entry, feed.time_zone, seen)
    language, language_reason = article_language(title, text, entry.language or feed.language)
    categories = tuple(
        dict.fromkeys(
            name for category in entry.categories if (name := clean_line(category, limits.category))
        )
    )
    form, form_reasons = form_of(title, url or "", text, categories, feed)
    return Article(
        id=article_id(keys[0]),
        keys=keys,
        url=url or "",
        title=title,
        text=text,
        text_source=source,
        language=language,
        language_reason=language_reason,
        published=published,
        published_flag=flag,
        seen=seen,
        form=form,
        form_reasons=form_reasons,
        content_hash=content_hash(title, text),
        author=clean_line(entry.author, limits.author),
        categories=categories,
        updated=entry.updated,
    )


def _text(
    entry: Entry, title: str, limits: ExtractLimits
) -> tuple[str, Literal["summary", "content", "title"]]:
    """The longer of content and summary; nothing where that only repeats the title."""
    content = clean_text(entry.content, limits.text) if entry.content else ""
    # A summary longer than the content is rare: worth cleaning only where it can be.
    summary = clean_text(entry.summary, limits.text) if len(entry.summary) > len(content) else ""
    source: Literal["summary", "content"] = "content" if len(content) >= len(summary) else "summary"
    text = content if source == "content" else summary
    if title and _only_repeats(text, title):
        return "", "title"
    return (text, source) if text else ("", "title")


def _only_repeats(text: str, title: str) -> bool:
    """Whether a text says no more than its title: the same words, or "TITLE Outlet" as news searches write it."""
    if len(text) > len(title) + 40 or not text.casefold().startswith(title.rstrip("….").casefold()):
        return False
    rest = text[len(title) :]
    name = rest.strip(" \n.…–—-|")
    return not name or (rest[0] in " \n–—-|" and name[0].isupper() and not _SENTENCE_END.search(rest))


def _without_outlet(title: str, outlet: str) -> str:
    """Take the outlet's own name off the end, where a dash or bar parts it from the headline."""
    for sign in (" - ", " | ", " – ", " — ", " :: "):
        head, found, tail = title.rpartition(sign)
        if found and head.strip() and tail.strip().casefold() == outlet.casefold():
            return head.strip()
    return title


def _first_sentence(text: str, max_chars: int) -> str:
    """A title for a post that has none: its first sentence or line."""
    line = text.partition("\n")[0]
    end = _SENTENCE_END.search(line)
    return shortened(line[: end.start()] if end else line, max_chars)


def _shared_links(parsed: ParsedFeed) -> frozenset[str | None]:
    guids: Counter[str] = Counter()
    for link, _guid in {(entry.link, entry.guid) for entry in parsed.entries if entry.link and entry.guid}:
        guids[str(link)] += 1
    return frozenset(link for link, count in guids.items() if count >= _SHARED_LINK_AT)
