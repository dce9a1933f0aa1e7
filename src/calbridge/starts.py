"""The starts that pass the rules of a service on one resource, found without asking the rules for each.

Every rule is also a set of starts: a window of bookable time minus the visit's length, a busy time widened by
the footprint, a day that is full. Sets are sorted half-open ranges of seconds; only what is left meets the grid.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from calbridge import bookable
from calbridge.interval import Interval, merge
from calbridge.rules import RULES, Case
from calbridge.wall import date_interval, day_interval, days, local_date, segments

Range = tuple[int, int, tuple[str, ...]]
"""First start, first second that is none, and the co-resources chosen so far."""
Start = tuple[int, tuple[str, ...]]


def passing(case: Case, first: date, last: date) -> list[Start]:
    """Starts on local dates `first` to `last` that pass rules 1 to 12 and 15, with the co-resources of each.

    `case.start` is not looked at.
    """
    if case.resource.key in case.facts.stale or not all(r.check(case).ok for r in RULES if r.fixed):
        return []
    first = max(first, local_date(case.clinic.time_zone, bookable.earliest(case.clinic, case.facts.now, case.today)))
    last = min(last, bookable.horizon_date(case.clinic, case.today))
    if first > last:
        return []
    ranges, _ = carve(_bookable(case, first, last), _holes(case, first, last))
    ranges, _ = carve(ranges, _widened(case, case.facts.taken.get(case.resource.key, ())))
    return _on_grid(case, _with_co_resources(case, ranges), first, last)


def carve(ranges: Sequence[Range], holes: Sequence[tuple[int, int]]) -> tuple[list[Range], list[Range]]:
    """What of `ranges` is outside all `holes`, and what is inside one. Holes ascend by start and by end."""
    outside: list[Range] = []
    inside: list[Range] = []
    index, count = 0, len(holes)
    for start, end, chosen in ranges:
        while index < count and holes[index][1] <= start:
            index += 1
        cursor, at = start, index
        while at < count and holes[at][0] < end:
            low, high = max(holes[at][0], cursor), min(holes[at][1], end)
            if cursor < low:
                outside.append((cursor, low, chosen))
            if low < high:
                inside.append((low, high, chosen))
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


def _holes(case: Case, first: date, last: date) -> list[Interval]:
    """Rules 7, 8, 9 and 12 on the resource itself."""
    clinic, facts, service, resource = case.clinic, case.facts, case.service.key, case.resource.key
    spans = [
        *bookable.closures(clinic),
        *bookable.absences(clinic, facts, resource),
        *bookable.exclusions(clinic, service, resource, case.species, first, _reach(case, last)),
    ]
    return merge([*_before(case, spans), *_full_days(case, first, last)])


def _before(case: Case, spans: Iterable[Interval]) -> list[Interval]:
    """The starts of visits that overlap one of `spans`."""
    length = case.service.minutes * 60
    return [Interval(start - length + 1, end) for start, end in spans]


def _full_days(case: Case, first: date, last: date) -> list[Interval]:
    most, counts, key = case.service.max_per_day, case.facts.counts, case.service.key
    if most is None:
        return []
    full = (day for day in days(first, last) if counts.get((key, day), 0) >= most)
    return [day_interval(case.clinic.time_zone, day) for day in full]


def _widened(case: Case, taken: Iterable[Interval]) -> list[tuple[int, int]]:
    """Rule 11: the starts of footprints that overlap one of `taken`."""
    after = (case.service.minutes + case.service.buffer_after) * 60 - 1
    before = case.service.buffer_before * 60
    return [(start - after, end + before) for start, end in taken]


def _with_co_resources(case: Case, ranges: list[Range]) -> list[Range]:
    """Split the ranges by which resource of each required group they get; what gets none is dropped."""
    for group in case.service.requires:
        chosen: list[Range] = []
        for key in group:
            if key == case.resource.key or key in case.facts.stale:
                continue
            able = [r for r in ranges if key not in r[2]]
            free, rest = carve(able, _blocked(case, key))
            chosen += [(start, end, (*used, key)) for start, end, used in free]
            ranges = sorted([*rest, *(r for r in ranges if key in r[2])])
        ranges = sorted(chosen)
    return ranges


def _blocked(case: Case, key: str) -> list[Interval]:
    """The starts at which a co-resource is away or taken."""
    away = _before(case, bookable.absences(case.clinic, case.facts, key))
    return merge([*away, *(Interval(*hole) for hole in _widened(case, case.facts.taken.get(key, ())))])


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
    return found
