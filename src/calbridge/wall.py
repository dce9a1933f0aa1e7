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
_LOW, _HIGH = ((day.toordinal() - _EPOCH) * 86_400 for day in (date(1, 1, 4), date(9999, 12, 28)))
"""Three days from both ends of the calendar: whatever the zone, the days beside them are in it too."""
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)|([01]\d|2[0-3]):([0-5]\d)-24:00")


_LOOSE = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*(?:-|–|—|bis|to)\s*(\d{1,2})(?:[:.](\d\d))?")


class Segment(NamedTuple):
    """A stretch of one local day with one offset: `instant + shift` is seconds since midnight on the wall."""

    start: int
    end: int
    shift: int
    day: date

    @property
    def offset(self) -> int:
        """Seconds that the wall is ahead of UTC."""
        return self.shift + _midnight(self.day)


# --- zones and instants ---------------------------------------------------------------------------


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name, or ValueError with one sentence."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: "Europe" is a directory of the database
        raise ValueError(f'"{name}" is not a known time zone: write an IANA name such as "Europe/Berlin".') from None


def local(tz: str, instant: int) -> datetime:
    """The aware local time of an instant, for all behind the calendar's last days one of those.

    Whoever asks for the end of the year 9999 is too late like anybody else, and stops nobody.
    """
    return datetime.fromtimestamp(min(max(instant, _LOW), _HIGH), zone(tz))


@lru_cache(maxsize=4_096)
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
    naive = _midnight(day) + minute * 60
    before, after = _seconds(wall), _seconds(wall.replace(fold=1))
    if before < after:
        return _transition(tz, naive - after, naive - before)
    return naive - (after if last else before)


def _midnight(day: date) -> int:
    """The instant of midnight in UTC."""
    return (day.toordinal() - _EPOCH) * 86_400


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


@lru_cache(maxsize=4_096)
def _plain_midnight(tz: str, day: date) -> int | None:
    """Midnight, where the clock changes neither on this day nor on a neighbour: each wall time is so much later."""
    before, here, behind = (segments(tz, day + timedelta(days=offset)) for offset in (-1, 0, 1))
    offsets = {each.offset for each in (*before, *here, *behind)}
    return here[0].start if before and here and behind and len(offsets) == 1 else None


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


def windows_on(tz: str, day: date, windows: Iterable[WallWindow]) -> list[Interval]:
    """The instants of all of them."""
    midnight = _plain_midnight(tz, day)
    if midnight is None:
        return [span for window in windows if (span := window_interval(tz, day, window))]
    return [Interval(midnight + window.start * 60, midnight + window.end * 60) for window in windows]


@lru_cache(maxsize=4_096)
def segments(tz: str, day: date) -> tuple[Segment, ...]:
    """The local day cut where the UTC offset changes: one segment, or two on the day of a change."""
    start, end = day_interval(tz, day)
    if start >= end:  # a day that a country skipped (Samoa, 30 December 2011)
        return ()
    midnight = _midnight(day)
    early, late = _seconds(local(tz, start)), _seconds(local(tz, end - 1))
    if early == late:
        return (Segment(start, end, early - midnight, day),)
    change = _transition(tz, start, end - 1)
    return (
        Segment(start, change, early - midnight, day),
        Segment(change, end, late - midnight, day),
    )


def next_on_grid(tz: str, instant: int, grid_minutes: int) -> int:
    """The first instant from `instant` on at which the wall clock shows a multiple of `grid_minutes`."""
    grid, day = grid_minutes * 60, local_date(tz, instant)
    while True:
        for segment in segments(tz, day):
            start = max(instant, segment.start)
            start += -(start + segment.shift) % grid
            if start < segment.end:
                return start
        day += timedelta(days=1)


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
        example = _meant(text) or 'write "HH:MM-HH:MM", for example "09:00-12:00" or "18:00-24:00".'
        raise ValueError(f'"{text}" is not a window: {example}')
    numbers = [int(part) for part in found.groups() if part is not None]
    start, end = numbers[0] * 60 + numbers[1], (numbers[2] * 60 + numbers[3] if numbers[2:] else DAY)
    if end <= start:
        raise ValueError(
            f'"{text}" ends before it starts: the end must be later on the same day; '
            'split a window over midnight into two, the first ending "24:00".'
        )
    return WallWindow(start=start, end=end)


def _meant(text: str) -> str:
    """How the windows are written that somebody means by `9.00 - 12.00, 14.00 - 18.00`; "" where nobody can tell."""
    parts = [_LOOSE.fullmatch(part.strip()) for part in text.split(",")]
    meant = [f"{p[1]:0>2}:{p[2] or '00'}-{p[3]:0>2}:{p[4] or '00'}" for p in parts if p is not None]
    if len(meant) < len(parts) or not all(map(_WINDOW.fullmatch, meant)):
        return ""
    quoted = '", "'.join(meant)
    each = ", each a text of its own" if len(meant) > 1 else ""
    return f'write "{quoted}"{each}.'


def merge_windows(windows: Iterable[WallWindow]) -> tuple[WallWindow, ...]:
    """Windows of one day, sorted; those that touch or overlap become one."""
    merged: list[WallWindow] = []
    for window in sorted(windows):
        if merged and window.start <= merged[-1].end:
            merged[-1] = WallWindow(start=merged[-1].start, end=max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return tuple(merged)
