"""One SQLite file, several programs: `watch` writes, others read and write beside it; nobody is locked out."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from pipeline.cli.main import main
from pipeline.db import schema
from pipeline.db.engine import Database, open_database
from tests.conftest import ROOT
from tests.servers import Asked, FeedServer, Reply

FEEDS = 8
ENTRIES = 40


def document(asked: Asked) -> Reply:
    name = asked.path.strip("/")
    now = format_datetime(datetime.now(UTC))
    items = "".join(
        f"<item><title>Kremlin statement {name}-{n} on the talks</title><link>https://{name}.example/{n}</link>"
        f"<pubDate>{now}</pubDate></item>"
        for n in range(ENTRIES)
    )
    body = f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'
    return Reply(body=body.encode(), headers={"Content-Type": "application/rss+xml"})


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    with FeedServer() as server:
        listed = []
        for number in range(FEEDS):
            url = server.answer(f"/feed{number}", document)
            listed.append(
                f'[[feed]]\nurl = "{url}"\noutlet = "Outlet {number}"\nowner = "O{number}"\ncountry = "GB"\n'
                f'side = "third-party"\nlanguage = "en"\nkind = "news"\n'
            )
        (tmp_path / "feeds.toml").write_text("\n".join(listed), encoding="utf-8")
        (tmp_path / "ceasefire.toml").write_text(
            "[fetch]\ndomain_gap_s = 0\nper_domain = 8\n", encoding="utf-8"
        )
        yield {
            "CEASEFIRE_CONFIG": str(tmp_path / "ceasefire.toml"),
            "CEASEFIRE_DATABASE_URL": f"sqlite:///{tmp_path / 'ceasefire.db'}",
            "CEASEFIRE_FEEDS": str(tmp_path / "feeds.toml"),
            "CEASEFIRE_TAGGER": "aliases",
            "CEASEFIRE_ALLOW_PRIVATE_ADDRESSES": "1",
        }


def count(database: Database) -> tuple[int, int]:
    """Articles taken in, and those that every step has finished with."""
    table = schema.article.c
    done = (table.indexed_revision == table.revision) & (table.matched_revision == table.revision)
    with database.read() as connection:
        total, finished = connection.execute(select(func.count(), func.count().filter(done))).one()
    return total, finished


def test_watch_readers_and_commands_share_one_file(environment: dict[str, str]) -> None:
    CliRunner().invoke(main, ["db", "upgrade"], env=environment)
    watch = subprocess.Popen(
        [sys.executable, "-c", "from pipeline.cli.main import main; main()", "watch"],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    database = open_database(environment["CEASEFIRE_DATABASE_URL"])
    failures: list[str] = []
    finished = threading.Event()

    def at_it() -> None:
        """Read and write as other people would, one command after another, as fast as they go."""
        number = 0
        while not finished.is_set():
            number += 1
            for arguments in (
                ("search", "actor:russia", "--json", "--facets"),
                ("alert", "add", f"Alert {number}", "actor:russia", "--to", "you@example.org"),
                ("status", "--json"),
            ):
                result = CliRunner().invoke(main, arguments, env=environment)
                if result.exit_code not in (0, 1):
                    failures.append(f"{arguments}: {result.output}")

    other = threading.Thread(target=at_it)
    try:
        other.start()
        waiting = threading.Event()
        for _ in range(600):
            if count(database) == (FEEDS * ENTRIES, FEEDS * ENTRIES) or watch.poll() is not None:
                break
            waiting.wait(0.1)
        finished.set()
        other.join()
        watch.send_signal(signal.SIGTERM)
        output, _ = watch.communicate(timeout=30)
    finally:
        finished.set()
        watch.kill()
        database_count = count(database)
        database.close()
    assert database_count == (FEEDS * ENTRIES, FEEDS * ENTRIES), output
    assert failures == []
    assert "locked" not in output
    assert watch.returncode == 0, output
    assert "nothing is half done" in output
