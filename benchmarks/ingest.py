"""How fast are feeds taken in (fetch, parse, extract, record), beside the library `reader`?

Both ask the same local server (benchmarks/feed_server.py) with the same concurrency, in the same run, turn by turn, each in
a process of its own: first all entries are new, then 2 of 100 (two fifths of the feeds have one new entry, the others
answer 304), then nothing has changed. The gap between requests to one domain is 0 here, because all feeds are one host's.
Processor seconds are for a machine that has other work to do: those of each side's process and, with --postgres, of the
database server. With `--readers 1` (the default) we read documents in one process, as `reader` does in its threads.

What each does that the other does not: we clean texts, tell languages, forms and times, know articles again across feeds,
keep versions and back-off, lease domains; `reader` keeps its entries' HTML, sanitised, and follows no such rules.

Run: python -m benchmarks.ingest [--feeds N] [--entries N] [--postgres] [--readers N] [--folder DIR [--most N]]
With --folder the run can be stopped and goes on where it was; --most makes it stop after so many passes.
"""

import argparse
import asyncio
import json
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

CONCURRENCY = 16
PASSES = (("all entries new", 0), ("2 of 100 new", 40), ("2 of 100 new, again", 40), ("nothing new", 0))
START = datetime(2025, 3, 18, 12, tzinfo=UTC)

Update = Callable[[datetime], None]


def ours(chosen: argparse.Namespace) -> tuple[Update, Callable[[], float]]:
    """Our ingest step; what one pass does, and the size of the database in MB."""
    from sqlalchemy import text

    from pipeline.db import feeds as feed_rows
    from pipeline.db import migrate
    from pipeline.db.engine import open_database
    from pipeline.fetch.settings import FetchSettings
    from pipeline.steps.ingest import IngestSettings, ingest_due
    from pipeline.types import Feed

    file = chosen.folder / "ours.db"
    database = open_database(chosen.database or f"sqlite:///{file}")
    migrate.upgrade(database)
    listed = {
        f"f{number}": Feed(
            name=f"f{number}", url=f"http://127.0.0.1:{chosen.port}/{number}.xml", outlet=f"Outlet {number}",
            owner="Bench", country="GB", side="third-party", language="en", kind="news",
        )
        for number in range(chosen.feeds)
    }  # fmt: skip
    with database.write() as connection:
        feed_rows.sync(connection, list(listed.values()))
    fetch = FetchSettings(
        domain_gap_s=0.0,
        per_domain=CONCURRENCY,
        concurrency=CONCURRENCY,
        allow_private_addresses=True,
        readers=chosen.readers,
    )
    settings = IngestSettings(fetch, timedelta(days=1))

    def update(now: datetime) -> None:
        reports = asyncio.run(
            ingest_due(database, listed, settings, now=lambda: now, holder="bench", rng=random.Random(0))
        )
        failed = [report for report in reports if report.result == "failed"]
        assert len(reports) == chosen.feeds and not failed, (len(reports), failed[:1])

    def size_mb() -> float:
        if database.is_sqlite:
            return _files_mb(file)
        with database.read() as connection:
            return float(
                connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one() / 2**20
            )

    return update, size_mb


def theirs(chosen: argparse.Namespace) -> tuple[Update, Callable[[], float]]:
    """The same of the library `reader`, with as many workers and its default settings."""
    from reader import make_reader

    file = chosen.folder / "reader.db"
    made = make_reader(str(file))
    for number in range(chosen.feeds):
        made.add_feed(f"http://127.0.0.1:{chosen.port}/{number}.xml", exist_ok=True)

    def update(_now: datetime) -> None:
        for _url, value in made.update_feeds_iter(scheduled=False, workers=CONCURRENCY):
            if isinstance(value, Exception):
                raise value

    return update, lambda: _files_mb(file)


def _files_mb(path: Path) -> float:
    """A SQLite database with its journal."""
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*")) / 2**20


SIDES = {"ours": ours, "reader": theirs}


def serve_side(chosen: argparse.Namespace) -> None:
    """One side, in its process: a pass for each time that is told on the standard input, its costs on the output."""
    update, size_mb = SIDES[chosen.side](chosen)
    print("ready", flush=True)
    for line in sys.stdin:
        started, busy = time.perf_counter(), cpu_s(chosen.server_pid)
        update(datetime.fromisoformat(line.strip()))
        costs = {
            "s": time.perf_counter() - started,
            "cpu_s": cpu_s(chosen.server_pid) - busy,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "database_mb": size_mb(),
        }
        print(json.dumps(costs), flush=True)


def cpu_s(server_pid: int) -> float:
    """Processor seconds of this process, of the children that it has waited for, and of a database server."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime + server_cpu_s(server_pid)


def server_cpu_s(pid: int) -> float:
    """Of a PostgreSQL server and its processes, from Linux's /proc; 0 where there is none."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat") if pid else ():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile; its parent counts it
            continue
        if int(stat.parent.name) == pid:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == pid:
            ticks += sum(map(int, fields[11:13]))
    return ticks / 100


@contextmanager
def running(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """A process that has said that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


def ask(process: "subprocess.Popen[str]", now: datetime) -> dict[str, float]:
    """Let a side do a pass; its costs."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(now.isoformat() + "\n")
    process.stdin.flush()
    costs: dict[str, float] = json.loads(process.stdout.readline())
    return costs


def measure(chosen: argparse.Namespace, done: list[dict[str, Any]], stack: ExitStack) -> None:
    """Do the passes that are left, at most `most`, and note each in `done` and in the folder."""
    pid, database = 0, ""
    if chosen.postgres:
        from tests import postgres

        url = stack.enter_context(postgres.server(chosen.folder / "postgres", durable=True))
        database = url
        pid = int((chosen.folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    common = ["--folder", str(chosen.folder), "--port", str(chosen.port), "--feeds", str(chosen.feeds)]
    sides = {
        name: stack.enter_context(
            running(
                [
                    "benchmarks.ingest", "--side", name, *common, "--readers", str(chosen.readers),
                    *(["--database", database, "--server-pid", str(pid)] if name == "ours" else []),
                ]
            )
        )
        for name in SIDES
    }  # fmt: skip
    stack.enter_context(
        running(["benchmarks.feed_server", str(chosen.port), str(chosen.feeds), str(chosen.entries)])
    )
    for number, (label, share) in enumerate(PASSES):
        if share:
            urllib.request.urlopen(f"http://127.0.0.1:{chosen.port}/advance/{share}").read()
        if number < len(done):
            continue  # an earlier run did it; the server had to come to the same entries
        if number >= chosen.most:
            return
        now = START + timedelta(days=2 * number)
        done.append({"pass": label, **{name: ask(side, now) for name, side in sides.items()}})
        (chosen.folder / "passes.json").write_text(json.dumps({"port": chosen.port, "done": done}))


def show(chosen: argparse.Namespace, done: list[dict[str, Any]]) -> None:
    """The passes as tables."""
    total = chosen.feeds * chosen.entries
    speed = Table(
        "pass", "ours s", "entries/s", "cpu s", "reader s", "entries/s", "cpu s", "faster", "by cpu"
    )
    size = Table("after", "our peak MB", "our database MB", "reader's peak MB", "reader's database MB")
    for row in done:
        us, them = row["ours"], row["reader"]
        speed.add_row(
            row["pass"],
            *(cell for it in (us, them) for cell in (f"{it['s']:.2f}", f"{total / it['s']:,.0f}", f"{it['cpu_s']:.2f}")),
            f"{them['s'] / us['s']:.1f}",
            f"{them['cpu_s'] / us['cpu_s']:.1f}",
        )  # fmt: skip
        size.add_row(
            row["pass"], *(f"{it[key]:.0f}" for it in (us, them) for key in ("peak_mb", "database_mb"))
        )
    console = Console(width=110)
    console.print(
        f"{chosen.feeds} feeds x {chosen.entries} entries over HTTP, {CONCURRENCY} requests at once, "
        f"{'PostgreSQL' if chosen.postgres else 'SQLite'} for us, SQLite for reader"
    )
    console.print(speed)
    console.print(size)


def main() -> None:
    """Print seconds and entries a second of each pass, then memory and databases."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--feeds", type=int, default=1000)
    options.add_argument("--entries", type=int, default=20)
    options.add_argument(
        "--postgres", action="store_true", help="our side on a PostgreSQL server made for it"
    )
    options.add_argument(
        "--readers", type=int, default=1, help="processes that read documents; 0: one a core"
    )
    options.add_argument("--folder", type=Path, help="keep everything here, to go on after a stop")
    options.add_argument("--most", type=int, default=len(PASSES), help="stop after so many passes in all")
    for name, kind in (("side", str), ("port", int), ("database", str), ("server-pid", int)):
        options.add_argument(f"--{name}", type=kind, default=kind(), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.side:
        serve_side(chosen)
        return
    with ExitStack() as stack:
        if chosen.folder is None:
            chosen.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        elif chosen.postgres and (chosen.folder / "postgres").exists():
            raise SystemExit("a run on PostgreSQL starts anew: its server went with the last one")
        chosen.folder.mkdir(parents=True, exist_ok=True)
        done: list[dict[str, Any]] = []
        kept = chosen.folder / "passes.json"
        if kept.exists():
            found = json.loads(kept.read_text())
            done, chosen.port = found["done"], found["port"]
        else:
            with socket.create_server(("127.0.0.1", 0)) as free:
                chosen.port = free.getsockname()[1]
        measure(chosen, done, stack)
        show(chosen, done)


if __name__ == "__main__":
    main()
