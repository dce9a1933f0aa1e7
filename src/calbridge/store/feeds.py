"""The secret addresses that free/busy is published under. Only a digest of each is kept, which opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from calbridge.store import sqlite
from calbridge.store.tables import feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One published resource. `created`: epoch seconds."""

    clinic: str
    resource: str
    created: int


def publish(connection: Connection, clinic: str, resource: str, digest: str, *, now: int) -> None:
    """Publish a resource under one address; an earlier one is worth nothing from now on."""
    row = {"clinic": clinic, "resource": resource, "digest": digest, "created": now}
    connection.execute(sqlite.upsert(feeds), [row])


def withdraw(connection: Connection, clinic: str, resource: str) -> bool:
    """True when there was an address."""
    mine = (feeds.c.clinic == clinic, feeds.c.resource == resource)
    return connection.execute(delete(feeds).where(*mine)).rowcount > 0


def listed(connection: Connection, clinic: str) -> list[FeedRow]:
    """All of a clinic, by resource."""
    rows = connection.execute(select(feeds).where(feeds.c.clinic == clinic).order_by(feeds.c.resource))
    return [FeedRow(clinic=row.clinic, resource=row.resource, created=row.created) for row in rows]


def under(connection: Connection, digest: str) -> FeedRow | None:
    """What is published under an address."""
    row = connection.execute(select(feeds).where(feeds.c.digest == digest)).first()
    return FeedRow(clinic=row.clinic, resource=row.resource, created=row.created) if row else None
