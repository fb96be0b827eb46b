"""The language of an article and its reason; the rules themselves are tested with classifiers.language."""

import pytest

from pipeline.extract.language import article_language
from tests.samples import article, feed

UKRAINIAN = "Переговори у Стамбулі тривають третю годину, повідомляє міністерство закордонних справ України."
ENGLISH = "Talks in Istanbul have gone on for three hours, the foreign ministry in Kyiv said on Tuesday."


@pytest.mark.parametrize(
    ("text", "declared", "language", "reason"),
    [
        (ENGLISH, "en", "en", "declared"),
        (UKRAINIAN, "uk", "uk", "declared"),
        (UKRAINIAN, "en", "uk", "declared en, but its letters and words say otherwise"),
        (ENGLISH, "uk", "en", "declared uk, but its letters and words say otherwise"),
    ],
)
def test_language_and_reason(text: str, declared: str, language: str, reason: str) -> None:
    made = article(text, text, source=feed(language=declared))
    assert (made.language, made.language_reason) == (language, reason)


def test_language_of_the_entry_comes_before_the_feeds() -> None:
    assert article("Kyiv", "", source=feed(language="uk"), language="pl-PL").language == "pl"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (
            "To by by on a on to i tak, a potem on to by nam powiedzial, ze rozmowy o rozejmie zakonczyly sie bez wyniku.",
            "pl",
        ),
        (
            "Was in der Stadt an dem Tag war, was in dem Haus geschah und was der Minister in Berlin an dem Abend sagte.",
            "de",
        ),
        (
            "As forças a norte e a sul on a fronteira, o ministro disse a todos que a paz he possible as a esperança.",
            "pt",
        ),
    ],
)
def test_text_in_another_language_that_is_declared_english_is_not_taken_for_it(
    text: str, language: str
) -> None:
    found, reason = article_language("", text, "en")
    assert found == language
    assert "say otherwise" in reason
