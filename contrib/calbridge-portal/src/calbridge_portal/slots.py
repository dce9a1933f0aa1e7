"""What a client may take: published starts in the future that nothing of the portal's own overlaps."""

import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

from calbridge_portal.documents import appointment_type, calendar_names, online_calendars
from calbridge_portal.problems import Problem
from calbridge_portal.records import MovesTo
from calbridge_portal.site_records import AppointmentType, Slot
from calbridge_portal.store import Tx
from calbridge_portal.times import wire

MAX_WINDOW_S = 31 * 86_400 + 7_200  # 31 local days, with the longest daylight-saving shift
ALTERNATIVES = 3
FREE = """
SELECT calendar, start_at FROM {table} AS offer
WHERE type = :type AND start_at >= :first AND start_at < :last AND start_at > :now
  AND NOT EXISTS (
    SELECT 1 FROM occupied AS taken
    WHERE taken.calendar = offer.calendar
      AND taken.start_at < offer.start_at + :duration AND taken.end_at > offer.start_at
      AND (taken.expires_at IS NULL OR taken.expires_at > :now)
      AND taken.id IS NOT :own)
ORDER BY start_at, calendar
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A booking that looks for another time: it does not stand in its own way, and it has its own list (`moves_to`)."""

    booking: str
    moves_to: MovesTo


def mover(row: sqlite3.Row) -> Mover:
    """Only what is confirmed may have more time to move to than anybody has to book."""
    return Mover(booking=row["id"], moves_to=row["moves_to"] if row["status"] == "confirmed" else "offers")


def duration_s(kind: AppointmentType) -> int:
    """How long a booking of this type takes."""
    return kind.duration_min * 60


def free_slots(
    tx: Tx, ref: str, window: tuple[int, int], calendar: str | None = None, own: Mover | None = None
) -> list[Slot]:
    """The slots of a window, by start; for `own`, those it may be moved to."""
    if window[1] - window[0] > MAX_WINDOW_S:
        raise Problem("invalid_request", "from and to may be at most 31 days apart.")
    rows = [row for row in _free(tx, ref, window, own) if calendar in {None, row["calendar"]}]
    return [slot_of(tx, ref, row["calendar"], row["start_at"]) for row in rows]


def is_offered(tx: Tx, ref: str, calendar: str, start: int, own: Mover | None = None) -> bool:
    """Whether exactly this start can be taken now."""
    return any(row["calendar"] == calendar for row in _free(tx, ref, (start, start + 1), own))


def is_occupied(tx: Tx, calendar: str, start: int, end: int) -> bool:
    """Whether a live hold or booking overlaps `[start, end)`."""
    row = tx.one(
        "SELECT 1 FROM occupied WHERE calendar = :calendar AND start_at < :end AND end_at > :start"
        " AND (expires_at IS NULL OR expires_at > :now)",
        calendar=calendar,
        start=start,
        end=end,
        now=tx.now,
    )
    return row is not None


def unavailable(tx: Tx, ref: str, start: int, code: str = "slot_unavailable", own: Mover | None = None) -> Problem:
    """The refusal of a slot, with the next starts that can be had instead."""
    detail = {
        "slot_unavailable": "This time is taken or not offered; choose one of the alternatives.",
        "hold_expired": "The reservation ran out and the time is gone; choose one of the alternatives.",
    }[code]
    return Problem(code, detail, alternatives=alternatives(tx, ref, start, own))


def alternatives(tx: Tx, ref: str, start: int, own: Mover | None = None) -> list[dict[str, Any]]:
    """The next three slots of the type from `start` on."""
    rows = _free(tx, ref, (start, start + MAX_WINDOW_S), own)[:ALTERNATIVES]
    return [asdict(slot_of(tx, ref, row["calendar"], row["start_at"])) for row in rows]


def slot_of(tx: Tx, ref: str, calendar: str, start: int) -> Slot:
    """A start as a client sees it."""
    length = duration_s(appointment_type(tx, ref))
    shown = tx.site.settings
    return Slot(
        type=ref,
        calendar=calendar,
        start=wire(start, tx.zone),
        end=wire(start + length, tx.zone) if shown.show_duration else None,
        resource_name=calendar_names(tx).get(calendar) if shown.show_resource else None,
    )


def _free(tx: Tx, ref: str, window: tuple[int, int], own: Mover | None) -> list[sqlite3.Row]:
    kind = appointment_type(tx, ref)
    open_calendars = set(kind.calendars) & online_calendars(tx).keys()
    rows = tx.all(
        FREE.format(table=own.moves_to if own else "offers"),
        type=ref,
        first=window[0],
        last=window[1],
        now=tx.now,
        duration=duration_s(kind),
        own=own and own.booking,
    )
    return [row for row in rows if row["calendar"] in open_calendars]
