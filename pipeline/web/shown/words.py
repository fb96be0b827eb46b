"""Ids in readers' words. Colour never stands alone on the page: these words stand beside it."""

from collections.abc import Mapping

from classifiers.types import LabelDecision
from pipeline.corrections import BY_HAND
from pipeline.notify.words import LANGUAGE_WORDS, SIDE_WORDS, STATUS_WORDS

SIDES: Mapping[str, str] = {side: word[:1].upper() + word[1:] for side, word in SIDE_WORDS.items()}
SIDE_ORDER = ("ukraine", "russia", "third-party")
SIDE_LETTERS: Mapping[str, str] = {"ukraine": "UA", "russia": "RU", "third-party": "3rd"}

STATUS: Mapping[str, str] = STATUS_WORDS
STATUS_MEANS: Mapping[str, str] = {
    "disputed": "the parties' accounts contradict each other",
    "denied": "a party denies it",
    "acknowledged": "both parties accept it or take part",
    "withdrawn": "an analyst took back what it told",
    "claimed": "only outlets of one party tell it",
    "single-source": "one owner or wire stands behind all of it",
}
VERDICTS: Mapping[str, str] = {
    "unverified": "Unverified", "corroborated": "Corroborated", "confirmed": "Confirmed", "disputed": "Disputed",
    "false": "False",
}  # fmt: skip
CONTROLS: Mapping[str, str] = {
    "state": "state-controlled", "public": "public broadcaster", "private": "privately owned", "exile": "in exile",
}  # fmt: skip
FIELDS: Mapping[str, str] = {
    "development": "What happened", "actor": "Who", "issue": "About", "side": "Whose outlets", "owner": "Owner",
    "outlet": "Outlet", "language": "Language",
}  # fmt: skip
LANGUAGES: Mapping[str, str] = LANGUAGE_WORDS
FLAGS: Mapping[str, str] = {
    "stated": "", "assumed-zone": "zone assumed from the feed", "future": "stated a time ahead of ours",
    "undated": "the feed states no time", "absurd": "the feed states an impossible time",
}  # fmt: skip
REASONS: Mapping[str, str] = {
    "live": "came while we watched", "first-fetch": "came with a feed's first poll", "old": "was old when it came",
    "undated": "came without a date", "import": "taken in from an archive", "backfill": "taken in afterwards",
}  # fmt: skip


def certainty(label: LabelDecision) -> str:
    """Sure, likely or uncertain; or that a person said it."""
    if label.reason == BY_HAND:
        return "by hand"
    if label.decision == "uncertain":
        return "uncertain"
    return "sure" if label.announce else "likely"


def value(field: str, text: str, names: Mapping[str, str]) -> str:
    """A facet's value as people call it."""
    if field in ("actor", "issue", "development"):
        return names.get(f"{field}:{text}", text)
    if field == "side":
        return SIDES.get(text, text)
    if field == "language":
        return LANGUAGES.get(text, text)
    return text
