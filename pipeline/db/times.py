"""Times as the database keeps them: whole microseconds since 1970, so that both databases sort and compare alike."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Dialect, TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcTime(TypeDecorator[datetime]):
    """A column of aware UTC datetimes. Naive ones are refused: a zone that was lost cannot be guessed back."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


def to_microseconds(value: datetime) -> int:
    """An aware time to microseconds since 1970, exact. Raises ValueError for a naive one."""
    if value.tzinfo is None:
        raise ValueError(f"naive time {value!r}: every time in the database is aware and UTC")
    delta = value - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_microseconds(value: int) -> datetime:
    """Microseconds since 1970 to an aware UTC time, exact (no float in between)."""
    seconds, microseconds = divmod(value, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
