"""Counting by one rule with dateutil, on the wall clock: fast where the rule is sure to give something soon.

What is not sure (`FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30` gives nothing in 8,000 years) is for `recurrence`, which is
stopped from inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import datetime, timedelta
from typing import Final

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # it ships no types

from calbridge.ical.rules import Rule
from calbridge.ical.times import Moment

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
"""A greater INTERVAL is not sure: nobody means it."""


def within_a_day(rule: Rule) -> bool:
    """It may give several times a day."""
    return rule.freq in _SUB_DAILY or bool(rule.parts.keys() & _CLOCK)


def sure(rule: Rule, start: Moment) -> bool:
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


def walls(rule: Rule, first: datetime, low: datetime) -> Iterator[datetime]:
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
