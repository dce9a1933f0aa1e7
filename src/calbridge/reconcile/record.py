"""What the system of record shows already: no write will come that could say so."""

from __future__ import annotations

from dataclasses import replace

from calbridge.hub import Link, Shadow
from calbridge.model import Appointment, Clinic, State
from calbridge.reconcile.compare import fingerprint
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.places import keeper, keeps_itself, spot
from calbridge.views import project


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
    confirmed = shadow.view is not None and shadow.view.state is State.CONFIRMED
    return confirmed and shows_place(link, shadow, appointment, draft.clinic)


def shows_place(link: Link, shadow: Shadow, appointment: Appointment, clinic: Clinic) -> bool:
    """The side shows it where it stands, and as long as it is, though it may know no other lengths than its own (R16).

    It rewrote the length only if just this was asked for and was written.
    """
    shown = shadow.view
    if shown is None or spot(shown) != spot(appointment):
        return False
    asked = shadow.asked == fingerprint(link, project(link.role, appointment, clinic))
    return shown.end == appointment.end or (asked and not shadow.unwritten and not shadow.pending)
