"""The journal: every decision with its reason code, in the transaction that made it. It is only ever added to.

Facts are codes, instants, field names and keys; the text of a task or a client's words never go in.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select

from calbridge.hub import JournalEntry
from calbridge.store.records import JournalRow
from calbridge.store.tables import journal


def add(connection: Connection, clinic: str, entries: Iterable[JournalEntry], *, at: int, run: str = "") -> None:
    """Append."""
    rows = [
        {
            "clinic": clinic,
            "run": run,
            "at": at,
            "code": entry.code,
            "appointment": entry.appointment,
            "connection": entry.connection,
            "facts": dict(entry.facts),
        }
        for entry in entries
    ]
    if rows:
        connection.execute(insert(journal), rows)


def latest(
    connection: Connection, clinic: str, *, appointment: str | None, run: str | None, limit: int
) -> list[JournalRow]:
    """The last `limit` rows that fit, newest last."""
    query = select(journal).where(journal.c.clinic == clinic).order_by(journal.c.id.desc()).limit(limit)
    if appointment is not None:
        query = query.where(journal.c.appointment == appointment)
    if run is not None:
        query = query.where(journal.c.run == run)
    rows = [
        JournalRow(
            id=row.id,
            run=row.run,
            at=row.at,
            code=row.code,
            appointment=row.appointment,
            connection=row.connection,
            facts=row.facts,
        )
        for row in connection.execute(query)
    ]
    return rows[::-1]
