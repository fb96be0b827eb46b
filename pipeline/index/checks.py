"""Arguments that every back end refuses alike."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import QueryError
from pipeline.query.fields import FACETS
from pipeline.query.nodes import Query


def check_facets(fields: Sequence[str], query: Query) -> None:
    """Raises QueryError for a field whose values cannot be counted."""
    for field in fields:
        if field not in FACETS:
            raise QueryError(f'"{field}" cannot be counted; fields are {", ".join(FACETS)}', query.text, 0)


def known_zone(zone: str, query: Query) -> ZoneInfo:
    """The zone of this name. Raises QueryError."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise QueryError(
            f'There is no time zone "{zone}"; use a name like Europe/Kyiv', query.text, 0
        ) from error
