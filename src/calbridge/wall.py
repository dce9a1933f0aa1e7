"""Wall-clock windows to instants (rules.md section 1): the only module of the core that knows time zones.

A window starts at the first occurrence of its wall time and ends at the last; an edge inside the gap moves to the
gap's end. `24:00` is the end of that local day. Durations are elapsed seconds and never pass through here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from calbridge.interval import Interval
from calbridge.model import WallWindow

DAY = 1440
_EPOCH = date(1970, 1, 1).toordinal()
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)|([01]\d|2[0-3]):([0-5]\d)-24:00")


class Segment(NamedTuple):
    """A stretch of one local day with one offset: `instant + shift` is seconds since midnight on the wall."""

    start: int
    end: int
    shift: int
    day: date


# --- zones and instants ---------------------------------------------------------------------------


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name, or ValueError with one sentence."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: "Europe" is a directory of the database
        raise ValueError(f'"{name}" is not a known time zone: write an IANA name such as "Europe/Berlin".') from None


def local(tz: str, instant: int) -> datetime:
    """The aware local time of an instant."""
    return datetime.fromtimestamp(instant, zone(tz))


def local_date(tz: str, instant: int) -> date:
    """The local date of an instant."""
    return local(tz, instant).date()


def minute_of_day(tz: str, instant: int) -> int:
    """Whole minutes since local midnight on the wall clock, also on the days when the clock changes."""
    here = local(tz, instant)
    return here.hour * 60 + here.minute


def on_grid(tz: str, instant: int, grid_minutes: int) -> bool:
    """True when the wall clock shows a multiple of `grid_minutes` since midnight, and no odd seconds."""
    return local(tz, instant).second == 0 and minute_of_day(tz, instant) % grid_minutes == 0


@lru_cache(maxsize=65_536)
def instant_of(tz: str, day: date, minute: int, *, last: bool = False) -> int:
    """The first (or `last`) instant at which the wall shows `minute`; inside the gap, the gap's end."""
    if minute == DAY:  # the day's end; where midnight happens twice, both belong to the next day
        return instant_of(tz, day + timedelta(days=1), 0)
    wall = datetime.combine(day, time(minute // 60, minute % 60), zone(tz))
    naive = (day.toordinal() - _EPOCH) * 86_400 + minute * 60
    before, after = _seconds(wall), _seconds(wall.replace(fold=1))
    if before < after:
        return _transition(tz, naive - after, naive - before)
    return naive - (after if last else before)


def _seconds(moment: datetime) -> int:
    offset = moment.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _transition(tz: str, low: int, high: int) -> int:
    """The first instant after `low` that has the offset of `high`; one change of offset lies between."""
    target = _seconds(local(tz, high))
    while high - low > 1:
        middle = (low + high) // 2
        if _seconds(local(tz, middle)) == target:
            high = middle
        else:
            low = middle
    return high


# --- days and windows -----------------------------------------------------------------------------


def days(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`, both inclusive."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def day_interval(tz: str, day: date) -> Interval:
    """The instants of one local day: 23, 24 or 25 hours; consecutive days touch."""
    return Interval(instant_of(tz, day, 0), instant_of(tz, day, DAY))


def date_interval(tz: str, first: date, last: date) -> Interval:
    """The instants of the local days `first` to `last`, both inclusive."""
    return Interval(instant_of(tz, first, 0), instant_of(tz, last, DAY))


def window_interval(tz: str, day: date, window: WallWindow) -> Interval | None:
    """The instants of a wall-clock window on one local day, or None when the clock jumps over all of it."""
    span = Interval(instant_of(tz, day, window.start), instant_of(tz, day, window.end, last=True))
    return span if span.start < span.end else None


@lru_cache(maxsize=4_096)
def segments(tz: str, day: date) -> tuple[Segment, ...]:
    """The local day cut where the UTC offset changes: one segment, or two on the day of a change."""
    start, end = day_interval(tz, day)
    if start >= end:  # a day that a country skipped (Samoa, 30 December 2011)
        return ()
    midnight = (day.toordinal() - _EPOCH) * 86_400
    early, late = _seconds(local(tz, start)), _seconds(local(tz, end - 1))
    if early == late:
        return (Segment(start, end, early - midnight, day),)
    change = _transition(tz, start, end - 1)
    return (
        Segment(start, change, early - midnight, day),
        Segment(change, end, late - midnight, day),
    )


def parity(day: date) -> Literal["odd", "even"]:
    """The parity of the ISO week number; 2026-W53 and 2027-W01 are both odd."""
    return "odd" if day.isocalendar().week % 2 else "even"


Part = Literal["morning", "afternoon", "evening"]
PARTS: dict[Part, WallWindow] = {
    "morning": WallWindow(start=0, end=720),
    "afternoon": WallWindow(start=720, end=1020),
    "evening": WallWindow(start=1020, end=DAY),
}
"""The parts of a day that people ask for (S3), by the minute a visit begins."""


def part_of_day(tz: str, start: int) -> Part:
    """The part of the local day in which a visit begins."""
    minute = minute_of_day(tz, start)
    return next(part for part, window in PARTS.items() if window.start <= minute < window.end)


# --- text -----------------------------------------------------------------------------------------


def parse_windows(texts: Iterable[str]) -> tuple[WallWindow, ...]:
    """`["09:00-12:00", "14:00-24:00"]` as merged windows, or ValueError with one sentence."""
    return merge_windows(parse_window(text) for text in texts)


def parse_window(text: str) -> WallWindow:
    """`"09:00-12:00"`, or ValueError with one sentence."""
    found = _WINDOW.fullmatch(text.strip())
    if not found:
        raise ValueError(f'"{text}" is not a window: write "HH:MM-HH:MM", for example "09:00-12:00" or "18:00-24:00".')
    numbers = [int(part) for part in found.groups() if part is not None]
    start, end = numbers[0] * 60 + numbers[1], (numbers[2] * 60 + numbers[3] if numbers[2:] else DAY)
    if end <= start:
        raise ValueError(
            f'"{text}" ends before it starts: the end must be later on the same day; '
            'split a window over midnight into two, the first ending "24:00".'
        )
    return WallWindow(start=start, end=end)


def merge_windows(windows: Iterable[WallWindow]) -> tuple[WallWindow, ...]:
    """Windows of one day, sorted; those that touch or overlap become one."""
    merged: list[WallWindow] = []
    for window in sorted(windows):
        if merged and window.start <= merged[-1].end:
            merged[-1] = WallWindow(start=merged[-1].start, end=max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return tuple(merged)
