"""Stories of one matter are chained; a shared country or topic chains nothing."""

from datetime import timedelta

from pipeline.stories.similarity import Profile
from pipeline.stories.threads import REACH, Remembered, key_terms, lookup_terms, predecessor
from tests.pipeline.stories.desk import MORNING, told


def profile(*titles: str) -> Profile:
    found = Profile()
    for number, title in enumerate(titles):
        found.add(told(f"a{number}", title))
    return found


OPENING = key_terms(
    profile("Trial of businessman Orlenko for treason opens", "Orlenko in court: treason trial begins")
)
VERDICT = key_terms(
    profile("Orlenko sentenced to 12 years for treason", "Businessman Orlenko jailed for treason")
)
OTHER = key_terms(
    profile("Ukraine and Poland sign a border agreement", "Poland, Ukraine agree on border posts")
)


def test_the_verdict_goes_on_with_the_trial() -> None:
    earlier = [Remembered("trial", OPENING, MORNING, MORNING), Remembered("border", OTHER, MORNING, MORNING)]
    assert predecessor(VERDICT, MORNING + timedelta(days=9), earlier) == "trial"


def test_a_matter_that_rested_for_more_than_a_month_begins_anew() -> None:
    earlier = [Remembered("trial", OPENING, MORNING, MORNING)]
    assert predecessor(VERDICT, MORNING + REACH + timedelta(hours=1), earlier) is None


def test_countries_in_common_make_no_thread() -> None:
    strike = key_terms(profile("Poland: Ukraine lorry drivers on strike", "Ukraine lorries wait in Poland"))
    assert predecessor(strike, MORNING, [Remembered("border", OTHER, MORNING, MORNING)]) is None


def test_a_story_without_words_is_of_no_matter() -> None:
    assert key_terms(profile("")) == {}
    assert predecessor({}, MORNING, [Remembered("trial", OPENING, MORNING, MORNING)]) is None


def test_stories_are_looked_up_by_rare_terms_only() -> None:
    assert "ukraine" not in lookup_terms(OTHER)
    assert "orlenk" in lookup_terms(OPENING)
