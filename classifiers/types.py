"""What goes into a tagger and what comes out of it: frozen values, no behaviour.

A label is written `facet:id` here (`actor:russia`, `issue:peace-talks`, `development:rejected`); a position
names actors and developments by their bare ids, as TAXONOMY.md does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Decision = Literal["yes", "uncertain", "no"]


@dataclass(frozen=True, slots=True)
class Text:
    """One text to tag. `lang` is the declared language (BCP 47, as the feed or the input line gave it)."""

    id: str
    title: str
    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class LabelDecision:
    """One label of one text.

    `score` is what the backend gave (0 to 1) and `threshold` the score that "yes" needs. `decision` follows
    from the two as a rule; where it does not, or no model scored the text, `reason` says why (a constraint,
    an alias, a reviewed phrase), and is empty otherwise. `announce`: the score also reaches the label's
    stricter announce threshold. `sentence` carries the label, word for word ("" only for a text without
    any).
    """

    label: str
    score: float
    threshold: float
    decision: Decision
    announce: bool
    sentence: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Who did it, to whom, and which way (TAXONOMY.md, "Positions").

    `development` and the members of `by` and `against` are ids without a facet; "other" stands for somebody
    without an id, and an empty `by` means that the text does not say who.
    """

    development: str
    by: tuple[str, ...]
    against: tuple[str, ...]
    detail: str | None
    score: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """What is known about one text.

    `labels` are those decided "yes", `uncertain` those in the band below; both in taxonomy order. `lang` is
    the language that the text was taken to be in, `backend` what tagged it: a scorer's name, or "aliases"
    for texts that the English model must not read. `embedding` is a (d,) vector of unit length, or None
    where there is none. `names` and `places` are ids of the gazetteer ("osce", "steve-witkoff";
    "kursk-region", "black-sea"), each once, found by spelling in any language; places that a development
    names come first.
    """

    id: str
    labels: tuple[LabelDecision, ...]
    uncertain: tuple[LabelDecision, ...]
    positions: tuple[Position, ...]
    lang: str
    backend: str
    embedding: NDArray[np.float32] | None = field(default=None, compare=False)
    names: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """A scorer's answer for n texts, k labels (columns in taxonomy order) and d-dimensional embeddings.

    `probabilities`: (n, k), 0 to 1. `evidence`: (n, k), for each label the index of the sentence that carries
    it, counted in `sentences.split(title, text)` of that text. `embeddings`: (n, d) of unit length, or None.
    """

    probabilities: NDArray[np.float32]
    evidence: NDArray[np.int32]
    embeddings: NDArray[np.float32] | None


class Scorer(Protocol):
    """A backend that scores English texts against the taxonomy.

    `name` is what `Tagged.backend` shows; `model_hash` changes whenever the same text could get other
    scores or another embedding. `score` takes n texts (n may be 0) and answers in the same order; any text
    is allowed, empty ones included. Raises ModelError if the model cannot be run.
    """

    @property
    def name(self) -> str: ...

    @property
    def model_hash(self) -> str: ...

    def score(self, texts: Sequence[Text]) -> Scored: ...
