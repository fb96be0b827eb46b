"""What the page needs besides a request, built once: the opened application, the clock, labels, templates."""

import logging
import threading
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from importlib.resources import files

from classifiers.errors import ClassifierError
from classifiers.taxonomy import Label
from pipeline import __version__, cycle
from pipeline.app import App
from pipeline.clock import Clock, utc_now
from pipeline.db import documents
from pipeline.db import visits as visit_rows
from pipeline.db.engine import Database
from pipeline.errors import DatabaseUnavailableError, PipelineError
from pipeline.notify.words import Phrases
from pipeline.query import language
from pipeline.query.nodes import Query
from pipeline.steps.desk import desk_of
from pipeline.web.access import Access
from pipeline.web.pages import Pages
from pipeline.web.shown import precision

log = logging.getLogger(__name__)

NOTED_EVERY = timedelta(minutes=1)
"""A reader's presence is written down at most this often."""


class Site:
    """The parts behind every view. Safe to use from several threads."""

    def __init__(self, app: App, access: Access, now: Clock = utc_now) -> None:
        self.app = app
        self.access = access
        self.now = now
        self.labels: Mapping[str, Label] = {label.key: label for label in app.taxonomy.labels}
        self.names: Mapping[str, str] = {key: label.name for key, label in self.labels.items()}
        self.words: Phrases = desk_of(app).words
        self.pages = Pages(self.labels, __version__)
        self.visits = Visits(app.database, writes=not access.read_only)
        self.afterwards = Afterwards(app, now)

    @property
    def public_url(self) -> str:
        """Where readers reach the page from outside, without a slash at its end; "" where nobody said."""
        return self.app.settings.public_url.rstrip("/")

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @cached_property
    def measured(self) -> Mapping[str, precision.Measured]:
        """How often the shipped model's labels are right, from its card."""
        if self.app.settings.tagger_model or self.app.settings.tagger != "onnx":
            return {}
        return precision.read_card(
            files("classifiers").joinpath("model/README.md").read_text(encoding="utf-8")
        )

    def parse(self, text: str) -> Query:
        """A query as it is typed into any box of the page: days are whole UTC days. Raises QueryError."""
        return language.parse(text, labels=self.app.labels, now=self.now())


class Visits:
    """When readers were here last, read and written sparingly."""

    def __init__(self, database: Database, *, writes: bool) -> None:
        self._database = database
        self._writes = writes
        self._noted: dict[str, datetime] = {}

    def new_since(self, reader: str, now: datetime) -> datetime | None:
        """The end of the reader's visit before this one."""
        if not self._writes:
            return None
        with self._database.read() as connection:
            return visit_rows.new_since(connection, reader, now)

    def note(self, reader: str, now: datetime) -> None:
        """The reader is here."""
        before = self._noted.get(reader)
        if before is not None and timedelta(0) <= now - before < NOTED_EVERY:
            return
        self._noted[reader] = now
        try:
            with self._database.write() as connection:
                visit_rows.note(connection, reader, now)
        except DatabaseUnavailableError as error:  # the page is out already, and the next one notes it again
            del self._noted[reader]
            log.warning("a visit could not be noted: %s", error)

    def all_read(self, reader: str, now: datetime) -> None:
        """Everything so far counts as read."""
        with self._database.write() as connection:
            visit_rows.note(connection, reader, now)
            visit_rows.forget(connection, reader, now)


class Afterwards:
    """What follows a judgement: searches see it at once; tagging, grouping, alerts and mails follow beside the answer."""

    def __init__(self, app: App, now: Clock) -> None:
        self._app = app
        self._now = now
        self._running = threading.Lock()
        self._wanted = threading.Event()

    def show(self, articles: Collection[str]) -> None:
        """Bring these articles' present state into the index. Raises IndexUnavailableError; the queue keeps them."""
        with self._app.database.read() as connection:
            changed = documents.by_ids(connection, sorted(articles))
        report = self._app.index.put(changed)
        done = {item.id: item.revision for item in changed if item.id not in report.refused}
        with self._app.database.write() as connection:
            documents.finish_indexed(connection, done)

    def process(self) -> None:
        """Every step that waits, as after a command. Several calls at once become one more run; problems go to the log,
        and what could not be done stays in its queue for the next cycle."""
        self._wanted.set()
        while self._wanted.is_set() and self._running.acquire(blocking=False):
            try:
                self._wanted.clear()
                report = cycle.process(self._app, self._now)
                for problem in report.problems:
                    log.warning("after a judgement: %s", problem)
            except (PipelineError, ClassifierError) as error:
                log.error("after a judgement: %s", error)
            finally:
                self._running.release()
