"""Analysts' corrections: what a person said of a label or a position wins over the model, now and after re-tagging.

A target names what is judged: a label id (`issue:sanctions`), or a position as alerts key it,
`development:detail:by`, with `-` where there is no detail and `unclear` where the text does not say who
(`rejected:-:russia`, `aid-changed:reduced:united-states`). Several parties of one position are joined by `+`.
Pure: corrections and tags in, tags out.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from classifiers.types import LabelDecision, Position, Tagged
from pipeline.errors import SettingsError
from pipeline.types import Document

Verdict = Literal["wrong", "missing", "right"]

FACETS = ("actor", "issue", "development")
NO_DETAIL, UNCLEAR = "-", "unclear"
OUTSIDE_ACTOR = "other"
BY_HAND = "corrected by hand"
"""The reason that a label carries where a person's word decided it."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One row of the append-only log. `sentence` is the evidence of what is added: its words in the article."""

    id: int
    article: str
    target: str
    verdict: Verdict
    author: str
    note: str
    sentence: str
    at: datetime
    undone: datetime | None = None


@dataclass(frozen=True, slots=True)
class PositionTarget:
    """A position as a correction names it; `by` is empty for `unclear`."""

    development: str
    detail: str | None
    by: tuple[str, ...]

    def __str__(self) -> str:
        """As it is typed and stored: development:detail:by. `read_target` reads it back."""
        return f"{self.development}:{self.detail or NO_DETAIL}:{'+'.join(self.by) or UNCLEAR}"


def parse_target(target: str, labels: Collection[str]) -> str | PositionTarget:
    """A label id or a position, checked against the taxonomy's `labels` (ids with their facet).

    Raises SettingsError that says what is wrong and what would be right.
    """
    if target.partition(":")[0] in FACETS:
        if target not in labels:
            raise SettingsError(f"{target!r} is not a label of this taxonomy; {_hint(target, labels)}")
        return target
    parts = target.split(":")
    if len(parts) != 3 or f"development:{parts[0]}" not in labels:
        raise SettingsError(
            f"{target!r} is neither a label (issue:sanctions) nor a position "
            f"(development:detail:by, as in rejected:-:russia)"
        )
    development, detail, by = parts
    parties = () if by == UNCLEAR else tuple(by.split("+"))
    for party in parties:
        if party != OUTSIDE_ACTOR and f"actor:{party}" not in labels:
            raise SettingsError(f"{party!r} in {target!r} is not an actor; {_hint(f'actor:{party}', labels)}")
    return PositionTarget(development, None if detail == NO_DETAIL else detail, parties)


def read_target(target: str) -> str | PositionTarget:
    """A target that was checked when it was written."""
    if target.partition(":")[0] in FACETS:
        return target
    development, detail, by = target.split(":")
    return PositionTarget(
        development, None if detail == NO_DETAIL else detail, () if by == UNCLEAR else tuple(by.split("+"))
    )


def apply(tagged: Tagged, corrections: Sequence[Correction]) -> Tagged:
    """The tags with every standing correction laid over them, in the order in which they were made.

    `wrong` takes a label (or a party out of a position) away, from the uncertain band too; a development that is wrong
    takes its positions along. `missing` and `right` make it stand, decided and sure enough to announce. What was undone
    counts for nothing.
    """
    for correction in sorted(corrections, key=lambda item: item.id):
        if correction.undone is None:
            tagged = _apply_one(tagged, correction)
    return tagged


def _apply_one(tagged: Tagged, correction: Correction) -> Tagged:
    target = read_target(correction.target)
    if isinstance(target, PositionTarget):
        if correction.verdict == "wrong":
            return replace(tagged, positions=_without(tagged.positions, target))
        tagged = _with_label(tagged, f"development:{target.development}", correction.sentence)
        return replace(tagged, positions=_with(tagged.positions, target, correction.sentence))
    if correction.verdict == "wrong":
        facet, _, name = target.partition(":")
        return replace(
            tagged,
            labels=tuple(item for item in tagged.labels if item.label != target),
            uncertain=tuple(item for item in tagged.uncertain if item.label != target),
            positions=tuple(
                item for item in tagged.positions if facet != "development" or item.development != name
            ),
        )
    return _with_label(tagged, target, correction.sentence)


def training_line(article: Document, corrections: Sequence[Correction]) -> dict[str, Any]:
    """A corrected article with the keys of the training data: its decided labels by facet, bare ids, and its positions.

    `corrected` names what a person said of it, so that whoever trains can weigh those labels more.
    """
    by_facet = {
        f"{facet}s": [
            label.label.partition(":")[2] for label in article.labels if label.label.startswith(f"{facet}:")
        ]
        for facet in FACETS
    }
    return {
        "id": article.id,
        "outlet": article.outlet,
        "published": article.published,
        "lang": article.language,
        "title": article.title,
        "text": article.text,
        **by_facet,
        "positions": [
            {"development": item.development, "by": item.by, "against": item.against, "detail": item.detail,
             "sentence": item.sentence}
            for item in article.positions
        ],
        "corrected": [{"target": item.target, "verdict": item.verdict, "author": item.author} for item in corrections],
    }  # fmt: skip


def _with_label(tagged: Tagged, label: str, sentence: str) -> Tagged:
    """The tags with `label` decided. What the model found keeps its sentence and score."""
    found = next((item for item in (*tagged.labels, *tagged.uncertain) if item.label == label), None)
    if found is None:
        found = LabelDecision(label, 1.0, 1.0, "yes", True, sentence, BY_HAND)
    sure = replace(found, decision="yes", announce=True, reason=BY_HAND)
    if any(item.label == label for item in tagged.labels):
        labels = tuple(sure if item.label == label else item for item in tagged.labels)
    else:
        labels = (*tagged.labels, sure)
    return replace(
        tagged, labels=labels, uncertain=tuple(item for item in tagged.uncertain if item.label != label)
    )


def _without(positions: Iterable[Position], target: PositionTarget) -> tuple[Position, ...]:
    kept: list[Position] = []
    for item in positions:
        if (item.development, item.detail) != (target.development, target.detail):
            kept.append(item)
        elif target.by and item.by:
            others = tuple(party for party in item.by if party not in target.by)
            if others:
                kept.append(replace(item, by=others))
        elif target.by or item.by:
            kept.append(item)
    return tuple(kept)


def _with(positions: tuple[Position, ...], target: PositionTarget, sentence: str) -> tuple[Position, ...]:
    """`right` on what the model found keeps it as it is, but sure; what is not there is added."""
    result: list[Position] = []
    found = False
    for item in positions:
        same = (item.development, item.detail) == (target.development, target.detail)
        if same and (set(target.by) <= set(item.by) if target.by else not item.by):
            result.append(replace(item, score=1.0))
            found = True
        else:
            result.append(item)
    if not found:
        result.append(Position(target.development, target.by, (), target.detail, 1.0, sentence))
    return tuple(result)


def _hint(target: str, labels: Collection[str]) -> str:
    facet = target.partition(":")[0]
    return f"{facet}s are: " + ", ".join(sorted(label for label in labels if label.startswith(f"{facet}:")))
