"""Developments in words."""

import pytest

from classifiers.taxonomy import load_taxonomy
from classifiers.types import Position
from pipeline.notify.words import headline, joined, object_of, phrases

WORDS = phrases({label.key: label.name for label in load_taxonomy().labels})


def said(
    development: str, by: str = "", against: str = "", detail: str | None = None, sentence: str = ""
) -> str:
    position = Position(development, tuple(by.split()), tuple(against.split()), detail, 0.9, sentence)
    return headline(position, WORDS)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (said("rejected", "russia", sentence="The Kremlin turned down the US proposal for a 30-day truce."), "Russia rejects 30-day truce"),
        (said("rejected", "russia", "united-states"), "Russia rejects US offer"),
        (said("accepted", "russia", sentence="Putin agreed to spare power plants but rejected the full ceasefire."), "Russia accepts offer"),
        (said("rejected", "russia", sentence="Putin agreed to spare power plants but rejected the full ceasefire."), "Russia rejects full ceasefire"),
        (said("accepted", "ukraine", sentence="Kyiv backs the energy truce; Moscow refuses a full ceasefire."), "Ukraine accepts energy truce"),
        (said("rejected", "russia", sentence="The full ceasefire, backed by Kyiv, was refused by Moscow."), "Russia rejects full ceasefire"),
        (said("rejected", sentence="A full ceasefire was ruled out."), "Full ceasefire rejected"),
        (said("accepted", "ukraine", sentence="Kyiv agreed to an unconditional ceasefire."), "Ukraine accepts unconditional ceasefire"),
        (said("conditions-set", "russia", sentence="What Moscow wants for a lasting truce."), "Russia sets conditions for lasting truce"),
        (said("proposal-made", "united-kingdom france", sentence="A draft peace plan."), "UK and France put forward draft peace plan"),
        (said("deal-reached", "russia ukraine", detail="concluded", sentence="A prisoner swap."), "Russia and Ukraine reach prisoner swap"),
        (said("deal-reached", "russia", detail="concluded", sentence="It took one call."), "Russia agrees to deal"),
        (said("deal-reached", "russia", detail="ended", sentence="The Easter truce is over."), "Russia ends Easter truce"),
        (said("talks-announced", "russia united-states", detail="called-off"), "Russia and US call off talks"),
        (said("talks-held", "united-states"), "US holds talks"),
        (said("proposal-made", "other", sentence="A ceasefire."), "Others put forward ceasefire"),
        (said("violation-reported", "ukraine", "russia", "claimed", "The Easter truce was broken."), "Ukraine reports breach of Easter truce by Russia"),
        (said("violation-reported", "russia", detail="denied"), "Russia denies breach of truce"),
        (said("attack-reported", "russia", "ukraine"), "Russia attacks Ukraine"),
        (said("attack-reported", "", "ukraine"), "Attack on Ukraine reported"),
        (said("aid-changed", "united-states", "ukraine", "reduced"), "US cuts military aid to Ukraine"),
        (said("sanctions-changed", "european-union", "russia", "tightened"), "EU moves to tighten sanctions on Russia"),
        (said("exchange-carried-out", "russia ukraine"), "Russia and Ukraine exchange prisoners"),
        (said("territory-changed", "russia", "ukraine"), "Russia gains ground from Ukraine"),
        (said("ships-inspected", "turkey"), "Türkiye: Ships inspected"),
    ],
)  # fmt: skip
def test_headlines(words: str, expected: str) -> None:
    assert words == expected


def test_every_development_of_the_taxonomy_can_be_said_in_every_way() -> None:
    details = (
        "planned",
        "postponed",
        "called-off",
        "concluded",
        "in-effect",
        "extended",
        "ended",
        "claimed",
        "denied",
    )
    for label in load_taxonomy().facet("development"):
        for by in ("", "russia", "russia ukraine"):
            for against in ("", "ukraine", "russia"):
                for detail in (None, *details, "increased", "reduced", "tightened", "eased"):
                    words = said(label.id, by, against, detail)
                    assert words == words.strip()
                    assert "{" not in words
                    assert words[0].isupper()


def test_what_is_refused_beside_an_agreement_is_not_what_was_agreed() -> None:
    sentence = "Russia agrees to a 30-day halt of strikes on energy sites, refuses full truce"
    assert object_of(sentence, WORDS, "deal-reached") is None
    assert object_of(sentence, WORDS, "rejected") == "full truce"
    assert object_of("Russia and Ukraine agreed a partial truce.", WORDS, "deal-reached") == "partial truce"


def test_a_sentence_without_a_known_object_names_none() -> None:
    assert object_of("He said no.", WORDS) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [((), ""), (("A",), "A"), (("A", "B"), "A and B"), (("A", "B", "C"), "A, B and C"), (("A", "B", "C", "D"), "A, B and 2 more"), (("A", "A"), "A")],
)  # fmt: skip
def test_lists_in_words(names: tuple[str, ...], expected: str) -> None:
    assert joined(names) == expected
