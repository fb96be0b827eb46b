"""What is news and what is not: DESIGN.md's announced keys over articles as they arrive."""

from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import insert, select, update

from pipeline.alerts.facts import Mute, StoryFacts
from pipeline.db import alerts as alert_rows
from pipeline.db import schema
from pipeline.db import stories as story_rows
from pipeline.notify import compose
from pipeline.types import Alert
from tests.pipeline.newsroom import ACTORS, DEVELOPMENTS, Newsroom, label, position

RUSSIA_NO = position(
    "rejected", "russia", against=("united-states",), sentence="Moscow rejected the 30-day truce on Tuesday."
)
UKRAINE_YES = position("accepted", "ukraine", sentence="Kyiv accepted the 30-day truce.")


def test_first_report_of_a_story_is_told_with_its_development(any_newsroom: Newsroom) -> None:
    any_newsroom.alert()
    any_newsroom.article("a", RUSSIA_NO)
    assert any_newsroom.cycle() == ["Russia rejects 30-day truce · Ceasefire terms"]
    assert any_newsroom.announced() == {("a", "first", ""), ("a", "development", "rejected:-:russia")}


def test_evidence_marks_whole_words_in_all_their_forms(newsroom: Newsroom) -> None:
    newsroom.alert("text:(dam OR rejection) OR development:rejected")
    newsroom.article(
        "a", position("rejected", "russia", sentence="Moscow rejects a truce at the damaged dam.")
    )
    newsroom.cycle()
    (_, message), *_ = newsroom.outbox.sent
    (line,) = message.lines
    assert [line.quote.sentence[start:end] for start, end in line.quote.marks] == ["rejects", "dam"]


def test_repeating_a_cycle_tells_nothing_again(any_newsroom: Newsroom) -> None:
    any_newsroom.alert()
    any_newsroom.article("a", RUSSIA_NO)
    any_newsroom.cycle()
    assert any_newsroom.cycle() == []


def test_the_second_partys_acceptance_is_news_and_the_fortieth_report_is_not(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.cycle()
    for number in range(40):
        newsroom.article(f"again-{number}", RUSSIA_NO, story="s", outlet=f"Outlet {number}")
    assert newsroom.cycle() == []
    newsroom.article("b", UKRAINE_YES, story="s", outlet="Kyiv Daily")
    assert newsroom.cycle() == ["Ukraine accepts 30-day truce · Ceasefire terms"]


def test_a_later_mail_of_a_story_replies_to_the_first(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.cycle()
    newsroom.article("b", UKRAINE_YES, story="s")
    newsroom.cycle()
    newsroom.article("c", position("accepted", "russia"), story="s")
    newsroom.cycle()
    first, second, third = (letter for letter, _ in newsroom.outbox.sent)
    assert first.in_reply_to is None
    assert second.in_reply_to == third.in_reply_to == first.message_id


def test_a_new_story_of_an_old_thread_announces_afresh_and_replies_to_the_thread(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s1")
    newsroom.cycle()
    newsroom.article("b", RUSSIA_NO, story="s2")
    with newsroom.database.write() as connection:
        connection.execute(update(schema.story).values(thread="t"))
    assert len(newsroom.cycle()) == 1
    first, second = (letter for letter, _ in newsroom.outbox.sent)
    assert second.in_reply_to == first.message_id


def test_an_unsure_development_after_the_first_mail_waits_for_a_second_owner(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.cycle()
    newsroom.article("b", UKRAINE_YES, story="s", sure=False, outlet="Daily", owner="House")
    assert newsroom.cycle() == []
    newsroom.article("c", UKRAINE_YES, story="s", sure=False, outlet="Weekly", owner="House")
    assert newsroom.cycle() == [], "one owner with two outlets counts once"
    newsroom.article("d", UKRAINE_YES, story="s", sure=False, outlet="Other", owner="Other", copy_of="b")
    assert newsroom.cycle() == [], "a copy of the same wire text counts once"
    newsroom.article("e", UKRAINE_YES, story="s", sure=False, outlet="Herald", owner="Herald")
    assert newsroom.cycle() == ["Ukraine accepts 30-day truce · Ceasefire terms"]


def test_a_report_that_leaves_open_who_refused_adds_nothing_to_a_known_refusal(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.cycle()
    newsroom.article("b", position("rejected"), story="s")
    newsroom.article("c", story="s", labels=(label("issue:ceasefire-terms"), label("development:rejected")))
    assert newsroom.cycle() == []


def test_a_refusal_by_nobody_named_adds_nothing_beside_a_named_one_in_the_same_article(
    newsroom: Newsroom,
) -> None:
    newsroom.alert()
    newsroom.article("a", position("rejected"), RUSSIA_NO)
    assert newsroom.cycle() == ["Russia rejects 30-day truce · Ceasefire terms"]


def test_a_label_without_a_position_is_announced_as_unclear(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", labels=(label("issue:ceasefire-terms"), label("development:rejected")))
    assert len(newsroom.cycle()) == 1
    assert ("a", "development", "rejected:-:unclear") in newsroom.announced()


def test_a_story_of_a_hundred_articles_does_not_collect_every_label_into_mails(newsroom: Newsroom) -> None:
    newsroom.alert("issue:ceasefire-terms")
    newsroom.article("first", RUSSIA_NO, story="s")
    assert len(newsroom.cycle()) == 1
    passing = [(development, actor) for development in DEVELOPMENTS for actor in ACTORS]
    for number in range(99):
        development, actor = passing[number % len(passing)]
        asides = (position(development, actor, score=0.6),) if number < len(passing) else ()
        newsroom.article(
            f"a{number:02}", RUSSIA_NO, *asides, story="s", sure=False, outlet=f"Outlet {number}",
            labels=(label("issue:ceasefire-terms"), label("development:rejected", announce=False)),
        )  # fmt: skip
    assert newsroom.cycle() == []


def test_where_nobody_knows_who_did_it_the_title_says_what_it_is_about(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article(
        "a", title="No to the truce, says a source", labels=(label("issue:ceasefire-terms"), label("development:rejected"))
    )  # fmt: skip
    assert newsroom.cycle() == ["Offer rejected: No to the truce, says a source · Ceasefire terms"]


def test_refusals_of_different_things_are_no_joint_refusal(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article(
        "a",
        position("rejected", "russia", sentence="Russia rejected the 30-day truce."),
        position("rejected", "ukraine", sentence="Ukraine rejected the prisoner exchange."),
    )
    newsroom.article(
        "b",
        position("accepted", "russia", "ukraine", sentence="Russia and Ukraine accepted the 30-day truce."),
        story="b",
    )
    first, second = newsroom.cycle()
    assert first.startswith("Russia rejects 30-day truce; Ukraine rejects prisoner exchange")
    assert second.startswith("Russia and Ukraine accept 30-day truce")


def test_only_developments_that_the_query_names_count(newsroom: Newsroom) -> None:
    newsroom.alert("development:rejected AND actor:russia")
    newsroom.article("a", RUSSIA_NO, story="s", labels=(label("actor:russia"), label("issue:peace-talks")))
    newsroom.cycle()
    newsroom.article(
        "b", RUSSIA_NO, position("attack-reported", "russia"), position("talks-held", "russia"), story="s",
        labels=(label("actor:russia"), label("issue:peace-talks")),
    )  # fmt: skip
    assert newsroom.cycle() == []
    assert {value for _, kind, value in newsroom.announced() if kind == "development"} == {
        "rejected:-:russia"
    }


def test_only_positions_that_satisfy_the_query_count(newsroom: Newsroom) -> None:
    newsroom.alert("(by:russia AND development:rejected)")
    newsroom.article("a", RUSSIA_NO, position("rejected", "ukraine"))
    newsroom.cycle()
    assert {value for _, kind, value in newsroom.announced() if kind == "development"} == {
        "rejected:-:russia"
    }


def test_a_query_for_two_positions_counts_each_of_them(newsroom: Newsroom) -> None:
    newsroom.alert("((by:russia AND development:rejected) AND (by:ukraine AND development:accepted))")
    newsroom.article("a", RUSSIA_NO, UKRAINE_YES, position("attack-reported", "russia"))
    newsroom.cycle()
    values = {value for _, kind, value in newsroom.announced() if kind == "development"}
    assert values == {"rejected:-:russia", "accepted:-:ukraine"}


@pytest.mark.parametrize("reason", ["first-fetch", "old", "undated", "import", "backfill", "retag"])
def test_what_is_not_live_fires_nothing_and_is_known_from_then_on(newsroom: Newsroom, reason: str) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s", reason=reason)
    assert newsroom.cycle() == []
    newsroom.article("b", RUSSIA_NO, story="s")
    assert newsroom.cycle() == [], "its keys were taken as known"
    newsroom.article("c", UKRAINE_YES, story="s")
    assert len(newsroom.cycle()) == 1


def test_an_article_that_arrives_six_hours_late_still_fires_once(newsroom: Newsroom) -> None:
    newsroom.alert()
    published = newsroom.now
    newsroom.wait(hours=6)
    newsroom.article("a", RUSSIA_NO, published=published)
    assert len(newsroom.cycle()) == 1
    assert newsroom.cycle() == []


def test_edited_titles_bodies_dates_and_addresses_make_no_second_mail(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO)
    newsroom.cycle()
    newsroom.wait(hours=1)
    newsroom.change(
        "a", RUSSIA_NO, title="Another title", text="Other words", url="https://news.example/moved"
    )
    newsroom.change("a", RUSSIA_NO, published=newsroom.now)
    assert newsroom.cycle() == []


def test_a_live_blogs_new_position_fires_and_its_rewording_does_not(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("blog", RUSSIA_NO, form="live-blog")
    newsroom.cycle()
    newsroom.wait(minutes=30)
    newsroom.change("blog", RUSSIA_NO, title="Live: reworded")
    assert newsroom.cycle() == []
    newsroom.wait(minutes=30)
    newsroom.change("blog", RUSSIA_NO, UKRAINE_YES)
    assert newsroom.cycle() == ["Ukraine accepts 30-day truce · Ceasefire terms"]


@pytest.mark.parametrize("form", ["opinion", "explainer", "round-up"])
def test_other_forms_fire_only_where_the_alert_asks_for_them(newsroom: Newsroom, form: str) -> None:
    newsroom.alert(name="reports")
    newsroom.alert(name="all", all_forms=True, recipients=("all@example.org",))
    newsroom.article("a", RUSSIA_NO, story="s", form=form)
    newsroom.cycle()
    assert [letter.recipient for letter, _ in newsroom.outbox.sent] == ["all@example.org"]
    newsroom.article("b", RUSSIA_NO, story="s")
    newsroom.cycle()
    assert [letter.recipient for letter, _ in newsroom.outbox.sent][1:] == ["reader@example.org"], (
        "an opinion piece does not use up the report that follows it"
    )


def test_the_uncertain_band_fires_only_where_the_alert_asks_for_it(newsroom: Newsroom) -> None:
    newsroom.alert("development:rejected", name="sure")
    newsroom.alert(
        "development:rejected", name="unsure", include_uncertain=True, recipients=("unsure@example.org",)
    )
    unsure = label("development:rejected", decision="uncertain", score=0.4, announce=False)
    newsroom.article("a", labels=(label("issue:ceasefire-terms"), unsure))
    newsroom.cycle()
    assert [letter.recipient for letter, _ in newsroom.outbox.sent] == ["unsure@example.org"]


def test_scores_below_the_alerts_minimum_do_not_count(newsroom: Newsroom) -> None:
    newsroom.alert("development:rejected", min_score=0.8)
    weak = label("development:rejected", score=0.7)
    newsroom.article("a", RUSSIA_NO, story="s", labels=(label("issue:ceasefire-terms"), weak))
    assert newsroom.cycle() == []
    newsroom.article("b", RUSSIA_NO, story="s")
    assert len(newsroom.cycle()) == 1


def test_a_new_alert_sees_later_arrivals_only(newsroom: Newsroom) -> None:
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.wait(minutes=1)
    newsroom.alert()
    assert newsroom.cycle() == []
    newsroom.wait(minutes=1)
    newsroom.article("b", RUSSIA_NO, story="s")
    assert newsroom.cycle() == [], "the open story is known"
    newsroom.article("c", RUSSIA_NO, UKRAINE_YES, story="s")
    assert newsroom.cycle() == ["Ukraine accepts 30-day truce · Ceasefire terms"]


def test_editing_disabling_and_enabling_an_alert_makes_no_storm(newsroom: Newsroom) -> None:
    newsroom.alert()
    for number in range(5):
        newsroom.article(f"a{number}", RUSSIA_NO)
    assert len(newsroom.cycle()) == 5
    newsroom.wait(minutes=5)
    newsroom.alerts.edit("Answers", {"query": "issue:ceasefire-terms"}, newsroom.now)
    newsroom.alerts.pause("Answers")
    newsroom.wait(minutes=5)
    newsroom.article("meanwhile", UKRAINE_YES)
    newsroom.cycle()
    newsroom.wait(minutes=5)
    newsroom.alerts.resume("Answers", newsroom.now)
    assert newsroom.cycle() == []
    newsroom.wait(minutes=5)
    for number in range(5):
        newsroom.change(f"a{number}", RUSSIA_NO, title="Edited")
    assert newsroom.cycle() == []


def test_an_edited_query_is_used_even_where_it_changes_between_matching_and_deciding(
    newsroom: Newsroom,
) -> None:
    newsroom.alert("development:accepted")
    newsroom.wait(minutes=1)
    newsroom.alerts.edit("Answers", {"query": "development:rejected"}, newsroom.now)
    newsroom.article("a", RUSSIA_NO)
    assert len(newsroom.cycle()) == 1


def test_an_expired_alert_is_silent(newsroom: Newsroom) -> None:
    newsroom.alert(expires=newsroom.now.replace(hour=12))
    newsroom.wait(hours=4)
    newsroom.article("a", RUSSIA_NO)
    assert newsroom.cycle() == []


def test_a_change_of_status_is_news_once(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s", title="Answer to the truce")
    newsroom.cycle()
    with newsroom.database.write() as connection:
        connection.execute(update(schema.story).where(schema.story.c.id == "s").values(status="disputed"))
    newsroom.article("b", RUSSIA_NO, story="s")
    assert newsroom.cycle() == ["Disputed: Answer to the truce · Ceasefire terms"]
    newsroom.article("c", RUSSIA_NO, story="s")
    assert newsroom.cycle() == []


def test_a_status_beside_a_development_does_not_name_an_older_article(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s", title="Answer to the truce")
    newsroom.cycle()
    with newsroom.database.write() as connection:
        connection.execute(update(schema.story).where(schema.story.c.id == "s").values(status="disputed"))
    newsroom.article("b", UKRAINE_YES, story="s")
    (subject,) = newsroom.cycle()
    assert "Ukraine accepts" in subject
    assert "Disputed" in subject
    assert "Answer to the truce" not in subject


def test_merged_stories_keep_what_was_announced_for_either(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.alert()
    room.article("a", RUSSIA_NO, story="s1")
    room.article("b", UKRAINE_YES, story="s2")
    assert len(room.cycle()) == 2
    room.merge("s1", "s2")
    room.article("c", RUSSIA_NO, UKRAINE_YES, story="s2")
    assert room.cycle() == []
    room.article("d", position("accepted", "russia"), story="s2")
    room.cycle()
    second = next(letter for letter, message in room.outbox.sent if message.subject.startswith("Ukraine"))
    assert room.outbox.sent[-1][0].in_reply_to in {room.outbox.sent[0][0].message_id, second.message_id}


def test_split_stories_repeat_nothing(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.alert()
    room.article("a", RUSSIA_NO, story="s")
    room.article("b", UKRAINE_YES, story="s")
    room.cycle()
    with room.database.write() as connection:
        story_rows.split(connection, "s", ["b"], room.now)
    room.reindex()
    assert room.cycle() == []


def test_muted_stories_outlets_and_phrases_stay_silent_until_their_date(newsroom: Newsroom) -> None:
    alert = newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.cycle()
    until = newsroom.now.replace(hour=20)
    with newsroom.database.write() as connection:
        alert_rows.mute(connection, Mute("story", "s", alert.id, None, until), newsroom.now)
        alert_rows.mute(connection, Mute("outlet", "gossip daily", None, None, None), newsroom.now)
        alert_rows.mute(connection, Mute("phrase", "horoscope", alert.id, None, None), newsroom.now)
    newsroom.article("b", UKRAINE_YES, story="s")
    newsroom.article("c", UKRAINE_YES, outlet="Gossip Daily")
    newsroom.article("d", UKRAINE_YES, title="The Horoscope of the truce")
    assert newsroom.cycle() == []
    newsroom.wait(hours=12)
    newsroom.article("e", UKRAINE_YES, position("accepted", "russia"), story="s")
    assert newsroom.cycle() == ["Russia accepts offer · Ceasefire terms"], (
        "what a mute kept silent stays told"
    )


def test_a_recipients_own_mute_spares_only_them(newsroom: Newsroom) -> None:
    alert = newsroom.alert(recipients=("a@example.org", "b@example.org"))
    newsroom.article("a", RUSSIA_NO, story="s")
    with newsroom.database.write() as connection:
        alert_rows.mute(connection, Mute("story", "s", alert.id, "a@example.org", None), newsroom.now)
    newsroom.cycle()
    assert [letter.recipient for letter, _ in newsroom.outbox.sent] == ["b@example.org"]


def test_an_alert_whose_query_no_longer_parses_holds_up_no_other(newsroom: Newsroom) -> None:
    newsroom.alert(name="good")
    broken = newsroom.alert("issue:prisoners", name="broken")
    with newsroom.database.write() as connection:
        connection.execute(
            update(schema.alert).where(schema.alert.c.id == broken.id).values(query="issue:forgotten")
        )
    newsroom.article("a", RUSSIA_NO)
    report = newsroom.announce()
    assert report.messages == 1
    assert "broken" in report.problems[0]
    assert set_aside(newsroom) == ["broken"]
    newsroom.alerts.edit("broken", {"query": "issue:prisoners"}, newsroom.now)
    assert set_aside(newsroom) == []


def set_aside(room: Newsroom) -> list[str]:
    """What the step has set aside."""
    with room.database.read() as connection:
        return list(connection.execute(select(schema.set_aside.c.subject)).scalars())


def test_articles_that_the_index_does_not_show_yet_stay_queued(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO)
    newsroom.index.clear()
    assert newsroom.announce().waiting == 1
    with newsroom.database.write() as connection:
        connection.execute(update(schema.article).values(indexed_revision=0))
    newsroom.reindex()
    assert len(newsroom.cycle()) == 1


def test_a_mute_follows_its_story_into_another(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s1")
    newsroom.article("b", UKRAINE_YES, story="s2")
    newsroom.cycle()
    with newsroom.database.write() as connection:
        alert_rows.mute(connection, Mute("story", "s1"), newsroom.now)
    newsroom.merge("s1", "s2")
    newsroom.article("c", position("accepted", "russia"), story="s2")
    assert newsroom.cycle() == []


def test_an_alert_that_follows_a_thread_hears_of_no_other(newsroom: Newsroom) -> None:
    newsroom.alert(thread="t")
    newsroom.article("a", RUSSIA_NO, story="s1")
    assert newsroom.cycle() == []
    with newsroom.database.write() as connection:
        connection.execute(update(schema.story).values(thread="t"))
    newsroom.article("b", UKRAINE_YES, story="s1")
    assert len(newsroom.cycle()) == 1


def test_a_story_that_cannot_be_told_holds_up_no_other(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.alert(name="Answers")
    room.alert(name="Others")
    room.article("good", RUSSIA_NO)
    room.article("bad", RUSSIA_NO, UKRAINE_YES)
    real = compose.news

    def fails_on_one(alert: Alert, scope: Any, story: StoryFacts, *rest: Any) -> Any:
        if (alert.name, story.id) == ("Answers", "bad"):
            raise ValueError("no such word")
        return real(alert, scope, story, *rest)

    with patch.object(compose, "news", fails_on_one):
        report = room.announce()
    assert report.problems == ("alert 'Answers' could not tell of story bad: ValueError: no such word",)
    room.send()
    assert sorted(message.alert.name for _, message in room.outbox.sent) == ["Answers", "Others", "Others"]
    room.article("more", UKRAINE_YES, story="bad")
    assert len(room.cycle()) == 1, "the next report of it is told"


def test_who_muted_the_first_outlet_hears_of_it_from_the_next_one(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.alert(recipients=("a@example.org", "b@example.org"))
    with room.database.write() as connection:
        alert_rows.mute(connection, Mute("outlet", "Harbour Wire", recipient="b@example.org"), room.now)

    def to() -> list[str]:
        before = len(room.outbox.sent)
        room.cycle()
        return [letter.recipient for letter, _ in room.outbox.sent[before:]]

    room.article("a", RUSSIA_NO, story="s")
    assert to() == ["a@example.org"]
    room.article("again", RUSSIA_NO, story="s")
    assert to() == [], "it is muted still"
    room.article("b", RUSSIA_NO, story="s", outlet="Other")
    assert to() == ["b@example.org"]
    room.article("c", RUSSIA_NO, story="s", outlet="Third")
    assert to() == [], "and once"
    room.article("d", UKRAINE_YES, story="s", outlet="Third")
    assert sorted(to()) == ["a@example.org", "b@example.org"]


@pytest.mark.parametrize("last", [0, 29])
def test_what_waits_of_one_story_is_told_in_one_mail_in_whatever_order_it_came(
    newsroom: Newsroom, last: int
) -> None:
    """As many articles as a wire's story brings within a cycle: how they are dealt into transactions is no news."""
    newsroom.alert()
    newsroom.wait(minutes=1)
    for number in range(30):
        answers = (position("accepted", "ukraine"),) if number == last else (position("rejected", "russia"),)
        newsroom.article(f"a{number:02}", *answers, story="s")
        newsroom.article(f"b{number:02}", labels=(label("actor:iaea"),))
        newsroom.wait(seconds=1)
    (subject,) = newsroom.cycle()
    assert {part.strip() for part in subject.partition(" · ")[0].split(";")} == {
        "Russia rejects offer", "Ukraine accepts offer",
    }  # fmt: skip


@pytest.mark.parametrize("living", ["s1", "s2"])
def test_an_alert_on_a_thread_still_hears_of_a_story_that_merges_with_one_of_another_thread(
    newsroom: Newsroom, living: str
) -> None:
    newsroom.article("a", RUSSIA_NO, story="s1")
    newsroom.article("b", RUSSIA_NO, story="s2")
    with newsroom.database.write() as connection:
        for thread, story in (("t1", "s1"), ("t2", "s2")):
            times = {"first_seen": newsroom.now, "last_seen": newsroom.now}
            connection.execute(insert(schema.thread).values(id=thread, title=thread, **times))
            connection.execute(update(schema.story).where(schema.story.c.id == story).values(thread=thread))
        connection.execute(update(schema.article).values(revision=schema.article.c.revision + 1))
    newsroom.reindex()
    newsroom.alert(thread="t1")
    newsroom.cycle()
    newsroom.wait(minutes=5)
    newsroom.merge(*(("s2", "s1") if living == "s1" else ("s1", "s2")))
    newsroom.article("c", UKRAINE_YES, story=living, outlet="Dnipro Courier")
    assert newsroom.cycle() == ["Ukraine accepts 30-day truce · Ceasefire terms"]
