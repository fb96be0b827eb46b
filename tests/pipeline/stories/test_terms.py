"""What is left of a text for comparing: concepts, names and numbers, the same in every language."""

import pytest

from pipeline.stories.lexicon import parse
from pipeline.stories.terms import key, read


@pytest.mark.parametrize(
    ("english", "other", "language"),
    [
        ("prigozhin", "prigozyna", "pl"),
        ("prigozhin", "пригожина", "cyrillic"),
        ("sabalenka", "sabalenki", "pl"),
        ("stoltenberg", "stoltenberga", "pl"),
        ("shoigu", "szojgu", "pl"),
        ("kadyrov", "kadyrowa", "pl"),
        ("surovikin", "суровикина", "cyrillic"),
    ],
)
def test_a_name_has_one_key_in_every_spelling_and_case(english: str, other: str, language: str) -> None:
    assert key(other, language) == key(english, "en")


def test_a_polish_and_an_english_headline_of_one_event_share_their_concepts() -> None:
    english = read("Dam on the Dnipro destroyed, villages flooded", "").terms
    polish = read("Zniszczona tama na Dnieprze. Zalane wsie", "Woda zalała okolicę, trwa ewakuacja.").terms
    assert {"dam", "dnipro", "destroy", "flood", "village"} <= english.keys() & polish.keys()


def test_a_ukrainian_headline_shares_them_too() -> None:
    ukrainian = read("Унаслідок землетрусу загинули люди", "Рятувальники шукають зниклих.").terms
    assert {"earthquake", "kill", "missing"} <= ukrainian.keys()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The minister said on Monday that talks will go on", "en"),
        ("Minister powiedział w poniedziałek, że rozmowy potrwają", "pl"),
        ("Міністр сказав у понеділок, що переговори триватимуть", "cyrillic"),
        ("Der Minister sagte am Montag, dass die Gespräche weitergehen und nicht enden", "de"),
        ("", "en"),
    ],
)
def test_the_language_shows_in_letters_and_little_words(text: str, language: str) -> None:
    assert read("", text).language == language


def test_us_the_country_is_not_us_the_pronoun() -> None:
    assert "united-states" in read("US offers a plan", "").terms
    assert "united-states" not in read("They told us of a plan", "").terms


def test_numbers_count_but_years_do_not() -> None:
    terms = read("80 villages, 1,013 shells, in 2023", "").terms
    assert {"#80", "#1013"} <= terms.keys()
    assert not any("2023" in term for term in terms)


def test_the_title_weighs_more_than_the_lead() -> None:
    terms = read("Earthquake", "A flood followed.").terms
    assert terms["earthquake"] > terms["flood"]


def test_a_word_marked_whole_takes_no_endings() -> None:
    lexicon = parse(["@endings pl u em", "fire | ogień! pożar"])
    assert lexicon.concepts("pozaru", "pl") == ("fire",)
    assert lexicon.concepts("ogien", "pl") == ("fire",)
    assert lexicon.concepts("ogienem", "pl") == ()


def test_letters_in_brackets_are_variants() -> None:
    lexicon = parse(["price | cen[ay]!"])
    assert lexicon.concepts("cena", "pl") == lexicon.concepts("ceny", "pl") == ("price",)
