"""Tables, connections and generations of the SQLite index. `#` in a statement stands for the generation's number.

The tables hold derived data only and are made by the index itself, never by the database's migrations: SCHEMA and the
fingerprint of the folding say whether they fit this program, and where they do not, the index is rebuilt.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import IndexUnavailableError
from pipeline.query import fold

SCHEMA = 3
"""Rises with any change to the tables, the columns' encoding, or what `index.fields` says of a document."""

OLDEST_SQLITE = (3, 40, 0)
BUSY_TIMEOUT_S = 10.0

_META = "CREATE TABLE IF NOT EXISTS search_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"

_TABLES = (
    """CREATE TABLE search_#_document (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, deleted INTEGER NOT NULL,
        story TEXT NOT NULL, thread TEXT, copy_of TEXT, words BLOB NOT NULL)""",
    "CREATE INDEX search_#_document_story ON search_#_document (story)",
    "CREATE INDEX search_#_document_thread ON search_#_document (thread) WHERE thread IS NOT NULL",
    """CREATE TABLE search_#_value (
        field TEXT NOT NULL, number INTEGER NOT NULL, value TEXT NOT NULL, key TEXT NOT NULL,
        PRIMARY KEY (field, number), UNIQUE (field, value)) WITHOUT ROWID""",
    "CREATE INDEX search_#_value_key ON search_#_value (field, key)",
    "CREATE TABLE search_#_position (number INTEGER PRIMARY KEY, position TEXT NOT NULL UNIQUE)",
    """CREATE TABLE search_#_position_of (
        position INTEGER NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (position, document)) WITHOUT ROWID""",
    "CREATE INDEX search_#_position_of_document ON search_#_position_of (document)",
    """CREATE TABLE search_#_vector (
        document INTEGER PRIMARY KEY, model TEXT NOT NULL, vector BLOB NOT NULL)""",
    """CREATE TABLE search_#_chunk (
        chunk INTEGER PRIMARY KEY, version INTEGER NOT NULL, oldest_ms INTEGER NOT NULL, newest_ms INTEGER NOT NULL)""",
    """CREATE TABLE search_#_column (
        chunk INTEGER NOT NULL, field TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (chunk, field))""",
    """CREATE TABLE search_#_common (
        chunk INTEGER NOT NULL, stem INTEGER NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (chunk, stem))""",
    """CREATE VIRTUAL TABLE search_#_stems USING fts5 (
        title, text, name, place, content = '', tokenize = 'ascii', detail = full)""",
    """CREATE VIRTUAL TABLE search_#_words USING fts5 (
        title, text, name, place, content = '', tokenize = 'ascii', detail = column, columnsize = 0,
        prefix = '3 5')""",
    "CREATE VIRTUAL TABLE search_#_vocabulary USING fts5vocab (search_#_words, row)",
)
_DROPPED = (
    "vocabulary", "words", "stems", "common", "column", "chunk", "vector", "position_of", "position", "value",
    "document",
)  # fmt: skip


def statement(generation: int, sql: str) -> str:
    """`sql` for the tables of a generation. The number is the only thing ever put into a statement's text."""
    return sql.replace("#", str(int(generation)))


@dataclass(frozen=True, slots=True)
class Generations:
    """The generation that is read and the one being built, and the schemas that they were made by."""

    live: int
    building: int | None
    live_schema: str
    building_schema: str | None

    @property
    def rebuild_needed(self) -> str | None:
        """Why the live generation cannot be used, in words."""
        if self.live_schema == fingerprint():
            return None
        return "it was made by another version of this program"


def fingerprint() -> str:
    """Equal for programs whose tables and tokens are equal."""
    return f"{SCHEMA}-{fold.fingerprint()}"


class Connections:
    """Connections to one SQLite file, lent out one user at a time; any thread may ask.

    Every error of SQLite leaves here as IndexUnavailableError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise IndexUnavailableError(
                f"SQLite {sqlite3.sqlite_version} is too old for the search index; 3.40 or newer is needed"
            )
        with self._lent() as connection:
            prepared = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'search_meta'").fetchone()
        if not prepared:
            with self.writing() as connection:
                _prepare(connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one read transaction: everything read is of one moment."""
        with self._lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one write transaction, committed at the end unless an error comes."""
        with self._lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close idle connections; those lent out are closed when they come back unused again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            connection = connection or self._opened()
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                with self._lock:
                    self._idle.append(connection)
        except sqlite3.Error as error:
            raise unavailable(self.path, error) from error

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -16000")
        except BaseException:
            connection.close()
            raise
        return connection


def unavailable(path: Path, error: sqlite3.Error) -> IndexUnavailableError:
    """SQLite's error in our words."""
    told = str(error)
    if "locked" in told or "busy" in told:
        advice = "another process writes to it for too long; try again"
    elif "readonly" in told or "read-only" in told:
        advice = "the file or its folder cannot be written; check its permissions"
    elif "unable to open" in told:
        advice = "check that the folder exists and can be written"
    elif "full" in told:
        advice = "the disk is full"
    elif "malformed" in told or "not a database" in told:
        advice = "the file is damaged; run `ceasefire reindex`, or restore a backup of the database"
    else:
        advice = "run `ceasefire index check`"
    return IndexUnavailableError(f"The search index in {path} cannot be used ({told}): {advice}")


def generations(connection: sqlite3.Connection) -> Generations:
    """Which generations there are."""
    meta = dict(connection.execute("SELECT name, value FROM search_meta"))
    live = int(meta["live"])
    building = int(meta["building"]) if "building" in meta else None
    return Generations(
        live=live,
        building=building,
        live_schema=meta[f"schema:{live}"],
        building_schema=None if building is None else meta[f"schema:{building}"],
    )


def create(connection: sqlite3.Connection) -> int:
    """Make the empty tables of a new generation, inside the caller's transaction; returns its number, never used before."""
    generation = int(meta(connection, "last") or 0) + 1
    for table in _TABLES:
        connection.execute(statement(generation, table))
    set_meta(connection, "last", str(generation))
    set_meta(connection, f"schema:{generation}", fingerprint())
    return generation


def set_live(connection: sqlite3.Connection, generation: int) -> None:
    """Let all readers have this generation from the end of the caller's transaction on; nothing is being built then."""
    set_meta(connection, "live", str(generation))
    set_meta(connection, "building", None)
    set_meta(connection, "resumed_after", None)


def drop(connection: sqlite3.Connection, generation: int) -> None:
    """Remove a generation's tables, inside the caller's transaction; those that are not there are no matter."""
    for table in _DROPPED:
        connection.execute(statement(generation, "DROP TABLE IF EXISTS search_#_" + table))
    connection.execute("DELETE FROM search_meta WHERE name = ?", (f"schema:{generation}",))


def left_over(connection: sqlite3.Connection) -> list[int]:
    """Generations whose tables are there although nothing points to them: a rebuild was killed while it tidied up."""
    names = connection.execute("SELECT name FROM search_meta WHERE name LIKE 'schema:%'").fetchall()
    known = generations(connection)
    numbers = [int(name.removeprefix("schema:")) for (name,) in names]
    return [number for number in numbers if number not in (known.live, known.building)]


def meta(connection: sqlite3.Connection, name: str) -> str | None:
    """One remembered value."""
    row = connection.execute("SELECT value FROM search_meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def set_meta(connection: sqlite3.Connection, name: str, value: str | None) -> None:
    """Remember a value, or forget it (None)."""
    if value is None:
        connection.execute("DELETE FROM search_meta WHERE name = ?", (name,))
    else:
        connection.execute("INSERT OR REPLACE INTO search_meta (name, value) VALUES (?, ?)", (name, value))


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(_META)
    if meta(connection, "live") is None:
        set_live(connection, create(connection))
