"""Changing a booking: the client is bound by the clinic's cutoffs, the practice is not; the id stays."""

import sqlite3
from typing import Any

from calbridge_portal import holds, instead
from calbridge_portal.booking import row_of
from calbridge_portal.booking_rows import hold_of
from calbridge_portal.documents import appointment_type, get
from calbridge_portal.feed import emit
from calbridge_portal.messages import send_once
from calbridge_portal.problems import Problem
from calbridge_portal.records import By, Cancellation, Decision, Move, SyncReport
from calbridge_portal.site_records import Calendar
from calbridge_portal.slots import duration_s, is_offered, mover, unavailable
from calbridge_portal.store import Tx
from calbridge_portal.times import parse_instant

OPEN = ("requested", "confirmed", "arrived")
CLIENT_MAY_CHANGE = ("requested", "confirmed")
# A practice-management system may skip a step, and takes back an arrival that was marked by mistake.
VISIT = {"confirmed": ("arrived", "fulfilled", "no_show"), "arrived": ("confirmed", "fulfilled", "no_show")}


def decide(tx: Tx, row: sqlite3.Row, decision: Decision) -> sqlite3.Row:
    """Accept or decline a request. Accepted means that the clinic's system of record has it."""
    if row["status"] != "requested":
        raise not_pending(row, "decided")
    if decision.decision == "accept":
        changed = change(
            tx, row, "booking.confirmed", "practice", status="confirmed", sync_state="written", owed_message=None
        )
    else:
        changed = change(
            tx,
            row,
            "booking.declined",
            "practice",
            status="declined",
            decline_reason=decision.reason,
            decline_reason_visible=decision.reason_visible,
            alternatives=instead.keep(tx, decision.alternatives),
        )
    if decision.notify:
        send_once(tx, row["id"], changed["status"], changed["revision"])
    return changed


def cancel(tx: Tx, row: sqlite3.Row, cancellation: Cancellation) -> sqlite3.Row:
    """Give the time back; a cancelled booking stays as it is."""
    if row["status"] == "cancelled":
        return row
    if cancellation.by == "client":
        _check_client_may(row, "cancelled")
        check_cutoff(tx, row, tx.site.settings.client_cancel_cutoff_s)
    elif row["status"] not in OPEN:
        raise not_pending(row, "cancelled")
    changed = change(
        tx,
        row,
        "booking.cancelled",
        cancellation.by,
        status="cancelled",
        cancel_reason=cancellation.reason,
        alternatives=instead.keep(tx, cancellation.alternatives),
        owed_message=None,
    )
    if cancellation.notify:
        send_once(tx, row["id"], "cancelled", changed["revision"])
    return changed


def move(tx: Tx, row: sqlite3.Row, wanted: Move) -> sqlite3.Row:
    """Give the booking another time; the same time again changes nothing."""
    start = parse_instant(wanted.start, "start")
    calendar = wanted.calendar or row["calendar"]
    end = _end(row, wanted, start)
    if (calendar, start, end) == (row["calendar"], row["start_at"], row["end_at"]):
        return row
    get(tx, "calendar", calendar, Calendar)
    if wanted.by == "client":
        return _client_move(tx, row, wanted, calendar, start)
    if row["status"] not in OPEN:
        raise not_pending(row, "moved")
    changed = _relocate(tx, row, "practice", calendar, (start, end), owed_message=None, **_refusal(tx, wanted))
    if wanted.notify:
        send_once(tx, row["id"], "move_refused" if wanted.reason else "moved", changed["revision"])
    return changed


def sync(tx: Tx, row: sqlite3.Row, report: SyncReport) -> sqlite3.Row:
    """Take down what became of the booking in the clinic's system; saying the same again changes nothing."""
    told = {
        "sync_state": report.state,
        "sync_match": report.match,
        "sync_external_ref": report.external_ref,
        "sync_detail": report.detail,
        "moves_to": report.moves_to or row["moves_to"],
    }
    status = _visit_status(row, report)
    if status == row["status"] and all(row[name] == value for name, value in told.items()):
        return row
    kind = "booking.no_show" if status == "no_show" != row["status"] else "booking.updated"
    owed = row["owed_message"] if report.state == "written" else None
    kept = None if owed else row["owed_message"]
    changed = change(tx, row, kind, "practice", status=status, owed_message=kept, **told)
    if owed:
        send_once(tx, row["id"], owed, changed["revision"])
    return changed


def change(tx: Tx, row: sqlite3.Row, kind: str, by: By, **columns: Any) -> sqlite3.Row:
    """Write columns of a booking, raise its revision, record the change."""
    revision = row["revision"] + 1
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(
        f"UPDATE bookings SET {assignments}, revision = :revision, updated_at = :now, last_changed_by = :by"  # noqa: S608 - names are keywords of the calls above
        " WHERE id = :id",
        id=row["id"],
        revision=revision,
        now=tx.now,
        by=by,
        **columns,
    )
    over = columns.get("status") in {"declined", "cancelled"}
    emit(tx, kind, row["id"], revision, by, tombstone=over)
    return row_of(tx, row["id"])


def check_cutoff(tx: Tx, row: sqlite3.Row, cutoff: int | None) -> None:
    """Allow a change of a confirmed booking only while strictly more than the cutoff is left.

    A request is not yet promised to anybody and can always be withdrawn.
    """
    if row["status"] == "confirmed" and row["start_at"] - tx.now <= (cutoff or 0):
        raise Problem(
            "outside_cancellation_window",
            "It is too late to change this appointment online; please phone the practice.",
        )


def not_pending(row: sqlite3.Row, done: str) -> Problem:
    """The refusal of a step the booking's status does not have."""
    return Problem(
        "not_pending",
        f"A booking that is {row['status']} cannot be {done}.",
        conflict={"status": row["status"], "revision": row["revision"]},
    )


def _check_client_may(row: sqlite3.Row, done: str) -> None:
    if row["status"] not in CLIENT_MAY_CHANGE:
        raise not_pending(row, done)


def _end(row: sqlite3.Row, wanted: Move, start: int) -> int:
    """The visit keeps its length, unless the practice says otherwise."""
    if wanted.end is None or wanted.by == "client":
        return start + int(row["end_at"]) - int(row["start_at"])
    end = parse_instant(wanted.end, "end")
    if end <= start:
        raise Problem("invalid_request", "end must be after start.")
    return end


def _client_move(tx: Tx, row: sqlite3.Row, wanted: Move, calendar: str, start: int) -> sqlite3.Row:
    settings = tx.site.settings
    _check_client_may(row, "moved")
    if row["type"] is None:
        raise Problem("rule_violation", "This appointment is moved by telephone.", rule="not_offered")
    check_cutoff(tx, row, settings.client_move_cutoff_s)
    if settings.client_move_limit is not None and row["client_moves"] >= settings.client_move_limit:
        raise Problem("reschedule_limit", "This appointment was moved as often as the practice allows; please phone.")
    _take(tx, row, wanted, calendar, start)
    length = row["end_at"] - row["start_at"] if row["account"] else duration_s(appointment_type(tx, row["type"]))
    end = start + length
    # The client is told once the clinic's system has the new time (accepted is not written).
    owed = "moved" if row["status"] == "confirmed" else None
    return _relocate(
        tx,
        row,
        "client",
        calendar,
        (start, end),
        owed_message=owed,
        sync_state="pending",
        decline_reason=None,
        alternatives=None,
        client_moves=row["client_moves"] + 1,
    )


def _refusal(tx: Tx, wanted: Move) -> dict[str, Any]:
    """A client's move that the clinic could not keep is put back: she sees why, and what she may have instead."""
    return {
        "decline_reason": wanted.reason,
        "decline_reason_visible": wanted.reason is not None,
        "alternatives": instead.keep(tx, wanted.alternatives),
    }


def _take(tx: Tx, row: sqlite3.Row, wanted: Move, calendar: str, start: int) -> None:
    """The new time comes from a hold of the client's, or from what is offered."""
    if wanted.hold_id is None:
        own = mover(row)
        if not is_offered(tx, row["type"], calendar, start, own):
            raise unavailable(tx, row["type"], start, own=own)
        return
    held = holds.row_of(tx, wanted.hold_id)
    if (held["type"], held["calendar"], held["start_at"]) != (row["type"], calendar, start):
        raise Problem("slot_mismatch", "start and calendar are not those of the hold.")
    status = hold_of(tx, held).status
    if status == "consumed":
        raise Problem("hold_consumed", "The hold has become a booking already.")
    if status != "held":
        raise unavailable(tx, row["type"], start, "hold_expired")
    # Given back rather than consumed: no booking takes its place, and the bridge must see its time go free.
    holds.end(tx, wanted.hold_id, "released", "client", "moved")


def _relocate(tx: Tx, row: sqlite3.Row, by: By, calendar: str, span: tuple[int, int], **columns: Any) -> sqlite3.Row:
    return change(tx, row, "booking.rescheduled", by, calendar=calendar, start_at=span[0], end_at=span[1], **columns)


def _visit_status(row: sqlite3.Row, report: SyncReport) -> str:
    present = str(row["status"])
    if report.status is None or report.status == present:
        return present
    if report.status not in VISIT.get(present, ()):
        raise not_pending(row, report.status)
    return report.status
