"""Names and places from spellings: three languages, declensions, datelines, and what must not count."""

from pathlib import Path

import pytest

from classifiers.errors import TaxonomyError
from classifiers.names import KINDS, Gazetteer, dateline, load_gazetteer, named, place_of, places
from classifiers.sentences import joined, split
from classifiers.taxonomy import load_taxonomy


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return load_gazetteer()


def names_in(gazetteer: Gazetteer, text: str) -> tuple[str, ...]:
    return named(gazetteer, gazetteer.hits(text))


def places_in(
    gazetteer: Gazetteer, title: str, text: str = "", developments: tuple[int, ...] = ()
) -> tuple[str, ...]:
    whole = joined(title, text)
    return places(gazetteer, gazetteer.hits(whole), whole, split(title, text), developments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The OSCE could watch the line, Witkoff told Umerov.", ("osce", "steve-witkoff", "rustem-umerov")),
        (
            "Dmitriev flew to Miami while Ushakov stayed with Lavrov.",
            ("kirill-dmitriev", "yuri-ushakov", "sergei-lavrov"),
        ),
        (
            "Slovakia and Finland joined the coalition of the willing.",
            ("slovakia", "finland", "coalition-of-the-willing"),
        ),
        ("The Baltic states, Norway and Canada pledged shells.", ("baltic-states", "norway", "canada")),
        ("A Swiss diplomat and Japan's minister met in Tallinn.", ("switzerland", "japan", "estonia")),
        ("The ICC issued a warrant.", ("icc",)),
        ("Віткофф зустрівся з Умєровим, ОБСЄ промовчала.", ("steve-witkoff", "rustem-umerov", "osce")),
        (
            "Словаччину і Фінляндію запросили до коаліції охочих.",
            ("slovakia", "finland", "coalition-of-the-willing"),
        ),
        ("Лавров говорив із Рубіо про Норвегію.", ("sergei-lavrov", "marco-rubio", "norway")),
        (
            "Уиткофф встретился с Дмитриевым, Ушаков присутствовал.",
            ("steve-witkoff", "kirill-dmitriev", "yuri-ushakov"),
        ),
        ("В Словакии и Швейцарии ждут решения МУС.", ("slovakia", "switzerland", "icc")),
    ],
)
def test_people_bodies_and_states_are_named_in_three_languages(
    gazetteer: Gazetteer, text: str, expected: tuple[str, ...]
) -> None:
    assert names_in(gazetteer, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Drones fell on Kharkiv and the Kursk region.", ("kharkiv-region", "kursk-region")),
        ("A tanker burned in the Sea of Azov off Kerch.", ("azov-sea", "kerch")),
        ("The Zaporizhzhia nuclear power plant lost a line.", ("zaporizhzhia-plant",)),
        ("Vehicles queued at the Crimean bridge, not in Crimea.", ("kerch-bridge", "crimea")),
        ("Pokrovsk, Kostiantynivka and Kupiansk held.", ("pokrovsk", "kostiantynivka", "kupiansk")),
        ("Удар по Харкову та Сумській області.", ("kharkiv-region", "sumy-region")),
        ("Бої тривають на Курщині й біля Покровська.", ("kursk-region", "pokrovsk")),
        ("ЗАЕС знеструмлена, у Чорному морі шторм.", ("zaporizhzhia-plant", "black-sea")),
        ("Взрывы в Белгородской области и в Крыму.", ("belgorod-region", "crimea")),
        ("Беспилотники над Новороссийском и Азовским морем.", ("novorossiysk", "azov-sea")),
    ],
)
def test_places_are_found_in_three_languages_and_declined(
    gazetteer: Gazetteer, text: str, expected: tuple[str, ...]
) -> None:
    assert places_in(gazetteer, text) == expected


def test_a_place_inside_a_word_or_a_common_word_is_none(gazetteer: Gazetteer) -> None:
    assert places_in(gazetteer, "A permanent truce, said the engineers from Samaritan Aid") == ()
    assert names_in(gazetteer, "They ate chilean grapes? No: dutch courage and a swiss roll.") == ("chile",)


def test_the_town_of_a_dateline_is_no_place(gazetteer: Gazetteer) -> None:
    text = "ODESA, Ukraine, May 3 (Agency) - Rockets hit a warehouse in Mykolaiv."
    assert places_in(gazetteer, "Warehouse hit", text) == ("mykolaiv-region",)


@pytest.mark.parametrize(
    ("text", "town"),
    [
        ("KYIV, March 4 (Reuters) - Two people died.", "KYIV, March 4 (Reuters) - "),
        ("ISTANBUL (AFP) — Envoys met.", "ISTANBUL (AFP) — "),
        ("GENEVA – The talks went on.", "GENEVA – "),
        ("Munich (Agency) -- The conference opened.", "Munich (Agency) -- "),
        ("Kharkiv - a city of a million - was struck.", ""),
        ("The minister went home.", ""),
        ("", ""),
    ],
)
def test_a_dateline_needs_capitals_an_agency_or_a_day(text: str, town: str) -> None:
    whole = joined("Title", text)
    start, end = dateline(whole)
    assert whole[start:end] == town


def test_the_place_of_a_development_comes_from_its_sentence_or_the_next(gazetteer: Gazetteer) -> None:
    title = "Strikes overnight"
    text = "KYIV, May 3 (Agency) - Drones hit a depot. It stands in Poltava. Odesa was quiet."
    whole, sentences = joined(title, text), split(title, text)
    hits = gazetteer.hits(whole)
    assert place_of(gazetteer, hits, whole, sentences, 1) == ("poltava-region",)
    assert place_of(gazetteer, hits, whole, sentences, 3) == ("odesa-region",)
    assert place_of(gazetteer, hits, whole, sentences, 0) == ()


def test_places_of_developments_come_first(gazetteer: Gazetteer) -> None:
    text = "Odesa was quiet. Drones hit a depot in Poltava."
    assert places_in(gazetteer, "Night", text) == ("odesa-region", "poltava-region")
    assert places_in(gazetteer, "Night", text, (2,)) == ("poltava-region", "odesa-region")


def test_every_person_acts_for_an_actor_or_an_entry(gazetteer: Gazetteer) -> None:
    taxonomy = load_taxonomy()
    for entry in gazetteer.entries.values():
        if entry.acts_for:
            assert (
                f"actor:{entry.acts_for}" in taxonomy.columns or f"name:{entry.acts_for}" in gazetteer.entries
            )
        for land in (entry.land_of, entry.held_by):
            assert not land or f"actor:{land}" in taxonomy.columns


def test_no_actor_is_repeated_as_a_name(gazetteer: Gazetteer) -> None:
    actors = {label.id for label in load_taxonomy().facet("actor")}
    assert actors.isdisjoint(
        entry.id for entry in gazetteer.entries.values() if entry.key.startswith("name:")
    )


def test_ids_are_slugs_and_kinds_are_known(gazetteer: Gazetteer) -> None:
    for entry in gazetteer.entries.values():
        assert entry.kind in KINDS
        assert all(part.isalnum() and part == part.lower() for part in entry.id.split("-")), entry


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{id = "osce", name = "OSCE", nick = "o"}', "name:osce: unknown key 'nick'"),
        ('{id = "osce", name = "OSCE", uk = ["ОБСЄ~nothing"]}', "unknown endings"),
        ('{id = "osce"}', "needs 'id' and 'name'"),
        ('{id = "osce", name = "OSCE"}, {id = "osce", name = "OSCE"}', "stands twice"),
    ],
)
def test_a_broken_gazetteer_names_file_and_entry(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "names.toml").write_text(f"bodies = [{line}]", encoding="utf-8")
    with pytest.raises(TaxonomyError, match=problem) as caught:
        load_gazetteer(tmp_path)
    assert "names.toml" in str(caught.value)


def test_an_unknown_table_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "names.toml").write_text('pets = [{id = "rex", name = "Rex"}]', encoding="utf-8")
    with pytest.raises(TaxonomyError, match="pets: unknown table"):
        load_gazetteer(tmp_path)
