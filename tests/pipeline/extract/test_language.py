"""The language of an article and its reason; the rules themselves are tested with classifiers.language."""

import pytest

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
