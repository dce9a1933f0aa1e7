"""Appointments: made, changed, cancelled and deleted, each step one revision and one event.

Who changed something last is kept (`modified_by`), so that an integration can tell its own writes from
the desk's. A write that changes nothing makes no revision and no event.
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, structs

from calbridge_refpms.changes import announce
from calbridge_refpms.instants import parse, render
from calbridge_refpms.occupancy import refuse_overlap, require_order, require_resources
from calbridge_refpms.problems import ProblemError, not_found, unprocessable
from calbridge_refpms.records import Transaction, new_id
from calbridge_refpms.wire import Appointment, AppointmentChange, Cancellation, NewAppointment, Status

# From each state, the states that a change may lead to.
STEPS: Mapping[Status, frozenset[Status]] = {
    "tentative": frozenset({"confirmed", "cancelled"}),
    "confirmed": frozenset({"arrived", "cancelled", "no_show"}),
    "arrived": frozenset({"fulfilled", "confirmed", "cancelled"}),
    "fulfilled": frozenset(),
    "cancelled": frozenset(),
    "no_show": frozenset(),
}
PLACE = frozenset({"resource", "rooms", "start", "end"})
CHANGEABLE = (
    "resource", "start", "end", "status", "type", "title", "description", "note", "client_id",
    "patient_id", "booking_info", "categories", "client_revision", "cancel_reason",
)  # fmt: skip
LIVE = frozenset({"tentative", "confirmed", "arrived", "fulfilled"})


def get(tx: Transaction, ident: str) -> Appointment:
    """One appointment, also a cancelled one; 404 once it is deleted."""
    return _appointment(tx, _row(tx, ident))


def find_ref(tx: Transaction, client_ref: str) -> list[Appointment]:
    """The appointment that an integration knows by this name, or nothing."""
    return [_appointment(tx, row) for row in tx.rows("SELECT * FROM appointments WHERE client_ref = ?", client_ref)]


def touching(tx: Transaction, start: int, end: int) -> list[Appointment]:
    """All appointments that touch the window, in whatever state."""
    rows = tx.rows('SELECT * FROM appointments WHERE start < ? AND "end" > ? ORDER BY start, id', end, start)
    return [_appointment(tx, row) for row in rows]


def of_client(tx: Transaction, client_id: str) -> list[Appointment]:
    """A client's appointments, newest first."""
    rows = tx.rows("SELECT * FROM appointments WHERE client_id = ? ORDER BY start DESC", client_id)
    return [_appointment(tx, row) for row in rows]


def create(tx: Transaction, new: NewAppointment, *, ident: str | None = None) -> Appointment:
    """Make an appointment; 409 when its time is taken or its `client_ref` is known."""
    _refuse_known(tx, new.client_ref)
    start, end = parse("start", new.start), parse("end", new.end)
    resources = [new.resource, *new.rooms]
    _require_references(tx, structs.asdict(new))
    require_order(start, end)
    if not new.allow_double_booking:
        refuse_overlap(tx, resources, start, end)
    ident = ident or new_id("apt")
    columns = structs.asdict(new) | {"start": start, "end": end, "categories": json.dumps(new.categories)}
    del columns["rooms"], columns["allow_double_booking"]
    tx.insert("appointments", id=ident, revision=1, created_by=tx.by, modified_by=tx.by, modified=tx.now, **columns)
    _claim(tx, ident, resources)
    _stage(tx, ident, before=None, overbook=False)
    announce(tx, "appointment", ident, 1)
    return get(tx, ident)


def change(tx: Transaction, ident: str, revision: int | None, wanted: AppointmentChange) -> Appointment:
    """Change what is named; 412 when the revision moved on, 409 when the new time is taken."""
    row = _row(tx, ident)
    _require_revision(row, revision)
    before = stored(tx, row)
    named = {name: value for name, value in structs.asdict(wanted).items() if value is not UNSET}
    overbook = named.pop("allow_double_booking")
    for edge in PLACE & named.keys() - {"resource", "rooms"}:
        named[edge] = parse(edge, named[edge])
    after = before | named
    changed = {name for name in after if after[name] != before[name]}
    if not changed:
        return _appointment(tx, row)
    _require_step(before, after, changed)
    _require_references(tx, after)
    require_order(after["start"], after["end"])
    if after["status"] in LIVE and changed & PLACE and not overbook:
        refuse_overlap(tx, [after["resource"], *after["rooms"]], after["start"], after["end"], without=ident)
    put(tx, ident, row["revision"] + 1, after)
    _stage(tx, ident, before=before, overbook=overbook)
    return get(tx, ident)


def cancel(tx: Transaction, ident: str, revision: int | None, why: Cancellation) -> Appointment:
    """Cancel; cancelling what is cancelled changes nothing and is no error."""
    row = _row(tx, ident)
    _require_revision(row, revision)
    if row["status"] == "cancelled":
        return _appointment(tx, row)
    before = stored(tx, row)
    after = before | {"status": "cancelled", "cancel_reason": why.reason}
    if why.client_revision is not None:
        after["client_revision"] = why.client_revision
    _require_step(before, after, {"status"})
    put(tx, ident, row["revision"] + 1, after)
    _written(tx, ident)
    return get(tx, ident)


def delete(tx: Transaction, ident: str) -> None:
    """Delete for good. What stays is a tombstone in the change feed."""
    row = _row(tx, ident)
    tx.run("DELETE FROM appointments WHERE id = ?", ident)
    announce(tx, "appointment", ident, row["revision"] + 1, tombstone=True)


def stored(tx: Transaction, row: sqlite3.Row) -> dict[str, Any]:
    """What a change may touch, as it stands."""
    lists = {"rooms": _rooms(tx, row), "categories": json.loads(row["categories"])}
    return {name: row[name] for name in CHANGEABLE} | lists


def put(tx: Transaction, ident: str, revision: int, values: dict[str, Any]) -> None:
    """Store what a change decided, and announce it."""
    columns = {name: value for name, value in values.items() if name != "rooms"}
    columns |= {"revision": revision, "modified_by": tx.by, "modified": tx.now}
    columns["categories"] = json.dumps(values["categories"])
    pairs = ", ".join(f'"{name}" = ?' for name in columns)
    tx.run(f"UPDATE appointments SET {pairs} WHERE id = ?", *columns.values(), ident)  # noqa: S608 - own words
    _claim(tx, ident, [values["resource"], *values["rooms"]])
    announce(tx, "appointment", ident, revision)


def _stage(tx: Transaction, ident: str, *, before: dict[str, Any] | None, overbook: bool) -> None:
    """Under two-stage writes an integration's write is pending; what the desk writes is in the diary."""
    if tx.terms.two_stage_s is None or tx.by == "desk":
        _written(tx, ident)
        return
    tx.run(
        """UPDATE appointments SET overbook = ?, settles_at = ?, write_state = 'pending', write_problem = '',
                  before_write = CASE write_state WHEN 'pending' THEN before_write ELSE ? END
            WHERE id = ?""",
        overbook,
        tx.now + tx.terms.two_stage_s,
        json.dumps(before) if before else None,
        ident,
    )


def _written(tx: Transaction, ident: str) -> None:
    tx.run(
        """UPDATE appointments SET write_state = 'written', write_problem = '', settles_at = NULL, before_write = NULL
            WHERE id = ?""",
        ident,
    )


def _row(tx: Transaction, ident: str) -> sqlite3.Row:
    row = tx.row("SELECT * FROM appointments WHERE id = ?", ident)
    if row is None:
        raise not_found("appointment", ident)
    return row


def _rooms(tx: Transaction, row: sqlite3.Row) -> list[str]:
    claims = tx.rows("SELECT resource FROM claims WHERE appointment = ? AND position > 0 ORDER BY position", row["id"])
    return [claim["resource"] for claim in claims]


def _claim(tx: Transaction, ident: str, resources: list[str]) -> None:
    tx.run("DELETE FROM claims WHERE appointment = ?", ident)
    for position, resource in enumerate(resources):
        tx.insert("claims", appointment=ident, resource=resource, position=position)


def _refuse_known(tx: Transaction, client_ref: str | None) -> None:
    row = tx.row("SELECT id FROM appointments WHERE client_ref = ?", client_ref)
    if row:
        raise ProblemError(
            409,
            "already_exists",
            f"An appointment with client_ref {client_ref!r} exists already; change that one.",
            existing=row["id"],
        )


def _require_revision(row: sqlite3.Row, revision: int | None) -> None:
    if revision is not None and revision != row["revision"]:
        raise ProblemError(
            412,
            "stale_revision",
            f"Appointment {row['id']!r} is at revision {row['revision']}, not {revision}; read it again.",
        )


def _require_step(before: dict[str, Any], after: dict[str, Any], changed: set[str]) -> None:
    was, will = before["status"], after["status"]
    if "status" in changed and will not in STEPS[was]:
        raise ProblemError(409, "illegal_transition", f"An appointment that is {was} cannot become {will}.")
    if not STEPS[was] and changed & PLACE:
        raise ProblemError(409, "illegal_transition", f"An appointment that is {was} cannot be moved.")


def _require_references(tx: Transaction, values: dict[str, Any]) -> None:
    require_resources(tx, [values["resource"], *values["rooms"]])
    kind, client, patient = values["type"], values["client_id"], values["patient_id"]
    if kind is not None and not tx.row("SELECT 1 FROM appointment_types WHERE id = ?", kind):
        raise unprocessable("unknown_reference", f"There is no appointment type {kind!r}.")
    if client is not None and not tx.row("SELECT 1 FROM clients WHERE id = ?", client):
        raise unprocessable("unknown_reference", f"There is no client {client!r}.")
    if patient is not None and not tx.row("SELECT 1 FROM patients WHERE id = ? AND client_id IS ?", patient, client):
        raise unprocessable("unknown_reference", f"Client {client!r} has no patient {patient!r}.")


def _appointment(tx: Transaction, row: sqlite3.Row) -> Appointment:
    zone = tx.zones[row["resource"]]
    hidden = {"settles_at", "before_write", "overbook"}
    values = {name: row[name] for name in row.keys() if name not in hidden}  # noqa: SIM118 - a row iterates values
    times = {name: render(row[name], zone) for name in ("start", "end", "modified")}
    lists = {"rooms": _rooms(tx, row), "categories": json.loads(row["categories"])}
    return Appointment(**(values | times | lists))
