"""Between the PMS's appointment and the bridge's entry: one converter, used for reading, echo and lost answers.

`tentative` is a hold or a request, the PMS cannot tell them apart. The stamp is the PMS's `client_ref`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import ValidationError

from calbridge.details import detail_lines
from calbridge.interval import Interval
from calbridge.marking import is_marked
from calbridge.model import State
from calbridge.provider import AbsenceRecord, Busy, Entry, PmsChange, Record, Stamp, Unreadable
from calbridge.views import PmsView
from calbridge_pms.names import Names
from calbridge_pms.torn import taken, torn
from calbridge_pms.wire import PmsAppointment, Status, Timed, misfit

OURS = "calbridge:"
AGAIN = "~"
"""Between the appointment and the revision, where the first entry was cancelled and cannot come back."""

STATES: Mapping[Status, State] = {
    "tentative": State.HELD,
    "confirmed": State.CONFIRMED,
    "arrived": State.ARRIVED,
    "fulfilled": State.FULFILLED,
    "cancelled": State.CANCELLED,
    "no_show": State.NO_SHOW,
}
SHOWN_AS: Mapping[State, State] = {
    State.REQUESTED: State.HELD,
    State.EXPIRED: State.CANCELLED,
    State.RELEASED: State.CANCELLED,
    State.DECLINED: State.CANCELLED,
}
STATUSES: Mapping[State, Status] = {state: status for status, state in STATES.items()}


def client_ref(appointment: str) -> str:
    """The name the PMS keeps for us."""
    return OURS + appointment


def entry_of(found: PmsAppointment, names: Names) -> Entry:
    """What the PMS shows of one appointment."""
    return Entry(
        ref=f"appointment/{found.id}",
        version=found.revision,
        view=PmsView(
            state=STATES[found.status],
            resource=names.resource_key(found.resource) or found.resource,
            start=int(found.start.timestamp()),
            end=int(found.end.timestamp()),
            service=names.service_key(found.type),
            co_resources=_keys(found.rooms, names),
            title=found.title,
            description=found.description,
            note=found.note,
            client=found.client_id or "",
            patient=found.patient_id or "",
            marked=is_marked(found.categories, names.marks),
        ),
        stamp=_stamp(found),
        modified=int(found.modified.timestamp()) if found.modified else None,
        pending=found.write_state == "pending",
        failed=failure_of(found),
    )


def failure_of(found: PmsAppointment) -> Literal["", "slot_unavailable", "unknown"]:
    """Why the last write of the bridge did not reach the diary; "" where it did. Many systems give no reason."""
    if found.write_state != "failed":
        return ""
    return "slot_unavailable" if found.write_problem == "slot_unavailable" else "unknown"


def body_of(view: PmsView, names: Names) -> dict[str, Any]:
    """The view as the PMS's fields, without its state. A room or service that the PMS does not have is left out."""
    return {
        "resource": names.resources.get(view.resource, view.resource),
        "start": instant(view.start),
        "end": instant(view.end),
        "rooms": [names.resources[key] for key in view.co_resources if key in names.resources],
        "type": names.services.get(view.service),
        "title": view.title[:300],
        "description": view.description[:5000],
        "note": view.note[:5000],
        "client_id": view.client or None,
        "patient_id": (view.patient or None) if view.client else None,
    }


def booking_info(change: PmsChange, view: PmsView) -> str:
    """The details given online, for as long as nobody is linked; a hold holds none."""
    if change.details is None or view.client or view.state is State.HELD:
        return ""
    return detail_lines(change.details)[:5000]


def status_of(state: State) -> Status:
    """The PMS's word for a state."""
    return STATUSES[SHOWN_AS.get(state, state)]


def instant(epoch: int) -> str:
    """RFC 3339 in UTC."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def appointment_records(raw: Any, names: Names, known: Mapping[str, str]) -> list[Record]:
    """What one appointment means here: an entry, or busy time of the rooms it takes from elsewhere."""
    try:
        found = PmsAppointment.model_validate(raw)
    except ValidationError as error:
        return torn("appointment", raw, misfit(error), taken("appointment", raw, names, known), known)
    entry = entry_of(found, names)
    if names.resource_key(found.resource):
        return [entry]
    if entry.ref in known:
        return [_strayed(entry)]
    spans = () if entry.view.state.gone else (Interval(entry.view.start, entry.view.end),)
    return [
        Busy(ref=f"{entry.ref}@{room}", version=entry.version, resource=room, spans=spans)
        for room in _keys(found.rooms, names)
    ]


def _strayed(entry: Entry) -> Record:
    """One we know, moved by staff to a resource the clinic does not list: said to a person, never taken for a
    cancellation, and never written to, because the bridge cannot name where it is."""
    if entry.view.state.gone:
        return entry
    return Unreadable(ref=entry.ref, version=entry.version, why="it is on a resource that this clinic does not list")


def blocked_records(kind: str, raw: Any, names: Names, known: Mapping[str, str]) -> list[Record]:
    """A block is busy time, an absence is an absence; one of a resource that is not ours is nothing."""
    try:
        found = Timed.model_validate(raw)
    except ValidationError as error:
        return torn(kind, raw, misfit(error), taken(kind, raw, names, known), known)
    resource = names.resource_key(found.resource)
    if not resource:
        return []
    shape: type[Busy | AbsenceRecord] = Busy if kind == "block" else AbsenceRecord
    spans = (Interval(int(found.start.timestamp()), int(found.end.timestamp())),)
    return [shape(ref=f"{kind}/{found.id}", version=found.revision, resource=resource, spans=spans)]


def _keys(rooms: tuple[str, ...], names: Names) -> tuple[str, ...]:
    return tuple(key for room in rooms if (key := names.resource_key(room)))


def _stamp(found: PmsAppointment) -> Stamp | None:
    if found.client_ref is None or not found.client_ref.startswith(OURS):
        return None
    appointment = found.client_ref.removeprefix(OURS).split(AGAIN, 1)[0]
    return Stamp(appointment=appointment, revision=found.client_revision or 0)
