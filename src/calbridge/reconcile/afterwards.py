"""What a change by the clinic makes a person's business. It is applied in any case: the clinic is never bound.

A move into time that is taken, or outside the opening hours, is shown; one that comes so late that the client herself
could not have made it any more may also ask for a telephone call (`late_change_policy`).
"""

from __future__ import annotations

from calbridge import bookable
from calbridge.facts import Facts
from calbridge.interval import Interval, covering, first_overlap
from calbridge.messages import changed
from calbridge.model import Appointment, State
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.missing import DAY
from calbridge.reconcile.overlaps import ask_about, in_its_way
from calbridge.reconcile.places import spot
from calbridge.views import PortalView
from calbridge.wall import local, local_date

STANDING = frozenset({State.CONFIRMED, State.ARRIVED})
"""What a client counts on."""


def look_after_moves(draft: Draft) -> None:
    """Once everybody's wishes are settled: two that changed places overlap nobody, whoever was settled first."""
    for key in sorted(draft.moved):
        if not draft.appointments[key].state.gone:
            moved = draft.put(draft.appointments[key])
            known = draft.facts(without=key, around=Interval(moved.start - DAY, moved.end + DAY))
            _taken(draft, moved)
            _outside_hours(draft, moved, known)
            _late(draft, key)
            if _ends_her_wish(draft, moved):
                draft.not_moved.add(key)
    draft.moved.clear()


def cancelled_by_clinic(draft: Draft, before: Appointment) -> None:
    """`before` is as it stood. A visit that is over, and a request nobody has answered, concern no telephone."""
    if before.state in STANDING and _inside(draft, draft.clinic.rules.client_cancel_cutoff, before.start):
        _phone(draft, before, "cancelled")


def _taken(draft: Draft, appointment: Appointment) -> None:
    found = in_its_way(draft, appointment)
    if found:
        ask_about(draft, appointment, found)
        draft.note("moved_over", appointment.id)
    else:
        draft.settled.add(f"overbooked:{appointment.id}")


def _outside_hours(draft: Draft, appointment: Appointment, known: Facts) -> None:
    """Where a clinic writes down no opening hours at all nobody can say that something lies outside of them."""
    clinic, key = draft.clinic, appointment.id
    first, last = (local_date(clinic.time_zone, at) for at in (appointment.start, appointment.end - 1))
    hours = covering(bookable.opening(clinic, first, last), appointment.span)
    closed = first_overlap(bookable.closures(clinic, known, appointment.resource), appointment.span)
    if not clinic.opening_hours or (hours and not closed):
        draft.settled.add(f"outside_hours:{key}")
        return
    draft.note("moved_outside_hours", key)
    if closed_by_settings(draft, appointment):
        ask_about_closure(draft, appointment)
        return
    draft.task(
        "outside_hours",
        key,
        f"Clinic {clinic.key}: staff moved booking {key} to a time outside the opening hours; it was applied. "
        "Move it again if it was not meant.",
        appointment=key,
    )


def closed_by_settings(draft: Draft, appointment: Appointment) -> bool:
    """Does the configuration say that the clinic is closed then?"""
    closures = bookable.closures(draft.clinic, Facts(now=draft.now), appointment.resource)
    return first_overlap(closures, appointment.span) is not None


def ask_about_closure(draft: Draft, appointment: Appointment) -> None:
    """In the same words whoever came later: the booking, by a move of staff, or the closure."""
    start = local(draft.clinic.time_zone, appointment.start)
    draft.task(
        "outside_hours",
        appointment.id,
        f"Clinic {draft.clinic.key}: booking {appointment.id} stands on {start:%Y-%m-%d} at {start:%H:%M}, when the "
        "clinic is closed by its settings. Move or cancel it if that was not meant.",
        appointment=appointment.id,
    )


def _late(draft: Draft, key: str) -> None:
    before, after = draft.state.appointments.get(key), draft.appointments[key]
    if before is None or before.state not in STANDING:
        return
    if _inside(draft, draft.clinic.rules.client_move_cutoff, min(before.start, after.start)):
        _phone(draft, after, "moved")


def _inside(draft: Draft, cutoff: int | None, start: int) -> bool:
    """The client herself could not have done it any more; and there is still something to tell her."""
    return cutoff is not None and draft.now < start <= draft.now + cutoff


def _ends_her_wish(draft: Draft, appointment: Appointment) -> bool:
    """It stood elsewhere than its client was told, and her page shows another time still, which she picked herself: the
    bridge did not write it there.
    """
    before, told = draft.state.appointments.get(appointment.id), draft.state.told.get(appointment.id)
    if before is None or told is None or not changed(before, told, draft.clinic.rules):
        return False
    shadows = (draft.shadows.get((link.name, appointment.id)) for link in draft.state.links.values())
    pages = (shadow.view for shadow in shadows if shadow is not None and not shadow.asked)
    return any(isinstance(page, PortalView) and spot(page) != spot(appointment) for page in pages)


def _phone(draft: Draft, appointment: Appointment, what: str) -> None:
    """Only for a booking that its client can see: of what the clinic keeps to itself she is told nothing either."""
    key = appointment.id
    seen = any(link.role == "portal" and (link.name, key) in draft.shadows for link in draft.state.links.values())
    if not seen:
        return
    draft.note("late_change", key, what=what)
    if draft.clinic.rules.late_change_policy == "task":
        draft.task(
            "phone_client",
            key,
            f"Clinic {draft.clinic.key}: booking {key} was {what} by the clinic so late that a message may not reach "
            "its client in time. Phone the client.",
            appointment=key,
        )
