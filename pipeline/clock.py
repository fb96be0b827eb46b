"""The machine's clock. Below the faces, times come in as arguments: only they and the network edge read it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Now, aware and UTC."""
    return datetime.now(UTC)
