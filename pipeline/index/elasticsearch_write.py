"""Bulk writes to Elasticsearch: bounded in bytes, each item's outcome read, repeatable without harm."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from elasticsearch import BadRequestError, Elasticsearch

from pipeline.errors import IndexUnavailableError
from pipeline.index import elasticsearch_client
from pipeline.index.elasticsearch_client import Address, Cluster
from pipeline.index.elasticsearch_documents import (
    ALIAS,
    TOMBSTONES,
    all_of,
    body,
    month_of,
    physical,
    tombstone,
)
from pipeline.index.fields import Searchable, searchable
from pipeline.types import Document

BATCH_DOCUMENTS = 500
BATCH_BYTES = 4 << 20
"""Elasticsearch refuses bodies over 100 MB; a few MB keep its memory and ours small, and are as fast."""

FILTER = {"term": {"deleted": False}}

Item: TypeAlias = tuple[dict[str, Any], bytes] | tuple[dict[str, Any]]
"""One action of a bulk request, with its source unless it deletes."""


@dataclass(frozen=True, slots=True)
class Write:
    """One article or tombstone on its way: `source` is its JSON, `month` where it lives if it is new to the index."""

    id: str
    revision: int
    month: str
    source: bytes


@dataclass(slots=True)
class Outcome:
    """What became of a batch, id by id."""

    written: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def prepared(documents: Iterable[Document], refused: dict[str, str]) -> Iterator[Write]:
    """Documents made ready. Those that no index can take go into `refused` with their reason."""
    for document in documents:
        try:
            article: Searchable = searchable(document)
        except ValueError as error:
            refused[document.id] = str(error)
            continue
        month = month_of(document.seen) if not document.deleted else TOMBSTONES
        yield Write(document.id, document.revision, month, _json(body(document, article)))


def tombstones(revisions: Iterable[tuple[str, int]]) -> Iterator[Write]:
    """Deletions made ready."""
    for article, revision in revisions:
        yield Write(article, revision, TOMBSTONES, _json(tombstone(article, revision)))


def batches(writes: Iterable[Write]) -> Iterator[list[Write]]:
    """In batches of at most BATCH_DOCUMENTS and about BATCH_BYTES."""
    batch: list[Write] = []
    size = 0
    for write in writes:
        if batch and (len(batch) >= BATCH_DOCUMENTS or size + len(write.source) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(write)
        size += len(write.source)
    if batch:
        yield batch


def put(cluster: Cluster, batch: Sequence[Write], generation: int, *, live: bool) -> Outcome:
    """Write one batch into one generation and wait until searches see it. `live`: new months join the readers' alias.

    A revision older than the one held, or equal to it, is superseded: told by a look before for articles that live in
    another month, and by the version for all others, also where another writer comes in between.
    """
    newest = _newest(batch)
    outcome = Outcome(superseded=[write.id for write in batch if newest[write.id] is not write])
    held = _held(cluster.client, generation, list(newest))
    actions: list[tuple[Write, str]] = []
    left_behind: list[tuple[str, int]] = []
    for write in newest.values():
        known = held.get(write.id)
        if known is not None and known[1] >= write.revision:
            outcome.superseded.append(write.id)
            continue
        if known is None:
            actions.append((write, write.month))
        elif known[0] == TOMBSTONES and write.month != TOMBSTONES:
            actions.append((write, write.month))
            left_behind.append((write.id, write.revision))
        else:
            actions.append((write, known[0]))
    if actions:
        ensure(cluster.client, {month for _, month in actions}, generation, live=live)
        _bulk(cluster, actions, left_behind, generation, outcome)
    return outcome


def ensure(client: Elasticsearch, months: Iterable[str], generation: int, *, live: bool) -> None:
    """Make the indices of these months where they are not there yet."""
    for month in sorted(months):
        name = physical(month, generation)
        if not client.indices.exists(index=name):
            aliases = {ALIAS: {"filter": FILTER}} if live else {}
            create(client, name, aliases)


def create(client: Elasticsearch, name: str, aliases: dict[str, Any]) -> None:
    """Make an index unless another writer just did."""
    try:
        client.indices.create(index=name, aliases=aliases)
    except BadRequestError as error:
        if error.error != "resource_already_exists_exception":
            raise


def _newest(batch: Sequence[Write]) -> dict[str, Write]:
    newest: dict[str, Write] = {}
    for write in batch:
        if write.id not in newest or newest[write.id].revision < write.revision:
            newest[write.id] = write
    return newest


def _held(client: Elasticsearch, generation: int, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Month and revision of those of `ids` that a generation holds."""
    found = client.search(
        index=all_of(generation),
        query={"ids": {"values": list(ids)}},
        size=len(ids) * 2,
        source_includes=["id", "revision"],
        ignore_unavailable=True,
        allow_partial_search_results=False,
        track_total_hits=False,
    )
    held: dict[str, tuple[str, int]] = {}
    for hit in found["hits"]["hits"]:
        month = hit["_index"].removeprefix(f"{ALIAS}-").rsplit("-g", 1)[0]
        article, revision = hit["_source"]["id"], int(hit["_source"]["revision"])
        if article not in held or held[article][1] < revision:
            held[article] = (month, revision)
    return held


def _bulk(
    cluster: Cluster,
    actions: Sequence[tuple[Write, str]],
    left_behind: Sequence[tuple[str, int]],
    generation: int,
    outcome: Outcome,
) -> None:
    items: list[Item] = [
        ({"index": _versioned(write.id, write.revision, physical(month, generation))}, write.source)
        for write, month in actions
    ]
    items += [
        ({"delete": _versioned(article, revision, physical(TOMBSTONES, generation))},)
        for article, revision in left_behind
    ]
    results = sent(cluster, items)
    for (write, _), result in zip(actions, results, strict=False):
        if result["status"] < 300:
            outcome.written.append(write.id)
        elif result["status"] == 409:
            outcome.superseded.append(write.id)
        elif result["status"] == 400:
            outcome.refused[write.id] = reason(result["error"])
        else:
            raise IndexUnavailableError(_lost(cluster.address, result))


def sent(cluster: Cluster, items: Sequence[Item]) -> list[dict[str, Any]]:
    """What became of each item. An answer of 200 can hold items that a full queue refused (429): those alone are sent
    again after a rest, and what came through is not."""
    results: dict[int, dict[str, Any]] = {}
    waiting = list(range(len(items)))
    for pause_s in (*elasticsearch_client.PAUSES_S, None):
        lines: list[Any] = [line for place in waiting for line in items[place]]
        answered = cluster.client.bulk(operations=lines, refresh=cluster.refresh)
        for place, item in zip(waiting, answered["items"], strict=True):
            results[place] = next(iter(item.values()))
        waiting = [place for place in waiting if results[place]["status"] == 429]
        if not waiting or pause_s is None:
            break
        elasticsearch_client.rest(pause_s)
    return [results[place] for place in range(len(items))]


def _versioned(article: str, revision: int, index: str) -> dict[str, Any]:
    return {"_index": index, "_id": article, "version": revision, "version_type": "external_gte"}


def reason(error: dict[str, Any]) -> str:
    """Why Elasticsearch refused an item, with the cause that it names."""
    reasons = [
        str(part["reason"])[:200] for part in (error, error.get("caused_by") or {}) if part.get("reason")
    ]
    return " — ".join(reasons)


def _lost(address: Address, result: dict[str, Any]) -> str:
    """An item that failed although the request went through: a block, a full queue, a missing right."""
    told = json.dumps(result.get("error", {}))
    if "cluster_block" in told or "read_only" in told or "read-only" in told:
        return (
            f"The search index at {address.shown} is read-only, as a rule because its disk is nearly full;"
            " free space, then set index.blocks.read_only_allow_delete to null"
        )
    if result["status"] == 429:
        return f"The search index at {address.shown} has too much to do and refused writes; they stay queued"
    if result["status"] == 403:
        return f"The search index at {address.shown} does not allow this user to write; give it the writer's role"
    return f"The search index at {address.shown} refused a write with {result['status']}: {told[:300]}"


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
