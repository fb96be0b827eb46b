"""The index of feed health in Elasticsearch: one document a listed feed, whatever comes in what order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.types import Feed, FeedHealth

elasticsearch = pytest.importorskip("elasticsearch")

from pipeline.index.elasticsearch import ElasticsearchIndex  # noqa: E402  # needs the client
from pipeline.index.elasticsearch_feeds import FEEDS, body, template  # noqa: E402

NOON = datetime(2025, 3, 18, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=10)


def health(name: str, checked: datetime = NOON, **facts: Any) -> FeedHealth:
    feed = Feed(name, f"https://{name}.example/rss", name.title(), "Owner", "UA", "ukraine", "en", "news")
    return replace(FeedHealth(feed, checked, "well"), **facts)


FULL = health(
    "courier", state="failing", state_words="3 polls failed.", first_success=NOON, last_poll=NOON, last_success=NOON,
    last_new=NOON - timedelta(hours=6), next_poll=LATER, silent_since=NOON, failures=3, failure="dns",
    failure_words="No such host.", problems=("odd encoding",), moved_to="https://new.example/rss", interval_s=5400,
    polls=9, polls_7d=8, failed_7d=3, new_24h=2, new_7d=14, entries_per_day=2.0, elapsed_s=1.25,
)  # fmt: skip


@pytest.fixture
def index(elasticsearch_url: str) -> Iterator[ElasticsearchIndex]:
    opened = ElasticsearchIndex(elasticsearch_url, refresh=True)
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        client.options(ignore_status=404).indices.delete(index=FEEDS)
    yield opened
    opened.close()


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Any]:
    with elasticsearch.Elasticsearch(elasticsearch_url) as opened:
        yield opened


def held(client: Any) -> dict[str, dict[str, Any]]:
    found = client.search(index=FEEDS, size=100)["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in found}


def test_every_field_of_a_feed_is_mapped_and_shown() -> None:
    shown = body(FULL)
    assert shown.keys() == template()["template"]["mappings"]["properties"].keys()
    assert (shown["quiet_hours"], shown["interval_minutes"], shown["failures"]) == (6.0, 90.0, 3)
    assert shown["next_poll"] == "2025-03-18T12:10:00.000+00:00"


def test_what_is_not_known_is_absent() -> None:
    assert (
        not {"failure", "failure_words", "last_new", "quiet_hours", "elapsed_s"} & body(health("echo")).keys()
    )


def test_writing_feeds_twice_leaves_one_document_each(index: ElasticsearchIndex, client: Any) -> None:
    for _ in range(2):
        index.show_feeds(lambda: [FULL, health("echo")])
    assert held(client).keys() == {"courier", "echo"}
    assert held(client)["courier"] == body(FULL)


def test_later_look_replaces_an_earlier_one_and_never_the_other_way(
    index: ElasticsearchIndex, client: Any
) -> None:
    index.show_feeds(lambda: [health("echo", LATER, state="failing", failures=1)])
    index.show_feeds(lambda: [health("echo", NOON)])
    assert held(client)["echo"]["state"] == "failing"


def test_feeds_that_are_listed_no_more_go(index: ElasticsearchIndex, client: Any) -> None:
    index.show_feeds(lambda: [health("echo"), health("courier")])
    index.show_feeds(lambda: [health("echo", LATER)])
    assert held(client).keys() == {"echo"}


def test_slower_worker_takes_out_nothing_that_a_later_look_found(
    index: ElasticsearchIndex, client: Any
) -> None:
    index.show_feeds(lambda: [health("echo", LATER), health("just-added", LATER)])
    index.show_feeds(lambda: [health("echo", NOON)])
    assert held(client).keys() == {"echo", "just-added"}


def test_index_of_another_mapping_is_made_anew(index: ElasticsearchIndex, client: Any) -> None:
    index.show_feeds(lambda: [health("echo")])
    client.indices.delete(index=FEEDS)
    client.options(ignore_status=404).indices.delete_index_template(name=FEEDS)
    client.indices.create(index=FEEDS, mappings={"properties": {"name": {"type": "text"}}})
    index.show_feeds(lambda: [FULL])
    index.show_feeds(lambda: [FULL])
    properties = client.indices.get_mapping(index=FEEDS)[FEEDS]["mappings"]["properties"]
    assert properties == template()["template"]["mappings"]["properties"]
    assert held(client).keys() == {"courier"}


def test_unchanged_index_is_kept_not_made_anew(index: ElasticsearchIndex, client: Any) -> None:
    index.show_feeds(lambda: [health("echo")])
    before = client.indices.get_settings(index=FEEDS)[FEEDS]["settings"]["index"]["uuid"]
    index.show_feeds(lambda: [health("echo", LATER)])
    assert client.indices.get_settings(index=FEEDS)[FEEDS]["settings"]["index"]["uuid"] == before
