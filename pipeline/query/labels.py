"""What the language must know of the taxonomy: which text means which label id. Pure data, so that parsing stays pure."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from pipeline.query import fold

OTHER = "other"
"""In a position: somebody without an id."""


class Labels(Protocol):
    """The values of label fields. `facet` is actor, issue, development or detail."""

    def resolve(self, facet: str, text: str) -> str | None:
        """The id (without facet) that an id, display name or alias means; None if it means none."""
        ...

    def ids(self, facet: str) -> Sequence[str]:
        """All ids of a facet, in the taxonomy's order."""
        ...


class LabelTable:
    """Labels out of a table: facet -> id -> other names of it. Case, accents and hyphens do not count."""

    def __init__(self, facets: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self._ids = {facet: tuple(names) for facet, names in facets.items()}
        self._meaning: dict[tuple[str, str], str] = {}
        for facet, labels in facets.items():
            for label, names in labels.items():
                for name in names:
                    self._meaning.setdefault((facet, fold.key(name)), label)
        for facet, ids in self._ids.items():
            self._meaning |= {(facet, fold.key(label)): label for label in ids}

    def resolve(self, facet: str, text: str) -> str | None:
        return self._meaning.get((facet, fold.key(text)))

    def ids(self, facet: str) -> Sequence[str]:
        return self._ids.get(facet, ())
