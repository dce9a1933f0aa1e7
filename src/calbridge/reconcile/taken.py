"""What becomes of a write that a side refused because the time is taken there, and of what the record shows already."""

from __future__ import annotations

from dataclasses import replace

from calbridge.hub import Link
from calbridge.model import Appointment, Side, State
from calbridge.reconcile.asking import wish_of
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.holds import TAKEN, give_way
from calbridge.reconcile.places import keeper, keeps_itself
from calbridge.views import PmsView, View


def take_back(draft: Draft) -> None:
    """Writes the remote refused because the time is taken there."""
    for connection, key in sorted(draft.conflicts):
        appointment = draft.appointments.get(key)
        if appointment is None or appointment.state.ended:
            continue
        _answer_refusal(draft, draft.state.links[connection], appointment)


def _answer_refusal(draft: Draft, link: Link, appointment: Appointment) -> None:
    """A new booking gives way; a client's move is undone; a clinic's move stands."""
    shadow = draft.shadows.get((link.name, appointment.id))
    kept = shadow.view if shadow else None
    moved = kept is not None and _place(kept) != _place(appointment)
    settled = moved or (kept is not None and kept.state in {State.CONFIRMED, State.ARRIVED})
    if appointment.origin is Side.CLIENT and not settled:
        give_way(draft, appointment, link.name)
    elif kept is not None and moved and _moved_by_client(draft, appointment):
        undo_move(draft, appointment, kept)
    elif draft.state.appointments.get(appointment.id, appointment).exclusive:
        _stand_by_it(draft, link, appointment)


def _moved_by_client(draft: Draft, appointment: Appointment) -> bool:
    """Its portal shows the new time already: that is where the move came from."""
    return any(
        shadow is not None and shadow.view is not None and _place(shadow.view) == _place(appointment)
        for shadow in (draft.shadows.get((name, appointment.id)) for name in _portals(draft))
    )


def _portals(draft: Draft) -> list[str]:
    return [link.name for link in draft.state.links.values() if link.side is Side.CLIENT]


def _place(shown: View | Appointment) -> tuple[int, str]:
    return shown.start, shown.resource


def undo_move(draft: Draft, appointment: Appointment, kept: View) -> None:
    """Back to where a side of the clinic still has it; whoever wanted it elsewhere is told what is free instead."""
    draft.note("move_refused", appointment.id, rule="busy")
    co_resources = kept.co_resources if isinstance(kept, PmsView) else appointment.co_resources
    undone = replace(appointment, start=kept.start, end=kept.end, resource=kept.resource, co_resources=co_resources)
    draft.not_moved |= {appointment.id} if _moved_by_client(draft, appointment) else set()
    draft.refuse(replace(undone, written=_recorded(draft, undone)), TAKEN, wish_of(appointment))
    draft.touched.add(appointment.id)


def believe_record(draft: Draft) -> None:
    """Whoever moved it and back: where the record shows it already, no write will come that could say so."""
    for appointment in list(draft.appointments.values()):
        if not appointment.written and _recorded(draft, appointment):
            draft.put(replace(appointment, written=True))
            draft.note("written", appointment.id, appointment.source)


def _recorded(draft: Draft, appointment: Appointment) -> bool:
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
    return shown is not None and shown.state is State.CONFIRMED and _place(shown) == _place(appointment)


def _stand_by_it(draft: Draft, link: Link, appointment: Appointment) -> None:
    """Staff (or a client inside the rules) moved it and the side objects: the clinic's wish stands, without a claim."""
    draft.appointments[appointment.id] = replace(appointment, exclusive=False)
    draft.touched.add(appointment.id)
    draft.note("overbooked", appointment.id, link.name)
    draft.task(
        "overbooked",
        appointment.id,
        f"Clinic {draft.clinic.key}, connection {link.name}: the time of booking {appointment.id} is taken there; "
        "it was written over it on purpose. Move one of the two if it was not meant.",
        appointment=appointment.id,
        connection=link.name,
    )
