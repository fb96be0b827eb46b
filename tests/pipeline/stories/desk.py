"""Short ways to write articles in the tests of grouping."""

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.similarity import Telling, telling

MORNING = datetime(2025, 3, 18, 6, 0, tzinfo=UTC)


def told(
    name: str,
    title: str,
    text: str = "",
    *,
    hours: float = 0.0,
    outlet: str = "",
    vector: NDArray[np.float32] | None = None,
    developments: tuple[str, ...] = (),
) -> Telling:
    """An article published `hours` after the morning of the test day; each has an outlet of its own unless told."""
    published = MORNING + timedelta(hours=hours)
    return telling(name, outlet or f"outlet of {name}", published, title, text, vector, developments)
