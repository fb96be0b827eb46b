"""Bring a database's schema to this program's, with Alembic, under a lock; or refuse to work on another schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from pipeline.db.engine import Database
from pipeline.errors import SchemaOutdatedError

LOCK_KEY = 4_735_120_011
"""PostgreSQL advisory lock of migrations; any fixed number does, as long as every version of us uses the same."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def newest_revision() -> str:
    """The schema revision that this program works on."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "the package ships at least one migration"
    return head


def schema_revision(connection: Connection) -> str | None:
    """The database's own revision; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> tuple[str | None, str]:
    """Run the missing migrations in one transaction; returns the revision before and after.

    On SQLite the write transaction is the lock, on PostgreSQL an advisory one: of two programs that start at once, one
    migrates and the other finds the work done. Raises SchemaOutdatedError for a schema newer than this program.
    """
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        before = schema_revision(connection)
        newest = newest_revision()
        if before == newest:
            return before, newest
        _refuse_newer(before, database)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return before, newest


def prepare(database: Database) -> None:
    """Make the schema right before work: an embedded database is upgraded, a production one must already be.

    Raises SchemaOutdatedError where PostgreSQL's schema is not this program's: several programs of one version may be
    working on it, so the operator decides when to migrate.
    """
    with database.read() as connection:
        current = schema_revision(connection)
    if current == newest_revision():
        return
    if database.is_sqlite:
        upgrade(database)
        return
    _refuse_newer(current, database)
    raise SchemaOutdatedError(
        f"the schema of {database.describe()} is {current or 'empty'}, this program needs {newest_revision()}: "
        "run `ceasefire db upgrade`"
    )


def _refuse_newer(current: str | None, database: Database) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaOutdatedError(
            f"the schema of {database.describe()} is {current}, which this program does not know: "
            "it was made by a newer version; install that one"
        )
