"""The short way: an event that takes place once or by one rule that is sure, with occurrences left out or moved.

Whatever is not plain goes to the library (`recurrence`), which says the same of what is plain, only much slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from calbridge.ical.counting import sure, walls, within_a_day
from calbridge.ical.events import Event
from calbridge.ical.series import Instance, Series, end_of, identity
from calbridge.ical.steps import Steps, TooManyStepsError
from calbridge.ical.times import Moment
from calbridge.interval import Interval

_RULE, _EACH = 80, 16
"""Steps that a rule costs, and one occurrence of it."""

_MARGIN = timedelta(days=2)
"""No zone is further from another, and no clock is changed by more."""


def plain(series: Series) -> bool:
    """True when a series can go the short way."""
    if any(each.onwards or each.rules or each.extras or each.exdates for each in series.moved):
        return False
    event = series.itself
    if event is None or not (event.rules or event.exdates or event.extras or series.moved):
        return True
    if event.extras or len(event.rules) != 1:
        return False
    rule = event.rules[0]
    changed = event.all_day or event.exdates or series.moved
    return sure(rule, event.start) and not (changed and within_a_day(rule))


def cost(series: Series) -> int:
    """What may cost more sorts after what costs less: once, by days, several times a day, by the library."""
    if not plain(series):
        return 3
    rules = series.itself.rules if series.itself else ()
    return (2 if within_a_day(rules[0]) else 1) if rules else 0


def instances(series: Series, window: Interval, zone: ZoneInfo, steps: Steps) -> Iterator[Instance]:
    """Every occurrence of a plain series that may touch the window."""
    event = series.itself
    if event is not None and not event.rules:
        yield Instance(event, event.start, event.end)
        return
    moved = _latest(series, zone)
    if event is None:
        yield from (Instance(each, each.start, each.end) for each in moved.values())
        return
    left_out = _Moments(at for at in event.exdates if event.all_day or isinstance(at, datetime))
    days = set() if event.all_day else {at for at in event.exdates if not isinstance(at, datetime)}
    replaced = _Moments(moved)
    for start in _starts(event, window, zone, steps):
        if not (start in left_out or start in replaced or (days and start.date() in days)):  # type: ignore[union-attr]  # days are of times
            yield Instance(event, start, end_of(event, start, zone))
    yield from (Instance(each, each.start, each.end) for at, each in moved.items() if at not in left_out)


def _latest(series: Series, zone: ZoneInfo) -> dict[Moment, Event]:
    """The moved occurrences by what they were; of several that were the same, the last revision."""
    latest: dict[Moment, Event] = {}
    for event in series.moved:
        at = identity(event, series.itself, zone)
        known = latest.get(at)
        if known is None or event.sequence > known.sequence:
            latest[at] = event
    return latest


def _starts(event: Event, window: Interval, zone: ZoneInfo, steps: Steps) -> Iterator[Moment]:
    """The event itself, and what its rule gives. (DTSTART counts though the rule may not give it.)"""
    steps.spend(_RULE)
    rule, start = event.rules[0], event.start
    here = (start.tzinfo if isinstance(start, datetime) else None) or zone
    first = _wall(start)
    low = _clock(window.start, here) - _MARGIN - timedelta(seconds=event.span.end - event.span.start)
    high = _clock(window.end, here) + _MARGIN
    until = rule.until
    if first >= low and (until is None or start <= until):
        yield start
    allowed = steps.each
    for wall in walls(rule, first, low):
        steps.spend(_EACH)
        allowed -= _EACH
        if allowed < 0:
            raise TooManyStepsError
        at = _like(wall, start)
        if wall > high or (until is not None and at > until):
            return
        if wall >= low and wall != first:
            yield at


class _Moments:
    """Some moments, found by what their own clock shows or by UTC: EXDATE and RECURRENCE-ID may be in another zone.

    The library takes one clock for the other too, as it must: programs write a local time with a Z.
    """

    def __init__(self, moments: Iterable[Moment]) -> None:
        self._clocks = {clock for at in moments for clock in _clocks(at)}

    def __contains__(self, at: Moment) -> bool:
        return bool(self._clocks) and any(clock in self._clocks for clock in _clocks(at))


def _clocks(at: Moment) -> tuple[datetime, ...]:
    if not isinstance(at, datetime) or at.tzinfo is None:
        return (_wall(at),)
    return (_wall(at.astimezone(UTC)), _wall(at))


def _wall(at: Moment) -> datetime:
    """As a clock there shows it."""
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day)  # noqa: DTZ001  # a wall clock's
    return at.replace(tzinfo=None, fold=0)


def _clock(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None)


def _like(wall: datetime, start: Moment) -> Moment:
    return wall.replace(tzinfo=start.tzinfo) if isinstance(start, datetime) else wall.date()
