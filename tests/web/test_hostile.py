"""What a hostile or careless request may do: nothing, and it is told so with the right status."""

import csv
import io
from urllib.parse import quote

import pytest
from sqlalchemy import update

from pipeline.db import schema
from pipeline.web.access import Access, hashed
from tests.web.conftest import TOKEN, Desk, opened

FAR = "9" * 30


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/", "GET"),
        ("PUT", "/search", "GET"),
        ("GET", "/alerts/save", "POST"),
        ("DELETE", "/story/x", "GET"),
    ],
)
def test_a_method_that_a_page_does_not_know_is_told_which_it_does(
    desk: Desk, method: str, path: str, allowed: str
) -> None:
    answer = desk.client.request(method, path)
    assert answer.status_code == 405
    assert allowed in answer.headers["Allow"]


def test_head_answers_like_get_without_a_body(desk: Desk) -> None:
    for path in ("/", "/search?q=truce", "/static/page.css", "/healthz"):
        answer = desk.client.head(path)
        assert answer.status_code == 200
        assert not answer.content
        assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        f"/alert/1?before={FAR}", f"/alert/{FAR}", "/alert/²", "/brief?since=9999-12-31&until=now",
        "/brief?since=0001-01-01&until=0001-01-05", f"/brief?since={FAR}d", "/brief?since=%00",
        "/search?q=%00", "/search?after=nonsense", "/?after=%00", "/search?sort=relevance&after=x&q=truce",
        "/story/%00", "/article/%00", "/thread/%00", "/feed/%00", "/issue/%00", "/judgement?tag=%00",
        "/search/zoom?q=truce&from=9999-12-30&to=9999-12-31", "/search?q=published:9999-12-31",
        "/search?q=" + "(" * 5000, "/search?q=" + "NOT+" * 2000 + "a", "/search?q=" + "a+" * 4000,
        "/search?q=" + "+".join(f"NOT+outlet:x{number}" for number in range(500)),
        "/search?q=" + "A" * 60_000, "/unsubscribe/%00", "/search.csv?q=((", "/search.atom?q=%0b",
        "/%2e%2e/%2e%2e/etc/passwd", "/static/..%2f..%2fsettings.py", "/static/%2e%2e/server.py", "/static/../server.py",
    ],
)  # fmt: skip
def test_no_address_breaks_the_server(desk: Desk, path: str) -> None:
    answer = desk.client.get(path)
    assert answer.status_code in (200, 400, 404)
    assert "class Settings" not in answer.text
    assert "make_application" not in answer.text


@pytest.mark.parametrize("zone", ["../../../etc/passwd", "/etc/passwd", "Europe", "A" * 4000])
def test_a_cookie_names_no_file(desk: Desk, zone: str) -> None:
    desk.client.cookies.set("zone", zone)
    assert "Times in UTC" in desk.get("/")


def test_no_address_leads_away_from_the_page(desk: Desk) -> None:
    for path in (
        "/search/zoom?q=https://evil.example&from=2025-03-01&to=2025-03-02",
        "/search/",
        "/feeds/",
        "//evil.example/",
    ):
        answer = desk.client.get(path, follow_redirects=False, headers={"Host": "127.0.0.1"})
        assert answer.headers.get("location", "/")[:1] == "/", path
        assert not answer.headers.get("location", "/").startswith("//"), path


def test_a_line_break_in_an_address_reaches_no_header(own_desk: Desk) -> None:
    answer = own_desk.client.post(
        "/story/x%0d%0aX-Evil:%201/unmute", data={"csrf": TOKEN, "mute": "1"}, follow_redirects=False
    )
    assert "x-evil" not in answer.headers
    answer = own_desk.client.post(
        "/you", data={"csrf": TOKEN, "zone": "Europe/Kyiv\r\nX-Evil: 1"}, follow_redirects=False
    )
    assert answer.status_code == 400
    assert "x-evil" not in answer.headers


def test_a_link_cannot_make_the_page_say_that_something_was_done(own_desk: Desk) -> None:
    lie = "All alerts were removed. Call +1 555 0100."
    story = own_desk.story("Trump and Putin hold call")
    for path in (f"/story/{story}", "/alerts", "/alert/1", "/judgement", "/you", "/threads"):
        assert "555" not in own_desk.get(f"{path}?said={quote(lie)}"), path


def test_what_was_done_is_said_once(own_desk: Desk) -> None:
    story = own_desk.story("Trump and Putin hold call")
    assert "Muted: no alert speaks of this story." in own_desk.post(f"/story/{story}/mute", {})
    assert "Muted: no alert speaks of this story." not in own_desk.get(f"/story/{story}")


def test_readers_keep_their_own_settings_where_nothing_can_be_changed(own_desk: Desk) -> None:
    with opened(
        own_desk.app.settings.resolved_feeds().parent, Access(operator="guest", read_only=True)
    ) as desk:
        assert "Saved in this browser." in desk.post("/you", {"zone": "Europe/Kyiv", "theme": "dark"})
        assert 'data-theme="dark"' in desk.get("/")


def test_a_story_is_not_merged_with_itself(own_desk: Desk) -> None:
    story = own_desk.story("Trump and Putin hold call")
    answer = own_desk.client.post(f"/story/{story}/merge", data={"csrf": TOKEN, "into": story})
    assert answer.status_code == 400
    assert "itself" in answer.text


@pytest.mark.parametrize(
    "title", ["=1+1", "＝1+1", "＠SUM(A1)", "a;=1+1", "a; +1", "a\t=1+1", "-2", "@x", "  =1"]
)
def test_no_cell_of_a_spreadsheet_computes(own_desk: Desk, title: str) -> None:
    article = own_desk.article("Trump and Putin hold call")
    with own_desk.app.database.write() as connection:
        connection.execute(update(schema.article).where(schema.article.c.id == article).values(title=title))
    text = own_desk.client.get("/search.csv?q=" + quote('"hold call"')).content.decode("utf-8-sig")
    for separator in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            for cell in row:
                assert cell.strip()[:1] not in tuple("=+-@＝＋－＠"), (separator, cell)


def test_wrong_passwords_do_not_hold_up_those_who_are_in(own_desk: Desk) -> None:
    """Each guess costs its own thread's time, and what is open to all answers without one."""
    access = Access(users={"olena": hashed("right")})
    with opened(own_desk.app.settings.resolved_feeds().parent, access) as desk:
        for header in ("Basic !!!", "Basic " + "A" * 5000, "Bearer x", "Basic " + "/+8=" * 3, "Basic"):
            assert desk.client.get("/", headers={"Authorization": header}).status_code == 401


def test_a_token_of_another_browser_does_not_fit(own_desk: Desk) -> None:
    assert own_desk.client.post("/read", data={"csrf": "тест"}).status_code == 403
    assert own_desk.client.post("/read", content=b"csrf=%ff%fe").status_code == 403


def test_kyiv_is_called_by_its_name_whatever_the_browser_calls_it(desk: Desk) -> None:
    desk.client.cookies.set("zone", "Europe/Kiev")
    assert "Times in Europe/Kyiv" in desk.get("/")


def test_browsers_name_our_page_to_our_own_forms_and_to_no_outlet(desk: Desk) -> None:
    """With `no-referrer` they would send `Origin: null` with our forms, which is refused; the browser tests saw it."""
    assert desk.client.get("/").headers["Referrer-Policy"] == "same-origin"
