"""A newsroom in small: a real database and index, a clock that tests move, and messages kept as they were sent.

Articles are written as the earlier steps leave them (recorded, tagged, grouped); from there on everything is real.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from classifiers.types import LabelDecision, Position
from pipeline.db import documents, schema, tags
from pipeline.db import stories as story_rows
from pipeline.db.dialect import insert as upsert
from pipeline.db.engine import Database
from pipeline.db.outbox import Letter, OnDoubt
from pipeline.index.base import Index
from pipeline.index.sqlite import SqliteIndex
from pipeline.notify.content import Message
from pipeline.notify.render import Sender
from pipeline.notify.words import phrases
from pipeline.query.labels import LabelTable
from pipeline.sameness import text_hash
from pipeline.steps.alerts import AlertDesk
from pipeline.steps.announce import AnnounceReport, announce
from pipeline.steps.desk import Desk
from pipeline.steps.digests import DigestReport, make_digests
from pipeline.steps.send import SendReport, send
from pipeline.types import Alert

START = datetime(2025, 3, 18, 9, 0, tzinfo=UTC)

ACTORS = ("russia", "ukraine", "united-states", "european-union", "iaea")
ISSUES = (
    "ceasefire-terms",
    "peace-talks",
    "prisoners",
    "zaporizhzhia-plant",
    "ceasefire-violations",
    "territory",
)
DEVELOPMENTS = (
    "accepted", "rejected", "deal-reached", "talks-announced", "talks-held", "conditions-set", "attack-reported",
    "violation-reported", "proposal-made", "exchange-carried-out", "aid-changed",
)  # fmt: skip
DETAILS = (
    "planned",
    "postponed",
    "called-off",
    "concluded",
    "in-effect",
    "extended",
    "ended",
    "increased",
    "reduced",
)

NAMES = {
    "actor:russia": "Russia", "actor:ukraine": "Ukraine", "actor:united-states": "United States",
    "actor:european-union": "European Union", "issue:ceasefire-terms": "Ceasefire terms",
    "issue:peace-talks": "Peace talks", "issue:prisoners": "Prisoners", "development:rejected": "Rejected",
    "development:accepted": "Accepted",
}  # fmt: skip

LABELS = LabelTable(
    {
        "actor": dict.fromkeys(ACTORS, ()),
        "issue": dict.fromkeys(
            (*ISSUES, "black-sea", "energy-infrastructure", "security-guarantees", "minerals-deal"), ()
        ),
        "development": dict.fromkeys(DEVELOPMENTS, ()),
        "detail": dict.fromkeys(DETAILS, ()),
    }
)


class Outage:
    """A way of sending that keeps what it is given, and fails as it is told to."""

    def __init__(self, *, harmless: bool = False) -> None:
        self.harmless = harmless
        self.sent: list[tuple[Letter, Message]] = []
        self.failures: list[Exception] = []

    def send(self, letter: Letter, message: Message, sender: Sender) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((letter, message))

    def close(self) -> None:
        """Nothing is held open."""


def label(
    name: str, *, score: float = 0.95, announce: bool = True, decision: Any = "yes", sentence: str = ""
) -> LabelDecision:
    """A decided label, sure unless the test says otherwise."""
    return LabelDecision(name, score, 0.5, decision, announce, sentence or f"A sentence for {name}.")


def position(
    development: str,
    *by: str,
    against: tuple[str, ...] = (),
    detail: str | None = None,
    sentence: str = "",
    score: float = 0.9,
) -> Position:
    """A position; its sentence names development and parties unless given."""
    return Position(
        development,
        by,
        against,
        detail,
        score,
        sentence or f"It is told that {' and '.join(by) or 'somebody'} {development}.",
    )


SENDER = Sender("Monitor <monitor@example.org>")


@dataclass
class Newsroom:
    """Everything that alerts stand on. `now` is the simulated clock."""

    database: Database
    index: Index
    now: datetime = START
    outbox: Outage = field(default_factory=Outage)
    sender: Sender = SENDER
    on_doubt: OnDoubt = "resend"

    @classmethod
    def open(cls, database: Database, folder: Path, **more: Any) -> "Newsroom":
        return cls(database, SqliteIndex(folder / "index.db"), **more)

    @property
    def desk(self) -> Desk:
        return Desk(LABELS, phrases(NAMES), self.sender, self.on_doubt)

    @property
    def alerts(self) -> AlertDesk:
        return AlertDesk(self.database, self.index, self.desk)

    def clock(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def alert(self, query: str = "development:(rejected OR accepted)", **options: Any) -> Alert:
        """Add an alert, instant and to one reader unless given."""
        values: dict[str, Any] = {
            "recipients": ("reader@example.org",),
            "cadence": "instant",
            "name": "Answers",
            **options,
        }
        return self.alerts.add(Alert(id=0, query=query, since=self.now, created=self.now, **values), self.now)

    def article(
        self,
        name: str,
        *positions: Position,
        story: str | None = None,
        labels: tuple[LabelDecision, ...] = (),
        sure: bool = True,
        **facts: Any,
    ) -> str:
        """An article that arrives now, with a decided label for each development of its positions, and is indexed."""
        values: dict[str, Any] = {
            "id": name, "revision": 1, "url": f"https://news.example/{name}", "feed": "wire", "outlet": "Harbour Wire",
            "owner": facts.get("outlet", "Harbour Wire"), "side": "third-party", "control": "private", "country": "GB",
            "kind": "news", "title": f"Report {name}", "text": f"What {name} says.", "language": "en",
            "language_reason": "declared", "form": "report", "published": self.now, "published_flag": "stated",
            "seen": self.now, "version_seen": self.now, "reason": "live", "tag_count": 1, "grouped_tag_count": 1,
            "story": story or name, **facts,
        }  # fmt: skip
        values["text_hash"] = values["tagged_text_hash"] = text_hash(values["title"], values["text"])
        with self.database.write() as connection:
            connection.execute(insert(schema.article).values(**values))
            statement = upsert(connection, schema.story).values(
                id=values["story"],
                title=values["title"],
                first_article=name,
                first_seen=self.now,
                last_seen=self.now,
            )
            connection.execute(
                statement.on_conflict_do_update(index_elements=["id"], set_={"last_seen": self.now})
            )
            tags.replace_labels(connection, name, self._labels(positions, labels, sure), positions)
        self.reindex()
        return name

    @staticmethod
    def _labels(
        positions: tuple[Position, ...], labels: tuple[LabelDecision, ...], sure: bool
    ) -> tuple[LabelDecision, ...]:
        given = {item.label for item in labels}
        names = dict.fromkeys(f"development:{item.development}" for item in positions)
        made = [label(name, announce=sure) for name in names if name not in given]
        return (*labels, *made) if labels else (label("issue:ceasefire-terms"), *made)

    def change(
        self,
        name: str,
        *positions: Position,
        labels: tuple[LabelDecision, ...] = (),
        sure: bool = True,
        new_version: bool = True,
        **facts: Any,
    ) -> None:
        """An edit that was seen now: other tags, a higher revision, and, unless told otherwise, a new version."""
        version = {"version": schema.article.c.version + 1, "version_seen": self.now} if new_version else {}
        with self.database.write() as connection:
            connection.execute(
                update(schema.article)
                .where(schema.article.c.id == name)
                .values(revision=schema.article.c.revision + 1, **version, **facts)
            )
            tags.replace_labels(connection, name, self._labels(positions, labels, sure), positions)
        self.reindex()

    def reindex(self) -> None:
        """Bring the index up to the database."""
        with self.database.read() as connection:
            waiting = documents.by_ids(connection, documents.to_index(connection, 1000))
        self.index.put(waiting)
        with self.database.write() as connection:
            documents.finish_indexed(connection, {document.id: document.revision for document in waiting})

    def announce(self) -> AnnounceReport:
        return announce(self.database, self.index, self.desk, self.clock)

    def digests(self) -> DigestReport:
        return make_digests(self.database, self.index, self.desk, self.clock)

    def send(self, worker: str = "one") -> SendReport:
        ways = {"mail": self.outbox, "webhook": self.outbox, "slack": self.outbox}
        return send(self.database, ways, self.desk, self.clock, worker=worker)

    def cycle(self) -> list[str]:
        """Announce, make digests, send; the subjects of the messages that went out just now."""
        before = len(self.outbox.sent)
        self.announce()
        self.digests()
        self.send()
        return [message.subject for _, message in self.outbox.sent[before:]]

    def announced(self) -> set[tuple[str, str, str]]:
        """Every announced key as (story, kind, value)."""
        with self.database.read() as connection:
            table = schema.announced.c
            return {
                (row.story, row.kind, row.value)
                for row in connection.execute(select(table.story, table.kind, table.value))
            }

    def merge(self, old: str, into: str) -> None:
        with self.database.write() as connection:
            story_rows.merge(connection, old, into, self.now)
        self.reindex()
