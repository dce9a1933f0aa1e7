"""Slot facts from the hub: what is taken, who is away, which sources are too old to be trusted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain
from typing import assert_never

from calbridge.facts import Facts
from calbridge.feeds import AbsenceRecord, AccountRecord, Busy, ClosureRecord, Unreadable, WindowRecord
from calbridge.hub import Foreign, HubState, Link
from calbridge.interval import Interval, intersect, merge
from calbridge.model import Appointment, Clinic, Side, State
from calbridge.wall import local_date

ALWAYS = Interval(-(2**62), 2**62)


def facts(state: HubState, clinic: Clinic, now: int, *, without: str = "", around: Interval = ALWAYS) -> Facts:
    """The facts of the whole clinic. `without` leaves one appointment out: its own time is free for its own move.

    `around`: who decides on one slot needs no other days; merging a year of them for each of a hundred bookings takes
    seconds.
    """
    near = (a for a in state.appointments.values() if a.id != without and _reaches(a, around))
    live = [a for a in near if takes_time(a, now)]
    taken: defaultdict[str, list[Interval]] = defaultdict(list)
    for place in chain.from_iterable(appointment.places for appointment in live):
        for resource in place.resources:
            taken[resource].append(place.footprint)
    said = _said(state, around)
    return Facts(
        now=now,
        taken=_merged(taken, *said["taken"].values()),
        absences=_merged(*said["absences"].values()),
        closures=_merged(*said["closures"].values()),
        windows=_merged(*said["online"].values()),
        work=_agreed(said["work"].values()),
        stale=stale(state, clinic, now),
        counts=_counts(clinic, live),
    )


def _reaches(appointment: Appointment, around: Interval) -> bool:
    return any(place.footprint.overlaps(around) for place in appointment.places)


Said = defaultdict[str, list[Interval]]
"""Resource -> what one source says of it."""


def _said(state: HubState, around: Interval) -> dict[str, defaultdict[str, Said]]:
    """Kind -> connection -> what it says. A record whose spans all lie elsewhere still names its resource."""
    found: dict[str, defaultdict[str, Said]] = {
        kind: defaultdict(lambda: defaultdict(list)) for kind in ("taken", "absences", "closures", "online", "work")
    }
    for (connection, _), record in state.foreign.items():
        if isinstance(record, AccountRecord):
            continue
        if (record.resource or closes(record)) and not echoes(record, state):
            found[_kind(record)][connection][record.resource] += _near(record.spans, around)
    return found


def _near(spans: tuple[Interval, ...], around: Interval) -> tuple[Interval, ...]:
    return spans if around is ALWAYS else tuple(span for span in spans if span.overlaps(around))


def _merged(*sources: Mapping[str, list[Interval]]) -> dict[str, tuple[Interval, ...]]:
    """What any source says."""
    together: defaultdict[str, list[Interval]] = defaultdict(list)
    for source in sources:
        for resource, spans in source.items():
            together[resource] += spans
    return {resource: tuple(merge(spans)) for resource, spans in together.items()}


def _agreed(sources: Iterable[Mapping[str, list[Interval]]]) -> dict[str, tuple[Interval, ...]]:
    """What every source says that says anything of the resource: working time is a limit, whoever sets it."""
    agreed: dict[str, list[Interval]] = {}
    for source in sources:
        for resource, spans in source.items():
            agreed[resource] = intersect(agreed[resource], spans) if resource in agreed else merge(spans)
    return {resource: tuple(spans) for resource, spans in agreed.items()}


def takes_time(appointment: Appointment, now: int) -> bool:
    """False once it is gone, and for a hold past its end even before anybody has swept it."""
    if appointment.state is State.HELD and appointment.hold_expires is not None:
        return now < appointment.hold_expires
    return not appointment.state.gone


def in_the_way(record: Foreign, appointment: Appointment, state: HubState) -> bool:
    """Does what a side says keep the appointment from its place? As rules 7, 8 and 11 say it of a start.

    Its buffers must be free of what takes time, and may lie where somebody is away or the clinic is closed; of what it
    needs besides, only absence and what takes time matter.
    """
    resources: tuple[str, ...]
    match record:
        case ClosureRecord() | Unreadable(closes=True):
            resources, wanted = (appointment.resource, ""), appointment.span
        case Busy() | Unreadable():
            resources, wanted = appointment.resources, appointment.footprint
        case AbsenceRecord():
            resources, wanted = appointment.resources, appointment.span
        case WindowRecord():
            return False
    here = record.resource in resources and not echoes(record, state)
    return here and any(span.overlaps(wanted) for span in record.spans)


def closes(record: Foreign) -> bool:
    """Is it a closure, whether or not it can be read? One of no resource is of all of them."""
    return isinstance(record, ClosureRecord) or (isinstance(record, Unreadable) and record.closes)


def echoes(record: Foreign, state: HubState) -> bool:
    """Is this the hub's own appointment, come back by way of a feed? In a colleague's calendar it is a copy."""
    if not isinstance(record, Busy) or not record.echo:
        return False
    appointment = state.appointments.get(record.echo)
    return appointment is not None and record.resource in appointment.resources


def _kind(record: Busy | Unreadable | AbsenceRecord | ClosureRecord | WindowRecord) -> str:
    match record:
        case ClosureRecord() | Unreadable(closes=True):
            return "closures"
        case Busy() | Unreadable():  # what cannot be read blocks the time it seems to take (R7)
            return "taken"
        case AbsenceRecord():
            return "absences"
        case WindowRecord():
            return record.kind
    assert_never(record)


def _counts(clinic: Clinic, live: Iterable[Appointment]) -> Mapping[tuple[str, date], int]:
    online = (a for a in live if a.origin is Side.CLIENT and a.service)
    return Counter((a.service, local_date(clinic.time_zone, a.start)) for a in online)


def stale(state: HubState, clinic: Clinic, now: int) -> dict[str, str]:
    """Resource -> the source that does not load, was never read, or not within `max_source_age` (fails closed)."""
    if state.broken:
        return dict.fromkeys(clinic.resources, min(state.broken))
    links = state.links.values()
    old = [link for link in links if link.side is Side.CLINIC and _too_old(link, _oldest(link, clinic), now)]
    return {
        resource: link.name
        for link in old
        for resource in clinic.resources
        if link.capabilities.resources is None or resource in link.capabilities.resources
    }


def _oldest(link: Link, clinic: Clinic) -> int | None:
    """The shorter of what the clinic and the connection allow."""
    return min(
        (age for age in (clinic.rules.max_source_age, link.capabilities.max_age) if age is not None), default=None
    )


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
