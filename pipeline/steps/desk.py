"""What the alert steps need besides the database and the index, built once from the settings."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.alerts.scope import QueryScope, scope_of
from pipeline.db.outbox import OnDoubt
from pipeline.notify.render import Sender, sender_from
from pipeline.notify.words import Phrases, phrases
from pipeline.query import nodes
from pipeline.query.labels import Labels
from pipeline.query.language import parse
from pipeline.types import Alert

if TYPE_CHECKING:
    from pipeline.app import App


@dataclass(frozen=True, slots=True)
class Compiled:
    """An alert whose query is understood. `query` is what the index is asked, the uncertain band included if wanted."""

    alert: Alert
    query: nodes.Query
    scope: QueryScope


@dataclass(frozen=True, slots=True)
class Desk:
    """How queries are read, developments worded, and messages addressed."""

    labels: Labels
    words: Phrases
    sender: Sender
    on_doubt: OnDoubt = "resend"

    def compile(self, alert: Alert, now: datetime) -> Compiled:
        """Read an alert's query, narrowed to the thread that it follows. Raises QueryError with the place."""
        query = parse(alert.query, labels=self.labels, now=now, zone=alert.zone)
        asked = nodes.with_uncertain(query) if alert.include_uncertain else query
        if alert.thread is not None:
            asked = nodes.Query(asked.text, nodes.both(asked.root, nodes.Value("thread", alert.thread)))
        return Compiled(alert, asked, scope_of(query))


def desk_of(app: "App") -> Desk:
    """The desk of an opened application. Raises SettingsError for a sender or public address that cannot be one."""
    names = {label.key: label.name for label in app.taxonomy.labels}
    settings = app.settings
    return Desk(
        app.labels,
        phrases(names),
        sender_from(settings.mail_from, settings.public_url, settings.secret_key),
        settings.on_doubt,
    )
