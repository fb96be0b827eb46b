import json

import pytest

from classifiers.errors import LineError
from classifiers.lines import read_line, tagged_json
from classifiers.types import LabelDecision, Position, Tagged, Text


def test_line_gives_a_text_and_other_keys_are_ignored() -> None:
    line = '{"id": "a1", "title": "T", "text": "Body", "lang": "uk", "outlet": 7}'
    assert read_line(line, 1) == Text("a1", "T", "Body", "uk")


@pytest.mark.parametrize("extra", ["", ', "lang": null', ', "lang": ""'])
def test_language_may_be_missing(extra: str) -> None:
    assert read_line(f'{{"id": "a1", "title": "", "text": ""{extra}}}', 1).lang is None


@pytest.mark.parametrize(
    "line, problem",
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "not a list"),
        ("null", "not null"),
        ('"text"', "not a string"),
        ("3", "not a number"),
        ('{"title": "T", "text": "x"}', 'has no "id"'),
        ('{"id": "a", "text": "x"}', 'has no "title"'),
        ('{"id": "a", "title": "T"}', 'has no "text"'),
        ('{"id": 5, "title": "T", "text": "x"}', '"id" must be a string, not a number'),
        ('{"id": " ", "title": "T", "text": "x"}', '"id" is empty'),
        ('{"id": "a", "title": null, "text": "x"}', '"title" must be a string, not null'),
        ('{"id": "a", "title": "T", "text": ["x"]}', '"text" must be a string, not a list'),
        ('{"id": "a", "title": "T", "text": {"a": 1}}', '"text" must be a string, not an object'),
        ('{"id": "a", "title": "T", "text": true}', '"text" must be a string, not a truth value'),
        ('{"id": "a", "title": "T", "text": "x", "lang": 3}', '"lang" must be a string'),
    ],
)
def test_wrong_line_is_refused_with_its_number(line: str, problem: str) -> None:
    with pytest.raises(LineError) as caught:
        read_line(line, 12)
    assert caught.value.number == 12
    assert str(caught.value).startswith("line 12: ") and problem in str(caught.value)


def test_answer_has_the_documented_shape() -> None:
    tagged = Tagged(
        "a1",
        (LabelDecision("actor:russia", 0.987654, 0.5, "yes", True, "Moscow agreed.", "named"),),
        (LabelDecision("issue:sanctions", 0.4, 0.5, "uncertain", False, "Sanctions stay."),),
        (Position("accepted", ("russia",), (), None, 0.91239, "Moscow agreed."),),
        "en",
        "onnx",
    )
    assert json.loads(json.dumps(tagged_json(tagged))) == {
        "id": "a1",
        "labels": [{"label": "actor:russia", "score": 0.9877, "sentence": "Moscow agreed."}],
        "positions": [
            {
                "development": "accepted",
                "by": ["russia"],
                "against": [],
                "detail": None,
                "score": 0.9124,
                "sentence": "Moscow agreed.",
            }
        ],
        "uncertain": [{"label": "issue:sanctions", "score": 0.4, "sentence": "Sanctions stay."}],
        "lang": "en",
        "backend": "onnx",
    }
