"""A person's word wins over the model, at once and after every tagging."""

from datetime import datetime
from typing import Literal

import pytest
from sqlalchemy import Connection, select

from classifiers.types import LabelDecision, Position, Tagged
from pipeline.corrections import BY_HAND, Correction, PositionTarget, apply, parse_target
from pipeline.db import corrections as rows
from pipeline.db import schema, tags
from pipeline.db.engine import Database
from pipeline.errors import NotFoundError, SettingsError
from tests.pipeline.stories.articles import write_article
from tests.pipeline.stories.desk import MORNING

LABELS = {
    "actor:russia", "actor:ukraine", "issue:sanctions", "issue:peace-talks", "development:rejected",
    "development:accepted",
}  # fmt: skip


def decided(
    label: str, decision: Literal["yes", "uncertain"] = "yes", announce: bool = False
) -> LabelDecision:
    return LabelDecision(label, 0.7, 0.5, decision, announce, "sentence")


MODEL = Tagged(
    "a",
    (decided("issue:peace-talks"), decided("development:rejected")),
    (decided("issue:sanctions", "uncertain"),),
    (Position("rejected", ("russia", "ukraine"), (), None, 0.6, "Both refused."),),
    "en",
    "onnx",
)


def correction(target: str, verdict: Literal["wrong", "missing", "right"], number: int = 1) -> Correction:
    return Correction(number, "a", target, verdict, "desk", "", "The evidence.", MORNING)


def labels(tagged: Tagged) -> set[str]:
    return {item.label for item in tagged.labels}


def test_a_wrong_label_goes_from_the_decided_and_the_uncertain() -> None:
    assert labels(apply(MODEL, [correction("issue:peace-talks", "wrong")])) == {"development:rejected"}
    assert apply(MODEL, [correction("issue:sanctions", "wrong")]).uncertain == ()


def test_a_wrong_development_takes_its_positions_along() -> None:
    assert apply(MODEL, [correction("development:rejected", "wrong")]).positions == ()


def test_a_wrong_party_goes_and_the_others_stay() -> None:
    corrected = apply(MODEL, [correction("rejected:-:ukraine", "wrong")])
    assert [item.by for item in corrected.positions] == [("russia",)]


def test_the_last_wrong_party_takes_the_position_along() -> None:
    both = [correction("rejected:-:ukraine", "wrong", 1), correction("rejected:-:russia", "wrong", 2)]
    assert apply(MODEL, both).positions == ()


def test_a_missing_position_brings_its_development() -> None:
    corrected = apply(MODEL, [correction("accepted:-:ukraine", "missing")])
    assert "development:accepted" in labels(corrected)
    assert corrected.positions[-1] == Position("accepted", ("ukraine",), (), None, 1.0, "The evidence.")


def test_what_is_right_is_sure_enough_to_announce() -> None:
    corrected = apply(MODEL, [correction("issue:sanctions", "right")])
    found = next(item for item in corrected.labels if item.label == "issue:sanctions")
    assert (found.decision, found.announce, found.sentence, found.reason) == (
        "yes",
        True,
        "sentence",
        BY_HAND,
    )
    assert corrected.uncertain == ()


def test_the_later_of_two_corrections_wins() -> None:
    both = [correction("issue:sanctions", "missing", 1), correction("issue:sanctions", "wrong", 2)]
    assert "issue:sanctions" not in labels(apply(MODEL, list(reversed(both))))


def test_what_was_undone_counts_for_nothing() -> None:
    undone = Correction(1, "a", "issue:peace-talks", "wrong", "desk", "", "", MORNING, MORNING)
    assert apply(MODEL, [undone]) == MODEL


def test_a_target_is_read_as_label_or_position() -> None:
    assert parse_target("issue:sanctions", LABELS) == "issue:sanctions"
    assert parse_target("rejected:-:russia+other", LABELS) == PositionTarget(
        "rejected", None, ("russia", "other")
    )
    assert parse_target("rejected:eased:unclear", LABELS) == PositionTarget("rejected", "eased", ())


@pytest.mark.parametrize("target", ["issue:nonsense", "nonsense", "rejected:-", "rejected:-:nobody", ""])
def test_a_wrong_target_is_refused_with_what_is_right(target: str) -> None:
    with pytest.raises(SettingsError):
        parse_target(target, LABELS)


def stored(connection: Connection) -> tuple[set[str], list[Position], int]:
    revision = connection.execute(
        select(schema.article.c.revision).where(schema.article.c.id == "a")
    ).scalar_one()
    found = {item.label for item in tags.labels_of(connection, ["a"])["a"]}
    return found, tags.positions_of(connection, ["a"])["a"], revision


def test_a_correction_changes_the_article_at_once_and_can_be_undone(
    database: Database, now: datetime
) -> None:
    with database.write() as connection:
        write_article(connection, "a", "Moscow turns the plan down")
        tags.replace_labels(connection, "a", (*MODEL.labels, *MODEL.uncertain), MODEL.positions)
        before = stored(connection)
        made = rows.add(connection, "a", "rejected:-:ukraine", "wrong", labels=LABELS, author="desk", now=now)
        _, positions, revision = stored(connection)
        assert [item.by for item in positions] == [("russia",)]
        assert revision == before[2] + 1
        rows.undo(connection, made.id, now)
        assert stored(connection)[:2] == before[:2]
        assert rows.for_articles(connection, ["a"]) == {}
        assert [item.undone for item in rows.list_all(connection)] == [now]


def test_an_undone_correction_queues_the_article_for_tagging(database: Database, now: datetime) -> None:
    with database.write() as connection:
        write_article(connection, "a", "Moscow turns the plan down")
        made = rows.add(connection, "a", "issue:sanctions", "missing", labels=LABELS, author="desk", now=now)
        rows.undo(connection, made.id, now)
        waiting = select(schema.article.c.tagged_text_hash).where(schema.article.c.id == "a")
        assert connection.execute(waiting).scalar_one() is None
        with pytest.raises(NotFoundError):
            rows.undo(connection, made.id, now)


def test_an_unknown_article_cannot_be_corrected(database: Database, now: datetime) -> None:
    with database.write() as connection, pytest.raises(NotFoundError):
        rows.add(connection, "none", "issue:sanctions", "missing", labels=LABELS, author="desk", now=now)


def test_the_title_is_the_evidence_where_none_is_given(database: Database, now: datetime) -> None:
    with database.write() as connection:
        write_article(connection, "a", "Moscow turns the plan down")
        made = rows.add(
            connection, "a", "rejected:-:russia", "missing", labels=LABELS, author="desk", now=now
        )
        assert made.sentence == "Moscow turns the plan down"
        assert stored(connection)[1] == [Position("rejected", ("russia",), (), None, 1.0, made.sentence)]
