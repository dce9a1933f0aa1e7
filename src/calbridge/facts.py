"""What is known of a clinic's time at one instant: the only thing besides the configuration that the rules look at.

Everything that takes time is one merged list per resource, whoever brought it; a rule never asks where it came from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import assert_never

from calbridge.interval import Interval, merge
from calbridge.model import Appointment, Clinic, Side, State
from calbridge.provider import AbsenceRecord, Busy, Unreadable, WindowRecord
from calbridge.wall import local_date

Spans = Mapping[str, tuple[Interval, ...]]
"""Resource key -> sorted, disjoint intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`now` in epoch seconds; every other field may be left out. All intervals are sorted and disjoint.

    `taken`: footprints of appointments, requests and live holds, and busy time of calendars and the PMS.
    `absences`, `windows` (online) and `work`: what providers say, added to the configured ones. A resource that is a key
    of `windows` counts as one with online windows even where none is left: fails closed.
    `stale`: resource -> the source that has not been read for too long. `counts`: online bookings of a service on a
    local date, for `max_per_day`. For a move, `taken` and `counts` leave out the appointment that moves.
    """

    now: int
    taken: Spans = field(default_factory=dict)
    absences: Spans = field(default_factory=dict)
    windows: Spans = field(default_factory=dict)
    work: Spans = field(default_factory=dict)
    stale: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[tuple[str, date], int] = field(default_factory=dict)


def takes_time(appointment: Appointment, now: int) -> bool:
    """False once it is gone, and for a hold past its end even before anybody has swept it."""
    if appointment.state is State.HELD and appointment.hold_expires is not None:
        return now < appointment.hold_expires
    return not appointment.state.gone


def gather(
    clinic: Clinic,
    appointments: Iterable[Appointment],
    foreign: Iterable[Busy | WindowRecord | AbsenceRecord | Unreadable],
    *,
    now: int,
    stale: Mapping[str, str] | None = None,
    without: str = "",
) -> Facts:
    """The facts of one moment. `without` is the id of the appointment that wants to move (R22)."""
    live = [a for a in appointments if a.id != without and takes_time(a, now)]
    found: dict[str, defaultdict[str, list[Interval]]] = {
        kind: defaultdict(list) for kind in ("taken", "absences", "online", "work")
    }
    for appointment in live:
        for resource in appointment.resources:
            found["taken"][resource].append(appointment.footprint)
    for record in foreign:
        if record.resource:
            found[_kind(record)][record.resource].extend(record.spans)
    spans = {kind: {key: tuple(merge(parts)) for key, parts in found[kind].items()} for kind in found}
    return Facts(
        now=now,
        taken=spans["taken"],
        absences=spans["absences"],
        windows=spans["online"],
        work=spans["work"],
        stale=dict(stale or {}),
        counts=_counts(clinic, live),
    )


def _kind(record: Busy | WindowRecord | AbsenceRecord | Unreadable) -> str:
    match record:
        case Busy() | Unreadable():  # what cannot be read blocks the time it seems to take (R7)
            return "taken"
        case AbsenceRecord():
            return "absences"
        case WindowRecord():
            return record.kind
    assert_never(record)


def _counts(clinic: Clinic, live: Iterable[Appointment]) -> Mapping[tuple[str, date], int]:
    return Counter(
        (a.service, local_date(clinic.time_zone, a.start)) for a in live if a.origin is Side.CLIENT and a.service
    )
