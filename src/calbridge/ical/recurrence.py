"""The long way: whatever RFC 5545 allows, by recurring-ical-events, with no more work than an honest rule needs.

The library gets typed times only: no text of anybody's reaches it or its error messages, and its parser and its zone
cache, where the first definition of a name wins for the whole process, are not used. It cannot be interrupted
(`FREQ=SECONDLY` ran for over a minute), so its steps are counted and it is stopped from inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events  # type: ignore[import-untyped]  # it ships no types
from icalendar import Calendar
from icalendar import Event as Component
from icalendar.prop import vDDDLists, vDDDTypes, vInt, vRecur, vText

from calbridge.ical.events import Event
from calbridge.ical.excepted import excepted
from calbridge.ical.lines import FaultError
from calbridge.ical.series import Instance, Series, end_of, identity
from calbridge.ical.steps import Steps
from calbridge.ical.times import instant
from calbridge.interval import Interval

_MARGIN = timedelta(days=2)
"""Dates have no zone, so the library is asked for more than the window, and what it says is cut to it."""

_MARK = "X-MARK"


def instances(series: Series, window: Interval, zone: ZoneInfo, steps: Steps) -> list[Instance]:
    """Every occurrence that may touch the window. FaultError where the library fails, TooManyStepsError as usual."""
    try:
        return steps.run(lambda: list(_expanded(series, window, zone)))
    except Exception as error:  # noqa: BLE001  # the library raises whatever its own dependencies raise
        raise FaultError(f"the recurrence cannot be read ({type(error).__name__})") from None


def _expanded(series: Series, window: Interval, zone: ZoneInfo) -> Iterator[Instance]:
    """The library expands the event alone where it can; of what stands for all that follow, it knows the meaning."""
    if series.itself is not None and series.simply_moved:
        alone = Series(itself=replace(series.itself, exdates=()))
        return excepted(series, _by_library(alone, [series.itself], window, zone), zone)
    return _by_library(series, series.events, window, zone)


def _by_library(series: Series, words: Sequence[Event], window: Interval, zone: ZoneInfo) -> Iterator[Instance]:
    """What the library makes of the events of a series; `words` are those that its occurrences are told with."""
    calendar = Calendar()
    for mark, event in enumerate(series.events):
        calendar.add_component(_component(event, mark, series.itself, zone))
    itself = series.itself or words[0]
    periods = {instant(at, zone): end for at, end in itself.extras if end is not None}
    first, last = datetime.fromtimestamp(window.start, UTC), datetime.fromtimestamp(window.end, UTC)
    for found in recurring_ical_events.of(calendar).between(first - _MARGIN, last + _MARGIN):
        mark, start = int(found[_MARK]), found["DTSTART"].dt
        own = periods.get(instant(start, zone)) if series.events[mark] is itself else None
        yield Instance(words[mark], start, own or end_of(words[mark], start, zone))


def _component(event: Event, mark: int, itself: Event | None, zone: ZoneInfo) -> Component:
    """The event with its times alone. All bear one UID: they are one series."""
    component = Component()
    component["UID"] = vText("series")
    component[_MARK] = vText(str(mark))
    component["SEQUENCE"] = vInt(event.sequence)
    component["DTSTART"], component["DTEND"] = vDDDTypes(event.start), vDDDTypes(event.end)
    if event.rules:
        component["RRULE"] = [vRecur.from_ical(rule.text) for rule in event.rules]
    if event.exdates:
        component["EXDATE"] = vDDDLists(event.exdates)
    if event.extras:
        component["RDATE"] = vDDDLists([at if end is None else (at, end) for at, end in event.extras])
    if event.id is not None:
        component["RECURRENCE-ID"] = vDDDTypes(identity(event, itself, zone))
        if event.onwards:
            component["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
    return component
