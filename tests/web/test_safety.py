"""What keeps the page's readers safe: who may come in, what may be written, and what other people's text may do."""

import base64
import re
from pathlib import Path

import pytest
from sqlalchemy import update

from pipeline.db import alerts, schema
from pipeline.errors import SettingsError
from pipeline.notify.unsubscribe import token
from pipeline.web.access import Access, check_binding, hashed, networks, read_users
from tests.web.conftest import SECRET, TOKEN, Desk, opened

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def test_every_answer_carries_a_policy_without_inline_script(desk: Desk) -> None:
    for path in ("/", "/nothing", "/static/page.css"):
        policy = desk.client.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("token_sent", ["", "another token"])
def test_a_form_without_our_token_changes_nothing(own_desk: Desk, token_sent: str) -> None:
    story = own_desk.story("Trump and Putin hold call")
    answer = own_desk.client.post(f"/story/{story}/mute", data={"csrf": token_sent})
    assert answer.status_code == 403
    with own_desk.app.database.read() as connection:
        assert not alerts.mutes(connection, own_desk.clock())


def test_a_form_of_a_foreign_page_changes_nothing(own_desk: Desk) -> None:
    story = own_desk.story("Trump and Putin hold call")
    answer = own_desk.client.post(
        f"/story/{story}/mute", data={"csrf": TOKEN}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


def test_a_form_of_any_size_is_not_read(own_desk: Desk) -> None:
    assert own_desk.client.post("/you", data={"csrf": TOKEN, "zone": "x" * 300_000}).status_code == 413


def test_a_server_on_loopback_answers_under_its_own_names_only(desk: Desk) -> None:
    assert desk.client.get("/", headers={"Host": "rebound.example"}).status_code == 421


def test_read_only_shows_everything_and_changes_nothing(own_folder: Path) -> None:
    with opened(own_folder, Access(operator="guest", read_only=True)) as desk:
        story = desk.story("Trump and Putin hold call")
        assert "Mute in every alert" not in desk.get(f"/story/{story}")
        answer = desk.client.post(f"/story/{story}/mute", data={"csrf": TOKEN})
        assert answer.status_code == 403
        assert "read-only" in answer.text


def test_it_does_not_start_where_everybody_could_come_in() -> None:
    check_binding("127.0.0.1", Access())
    check_binding("::1", Access())
    check_binding("0.0.0.0", Access(users={"olena": "x"}))
    with pytest.raises(SettingsError, match="nothing says who may come in"):
        check_binding("0.0.0.0", Access())
    with pytest.raises(SettingsError):
        check_binding("192.168.1.5", Access(read_only=True))


def test_a_password_lets_its_user_in_and_nobody_else(sample_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "users").write_text(f"# readers\nolena:{hashed('correct horse')}\n", encoding="utf-8")
    with opened(sample_folder, Access(users=read_users(tmp_path / "users"))) as desk:
        refused = desk.client.get("/")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic")
        assert desk.client.get("/", headers=basic("olena", "wrong")).status_code == 401
        assert desk.client.get("/", headers=basic("nobody", "correct horse")).status_code == 401
        assert "Reading as olena" in desk.get("/", headers=basic("olena", "correct horse"))
        assert desk.client.get("/healthz").status_code == 200, "a probe needs no name"


def test_a_users_file_that_cannot_be_read_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "users").write_text("olena secret\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="users:1"):
        read_users(tmp_path / "users")


def test_a_proxys_word_counts_only_from_the_proxy(sample_folder: Path) -> None:
    for proxies, status in (("10.0.0.0/8", 401), ("127.0.0.1", 200)):
        with opened(sample_folder, Access(proxies=networks(proxies))) as desk:
            desk.client._transport.client = ("127.0.0.1", 50000)  # type: ignore[attr-defined]
            answer = desk.client.get("/", headers={"X-Forwarded-User": "olena"})
            assert answer.status_code == status, proxies
            assert desk.client.get("/").status_code == 401, "the proxy names nobody"


def test_unsubscribing_needs_no_login_and_works_when_read_only(own_folder: Path) -> None:
    access = Access(users={"olena": hashed("x")}, read_only=True)
    with opened(own_folder, access) as desk:
        with desk.app.database.read() as connection:
            alert = alerts.list_all(connection)[0]
        path = f"/unsubscribe/{token(SECRET, alert.id, 'analyst@example.org')}"
        assert "Take analyst@example.org off" in desk.get(path)
        with desk.app.database.read() as connection:
            assert alerts.list_all(connection)[0].recipients, "looking changes nothing: scanners follow links"
        answer = desk.client.post(path, data=ONE_CLICK)
        assert "gets no further mail" in answer.text
        with desk.app.database.read() as connection:
            assert alerts.list_all(connection)[0].recipients == ()
        assert desk.client.post("/unsubscribe/forged", data=ONE_CLICK).status_code == 404


HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> \u202egnp.exe {{ 7 * 7 }} " + "A" * 10_000
)


def test_a_hostile_title_is_text_on_every_page(own_desk: Desk) -> None:
    article = own_desk.article("Trump and Putin hold call")
    story = own_desk.story("Trump and Putin hold call")
    with own_desk.app.database.write() as connection:
        connection.execute(
            update(schema.article)
            .where(schema.article.c.id == article)
            .values(title=HOSTILE, outlet=HOSTILE[:60], url="javascript:alert(1)")
        )
        connection.execute(update(schema.story).where(schema.story.c.id == story).values(title=HOSTILE))
    for path in (
        f"/article/{article}", f"/story/{story}", "/", "/search", "/search?as=stories", "/search.atom",
        f"/article/{article}/v/1",
    ):  # fmt: skip
        text = own_desk.get(path)
        assert not re.search(r"<script>|<img src=x|onerror=alert\(1\)>(?!)|href=\"javascript", text), path
        assert "49" not in re.findall(r"gnp\.exe \S+", text), path
        assert "\u202e" not in text, path
    assert "\\<img src=x" in own_desk.get("/search.md")


def test_healthz_tells_up_from_down(desk: Desk) -> None:
    assert desk.client.get("/healthz").json() == {"status": "ok", "database": "ok", "index": "ok"}


def test_metrics_tell_a_monitoring_what_status_tells_a_person(desk: Desk) -> None:
    text = desk.get("/metrics")
    for line in (
        "ceasefire_articles 25.0", "ceasefire_last_cycle_age_seconds 300.0", "ceasefire_feeds_failing 0.0",
        'ceasefire_queue{step="index"} 0.0', 'ceasefire_outbox{state="waiting"} 0.0',
    ):  # fmt: skip
        assert line in text
    assert "ceasefire_tagged_articles{model=" in text
