"""Slot facts from the hub: what is taken, who is away, which sources are too old to be trusted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from calbridge.hub import Foreign, HubState, Link
from calbridge.interval import Interval, merge
from calbridge.model import Appointment, Clinic, Side
from calbridge.provider import AbsenceRecord, Busy, Unreadable, WindowRecord
from calbridge.slots import Facts
from calbridge.wall import local

Spans = dict[str, list[Interval]]


def facts(state: HubState, clinic: Clinic, now: int, *, without: str = "") -> Facts:
    """The facts of the whole clinic. `without` leaves one appointment out: its own time is free for its own move."""
    taken, absences, windows = _foreign(state.foreign.values())
    counts: Counter[tuple[str, object]] = Counter()
    for appointment in state.appointments.values():
        if appointment.id == without or appointment.state.gone:
            continue
        for resource in appointment.resources:
            taken[resource].append(appointment.footprint)
        if appointment.origin is Side.CLIENT:
            counts[appointment.service, local(clinic.time_zone, appointment.start).date()] += 1
    return Facts(
        now=now,
        taken=_merged(taken),
        absences=_merged(absences),
        windows=_merged(windows),
        stale=stale(state.links.values(), clinic, now),
        counts=dict(counts),
    )


def _foreign(records: Iterable[Foreign]) -> tuple[Spans, Spans, Spans]:
    taken: Spans = defaultdict(list)
    absences: Spans = defaultdict(list)
    windows: Spans = defaultdict(list)
    for record in records:
        match record:
            case Busy() | Unreadable():
                taken[record.resource].extend(record.spans)
            case AbsenceRecord():
                absences[record.resource].extend(record.spans)
            case WindowRecord():
                if record.kind == "online":
                    windows[record.resource].extend(record.spans)
    return taken, absences, windows


def _merged(spans: Mapping[str, list[Interval]]) -> dict[str, tuple[Interval, ...]]:
    return {resource: tuple(merge(parts)) for resource, parts in spans.items()}


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


def overlapping(appointments: Iterable[Appointment], wanted: Appointment) -> list[Appointment]:
    """Every other appointment that takes time on one of the wanted one's resources."""
    return [
        other
        for other in appointments
        if other.id != wanted.id
        and not other.state.gone
        and other.footprint.overlaps(wanted.footprint)
        and not set(other.resources).isdisjoint(wanted.resources)
    ]
