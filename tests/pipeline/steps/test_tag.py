"""Tagging: a bad text costs itself only, and a tagger that is out of order costs nothing."""

from collections.abc import Sequence

import pytest
from sqlalchemy import insert, select

from classifiers.types import LabelDecision, Tagged, Text
from pipeline.db import schema, tags
from pipeline.db.engine import Database
from pipeline.errors import ServiceError
from pipeline.sameness import text_hash
from pipeline.steps.tag import tag_untagged
from tests.pipeline.newsroom import START


class Tagger:
    """Gives every text one label; fails on texts that say BAD, and on all while `broken`."""

    model_hash = "model"

    def __init__(self) -> None:
        self.broken = False

    def tag(self, texts: Sequence[Text]) -> list[Tagged]:
        if self.broken or any("BAD" in text.title for text in texts):
            raise RuntimeError("the session failed to allocate memory")
        found = LabelDecision("issue:peace-talks", 0.9, 0.5, "yes", True, "Talks.", "")
        return [Tagged(text.id, (found,), (), (), "en", "fake") for text in texts]


def arrive(database: Database, *titles: str) -> None:
    with database.write() as connection:
        for number, title in enumerate(titles):
            values = {
                "id": f"a{number}", "revision": 1, "url": f"https://news.example/{number}", "feed": "wire",
                "outlet": "Harbour Wire", "owner": "Harbour Wire", "side": "third-party", "control": "private",
                "country": "GB", "kind": "news", "title": title, "text": "", "text_hash": text_hash(title, ""),
                "language": "en", "language_reason": "declared", "form": "report", "published": START,
                "published_flag": "stated", "seen": START, "version_seen": START, "reason": "live",
            }  # fmt: skip
            connection.execute(insert(schema.article).values(**values))


def labelled(database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(connection.execute(select(schema.label.c.article)).scalars())


def waiting(database: Database) -> int:
    with database.read() as connection:
        return tags.count_untagged(connection)


def test_a_text_on_which_the_tagger_fails_costs_itself_only(database: Database) -> None:
    arrive(database, "Talks go on", "BAD text", "Talks end")
    report = tag_untagged(database, Tagger(), lambda: START)
    assert (report.tagged, report.set_aside) == (2, 1)
    assert (labelled(database), waiting(database)) == (["a0", "a2"], 0)


def test_a_tagger_that_fails_on_everything_leaves_all_news_queued_until_it_works(database: Database) -> None:
    arrive(database, "Moscow rejects the truce", "Talks end")
    tagger = Tagger()
    tagger.broken = True
    with pytest.raises(ServiceError, match="failed to allocate memory"):
        tag_untagged(database, tagger, lambda: START)
    assert waiting(database) == 2
    tagger.broken = False
    assert tag_untagged(database, tagger, lambda: START).tagged == 2
    assert (labelled(database), waiting(database)) == (["a0", "a1"], 0)
