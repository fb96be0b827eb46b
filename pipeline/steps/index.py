"""Bring the index up to the database: its queue is every article whose revision it does not have."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.db import documents, tags
from pipeline.db.engine import Database
from pipeline.index.base import Index

BATCH = 500


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What the step did. `refused` documents are set aside with their reason."""

    indexed: int = 0
    removed: int = 0
    refused: int = 0


def index_waiting(
    database: Database,
    index: Index,
    now: Callable[[], datetime],
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> IndexReport:
    """Write everything that waits. Raises IndexUnavailableError with the queue as it was: nothing is lost by that."""
    indexed = removed = refused = 0
    while not stopped():
        with database.read() as connection:
            gone = documents.tombstones(connection, BATCH)
            batch = documents.by_ids(connection, documents.to_index(connection, BATCH))
        if not gone and not batch:
            break
        if gone:
            index.delete(gone)
        report = index.put(batch)
        done = {document.id: document.revision for document in batch}
        with database.write() as connection:
            documents.finish_tombstones(connection, list(gone))
            documents.finish_indexed(connection, done)
            for article, reason in report.refused.items():
                tags.set_aside(connection, "index", article, reason, now())
        removed += len(gone)
        refused += len(report.refused)
        indexed += len(batch) - len(report.refused)
    return IndexReport(indexed, removed, refused)
