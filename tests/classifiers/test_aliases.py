from datetime import date
from pathlib import Path

import pytest

from classifiers.aliases import AliasMatcher
from classifiers.folding import folded
from classifiers.taxonomy import load_taxonomy


@pytest.fixture(scope="module")
def matcher() -> AliasMatcher:
    return AliasMatcher(load_taxonomy("ukraine"))


def called(matcher: AliasMatcher, text: str, on: date | None = None) -> list[tuple[str, str]]:
    return [(hit.label, text[hit.start : hit.end]) for hit in matcher.hits(text, on)]


@pytest.mark.parametrize(
    "spelling",
    [
        "Zelensky",
        "Zelenskyy",
        "Zelenskiy",
        "ZELENSKY",
        "Зеленський",
        "Зеленського",
        "Зеленському",
        "Зеленским",
        "Зеленскому",
        "Kyiv's",
        "Kiev",
        "українських",
        "украинскими",
        "Сибіги",
        "Умєровим",
        "ЗСУ",
        "ВСУ",
    ],
)
def test_ukraine_is_known_by_its_people_and_forms(matcher: AliasMatcher, spelling: str) -> None:
    assert {hit.label for hit in matcher.hits(f"«{spelling}» today")} == {"actor:ukraine"}


@pytest.mark.parametrize(
    "spelling, label",
    [
        ("Kremlin", "russia"),
        ("Кремля", "russia"),
        ("Путіну", "russia"),
        ("Путиным", "russia"),
        ("Медведева", "russia"),
        ("White House", "united-states"),
        ("Білого дому", "united-states"),
        ("Белом доме", "united-states"),
        ("Трампа", "united-states"),
        ("Віткоффа", "united-states"),
        ("Erdoğan", "turkey"),
        ("Erdogan", "turkey"),
        ("Ердогана", "turkey"),
        ("Orbán", "hungary"),
        ("Орбаном", "hungary"),
        ("Макрону", "france"),
        ("Лукашенка", "belarus"),
        ("МАГАТЕ", "iaea"),
        ("Гросси", "iaea"),
        ("Ватикану", "holy-see"),
        ("ООН", "united-nations"),
        ("Китаєм", "china"),
        ("Китая", "china"),
        ("Германией", "germany"),
        ("Німеччини", "germany"),
        ("Саудівської Аравії", "saudi-arabia"),
        ("КНДР", "north-korea"),
    ],
)
def test_actors_are_known_in_both_scripts_with_declensions(
    matcher: AliasMatcher, spelling: str, label: str
) -> None:
    assert [hit.label for hit in matcher.hits(f"... {spelling}, ...")] == [f"actor:{label}"]


@pytest.mark.parametrize(
    "spelling",
    [
        "ZNPP",
        "Zaporizhzhia nuclear power plant",
        "Energodar NPP",
        "ЗАЕС",
        "ЗАЭС",
        "Запорізької АЕС",
        "Запорожская АЭС",
        "Запорізькій атомній електростанції",
    ],
)
def test_the_plant_is_known_by_its_names(matcher: AliasMatcher, spelling: str) -> None:
    assert called(matcher, f"On {spelling}: calm") == [("issue:zaporizhzhia-plant", spelling)]


@pytest.mark.parametrize(
    "text",
    [
        "They told us to wait",
        "A turkey in the oven",
        "a trump card",
        "waltz music",
        "pope-like",
        "to polish a shoe",
        "bone china",
        "The Washington Post and the Moscow Times",
        "George Washington",
        "Ukrainer",
        "Iranshahr",
        "NATOX",
        "Трамплін і трамплина",
        "синій кит",
    ],
)
def test_common_words_and_other_names_are_no_actors(matcher: AliasMatcher, text: str) -> None:
    assert matcher.hits(text) == []


def test_capitals_tell_the_state_from_the_word(matcher: AliasMatcher) -> None:
    assert called(matcher, "US told us that TURKEY, not turkey, hosts") == [
        ("actor:united-states", "US"),
        ("actor:turkey", "TURKEY"),
    ]


def test_the_longest_alias_wins_and_offsets_point_into_the_text(matcher: AliasMatcher) -> None:
    text = "Ukrainian parliament; UN nuclear watchdog; режим припинення вогню"
    assert called(matcher, text) == [
        ("actor:ukraine", "Ukrainian parliament"),
        ("actor:iaea", "UN nuclear watchdog"),
        ("issue:ceasefire-terms", "припинення вогню"),
    ]


def test_hyphen_possessive_and_quotes_bound_a_word(matcher: AliasMatcher) -> None:
    assert [label for label, _ in called(matcher, "US-led “Russia’s” non-NATO (EU)")] == [
        "actor:united-states",
        "actor:russia",
        "actor:nato",
        "actor:european-union",
    ]


def test_former_officials_are_not_found_after_their_last_day(matcher: AliasMatcher) -> None:
    text = "Biden spoke"
    assert (
        called(matcher, text) == called(matcher, text, date(2024, 6, 1)) == [("actor:united-states", "Biden")]
    )
    assert called(matcher, text, date(2025, 6, 1)) == []


@pytest.mark.parametrize("text", ["", " ", "\x00\x01", "🕊️🔥", "İstanbul ǅ ẞ ﬁ 𝔘𝔎"])
def test_odd_texts_give_no_hits(matcher: AliasMatcher, text: str) -> None:
    assert matcher.hits(text) == []


def test_ten_megabytes_are_matched_to_the_end(matcher: AliasMatcher) -> None:
    text = "nothing here " * 800_000 + "Kremlin"
    assert called(matcher, text) == [("actor:russia", "Kremlin")]


def test_folding_keeps_the_length_of_every_character() -> None:
    everything = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x1F000))))
    assert len(folded(everything)) == len(everything)


def test_ignored_words_come_from_the_taxonomy_file(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(
        'id = "tiny"\nname = "Tiny"\nparties = ["north"]\nignore = ["North Star"]\n'
        + "".join(
            f'[[{facet}]]\nid = "{name}"\nname = "N"\ndefinition = "d"\nnot_this = "n"\nexamples = ["a", "b"]\n{more}\n'
            for facet, name, more in [
                ("actor", "north", 'names.en = ["North"]'),
                ("issue", "i", ""),
                ("development", "d", ""),
            ]
        ),
        encoding="utf-8",
    )
    assert called(AliasMatcher(load_taxonomy(path)), "North Star over North") == [("actor:north", "North")]
