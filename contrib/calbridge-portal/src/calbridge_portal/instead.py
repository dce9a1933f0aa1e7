"""The times the bridge names where the clinic could not give a client what she chose: kept, and shown while free.

The portal's own offer may be older than the refusal: the bridge knows first what is still free.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from calbridge_portal.booking_rows import pairs_of
from calbridge_portal.documents import calendar_names
from calbridge_portal.problems import Problem
from calbridge_portal.records import FreeTime
from calbridge_portal.site_records import Slot
from calbridge_portal.slots import is_occupied, slot_of, unavailable
from calbridge_portal.store import Tx
from calbridge_portal.times import parse_instant

MOST = 10


def keep(tx: Tx, given: Sequence[FreeTime]) -> str | None:
    """As stored; a calendar that the site does not have is refused."""
    if len(given) > MOST:
        raise Problem("invalid_request", f"alternatives are at most {MOST}.")
    known = calendar_names(tx)
    for each in given:
        if each.calendar not in known:
            raise Problem("invalid_request", f"alternatives name the calendar {each.calendar!r}, which is not here.")
    pairs = [(each.calendar, parse_instant(each.start, "alternatives.start")) for each in given]
    return json.dumps(pairs) if pairs else None


def from_query(texts: Sequence[str]) -> list[FreeTime]:
    """`alternative=<calendar>@<instant>`, once for each."""
    found = []
    for text in texts:
        calendar, at, start = text.rpartition("@")
        if not at:
            raise Problem("invalid_request", "alternative is written like anna@2026-11-23T09:00:00+01:00.")
        found.append(FreeTime(calendar=calendar, start=start))
    return found


def still_free(tx: Tx, kind: str, stored: str | None, length: int) -> list[Slot]:
    """Those that nobody has taken here since, as a client sees them."""
    return [
        slot_of(tx, kind, calendar, start)
        for calendar, start in pairs_of(stored)
        if start > tx.now and not is_occupied(tx, calendar, start, start + length)
    ]


def given_away(tx: Tx, hold: sqlite3.Row) -> Problem:
    """The refusal of a hold that was taken back: the bridge's own alternatives where it named some that are free."""
    problem = unavailable(tx, hold["type"], hold["start_at"])
    slots = still_free(tx, hold["type"], hold["alternatives"], hold["end_at"] - hold["start_at"])
    if slots:
        problem.members = {**problem.members, "alternatives": [asdict(slot) for slot in slots]}
    return problem
