"""What each booking's client must be told, from where it stands and what she was last told.

A client hears of what she booked, and of what staff made by itself only where a portal shows it to her. A
portal that tells its own clients is never repeated. The first read of a portal is quiet: she knows what it shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from calbridge.hub import HubState, Letters, Silent
from calbridge.messages import (
    WAITING,
    Kind,
    MessageDue,
    as_shown,
    changed,
    due,
    may_be_told,
    message,
    reminders,
)
from calbridge.model import Appointment, Clinic, Rules, Side, State
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.effects import promised
from calbridge.reconcile.places import awaited, keeper
from calbridge.reconcile.record import shows_place
from calbridge.views import PortalView

UNTOLD = frozenset({State.HELD, State.EXPIRED, State.RELEASED})
WAITS = frozenset({State.REQUESTED, State.CONFIRMED})
"""Whoever is here already is told nothing more."""
NOTHING: Mapping[str, PortalView] = {}
NOBODY: Mapping[Kind, Collection[str]] = {}


def telling(
    state: HubState,
    clinic: Clinic,
    now: int,
    *,
    shown: Mapping[str, PortalView] = NOTHING,
    refused: Mapping[Kind, Collection[str]] = NOBODY,
) -> Letters:
    """Everything there is to tell. `shown`: what clients know from their portal. `refused`: bookings whose client's
    wish was just refused, by what she is told of it."""
    found = [
        part
        for appointment in sorted(state.appointments.values(), key=lambda a: (a.start, a.id))
        if hers(appointment) and appointment.state not in UNTOLD
        for part in _of(state, appointment, clinic, now, shown.get(appointment.id))
    ]
    letters = [part for part in found if isinstance(part, MessageDue)]
    return Letters(
        due=tuple(part for part in letters if part.audience == "client"),
        notices=(
            *(part for part in letters if part.audience == "clinic"),
            *(part for kind, keys in refused.items() for part in _refused(state, kind, keys, clinic, now)),
        ),
        silent=tuple(part for part in found if isinstance(part, Silent)),
    )


def hers(appointment: Appointment) -> bool:
    """Does its client know of it at all?"""
    return appointment.origin is Side.CLIENT or appointment.showing is not None


def _refused(state: HubState, kind: Kind, keys: Collection[str], clinic: Clinic, now: int) -> Iterator[MessageDue]:
    """About something that happened: it does not change what she knows."""
    for key in sorted(keys):
        appointment = state.appointments[key]
        waits = appointment.state in WAITS and kind not in _told_by_portal(state, appointment)
        if waits and (kind is Kind.PLEASE_PHONE or _stays(state, appointment, clinic.rules)):
            yield message(kind, appointment, None, clinic.rules, now=now)


def _stays(state: HubState, appointment: Appointment, rules: Rules) -> bool:
    """Does it stand where she knows that it does? Else what is due, now or once it is sure, tells her where."""
    told = state.told.get(appointment.id)
    known = told is not None and not changed(appointment, told, rules)
    return known and may_be_told(Kind.MOVE_REFUSED, appointment)


def _of(
    state: HubState, appointment: Appointment, clinic: Clinic, now: int, view: PortalView | None
) -> Iterator[MessageDue | Silent]:
    rules, told = clinic.rules, state.told.get(appointment.id)
    if told is None and view is not None:
        yield Silent(message=as_shown(view, appointment, now=now), why="first_import")
        return
    if told is None and appointment.showing is not None:
        if appointment.state is not State.CONFIRMED or not promised(appointment):
            return  # she never saw it
        if appointment.showing.quietly:
            yield Silent(message=message(Kind.CONFIRMED, appointment, None, rules, now=now), why="shown")
            return
    kind = due(appointment, told, rules)
    if kind is not None and (kind not in WAITING or _settled(state, appointment, clinic)):
        yield from _tell(state, kind, appointment, clinic, now)
    if Kind.REMINDER not in _told_by_portal(state, appointment):
        yield from reminders(appointment, told, rules)


def _tell(
    state: HubState, kind: Kind, appointment: Appointment, clinic: Clinic, now: int
) -> Iterator[MessageDue | Silent]:
    rules = clinic.rules
    letter = message(kind, appointment, state.told.get(appointment.id), rules, now=now)
    if not may_be_told(kind, appointment):
        yield Silent(message=letter, why="quiet")
    elif kind in _told_by_portal(state, appointment):
        yield Silent(message=letter, why="portal")
    else:
        yield letter
    if kind is Kind.REQUEST_RECEIVED:
        yield message(kind, appointment, None, rules, now=now, audience="clinic")


def _told_by_portal(state: HubState, appointment: Appointment) -> frozenset[str]:
    link = state.links.get(appointment.portal)
    return link.capabilities.tells if link else frozenset()


def _settled(state: HubState, appointment: Appointment, clinic: Clinic) -> bool:
    """The system of record has it where it now stands (lesson 21). A request is there too, though not as confirmed.

    One that its client moved may have to go back, and one whose entry is gone may be over in a moment.
    """
    if awaited(state, appointment):
        return False
    if appointment.state is State.CONFIRMED:
        return promised(appointment)
    if appointment.moved_from is not None:
        return False
    link = keeper(state, appointment)
    shadow = state.shadows.get((link.name, appointment.id)) if link else None
    if link is None or shadow is None:
        return link is None
    return shows_place(link, shadow, appointment, clinic)


def already_shown(draft: Draft) -> dict[str, PortalView]:
    """Bookings met for the first time that their clients know better than the bridge does, as their portal shows them.

    Everything of a portal's first full read, and what a portal shows as confirmed although the hub never had it.
    """
    links = draft.state.links
    first = {name for name in draft.reads if links[name].role == "portal" and links[name].last_full is None}
    found = {}
    for (name, key), shadow in draft.shadows.items():
        view, met = shadow.view, (name, key) not in draft.state.shadows
        if met and isinstance(view, PortalView) and _known(view, first=name in first):
            found[key] = view
    return found


def _known(view: PortalView, *, first: bool) -> bool:
    confirmed = view.state in {State.CONFIRMED, State.ARRIVED, State.FULFILLED, State.NO_SHOW}
    return confirmed or (first and view.state is State.REQUESTED)
