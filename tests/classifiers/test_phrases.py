import pytest

from classifiers.phrases import PhraseBook, Rule, load_rules
from classifiers.sentences import split
from classifiers.taxonomy import load_taxonomy

RULES, SETTLEMENT = load_rules()
TAXONOMY = load_taxonomy("ukraine")
NAMES = [f"{rule.language} {rule.development} {number}" for number, rule in enumerate(RULES)]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_rule_matches_what_it_must_and_nothing_that_it_must_not(rule: Rule) -> None:
    assert rule.yes and rule.no
    assert [sentence for sentence in rule.yes if rule.words(sentence) is None] == []
    assert [sentence for sentence in rule.no if rule.words(sentence) is not None] == []


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_no_other_rule_of_the_language_contradicts_an_example(rule: Rule) -> None:
    opposite = {
        "development:accepted": "development:rejected",
        "development:talks-held": "development:talks-announced",
    }
    opposite |= {other: one for one, other in opposite.items()}
    book = PhraseBook(RULES, SETTLEMENT, TAXONOMY)
    for sentence in rule.yes:
        found = {hit.development for hit in book.find(split("", sentence), rule.language)}
        assert rule.development in found and opposite.get(rule.development) not in found, sentence


def test_rules_name_labels_of_the_taxonomy() -> None:
    assert {rule.development for rule in RULES} | {rule.issue for rule in RULES} | SETTLEMENT <= set(
        TAXONOMY.keys
    )
    assert {rule.language for rule in RULES} == {"en", "uk", "ru"}


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_both_languages_tell_the_plainest_developments(language: str) -> None:
    told = {rule.development.removeprefix("development:") for rule in RULES if rule.language == language}
    assert told >= {"accepted", "rejected", "deal-reached", "talks-held", "talks-announced"}


def test_hit_gives_sentence_and_words_of_the_text() -> None:
    sentences = split("Головне за день", "Було тихо. Кремль ВІДХИЛИВ нову пропозицію Києва.")
    (hit,) = PhraseBook(RULES, SETTLEMENT, TAXONOMY).find(sentences, "uk")
    assert hit.development == "development:rejected" and hit.issue == "issue:peace-talks"
    assert hit.sentence == 2 and hit.words == "ВІДХИЛИВ нову пропозицію"


def test_rules_of_another_language_are_silent() -> None:
    book = PhraseBook(RULES, SETTLEMENT, TAXONOMY)
    assert list(book.find(split("", "Кремль відхилив пропозицію."), "ru")) == []
    assert list(book.find(split("", "Der Kreml lehnte den Plan ab."), "de")) == []


@pytest.mark.parametrize("text", ["не " * 4000, "відхилив " * 4000, "перемир'я " * 4000, "(" * 20_000])
def test_long_runs_do_not_slow_the_rules(text: str) -> None:
    assert list(PhraseBook(RULES, SETTLEMENT, TAXONOMY).find(split("", text), "uk")) == []
