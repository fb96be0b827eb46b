"""What does each step of taking news in cost, and does an article cost more in a large archive? `python -m benchmarks.costs`

Processor time of this process, which a busy machine does not change much. `--archive N` fills a new database with N
articles first (keys, sources and versions too) and shows what 200 new and 200 known articles cost there.
"""

import argparse
import asyncio
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from benchmarks.feed_files import document
from benchmarks.ingest import cpu_s
from benchmarks.page_layouts import layouts
from pipeline.db import articles as article_rows
from pipeline.db import migrate
from pipeline.db.articles import Arrival
from pipeline.db.engine import Database, open_database
from pipeline.db.times import to_microseconds
from pipeline.extract.build import extract_feed
from pipeline.extract.page import read_article_page
from pipeline.fetch.client import fetch_feed, open_client
from pipeline.fetch.settings import FetchSettings
from pipeline.parse import parse_feed
from pipeline.types import Article, Feed, RawFeed, Validators

NOW = datetime(2025, 3, 18, 12, tzinfo=UTC)
FEED = Feed("bench", "http://f.example/rss", "Bench", "Bench", "GB", "third-party", "en", "news")
ENTRIES = 20


def raw(body: bytes) -> RawFeed:
    """A document as if fetched."""
    return RawFeed(FEED.name, FEED.url, body, "", {}, NOW, Validators())


def cost_s(work: Callable[[], object], times: int) -> float:
    """Processor seconds of one call, after one that loads what is loaded once."""
    work()
    started = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - started) / times


def fetching_s(times: int) -> tuple[float, float]:
    """Processor seconds of a poll that brings a document, and of one that brings 304."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.feed_server", str(port), "1", str(ENTRIES)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    settings = FetchSettings(allow_private_addresses=True)
    feed = Feed("b", f"http://127.0.0.1:{port}/0.xml", "B", "B", "GB", "third-party", "en", "news")

    async def polls(known: Validators) -> float:
        async with open_client(settings) as client:
            await fetch_feed(client, feed, known, settings, NOW)
            started = time.process_time()
            for _ in range(times):
                await fetch_feed(client, feed, known, settings, NOW)
            return (time.process_time() - started) / times

    try:
        assert server.stdout is not None
        server.stdout.readline()
        return asyncio.run(polls(Validators())), asyncio.run(polls(Validators(etag='"100"')))
    finally:
        server.kill()
        server.wait()


def fill(database: Database, articles: int) -> None:
    """An archive of so many articles: random ids and keys, as hashes are."""
    made = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
    moment = str(to_microseconds(NOW - timedelta(days=60)))
    if database.is_sqlite:
        name = "lower(substr(printf('%016x%016x', (i * 2654435761) & 4294967295, i * 40503), 1, 24))"
    else:
        made, name = "WITH n AS (SELECT generate_series(1, :count) AS i)", "substr(md5(i::text), 1, 24)"
    words = "'Envoys agreed to talks near Sumy, said spokesman number ' || i"
    with database.write() as connection:
        connection.execute(text(
            f"INSERT INTO article (id, revision, url, feed, outlet, owner, side, control, country, kind, title, text, text_hash, language, "
            f"language_reason, form, published, published_flag, seen, version_seen, reason, tagged_text_hash, tag_count, "
            f"grouped_tag_count, indexed_revision, matched_revision) {made} SELECT {name}, 1, 'https://a.example/' || i, 'bench', 'B', 'B', "
            f"'third-party', 'private', 'GB', 'news', {words}, {words}, 'h' || i, 'en', 'declared', 'report', {moment}, 'stated', {moment}, "
            f"{moment}, 'live', 'h', 1, 1, 1, 1 FROM n"), {"count": articles})  # fmt: skip
        connection.execute(text(
            f"INSERT INTO article_key (key, article, first_seen) {made} SELECT 'url:a.example/' || {name}, {name}, {moment} FROM n"),
            {"count": articles})  # fmt: skip
        connection.execute(text(
            f"INSERT INTO article_source (article, feed, url, title, text, text_source, content_hash, published, first_seen, last_changed) "
            f"{made} SELECT {name}, 'bench', 'u', {words}, {words}, 'summary', 'h', {moment}, {moment}, {moment} FROM n"),
            {"count": articles})  # fmt: skip
        connection.execute(text(
            f"INSERT INTO version (article, number, feed, title, text, text_hash, seen, reason) {made} "
            f"SELECT {name}, 1, 'bench', {words}, {words}, 'h', {moment}, 'live' FROM n"), {"count": articles})  # fmt: skip


@contextmanager
def archive(path: Path, *, postgres: bool) -> Iterator[tuple[Database, int]]:
    """A new database, and the process of its server (0: none)."""
    with ExitStack() as stack:
        url, pid = f"sqlite:///{path}", 0
        if postgres:
            from tests.postgres import server

            url = stack.enter_context(server(path.parent / "postgres", durable=True))
            pid = int((path.parent / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        database = open_database(url)
        stack.callback(database.close)
        migrate.upgrade(database)
        yield database, pid


def stored_bytes(database: Database, path: Path) -> float:
    """The size of the database."""
    if database.is_sqlite:
        return path.stat().st_size
    with database.read() as connection:
        return float(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def settle(database: Database) -> None:
    """What an archive that has grown by and by has behind it: its planner knows it, and its server has nothing to catch up."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"))
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)" if database.is_sqlite else "CHECKPOINT"))


def recording_ms(database: Database, server_pid: int, rounds: int = 10) -> tuple[float, float]:
    """Processor milliseconds of one new and one known article, 200 a transaction, those of a server included."""
    arrival = Arrival(NOW, timedelta(days=1), last_success=NOW)
    new_s = known_s = 0.0
    for number in range(rounds):
        batch = articles(200, first=10_000 + number)
        for known in (False, True):
            started = cpu_s(server_pid)
            with database.write() as connection:
                article_rows.record(connection, FEED, batch, arrival)
            spent = cpu_s(server_pid) - started
            if known:
                known_s += spent
            else:
                new_s += spent
    return 1000 * new_s / rounds / 200, 1000 * known_s / rounds / 200


def articles(count: int, first: int) -> list[Article]:
    """So many articles of one document."""
    parsed = parse_feed(raw(document(first, count, newest=count, start=NOW)))
    return list(extract_feed(parsed, FEED, NOW).articles)


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--archive", type=int, nargs="*", default=[], help="sizes of archives to record into"
    )
    options.add_argument(
        "--postgres", action="store_true", help="archives on a PostgreSQL server made for it"
    )
    chosen = options.parse_args()
    console = Console(width=110)
    if not chosen.archive:
        console.print(_steps())
        return
    table = Table("articles in the archive", "new article, ms", "known article, ms", "bytes an article")
    for size in chosen.archive:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "archive.db"
            with archive(path, postgres=chosen.postgres) as (database, server_pid):
                fill(database, size)
                settle(database)
                stored = stored_bytes(database, path) / size
                new_ms, known_ms = recording_ms(database, server_pid)
            table.add_row(f"{size:,}", f"{new_ms:.2f}", f"{known_ms:.2f}", f"{stored:,.0f}")
    console.print(table)


def _steps() -> Table:
    table = Table("step", "processor ms", "for")
    poll_s, unchanged_s = fetching_s(60)
    bodies = [document(n, ENTRIES, newest=100, start=NOW) for n in range(10)]
    later = [document(n, ENTRIES, newest=101, start=NOW) for n in range(10)]
    parsed = [parse_feed(raw(body)) for body in bodies]
    marks = frozenset(parsed[0].marks)
    rng = random.Random(1)
    pages = [page.html.encode() for page in layouts()]
    rows = (
        ("fetch, a document of 13 KB", poll_s, "poll"),
        ("fetch, 304", unchanged_s, "poll"),
        ("parse", cost_s(lambda: parse_feed(raw(rng.choice(bodies))), 30) / ENTRIES, "entry"),
        (
            "parse, 19 of 20 entries known",
            cost_s(lambda: parse_feed(raw(later[0]), known=marks), 60),
            "document",
        ),
        ("extract", cost_s(lambda: extract_feed(rng.choice(parsed), FEED, NOW), 30) / ENTRIES, "entry"),
        (
            "read an article page",
            cost_s(lambda: read_article_page(rng.choice(pages), "https://a.example/1"), 30),
            "page",
        ),
    )
    for name, seconds, unit in rows:
        table.add_row(name, f"{seconds * 1000:.2f}", unit)
    return table


if __name__ == "__main__":
    main()
