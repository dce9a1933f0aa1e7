"""The starts that the rules leave on some local dates, as masks; what several services share is worked out once.

Every rule is also a set of starts: bookable time without the visit's length before each end, a busy time widened by the
footprint, a day that is full. `calbridge.rules` judges one start, this judges all of them; an oracle in the tests holds
both to the same answers. Only rules of plugins are asked start by start, and only for what all others leave.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property, reduce
from itertools import groupby, pairwise
from math import gcd
from operator import and_, or_
from typing import NamedTuple

from calbridge import bookable
from calbridge.facts import Facts
from calbridge.interval import Interval, near
from calbridge.mask import Axis, lowest, lowest_of, spread, without
from calbridge.model import Clinic, Exclusion, Service
from calbridge.rules import Case, Rule, case_of
from calbridge.ruleset import extras, ruleset
from calbridge.wall import Segment, day_interval, days, local_date, segments

_HOUR = 3_600


class Group(NamedTuple):
    """Starts that get the same co-resources."""

    starts: int
    co_resources: tuple[str, ...]


def starts_of(groups: Iterable[Group]) -> int:
    """All of their starts."""
    return reduce(or_, (group.starts for group in groups), 0)


class Shape(NamedTuple):
    """A visit and its buffers, in ticks."""

    length: int
    before: int
    after: int


class Board:
    """One clinic on local dates `first` to `last`, both inclusive, for some of its services.

    `tick`, in seconds, is the longest that fits these dates, or a shorter one that fits more of them.
    """

    def __init__(
        self, clinic: Clinic, facts: Facts, services: Iterable[Service], first: date, last: date, *, tick: int = 0
    ) -> None:
        self.clinic = clinic
        self.facts = facts
        self.dates = tuple(days(first, last))
        self._cut = [segment for day in self.dates for segment in segments(clinic.time_zone, day)]
        self.axis = _axis(clinic, tuple(services), self._cut, tick)
        self._known: dict[Hashable, int] = {}
        self._wide: dict[Hashable, dict[int, int]] = {}
        self.faults: dict[str, str] = {}
        """Rules of plugins that failed so far -> what they did; whoever starts a question of his own clears it."""

    # --- what passes ---

    def passing(self, case: Case) -> list[Group]:
        """Starts that pass all rules but the throttles. `case.start` is not looked at."""
        if case.resource.key in self.facts.stale or not all(self._passes(rule, case) for rule in self._fixed):
            return []
        shape = self._shape(case.service)
        refused = self._closed(case, shape) | self._occupied(case.resource.key, shape) | self._full(case.service)
        return self._admitted(case, self._served(case, shape, without(self._timely, refused)))

    @cached_property
    def _fixed(self) -> list[Rule]:
        """Rules 1 to 3, and those of plugins that are like them."""
        return [rule for rule in ruleset(self.clinic) if rule.fixed]

    def _shape(self, service: Service) -> Shape:
        minutes = service.minutes, service.buffer_before, service.buffer_after
        return Shape(*(each * 60 // self.axis.tick for each in minutes))

    @cached_property
    def _timely(self) -> int:
        """Rules 4, 5 and 10: the grid of the wall clock, segment by segment of one UTC offset."""
        clinic, grid = self.clinic, self.clinic.rules.grid_minutes * 60
        today = local_date(clinic.time_zone, self.facts.now)
        earliest, last = bookable.earliest(clinic, self.facts.now, today), bookable.horizon_date(clinic, today)
        later = (each._replace(start=max(each.start, earliest)) for each in self._cut if each.day <= last)
        return self.axis.every(grid, (_on_grid(each, grid) for each in later))

    def _closed(self, case: Case, shape: Shape) -> int:
        """Rules 6 to 9 on the resource itself: the visit leaves bookable time, or touches what takes it away."""
        excluded = bookable.applying(self.clinic, case.service.key, case.resource.key, case.species)
        place = ("closed", case.resource.key, case.wide, *map(id, excluded))
        return self._widened(place, lambda: self._untouchable(case, excluded), before=shape.length - 1)

    def _untouchable(self, case: Case, excluded: tuple[Exclusion, ...]) -> int:
        """What a visit must not touch."""
        key = case.resource.key
        negative = self._once(
            ("negative", *map(id, excluded)),
            lambda: self.axis.touched(bookable.negative(self.clinic, excluded, self._reached)),
        )
        return self._once(("outside", key, case.wide), lambda: self._outside(case)) | negative | self._away(key)

    def _outside(self, case: Case) -> int:
        """Rules 6 and 7."""
        limits = bookable.limits(self.clinic, self.facts, case.resource, *self._reached, wide=case.wide)
        hours = reduce(and_, map(self.axis.inside, limits))
        closures = bookable.closures(self.clinic, self.facts, case.resource.key)
        return without(self.axis.everything, hours) | self.axis.touched(closures)

    @cached_property
    def _reached(self) -> tuple[date, date]:
        """The local dates that a visit can touch."""
        return self.dates[0], local_date(self.clinic.time_zone, self.axis.span.end)

    def _away(self, key: str) -> int:
        """Rule 8."""
        absences = bookable.absences
        return self._once(("away", key), lambda: self.axis.touched(absences(self.clinic, self.facts, key)))

    def _occupied(self, key: str, shape: Shape) -> int:
        """Rule 11: the footprint touches time that is taken."""
        spans = self.facts.taken.get(key, ())
        return self._widened(
            ("taken", key),
            lambda: self.axis.touched(near(spans, self.axis.span)),
            before=shape.length + shape.after - 1,
            after=shape.before,
        )

    def _full(self, service: Service) -> int:
        """Rule 12."""
        most, counts = service.max_per_day, self.facts.counts
        if most is None:
            return 0
        full = (day for day in self.dates if counts.get((service.key, day), 0) >= most)
        spans = (day_interval(self.clinic.time_zone, day) for day in full)
        return self._once(("full", service.key), lambda: self.axis.starting(spans))

    def _once(self, key: Hashable, made: Callable[[], int]) -> int:
        if key not in self._known:
            self._known[key] = made()
        return self._known[key]

    def _widened(self, key: Hashable, made: Callable[[], int], *, before: int, after: int = 0) -> int:
        """Every cell that has one of a mask at most `after` cells before it or `before` cells behind it.

        Services differ by a few cells: each width is made from one that is known, at least half of it.
        """
        if key not in self._wide:
            self._wide[key] = {1: made()}
        known, width = self._wide[key], before + after + 1
        while width not in known:
            nearest = max(each for each in known if each < width)
            step = min(nearest, width - nearest)
            known[nearest + step] = known[nearest] | known[nearest] << step
        return known[width] >> before

    # --- co-resources ---

    def _served(self, case: Case, shape: Shape, starts: int) -> list[Group]:
        """Split by which resource of each required group they get; what gets none is dropped."""
        return list(self._choices(shape, starts, case.service.requires, (case.resource.key,)))

    def _choices(
        self, shape: Shape, starts: int, groups: Sequence[tuple[str, ...]], used: tuple[str, ...]
    ) -> Iterator[Group]:
        """The first choice in the listed order has all the starts that it can, the next what is left."""
        if not groups:
            yield Group(starts, used[1:])
        for key in groups[0] if groups else ():
            if starts and key not in used:
                free = without(starts, self._lacking(key, shape))
                for group in self._choices(shape, free, groups[1:], (*used, key)):
                    yield group
                    starts = without(starts, group.starts)

    def _lacking(self, key: str, shape: Shape) -> int:
        """Starts for which a co-resource is not there for the visit, not free for the footprint, or not known to be."""
        if key in self.facts.stale:
            return self.axis.everything
        away = self._widened(("away", key), lambda: self._away(key), before=shape.length - 1)
        return away | self._occupied(key, shape)

    # --- rules of plugins ---

    def _admitted(self, case: Case, groups: list[Group]) -> list[Group]:
        if not self._asked:
            return groups

        def passes(start: int) -> bool:
            moved = case_of(case.clinic, case.facts, replace(case.wanted, start=start))
            return moved is not None and all(self._passes(rule, moved) for rule in self._asked)

        return [Group(self.axis.cells(filter(passes, self.axis.instants(mask))), chosen) for mask, chosen in groups]

    @cached_property
    def _asked(self) -> list[Rule]:
        return [rule for rule in extras(self.clinic) if not rule.fixed]

    def _passes(self, rule: Rule, case: Case) -> bool:
        ok, facts = rule.answer(case)
        if not ok and "fault" in facts:
            self.faults[rule.code] = str(facts["fault"])
        return ok

    # --- what a list shows ---

    def listed(self, case: Case, mask: int, dates: Sequence[int] | None = None) -> list[int]:
        """What rules 13 and 14 leave of the starts that pass, date by date: bit 0 is the date's first cell.

        `dates` are places among the board's dates, where not all are wanted.
        """
        most, kept = case.clinic.rules.slots_per_hour, case.clinic.rules.reserved_per_day
        if case.wide:
            return self._by_date(mask, dates)
        by_date = self._by_date(mask if most is None else self._thinned(mask, most), dates)
        for _ in range(kept):
            by_date = [starts ^ ((1 << starts.bit_length()) >> 1) for starts in by_date]
        return by_date

    def open_dates(self, mask: int) -> list[int]:
        """The places of the dates that have any of these starts."""
        return [place for place, starts in enumerate(self._by_date(mask, None)) if starts]

    def _by_date(self, mask: int, dates: Sequence[int] | None) -> list[int]:
        """By way of bytes: to shift a long integer copies all of it."""
        octets, number = mask.to_bytes(self.axis.size // 8 + 1, "little"), int.from_bytes
        places = self._octets if dates is None else [self._octets[place] for place in dates]
        return [number(octets[first:last], "little") >> shift & ones for first, last, shift, ones in places]

    @cached_property
    def _octets(self) -> list[tuple[int, int, int, int]]:
        """Of each date: the bytes that hold its cells, how far they stand in the first, and as many ones as cells."""
        return [(low // 8, high // 8 + 1, low % 8, (1 << high - low) - 1) for low, high in self.cells]

    @cached_property
    def cells(self) -> list[tuple[int, int]]:
        """Of each date: its first cell, and the first of the next."""
        spans = (day_interval(self.clinic.time_zone, day) for day in self.dates)
        return [(self.axis.at(start), self.axis.at(end)) for start, end in spans]

    @cached_property
    def axes(self) -> list[Axis]:
        """Of each date: its cells alone."""
        origin, tick, _ = self.axis
        return [Axis(origin + low * tick, tick, high - low) for low, high in self.cells]

    def _thinned(self, mask: int, most: int) -> int:
        """The earliest `most` of each clock hour; an hour that happens twice is one."""
        found = lowest(mask, self._hours, most)
        for hour in self._torn:
            found |= lowest_of(mask & hour, most)
        return found

    @cached_property
    def _hours(self) -> tuple[int, int]:
        """The cells of every other clock hour, and of those between, without those in two pieces."""
        axis, found, colour, before = self.axis, [0, 0], 0, None
        for run in self._runs:
            low, high = axis.at(run.start), axis.at(run.end)
            if low == high:
                continue
            first, last = ((axis.origin + each * axis.tick + run.offset) // _HOUR for each in (low, high - 1))
            colour ^= first != before
            cells = axis.between(run.start, run.end)
            comb = axis.every(2 * _HOUR, [Interval(first * _HOUR - run.offset, run.end)])
            mine = cells & spread(comb, 0, _HOUR // axis.tick - 1)
            found[colour] |= mine
            found[1 - colour] |= cells ^ mine
            colour ^= (last - first) & 1
            before = last
        torn = reduce(or_, self._torn, 0)
        return without(found[0], torn), without(found[1], torn)

    @cached_property
    def _torn(self) -> list[int]:
        """Each clock hour that comes in two pieces, with another between them (Chatham goes back from 3:45 to 2:45)."""
        found: list[int] = []
        for early, late in pairwise(self._runs):
            first, last = (late.start + late.offset) // _HOUR, (early.end - 1 + early.offset) // _HOUR
            hours = range(first, last + 1) if first < last else ()
            found += (self._of_hour(early, hour) | self._of_hour(late, hour) for hour in hours)
        return found

    def _of_hour(self, run: Segment, hour: int) -> int:
        """The run's cells in one clock hour, counted from the epoch's on the wall."""
        begin = hour * _HOUR - run.offset
        return self.axis.between(max(begin, run.start), min(begin + _HOUR, run.end))

    @cached_property
    def _runs(self) -> list[Segment]:
        """The board's time, cut only where the offset changes."""
        runs = (list(run) for _, run in groupby(self._cut, key=lambda segment: segment.offset))
        return [run[0]._replace(end=run[-1].end) for run in runs]


# --- the axis -------------------------------------------------------------------------------------


def tick_of(clinic: Clinic, services: Iterable[Service], cut: Sequence[Segment]) -> int:
    """The longest tick that divides the grid, every length, and the way from each segment's grid to the next one's.

    (The clocks of Lord Howe change by half an hour: with a grid of full hours its ticks there are halves.)
    """
    grid = clinic.rules.grid_minutes * 60
    minutes = (each for s in services for each in (s.minutes, s.buffer_before, s.buffer_after))
    begins = [_on_grid(segment, grid).start for segment in cut]
    return gcd(grid, *(60 * each for each in minutes), *(begin - begins[0] for begin in begins))


def _axis(clinic: Clinic, services: tuple[Service, ...], cut: Sequence[Segment], tick: int) -> Axis:
    """From before the earliest second that a footprint may take, and the hour it is in, to after the latest."""
    tick = tick or tick_of(clinic, services, cut)
    if not cut:
        return Axis(0, tick, 0)
    before = max((service.buffer_before for service in services), default=0)
    after = max((service.minutes + service.buffer_after for service in services), default=0)
    begin = _on_grid(cut[0], clinic.rules.grid_minutes * 60).start
    origin = begin + (cut[0].start - before * 60 - _HOUR - begin) // tick * tick
    return Axis(origin, tick, -((origin - cut[-1].end - after * 60) // tick))


def _on_grid(segment: Segment, grid: int) -> Interval:
    """From the segment's first start on the grid to its end."""
    return Interval(segment.start + -(segment.start + segment.shift) % grid, segment.end)
