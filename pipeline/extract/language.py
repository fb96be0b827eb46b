"""The language of an article, and why. Pure but for a model that is read once.

The rules are the tagger's (classifiers.language), so that tags, search and alerts agree.
"""

from functools import lru_cache

from classifiers.language import LanguageGuard, primary


def article_language(title: str, text: str, declared: str | None) -> tuple[str, str]:
    """Language of an article as a primary BCP 47 subtag ("und" where nothing tells it), and the reason in words.

    `declared` is the tag that its entry or else its feed gives.
    """
    language = _guard().language(f"{title}\n{text}" if text else title, declared)
    said = primary(declared)
    if said is None:
        return language, "nothing declared, its letters and words say so"
    return (
        language,
        "declared" if language == said else f"declared {said}, but its letters and words say otherwise",
    )


@lru_cache(maxsize=1)
def _guard() -> LanguageGuard:
    return LanguageGuard()
