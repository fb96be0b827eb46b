"""Sitemaps and news sitemaps to addresses. Pure. Source: sitemaps.org protocol 0.9, Google's news extension 0.9."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from pipeline.dates import read_date
from pipeline.errors import ParseError

_MOST: Final = 50_000
"""The protocol's own limit of addresses in one file."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One address of a sitemap. `title` and `published` come from news sitemaps; `changed` is the page's last change."""

    url: str
    title: str = ""
    published: datetime | None = None
    has_zone: bool = False
    language: str | None = None
    changed: datetime | None = None

    @property
    def date(self) -> datetime | None:
        """When it was published, as far as the sitemap tells."""
        return self.published or self.changed


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A sitemap read: pages, or further sitemaps (with the date of their last change, if told)."""

    pages: tuple[Listed, ...] = ()
    sitemaps: tuple[tuple[str, datetime | None], ...] = ()


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """Read a sitemap or sitemap index. Raises ParseError where the document is neither.

    Entities are not expanded and nothing is loaded from elsewhere.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"not a sitemap ({error})", url) from error
    if root is None or etree.QName(root).localname not in ("urlset", "sitemapindex"):
        raise ParseError("not a sitemap", url)
    if etree.QName(root).localname == "sitemapindex":
        found = [_facts(node) for node in root[:_MOST] if isinstance(node.tag, str)]
        return Sitemap(
            sitemaps=tuple(
                (facts["loc"], read_date(facts.get("lastmod", ""))[0]) for facts in found if "loc" in facts
            )
        )
    pages = (_listed(_facts(node)) for node in root[:_MOST] if isinstance(node.tag, str))
    return Sitemap(pages=tuple(page for page in pages if page is not None))


def _facts(node: etree._Element) -> dict[str, str]:
    """The texts below a node by the local name of their element; the first of each name counts."""
    facts: dict[str, str] = {}
    for child in node.iter():
        if isinstance(child.tag, str) and child.text and child.text.strip():
            facts.setdefault(etree.QName(child).localname, child.text.strip())
    return facts


def _listed(facts: dict[str, str]) -> Listed | None:
    url = facts.get("loc", "")
    if not url.lower().startswith(("http://", "https://")):
        return None
    published, has_zone = read_date(facts.get("publication_date", ""))
    return Listed(
        url,
        facts.get("title", ""),
        published,
        has_zone,
        facts.get("language"),
        read_date(facts.get("lastmod", ""))[0],
    )
