"""Small valid values for tests: each takes what the test is about and fills in the rest."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pipeline.extract.build import extract_article
from pipeline.types import Article, Entry, Feed

NOON = datetime(2025, 3, 18, 12, 0, tzinfo=UTC)

FEED = Feed(
    name="harbour-post", url="https://harbour-post.example/rss", outlet="Harbour Post", owner="Harbour Media",
    country="GB", side="third-party", language="en", kind="news",
)  # fmt: skip


def feed(name: str = "harbour-post", **changes: Any) -> Feed:
    """A feed of that name; its URL and outlet follow the name unless given."""
    facts = {
        "name": name,
        "url": f"https://{name}.example/rss",
        "outlet": name.replace("-", " ").title(),
        **changes,
    }
    return replace(FEED, **facts)


def entry(
    title: str = "Envoys meet in Jeddah", text: str = "The envoys met for two hours.", **changes: Any
) -> Entry:
    """An entry as a feed gives it; its link and guid follow from the title unless given."""
    slug = "-".join(title.lower().split())
    facts: dict[str, Any] = {
        "guid": f"id-{slug}", "link": f"https://harbour-post.example/{slug}", "title": title, "summary": text,
        "content": "", "published": NOON, "updated": None, "date_text": "", "date_has_zone": True, "language": None,
    }  # fmt: skip
    return Entry(**{**facts, **changes})


def article(
    title: str = "Envoys meet in Jeddah",
    text: str = "The envoys met for two hours.",
    *,
    source: Feed = FEED,
    seen: datetime = NOON,
    **changes: Any,
) -> Article:
    """The article that extract makes of such an entry."""
    return extract_article(entry(title, text, **changes), source, seen)
