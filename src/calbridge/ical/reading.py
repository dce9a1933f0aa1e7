"""`read`: a calendar file's occurrences in a window, and what of it cannot be read.

Never raises for what a file holds. What is wrong in one event costs no other; its time is kept free as far as it can
be read (`why` is "guessed" then), and it is listed as refused with its line, never with its words. VTODO and VJOURNAL
take no time (RFC 5545 3.6.2, 3.6.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict, Unpack
from zoneinfo import ZoneInfo

from calbridge.ical import plain, recurrence
from calbridge.ical.availability import Availability, covered, rank, unavailable
from calbridge.ical.events import Event, event_of
from calbridge.ical.freebusy import periods_of
from calbridge.ical.lines import Component, FaultError
from calbridge.ical.policy import AVAILABLE, EMPTY, FREE, GUESSED, Policy
from calbridge.ical.records import Occurrence, Reading, Refused
from calbridge.ical.scanning import MOST, scan
from calbridge.ical.series import Instance, Series
from calbridge.ical.steps import SPENT, Steps, TooManyStepsError
from calbridge.ical.times import instant
from calbridge.ical.zones import Zones
from calbridge.interval import Interval

STEPS, BYTES_PER_STEP, MOST_STEPS = 600_000, 8, 900_000
"""What the recurrences and lists of one file may cost: about half a second, half as much more for a large one."""

AVAILABILITIES = 200
"""VAVAILABILITYs of one calendar that are looked at; what each covers is compared with all that decide before it."""

STEPS_PER_SERIES = 400_000
"""What one series may cost, or one definition of a zone. A daily meeting since 1990 needs 200,000."""


_MARGIN = 2 * 86_400


def read(body: bytes, *, window: Interval, zone: ZoneInfo, policy: Policy | None = None) -> Reading:
    """Every occurrence of a file that touches the window; a point in time touches it from its start to before its end.

    `zone` is the clock of dates and of times without a zone. `policy` says what counts as busy.
    """
    return Reader(window, zone, policy or Policy(), allowance(body)).read(body)


def allowance(body: bytes) -> Steps:
    """The work that a file of this size is worth."""
    return Steps(min(STEPS + len(body) // BYTES_PER_STEP, MOST_STEPS), STEPS_PER_SERIES)


class _More(TypedDict, total=False):
    """What only events say."""

    all_day: bool
    floating: bool
    status: str
    tentative: bool
    categories: tuple[str, ...]
    recurrence_id: int | None


class Reader:
    """One reading. `short` is whether plain series may go the short way; `most` is how much of a file is read."""

    def __init__(
        self,
        window: Interval,
        zone: ZoneInfo,
        policy: Policy,
        steps: Steps,
        *,
        short: bool = True,
        most: int = MOST,
    ) -> None:
        self._window = window
        self._zone = zone
        self._policy = policy
        self._steps = steps
        self._short = short
        self._most = most
        self._occurrences: list[Occurrence] = []
        self._refused: list[Refused] = []

    def read(self, body: bytes) -> Reading:
        """All of a file."""
        found = scan(body, self._most)
        nothing = not any(calendar.children for calendar in found.calendars)
        for calendar in found.calendars:
            if calendar.children:
                self._calendar(calendar)
        for fault in found.faults:
            self._refuse(fault, "", blind=nothing)
        return Reading(
            occurrences=tuple(sorted(self._occurrences, key=lambda one: (one.span, one.uid, one.line))),
            refused=tuple(sorted(self._refused, key=lambda one: one.line)),
            whole=found.whole,
        )

    def _refuse(self, fault: FaultError, uid: str, line: int = 0, *, blind: bool = False) -> None:
        self._refused.append(Refused(line=fault.line or line, uid=uid, why=fault.what, blind=blind))

    def _calendar(self, calendar: Component) -> None:
        zones = Zones(self._steps, calendar.zones, calendar.text("X-WR-TIMEZONE"))
        events, periods, available = (calendar.having(name) for name in ("VEVENT", "VFREEBUSY", "VAVAILABILITY"))
        calendar.children.clear()
        # what costs little first: what explodes takes nothing from it
        for series in sorted(self._series(events, zones), key=plain.cost):
            for instance, guessed in self._instances(series):
                self._take(instance, guessed=guessed)
        for component in periods:
            self._free_busy(component, zones)
        if available:
            self._unavailable(available, zones)

    # --- events ---------------------------------------------------------------------------------------

    def _series(self, components: list[Component], zones: Zones) -> Iterator[Series]:
        """The events by UID; one without a UID stands alone. The list is emptied: a large file is held once."""
        groups: dict[str, list[Event]] = {}
        components.reverse()
        while components:
            component = components.pop()
            event = event_of(component, zones, self._zone)
            if isinstance(event, FaultError):
                self._refuse(event, component.text("UID"), component.begin.number, blind=True)
                continue
            if event.fault:
                self._refuse(event.fault, event.uid, event.line, blind=event.torn and not event.showing.free)
            groups.setdefault(event.uid or f"\n{event.line}", []).append(event)
        for events in groups.values():
            yield from together(events)

    def _instances(self, series: Series) -> Iterator[tuple[Instance, bool]]:
        try:
            found = self._worked_out(series)
        except FaultError as fault:
            yield from self._unworked(series, fault)
        except TooManyStepsError:
            spent = f"the recurrence is not worked out: {SPENT}"
            why = spent if self._steps.left <= 0 else "the recurrence gives too many occurrences"
            yield from self._unworked(series, FaultError(why))
        else:
            yield from ((instance, instance.event.fault is not None) for instance in found)

    def _unworked(self, series: Series, fault: FaultError) -> Iterator[tuple[Instance, bool]]:
        """The events as they stand, at least."""
        first = series.events[0]
        line = first.rules[0].line if first.rules else first.line
        self._refuse(fault, first.uid, line, blind=not all(event.showing.free for event in series.events))
        return ((Instance(event, event.start, event.end), True) for event in series.events)

    def _worked_out(self, series: Series) -> list[Instance]:
        """TooManyStepsError when it would cost too much."""
        if self._short and plain.plain(series):
            try:
                return list(plain.instances(series, self._window, self._zone, self._steps))
            except (OverflowError, ValueError):
                pass  # at the end of time: the long way says what is wrong
        return recurrence.instances(series, self._window, self._zone, self._steps)

    def _take(self, instance: Instance, *, guessed: bool) -> None:
        event, showing = instance.event, instance.event.showing
        self._add(
            event.span if instance.start is event.start else instance.span(self._zone),
            event.uid,
            event.line,
            free=showing.free or self._policy.free(all_day=event.all_day, tentative=showing.tentative),
            guessed=guessed,
            all_day=event.all_day,
            floating=event.floating,
            status=showing.status,
            tentative=showing.tentative,
            categories=event.categories,
            recurrence_id=None if event.id is None else instant(event.id, self._zone),
        )

    def _add(
        self, span: Interval, uid: str, line: int, *, free: str, guessed: bool = False, **more: Unpack[_More]
    ) -> None:
        """An occurrence, where it touches the window; what has no length takes no time."""
        if not _touch(span, self._window):
            return
        why = free or ("" if span.end > span.start else EMPTY)
        self._occurrences.append(
            Occurrence(uid=uid, span=span, line=line, busy=not why, why=why or (GUESSED if guessed else ""), **more)
        )

    # --- periods --------------------------------------------------------------------------------------

    def _free_busy(self, component: Component, zones: Zones) -> None:
        uid = component.text("UID")
        if component.fault:
            self._refuse(component.fault, uid)
        for period in periods_of(component, zones, self._zone):
            if isinstance(period, FaultError):
                self._refuse(period, uid, blind=True)
                continue
            free = FREE if period.kind == "FREE" else self._policy.free(all_day=False, tentative=period.tentative)
            self._add(period.span, uid, period.line, free=free, tentative=period.tentative)

    def _unavailable(self, components: list[Component], zones: Zones) -> None:
        found = [self._availability(component, zones) for component in components[:AVAILABILITIES]]
        if len(components) > AVAILABILITIES:
            found.append(self._beyond(components[AVAILABILITIES]))
        for one, span in unavailable(found):
            free = self._policy.free(all_day=False, tentative=one.tentative)
            self._add(span, one.uid, one.line, free=free, tentative=one.tentative)

    def _beyond(self, first: Component) -> Availability:
        """What is not looked at may make anything unavailable, so all is."""
        uid, line = first.text("UID"), first.begin.number
        self._refuse(FaultError(f"the calendar has more than {AVAILABILITIES} VAVAILABILITYs"), uid, line)
        return Availability(uid=uid, line=line, rank=0, kind="BUSY", covers=self._bounds, available=())

    @property
    def _bounds(self) -> Interval:
        return Interval(self._window.start - _MARGIN, self._window.end + _MARGIN)

    def _availability(self, component: Component, zones: Zones) -> Availability:
        """What cannot be read of it is taken for unavailable, as far as the window goes."""
        uid, line = component.text("UID"), component.begin.number
        bounds = covers = self._bounds
        if component.fault:
            self._refuse(component.fault, uid)
        try:
            covers = covered(component, zones, self._zone, bounds)
        except (FaultError, OverflowError) as error:
            fault = error if isinstance(error, FaultError) else FaultError("it lies outside the calendar", line)
            self._refuse(fault, uid, line)
        return Availability(
            uid=uid,
            line=line,
            rank=rank(component),
            kind=component.text("BUSYTYPE").upper(),
            covers=covers,
            available=tuple(self._available(component, zones)),
        )

    def _available(self, component: Component, zones: Zones) -> Iterator[Interval]:
        for series in self._series(component.having("AVAILABLE"), zones):
            for instance, guessed in self._instances(series):
                event = instance.event
                span = instance.span(self._zone)
                if not guessed:
                    self._add(span, event.uid, event.line, free=AVAILABLE)
                    yield span


def together(events: list[Event]) -> Iterator[Series]:
    """The series of one UID. A later revision (SEQUENCE) of an event replaces an earlier; of equals none is lost."""
    if len(events) == 1:
        event = events[0]
        yield Series(itself=event) if event.id is None else Series(itself=None, moved=events)
        return
    moved = [event for event in events if event.id is not None]
    themselves = [event for event in events if event.id is None]
    if not themselves:
        yield Series(itself=None, moved=moved)
        return
    newest = max(event.sequence for event in themselves)
    for event in themselves:
        if event.sequence == newest:
            yield Series(itself=event, moved=moved)
            moved = []


def _touch(span: Interval, window: Interval) -> bool:
    return span.start < window.end and (span.end > window.start or span.start >= window.start)
