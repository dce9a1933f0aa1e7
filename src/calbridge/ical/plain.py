"""The short way: an event that takes place once or by one rule that is sure, with occurrences left out or moved.

Whatever is not plain goes to the library (`recurrence`), which says the same of what is plain, only much slower.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from calbridge.ical.counting import sure, walls, within_a_day
from calbridge.ical.events import Event
from calbridge.ical.excepted import excepted
from calbridge.ical.series import Instance, Series, end_of
from calbridge.ical.steps import Steps, TooManyStepsError
from calbridge.ical.times import Moment, wall
from calbridge.interval import Interval

_RULE, _EACH = 80, 16
"""Steps that a rule costs, and one occurrence of it."""

_MARGIN = timedelta(days=2)
"""No zone is further from another, and no clock is changed by more."""


def plain(series: Series) -> bool:
    """True when a series can go the short way."""
    event = series.itself
    if series.moved and not series.simply_moved:
        return False
    if event is None:
        return True
    if event.extras or len(event.rules) > 1:
        return False
    return all(sure(rule, event.start) and not (event.all_day and within_a_day(rule)) for rule in event.rules)


def cost(series: Series) -> int:
    """What may cost more sorts after what costs less: once, by days, several times a day, by the library."""
    if not plain(series):
        return 3
    rules = series.itself.rules if series.itself else ()
    return (2 if within_a_day(rules[0]) else 1) if rules else 0


def instances(series: Series, window: Interval, zone: ZoneInfo, steps: Steps) -> Iterator[Instance]:
    """Every occurrence of a plain series that may touch the window."""
    event = series.itself
    if event is not None and not (event.rules or event.exdates or series.moved):
        return iter((Instance(event, event.start, event.end),))
    return excepted(series, _made(series.itself, window, zone, steps), zone)


def _made(event: Event | None, window: Interval, zone: ZoneInfo, steps: Steps) -> Iterator[Instance]:
    if event is not None and event.rules:
        yield from (Instance(event, start, end_of(event, start, zone)) for start in _starts(event, window, zone, steps))
    elif event is not None:
        yield Instance(event, event.start, event.end)


def _starts(event: Event, window: Interval, zone: ZoneInfo, steps: Steps) -> Iterator[Moment]:
    """The event itself, and what its rule gives. (DTSTART counts though the rule may not give it.)"""
    steps.spend(_RULE)
    rule, start = event.rules[0], event.start
    here = (start.tzinfo if isinstance(start, datetime) else None) or zone
    first = wall(start)
    low = _clock(window.start, here) - _MARGIN - timedelta(seconds=event.span.end - event.span.start)
    high = _clock(window.end, here) + _MARGIN
    until = rule.until
    if first >= low and (until is None or start <= until):
        yield start
    allowed = steps.each
    for clock in walls(rule, first, low):
        steps.spend(_EACH)
        allowed -= _EACH
        if allowed < 0:
            raise TooManyStepsError
        at = _like(clock, start)
        if clock > high or (until is not None and at > until):
            return
        if clock >= low and clock != first:
            yield at


def _clock(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None)


def _like(clock: datetime, start: Moment) -> Moment:
    return clock.replace(tzinfo=start.tzinfo) if isinstance(start, datetime) else clock.date()
