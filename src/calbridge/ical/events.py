"""One VEVENT (or AVAILABLE) as typed times, with the first thing in it that cannot be read.

What is wrong in one property costs no other: the event keeps what is right, and its fault says what was left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from icalendar.parser import split_on_unescaped_comma

from calbridge.ical.lines import Component, FaultError, Line, ZoneFaultError, items, number
from calbridge.ical.policy import Showing, showing
from calbridge.ical.rules import Rule, rules_of
from calbridge.ical.steps import SPENT
from calbridge.ical.times import Length, Moment, after, alike, day, duration, floating, moment, respelled, span_of
from calbridge.ical.zones import Zones
from calbridge.interval import Interval

DATES = 20_000
"""RDATEs or EXDATEs of one event that are read: one a day for fifty years."""

RULES = 100
"""RRULEs of one event that are read; more than one is already rare."""

WORDS = 10_000
"""Characters of CATEGORIES that are looked at."""

_DATE, _WRONG, _RULE, _CHARACTERS = 8, 20, 45, 8
"""Steps that a date of a list costs, so many more where it is none, and a rule, with one more for so many characters of
it."""

_DAY = timedelta(days=1)
_EXCHANGE = ("X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-MSNCALENDAR-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS")
_LISTS = frozenset({"RRULE", "EXRULE", "RDATE", "EXDATE"})
_MORE = frozenset({"RRULE", "RDATE"})
"""What gives an event more times; what cannot be read of the others leaves too many."""

ValueT = TypeVar("ValueT")
Extra = tuple[Moment, Moment | None]
"""A date of RDATE, with its own end where it is a PERIOD."""


@dataclass(slots=True, kw_only=True)
class Event:
    """When one event takes place. `line` is where it begins, `span` are the instants of `start` and `end`.

    `start` and `end` are of one kind. `length` is its DURATION, where that is how it says its end. `rules` are RRULEs
    as the libraries take them, `torn` says that one of them, an RDATE, or the end of the event itself is missing. `id`
    is its RECURRENCE-ID, `onwards` says that it stands for all that follow too.
    """

    line: int
    uid: str
    start: Moment
    end: Moment
    span: Interval
    showing: Showing
    length: Length | None = None
    rules: Sequence[Rule] = ()
    torn: bool = False
    extras: Sequence[Extra] = ()
    exdates: Sequence[Moment] = ()
    id: Moment | None = None
    onwards: bool = False
    sequence: int = 0
    categories: tuple[str, ...] = ()
    fault: FaultError | None = None

    @property
    def all_day(self) -> bool:
        """Given in dates."""
        return not isinstance(self.start, datetime)

    @property
    def floating(self) -> bool:
        """Given in times without a zone."""
        return isinstance(self.start, datetime) and self.start.tzinfo is None


def event_of(component: Component, zones: Zones, zone: ZoneInfo) -> Event | FaultError:
    """The event, or why not even its time can be read. `zone` is the clock of times that have none."""
    return _Reading(component, zones, zone).event()


class _Reading:
    """One component while it is read. `fault` is the first that was met."""

    def __init__(self, component: Component, zones: Zones, zone: ZoneInfo) -> None:
        self._begin = component.begin.number
        self._zones = zones
        self._zone = zone
        self._torn = self._lost = component.fault is not None
        self._fault = component.fault
        self._lines = component.lines
        self._first: dict[str, Line] = {}
        self._lists: dict[str, list[Line]] = {}
        for line in component.lines:
            self._first.setdefault(line.name, line)
            if line.name in _LISTS:
                self._lists.setdefault(line.name, []).append(line)

    def event(self) -> Event | FaultError:
        """What the component says."""
        line = self._first.get("DTSTART")
        if line is None:
            return FaultError("the event has no DTSTART", self._begin)
        try:
            event = self._timed(line)
        except FaultError as fault:
            return fault
        except OverflowError:
            return FaultError("the event lies outside the calendar", line.number)
        if self._lists:
            self._dates(event)
        if "RECURRENCE-ID" in self._first:
            self._moved(event, self._first["RECURRENCE-ID"])
        event.fault, event.torn = self._fault, self._lost
        return event

    def _timed(self, line: Line) -> Event:
        start = self._moment(line.value, line)
        end, length = self._end(start)
        span = span_of(start, end, self._zone)
        if span.end < span.start:
            self._note(FaultError("the event ends before it begins", line.number))
            end = _next(end, start)
            span = span_of(start, end, self._zone)
        return Event(
            line=self._begin,
            uid=self._text("UID"),
            start=start,
            end=end,
            span=span,
            length=length,
            sequence=number(self._text("SEQUENCE")) or 0,
            showing=self._showing(),
            categories=tuple(self._words()) if "CATEGORIES" in self._first else (),
        )

    def _text(self, name: str) -> str:
        line = self._first.get(name)
        return line.value if line else ""

    def _showing(self) -> Showing:
        words = [self._first[name].value for name in _EXCHANGE if name in self._first]
        exchange = next(filter(None, words), "")
        return showing(self._text("STATUS").upper(), self._text("TRANSP").upper(), exchange.upper())

    def _words(self) -> Iterator[str]:
        """CATEGORIES, however many a line has."""
        left = WORDS
        for line in self._lines:
            if line.name == "CATEGORIES":
                left -= len(line.value)
                if left < 0:
                    self._note(FaultError(f"CATEGORIES have more than {WORDS:,} characters", line.number))
                    return
                yield from (word.strip() for word in split_on_unescaped_comma(line.value) if word.strip())

    def _moment(self, text: str, line: Line) -> Moment:
        """A zone that nothing defines is the clock of whoever looks: its time is kept free at least."""
        try:
            return moment(text, line, self._zones)
        except ZoneFaultError as fault:
            self._note(fault)
            return floating(text, line)
        except FaultError as fault:
            again = respelled(text)
            self._zones.steps.affords(_WRONG)
            if not again or again == text:
                raise
            self._note(fault)
            return self._moment(again, line)

    def _note(self, fault: FaultError, *, of: str = "") -> None:
        """`of`: the property of which something is left out."""
        self._fault = self._fault or fault
        self._lost |= of in _MORE

    # --- its end --------------------------------------------------------------------------------------

    def _end(self, start: Moment) -> tuple[Moment, Length | None]:
        """DTEND, else DURATION, else a whole day for a date and no time at all for a time (RFC 5545 3.6.1).

        What has an end that cannot be read, or was torn before it, is taken to last as long as its day.
        """
        line = self._first.get("DTEND") or self._first.get("DURATION")
        if line is None:
            return (_tomorrow(start) if self._torn or not isinstance(start, datetime) else start), None
        try:
            return self._duration(start, line) if line.name == "DURATION" else (self._dtend(start, line), None)
        except FaultError as fault:
            self._note(fault)
        except OverflowError:
            self._note(FaultError(f"{line.name} lies outside the calendar", line.number))
        return _tomorrow(start), None

    def _duration(self, start: Moment, line: Line) -> tuple[Moment, Length | None]:
        length = duration(line)
        if length < Length(0, 0):
            raise FaultError("DURATION is less than nothing", line.number)
        if isinstance(start, datetime):
            return after(start, length, self._zone), length
        return self._whole_days(start, after(start, length, self._zone), line), None

    def _dtend(self, start: Moment, line: Line) -> Moment:
        end = self._moment(line.value, line)
        if isinstance(start, datetime) != isinstance(end, datetime):
            self._note(FaultError("one of DTSTART and DTEND is a date, the other a time", line.number))
        return alike(end, start, self._zone) if isinstance(start, datetime) else self._whole_days(start, end, line)

    def _whole_days(self, start: date, end: Moment, line: Line) -> date:
        """All of a day that is begun; a day that ends on itself is that day, as every calendar program shows it."""
        last = day(end, self._zone)
        if isinstance(end, datetime) and end.time() != time():
            last += _DAY
        if last < start:
            self._note(FaultError("the event ends before it begins", line.number))
        return max(last, start + _DAY)

    # --- its recurrence -------------------------------------------------------------------------------

    def _dates(self, event: Event) -> None:
        read = self._rules(event.start)
        event.rules = [rule for rules in read for rule in rules]
        for line in self._lists.get("EXRULE", ()):
            self._note(
                FaultError("EXRULE is no longer part of iCalendar: what it leaves out is kept free", line.number)
            )
        event.exdates = list(self._each("EXDATE", lambda text, line: self._exdate(text, line, event.start)))
        event.extras = list(self._each("RDATE", lambda text, line: self._extra(text, line, event.start)))

    def _each(self, name: str, read: Callable[[str, Line], ValueT]) -> Iterator[ValueT]:
        for text, line in self._values(name):
            try:
                yield read(text, line)
            except (FaultError, OverflowError) as error:
                self._left_out(error, line)
                self._zones.steps.affords(_WRONG)

    def _exdate(self, text: str, line: Line, start: Moment) -> Moment:
        """A date may leave out whatever begins on that day."""
        at = self._moment(text, line)
        return alike(at, start, self._zone) if isinstance(at, datetime) else at

    @contextmanager
    def _noting(self, line: Line) -> Iterator[None]:
        try:
            yield
        except (FaultError, OverflowError) as error:
            self._left_out(error, line)

    def _left_out(self, error: FaultError | OverflowError, line: Line) -> None:
        """What cannot be read is left out, and said."""
        if isinstance(error, OverflowError):
            error = FaultError(f"{line.name} lies outside the calendar", line.number)
        self._note(error, of=line.name)

    def _rules(self, start: Moment) -> list[tuple[Rule, ...]]:
        """Those of each line that can be read."""
        rules: list[tuple[Rule, ...]] = []
        lines = self._lists.get("RRULE", [])
        if len(lines) > RULES:
            self._note(FaultError(f"the event has more than {RULES} RRULEs", lines[RULES].number), of="RRULE")
        for line in lines[:RULES]:
            if not self._affords(_RULE + len(line.value) // _CHARACTERS, line):
                break
            with self._noting(line):
                rules.append(rules_of(line, start, self._zone))
                if len(rules[-1]) > 1:
                    self._note(FaultError(f"{line.name} has both COUNT and UNTIL: the later counts", line.number))
        return rules

    def _affords(self, steps: int, line: Line) -> bool:
        """Once something is too much, all that follows is."""
        affords = self._zones.steps.affords(steps)
        if not affords:
            self._note(FaultError(f"{line.name} is left out: {SPENT}", line.number), of=line.name)
        return affords

    def _values(self, name: str) -> Iterator[tuple[str, Line]]:
        """The values of a list property, whether each has a line of its own or not."""
        left = DATES
        for line in self._lists.get(name, ()):
            for text in items(line.value):
                left -= 1
                if left < 0:
                    self._note(FaultError(f"{name} has more than {DATES} values", line.number), of=name)
                    return
                if not self._affords(_DATE, line):
                    return
                yield text, line

    def _extra(self, text: str, line: Line, start: Moment) -> Extra:
        begin, slash, end = text.partition("/")
        at = alike(self._moment(begin, line), start, self._zone)
        return at, alike(self._period_end(at, end, line), start, self._zone) if slash else None

    def _period_end(self, start: Moment, text: str, line: Line) -> Moment:
        if text[:1] in {"P", "p", "+"}:
            return after(start, duration(line._replace(value=text)), self._zone)
        return self._moment(text, line)

    def _moved(self, event: Event, line: Line) -> None:
        """An occurrence of its own. A RECURRENCE-ID that cannot be read is taken for the one that stands here."""
        event.id = event.start
        with self._noting(line):
            event.id = self._moment(line.value, line)
        event.onwards = line.params.get("RANGE", "").upper() == "THISANDFUTURE"


def _tomorrow(start: Moment) -> Moment:
    """When the day is over on which that begins."""
    return datetime.combine(start + _DAY, time(), start.tzinfo) if isinstance(start, datetime) else start + _DAY


def _next(clock: Moment, start: Moment) -> Moment:
    """When a clock next shows that time: a wrong day in DTEND is the common mistake, a wrong time is not."""
    if not isinstance(start, datetime) or not isinstance(clock, datetime):
        return start + _DAY
    there = clock.astimezone(start.tzinfo) if start.tzinfo else clock
    end = datetime.combine(start, there.time(), tzinfo=start.tzinfo)
    return end if end > start else end + _DAY
