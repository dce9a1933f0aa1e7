"""Everything a clinic offers online, by resource and local date, kept so that a change costs only the dates it touches.

`compute` with what was computed before gives exactly what it gives without: `calbridge.outdated` says which dates may
differ, and those are worked out anew.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from calbridge import bookable
from calbridge.board import Board, starts_of, tick_of
from calbridge.changes import OfferedSlot
from calbridge.facts import Facts
from calbridge.mask import Axis
from calbridge.model import Clinic
from calbridge.outdated import Day, outdated
from calbridge.rules import Candidate, case_of
from calbridge.wall import days, local_date, segments

Starts = tuple[str, int, int]
"""A service, its length in seconds, and the mask of its starts."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What one resource offers on one local date.

    `starts`: every service that has any, in the clinic's order; masks are of `axis`. `digest` is the same for the same
    slots, on every start of the process. `faults`: rules of plugins that failed while it was worked out, with what they
    did. Slots are made when they are asked for, which on most days is never.
    """

    axis: Axis
    starts: tuple[Starts, ...]
    digest: str
    faults: tuple[tuple[str, str], ...] = ()

    def slots(self) -> Iterator[OfferedSlot]:
        """By service, then by start."""
        for service, length, mask in self.starts:
            for start in self.axis.instants(mask):
                yield OfferedSlot(service=service, start=start, end=start + length)

    def __len__(self) -> int:
        return sum(mask.bit_count() for _, _, mask in self.starts)


def _digest(axis: Axis, starts: Iterable[Starts]) -> str:
    parts = [f"{service},{length},{mask:x}" for service, length, mask in starts]
    text = f"{axis.origin},{axis.tick};{';'.join(parts)}" if parts else ""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """`days` by (resource, local date) from `first` to `last`, empty ones included, of every resource that is online.

    `renewed` are those that were worked out anew.
    """

    clinic: Clinic
    facts: Facts
    first: date
    last: date
    tick: int
    days: Mapping[Day, Offered]
    renewed: frozenset[Day]

    @property
    def faults(self) -> dict[str, str]:
        """Rules of plugins that failed on some day -> what they did."""
        return {code: fault for offered in self.days.values() for code, fault in offered.faults}


def compute(clinic: Clinic, facts: Facts, before: Availability | None = None) -> Availability:
    """All that is offered from today to the horizon; `before` spares the days on which nothing can have changed."""
    first = local_date(clinic.time_zone, facts.now)
    last = bookable.horizon_date(clinic, first)
    cut = [segment for day in days(first, last) for segment in segments(clinic.time_zone, day)]
    tick = tick_of(clinic, clinic.services.values(), cut)
    known: dict[Day, Offered] = {}
    if before is not None and before.clinic == clinic and before.tick == tick:
        known = _still_true(before, facts, first, last)
    whole = (((key, day) for day in days(first, last)) for key, each in clinic.resources.items() if each.online)
    renewed = frozenset(day for dates in whole for day in dates if day not in known)
    known.update(_worked_out(clinic, facts, renewed, tick))
    return Availability(clinic=clinic, facts=facts, first=first, last=last, tick=tick, days=known, renewed=renewed)


def _still_true(before: Availability, facts: Facts, first: date, last: date) -> dict[Day, Offered]:
    known = dict(before.days)
    if (first, last) != (before.first, before.last):
        known = {day: offered for day, offered in known.items() if first <= day[1] <= last}
    for day in outdated(before.clinic, before.facts, facts, first, last):
        known.pop(day, None)
    return known


def _worked_out(clinic: Clinic, facts: Facts, wanted: Iterable[Day], tick: int) -> Iterator[tuple[Day, Offered]]:
    for (first, last), resources in _stretches(wanted).items():
        board = Board(clinic, facts, clinic.services.values(), first, last, tick=tick)
        for key in resources:
            yield from zip(((key, day) for day in board.dates), _of(board, key), strict=True)


def _stretches(wanted: Iterable[Day]) -> dict[tuple[date, date], list[str]]:
    """Dates on end -> the resources that want exactly these: they share a board."""
    dates: defaultdict[str, list[date]] = defaultdict(list)
    for key, day in sorted(wanted):
        dates[key].append(day)
    found: defaultdict[tuple[date, date], list[str]] = defaultdict(list)
    for key, mine in dates.items():
        for first, last in _on_end(mine):
            found[first, last].append(key)
    return found


def _on_end(dates: list[date]) -> Iterator[tuple[date, date]]:
    first = last = dates[0]
    for day in dates[1:]:
        if day - last > timedelta(days=1):
            yield first, last
            first = day
        last = day
    yield first, last


def _of(board: Board, key: str) -> Iterator[Offered]:
    """What one resource offers, date by date."""
    board.faults.clear()
    columns = [column for service in board.clinic.services if (column := _column(board, service, key))]
    faults = tuple(sorted(board.faults.items()))
    axes = (Axis(board.axis.origin + low * board.axis.tick, board.axis.tick, high - low) for low, high in board.cells)
    for axis, *row in zip(axes, *(by_date for _, _, by_date in columns), strict=True):
        pairs = zip(columns, row, strict=True)
        found = tuple((service, length, mask) for (service, length, _), mask in pairs if mask)
        yield Offered(axis, found, _digest(axis, found), faults)


def _column(board: Board, service: str, key: str) -> tuple[str, int, list[int]] | None:
    wanted = Candidate(service=service, resource=key, start=board.facts.now, listed=True)
    case = case_of(board.clinic, board.facts, wanted)
    groups = board.passing(case) if case is not None else []
    if case is None or not groups:
        return None
    return service, case.service.minutes * 60, board.listed(case, starts_of(groups))
