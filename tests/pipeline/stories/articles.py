"""Articles as the earlier steps leave them, written straight into a database."""

from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection, insert, select, update

from pipeline.db import schema, tags
from pipeline.sameness import text_hash
from tests.pipeline.stories.desk import MORNING


def write_article(
    connection: Connection, name: str, title: str, text: str = "", *, hours: float = 0.0, outlet: str = ""
) -> None:
    """A tagged article that waits for its story, first seen when it was published."""
    moment = MORNING + timedelta(hours=hours)
    source = outlet or f"outlet of {name}"
    connection.execute(
        insert(schema.article).values(
            id=name, revision=1, url=f"https://news.example/{name}", feed=source, outlet=source, owner=source,
            side="third-party", control="private", country="XX", kind="news", title=title, text=text,
            text_hash=text_hash(title, text), language="en", language_reason="declared", form="report",
            published=moment, published_flag="stated", seen=moment, version_seen=moment, reason="live",
            tagged_text_hash=text_hash(title, text), tagged_model_hash="model", tag_count=1,
            embedding=tags.embedding_bytes(np.eye(1, 8, dtype=np.float32)[0]),
        )
    )  # fmt: skip


def retag(connection: Connection, name: str, title: str | None = None, text: str | None = None) -> None:
    """The article was tagged anew, with another title or text if one is given."""
    table = schema.article
    changes: dict[str, object] = {"tag_count": table.c.tag_count + 1}
    changes |= {field: value for field, value in (("title", title), ("text", text)) if value is not None}
    connection.execute(update(table).where(table.c.id == name).values(changes))


def story_of(connection: Connection, name: str) -> str | None:
    """Where an article is now."""
    return connection.execute(select(schema.article.c.story).where(schema.article.c.id == name)).scalar_one()


def revision_of(connection: Connection, name: str) -> int:
    """An article's revision now."""
    return connection.execute(
        select(schema.article.c.revision).where(schema.article.c.id == name)
    ).scalar_one()


def say(connection: Connection, alert: int, story: str, value: str, moment: datetime) -> None:
    """An alert announced a development of a story."""
    connection.execute(
        insert(schema.announced).values(
            alert=alert, story=story, kind="development", value=value, at=moment, notification=None
        )
    )


def write_alert(connection: Connection, moment: datetime) -> int:
    """An alert to announce for; returns its number."""
    made = connection.execute(
        insert(schema.alert)
        .values(
            name="plan", query="plan", recipients=["desk@example.org"], cadence="instant", since=moment,
            created=moment, paused=False, options={},
        )
        .returning(schema.alert.c.id)
    )  # fmt: skip
    number: int = made.scalar_one()
    return number


def announced(connection: Connection, story: str) -> set[str]:
    """What was announced for a story."""
    table = schema.announced.c
    return set(connection.execute(select(table.value).where(table.story == story)).scalars())
