"""Slot facts from the hub: what is taken, who is away, which sources are too old to be trusted."""

from __future__ import annotations

from collections.abc import Iterable

from calbridge.facts import Facts, gather, takes_time
from calbridge.hub import HubState, Link
from calbridge.model import Appointment, Clinic, Side


def facts(state: HubState, clinic: Clinic, now: int, *, without: str = "") -> Facts:
    """The facts of the whole clinic. `without` leaves one appointment out: its own time is free for its own move."""
    return gather(
        clinic,
        state.appointments.values(),
        state.foreign.values(),
        now=now,
        stale=stale(state.links.values(), clinic, now),
        without=without,
    )


def stale(links: Iterable[Link], clinic: Clinic, now: int) -> dict[str, str]:
    """Resource -> the source never read, or not within `max_source_age` (rule 15: fails closed)."""
    old = [link for link in links if link.side is Side.CLINIC and _too_old(link, clinic.rules.max_source_age, now)]
    return {
        resource: link.name
        for link in old
        for resource in clinic.resources
        if link.capabilities.resources is None or resource in link.capabilities.resources
    }


def _too_old(link: Link, age: int | None, now: int) -> bool:
    return link.last_success is None or (age is not None and now - link.last_success > age)


def overlapping(appointments: Iterable[Appointment], wanted: Appointment, now: int) -> list[Appointment]:
    """Every other appointment that takes time on one of the wanted one's resources."""
    return [
        other
        for other in appointments
        if other.id != wanted.id
        and takes_time(other, now)
        and other.footprint.overlaps(wanted.footprint)
        and not set(other.resources).isdisjoint(wanted.resources)
    ]
