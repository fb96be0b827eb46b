"""How names are read: roles from the words around them."""

import pytest

from classifiers.aliases import AliasMatcher
from classifiers.names import load_gazetteer
from classifiers.positions.lexicon import load_lexicon
from classifiers.positions.reading import Mention, Reader
from classifiers.taxonomy import load_taxonomy
from classifiers.types import Text


class Reading:
    """The mentions of one-sentence texts."""

    def __init__(self) -> None:
        self._reader = Reader(AliasMatcher(load_taxonomy()), load_gazetteer(), load_lexicon())

    def __call__(self, sentence: str) -> list[Mention]:
        (clause,) = self._reader.read(Text("a", sentence, ""))
        return clause.mentions


@pytest.fixture(scope="module")
def read() -> Reading:
    return Reading()


def test_title_and_name_are_one_mention(read: Reading) -> None:
    assert [one.actor for one in read("U.S. President Donald Trump flew home.")] == ["united-states"]


@pytest.mark.parametrize(
    ("sentence", "head"),
    [
        ("A Russian drone fell.", "weapon"),
        ("A Russian oil refinery burned.", "target"),
        ("Moscow refinery attack", "target"),
        ("Ukrainian army base hit", "target"),
        ("Russian drone factory ablaze", "target"),
        ("Ukrainian forces withdrew.", "force"),
        ("Ukraine's proposal was read.", "offer"),
        ("A German official spoke.", "speaker"),
    ],
)
def test_what_a_name_qualifies(read: Reading, sentence: str, head: str) -> None:
    assert read(sentence)[0].head == head


def test_a_speaker_is_known_before_and_after_the_verb(read: Reading) -> None:
    assert [one.says for one in read("Zelensky said that Russia refused.")] == [True, False]
    assert read("A pause is near, said Rubio.")[0].says
    assert read("According to Kyiv, it burned.")[0].says
    assert not read("It told Kyiv nothing.")[0].says


@pytest.mark.parametrize(
    "sentence",
    [
        "No peace without Donbas, Putin tells Trump",
        "Vladimir Putin told the US envoy that the front would move.",
        "Putin told his American counterpart of it.",
    ],
)
def test_who_is_told_something_neither_says_it_nor_does_it(read: Reading, sentence: str) -> None:
    teller, told = read(sentence)
    assert (teller.actor, told.actor) == ("russia", "united-states")
    assert teller.says and not told.says and not told.subject


def test_the_president_of_a_country_speaks_for_it(read: Reading) -> None:
    (russia,) = read("The president of Russia said so.")
    assert (russia.head, russia.says, russia.preposition) == ("speaker", True, "of")
    (flat,) = read("The shores of Russia were foggy.")
    assert flat.head == ""


def test_members_of_a_list_share_their_preposition(read: Reading) -> None:
    assert [one.preposition for one in read("It held talks with Russia, China and Turkey.")] == ["with"] * 3
    russia, ukraine = read("A deal between Russia and Ukraine.")
    assert (russia.preposition, ukraine.preposition) == ("between", "between")
    assert russia.leads and ukraine.joined


def test_two_names_in_one_word_stand_side_by_side(read: Reading) -> None:
    trump, putin = read("The Trump-Putin call ended.")
    assert (trump.actor, putin.actor) == ("united-states", "russia")
    assert trump.leads and putin.joined


def test_who_is_accused(read: Reading) -> None:
    assert [one.accused for one in read("Kyiv accused Moscow of shelling.")] == [False, True]
    assert read("Russia is accused of arson.")[0].accused


def test_maker_and_broker_are_no_doers(read: Reading) -> None:
    assert read("The US-backed plan failed.")[0].broker
    assert read("A British-made missile fell.")[0].maker


def test_states_without_an_id_and_groups_are_others(read: Reading) -> None:
    slovakia, europeans = read("Slovakia met European leaders.")
    assert (slovakia.actor, slovakia.named) == ("other", True)
    assert (europeans.actor, europeans.named) == ("other", False)


def test_an_apostrophe_of_either_kind_makes_a_possessive(read: Reading) -> None:
    assert read("Russia's plan")[0].possessive
    assert read("Russia’s plan")[0].possessive


def actors_of(title: str, body: str) -> list[list[tuple[str, bool]]]:
    """For each sentence of a text the actors of its mentions, and whether each is a pronoun."""
    reader = Reader(AliasMatcher(load_taxonomy()), load_gazetteer(), load_lexicon())
    return [
        [(one.actor, one.pronoun) for one in clause.mentions]
        for clause in reader.read(Text("a", title, body))
    ]


def test_he_is_who_was_last_spoken_of() -> None:
    sentences = actors_of("Talks", "Zelensky spoke in Munich. He rejected the terms that Moscow sets.")
    assert sentences[1:] == [[("ukraine", False)], [("ukraine", True), ("russia", False)]]


def test_he_is_who_told_and_not_who_was_told() -> None:
    assert actors_of(
        "A talk by phone",
        "The president of Russia told his American counterpart of the harvest. He named a price.",
    )[-1] == [("russia", True)]


def test_he_is_nobody_where_nobody_was_spoken_of_for_long() -> None:
    rain = "It rained. It snowed. It froze."
    assert actors_of("Talks", f"Zelensky spoke in Munich. {rain} He left.")[-1] == []


def test_it_is_who_speaks() -> None:
    (sentence,) = actors_of("Russia said it had struck a depot", "")
    assert sentence == [("russia", False), ("russia", True)]
    (sentence,) = actors_of("It is said that Russia struck a depot", "")
    assert sentence == [("russia", False)]


def test_members_of_a_list_are_counted(read: Reading) -> None:
    assert [one.listed for one in read("Talks between Kyiv, Moscow and Washington went on.")] == [3, 3, 3]
    assert [one.listed for one in read("Russia met Ukraine.")] == [1, 1]


def test_who_leads_talks_is_not_who_brokers_them(read: Reading) -> None:
    assert read("US-led talks went on.")[0].led
    assert not read("US-brokered talks went on.")[0].led
