"""The practice's records: one SQLite file, many readers, one writer at a time.

Every write begins with BEGIN IMMEDIATE, so two bookings of one slot are decided one after the other.
"""

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from calbridge_refpms.instants import Clock, system_clock
from calbridge_refpms.wire import Role

SCHEMA_VERSION = 1


class UnusableFileError(Exception):
    """The database file is not one of ours, or of another version; says so in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How this practice behaves toward its integrations."""

    two_stage_s: float | None = None
    page_max: int = 200
    window_days: int = 400
    keep_changes_days: int = 30


@dataclass(kw_only=True)
class Transaction:
    """One consistent view of the records, and who looks at it when."""

    connection: sqlite3.Connection
    now: int
    by: Role
    terms: Terms

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self.connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query."""
        found: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return found

    def run(self, sql: str, *values: Any) -> int:
        """Run one statement; how many rows it touched."""
        return self.connection.execute(sql, values).rowcount

    def insert(self, table: str, **values: Any) -> None:
        """Insert one row. Table and columns are this program's own words, never a caller's."""
        columns = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        self.connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - own words only
            tuple(values.values()),
        )

    @cached_property
    def zones(self) -> dict[str, ZoneInfo]:
        """The zone of each resource."""
        return {
            row["id"]: ZoneInfo(row["time_zone"])
            for row in self.rows(
                "SELECT resources.id, time_zone FROM resources JOIN locations ON locations.id = location"
            )
        }


@dataclass(kw_only=True)
class Records:
    """The database file. `written` is set whenever something was committed."""

    path: Path
    clock: Clock = system_clock
    terms: Terms = field(default_factory=Terms)
    written: threading.Event = field(default_factory=threading.Event)

    def prepare(self) -> None:
        """Create the tables of a new file, or see that an old one is ours."""
        with closing(self._connect()) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == SCHEMA_VERSION:
                return
            if version or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise UnusableFileError(f"{self.path} is not a database of this version of the reference PMS.")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(files("calbridge_refpms").joinpath("schema.sql").read_text())
            connection.execute("INSERT INTO meta VALUES ('generation', ?)", (secrets.token_hex(6),))
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def read(self, by: Role = "desk") -> Iterator[Transaction]:
        """A consistent view; nothing can be changed through it."""
        with closing(self._connect()) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            yield self._transaction(connection, by)

    @contextmanager
    def write(self, by: Role) -> Iterator[Transaction]:
        """The writer's turn: commits at the end, takes everything back on any exception."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._transaction(connection, by)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        self.written.set()

    def _transaction(self, connection: sqlite3.Connection, by: Role) -> Transaction:
        return Transaction(connection=connection, now=self.clock(), by=by, terms=self.terms)

    def _connect(self) -> sqlite3.Connection:
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))  # people's data: for its owner alone
            connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.create_function("folded", 1, str.casefold, deterministic=True)
            connection.create_function("digits", 1, digits, deterministic=True)
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
        except (OSError, sqlite3.Error) as error:
            raise UnusableFileError(f"{self.path} cannot be opened as a database: {error}.") from error
        return connection


def digits(text: str) -> str:
    """The last seven digits of a phone number: how a front desk looks one up, however it was written."""
    return "".join(sign for sign in text if sign.isdigit())[-7:]


def new_id(prefix: str) -> str:
    """A fresh identifier; never used again, also after a deletion."""
    return f"{prefix}_{secrets.token_hex(6)}"
