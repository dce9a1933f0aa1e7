"""SQLite in WAL mode: a read sees one moment, a write is BEGIN IMMEDIATE; that tells two clients apart."""

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from litestar.serialization import decode_json

from calbridge_portal.site_records import Site

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tx:
    """One transaction, the instant it happens at, and the site it happens on; `address` is where clients reach it."""

    connection: sqlite3.Connection
    now: int
    site: Site
    zone: ZoneInfo
    address: str

    def run(self, sql: str, **values: Any) -> int:
        """Execute one statement; returns the number of rows it touched."""
        return self.connection.execute(sql, values).rowcount

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute one statement for many rows."""
        self.connection.executemany(sql, rows)

    def one(self, sql: str, **values: Any) -> sqlite3.Row | None:
        """Return the first row, or None."""
        row: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, **values: Any) -> list[sqlite3.Row]:
        """Return every row."""
        return self.connection.execute(sql, values).fetchall()

    def fact(self, name: str) -> str:
        """Return one of the facts written when the database was made or since."""
        row = self.one("SELECT value FROM facts WHERE name = :name", name=name)
        if row is None:
            raise LookupError(f"the portal's database lacks the fact {name!r}")
        return str(row["value"])

    def set_fact(self, name: str, value: str) -> None:
        """Write one fact."""
        self.run("INSERT OR REPLACE INTO facts VALUES (:name, :value)", name=name, value=value)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo what happens inside when it raises, and keep the rest of the transaction."""
        self.run("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self.run("ROLLBACK TO attempt")
            raise
        finally:
            self.run("RELEASE attempt")


class Store:
    """The database file. One connection stays open: else the write-ahead log is folded at each close."""

    def __init__(self, path: Path, site: str) -> None:
        self._path = path
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # people's data: for its owner alone
        self._anchor = self._connect(shared=True)
        self._anchor.execute("PRAGMA journal_mode = WAL")
        _create(self._anchor, site)

    def close(self) -> None:
        """Close the file."""
        self._anchor.close()

    @contextmanager
    def read(self, now: int) -> Iterator[Tx]:
        """One consistent moment; whatever is read inside belongs together."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN")
            connection.execute("PRAGMA query_only = ON")
            yield _tx(connection, now)
            connection.execute("ROLLBACK")

    @contextmanager
    def write(self, now: int) -> Iterator[Tx]:
        """The only writer until it ends; an exception undoes everything."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield _tx(connection, now)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self, *, shared: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=30, check_same_thread=not shared)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def _tx(connection: sqlite3.Connection, now: int) -> Tx:
    row = connection.execute(
        "SELECT body, value FROM documents, facts WHERE kind = 'site' AND name = 'public_url'"
    ).fetchone()
    site = decode_json(row["body"], target_type=Site)
    return Tx(connection=connection, now=now, site=site, zone=ZoneInfo(site.time_zone), address=row["value"])


def _create(connection: sqlite3.Connection, site: str) -> None:
    """Make the schema once; refuse a database of another version or another site."""
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        _fill(connection, site)
    connection.execute("COMMIT")
    if version not in {0, SCHEMA_VERSION}:
        raise ValueError(f"the database has schema version {version}, this portal needs {SCHEMA_VERSION}")
    owner = connection.execute("SELECT id FROM documents WHERE kind = 'site'").fetchone()["id"]
    if owner != site:
        raise ValueError(f"the database belongs to site {owner!r}, not to {site!r}; give that --site")


def _fill(connection: sqlite3.Connection, site: str) -> None:
    script = files("calbridge_portal").joinpath("schema.sql").read_text(encoding="utf-8")
    for statement in _statements(script):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute(
        "INSERT INTO documents VALUES ('site', ?, json_object('name', ?, 'time_zone', 'UTC'), 1)",
        (site, site),
    )
    # feed_id makes the cursors of an earlier database recognisable: they answer 410, never a wrong page.
    connection.executemany(
        "INSERT INTO facts VALUES (?, ?)",
        [
            ("feed_id", secrets.token_hex(4)),
            ("feed_floor", "0"),
            ("maintenance_retry_s", "0"),
            ("csrf_secret", secrets.token_hex(32)),
            ("public_url", ""),
        ],
    )


def _statements(script: str) -> Iterator[str]:
    """Split a script so that it can run inside one transaction (executescript would commit first)."""
    buffer = ""
    for line in script.splitlines(keepends=True):
        buffer += line
        if sqlite3.complete_statement(buffer):
            yield buffer
            buffer = ""
