"""Addresses of articles: one form for all the ways in which feeds write the same one. Pure.

Own rules and not a library's: an article's id is the hash of its canonical address, for ever, so the rules may only
change when we decide it. What is taken off must never change what page is shown:
- tracking parameters (named below), fragments (a place within the page), default ports, credentials, session ids;
- wrappers whose target is written in them (Google Alerts and search, safe links, AMP caches).
What stays, because only the server knows what it means: www, m. and AMP hosts, trailing slashes, the order of
parameters, letter case of paths.
"""

import re
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import idna

_MAX_CHARS: Final = 4000
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_TRACKING: Final = re.compile(
    r"""(?:
    utm_\w+ | utm | (?:fb|g|dcl|y|ms|tw|wb|gb|tt|li_fat_|s_k)clid | gclsrc | msclkid | dclid | yclid | igshid | igsh
    | mc_[ce]id | _hs(?:enc|mi) | hss_channel | mkt_tok | vero_(?:id|conv) | oly_(?:anon|enc)_id | _ga | _gl | spm
    | at_(?:medium|campaign|custom\d|format|link_\w+|ptr_\w+|bbc_team|campaign_type) | ns_(?:mchannel|source|campaign|linkname|fee)
    | xtor | wt_(?:mc|zmc|rss)\w* | wtmc | wtrid | ocid | ncid | cmp | cmpid | cmp_id | ito | icid | intcmp | smid | smtyp | maca
    | traffic_source | feed(?:type|name) | guccounter | guce_\w+ | soc_(?:src|trk) | __twitter_impression | taid
    | mbid | sref | srnd | partner_id | ftag | rss_?id | mtm_\w+ | pk_\w+ | matomo_\w+ | piwik_\w+ | _openstat
    | yandex_source | from_rss | fromrss
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""Parameters that only say where a reader came from. Sources: the publishers' own feeds, and the lists that browsers
strip (Firefox query stripping, ClearURLs). Left in on purpose: `id`, `p`, `cid`, `ref` with other values …"""

_SAYS_FEED: Final = re.compile(
    r"(?:partner|emc|ref|referrer|source|src|from|feed|mod|medium|via|output)=(?:[a-z]*[_-]?)?(?:rss|feed|atom|feedburner)\w*",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"[a-z0-9._-]+")
_IPV6: Final = re.compile(r"[0-9a-f:.]+")
_SESSION: Final = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?]*", re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[\s\x00-\x1f\x7f]+")
_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE: Final = "/%!$&'()*+,;=:@~"
_QUERY_SAFE: Final = "/%!$&'()*+,;=:@~?[]{}|"

_WRAPPERS: Final = (
    (re.compile(r"(?:www\.)?google\.[a-z.]{2,6}"), "/url", ("url", "q")),
    (re.compile(r"(?:www\.)?bing\.com"), "/news/apiclick.aspx", ("url",)),
    (re.compile(r"lm?\.facebook\.com"), "/l.php", ("u",)),
    (re.compile(r"[\w-]+\.safelinks\.protection\.outlook\.com"), "/", ("url",)),
)
_WRAPPING_HOSTS: Final = re.compile(
    r"google\.|bing\.com|facebook\.com|outlook\.com|ampproject\.org", re.IGNORECASE
)
_GOOGLE_AMP: Final = re.compile(r"/amp/(s/)?(.+)")
_AMP_CACHE: Final = re.compile(r"/[acv]/(s/)?(.+)")


def canonical_url(url: str) -> str | None:
    """The one form of an article's address, or None where `url` is no web address.

    Idempotent: canonical_url(canonical_url(u)) == canonical_url(u).
    """
    current = unwrapped(url)
    if len(current) > _MAX_CHARS:
        return None
    try:
        parts = urlsplit(current)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    host = _host(parts.hostname or "")
    if scheme not in _DEFAULT_PORTS or not host:
        return None
    netloc = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    path = _path(parts.path)
    fragment = (
        parts.fragment if parts.fragment.startswith("!") else ""
    )  # old one-page sites: the page is in it
    return urlunsplit((scheme, netloc, path, _query(parts.query), _quoted(fragment, _QUERY_SAFE)))


def unwrapped(url: str) -> str:
    """The target where `url` only leads through a known redirector or cache that names it, else `url` itself."""
    current = _UNSAFE.sub("", url)
    for _ in range(3):  # wrappers in wrappers occur in forwarded mails
        inner = _inner(current) if _WRAPPING_HOSTS.search(current) else None
        if inner is None:
            return current
        current = _UNSAFE.sub("", inner)
    return current


def _inner(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    for pattern, path, names in _WRAPPERS:
        if pattern.fullmatch(host) and (parts.path or "/") == path:
            query = parse_qs(parts.query)
            for name in names:
                if name in query and query[name][0].startswith(("http://", "https://")):
                    return query[name][0]
    amp = None
    if host.endswith(".cdn.ampproject.org"):
        amp = _AMP_CACHE.fullmatch(parts.path)
    elif _WRAPPERS[0][0].fullmatch(host):
        amp = _GOOGLE_AMP.fullmatch(parts.path)
    if amp and "." in amp[2].partition("/")[0]:
        return f"{'https' if amp[1] else 'http'}://{amp[2]}" + (f"?{parts.query}" if parts.query else "")
    return None


def url_key(canonical: str) -> str:
    """What identifies the page: the canonical address without its scheme, since http and https show the same one."""
    return canonical.partition("://")[2]


def is_front_page(canonical: str) -> bool:
    """Whether an address is a site's front page: feeds without article pages link there, so it identifies nothing."""
    host, _, rest = url_key(canonical).partition("/")
    return not rest and "?" not in host and "#" not in host


def _host(host: str) -> str:
    """Lower case, names in other scripts as IDNA writes them (UTS 46); "" where it is no host."""
    host = host.rstrip(".").lower()
    if ":" in host:
        return f"[{host}]" if _IPV6.fullmatch(host) else ""
    if host.isascii():
        return host if _NAME.fullmatch(host) else ""
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


def _path(path: str) -> str:
    path = _SESSION.sub("", path) if ";" in path else path
    path = _quoted(path, _PATH_SAFE)
    if "/." in path:
        path = _without_dots(path)
    return path if path.startswith("/") else f"/{path}"


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)


def _query(query: str) -> str:
    if not query:
        return ""
    kept = [part for part in query.split("&") if part and not _is_tracking(part)]
    return _quoted("&".join(kept), _QUERY_SAFE)


def _is_tracking(part: str) -> bool:
    name = part.partition("=")[0]
    return _TRACKING.fullmatch(name) is not None or _SAYS_FEED.fullmatch(part) is not None


def _quoted(text: str, safe: str) -> str:
    """Percent-encoding in one form (RFC 3986 section 6.2.2): upper case, and only where it is needed."""
    if "%" in text:
        text = _PERCENT.sub(_percent, text)
        text = re.sub(r"%(?![0-9A-F]{2})", "%25", text)
    return quote(text, safe=safe)


def _percent(found: re.Match[str]) -> str:
    byte = int(found[1], 16)
    return chr(byte) if byte in _UNRESERVED else f"%{byte:02X}"
