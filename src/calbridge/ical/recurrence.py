"""All occurrences of an object in a window, by recurring-ical-events, with no more work than an honest rule needs.

The library gets a copy that holds times and statuses only: no text of anybody's reaches it or its error messages,
its zone cache stays clean, and what other programs write wrongly is put right first. It cannot be interrupted
(`FREQ=SECONDLY` ran for over a minute), so its steps are counted and it is stopped from inside.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import recurring_ical_events  # type: ignore[import-untyped]  # it ships no types
from icalendar import Calendar
from icalendar import Component as Parsed

from calbridge.ical.lines import Component, Document, FaultError, Line, ZoneFaultError, number
from calbridge.ical.times import Span, span
from calbridge.ical.zones import Zones
from calbridge.interval import Interval

STEPS = 700_000
"""Calls the library may make for one object: well under a second. A daily meeting since 1990 needs 150,000."""

_MARGIN = timedelta(days=2)
"""Dates have no zone, so the library is asked for more than the window, and what it says is cut to it."""

_TIMES = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"})
_KEPT = _TIMES | {"UID", "DURATION", "RRULE", "SEQUENCE", "STATUS", "TRANSP"}

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One occurrence with the status of its own VEVENT: a moved one may be free or cancelled on its own (R12)."""

    span: Span
    status: str
    transp: str


def occurrences(document: Document, window: Interval, clinic: ZoneInfo, *, guess: bool = False) -> list[Occurrence]:
    """Every occurrence that may touch the window. FaultError where a rule cannot be read or is too much.

    `guess`: times in a zone that nothing defines are read on the clinic's clock, to keep their time free at least.
    """
    text = b"".join(_reduced(document, document.walk("VEVENT"), _KEPT, guess=guess))
    return _guarded(lambda: _expand(text, document, window, clinic), document)


def single(document: Document, event: Component, clinic: ZoneInfo) -> Span:
    """When one event itself takes place, in a zone that the object defines."""
    text = b"".join(_reduced(document, [event], frozenset({"DTSTART", "DTEND", "DURATION"})))
    return _guarded(lambda: _itself(text, document, clinic), document)


def _guarded(work: Callable[[], ResultT], document: Document) -> ResultT:
    try:
        return bounded(work, STEPS)
    except FaultError:
        raise
    except TooManyStepsError:
        raise FaultError("the recurrence gives too many occurrences", _rule_line(document)) from None
    except Exception as error:  # noqa: BLE001  # the library raises whatever its own dependencies raise
        raise FaultError(f"the recurrence cannot be read ({type(error).__name__})", _rule_line(document)) from None


def _expand(text: bytes, document: Document, window: Interval, clinic: ZoneInfo) -> list[Occurrence]:
    calendar = _parsed(text, document)
    first, last = datetime.fromtimestamp(window.start, UTC), datetime.fromtimestamp(window.end, UTC)
    found = recurring_ical_events.of(calendar).between(first - _MARGIN, last + _MARGIN)
    return [_occurrence(event, clinic) for event in found]


def _itself(text: bytes, document: Document, clinic: ZoneInfo) -> Span:
    event = _parsed(text, document).events[0]
    return span(event.start, event.end, clinic)


def _parsed(text: bytes, document: Document) -> Calendar:
    calendar = Calendar.from_ical(text)
    for event in calendar.walk("VEVENT"):
        for name, _message in event.errors:
            raise FaultError(f"{name} cannot be read", _line_of(document, name or ""))
    return calendar


def _occurrence(event: Parsed, clinic: ZoneInfo) -> Occurrence:
    start: Any = event["DTSTART"]
    end: Any = event["DTEND"]
    return Occurrence(
        span=span(start.dt, end.dt, clinic),
        status=str(event.get("STATUS", "")).upper(),
        transp=str(event.get("TRANSP", "")).upper(),
    )


class TooManyStepsError(Exception):
    """The work was stopped."""


def bounded(work: Callable[[], ResultT], steps: int) -> ResultT:
    """Do the work, but stop it after so many calls; the profiler's hook is Python's only way into a running loop."""
    left = steps

    def count(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise TooManyStepsError

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        return work()
    finally:
        sys.setprofile(before)


def _line_of(document: Document, name: str) -> int:
    return next((line.number for event in document.walk("VEVENT") for line in event.all(name)), 0)


def _rule_line(document: Document) -> int:
    return _line_of(document, "RRULE") or _line_of(document, "DTSTART")


def _reduced(
    document: Document, events: list[Component], kept: frozenset[str], *, guess: bool = False
) -> Iterator[bytes]:
    zones = Zones(document)
    yield b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//calbridge//times only//EN\r\n"
    default = document.text("X-WR-TIMEZONE")
    if default and zones.plain(default):
        yield f"X-WR-TIMEZONE:{zones.name(default)}\r\n".encode()
    yield from zones.definitions()
    for event in events:
        yield from _times_of(event, zones, kept, guess=guess)
    yield b"END:VCALENDAR\r\n"


def _times_of(event: Component, zones: Zones, kept: frozenset[str], *, guess: bool) -> Iterator[bytes]:
    yield b"BEGIN:VEVENT\r\n"
    for line in event.lines:
        if line.name in kept and (line.name != "SEQUENCE" or number(line.value.strip()) is not None):
            yield f"{line.name}{_parameters(line, zones, guess=guess)}:{line.value.strip()}\r\n".encode()
    yield b"END:VEVENT\r\n"


def _parameters(line: Line, zones: Zones, *, guess: bool) -> str:
    """VALUE, TZID and RANGE only. A date has no zone: the library would make a time of it and shift the day."""
    if line.name not in _TIMES:
        return ""
    given = line.params
    kept = {name: given[name] for name in ("VALUE", "RANGE") if given.get(name)}
    if given.get("TZID") and given.get("VALUE", "").upper() != "DATE" and not line.value.strip().endswith("Z"):
        name = zones.name(given["TZID"])
        if name is None and not guess:
            raise ZoneFaultError(line)
        kept |= {"TZID": name} if name else {}
    return "".join(f";{name}={text}" for name, text in kept.items())
