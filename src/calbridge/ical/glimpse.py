"""What `read` leaves alone: the dates a file speaks of, what stands behind its end, the titles for who may see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from icalendar.parser import unescape_backslash

from calbridge.ical.lines import number, parted
from calbridge.ical.scanning import scan
from calbridge.ical.text import decoded, normalised, unfolded
from calbridge.interval import Interval

_YEAR = 366 * 86_400
_SPOKEN_OF = 1900, 2100
"""Years outside are slips of somebody's pen, or Exchange's beginning of time."""

_STARTS = frozenset({"DTSTART", "FREEBUSY", "RDATE"})
_TITLE = re.compile(rb"\n(?:(BEGIN:VEVENT)|(SUMMARY[;:][^\n]*(?:\n[ \t][^\n]*)*))", re.IGNORECASE)
_BEGIN = re.compile(rb"\nBEGIN:VCALENDAR", re.IGNORECASE)
_END = re.compile(rb"\nEND:VCALENDAR(?![^\x00-\x20])", re.IGNORECASE)
_SOMETHING = re.compile(rb"[^\x00-\x20]")


def extent(body: bytes) -> Interval | None:
    """From the first day that something in the file begins to a year after the last; None where nothing does."""
    days = sorted(_days(body))
    return Interval(days[0] - 86_400, days[-1] + _YEAR) if days else None


def _days(body: bytes) -> Iterator[int]:
    for calendar in scan(body).calendars:
        for component in calendar.children:
            for line in component.lines:
                if line.name in _STARTS:
                    yield from _day(line.value)


def _day(text: str) -> Iterator[int]:
    first, last = _SPOKEN_OF
    if (number(text[:8]) or 0) // 10_000 in range(first, last):
        try:
            yield int(datetime.strptime(text[:8], "%Y%m%d").replace(tzinfo=UTC).timestamp())
        except ValueError:
            return


def behind(body: bytes) -> int:
    """The line of what stands behind the end of the last calendar: a page's foot, a program's complaint.

    0 for nothing, as control characters and empty lines are, and for a calendar that has only begun there.
    """
    body = normalised(body)
    end = max((found.end() for found in _END.finditer(body)), default=len(body))
    more = _SOMETHING.search(body, end)
    return body.count(b"\n", 0, more.start()) if more and not _BEGIN.search(body, end) else 0


def titles(body: bytes) -> dict[int, str]:
    """The line an event begins at -> its SUMMARY."""
    body = normalised(body)
    found: dict[int, str] = {}
    line = at = begin = 0
    for token in _TITLE.finditer(body):
        line += body.count(b"\n", at, token.start() + 1)
        at = token.start() + 1
        if token[1]:
            begin = line
        elif begin:
            _head, text = parted(decoded(unfolded(token[2]))) or ("", "")
            found.setdefault(begin, unescape_backslash(text).strip())
    return found
