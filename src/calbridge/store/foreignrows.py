"""What is not ours: saved by (connection, ref), loaded once, and kept for as long as nobody changed it.

A calendar of ten thousand events is the same in nearly every cycle, and a cycle looks at it several times. Each change
raises a number in the same transaction, so that a process knows when another one made what it keeps out of date.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from sqlalchemy import Connection, bindparam, delete, select

from calbridge.hub import Foreign
from calbridge.store import fence, sqlite
from calbridge.store.deletion import delete_rows
from calbridge.store.tables import foreign_records

Key = tuple[str, str]
"""(connection, ref)."""
Saved = Collection[tuple[str, Foreign]]

_ALL = (
    select(foreign_records.c.connection, foreign_records.c.ref, foreign_records.c.body)
    .where(foreign_records.c.clinic == bindparam("clinic"))
    .order_by(foreign_records.c.connection, foreign_records.c.ref)
)


def save(connection: Connection, clinic: str, saved: Saved, gone: Collection[Key]) -> int | None:
    """Insert or replace some, drop others; the new version, None where nothing changes."""
    if not saved and not gone:
        return None
    keys = ({"clinic": clinic, "connection": name, "ref": ref} for name, ref in gone)
    delete_rows(connection, foreign_records, keys)
    rows = [{"clinic": clinic, "connection": name, "ref": each.ref, "body": each} for name, each in saved]
    if rows:
        connection.execute(sqlite.upsert(foreign_records), rows)
    return fence.raise_foreign(connection, clinic)


def forget(connection: Connection, clinic: str, name: str) -> int:
    """Drop all of one connection; how many there were."""
    ours = (foreign_records.c.clinic == clinic, foreign_records.c.connection == name)
    fence.raise_foreign(connection, clinic)
    return int(connection.execute(delete(foreign_records).where(*ours)).rowcount)


def load(connection: Connection, clinic: str) -> dict[Key, Foreign]:
    """All of the clinic, by (connection, ref)."""
    return {(name, ref): body for name, ref, body in connection.execute(_ALL, {"clinic": clinic})}


class Kept:
    """What was loaded last, by clinic, with its version. Safe for threads: an entry is replaced, never changed."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, Mapping[Key, Foreign]]] = {}

    def load(self, connection: Connection, clinic: str) -> Mapping[Key, Foreign]:
        """What is there in this transaction, which must be one that only reads."""
        version = fence.foreign_version(connection, clinic)
        entry = self._entries.get(clinic)
        if entry is None or entry[0] != version:
            entry = (version, MappingProxyType(load(connection, clinic)))
            self._entries[clinic] = entry
        return entry[1]

    def follow(self, clinic: str, version: int | None, saved: Saved, gone: Collection[Key]) -> None:
        """A committed `save`: take the same changes in, where nothing else came between."""
        entry = self._entries.get(clinic)
        if entry is None or version is None or entry[0] != version - 1:
            return
        records = dict(entry[1]) | {(name, each.ref): each for name, each in saved}
        for key in gone:
            records.pop(key, None)
        self._entries[clinic] = (version, MappingProxyType(records))
