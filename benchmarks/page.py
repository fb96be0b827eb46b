"""How long do the page's views take as the archive grows, and how much memory does the server hold?

    python -m benchmarks.page [--sizes 10000,100000,1000000] [--folder DIR] [--queries 20]

Fills a database and its index with generated articles up to each size, asks the application for each view without a
network in between, and prints a table for each size. "First" is the first time an address is asked in a process, "again"
the second; "cpu" is the processor's time of that, which other work on the machine does not lengthen. A page is all that
a reader waits for: query, facets, histogram, records, template.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import insert
from starlette.testclient import TestClient

from benchmarks.generated import END, Generator
from benchmarks.search import broad, percentile, selective
from pipeline.app import App
from pipeline.db import schema
from pipeline.db.dialect import insert as upsert
from pipeline.db.engine import Database
from pipeline.sameness import text_hash
from pipeline.settings import Settings
from pipeline.types import Document
from pipeline.web.access import Access
from pipeline.web.server import make_application

BATCH = 2_000
TARGETS_MS = {"now": 50, "search, selective": 50, "search, broad": 200}
"""What is asked of the 95th of 100 requests, asked again; other views have no target."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument(
        "--folder", type=Path, default=None, help="kept afterwards; default: a temporary folder"
    )
    parser.add_argument("--queries", type=int, default=20, help="of each kind")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        feeds = folder / "feeds.toml"
        feeds.write_text(FEED, encoding="utf-8")
        generator, written = Generator(), 0
        for size in sizes:
            app = App(Settings(database_url=f"sqlite:///{folder / 'page.db'}", feeds=str(feeds)))
            written = max(written, app.index.info().documents)
            start = time.perf_counter()
            fill(app, generator.documents(written, max(0, size - written), max(sizes)))
            print(
                f"\n{size:,} articles ({time.perf_counter() - start:.0f} s to write {max(0, size - written):,})"
            )
            app.close()
            measure(folder, generator, arguments.queries)
            written = size


FEED = """[[feed]]
url = "https://harbour-wire.example/rss"
outlet = "Harbour Wire"
owner = "Harbour Media"
country = "GB"
side = "third-party"
language = "en"
kind = "wire"
"""


def fill(app: App, documents: Iterator[Document]) -> None:
    """Write articles as the earlier steps leave them, to the record and to the index."""
    while batch := list(islice(documents, BATCH)):
        record(app.database, batch)
        app.index.put(batch)


def record(database: Database, batch: Sequence[Document]) -> None:
    """The record's rows of these articles."""
    articles, labels, positions, stories = [], [], [], {}
    for item in batch:
        hashed = text_hash(item.title, item.text)
        articles.append(
            {
                "id": item.id, "revision": 1, "url": item.url, "feed": item.feed, "outlet": item.outlet,
                "owner": item.owner, "side": item.side, "control": item.control, "country": item.country,
                "kind": item.kind, "title": item.title, "text": item.text, "text_hash": hashed,
                "tagged_text_hash": hashed, "language": item.language, "language_reason": "declared",
                "form": item.form, "published": item.published, "published_flag": "stated", "seen": item.seen,
                "version_seen": item.seen, "reason": item.reason, "tag_count": 1, "grouped_tag_count": 1,
                "indexed_revision": 1, "matched_revision": 1, "story": item.story, "copy_of": item.copy_of,
            }
        )  # fmt: skip
        labels += [
            {
                "article": item.id, "label": label.label, "decision": label.decision, "score": label.score,
                "threshold": label.threshold, "announce": label.announce, "sentence": item.title,
            }
            for label in item.labels
        ]  # fmt: skip
        positions += [
            {
                "article": item.id, "number": number, "development": one.development, "by": list(one.by),
                "against": list(one.against), "detail": one.detail, "score": one.score, "sentence": item.title,
            }
            for number, one in enumerate(item.positions)
        ]  # fmt: skip
        stories[item.story] = {
            "id": item.story, "title": item.title, "first_article": item.id, "first_seen": item.seen,
            "last_seen": item.seen,
        }  # fmt: skip
    with database.write() as connection:
        connection.execute(insert(schema.article), articles)
        connection.execute(insert(schema.label), labels)
        if positions:
            connection.execute(insert(schema.position), positions)
        connection.execute(upsert(connection, schema.story).on_conflict_do_nothing(), list(stories.values()))


def measure(folder: Path, generator: Generator, queries: int) -> None:
    """Print the table of one size."""
    app = App(Settings(database_url=f"sqlite:///{folder / 'page.db'}", feeds=str(folder / "feeds.toml")))
    client = TestClient(
        make_application(app, Access(operator="benchmark", read_only=True), clock=lambda: END),
        base_url="http://127.0.0.1",
    )
    heads = ("p50 first", "p95 first", "p50 again", "p95 again", "p95 cpu")
    print(f"{'milliseconds':22}" + "".join(f"{head:>12}" for head in heads))
    for name, addresses in views(generator, queries).items():
        first = [timed(client, address) for address in addresses]
        again = [timed(client, address) for address in addresses]
        figures = [
            percentile([wall for wall, _ in times], percent)
            for times in (first, again)
            for percent in (50, 95)
        ]
        figures.append(percentile([cpu for _, cpu in again], 95))
        target = TARGETS_MS.get(name)
        verdict = (
            "" if target is None else f"   target {target}: {'met' if figures[3] < target else 'missed'}"
        )
        print(f"{name:22}" + "".join(f"{figure:>12.1f}" for figure in figures) + verdict)
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of this process at its highest, writing included: {highest:.0f} MB")
    app.close()


def views(generator: Generator, queries: int) -> dict[str, list[str]]:
    """Addresses to ask for, by kind of view."""
    ids = [f"{random.Random(5).randrange(1, 5_000):016x}" for _ in range(3)]
    return {
        "now": ["/"] * max(3, queries // 4),
        "search, selective": [f"/search?{urlencode({'q': text})}" for text in selective(generator, queries)],
        "search, broad": [f"/search?{urlencode({'q': text})}" for text in broad(generator, queries)],
        "search as stories": [
            f"/search?{urlencode({'q': text, 'as': 'stories'})}" for text in broad(generator, 5)
        ],
        "article": [f"/article/{name}" for name in ids],
        "issue": ["/issue/peace-talks", "/issue/prisoners"],
        "matrix, 7 days": ["/matrix"],
        "matrix, all": ["/matrix?period=all"],
        "feeds": ["/feeds"],
    }


def timed(client: TestClient, address: str) -> tuple[float, float]:
    """Milliseconds until the page is there, on the clock and on the processor. Raises where it is not: a fast error is
    no page."""
    start, start_cpu = time.perf_counter(), time.process_time()
    answer = client.get(address)
    elapsed, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    answer.raise_for_status()
    return elapsed * 1000, cpu * 1000


if __name__ == "__main__":
    main()
