"""Which outside writes are due: wherever what a side should show differs from what its shadow says it shows."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from calbridge.changes import change_of
from calbridge.feeds import Busy
from calbridge.hub import Effect, HubState, Link, Shadow
from calbridge.interval import Interval
from calbridge.model import Appointment, Clinic, Side, State
from calbridge.reconcile.compare import fingerprint, up_to_date
from calbridge.reconcile.places import awaited, has_place
from calbridge.views import PortalView, View, notifies, project

_KEYS = uuid.UUID("5b0b3f5e-7c0e-5c1d-9a53-3f6b8a2d7c11")
"""The namespace of idempotency keys: a key is a function of what is written, over what, and where."""
ByHand = Callable[[], frozenset[tuple[str, str, Interval]]]
"""(connection, resource, span) of single foreign entries; gathered when it is first asked for."""


def effects(state: HubState, clinic: Clinic, now: int) -> tuple[Effect, ...]:
    """Every due write, the system of record first, portals last: a client hears only of what is written."""
    ordered = sorted(state.appointments.values(), key=lambda a: (a.start, a.id))
    by_hand = functools.cache(lambda: _by_hand(state))
    return tuple(
        effect
        for link in sorted(state.links.values(), key=_order)
        for appointment in ordered
        if _concerned(state, link, appointment, now, by_hand)
        for effect in _for(state, link, appointment, clinic)
    )


def _order(link: Link) -> tuple[bool, int, str]:
    return (link.role == "portal", link.rank, link.name)


def _for(state: HubState, link: Link, appointment: Appointment, clinic: Clinic) -> Iterator[Effect]:
    shadow = state.shadows.get((link.name, appointment.id))
    view = project(link.role, appointment, clinic)
    if shadow is None or not up_to_date(link, shadow, view):
        yield _effect(link, appointment, view, shadow, clinic)


def _concerned(state: HubState, link: Link, appointment: Appointment, now: int, by_hand: ByHand) -> bool:
    """Has this side anything to show, change or take away? (A portal ends its expired holds by itself.)"""
    shadow = state.shadows.get((link.name, appointment.id))
    if not link.approved or _waits(state, link, appointment, shadow):
        return False
    if link.role == "portal" and appointment.origin is not Side.CLIENT:
        return _published(link, appointment, shadow, now)
    if shadow is None or shadow.view is None:
        return _wanted(link, appointment, now, by_hand)
    if link.role == "portal" and not promised(appointment):
        return False
    if appointment.state.gone:
        return not shadow.view.state.gone and (link.role != "portal" or appointment.state is not State.EXPIRED)
    return True


def _waits(state: HubState, link: Link, appointment: Appointment, shadow: Shadow | None) -> bool:
    """What is gone is nothing to write over: it is entered anew, or over. A portal hears nothing new meanwhile."""
    untold = link.role == "portal" and not appointment.state.gone
    return awaited(state, appointment) if untold else shadow is not None and shadow.awaited is not None


def _published(link: Link, appointment: Appointment, shadow: Shadow | None, now: int) -> bool:
    """What the clinic made itself: shown once it is certain and while it is to come, then kept as it stands."""
    shown = shadow.view if shadow else None
    if shown is None:
        live = promised(appointment) and not appointment.state.ended and appointment.end > now
        return live and not withdrawn(link, appointment)
    if shown.state.gone:
        return False
    return withdrawn(link, appointment, shown) or promised(appointment)


def withdrawn(link: Link, appointment: Appointment, shown: View | None = None) -> bool:
    """Its client is not to see it at this portal any more, or never was; or somebody else is, in another account."""
    if link.role != "portal" or appointment.origin is Side.CLIENT:
        return False
    showing = appointment.showing
    moved = isinstance(shown, PortalView) and showing is not None and shown.account != showing.account
    return showing is None or showing.portal != link.name or moved


def promised(appointment: Appointment) -> bool:
    """May a client be told? A confirmed booking only once the system of record has it and nobody came first."""
    return appointment.state is not State.CONFIRMED or (appointment.written and appointment.reserved)


def _wanted(link: Link, appointment: Appointment, now: int, by_hand: ByHand) -> bool:
    """A side that shows nothing of it gets it only if it mirrors the clinic and the visit is still to come."""
    return (
        link.capabilities.mirrors
        and not appointment.state.ended
        and appointment.end > now
        and has_place(link, appointment)
        and not (appointment.source and (link.name, appointment.resource, appointment.span) in by_hand())
    )


def _by_hand(state: HubState) -> frozenset[tuple[str, str, Interval]]:
    """What staff keeps at a side by hand already: paired with instead of written a second time (first sync)."""
    return frozenset(
        (name, record.resource, record.spans[0])
        for (name, _), record in state.foreign.items()
        if isinstance(record, Busy) and len(record.spans) == 1
    )


def _effect(link: Link, appointment: Appointment, view: View, shadow: Shadow | None, clinic: Clinic) -> Effect:
    shown = shadow if shadow and shadow.view else None
    asked = fingerprint(link, view)
    hidden = withdrawn(link, appointment, shown.view if shown else None)
    remove = appointment.state.gone or hidden or not has_place(link, appointment)
    parts = (
        clinic.key,
        link.name,
        appointment.id,
        str(appointment.revision),
        asked,
        shown.version if shown else "",
    )
    return Effect(
        connection=link.name,
        asked=asked,
        change=change_of(
            view,
            key=str(uuid.uuid5(_KEYS, "\x1f".join(parts))),
            appointment=appointment.id,
            revision=appointment.revision,
            remove=remove,
            ref=shown.ref if shown else "",
            version=shown.version if shown else "",
            previous=shown.view if shown else None,
            overbook=not appointment.exclusive,
            **_own(link, appointment, quiet=hidden or (shown is None and _quietly(appointment))),
        ),
    )


def _quietly(appointment: Appointment) -> bool:
    return appointment.showing is not None and appointment.showing.quietly


def _own(link: Link, appointment: Appointment, *, quiet: bool) -> dict[str, Any]:
    """What only one kind of side is told."""
    match link.role:
        case "calendar":
            return {}
        case "pms":
            return {"reason": appointment.decline_reason, "details": appointment.details}
        case "portal":
            return {"notify": notifies(appointment) and not quiet, "alternatives": appointment.alternatives}
