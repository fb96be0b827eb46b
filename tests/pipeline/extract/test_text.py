"""Clean text from what feeds put into titles and summaries."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract.text import clean_line, clean_text, shortened


def clean(markup: str) -> str:
    return clean_text(markup, 10_000)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("Plain words.", "Plain words."),
        ("<p>One.</p><p>Two.</p>", "One.\nTwo."),
        ("One.<br>Two.<br/><br />Three.", "One.\nTwo.\nThree."),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<table><tr><td>Kyiv</td><td>Moscow</td></tr><tr><td>x</td></tr></table>", "Kyiv Moscow\nx"),
        ("the <b>U</b>.<i>S</i>. envoy", "the U.S. envoy"),
        ("one\n   two\r\n\tthree <b>four</b>", "one two three four"),
        ("one\n\ntwo", "one\ntwo"),
        ("&quot;Yes&quot;, he said &ndash; &#8220;no&#8221; &amp; went", '"Yes", he said – “no” & went'),
        ("a&nbsp;b\u00a0c\u2009d", "a b c d"),
        ("AT&T and R&D", "AT&T and R&D"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("<p>unclosed <b>tags <i>everywhere", "unclosed tags everywhere"),
        ("<a href='x>y'>link</a> text", "link text"),
        ("<script>alert('<p>')</script>Text<style>p{}</style><noscript>no</noscript>", "Text"),
        ("Text<!-- <p>hidden</p> --> more", "Text more"),
        ("<iframe src=x></iframe><form><button>Sign up</button></form>Text", "Text"),
        ("<figure><img src=x alt=y><figcaption>Photo: agency</figcaption></figure>Text", "Text"),
        ("<p style='display:none'>spam</p>Text<span hidden>x</span>", "Text"),
        ("<svg><title>icon</title></svg>Text", "Text"),
        ("<![CDATA[Text]]>", ""),
        ("<plaintext>Text", "Text"),
    ],
)
def test_markup_becomes_text(markup: str, text: str) -> None:
    assert clean(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;", "One.\nTwo."),
        ("&amp;lt;b&amp;gt;Bold&amp;lt;/b&amp;gt; words", "Bold words"),
        ("<p>It&amp;#8217;s &amp;quot;on&amp;quot;</p>", 'It’s "on"'),
        ("&amp;amp;nbsp;x", "x"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("use the &lt;unknown&gt; tag", "use the <unknown> tag"),
    ],
)
def test_double_escaping_is_undone(markup: str, text: str) -> None:
    assert clean(markup) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zero\u200bwidth \ufeffmark so\u00adft \u2060join", "zerowidth mark soft join"),
        ("bell\x07 null\x00 esc\x1b[0m", "bell null esc[0m"),
        ("\u202aleft\u202c \u2066right\u2069", "left right"),
        ("e\u0301lan", "élan"),
        ("half \ud800 pair", "half pair"),
        ("می\u200cروم", "می\u200cروم"),
        ("a\u200db", "ab"),
        ("line\u2028one\x0btwo", "line\none\ntwo"),
    ],
)
def test_invisible_characters_go(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    "tail",
    [
        "Read more", "Read more...", "Read more »", "Read More →", "Read the full story here", "Continue reading",
        "Continue reading →", "Continue reading Envoys meet in Jeddah", "Keep reading", "Click here to read more",
        "Read more at Harbour Post", "Read more: https://harbour-post.example/1", "See more", "Full story",
        "The post Envoys meet appeared first on Harbour Post.", "The post Envoys meet first appeared on Harbour Post.",
        "Читати далі", "Читать далее…", "Подробнее", "Lire la suite", "Weiterlesen", "Czytaj więcej", "Leer más",
        "Leggi tutto", "Devamını oku", "Запис Посли зустрілися з’явився спочатку на Harbour Post.",
    ],
)  # fmt: skip
def test_lines_that_only_lead_on_are_cut(tail: str) -> None:
    assert clean(f"<p>The envoys met.</p><p><a href='/1'>{tail}</a></p>") == "The envoys met."


def test_tail_on_the_same_line_is_cut_after_a_sentence() -> None:
    assert clean("The envoys met. Read more") == "The envoys met."


def test_button_glued_to_an_unfinished_sentence_is_cut() -> None:
    assert clean("The envoys met and Read more") == "The envoys met and"


def test_several_tails_are_cut_one_after_the_other() -> None:
    assert (
        clean("<p>The envoys met.</p><p>Read more</p><p>The post Envoys meet appeared first on Post.</p>")
        == "The envoys met."
    )


@pytest.mark.parametrize(
    "text",
    [
        "Soldiers at the front read more than before the war.",
        "He wants to learn more about the deal.",
        "The post office in Kherson appeared first on the list.",
        "She told voters: read more about history, keep reading and vote.",
        "Full story of the siege is told by survivors.",
    ],
)
def test_sentences_that_speak_of_reading_stay(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("end", ["[…]", "[...]", "(...)", "…", "...", " [&#8230;]"])
def test_ends_of_excerpts_are_one_ellipsis(end: str) -> None:
    assert clean(f"The envoys met and{end}") == "The envoys met and…"


def test_link_with_a_read_more_class_is_cut_within_the_text() -> None:
    assert clean("<p>One. <a class='more-link' href=x>(more)</a></p><p>Two.</p>") == "One.\nTwo."


def test_title_is_one_line_and_keeps_its_words() -> None:
    assert clean_line("<b>Envoys</b>\n meet &amp; part: read more", 100) == "Envoys meet & part: read more"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("one two three", 9, "one two…"),
        ("one two, three", 9, "one two…"),
        ("onetwothree", 5, "onet…"),
    ],
)
def test_cut_between_words(text: str, limit: int, expected: str) -> None:
    assert shortened(text, limit) == expected


def test_deep_nesting_and_huge_input_are_read() -> None:
    assert clean("<div>" * 50_000 + "Text") == "Text"
    assert len(clean_text("<p>word</p>" * 100_000, 1000)) <= 1000


@pytest.mark.parametrize(
    "piece", ["<", "<!--", "<script>", "&", "&#", "Read more ", "The post ", "<p ", "[...] "]
)
def test_repeated_openings_take_no_quadratic_time(piece: str) -> None:
    """Would take minutes if any rule looked back over everything: the suite's time limit is the judge."""
    clean_text(piece * 50_000, 10_000)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_clean_text_is_stable_and_clean(markup: str) -> None:
    text = clean(markup)
    assert text == text.strip()
    assert "\n\n" not in text
    assert "  " not in text
    assert "\x00" not in text
    text.encode()


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="<>/&;pbdiv= \"'!-#x1a", max_size=120), st.integers(2, 60))
def test_markup_like_noise_never_breaks_and_keeps_the_limit(markup: str, limit: int) -> None:
    assert len(clean_text(markup, limit)) <= limit
    assert "\n" not in clean_line(markup, limit)
