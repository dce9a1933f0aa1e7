"""Dates, times and durations as they stand in a property, and the instants they mean.

A date stays a date and a time without zone stays without one: both are those of whoever looks, `zone`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calbridge.ical.lines import FaultError, Line, ZoneFaultError
from calbridge.ical.steps import Steps
from calbridge.ical.zones import Zones
from calbridge.interval import Interval

Moment = date | datetime
"""A date, a time without zone (floating), or an aware time."""

_MOMENT = re.compile(r"(\d{8})(?:T(\d{4}|\d{6})(Z?))?", re.ASCII | re.IGNORECASE)
_SECONDS, _LEAP = 6, "60"
"""Digits of a time with seconds, and the second that is only there now and then: it counts as the one before it."""

_MIDNIGHT = frozenset({"2400", "240000"})
"""The end of a day, as ISO 8601 had it."""

_DAY = timedelta(days=1)
_LENGTH = re.compile(
    r"([+-]?)P(?=.*\d)(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?",
    re.ASCII | re.IGNORECASE,
)


class Length(NamedTuple):
    """How long a DURATION says: so many days on the wall clock, then so many seconds that pass (RFC 5545 3.3.6).

    `P1W` ends when the clock shows the same again, `PT168H` an hour beside it in the week of a change.
    """

    days: int
    seconds: int


def moment(text: str, line: Line, zones: Zones) -> Moment:
    """What one value of a property says. FaultError where it is no time, `ZoneFaultError` where only its zone is."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise FaultError(f"{line.name} is no date or time", line.number)
    day, clock, utc = match.groups()
    try:
        if clock is None:
            return date.fromisoformat(day)
        if clock in _MIDNIGHT:
            return _zoned(datetime.fromisoformat(day) + _DAY, line, zones, utc=bool(utc))
        if len(clock) == _SECONDS and clock.endswith(_LEAP):
            clock = clock[:-2] + "59"
        at = datetime.fromisoformat(f"{day}T{clock}")
    except ValueError:
        raise FaultError(f"{line.name} is no date or time", line.number) from None
    return _zoned(at, line, zones, utc=bool(utc))


def _zoned(at: datetime, line: Line, zones: Zones, *, utc: bool) -> datetime:
    """X-WR-TIMEZONE is for what has no zone, and publishers write UTC for the wall clock of their calendar."""
    tzid = "" if utc else line.params.get("TZID", "")
    zone: tzinfo | None = UTC if utc else None
    if tzid:
        zone = zones.zone(tzid)
        if zone is None:
            raise ZoneFaultError(line)
    if zones.default is None or (zone is not None and zone is not UTC):
        return at.replace(tzinfo=zone)
    return at.replace(tzinfo=UTC).astimezone(zones.default) if zone else at.replace(tzinfo=zones.default)


def respelled(text: str) -> str:
    """A time as the standard spells it, of one as ISO 8601 and many a program do; "" of anything else.

    "2026-03-05 10:00" is 20260305T100000, "20260305T100000+0100" is 20260305T090000Z.
    """
    with suppress(ValueError):
        return date.fromisoformat(text).isoformat().replace("-", "")
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(text)
        utc = at.astimezone(UTC) if at.tzinfo else at
        return re.sub("[-:]", "", utc.replace(tzinfo=None).isoformat(timespec="seconds")) + ("Z" if at.tzinfo else "")
    return ""


def floating(text: str, line: Line) -> Moment:
    """The same value with its zone left out, for what is in a zone that nothing defines."""
    return moment(text, Line(line.name, line.name, line.value, line.number), _NO_ZONES)


_NO_ZONES = Zones(Steps(0, 0))


def instant(at: Moment, zone: ZoneInfo) -> int:
    """Epoch seconds; a date is its midnight in `zone`, a time without zone is on the clock there."""
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=zone)
    elif at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return int(at.timestamp())


def span_of(start: Moment, end: Moment, zone: ZoneInfo) -> Interval:
    """The instants of two moments of one kind.

    What begins in the hour that a spring night leaves out begins an hour later; where that is not before its end any
    more, it lasts as long as its clock times say.
    """
    first, last = instant(start, zone), instant(end, zone)
    if last <= first and end > start:
        last = first + int((end - start).total_seconds())  # type: ignore[operator]
    return Interval(first, last)


def wall(at: Moment) -> datetime:
    """As a clock there shows it; a date is its midnight."""
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day)  # noqa: DTZ001  # a wall clock's
    return at.replace(tzinfo=None, fold=0)


def duration(line: Line) -> Length:
    """How long a DURATION says. Not by the library: it makes a week of `PT168H`."""
    match = _LENGTH.fullmatch(line.value)
    if match is None:
        raise FaultError(f"{line.name} is no length of time", line.number)
    sign, *numbers = match.groups()
    weeks, days, hours, minutes, seconds = (int(f"{sign}{number or 0}") for number in numbers)
    return Length(weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)


def after(start: Moment, length: Length, zone: ZoneInfo) -> Moment:
    """The end of what begins then; a date has no clock that could change, so its hours are those of any day."""
    days, elapsed = timedelta(days=length.days), timedelta(seconds=length.seconds)
    if not isinstance(start, datetime):
        return wall(start) + days + elapsed
    if start.tzinfo is None:
        here = (start + days).replace(tzinfo=zone)
        return (here.astimezone(UTC) + elapsed).astimezone(zone).replace(tzinfo=None)
    return ((start + days).astimezone(UTC) + elapsed).astimezone(start.tzinfo)


def alike(at: Moment, like: Moment, zone: ZoneInfo) -> Moment:
    """The same moment in the form of another: a date, a time without zone, or one with a zone.

    Exchange names the days of a series in times, other programs write UTC beside floating times.
    """
    if not isinstance(like, datetime):
        return day(at, zone)
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day, tzinfo=like.tzinfo)
    if at.tzinfo is None and like.tzinfo is not None:
        return at.replace(tzinfo=like.tzinfo)
    if at.tzinfo is not None and like.tzinfo is None:
        return at.astimezone(zone).replace(tzinfo=None)
    return at


def day(at: Moment, zone: ZoneInfo) -> date:
    """The date that is meant: that of midnight where the time is one as written, else the date in `zone`."""
    if not isinstance(at, datetime):
        return at
    if at.tzinfo is None or at.time() == time():
        return at.date()
    return at.astimezone(zone).date()
