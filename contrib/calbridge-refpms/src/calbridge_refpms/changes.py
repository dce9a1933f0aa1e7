"""The change feed: one numbered event for each write, kept for a while, read by an opaque cursor.

A cursor names the database it came from and the last event seen. One that this feed cannot continue
from is refused with 410, never answered with silence: silence would look like "nothing changed".
"""

import base64
import binascii
import json
from typing import Literal

from calbridge_refpms.instants import render
from calbridge_refpms.problems import ProblemError
from calbridge_refpms.records import Transaction
from calbridge_refpms.wire import Changes, Event
from calbridge_refpms.zones import UTC_ZONE

Object = Literal["appointment", "block", "absence", "closure", "windows", "client"]
DAY = 86_400


def announce(tx: Transaction, kind: Object, ident: str, revision: int, *, tombstone: bool = False) -> None:
    """Append one event, queue its notices, and forget what is too old."""
    tx.insert("changes", object=kind, id=ident, revision=revision, at=tx.now, tombstone=tombstone)
    body = json.dumps({"object": kind, "id": ident, "seq": last_seq(tx)})
    tx.run("INSERT INTO deliveries (hook, seq, body) SELECT id, ?, ? FROM hooks", last_seq(tx), body)
    tx.run("DELETE FROM changes WHERE at < ?", tx.now - tx.terms.keep_changes_days * DAY)


def since(tx: Transaction, cursor: str | None, limit: int) -> Changes:
    """What happened after the cursor; without one, nothing yet: the feed starts now."""
    seq = last_seq(tx) if cursor is None else _seq(tx, cursor)
    rows = tx.rows("SELECT * FROM changes WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit + 1)
    events = [
        Event(
            seq=row["seq"],
            object=row["object"],
            id=row["id"],
            revision=row["revision"],
            at=render(row["at"], UTC_ZONE),
            tombstone=bool(row["tombstone"]),
        )
        for row in rows[:limit]
    ]
    last = events[-1].seq if events else seq
    return Changes(events=events, next_cursor=cursor_at(tx, last), has_more=len(rows) > limit)


def last_seq(tx: Transaction) -> int:
    """The number of the newest event, also when it has been forgotten since."""
    row = tx.row("SELECT seq FROM sqlite_sequence WHERE name = 'changes'")
    return row["seq"] if row else 0


def cursor_at(tx: Transaction, seq: int) -> str:
    """The cursor of a reader who has seen everything up to this event."""
    return base64.urlsafe_b64encode(f"{_generation(tx)}.{seq}".encode()).decode().rstrip("=")


def _seq(tx: Transaction, cursor: str) -> int:
    oldest = tx.row("SELECT min(seq) AS seq FROM changes")
    newest = last_seq(tx)
    first = oldest["seq"] - 1 if oldest and oldest["seq"] is not None else newest
    try:
        generation, _, number = base64.urlsafe_b64decode(cursor + "==").decode().partition(".")
        seq = int(number)
    except (binascii.Error, ValueError):
        generation, seq = "", -1
    if generation != _generation(tx) or not first <= seq <= newest:
        raise ProblemError(
            410,
            "cursor_expired",
            "This feed cannot continue from that cursor; read a snapshot and go on from its cursor.",
        )
    return seq


def _generation(tx: Transaction) -> str:
    row = tx.row("SELECT value FROM meta WHERE key = 'generation'")
    return row["value"] if row else ""
