"""OPML in and out: feed lists from and for other readers. Pure. Source: https://opml.org/spec2.opml

Facts that OPML has no place for (owner, side …) travel as attributes of our own namespace, so that a list that went
through another reader comes back whole where that reader keeps foreign attributes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from pipeline.errors import FeedListError
from pipeline.extract.url import unwrapped
from pipeline.feeds import check_feed, free_name, make_feed, same_address
from pipeline.slug import slug
from pipeline.types import Feed

NAMESPACE: Final = "urn:ceasefire-monitor:feed"
_MAX_BYTES: Final = 20 * 1024 * 1024
_OWN: Final = tuple(field.name for field in fields(Feed) if field.name not in ("url", "outlet", "language"))
_COUNTRY_OF_TLD: Final = {"uk": "GB", "eu": "EU", "su": "RU"}
_GENERIC_TLDS: Final = frozenset(
    {"tv", "me", "io", "co", "ai", "fm", "cc", "ws", "to", "gg", "am", "ly", "is"}
)
"""Country codes that sites of all countries use as a word."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Feeds of an OPML file, what was assumed for them, and what was left out, each in words for the operator.

    `repeated`: how many of those that were left out are only a second mention of the same address.
    """

    feeds: tuple[Feed, ...]
    assumed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    repeated: int = 0

    @property
    def refused(self) -> int:
        """How many entries cannot be feeds of this list."""
        return len(self.left_out) - self.repeated


def read_opml(
    document: bytes, source: str, *, country: str = "US", language: str = "en", taken: Iterable[str] = ()
) -> Imported:
    """Read every outline with a feed address, however deep it is nested.

    Facts that the file does not state are assumed: owner the outlet itself, third-party, private, news; the country
    from the address's top-level domain or else `country`; and `language`. `taken`: names in use already. `file:` feeds
    are left out: a list from elsewhere must not make us read local files. Raises FeedListError where the document is no
    OPML; `source` is what messages call it.
    """
    root = _root(document, source)
    feeds: list[Feed] = []
    assumed: list[str] = []
    left_out: list[str] = []
    repeated = 0
    names = set(taken)
    addresses: set[str] = set()
    for outline in root.iter("outline", "{*}outline"):
        stated = _facts(outline)
        if stated is None:
            continue
        line = f"{source}:{outline.sourceline}"
        facts = {**_assumed(stated, country, language), **stated}
        if faults := check_feed(facts):
            left_out.append(f"{line}: {facts['outlet']}: {'; '.join(message for _, message in faults)}")
            continue
        if str(facts["url"]).lower().startswith("file:"):
            left_out.append(
                f"{line}: {facts['url']} is a file of this machine; add it with `ceasefire feeds add`"
            )
            continue
        if (address := same_address(str(facts["url"]))) in addresses:
            left_out.append(f"{line}: {facts['url']} is in the list already")
            repeated += 1
            continue
        addresses.add(address)
        facts["name"] = free_name(str(facts.get("name") or slug(str(facts["outlet"]))), names)
        names.add(str(facts["name"]))
        feed = make_feed(facts)
        feeds.append(feed)
        missing = [
            key for key in ("owner", "country", "side", "language", "kind", "control") if key not in stated
        ]
        if missing:
            assumed.append(f"{feed.name}: " + ", ".join(f"{key} {getattr(feed, key)}" for key in missing))
    return Imported(tuple(feeds), tuple(assumed), tuple(left_out), repeated)


def write_opml(feeds: Iterable[Feed], title: str) -> bytes:
    """An OPML 2.0 document (UTF-8) of all facts of the feeds, in their order."""
    root = etree.Element("opml", {"version": "2.0"}, nsmap={"cf": NAMESPACE})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    for feed in feeds:
        attributes = {
            "type": "rss",
            "text": feed.outlet,
            "title": feed.outlet,
            "xmlUrl": feed.url,
            "language": feed.language,
        }
        for field in fields(Feed):
            value = getattr(feed, field.name)
            if field.name in _OWN and (
                field.default is MISSING or value != field.default or field.name == "control"
            ):
                attributes[f"{{{NAMESPACE}}}{field.name}"] = (
                    str(value).lower() if isinstance(value, bool) else value
                )
        etree.SubElement(body, "outline", attributes)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _root(document: bytes, source: str) -> etree._Element:
    if len(document) > _MAX_BYTES:
        raise FeedListError(f"{source}:1: larger than {_MAX_BYTES // 2**20} MB; that is no list of feeds")
    # Entities stay as they are and nothing is loaded, so neither bombs nor local files can come in.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise FeedListError(f"{source}:{error.lineno or 1}: not XML: {error.msg}") from error
    name = etree.QName(root).localname
    if name != "opml":
        raise FeedListError(
            f"{source}:{root.sourceline}: the root is <{name}>, an OPML file begins with <opml>"
        )
    return root


def _facts(outline: etree._Element) -> dict[str, object] | None:
    """What an outline states about a feed; None where it is a folder."""
    attributes: Mapping[str, str] = {
        etree.QName(str(key)).localname.lower(): str(value) for key, value in outline.attrib.items()
    }
    url = unwrapped(attributes.get("xmlurl") or "")
    if not url:
        return None
    if url.lower().startswith("feed:"):
        rest = url[5:].lstrip("/")
        url = rest if rest.lower().startswith(("http://", "https://")) else f"https://{rest}"
    outlet = attributes.get("title") or attributes.get("text") or urlsplit(url).hostname or url
    facts: dict[str, object] = {"url": url, "outlet": " ".join(outlet.split())}
    if attributes.get("language"):
        facts["language"] = attributes["language"]
    for key in _OWN:
        value = outline.get(f"{{{NAMESPACE}}}{key}")
        if value is not None:
            facts[key] = value == "true" if key == "full_text" else str(value)
    return facts


def _assumed(stated: Mapping[str, object], country: str, language: str) -> dict[str, object]:
    tld = (urlsplit(str(stated["url"])).hostname or "").rpartition(".")[2].lower()
    if len(tld) == 2 and tld.isascii() and tld.isalpha() and tld not in _GENERIC_TLDS:
        country = _COUNTRY_OF_TLD.get(tld, tld.upper())
    return {
        "owner": stated["outlet"],
        "country": country,
        "side": {"UA": "ukraine", "RU": "russia"}.get(country, "third-party"),
        "language": language,
        "kind": "news",
        "control": "private",
    }
