"""The state of a store as it stood at some moment: what takes long to live is lived once and begun from many times."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from calbridge.store.database import Database


def kept(database: Database) -> sqlite3.Connection:
    """A copy of all that is in a database in memory."""
    copy = sqlite3.connect(":memory:")
    with _raw(database) as raw:
        raw.backup(copy)
    return copy


def put_back(database: Database, copy: sqlite3.Connection) -> None:
    """The database as it was then."""
    with _raw(database) as raw:
        copy.backup(raw)


@contextmanager
def _raw(database: Database) -> Iterator[sqlite3.Connection]:
    """Its one connection, with no transaction open on it."""
    with database._reading.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        yield raw
