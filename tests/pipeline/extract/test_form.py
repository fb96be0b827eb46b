"""The form of an article, by rules with reasons."""

import pytest

from pipeline.extract.form import form_of
from tests.samples import feed

NEWS = feed()
OPINION = feed("institute", kind="opinion")


def form(
    title: str, path: str = "/world/1", text: str = "", categories: tuple[str, ...] = (), kind: str = "news"
) -> str:
    source = OPINION if kind == "opinion" else NEWS
    return form_of(title, f"https://harbour-post.example{path}", text, categories, source)[0]


@pytest.mark.parametrize(
    "title",
    [
        "Kremlin rejects thirty-day ceasefire",
        "Envoys live in fear of talks collapsing",
        "Ukraine fires live ammunition during exercise",
        "Strike on Odesa kills three, officials say",
        "Press briefing cancelled after drone alarm",
        "White House briefing with reporters turns tense",
        "Why Moscow pulled out of the grain deal",
        "'Why should we stop?' asks commander at the front",
        "Who is 'ready for peace'? asks minister in parliament",
        "Police round up suspects after sabotage",
        "Minister explains vote",
        "Analysis centre in Kyiv hit by missile",
        "Column of tanks moves towards Sumy",
        "Letter bombs sent to embassies",
        "Opinion poll: most Ukrainians against ceding land",
        "The week in which talks begin",
        "Day of mourning in Kharkiv",
        "Statement drew anger in Moscow",
        "Talks resume – hopes rise for peace",
        "Remarks anger allies",
        "Зеленський: переговори тривають",
    ],
)
def test_reports_stay_reports(title: str) -> None:
    assert form(title) == "report"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Live: Trump and Putin speak by phone", "live-blog"),
        ("Ukraine war live: envoys arrive in Jeddah", "live-blog"),
        ("Russia-Ukraine live updates: ceasefire talks resume", "live-blog"),
        ("Trump-Putin call – as it happened", "live-blog"),
        ("Ceasefire talks in Istanbul | Live", "live-blog"),
        ("Guerre en Ukraine, en direct : la trêve commence", "live-blog"),
        ("Онлайн: переговори у Стамбулі", "live-blog"),
        ("Ukraine war briefing: Kremlin sets terms", "round-up"),
        ("Morning digest: six things overnight", "round-up"),
        ("Russia-Ukraine war: List of key events, day 1,120", "round-up"),
        ("Russian Offensive Campaign Assessment, March 18", "round-up"),
        ("The week in review", "round-up"),
        ("Weekly roundup of the front", "round-up"),
        ("Ukraine in brief: news digest", "round-up"),
        ("Підсумки дня: головне за 18 березня", "round-up"),
        ("Главное за неделю", "round-up"),
        ("Transcript: the president's interview", "transcript"),
        ("Remarks by the Foreign Minister at the Security Council", "transcript"),
        ("Statement by the High Representative on Ukraine", "transcript"),
        ("Department Press Briefing – March 18, 2025", "transcript"),
        ("Joint press conference with the Prime Minister", "transcript"),
        ("Full text: the joint declaration", "transcript"),
        ("Opinion: A truce is not peace", "opinion"),
        ("Analysis: What Moscow wants", "opinion"),
        ("A truce is not peace | Editorial", "opinion"),
        ("A truce is not peace – Anna Harbour for Post", "opinion"),
        ("Колонка: перемир'я", "opinion"),
        ("Explainer: how the energy truce would work", "explainer"),
        ("What we know about the strike on Sumy", "explainer"),
        ("What to know about the minerals deal", "explainer"),
        ("What is the Black Sea initiative?", "explainer"),
        ("Could a ceasefire hold?", "explainer"),
        ("The energy truce, explained", "explainer"),
        ("Timeline: three years of talks", "explainer"),
        ("Чому Росія відмовилася?", "explainer"),
    ],
)
def test_title_tells_the_form(title: str, expected: str) -> None:
    assert form(title) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/world/live/2025/mar/18/talks", "live-blog"),
        ("/news/liveblog/2025/3/18/talks", "live-blog"),
        ("/world/live-updates-talks", "live-blog"),
        ("/newsletters/morning/1", "round-up"),
        ("/opinion/2025/a-truce", "opinion"),
        ("/commentisfree/2025/a-truce", "opinion"),
        ("/explainers/truce", "explainer"),
        ("/2025/03/18/transcript/minister", "transcript"),
        ("/2025/living-with-war", "report"),
        ("/delivery/1", "report"),
        ("/public-opinion/1", "report"),
    ],
)
def test_address_tells_the_form(path: str, expected: str) -> None:
    assert form("Envoys meet", path) == expected


def test_query_of_the_address_is_not_looked_at() -> None:
    assert form("Envoys meet", "/a?section=/opinion/") == "report"


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("Opinion", "opinion"),
        ("Live Updates", "live-blog"),
        ("Speeches", "transcript"),
        ("Ukraine", "report"),
    ],
)
def test_category_tells_the_form(category: str, expected: str) -> None:
    assert form("Envoys meet", categories=(category,)) == expected


def test_speakers_who_take_turns_make_a_transcript() -> None:
    text = "QUESTION: Will there be a truce?\nMS HARBOUR: We work on it.\nQUESTION: When?\nMS HARBOUR: Soon."
    assert form("Briefing of the day in the press room", text=text) == "transcript"


def test_two_quotes_with_colons_are_no_transcript() -> None:
    assert form("Envoys meet", text="He said: yes.\nShe said: no.\nNote: later.\nTime: 10:00.") == "report"


def test_feed_of_opinions_gives_opinions_unless_it_says_otherwise() -> None:
    assert form("The road to a truce", kind="opinion") == "opinion"
    assert form("Russian Offensive Campaign Assessment, March 18", kind="opinion") == "round-up"


def test_reasons_are_told() -> None:
    assert form_of("Talks live updates", "https://harbour-post.example/live/1", "", (), NEWS) == (
        "live-blog",
        ("title: live updates", "address: /live/"),
    )
    assert form_of("Envoys meet", "", "", (), NEWS) == ("report", ("nothing says otherwise",))
