"""Ten article pages modelled on layouts of real sites, with our own prose, so that what ought to come out is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ENGLISH: Final = (
    "Delegations from both sides met for the third time this month in a hotel above the harbour, and left after four hours "
    "without a joint statement. The mediators said that the draft on the table had shrunk from eleven points to six.",
    "The first point, on which nobody publicly disagrees, would stop strikes on power stations for thirty days. Engineers "
    "of the grid operator have asked for at least ninety, because a transformer takes that long to replace.",
    "“We did not come to sign a photograph,” the head of the northern delegation told reporters at the gate. He said that "
    "his side would answer in writing by Friday, and that the answer would be short.",
    "The southern delegation called the meeting useful. Its spokeswoman, who has attended every round since spring, said "
    "that the list of prisoners to be exchanged had been compared name by name, and that 214 names now stood on both copies.",
    "Observers counted nineteen violations along the canal in the night before the meeting, fewer than in any night of the "
    "past week. Two of them damaged a pumping station that supplies some forty thousand people.",
    "Grain dealers followed the talks closely. A third ship left the estuary on Tuesday under the escort of a mine sweeper, "
    "and insurers lowered the war premium for the route for the first time since August.",
    "What remains open is who would watch the line. The mediators have proposed a mission of two hundred unarmed "
    "monitors with drones; one side wants twice as many, the other none at all.",
    "Parliament will debate the draft next week. Several members of the governing party have said that they could not "
    "vote for a text that leaves the question of the islands to a later conference.",
    "In the market hall of the border town, where windows are still boarded up, few people expect much. “My son is on "
    "the list,” said a woman who sells apples. “That is the only point I have read.”",
    "A previous truce, agreed in the autumn for the days of the harvest, held for eleven days and was broken within one "
    "hour on the twelfth. Each side published recordings to show that the other had fired first.",
)
UKRAINIAN: Final = (
    "Делегації зустрілися втретє за місяць у готелі над гаванню й роз’їхалися за чотири години без спільної заяви. "
    "Посередники кажуть, що проєкт документа скоротився з одинадцяти пунктів до шести.",
    "Перший пункт, проти якого ніхто публічно не виступає, зупинив би удари по електростанціях на тридцять днів. "
    "Інженери просять щонайменше дев’яносто, бо стільки триває заміна трансформатора.",
    "«Ми приїхали не для фотографії», — сказав біля воріт голова північної делегації. За його словами, письмова "
    "відповідь буде до п’ятниці, і вона буде короткою.",
    "Уночі перед зустріччю спостерігачі нарахували дев’ятнадцять порушень уздовж каналу, менше, ніж будь-якої ночі "
    "минулого тижня. Два з них пошкодили насосну станцію.",
    "Парламент розгляне проєкт наступного тижня. Кілька депутатів від правлячої партії заявили, що не зможуть "
    "голосувати за текст, який відкладає питання островів.",
)
BESIDE: Final = (
    "Ten recipes for pumpkin that even children like",
    "Striker signs for two more years after a summer of rumours",
    "Why your phone battery empties overnight, and what to do about it",
    "Weather: showers in the west, sun along the coast at the weekend",
    "House prices fell for the fourth month in a row, agents say",
    "Five museums that are worth a detour this autumn",
)
SITE: Final = (
    "Get the morning letter: the stories that matter, before your first coffee. Unsubscribe at any time."
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its layout's name, its HTML, and the text that a reader would call the article."""

    name: str
    html: str
    text: str
    title: str
    language: str = "en"


def _p(paragraphs: Sequence[str]) -> str:
    return "".join(f"<p>{one}</p>" for one in paragraphs)


def _links(count: int, tag: str = "li") -> str:
    return "".join(f'<{tag}><a href="/other/{n}">{BESIDE[n % len(BESIDE)]}</a></{tag}>' for n in range(count))


def _cards(count: int) -> str:
    """Cards of other articles, each with a sentence of its own: the hard part of every page."""
    return "".join(
        f'<div class="card"><h3><a href="/other/{n}">{BESIDE[n % len(BESIDE)]}</a></h3>'
        f"<p>{BESIDE[n % len(BESIDE)]}. Our reporter went to see for herself, and came back with a surprise.</p></div>"
        for n in range(count)
    )


def _page(
    name: str, title: str, body: str, text: Sequence[str], head: str = "", language: str = "en"
) -> Page:
    document = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title} - Harbour Post</title>'
        f'<meta property="og:title" content="{title}">'
        f'<link rel="canonical" href="https://harbour-post.example/{name}">{head}</head><body>{body}</body></html>'
    )
    return Page(name, document, "\n".join(text), title, language)


def wire() -> Page:
    """Semantic markup, linked data, a list of topics at the end."""
    text = ENGLISH[:6]
    title = "Third round above the harbour ends without a statement"
    data = '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2026-11-24T17:05:00+00:00"}</script>'
    body = (
        f"<header><nav><ul>{_links(6)}</ul></nav></header><main><article><h1>{title}</h1>"
        f'<p class="byline">By Our Correspondent</p><time datetime="2026-11-24T17:05Z">24 Nov</time>{_p(text)}'
        f'<ul class="topics"><li>Talks</li><li>Grid</li></ul></article></main><footer><p>{SITE}</p><p>© Harbour Post</p></footer>'
    )
    return _page("wire", title, body, text, data)


def blog_theme() -> Page:
    """A common blog theme: sidebar of widgets, related posts and share buttons inside the content."""
    text = ENGLISH[2:8]
    title = "What is left of the eleven points"
    body = (
        f'<div id="page"><div id="primary" class="content-area"><article class="post hentry"><header class="entry-header">'
        f'<h1 class="entry-title">{title}</h1></header><div class="entry-content">{_p(text[:3])}'
        f'<div class="sharedaddy"><h3>Share this:</h3><ul><li>Mail</li><li>Print</li></ul></div>{_p(text[3:])}'
        f'<div class="jp-relatedposts"><h3>Related</h3>{_cards(3)}</div></div></article></div>'
        f'<div id="secondary" class="widget-area sidebar"><section class="widget"><h2>Recent posts</h2><ul>{_links(6)}</ul></section>'
        f'<section class="widget"><p>{SITE}</p></section></div></div>'
    )
    return _page("blog-theme", title, body, text)


def ministry() -> Page:
    """A government site: no semantic tags, text in one block with line breaks."""
    text = ENGLISH[4:9]
    title = "On the results of the consultations"
    body = (
        f'<div class="top"><div class="menu">{_links(8, "span")}</div></div><div class="wrap"><div class="col-9">'
        f'<div class="head">{title}</div><div class="date">24 November 2026, 18:20</div>'
        f'<div class="txt">{"<br><br>".join(text)}</div></div><div class="col-3"><div class="box">{_cards(4)}</div></div></div>'
        f'<div class="bottom">Press service. Reproduction with reference to the source is permitted.</div>'
    )
    return _page("ministry", title, body, text)


def broadcaster() -> Page:
    """Class names made by a machine; every paragraph in blocks of its own; a list of links in the middle."""
    text = ENGLISH[1:8]
    title = "Grid truce: what the engineers ask for"
    blocks = [
        f'<div data-component="text-block" class="ssrcss-7uxr49"><p class="ssrcss-1q0x1qg">{one}</p></div>'
        for one in text
    ]
    blocks.insert(
        3,
        f'<div data-component="links-block" class="ssrcss-1s1kjo"><ul class="related-links">{_links(3)}</ul></div>',
    )
    blocks.insert(
        1,
        '<figure><img src="x.jpg" alt=""><figcaption class="ssrcss-caption">A worker climbs a mast near the pumping '
        "station, two days after it was hit</figcaption></figure>",
    )
    body = (
        f"<div><main id='main-content'><article class='ssrcss-pv1rh6'><header><h1>{title}</h1></header>{''.join(blocks)}</article></main>"
        f'<div data-component="topic-list"><h2>Related topics</h2><ul>{_links(4)}</ul></div>'
        f"<section aria-label='More'><h2>More on this story</h2>{_cards(4)}</section></div>"
    )
    return _page("broadcaster", title, body, text)


def tabloid() -> Page:
    """Read-also lines, advertisements and captions between the paragraphs."""
    text = ENGLISH[3:9]
    title = "214 names: the list that both sides now hold"
    parts = []
    for number, one in enumerate(text):
        parts.append(f"<p>{one}</p>")
        if number % 2 == 0:
            parts.append(f'<p><strong>Read also: <a href="/x">{BESIDE[number % 6]}</a></strong></p>')
        else:
            parts.append(
                f'<div class="ad-slot">Advertisement</div><p class="img-credit">Photo: {BESIDE[number % 6]}</p>'
            )
    body = (
        f'<div class="ticker">{_links(6, "span")}</div><div class="article-wrap"><h1>{title}</h1><div class="article-body">'
        f'{"".join(parts)}<div class="newsletter-box"><p>{SITE}</p></div></div></div><div class="most-read"><ol>{_links(6)}</ol></div>'
    )
    return _page("tabloid", title, body, text)


def old_tables() -> Page:
    """A site of the nineties: the layout is a table."""
    text = ENGLISH[:5]
    title = "Talks above the harbour"
    body = (
        f'<table width="100%"><tr><td colspan="3"><font size="5">Harbour Post</font></td></tr><tr><td width="20%"><table>'
        f"{''.join(f'<tr><td>{one}</td></tr>' for one in BESIDE)}</table></td><td><h2>{title}</h2>"
        f'{"".join(f"<p align=justify>{one}" for one in text)}</td><td width="20%">{SITE}</td></tr></table>'
    )
    return _page("old-tables", title, body, text)


def portal() -> Page:
    """A Ukrainian portal: an appeal to follow a channel, tags, news of the hour beside the text."""
    text = UKRAINIAN
    title = "Третій раунд завершився без заяви"
    body = (
        f'<div class="layout"><div class="post_news"><h1 class="post_title">{title}</h1><div class="post_text">{_p(text[:2])}'
        f"<p><em>Читайте також: <a href='/x'>Погода на вихідні: дощі на заході, сонце на узбережжі</a></em></p>{_p(text[2:])}"
        f"<p>Підписуйтесь на наш канал, щоб не пропустити головне</p></div>"
        f'<div class="post_tags"><a>переговори</a> <a>енергетика</a></div></div>'
        f'<div class="news_line sidebar"><div>12:01 Ціни на житло падають четвертий місяць</div>'
        f"<div>11:40 П’ять музеїв, вартих подорожі цієї осені</div></div></div>"
    )
    return _page("portal", title, body, text, language="uk")


def live_page() -> Page:
    """A live page: many short posts, each with its time."""
    text = [ENGLISH[n] for n in (0, 2, 4, 6, 8)]
    title = "Live: the talks, minute by minute"
    posts = "".join(
        f'<article class="live-post" id="p{n}"><time>1{n}:0{n}</time><h3>Update {n + 1}</h3><p>{one}</p></article>'
        for n, one in enumerate(text)
    )
    told = [line for n, one in enumerate(text) for line in (f"Update {n + 1}", one)]
    body = f'<main><h1>{title}</h1><div class="live-feed">{posts}</div></main><aside>{_cards(3)}</aside>'
    return _page("live-page", title, body, told)


def magazine() -> Page:
    """A long read: quotes pulled out, an author's box, a long foot of recommendations."""
    text = ENGLISH
    title = "The only point I have read"
    body = (
        f'<article><h1>{title}</h1><div class="prose">{_p(text[:5])}<aside class="pull-quote"><p>{text[2][:60]}</p></aside>{_p(text[5:])}</div>'
        f'<div class="author-bio"><p>The author has reported from the canal since it was closed to ships.</p></div></article>'
        f'<section class="recommended"><h2>You may also like</h2>{_cards(6)}</section>'
    )
    return _page("magazine", title, body, text)


def phone_page() -> Page:
    """The page for telephones: everything flat in one block, cookie notice first."""
    text = ENGLISH[5:]
    title = "A third ship leaves the estuary"
    body = (
        '<div id="cookie-notice" role="dialog"><p>We and our partners use cookies to measure how this page is read.</p>'
        f'<button>OK</button></div><div><a href="/">Home</a><h1>{title}</h1>{_p(text)}<h4>More stories</h4>{_cards(3)}</div>'
    )
    return _page("phone-page", title, body, text)


def layouts() -> list[Page]:
    """All ten."""
    makers = (
        wire,
        blog_theme,
        ministry,
        broadcaster,
        tabloid,
        old_tables,
        portal,
        live_page,
        magazine,
        phone_page,
    )
    return [make() for make in makers]


def paywall() -> str:
    """Two sentences, then a wall."""
    body = (
        f"<article><h1>What is left</h1>{_p(ENGLISH[:1])}<div class='wall'><h2>Subscribe to continue reading</h2>"
        "<p>Already a subscriber? Log in.</p></div></article>"
    )
    data = '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>'
    return _page("paywall", "What is left", body, (), data).html


def consent() -> str:
    """What comes in place of the article where nobody has agreed yet."""
    body = (
        "<main><h1>We value your privacy</h1><p>We and our 842 partners store cookies on your device and process personal data "
        "such as unique identifiers. You may accept or manage your consent choices at any time.</p><p>Your personal data will be "
        "processed, and our partners may rely on their legitimate interest under the privacy law.</p><button>Accept all</button></main>"
    )
    return _page("consent", "Before you continue to Harbour Post", body, ()).html


def front() -> str:
    """A page of headlines."""
    return _page("front", "Harbour Post", f"<main><ul>{_links(12)}</ul></main>", ()).html
