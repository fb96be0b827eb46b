"""People's own judgement: corrections, verdicts, alerts made on the page; at once in effect, and undone."""

import re

from sqlalchemy import select, update

from pipeline.db import corrections, schema
from tests.web.conftest import Desk

CALL = "Trump and Putin hold call"


def found(desk: Desk, query: str) -> set[str]:
    return set(re.findall(r'<h3[^>]*><a href="/article/([^?"]+)', desk.get(f"/search?q={query}")))


def test_a_correction_changes_search_at_once_and_undo_puts_it_back(own_desk: Desk) -> None:
    article = own_desk.article("Exchange of 175")
    query = "issue:prisoners"
    assert article in found(own_desk, query)
    said = own_desk.post(f"/article/{article}/correct", {"target": "issue:prisoners", "verdict": "wrong"})
    assert "Noted: “Prisoners" in said
    assert article not in found(own_desk, query)
    log = own_desk.get("/judgement")
    assert "olena" in log
    number = re.search(r'name="number" value="(\d+)"', log)
    assert number is not None
    own_desk.post("/judgement/undo-correction", {"number": number[1]})
    assert article in found(own_desk, query)


def test_a_missing_position_is_added_from_the_forms_parts(own_desk: Desk) -> None:
    article = own_desk.article("Council delays vote")
    text = own_desk.post(
        f"/article/{article}/correct",
        {
            "verdict": "missing",
            "development": "rejected",
            "by": ["russia", "ukraine"],
            "sentence": "Both said no.",
        },
    )
    assert "Russia and Ukraine reject offer" in text
    assert article in found(own_desk, "(by:ukraine AND development:rejected)")


def test_copies_of_a_text_follow_its_correction_and_its_undo(own_desk: Desk) -> None:
    first, second = own_desk.article(CALL), own_desk.article("Russia agrees to 30-day halt")
    with own_desk.app.database.write() as connection:
        connection.execute(update(schema.article).where(schema.article.c.id == second).values(copy_of=first))
    own_desk.post(f"/article/{first}/correct", {"target": "issue:sanctions", "verdict": "missing"})
    assert {first, second} <= found(own_desk, "issue:sanctions")
    with own_desk.app.database.read() as connection:
        assert len(corrections.list_all(connection)) == 1, "the log shows what was said, not what followed"
        number = corrections.list_all(connection)[0].id
    own_desk.post("/judgement/undo-correction", {"number": str(number)})
    assert not {first, second} & found(own_desk, "issue:sanctions")


def test_a_correction_that_names_no_label_is_refused_with_what_would_be_right(own_desk: Desk) -> None:
    article = own_desk.article(CALL)
    answer = own_desk.client.post(
        f"/article/{article}/correct",
        data={"csrf": "a token that the test chose", "target": "issue:marsquakes", "verdict": "wrong"},
    )
    assert answer.status_code == 400
    assert "is not a label of this taxonomy" in answer.text


def test_corrections_export_as_training_lines(own_desk: Desk) -> None:
    article = own_desk.article("Exchange of 175")
    own_desk.post(f"/article/{article}/correct", {"target": "issue:prisoners", "verdict": "right"})
    line = own_desk.client.get("/judgement/corrections.jsonl").json()
    assert line["id"] == article
    assert "prisoners" in line["issues"]
    assert line["corrected"] == [{"target": "issue:prisoners", "verdict": "right", "author": "olena"}]


def test_a_verdict_notes_and_tags_stand_on_the_story_and_survive_a_merge(own_desk: Desk) -> None:
    old, new = own_desk.story("Exchange of 175"), own_desk.story(CALL)
    own_desk.post(f"/story/{old}/judge", {"kind": "verdict", "value": "confirmed", "note": "Two officials."})
    own_desk.post(f"/story/{old}/judge", {"kind": "note", "note": "Ask the Red Cross."})
    own_desk.post(f"/story/{old}/judge", {"kind": "tag", "value": "swap"})
    own_desk.post(f"/story/{old}/merge", {"into": f"http://127.0.0.1:8700/story/{new}"})
    text = own_desk.get(f"/story/{new}")
    assert "Confirmed" in text
    assert "Ask the Red Cross." in text
    assert "#swap" in text
    assert f"/story/{new}" in own_desk.get("/judgement?tag=swap")


def test_a_tag_of_ours_is_searched_for_at_once_and_follows_its_story_into_another(own_desk: Desk) -> None:
    story, article = own_desk.story("Exchange of 175"), own_desk.article("Exchange of 175")
    query = 'tag:"prisoner swap"'
    assert not found(own_desk, query)
    own_desk.post(f"/story/{story}/judge", {"kind": "tag", "value": "Prisoner swap"})
    assert article in found(own_desk, query)
    assert ["Prisoner swap", "Prisoner swap"] in own_desk.client.get("/completions.json").json()["values"][
        "tag"
    ]
    into, other = own_desk.story(CALL), own_desk.article(CALL)
    assert other not in found(own_desk, query)
    own_desk.post(f"/story/{story}/merge", {"into": into})
    assert {article, other} <= found(own_desk, query)
    number = re.search(
        r'name="number" value="(\d+)" */?><button aria-label="Undo tag', own_desk.get("/judgement")
    )
    assert number is not None
    own_desk.post("/judgement/undo", {"number": number[1]})
    assert not found(own_desk, query)


def test_a_verdict_that_is_none_is_refused(own_desk: Desk) -> None:
    answer = own_desk.client.post(
        f"/story/{own_desk.story(CALL)}/judge",
        data={"csrf": "a token that the test chose", "kind": "verdict", "value": "perhaps"},
    )
    assert answer.status_code == 400
    assert "is no verdict" in answer.text


def test_a_judgement_is_undone_and_stays_in_the_log(own_desk: Desk) -> None:
    story = own_desk.story(CALL)
    own_desk.post(f"/story/{story}/judge", {"kind": "verdict", "value": "false"})
    said = own_desk.get("/judgement")
    named = re.search(rf'href="/story/{story}"[^>]*>([^<]+)<', said)
    assert named is not None
    assert named[1] in own_desk.get(f"/story/{story}"), "a story is named by its news, not by its id"
    number = re.search(r'name="number" value="(\d+)"', said)
    assert number is not None
    log = own_desk.post("/judgement/undo", {"number": number[1]})
    assert "taken back by olena" in log
    assert "No verdict yet" in own_desk.get(f"/story/{story}")


def test_articles_are_taken_out_of_a_story(own_desk: Desk) -> None:
    article = own_desk.article("Recruitment goes on")
    before = own_desk.story("Recruitment goes on")
    own_desk.post(f"/story/{before}/split", {"article": [article]})
    assert own_desk.story("Recruitment goes on") != before
    assert article in found(own_desk, f"story:{own_desk.story('Recruitment goes on')}")


def test_a_story_is_muted_and_heard_again(own_desk: Desk) -> None:
    story = own_desk.story(CALL)
    text = own_desk.post(f"/story/{story}/mute", {})
    number = re.search(r'name="mute" value="(\d+)"', text)
    assert number is not None
    assert "Mute in every alert" in own_desk.post(f"/story/{story}/unmute", {"mute": number[1]})


def test_an_alert_is_made_from_a_search_paused_changed_and_removed(own_desk: Desk) -> None:
    form = own_desk.get("/alerts/new?q=development:rejected")
    assert re.search(r"<strong>\d+ mails?</strong> for \d+ matching articles?", form)
    text = own_desk.post(
        "/alerts/save",
        {"name": "Refusals", "query": "development:rejected", "recipients": "me@example.org, you@example.org",
         "cadence": "instant", "zone": "Europe/Kyiv"},
    )  # fmt: skip
    assert "Saved. It sees what arrives from now on." in text
    with own_desk.app.database.read() as connection:
        table = schema.alert.c
        row = connection.execute(select(schema.alert).where(table.name == "Refusals")).one()
    assert row.recipients == ["me@example.org", "you@example.org"]
    assert "Paused" in own_desk.post(f"/alert/{row.id}/change", {"do": "pause"})
    assert "Open again" in own_desk.post(f"/alert/{row.id}/change", {"do": "resume"})
    changed = own_desk.post(
        "/alerts/save",
        {"existing": "Refusals", "name": "Answers", "query": "development:accepted", "recipients": "me@example.org",
         "cadence": "daily", "daily_at": "06:30"},
    )  # fmt: skip
    assert "Answers" in changed
    assert "Refusals" not in own_desk.post(f"/alert/{row.id}/change", {"do": "remove"}).split("<table")[1]


def test_an_alert_whose_query_is_wrong_shows_the_place_and_keeps_what_was_typed(own_desk: Desk) -> None:
    answer = own_desk.client.post(
        "/alerts/save",
        data={
            "csrf": "a token that the test chose",
            "name": "Mars",
            "query": "actor:mars",
            "recipients": "me@example.org",
        },
    )
    assert answer.status_code == 400
    assert 'actor:<span class="at">m</span>ars' in answer.text
    assert 'value="me@example.org"' in answer.text


def test_an_alerts_history_says_what_was_sent_to_whom_and_why(own_desk: Desk) -> None:
    with own_desk.app.database.read() as connection:
        number = connection.execute(select(schema.notification.c.alert).limit(1)).scalar_one()
    text = own_desk.get(f"/alert/{number}")
    assert "analyst@example.org: sent" in text
    assert "The message, and why it was sent" in text
