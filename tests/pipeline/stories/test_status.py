"""How a story stands: independent sources, one side's claims, denials and agreement."""

from datetime import timedelta

import pytest

from classifiers.types import Position
from pipeline.stories.status import Report, Status, independent_sources, standing
from tests.pipeline.stories.desk import MORNING


def position(
    development: str, by: str, against: str = "", detail: str | None = None, sentence: str = ""
) -> Position:
    return Position(
        development, tuple(by.split()), tuple(against.split()), detail, 0.9, sentence or f"{by} {development}"
    )


def report(
    name: str,
    *positions: Position,
    owner: str = "",
    side: str = "third-party",
    text: str = "",
    copy_of: str | None = None,
    hours: float = 0,
    withdrawn: bool = False,
) -> Report:
    return Report(
        name, f"outlet of {name}", owner or f"owner of {name}", side, "private", MORNING + timedelta(hours=hours),
        f"title {name}", text, copy_of, positions, withdrawn,
    )  # fmt: skip


def status(*reports: Report) -> Status | None:
    return standing(reports).status


def test_one_outlet_is_a_single_source() -> None:
    assert status(report("a")) == "single-source"


def test_outlets_of_one_owner_count_once() -> None:
    assert status(report("a", owner="Press House"), report("b", owner="Press House")) == "single-source"


def test_a_wire_text_counts_once_whoever_prints_it() -> None:
    assert status(report("a"), report("b", copy_of="a"), report("c", copy_of="a")) == "single-source"


def test_an_agency_named_at_the_dateline_counts_once() -> None:
    reports = [
        report("a", text="KYIV (Reuters) - The talks will go on, officials said."),
        report("b", text="Officials want to go on with the talks, it was said on Monday. (Reuters)"),
    ]
    assert independent_sources(reports) == ["Reuters"]


def test_quoting_an_agency_makes_it_no_origin() -> None:
    assert independent_sources([report("a", text="An official told Reuters that the talks will go on.")]) == [
        "owner of a"
    ]


def test_an_owner_with_words_of_its_own_is_a_source_beside_the_wire() -> None:
    reports = [report("a"), report("b", copy_of="a"), report("c", owner="owner of b"), report("d")]
    assert independent_sources(reports) == ["owner of b", "owner of d"]


def test_several_independent_sources_need_no_mark() -> None:
    assert status(report("a"), report("b")) is None


def test_outlets_of_one_side_alone_make_it_that_sides_claim() -> None:
    found = standing([report("a", side="russia"), report("b", side="russia")])
    assert (found.status, found.why) == ("claimed", "only outlets of russia tell it")


def test_acceptance_by_both_is_acknowledged() -> None:
    one = report("a", position("accepted", "ukraine"))
    assert status(one, report("b")) is None
    assert status(one, report("b", position("accepted", "russia"))) == "acknowledged"


def test_talks_that_both_attend_are_acknowledged() -> None:
    assert status(report("a", position("talks-held", "ukraine russia")), report("b")) == "acknowledged"


def test_a_party_that_refuses_at_the_talks_it_attends_is_not_disputed() -> None:
    attending = report("a", position("talks-held", "russia united-states"))
    refusing = report("b", position("rejected", "russia", "united-states"))
    assert status(attending, refusing) is None
    assert status(attending, refusing, report("c", position("accepted", "russia"))) == "disputed"


def test_accusations_from_both_sides_are_disputed() -> None:
    accusing = report("a", position("violation-reported", "ukraine", "russia", "claimed"))
    answering = report("b", position("violation-reported", "russia", "ukraine", "claimed"))
    assert status(accusing, answering) == "disputed"


def test_a_denial_is_denied() -> None:
    accusing = report("a", position("violation-reported", "ukraine", "russia", "claimed"))
    denying = report("b", position("violation-reported", "russia", "", "denied"), hours=2)
    assert status(accusing, denying) == "denied"


def test_one_sentence_that_names_either_side_as_the_attacker_is_disputed() -> None:
    sentence = "Each side blamed the other for the blast."
    both = report(
        "a",
        position("attack-reported", "russia", "ukraine", sentence=sentence),
        position("attack-reported", "ukraine", "russia", sentence=sentence),
    )
    assert status(both, report("b")) == "disputed"


def test_two_attacks_in_two_sentences_are_no_dispute() -> None:
    both = report(
        "a",
        position("attack-reported", "russia", "ukraine"),
        position("attack-reported", "ukraine", "russia"),
    )
    assert status(both, report("b")) is None


@pytest.mark.parametrize(("denial_hours", "expected"), [(0, "acknowledged"), (9, "denied")])
def test_the_latest_account_holds(denial_hours: float, expected: Status) -> None:
    denial = report("a", position("violation-reported", "russia", "", "denied"), hours=denial_hours)
    agreed = report("b", position("deal-reached", "ukraine russia", detail="concluded"), hours=5)
    assert status(denial, agreed) == expected


def test_a_story_whose_every_article_was_taken_back_is_withdrawn() -> None:
    assert status(report("a", withdrawn=True)) == "withdrawn"
    assert status(report("a", withdrawn=True), report("b")) is None


def test_reported_by_stands_apart_from_claimed_by() -> None:
    found = standing([report("a", position("rejected", "russia"), side="ukraine"), report("b")])
    assert found.sides == {"third-party": ("outlet of b",), "ukraine": ("outlet of a",)}
    assert found.claimed_by == ("russia",)


def test_a_story_without_articles_stands_without_sources() -> None:
    assert standing([]).sources == ()
