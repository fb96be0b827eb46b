"""The finder on whole articles and on bad input."""

import pytest

from classifiers.details import DETAILS
from classifiers.positions import PositionFinder, load_position_finder
from classifiers.positions.features import DEVELOPMENTS
from classifiers.taxonomy import load_taxonomy
from classifiers.types import LabelDecision, Position, Text

TALKS_NEXT = "The two presidents, Donald Trump and Vladimir Putin, will speak by telephone on Tuesday."
SEED_STORY = Text(
    "seed",
    "Putin names conditions for the 30-day ceasefire that Ukraine has accepted",
    "Ukraine last week accepted a plan for a ceasefire of thirty days. The United States had proposed the plan after it "
    "paused its military aid to Ukraine. Putin set out conditions and refused the plan, which he called a respite for "
    f"Ukraine's army. {TALKS_NEXT}",
)


@pytest.fixture(scope="module")
def finder() -> PositionFinder:
    return load_position_finder(load_taxonomy())


def by_of(positions: tuple[Position, ...], development: str) -> list[set[str]]:
    return [set(one.by) for one in positions if one.development == development]


def test_the_seed_story_has_each_partys_position(finder: PositionFinder) -> None:
    developments = [
        "accepted",
        "rejected",
        "conditions-set",
        "proposal-made",
        "aid-changed",
        "talks-announced",
    ]
    found = finder.of(SEED_STORY, developments)
    assert by_of(found, "accepted") == [{"ukraine"}]
    assert by_of(found, "rejected") == [{"russia"}]
    assert by_of(found, "conditions-set") == [{"russia"}]
    assert by_of(found, "proposal-made") == [{"united-states"}]
    assert by_of(found, "talks-announced") == [{"united-states", "russia"}]
    aid = next(one for one in found if one.development == "aid-changed")
    assert (aid.by, aid.against, aid.detail) == (("united-states",), ("ukraine",), "reduced")


def test_a_position_rests_on_a_sentence_of_the_text(finder: PositionFinder) -> None:
    found = finder.of(SEED_STORY, ["talks-announced", "proposal-made"])
    assert found[0].sentence == TALKS_NEXT
    for one in found:
        assert (
            one.sentence in (SEED_STORY.title, *SEED_STORY.text.split("\n"))
            or one.sentence in SEED_STORY.text
        )


def test_every_development_gets_a_position_and_a_way_of_its_list(finder: PositionFinder) -> None:
    found = finder.of(SEED_STORY, DEVELOPMENTS)
    assert list(dict.fromkeys(one.development for one in found)) == list(DEVELOPMENTS)
    for one in found:
        assert (one.detail in DETAILS[one.development]) if one.development in DETAILS else one.detail is None
        assert 0 <= one.score <= 1
        assert not set(one.by) & set(one.against)


def test_decided_labels_are_enough(finder: PositionFinder) -> None:
    sentence = "Russia rejected the American plan."
    decided = [
        LabelDecision(label, 0.9, 0.5, "yes", True, sentence)
        for label in ("actor:russia", "actor:united-states", "issue:ceasefire-terms", "development:rejected")
    ]
    (found,) = finder.positions(Text("a", "", sentence), decided)
    assert (found.development, found.by, found.sentence) == ("rejected", ("russia",), sentence)


@pytest.mark.parametrize(
    "text",
    [
        Text("a", "", ""),
        Text("a", " ", "\n\n"),
        Text("a", "…", "?!"),
        Text("a", "Україна відхилила план", ""),
    ],
)
def test_a_text_that_says_nothing_to_us_is_unclear_or_empty_not_an_error(
    finder: PositionFinder, text: Text
) -> None:
    (found,) = finder.of(text, ["rejected"])
    assert found.development == "rejected"
    assert isinstance(found.sentence, str)


def test_a_huge_text_is_read_from_its_beginning(finder: PositionFinder) -> None:
    text = Text("a", "Russia rejects the American plan", "Ukraine, " * 1_000_000)
    assert by_of(finder.of(text, ["rejected"]), "rejected") == [{"russia"}]


def test_no_development_no_position(finder: PositionFinder) -> None:
    assert finder.of(SEED_STORY, []) == ()


def test_developments_of_another_taxonomy_are_left_out(finder: PositionFinder) -> None:
    assert finder.of(SEED_STORY, ["hostages-freed"]) == ()


def test_the_same_text_gets_the_same_positions(finder: PositionFinder) -> None:
    assert finder.of(SEED_STORY, DEVELOPMENTS) == finder.of(SEED_STORY, DEVELOPMENTS)
