"""An article's text and developments to its positions: who did it, to whom, and which way."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from classifiers.aliases import AliasMatcher
from classifiers.details import DETAILS
from classifiers.names import load_gazetteer
from classifiers.positions.assemble import Candidates, Support, drafts
from classifiers.positions.contexts import Contexts
from classifiers.positions.features import DEVELOPMENTS, TALKS, Features, Question, evidence_at
from classifiers.positions.lexicon import Lexicon, load_lexicon
from classifiers.positions.model import PositionModel, family_of, load_model
from classifiers.positions.outsiders import outsiders
from classifiers.positions.reading import RULES, Clause, Reader
from classifiers.positions.sayings import SayingFeatures, summary
from classifiers.positions.second_look import FLOOR, SecondLook, load_second_look
from classifiers.positions.ways import WayFeatures
from classifiers.taxonomy import Taxonomy
from classifiers.types import LabelDecision, Position, Text


class PositionFinder:
    """Finds positions in English texts. Holds only what it was made from; may be shared by threads."""

    def __init__(
        self,
        reader: Reader,
        lexicon: Lexicon,
        model: PositionModel,
        second_look: SecondLook,
        content_hash: str,
    ) -> None:
        self.content_hash = content_hash
        """Changes whenever the same text and labels could get other positions."""
        self._reader = reader
        self._features = Features(lexicon)
        self._sayings = SayingFeatures(lexicon)
        self._ways = WayFeatures(lexicon)
        self._model = model
        self._second_look = second_look

    def positions(self, text: Text, decided: Sequence[LabelDecision]) -> tuple[Position, ...]:
        """The positions of one English text, whose labels decided "yes" are given in taxonomy order."""
        labels = [decision.label.partition(":") for decision in decided]
        return self.of(
            text,
            [id for facet, _, id in labels if facet == "development"],
            [id for facet, _, id in labels if facet == "actor"],
            {
                decision.label.partition(":")[2]: decision.sentence
                for decision in decided
                if decision.label.startswith("development:")
            },
        )

    def second_look(self, text: Text, scores: Mapping[str, float], actors: Iterable[str]) -> dict[str, float]:
        """The scores of developments (ids without a facet) after a second look at what single sentences say.

        `actors`: those decided for the text. Developments that the model does not know keep their scores.
        """
        asked = [one for one, score in scores.items() if score >= FLOOR and one in self._second_look.weights]
        if not asked:
            return dict(scores)
        clauses = self._reader.read(text)
        contexts = Contexts(clauses)
        decided = frozenset(actors)
        offered = self._features.candidates(clauses)
        found = dict(scores)
        for development in asked:
            told = self._features.told(clauses, development)
            sayings = self._sayings.sayings(development, told, contexts, offered, decided)
            likely = self._model.sayings[family_of(development)].likely(sayings)
            found[development] = self._second_look.score(development, scores[development], likely)
        return found

    def of(
        self,
        text: Text,
        developments: Sequence[str],
        actors: Iterable[str] | None = None,
        evidence: Mapping[str, str] | None = None,
    ) -> tuple[Position, ...]:
        """The positions of a text for given developments, each at least once, in the order given.

        `developments`: ids without a facet. `actors`: those decided for the text (None: not known). `evidence`: for
        a development the sentence that it rests on, word for word, where one is known. Developments that the model
        does not know (another taxonomy's) are left out.
        """
        known = [one for one in developments if one in DEVELOPMENTS]
        if not known:
            return ()
        clauses = self._reader.read(text)
        offered = self._features.candidates(clauses, sorted(actors or ()))
        decided = frozenset(offered if actors is None else actors)
        together = frozenset(known)
        contexts = Contexts(clauses)
        found: list[Position] = []
        for development in known:
            question = Question(development, together, decided, (evidence or {}).get(development, ""))
            found += self._positions(clauses, contexts, question, offered)
        return tuple(found)

    def _positions(
        self,
        clauses: Sequence[Clause],
        contexts: Contexts,
        question: Question,
        actors: Sequence[str],
    ) -> Iterable[Position]:
        development = question.development
        family = family_of(development)
        told = self._features.told(clauses, development)
        sayings = self._sayings.sayings(development, told, contexts, actors, question.actors)
        likely = self._model.sayings[family].likely(sayings)
        evidence = evidence_at(clauses, question.evidence)
        rows = self._features.rows(clauses, question, actors, told)
        buckets = contexts.buckets(development, self._features.trigger(development), actors)
        summaries = summary(sayings, likely, len(actors), evidence)
        by, against = self._model.probabilities(development, actors, rows, buckets, summaries)
        if development in TALKS:
            aside = outsiders(one.clause for one in told)
            by = np.where([actor in aside for actor in actors], 0.0, by)
        support = Support(actors, told, sayings, likely, evidence)
        of_three = any(self._features.of_three(one.clause) for one in told)
        candidates = Candidates(development, actors, by, against, of_three)
        for draft in drafts(candidates, self._model.bounds[family]):
            clause = clauses[support.resting_on(draft.by)]
            detail = None
            if development in DETAILS:
                row = self._ways.row(clauses, development, draft.by, clause)
                detail = self._ways.told(clause, development) or self._model.ways.way(development, row)
            yield Position(development, draft.by, draft.against, detail, round(draft.score, 4), clause.text)


def load_position_finder(taxonomy: Taxonomy, matcher: AliasMatcher | None = None) -> PositionFinder:
    """A finder with the shipped words and numbers. `matcher`: the taxonomy's, if there is one already.

    Raises ModelError for a model that is damaged or does not match, TaxonomyError for a broken gazetteer.
    """
    lexicon = load_lexicon()
    gazetteer = load_gazetteer()
    names = (*Features(lexicon).names, *SayingFeatures(lexicon).names)
    model = load_model(names, lexicon.content_hash)
    second = load_second_look(model.content_hash, taxonomy.id)
    reader = Reader(matcher or AliasMatcher(taxonomy), gazetteer, lexicon)
    hashes = (lexicon.content_hash, gazetteer.content_hash, taxonomy.content_hash, second.content_hash)
    facts = (RULES, model.content_hash, *hashes)
    return PositionFinder(
        reader, lexicon, model, second, hashlib.sha256("\n".join(facts).encode()).hexdigest()
    )
