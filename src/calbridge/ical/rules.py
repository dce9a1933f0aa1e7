"""A recurrence rule (RFC 5545 3.3.10) checked part by part, so that the libraries meet no text they stumble over.

What programs write and the standard does not want is put right where it has one meaning: UNTIL in another form than
DTSTART, empty list items, X- parts, a calendar scale that is the common one, SKIP where RFC 5545 can say the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from calbridge.ical.lines import FaultError, Line, number
from calbridge.ical.skips import without_skip
from calbridge.ical.times import Moment, day, floating

LONGEST = 4_000
"""Characters of a rule: one that names every day of the year and every second of a minute has 1,600."""

_RANGES = {
    "BYSECOND": range(60),
    "BYMINUTE": range(60),
    "BYHOUR": range(24),
    "BYMONTH": range(1, 13),
    "BYMONTHDAY": range(1, 32),
    "BYYEARDAY": range(1, 367),
    "BYWEEKNO": range(1, 54),
    "BYSETPOS": range(1, 367),
}
_FROM_THE_END = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
_DAYS = frozenset({"MO", "TU", "WE", "TH", "FR", "SA", "SU"})
_BYDAY = re.compile(r"[+-]?\d{0,2}(?:MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_FREQUENCIES = frozenset({"SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_SKIPS = frozenset({"OMIT", "BACKWARD", "FORWARD"})
_SIGNED = re.compile(r"[+-]?\d{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The rule of a line. `parts` are the BY parts and WKST; `until` is the last moment, in DTSTART's form or UTC."""

    line: int
    freq: str
    interval: int
    parts: Mapping[str, str]
    count: int | None = None
    until: Moment | None = None

    @property
    def text(self) -> str:
        """As the libraries take it."""
        until = "" if self.until is None else f";UNTIL={_written(self.until)}"
        count = "" if self.count is None else f";COUNT={self.count}"
        return f"FREQ={self.freq};INTERVAL={self.interval}{count}{until}{self.by}"

    @property
    def by(self) -> str:
        """Its BY parts and WKST alone, each with a semicolon before it."""
        return "".join(f";{name}={value}" for name, value in self.parts.items())


def _written(until: Moment) -> str:
    if not isinstance(until, datetime):
        return f"{until:%Y%m%d}"
    return f"{until:%Y%m%dT%H%M%S}{'Z' if until.tzinfo else ''}"


def rules_of(line: Line, start: Moment, zone: ZoneInfo) -> tuple[Rule, ...]:
    """The rule of an event that starts then. FaultError names the part that cannot be read.

    Two where it gives both COUNT and UNTIL, which the standard forbids: whichever lasts longer keeps more time free.
    """
    if len(line.value) > LONGEST:
        raise FaultError(f"{line.name} is longer than {LONGEST:,} characters", line.number)
    given = _given(line)
    freq = given.pop("FREQ", "")
    if freq not in _FREQUENCIES:
        raise FaultError(f"{line.name} has no FREQ that is known", line.number)
    interval, count = _whole(given, "INTERVAL", line), _whole(given, "COUNT", line)
    until = given.pop("UNTIL", "")
    parts = _parts(given, freq, line, start)
    rule = Rule(line=line.number, freq=freq, interval=1 if interval is None else interval, parts=parts, count=count)
    if not until:
        return (rule,)
    ending = replace(rule, count=None, until=_until(until, line, start, zone))
    return (ending,) if count is None else (ending, rule)


def _parts(given: dict[str, str], freq: str, line: Line, start: Moment) -> Mapping[str, str]:
    """The BY parts and WKST, in words that RFC 5545 has (RFC 7529 adds other calendars, and what is done with a date
    that a month does not have)."""
    scale, skip = given.pop("RSCALE", "GREGORIAN"), given.pop("SKIP", "OMIT")
    if scale != "GREGORIAN":
        raise FaultError(f"{line.name} counts by another calendar than the common one (RSCALE)", line.number)
    if skip not in _SKIPS:
        raise FaultError(f"SKIP of {line.name} cannot be read", line.number)
    parts = without_skip(freq, skip, {name: _part(name, value, line) for name, value in given.items()}, start)
    if parts is None:
        raise FaultError(
            f"{line.name} moves dates that a month does not have (SKIP) in a way not known here", line.number
        )
    return parts


def _given(line: Line) -> dict[str, str]:
    given: dict[str, str] = {}
    for pair in line.value.upper().split(";"):
        name, equals, value = (part.strip() for part in pair.partition("="))
        items = ",".join(item for each in value.split(",") if (item := each.strip()))
        if equals and items and not name.startswith("X-"):
            given[name] = items
        elif pair.strip() and not equals:
            raise FaultError(f"{line.name} has a part without a value", line.number)
    return given


def _whole(given: dict[str, str], name: str, line: Line) -> int | None:
    """A number of at least one. A negative COUNT is none: programs write it for "for ever"."""
    text = given.pop(name, "")
    if not text or (name == "COUNT" and text.startswith("-")):
        return None
    value = number(text)
    if not value:
        raise FaultError(f"{name} of {line.name} is no whole number of at least 1", line.number)
    return value


def _part(name: str, value: str, line: Line) -> str:
    items = value.split(",")
    if name == "WKST":
        right = value in _DAYS
    elif name == "BYDAY":
        right = all(_BYDAY.fullmatch(item) for item in items)
    else:
        right = all(_in_range(name, item) for item in items)
    if not right:
        known = name if name in _RANGES or name in {"WKST", "BYDAY"} else "a part"
        raise FaultError(f"{known} of {line.name} cannot be read", line.number)
    return value


def _in_range(name: str, item: str) -> bool:
    if name not in _RANGES or not _SIGNED.fullmatch(item):
        return False
    value = int(item)
    return (abs(value) if name in _FROM_THE_END else value) in _RANGES[name]


def _until(text: str, line: Line, start: Moment, zone: ZoneInfo) -> Moment:
    """In the form of DTSTART. A date is that whole day, a time without zone is on the clock of DTSTART."""
    try:
        until = floating(text, line)
    except FaultError:
        raise FaultError(f"UNTIL of {line.name} is no date or time", line.number) from None
    if not isinstance(start, datetime):
        return day(until, zone)
    if not isinstance(until, datetime):
        until = datetime.combine(until, time(23, 59, 59))
    if start.tzinfo is None:
        return until.astimezone(zone).replace(tzinfo=None) if until.tzinfo else until
    return (until if until.tzinfo else until.replace(tzinfo=start.tzinfo)).astimezone(UTC)
