"""Times, dates and lists as people read them; always the clinic's wall clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from calbridge.interval import Interval
from calbridge.model import WallWindow
from calbridge.wall import date_interval, instant_of, local, local_date, minute_of_day

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = ((86_400, "day"), (3_600, "h"), (60, "min"), (1, "s"))


def clock(tz: str, at: int) -> str:
    """`09:00`; in the hour that happens twice with its offset, `02:30+01:00`."""
    here = local(tz, at)
    text = here.strftime("%H:%M:%S") if here.second else here.strftime("%H:%M")
    minute = minute_of_day(tz, at)
    twice = instant_of(tz, here.date(), minute) != instant_of(tz, here.date(), minute, last=True)
    return text + _offset(here.strftime("%z")) if twice else text


def _offset(compact: str) -> str:
    return f"{compact[:3]}:{compact[3:5]}"


def dated(day: date) -> str:
    """`Mon 2026-11-23`."""
    return f"{WEEKDAYS[day.weekday()][:3]} {day.isoformat()}"


def moment(tz: str, at: int) -> str:
    """`Mon 2026-11-23 09:00`."""
    return f"{dated(local_date(tz, at))} {clock(tz, at)}"


def times(tz: str, span: Interval) -> str:
    """`09:00-12:00`; an end at midnight is 24:00; over midnight and longer, both with their dates."""
    first = local_date(tz, span.start)
    if span.end == instant_of(tz, first, 1440):
        return f"{clock(tz, span.start)}-24:00"
    if local_date(tz, span.end) == first:
        return f"{clock(tz, span.start)}-{clock(tz, span.end)}"
    return f"{moment(tz, span.start)} to {moment(tz, span.end)}"


def stretch(tz: str, span: Interval) -> str:
    """With its date: `on Mon 2026-11-23 09:00-12:00`, or whole days, `from 2026-12-24 to 2027-01-01`."""
    first, last = local_date(tz, span.start), local_date(tz, span.end - 1)
    if span == date_interval(tz, first, last):
        return period(first, last)
    return f"on {dated(first)} {times(tz, span)}" if first == last else f"from {times(tz, span)}"


def period(first: date | None, last: date | None) -> str:
    """Local dates, both inclusive; either may be open."""
    if first is not None and first == last:
        return f"on {first.isoformat()}"
    parts = [f"from {first.isoformat()}"] if first else []
    parts += [f"{'to' if first else 'until'} {last.isoformat()}"] if last else []
    return " ".join(parts) or "always"


def windows(given: Iterable[WallWindow]) -> str:
    """`09:00-12:00 and 14:00-24:00`."""
    return listed([f"{_wall(window.start)}-{_wall(window.end)}" for window in given])


def _wall(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def week(day: date) -> str:
    """`2026-W48`."""
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02}"


def lasting(seconds: int) -> str:
    """`4 h`, `1 h 30 min`, `2 days`."""
    parts = []
    for size, name in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}{'s' if name == 'day' and count > 1 else ''}")
    return " ".join(parts) or "0 min"


def listed(words: Sequence[str], joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {joint} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def ordinals(days: Iterable[int]) -> str:
    """`Mondays and Wednesdays`."""
    return listed([f"{WEEKDAYS[day]}s" for day in sorted(days)])
