"""Making, changing and trying out alerts."""

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.alerts.check import check_recipient, language_warnings
from pipeline.alerts.starters import SHIPPED, read_alerts
from pipeline.db import alerts as alert_rows
from pipeline.errors import NotFoundError, QueryError, SettingsError
from pipeline.notify.compose import would_say
from pipeline.query.language import parse
from tests.pipeline.newsroom import LABELS, START, Newsroom, label, position

RUSSIA_NO = position("rejected", "russia")
UKRAINE_YES = position("accepted", "ukraine")


def test_an_alert_comes_back_from_the_database_as_it_was_written(any_newsroom: Newsroom) -> None:
    made = any_newsroom.alert(
        cadence="daily", daily_at="06:30", zone="Europe/Kyiv", quiet=("22:00", "07:00"), daily_cap=5,
        expires=START + timedelta(days=90), min_score=0.6, include_uncertain=True, all_forms=True, say_nothing_new=False,
    )  # fmt: skip
    with any_newsroom.database.read() as connection:
        assert alert_rows.get(connection, "Answers") == made


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"recipients": ()}, "at least one recipient"),
        ({"recipients": ("nobody",)}, "not a mail address"),
        ({"recipients": ("a@example.org\nBcc: x@example.org",)}, "not a mail address"),
        ({"recipients": ("https://",)}, "no webhook"),
        ({"name": "two\nlines"}, "no name"),
        ({"cadence": "weekly"}, "cadence"),
        ({"zone": "Mars/Base"}, "time zone"),
        ({"daily_at": "7 am"}, "HH:MM"),
        ({"quiet": ("07:00", "07:00")}, "same time"),
        ({"daily_cap": 0}, "1 or more"),
        ({"min_score": 1.5}, "between 0 and 1"),
        ({"expires": START - timedelta(days=1)}, "expire before"),
    ],
)
def test_what_is_wrong_with_an_alert_is_said(
    newsroom: Newsroom, options: dict[str, object], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        newsroom.alert(**options)  # type: ignore[arg-type]


def test_a_query_that_cannot_be_understood_is_refused_with_its_place(newsroom: Newsroom) -> None:
    with pytest.raises(QueryError) as caught:
        newsroom.alert("development:rejectd")
    assert caught.value.position > 0


def test_a_name_is_taken_once_and_unknown_names_list_what_there_is(newsroom: Newsroom) -> None:
    newsroom.alert()
    with pytest.raises(SettingsError, match="already"):
        newsroom.alert()
    with newsroom.database.read() as connection, pytest.raises(NotFoundError, match="Answers"):
        alert_rows.get(connection, "Question")


def test_starters_come_once_paused_and_need_a_recipient_to_be_resumed(newsroom: Newsroom) -> None:
    made = newsroom.alerts.install_starters(newsroom.now)
    assert len(made) == 5
    assert all(alert.paused and alert.starter for alert in made)
    assert newsroom.alerts.install_starters(newsroom.now) == []
    with pytest.raises(SettingsError, match="no recipient"):
        newsroom.alerts.resume("Accepted or rejected", newsroom.now)
    newsroom.alerts.edit("Accepted or rejected", {"recipients": ("a@example.org",)}, newsroom.now)
    assert not newsroom.alerts.resume("Accepted or rejected", newsroom.now).paused
    newsroom.wait(minutes=1)
    newsroom.article("a", RUSSIA_NO)
    assert len(newsroom.cycle()) == 1


def test_every_starter_query_is_understood() -> None:
    for alert in read_alerts(SHIPPED, START, starter=True):
        parse(alert.query, labels=LABELS, now=START)


def test_a_file_of_alerts_says_where_it_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text('[[alert]]\nname = "a"\nquery = "x"\nrecipient = ["a@example.org"]\n')
    with pytest.raises(SettingsError, match=r"alert 1 \(a\): unknown keys recipient"):
        read_alerts(path, START)
    path.write_text('[[alert]]\nname = "a"\nquery = "x"\n')
    (alert,) = read_alerts(path, START, recipients=("a@example.org",))
    assert (alert.recipients, alert.paused) == (("a@example.org",), False)


def test_what_an_alert_would_have_sent_by_day_and_how_many_mails_grouping_saved(newsroom: Newsroom) -> None:
    for number in range(6):
        newsroom.article(f"a{number}", RUSSIA_NO, story="s", reason="first-fetch")
    newsroom.wait(days=1)
    newsroom.article("b", UKRAINE_YES, story="s")
    newsroom.article("c", UKRAINE_YES, story="other", reason="import")
    newsroom.wait(days=1)
    alert = newsroom.alert()
    result = newsroom.alerts.test(alert, 7, newsroom.now)
    assert [(day.day, day.messages, day.articles) for day in result.days] == [
        ("2025-03-18", 1, 6),
        ("2025-03-19", 2, 2),
    ]
    assert (result.messages, result.saved) == (3, 5)


def test_a_tried_alert_says_what_its_mails_say(newsroom: Newsroom) -> None:
    alert = newsroom.alert("actor:russia OR development:(rejected OR accepted)")
    newsroom.wait(minutes=1)
    newsroom.article("a", RUSSIA_NO, story="s", title="Moscow says no")
    newsroom.article("b", title="Moscow speaks", labels=(label("actor:russia"),))
    subjects = newsroom.cycle()
    newsroom.wait(hours=1)
    newsroom.article("c", UKRAINE_YES, story="s", side="ukraine")
    subjects += newsroom.cycle()
    newsroom.wait(minutes=1)
    tried = newsroom.alerts.test(alert, 7, newsroom.now)
    said = [would_say(news, newsroom.desk.words) for news in tried.news]
    assert sorted(said) == sorted(subject.partition(" · ")[0] for subject in subjects)
    assert any(line.startswith("Russia rejects") for line in said)
    assert "Moscow speaks" in said


def test_a_tried_daily_alert_counts_one_mail_a_day(newsroom: Newsroom) -> None:
    alert = newsroom.alert(cadence="daily")
    newsroom.wait(minutes=1)
    for number in range(3):
        newsroom.article(f"a{number}", RUSSIA_NO)
    newsroom.wait(days=1)
    assert newsroom.alerts.test(alert, 7, newsroom.now).messages == 1


def test_a_query_that_other_languages_can_never_match_is_warned_about() -> None:
    def warned(text: str) -> list[str]:
        query = parse(text, labels=LABELS, now=START)
        return language_warnings(query, ["en"], by_alias=["issue:prisoners"])

    (warning,) = warned("development:rejected AND actor:russia")
    assert "read in English texts only" in warning
    assert "OR (NOT language:en AND (issue:prisoners))" in warning
    assert warned("development:rejected OR issue:prisoners") == []
    assert warned("(by:russia AND development:rejected)") != []
    assert warned("NOT development:rejected") == []


@pytest.mark.parametrize(
    "recipient",
    ["a@example.org", "Анна <a@example.org>", "https://hooks.example/x", "slack+https://hooks.example/x"],
)
def test_recipients_that_can_be_reached(recipient: str) -> None:
    check_recipient(recipient)


def test_a_further_recipient_or_quieter_hours_miss_nothing_that_is_on_its_way(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.wait(minutes=1)
    newsroom.article("a", RUSSIA_NO)
    newsroom.wait(minutes=1)
    newsroom.alerts.edit(
        "Answers", {"recipients": ("a@example.org", "b@example.org"), "daily_cap": 9}, newsroom.now
    )
    assert len(newsroom.cycle()) == 2
    assert newsroom.cycle() == []


def test_an_opinion_piece_from_before_an_alert_does_not_hide_the_report_after_it(newsroom: Newsroom) -> None:
    newsroom.article("a", RUSSIA_NO, story="s", form="opinion")
    newsroom.wait(minutes=1)
    newsroom.alert()
    newsroom.wait(minutes=1)
    newsroom.article("b", RUSSIA_NO, story="s", outlet="Other")
    assert len(newsroom.cycle()) == 1
