"""Open what a face (command line, web page, DAG task) needs, each part once and only when it is asked for."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from classifiers.details import all_details
from pipeline.db import feeds as feed_rows
from pipeline.db import migrate
from pipeline.db.engine import Database, open_database
from pipeline.errors import PipelineError
from pipeline.feeds import load_feeds
from pipeline.settings import Settings
from pipeline.types import Feed

if TYPE_CHECKING:
    from classifiers.tagger import Tagger
    from classifiers.taxonomy import Taxonomy
    from pipeline.index.base import Index
    from pipeline.query.labels import LabelTable
    from pipeline.steps.group import Window


class App:
    """The parts behind one set of settings. Opening is lazy: `--help` loads no model, `tag` opens no database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> Database:
        """The record of truth, its schema made right or refused (`pipeline.db.migrate.prepare`)."""
        database = open_database(self.settings.resolved_database_url())
        try:
            migrate.prepare(database)
        except PipelineError:
            database.close()
            raise
        return database

    @cached_property
    def feeds(self) -> Mapping[str, Feed]:
        """The listed feeds by name, synced into the database."""
        feeds = load_feeds(self.settings.resolved_feeds())
        with self.database.write() as connection:
            feed_rows.sync(connection, feeds)
        return {feed.name: feed for feed in feeds}

    @cached_property
    def taxonomy(self) -> "Taxonomy":
        from classifiers.taxonomy import load_taxonomy

        return load_taxonomy(self.settings.taxonomy or "ukraine")

    @cached_property
    def labels(self) -> "LabelTable":
        """What the query language must know of the taxonomy: ids and the other names of each."""
        from pipeline.query.labels import LabelTable

        names: dict[str, dict[str, tuple[str, ...]]] = {"detail": dict.fromkeys(all_details(), ())}
        for label in self.taxonomy.labels:
            names.setdefault(label.facet, {})[label.id] = (label.name, *label.query_aliases)
        return LabelTable(names)

    @cached_property
    def tagger(self) -> "Tagger":
        from classifiers.tagger import load_tagger

        return load_tagger(
            self.settings.tagger,
            taxonomy=self.taxonomy,
            model=self.settings.tagger_model or None,
            threads=self.settings.threads or None,
        )

    @cached_property
    def window(self) -> "Window":
        """The stories that are open, in memory: loaded once by a process that goes on, checked at every use."""
        from pipeline.steps.group import Window

        return Window()

    @cached_property
    def index(self) -> "Index":
        from pipeline.index.open import open_index

        return open_index(self.settings.resolved_index_url())

    def close(self) -> None:
        """Close what was opened."""
        if "index" in self.__dict__:
            self.index.close()
        if "database" in self.__dict__:
            self.database.close()
