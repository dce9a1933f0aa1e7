"""What both ways of working out a series share: one occurrence, the events of a UID, the end of an occurrence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calbridge.ical.events import Event
from calbridge.ical.times import Moment, after, alike, span_of
from calbridge.interval import Interval


class Instance(NamedTuple):
    """One occurrence: the event whose words count for it, when it begins and ends."""

    event: Event
    start: Moment
    end: Moment

    def span(self, zone: ZoneInfo) -> Interval:
        """Its instants."""
        return span_of(self.start, self.end, zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The events of one UID: the event itself, None where only moved occurrences of it are there, and those."""

    itself: Event | None
    moved: Sequence[Event] = ()

    @property
    def simply_moved(self) -> bool:
        """Each moved occurrence is one occurrence: none stands for those that follow, or repeats itself."""
        return not any(each.onwards or each.rules or each.extras or each.exdates for each in self.moved)

    @property
    def events(self) -> list[Event]:
        """All of them."""
        return [*([self.itself] if self.itself else []), *self.moved]


def identity(event: Event, itself: Event | None, zone: ZoneInfo) -> Moment:
    """Which occurrence a moved one was, in the form of the event itself; a date may name one of a series in times."""
    was = event.start if event.id is None else event.id
    if itself is None:
        return was
    if isinstance(itself.start, datetime) and not isinstance(was, datetime):
        return datetime.combine(was, itself.start.timetz())
    return alike(was, itself.start, zone)


def end_of(event: Event, start: Moment, zone: ZoneInfo) -> Moment:
    """When an occurrence that begins then ends: after its DURATION, else as long on the wall clock as the event is."""
    if event.length is not None:
        return after(start, event.length, zone)
    return start + (event.end - event.start)  # type: ignore[operator]  # both are of one kind
