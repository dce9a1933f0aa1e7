"""Which zone a TZID means, for one object at a time, and the VTIMEZONE of what the bridge writes.

The library keeps the first custom VTIMEZONE of a name for the whole process, and Exchange calls every one of them
"Customized Time Zone": so a custom definition is renamed after its own content before the library sees it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from calbridge.ical.lines import Component, Document, Line, number


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@lru_cache(maxsize=1024)
def olson(tzid: str) -> str | None:
    """The IANA name behind a TZID: itself, a Windows name, or the tail of a vendor's path (`/vendor/Europe/Berlin`)."""
    cleaned = _cleaned(tzid)
    parts = cleaned.split("/")
    for tail in ("/".join(parts[start:]) for start in range(len(parts))):
        found = _names().get(tail.casefold())
        if found:
            return found
    return WINDOWS_TO_OLSON.get(cleaned)


class Zones:
    """The zones of one object. `name` gives what the library shall read instead of a TZID."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._texts: dict[str, bytes] = {}
        self._defined: dict[str, Component] = {}
        for zone in document.walk("VTIMEZONE"):
            self._defined.setdefault(_cleaned(zone.text("TZID")), zone)

    def name(self, tzid: str) -> str | None:
        """The IANA name, else the private name of the object's own definition; None where nothing defines it."""
        cleaned = _cleaned(tzid)
        known = olson(tzid)
        if known and not (cleaned in WINDOWS_TO_OLSON and cleaned in self._defined):
            return known
        text = self._own(cleaned)
        return _private(text) if text else known

    def plain(self, tzid: str) -> ZoneInfo | None:
        """The zone, where it needs no definition of the object's own."""
        name = self.name(tzid)
        return ZoneInfo(name) if name and name.casefold() in _names() else None

    def definitions(self) -> Iterator[bytes]:
        """The object's own definitions under their private names, for the library."""
        for tzid in self._defined:
            text = self._own(tzid)
            if text and self.name(tzid) == _private(text):
                yield f"BEGIN:VTIMEZONE\r\nTZID:{_private(text)}\r\n".encode() + text + b"END:VTIMEZONE\r\n"

    def _own(self, tzid: str) -> bytes:
        """The text of a definition, b"" where there is none or it says nothing."""
        if tzid not in self._texts:
            zone = self._defined.get(tzid)
            self._texts[tzid] = b"".join(_observances(zone, _first_year(self._document))) if zone else b""
        return self._texts[tzid]


def _cleaned(tzid: str) -> str:
    return tzid.strip().strip('"').strip("/")


def _private(text: bytes) -> str:
    return f"calbridge-{hashlib.sha256(text).hexdigest()[:16]}"


_OBSERVANCE = frozenset({"DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO"})


def _observances(zone: Component, since: int) -> Iterator[bytes]:
    for child in zone.children:
        if child.name in {"STANDARD", "DAYLIGHT"}:
            yield f"BEGIN:{child.name}\r\n".encode()
            for line in child.lines:
                if line.name in _OBSERVANCE:
                    yield f"{line.head}:{_not_from_1601(line, child, since)}\r\n".encode()
            yield f"END:{child.name}\r\n".encode()


_EVERY_YEAR = re.compile(r"FREQ=YEARLY(;((BYMONTH|BYDAY|WKST)=[^;]*|INTERVAL=1))*;?", re.IGNORECASE)


def _not_from_1601(line: Line, observance: Component, since: int) -> str:
    """The library counts every change of the clock from the definition's first year on, at each look: Exchange begins
    in 1601, and a weekly meeting then costs a million steps. A rule for every year may as well begin later."""
    value = line.value.strip()
    endless = _EVERY_YEAR.fullmatch(observance.text("RRULE"))
    early = line.name == "DTSTART" and 0 < (number(value[:4]) or 0) < since
    return f"{since:04}{value[4:]}" if endless and early and value[4:8] != "0229" else value


def _first_year(document: Document) -> int:
    """The year before the object's first event."""
    starts = [line.value.strip()[:4] for event in document.walk("VEVENT") for line in event.all("DTSTART")]
    return min((year for start in starts if (year := number(start))), default=1971) - 1


@lru_cache(maxsize=64)
def vtimezone(tzid: str, year: int) -> bytes:
    """A real VTIMEZONE for an event of that year, wide enough for staff to move it some years on."""
    component = Timezone.from_tzinfo(ZoneInfo(tzid), tzid, date(year - 1, 1, 1), date(year + 6, 1, 1))
    component.pop("COMMENT", None)
    for observance in component.subcomponents:
        _at_the_old_offset(observance)
    return bytes(component.to_ical())


def _at_the_old_offset(observance: object) -> None:
    """icalendar 7.3 writes the onset of summer time by the new offset; RFC 5545 3.6.5 wants the old one."""
    skipped: timedelta = observance.TZOFFSETTO - observance.TZOFFSETFROM  # type: ignore[attr-defined]
    if skipped > timedelta():
        _shift(observance, skipped)


def _shift(observance: object, skipped: timedelta) -> None:
    observance.DTSTART -= skipped  # type: ignore[attr-defined]
    onsets = observance.pop("RDATE", None)  # type: ignore[attr-defined]
    if onsets is not None:
        observance.add("RDATE", [onset.dt - skipped for onset in onsets.dts])  # type: ignore[attr-defined]
