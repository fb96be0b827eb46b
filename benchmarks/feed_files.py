"""Generated feed documents for benchmarks: our own words, the sizes and shapes of real news feeds."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

SUBJECTS = "Envoys|The delegation|Kyiv|Moscow|Officials in Washington|The grid operator|Inspectors|A drone unit".split(
    "|"
)
DEEDS = "agreed to|refused|postponed|proposed|called for|confirmed|reported|denied".split("|")
MATTERS = "a truce at sea|talks in Jeddah|an exchange of prisoners|strikes on substations|new air defence|the plan".split(
    "|"
)
PLACES = "Sumy|Odesa|Kherson|Zaporizhzhia|Belgorod|Geneva|Istanbul|Brussels".split("|")


def sentence(rng: random.Random) -> str:
    """One sentence of a wire's length."""
    return (
        f"{rng.choice(SUBJECTS)} {rng.choice(DEEDS)} {rng.choice(MATTERS)} near {rng.choice(PLACES)}, "
        f"said spokesman number {rng.randrange(10_000)} on day {rng.randrange(365)}."
    )


def document(feed: int, entries: int, *, newest: int, start: datetime) -> bytes:
    """An RSS document whose latest entry is number `newest`; entry n reads the same in every document."""
    items = []
    for number in range(newest, newest - entries, -1):
        own = random.Random(f"{feed}/{number}")
        text = " ".join(sentence(own) for _ in range(own.choice((1, 2, 2, 3, 8))))
        published = format_datetime(start + timedelta(minutes=number))
        items.append(
            f"<item><title>{sentence(own)[:90]}</title><link>https://f{feed}.example/n/{number}?utm_source=rss</link>"
            f'<guid isPermaLink="false">{feed}-{number}</guid><pubDate>{published}</pubDate>'
            f"<description><![CDATA[<p>{text}</p><p><a href='#'>Read more</a></p>]]></description></item>"
        )
    head = f"<title>Feed {feed}</title><link>https://f{feed}.example/</link><description>Made</description>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()


def write_feeds(folder: Path, feeds: int, entries: int, *, newest: int) -> list[Path]:
    """Write (over) one document a feed; returns their paths."""
    start = datetime(2025, 3, 18, tzinfo=UTC)
    paths = []
    for feed in range(feeds):
        path = folder / f"{feed}.xml"
        path.write_bytes(document(feed, entries, newest=newest, start=start))
        paths.append(path)
    return paths
