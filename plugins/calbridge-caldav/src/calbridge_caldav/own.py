"""The bridge's own events: how a CalendarView stands in a VEVENT, and what staff's edits of it mean.

The stamp is the UID `<appointment id>@calbridge` together with X-CALBRIDGE-ID; a copy keeps the one and gets a new
other, and is then foreign. X-CALBRIDGE-STATE is what the bridge wrote, STATUS and CATEGORIES are what staff edits.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from icalendar.parser import unescape_backslash

from calbridge.ical.events import event_of
from calbridge.ical.lines import Component, FaultError, number
from calbridge.ical.times import instant, moment
from calbridge.interval import Interval
from calbridge.marking import is_marked
from calbridge.model import State
from calbridge.provider import Stamp
from calbridge.uids import appointment_of
from calbridge.views import CalendarView
from calbridge_caldav.document import Document
from calbridge_caldav.notes import split

_TIMES = frozenset({"DTSTART", "DTEND", "DURATION"})
_RECURS = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})

STATUS = {State.HELD: "TENTATIVE", State.REQUESTED: "TENTATIVE"} | {state: "CANCELLED" for state in State if state.gone}
"""What is not named here is CONFIRMED."""

_BY_CATEGORY = {
    state.value: state for state in (State.CONFIRMED, State.ARRIVED, State.FULFILLED, State.NO_SHOW, State.CANCELLED)
}
"""The states that staff may set by giving the event another category; the client's own steps are not among them."""


def status_of(state: State) -> str:
    """The STATUS that shows a state."""
    return STATUS.get(state, "CONFIRMED")


def master(document: Document) -> Component | None:
    """The event itself, not a moved occurrence of it."""
    events = [event for event in document.walk("VEVENT") if event.first("RECURRENCE-ID") is None]
    return events[0] if events else None


def stamp_of(document: Document) -> Stamp | None:
    """The bridge's mark, or None where somebody else made this (a copy has our stamp and another UID).

    A program that drops unknown properties leaves the UID: then the revision is not known and is 0.
    """
    event = master(document)
    appointment = appointment_of(event.text("UID")) if event else ""
    if event is None or not appointment or event.text("X-CALBRIDGE-ID") not in {"", appointment}:
        return None
    return Stamp(appointment=appointment, revision=number(event.text("X-CALBRIDGE-REVISION")) or 0)


def modified_of(document: Document, clinic: ZoneInfo) -> int | None:
    """LAST-MODIFIED in epoch seconds, where there is one that can be read."""
    event = master(document)
    line = event.first("LAST-MODIFIED") if event else None
    if line is None:
        return None
    try:
        at = moment(line.value.strip(), line, document.zones())
        return instant(at, clinic) if isinstance(at, datetime) else None
    except (FaultError, OverflowError):
        return None


def view_of(document: Document, resource: str, clinic: ZoneInfo, *, marks: tuple[str, ...] = ()) -> CalendarView:
    """What the event shows. FaultError where its time cannot be read: then the booking is kept as it is."""
    event = master(document)
    if event is None:
        raise FaultError("there is no event in the object")
    when = time_of(document, event, clinic)
    description, note = texts_of(event)
    return CalendarView(
        state=state_of(event),
        resource=resource,
        start=when.start,
        end=when.end,
        title=text_of(event, "SUMMARY"),
        description=description,
        note=note,
        confidential=event.text("CLASS").upper() in {"PRIVATE", "CONFIDENTIAL"},
        marked=is_marked(categories(event), marks),
    )


def time_of(document: Document, event: Component, clinic: ZoneInfo) -> Interval:
    """When the event itself takes place, whatever staff made of its zone."""
    lines = [line._replace(value=line.value.strip()) for line in event.lines if line.name in _TIMES]
    found = event_of(Component("VEVENT", event.begin, lines), document.zones(), clinic)
    if isinstance(found, FaultError):
        raise found
    if found.fault:
        raise found.fault
    return found.span


def recurs(document: Document) -> bool:
    """True when staff made it repeat itself."""
    return any(line.name in _RECURS for event in document.walk("VEVENT") for line in event.lines)


def state_of(event: Component) -> State:
    """What the bridge wrote, unless staff's STATUS or category says something else."""
    written = _written(event)
    status = event.text("STATUS").upper()
    if status == "CANCELLED":
        return written if written.gone else State.CANCELLED
    named = categories(event) & _BY_CATEGORY.keys() - {written.value}
    if len(named) == 1:
        return _BY_CATEGORY[named.pop()]
    if status == "CONFIRMED" and status_of(written) != "CONFIRMED":
        return State.CONFIRMED
    return written


def _written(event: Component) -> State:
    text = event.text("X-CALBRIDGE-STATE").lower()
    if text in set(State):
        return State(text)
    return State.REQUESTED if event.text("STATUS").upper() == "TENTATIVE" else State.CONFIRMED


def categories(event: Component) -> set[str]:
    """The event's categories in lower case, however many a line has."""
    return {word.strip().lower() for line in event.all("CATEGORIES") for word in line.value.split(",") if word.strip()}


def texts_of(event: Component) -> tuple[str, str | None]:
    """Public description and private note; None where the bridge wrote that this calendar carries no note."""
    description, note = split(text_of(event, "DESCRIPTION"))
    return description, None if event.text("X-CALBRIDGE-NOTE") == "none" else note


def text_of(event: Component, name: str) -> str:
    """A text property, unescaped."""
    line = event.first(name)
    return unescape_backslash(line.value) if line else ""
