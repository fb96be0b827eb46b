"""Everything that a fitting needs, read once: taxonomy, examples, tokens, targets, weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from classifiers.aliases import AliasMatcher
from classifiers.taxonomy import Taxonomy, load_taxonomy
from classifiers.tokens import Reader, Tokens
from classifiers.training import encoder, examples
from classifiers.training.examples import Example
from classifiers.training.places import Places
from classifiers.types import Text

MAX_TOKENS = 224
"""A long title and a passage of PASSAGE_CHARACTERS fit in."""
FIELD_WEIGHT = 2.0
"""Weight of items like those to be tagged: 2024 or later, 600 characters or more."""


@dataclass(frozen=True)
class Materials:
    """n examples with their passages, (n, k) targets and (n,) weights, in one order. `files`: where they stand, if not
    in the shared data and ours."""

    taxonomy: Taxonomy
    examples: list[Example]
    texts: list[list[Tokens]]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    files: tuple[Path, ...] = ()

    @property
    def ids(self) -> list[str]:
        return [example.text.id for example in self.examples]

    def only(self, indices: Sequence[int] | NDArray[np.int64]) -> "Materials":
        """The same of some of the examples."""
        return Materials(
            self.taxonomy,
            [self.examples[at] for at in indices],
            [self.texts[at] for at in indices],
            self.targets[indices],
            self.weights[indices],
            self.files,
        )


def reader(places: Places, taxonomy: Taxonomy) -> Reader:
    """Texts to tokens, as the shipped model will read them."""
    tokenizer = Tokenizer.from_file(str(encoder.fetch(places.encoder) / encoder.TOKENIZER_NAME))
    return Reader(tokenizer, MAX_TOKENS, dict(taxonomy.columns), AliasMatcher(taxonomy).hits)


def materials(places: Places, chosen: Sequence[Example], taxonomy: Taxonomy) -> Materials:
    """The given examples made ready."""
    return Materials(
        taxonomy,
        list(chosen),
        read(places, taxonomy, [example.text for example in chosen]),
        examples.targets(chosen, taxonomy.keys),
        np.array([example.weight for example in chosen], np.float32),
    )


def training_materials(places: Places, taxonomy: Taxonomy) -> Materials:
    """All that may be trained on, made ready."""
    weighted = examples.field_first(examples.training(places.shared), FIELD_WEIGHT)
    return materials(places, weighted, taxonomy)


def chosen_materials(places: Places, taxonomy: str, files: Sequence[Path] = (), limit: int = 0) -> Materials:
    """What the options of a command ask for: the items of `files` (none: all that may be trained on), or `limit` of
    them, evenly chosen. `taxonomy` is a shipped one's name or a path."""
    labels = load_taxonomy(taxonomy)
    if files:
        items = replace(materials(places, examples.from_files(files), labels), files=tuple(files))
    else:
        items = training_materials(places, labels)
    if not limit:
        return items
    return items.only(
        np.linspace(0, len(items.examples) - 1, min(limit, len(items.examples))).astype(np.int64)
    )


def read(places: Places, taxonomy: Taxonomy, texts: Sequence[Text]) -> list[list[Tokens]]:
    """The passages of some texts."""
    return reader(places, taxonomy).read(texts)
