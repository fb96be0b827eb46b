"""How rare a term is in news at large: what makes a shared term a sign of the same event.

Counted once over a year of headlines and summaries, not over the days in the window: on the day a dam breaks, "dam"
is in every second article, and it is exactly the word that tells those articles from the rest.
"""

import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

RAREST = 0.0005
"""Share of articles below which counts say nothing more, and of every term that is not listed."""
EVERYWHERE = math.e**-1
"""A term in more than this share of all articles says nothing of the event."""


@cache
def shares() -> Mapping[str, float]:
    """Term to the share of articles that have it, 0 to 1; only terms that are not rare."""
    found: dict[str, float] = {}
    for line in files("pipeline.stories").joinpath("background.txt").read_text(encoding="utf-8").splitlines():
        term, _, per_hundred_thousand = line.partition("\t")
        found[term] = int(per_hundred_thousand) / 1e5
    return found


def weight(term: str) -> float:
    """Surprise of meeting a term, in nats above EVERYWHERE: 0 for "ukraine", 6.6 for the rarest."""
    share = max(shares().get(term, RAREST), RAREST)
    return max(0.0, math.log(EVERYWHERE / share))
