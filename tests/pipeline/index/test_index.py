"""The Index protocol: the same cases for every back end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.errors import QueryError
from pipeline.index.base import Index
from pipeline.query.nodes import Query, with_uncertain
from pipeline.types import Document
from tests.pipeline.index.corpus import documents

Parse = Callable[[str], Query]
NOON = datetime(2025, 3, 18, 12, tzinfo=UTC)


def article(name: str, **changes: object) -> Document:
    document = replace(
        documents(1)[0],
        id=name,
        revision=1,
        title="Envoys meet",
        text="A truce is discussed.",
        published=NOON,
        seen=NOON,
        copy_of=None,
        labels=(),
        uncertain=(),
        positions=(),
    )
    return replace(document, **changes)  # type: ignore[arg-type]


def found(index: Index, query: Query, **arguments: object) -> list[str]:
    return [hit.id for hit in index.search(query, **arguments).hits]  # type: ignore[arg-type]


def test_writing_an_article_twice_leaves_one_document(index: Index, query: Parse) -> None:
    index.put([article("one")])
    report = index.put([article("one")])
    assert report.written == ()
    assert report.superseded == ("one",)
    assert found(index, query("truce")) == ["one"]


def test_newer_revision_replaces_words_and_labels(index: Index, query: Parse) -> None:
    index.put([article("one", outlet="Old Paper")])
    index.put([article("one", revision=2, text="An armistice is discussed.", outlet="New Paper")])
    assert found(index, query("truce")) == []
    assert found(index, query('armistice outlet:"new paper"')) == ["one"]
    assert [value.value for value in index.facets(query("*"), ["outlet"])["outlet"]] == ["New Paper"]


def test_older_revision_never_overwrites(index: Index, query: Parse) -> None:
    index.put([article("one", revision=3, text="The final text.")])
    report = index.put([article("one", revision=2)])
    assert report.superseded == ("one",)
    assert found(index, query("truce")) == []
    assert index.revisions(["one"])["one"].revision == 3


def test_both_revisions_in_one_batch_leave_the_newer(index: Index, query: Parse) -> None:
    index.put([article("one", revision=2, text="second"), article("one", revision=1, text="first")])
    index.put([article("two", revision=1, text="first"), article("two", revision=2, text="second")])
    assert sorted(found(index, query("second"))) == ["one", "two"]
    assert found(index, query("first")) == []


def test_deleted_article_is_found_by_nothing(index: Index, query: Parse) -> None:
    index.put([article("one"), article("two")])
    index.delete({"one": 2})
    for text in ("*", "truce", "NOT peace", "side:* OR -side:*"):
        assert found(index, query(text)) == ["two"], text
    assert index.count(query("*")).value == 1
    assert index.revisions(["one"])["one"].deleted


def test_older_put_after_a_delete_does_not_bring_the_article_back(index: Index, query: Parse) -> None:
    index.put([article("one")])
    index.delete({"one": 5, "never-seen": 2})
    index.put([article("one", revision=4), article("never-seen", revision=1)])
    assert found(index, query("*")) == []


def test_newer_put_after_a_delete_brings_the_article_back(index: Index, query: Parse) -> None:
    index.put([article("one")])
    index.delete({"one": 2})
    index.put([article("one", revision=3)])
    assert found(index, query("truce")) == ["one"]


def test_deleted_document_is_a_tombstone_too(index: Index, query: Parse) -> None:
    index.put([article("one"), article("one", revision=2, deleted=True)])
    assert found(index, query("*")) == []


def test_article_that_no_index_can_take_is_refused_and_holds_up_nothing(index: Index, query: Parse) -> None:
    report = index.put([article("bad", published=datetime(2025, 3, 18)), article("good")])  # noqa: DTZ001
    assert list(report.refused) == ["bad"]
    assert "time zone" in report.refused["bad"]
    assert report.written == ("good",)


def test_hits_come_newest_first_and_equal_times_by_id(index: Index, query: Parse) -> None:
    index.put(
        [
            article("c"),
            article("a"),
            article("old", published=NOON - timedelta(days=1)),
            article("b", published=NOON + timedelta(milliseconds=1)),
        ]
    )
    assert found(index, query("truce")) == ["b", "a", "c", "old"]


def test_pages_follow_each_other_without_gap_or_repeat(index: Index, query: Parse) -> None:
    names = [f"n{number:02}" for number in range(25)]
    index.put([article(name, published=NOON + timedelta(minutes=int(name[1:]) // 10)) for name in names])
    for sort in ("published", "relevance"):
        pages: list[str] = []
        after = None
        while True:
            page = index.search(query("truce"), limit=4, after=after, sort=sort)  # type: ignore[arg-type]
            pages.extend(hit.id for hit in page.hits)
            after = page.after
            if after is None:
                break
        assert sorted(pages) == names
        assert len(pages) == 25


def test_broken_place_in_a_list_is_an_error(index: Index, query: Parse) -> None:
    for after in ("", "x", "12", "12.", "-", "1.a b", "99999999999999999999.a"):
        with pytest.raises(QueryError):
            index.search(query("*"), after=after)
    with pytest.raises(QueryError):
        index.search(query("*"), after="12.a", sort="relevance")


def test_since_and_until_bound_the_time_first_seen(index: Index, query: Parse) -> None:
    index.put([article("early", seen=NOON - timedelta(hours=1)), article("late")])
    assert found(index, query("*"), since=NOON) == ["late"]
    assert found(index, query("*"), until=NOON) == ["early"]
    assert index.count(query("truce"), since=NOON).value == 1
    assert index.facets(query("*"), ["side"], until=NOON)["side"][0].count == 1
    assert sum(bucket.count for bucket in index.histogram(query("*"), "day", since=NOON)) == 1


def test_count_stops_at_its_cap_and_says_so(index: Index, query: Parse) -> None:
    index.put([article(f"n{number}") for number in range(9)])
    assert index.count(query("truce"), cap=5) == type(index.count(query("*")))(5, exact=False)
    assert index.count(query("truce"), cap=9).exact
    assert index.count(query("truce")).value == 9


def test_relevance_puts_titles_and_rare_words_first(index: Index, query: Parse) -> None:
    index.put(
        [
            article("text", text="The armistice is discussed, and many other things are, at length, too."),
            article("title", title="Armistice", published=NOON - timedelta(days=9)),
            article("neither"),
        ]
    )
    page = index.search(query("armistice"), sort="relevance")
    assert page.hits[0].id == "title"
    assert all(hit.score is not None for hit in page.hits)


def test_match_judges_only_articles_at_the_revision_asked_for(index: Index, query: Parse) -> None:
    index.put([article("one"), article("two", revision=3), article("gone")])
    index.delete({"gone": 2})
    matches = index.match(
        [query("truce"), query("armistice"), query("*")], {"one": 1, "two": 2, "gone": 2, "unknown": 1}
    )
    assert matches.current == {"one"}
    assert matches.matched == (frozenset({"one"}), frozenset(), frozenset({"one"}))


def test_match_of_nothing_is_empty(index: Index, query: Parse) -> None:
    index.put([article("one")])
    assert index.match([query("*")], {}).matched == (frozenset(),)
    assert index.match([], {"one": 1}).matched == ()


def test_uncertain_labels_match_only_when_asked_for(index: Index, query: Parse) -> None:
    sure = next(document for document in documents(200) if document.uncertain)
    label = sure.uncertain[0].label
    facet, _, value = label.partition(":")
    index.put([article("one", uncertain=(sure.uncertain[0],))])
    asked = query(f"{facet}:{value}")
    assert found(index, asked) == []
    assert found(index, with_uncertain(asked)) == ["one"]
    assert found(index, query("is:uncertain")) == ["one"]


def test_unknown_facet_or_zone_is_an_error(index: Index, query: Parse) -> None:
    with pytest.raises(QueryError, match="cannot be counted"):
        index.facets(query("*"), ["title"])
    with pytest.raises(QueryError, match="time zone"):
        index.histogram(query("*"), "day", zone="Mars/Olympus")


def test_empty_index_answers_everything_with_nothing(index: Index, query: Parse) -> None:
    assert index.search(query("truce")).hits == ()
    assert index.count(query("*")).value == 0
    assert index.facets(query("*"), ["actor"]) == {"actor": ()}
    assert index.histogram(query("*"), "day") == ()
    assert index.revisions(["one"]) == {}
    assert index.scan() == ()


def test_histogram_days_follow_the_zone_over_a_clock_change(index: Index, query: Parse) -> None:
    index.put(
        [
            article("a", published=datetime(2025, 3, 29, 21, 59, tzinfo=UTC)),
            article("b", published=datetime(2025, 3, 29, 22, 0, tzinfo=UTC)),
            article("c", published=datetime(2025, 3, 30, 20, 59, tzinfo=UTC)),
            article("d", published=datetime(2025, 3, 31, 21, 0, tzinfo=UTC)),
        ]
    )
    days = index.histogram(query("*"), "day", zone="Europe/Kyiv")
    assert [bucket.count for bucket in days] == [1, 2, 0, 1]
    assert days[1].end - days[1].start == timedelta(hours=23)


def test_scan_lists_everything_held_in_order_of_id(index: Index) -> None:
    index.put([article(name) for name in ("c", "a", "b")])
    index.delete({"b": 7})
    assert [(stored.id, stored.revision, stored.deleted) for stored in index.scan()] == [
        ("a", 1, False),
        ("b", 7, True),
        ("c", 1, False),
    ]
    assert [stored.id for stored in index.scan(after="a", limit=1)] == ["b"]


def test_rebuild_is_read_only_after_its_end_and_takes_writes_meanwhile(index: Index, query: Parse) -> None:
    index.put([article("one"), article("two")])
    rebuild = index.rebuild()
    rebuild.put([article("one", text="Rebuilt.")])
    index.put([article("three")])
    index.delete({"two": 2})
    assert sorted(found(index, query("*"))) == ["one", "three"]
    assert found(index, query("rebuilt")) == []
    rebuild.put([article("two")])
    rebuild.finish()
    assert sorted(found(index, query("*"))) == ["one", "three"]
    assert found(index, query("rebuilt")) == ["one"]
    assert index.info().building is None


def test_interrupted_rebuild_is_taken_up_where_it_stopped(index: Index, query: Parse) -> None:
    index.put([article("a"), article("b")])
    first = index.rebuild()
    first.put([article("a")])
    second = index.rebuild()
    assert second.generation == first.generation
    assert second.resumed_after == "a"
    second.put([article("b")])
    second.finish()
    assert sorted(found(index, query("*"))) == ["a", "b"]


def test_abandoned_rebuild_leaves_the_index_as_it_was(index: Index, query: Parse) -> None:
    index.put([article("one")])
    before = index.info().generation
    rebuild = index.rebuild()
    rebuild.put([article("one", revision=9, text="Other.")])
    rebuild.abandon()
    assert found(index, query("truce")) == ["one"]
    assert index.info().generation == before
    assert index.rebuild().resumed_after == ""


def test_clear_forgets_everything(index: Index, query: Parse) -> None:
    index.put([article("one", revision=5)])
    index.clear()
    assert index.scan() == ()
    index.put([article("one", revision=1)])
    assert found(index, query("truce")) == ["one"]


def test_info_counts_articles_and_tombstones(index: Index) -> None:
    index.put([article("one"), article("two")])
    index.delete({"two": 2})
    info = index.info()
    assert (info.documents, info.deleted, info.rebuild_needed) == (1, 1, None)


def test_dropping_months_takes_nothing_that_can_be_found(index: Index, query: Parse) -> None:
    index.put(documents(40))
    index.delete({document.id: document.revision + 1 for document in documents(40)[:20]})
    before = index.count(query("*"))
    index.drop_months(documents(40)[-1].seen + timedelta(days=400))
    assert index.count(query("*")) == before
