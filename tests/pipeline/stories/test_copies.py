"""Wire texts in several outlets are recognised; texts that only sound alike are not."""

from datetime import datetime, timedelta

import pytest

from pipeline.stories.copies import KEPT, CopyIndex, Print, are_copies, print_of
from tests.pipeline.stories.desk import MORNING

WIRE = (
    "The river rose by two metres overnight and cut off three villages below the old mill, the regional rescue "
    "service said on Tuesday morning. Boats took forty people to a school in the next town, where they will stay "
    "until engineers have looked at the weakened embankment."
)
OTHER = (
    "Two villages were cut off when the river left its bed, and about forty people had to be taken out by boat. "
    "A school gives them shelter while experts check how much the embankment has suffered."
)


def printed(name: str, text: str, outlet: str = "", title: str = "", at: datetime = MORNING) -> Print:
    return print_of(name, outlet or f"outlet of {name}", at, title or f"headline of {name}", text)


def test_one_text_under_two_headlines_is_a_copy() -> None:
    assert are_copies(printed("a", WIRE), printed("b", WIRE))


def test_a_trimmed_text_is_a_copy() -> None:
    assert are_copies(printed("a", WIRE), printed("b", WIRE[: WIRE.index(". Boats") + 1]))


def test_a_text_with_a_local_lead_is_a_copy() -> None:
    lead = "Our reporter in the valley watched from the bridge as the water came. "
    assert are_copies(printed("a", WIRE), printed("b", lead + WIRE))


def test_a_newsletter_that_quotes_the_wire_among_other_news_is_no_copy() -> None:
    sentence = WIRE[: WIRE.index(". Boats") + 1]
    newsletter = (
        "Good morning. Today we look at what is at stake in court for the actor who says that his telephone was "
        "listened to for years, and why lawyers on both sides expect a long week of questions about old headlines. "
        "Before that, five things that happened while you slept. The minister of finance has put off her budget by a "
        "month, since nobody can say what the harvest will bring. The river rose by two metres overnight and cut off "
        "three villages, rescuers said. A painter whom everybody remembers for one picture has died, and her friends "
        "tell us of the hundreds that nobody has seen. In sport, the champions lost at home for the first time in two "
        "years, and their coach blames the grass. Our reporter in the capital has spent a day with people who wait."
    )
    assert not are_copies(printed("a", sentence), printed("b", newsletter))


def test_another_attribution_leaves_it_a_copy() -> None:
    assert are_copies(
        printed("a", WIRE),
        printed(
            "b",
            WIRE.replace("the regional rescue service said on Tuesday morning", "rescuers told the agency"),
        ),
    )


def test_the_same_event_in_other_words_is_no_copy() -> None:
    assert not are_copies(printed("a", WIRE), printed("b", OTHER))


def test_a_standing_text_of_one_outlet_under_a_new_title_is_no_copy() -> None:
    standing = "Our picture editors choose the best photographs of the day from all over the world for you, every day"
    assert not are_copies(
        printed("a", standing, "The Globe", "Goats and protests: Thursday in pictures"),
        printed("b", standing, "The Globe", "Snow on the pier: Friday in pictures"),
    )


def test_one_outlet_that_gives_one_article_twice_gives_a_copy() -> None:
    assert are_copies(
        printed("a", WIRE, "The Globe", "River rises"), printed("b", WIRE, "The Globe", "River rises")
    )


def test_a_daily_rate_with_another_number_is_no_copy() -> None:
    assert not are_copies(
        printed("a", WIRE, "The Globe", "River at 412 centimetres"),
        printed("b", WIRE, "The Globe", "River at 398 centimetres"),
    )


def test_a_text_that_returns_after_a_week_is_no_copy() -> None:
    assert not are_copies(printed("a", WIRE), printed("b", WIRE, at=MORNING + timedelta(days=7)))


@pytest.mark.parametrize("text", ["", "Read more", "Photo: agency"])
def test_texts_of_a_few_words_are_never_copies(text: str) -> None:
    assert not are_copies(printed("a", text, title="One"), printed("b", text, title="Two"))


def test_the_index_finds_the_earliest_of_equal_copies() -> None:
    index = CopyIndex()
    index.add(printed("late", WIRE, at=MORNING + timedelta(hours=2)))
    index.add(printed("early", WIRE))
    index.add(printed("other", OTHER))
    assert index.find(printed("new", WIRE, at=MORNING + timedelta(hours=3))) == ["early", "late"]


def test_a_removed_text_is_not_found() -> None:
    index = CopyIndex()
    index.add(printed("a", WIRE))
    index.remove("a")
    assert index.find(printed("b", WIRE)) == []
    assert index.by_run == {}


def test_work_stays_bounded_where_everybody_prints_one_text() -> None:
    index = CopyIndex()
    for number in range(KEPT * 3):
        index.add(printed(f"a{number}", WIRE))
    assert len(index.find(printed("new", WIRE))) == KEPT
