"""An article whose page was edited is told again only for what is new in it."""

from typing import Any

from sqlalchemy import insert, update

from pipeline.db import articles as article_rows
from pipeline.db import schema
from pipeline.extract.page import PageText
from tests.pipeline.alerts.test_announcing import RUSSIA_NO, UKRAINE_YES
from tests.pipeline.newsroom import Newsroom


def edit_page(newsroom: Newsroom, text: str) -> None:
    """The page of article "a" is found to read so now."""
    with newsroom.database.write() as connection:
        connection.execute(update(schema.page).values(text=PAGE))
        connection.execute(update(schema.article).values(text=PAGE))
        assert article_rows.page_edited(
            connection, "a", PageText("read", title="Report a", text=text), newsroom.now, 10
        )


PAGE = "What the page says."
TAGGED: dict[str, Any] = {"new_version": False, "tagged_text_hash": schema.article.c.text_hash}
"""The tagger has read it anew; the version is there already."""


def test_an_edited_page_is_not_told_again_but_for_what_is_new(any_newsroom: Newsroom) -> None:
    newsroom = any_newsroom
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO)
    with newsroom.database.write() as connection:
        connection.execute(
            insert(schema.page).values(
                article="a", url="https://news.example/a", domain="news.example", state="read", seen=newsroom.now,
                title="Report a", text=PAGE,
            )
        )  # fmt: skip
    assert len(newsroom.cycle()) == 1
    newsroom.wait(hours=2)
    edit_page(newsroom, "What the page says after its first edit.")
    newsroom.change("a", RUSSIA_NO, **TAGGED)
    report = newsroom.announce()
    assert (report.matched, report.messages, newsroom.cycle()) == (1, 0, []), "the same was told before"
    newsroom.wait(hours=2)
    edit_page(newsroom, "What the page says after its second edit: Kyiv accepts.")
    newsroom.change("a", RUSSIA_NO, UKRAINE_YES, **TAGGED)
    assert newsroom.cycle() == ["Ukraine accepts 30-day truce · Ceasefire terms"]
    assert newsroom.cycle() == []
