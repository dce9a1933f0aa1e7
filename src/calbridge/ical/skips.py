"""SKIP (RFC 7529): what becomes of a date that a month does not have, such as the 31st of April.

The libraries know only the standard's own answer, that there is none (OMIT). Most rules never name such a date; for the
others the same dates are said in words that RFC 5545 has, where it has any.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence

from calbridge.ical.times import Moment

_COMMON_YEAR, _LEAP_YEAR = 2001, 366
_LEAP_DAY = ([2], [29])
_EVERY_MONTH = 28
_ITS_DAY_OF_THE_YEAR = "60"
"""The 29th of February, in other years the day after the 28th."""


def without_skip(freq: str, skip: str, parts: Mapping[str, str], start: Moment) -> Mapping[str, str] | None:
    """The BY parts of a rule that gives these dates without SKIP; None where there are none that do.

    `freq` and `skip` (OMIT, BACKWARD or FORWARD) are the rule's, `parts` its BY parts and WKST, `start` its DTSTART.
    """
    months, days = _named(freq, parts, start)
    if skip == "OMIT" or not any(abs(day) > _shortest(month) for month in months for day in days):
        return parts
    if parts.keys() - {"BYMONTH", "BYMONTHDAY", "WKST"} or len(days) > 1:
        return None
    kept = {name: value for name, value in parts.items() if name != "BYMONTHDAY"}
    if (months, days) == _LEAP_DAY and freq == "YEARLY":
        return _leap_day(skip, kept)
    if skip == "BACKWARD" and (freq == "MONTHLY" or len(months) == 1) and days[0] > 0:
        likely = ",".join(str(day) for day in range(_EVERY_MONTH, days[0] + 1))
        return {**kept, "BYMONTHDAY": likely, "BYSETPOS": "-1"}
    return None


def _leap_day(skip: str, kept: Mapping[str, str]) -> Mapping[str, str]:
    if skip == "BACKWARD":
        return {**kept, "BYMONTH": "2", "BYMONTHDAY": "-1"}
    return {name: value for name, value in kept.items() if name != "BYMONTH"} | {"BYYEARDAY": _ITS_DAY_OF_THE_YEAR}


def _named(freq: str, parts: Mapping[str, str], start: Moment) -> tuple[Sequence[int], Sequence[int]]:
    """Months and days of the month that the rule names, or takes from its start; none where it counts otherwise."""
    if freq not in {"MONTHLY", "YEARLY"}:
        return (), ()
    months = _numbers(parts.get("BYMONTH", ""))
    if "BYMONTHDAY" in parts:
        return months or list(range(1, 13)), _numbers(parts["BYMONTHDAY"])
    if parts.keys() & {"BYYEARDAY", "BYDAY", "BYWEEKNO"}:
        last = any(abs(day) == _LEAP_YEAR for day in _numbers(parts.get("BYYEARDAY", "")))
        return _LEAP_DAY if last else ((), ())
    alone = [start.month] if freq == "YEARLY" else list(range(1, 13))
    return months or alone, [start.day]


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",") if each]


def _shortest(month: int) -> int:
    return monthrange(_COMMON_YEAR, month)[1]
