"""Which sides have a place for an appointment, and which of them keeps the record that a promise rests on."""

from __future__ import annotations

from calbridge.hub import HubState, Link
from calbridge.model import Appointment, Place, Side
from calbridge.views import View


def has_place(link: Link, appointment: Appointment) -> bool:
    """Can this side show the appointment at all?"""
    return link.capabilities.resources is None or appointment.resource in link.capabilities.resources


def places(state: HubState, appointment: Appointment) -> list[Link]:
    """The clinic's sides that should show it, the system of record first."""
    able = [
        link
        for link in state.links.values()
        if link.capabilities.mirrors and link.approved and has_place(link, appointment)
    ]
    return sorted(able, key=lambda link: (link.rank, link.name))


def keeps_record(state: HubState, link: Link, appointment: Appointment) -> bool:
    """True for the side whose word makes a booking written: its PMS (rank 0); without one, its calendar.

    A PMS that is not approved yet, or does not load, leaves nobody to give its word: the client waits.
    """
    first = keeper(state, appointment)
    return first is not None and first.name == link.name


def keeper(state: HubState, appointment: Appointment) -> Link | None:
    """That side, where there is one."""
    first = next(iter(places(state, appointment)), None)
    return first if first is not None and first.rank == 0 else None


def awaited(state: HubState, appointment: Appointment) -> bool:
    """Is its entry proved gone at a side, and waited for? Nothing new is promised of it meanwhile (decision 0044)."""
    found = (state.shadows.get((name, appointment.id)) for name in state.links)
    return any(shadow is not None and shadow.awaited is not None for shadow in found)


def keeps_itself(state: HubState) -> bool:
    """The clinic has no side of its own, as far as anybody knows: then the hub is the record."""
    return not state.broken and all(link.side is Side.CLIENT for link in state.links.values())


def spot(shown: View | Appointment | Place) -> tuple[int, str]:
    """When it begins, and whose time it is."""
    return shown.start, shown.resource
