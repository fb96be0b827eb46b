"""How often each label is right, as the model card measured it, in words. Pure: the card's text comes in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_HEADING = re.compile(r"^## On (.+?): ([\d,]+) texts", re.MULTILINE)
_ROW = re.compile(r"^\| ((?:actor|issue|development):[a-z-]+) \| (\d+) \| ([\d.]+) \|", re.MULTILINE)
FEWEST = 8
"""Cases below which a label's own figure says little (the card says so too)."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Precision of one label over `cases` cases of a set of texts."""

    precision: float
    cases: int
    texts: str


def read_card(card: str) -> dict[str, Measured]:
    """For each label the measurement with the most cases."""
    found: dict[str, Measured] = {}
    headings = list(_HEADING.finditer(card))
    for place, heading in enumerate(headings):
        end = headings[place + 1].start() if place + 1 < len(headings) else len(card)
        for row in _ROW.finditer(card, heading.end(), end):
            measured = Measured(float(row[3]), int(row[2]), f"{heading[2]} texts ({heading[1]})")
            if row[1] not in found or measured.cases > found[row[1]].cases:
                found[row[1]] = measured
    return found


def in_words(label: str, certainty: str, measured: Mapping[str, Measured]) -> str:
    """What a reader may expect of a label that is sure, likely or uncertain."""
    if certainty == "by hand":
        return "An analyst said so."
    if certainty == "uncertain":
        return "Below the model's threshold: shown for you to judge; alerts leave it out."
    threshold = (
        "Above the stricter threshold that alerts ask for."
        if certainty == "sure"
        else "Above the model's threshold."
    )
    known = measured.get(label)
    if known is None or known.cases < FEWEST:
        return f"{threshold} Too few cases to say how often this label is right."
    return (
        f"{threshold} Where the model gives this label it is right about {round(known.precision * 10)} times in 10, "
        f"measured on {known.texts}."
    )
