"""The time axis of each day: one column for each stretch of the wall clock, in the instants it really has.

On the day the clocks go back the hour that happens twice has its columns twice; on the day they go forward the hour
that is skipped has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from calbridge.interval import Interval
from calbridge.wall import DAY, instant_of, local_date, minute_of_day, segments

WIDTHS = (5, 10, 15, 20, 30, 60)
"""Minutes a column may stand for."""
QUARTER = 15
"""Finer than this only where visits begin more often."""
WIDE = 3
"""Signs of one column, at most."""


class Span(NamedTuple):
    """Minutes of the local day that are drawn, whole hours."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """`columns` are instants; `hours` are (index of the column, hour of the wall clock) where an hour begins."""

    date: date
    columns: tuple[Interval, ...]
    hours: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """`minutes` of one column, which is drawn as so many `signs`."""

    days: tuple[Day, ...]
    minutes: int
    signs: int


def hull(tz: str, spans: Iterable[Interval], within: Span) -> Span | None:
    """The whole hours that hold all of `spans` on their own days; None where there are none."""
    edges = [_edges(tz, span) for span in spans]
    low = max(min((start for start, _ in edges), default=DAY), within.start)
    high = min(max((end for _, end in edges), default=0), within.end)
    return Span(low - low % 60, high + -high % 60) if low < high else None


def _edges(tz: str, span: Interval) -> Span:
    """Its first and last minute on the wall; what runs over midnight has all of both days."""
    if local_date(tz, span.start) != local_date(tz, span.end - 1):
        return Span(0, DAY)
    return Span(minute_of_day(tz, span.start), minute_of_day(tz, span.end - 1) + 1)


def axis(tz: str, days: Sequence[date], span: Span, *, grid: int, room: int) -> Axis:
    """The finest columns that fit into `room` characters and agree with the grid on which visits begin."""
    fitting = [w for w in WIDTHS if w >= min(grid, QUARTER) and (w % grid == 0 or grid % w == 0)]
    for minutes in fitting:
        found = tuple(_day(tz, day, span, minutes) for day in days)
        most = max(len(day.columns) for day in found)
        if most <= room:
            break
    return Axis(days=found, minutes=minutes, signs=max(min(room // max(most, 1), WIDE), 1))


def _day(tz: str, day: date, span: Span, minutes: int) -> Day:
    start, end = instant_of(tz, day, span.start), instant_of(tz, day, span.end, last=True)
    columns = tuple(_columns(tz, day, Interval(start, end), minutes * 60))
    hours = (
        (index, minute_of_day(tz, column.start) // 60)
        for index, column in enumerate(columns)
        if minute_of_day(tz, column.start) % 60 == 0
    )
    return Day(date=day, columns=columns, hours=tuple(hours))


def _columns(tz: str, day: date, shown: Interval, length: int) -> Iterable[Interval]:
    for segment in segments(tz, day):
        at, until = max(segment.start, shown.start), min(segment.end, shown.end)
        while at < until:
            after = min(at + length - (at + segment.shift) % length, until)
            yield Interval(at, after)
            at = after
