import pytest

from classifiers.sentences import MAX_SENTENCE_CHARACTERS, Sentence, joined, split


def texts(title: str, text: str) -> list[str]:
    return [sentence.text for sentence in split(title, text)]


def test_title_is_sentence_zero_and_stays_whole() -> None:
    assert texts("Truce? No. Not yet", "The envoy left.") == ["Truce? No. Not yet", "The envoy left."]


def test_offsets_point_into_the_joined_text() -> None:
    title, text = "Envoys meet", "  The first round ended.\nThe second begins on Monday!  "
    whole = joined(title, text)
    for sentence in split(title, text):
        assert whole[sentence.start : sentence.end] == sentence.text
    assert joined(title, "") == title


def test_without_title_the_first_sentence_of_the_text_is_sentence_zero() -> None:
    assert split("", "It rained. It stopped.")[0] == Sentence(1, 11, "It rained.")


@pytest.mark.parametrize("title, text", [("", ""), ("  ", " \n\t ")])
def test_blank_text_gives_one_empty_sentence(title: str, text: str) -> None:
    assert split(title, text) == [Sentence(0, 0, "")]


@pytest.mark.parametrize(
    "sentence",
    [
        "Gen. Ivanov and Mr. Brown met at 5 a.m. Kyiv time.",
        "Reactor No. 4 has been cold since Jan. 12.",
        "Sen. J. R. Miller spoke in the U.S. Senate.",
        "The firm, i.e. its board, agreed vs. all advice.",
        "“Why now?” he asked the reporters.",
        "The line ... may move again.",
        "Growth fell to 3.5 per cent, says example.org today.",
        "Президент В. Зеленський прибув у м. Дніпро та ін. міста.",
        "По словам г-на Петрова, в 2024 г. Россия отказалась.",
    ],
)
def test_abbreviations_quotes_and_numbers_do_not_end_a_sentence(sentence: str) -> None:
    assert texts("", f"{sentence} Earlier it was calm.") == [sentence, "Earlier it was calm."]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("He flew to the U.S. The talks go on.", ["He flew to the U.S.", "The talks go on."]),
        ("“We will not go.” The line was cut.", ["“We will not go.”", "The line was cut."]),
        ("They wait... Nobody came.", ["They wait...", "Nobody came."]),
        ("Is it over? Yes! It is.", ["Is it over?", "Yes!", "It is."]),
        ("The space is missing.The next begins.", ["The space is missing.", "The next begins."]),
        ("Background\n\nthe truce of spring", ["Background", "the truce of spring"]),
        ("A heading\nA paragraph follows", ["A heading", "A paragraph follows"]),
        ("a line that is\nwrapped by hand", ["a line that is\nwrapped by hand"]),
        (
            "Він прибув. Перемовини тривають. «Згода є». Кінець.",
            ["Він прибув.", "Перемовини тривають.", "«Згода є».", "Кінець."],
        ),
        ("停战。谈判继续。", ["停战。", "谈判继续。"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert texts("", text) == expected


@pytest.mark.parametrize("text", ["x" * 5000, "word, " * 900, "- - " * 900, "." * 5000])
def test_run_without_boundary_is_cut_to_bounded_pieces(text: str) -> None:
    pieces = texts("", text)
    assert max(map(len, pieces)) <= MAX_SENTENCE_CHARACTERS
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize("unit", ["The talks ended. ", ". ", '."', "\n", "a", "? ! ", "- "])
def test_a_million_characters_of_anything_are_split(unit: str) -> None:
    assert split("Long", unit * (1_000_000 // len(unit)))
