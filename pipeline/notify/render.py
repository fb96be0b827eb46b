"""Messages rendered as mails (plain text and HTML), as JSON and as chat payloads: pure.

Nothing that a feed says can become markup or a header: texts come in as clean single lines, the HTML templates escape
all of them, and headers go through `email`'s policy, which refuses line breaks.
"""

import email.policy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote as percent
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from pipeline.errors import SettingsError
from pipeline.notify import clean, unsubscribe
from pipeline.notify.content import Brief, Digest, Message, News, Plain, Quote, Withdrawn, to_json
from pipeline.notify.words import SIDE_WORDS

FALLBACK_DOMAIN = "ceasefire.invalid"
"""Right side of Message-IDs where no sender's address is set (RFC 2606: never a real host)."""


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom messages come, and where their links lead. `public_url` without a slash at its end, or ""."""

    address: str = ""
    public_url: str = ""
    secret: str = field(default="", repr=False)

    @property
    def domain(self) -> str:
        """The right side of our Message-IDs."""
        domain = self.address.rpartition("@")[2].rstrip("> ")
        return domain if 0 < len(domain) <= 40 and domain.isascii() else FALLBACK_DOMAIN

    def story_url(self, story: str) -> str:
        """The page of a story, or "" without a public address."""
        return f"{self.public_url}/story/{percent(story, safe='')}" if self.public_url else ""

    def search_url(self, query: str) -> str:
        """The page of a query's hits, or ""."""
        return f"{self.public_url}/search?q={percent(query, safe='')}" if self.public_url else ""

    def unsubscribe_url(self, alert: int, recipient: str) -> str:
        """The page where one recipient leaves one alert, or ""."""
        if not self.public_url or not self.secret:
            return ""
        return f"{self.public_url}/unsubscribe/{unsubscribe.token(self.secret, alert, recipient)}"


def sender_from(mail_from: str, public_url: str = "", secret: str = "") -> Sender:
    """A checked sender. Raises SettingsError for an address or a URL that cannot be one."""
    if mail_from:
        parse_address(mail_from)
    if public_url and not clean.link(public_url):
        raise SettingsError(f"CEASEFIRE_PUBLIC_URL {public_url!r} is not an http(s):// address")
    return Sender(mail_from, public_url.rstrip("/"), secret)


_MAILBOX = r"[^\s<>@,;:\"\\]+@[^\s<>@,;:\"\\]+"
ADDRESS = re.compile(rf"(?P<name>[^<>@\r\n]*)<(?P<inside>{_MAILBOX})>|(?P<bare>{_MAILBOX})")


def parse_address(text: str) -> Address:
    """One mail address, with or without a display name. Raises SettingsError."""
    shape = ADDRESS.fullmatch(text.strip())
    try:
        if shape is None:
            raise ValueError(text)
        user, _, domain = (shape["inside"] or shape["bare"]).partition("@")
        domain = domain if domain.isascii() else domain.encode("idna").decode()
        return Address((shape["name"] or "").strip(' "'), user, domain)
    except (ValueError, UnicodeError) as error:
        raise SettingsError(f"{text!r} is not a mail address; write name@example.org") from error


class MailPolicy(email.policy.EmailPolicy):
    """SMTP's policy, but headers that hold ids and links stay whole: encoded words are not allowed in them."""

    WHOLE = frozenset({"message-id", "in-reply-to", "references", "list-unsubscribe", "list-id"})

    def fold(self, name: str, value: str) -> str:
        if (
            name.lower() == "subject"
        ):  # the policy's own folding loses or doubles spaces between encoded words
            return f"{name}: {_encoded_words(str(value), name, self.linesep)}{self.linesep}"
        if name.lower() in self.WHOLE:
            return f"{name}: {self._whole(name, value)}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")

    @staticmethod
    def _whole(name: str, value: str) -> str:
        text = str(value)
        if not text.isascii() or re.search(r"[\x00-\x1f\x7f]", text) or len(text) > 990 - len(name):
            raise ValueError(f"header {name} cannot hold {text[:80]!r}")
        return text


def _encoded_words(text: str, name: str, linesep: str) -> str:
    charset = "us-ascii" if text.isascii() else "utf-8"
    return Header(text, charset, maxlinelen=75, header_name=name).encode(linesep=linesep)


POLICY = MailPolicy(linesep="\r\n", cte_type="7bit", raise_on_defect=False)


def mail(
    message: Message,
    recipient: str,
    sender: Sender,
    *,
    message_id: str,
    created: datetime,
    in_reply_to: str | None = None,
) -> EmailMessage:
    """A message as a mail of two equal parts, text and HTML.

    `created` is its Date, so that the same message sent again is the same mail. `message_id` and `in_reply_to` come
    without angle brackets. Raises SettingsError where an address cannot be one.
    """
    result = EmailMessage(policy=POLICY)
    result["From"] = parse_address(sender.address or f"Ceasefire monitor <ceasefire@{FALLBACK_DOMAIN}>")
    result["To"] = parse_address(recipient)
    result["Subject"] = clean.line(message.subject, 200)
    result["Date"] = format_datetime(created)
    result["Message-ID"] = f"<{message_id}>"
    if in_reply_to:
        result["In-Reply-To"] = f"<{in_reply_to}>"
        result["References"] = f"<{in_reply_to}>"
    result["Auto-Submitted"] = "auto-generated"  # RFC 3834
    result["X-Auto-Response-Suppress"] = "All"  # Exchange ignores RFC 3834
    leave = _leave(message, recipient, sender)
    for name, value in leave.headers.items():
        result[name] = value
    context = _context(message, sender, leave.words)
    result.set_content(_render(message, "txt", context))
    result.add_alternative(_render(message, "html", context), subtype="html")
    result.set_boundary(
        f"=_{message_id.partition('@')[0]}"
    )  # the same message is the same bytes, whenever it is made
    return result


@dataclass(frozen=True, slots=True)
class _Leave:
    headers: Mapping[str, str]
    words: Mapping[str, str]


def _leave(message: Message, recipient: str, sender: Sender) -> _Leave:
    """How to get off the list: RFC 2369 and, over https, RFC 8058's one click."""
    if isinstance(message, Plain):
        return _Leave({}, {"url": "", "address": ""})
    url = sender.unsubscribe_url(message.alert.id, recipient)
    ways: list[str] = [f"<{url}>"] if url else []
    address = ""
    if sender.address:
        parsed = parse_address(sender.address)
        address = f"{parsed.username}@{parsed.domain}"
        if address.isascii():
            ways.append(
                f"<mailto:{percent(address, safe='@')}?subject={percent(f'unsubscribe {message.alert.name}')}>"
            )
    headers = {"List-Id": f"<alert-{message.alert.id}.{sender.domain}>"}
    if ways:
        headers["List-Unsubscribe"] = ", ".join(ways)
    if url.startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return _Leave(headers, {"url": url, "address": address})


def _context(message: Message, sender: Sender, leave: Mapping[str, str]) -> dict[str, Any]:
    zone = "UTC" if isinstance(message, Plain) else message.alert.zone
    context: dict[str, Any] = {"m": message, "zone": zone, "leave": leave, "sender": sender}
    if isinstance(message, Digest):
        context["brief"] = message.brief
    return context


_TEMPLATES = {News: "news", Withdrawn: "withdrawn", Digest: "digest", Plain: "plain"}


def _render(message: Message, kind: str, context: Mapping[str, Any]) -> str:
    return _environment().get_template(f"{_TEMPLATES[type(message)]}.{kind}").render(context)


def brief(content: Brief, kind: str, sender: Sender | None = None) -> str:
    """A briefing on its own: `kind` is txt, html (a whole page) or md."""
    context = {"brief": content, "zone": content.zone, "sender": sender or Sender()}
    return _environment().get_template(f"brief.{kind}").render(context)


def text(message: Message, sender: Sender | None = None) -> str:
    """The plain-text body of a message: what `alert test` and the page's history show."""
    return _render(message, "txt", _context(message, sender or Sender(), {"url": "", "address": ""}))


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.notify"),
        autoescape=select_autoescape(enabled_extensions=("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters |= {
        "at": local_time,
        "day": local_day,
        "side": lambda side: SIDE_WORDS.get(side, side),
        "marked_html": marked_html,
        "marked_text": marked_text,
        "md": markdown,
        "short": clean.line,
    }
    return environment


def local_time(moment: str, zone: str) -> str:
    """An RFC 3339 time as a reader in `zone` says it, the zone named: "18 Mar 14:05 EET"."""
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))
    name = local.strftime("%Z")
    return f"{local.day} {local:%b %H:%M} {name if name.isalpha() else f'({zone})'}"


def local_day(moment: str, zone: str) -> str:
    """The same with its weekday and year: "Tue 18 Mar 2025 14:05 EET"."""
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))
    name = local.strftime("%Z")
    return f"{local:%a} {local.day} {local:%b %Y %H:%M} {name if name.isalpha() else f'({zone})'}"


def marked_html(quote: Quote) -> Markup:
    """The sentence with its matches in <mark>."""
    result, last = Markup(""), 0
    for start, end in quote.marks:
        result += (
            escape(quote.sentence[last:start])
            + Markup("<mark>")
            + escape(quote.sentence[start:end])
            + Markup("</mark>")
        )
        last = end
    return result + escape(quote.sentence[last:])


def marked_text(quote: Quote) -> str:
    """The sentence with its matches between asterisks."""
    result, last = "", 0
    for start, end in quote.marks:
        result += f"{quote.sentence[last:start]}*{quote.sentence[start:end]}*"
        last = end
    return result + quote.sentence[last:]


def markdown(text: str) -> str:
    """Text that must not act as Markdown: its signs are escaped."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~&@])", r"\\\1", text)


def webhook(
    message: Message, sender: Sender, *, message_id: str, created: str, in_reply_to: str | None
) -> dict[str, Any]:
    """The JSON body of a webhook: the message's content with its id, and links where there is a public address."""
    body = {"id": message_id, "created": created, "in_reply_to": in_reply_to, **to_json(message)}
    if isinstance(message, News | Withdrawn):
        body["links"] = {
            "story": sender.story_url(message.story),
            "query": sender.search_url(message.alert.query),
        }
    return body


def chat(message: Message, sender: Sender) -> dict[str, Any]:
    """A payload that Slack's and Mattermost's incoming webhooks both take."""
    attachments: list[dict[str, Any]] = []
    if isinstance(message, News):
        attachments = [_attachment(line.headline, line.quote, message.alert.zone) for line in message.lines]
    elif isinstance(message, Digest):
        items = [item for section in message.brief.sections for item in section.items]
        attachments = [
            _attachment("; ".join(item.headlines), item.quote, message.alert.zone) for item in items
        ]
    elif isinstance(message, Withdrawn):
        attachments = [{"fallback": _chat_text(line), "text": _chat_text(line)} for line in message.lines]
    else:
        attachments = [
            {"fallback": _chat_text(line), "text": _chat_text(line)} for line in message.paragraphs
        ]
    payload: dict[str, Any] = {"text": _chat_text(message.subject), "attachments": attachments}
    if isinstance(message, News | Withdrawn) and sender.public_url:
        attachments.append({"fallback": "story", "text": f"<{sender.story_url(message.story)}|Story>"})
    return payload


def _attachment(headline: str, quote: Quote, zone: str) -> dict[str, Any]:
    told = f"“{_chat_text(quote.sentence)}”\n{_chat_text(quote.outlet)}, {local_time(quote.published, zone)}"
    return {
        "fallback": _chat_text(headline), "title": _chat_text(headline), "text": told,
        **({"title_link": quote.url} if quote.url else {}),
    }  # fmt: skip


def _chat_text(text: str) -> str:
    """Neither Slack's <!channel> nor Mattermost's @all and [text](link) can be made from somebody's text."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return safe.replace("@", "@\u2060").replace("](", "]\u2060(").replace("`", "'")
