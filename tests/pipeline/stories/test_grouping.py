"""Which articles are of one story, and which are not: rules, published failures of other systems, and order."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stories.grouping import Constraints, Grouping, group_all
from pipeline.stories.similarity import Telling, other_step, profile_of
from tests.pipeline.stories.desk import MORNING, told

HORMUZ = [
    "Iran closes the Strait of Hormuz to all shipping",
    "Tehran shuts key Gulf oil route as tankers wait outside Hormuz",
    "Oil price leaps after Iranian navy blocks Hormuz passage",
    "Strait of Hormuz closed: what it means for the world's oil",
    "Tankers turn back as Revolutionary Guards seal off the Hormuz waterway",
    "Hormuz shutdown halts a fifth of the world's crude, insurers warn",
]
QUAKE = [
    told("q1", "Strong earthquake hits Lorvania, dozens killed", "Houses fell in the capital Brenitza."),
    told("q2", "Brenitza quake: rescuers search for survivors", "Dozens died in the earthquake.", hours=2),
    told(
        "q3", "Trzęsienie ziemi w Lorwanii. Dziesiątki zabitych w Brenicy", "Trwa akcja ratunkowa.", hours=3
    ),
    told(
        "q4",
        "Lorvania mourns victims of the earthquake",
        "The quake near Brenitza killed 48 people.",
        hours=6,
    ),
]
OTHERS = [
    told("o1", "Parliament votes on the grain export law", "Farmers protested outside.", hours=1),
    told("o2", "Football: Veldania win the cup final on penalties", "The striker scored twice.", hours=2),
    told("o3", "Central bank leaves the interest rate at five per cent", "Inflation fell again.", hours=4),
]


def stories(tellings: list[Telling]) -> dict[str, str]:
    return {name: placement.story for name, placement in group_all(tellings).items()}


def test_six_headlines_of_one_closure_in_other_words_are_one_story() -> None:
    tellings = [told(f"h{place}", title, hours=place) for place, title in enumerate(HORMUZ)]
    assert set(stories(tellings + OTHERS).values()) == {"h0", "o1", "o2", "o3"}


def test_two_steps_of_one_trial_are_two_stories() -> None:
    trial = [
        told("t1", "Trial of businessman Orlenko for treason opens", "He denies it.", hours=0),
        told("t2", "Court hears first witness in Orlenko treason trial", hours=3),
        told(
            "t3", "Orlenko sentenced to 12 years for treason", "The court followed the prosecution.", hours=30
        ),
        told("t4", "Verdict against Orlenko: businessman jailed for treason", hours=31),
    ]
    assert stories(trial) == {"t1": "t1", "t2": "t1", "t3": "t3", "t4": "t3"}


def test_an_event_in_two_languages_is_one_story() -> None:
    assert {stories(QUAKE + OTHERS)[one.id] for one in QUAKE} == {"q1"}


def test_unrelated_articles_stay_alone() -> None:
    assert stories(OTHERS) == {one.id: one.id for one in OTHERS}


def test_a_common_country_makes_no_story() -> None:
    assert len(set(stories([
        told("a", "Ukraine: grain exports rise", "Ports report a good month."),
        told("b", "Ukraine: singer wins prize", "The concert was sold out."),
        told("c", "Ukraine: budget passes first reading", "The deputies argued all night."),
    ]).values())) == 3  # fmt: skip


def test_a_story_takes_nothing_after_three_days_of_silence() -> None:
    late = told(
        "q9", "Strong earthquake hits Lorvania, dozens killed", "Houses fell in Brenitza.", hours=6 + 73
    )
    assert stories([*QUAKE, late])["q9"] == "q9"


def test_a_late_article_lands_in_the_story_of_its_own_time() -> None:
    grouping = Grouping()
    for one in (QUAKE[0], QUAKE[1], *OTHERS, QUAKE[3]):
        grouping.place(one)
    assert grouping.place(QUAKE[2]).story == "q1"


def test_stories_that_turn_out_to_be_one_become_one() -> None:
    grouping = Grouping()
    grouping.restore(QUAKE[0], "left", None)
    grouping.restore(QUAKE[1], "left", None)
    grouping.restore(QUAKE[2], "right", None)
    placement = grouping.place(QUAKE[3])
    merged = [*placement.merged, *grouping.review()]
    assert merged == [("right", "left")]
    assert set(grouping.story_of.values()) == {"left"}


def test_an_edited_article_stays_in_its_story_while_it_fits() -> None:
    grouping = Grouping()
    for one in QUAKE:
        grouping.place(one)
    edited = told("q2", "Brenitza earthquake: rescuers find two survivors", "Dozens were killed.", hours=2)
    assert grouping.place(edited, "q2-2").story == "q1"


def test_an_article_that_becomes_another_story_leaves_its_old_one() -> None:
    grouping = Grouping()
    for one in QUAKE:
        grouping.place(one)
    moved = told("q2", "Central bank raises the interest rate", "Inflation surprised everybody.", hours=2)
    assert grouping.place(moved, "q2-2").story == "q2-2"


def test_what_analysts_joined_stays_joined() -> None:
    grouping = Grouping(constraints=Constraints(together={"o2": {"q1"}}))
    grouping.place(QUAKE[0])
    assert grouping.place(OTHERS[1]).story == "q1"


def test_what_analysts_parted_stays_apart() -> None:
    grouping = Grouping(constraints=Constraints(apart={"q2": {"q1"}, "q1": {"q2"}}))
    grouping.place(QUAKE[0])
    assert grouping.place(QUAKE[1]).story == "q2"
    assert grouping.review() == []


def test_a_copy_is_folded_under_the_first_article_of_its_text() -> None:
    wire = (
        "A ferry with two hundred people on board ran aground off the island of Mirra in thick fog on Sunday "
        "night; the coast guard took all of them off by helicopter before dawn, and nobody was hurt."
    )
    placed = group_all(
        [
            told("w2", "Night rescue off Mirra", wire, hours=1),
            told("w1", "Ferry aground in fog", wire),
            told("w3", "Fog strands ferry", wire[:150], hours=2),
        ]
    )
    assert {name: (one.story, one.copy_of) for name, one in placed.items()} == {
        "w1": ("w1", None),
        "w2": ("w1", "w1"),
        "w3": ("w1", "w1"),
    }


def test_other_developments_of_one_matter_are_other_steps() -> None:
    planned = profile_of(told("a", "Delegations to meet in Istanbul", developments=("talks-announced",)))
    held = profile_of(told("b", "Delegations met in Istanbul", developments=("talks-held",)))
    comment = profile_of(told("c", "What Istanbul means"))
    assert other_step(planned, held)
    assert not other_step(planned, comment)


def test_a_closed_story_is_forgotten() -> None:
    grouping = Grouping()
    grouping.place(QUAKE[0])
    grouping.forget_before(MORNING + timedelta(hours=72))
    assert grouping.stories
    grouping.forget_before(MORNING + timedelta(hours=73))
    assert not grouping.stories
    assert not grouping.copies.prints


@settings(max_examples=30, deadline=None)
@given(st.permutations([*QUAKE, *OTHERS, *(told(f"h{n}", title, hours=n) for n, title in enumerate(HORMUZ))]))
def test_the_order_of_the_input_does_not_matter(tellings: list[Telling]) -> None:
    expected = (
        {one.id: one.id for one in OTHERS}
        | {one.id: "q1" for one in QUAKE}
        | {f"h{n}": "h0" for n in range(6)}
    )
    assert stories(tellings) == expected


@settings(max_examples=30, deadline=None)
@given(st.permutations([*QUAKE, *OTHERS]))
def test_the_order_of_arrival_changes_no_story(tellings: list[Telling]) -> None:
    grouping = Grouping()
    for one in tellings:
        grouping.place(one)
    grouping.review()
    assert len({grouping.story_of[one.id] for one in QUAKE}) == 1
    assert len({grouping.story_of[one.id] for one in OTHERS}) == len(OTHERS)
