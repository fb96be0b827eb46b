"""One line of `ceasefire tag`: JSON in to a Text, a Tagged to JSON out (DESIGN.md, "Commands"). Pure."""

import json
from collections.abc import Mapping
from typing import Any

from classifiers.errors import LineError
from classifiers.types import LabelDecision, Position, Tagged, Text

NOT_UNICODE = r"holds bytes that are not UTF-8, or half of a surrogate pair (\ud800 to \udfff)"


def read_line(line: str, number: int) -> Text:
    """The text of a line {"id", "title", "text"[, "lang"]}; other keys are ignored.

    `number` counts lines from 1. Raises LineError, which names it, if the line is no JSON object, lacks a
    key, or has a value that is not a string (an empty id counts as missing; "lang" may be null).
    """
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise LineError(number, f"is not JSON: {error}") from error
    except RecursionError as error:
        raise LineError(number, "is not JSON of this shape: nested too deeply") from error
    if not isinstance(fields, dict):
        raise LineError(number, f'must be an object {{"id", "title", "text"}}, not {_kind(fields)}')
    lang = fields.get("lang")
    if lang is not None:
        lang = _string(fields, "lang", number)
    article_id = _string(fields, "id", number)
    if not article_id.strip():
        raise LineError(number, '"id" is empty')
    return Text(article_id, _string(fields, "title", number), _string(fields, "text", number), lang or None)


def is_unicode(value: str) -> bool:
    """Whether a string can be written as UTF-8: no bytes that were not read as UTF-8, no half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def tagged_json(tagged: Tagged) -> dict[str, Any]:
    """The line that answers: `labels` are the decided ones, scores rounded to four places."""
    return {
        "id": tagged.id,
        "labels": [_label(decision) for decision in tagged.labels],
        "positions": [_position(position) for position in tagged.positions],
        "uncertain": [_label(decision) for decision in tagged.uncertain],
        "lang": tagged.lang,
        "backend": tagged.backend,
    }


def _string(fields: Mapping[str, Any], key: str, number: int) -> str:
    if key not in fields:
        raise LineError(number, f'has no "{key}"')
    value = fields[key]
    if not isinstance(value, str):
        raise LineError(number, f'"{key}" must be a string, not {_kind(value)}')
    if not is_unicode(value):
        raise LineError(number, f'"{key}" {NOT_UNICODE}')
    return value


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a truth value", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "a string" if isinstance(value, str) else "an object")


def _label(decision: LabelDecision) -> dict[str, Any]:
    return {"label": decision.label, "score": round(decision.score, 4), "sentence": decision.sentence}


def _position(position: Position) -> dict[str, Any]:
    return {
        "development": position.development,
        "by": list(position.by),
        "against": list(position.against),
        "detail": position.detail,
        "score": round(position.score, 4),
        "sentence": position.sentence,
    }
