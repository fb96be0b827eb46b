"""An article's text and developments to its positions: who did it, to whom, and which way."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from classifiers.aliases import AliasMatcher
from classifiers.details import DETAILS
from classifiers.names import Gazetteer, load_gazetteer
from classifiers.positions.assemble import Candidates, drafts, resting_on
from classifiers.positions.contexts import Contexts
from classifiers.positions.features import DEVELOPMENTS, Features, Question
from classifiers.positions.lexicon import Lexicon, load_lexicon
from classifiers.positions.model import PositionModel, family_of, load_model
from classifiers.positions.reading import Clause, Reader
from classifiers.positions.ways import WayFeatures
from classifiers.sentences import Sentence, joined, split
from classifiers.taxonomy import Taxonomy
from classifiers.types import LabelDecision, Position, Text

MAX_TEXT_CHARACTERS = 2_400
"""Nothing after these is read: labels are decided on less, and it bounds the time for a text of any size."""


class PositionFinder:
    """Finds positions in English texts. Holds only what it was made from; may be shared by threads."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        matcher: AliasMatcher,
        gazetteer: Gazetteer,
        lexicon: Lexicon,
        features: Features,
        model: PositionModel,
    ) -> None:
        self._matcher = matcher
        self._gazetteer = gazetteer
        self._reader = Reader(lexicon, gazetteer)
        self._features = features
        self._ways = WayFeatures(lexicon)
        self._model = model
        facts = (model.content_hash, lexicon.content_hash, gazetteer.content_hash, taxonomy.content_hash)
        self.content_hash = hashlib.sha256("\n".join(facts).encode()).hexdigest()
        """Changes whenever the same text and labels could get other positions."""

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
        body = text.text[:MAX_TEXT_CHARACTERS]
        whole, sentences = joined(text.title, body), split(text.title, body)
        clauses = self._reader.read(
            whole, sentences, self._matcher.hits(whole), self._gazetteer.hits(whole)
        )
        decided = None if actors is None else frozenset(actors)
        offered = self._features.candidates(clauses, sorted(decided or ()))
        places = {sentence.text: index for index, sentence in enumerate(sentences)}
        together = frozenset(known)
        contexts = Contexts(clauses)
        found: list[Position] = []
        for development in known:
            at = places.get((evidence or {}).get(development, ""), -1)
            question = Question(development, together, decided, at)
            found += self._positions(clauses, contexts, sentences, question, offered)
        return tuple(found)

    def _positions(
        self,
        clauses: Sequence[Clause],
        contexts: Contexts,
        sentences: Sequence[Sentence],
        question: Question,
        actors: Sequence[str],
    ) -> Iterable[Position]:
        development = question.development
        rows = self._features.rows(clauses, question, actors)
        buckets = contexts.buckets(development, self._features.trigger(development), actors)
        by, against = self._model.probabilities(development, actors, rows, buckets)
        candidates = Candidates(development, actors, by, against)
        triggers = self._features.trigger_sentences(clauses, development)
        for draft in drafts(candidates, self._model.bounds[family_of(development)]):
            detail = None
            if development in DETAILS:
                detail = self._model.ways.way(development, self._ways.row(clauses, development, draft.by))
            clause = clauses[resting_on(clauses, triggers, draft.by, question.evidence)]
            yield Position(
                development, draft.by, draft.against, detail, round(draft.score, 4), sentences[clause.index].text
            )


def load_position_finder(taxonomy: Taxonomy, matcher: AliasMatcher | None = None) -> PositionFinder:
    """A finder with the shipped words and numbers. `matcher`: the taxonomy's, if there is one already.

    Raises ModelError for a model that is damaged or does not match, TaxonomyError for a broken gazetteer.
    """
    lexicon = load_lexicon()
    features = Features(lexicon)
    model = load_model(features.names, lexicon.content_hash)
    return PositionFinder(
        taxonomy, matcher or AliasMatcher(taxonomy), load_gazetteer(), lexicon, features, model
    )
