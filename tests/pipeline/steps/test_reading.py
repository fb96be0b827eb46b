"""Reading documents in other processes: the same articles, whoever reads, and a document that cannot be read costs itself."""

import asyncio
from dataclasses import replace

from pipeline.steps.reading import APART_FROM, Readers, Reading, read
from pipeline.types import FetchOutcome, RawFeed, Validators
from tests.pipeline.steps.test_ingest import rss
from tests.samples import FEED, NOON


def outcome(body: bytes) -> FetchOutcome:
    raw = RawFeed(FEED.name, FEED.url, body, "application/rss+xml", {}, NOON, Validators())
    return FetchOutcome(FEED.name, "fetched", NOON, raw=raw)


def test_many_documents_are_read_in_other_processes_with_the_same_outcome() -> None:
    outcomes = [outcome(rss(f"Report {number}", f"Another {number}")) for number in range(APART_FROM + 6)]
    outcomes[3] = outcome(b"<html><body>Accept cookies</body></html>")
    outcomes[7] = replace(outcome(b""), result="unchanged", raw=None)

    async def all_of_them() -> list[Reading]:
        async with Readers(2) as readers:
            return await asyncio.gather(*(readers.read(FEED, one) for one in outcomes))

    found = asyncio.run(all_of_them())
    assert found == [read(FEED, one) for one in outcomes]
    assert found[3].outcome.failure == "not-a-feed"
    assert found[7].entries == 0


def test_known_entries_are_counted_and_left_out() -> None:
    first = read(FEED, outcome(rss("Report 1", "Report 2")))
    assert first.parsed is not None
    again = read(FEED, outcome(rss("Report 1", "Report 2", "Report 3")), frozenset(first.parsed.marks))
    assert (again.entries, [article.title for article in again.articles]) == (3, ["Report 3"])
