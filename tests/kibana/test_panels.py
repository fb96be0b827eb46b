"""What every panel shows, asked of a real Elasticsearch as Kibana asks it, against the same counted from the articles."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from pipeline.types import Document, Feed, FeedHealth
from tests.kibana import lint, panels, sample
from tests.kibana.panels import Chart

Json = Mapping[str, Any]
Values = Callable[[Any, str], list[Any]]

SINCE = sample.NOW - timedelta(days=7)
DASHBOARDS = lint.dashboards()
VIEWS = lint.data_views()
CHARTS = [chart for name, body in DASHBOARDS.items() for chart in panels.charts(name, body)]
DISCOVER = [
    (name, panel)
    for name, body in DASHBOARDS.items()
    for panel in body["panels"]
    if panel["type"] == "discover_session"
]


def feed_healths() -> list[FeedHealth]:
    """Thirty feeds in every state."""
    return [_feed_health(number) for number in range(30)]


def _feed_health(number: int) -> FeedHealth:
    outlet, owner, side, control, country, kind, language = sample.OUTLETS[number % 5]
    state = ("well", "well", "failing", "silent", "gone", "new")[number % 6]
    failing = state in ("failing", "gone")
    return FeedHealth(
        feed=Feed(
            f"feed-{number}",
            f"https://news.example/rss/{number}",
            outlet,
            owner,
            country,
            side,
            language,
            kind,
            control,
        ),  # type: ignore[arg-type]
        checked=sample.NOW,
        state=state,  # type: ignore[arg-type]
        first_success=SINCE,
        last_poll=sample.NOW,
        last_success=SINCE if failing else sample.NOW,
        last_new=SINCE,
        next_poll=sample.NOW + timedelta(minutes=number),
        silent_since=SINCE if state == "silent" else None,
        failures=number if failing else 0,
        failure=("dns", "http-5xx")[number % 2] if failing else None,
        failure_words="The server cannot be found; is the address right?" if failing else "",
        problems=("no dates",) if number % 4 == 0 else (),
        moved_to=None,
        interval_s=900.0,
        polls=100 + number,
        polls_7d=90,
        failed_7d=number if failing else 0,
        new_24h=number * 2,
        new_7d=number * 9,
        entries_per_day=number * 9 / 7,
        elapsed_s=0.5 + number / 8,
    )


def feed_values(health: FeedHealth, field: str) -> list[Any]:
    if field == "problems":
        return list(health.problems)
    value = getattr(health, field, None)
    value = getattr(health.feed, field, None) if value is None else value
    return [] if value is None else [value]


@pytest.fixture(scope="module")
def elasticsearch(elasticsearch_url: str) -> Iterator[Any]:
    """The client of a node that holds the sample."""
    from pipeline.index.elasticsearch import ElasticsearchIndex

    index = ElasticsearchIndex(elasticsearch_url, refresh=True)
    index.clear()
    refused = index.put(sample.documents()).refused
    assert not refused
    index.show_feeds(feed_healths)
    yield index._client
    index.close()


def held(view: str) -> tuple[Sequence[Any], Values]:
    """What an index of the sample holds, and how to read a field of it."""
    return (
        (sample.documents(), sample.values) if view == "ceasefire-articles" else (feed_healths(), feed_values)
    )


def matches(thing: Any, query: Json, read: Values) -> bool:
    """Whether an article or feed answers a query of `panels.kql`."""
    ((kind, told),) = query.items()
    match kind:
        case "match_all":
            return True
        case "exists":
            return bool(read(thing, told["field"]))
        case "term":
            ((field, value),) = told.items()
            return value in read(thing, field)
        case _:
            wanted = [matches(thing, part, read) for part in told.get("filter", ())]
            unwanted = [matches(thing, part, read) for part in told.get("must_not", ())]
            either = [matches(thing, part, read) for part in told.get("should", ())]
            return all(wanted) and not any(unwanted) and (any(either) or not either)


def selected(chart: Chart) -> list[Any]:
    """What the chart counts over, by the rules alone."""
    things, read = held(chart.view)
    found = [
        thing for thing in things if all(matches(thing, panels.kql(text), read) for text in chart.queries)
    ]
    if chart.view == "ceasefire-feeds":
        return found
    found = [thing for thing in found if SINCE <= thing.published <= sample.NOW]
    return [
        thing
        for thing in found
        if not any(_filtered_out(thing, item) for item in DASHBOARDS[chart.dashboard]["filters"])
    ]


def _filtered_out(document: Document, item: Json) -> bool:
    there = bool(sample.values(document, item["condition"]["field"]))
    return there if item.get("negate") else not there


def counted(things: Sequence[Any], metric: Json, read: Values) -> float:
    if "filter" in metric:
        things = [
            thing for thing in things if matches(thing, panels.kql(metric["filter"]["expression"]), read)
        ]
    if metric.get("reduced_time_range") == "1d":
        things = [thing for thing in things if thing.published >= sample.NOW - timedelta(days=1)]
    if metric["operation"] == "count":
        return len(things)
    found = [value for thing in things for value in read(thing, metric["field"])]
    match metric["operation"]:
        case "unique_count":
            return len(set(found))
        case "sum":
            return sum(found)
        case "max":
            return max((_number(value) for value in found), default=0)
        case other:
            raise AssertionError(f"no panel of ours uses {other}")


def _number(value: Any) -> float:
    return value.timestamp() * 1000 if isinstance(value, datetime) else float(value)


def keys(thing: Any, bucket: Json, read: Values) -> list[Any]:
    if bucket["operation"] == "date_histogram":
        return [f"{thing.published:%Y-%m-%d}T00:00:00.000Z"]
    found = read(thing, bucket["fields"][0])
    if told := bucket.get("includes"):
        return [
            value for value in found if any(_included(value, one, told["as_regex"]) for one in told["values"])
        ]
    return found


def _included(value: str, one: str, as_regex: bool) -> bool:
    return bool(re.fullmatch(one, value)) if as_regex else value == one


def counted_from_the_sample(chart: Chart) -> dict[tuple[Any, ...], tuple[float, ...]]:
    """Every cell that the chart could show, without the limit of its lists."""
    _, read = held(chart.view)
    cells: dict[tuple[Any, ...], list[Any]] = {(): selected(chart)}
    for bucket in chart.buckets:
        finer: dict[tuple[Any, ...], list[Any]] = {}
        for above, things in cells.items():
            for thing in things:
                for key in dict.fromkeys(keys(thing, bucket, read)):
                    finer.setdefault((*above, key), []).append(thing)
        cells = finer
    return {
        above: tuple(counted(things, metric, read) for metric in chart.metrics)
        for above, things in cells.items()
    }


@pytest.mark.parametrize("chart", CHARTS, ids=[f"{chart.dashboard}/{chart.panel}" for chart in CHARTS])
def test_a_panel_shows_what_the_articles_say(chart: Chart, elasticsearch: Any) -> None:
    time_field = VIEWS[chart.view].get("timeFieldName")
    body = panels.search_body(chart, DASHBOARDS[chart.dashboard]["filters"], time_field, SINCE, sample.NOW)
    shown = panels.rows(chart, elasticsearch.search(index=VIEWS[chart.view]["title"], **body).body)
    expected = counted_from_the_sample(chart)
    assert any(any(row) for row in shown.values()), "the panel is empty"
    for key, row in shown.items():
        assert row == pytest.approx(expected.get(key, (0,) * len(row))), key
    _check_lists(chart, shown, expected)


def _check_lists(chart: Chart, shown: Mapping[Any, Any], expected: Mapping[Any, Any]) -> None:
    """A list leaves nothing out that belongs above its last line."""
    (first, *inner) = chart.buckets or ({},)
    if inner or first.get("operation") != "terms" or first["rank_by"]["type"] != "metric":
        return
    rank = first["rank_by"]["metric_index"]
    assert len(shown) == min(first["limit"], len(expected))
    least = min(row[rank] for row in shown.values())
    assert all(row[rank] <= least for key, row in expected.items() if key not in shown)


@pytest.mark.parametrize(
    ("name", "panel"), DISCOVER, ids=[f"{name}/{panel['id']}" for name, panel in DISCOVER]
)
def test_a_list_shows_the_newest_first_with_something_in_every_column(
    name: str, panel: Json, elasticsearch: Any
) -> None:
    (tab,) = panel["config"]["tabs"]
    view, texts = (
        tab["data_source"]["ref_id"],
        (DASHBOARDS[name]["query"]["expression"], tab["query"]["expression"]),
    )
    wanted = [panels.kql(text) for text in texts if text]
    sort = [{item["name"]: item["direction"]} for item in tab["sort"]]
    found = elasticsearch.search(
        index=VIEWS[view]["title"], query={"bool": {"filter": wanted}}, sort=sort, size=tab["sample_size"]
    ).body["hits"]["hits"]
    assert found
    ranks = [hit["sort"][0] for hit in found]
    assert ranks == sorted(ranks, reverse=True)
    for column in tab["column_order"]:
        assert any(_field(hit["_source"], column) not in (None, []) for hit in found), (
            f"{column} is empty everywhere"
        )


def _field(source: Json, name: str) -> Any:
    value: Any = source
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def test_a_copy_counts_only_where_the_reader_takes_the_filter_away(elasticsearch: Any) -> None:
    chart = next(one for one in CHARTS if (one.dashboard, one.panel) == ("ceasefire-overview", "articles"))
    filters = DASHBOARDS["ceasefire-overview"]["filters"]
    counts = []
    for left_out in (filters, []):
        body = panels.search_body(chart, left_out, "published", SINCE, sample.NOW)
        counts.append(
            panels.rows(chart, elasticsearch.search(index="ceasefire-articles", **body).body)[()][0]
        )
    week = [one for one in sample.documents() if SINCE <= one.published <= sample.NOW]
    assert counts == [sum(one.copy_of is None for one in week), len(week)]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ('side : "russia"', {"term": {"side": "russia"}}),
        ('not state : ("a" or "b")', {"bool": {"must_not": [{"bool": {"should": [{"term": {"state": "a"}}, {"term": {"state": "b"}}], "minimum_should_match": 1}}]}}),
        ('a : "1" or b : "2" and c : *', {"bool": {"should": [{"term": {"a": "1"}}, {"bool": {"filter": [{"term": {"b": "2"}}, {"exists": {"field": "c"}}]}}], "minimum_should_match": 1}}),
    ],
)  # fmt: skip
def test_kql_is_read_as_kibana_reads_it(text: str, query: Json) -> None:
    assert panels.kql(text) == query
