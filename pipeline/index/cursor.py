"""Where a page of hits ended, as a short text that is safe in a URL. The same in every back end."""

import re
from dataclasses import dataclass

from pipeline.errors import QueryError
from pipeline.index.base import Sort

_WRITTEN = re.compile(r"(?P<number>-?\d{1,15})(?:\.(?P<id>[\w:.@/-]{1,200}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """By time: time published (milliseconds) and id of the last hit. By relevance: how many hits came before."""

    number: int
    id: str = ""

    def __str__(self) -> str:
        return f"{self.number}.{self.id}" if self.id else str(self.number)

    @classmethod
    def parsed(cls, text: str, sort: Sort) -> "Cursor":
        """Raises QueryError for what `str` did not write for that order."""
        found = _WRITTEN.fullmatch(text)
        if (
            found is None
            or bool(found["id"]) != (sort == "published")
            or (not found["id"] and int(found["number"]) < 0)
        ):
            raise QueryError("This is no place in a list of hits; start from its first page", text, 0)
        return cls(int(found["number"]), found["id"] or "")
