"""Out-of-fold scores, kept as numbers: what a network that never saw an item says of it. No texts."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.taxonomy import Taxonomy

DEFAULT = "ukraine"
KEPT = Path(__file__).parent / "oof" / "scores.json.gz"


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """`scores` (n, k) of the items `ids`; `folds` (n,) says which network gave them."""

    labels: list[str]
    ids: list[str]
    folds: list[int]
    scores: NDArray[np.float32]

    def rows_of(self, ids: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the items that both have: in `scores`, and in `ids`."""
        at = {one: row for row, one in enumerate(self.ids)}
        both = np.array([(at[one], row) for row, one in enumerate(ids) if one in at], np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]


def save(found: OutOfFold, path: Path = KEPT) -> None:
    """Writes the scores in whole thousandths: less decides nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "labels": found.labels,
        "ids": found.ids,
        "folds": found.folds,
        "scores": np.rint(found.scores * 1_000).astype(int).tolist(),
    }
    raw = json.dumps(content, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(raw, mtime=0))


def place_of(taxonomy: Taxonomy, work: Path) -> Path:
    """Where a taxonomy's scores are kept: the default one's with the project, others' in the scratch space."""
    return KEPT if taxonomy.id == DEFAULT else work / f"oof-{taxonomy.id}.json.gz"


def load_for(taxonomy: Taxonomy, work: Path) -> OutOfFold | None:
    """The taxonomy's scores; None if there are none, or if they are those of other labels."""
    path = place_of(taxonomy, work)
    found = load(path) if path.exists() else None
    return found if found is not None and found.labels == list(taxonomy.keys) else None


def load(path: Path = KEPT) -> OutOfFold:
    """Reads what `save` wrote."""
    content = json.loads(gzip.decompress(path.read_bytes()))
    scores = (np.array(content["scores"], np.float32) / 1_000).astype(np.float32)
    return OutOfFold(content["labels"], content["ids"], content["folds"], scores)
