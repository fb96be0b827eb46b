"""The commands as people and scripts use them: what they print, what they leave, and how they end."""

import json
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipeline.cli.main import main
from tests.servers import FeedServer, Reply

FEED = """
[[feed]]
name = "harbour"
url = "{url}"
outlet = "Harbour Post"
owner = "Harbour Media"
country = "GB"
side = "third-party"
language = "en"
kind = "wire"
"""

DOCUMENT = """<rss version="2.0"><channel><title>Harbour</title>
<item><title>Moscow studies the truce plan of the United States</title><link>https://harbour.example/1</link>
<description>The Kremlin said it was studying the plan.</description></item>
<item><title>Zelensky visits the Zaporizhzhia nuclear power plant's relief staff</title>
<link>https://harbour.example/2</link><description>Ukraine's president met engineers.</description></item>
<item><title>Council votes on bridge tolls</title><link>https://harbour.example/3</link>
<description>A vote was held.</description></item>
</channel></rss>"""


class Desk:
    """A monitor in a folder of its own, with one feed on a real server, run command by command."""

    def __init__(self, folder: Path, server: FeedServer) -> None:
        self.folder = folder
        self.server = server
        self.feeds = folder / "feeds.toml"
        self.feeds.write_text(FEED.format(url=server.feed("/rss", DOCUMENT)), encoding="utf-8")
        self.environment = {
            "CEASEFIRE_DATABASE_URL": f"sqlite:///{folder / 'ceasefire.db'}",
            "CEASEFIRE_FEEDS": str(self.feeds),
            "CEASEFIRE_TAGGER": "aliases",
            "CEASEFIRE_ALLOW_PRIVATE_ADDRESSES": "1",
        }

    def __call__(self, *arguments: str, given: str | None = None, code: int = 0) -> Result:
        result = CliRunner().invoke(main, list(arguments), env=self.environment, input=given)
        assert result.exit_code == code, (arguments, result.exit_code, result.output, result.exception)
        return result

    def lines(self, *arguments: str, **options: Any) -> list[dict[str, Any]]:
        """The JSON lines that a command prints."""
        return [json.loads(line) for line in self(*arguments, **options).stdout.splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with FeedServer() as server:
        yield Desk(tmp_path, server)


def test_run_says_what_happened_and_what_to_do_next(desk: Desk) -> None:
    output = desk("run").stdout
    assert "harbour" in output
    assert "3 new articles" in output
    assert "Starter alerts, paused" in output
    assert "ceasefire search" in output
    assert "no feed is due yet" in desk("run").stdout


def test_a_failing_feed_is_named_with_its_reason_and_the_code_is_one(desk: Desk) -> None:
    desk.server.answer("/rss", Reply(status=503))
    output = desk("run", code=1).stdout
    assert "failed" in output
    assert "503" in output
    assert "harbour" in desk("status", code=1).stdout
    assert "http-5xx" in desk("feeds", "list").stdout


def test_many_feeds_that_fail_alike_are_one_line_and_the_others_are_named(desk: Desk) -> None:
    for number in range(5):
        desk.server.answer(f"/down/{number}", Reply(status=503))
        facts = FEED.replace('"harbour"', f'"down-{number}"').format(url=desk.server.url(f"/down/{number}"))
        desk.feeds.write_text(desk.feeds.read_text(encoding="utf-8") + facts, encoding="utf-8")
    config = desk.folder / "quick.toml"
    config.write_text("[fetch]\ndomain_gap_s = 0\nper_domain = 6\n", encoding="utf-8")
    feeds = shlex.quote(str(desk.feeds))
    output = desk("run", "--config", str(config), "--feeds", str(desk.feeds), code=1).stdout
    assert "harbour" in output
    assert "5 feeds failed, each because its server is in trouble; the first: down-0 (answers 503)" in output
    assert "down-1" not in output
    assert f"`ceasefire feeds list --config {config} --feeds {feeds}` shows each of them" in output
    assert all(f"down-{number}" in desk("feeds", "list").stdout for number in range(5))
    next_commands = output[output.index("Next:") :]
    for command in ("feeds check", "watch", "serve"):
        assert f"ceasefire {command} --config {config} --feeds {feeds}" in next_commands


def test_status_and_health_count_failing_feeds_in_the_same_words(desk: Desk) -> None:
    counted = "1 failed at the last poll, 1 not asked yet"
    desk.server.answer("/rss", Reply(status=503))
    desk("run", code=1)
    other = FEED.replace('"harbour"', '"new"').format(url="https://new.example/rss")
    desk.feeds.write_text(desk.feeds.read_text(encoding="utf-8") + other, encoding="utf-8")
    health = desk("health").stdout
    assert f"2 feeds, 0 of them unwell; {counted}" in health
    assert "unwell once 3 polls in a row failed; `ceasefire feeds list` says what is wrong" in health
    status = desk("status", code=1).stdout
    assert f"2; {counted}" in status
    reason = "answers 503. Its server has a fault of its own. Mostly passes by itself."
    assert f"http-5xx: {reason}" in " ".join(status.split())
    with closing(sqlite3.connect(desk.folder / "ceasefire.db")) as connection, connection:
        connection.execute("UPDATE feed SET failures = 3 WHERE name = 'harbour'")
    assert f"3 polls failed in a row: http-5xx: {reason}" in " ".join(desk("health", code=1).stdout.split())


def test_help_tells_each_commands_whole_first_sentence(desk: Desk) -> None:
    for group in ((), ("db",), ("feeds",), ("alert",)):
        listed = desk(*group, "--help").stdout.partition("Commands:")[2]
        assert listed
        assert "..." not in listed


def test_why_a_feed_fails_is_told_in_whole_sentences(desk: Desk) -> None:
    desk.server.answer("/rss", Reply(status=503))
    desk("run", code=1)
    for command, code in ((("feeds", "list"), 0), (("feeds", "check"), 1)):
        words = " ".join(desk(*command, code=code).stdout.split())
        assert ". Its server has a fault of its own." in words


def test_where_nothing_ever_came_the_sample_is_shown_the_second_time_too(desk: Desk) -> None:
    desk.server.answer("/rss", Reply(status=503))
    desk("run", "--or-sample", code=1)
    again = desk("run", "--or-sample", code=1).stdout
    assert "no feed is due yet" in again
    assert "No feed could be reached" in again and "Latest developments" in again


def test_where_no_feed_answers_the_sample_is_shown_with_commands_that_work(desk: Desk) -> None:
    desk.server.answer("/rss", Reply(status=503))
    output = desk("run", "--or-sample", code=1).stdout
    assert "No feed could be reached" in output
    assert output.count("Next:") == 1, "the empty cycle offers nothing to try"
    assert "Starter alerts, paused" not in output
    tried = [line.split("ceasefire ", 1)[1] for line in output.splitlines() if " --db sqlite:///" in line]
    assert [command.split()[0] for command in tried] == ["search", "brief", "serve"]
    assert output.count("ceasefire serve") == 1, "one page is offered, and it shows the sample"
    assert "/feeds.toml" in tried[2], "the page shows the sample's sources, not those of this folder"
    for command in tried[:2]:
        assert "Harbour Wire" in desk(*shlex.split(command)).stdout


def test_search_prints_the_promised_keys(desk: Desk) -> None:
    desk("run")
    (line,) = desk.lines("search", "actor:russia", "--json")
    keys = ["id", "title", "url", "outlet", "published", "seen", "language", "story", "labels", "positions"]
    assert list(line) == keys
    assert line["published"].endswith("Z")
    assert {"label", "score", "sentence"} == set(line["labels"][0])
    *hits, facets = desk.lines("search", "--json", "--facets", "--limit", "2")
    assert len(hits) == 2
    assert facets["facets"]["outlet"] == {"Harbour Post": 3}


def test_search_reads_aliases_phrases_and_since(desk: Desk) -> None:
    desk("run")
    assert len(desk.lines("search", 'issue:znpp AND "nuclear power"', "--since", "7d", "--json")) == 1
    assert "nothing found" in desk("search", "NOT (council OR moscow OR zelensky)").stdout
    assert "1 of 1 article" in desk("search", "title:tolls").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("search", "actor:rusia"), "did you mean russia"),
        (("search", "colour:red"), "colour"),
        (("search", '"open'), "^"),
        (("search", "x", "--since", "soon"), "is not a moment"),
        (("alert", "show", "Nothing"), "no alert named 'Nothing'"),
        (("corrections", "add", "none", "issue:sanctions", "wrong"), "no article 'none'"),
        (("feeds", "check", "nobody"), "no feed is named nobody"),
        (("run", "--feeds", "missing.toml"), "missing.toml"),
        (("status", "--db", "mysql://host/x"), "mysql"),
        (("search", "x", "--db", "mysql://host/x"), "'mysql' is not supported"),
        (("mail", "test", "notanaddress"), "notanaddress"),
        (("mail", "release", "99"), "no message 99 is held or set aside"),
        (("statsu",), "Did you mean status?"),
        (("alert", "add", "A", "x", "--to", "a@b.example", "--thread", "none"), "there is no thread 'none'"),
        (("alert", "mute", "phrase", "x", "--until", "7d"), "is past: nothing would be muted"),
        (
            ("alert", "add", "A", "x", "--to", "a@b.example", "--expires", "2020-01-01"),
            "(01 Jan 2020 00:00 UTC)",
        ),
        (("search", "x", "--since", "2026-13-45"), "month must be in 1..12; a day with a clock time"),
    ],
)
def test_wrong_usage_is_code_two_with_a_message_that_helps(
    desk: Desk, arguments: tuple[str, ...], message: str
) -> None:
    result = desk(*arguments, code=2)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_database_that_never_read_a_source_list_says_how_to_read_it(desk: Desk) -> None:
    assert "the source list was not read yet; `ceasefire run` reads it" in desk("status").stdout


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{broken", "line 1: not JSON: "),
        ('{"id": "1", "outlet": "A", "title": "T"}', "line 1: published is missing"),
        (
            '{"id": "1", "outlet": "A", "title": "T", "published": "soon"}',
            "line 1: needs id, outlet, title and published",
        ),
    ],
)
def test_a_line_that_cannot_be_replayed_is_named_in_words(desk: Desk, line: str, message: str) -> None:
    file = desk.folder / "past.jsonl"
    file.write_text(line, encoding="utf-8")
    told = desk("replay", str(file), code=1).stderr
    assert message in told
    assert "Error(" not in told


def test_tag_answers_line_by_line_in_order(desk: Desk) -> None:
    given = "\n".join(
        json.dumps({"id": str(number), "title": title, "text": ""})
        for number, title in enumerate(("Kremlin speaks", "Tolls", "Zelensky in Kyiv"))
    )
    answers = desk.lines("tag", "-", "--json", given=given)
    assert [answer["id"] for answer in answers] == ["0", "1", "2"]
    assert set(answers[0]) == {"id", "labels", "positions", "uncertain", "lang", "backend"}
    assert "actor:russia" in {label["label"] for label in answers[0]["labels"]}


def test_a_line_that_is_no_text_costs_itself(desk: Desk) -> None:
    result = desk(
        "tag", "-", "--json", given='{"id": "1", "title": "Kremlin", "text": ""}\nnot json\n', code=1
    )
    assert len(result.stdout.splitlines()) == 1
    assert "line 2" in result.stderr


@pytest.mark.parametrize("command", ["tag", "group"])
def test_a_line_that_is_not_utf_8_costs_itself_and_a_byte_order_mark_nothing(
    desk: Desk, tmp_path: Path, command: str
) -> None:
    rest = b'", "text": "", "published": "2025-03-18T10:00:00Z", "outlet": "A"}\n'
    titles = (b"Kremlin", b"Kiev \xea\xe8\xe5\xe2", b"Half \\ud83d", b"Zelensky")
    lines = [b'{"id": "%d", "title": "' % number + title + rest for number, title in enumerate(titles)]
    archive = tmp_path / "archive.jsonl"
    archive.write_bytes(b"\xef\xbb\xbf" + b"".join(lines) + b"\xff\xfe\n")
    result = desk(command, str(archive), "--json", code=1)
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["0", "3"]
    assert [part.split(":")[0] for part in result.stderr.split("error: line ")[1:]] == ["2", "3", "5"]


def test_an_alert_lives_from_add_to_remove(desk: Desk) -> None:
    desk("run")
    added = desk("alert", "add", "Plans", "actor:russia", "--to", "you@example.org", "--zone", "Europe/Kyiv")
    assert ".eml" in added.stdout
    assert "Plans" in desk("alert", "list").stdout
    assert "you@example.org" in desk("alert", "show", "Plans").stdout
    tried = desk("alert", "test", "Plans", "--days", "30").stdout
    assert "1 mail for 1 matching article" in tried
    assert "Moscow studies the truce plan of the United States" in tried
    assert "first" not in tried, "keys are for machines"
    desk("alert", "pause", "Plans")
    assert "paused" in desk("alert", "list").stdout
    desk("alert", "resume", "Plans")
    desk("alert", "edit", "Plans", "--query", "actor:ukraine", "--quiet", "22:00-06:30")
    desk("alert", "remove", "Plans")
    assert "Plans" not in desk("alert", "list").stdout


@pytest.mark.parametrize("kind", ["story", "thread"])
def test_what_is_not_there_cannot_be_muted(desk: Desk, kind: str) -> None:
    assert f"there is no {kind} 'nope'" in desk("alert", "mute", kind, "nope", code=2).stderr


def test_a_starter_alert_needs_a_recipient_before_it_can_start(desk: Desk) -> None:
    desk("run")
    assert "no recipient yet" in desk("alert", "resume", "Deal", code=2).stderr
    desk("alert", "edit", "Deal", "--to", "you@example.org")
    desk("alert", "resume", "Deal")


def test_without_a_mail_server_the_test_mail_is_a_file_and_the_command_says_where(desk: Desk) -> None:
    output = desk("mail", "test", "you@example.org").stdout
    (written,) = (desk.folder / "mail").glob("*.eml")
    assert str(written) in output
    assert b"you@example.org" in written.read_bytes()


def test_feeds_go_out_as_opml_and_come_back_whole(desk: Desk) -> None:
    exported = desk.folder / "feeds.opml"
    desk("feeds", "export", str(exported))
    assert "0 feeds added" in desk("feeds", "import", str(exported)).stdout
    original = desk.feeds.read_text(encoding="utf-8")
    desk.feeds.write_text(
        original.replace("harbour", "other").replace(desk.server.url("/rss"), "https://other.example/rss")
    )
    assert "1 feed added" in desk("feeds", "import", str(exported)).stdout
    assert "Harbour Media" in desk.feeds.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_named_in_one_line(desk: Desk, tmp_path: Path) -> None:
    result = desk("feeds", "export", str(tmp_path / "nowhere" / "feeds.opml"), code=2)
    assert result.stderr == f"error: {tmp_path / 'nowhere' / 'feeds.opml'}: No such file or directory\n"


def test_feeds_check_tells_who_answers_and_takes_nothing_in(desk: Desk) -> None:
    (line,) = desk.lines("feeds", "check", "--json")
    assert (line["name"], line["ok"], line["entries"]) == ("harbour", True, 3)
    assert desk.lines("export", "--json") == []
    desk.server.answer("/rss", Reply(status=404))
    assert "http-4xx" in desk("feeds", "check", code=1).stdout


def test_feeds_add_appends_and_keeps_comments(desk: Desk) -> None:
    desk.feeds.write_text("# ours\n" + desk.feeds.read_text(encoding="utf-8"), encoding="utf-8")
    facts = [
        "--outlet",
        "Quay News",
        "--owner",
        "Quay",
        "--country",
        "PL",
        "--side",
        "third-party",
        "--language",
        "pl",
    ]
    desk("feeds", "add", "https://quay.example/rss", *facts, "--kind", "news")
    text = desk.feeds.read_text(encoding="utf-8")
    assert text.startswith("# ours")
    assert "quay-news" in text
    assert (
        "country"
        in desk(
            "feeds",
            "add",
            "https://x.example/rss",
            *facts[:4],
            "--country",
            "Poland",
            *facts[6:],
            "--kind",
            "news",
            code=2,
        ).stderr
    )


def test_one_article_by_hand_is_read_from_its_page(desk: Desk) -> None:
    paragraphs = "".join(
        f"<p>The Kremlin said on Tuesday, in its statement number {n}, that it would study the plan of the United States "
        "for a truce of thirty days and give an answer within the week.</p>"
        for n in range(6)
    )
    page = (
        "<html><head><title>Kremlin to answer within a week</title></head><body><nav>Home Sport</nav>"
        f"<article><h1>Kremlin to answer within a week</h1>{paragraphs}</article></body></html>"
    )
    desk.server.answer("/story", Reply(body=page.encode(), headers={"Content-Type": "text/html"}))
    assert "new:" in desk("add", desk.server.url("/story")).stdout
    (line,) = desk.lines("search", '"statement number"', "--json")
    assert line["title"] == "Kremlin to answer within a week"


def test_export_holds_every_stored_field(desk: Desk) -> None:
    desk("run")
    lines = desk.lines("export", "--json")
    assert len(lines) == 3
    assert {
        "id",
        "title",
        "text",
        "url",
        "feed",
        "owner",
        "side",
        "revision",
        "reason",
        "labels",
        "positions",
    } <= set(lines[0])


def test_the_index_can_be_lost_and_made_again(desk: Desk) -> None:
    desk("run")
    before = desk.lines("search", "actor:russia", "--json")
    assert "3 articles indexed" in desk("reindex").stdout
    assert desk.lines("search", "actor:russia", "--json") == before
    assert "0 missing" in desk("index", "check").stdout


def test_a_correction_changes_search_at_once_and_can_be_undone(desk: Desk) -> None:
    desk("run")
    (line,) = desk.lines("search", "actor:russia", "--json")
    desk("corrections", "add", line["id"], "actor:russia", "wrong", "--note", "not acting")
    assert desk.lines("search", "actor:russia", "--json") == []
    (entry,) = desk.lines("corrections", "list", "--json")
    desk("corrections", "undo", str(entry["id"]))
    assert len(desk.lines("search", "actor:russia", "--json")) == 1


def test_the_briefing_ends_with_how_well_it_was_watched(desk: Desk) -> None:
    desk("run")
    for kind in ("text", "html", "md"):
        assert "coverage" in desk("brief", "--format", kind, "--since", "1d").stdout.lower()
    assert "must lie before" in desk("brief", "--since", "now", "--until", "yesterday", code=2).stderr


def test_group_names_a_story_by_its_earliest_article(desk: Desk) -> None:
    lines = [
        {"id": "b", "title": "Dam destroyed at Nova Kakhovka", "text": "Water floods the lower Dnipro after the dam at Nova Kakhovka broke.", "published": "2023-06-06T05:00:00Z", "outlet": "B"},
        {"id": "a", "title": "Nova Kakhovka dam destroyed", "text": "Water floods the lower Dnipro after the dam at Nova Kakhovka broke.", "published": "2023-06-06T04:00:00Z", "outlet": "A"},
    ]  # fmt: skip
    answers = desk.lines("group", "-", "--json", given="\n".join(map(json.dumps, lines)))
    assert answers == [{"id": "b", "story": "a", "copy_of": "a"}, {"id": "a", "story": "a", "copy_of": None}]


def test_a_database_that_cannot_be_reached_is_code_three(desk: Desk) -> None:
    result = desk("status", "--db", "postgresql://nobody@127.0.0.1:9/none", code=3)
    assert "cannot open the database" in result.stderr
    assert "CEASEFIRE_DATABASE_URL" in result.stderr


def test_a_database_server_without_an_index_takes_feeds_in_and_says_what_search_needs(
    desk: Desk, postgres_url: str
) -> None:
    desk("db", "upgrade", "--db", postgres_url)
    assert "already" in desk("db", "upgrade", "--db", postgres_url).stdout
    output = desk("run", "--db", postgres_url, code=1).stdout
    assert "3 new articles" in output
    assert "CEASEFIRE_INDEX_URL" in desk("search", "x", "--db", postgres_url, code=2).stderr


def test_a_server_database_with_an_old_schema_is_refused(desk: Desk, postgres_url: str) -> None:
    assert "ceasefire db upgrade" in desk("run", "--db", postgres_url, code=3).stderr
