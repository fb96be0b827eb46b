"""Fits the second look (classifiers/positions/second_look.py) on scores and sentences of models that never saw the text.

Two logistic regressions over (text, development): one sees the tagger's score alone, one what the sentences say as well.
The second look is the score at which the first would be as sure as the second.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.positions.features import DEVELOPMENTS
from classifiers.positions.second_look import FLOOR, SUREST, SecondLook, Weights, evidence, moved
from classifiers.training import oof
from classifiers.training.position_examples import Labelled
from classifiers.training.position_sayings import Likely, part_of

PENALTY = 0.3
"""Inverse strength of the penalty on the weights (scikit-learn's C)."""
_NOTHING = np.zeros(0)


@dataclass(frozen=True, slots=True)
class Looks:
    """n texts: the tagger's `scores` (n, 13), what `sentences` say (n, 13, 3) as `evidence` gives it, which developments
    are `true` (n, 13), and the `parts` of the data (n,)."""

    scores: NDArray[np.float64]
    sentences: NDArray[np.float64]
    true: NDArray[np.bool_]
    parts: NDArray[np.int64]

    def only(self, chosen: NDArray[np.bool_]) -> "Looks":
        return Looks(self.scores[chosen], self.sentences[chosen], self.true[chosen], self.parts[chosen])


def looks(texts: Sequence[Labelled], likely: Likely) -> Looks:
    """Those of the texts that have scores out of fold."""
    kept = oof.load()
    at = {id: row for row, id in enumerate(kept.ids)}
    columns = [kept.labels.index(f"development:{one}") for one in DEVELOPMENTS]
    known = [one for one in texts if one.text.id in at]
    return Looks(
        np.array([kept.scores[at[one.text.id]][columns] for one in known], np.float64),
        np.array(
            [[evidence(likely.get((one.text.id, each), _NOTHING)) for each in DEVELOPMENTS] for one in known]
        ),
        np.array([[each in one.developments for each in DEVELOPMENTS] for one in known]),
        np.array([part_of(one.text.id) for one in known]),
    )


def fit_second_look(known: Looks) -> SecondLook:
    """The weights for each development."""
    from sklearn.linear_model import LogisticRegression

    count = len(DEVELOPMENTS)
    truth = known.true.ravel()
    plain = LogisticRegression(C=PENALTY, max_iter=4000).fit(_design(known, False), truth)
    whole = LogisticRegression(C=PENALTY, max_iter=4000).fit(_design(known, True), truth)
    alone, shared = _by_development(plain.coef_[0], count), _by_development(whole.coef_[0], count)
    gain = alone[:, 0]
    offset = (shared[:, 1] + whole.intercept_[0] - alone[:, 1] - plain.intercept_[0]) / gain
    score = shared[:, 0] / gain
    sentences = shared[:, 2:] / gain[:, None]
    return SecondLook(
        {
            one: Weights(*(round(float(value), 4) for value in (score[at], *sentences[at], offset[at])))
            for at, one in enumerate(DEVELOPMENTS)
        }
    )


def described_second_look(second: SecondLook, model: str) -> str:
    """The file's content; `model` is that of the model.json that it goes with."""
    facts = {
        "model": json.loads(model)["sha256"],
        "taxonomy": oof.DEFAULT,
        "weights": {one: asdict(weights) for one, weights in second.weights.items()},
    }
    return json.dumps(facts, indent=1) + "\n"


def compared(known: Looks) -> list[str]:
    """Micro-F1 and mean precision of developments before and after the second look, cross-validated."""
    from sklearn.metrics import average_precision_score

    after = np.zeros_like(known.scores)
    for part in np.unique(known.parts):
        own = known.parts == part
        after[own] = looked_at(fit_second_look(known.only(~own)), known.only(own))
    return [
        f"{name:<7} F1 {_best_f1(scores, known.true):.3f}, mean precision "
        f"{average_precision_score(known.true.ravel(), scores.ravel()):.3f} ({len(scores)} texts)"
        for name, scores in (("before", known.scores), ("after", after))
    ]


def _best_f1(scores: NDArray[np.float64], true: NDArray[np.bool_]) -> float:
    decided = [scores >= threshold for threshold in np.linspace(0.05, 0.9, 86)]
    return max(float(2 * (one & true).sum() / max(one.sum() + true.sum(), 1)) for one in decided)


def looked_at(second: SecondLook, known: Looks) -> NDArray[np.float64]:
    """(n, 13) scores after the second look."""
    log_odds = _log_odds(known.scores)
    out = np.zeros_like(known.scores)
    for at, one in enumerate(DEVELOPMENTS):
        best, any_of, told = known.sentences[:, at].T
        out[:, at] = 1 / (1 + np.exp(-moved(second.weights[one], log_odds[:, at], best, any_of, told)))
    return np.where(known.scores < FLOOR, known.scores, out)


def _design(known: Looks, sentences: bool) -> NDArray[np.float64]:
    """(n * 13, columns): score and one for each development; for the sentences too, best, any and told."""
    count = len(DEVELOPMENTS)
    which = np.broadcast_to(np.eye(count), (len(known.scores), count, count))
    log_odds = _log_odds(known.scores)[..., None]
    parts = [log_odds, log_odds * which, which]
    if sentences:
        best, any_of, told = (known.sentences[..., one : one + 1] for one in range(3))
        parts += [best, best * which, any_of, told, told * which]
    return np.concatenate(parts, axis=-1).reshape(len(known.scores) * count, -1)


def _by_development(weights: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """(13, 2) or (13, 5): score, development, best, any and told."""
    score = weights[0] + weights[1 : 1 + count]
    which = weights[1 + count : 1 + 2 * count]
    rest = weights[1 + 2 * count :]
    if not len(rest):
        return np.stack([score, which], axis=1)
    best = rest[0] + rest[1 : 1 + count]
    told = rest[2 + count] + rest[3 + count :]
    return np.stack([score, which, best, np.full(count, rest[1 + count]), told], axis=1)


def _log_odds(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    bounded = np.clip(scores, SUREST, 1 - SUREST)
    odds: NDArray[np.float64] = np.log(bounded / (1 - bounded))
    return odds
