"""A hold is exclusive: the overlap is looked for in the transaction that writes it. It ends by itself."""

import secrets
import sqlite3

from calbridge_portal.booking_rows import hold_of
from calbridge_portal.documents import MAX_HOLD_S, appointment_type
from calbridge_portal.feed import emit
from calbridge_portal.limits import check_texts
from calbridge_portal.problems import Problem, not_found
from calbridge_portal.records import By, Hold, HoldRequest
from calbridge_portal.slots import duration_s, is_offered, unavailable
from calbridge_portal.store import Tx
from calbridge_portal.times import parse_instant

GONE = {
    "consumed": ("hold_consumed", "The hold has become a booking; cancel that instead."),
    "expired": ("hold_expired", "The hold has expired already."),
    "released": ("hold_expired", "The hold was released already."),
}


def place(tx: Tx, request: HoldRequest, by: By) -> Hold:
    """Reserve a slot, or refuse with alternatives."""
    check_texts(request)
    start = parse_instant(request.start, "start")
    kind = appointment_type(tx, request.type)
    if not is_offered(tx, request.type, request.calendar, start):
        raise unavailable(tx, request.type, start)
    ref = f"hd_{secrets.token_hex(16)}"
    tx.run(
        "INSERT INTO holds VALUES"
        " (:id, 'held', :type, :calendar, :start, :end, :expires, :client_ref, 1, :now, :now, NULL, NULL)",
        id=ref,
        type=request.type,
        calendar=request.calendar,
        start=start,
        end=start + duration_s(kind),
        expires=tx.now + _ttl(tx, request.ttl_s),
        client_ref=request.client_ref,
        now=tx.now,
    )
    emit(tx, "hold.created", ref, 1, by)
    return hold_of(tx, row_of(tx, ref))


def choose_again(tx: Tx, request: HoldRequest) -> Hold:
    """A client who picks another time gives the first one back: one client holds one slot."""
    earlier = tx.all(
        "SELECT id FROM holds WHERE client_ref = :ref AND status = 'held' AND expires_at > :now",
        ref=request.client_ref,
        now=tx.now,
    )
    for row in earlier:
        end(tx, row["id"], "released", "client", "chose_again")
    return place(tx, request, "client")


def release(tx: Tx, ref: str, by: By, reason: str | None, alternatives: str | None = None) -> None:
    """Give a held slot back; `alternatives` as `instead.keep` stores them."""
    status = hold_of(tx, row_of(tx, ref)).status
    if status != "held":
        code, detail = GONE[status]
        raise Problem(code, detail)
    end(tx, ref, "released", by, reason, alternatives)


def end(tx: Tx, ref: str, status: str, by: By, reason: str | None = None, alternatives: str | None = None) -> None:
    """Close a hold; a released or expired one leaves a tombstone, a consumed one lives on in its booking."""
    revision = int(row_of(tx, ref)["revision"]) + 1
    tx.run(
        "UPDATE holds SET status = :status, reason = :reason, alternatives = :alternatives, revision = :revision,"
        " updated_at = :now WHERE id = :id",
        id=ref,
        status=status,
        reason=reason,
        alternatives=alternatives,
        revision=revision,
        now=tx.now,
    )
    if status != "consumed":
        emit(tx, f"hold.{status}", ref, revision, by, tombstone=True)


def expire_due(tx: Tx) -> None:
    """Write down the holds whose time is over."""
    due = "SELECT id FROM holds WHERE status = 'held' AND expires_at <= :now ORDER BY expires_at, id"
    for row in tx.all(due, now=tx.now):
        end(tx, row["id"], "expired", "system")


def row_of(tx: Tx, ref: str) -> sqlite3.Row:
    """The hold's row, or 404."""
    row = tx.one("SELECT * FROM holds WHERE id = :id", id=ref)
    if row is None:
        raise not_found("hold", ref)
    return row


def _ttl(tx: Tx, wanted: int | None) -> int:
    """The server may shorten what was asked for, never lengthen it."""
    longest = min(tx.site.settings.hold_ttl_s, MAX_HOLD_S)
    if wanted is not None and wanted < 1:
        raise Problem("invalid_request", "ttl_s must be at least 1.")
    return longest if wanted is None else min(wanted, longest)
