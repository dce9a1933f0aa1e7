"""The fencing token: every cycle of a clinic has a higher epoch, and a write with an older one is refused.

A worker that was stopped and resumed finished inside its lock all the same; only the token keeps it from writing.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from calbridge.store import sqlite
from calbridge.store.errors import Fenced
from calbridge.store.tables import clinics


def begin(connection: Connection, clinic: str) -> int:
    """The next epoch; from now on every older one is stale."""
    return _raise_by_one(connection, clinic, "epoch")


def next_revision(connection: Connection, clinic: str, *, now: int) -> int:
    """The next revision of published availability; it never repeats.

    At least the present, so that a portal does not take what a restored database says for something old.
    """
    ours = clinics.c.clinic == clinic
    revision = _raise_by_one(connection, clinic, "revision")
    if revision < now:
        connection.execute(update(clinics).where(ours).values(revision=now))
    return max(revision, now)


def raise_foreign(connection: Connection, clinic: str) -> int:
    """The foreign records are changed in this transaction; their new version."""
    return _raise_by_one(connection, clinic, "foreign_version")


def foreign_version(connection: Connection, clinic: str) -> int:
    """Which foreign records there are, as a number: the same number, the same records."""
    return int(connection.scalar(select(clinics.c.foreign_version).where(clinics.c.clinic == clinic)) or 0)


def _raise_by_one(connection: Connection, clinic: str, column: str) -> int:
    ours = clinics.c.clinic == clinic
    connection.execute(sqlite.insert_new(clinics).values(clinic=clinic, epoch=0, revision=0, foreign_version=0))
    connection.execute(update(clinics).where(ours).values({column: clinics.c[column] + 1}))
    return int(connection.execute(select(clinics.c[column]).where(ours)).scalar_one())


def check(connection: Connection, clinic: str, epoch: int) -> None:
    """Refuse a stale epoch; inside the write's own transaction, so that none can begin in between."""
    newest = connection.scalar(select(clinics.c.epoch).where(clinics.c.clinic == clinic).with_for_update())
    if newest != epoch:
        raise Fenced(
            f"cycle {epoch} of clinic {clinic} was overtaken by cycle {newest or 0}; nothing was written",
            item=f"clinic {clinic}",
        )
