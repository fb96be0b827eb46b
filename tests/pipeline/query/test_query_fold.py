"""One word, however it is written, is one token; what is different stays different."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.query import fold


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("U.S. and US, u.s.", ["us", "and", "us", "us"]),
        ("U.S.-led", ["us", "led"]),
        ("at 5 p.m. on the 3rd", ["at", "5", "pm", "on", "the", "3rd"]),
        ("J.K.Rowling at example.com", ["jk", "rowling", "at", "example", "com"]),
        ("Łódź, Øre, Straße, Æsir, Đakovo", ["lodz", "ore", "strasse", "aesir", "dakovo"]),
        ("café cafe\u0301 CAFÉ", ["cafe", "cafe", "cafe"]),
        ("İstanbul ISTANBUL ısı", ["istanbul", "istanbul", "isi"]),
        ("ＦＵＬＬ　ｗｉｄｔｈ　１２３", ["full", "width", "123"]),
        ("ﬁnal", ["final"]),
        (
            "1,000 and 12,345,678 or 1'000 or 1\u202f000",
            ["1000", "and", "12345678", "or", "1000", "or", "1000"],
        ),
        ("3.5 of 1,00 and 15,1000", ["3", "5", "of", "1", "00", "and", "15", "1000"]),
        ("1,000km", ["1000", "km"]),
        ("Russia's allies' O'Brien O’Brien", ["russia", "allies", "obrien", "obrien"]),
        ("об'єкт обʼєкт об’єкт об＇єкт", ["обєкт"] * 4),
        ("l'Ukraine d’État qu'il dell'Est", ["ukraine", "etat", "il", "est"]),
        (
            "30-day cease-fire cease fire Cease‑Fires",
            ["30", "day", "ceasefire", "cease", "fire", "ceasefires"],
        ),
        ("soft\u00adhyphen", ["softhyphen"]),
        ("Kiev Kyiv Киев Київ", ["kyiv", "kyiv", "киев", "київ"]),
        ("Zelenskyy Zelenskiy Zelensky Zelens'kyj", ["zelensky", "zelensky", "zelensky", "zelenskyj"]),
        ("Odessa Kharkov Lvov Zaporozhye", ["odesa", "kharkiv", "lviv", "zaporizhzhia"]),
        ("йод, и\u0306од, за\u0301мок, ёлка", ["йод", "йод", "замок", "елка"]),
        ("їжак і\u0308жак ўсё ґанок", ["їжак", "їжак", "ўсе", "ґанок"]),
        ("停火协议", ["停", "火", "协", "议"]),
        ("がか 한국어", ["が", "か", "한국어"]),
        ("العَرَبيّة شـكرا", ["العربية", "شكرا"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("snake_case #tag @user a/b", ["snake", "case", "tag", "user", "a", "b"]),
        ("— … !? 🙂", []),
        ("", []),
    ],
)
def test_text_becomes_tokens(text: str, tokens: list[str]) -> None:
    assert fold.tokens(text) == tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rejects", "rejected"),
        ("violations", "violation"),
        ("talks", "talking"),
        ("Путина", "Путину"),
        ("Lines", "line"),
    ],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert fold.stems(one) == fold.stems(other)


@pytest.mark.parametrize("word", ["łódź", "перемирʼя", "київ", "żołnierze", "b2b", "停", "한국어", "ελλάδα"])
def test_stemming_leaves_words_of_other_scripts_and_languages_findable(word: str) -> None:
    assert fold.stems(word) == fold.stems(word.upper())
    assert len(fold.stems(word)) == 1


def test_word_with_ukrainian_letters_is_not_stemmed_as_russian() -> None:
    assert fold.stems("Києва") == ["києва"]
    assert fold.stems("Киева") == ["киев"]


def test_spans_point_into_the_composed_text() -> None:
    text = "Cafe\u0301 — the U.S. & Łódź’s"
    plain = "Café — the U.S. & Łódź’s"
    assert [plain[token.start : token.end] for token in fold.spans(text)] == ["Café", "the", "U.S.", "Łódź’s"]


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("The Kyiv Independent", "kyiv independent"),
        ("kyiv-independent", "kyiv independent"),
        ("The", "the"),
        ("Le Monde", "le monde"),
        ("third-party", "third party"),
        ("S&M", "s m"),
        ("— —", "— —"),
    ],
)
def test_keyword_has_one_key_however_it_is_written(value: str, key: str) -> None:
    assert fold.key(value) == key


def test_wildcard_pattern_is_folded_and_stays_within_a_word() -> None:
    assert fold.pattern("Zelensk*") == "zelensk*"
    assert fold.pattern("ŁÓ?ź**") == "lo?z*"
    assert fold.pattern("об'єд*") == "обєд*"
    assert fold.pattern("cease-f*") is None
    assert fold.pattern("kyiv-in*", separators=True) == "kyiv in*"


def test_pattern_finds_names_by_their_other_spellings() -> None:
    assert fold.spellings_of("kie*") == ("kyiv",)
    assert "zelensky" not in fold.spellings_of("zelensk*")


def test_endless_run_of_letters_is_cut() -> None:
    assert fold.tokens("x" * 10_000) == ["x" * fold.MAX_TOKEN]


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_as_many_stems_and_spans_as_tokens(text: str) -> None:
    tokens = fold.tokens(text)
    assert len(fold.stems(text)) == len(tokens)
    assert [token.text for token in fold.spans(text)] == tokens


@settings(deadline=None)
@given(st.text(max_size=60))
def test_tokens_need_no_further_folding(text: str) -> None:
    for token in fold.tokens(text):
        assert token == token.strip()
        assert " " not in token
        assert '"' not in token


@settings(deadline=None)
@given(st.text(max_size=60))
def test_upper_and_lower_case_give_the_same_key(text: str) -> None:
    assert fold.key(fold.key(text)) == fold.key(text) or not fold.tokens(text)
