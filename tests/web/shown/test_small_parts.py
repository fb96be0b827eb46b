"""Charts, changes, precision, times and downloads: numbers and words without a server."""

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st

from pipeline.index.base import Bucket
from pipeline.web import moments
from pipeline.web.shown import charts, precision
from pipeline.web.shown.changes import changes
from pipeline.web.shown.downloads import harmless

START = datetime(2025, 3, 1, tzinfo=UTC)


def days(*counts: int) -> list[Bucket]:
    step = timedelta(days=1)
    return [Bucket(START + n * step, START + (n + 1) * step, count) for n, count in enumerate(counts)]


def test_bars_stand_on_the_axis_and_name_their_days() -> None:
    chart = charts.histogram(days(2, 0, 4), "day", "UTC")
    assert [bar.count for bar in chart.bars] == [2, 0, 4]
    assert chart.bars[2].height == chart.height
    assert all(bar.y + bar.height == chart.height for bar in chart.bars)
    assert (chart.bars[1].first, chart.bars[1].last) == (date(2025, 3, 2), date(2025, 3, 2))


def test_many_days_become_weeks_from_monday_or_months() -> None:
    weeks = charts.merged(days(*[1] * 31), months=False, zone="UTC")
    assert sum(bucket.count for bucket in weeks) == 31
    assert all(bucket.start.weekday() == 0 for bucket in weeks[1:])
    assert len(charts.merged(days(*[1] * 40), months=True, zone="UTC")) == 2


def test_no_hits_make_no_chart() -> None:
    assert charts.histogram([], "day", "UTC").bars == ()


def test_what_is_usual_comes_from_the_days_before() -> None:
    assert charts.usual_range([]) == (0.0, 0.0, 0.0)
    low, usual, high = charts.usual_range(list(range(11)))
    assert (low, usual, high) == (1.0, 5.0, 9.0)


@given(st.integers(-5, 10_000), st.integers(-5, 10_000))
def test_a_shade_is_always_one_of_six(count: int, highest: int) -> None:
    assert charts.shade(count, highest) in range(6)


@given(
    st.lists(st.sampled_from("a bb. ccc dddd e".split())),
    st.lists(st.sampled_from("a bb. ccc dddd e".split())),
)
def test_changes_hold_both_texts(before: list[str], after: list[str]) -> None:
    pieces = changes(" ".join(before), " ".join(after))
    if not any(piece.kind == "gap" for piece in pieces) and pieces:
        old = "".join(piece.text for piece in pieces if piece.kind != "new")
        new = "".join(piece.text for piece in pieces if piece.kind != "gone")
        assert (old.split(), new.split()) == (before, after)


def test_a_change_far_from_others_is_shown_with_its_surroundings_only() -> None:
    words = [f"word{n}" for n in range(200)]
    edited = [*words[:100], "changed", *words[101:]]
    pieces = changes(" ".join(words), " ".join(edited))
    assert [piece.kind for piece in pieces] == ["gap", "same", "gone", "new", "same", "gap"]
    assert "word99 " in pieces[1].text


def test_the_models_card_says_how_often_each_label_is_right() -> None:
    card = files("classifiers").joinpath("model/README.md").read_text(encoding="utf-8")
    measured = precision.read_card(card)
    assert {"actor:russia", "issue:peace-talks", "development:rejected"} <= measured.keys()
    assert all(0 <= item.precision <= 1 for item in measured.values())
    words = precision.in_words("actor:russia", "sure", measured)
    assert "right about 9 times in 10" in words
    assert "Too few cases" in precision.in_words("actor:nobody", "likely", measured)
    assert "alerts leave it out" in precision.in_words("actor:russia", "uncertain", measured)


def test_cells_that_a_spreadsheet_would_compute_are_text() -> None:
    for cell in ("=1+1", "+49", "-1", "@SUM(A1)", "\t=1", "|cmd"):
        assert harmless(cell)[0] in "'=" and not harmless(cell).startswith("="), cell
    assert harmless("Truce holds") == "Truce holds"


def test_times_name_their_zone_and_day() -> None:
    now = datetime(2025, 3, 18, 22, 30, tzinfo=UTC)
    assert moments.short(now, "Europe/Kyiv", now) == "00:30"
    assert moments.short(now - timedelta(hours=1), "Europe/Kyiv", now) == "18 Mar 23:30"
    assert moments.short(now - timedelta(days=400), "UTC", now) == "12 Feb 2024"
    assert moments.full(now, "Europe/Kyiv") == "19 Mar 2025 00:30 EET"
    assert moments.full(now, "America/Sao_Paulo") == "18 Mar 2025 19:30 America/Sao_Paulo"


def test_how_long_ago_in_words() -> None:
    now = START
    said = [
        moments.ago(now - timedelta(minutes=minutes), now)
        for minutes in (0, 1, 59, 60, 60 * 30, 60 * 72, -90)
    ]
    assert said == [
        "just now", "1 minute ago", "59 minutes ago", "1 hour ago", "30 hours ago", "3 days ago", "in 2 hours",
    ]  # fmt: skip
