"""Scores and thresholds to decisions, with the reason for each that the score alone does not explain. Pure.

The taxonomy's rules (TAXONOMY.md) are applied after the thresholds, in this order:
1. An exclusive label ("war-other") gives way to any other decided label of its facet.
2. A development stands only beside an issue (one of those it needs). Where the best such issue lies in its
   uncertain band, the development vouches for it; otherwise the development itself is only uncertain.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifiers.taxonomy import Label, Taxonomy
from classifiers.types import Decision, LabelDecision


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The scores that one label needs: `uncertain` starts the band, `decide` is a "yes", `announce` is news.

    Raises ValueError unless 0 <= uncertain <= decide <= announce <= 1.
    """

    decide: float
    uncertain: float
    announce: float

    def __post_init__(self) -> None:
        if not 0 <= self.uncertain <= self.decide <= self.announce <= 1:
            raise ValueError(
                f"thresholds must rise from uncertain over decide to announce within 0 to 1: {self}"
            )

    def decision(self, score: float) -> Decision:
        """What the score alone says; a score that is not a number says "no"."""
        if score >= self.decide:
            return "yes"
        return "uncertain" if score >= self.uncertain else "no"


def decide(
    taxonomy: Taxonomy,
    scores: NDArray[np.float32],
    thresholds: Sequence[Thresholds],
    sentences: Sequence[str],
    reasons: Sequence[str] | None = None,
) -> tuple[LabelDecision, ...]:
    """One decision for each of the k labels, in taxonomy order.

    `scores`: (k,), 0 to 1. `thresholds`, `sentences` (the evidence) and `reasons` (what to say beside a score
    that no model gave; "" for none): k each. Raises ValueError if a length differs.
    """
    reasons = [""] * len(taxonomy.keys) if reasons is None else reasons
    rows = zip(taxonomy.keys, scores.tolist(), thresholds, sentences, reasons, strict=True)
    decisions = {
        key: LabelDecision(
            key, score, needed.decide, needed.decision(score), score >= needed.announce, sentence, reason
        )
        for key, score, needed, sentence, reason in rows
    }
    for label in taxonomy.labels:
        if label.exclusive:
            _give_way(decisions, label, taxonomy.facet(label.facet))
    issues = [label.key for label in taxonomy.facet("issue")]
    for label in taxonomy.facet("development"):
        if decisions[label.key].decision == "yes":
            _require_issue(decisions, label, label.needs or issues)
    return tuple(decisions.values())


def _give_way(decisions: dict[str, LabelDecision], label: Label, facet: Iterable[Label]) -> None:
    others = [other.key for other in facet if other is not label and decisions[other.key].decision == "yes"]
    if others and decisions[label.key].decision != "no":
        _change(decisions, label.key, "no", f"never together with {', '.join(others)}")


def _require_issue(decisions: dict[str, LabelDecision], development: Label, needed: Sequence[str]) -> None:
    found = [decisions[key] for key in needed]
    if any(issue.decision == "yes" for issue in found):
        return
    best = max(found, key=lambda issue: issue.score / max(issue.threshold, 1e-6))
    if best.decision == "uncertain":
        _change(decisions, best.label, "yes", f"{development.key} needs it")
    else:
        which = f"one of {', '.join(development.needs)}" if development.needs else "an issue"
        _change(decisions, development.key, "uncertain", f"needs {which} beside it")


def _change(decisions: dict[str, LabelDecision], key: str, decision: Decision, why: str) -> None:
    old = decisions[key]
    reason = f"{old.reason}; {why}" if old.reason else why
    announce = old.announce and decision == "yes"
    decisions[key] = replace(old, decision=decision, announce=announce, reason=reason)
