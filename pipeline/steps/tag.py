"""Tag what is untagged: no article waits for a bad one, and no model runs inside a transaction."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from classifiers.types import Tagged, Text
from pipeline.db import corrections as correction_rows
from pipeline.db import tags
from pipeline.db.engine import Database
from pipeline.db.tags import Untagged
from pipeline.errors import ServiceError

log = logging.getLogger(__name__)

BATCH = 64
"""Articles tagged between two commits: enough to sort by length, and done in two or three seconds, which is how long
Ctrl-C may have to wait."""

PROBE = Text("probe", "Talks are to be held", "", "en")
"""What every tagger can read: where one fails on this too, it is out of order, and no text is to blame."""


class ArticleTagger(Protocol):
    """The part of `classifiers.tagger.Tagger` that this step uses."""

    @property
    def model_hash(self) -> str: ...

    def tag(self, texts: Sequence[Text]) -> list[Tagged]: ...


@dataclass(frozen=True, slots=True)
class TagReport:
    """What the step did. `overtaken`: the text changed, or somebody else tagged it, while we did."""

    tagged: int = 0
    set_aside: int = 0
    overtaken: int = 0


def tag_untagged(
    database: Database,
    tagger: ArticleTagger,
    now: Callable[[], datetime],
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda _done: None,
) -> TagReport:
    """Tag the whole queue, batch by batch, until it is empty or `stopped()`.

    A text on which the tagger fails costs itself only: it is set aside with the reason, and goes on untagged to the
    index, so that it can still be found by its words. Raises ServiceError where the tagger fails on everything; what
    is untagged then waits.
    """
    tagged = failed = overtaken = 0
    while not stopped():
        with database.read() as connection:
            batch = tags.untagged(connection, BATCH)
        if not batch:
            break
        done = 0
        results, failures = tag_batch(tagger, batch)
        with database.write() as connection:
            fixed = correction_rows.for_articles(connection, [article.id for article, _ in results])
            for article, result in results:
                corrected = correction_rows.apply(result, fixed.get(article.id, ()))
                done += tags.write(connection, article, corrected, model_hash=tagger.model_hash)
            for article, reason in failures:
                empty = Tagged(article.id, (), (), (), article.language, "none")
                tags.write(connection, article, empty, model_hash=tagger.model_hash)
                tags.set_aside(connection, "tag", article.id, reason, now())
        tagged += done
        overtaken += len(results) - done
        failed += len(failures)
        progress(tagged + failed)
    return TagReport(tagged, failed, overtaken)


def tag_batch(
    tagger: ArticleTagger, batch: Sequence[Untagged]
) -> tuple[list[tuple[Untagged, Tagged]], list[tuple[Untagged, str]]]:
    """Tag a batch; where that fails, halve it until the texts that fail stand alone. Raises ServiceError where the
    tagger is out of order."""
    texts = [Text(article.id, article.title, article.text, article.language or None) for article in batch]
    try:
        return list(zip(batch, tagger.tag(texts), strict=True)), []
    except Exception as error:
        if len(batch) == 1:
            _prove(tagger)
            log.exception("the tagger failed on article %s", batch[0].id)
            return [], [(batch[0], f"{type(error).__name__}: {error}")]
    middle = len(batch) // 2
    left, left_failed = tag_batch(tagger, batch[:middle])
    right, right_failed = tag_batch(tagger, batch[middle:])
    return left + right, left_failed + right_failed


def _prove(tagger: ArticleTagger) -> None:
    try:
        tagger.tag([PROBE])
    except Exception as error:
        raise ServiceError(
            f"the tagger is out of order, and what is untagged waits for it: {type(error).__name__}: {error}"
        ) from error
