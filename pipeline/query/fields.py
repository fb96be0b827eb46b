"""The fields of the query language, once: what each is called, what kind of value it takes, what it means in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FieldKind = Literal["text", "label", "position", "keyword", "id", "time", "flag"]


@dataclass(frozen=True, slots=True)
class QueryField:
    """`facet`: which labels of the taxonomy its values are (label and position fields only)."""

    name: str
    kind: FieldKind
    says: str
    facet: str | None = None


FIELDS: Mapping[str, QueryField] = {
    field.name: field
    for field in (
        QueryField("title", "text", "the title"),
        QueryField("text", "text", "the text below the title"),
        QueryField("name", "text", "a name of a person or body"),
        QueryField("place", "text", "a name of a place"),
        QueryField("actor", "label", "who acts or is acted on", "actor"),
        QueryField("issue", "label", "what it is about", "issue"),
        QueryField("development", "position", "what happened", "development"),
        QueryField("detail", "position", "which way it went", "detail"),
        QueryField("by", "position", "who did it", "actor"),
        QueryField("against", "position", "to whom it was done", "actor"),
        QueryField("outlet", "keyword", "the outlet"),
        QueryField("owner", "keyword", "the outlet's owner"),
        QueryField("side", "keyword", "whose outlet it is: ukraine, russia or third-party"),
        QueryField("control", "keyword", "who controls the outlet: state, public, private or exile"),
        QueryField("country", "keyword", "the outlet's country, two letters"),
        QueryField(
            "kind", "keyword", "the outlet's kind: news, wire, government, official-channel or opinion"
        ),
        QueryField(
            "form",
            "keyword",
            "the text's form: report, live-blog, round-up, explainer, opinion or transcript",
        ),
        QueryField("language", "keyword", "the text's language, as a BCP 47 tag"),
        QueryField("feed", "keyword", "the feed's name"),
        QueryField("tag", "keyword", "a tag that an analyst gave its story"),
        QueryField("story", "id", "the story's id"),
        QueryField("thread", "id", "the thread's id"),
        QueryField("published", "time", "when it was published"),
        QueryField("seen", "time", "when it was first seen"),
        QueryField("is", "flag", "uncertain, copy, corrected or disputed"),
    )
}

DEFAULT_TEXT_FIELDS: tuple[str, ...] = ("title", "text")
"""Where a word without a field is looked for."""

CLOSED_VALUES: Mapping[str, tuple[str, ...]] = {
    "side": ("ukraine", "russia", "third-party"),
    "control": ("state", "public", "private", "exile"),
    "kind": ("news", "wire", "government", "official-channel", "opinion"),
    "form": ("report", "live-blog", "round-up", "explainer", "opinion", "transcript"),
    "is": ("uncertain", "copy", "corrected", "disputed"),
}
"""Fields that take these values and no others."""

FACETS: tuple[str, ...] = (
    "actor", "issue", "development", "detail", "by", "against", "outlet", "owner", "side", "control", "country",
    "kind", "form", "language", "feed", "tag", "is", "uncertain",
)  # fmt: skip
"""Fields whose values can be counted over the hits of a query."""
