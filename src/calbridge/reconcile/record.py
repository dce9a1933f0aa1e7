"""What the system of record shows already: no write will come that could say so."""

from __future__ import annotations

from dataclasses import replace

from calbridge.model import Appointment, State
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.places import keeper, keeps_itself


def believe_record(draft: Draft) -> None:
    """Whoever moved it and back: where the record shows it already, no write will come that could say so."""
    for appointment in list(draft.appointments.values()):
        if not appointment.written and recorded(draft, appointment):
            draft.put(replace(appointment, written=True))
            draft.note("written", appointment.id, appointment.source)


def recorded(draft: Draft, appointment: Appointment) -> bool:
    """The system of record shows it there and confirmed, as it was written or made there, and not only as accepted.

    What bears our stamp and was never written by this hub (it lost its database) may be the placeholder of a hold.
    """
    if appointment.state is State.CONFIRMED and appointment.reserved and keeps_itself(draft.state):
        return True
    link = keeper(draft.state, appointment) if appointment.state is State.CONFIRMED else None
    if link is None or (link.name, appointment.id) in draft.state.unresolved:
        return False
    shadow = draft.shadows.get((link.name, appointment.id))
    if shadow is None or shadow.pending or not (shadow.revision or appointment.source == link.name):
        return False
    shown = shadow.view
    place = (appointment.start, appointment.resource)
    return shown is not None and shown.state is State.CONFIRMED and (shown.start, shown.resource) == place
