"""VAVAILABILITY (RFC 7953): when somebody can be had at all. What it covers and does not call available is busy.

Where several overlap, the one with the highest PRIORITY decides (1 is the highest, 0 and none the lowest); among
equals, time is available only where all of them say so: the standard leaves that open, and a double booking costs more
than an empty slot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from calbridge.ical.lines import Component, number
from calbridge.ical.times import Moment, after, duration, instant, moment
from calbridge.ical.zones import Zones
from calbridge.interval import Interval, merge, subtract

LOWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """One component: what it covers, and when in it somebody is available. `rank` 1 decides before 2."""

    uid: str
    line: int
    rank: int
    kind: str
    covers: Interval
    available: tuple[Interval, ...]

    @property
    def tentative(self) -> bool:
        """What is not available is only pencilled in."""
        return self.kind == "BUSY-TENTATIVE"


def covered(component: Component, zones: Zones, zone: ZoneInfo, bounds: Interval) -> Interval:
    """What a component covers; without DTSTART or without end it covers all there is, `bounds`. FaultError as usual."""
    begins, ends = component.first("DTSTART"), component.first("DTEND")
    start: Moment | None = moment(begins.value, begins, zones) if begins else None
    end: Moment | None = moment(ends.value, ends, zones) if ends else None
    lasts = component.first("DURATION")
    if end is None and start is not None and lasts is not None:
        end = after(start, duration(lasts), zone)
    first = bounds.start if start is None else instant(start, zone)
    last = bounds.end if end is None else instant(end, zone)
    return Interval(max(first, bounds.start), min(last, bounds.end))


def rank(component: Component) -> int:
    """1 decides before 2, and so on; PRIORITY 0 is as good as none."""
    return number(component.text("PRIORITY")) or LOWEST


def unavailable(components: Iterable[Availability]) -> Iterator[tuple[Availability, Interval]]:
    """The busy time that each component gives."""
    decided: list[Interval] = []
    for _rank, equals in groupby(sorted(components, key=lambda one: one.rank), key=lambda one: one.rank):
        peers = list(equals)
        for one in peers:
            for span in subtract(subtract([one.covers], decided), one.available):
                yield one, span
        decided = merge([*decided, *(one.covers for one in peers)])
