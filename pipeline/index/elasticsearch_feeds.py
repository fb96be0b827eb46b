"""The small index `ceasefire-feeds`: one document a listed feed, rewritten after every cycle, for Kibana's Feed health.

Each document's version is the moment of its look, so that the looks of several workers can come in any order; feeds
that are no longer listed go. It holds nothing that the next cycle does not write again: where its mapping is another
program's, it is dropped and made anew.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

from elasticsearch import Elasticsearch

from pipeline.errors import IndexUnavailableError
from pipeline.index.elasticsearch_client import Cluster
from pipeline.index.elasticsearch_write import create, reason
from pipeline.index.fields import to_ms
from pipeline.types import FeedHealth

FEEDS = "ceasefire-feeds"

_HOUR = timedelta(hours=1)


@lru_cache(maxsize=1)
def template() -> dict[str, Any]:
    """The index template under version control."""
    text = files("pipeline.index").joinpath("elasticsearch_feeds_template.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def body(health: FeedHealth) -> dict[str, Any]:
    """The fields of one feed's document; what is not known is absent."""
    feed, newest = health.feed, health.last_new
    held: dict[str, Any] = {
        "name": feed.name,
        "url": feed.url,
        "outlet": feed.outlet,
        "owner": feed.owner,
        "side": feed.side,
        "control": feed.control,
        "country": feed.country,
        "kind": feed.kind,
        "language": feed.language,
        "state": health.state,
        "state_words": health.state_words or None,
        "failures": health.failures,
        "failure": health.failure,
        "failure_words": health.failure_words or None,
        "problems": list(health.problems) or None,
        "moved_to": health.moved_to,
        "quiet_hours": None if newest is None else round((health.checked - newest) / _HOUR, 2),
        "interval_minutes": None if health.interval_s is None else round(health.interval_s / 60, 1),
        "polls": health.polls,
        "polls_7d": health.polls_7d,
        "failed_7d": health.failed_7d,
        "new_24h": health.new_24h,
        "new_7d": health.new_7d,
        "entries_per_day": health.entries_per_day,
        "elapsed_s": None if health.elapsed_s is None else round(health.elapsed_s, 3),
    }
    for name in (
        "checked", "first_success", "last_poll", "last_success", "last_new", "next_poll", "silent_since",
    ):  # fmt: skip
        moment: datetime | None = getattr(health, name)
        held[name] = None if moment is None else moment.isoformat(timespec="milliseconds")
    return {name: value for name, value in held.items() if value is not None}


def write(cluster: Cluster, healths: Sequence[FeedHealth]) -> None:
    """Make the index say this of exactly these feeds; an older look changes nothing."""
    client = cluster.client
    ensure(cluster)
    operations: list[dict[str, Any]] = []
    for health in healths:
        about = {"_id": health.feed.name, "version": to_ms(health.checked), "version_type": "external_gte"}
        operations += [{"index": about}, body(health)]
    if operations:
        answered = client.bulk(index=FEEDS, operations=operations, refresh=cluster.refresh)
        failed = [
            item["index"] for item in answered["items"] if item["index"]["status"] not in (200, 201, 409)
        ]
        if failed:
            raise IndexUnavailableError(
                f"The search index at {cluster.address.shown} refused the health of {len(failed)} feeds, first"
                f" {failed[0]['_id']}: {reason(failed[0]['error'])}"
            )
    _forget_unlisted(client, healths)


def ensure(cluster: Cluster) -> None:
    """The index as the template has it, made anew where its mapping is another program's."""
    client, layout = cluster.client, cluster.address.layout
    wanted = layout.fitted(template(), one_shard=True)
    held = client.options(ignore_status=404).indices.get_mapping(index=FEEDS)
    if held.meta.status == 200:
        fields = held[FEEDS]["mappings"].get("properties", {})
        if fields == wanted["template"]["mappings"]["properties"]:
            return
        client.options(ignore_status=404).indices.delete(index=FEEDS)
    client.indices.put_index_template(name=FEEDS, **wanted)
    create(client, FEEDS, {})


def _forget_unlisted(client: Elasticsearch, healths: Sequence[FeedHealth]) -> None:
    """Take out feeds that this look did not find, unless a later one wrote them."""
    listed = [health.feed.name for health in healths]
    stale: list[dict[str, Any]] = [{"bool": {"must_not": [{"terms": {"name": listed}}]}}]
    if healths:
        stale.append({"range": {"checked": {"lte": healths[0].checked.isoformat(timespec="milliseconds")}}})
    client.delete_by_query(index=FEEDS, query={"bool": {"filter": stale}}, conflicts="proceed", refresh=True)
