"""DTSTART, DTEND and DURATION as instants: dates and floating times are those of the clinic's wall clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from icalendar.prop import vDuration

from calbridge.ical.lines import Component, FaultError, Line, ZoneFaultError
from calbridge.ical.zones import Zones
from calbridge.interval import Interval

_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When one occurrence takes place. `all_day` when it is given in dates."""

    interval: Interval
    all_day: bool


class UnsureError(Exception):
    """A time that only the library can read: the object defines its own zone."""


def moment(line: Line, zones: Zones, clinic: tzinfo) -> date | datetime:
    """The date, or the aware time, that a property gives."""
    match = _STAMP.fullmatch(line.value.strip())
    if not match:
        raise FaultError(f"{line.name} is no date or time", line.number)
    year, month, day_of_month, hour, minute, second, utc = match.groups()
    try:
        day = date(int(year), int(month), int(day_of_month))
        if hour is None:
            return day
        clock = time(int(hour), int(minute), min(int(second or 0), 59))
    except ValueError:
        raise FaultError(f"{line.name} is no date or time", line.number) from None
    return datetime.combine(day, clock, tzinfo=UTC if utc else _zone(line, zones, clinic))


def _zone(line: Line, zones: Zones, clinic: tzinfo) -> tzinfo:
    tzid = line.params.get("TZID")
    if not tzid:
        return clinic
    plain = zones.plain(tzid)
    if plain is not None:
        return plain
    if zones.name(tzid) is None:
        raise ZoneFaultError(line)
    raise UnsureError


def instant(at: date | datetime, clinic: tzinfo) -> int:
    """Epoch seconds; a date is its midnight in the clinic, a time without zone is on the clinic's clock."""
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=clinic)
    elif at.tzinfo is None:
        at = at.replace(tzinfo=clinic)
    return int(at.timestamp())


def span(start: date | datetime, end: date | datetime, clinic: tzinfo) -> Span:
    """One occurrence. A day that ends on itself is that whole day, as every calendar program shows it."""
    all_day = not isinstance(start, datetime)
    if all_day and not isinstance(end, datetime) and end <= start:
        end = start + timedelta(days=1)
    return Span(interval=Interval(instant(start, clinic), instant(end, clinic)), all_day=all_day)


def plain_span(event: Component, zones: Zones, clinic: ZoneInfo) -> Span:
    """When a single event takes place. FaultError when that cannot be read, `UnsureError` when only the library can."""
    begins = event.first("DTSTART")
    if begins is None:
        raise FaultError("the event has no DTSTART", event.begin.number)
    start = moment(begins, zones, clinic)
    ends = event.first("DTEND")
    try:
        return span(start, moment(ends, zones, clinic) if ends else _after(start, event, clinic), clinic)
    except OverflowError:
        raise FaultError("the event lies outside the calendar", begins.number) from None


def _after(start: date | datetime, event: Component, clinic: tzinfo) -> date | datetime:
    """Days are counted on the wall clock, hours are elapsed time (RFC 5545 3.3.6)."""
    line = event.first("DURATION")
    if line is None:
        return start if isinstance(start, datetime) else start + timedelta(days=1)
    length = _duration(line)
    if not isinstance(start, datetime):
        if not length.seconds:
            return start + length
        start = datetime(start.year, start.month, start.day, tzinfo=clinic)
    elapsed = timedelta(seconds=length.seconds)
    return ((start + (length - elapsed)).astimezone(UTC) + elapsed).astimezone(start.tzinfo)


def _duration(line: Line) -> timedelta:
    try:
        length: timedelta = vDuration.from_ical(line.value.strip())  # type: ignore[no-untyped-call]  # it has no types
    except ValueError:
        raise FaultError("DURATION is no length of time", line.number) from None
    return length
