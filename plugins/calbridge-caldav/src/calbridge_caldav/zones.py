"""Which zone a TZID means, for one object at a time, and the VTIMEZONE of what the bridge writes.

The library keeps the first custom VTIMEZONE of a name for the whole process, and Exchange calls every one of them
"Customized Time Zone": so a custom definition is renamed after its own content before the library sees it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from calbridge_caldav.lines import Component, Document


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@lru_cache(maxsize=1024)
def olson(tzid: str) -> str | None:
    """The IANA name behind a TZID: itself, a Windows name, or the tail of a vendor's path (`/vendor/Europe/Berlin`)."""
    cleaned = tzid.strip().strip("/")
    parts = cleaned.split("/")
    for tail in ("/".join(parts[start:]) for start in range(len(parts))):
        found = _names().get(tail.casefold())
        if found:
            return found
    return WINDOWS_TO_OLSON.get(cleaned)


class Zones:
    """The zones of one object. `name` gives what the library shall read instead of a TZID."""

    def __init__(self, document: Document) -> None:
        self._defined: dict[str, Component] = {}
        for zone in document.walk("VTIMEZONE"):
            self._defined.setdefault(zone.text("TZID").strip("/"), zone)

    def name(self, tzid: str) -> str | None:
        """The IANA name, else the private name of the object's own definition; None where nothing defines it."""
        cleaned = tzid.strip().strip("/")
        if cleaned in self._defined and cleaned in WINDOWS_TO_OLSON:
            return _private(self._defined[cleaned])
        return olson(tzid) or (_private(self._defined[cleaned]) if cleaned in self._defined else None)

    def plain(self, tzid: str) -> ZoneInfo | None:
        """The zone, where it needs no definition of the object's own."""
        name = self.name(tzid)
        return ZoneInfo(name) if name and name.casefold() in _names() else None

    def definitions(self) -> Iterator[bytes]:
        """The object's own definitions under their private names, each with its recurrences, for the library."""
        for zone in self._defined.values():
            yield b"".join(_renamed(zone))


def _private(zone: Component) -> str:
    content = b"".join(_observances(zone))
    return f"calbridge-{hashlib.sha256(content).hexdigest()[:16]}"


def _renamed(zone: Component) -> Iterator[bytes]:
    yield f"BEGIN:VTIMEZONE\r\nTZID:{_private(zone)}\r\n".encode()
    yield from _observances(zone)
    yield b"END:VTIMEZONE\r\n"


_OBSERVANCE = frozenset({"DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO"})


def _observances(zone: Component) -> Iterator[bytes]:
    for child in zone.children:
        if child.name in {"STANDARD", "DAYLIGHT"}:
            yield f"BEGIN:{child.name}\r\n".encode()
            for line in child.lines:
                if line.name in _OBSERVANCE:
                    yield f"{line.head}:{line.value.strip()}\r\n".encode()
            yield f"END:{child.name}\r\n".encode()


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
