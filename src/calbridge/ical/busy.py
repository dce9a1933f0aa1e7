"""When a foreign object takes time: every occurrence in the window that is neither free nor cancelled, nor empty.

A plain single event is read from its lines; whatever recurs, is moved, or has a zone of its own goes to the library.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from calbridge.ical.lines import Component, Document, FaultError, ZoneFaultError
from calbridge.ical.recurrence import Occurrence, occurrences
from calbridge.ical.times import Span, UnsureError, plain_span
from calbridge.ical.zones import Zones
from calbridge.interval import Interval, merge

Policy = Literal["busy", "free"]
"""Whether a kind of entry takes time, as the connection says."""

_RECURS = frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """How a calendar is looked at: the clinic's zone, the window, and what counts as busy."""

    zone: ZoneInfo
    window: Interval
    all_day: Policy = "busy"
    tentative: Policy = "busy"

    def counts(self, occurrence: Occurrence) -> bool:
        """Does this occurrence take time?"""
        if occurrence.transp == "TRANSPARENT" or occurrence.status == "CANCELLED":
            return False
        if occurrence.status == "TENTATIVE" and self.tentative == "free":
            return False
        return not (occurrence.span.all_day and self.all_day == "free")

    def cut(self, spans: Iterable[Interval]) -> tuple[Interval, ...]:
        """Sorted and disjoint, those that touch the window."""
        return tuple(merge(one for one in spans if one.overlaps(self.window)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a foreign object takes. `tentative`: all of it is only pencilled in."""

    spans: tuple[Interval, ...]
    tentative: bool


def taken(document: Document, eyes: Eyes, *, but: Interval | None = None) -> Taken:
    """The busy time of one object, without the occurrence `but`. FaultError where it cannot be read."""
    counted = [found for found in _all(document, eyes) if eyes.counts(found) and found.span.interval != but]
    return Taken(
        spans=eyes.cut(found.span.interval for found in counted),
        tentative=bool(counted) and all(found.status == "TENTATIVE" for found in counted),
    )


def _all(document: Document, eyes: Eyes) -> list[Occurrence]:
    events = document.walk("VEVENT")
    if document.text("X-WR-TIMEZONE") or recurs(document):
        return occurrences(document, eyes.window, eyes.zone)
    zones = Zones(document)
    try:
        return [_single(event, plain_span(event, zones, eyes.zone)) for event in events]
    except UnsureError:
        return occurrences(document, eyes.window, eyes.zone)


def recurs(document: Document) -> bool:
    """True when it may give more than one occurrence an event."""
    return any(line.name in _RECURS for event in document.walk("VEVENT") for line in event.lines)


def _single(event: Component, when: Span) -> Occurrence:
    return Occurrence(span=when, status=event.text("STATUS").upper(), transp=event.text("TRANSP").upper())


def salvage(document: Document, eyes: Eyes, fault: FaultError) -> tuple[Interval, ...]:
    """What can still be read of an object with a fault, so that its time is kept free: all of it on the clinic's clock
    where only the zone is unknown, else the first occurrence of each event."""
    found: Iterable[Occurrence] = _firsts(document, eyes)
    if isinstance(fault, ZoneFaultError):
        with suppress(FaultError):
            found = occurrences(document, eyes.window, eyes.zone, guess=True)
    return eyes.cut(one.span.interval for one in found if eyes.counts(one))


def _firsts(document: Document, eyes: Eyes) -> Iterator[Occurrence]:
    zones = Zones(document)
    for event in document.walk("VEVENT"):
        with suppress(FaultError, UnsureError):
            yield _single(event, plain_span(event, zones, eyes.zone))
