"""What the practice makes for a client by itself: shown in her account under the bridge's own name for it.

It is a booking like any other, except that nobody asked for it: confirmed from the start, with the practice's reason of
the visit in place of the client's note. Its client cancels and moves it as she does with what she booked.
"""

import secrets
import sqlite3
from typing import Any

from calbridge_portal import accounts
from calbridge_portal.changes import OPEN, change, not_pending
from calbridge_portal.documents import appointment_type, get
from calbridge_portal.feed import emit
from calbridge_portal.limits import check_texts
from calbridge_portal.messages import send_once
from calbridge_portal.preconditions import check, check_optional
from calbridge_portal.problems import Problem
from calbridge_portal.records import Made
from calbridge_portal.site_records import Calendar
from calbridge_portal.store import Tx
from calbridge_portal.times import parse_instant


def put(tx: Tx, ref: str, wanted: Made, if_match: str | None) -> tuple[sqlite3.Row, bool]:
    """Show it, or show it as it now is; the same again changes nothing. The row, and whether it is new."""
    check_texts(wanted)
    columns = _columns(tx, wanted)
    row = find(tx, ref)
    if row is None:
        return _show(tx, ref, wanted, columns), True
    if row["account"] != wanted.account:
        raise Problem("other_account", "This appointment is shown to somebody else; withdraw it there first.")
    if all(row[name] == value for name, value in columns.items()):
        return row, False
    check(if_match, row["revision"])
    if row["status"] not in OPEN:
        raise not_pending(row, "changed")
    return _change(tx, row, wanted, columns), False


def withdraw(tx: Tx, ref: str, if_match: str | None) -> None:
    """It is not shown any more, and nobody is told: it takes place all the same. What is not there stays so."""
    row = find(tx, ref)
    if row is not None:
        check_optional(if_match, row["revision"])
        accounts.forget(tx, row, "practice")


def find(tx: Tx, ref: str) -> sqlite3.Row | None:
    """By the bridge's name; a client's own booking is never taken for one."""
    row = tx.one("SELECT * FROM bookings WHERE client_ref = :ref", ref=ref)
    if row is not None and row["account"] is None:
        raise Problem("already_booked_by_client", "A client has booked under this name.")
    return row


def _columns(tx: Tx, wanted: Made) -> dict[str, Any]:
    get(tx, "calendar", wanted.calendar, Calendar)
    if wanted.type is not None:
        appointment_type(tx, wanted.type)
    start, end = parse_instant(wanted.start, "start"), parse_instant(wanted.end, "end")
    if end <= start:
        raise Problem("invalid_request", "end must be after start.")
    note = wanted.note or None
    return {"type": wanted.type, "calendar": wanted.calendar, "start_at": start, "end_at": end, "note": note}


def _show(tx: Tx, ref: str, wanted: Made, columns: dict[str, Any]) -> sqlite3.Row:
    owner = accounts.row_of(tx, wanted.account)
    if owner["status"] != "connected":
        raise Problem("not_found", "There is no connected account of this name.")
    key = f"bk_{secrets.token_hex(10)}"
    tx.run(
        "INSERT INTO bookings (id, account, status, revision, mode, type, calendar, start_at, end_at, client_ref,"
        " first_name, last_name, email, phone, address, language, note, created_at, updated_at, last_changed_by,"
        " sync_state, manage_token)"
        " VALUES (:id, :account, 'confirmed', 1, 'instant', :type, :calendar, :start_at, :end_at, :ref,"
        " :first_name, :last_name, :email, :phone, :address, :language, :note, :now, :now, 'practice',"
        " 'written', :token)",
        id=key,
        account=owner["id"],
        ref=ref,
        now=tx.now,
        token=secrets.token_urlsafe(32),
        **columns,
        **{name: owner[name] for name in ("first_name", "last_name", "email", "phone", "address", "language")},
    )
    emit(tx, "booking.shown", key, 1, "practice")
    if wanted.notify:
        send_once(tx, key, "confirmed", 1)
    row = find(tx, ref)
    assert row is not None  # noqa: S101 - it was written four lines above
    return row


def _change(tx: Tx, row: sqlite3.Row, wanted: Made, columns: dict[str, Any]) -> sqlite3.Row:
    moved = any(row[name] != columns[name] for name in ("calendar", "start_at", "end_at"))
    kind = "booking.rescheduled" if moved else "booking.updated"
    settled = {"sync_state": "written", "owed_message": None} if moved and row["status"] == "confirmed" else {}
    changed = change(tx, row, kind, "practice", **columns, **settled)
    if moved and wanted.notify:
        send_once(tx, row["id"], "moved", changed["revision"])
    return changed
