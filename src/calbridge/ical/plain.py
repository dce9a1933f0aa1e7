"""The short way: an event that takes place once, or by one rule that is sure to give something in each period.

dateutil counts on the wall clock, from a period shortly before the window where the rule does not count its
occurrences. Whatever is not plain goes to the library (`recurrence`), which says the same of what is plain, only
thirty times slower.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # it ships no types

from calbridge.ical.events import Event
from calbridge.ical.rules import Rule
from calbridge.ical.series import Instance, Series, end_of
from calbridge.ical.steps import Steps
from calbridge.ical.times import Moment, instant
from calbridge.interval import Interval

_EACH = 20
"""Steps that one occurrence of a rule costs."""

_MARGIN = timedelta(days=2)
"""No zone is further from another, and no clock is changed by more."""

_PERIODS: Final = {
    "SECONDLY": timedelta(seconds=1),
    "MINUTELY": timedelta(minutes=1),
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
}
_SUB_DAILY = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_CLOCK = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
_EVERY_MONTH, _WEEKS = 28, 4
"""Every month has so many days, and so many of each day of the week."""

_LONGEST = 1000
"""A greater INTERVAL is not plain: nobody means it."""


def plain(series: Series) -> Event | None:
    """The event of a series that is plain."""
    events = series.events
    if len(events) != 1:
        return None
    event = events[0]
    if event.extras or len(event.rules) > 1:
        return None
    if not event.rules:
        return None if event.exdates else event
    rule = event.rules[0]
    within_a_day = rule.freq in _SUB_DAILY or bool(rule.parts.keys() & _CLOCK)
    if series.itself is None or (within_a_day and (event.all_day or event.exdates)) or not _sure(rule, event.start):
        return None
    return event


def _sure(rule: Rule, start: Moment) -> bool:
    """True when it gives something in nearly every period, so that looking for the next never takes long."""
    parts = rule.parts.keys() - _CLOCK - {"WKST"}
    if rule.interval > _LONGEST:
        return False
    match rule.freq:
        case "SECONDLY" | "MINUTELY" | "HOURLY":
            return not rule.parts.keys() - {"WKST"}
        case "DAILY":
            return not parts or (parts == {"BYDAY"} and rule.interval == 1)
        case "WEEKLY":
            return not parts - {"BYDAY"}
        case "MONTHLY":
            return _sure_days(rule, parts, start)
        case _:
            return (
                _sure_days(rule, parts - {"BYMONTH"}, start) if "BYMONTH" in parts else _sure_date(rule, parts, start)
            )


def _sure_date(rule: Rule, parts: Set[str], start: Moment) -> bool:
    return not parts and ((start.month, start.day) != (2, 29) or rule.interval == 1)


def _sure_days(rule: Rule, parts: Set[str], start: Moment) -> bool:
    """Days that every month has, or every month's turn coming soon."""
    every = rule.freq == "MONTHLY" and rule.interval == 1
    if not parts:
        return every or start.day <= _EVERY_MONTH
    if parts == {"BYMONTHDAY"}:
        return every or all(abs(int(text)) <= _EVERY_MONTH for text in rule.parts["BYMONTHDAY"].split(","))
    days = rule.parts.get("BYDAY", "").split(",")
    if parts == {"BYDAY"}:
        return all(abs(int(text[:-2] or 0)) <= _WEEKS for text in days)
    if parts == {"BYDAY", "BYSETPOS"}:
        most = max(abs(int(text)) for text in rule.parts["BYSETPOS"].split(","))
        return all(len(text) == len("MO") for text in days) and most <= _WEEKS * len(set(days))
    return False


def instances(event: Event, window: Interval, zone: ZoneInfo, steps: Steps) -> Iterator[Instance]:
    """Every occurrence of a plain event that may touch the window."""
    if not event.rules:
        yield Instance(event, event.start, event.end)
        return
    left_out = _LeftOut(event, zone)
    for start in _starts(event, event.rules[0], window, zone, steps):
        if start not in left_out:
            yield Instance(event, start, end_of(event, start, zone))


def _starts(event: Event, rule: Rule, window: Interval, zone: ZoneInfo, steps: Steps) -> Iterator[Moment]:
    """The event itself, and what its rule gives. (DTSTART counts though the rule may not give it.)"""
    here = (event.start.tzinfo if isinstance(event.start, datetime) else None) or zone
    first = _wall(event.start)
    low = _clock(window.start, here) - _MARGIN - timedelta(seconds=event.span.end - event.span.start)
    high = _clock(window.end, here) + _MARGIN
    until = rule.until
    if first >= low and (until is None or event.start <= until):
        yield event.start
    for wall in _walls(rule, first, low):
        steps.spend(_EACH)
        start = _like(wall, event.start)
        if wall > high or (until is not None and start > until):
            return
        if wall >= low and wall != first:
            yield start


def _walls(rule: Rule, first: datetime, low: datetime) -> Iterator[datetime]:
    """What the rule gives on the wall clock, from a period before `low` on where it does not count."""
    by, begin = rule.by, first
    if rule.count is not None:
        by += f";COUNT={rule.count}"
    elif first < low:
        by += _implied(rule, first)
        begin = _begun(rule, first, low)
    yield from rrulestr(f"FREQ={rule.freq};INTERVAL={rule.interval}{by}", dtstart=begin)


def _implied(rule: Rule, first: datetime) -> str:
    """The day that a rule by months takes from DTSTART, said aloud: it begins with the first of a month now."""
    if rule.freq not in {"MONTHLY", "YEARLY"} or rule.parts.keys() & {"BYDAY", "BYMONTHDAY"}:
        return ""
    month = "" if rule.freq == "MONTHLY" or "BYMONTH" in rule.parts else f";BYMONTH={first.month}"
    return f"{month};BYMONTHDAY={first.day}"


def _begun(rule: Rule, first: datetime, low: datetime) -> datetime:
    """The start of a period of the rule that is not after `low`."""
    period = _PERIODS.get(rule.freq)
    if period is not None:
        return first + (low - first) // (period * rule.interval) * (period * rule.interval)
    months = rule.interval * (1 if rule.freq == "MONTHLY" else 12)
    passed = ((low.year - first.year) * 12 + low.month - first.month) // months * months
    if passed <= 0:
        return first
    year, month = divmod(first.year * 12 + first.month - 1 + passed, 12)
    return first.replace(year=year, month=month + 1, day=1)


class _LeftOut:
    """What EXDATE leaves out: by wall clock, by instant, or by day."""

    def __init__(self, event: Event, zone: ZoneInfo) -> None:
        self._zone = zone
        tz = event.start.tzinfo if isinstance(event.start, datetime) else None
        times = [at for at in event.exdates if isinstance(at, datetime)]
        self._instants = {instant(at, zone) for at in times}
        self._walls = {_wall(at.astimezone(tz) if tz else at) for at in times}
        self._days = {at for at in event.exdates if not isinstance(at, datetime)}

    def __contains__(self, start: Moment) -> bool:
        if not self._days and not self._instants:
            return False
        day = start.date() if isinstance(start, datetime) else start
        return day in self._days or _wall(start) in self._walls or instant(start, self._zone) in self._instants


def _wall(at: Moment) -> datetime:
    """As a clock there shows it."""
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day)  # noqa: DTZ001  # a wall clock's
    return at.replace(tzinfo=None, fold=0)


def _clock(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None)


def _like(wall: datetime, start: Moment) -> Moment:
    return wall.replace(tzinfo=start.tzinfo) if isinstance(start, datetime) else wall.date()
