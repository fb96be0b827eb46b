"""How fast are entries taken in (fetch from disk, parse, extract, record), beside the library `reader`?

Both read the same documents in the same run: first all new, then 2 in 50 new a feed, then unchanged files.
Run: python -m benchmarks.ingest [--feeds N] [--entries N]
"""

import argparse
import asyncio
import random
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.feed_files import write_feeds
from pipeline.db import feeds as feed_rows
from pipeline.db import migrate
from pipeline.db.engine import open_database
from pipeline.fetch.settings import FetchSettings
from pipeline.steps.ingest import IngestSettings, ingest_due
from pipeline.types import Feed


def ours(folder: Path, paths: list[Path]) -> Callable[[datetime], None]:
    """Our ingest step over file:// feeds, in a new SQLite database."""
    database = open_database(f"sqlite:///{folder / 'ours.db'}")
    migrate.upgrade(database)
    feeds = {
        path.stem: Feed(
            name=path.stem, url=path.as_uri(), outlet=f"Outlet {path.stem}", owner="Bench", country="GB",
            side="third-party", language="en", kind="news",
        )
        for path in paths
    }  # fmt: skip
    with database.write() as connection:
        feed_rows.sync(connection, list(feeds.values()))
    settings = IngestSettings(FetchSettings(domain_gap_s=0.0), timedelta(days=1))

    def update(now: datetime) -> None:
        asyncio.run(
            ingest_due(database, feeds, settings, now=lambda: now, holder="bench", rng=random.Random(0))
        )

    return update


def theirs(folder: Path, paths: list[Path]) -> Callable[[datetime], None]:
    """The library `reader` over the same files, with as many workers as there are cores."""
    from reader import make_reader

    made = make_reader(str(folder / "reader.db"), feed_root="")
    for path in paths:
        made.add_feed(str(path))

    def update(_now: datetime) -> None:
        for _result in made.update_feeds_iter(scheduled=False, workers=2):
            pass

    return update


def main() -> None:
    """Print seconds and entries a second of each pass."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--feeds", type=int, default=200)
    options.add_argument("--entries", type=int, default=50)
    chosen = options.parse_args()
    table = Table("pass", "ours s", "ours entries/s", "reader s", "reader entries/s", "times faster")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_feeds(folder, chosen.feeds, chosen.entries, newest=100)
        passes = {"ours": ours(folder, paths), "reader": theirs(folder, paths)}
        now = datetime(2025, 3, 18, 12, tzinfo=UTC)
        for label, newest in (("all entries new", 100), ("2 new a feed", 102), ("nothing changed", 102)):
            write_feeds(folder, chosen.feeds, chosen.entries, newest=newest)
            seconds = {}
            for who, update in passes.items():
                started = time.perf_counter()
                update(now)
                seconds[who] = time.perf_counter() - started
            total = chosen.feeds * chosen.entries
            table.add_row(
                label, f"{seconds['ours']:.2f}", f"{total / seconds['ours']:,.0f}", f"{seconds['reader']:.2f}",
                f"{total / seconds['reader']:,.0f}", f"{seconds['reader'] / seconds['ours']:.1f}",
            )  # fmt: skip
            now += timedelta(days=2)
    console = Console()
    console.print(f"{chosen.feeds} feeds x {chosen.entries} entries, SQLite, from local files")
    console.print(table)
    console.print(
        f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )


if __name__ == "__main__":
    main()
