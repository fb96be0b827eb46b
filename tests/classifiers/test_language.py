import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from classifiers.language import LanguageGuard, primary

SHARED = Path(os.environ.get("CEASEFIRE_SHARED", Path(__file__).parents[3] / "shared")) / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared data is not at {SHARED}")


@pytest.fixture(scope="module")
def guard() -> LanguageGuard:
    return LanguageGuard()


def items(name: str) -> Iterator[dict[str, Any]]:
    path = SHARED / name
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@needs_shared
@pytest.mark.parametrize("name", ["train.jsonl", "dev.jsonl"])
@pytest.mark.parametrize("declared", [None, "en"])
def test_no_real_english_title_or_text_is_taken_for_another_language(
    guard: LanguageGuard, name: str, declared: str | None
) -> None:
    wrong = [
        (item["id"], language)
        for item in items(name)
        for text in (item["title"], item["title"].upper(), f"{item['title']}\n{item['text']}")
        if (language := guard.language(text, declared)) != "en"
    ]
    assert wrong == []


@needs_shared
def test_real_polish_items_are_found_though_undeclared_or_declared_english(guard: LanguageGuard) -> None:
    polish = [
        f"{i['title']}\n{i['text']}" for i in items("stream_2023-06-05_08.jsonl.gz") if i["lang"] == "pl"
    ]
    assert len(polish) > 1000
    for declared in (None, "en"):
        found = sum(guard.language(text, declared) == "pl" for text in polish)
        assert found / len(polish) >= 0.99


@needs_shared
def test_real_english_items_of_the_stream_stay_english(guard: LanguageGuard) -> None:
    stream = [i["title"] for i in items("stream_2023-06-05_08.jsonl.gz") if i["lang"] == "en"]
    assert {guard.language(title) for title in stream} == {"en"}


@pytest.mark.parametrize(
    "text, declared, language",
    [
        ("Ceasefire", None, "en"),
        ("Kyiv", None, "en"),
        ("Berlin sagt nein", None, "en"),  # too short to be sure of
        ("Berlin sagt nein", "de", "de"),
        ("Der Bundeskanzler lehnte den Vorschlag am Montag in Berlin ab.", None, "de"),
        ("Der Bundeskanzler lehnte den Vorschlag am Montag in Berlin ab.", "en", "de"),
        ("The president said on Monday that he would not sign the paper.", "pl", "en"),
        ("The president said on Monday that he would not sign the paper.", "en-GB", "en"),
        ("Prezydent powiedział w poniedziałek, że nie podpisze porozumienia o rozejmie.", None, "pl"),
        ("Президент відхилив пропозицію", None, "uk"),
        ("Президент відхилив пропозицію", "en", "uk"),
        ("Президент відхилив пропозицію", "ru", "uk"),
        ("Переговоры отложены", None, "ru"),
        ("Переговоры отложены", "uk", "ru"),
        ("Мир", "uk", "uk"),
        ("Мир", "ru", "ru"),
        ("Переговори тривали шість годин і завершилися нічим", "pl", "uk"),
        ("Перамовы скончыліся, сказаў прэзідэнт", None, "be"),
        ("Kremlin: «Переговоры завершены, условия переданы» на сайте", "en", "ru"),
        ("停战谈判继续进行，双方代表会晤", None, "zh"),
        ("停战谈判继续进行，双方代表会晤", "en", "zh"),
        ("توقف القتال في المدينة بعد وساطة", "ar", "ar"),
        ("", None, "und"),
        ("", "uk", "uk"),
        ("🕊️🔥 2025!", None, "und"),
        ("\x00\x01", "en", "en"),
    ],
)
def test_declared_language_holds_unless_script_or_sure_detection_says_otherwise(
    guard: LanguageGuard, text: str, declared: str | None, language: str
) -> None:
    assert guard.language(text, declared) == language


def test_ten_megabytes_without_a_space_are_looked_at_only_in_part(guard: LanguageGuard) -> None:
    assert guard.language("x" * 10_000_000) in {"en", "und"}


@pytest.mark.parametrize(
    "tag, language",
    [
        ("en-GB", "en"),
        ("UK", "uk"),
        ("zh_Hant", "zh"),
        ("", None),
        (None, None),
        ("und", None),
        ("english", None),
    ],
)
def test_primary_subtag_of_a_declared_language(tag: str | None, language: str | None) -> None:
    assert primary(tag) == language
