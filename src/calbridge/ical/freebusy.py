"""VFREEBUSY (RFC 5545 3.6.4): periods that somebody else already worked out as busy or free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from calbridge.ical.lines import Component, FaultError, Line, items
from calbridge.ical.times import after, duration, instant, moment
from calbridge.ical.zones import Zones
from calbridge.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period; `kind` is its FBTYPE: what is neither FREE nor known is busy."""

    span: Interval
    kind: str
    line: int

    @property
    def tentative(self) -> bool:
        """Only pencilled in."""
        return self.kind == "BUSY-TENTATIVE"


_EACH = 25
"""Steps that one period costs."""


def periods_of(component: Component, zones: Zones, zone: ZoneInfo) -> Iterator[Period | FaultError]:
    """Every period, or what is wrong with it, until too much has been read."""
    for line in component.all("FREEBUSY"):
        kind = line.params.get("FBTYPE", "BUSY").upper()
        for text in items(line.value):
            if not zones.steps.affords(_EACH):
                yield FaultError("FREEBUSY has more periods than are read: what follows is left out", line.number)
                return
            try:
                yield Period(span=_span(text, line, zones, zone), kind=kind, line=line.number)
            except FaultError as fault:
                yield fault
            except OverflowError:
                yield FaultError("FREEBUSY lies outside the calendar", line.number)


def _span(text: str, line: Line, zones: Zones, zone: ZoneInfo) -> Interval:
    begin, slash, end = text.partition("/")
    if not slash:
        raise FaultError("FREEBUSY is no period", line.number)
    start = moment(begin, line, zones)
    lasts = duration(line._replace(value=end)) if end[:1] in {"P", "p", "+"} else None
    last = moment(end, line, zones) if lasts is None else after(start, lasts, zone)
    span = Interval(instant(start, zone), instant(last, zone))
    if span.end < span.start:
        raise FaultError("FREEBUSY ends before it begins", line.number)
    return span
