"""`ceasefire show`: one article, where its text comes from, and how it was edited."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import click
from rich.text import Text
from sqlalchemy import Row, select

from pipeline.app import App
from pipeline.cli import show as shown
from pipeline.cli.options import json_option, with_app
from pipeline.db import article_pages, ids, schema
from pipeline.edits import edits

MARKS = {
    "headline": "headline changed",
    "silent-headline": "headline changed silently: the feed states no new date",
}


@click.command()
@click.argument("article")
@click.option("--diff", is_flag=True, help="Show word by word what each version changed.")
@json_option
@with_app
def show(app: App, article: str, diff: bool, as_json: bool) -> None:
    """Show ARTICLE (id): its versions, whose words they are, and whether its page was read.

    The beginning of an id, as lists show it, will do.

    \b
    Example:
      ceasefire show 3f9c2a7b51 --diff
    """
    with app.database.read() as connection:
        living = article_pages.living(connection, ids.article(connection, article))
        row = connection.execute(select(schema.article).where(schema.article.c.id == living)).one()
        table = schema.version.c
        versions = connection.execute(
            select(schema.version).where(table.article == living).order_by(table.number)
        ).all()
        page = connection.execute(select(schema.page).where(schema.page.c.article == living)).one_or_none()
    if as_json:
        shown.print_json(_json(row, versions, page))
        return
    console = shown.console()
    console.print(Text(shown.clean(row.title), "bold"))
    console.print(
        Text(
            f"{shown.clean(row.outlet)}, {row.published:%Y-%m-%d %H:%M} UTC ({row.published_flag}); {row.reason}"
        )
    )
    if row.url:
        click.echo(row.url)
    console.print(Text(f"article {row.id}, story {row.story or row.id}", "dim"))
    console.print(Text(f"page: {_page_words(page)}", "dim"))
    made = shown.table("version", "seen (UTC)", "feed", "title", "mark", wide="title")
    for version in versions:
        shown.row(
            made,
            version.number,
            shown.short_time(version.seen),
            version.feed,
            version.title,
            MARKS.get(version.mark or "", ""),
        )
    console.print(made)
    if diff:
        for old, new in pairwise(versions):
            console.print(
                Text(f"\nversion {old.number} to {new.number}, seen {new.seen:%Y-%m-%d %H:%M} UTC", "bold")
            )
            for name in ("title", "text"):
                before, after = getattr(old, name), getattr(new, name)
                if before != after:
                    console.print(Text(f"{name}: ", "dim").append_text(_marked(before, after)))
        if len(versions) < 2:
            console.print("one version only: nothing was edited")


def _page_words(page: Row[Any] | None) -> str:
    if page is None:
        return "not read; the text is the feed's"
    if page.state == "read":
        again = f" ({page.detail})" if page.detail else ""
        return f"read {page.fetched:%Y-%m-%d %H:%M} UTC; the text is the page's{again}"
    if page.state == "waiting":
        return f"waiting to be read{f' ({page.detail})' if page.detail else ''}; the text is the feed's"
    return f"{page.state}: {page.detail}"


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """What changed word by word: ("same" | "out" | "in", words) in reading order; long unchanged stretches are cut."""
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    return [
        (_TOLD[kind], _cut(words) if kind == "same" else "".join(words)) for kind, words in edits(old, new)
    ]


_TOLD = {"same": "same", "gone": "out", "new": "in"}
_AROUND = 24


def _cut(words: Sequence[str]) -> str:
    if len(words) <= 2 * _AROUND:
        return "".join(words)
    return "".join(words[:_AROUND]) + " […] " + "".join(words[-_AROUND:])


def _marked(before: str, after: str) -> Text:
    """Deleted words as [-so-], added ones as {+so+}: readable where there is no colour."""
    line = Text()
    for kind, words in differences(before, after):
        if kind == "same":
            line.append(words)
        elif kind == "out":
            line.append(f"[-{words}-]", "red")
        else:
            line.append(f"{{+{words}+}}", "green")
    return line


def _json(row: Row[Any], versions: Any, page: Row[Any] | None) -> dict[str, Any]:
    told = []
    for number, version in enumerate(versions):
        line = {
            "number": version.number, "feed": version.feed, "seen": version.seen, "title": version.title,
            "text": version.text, "mark": version.mark, "reason": version.reason,
        }  # fmt: skip
        if number:
            before = versions[number - 1]
            line["changes"] = {
                name: differences(getattr(before, name), getattr(version, name)) for name in ("title", "text")
            }
        told.append(line)
    return {
        "id": row.id, "revision": row.revision, "url": row.url, "outlet": row.outlet, "title": row.title, "text": row.text,
        "published": row.published, "page": None if page is None else {"state": page.state, "detail": page.detail},
        "versions": told,
    }  # fmt: skip
