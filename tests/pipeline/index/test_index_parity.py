"""Every query finds what its definition (`index.evaluate`) says, in every back end: ids, order, counts, facets, histogram."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import QueryError
from pipeline.index.base import Index
from pipeline.index.buckets import bucket_start
from pipeline.index.evaluate import satisfies
from pipeline.index.fields import Searchable
from pipeline.query.nodes import Query
from tests.pipeline.index.queries import ANSWERED, REFUSED

Parse = Callable[[str], Query]
FACETS = (
    "actor",
    "issue",
    "development",
    "detail",
    "by",
    "against",
    "outlet",
    "side",
    "language",
    "tag",
    "is",
    "uncertain",
)


def ids_found(index: Index, query: Query) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = index.search(query, limit=1_000, after=after)
        found.extend(hit.id for hit in page.hits)
        after = page.after
        if after is None:
            return found


def expected(corpus: Sequence[Searchable], query: Query) -> list[Searchable]:
    found = [article for article in corpus if satisfies(article, query.root)]
    return sorted(found, key=lambda article: (-article.published_ms, article.id))


@pytest.mark.parametrize("text", ANSWERED)
def test_query_finds_what_its_definition_says(
    full_index: Index, corpus: Sequence[Searchable], query: Parse, text: str
) -> None:
    parsed = query(text)
    wanted = expected(corpus, parsed)
    assert ids_found(full_index, parsed) == [article.id for article in wanted]
    assert full_index.count(parsed).value == len(wanted)


@pytest.mark.parametrize("text", ANSWERED[::9])
def test_facets_count_the_hits_of_a_query(
    full_index: Index, corpus: Sequence[Searchable], query: Parse, text: str
) -> None:
    parsed = query(text)
    wanted = expected(corpus, parsed)
    found = full_index.facets(parsed, FACETS, limit=4)
    for field in FACETS:
        counts = Counter(value for article in wanted for value in article.values.get(field, ()))
        commonest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:4]
        assert [(facet.value, facet.count) for facet in found[field]] == commonest, field


@pytest.mark.parametrize("text", ANSWERED[::17])
@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_histogram_counts_the_hits_of_a_query(
    full_index: Index, corpus: Sequence[Searchable], query: Parse, text: str, interval: str
) -> None:
    parsed = query(text)
    zone = ZoneInfo("Europe/Kyiv")
    wanted = Counter(
        bucket_start(article.published_ms, interval, zone)  # type: ignore[arg-type]
        for article in expected(corpus, parsed)
    )
    found = full_index.histogram(parsed, interval, zone=zone.key)  # type: ignore[arg-type]
    assert {bucket.start: bucket.count for bucket in found if bucket.count} == wanted
    assert all(one.end == other.start for one, other in pairwise(found))


@pytest.mark.parametrize("text", REFUSED)
def test_what_one_back_end_lacks_is_an_error_with_its_place(query: Parse, text: str) -> None:
    with pytest.raises(QueryError) as caught:
        query(text)
    assert 0 <= caught.value.position <= len(text)
    assert caught.value.query == text
    assert caught.value.message[0].isupper() or caught.value.message[0] == '"'


LEAVES = st.sampled_from(
    [
        "truce",
        "kyiv",
        '"power line"',
        "reject*",
        "actor:russia",
        "actor:us",
        "issue:prisoners",
        "name:putin",
        "is:copy",
        "thread:*",
        "side:ukraine",
        "published:2025-02",
        "seen:>=2025-03-01",
        "by:russia",
        "development:rejected",
        "detail:planned",
        "against:ukraine",
        "停火",
        "zelenskiy",
        "outlet:kyi*",
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR ", " "]), inner).map(
            lambda parts: f"({''.join(parts)})"
        ),
        st.tuples(inner, st.sampled_from([" and ", " or ", " "]), inner).map("".join),
        inner.map(lambda tree: f"NOT ({tree})"),
        inner.map(lambda tree: f"-({tree})"),
    ),
    max_leaves=9,
)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=TREES)
def test_any_tree_finds_what_its_definition_says(
    full_index: Index, corpus: Sequence[Searchable], query: Parse, text: str
) -> None:
    parsed = query(text)
    wanted = expected(corpus, parsed)
    assert full_index.count(parsed).value == len(wanted)
    page = full_index.search(parsed, limit=30)
    assert [hit.id for hit in page.hits] == [article.id for article in wanted[:30]]
