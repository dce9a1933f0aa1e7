"""Everything that is only true of SQLite: opening, transactions, upserts, backups, and what its errors mean.

A PostgreSQL store is a second module with these names; no other file of the store knows the dialect, except the
migrations, which keep one set of guard statements for each.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, QueuePool, Table, create_engine, event
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from calbridge.errors import BridgeError, ConfigError, NeedsHuman, RetryLater

MEMORY = ":memory:"
BUSY_SECONDS = 30
OVERLAP = "claims_overlap"
"""What the guard on `claims` says when it refuses; the migration that made the triggers spells it too."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DISK = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}


# --- opening --------------------------------------------------------------------------------------


def place(location: str | Path) -> str:
    """The location as text, its directory checked; a new file is made readable by its owner alone."""
    text = str(location)
    if text == MEMORY:
        return text
    if "://" in text:
        raise ConfigError(f"the store '{text.partition('://')[0]}://...' is not supported; give the path of a file")
    path = Path(text).expanduser().absolute()
    if not path.parent.is_dir():
        raise ConfigError(f"the directory {path.parent} of the database {path.name} does not exist; create it first")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigError(
            f"the database {path} cannot be opened ({error.strerror}); check its owner and rights"
        ) from error
    return str(path)


def engine(location: str) -> Engine:
    """An engine whose transactions are ours alone. A memory database is one connection that threads take in turns."""
    sizes = (1, 0) if location == MEMORY else (8, 24)
    made = create_engine(
        URL.create("sqlite", database=location),
        poolclass=QueuePool,
        pool_size=sizes[0],
        max_overflow=sizes[1],
        pool_timeout=BUSY_SECONDS,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        hide_parameters=True,  # an error's text must not repeat a client's name
    )
    event.listen(made, "connect", _prepare)
    event.listen(made, "begin", _begin)
    return made


def _prepare(dbapi: sqlite3.Connection, _record: object) -> None:
    dbapi.isolation_level = None  # the driver must not open transactions by itself: `_begin` does
    with closing(dbapi.cursor()) as cursor:
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA secure_delete = ON")  # what is forgotten of somebody stands in no free page either


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def for_writing(reading: Engine) -> Engine:
    """The same pool; its transactions take the write lock at once, so that none fails half-way for want of it."""
    return reading.execution_options(immediate=True)


def use_wal(location: str) -> None:
    """Readers never wait for a writer. The mode stays in the file; a network share cannot have it."""
    if location == MEMORY:
        return
    with closing(sqlite3.connect(location, timeout=BUSY_SECONDS)) as connection:
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise ConfigError(f"the database {location} cannot use write-ahead logging ({mode}); keep it on a local disk")


# --- before a migration ---------------------------------------------------------------------------


def sound(connection: Connection) -> bool:
    """True when SQLite finds no damage."""
    return bool(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one() == "ok")


def backup(location: str, label: str) -> Path | None:
    """Copy the committed state beside the file, owner only, whole or not at all. No older backup is overwritten."""
    if location == MEMORY:
        return None
    target = _free_name(f"{location}.backup-{label}")
    unfinished = Path(f"{target}.part")
    try:
        _copy(location, unfinished)
        unfinished.replace(target)
    except OSError as error:
        raise ConfigError(
            f"the backup {target} cannot be written ({error.strerror}), so the database was not migrated; "
            "make room or correct the rights of its directory"
        ) from error
    return target


def _copy(location: str, target: Path) -> None:
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(location)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def _free_name(wanted: str) -> Path:
    names = (Path(wanted if number == 1 else f"{wanted}-{number}") for number in count(1))
    return next(name for name in names if not name.exists())


# --- statements -----------------------------------------------------------------------------------


def upsert(table: Table) -> Insert:
    """Insert whole rows; a row with the same primary key is replaced in place (its children stay)."""
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    changes = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def insert_new(table: Table) -> Insert:
    """Insert; a row that is there already is left alone."""
    return insert(table).on_conflict_do_nothing()


# --- what an error means ----------------------------------------------------------------------------


def is_overlap(error: IntegrityError) -> bool:
    """True when the guard on `claims` refused, and not some other constraint."""
    return OVERLAP in str(error.orig)


def translate(error: Exception, location: str) -> BridgeError | None:
    """The recovery for a driver's error; None for what is our own mistake."""
    if isinstance(error, PoolTimeout):
        return RetryLater("the database had no free connection; try again")
    origin = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlite_errorcode", 0) & 0xFF
    reason = getattr(origin, "sqlite_errorname", "")
    if code in _BUSY:
        return RetryLater(f"the database was held by another process for over {BUSY_SECONDS} seconds; try again")
    if code in _DAMAGED:
        return ConfigError(
            f"the database {location} is damaged or is no database ({reason}); stop calbridge, move the file away "
            "with its -wal and -shm, and put the latest backup in its place"
        )
    if code in _DISK:
        return NeedsHuman(f"the database {location} cannot be written or read ({reason}); check disk space and rights")
    return None
