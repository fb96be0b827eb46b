"""Where the data and the scratch space of training lie."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Folders: the shared data, and scratch space (1 GB) for the base encoder, caches and checkpoints."""

    shared: Path
    work: Path

    @property
    def encoder(self) -> Path:
        return self.work / "encoder"


def default_places() -> Places:
    """CEASEFIRE_SHARED (default ../shared beside the project) and ~/.cache/ceasefire/training."""
    root = Path(__file__).parents[2]
    shared = Path(os.environ.get("CEASEFIRE_SHARED", root.parent / "shared"))
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Places(shared, cache / "ceasefire" / "training")
