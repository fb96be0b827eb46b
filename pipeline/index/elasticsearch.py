"""The production index: Elasticsearch 9, a physical index a month and generation, one alias that all readers use.

Readers, Kibana among them, search the alias `ceasefire-articles`, which leaves tombstones out. Writers write to the
month in which an article was first seen, of the live generation and of the one being built. See DESIGN.md,
"Elasticsearch", and `elasticsearch_state` for where the generations are remembered.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

from elasticsearch import ApiError

from pipeline.errors import IndexUnavailableError
from pipeline.index import elasticsearch_feeds, elasticsearch_state, elasticsearch_write
from pipeline.index.base import (
    EXACT,
    Bucket,
    Count,
    FacetValue,
    Hit,
    IndexInfo,
    Interval,
    Matches,
    Page,
    PutReport,
    Sort,
    Stored,
)
from pipeline.index.buckets import MAX_BUCKETS, bucket_end, too_many_buckets
from pipeline.index.checks import check_facets, known_zone
from pipeline.index.cursor import Cursor
from pipeline.index.elasticsearch_client import connected, speaking
from pipeline.index.elasticsearch_documents import ALIAS, TOMBSTONES, all_of, components, model_key, month_of
from pipeline.index.elasticsearch_rebuild import ElasticsearchRebuild, drop
from pipeline.index.elasticsearch_state import State
from pipeline.index.elasticsearch_write import Write, batches, prepared, tombstones
from pipeline.index.fields import from_ms, to_ms
from pipeline.query.nodes import Query, narrowed
from pipeline.query.to_elasticsearch import nearest, scored, to_dsl, with_cosine
from pipeline.types import Document, Embedding, FeedHealth

_HIT_FIELDS = ["id", "revision", "published", "seen", "story", "copy_of"]
_IDS_AT_ONCE = 1_000
_STREAMED_AT_ONCE = 1_000
_KEPT_OPEN = "2m"
"""How long the server holds a point in time for the next page: a reader may be slow, not gone."""

_NEWEST_FIRST: list[dict[str, Any]] = [
    {"published": {"order": "desc", "unmapped_type": "date"}},
    {"id": {"unmapped_type": "keyword"}},
]
_RANKED_WINDOW = 10_000
"""Elasticsearch pages by number through so many hits at most (index.max_result_window)."""

_TIES = 50
"""Taken beyond the limit, so that hits whose cosines are equal to four decimals can be put in order."""

_FACET_ACCURACY = 5_000
"""Values that each shard reports, so that counts over months are exact for any field with fewer values."""


class ElasticsearchIndex:
    """The Index protocol over a cluster. The template is put, and the state made, by the first write."""

    def __init__(self, url: str, *, refresh: Literal["wait_for", True] = "wait_for") -> None:
        self._cluster = connected(url, refresh)
        self._address = self._cluster.address
        self._client = self._cluster.client
        self._template_put = False

    def put(self, documents: Iterable[Document]) -> PutReport:
        refused: dict[str, str] = {}
        report = self._written(prepared(documents, refused))
        return PutReport(report.written, report.superseded, {**report.refused, **refused})

    def delete(self, revisions: Mapping[str, int]) -> None:
        self._written(tombstones(revisions.items()))

    def search(
        self,
        query: Query,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
        after: str | None = None,
        sort: Sort = "published",
    ) -> Page:
        cursor = None if after is None else Cursor.parsed(after, sort)
        root = narrowed(query, since, until).root
        if sort == "relevance":
            return self._ranked(scored(root), limit, cursor.number if cursor else 0)
        paging = {} if cursor is None else {"search_after": [cursor.number, cursor.id]}
        found = self._searched(
            query=to_dsl(root),
            size=limit + 1,
            sort=_NEWEST_FIRST,
            source_includes=_HIT_FIELDS,
            track_total_hits=False,
            **paging,
        )
        hits = [_hit(hit) for hit in found["hits"]["hits"]]
        more = len(hits) > limit
        hits = hits[:limit]
        return Page(
            tuple(hits), str(Cursor(to_ms(hits[-1].published), hits[-1].id)) if more and hits else None
        )

    def stream(
        self, query: Query, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Hit]:
        dsl = to_dsl(narrowed(query, since, until).root)
        with speaking(self._address):
            self._check_schema()
            if not self._client.indices.exists_alias(name=ALIAS):
                return
            moment = self._client.open_point_in_time(index=ALIAS, keep_alive=_KEPT_OPEN)["id"]
        paging: dict[str, Any] = {}
        try:
            while True:
                with speaking(self._address):
                    found = self._client.search(
                        pit={"id": moment, "keep_alive": _KEPT_OPEN},
                        query=dsl,
                        size=_STREAMED_AT_ONCE,
                        sort=_NEWEST_FIRST,
                        source_includes=_HIT_FIELDS,
                        track_total_hits=False,
                        allow_partial_search_results=False,
                        **paging,
                    )
                moment = found["pit_id"]
                rows = found["hits"]["hits"]
                yield from map(_hit, rows)
                if len(rows) < _STREAMED_AT_ONCE:
                    return
                paging = {"search_after": rows[-1]["sort"]}
        finally:
            # One that cannot be closed closes itself after _KEPT_OPEN; the reader has what it came for, or its error.
            with suppress(IndexUnavailableError), speaking(self._address):
                self._client.options(ignore_status=404).close_point_in_time(id=moment)

    def similar(
        self,
        embedding: Embedding,
        query: Query,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
        but: str | None = None,
    ) -> tuple[Hit, ...]:
        field = f"vectors.{model_key(embedding)}"
        vector = components(embedding)
        among = {
            "bool": {
                "filter": [to_dsl(narrowed(query, since, until).root), {"exists": {"field": field}}],
                "must_not": [] if but is None else [{"term": {"id": but}}],
            }
        }
        counted = self._searched(query=among, size=0, track_total_hits=EXACT + 1)
        exact = int(counted["hits"]["total"]["value"]) <= EXACT
        size = min(limit + _TIES, _RANKED_WINDOW)
        found = self._searched(
            **(with_cosine(field, vector, among) if exact else nearest(field, vector, among, size)),
            size=size,
            source_includes=_HIT_FIELDS,
            track_total_hits=False,
        )
        hits = [
            _hit(row, score=round(row["_score"] - 1 if exact else 2 * row["_score"] - 1, 4))
            for row in found["hits"]["hits"]
        ]
        hits.sort(key=lambda hit: (-(hit.score or 0.0), -to_ms(hit.published), hit.id))
        return tuple(hits[:limit])

    def count(
        self,
        query: Query,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cap: int | None = None,
    ) -> Count:
        root = narrowed(query, since, until).root
        found = self._searched(query=to_dsl(root), size=0, track_total_hits=True if cap is None else cap + 1)
        total = int(found["hits"]["total"]["value"])
        return Count(total) if cap is None or total <= cap else Count(cap, exact=False)

    def facets(
        self,
        query: Query,
        fields: Sequence[str],
        *,
        limit: int = 20,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> dict[str, tuple[FacetValue, ...]]:
        check_facets(fields, query)
        found = self._searched(
            query=to_dsl(narrowed(query, since, until).root),
            size=0,
            track_total_hits=False,
            aggregations={
                field: {"terms": {"field": field, "size": limit, "shard_size": max(limit, _FACET_ACCURACY)}}
                for field in fields
            },
        )
        counted = found.get("aggregations", {})
        return {
            field: tuple(
                FacetValue(str(bucket["key"]), int(bucket["doc_count"]))
                for bucket in counted.get(field, {}).get("buckets", ())
            )
            for field in fields
        }

    def histogram(
        self,
        query: Query,
        interval: Interval,
        *,
        zone: str = "UTC",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Bucket, ...]:
        days = known_zone(zone, query)
        over_time = {
            "field": "published",
            "calendar_interval": interval,
            "time_zone": zone,
            "min_doc_count": 0,
        }
        try:
            found = self._searched(
                query=to_dsl(narrowed(query, since, until).root),
                size=0,
                track_total_hits=False,
                aggregations={"times": {"date_histogram": over_time}},
            )
        except IndexUnavailableError as error:
            if isinstance(error.__cause__, ApiError) and "too_many_buckets" in str(error.__cause__.body):
                raise too_many_buckets(interval, query.text) from error
            raise
        rows = found.get("aggregations", {}).get("times", {}).get("buckets", ())
        if len(rows) > MAX_BUCKETS:
            raise too_many_buckets(interval, query.text)
        starts = [from_ms(int(row["key"])) for row in rows]
        ends = [*starts[1:], *([bucket_end(starts[-1], interval, days)] if starts else [])]
        return tuple(
            Bucket(start, end, int(row["doc_count"]))
            for start, end, row in zip(starts, ends, rows, strict=True)
        )

    def match(self, queries: Sequence[Query], revisions: Mapping[str, int]) -> Matches:
        current: set[str] = set()
        matched: list[set[str]] = [set() for _ in queries]
        ids = list(revisions)
        for start in range(0, len(ids), _IDS_AT_ONCE):
            these = {article: revisions[article] for article in ids[start : start + _IDS_AT_ONCE]}
            held, found = self._judged(queries, these)
            current |= held
            for whole, part in zip(matched, found, strict=True):
                whole.update(part & held)
        return Matches(frozenset(current), tuple(map(frozenset, matched)))

    def revisions(self, ids: Iterable[str]) -> dict[str, Stored]:
        wanted = list(dict.fromkeys(ids))
        held: dict[str, Stored] = {}
        for start in range(0, len(wanted), _IDS_AT_ONCE):
            for stored in self._stored(
                query={"ids": {"values": wanted[start : start + _IDS_AT_ONCE]}}, size=2_000
            ):
                if stored.id not in held or held[stored.id].revision < stored.revision:
                    held[stored.id] = stored
        return held

    def scan(self, *, after: str = "", limit: int = 1000) -> tuple[Stored, ...]:
        paging = {"search_after": [after]} if after else {}
        by_id = [{"id": {"unmapped_type": "keyword"}}]
        return tuple(self._stored(query={"match_all": {}}, size=limit, sort=by_id, **paging))

    def show_feeds(self, feeds: Callable[[], Sequence[FeedHealth]]) -> None:
        healths = feeds()
        with speaking(self._address):
            elasticsearch_feeds.write(self._cluster, healths)

    def prepare(self, now: datetime) -> None:
        """Make the templates, the month of `now` and the feeds' index, so that Kibana finds them before the first write."""
        with speaking(self._address):
            state, _ = elasticsearch_state.read(self._client)
            if state.rebuild_needed is None:
                elasticsearch_state.put_template(self._cluster)
                elasticsearch_write.ensure(self._client, {month_of(now)}, state.live, live=True)
            elasticsearch_feeds.ensure(self._cluster)

    def rebuild(self) -> ElasticsearchRebuild:
        return ElasticsearchRebuild.begun(self._cluster)

    def clear(self) -> None:
        with speaking(self._address):
            state, unless = elasticsearch_state.read(self._client)
            new = elasticsearch_state.switched(elasticsearch_state.begun(state))
            elasticsearch_state.write(self._client, new, unless)
            drop(self._client, keep=new.live)

    def drop_months(self, before: datetime) -> tuple[str, ...]:
        dropped = []
        with speaking(self._address):
            for name in self._client.indices.get(index=f"{ALIAS}-*", allow_no_indices=True).body:
                month = str(name).removeprefix(f"{ALIAS}-").rpartition("-g")[0]
                if month == TOMBSTONES or month >= month_of(before):
                    continue
                self._client.indices.refresh(index=str(name))
                if not self._client.count(index=str(name), query={"term": {"deleted": False}})["count"]:
                    self._client.options(ignore_status=404).indices.delete(index=str(name))
                    dropped.append(str(name))
        return tuple(sorted(dropped))

    def info(self) -> IndexInfo:
        with speaking(self._address):
            state = elasticsearch_state.peek(self._client)
            generation = state.live if state else 1
            pattern = all_of(generation)
            held = self._client.search(
                index=pattern,
                ignore_unavailable=True,
                size=0,
                track_total_hits=True,
                aggregations={"deleted": {"filter": {"term": {"deleted": True}}}},
            )
            sizes = self._client.indices.stats(index=pattern, metric="store")
        total = int(held["hits"]["total"]["value"])
        deleted = int(held.get("aggregations", {}).get("deleted", {}).get("doc_count", 0))
        return IndexInfo(
            kind="elasticsearch",
            where=self._address.shown,
            documents=total - deleted,
            deleted=deleted,
            size_bytes=int(sizes["_all"]["total"].get("store", {}).get("size_in_bytes", 0)),
            generation=generation,
            building=state.building if state else None,
            rebuild_needed=state.rebuild_needed if state else None,
        )

    def close(self) -> None:
        self._client.close()

    def _written(self, writes: Iterable[Write]) -> PutReport:
        written: list[str] = []
        superseded: list[str] = []
        refused: dict[str, str] = {}
        for batch in batches(writes):
            with speaking(self._address):
                state, _ = elasticsearch_state.read(self._client)
                if not state.written:
                    raise self._outdated(state)
                if not self._template_put and state.building_schema in (None, elasticsearch_state.schema()):
                    elasticsearch_state.put_template(self._cluster)
                    self._template_put = True
                outcomes = [
                    elasticsearch_write.put(self._cluster, batch, generation, live=generation == state.live)
                    for generation in state.written
                ]
            done = {article for outcome in outcomes for article in outcome.written}
            turned_down = {article: why for outcome in outcomes for article, why in outcome.refused.items()}
            written.extend(done)
            refused |= turned_down
            superseded.extend({write.id for write in batch} - done - set(turned_down))
        return PutReport(tuple(written), tuple(superseded), refused)

    def _searched(self, **request: Any) -> Mapping[str, Any]:
        """A search of what readers may see; nothing was ever written: nothing is found."""
        with speaking(self._address):
            self._check_schema()
            found: Mapping[str, Any] = self._client.search(
                index=ALIAS, ignore_unavailable=True, allow_partial_search_results=False, **request
            ).body
        return found

    def _check_schema(self) -> None:
        state = elasticsearch_state.peek(self._client)
        if state is not None and state.rebuild_needed is not None:
            raise self._outdated(state)

    def _outdated(self, state: State) -> IndexUnavailableError:
        return IndexUnavailableError(
            f"The search index at {self._address.shown} must be rebuilt: {state.rebuild_needed}. Run `ceasefire reindex`"
        )

    def _ranked(self, query: dict[str, Any], limit: int, start: int) -> Page:
        size = max(0, min(limit + 1, _RANKED_WINDOW - start))
        found = self._searched(
            query=query,
            size=size,
            from_=min(start, _RANKED_WINDOW - size),
            sort=["_score", *_NEWEST_FIRST],
            track_scores=True,
            source_includes=_HIT_FIELDS,
            track_total_hits=False,
        )
        hits = [_hit(hit, score=float(hit["_score"] or 0.0)) for hit in found["hits"]["hits"]][:size]
        more = len(hits) > limit
        return Page(tuple(hits[:limit]), str(Cursor(start + limit)) if more else None)

    def _judged(
        self, queries: Sequence[Query], revisions: Mapping[str, int]
    ) -> tuple[set[str], list[set[str]]]:
        """One multi-search: which of these are held at their revision, and which of them satisfy which query."""
        only = {"ids": {"values": list(revisions)}}
        shape = {"size": len(revisions), "_source": ["id", "revision"], "track_total_hits": False}
        asked: list[Mapping[str, Any]] = []
        for dsl in ({"match_all": {}}, *(to_dsl(query.root) for query in queries)):
            asked += [
                {"index": ALIAS, "ignore_unavailable": True, "allow_partial_search_results": False},
                {"query": {"bool": {"filter": [only, dsl]}}, **shape},
            ]
        with speaking(self._address):
            self._check_schema()
            answered = self._client.msearch(searches=asked)
        found: list[set[str]] = []
        for answer in answered["responses"]:
            if "error" in answer:
                raise IndexUnavailableError(
                    f"The search index at {self._address.shown} answered {answer['status']}: {answer['error'].get('reason')}"
                )
            found.append(
                {
                    hit["_source"]["id"]
                    for hit in answer["hits"]["hits"]
                    if int(hit["_source"]["revision"]) == revisions[hit["_source"]["id"]]
                }
            )
        return found[0], found[1:]

    def _stored(self, **request: Any) -> list[Stored]:
        with speaking(self._address):
            state = elasticsearch_state.peek(self._client)
            found = self._client.search(
                index=all_of(state.live if state else 1),
                ignore_unavailable=True,
                allow_partial_search_results=False,
                source_includes=["id", "revision", "deleted"],
                track_total_hits=False,
                **request,
            )
        rows = [hit["_source"] for hit in found["hits"]["hits"]]
        return [Stored(row["id"], int(row["revision"]), bool(row["deleted"])) for row in rows]


def _hit(hit: Mapping[str, Any], score: float | None = None) -> Hit:
    held = hit["_source"]
    return Hit(
        id=held["id"],
        revision=int(held["revision"]),
        published=datetime.fromisoformat(held["published"]),
        seen=datetime.fromisoformat(held["seen"]),
        story=held["story"],
        copy_of=held.get("copy_of"),
        score=score,
    )
