"""Dates, times and durations as they stand in a property, and the instants they mean.

A date stays a date and a time without zone stays without one: both are those of whoever looks, `zone`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from icalendar.prop import vDuration

from calbridge.ical.lines import FaultError, Line, ZoneFaultError
from calbridge.ical.steps import Steps
from calbridge.ical.zones import Zones
from calbridge.interval import Interval

Moment = date | datetime
"""A date, a time without zone (floating), or an aware time."""

_MOMENT = re.compile(r"(\d{8})(?:T(\d{4}|\d{6})(Z?))?", re.ASCII)
_SECONDS, _LEAP = 6, "60"
"""Digits of a time with seconds, and the second that is only there now and then: it counts as the one before it."""


def moment(text: str, line: Line, zones: Zones) -> Moment:
    """What one value of a property says. FaultError where it is no time, `ZoneFaultError` where only its zone is."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise FaultError(f"{line.name} is no date or time", line.number)
    day, clock, utc = match.groups()
    try:
        if clock is None:
            return date.fromisoformat(day)
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


def duration(line: Line) -> timedelta:
    """How long a DURATION says."""
    try:
        length: timedelta = vDuration.from_ical(line.value)  # type: ignore[no-untyped-call]  # it has no types
    except (ValueError, OverflowError):
        raise FaultError(f"{line.name} is no length of time", line.number) from None
    return length


def after(start: Moment, length: timedelta, zone: ZoneInfo) -> Moment:
    """The end of what begins then: days are counted on the wall clock, hours are elapsed time (RFC 5545 3.3.6)."""
    if not isinstance(start, datetime):
        if not length.seconds:
            return start + length
        start = datetime(start.year, start.month, start.day)  # noqa: DTZ001  # floating, as the date was
    elapsed = timedelta(seconds=length.seconds)
    days = length - elapsed
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
