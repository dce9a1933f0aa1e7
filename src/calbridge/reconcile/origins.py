"""The same state that gives the slot facts, with every stretch of time under the name of who says it."""

from __future__ import annotations

from typing import assert_never

from calbridge.feeds import AbsenceRecord, AccountRecord, Busy, ClosureRecord, Unreadable, WindowRecord
from calbridge.hub import HubState
from calbridge.model import Appointment, Place, State
from calbridge.origins import Kind, Origin
from calbridge.reconcile.facts import echoes, takes_time


def origins(state: HubState, now: int, *, without: str = "") -> tuple[Origin, ...]:
    """By start. `without` leaves one appointment out, as for the facts."""
    live = (each for each in state.appointments.values() if each.id != without and takes_time(each, now))
    ours = (_booked(each, place, resource) for each in live for place in each.places for resource in place.resources)
    theirs = (
        _said(name, record)
        for (name, _), record in state.foreign.items()
        if not isinstance(record, AccountRecord) and not echoes(record, state)
    )
    return tuple(sorted((*ours, *theirs), key=lambda origin: (origin.spans[:1], origin.connection, origin.resource)))


def _booked(appointment: Appointment, place: Appointment | Place, resource: str) -> Origin:
    return Origin(
        kind=_stage(appointment.state), resource=resource, spans=(place.footprint,), appointment=appointment.id
    )


def _stage(state: State) -> Kind:
    if state is State.HELD:
        return "held"
    return "requested" if state is State.REQUESTED else "appointment"


Said = Busy | Unreadable | AbsenceRecord | ClosureRecord | WindowRecord
"""What takes or gives time."""


def _said(connection: str, record: Said) -> Origin:
    return Origin(kind=_kind(record), resource=record.resource, spans=record.spans, connection=connection)


def _kind(record: Said) -> Kind:
    match record:
        case ClosureRecord() | Unreadable(closes=True):
            return "closure"
        case Busy():
            return "entry"
        case Unreadable():
            return "unreadable"
        case AbsenceRecord():
            return "absence"
        case WindowRecord():
            return record.kind
    assert_never(record)
