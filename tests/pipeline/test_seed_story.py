"""The story of 18 March 2025, from feed documents to the mail, through every real part and the shipped model."""

import email
import email.policy
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.alerts.starters import read_alerts
from pipeline.app import App
from pipeline.sample import ALERTS, START, SimulatedClock, play, sample_app
from pipeline.search import search
from pipeline.settings import Settings
from pipeline.steps.alerts import alert_desk
from pipeline.types import Document

EVENING = START + timedelta(hours=16)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Path]]:
    """The day, played once."""
    folder = tmp_path_factory.mktemp("sample")
    with sample_app(folder, Settings(threads=1)) as app:
        for alert in read_alerts(ALERTS, START):
            alert_desk(app).add(alert, START)
        play(app, folder, SimulatedClock(START))
        yield app, folder


def found(app: App, query: str) -> list[Document]:
    return list(search(app, query, now=EVENING, limit=100).documents)


def labels_of(app: App, words: str) -> set[str]:
    (document,) = found(app, f'title:"{words}"')
    return {label.label for label in document.labels}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (
            "speak by phone on Tuesday about a truce",
            {"actor:united-states", "actor:russia", "issue:peace-talks", "development:talks-announced"},
        ),
        (
            "Ukraine repeats its yes to the 30-day ceasefire",
            {"actor:ukraine", "issue:ceasefire-terms", "development:accepted"},
        ),
        (
            "hold call of more than two hours",
            {"actor:united-states", "actor:russia", "development:talks-held"},
        ),
        ("no more than a respite", {"actor:russia", "issue:ceasefire-terms", "development:rejected"}),
        ("Kremlin names its terms", {"actor:russia", "development:conditions-set"}),
        ("again depends on one backup power line", {"actor:iaea", "issue:zaporizhzhia-plant"}),
        (
            "how the pause in US arms ended",
            {"actor:united-states", "issue:us-military-aid", "development:aid-changed"},
        ),
        ("maritime truce in the Black Sea", {"issue:black-sea", "development:talks-announced"}),
        ("Recruitment goes on", {"issue:mobilization", "actor:ukraine"}),
        ("Exchange of 175 prisoners", {"issue:prisoners"}),
    ],
)
def test_each_report_carries_its_labels(day: tuple[App, Path], title: str, expected: set[str]) -> None:
    app, _folder = day
    assert expected <= labels_of(app, title)


def test_a_council_vote_is_off_topic(day: tuple[App, Path]) -> None:
    app, _folder = day
    assert not {label for label in labels_of(app, "new bridge tolls") if not label.startswith("actor:")}


def test_analysts_find_it_by_what_they_would_type(day: tuple[App, Path]) -> None:
    app, _folder = day
    assert found(app, 'issue:znpp AND "power line"')
    assert found(app, "actor:us AND development:talks-held")
    assert found(app, "side:russia AND development:rejected")
    assert found(app, "development:accepted AND seen:2025-03-18")
    assert not found(app, "development:rejected AND published:[2025-03-19 TO *]")


def test_who_did_it_is_known_and_not_only_that_it_was_done(day: tuple[App, Path]) -> None:
    app, _folder = day
    assert found(app, "(by:russia AND development:rejected)")
    assert found(app, "(by:ukraine AND development:accepted)")


def test_the_alert_on_yes_and_no_mails_what_is_new_with_its_reason(day: tuple[App, Path]) -> None:
    _app, folder = day
    mails = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted((folder / "mail").glob("*.eml"))
    ]
    subjects = [str(mail["Subject"]) for mail in mails]
    assert any("Russia rejects" in subject for subject in subjects), subjects
    assert any("Ukraine accepts" in subject for subject in subjects), subjects
    assert all(str(mail["To"]) == "analyst@example.org" for mail in mails)
    body = mails[0].get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "Yes or no" in text
    assert "https://" in text


def test_ukrainian_reports_are_labelled_and_say_how(day: tuple[App, Path]) -> None:
    app, _folder = day
    documents = found(app, "language:uk AND actor:russia")
    assert documents
    assert all(label.reason for document in documents for label in document.labels)
