"""Group a file of articles, without any database: what `ceasefire group` does. The rules are the pipeline's own."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from classifiers.lines import NOT_UNICODE, is_unicode
from classifiers.types import Text
from pipeline.errors import InputError
from pipeline.steps.tag import ArticleTagger
from pipeline.stories.grouping import THE_RULES, Rules, group_all
from pipeline.stories.similarity import Telling, telling

BATCH = 256
"""Articles tagged together; sorted by length inside."""


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One article to group. `published` is aware; `outlet` may be empty."""

    id: str
    title: str
    text: str
    published: datetime
    outlet: str
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Grouped:
    """One article's answer: `story` is the id of its story's earliest article, `copy_of` the id of the text's first."""

    id: str
    story: str
    copy_of: str | None

    def as_json(self) -> dict[str, str | None]:
        """The line that answers."""
        return {"id": self.id, "story": self.story, "copy_of": self.copy_of}


def read_line(line: str, number: int) -> GroupLine:
    """The article of a line {"id", "title", "text", "published", "outlet"[, "lang"]}; other keys are ignored.

    `number` counts lines from 1. Raises InputError, which names it, for a line that is no such object.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {number}: is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise InputError(f"line {number}: must be an object with id, title, text, published and outlet")
    article = _string(fields, "id", number)
    if not article.strip():
        raise InputError(f'line {number}: "id" is empty')
    lang = fields.get("lang")
    return GroupLine(
        article,
        _string(fields, "title", number),
        _string(fields, "text", number),
        _moment(_string(fields, "published", number), number),
        _string(fields, "outlet", number),
        lang if isinstance(lang, str) and lang else None,
    )


def group_lines(
    lines: Sequence[GroupLine], tagger: ArticleTagger | None, rules: Rules = THE_RULES
) -> list[Grouped]:
    """Group articles, all at once; answers in the order of `lines`, and the same whatever that order is.

    `tagger` gives vectors and developments; without one, only words are compared. Raises InputError where two lines
    have one id.
    """
    seen: set[str] = set()
    for line in lines:
        if line.id in seen:
            raise InputError(f"id {line.id!r} stands in two lines; each article needs its own")
        seen.add(line.id)
    placed = group_all(_tellings(lines, tagger), rules)
    return [Grouped(line.id, placed[line.id].story, placed[line.id].copy_of) for line in lines]


def _tellings(lines: Iterable[GroupLine], tagger: ArticleTagger | None) -> list[Telling]:
    found: list[Telling] = []
    remaining = iter(lines)
    while part := list(islice(remaining, BATCH)):
        if tagger is None:
            found += [
                telling(line.id, line.outlet, line.published, line.title, line.text, None) for line in part
            ]
            continue
        tagged = tagger.tag([Text(line.id, line.title, line.text, line.lang) for line in part])
        for line, result in zip(part, tagged, strict=True):
            developments = [
                item.label.removeprefix("development:")
                for item in result.labels
                if item.label.startswith("development:")
            ]
            found.append(
                telling(
                    line.id,
                    line.outlet,
                    line.published,
                    line.title,
                    line.text,
                    result.embedding,
                    developments,
                )
            )
    return found


def _string(fields: Mapping[str, Any], key: str, number: int) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise InputError(f'line {number}: "{key}" is missing or not a string')
    if not is_unicode(value):
        raise InputError(f'line {number}: "{key}" {NOT_UNICODE}')
    return value


def _moment(text: str, number: int) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(f'line {number}: "published" is not a time such as 2023-06-06T04:19:00Z') from error
