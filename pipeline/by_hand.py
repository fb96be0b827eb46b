"""One article by hand: fetch its page and read it, or take its text as given; then take it in as any feed's."""

import html
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.app import App
from pipeline.db import articles as article_rows
from pipeline.db.articles import Arrival, Recorded
from pipeline.errors import InputError
from pipeline.extract.build import extract_article
from pipeline.extract.page import read_page
from pipeline.fetch.client import HTML, fetch_feed, open_client
from pipeline.fetch.pacing import registered_domain
from pipeline.types import Article, Entry, Feed, Validators

FEED = "by-hand"
"""The feed that such articles belong to; it is in no list and never polled."""


async def add_page(app: App, url: str, now: datetime) -> tuple[Article, Recorded]:
    """Fetch the page at `url` and take in the article on it, under the outlet whose feeds share its domain.

    Raises InputError where the page cannot be fetched, ExtractError where it holds no article.
    """
    feed = source_of(url, app.feeds)
    settings = app.settings.fetch_settings()
    async with open_client(settings) as client:
        outcome = await fetch_feed(client, feed, Validators(), settings, now, accept=HTML)
    if outcome.raw is None:
        raise InputError(f"{url}: {outcome.failure}: {outcome.detail}")
    article = extract_article(read_page(outcome.raw.body, outcome.raw.url), feed, now)
    arrival = Arrival(now, timedelta(hours=app.settings.horizon_h), last_success=now)
    with app.database.write() as connection:
        return article, article_rows.record(connection, feed, [article], arrival)


def add_text(
    app: App, text: str, now: datetime, *, title: str = "", url: str = ""
) -> tuple[Article, Recorded]:
    """Take in a text that somebody found; its title is its first sentence unless given. `url`: where it was found.

    Raises ExtractError where there is no text.
    """
    feed = source_of(url, app.feeds)
    entry = Entry(
        guid=None, link=url or None, title=html.escape(title), summary="", content=html.escape(text).replace("\n", "<br>"),
        published=now, updated=None, date_text="", date_has_zone=True, language=None,
    )  # fmt: skip
    article = extract_article(entry, feed, now)
    arrival = Arrival(now, timedelta(hours=app.settings.horizon_h), last_success=now)
    with app.database.write() as connection:
        return article, article_rows.record(connection, feed, [article], arrival)


def source_of(url: str, feeds: Mapping[str, Feed]) -> Feed:
    """Whose page this is: the outlet of a listed feed with the same registered domain, else the domain itself."""
    domain = registered_domain(url)
    for feed in feeds.values():
        if domain and registered_domain(feed.url) == domain:
            return replace(feed, name=FEED, url=url)
    return Feed(
        name=FEED, url=url, outlet=domain or "By hand", owner=domain or "By hand", country="XX", side="third-party",
        language="", kind="news",
    )  # fmt: skip
