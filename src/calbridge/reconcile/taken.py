"""What becomes of a write that a side refused because the time is taken there."""

from __future__ import annotations

from dataclasses import replace

from calbridge.hub import Link
from calbridge.model import Appointment, Place, Side, State
from calbridge.reconcile.afterwards import STANDING
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.holds import give_way
from calbridge.reconcile.moves import place_kept, send_back, undo_move
from calbridge.reconcile.overlaps import ask_about, in_its_way
from calbridge.reconcile.places import spot
from calbridge.reconcile.promises import portals, shown_as_standing
from calbridge.views import PmsView, View


def take_back(draft: Draft) -> None:
    """Writes the remote refused because the time is taken there."""
    for connection, key in sorted(draft.conflicts):
        appointment = draft.appointments.get(key)
        if appointment is None or appointment.state.ended:
            continue
        if _still_wanted(appointment, draft.conflicts[connection, key]):
            _answer_refusal(draft, draft.state.links[connection], appointment)


def _still_wanted(appointment: Appointment, refused: View) -> bool:
    """Only of the time that it is to have by now, and as long as it is: another one was not asked for yet.

    It may have moved on in this reconciliation, or before, while the answer was not known.
    """
    rooms = refused.co_resources if isinstance(refused, PmsView) else appointment.co_resources
    asked = (refused.start, refused.end, refused.resource, *rooms)
    return asked == (appointment.start, appointment.end, *appointment.resources)


def _answer_refusal(draft: Draft, link: Link, appointment: Appointment) -> None:
    """A new booking gives way; a client's move is undone; a clinic's move stands, and so does who is here already."""
    shadow = draft.shadows.get((link.name, appointment.id))
    kept = shadow.view if shadow else None
    moved = kept is not None and spot(kept) != spot(appointment)
    stood = kept is not None and kept.state in STANDING
    settled = moved or stood or appointment.state is State.ARRIVED or shown_as_standing(draft, appointment)
    if appointment.moved_from is not None:
        if not send_back(draft, appointment, appointment.moved_from):
            _stand_by_it(draft, link, draft.appointments[appointment.id])
    elif appointment.origin is Side.CLIENT and not settled:
        give_way(draft, appointment, link.name)
    elif kept is not None and moved and _moved_by_client(draft, appointment):
        _go_back(draft, link, appointment, place_kept(draft, link, appointment.place, kept))
    elif draft.state.appointments.get(appointment.id, appointment).exclusive:
        _stand_by_it(draft, link, appointment)


def _go_back(draft: Draft, link: Link, appointment: Appointment, back: Place) -> None:
    """Where this side still has it. What never was reserved is looked at there like anything new; what was goes back
    only to where nobody has come since.
    """
    if not appointment.reserved:
        undo_move(draft, appointment, back)
    elif not send_back(draft, appointment, back):
        _stand_by_it(draft, link, draft.appointments[appointment.id])
        return
    draft.not_moved.add(appointment.id)


def _moved_by_client(draft: Draft, appointment: Appointment) -> bool:
    """Its portal shows the new time already: that is where the move came from, unless the bridge wrote it there."""
    return any(
        shadow is not None and shadow.view is not None and not shadow.asked and spot(shadow.view) == spot(appointment)
        for shadow in (draft.shadows.get((name, appointment.id)) for name in portals(draft))
    )


def _stand_by_it(draft: Draft, link: Link, appointment: Appointment) -> None:
    """Staff (or a client inside the rules) moved it and the side objects: the clinic's wish stands, without a claim.

    That is kept with it until it moves: the write that goes over it may not land before the next reconciliation.
    """
    stands = draft.put(replace(appointment, written_over=True))
    draft.touched.add(appointment.id)
    draft.note("overbooked", appointment.id, link.name)
    found = in_its_way(draft, stands)
    if found:
        ask_about(draft, stands, found)
        return
    draft.task(
        "overbooked",
        appointment.id,
        f"Clinic {draft.clinic.key}, connection {link.name}: the time of booking {appointment.id} is taken there; "
        "it was written over it on purpose. Move one of the two if it was not meant.",
        appointment=appointment.id,
        connection=link.name,
    )
