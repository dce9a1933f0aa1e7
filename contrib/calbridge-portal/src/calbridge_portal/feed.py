"""The change feed: every change is a row of the transaction that makes it, read by an opaque cursor."""

import base64
import binascii
import sqlite3

from calbridge_portal import webhooks
from calbridge_portal.booking_rows import account_of, booking_of, hold_of
from calbridge_portal.problems import Problem
from calbridge_portal.records import By, Changes, Event, Objects, Snapshot
from calbridge_portal.store import Tx
from calbridge_portal.times import day_bounds, wire

RETENTION_S = 14 * 86_400


def emit(tx: Tx, kind: str, ref: str, revision: int, by: By, *, tombstone: bool = False) -> None:
    """Record one change, and the webhook messages that hint at it. The object is the first part of `kind`."""
    seq = tx.connection.execute(
        "INSERT INTO events (type, object, object_id, revision, at, changed_by, tombstone)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind, kind.partition(".")[0], ref, revision, tx.now, by, tombstone),
    ).lastrowid
    webhooks.enqueue(tx, kind, {"object": kind.partition(".")[0], "id": ref, "revision": revision, "seq": seq})


def last_seq(tx: Tx) -> int:
    """The newest change; also right after old ones were trimmed."""
    row = tx.one("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
    return 0 if row is None else int(row["seq"])


def changes(tx: Tx, cursor: str | None, limit: int, *, include: bool) -> Changes:
    """One page after `cursor`; without a cursor the feed starts now."""
    after = last_seq(tx) if cursor is None else _position(tx, cursor)
    rows = tx.all("SELECT * FROM events WHERE seq > :after ORDER BY seq LIMIT :n", after=after, n=limit + 1)
    page = rows[:limit]
    return Changes(
        events=[_event(tx, row) for row in page],
        next_cursor=_cursor(tx, page[-1]["seq"] if page else after),
        has_more=len(rows) > limit,
        objects=_objects(tx, page) if include else None,
    )


def snapshot(tx: Tx) -> Changes:
    """Everything alive, and the cursor of the same moment."""
    window_from = day_bounds(tx.now, tx.zone, days=-1)[0]
    holds = tx.all("SELECT * FROM holds WHERE status = 'held' AND expires_at > :now ORDER BY id", now=tx.now)
    accounts = tx.all("SELECT * FROM accounts WHERE status = 'connected' ORDER BY id")
    bookings = tx.all("SELECT * FROM bookings WHERE end_at >= :first ORDER BY start_at, id", first=window_from)
    return Changes(
        events=[],
        next_cursor=_cursor(tx, last_seq(tx)),
        has_more=False,
        snapshot=Snapshot(
            window_from=wire(window_from, tx.zone),
            holds=[hold_of(tx, row) for row in holds],
            bookings=[booking_of(tx, row) for row in bookings],
            accounts=[account_of(tx, row) for row in accounts],
        ),
    )


def trim(tx: Tx, before: int | None = None) -> int:
    """Forget the changes older than `before` (all of them without it); returns how many."""
    row = tx.one("SELECT max(seq) AS floor FROM events WHERE :before IS NULL OR at < :before", before=before)
    if row is None or row["floor"] is None:
        return 0
    tx.set_fact("feed_floor", str(row["floor"]))
    return tx.run("DELETE FROM events WHERE seq <= :floor", floor=row["floor"])


def _cursor(tx: Tx, seq: int) -> str:
    return base64.urlsafe_b64encode(f"{tx.fact('feed_id')}:{seq}".encode()).decode().rstrip("=")


def _position(tx: Tx, cursor: str) -> int:
    """The sequence number a cursor stands for; 410 when the changes after it are not all here any more."""
    try:
        feed, seq = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(":")
        position = int(seq)
    except (binascii.Error, ValueError):
        raise Problem("invalid_request", "cursor is not one this portal gave; start with snapshot=1.") from None
    # A cursor ahead of the feed belongs to a database that was replaced by an older copy.
    gone = position < int(tx.fact("feed_floor")) or position > last_seq(tx)
    if feed != tx.fact("feed_id") or gone:
        raise Problem("cursor_expired", "Changes after this cursor are no longer kept; read again with snapshot=1.")
    return position


def _event(tx: Tx, row: sqlite3.Row) -> Event:
    return Event(
        seq=row["seq"],
        type=row["type"],
        object=row["object"],
        id=row["object_id"],
        revision=row["revision"],
        at=wire(row["at"], tx.zone),
        by=row["changed_by"],
        tombstone=bool(row["tombstone"]),
    )


def _objects(tx: Tx, page: list[sqlite3.Row]) -> Objects:
    """What the page names, as it is now: saves the reader one request per change."""
    holds = sorted({row["object_id"] for row in page if row["object"] == "hold"})
    bookings = sorted({row["object_id"] for row in page if row["object"] == "booking"})
    accounts = sorted({row["object_id"] for row in page if row["object"] == "account"})
    account_rows = (tx.one("SELECT * FROM accounts WHERE id = :id", id=ref) for ref in accounts)
    hold_rows = (tx.one("SELECT * FROM holds WHERE id = :id", id=ref) for ref in holds)
    booking_rows = (tx.one("SELECT * FROM bookings WHERE id = :id", id=ref) for ref in bookings)
    return Objects(
        holds=[hold_of(tx, row) for row in hold_rows if row is not None],
        bookings=[booking_of(tx, row) for row in booking_rows if row is not None],
        accounts=[account_of(tx, row) for row in account_rows if row is not None],
    )
