"""An article's own page to its text: main text by trafilatura, with what belongs to other articles cut out before. Pure.

A page that shows no article (a paywall's first lines, a consent page, a front page) is said to be that, so that the
feed's own text stays.
"""

import html
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml import html as lxml_html
from trafilatura import bare_extraction
from trafilatura.settings import Document

from pipeline.dates import read_date
from pipeline.errors import ExtractError
from pipeline.extract.text import clean_line, clean_text
from pipeline.extract.url import canonical_url, is_front_page
from pipeline.fetch.pacing import registered_domain
from pipeline.types import Entry

PAGE_LIMIT_BYTES = 5 * 1024 * 1024
"""Pages larger than this are applications, not articles."""

MIN_CHARS: Final = 200
"""A page that yields less is a front page, a video or a notice."""

TEXT_CHARS: Final = 100_000
FREE_CHARS: Final = 1500
"""A page that calls itself closed and yet yields more than this shows its article all the same (metered walls do)."""

PageState = Literal["read", "paywall", "consent", "no-text", "robots", "failed"]


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page says. Only `read` has a title and text; `detail` says in words why the others have none.

    `canonical`: the page's own address of itself, None where it names none of its own site. `published`: aware UTC, only
    where the page states a time of day and a zone.
    """

    state: PageState
    detail: str = ""
    title: str = ""
    text: str = ""
    canonical: str | None = None
    language: str | None = None
    published: datetime | None = None


_ASIDE_WORDS: Final = (
    "related|recommend|read-?(?:also|more|next)|more-(?:on|from|stories|news)|most-(?:read|popular)|popular|trending|sidebar"
    "|newsletter|subscribe|signup|promo|share|social|comments?|breadcrumbs?|tags?|topics|author-(?:bio|box)|byline|cookie"
    "|consent|gdpr|advert(?:isement)?|ads?|banner|caption|credit|teaser|outbrain|taboola|correction-policy|topnews|ticker"
)
_ASIDE: Final = re.compile(
    rf"(?:^|[\s_-])(?:{_ASIDE_WORDS})(?:$|[\s_-]|s\b|-?(?:list|block|box|widget|section|items?|links?))",
    re.IGNORECASE,
)
"""Names of blocks, in their class or id, that hold something else than the article."""

_ASIDE_TAGS: Final = frozenset(
    {"aside", "nav", "footer", "form", "figcaption", "button", "iframe", "noscript", "template", "dialog"}
)
_NEVER: Final = frozenset({"html", "body", "main", "article"})
_TOO_MUCH: Final = 0.6
"""A block with more than this share of a page's paragraphs is the article, whatever its class says."""

_NOISE_LINE: Final = re.compile(
    r"(?:read (?:also|more|next)|see also|also read|related|more on this|photo|picture|image|video|watch|credit|source|advertisement"
    r"|subscribe|sign up|share this|follow us|support us|читайте також|читайте також на|читайте также|фото|відео|видео|реклама|підписуйтесь"
    r"|підписатися|подписывайтесь|lesen sie auch|lire aussi|czytaj też)\b\s*(?:[:|–—-].*|.{0,60})$",
    re.IGNORECASE,
)
_LINE_CHARS: Final = 160
"""Lines that lead elsewhere are short; a sentence that begins with "Video shows" is not taken for one."""

_CLOSED_WORDS: Final = re.compile(
    r"subscribe to (?:continue|keep|read)|to continue reading|already a subscriber|subscribers? only|for subscribers|create (?:a free|an) account to"
    r"|become a (?:member|subscriber) to|unlock this article|this (?:article|content) is (?:for|reserved|exclusive)"
    r"|лише для передплатників|тільки для передплатників|передплатіть|только для подписчиков|оформите подписку|réservé aux abonnés"
    r"|nur für abonnenten|weiterlesen mit|dla subskrybentów",
    re.IGNORECASE,
)
_CONSENT_WORDS: Final = re.compile(
    r"before you continue|we (?:value|care about|respect) your privacy|accept (?:all )?cookies|cookie (?:settings|preferences)|manage (?:your )?consent"
    r"|your privacy choices|our \d* ?partners|ми цінуємо вашу приватність|мы ценим вашу|vie privée|datenschutz-einstellungen",
    re.IGNORECASE,
)
_CONSENT_HOST: Final = re.compile(
    r"(?:^|\.)consent\.|(?:^|[/.])(?:privacy-?(?:gate|wall)|cookie-?wall|consent)(?:[/.?]|$)", re.IGNORECASE
)


def read_article_page(body: bytes, url: str) -> PageText:
    """What the page at `url` (its final address) says of its article. Never raises on markup.

    Source of the closed signs: schema.org `isAccessibleForFree` and the `article:content_tier` of the Open Graph family,
    which publishers set for search engines.
    """
    tree = _tree(body)
    if tree is None:
        return PageText("no-text", "not a web page")
    canonical, language = _canonical(tree, url), _language(tree)
    closed, published = _closed(tree), _published(tree)
    whole = " ".join(tree.text_content().split())[:20_000]
    title = clean_line(tree.findtext(".//title") or "", 500)
    _prune(tree)
    found = _extract(tree, url)
    text = _lines(found.text or "", found.title or title) if found else ""
    if _CONSENT_HOST.search(url.partition("://")[2]) or (
        len(text) < FREE_CHARS
        and _CONSENT_WORDS.search(f"{title} {whole[:3000]}")
        and _mostly_consent(title, text)
    ):
        return PageText(
            "consent",
            "the site shows a consent page in place of the article",
            canonical=canonical,
            language=language,
        )
    if len(text) < FREE_CHARS and (closed or _CLOSED_WORDS.search(whole)):
        return PageText(
            "paywall",
            "the article is behind a paywall; the feed's text is kept",
            canonical=canonical,
            language=language,
        )
    if len(text) < MIN_CHARS or found is None or _only_leads_on(tree, text):
        return PageText(
            "no-text", "no article text was found on the page", canonical=canonical, language=language
        )
    heading = clean_line(html.escape(found.title or title), 500)
    return PageText("read", "", heading, text, canonical, language, published)


def _extract(tree: Any, url: str) -> Document | None:
    found = bare_extraction(
        tree, url=url, with_metadata=True, include_comments=False, include_tables=True, favor_precision=False
    )
    return found if isinstance(found, Document) else None


def _tree(body: bytes) -> Any:
    try:
        tree = lxml_html.document_fromstring(body[:PAGE_LIMIT_BYTES], parser=_parser(body))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    return tree if len(tree) else None


def _parser(body: bytes) -> Any:
    """Most pages are UTF-8 whether they say so or not; others are left to what they declare."""
    try:
        body[:PAGE_LIMIT_BYTES].decode("utf-8", "strict" if len(body) <= PAGE_LIMIT_BYTES else "ignore")
    except UnicodeDecodeError:
        return lxml_html.HTMLParser()
    return lxml_html.HTMLParser(encoding="utf-8")


def _prune(tree: Any) -> None:
    """Take out what belongs to other articles or to the site."""
    paragraphs = len(tree.findall(".//p")) or 1
    for node in list(tree.iter()):
        if not isinstance(node.tag, str) or node.tag in _NEVER or node.getparent() is None:
            continue
        named = f"{node.get('class') or ''} {node.get('id') or ''}"
        beside = node.tag in _ASIDE_TAGS or (named.strip() and _ASIDE.search(named))
        hidden = node.get("hidden") is not None or "display:none" in (node.get("style") or "").replace(
            " ", ""
        )
        if (beside or hidden or _is_teaser(node)) and len(node.findall(".//p")) <= _TOO_MUCH * paragraphs:
            node.drop_tree()
    for cell in list(tree.iter("td")):
        _drop_columns(cell, paragraphs)
    for node in list(tree.iter("div", "td", "section", "article")):
        _split_breaks(node)


_HEADINGS: Final = ("h2", "h3", "h4", "h5")


def _is_teaser(node: Any) -> bool:
    """Whether a block shows another article: its heading is all link, and little follows."""
    if node.tag not in ("div", "li", "section", "article") or len(node.findall(".//p")) > 2:
        return False
    headings = [heading for name in _HEADINGS for heading in node.iter(name)]
    if len(headings) != 1:
        return False
    linked = "".join(text for link in headings[0].iter("a") for text in link.itertext()).strip()
    return bool(linked) and linked == headings[0].text_content().strip()


def _drop_columns(cell: Any, paragraphs: int) -> None:
    """Where a table lays out the page, and one cell holds the article, the cells beside it are something else."""
    row = cell.getparent()
    if row is None or row.tag != "tr" or len(cell.findall(".//p")) < max(3, _TOO_MUCH * paragraphs):
        return
    for other in list(row):
        if other is not cell and other.tag == "td":
            row.remove(other)


_BREAK_CHARS: Final = 300
"""Text in one block with line breaks counts as paragraphs from this length on: addresses and poems are shorter."""


def _split_breaks(node: Any) -> None:
    """Make paragraphs of text that is parted by doubled line breaks only, which extraction does not take for text."""
    breaks = [child for child in node if child.tag == "br"]
    told = len(node.text or "") + sum(len(child.tail or "") for child in breaks)
    if len(breaks) < 2 or told < _BREAK_CHARS:
        return
    paragraph = lxml_html.Element("p")
    paragraph.text, node.text = node.text, None
    made = [paragraph]
    for child in list(node):
        node.remove(child)
        if child.tag != "br":
            made[-1].append(child)
            continue
        if len(made[-1]) or (made[-1].text or "").strip():
            made.append(lxml_html.Element("p"))
        made[-1].text = child.tail
    node.extend(made)


def _lines(text: str, title: str) -> str:
    kept = [
        line
        for line in (one.strip() for one in text.splitlines())
        if line and not (len(line) <= _LINE_CHARS and _NOISE_LINE.match(line))
    ]
    if kept and kept[0].strip(" .") == title.strip(" ."):
        del kept[0]
    return clean_text("".join(f"<p>{html.escape(line)}</p>" for line in kept), TEXT_CHARS)


def _only_leads_on(tree: Any, text: str) -> bool:
    """Whether most of a text are links: a front page, a list of articles."""
    linked = {" ".join(link.text_content().split()) for link in tree.iter("a")}
    lines = [line.strip("- ") for line in text.splitlines()]
    return sum(len(line) for line in lines if line in linked) > len(text) // 2


def _mostly_consent(title: str, text: str) -> bool:
    sentences = [part for part in re.split(r"(?<=[.!?])\s+|\n", text) if len(part) > 20]
    told = sum(
        1
        for part in sentences
        if re.search(r"cookie|consent|privacy|partners|personal data", part, re.IGNORECASE)
    )
    return _CONSENT_WORDS.search(title) is not None or told * 2 >= len(sentences)


def _canonical(tree: Any, url: str) -> str | None:
    """The page's own canonical address, believed within its own site and where it is no front page."""
    for link in tree.iterfind(".//link[@rel]"):
        if (link.get("rel") or "").lower() == "canonical" and link.get("href"):
            try:
                target = canonical_url(urljoin(url, link.get("href").strip()))
            except ValueError:
                return None
            if target and not is_front_page(target) and registered_domain(target) == registered_domain(url):
                return target
    return None


def _language(tree: Any) -> str | None:
    stated = (tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "").strip()
    return stated[:35] if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", stated) else None


_DATE_NAMES: Final = (
    "article:published_time",
    "datepublished",
    "date",
    "dc.date.issued",
    "parsely-pub-date",
    "pubdate",
)


def _published(tree: Any) -> datetime | None:
    stated = {
        (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower(): meta.get("content")
        or ""
        for meta in tree.iterfind(".//meta[@content]")
    }
    candidates = [stated[name] for name in _DATE_NAMES if name in stated]
    candidates += [str(item["datePublished"]) for item in _linked_data(tree) if item.get("datePublished")]
    for text in candidates:
        moment, has_zone = read_date(text.strip())
        if moment is not None and has_zone and ":" in text:
            return moment.astimezone(UTC)
    return None


def _closed(tree: Any) -> bool:
    for meta in tree.iterfind(".//meta[@content]"):
        name = (meta.get("property") or meta.get("name") or "").lower()
        if name in ("article:content_tier", "content_tier") and meta.get("content", "").lower() in (
            "locked",
            "metered",
        ):
            return True
    return any(str(item.get("isAccessibleForFree")).lower() == "false" for item in _linked_data(tree))


def _linked_data(tree: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        try:
            value = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        values = value if isinstance(value, list) else [value]
        for one in values:
            if isinstance(one, dict):
                graph = one.get("@graph")
                found += (
                    [item for item in graph if isinstance(item, dict)] if isinstance(graph, list) else [one]
                )
    return found


def origin(url: str) -> str:
    """Scheme and host of an address: what a robots.txt holds for."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2].lower()}"


def read_page(body: bytes, url: str) -> Entry:
    """The article on a page, as an entry whose link is the page's own canonical address.

    Raises ExtractError where the page holds no article text (a front page, a consent or sign-in page, a paywall).
    """
    page = read_article_page(body, url)
    if page.state != "read":
        raise ExtractError(f"{url}: {page.detail}; give the text by hand: ceasefire add - --url {url}")
    return Entry(
        guid=None,
        link=page.canonical or url,
        title=html.escape(page.title),
        summary="",
        content="".join(f"<p>{html.escape(line)}</p>" for line in page.text.splitlines()),
        published=page.published,
        updated=None,
        date_text="",
        date_has_zone=page.published is not None,
        language=page.language,
        author="",
    )
