"""Transactions: `read` sees one consistent moment and waits for nobody, `write` is all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from calbridge.store import migrate, sqlite


class Database:
    """One database file, open; shared by threads, and with other processes."""

    def __init__(self, location: str) -> None:
        self.location = location
        self._reading = sqlite.engine(location)
        self._writing = sqlite.for_writing(self._reading)

    @classmethod
    def open(cls, location: str | Path) -> Database:
        """Open or create, bring the schema up to date, or say in one sentence why not."""
        database = cls(sqlite.place(location))
        try:
            with database._translated():
                sqlite.use_wal(database.location)
            migrate.to_head(database)
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Give every connection back; the object is not used again."""
        self._reading.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent look."""
        with self._translated(), _transaction(self._reading) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Everything or nothing; other writers wait."""
        with self._translated(), _transaction(self._writing) as connection:
            yield connection

    @contextmanager
    def rehearse(self) -> Iterator[Connection]:
        """Like `write`, and then none of it happened."""
        with self._translated(), self._writing.connect() as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error, PoolTimeout) as error:
            meaning = sqlite.translate(error, self.location)
            if meaning is None:
                raise
            raise meaning from error


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection
