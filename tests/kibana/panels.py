"""What Kibana asks Elasticsearch for a panel, and what comes back, without a Kibana.

A panel of a data view is one search: the dashboard's query and filters and the panel's own, the time range on the data
view's time field, and nested aggregations: buckets (terms, date histogram), then metrics (count, unique count). KQL is read
by a parser for the part that our dashboards use; what it cannot read fails the test.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Json = Mapping[str, Any]

_TOKEN = re.compile(r'\s*(?:(?P<quoted>"[^"]*")|(?P<sign>[():])|(?P<word>[\w.*-]+))')
_PERIODS = {"1d": timedelta(days=1), "7d": timedelta(days=7), "1h": timedelta(hours=1)}


def kql(text: str) -> Json:
    """KQL to the query that Kibana makes of it: field : value, field : (a or b), and, or, not, parentheses."""
    tokens = []
    rest = text.strip()
    while rest:
        match = _TOKEN.match(rest)
        assert match is not None, f"not KQL that we use: {rest!r}"
        tokens.append((match.lastgroup, match.group(match.lastgroup or 0)))
        rest = rest[match.end() :].strip()
    if not tokens:
        return {"match_all": {}}
    parser = _Kql(tokens)
    query = parser.either()
    assert parser.done, f"more than an expression: {text!r}"
    return query


class _Kql:
    def __init__(self, tokens: list[tuple[str | None, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def either(self, field: str | None = None) -> Json:
        parts = [self._both(field)]
        while self._taken("or"):
            parts.append(self._both(field))
        return parts[0] if len(parts) == 1 else {"bool": {"should": parts, "minimum_should_match": 1}}

    def _both(self, field: str | None) -> Json:
        parts = [self._one(field)]
        while self._taken("and"):
            parts.append(self._one(field))
        return parts[0] if len(parts) == 1 else {"bool": {"filter": parts}}

    def _one(self, field: str | None) -> Json:
        if self._taken("not"):
            return {"bool": {"must_not": [self._one(field)]}}
        if self._taken("("):
            inner = self.either(field)
            assert self._taken(")"), "a parenthesis is not closed"
            return inner
        kind, value = self._next()
        if field is not None:
            return _holds(field, kind, value)
        assert self._taken(":"), f"{value!r} is no field; free words are not used"
        if self._taken("("):
            inner = self.either(value)
            assert self._taken(")"), "a parenthesis is not closed"
            return inner
        return _holds(value, *self._next())

    def _next(self) -> tuple[str | None, str]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _taken(self, what: str) -> bool:
        if self.done or self._tokens[self._at][1] != what:
            return False
        self._at += 1
        return True


def _holds(field: str, kind: str | None, value: str) -> Json:
    if kind == "word" and value == "*":
        return {"exists": {"field": field}}
    if kind == "word" and value in ("true", "false"):
        return {"term": {field: value == "true"}}
    assert kind == "quoted", f"{field} : {value} without quotes"
    return {"term": {field: value[1:-1]}}


@dataclass(frozen=True, slots=True)
class Chart:
    """One search of a panel. Buckets from the outermost inwards; metrics in the order in which they are shown."""

    dashboard: str
    panel: str
    title: str
    view: str
    queries: tuple[str, ...]
    buckets: tuple[Json, ...]
    metrics: tuple[Json, ...]


def charts(name: str, body: Json) -> Iterator[Chart]:
    """The searches of all panels that count, in their order on the dashboard."""
    for panel in body["panels"]:
        if panel["type"] != "vis":
            continue
        config = panel["config"]
        queries = tuple(
            part["query"]["expression"] for part in (body, config) if part.get("query", {}).get("expression")
        )
        for layer in config.get("layers", [config]):
            if config["type"] == "metric":
                buckets, metrics = (), tuple(config["metrics"])
            elif config["type"] == "data_table":
                buckets, metrics = tuple(config["rows"]), tuple(config["metrics"])
            elif config["type"] == "heatmap":
                buckets, metrics = (config["y"], config["x"]), (config["metric"],)
            else:
                buckets = tuple(layer[key] for key in ("x", "breakdown_by") if key in layer)
                metrics = tuple(layer["y"])
            yield Chart(
                name, panel["id"], config["title"], layer["data_source"]["ref_id"], queries, buckets, metrics
            )


def search_body(
    chart: Chart, filters: Sequence[Json], time_field: str | None, since: datetime, until: datetime
) -> Json:
    """The search of a chart over a time range, as Lens builds it; a data view without a time field has none."""
    wanted: list[Json] = [_within(time_field, since, until)] if time_field else []
    wanted += map(kql, chart.queries)
    unwanted: list[Json] = []
    for item in filters:
        (unwanted if item.get("negate") else wanted).append(_condition(item["condition"]))
    counted: dict[str, Json] = {}
    for number, metric in enumerate(chart.metrics):
        counted[f"m{number}"] = _metric(metric, time_field, until)
    aggregations: Json = counted
    for bucket in reversed(chart.buckets):
        # Every level has the metrics beside its finer buckets: lists are ranked by them.
        aggregations = {"b": {**_bucket(bucket, chart.metrics), "aggs": {**aggregations, **counted}}}
    return {"size": 0, "query": {"bool": {"filter": wanted, "must_not": unwanted}}, "aggs": aggregations}


def rows(chart: Chart, answer: Json) -> dict[tuple[Any, ...], tuple[float, ...]]:
    """What the panel shows: values of the metrics by the keys of its buckets; () for a metric panel."""
    found: dict[tuple[Any, ...], tuple[float, ...]] = {}

    def read(aggregations: Json, above: tuple[Any, ...], depth: int) -> None:
        if depth == len(chart.buckets):
            found[above] = tuple(_value(aggregations[f"m{number}"]) for number in range(len(chart.metrics)))
            return
        for bucket in aggregations["b"]["buckets"]:
            read(bucket, (*above, bucket.get("key_as_string", bucket["key"])), depth + 1)

    read(answer["aggregations"], (), 0)
    return found


def _within(field: str, since: datetime, until: datetime) -> Json:
    return {"range": {field: {"gte": since.isoformat(), "lte": until.isoformat()}}}


def _condition(condition: Json) -> Json:
    if condition["operator"] == "exists":
        return {"exists": {"field": condition["field"]}}
    return {"term": {condition["field"]: condition["value"]}}


def _metric(metric: Json, time_field: str | None, until: datetime) -> Json:
    queries: list[Json] = [kql(metric["filter"]["expression"])] if "filter" in metric else [{"match_all": {}}]
    if period := metric.get("reduced_time_range"):
        assert time_field is not None
        queries.append(_within(time_field, until - _PERIODS[period], until))
    counted: Json = {}
    match metric["operation"]:
        case "count":
            counted = {}
        case "unique_count":
            counted = {"v": {"cardinality": {"field": metric["field"]}}}
        case "average" | "min" | "max" | "sum" as operation:
            counted = {"v": {"avg" if operation == "average" else operation: {"field": metric["field"]}}}
        case other:
            raise AssertionError(f"no panel of ours uses {other}")
    return {"filter": {"bool": {"filter": queries}}, **({"aggs": counted} if counted else {})}


def _value(answer: Json) -> float:
    if "v" not in answer:
        return float(answer["doc_count"])
    return float(answer["v"]["value"] or 0)


def _bucket(bucket: Json, metrics: Sequence[Json]) -> Json:
    if bucket["operation"] == "date_histogram":
        return {"date_histogram": {"field": bucket["field"], "calendar_interval": "day", "min_doc_count": 0}}
    (field,) = bucket["fields"]
    rank = bucket["rank_by"]
    if rank["type"] == "alphabetical":
        order = {"_key": rank["direction"]}
    else:
        counts = metrics[rank["metric_index"]]["operation"] == "count"
        order = {f"m{rank['metric_index']}" + ("" if counts else ">v"): rank["direction"]}
    terms: dict[str, Any] = {"field": field, "size": bucket["limit"], "shard_size": 5000, "order": order}
    if told := bucket.get("includes"):
        terms["include"] = "|".join(told["values"]) if told["as_regex"] else told["values"]
    return {"terms": terms}
