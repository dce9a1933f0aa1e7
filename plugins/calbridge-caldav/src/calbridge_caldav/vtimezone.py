"""The VTIMEZONE of what the bridge writes."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone


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
