"""Feeds dealt into shards: a domain stays whole, no shard is empty, and the load is even."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.fetch.pacing import registered_domain
from pipeline.shards import deal


def addresses(**feeds: int) -> dict[str, str]:
    """So many feeds of each outlet, spread over its subdomains."""
    return {
        f"{outlet}-{number}": f"https://rss{number}.{outlet}.example.org/feed"
        for outlet, count in feeds.items()
        for number in range(count)
    }


def test_all_feeds_of_a_domain_share_a_shard() -> None:
    feeds = {
        "world": "https://feeds.bbci.co.uk/world.xml",
        "europe": "https://rss.bbci.co.uk/europe.xml",
        "wire": "https://www.ukrinform.net/rss",
        "state": "https://tass.com/rss.xml",
    }
    shards = deal(feeds, 3)
    homes = {name: place for place, shard in enumerate(shards) for name in shard.feeds}
    assert homes["world"] == homes["europe"]
    assert len(shards) == 3


def test_no_shard_is_empty_when_there_are_fewer_domains_than_shards() -> None:
    assert [shard.feeds for shard in deal({"one": "https://one.example/rss"}, 8)] == [("one",)]
    assert deal({}, 4) == []


def test_a_large_domain_does_not_take_the_others_along() -> None:
    feeds = {f"big-{n}": f"https://big.example/{n}" for n in range(10)}
    feeds |= {f"small-{n}": f"https://small-{n}.example/rss" for n in range(10)}
    assert sorted(len(shard.feeds) for shard in deal(feeds, 2)) == [10, 10]


def test_a_shard_is_named_by_its_domains() -> None:
    feeds = {f"small-{n}": f"https://small-{n}.example/rss" for n in range(5)}
    assert deal(feeds, 1)[0].title == "small-0.example, small-1.example, small-2.example and 2 more"
    assert deal({"disk": "file:///feeds/disk.xml"}, 4)[0].title == "files"


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=3),
        st.builds(
            "https://{}.{}.example/{}".format,
            st.sampled_from("xy"),
            st.sampled_from("pqrs"),
            st.integers(0, 9),
        ),
    ),
    st.integers(1, 6),
)
def test_every_feed_is_dealt_once_and_alike_each_time(feeds: dict[str, str], count: int) -> None:
    shards = deal(feeds, count)
    assert sorted(name for shard in shards for name in shard.feeds) == sorted(feeds)
    assert shards == deal(dict(reversed(feeds.items())), count)
    domains = [{registered_domain(feeds[name]) for name in shard.feeds} for shard in shards]
    assert sum(map(len, domains)) == len(set().union(*domains, set()))
