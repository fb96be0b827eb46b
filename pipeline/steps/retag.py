"""Tag the archive anew after a new model or taxonomy: batch by batch, the newest first, and without any alert.

An article's tags are always those of one model: its model hash says which, and so the queue is every article in scope
that another model tagged. A run that is killed is taken up by the next one, and one that is repeated finds nothing.
What alerts have seen of an article is history from then on (reason `retag`); what they have not seen yet keeps its
reason and may still alert (DESIGN.md, "May it alert?"). Corrections by hand stay on top.
"""

import difflib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from classifiers.taxonomy import Taxonomy
from pipeline.db import corrections as correction_rows
from pipeline.db import retagging as rows
from pipeline.db import tags
from pipeline.db.engine import Database
from pipeline.db.retagging import Scope, Tagged
from pipeline.errors import IndexNotSetError, ServiceError, SettingsError
from pipeline.steps.group import group_tagged
from pipeline.steps.index import index_waiting
from pipeline.steps.tag import BATCH, ArticleTagger, tag_batch

if TYPE_CHECKING:
    from pipeline.app import App

log = logging.getLogger(__name__)

RetagScope = Scope
EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class RetagReport:
    """What a run did. `total`: articles in scope that another model had tagged when it began. `set_aside`: the tagger
    failed on them, and they keep their tags. `overtaken`: changed meanwhile; the ordinary queue has them."""

    total: int = 0
    retagged: int = 0
    set_aside: int = 0
    overtaken: int = 0
    grouped: int = 0
    indexed: int = 0
    problems: tuple[str, ...] = ()


def retag_archive(
    app: "App",
    now: Callable[[], datetime],
    scope: Scope = EVERYTHING,
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> RetagReport:
    """Tag anew what is in `scope`, then bring stories and index up to it. Sends nothing.

    Raises SettingsError for a scope that can hold nothing, ModelError where the model cannot be loaded, ServiceError
    where it fails on everything.
    """
    _check(app.database, scope, app.taxonomy)
    report = retag(app.database, app.tagger, now, scope, stopped=stopped, progress=progress)
    if stopped():
        return report
    grouped = group_tagged(app.database, now, window=app.window, stopped=stopped).grouped
    try:
        indexed = index_waiting(app.database, app.index, now, stopped=stopped).indexed
    except (ServiceError, IndexNotSetError) as error:
        log.error("tagged anew, but not indexed yet: %s", error)
        return replace(report, grouped=grouped, problems=(str(error),))
    return replace(report, grouped=grouped, indexed=indexed)


def retag(
    database: Database,
    tagger: ArticleTagger,
    now: Callable[[], datetime],
    scope: Scope = EVERYTHING,
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> RetagReport:
    """Tag anew what another model tagged, until none is left in `scope` or `stopped()`.

    Walks from the newest to the oldest, so that an article on which the tagger fails is met once in a run; it keeps its
    tags, and the next run tries it again.
    """
    with database.read() as connection:
        total = rows.count(connection, tagger.model_hash, scope)
    retagged = failed = overtaken = 0
    place = None
    while not stopped():
        with database.read() as connection:
            batch = rows.tagged_by_another(connection, tagger.model_hash, scope, place, BATCH)
        if not batch:
            break
        place = batch[-1].place
        done, lost, bad = _work(database, tagger, batch, now())
        retagged, overtaken, failed = retagged + done, overtaken + lost, failed + bad
        progress(retagged + overtaken + failed, max(total, retagged + overtaken + failed))
    return RetagReport(total, retagged, failed, overtaken)


def _work(
    database: Database, tagger: ArticleTagger, batch: Sequence[Tagged], now: datetime
) -> tuple[int, int, int]:
    """One batch: how many were tagged anew, were overtaken, and failed. The model runs outside the transaction."""
    results, failures = tag_batch(tagger, [item.article for item in batch])
    of = {item.article.id: item for item in batch}
    done = 0
    with database.write() as connection:
        fixed = correction_rows.for_articles(connection, [article.id for article, _ in results])
        for article, result in results:
            corrected = correction_rows.apply(result, fixed.get(article.id, ()))
            if rows.reopen(connection, of[article.id]):
                done += tags.write(connection, article, corrected, model_hash=tagger.model_hash)
        _note_failures(connection, [(article.id, why) for article, why in failures], now)
        rows.no_longer_set_aside(connection, [article.id for article, _ in results])
    return done, len(results) - done, len(failures)


def _note_failures(connection: Connection, failures: Sequence[tuple[str, str]], now: datetime) -> None:
    for article, why in failures:
        tags.set_aside(connection, rows.STEP, article, why, now)


def _check(database: Database, scope: Scope, taxonomy: Taxonomy) -> None:
    if scope.since is not None and scope.until is not None and scope.since >= scope.until:
        raise SettingsError("nothing lies between --since and --until: the first must be earlier")
    if not scope.only:
        return
    with database.read() as connection:
        known = {*taxonomy.keys, *rows.labels(connection)}
    for label in scope.only:
        if label not in known:
            near = difflib.get_close_matches(label, sorted(known), 1)
            hint = f"; did you mean {near[0]}?" if near else "; labels are written facet:id"
            raise SettingsError(f"no label is named {label!r}{hint}")
