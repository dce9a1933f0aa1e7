"""What portals were told and what they told us: digests of published days, and webhook ids seen before."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select

from calbridge.store import sqlite
from calbridge.store.deletion import delete_rows
from calbridge.store.tables import hints, offers

REMEMBERED = 14 * 86_400
"""Standard Webhooks repeats a delivery for 76 hours; two weeks is well beyond."""


def published(connection: Connection, clinic: str, name: str) -> dict[tuple[str, str], str]:
    """Digest by (resource, local date)."""
    rows = connection.execute(select(offers).where(offers.c.clinic == clinic, offers.c.connection == name))
    return {(row.resource, row.day): row.digest for row in rows}


def publish(
    connection: Connection, clinic: str, name: str, digests: Mapping[tuple[str, str], str], *, revision: int
) -> None:
    """The portal took these days; an empty digest forgets a day."""
    kept = {key: digest for key, digest in digests.items() if digest}
    rows = [
        {
            "clinic": clinic,
            "connection": name,
            "resource": resource,
            "day": day,
            "digest": digest,
            "revision": revision,
        }
        for (resource, day), digest in kept.items()
    ]
    if rows:
        connection.execute(sqlite.upsert(offers), rows)
    emptied = digests.keys() - kept.keys()
    keys = ({"clinic": clinic, "connection": name, "resource": resource, "day": day} for resource, day in emptied)
    delete_rows(connection, offers, keys)


def seen_before(connection: Connection, clinic: str, name: str, hint: str, *, now: int) -> bool:
    """True for a repeated delivery. A hint without an id is always new."""
    ours = (hints.c.clinic == clinic, hints.c.connection == name)
    connection.execute(delete(hints).where(*ours, hints.c.seen <= now - REMEMBERED))
    if not hint:
        return False
    known = connection.scalar(select(hints.c.seen).where(*ours, hints.c.hint == hint))
    connection.execute(sqlite.insert_new(hints).values(clinic=clinic, connection=name, hint=hint, seen=now))
    return known is not None
