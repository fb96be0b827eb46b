"""How fast are feeds taken in (fetch, parse, extract, record), beside the library `reader`?

Both ask the same local server (benchmarks/feed_server.py, a process of its own) with the same concurrency, in the same
run, turn by turn: first all entries are new, then 2 of 100 (two fifths of the feeds have one new entry, the others answer
304), then nothing has changed. The gap between requests to one domain is 0 here, because all feeds are one host's.
Processor seconds are those of this process, for a machine that has other work to do: with `--readers 1` they are all
that we use, as they are for `reader`, whose workers are threads.
Run: python -m benchmarks.ingest [--feeds N] [--entries N] [--database URL] [--readers N]
"""

import argparse
import asyncio
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.db import feeds as feed_rows
from pipeline.db import migrate
from pipeline.db.engine import open_database
from pipeline.fetch.settings import FetchSettings
from pipeline.steps.ingest import IngestSettings, ingest_due
from pipeline.types import Feed

CONCURRENCY = 16
PASSES = (("all entries new", None), ("2 of 100 new", 40), ("2 of 100 new, again", 40), ("nothing new", 0))

Update = Callable[[datetime], None]


def ours(url: str, port: int, feeds: int, readers: int) -> Update:
    """Our ingest step over a new database."""
    database = open_database(url)
    migrate.upgrade(database)
    listed = {
        f"f{number}": Feed(
            name=f"f{number}", url=f"http://127.0.0.1:{port}/{number}.xml", outlet=f"Outlet {number}", owner="Bench",
            country="GB", side="third-party", language="en", kind="news",
        )
        for number in range(feeds)
    }  # fmt: skip
    with database.write() as connection:
        feed_rows.sync(connection, list(listed.values()))
    fetch = FetchSettings(
        domain_gap_s=0.0,
        per_domain=CONCURRENCY,
        concurrency=CONCURRENCY,
        allow_private_addresses=True,
        readers=readers,
    )
    settings = IngestSettings(fetch, timedelta(days=1))

    def update(now: datetime) -> None:
        reports = asyncio.run(
            ingest_due(database, listed, settings, now=lambda: now, holder="bench", rng=random.Random(0))
        )
        failed = [report for report in reports if report.result == "failed"]
        assert len(reports) == feeds and not failed, (len(reports), failed[:1])

    return update


def theirs(folder: Path, port: int, feeds: int) -> Update:
    """The library `reader`, with as many workers."""
    from reader import make_reader

    made = make_reader(str(folder / "reader.db"))
    for number in range(feeds):
        made.add_feed(f"http://127.0.0.1:{port}/{number}.xml")

    def update(_now: datetime) -> None:
        for _url, value in made.update_feeds_iter(scheduled=False, workers=CONCURRENCY):
            if isinstance(value, Exception):
                raise value

    return update


def megabytes(folder: Path, name: str) -> float:
    """Size of a SQLite database with its journal."""
    return sum(path.stat().st_size for path in folder.glob(f"{name}.db*")) / 2**20


def main() -> None:
    """Print seconds and entries a second of each pass."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--feeds", type=int, default=1000)
    options.add_argument("--entries", type=int, default=20)
    options.add_argument("--database", default="", help="URL of an empty database; default: a SQLite file")
    options.add_argument(
        "--readers", type=int, default=0, help="processes that read documents; 0: one a core"
    )
    chosen = options.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "benchmarks.feed_server",
        str(port),
        str(chosen.feeds),
        str(chosen.entries),
    ]
    columns = ("ours s", "entries/s", "cpu s", "reader s", "entries/s", "cpu s", "faster", "by cpu", "our MB")
    table = Table("pass", *columns)
    total = chosen.feeds * chosen.entries
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            assert server.stdout is not None and server.stdout.readline() == b"ready\n"
            updates = {
                "ours": ours(
                    chosen.database or f"sqlite:///{folder / 'ours.db'}", port, chosen.feeds, chosen.readers
                ),
                "reader": theirs(folder, port, chosen.feeds),
            }
            now = datetime(2025, 3, 18, 12, tzinfo=UTC)
            for label, share in PASSES:
                if share is not None:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/advance/{share}").read()
                spent: dict[str, tuple[float, float]] = {}
                for who, update in updates.items():
                    started, busy = time.perf_counter(), time.process_time()
                    update(now)
                    spent[who] = (time.perf_counter() - started, time.process_time() - busy)
                cells = [
                    cell
                    for s, cpu in spent.values()
                    for cell in (f"{s:.2f}", f"{total / s:,.0f}", f"{cpu:.2f}")
                ]
                (s, cpu), (reader_s, reader_cpu) = spent["ours"], spent["reader"]
                table.add_row(
                    label,
                    *cells,
                    f"{reader_s / s:.1f}",
                    f"{reader_cpu / cpu:.1f}",
                    f"{megabytes(folder, 'ours'):.0f}",
                )
                now += timedelta(days=2)
        finally:
            server.kill()
            server.wait()
    console = Console(width=110)
    console.print(
        f"{chosen.feeds} feeds x {chosen.entries} entries over HTTP, {CONCURRENCY} requests at once"
    )
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"peak memory of this process (both): {peak:.0f} MB")


if __name__ == "__main__":
    main()
