"""A calendar server in memory, its staff, and the provider over it.

The server knows events by collection and href, guards writes by ETag, may rewrite bodies and forget tokens.
Staff may do anything to any event; what they made themselves is kept aside, to be judged later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from calbridge.errors import SkipItem
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import (
    Busy,
    Capabilities,
    Change,
    Clock,
    Entry,
    Feed,
    Finding,
    Gone,
    Present,
    Probe,
    Receipt,
    Record,
    Stamp,
)
from calbridge.testing.changelog import ChangeLog, read
from calbridge.testing.conditional import settled
from calbridge.views import CalendarView


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One VEVENT's meaning. `collection` is the resource whose calendar holds it; `version` is its ETag."""

    collection: str
    uid: str
    start: int
    end: int
    title: str = ""
    description: str = ""
    note: str | None = None
    state: State = State.CONFIRMED
    confidential: bool = False
    marked: bool = False
    tentative: bool = False
    stamp: Stamp | None = None
    version: str = ""
    modified: int = 0

    @property
    def ref(self) -> str:
        """Collection and href: a UID alone is not unique (R10)."""
        return f"{self.collection}/{self.uid}.ics"

    @property
    def span(self) -> Interval:
        """When it is."""
        return Interval(self.start, self.end)


def unchanged(event: Event) -> Event:
    """A server that stores what it is given."""
    return event


def tidied(event: Event) -> Event:
    """A server that rewrites bodies: folds white space and ends a description with a full stop (R16)."""
    words = " ".join(event.description.split()).rstrip(".")
    return replace(event, title=" ".join(event.title.split()), description=f"{words}." if words else "")


class CalendarModel:
    """The server's own state and what people do to it."""

    def __init__(self, clock: Clock, *, rewrite: Callable[[Event], Event] = unchanged) -> None:
        self.clock = clock
        self.rewrite = rewrite
        self.log = ChangeLog()
        self.events: dict[str, Event] = {}
        self.foreign: dict[str, Event] = {}
        self.writes = 0
        self._count = 0

    # staff, in any calendar program

    def add(self, resource: str, start: int, end: int, title: str = "", *, tentative: bool = False) -> str:
        """Staff makes an event of their own; returns its ref."""
        event = Event(
            collection=resource,
            uid=f"own-{self._next()}",
            start=start,
            end=end,
            title=title,
            tentative=tentative,
        )
        return self._staff(event).ref

    def drag(self, ref: str, start: int, end: int | None = None, resource: str = "") -> str:
        """Staff moves or resizes an event, perhaps to another calendar; returns its ref from now on."""
        old = self.events[ref]
        moved = replace(
            old,
            start=start,
            end=start + old.end - old.start if end is None else end,
            collection=resource or old.collection,
        )
        if moved.ref != ref:
            self.delete(ref)
        return self._staff(moved).ref

    def retitle(self, ref: str, title: str) -> None:
        """Staff writes another subject."""
        self._staff(replace(self.events[ref], title=title))

    def mark(self, ref: str, *, marked: bool = True) -> None:
        """Staff gives an event the portal's category, or takes it away."""
        self._staff(replace(self.events[ref], marked=marked))

    def delete(self, ref: str) -> None:
        """Staff deletes an event."""
        del self.events[ref]
        self.foreign.pop(ref, None)
        self.log.note(ref)

    # the server

    def store(self, event: Event) -> Event:
        """A PUT: the server may rewrite it and gives it a new ETag."""
        kept = replace(self.rewrite(event), version=f"e{self._next()}", modified=self.clock.now())
        self.events[kept.ref] = kept
        self.log.note(kept.ref)
        return kept

    def drop(self, ref: str) -> None:
        """A DELETE."""
        del self.events[ref]
        self.log.note(ref)

    def stamped(self) -> Iterator[Event]:
        """What the bridge wrote."""
        return (event for event in self.events.values() if event.stamp is not None)

    def _staff(self, event: Event) -> Event:
        kept = self.store(event)
        if kept.stamp is None:
            self.foreign[kept.ref] = kept
        return kept

    def _next(self) -> int:
        self._count += 1
        return self._count


class MemoryCalendar:
    """The provider over a `CalendarModel`."""

    def __init__(self, model: CalendarModel, *, resources: frozenset[str] | None = None) -> None:
        self.model = model
        self.capabilities = Capabilities(
            fields=frozenset(
                {"state", "resource", "start", "end", "title", "description", "note", "confidential", "marked"}
            ),
            mirrors=True,
            resources=resources,
        )

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        """Nothing can be wrong with it."""
        return (Finding(level="ok", message="The calendar answers."),)

    @hookimpl
    def import_schedule(
        self,
        cursor: str,
        window: Interval,
        known: Mapping[str, str],  # noqa: ARG002 - the hook's signature; this side has a change log
    ) -> Feed[Record]:
        """All events of the window, or the changes since `cursor`."""
        return read(self.model.log, cursor, window, listing=lambda: self._listing(window), look=self._look)

    @hookimpl
    def probe(self, ref: str) -> Probe:
        """Is the event there?"""
        return Present() if ref in self.model.events else Gone()

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        """PUT or DELETE with If-Match; the UID is derived from the appointment."""
        current = self._find(change)
        answer = settled(change, _entry(current) if current else None, self.capabilities.fields)
        if answer is not None:
            return answer
        self.model.writes += 1
        wanted = None if change.remove else _made(change, current)
        if current is not None and (wanted is None or wanted.ref != current.ref):
            self.model.drop(current.ref)
        return Receipt(outcome="written", entry=_entry(self.model.store(wanted)) if wanted else None)

    def _find(self, change: Change) -> Event | None:
        """By its ref, else by its stamp: staff may have put it into another calendar."""
        named = self.model.events.get(change.ref)
        if named is not None:
            return named
        return next((e for e in self.model.stamped() if e.stamp and e.stamp.appointment == change.appointment), None)

    def _listing(self, window: Interval) -> Iterable[Record]:
        return [_record(event) for event in self.model.events.values() if event.span.overlaps(window)]

    def _look(self, ref: str) -> Record | None:
        event = self.model.events.get(ref)
        return _record(event) if event else None


def _record(event: Event) -> Record:
    if event.stamp is not None:
        return _entry(event)
    return Busy(
        ref=event.ref,
        version=event.version,
        resource=event.collection,
        spans=(event.span,),
        tentative=event.tentative,
    )


def _entry(event: Event) -> Entry:
    view = CalendarView(
        state=event.state,
        resource=event.collection,
        start=event.start,
        end=event.end,
        title=event.title,
        description=event.description,
        note=event.note,
        confidential=event.confidential,
        marked=event.marked,
    )
    return Entry(ref=event.ref, version=event.version, view=view, stamp=event.stamp, modified=event.modified)


def _made(change: Change, current: Event | None) -> Event:
    view = change.view
    if not isinstance(view, CalendarView):
        raise SkipItem("A calendar takes calendar views only.", item=change.appointment)
    return Event(
        uid=current.uid if current else f"calbridge-{change.appointment}",
        collection=view.resource,
        start=view.start,
        end=view.end,
        title=view.title,
        description=view.description,
        note=view.note,
        state=view.state,
        confidential=view.confidential,
        marked=view.marked,
        stamp=Stamp(appointment=change.appointment, revision=change.revision),
    )
