"""Everything a clinic offers online, by resource and local date, kept so that a change costs only the dates it touches.

`compute` with what was computed before gives exactly what it gives without: `calbridge.outdated` says which dates may
differ, and those are worked out anew.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import reduce
from operator import or_

from calbridge import bookable
from calbridge.board import Board, starts_of, tick_of
from calbridge.changes import OfferedSlot
from calbridge.facts import Facts
from calbridge.mask import Axis
from calbridge.model import Clinic
from calbridge.outdated import Day, outdated
from calbridge.rules import Candidate, Case, case_of
from calbridge.wall import days, local_date, segments

Visit = tuple[str, int]
"""A service and its length in seconds."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What one resource offers on one local date.

    `masks` are the starts of each of the `visits`, which are in the clinic's order, on `axis`; `moved` are those that a
    known client may move a confirmed appointment to, of each of the visits in `moves` (S4). `digest` is the same for
    the same slots, on every start of the process. `faults`: rules of plugins that failed while it was worked out, with
    what they did. Slots are made when they are asked for, which on most days is never.
    """

    digest: str
    faults: tuple[tuple[str, str], ...]
    axis: Axis = field(compare=False)
    visits: tuple[Visit, ...] = field(default=(), compare=False)
    masks: tuple[int, ...] = field(default=(), compare=False)
    moves: tuple[Visit, ...] = field(default=(), compare=False)
    moved: tuple[int, ...] = field(default=(), compare=False)

    def slots(self) -> Iterator[OfferedSlot]:
        """What anybody may book, by service, then by start."""
        return _slots(self.axis, self.visits, self.masks)

    def targets(self) -> Iterator[OfferedSlot]:
        """What a known client may move a confirmed appointment to, likewise."""
        return _slots(self.axis, self.moves, self.moved)

    def __len__(self) -> int:
        return sum(mask.bit_count() for mask in (*self.masks, *self.moved))


def _slots(axis: Axis, visits: Iterable[Visit], masks: Iterable[int]) -> Iterator[OfferedSlot]:
    for (service, length), mask in zip(visits, masks, strict=True):
        for start in axis.instants(mask):
            yield OfferedSlot(service=service, start=start, end=start + length)


def _digest(axis: Axis, names: Iterable[str], masks: Iterable[int]) -> str:
    parts = [f"{name}{mask:x}" for name, mask in zip(names, masks, strict=True) if mask]
    text = f"{axis.origin},{axis.tick};{';'.join(parts)}" if parts else ""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


NOTHING = _digest(Axis(0, 1, 0), (), ())
"""The digest of a day without slots."""


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
    if before is not None and before.clinic == clinic and before.tick == tick:
        known, wanted = _still_true(before, facts, first, last)
    else:
        known, wanted = {}, set(_days(clinic, days(first, last)))
    known.update(_worked_out(clinic, facts, wanted, tick))
    return Availability(
        clinic=clinic, facts=facts, first=first, last=last, tick=tick, days=known, renewed=frozenset(wanted)
    )


def _days(clinic: Clinic, dates: Iterable[date]) -> Iterator[Day]:
    online = [key for key, resource in clinic.resources.items() if resource.online]
    return ((key, day) for day in dates for key in online)


def _still_true(before: Availability, facts: Facts, first: date, last: date) -> tuple[dict[Day, Offered], set[Day]]:
    """What need not be worked out anew, and what must be: what may differ, and dates that are new."""
    known, clinic = dict(before.days), before.clinic
    if (first, last) != (before.first, before.last):
        known = {day: offered for day, offered in known.items() if first <= day[1] <= last}
    gone = outdated(clinic, before.facts, facts, first, last) & known.keys()
    for day in gone:
        del known[day]
    new = (day for day in days(first, last) if not before.first <= day <= before.last)
    return known, gone.union(_days(clinic, new))


def _worked_out(clinic: Clinic, facts: Facts, wanted: Iterable[Day], tick: int) -> Iterator[tuple[Day, Offered]]:
    for (first, last), resources in _stretches(wanted).items():
        board = Board(clinic, facts, clinic.services.values(), first, last, tick=tick)
        for key in resources:
            yield from _of(board, key)


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


def _of(board: Board, key: str) -> Iterator[tuple[Day, Offered]]:
    """What one resource offers, date by date."""
    board.faults.clear()
    passing = [(case, starts) for case in _cases(board, key) if (starts := starts_of(board.passing(case)))]
    booked = sum(case.wanted.scope == "book" for case, _ in passing)
    faults = tuple(sorted(board.faults.items()))
    dates = board.open_dates(reduce(or_, (starts for _, starts in passing), 0))
    columns = [board.listed(case, starts, dates) for case, starts in passing]
    visits = tuple((case.service.key, case.service.minutes * 60) for case, _ in passing)
    names = [f"{service},{length}," for service, length in visits[:booked]]
    names += [f"move,{service},{length}," for service, length in visits[booked:]]
    found = [Offered(NOTHING, faults, axis) for axis in board.axes]
    for place, *masks in zip(dates, *columns, strict=True):
        axis = board.axes[place]
        book, move = tuple(masks[:booked]), tuple(masks[booked:])
        found[place] = Offered(_digest(axis, names, masks), faults, axis, visits[:booked], book, visits[booked:], move)
    return (((key, day), offered) for day, offered in zip(board.dates, found, strict=True))


def _cases(board: Board, key: str) -> Iterator[Case]:
    """What anybody may book, then what known clients may move to, where that is something else (S4)."""
    anybody = Candidate(service="", resource=key, start=board.facts.now, listed=True)
    asked = [anybody]
    if board.clinic.rules.reschedule_scope == "opening_hours":
        asked.append(replace(anybody, client="known", scope="reschedule"))
    for each in asked:
        for service in board.clinic.services:
            case = case_of(board.clinic, board.facts, replace(each, service=service))
            if case is not None:
                yield case
