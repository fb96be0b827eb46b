"""Is this entry an article that we know? Pure rules over texts and dates; the keys themselves come from extract.

A canonical URL is trusted first. A guid counts where the URL is unknown: some feeds re-use guids, so what a guid finds
must also read alike. Daily reports that keep one address are told apart by date and words (DESIGN.md, "Identity").
"""

import hashlib
import re
from datetime import datetime
from typing import Literal

REUSED_BELOW = 0.30
"""Share of words below which the same address with a new date holds another article."""
SAME_FROM = 0.60
"""Share of words from which two articles that one entry names both (URL the one, guid the other) are one article."""

WORD = re.compile(r"\w{2,}")


def words(text: str) -> frozenset[str]:
    """The set of words of two letters or more, case folded."""
    return frozenset(WORD.findall(text.casefold()))


def shared_words(left: str, right: str) -> float:
    """Share of the smaller text's words that the larger has too, 0 to 1; 1 where either has none.

    Containment rather than Jaccard: a summary and the full text of one article count as alike.
    """
    a, b = words(left), words(right)
    if not a or not b:
        return 1.0
    return len(a & b) / min(len(a), len(b))


def is_another_article(old: str, new: str, old_published: datetime, new_published: datetime) -> bool:
    """Whether an entry at a known address, with a new date, is a new article rather than an edit of the old one."""
    return new_published > old_published and shared_words(old, new) < REUSED_BELOW


def text_hash(title: str, text: str) -> str:
    """What a tagger's work is valid for: a hash of exactly the title and text that it read."""
    return hashlib.sha256(f"{title}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


TEXT_RANK: dict[str, int] = {"title": 0, "summary": 1, "content": 2, "page": 3}
"""An article's text is the best of its sources: the page over the feed's content over its summary."""


def better_text(new_source: str, new_text: str, old_source: str, old_text: str) -> Literal["new", "old"]:
    """Which of two sources' texts an article shows: by kind of source, then the longer, then the one it had."""
    new, old = TEXT_RANK[new_source], TEXT_RANK[old_source]
    if new != old:
        return "new" if new > old else "old"
    return "new" if len(new_text) > len(old_text) else "old"
