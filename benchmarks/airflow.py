"""What does the live scheduler cost over `ceasefire run`, from trigger to last mail?

200 local feeds with 20 new entries each, served over HTTP by as many registered domains; PostgreSQL, the shipped model,
the SQLite index, a real SMTP server. Both ways take the same documents into a new database each, after one round in which
the feeds were empty (a first fetch fires no alert). Needs the extra `airflow` and PostgreSQL's server programs.
Run: python -m benchmarks.airflow [--feeds N] [--entries N] [--shards N]
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, func, select, text, update

from benchmarks.feed_files import document
from pipeline.app import App
from pipeline.db import migrate, schema
from pipeline.db.engine import open_database
from pipeline.settings import load_settings
from pipeline.steps.alerts import alert_desk
from pipeline.types import Alert
from tests import postgres
from tests.airflow_live.live import LiveAirflow, wait_for
from tests.servers import FEED_TYPE, Asked, FeedServer, Reply
from tests.smtp import MailServer

READER = "reader@example.org"


@dataclass(frozen=True)
class Outcome:
    """One way's figures: seconds from the start to the last mail and to the end, and what came of it."""

    to_last_mail_s: float
    to_end_s: float
    articles: int
    mails: int


class Feeds:
    """So many feeds at loopback addresses of their own, each a domain to the pacing; empty until `open`."""

    def __init__(self, server: FeedServer, feeds: int, entries: int) -> None:
        self.server = server
        self.open = False
        start = datetime.now(UTC) - timedelta(minutes=entries)
        self.documents = {f"/{n}": document(n, entries, newest=entries, start=start) for n in range(feeds)}
        self.empty = document(0, 0, newest=0, start=start)
        for path in self.documents:
            server.answer(path, self._answer)

    def _answer(self, asked: Asked) -> Reply:
        body = self.documents[asked.path] if self.open else self.empty
        return Reply(body=body, headers={"Content-Type": FEED_TYPE})

    def listed(self) -> str:
        """The source list."""
        return "\n".join(
            f'[[feed]]\nurl = "{self.server.url(path, host=f"127.0.{1 + n // 200}.{1 + n % 200}")}"\noutlet = "Outlet {n}"\n'
            f'owner = "Owner {n}"\ncountry = "GB"\nside = "third-party"\nlanguage = "en"\nkind = "news"\n'
            for n, path in enumerate(self.documents)
        )


class Timed(MailServer):
    """Notes when the last mail came."""

    last = 0.0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.last = time.perf_counter()
        return await super().handle_DATA(server, session, envelope)


@contextmanager
def prepared(folder: Path, database_url: str, feeds: Feeds, mails: MailServer) -> Iterator[dict[str, str]]:
    """The environment of a new installation whose feeds were all asked once, while they were empty, and are due."""
    folder.mkdir()
    (folder / "feeds.toml").write_text(feeds.listed(), encoding="utf-8")
    (folder / "ceasefire.toml").write_text("[fetch]\ndomain_gap_s = 0\n", encoding="utf-8")
    environment = {
        "CEASEFIRE_CONFIG": str(folder / "ceasefire.toml"),
        "CEASEFIRE_DATABASE_URL": database_url,
        "CEASEFIRE_INDEX_URL": f"sqlite:///{folder / 'index.db'}",
        "CEASEFIRE_FEEDS": str(folder / "feeds.toml"),
        "CEASEFIRE_SMTP_URL": mails.url,
        "CEASEFIRE_MAIL_FROM": "monitor@example.org",
        "CEASEFIRE_ALLOW_PRIVATE_ADDRESSES": "1",
    }
    database = open_database(database_url)
    migrate.upgrade(database)
    database.close()
    app = App(load_settings(None, environment))
    before = datetime.now(UTC) - timedelta(hours=1)
    assert app.feeds
    with app.database.write() as connection:
        connection.execute(update(schema.feed).values(first_success=before, last_success=before))
    alert_desk(app).add(Alert(0, "Russia", "actor:russia", (READER,), "instant", before, before), before)
    app.close()
    yield environment


def count(environment: Mapping[str, str]) -> int:
    """Articles in the database that every step has finished with."""
    article = schema.article.c
    done = (article.indexed_revision == article.revision) & (article.matched_revision == article.revision)
    database = open_database(environment["CEASEFIRE_DATABASE_URL"])
    with database.read() as connection:
        number: int = connection.execute(
            select(func.count()).select_from(schema.article).where(done)
        ).scalar_one()
    database.close()
    return number


def by_command(environment: Mapping[str, str], mails: Timed) -> Outcome:
    """`ceasefire run`, start of the process included."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "from pipeline.cli.main import main; main()", "run", "--json"],
        env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    ended = time.perf_counter()
    return Outcome(mails.last - started, ended - started, count(environment), len(mails.received))


def by_scheduler(airflow: LiveAirflow, environment: Mapping[str, str], mails: Timed, shards: int) -> Outcome:
    """The DAG `ingest`, triggered through REST on a scheduler that is idle."""
    started = time.perf_counter()
    run = airflow.trigger("ingest", {"shards": shards})
    state = airflow.wait("ingest", run)
    ended = time.perf_counter()
    assert state == "success", airflow.report()
    return Outcome(mails.last - started, ended - started, count(environment), len(mails.received))


def main() -> None:
    """Print a line for each way."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--feeds", type=int, default=200)
    options.add_argument("--entries", type=int, default=20)
    options.add_argument("--shards", type=int, default=4)
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started ends with this program
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        server = stack.enter_context(postgres.server(folder / "postgres"))
        base = server.rsplit("/", 1)[0]
        admin = create_engine(
            server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
        )
        with admin.connect() as connection:
            for name in ("airflow", "command", "scheduler"):
                connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        web = stack.enter_context(FeedServer("0.0.0.0"))
        outcomes: dict[str, Outcome] = {}
        feeds = Feeds(web, chosen.feeds, chosen.entries)
        with Timed() as mails, prepared(folder / "command", f"{base}/command", feeds, mails) as environment:
            feeds.open = True
            outcomes["ceasefire run"] = by_command(environment, mails)
        feeds.open = False
        with (
            Timed() as mails,
            prepared(folder / "scheduler", f"{base}/scheduler", feeds, mails) as environment,
            LiveAirflow(folder / "live", f"{base}/airflow", environment) as airflow,
        ):
            wait_for("the first run is over", lambda: airflow.runs("ingest") and airflow.idle("ingest"))
            database = open_database(environment["CEASEFIRE_DATABASE_URL"])
            with database.write() as connection:
                connection.execute(update(schema.feed).values(next_due=None))
            database.close()
            feeds.open = True
            outcomes[f"Airflow, {chosen.shards} shards"] = by_scheduler(
                airflow, environment, mails, chosen.shards
            )
    table = Table("way", "s to the last mail", "s to the end", "articles", "mails")
    for way, outcome in outcomes.items():
        table.add_row(
            way,
            f"{outcome.to_last_mail_s:.1f}",
            f"{outcome.to_end_s:.1f}",
            f"{outcome.articles:,}",
            str(outcome.mails),
        )
    console = Console()
    console.print(
        f"{chosen.feeds} feeds x {chosen.entries} new entries, PostgreSQL, shipped model, SQLite index"
    )
    console.print(table)
    first, second = outcomes.values()
    console.print(
        f"the scheduler's overhead: {second.to_last_mail_s - first.to_last_mail_s:+.1f} s to the last mail"
    )


if __name__ == "__main__":
    main()
