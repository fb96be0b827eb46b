"""Messages as people and programs get them; nothing that a feed says becomes a header or markup."""

import email
import email.policy
import json
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from pipeline.errors import SettingsError
from pipeline.notify import clean, render, unsubscribe
from pipeline.notify.content import (
    AlertLine,
    Brief,
    Digest,
    LabelLine,
    News,
    NewsLine,
    Plain,
    Quote,
    SideLine,
    Withdrawn,
    from_json,
    to_json,
)
from pipeline.notify.render import Sender, parse_address, sender_from

NOW = datetime(2025, 3, 18, 12, 5, tzinfo=UTC)
SENDER = Sender("Ceasefire monitor <monitor@example.org>")
PUBLIC = Sender("monitor@example.org", "https://desk.example.org", "secret")
ALERT = AlertLine(7, "Answers", "development:rejected", "Europe/Kyiv")


def quote(sentence: str = "Moscow rejected the 30-day truce.", **facts: object) -> Quote:
    values: dict[str, object] = {
        "sentence": sentence, "outlet": "Harbour Wire", "side": "third-party", "url": "https://news.example/a",
        "title": "Moscow says no", "published": "2025-03-18T12:00:00Z", "seen": "2025-03-18T12:04:00Z", "marks": ((20, 32),),
        **facts,
    }  # fmt: skip
    return Quote(**values)  # type: ignore[arg-type]


def news(subject: str = "Russia rejects 30-day truce · Ceasefire terms", said: Quote | None = None) -> News:
    return News(
        ALERT, subject, "s1", "Moscow says no", "Ceasefire terms",
        (NewsLine("Russia rejects 30-day truce", said or quote(), "sure, 93%"),),
        (LabelLine("development", "Rejected", "sure, 93%"),),
        (SideLine("russia", ("Neva Courier",)), SideLine("third-party", ("Harbour Wire", "Gulf Gazette"))), 3,
    )  # fmt: skip


def mail(message: object = None, sender: Sender = SENDER, **more: object) -> EmailMessage:
    """A mail as the recipient's program reads it."""
    facts: dict[str, object] = {"message_id": "0123456789abcdef@example.org", "created": NOW, **more}
    made = render.mail(message or news(), "reader@example.org", sender, **facts)  # type: ignore[arg-type]
    parsed = email.message_from_bytes(made.as_bytes(), policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


def test_subject_starts_with_who_and_what_and_ends_with_the_issue() -> None:
    assert mail()["Subject"] == "Russia rejects 30-day truce · Ceasefire terms"


def test_first_line_is_the_evidence_with_source_and_time_in_the_readers_zone() -> None:
    first = body(mail(), "plain").splitlines()[0]
    assert first == "“Moscow rejected the *30-day truce*.” (Harbour Wire, 18 Mar 14:00 EET)"


def test_both_parts_say_why_it_fired_and_who_reports_it() -> None:
    for kind in ("plain", "html"):
        text = " ".join(lxml_html.fromstring(body(mail(), kind)).text_content().split())
        for words in (
            "development:rejected",
            "Rejected",
            "sure, 93%",
            "Neva Courier",
            "Harbour Wire, Gulf Gazette",
        ):
            assert words in text
        assert "https://news.example/a" in body(mail(), kind)


def test_the_match_is_marked_in_html() -> None:
    assert "<mark>30-day truce</mark>" in body(mail(), "html")


def test_without_a_public_address_nothing_of_ours_is_linked() -> None:
    message = mail()
    assert "/story/" not in message.as_string()
    assert "/search" not in message.as_string()
    assert message["List-Unsubscribe"] == "<mailto:monitor@example.org?subject=unsubscribe%20Answers>"
    assert message["List-Unsubscribe-Post"] is None


def test_with_a_public_address_story_query_and_unsubscription_are_linked() -> None:
    message = mail(sender=PUBLIC)
    text = body(message, "plain")
    assert "https://desk.example.org/story/s1" in text
    assert "https://desk.example.org/search?q=development%3Arejected" in text
    url = message["List-Unsubscribe"].split(">")[0].lstrip("<")
    assert url in text
    assert unsubscribe.alert_of("secret", url.rpartition("/")[2]) == 7
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_machines_are_told_that_it_is_a_machine() -> None:
    assert mail()["Auto-Submitted"] == "auto-generated"


def test_replies_name_what_they_answer() -> None:
    message = mail(in_reply_to="first@example.org")
    assert message["In-Reply-To"] == message["References"] == "<first@example.org>"


def test_the_same_message_is_the_same_bytes() -> None:
    one, two = (
        render.mail(news(), "r@example.org", SENDER, message_id="m@example.org", created=NOW)
        for _ in range(2)
    )
    assert one.as_bytes() == two.as_bytes()


HOSTILE = [
    "No\r\nBcc: victim@example.org\r\n\r\nbody",
    "<script>alert(1)</script>",
    "\u202egnp.exe\u202c",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "zero\u200bwidth and \x00 control \x1b[31m",
    "lone \ud800 surrogate",
    "x" * 10_000,
    "Ж" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_feed_text_changes_neither_headers_nor_markup(text: str) -> None:
    line = clean.line(text, 400)
    message = mail(news(subject=line, said=quote(line, title=line, outlet=clean.line(text, 80), marks=())))
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Id",
        "List-Unsubscribe", "MIME-Version", "Content-Type",
    }  # fmt: skip
    page = lxml_html.fromstring(body(message, "html"))
    assert page.xpath("//script | //img | //@onerror") == []
    assert all(len(row) <= 998 for row in message.as_bytes().split(b"\n"))


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_subject_survives_its_encoding(text: str) -> None:
    line = clean.line(text, 200)
    made = render.mail(Plain(line, ("x",)), "r@example.org", SENDER, message_id="m@example.org", created=NOW)
    raw = made.as_bytes()
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert parsed["Subject"] == line
    assert parsed["To"] == "r@example.org"
    assert b"\n" not in raw.replace(b"\r\n", b"")


@settings(deadline=None)
@given(st.text())
def test_a_clean_line_is_one_short_line_that_can_be_written(text: str) -> None:
    line = clean.line(text, 50)
    assert len(line) <= 50
    assert len(line.splitlines()) <= 1
    assert not clean.HIDDEN.search(line)
    line.encode()


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://a.example/ b",
        'https://a.example/"x',
        "http://",
        "data:text/html,x",
        "https://a.example/\n",
    ],
)
def test_only_plain_web_addresses_are_linked(url: str) -> None:
    assert clean.link(url) == ""


def test_every_message_survives_being_stored() -> None:
    brief = Brief("t", "2025-03-18T00:00:00Z", "2025-03-19T00:00:00Z", "UTC", ())
    for message in (
        news(), Withdrawn(ALERT, "s", "s1", "t", ("x",)), Digest(ALERT, "s", brief), Plain("s", ("p",)),
    ):  # fmt: skip
        assert from_json(json.loads(json.dumps(to_json(message)))) == message


def test_a_withdrawal_says_what_it_takes_back_and_why() -> None:
    message = mail(
        Withdrawn(ALERT, "Withdrawn: x", "s1", "Story", ("Russia rejects offer",), "He was misquoted.")
    )
    for kind in ("plain", "html"):
        assert "Russia rejects offer" in body(message, kind)
        assert "He was misquoted." in body(message, kind)


@pytest.mark.parametrize("text", ["a", "a@b c", "a@b\nBcc: c@d", "a@b, c@d", "<a@b", "@b", "a@"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_address(text)


def test_international_domains_are_written_in_ascii() -> None:
    assert parse_address("Отдел <news@пример.рф>").domain == "xn--e1afmkfd.xn--p1ai"


def test_a_public_address_must_be_a_web_address() -> None:
    with pytest.raises(SettingsError, match="CEASEFIRE_PUBLIC_URL"):
        sender_from("", "desk.example.org")


def test_a_forged_or_foreign_token_unsubscribes_nobody() -> None:
    token = unsubscribe.token("secret", 7, "a@example.org")
    assert unsubscribe.recipient_of("secret", token, ["b@example.org", "a@example.org"]) == "a@example.org"
    assert unsubscribe.recipient_of("secret", token, ["b@example.org"]) is None
    assert unsubscribe.recipient_of("other", token, ["a@example.org"]) is None
    flipped = ("B" if token[0] == "A" else "A") + token[1:]
    for forged in (flipped, token[:-3], "", "%%%", "ö" * 20, token + "A" * 100):
        assert unsubscribe.alert_of("secret", forged) is None


def test_chat_payloads_can_call_nobody_and_link_nowhere() -> None:
    said = quote("<!channel> @all see [here](https://evil.example) <https://evil.example|now>", marks=())
    payload = json.dumps(render.chat(news(said=said), PUBLIC), ensure_ascii=False)
    for forbidden in ("<!channel>", "@all", "](", "<https://evil"):
        assert forbidden not in payload
    assert "https://news.example/a" in payload


def test_webhooks_carry_the_whole_message_and_its_links() -> None:
    payload = render.webhook(
        news(), PUBLIC, message_id="m@example.org", created="2025-03-18T12:05:00Z", in_reply_to=None
    )
    assert payload["lines"][0]["quote"]["sentence"] == "Moscow rejected the 30-day truce."
    assert payload["links"]["story"] == "https://desk.example.org/story/s1"


def test_markdown_of_a_briefing_escapes_what_feeds_say() -> None:
    assert render.markdown("[x](javascript:1) *b*") == r"\[x\]\(javascript:1\) \*b\*"
