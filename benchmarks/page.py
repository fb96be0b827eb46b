"""How long do the page's views take as the archive grows, and how much memory does the server hold?

    python -m benchmarks.page [--sizes 10000,100000,1000000] [--folder DIR] [--queries 20]

Makes the archives that --folder does not have yet (benchmarks.archive; a million take a good half hour), starts
`ceasefire serve` on one, read-only, as its operator would, asks it for each view over one connection, and prints a
table for each size. "First" is the first time an address is asked of a server, "again" the second; "cpu" is the
server's processor time, which other work on the machine lengthens less. A page is all that a reader waits for: query,
facets, histogram, records, template, the way there and back.
"""

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import uvicorn
from sqlalchemy import select

from benchmarks import archive
from benchmarks.generated import END, Generator
from benchmarks.search import Clock, broad, percentile, selective
from pipeline.app import App
from pipeline.db import schema
from pipeline.web.access import Access
from pipeline.web.server import keep_what_is_loaded, make_application

TARGETS_MS = {"now": 50, "search, selective": 50, "search, broad": 200}
"""What is asked of the 95th of 100 requests, asked again; other views have no target."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default=archive.SIZES)
    parser.add_argument(
        "--folder", type=Path, default=None, help="kept afterwards; default: a temporary folder"
    )
    parser.add_argument("--queries", type=int, default=20, help="of each kind")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.folder, arguments.serve)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for size in (int(size) for size in arguments.sizes.split(",")):
            archive.make_record(folder, size)
            archive.make_index(folder, size)
            with served(folder, size) as server:
                measure(server, folder, size, arguments.queries)


class Server:
    """A page that is being served, and its processor time."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.clock = Clock(process.pid, ours=False)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)

    def timed(self, address: str) -> tuple[float, float]:
        """Milliseconds until the page is there, on the clock and of the server's processor. Raises where it is not: a
        fast error is no page."""
        start, start_cpu = time.perf_counter(), self.clock.cpu_s()
        answer = self.client.get(address)
        elapsed, cpu = time.perf_counter() - start, self.clock.cpu_s() - start_cpu
        answer.raise_for_status()
        return elapsed * 1000, cpu * 1000


@contextmanager
def served(folder: Path, size: int) -> Iterator[Server]:
    """The page of an archive in a process of its own, at the archive's last moment."""
    command = [sys.executable, "-m", "benchmarks.page", "--folder", str(folder), "--serve", str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Server(process, int(process.stdout.readline()))
        finally:
            process.terminate()


def serve(folder: Path, size: int) -> None:
    """What that process does: as `ceasefire serve --read-only`, but for the clock."""
    app = App(archive.settings(folder, size))
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    application = make_application(app, Access(operator="benchmark", read_only=True), clock=lambda: END)
    keep_what_is_loaded()
    uvicorn.Server(uvicorn.Config(application, log_level="warning", access_log=False)).run(sockets=[listener])


def measure(server: Server, folder: Path, size: int, queries: int) -> None:
    """Print the table of one size."""
    on_disk = sum(file.stat().st_size for file in folder.glob(f"*-{size}.db"))
    print(f"\n{size:,} articles, {on_disk / 1e6:,.0f} MB on disk")
    heads = ("p50 first", "p95 first", "p50 again", "p95 again", "p50 cpu", "p95 cpu")
    print(f"{'milliseconds':22}" + "".join(f"{head:>12}" for head in heads))
    for name, addresses in views(folder, size, queries).items():
        first = [server.timed(address) for address in addresses]
        again = [server.timed(address) for address in addresses]
        figures = [
            percentile([wall for wall, _ in times], percent)
            for times in (first, again)
            for percent in (50, 95)
        ] + [percentile([cpu for _, cpu in again], percent) for percent in (50, 95)]
        target = TARGETS_MS.get(name)
        verdict = (
            "" if target is None else f"   target {target}: {'met' if figures[3] < target else 'missed'}"
        )
        print(f"{name:22}" + "".join(f"{figure:>12.1f}" for figure in figures) + verdict, flush=True)
    _, highest = server.clock.memory_mb()
    print(f"memory of the server at its highest: {highest:,.0f} MB", flush=True)


def views(folder: Path, size: int, queries: int) -> dict[str, list[str]]:
    """Addresses to ask for, by kind of view."""
    generator, rng = Generator(), random.Random(5)
    articles = [f"{rng.randrange(size):016x}" for _ in range(10)]
    stories = stories_of(folder, size, articles)
    return {
        "now": ["/"] * max(5, queries // 2),
        "search, selective": [f"/search?{urlencode({'q': text})}" for text in selective(generator, queries)],
        "search, broad": [f"/search?{urlencode({'q': text})}" for text in broad(generator, queries)],
        "search as stories": [
            f"/search?{urlencode({'q': text, 'as': 'stories'})}" for text in broad(generator, 5)
        ],
        "story": [f"/story/{name}" for name in stories],
        "article": [f"/article/{name}" for name in articles],
        "issue": ["/issue/peace-talks", "/issue/prisoners", "/issue/black-sea"],
        "matrix, 7 days": ["/matrix"],
        "matrix, all": ["/matrix?period=all"],
        "brief, a day": ["/brief"],
        "brief, a week": ["/brief?since=7d"],
        "feeds": ["/feeds"],
    }


def stories_of(folder: Path, size: int, articles: Sequence[str]) -> list[str]:
    app = App(archive.settings(folder, size))
    table = schema.article.c
    with app.database.read() as connection:
        found = [row.story for row in connection.execute(select(table.story).where(table.id.in_(articles)))]
    app.close()
    return found


if __name__ == "__main__":
    main()
