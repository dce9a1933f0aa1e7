"""The starts that pass the rules of a service on one resource, found without asking the rules for each.

Every rule is also a set of starts: a window of bookable time minus the visit's length, a busy time widened by
the footprint, a day that is full. Sets are sorted half-open ranges of seconds; only what is left meets the grid.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from calbridge import bookable
from calbridge.interval import Interval, merge
from calbridge.rules import Case, case_of
from calbridge.ruleset import extras, ruleset
from calbridge.wall import date_interval, day_interval, days, local_date, segments

Range = tuple[int, int, tuple[str, ...]]
"""First start, first second that is none, and the co-resources chosen so far."""
Start = tuple[int, tuple[str, ...]]


def passing(case: Case, first: date, last: date) -> list[Start]:
    """Starts on local dates `first` to `last` that pass all rules but the throttles, with the co-resources of each.

    `case.start` is not looked at.
    """
    if case.resource.key in case.facts.stale or not all(r.check(case).ok for r in ruleset(case.clinic) if r.fixed):
        return []
    first = max(first, local_date(case.clinic.time_zone, bookable.earliest(case.clinic, case.facts.now, case.today)))
    last = min(last, bookable.horizon_date(case.clinic, case.today))
    if first > last:
        return []
    length, before, after = case.service.minutes * 60, case.service.buffer_before * 60, case.service.buffer_after * 60
    ranges, _ = carve(_bookable(case, first, last), _closed(case, first, last), after=length)
    ranges, _ = carve(ranges, _full_days(case, first, last), after=1)
    taken = case.facts.taken.get(case.resource.key, ())
    ranges, _ = carve(ranges, taken, before=before, after=length + after)
    return _admitted(case, _on_grid(case, _with_co_resources(case, ranges), first, last))


def carve(
    ranges: Iterable[Range], spans: Sequence[Interval], *, before: int = 0, after: int
) -> tuple[list[Range], list[Range]]:
    """The starts at which `[start - before, start + after)` overlaps none of `spans`, and those at which it does.

    `spans` are sorted and disjoint; `ranges` may come in any order.
    """
    outside: list[Range] = []
    inside: list[Range] = []
    for start, end, chosen in ranges:
        cursor, at = start, max(bisect_left(spans, (start - before,)) - 1, 0)
        while at < len(spans) and (low := spans[at][0] - after + 1) < end:
            high = min(spans[at][1] + before, end)
            if cursor < low:
                outside.append((cursor, low, chosen))
                cursor = low
            if cursor < high:
                inside.append((cursor, high, chosen))
                cursor = high
            at += 1
        if cursor < end:
            outside.append((cursor, end, chosen))
    return outside, inside


def _bookable(case: Case, first: date, last: date) -> list[Range]:
    """Rules 4, 5 and 6: windows shortened by the visit's length, between lead time and horizon."""
    low, high = date_interval(case.clinic.time_zone, first, last)
    low = max(low, bookable.earliest(case.clinic, case.facts.now, case.today))
    windows = bookable.hours(case.clinic, case.facts, case.resource, first, _reach(case, last), wide=case.wide)
    length = case.service.minutes * 60
    cut = ((max(start, low), min(end - length + 1, high)) for start, end in windows)
    return [(start, end, ()) for start, end in cut if start < end]


def _reach(case: Case, last: date) -> date:
    """The last local date a visit can end on that starts on `last`; a day is at least 23 hours."""
    return last + timedelta(days=case.service.minutes // 1_380 + 1)


def _closed(case: Case, first: date, last: date) -> list[Interval]:
    """Rules 7, 8 and 9 on the resource itself."""
    clinic, facts, service, resource = case.clinic, case.facts, case.service.key, case.resource.key
    return merge(
        [
            *bookable.closures(clinic, facts, resource),
            *bookable.absences(clinic, facts, resource),
            *bookable.exclusions(clinic, service, resource, case.species, dates=(first, _reach(case, last))),
        ]
    )


def _full_days(case: Case, first: date, last: date) -> list[Interval]:
    """Rule 12."""
    most, counts, key = case.service.max_per_day, case.facts.counts, case.service.key
    if most is None:
        return []
    return [day_interval(case.clinic.time_zone, day) for day in days(first, last) if counts.get((key, day), 0) >= most]


def _with_co_resources(case: Case, ranges: list[Range]) -> list[Range]:
    """Split the ranges by which resource of each required group they get; what gets none is dropped."""
    for group in case.service.requires:
        served: list[Range] = []
        for key in group:
            if key == case.resource.key or key in case.facts.stale:
                continue
            free, rest = _split(case, [r for r in ranges if key not in r[2]], key)
            served += [(start, end, (*chosen, key)) for start, end, chosen in free]
            ranges = [*rest, *(r for r in ranges if key in r[2])]
        ranges = served
    return ranges


def _split(case: Case, ranges: list[Range], key: str) -> tuple[list[Range], list[Range]]:
    """Where a co-resource is there for the visit and free for the footprint, and where it is not."""
    service, length = case.service, case.service.minutes * 60
    there, away = carve(ranges, bookable.absences(case.clinic, case.facts, key), after=length)
    taken, after = case.facts.taken.get(key, ()), length + service.buffer_after * 60
    free, busy = carve(there, taken, before=service.buffer_before * 60, after=after)
    return free, [*away, *busy]


def _on_grid(case: Case, ranges: Iterable[Range], first: date, last: date) -> list[Start]:
    """Rule 10: the multiples of the grid on the wall clock, segment by segment of one UTC offset."""
    cut = [segment for day in days(first, last) for segment in segments(case.clinic.time_zone, day)]
    begins = [segment.start for segment in cut]
    grid = case.clinic.rules.grid_minutes * 60
    found: list[Start] = []
    for start, end, chosen in ranges:
        at = max(bisect_right(begins, start) - 1, 0)
        while at < len(cut) and begins[at] < end:
            low = max(start, begins[at])
            low += -(low + cut[at].shift) % grid
            found += [(moment, chosen) for moment in range(low, min(end, cut[at].end), grid)]
            at += 1
    return sorted(found)


def _admitted(case: Case, starts: list[Start]) -> list[Start]:
    """The rules of plugins are asked for each start that all else leaves."""
    asked = [rule for rule in extras(case.clinic) if not rule.fixed]
    if not asked:
        return starts
    return [(at, chosen) for at, chosen in starts if all(rule.check(_moved(case, at)).ok for rule in asked)]


def _moved(case: Case, start: int) -> Case:
    moved = case_of(case.clinic, case.facts, replace(case.wanted, start=start))
    return moved or case
