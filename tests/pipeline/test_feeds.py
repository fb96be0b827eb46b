"""The source list."""

from pathlib import Path

import pytest

from pipeline.errors import FeedListError
from pipeline.feeds import add_feeds, free_name, load_feeds, read_feeds, same_address
from pipeline.slug import slug
from pipeline.types import Feed
from tests.conftest import ROOT
from tests.samples import feed

GOOD = """\
[[feed]]
url = "https://post.example/rss"
outlet = "Harbour Post"
owner = "Harbour Media"
country = "GB"
side = "third-party"
language = "en-GB"
kind = "news"
"""


def faults(text: str) -> list[str]:
    with pytest.raises(FeedListError) as caught:
        read_feeds(text, "feeds.toml")
    return str(caught.value).splitlines()


def test_feed_is_read_with_its_defaults() -> None:
    assert read_feeds(GOOD, "feeds.toml") == (
        Feed(
            "harbour-post",
            "https://post.example/rss",
            "Harbour Post",
            "Harbour Media",
            "GB",
            "third-party",
            "en-GB",
            "news",
        ),
    )


def test_optional_facts_are_read() -> None:
    (read,) = read_feeds(
        GOOD + 'name = "hp"\ncontrol = "public"\ntime_zone = "Europe/Kyiv"\nfull_text = true\n', "feeds.toml"
    )
    assert (read.name, read.control, read.time_zone, read.full_text) == ("hp", "public", "Europe/Kyiv", True)


def test_empty_list_is_a_list() -> None:
    assert read_feeds("# nothing yet\n", "feeds.toml") == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (
            'url = "https://post.example/rss"',
            'url = "ftp://post.example/rss"',
            2,
            "should begin with https://",
        ),
        ('url = "https://post.example/rss"', 'url = "https://post .example/rss"', 2, "space"),
        ('url = "https://post.example/rss"', 'url = "https://post.example:x/rss"', 2, "not an address"),
        ('url = "https://post.example/rss"', 'url = "https:///rss"', 2, "should begin with https://"),
        ('url = "https://post.example/rss"', 'url = "file://host/rss"', 2, "file:///ABSOLUTE/PATH"),
        ('url = "https://post.example/rss"', "url = 5", 2, "text in quotes"),
        ('outlet = "Harbour Post"', 'outlet = " "', 3, "text in quotes"),
        ('country = "GB"', 'country = "UK1"', 5, "ISO 3166"),
        ('side = "third-party"', 'side = "neutral"', 6, "ukraine, russia, third-party"),
        ('language = "en-GB"', 'language = "English"', 7, "BCP 47"),
        ('language = "en-GB"', 'language = "ua"', 7, "'uk'"),
        ('kind = "news"', 'kind = "paper"', 8, "news, wire, government, official-channel, opinion"),
        ('kind = "news"', 'kind = "news"\ncontrol = "free"', 9, "state, public, private, exile"),
        ('kind = "news"', 'kind = "news"\ntime_zone = "Kyiv"', 9, "IANA"),
        ('kind = "news"', 'kind = "news"\nname = "Harbour Post"', 9, "'harbour-post'"),
        ('kind = "news"', 'kind = "news"\nfull_text = "yes"', 9, "true or false"),
        ('kind = "news"', 'kind = "news"\nlanguages = "en"', 9, "unknown key 'languages'"),
        ('owner = "Harbour Media"\n', "", 1, "owner is missing"),
    ],
)
def test_fault_is_told_with_its_line_and_what_would_be_right(
    old: str, new: str, line: int, says: str
) -> None:
    (fault,) = faults(GOOD.replace(old, new))
    assert fault.startswith(f"feeds.toml:{line}: ")
    assert says in fault


def test_all_faults_are_told_at_once_in_the_order_of_lines() -> None:
    text = (
        GOOD.replace('"news"', '"paper"').replace('"GB"', '"gb"')
        + "\n# more\n"
        + GOOD.replace("owner", "owners")
        + "[extra]\n"
    )
    lines = [fault.split(": ")[0] for fault in faults(text)]
    assert lines == [f"feeds.toml:{line}" for line in (1, 5, 8, 11, 11, 14, 19)]


def test_name_and_address_may_occur_once() -> None:
    other = (
        GOOD.replace('"Harbour Post"', '"Other"\nname = "harbour-post"')
        .replace("https", "http")
        .replace("/rss", "/rss/")
    )
    assert faults(GOOD + other) == [
        "feeds.toml:10: http://post.example/rss/ is already there in line 1",
        "feeds.toml:12: the name 'harbour-post' is taken by the feed in line 1",
    ]


def test_outlet_with_several_feeds_needs_names() -> None:
    told = faults(GOOD + GOOD.replace("/rss", "/rss2"))
    assert [fault.split(": ")[0] for fault in told] == ["feeds.toml:1", "feeds.toml:9"]
    assert "needs a name" in told[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [("[[feed]\n", 1), ("a = 1\nb = \n", 2), ('x = """\nopen', 2), ("[[feed]]\nurl = 'a'\nurl = 'b'\n", 3)],
)
def test_broken_toml_is_told_with_its_line(text: str, line: int) -> None:
    (fault,) = faults(text)
    assert fault.startswith(f"feeds.toml:{line}: not valid TOML")


def test_feed_that_is_not_a_table_list_is_told() -> None:
    assert faults('\n[feed]\nurl = "x"\n') == ["feeds.toml:2: write each feed as a table [[feed]]"]


def test_lines_are_right_after_texts_of_several_lines_that_look_like_tables() -> None:
    text = GOOD.replace('"Harbour Media"', '"""\n[[feed]]\nkind = 1 # \\"\n"""') + GOOD.replace(
        "/rss", "/2"
    ).replace('"news"', '"x"').replace("Harbour Post", "Two")
    assert [fault.split(": ")[0] for fault in faults(text)] == ["feeds.toml:19"]


def test_missing_file_says_how_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(FeedListError, match=r"none\.toml:1: .*--feeds"):
        load_feeds(tmp_path / "none.toml")


def test_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    (tmp_path / "feeds.toml").write_bytes(b"# \xff\xfe")
    with pytest.raises(FeedListError, match="UTF-8"):
        load_feeds(tmp_path / "feeds.toml")


def test_shipped_list_is_right_and_has_all_sides() -> None:
    feeds = load_feeds(ROOT / "feeds.toml")
    assert len(feeds) >= 75
    assert {one.side for one in feeds} == {"ukraine", "russia", "third-party"}
    assert {one.control for one in feeds} == {"state", "public", "private", "exile"}
    assert {one.kind for one in feeds} == {"news", "wire", "government", "official-channel", "opinion"}
    assert all(one.url.startswith("http") for one in feeds)
    assert all(one.side == "russia" for one in feeds if one.control == "exile")


def test_added_feeds_keep_comments_and_get_free_names(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text("# mine\n" + GOOD + "# end", encoding="utf-8")
    twin = feed("harbour-post", url="https://post.example/other", outlet='Post "O\'Neill" \\ Ü')
    known = feed("known", url="http://POST.example/rss/")
    added = add_feeds(path, [twin, known])
    assert [one.name for one in added] == ["harbour-post-2"]
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# mine\n" + GOOD + "# end\n")
    assert load_feeds(path)[1] == added[0]


def test_adding_makes_the_file_where_there_is_none(tmp_path: Path) -> None:
    added = add_feeds(tmp_path / "feeds.toml", [feed()])
    assert load_feeds(tmp_path / "feeds.toml") == added


def test_adding_what_is_wrong_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(FeedListError):
        add_feeds(path, [feed("new", country="Mordor")])
    assert path.read_text(encoding="utf-8") == GOOD
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "name"),
    [("Harbour Post", "harbour-post"), ("Élysée", "elysee"), ("Українська правда", "ukrainska-pravda"), ("Żółć & Łódź", "zolc-and-lodz"),
     ("The  New-York Times!", "the-new-york-times"), ("日本", "")],
)  # fmt: skip
def test_slug(text: str, name: str) -> None:
    assert slug(text) == name


def test_free_name_counts_up() -> None:
    assert free_name("post", ["post", "post-2"]) == "post-3"
    assert free_name("", []) == "feed"


def test_scheme_and_final_slash_do_not_tell_feeds_apart() -> None:
    assert same_address("http://A.example/rss/") == same_address("https://a.example/rss")
    assert same_address("https://a.example/rss?x=1") != same_address("https://a.example/rss")
    assert same_address("file:///a") != same_address("https:///a")
