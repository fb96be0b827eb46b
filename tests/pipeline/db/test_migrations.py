"""Migrations: they make the schema that the program works on, and carry what is there along."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text

from pipeline.db import migrate, schema
from pipeline.db.engine import Database, open_database
from tests.samples import NOON


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table, of each kind in turn."""
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'x.db'}" if is_sqlite else request.getfixturevalue("postgres_url")
    opened = open_database(url)
    yield opened
    opened.close()


def go(database: Database, revision: str, *, down: bool = False) -> None:
    with database.write() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


def differences(database: Database) -> list[Any]:
    """What of our tables is not as the schema says; tables of the search index do not count."""
    with database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in schema.metadata.tables},
        )
        return list(compare_metadata(context, schema.metadata))


def test_migrations_make_just_the_tables_of_the_schema(empty: Database) -> None:
    assert migrate.upgrade(empty) == (None, migrate.newest_revision())
    assert differences(empty) == []
    assert migrate.upgrade(empty)[0] == migrate.newest_revision()


def test_every_migration_can_be_taken_back(empty: Database) -> None:
    migrate.upgrade(empty)
    go(empty, "0001", down=True)
    go(empty, "head")
    assert differences(empty) == []


def test_messages_survive_the_step_that_lets_them_belong_to_no_alert(empty: Database) -> None:
    go(empty, "0001")
    note = {"id": 7, "alert": 3, "kind": "news", "subject": "s", "content": {"a": 1}, "created": NOON}
    row = {
        "id": 9, "notification": 7, "recipient": "a@example.org", "channel": "mail", "state": "sent",
        "message_id": "m@x", "next_try": NOON,
    }  # fmt: skip
    alert = {
        "id": 3, "name": "A", "query": "x", "recipients": [], "cadence": "instant", "since": NOON,
        "created": NOON, "paused": False,
    }  # fmt: skip
    with empty.write() as connection:
        for table, values in ((schema.alert, alert), (schema.notification, note), (schema.outbox, row)):
            connection.execute(insert(table).values(values))
    migrate.upgrade(empty)
    with empty.write() as connection:
        assert connection.execute(select(schema.outbox.c.message_id, schema.outbox.c.notification)).all() == [
            ("m@x", 7)
        ]
        assert connection.execute(select(schema.notification.c.alert)).scalars().all() == [3]
        to_operator = {"kind": "operator", "subject": "s", "content": {}, "created": NOON}
        number = 8 if empty.is_sqlite else None
        connection.execute(
            insert(schema.notification).values({**to_operator, **({"id": number} if number else {})})
        )
        connection.execute(text("DELETE FROM alert"))
        assert connection.execute(select(schema.notification.c.kind)).scalars().all() == ["operator"]
        assert connection.execute(select(schema.outbox.c.id)).all() == []
