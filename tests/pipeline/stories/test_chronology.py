"""A thread as a reader follows it."""

from datetime import datetime, timedelta

from classifiers.types import Position
from pipeline.db import schema, tags
from pipeline.db import stories as story_rows
from pipeline.db import threads as thread_rows
from pipeline.db.engine import Database
from pipeline.stories.chronology import Step, ThreadView, Word, as_text, latest_stands
from tests.pipeline.stories.articles import write_article
from tests.pipeline.stories.desk import MORNING


def word(name: str, development: str, by: str, hours: float, detail: str | None = None) -> Word:
    position = Position(development, (by,), (), detail, 0.9, f"{by} {development}")
    return Word(
        name, f"outlet of {name}", MORNING + timedelta(hours=hours), ("ceasefire-terms",), (position,)
    )


def test_the_latest_word_of_each_party_stands() -> None:
    stands = latest_stands(
        [
            word("b", "accepted", "russia", 5),
            word("a", "rejected", "russia", 1),
            word("c", "accepted", "ukraine", 2),
        ]
    )
    assert [(row.party, row.development, row.article) for row in stands] == [
        ("russia", "accepted", "b"),
        ("ukraine", "accepted", "c"),
    ]


def test_the_text_view_is_a_chronology_and_a_table() -> None:
    step = Step("s", "Plan put forward", MORNING, MORNING, "disputed", 1)
    stands = latest_stands([word("a", "aid-changed", "united-states", 3, "reduced")])
    text = as_text(ThreadView("s", "The plan", "Plan put forward", True, (step,), tuple(stands)))
    assert text.splitlines() == [
        "The plan",
        "",
        "2025-03-18 06:00 UTC  Plan put forward  (1 article, disputed, story s)",
        "",
        "Latest by party and issue",
        "united-states  ceasefire-terms  aid-changed (reduced)  2025-03-18 09:00  outlet of a",
    ]


def test_a_thread_is_read_from_the_database(database: Database, now: datetime) -> None:
    with database.write() as connection:
        write_article(connection, "a", "Plan put forward")
        write_article(connection, "b", "Plan refused", hours=30)
        connection.execute(
            schema.thread.insert().values(id="a", title="Plan put forward", first_seen=now, last_seen=now)
        )
        seen = {"a": MORNING, "b": MORNING + timedelta(hours=30)}
        story_rows.create(
            connection,
            [story_rows.NewStory(name, f"Story {name}", name, at, at, "a") for name, at in seen.items()],
        )
        story_rows.assign(connection, {"a": ("a", None), "b": ("b", None)})
        tags.replace_labels(
            connection, "b", (), [Position("rejected", ("russia",), (), None, 0.9, "Moscow said no.")]
        )
        shown = thread_rows.view(connection, "a")
    assert [(step.story, step.articles) for step in shown.steps] == [("a", 1), ("b", 1)]
    assert shown.stands == ()
