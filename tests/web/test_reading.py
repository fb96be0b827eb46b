"""What a reader finds on the pages."""

import csv
import io
import json
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from sqlalchemy import insert

from pipeline.db import health, schema
from pipeline.db import stories as story_rows
from pipeline.health import Known
from pipeline.web.views import now
from tests.web.conftest import LATE, Desk

VIEWS = (
    "/", "/search", "/search?q=truce", "/search?q=truce&as=stories", "/search?q=truce&sort=relevance", "/threads",
    "/issues", "/issue/peace-talks", "/matrix", "/matrix?period=all&who=by", "/brief", "/brief.txt", "/brief.md",
    "/alerts", "/alerts/new?q=truce", "/feeds", "/feed/harbour-wire", "/judgement", "/you", "/help", "/metrics",
)  # fmt: skip


NEW_FEED = """
[[feed]]
url = "https://fresh.example/rss"
outlet = "Fresh Courier"
owner = "Fresh"
country = "GB"
side = "third-party"
language = "en"
kind = "news"
"""


def links(text: str, containing: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', text) if containing in link]


@pytest.mark.parametrize("path", VIEWS)
def test_every_view_answers_and_holds_no_inline_script_or_style(desk: Desk, path: str) -> None:
    text = desk.get(path)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", text)


def test_now_says_in_words_what_happened_and_who_reports_it(desk: Desk) -> None:
    text = desk.get("/")
    assert "Russia rejects 30-day ceasefire" in text
    assert "independent source" in text
    assert "Tuesday 18 March 2025" in text
    assert desk.article("Council delays vote") not in text, "no development, so not here"


def test_earlier_stories_follow_each_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    stories = r'<h3[^>]*><a href="/story/([^"]+)"'
    everything = re.findall(stories, desk.get("/"))
    monkeypatch.setattr(now, "STORIES", 2)
    path: str | None = "/"
    walked: list[str] = []
    while path:
        text = desk.get(path)
        walked += re.findall(stories, text)
        path = next(iter(links(text, "/?after=")), None)
    assert sorted(walked) == sorted(everything)


def test_an_error_in_a_query_is_shown_under_its_place(desk: Desk) -> None:
    answer = desk.client.get("/search", params={"q": "truce AND actor:mars"})
    assert answer.status_code == 400
    assert 'truce AND actor:<span class="at">m</span>ars' in answer.text
    assert "is not known in the field actor" in answer.text


def test_a_query_is_echoed_in_plain_words_and_its_hits_are_marked(desk: Desk) -> None:
    text = desk.get("/search?q=truce+AND+actor:russia")
    assert "Articles where title or text has “truce” and Russia acts or is acted on" in text
    assert "<mark>truce</mark>" in text


def test_facets_add_to_the_query_and_take_out_of_it_again(desk: Desk) -> None:
    first = desk.get("/search?q=truce")
    added = next(link for link in links(first, "side%3Aukraine") if "NOT" not in link)
    assert parse_qs(urlsplit(added).query)["q"] == ["truce AND side:ukraine"]
    narrowed = desk.get(added)
    assert len(re.findall('class="result"', narrowed)) < len(re.findall('class="result"', first))
    assert 'href="/search?q=truce"' in narrowed, "the held value leads back"


def test_a_facet_can_be_left_out(desk: Desk) -> None:
    without = next(link for link in links(desk.get("/search?q=truce"), "NOT+side%3Arussia"))
    text = desk.get(without)
    assert "Neva Bulletin</span>" not in text.split('class="bar-row"')[1]
    assert 'href="/search?q=truce"' in text


def test_a_bar_of_the_histogram_zooms_and_all_times_leads_back(desk: Desk) -> None:
    answer = desk.client.get("/search/zoom?q=truce&from=2025-03-18&to=2025-03-17")
    assert parse_qs(urlsplit(str(answer.url)).query)["q"] == [
        "truce AND published:[2025-03-17 TO 2025-03-18]"
    ]
    assert ">All times<" in answer.text


def test_results_continue_behind_the_last_one(desk: Desk) -> None:
    first = desk.get("/search")
    more = links(first, "after=")
    assert not more or "Back to the first page" in desk.get(more[0])


def test_csv_opens_in_a_spreadsheet_and_runs_nothing(desk: Desk) -> None:
    answer = desk.client.get("/search.csv?q=truce")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {"id", "title", "outlet", "published_utc", "url"} <= rows[0].keys()
    assert any("Ukraine" in row["title"] for row in rows)


def test_json_lines_are_those_of_the_command(desk: Desk) -> None:
    lines = [json.loads(line) for line in desk.get("/search.json?q=truce").splitlines()]
    assert list(lines[0]) == [
        "id", "title", "url", "outlet", "published", "seen", "language", "story", "labels", "positions",
    ]  # fmt: skip


def test_citations_name_outlet_title_both_times_address_and_text_hash(desk: Desk) -> None:
    text = desk.get("/search.md?q=respite")
    assert "Neva Bulletin: “Moscow: 30\\-day truce" in text or "Neva Bulletin: “Moscow: 30-day truce" in text
    assert "published 2025-03-18T10:15:00Z, first seen" in text
    assert re.search(r"\(text [0-9a-f]{16,}\)", text)


def test_a_search_is_an_atom_feed(desk: Desk) -> None:
    answer = desk.client.get("/search.atom?q=truce")
    feed = ElementTree.fromstring(answer.content)
    space = "{http://www.w3.org/2005/Atom}"
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert feed.findtext(f"{space}id") == "http://127.0.0.1:8700/search.atom?q=truce"
    entries = feed.findall(f"{space}entry")
    assert entries and all(entry.findtext(f"{space}updated") for entry in entries)


def test_a_story_tells_reported_by_from_claimed_by(desk: Desk) -> None:
    text = desk.get(f"/story/{desk.story('Moscow: 30-day truce')}")
    assert "Reported by" in text
    assert "Claimed by" in text
    assert "What each party says" in text
    assert "Both" in text or "Disputed" in text
    assert "appeared between our polls" in text or "first poll" in text


def test_an_article_says_how_sure_each_label_is_and_what_that_is_worth(desk: Desk) -> None:
    text = desk.get(f"/article/{desk.article('Moscow: 30-day truce')}")
    assert re.search(r"it is right about \d+ times in 10, measured on [\d,]+ texts", text)
    assert "Not this, use that" in text


def test_a_title_keeps_its_own_language_and_direction(desk: Desk) -> None:
    text = desk.get(f"/article/{desk.article('Путін відхилив')}")
    assert '<h1 dir="auto" lang="uk">Путін відхилив повне припинення вогню' in text


def test_times_are_shown_in_the_readers_zone_with_utc_on_hover(desk: Desk) -> None:
    desk.client.cookies.set("zone", "Europe/Kyiv")
    text = desk.get(f"/article/{desk.article('Moscow: 30-day truce')}")
    assert (
        '<time datetime="2025-03-18T10:15:00Z" title="18 Mar 2025 10:15:00 UTC">18 Mar 2025 12:15 EET</time>'
        in text
    )


def test_an_article_leads_to_those_of_like_meaning(desk: Desk) -> None:
    text = desk.get(f"/article/{desk.article('Zaporizhzhia nuclear plant')}/like")
    assert "IAEA asked about future of occupied Zaporizhzhia plant" in text


def test_a_feed_that_answers_and_has_fallen_silent_is_not_called_well(own_desk: Desk) -> None:
    silent = {"harbour-wire": Known("silent", LATE, "nothing new for 40 hours, usually 2")}
    with own_desk.app.database.write() as connection:
        health.save(connection, silent)
    assert "nothing new for 40 hours" in own_desk.get("/feeds")
    assert "which usually carry it, are not well: silence may be ours" in own_desk.get("/issue/peace-talks")


def test_a_zone_that_is_not_there_falls_back_to_utc(desk: Desk) -> None:
    desk.client.cookies.set("zone", "../../etc/passwd")
    assert 'data-zone="UTC"' in desk.get("/")


def test_old_ids_of_stories_and_articles_lead_to_living_ones(own_desk: Desk) -> None:
    old, new = own_desk.story("Moscow: 30-day truce"), own_desk.story("Exchange of 175")
    kept = own_desk.article("Exchange of 175")
    with own_desk.app.database.write() as connection:
        story_rows.merge(connection, old, new, LATE)
        connection.execute(
            insert(schema.tombstone).values(article="gone", revision=2, seen=LATE, at=LATE, merged_into=kept)
        )
        connection.execute(insert(schema.tombstone).values(article="removed", revision=2, seen=LATE, at=LATE))
    assert own_desk.client.get(f"/story/{old}").url.path == f"/story/{new}"
    assert own_desk.client.get("/article/gone").url.path == f"/article/{kept}"
    removed = own_desk.client.get("/article/removed")
    assert removed.status_code == 404
    assert "was removed on 18 March 2025" in removed.text


def test_what_is_not_there_says_so(desk: Desk) -> None:
    for path in (
        "/nothing",
        "/story/nothing",
        "/article/nothing",
        "/issue/nothing",
        "/alert/99999",
        "/thread/nothing",
    ):
        assert desk.client.get(path).status_code == 404, path


def test_what_came_since_the_last_visit_is_marked_until_it_is_read(own_desk: Desk) -> None:
    own_desk.clock.time = LATE.replace(hour=19)
    assert "New" not in own_desk.get("/").split("What happened")[1].split("<footer")[0], (
        "nobody was here before"
    )
    own_desk.clock.time = LATE
    text = own_desk.get("/")
    assert "with something new since your last visit" in text
    assert 'class="tag new"' in text
    assert 'class="tag new"' not in own_desk.post("/read", {})


def test_a_briefing_of_a_wrong_period_says_what_may_be_written(desk: Desk) -> None:
    answer = desk.client.get("/brief?since=whenever")
    assert answer.status_code == 400
    assert "is not a moment" in answer.text


def test_completion_knows_labels_outlets_and_details(desk: Desk) -> None:
    known = desk.client.get("/completions.json").json()
    assert ["russia", "Russia"] in known["values"]["by"]
    assert ["Harbour Wire", "Harbour Wire"] in known["values"]["outlet"]
    assert "called-off" in [value for value, _ in known["values"]["detail"]]


def test_feeds_that_were_never_asked_are_listed_at_the_first_visit_and_not_called_ill(own_desk: Desk) -> None:
    own_desk.app.settings.resolved_feeds().write_text(NEW_FEED, encoding="utf-8")
    text = own_desk.get("/feeds")
    assert "1 feed, 1 not asked yet." in text
    assert "Fresh Courier" in text
    assert "in trouble" not in text


def test_a_reader_in_utc_is_not_told_to_hover_for_utc(own_desk: Desk) -> None:
    assert "on hover" not in own_desk.get("/help")


def test_a_feeds_page_shows_no_password_of_its_address(desk: Desk) -> None:
    from pipeline.web.views.feeds import address

    assert (
        address("https://me:secret@news.example/rss?key=secret")
        == "https://news.example/rss (and parameters)"
    )
    assert "harbour-wire.xml" in desk.get("/feed/harbour-wire")
