"""What each resource's time is, column by column, from the same facts that the slot rules look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from calbridge import bookable
from calbridge.cli.drawing.axis import Day
from calbridge.cli.drawing.marks import MARKS
from calbridge.facts import Facts
from calbridge.interval import Interval, first_overlap, merge, subtract
from calbridge.model import Clinic, Service
from calbridge.origins import Origin
from calbridge.slots import Slot, offers
from calbridge.wall import date_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be drawn: the resources `keys` for one service, with the slots that are offered."""

    clinic: Clinic
    facts: Facts
    origins: Sequence[Origin]
    service: Service
    keys: Sequence[str]
    slots: Sequence[Slot]

    @property
    def able(self) -> list[str]:
        """Who can do the service."""
        return [key for key in self.keys if key in self.service.resources]

    @property
    def needed(self) -> list[str]:
        """What it needs besides."""
        groups = {key for group in self.service.requires for key in group}
        return [key for key in self.keys if key in groups and key not in self.service.resources]

    def bookable(self, days: Sequence[date]) -> Iterator[Interval]:
        """All time in which anybody could be booked; of a room alone, that in which it could be needed."""
        for key in self.able or self.service.resources:
            yield from bookable.hours(
                self.clinic, self.facts, self.clinic.resources[key], days[0], days[-1], wide=False
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One resource on one day. `starts` is how many starts are offered; None for what is only needed too."""

    resource: str
    marks: tuple[MARKS, ...]
    starts: int | None

    @property
    def closed(self) -> bool:
        """Nothing is there but closed time."""
        return set(self.marks) <= {MARKS.CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """The time of one resource: starts that are offered or kept back, and sorted, disjoint time for the other marks."""

    offered: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()
    spans: Mapping[MARKS, Sequence[Interval]]

    def mark(self, column: Interval) -> MARKS:
        """The first that is true of it."""
        if _in(self.offered, column):
            return MARKS.OFFERED
        if _in(self.kept, column):
            return MARKS.KEPT
        return next((mark for mark, spans in self.spans.items() if first_overlap(spans, column)), MARKS.FREE)


def _in(starts: frozenset[int], column: Interval) -> int:
    """How many begin in it; a start is on a whole minute of the wall clock."""
    return sum(at in starts for at in range(column.start, column.end, 60))


def rows(asked: Question, days: Sequence[Day]) -> list[list[Row]]:
    """For each day one row for everybody who can do the service, then one for each thing it needs besides."""
    first, last = days[0].date, days[-1].date
    unthinned = _unthinned(asked, first, last)
    layers = {key: _layers(asked, unthinned, key, first, last) for key in asked.able}
    layers |= {key: Layers(spans=_away(asked, key)) for key in asked.needed}
    return [[_row(day, key, layer, counted=key in asked.able) for key, layer in layers.items()] for day in days]


def _row(day: Day, key: str, layers: Layers, *, counted: bool) -> Row:
    starts = sum(_in(layers.offered, column) for column in day.columns) if counted else None
    return Row(resource=key, marks=tuple(layers.mark(column) for column in day.columns), starts=starts)


def _unthinned(asked: Question, first: date, last: date) -> Sequence[Slot]:
    """What would be offered if nothing were kept back."""
    rules = asked.clinic.rules
    if rules.slots_per_hour is None and not rules.reserved_per_day:
        return ()
    free = replace(asked.clinic, rules=replace(rules, slots_per_hour=None, reserved_per_day=0))
    return offers(free, asked.facts, asked.service.key, first, last)


def _layers(asked: Question, unthinned: Iterable[Slot], key: str, first: date, last: date) -> Layers:
    offered = frozenset(slot.start for slot in asked.slots if slot.resource == key)
    kept = frozenset(slot.start for slot in unthinned if slot.resource == key) - offered
    closed = _closed(asked, key, first, last)
    return Layers(offered=offered, kept=kept, spans={**_away(asked, key), MARKS.CLOSED: tuple(closed)})


def _away(asked: Question, key: str) -> dict[MARKS, Sequence[Interval]]:
    """Of what is only needed besides, nothing else matters."""
    held = merge(
        span
        for origin in asked.origins
        if origin.resource == key and origin.kind in ("held", "requested")
        for span in origin.spans
    )
    absences = bookable.absences(asked.clinic, asked.facts, key)
    return {MARKS.HELD: held, MARKS.TAKEN: asked.facts.taken.get(key, ()), MARKS.ABSENT: absences}


def _closed(asked: Question, key: str, first: date, last: date) -> list[Interval]:
    """All time of those dates but the bookable windows, and what closures and exclusions take out of them."""
    clinic, facts = asked.clinic, asked.facts
    hours = bookable.hours(clinic, facts, clinic.resources[key], first, last, wide=False)
    exclusions = bookable.exclusions(clinic, asked.service.key, key, None, dates=(first, last))
    open_ = subtract(hours, [*bookable.closures(clinic, facts, key), *exclusions])
    return subtract([date_interval(clinic.time_zone, first, last)], open_)
