"""What becomes of a series' own occurrences: EXDATE leaves some out, events with RECURRENCE-ID replace others.

Not the library's part: it knows each moment by two clocks, its own and UTC's, and mixes them. In winter an EXDATE of
ten o'clock in Berlin would take away what begins at nine as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from calbridge.ical.events import Event
from calbridge.ical.series import Instance, Series, identity
from calbridge.ical.times import Moment, wall


def excepted(series: Series, made: Iterable[Instance], zone: ZoneInfo) -> Iterator[Instance]:
    """`made`, what the event itself and its rules give, without what is left out or replaced; then what replaces it."""
    event = series.itself
    if event is not None and not (event.exdates or series.moved):
        yield from made
        return
    moved = _latest(series, zone)
    if event is None:
        yield from (Instance(each, each.start, each.end) for each in moved.values())
        return
    left_out = _Moments(at for at in event.exdates if event.all_day or isinstance(at, datetime))
    days = set() if event.all_day else {wall(at).date() for at in event.exdates if not isinstance(at, datetime)}
    replaced = _Moments(moved)
    for one in made:
        start = one.start
        if not (start in left_out or start in replaced or (days and wall(start).date() in days)):
            yield one
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


class _Moments:
    """Some moments, found by what their own clock shows, or by the instant: both may be in another zone.

    So what is written as a local time with a Z, as programs do, is found too.
    """

    def __init__(self, moments: Iterable[Moment]) -> None:
        self._clocks = {clock for at in moments for clock in _clocks(at)}

    def __contains__(self, at: Moment) -> bool:
        return bool(self._clocks) and any(clock in self._clocks for clock in _clocks(at))


def _clocks(at: Moment) -> tuple[tuple[str, datetime], ...]:
    if not isinstance(at, datetime) or at.tzinfo is None:
        return (("wall", wall(at)),)
    return ("instant", wall(at.astimezone(UTC))), ("wall", wall(at))
