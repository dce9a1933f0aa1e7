"""A client's move is a wish like her first booking: reserved at the new time before anybody is told of it.

Its new time is written to the clinic's sides and read again around. Until that was done its old time is kept for her
too, and it goes back there when somebody had come first (decision 0053).
"""

from __future__ import annotations

from dataclasses import fields, replace

from calbridge.hub import Link
from calbridge.model import Appointment, Place, State
from calbridge.reconcile.asking import TAKEN
from calbridge.reconcile.compare import carried
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.overlaps import first_comer
from calbridge.reconcile.places import spot
from calbridge.reconcile.record import recorded
from calbridge.views import View


def under_way(before: Appointment, moved: Appointment) -> Appointment:
    """`moved` by its client, and not reserved yet. What never was reserved anywhere has no place to go back to."""
    back = before.place if before.reserved else before.moved_from
    return replace(moved, reserved=False, moved_from=back)


def decided(appointment: Appointment) -> Appointment:
    """Somebody at the clinic said where, or as what, it stands: that is no wish any more."""
    return appointment if appointment.moved_from is None else replace(appointment, reserved=True, moved_from=None)


def send_back(draft: Draft, appointment: Appointment, back: Place) -> bool:
    """Undo a move into a time that was taken first. False where that time is over or taken too: then it stands."""
    undone = _at(appointment, back)
    if back.start <= draft.now or first_comer(draft, undone):
        draft.note("move_stands", appointment.id)
        draft.put(decided(appointment))
        return False
    undo_move(draft, appointment, back)
    return True


def decided_at(draft: Draft, link: Link, appointment: Appointment, shown: View) -> None:
    """Staff let it in, or received it, where a side shows it; of a move that it did not see there nothing is left."""
    back = appointment.moved_from
    if back is None or (spot(shown) == spot(appointment) and not keeps_old(shown, appointment)):
        draft.put(decided(appointment))
        return
    back = place_kept(draft, link, _as_what(appointment, back, shown), shown)
    if appointment.state is State.CONFIRMED:
        undo_move(draft, appointment, back, rule="decided_there")
    else:  # she is here, or it is over: nobody is offered another time for it
        draft.note("move_refused", appointment.id, rule="decided_there")
        draft.put(_at(appointment, back))
        draft.touched.add(appointment.id)


def undo_move(draft: Draft, appointment: Appointment, back: Place, *, rule: str = "busy") -> None:
    """Back to where it was; whoever wanted it elsewhere is told what is free instead."""
    draft.note("move_refused", appointment.id, rule=rule)
    undone = _at(appointment, back)
    draft.not_moved |= set() if appointment.moved_from is None else {appointment.id}
    draft.refuse(replace(undone, written=recorded(draft, undone)), TAKEN, appointment.place)
    draft.touched.add(appointment.id)


def keeps_old(shown: View | None, appointment: Appointment) -> bool:
    """Does a side show what it showed before the move, or nothing? Not a rewritten echo of the new time (R16)."""
    old = appointment.moved_from
    if old is None or shown is None:
        return old is not None
    longer = spot(appointment) == spot(old)  # moved to another service only
    return spot(shown) == spot(old) and (not longer or shown.end == old.end)


def place_kept(draft: Draft, link: Link, base: Place, shown: View) -> Place:
    """Where a side of the clinic has it, and as what; what it does not store is as in `base`."""
    said = carried(link, shown)
    rooms = tuple(said.get("co_resources", base.co_resources))
    place = replace(base, start=shown.start, end=shown.end, resource=shown.resource, co_resources=rooms)
    service = draft.clinic.services.get(said.get("service", ""))
    if service is None or service.key == place.service:
        return place
    before, after = service.buffer_before * 60, service.buffer_after * 60
    return replace(place, service=service.key, buffer_before=before, buffer_after=after)


def _as_what(appointment: Appointment, back: Place, shown: View) -> Place:
    """A side that stores no service says it by the time it takes: as it is wanted, or as it was before the move."""
    length = shown.end - shown.start
    wanted = length == appointment.end - appointment.start != back.end - back.start
    return appointment.place if wanted else back


def _at(appointment: Appointment, back: Place) -> Appointment:
    values = {each.name: getattr(back, each.name) for each in fields(Place)}
    return replace(decided(appointment), **values)
