"""Write a CalendarView into an event: only what differs is replaced, everything else stays to the letter.

Each change counts SEQUENCE up and renews the stamp. No ATTENDEE or ORGANIZER: they start the server's own mails.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from calbridge.ical.lines import Component, FaultError, Line, number
from calbridge.marking import is_marked
from calbridge.model import State
from calbridge.uids import uid_of
from calbridge.views import CalendarView
from calbridge_caldav.document import Document, components, content_lines, make
from calbridge_caldav.notes import join, split, writable
from calbridge_caldav.own import categories, master, status_of, text_of, texts_of, view_of
from calbridge_caldav.vtimezone import vtimezone

_SKELETON = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//calbridge//calbridge//EN\r\n"
    "BEGIN:VEVENT\r\nUID:{uid}\r\nCREATED:{now}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_STATES = frozenset(state.value for state in State)


def compose(
    appointment: str, revision: int, view: CalendarView, *, zone: ZoneInfo, now: int, marks: tuple[str, ...] = ()
) -> bytes:
    """A new event."""
    skeleton = _SKELETON.format(uid=uid_of(appointment), now=_utc(now))
    return amend(Document.parse(skeleton.encode()), appointment, revision, view, zone=zone, now=now, marks=marks)


def amend(
    document: Document,
    appointment: str,
    revision: int,
    view: CalendarView,
    *,
    zone: ZoneInfo,
    now: int,
    marks: tuple[str, ...] = (),
) -> bytes:
    """The object with its event showing `view`. `marks`: the categories that show it to its client."""
    event = master(document)
    if event is None:
        raise FaultError("there is no event in the object")
    shown = _shown(document, view.resource, zone)
    if shown is None or (shown.start, shown.end) != (view.start, view.end):
        _set_time(document, event, view, zone)
    if shown is None or shown.title != title_of(view):
        _put(document, event, "SUMMARY", _escaped(title_of(view)))
    _set_texts(document, event, view)
    _set_state(document, event, view.state)
    _set_mark(document, event, marks, marked=view.marked)
    if shown is None or shown.confidential != view.confidential:
        _put(document, event, "CLASS", "PRIVATE" if view.confidential else "PUBLIC")
    _put(document, event, "TRANSP", "OPAQUE")
    _set_stamp(document, event, appointment, revision, now)
    return document.render()


def settled(view: CalendarView, *, marks: tuple[str, ...] = ()) -> CalendarView:
    """What reading gives back after writing `view`: the texts as they can be written, the mark where there is one."""
    description, note = texts_as_written(view)
    return CalendarView(
        state=view.state,
        resource=view.resource,
        start=view.start,
        end=view.end,
        title=title_of(view),
        description=description,
        note=note,
        confidential=view.confidential,
        marked=view.marked and bool(marks),
    )


def title_of(view: CalendarView) -> str:
    """A subject is one line."""
    return " ".join(writable(view.title).split("\n"))


def texts_as_written(view: CalendarView) -> tuple[str, str | None]:
    """Both texts, writable."""
    return writable(view.description), None if view.note is None else writable(view.note)


def _shown(document: Document, resource: str, zone: ZoneInfo) -> CalendarView | None:
    try:
        return view_of(document, resource, zone)
    except FaultError:
        return None


def _set_time(document: Document, event: Component, view: CalendarView, zone: ZoneInfo) -> None:
    start, end = datetime.fromtimestamp(view.start, zone), datetime.fromtimestamp(view.end, zone)
    if start.fold or end.fold or zone.key == "UTC":
        # the second 02:30 of an autumn night cannot be said on the wall clock
        _put(document, event, "DTSTART", _utc(view.start))
        _put(document, event, "DTEND", _utc(view.end))
    else:
        _put(document, event, "DTSTART", f"{start:%Y%m%dT%H%M%S}", tzid=zone.key)
        _put(document, event, "DTEND", f"{end:%Y%m%dT%H%M%S}", tzid=zone.key)
        _define(document, zone.key, start.year)
    document.replace(event, "DURATION")


def _define(document: Document, tzid: str, year: int) -> None:
    if any(zone.text("TZID") == tzid for zone in document.walk("VTIMEZONE")):
        return
    lines = content_lines(vtimezone(tzid, year))
    document.roots[0].children[:0] = components(lines)
    document.insert_before(document.walk("VEVENT")[0], *lines)


def _set_texts(document: Document, event: Component, view: CalendarView) -> None:
    wanted = texts_as_written(view)
    if event.first("X-CALBRIDGE-ID") is not None and texts_of(event) == wanted:
        return
    description, note = wanted
    text = join(description, _foreign_text(event) if note is None else note)
    _put(document, event, "DESCRIPTION", _escaped(text)) if text else document.replace(event, "DESCRIPTION")
    document.replace(event, "X-ALT-DESC")
    _put(document, event, "X-CALBRIDGE-NOTE", "none" if note is None else "kept")


def _foreign_text(event: Component) -> str:
    """In a calendar that carries no note, what stands below the line is staff's own and stays."""
    if event.text("X-CALBRIDGE-NOTE") != "none":
        return ""
    return split(text_of(event, "DESCRIPTION"))[1]


def _set_state(document: Document, event: Component, state: State) -> None:
    _put(document, event, "STATUS", status_of(state))
    _put(document, event, "X-CALBRIDGE-STATE", state.value)
    if categories(event) & _STATES == {state.value}:
        return
    kept = [make(line.head, rest) for line in event.all("CATEGORIES") if (rest := _without_states(line))]
    document.replace(event, "CATEGORIES", *kept, make("CATEGORIES", state.value))


def _without_states(line: Line) -> str:
    return ",".join(word for word in line.value.split(",") if word.strip().lower() not in _STATES)


def _set_mark(document: Document, event: Component, marks: tuple[str, ...], *, marked: bool) -> None:
    """Beside the state and staff's own categories, which stay as they are."""
    if not marks or is_marked(categories(event), marks) == marked:
        return
    kept = [make(line.head, rest) for line in event.all("CATEGORIES") if (rest := _without(line, marks))]
    added = [make("CATEGORIES", _escaped(marks[0]))] if marked else []
    document.replace(event, "CATEGORIES", *kept, *added)


def _without(line: Line, marks: tuple[str, ...]) -> str:
    return ",".join(word for word in line.value.split(",") if not is_marked([word], marks))


def _set_stamp(document: Document, event: Component, appointment: str, revision: int, now: int) -> None:
    before = number(event.text("SEQUENCE"))
    _put(document, event, "SEQUENCE", str(max(0 if before is None else before + 1, revision)))
    _put(document, event, "X-CALBRIDGE-ID", appointment)
    _put(document, event, "X-CALBRIDGE-REVISION", str(revision))
    _put(document, event, "DTSTAMP", _utc(now))
    _put(document, event, "LAST-MODIFIED", _utc(now))


def _put(document: Document, event: Component, name: str, value: str, *, tzid: str = "") -> None:
    document.replace(event, name, make(f"{name};TZID={tzid}" if tzid else name, value))


def _escaped(text: str) -> str:
    """RFC 5545 3.3.11. Not the library's: it takes a backslash and an N that somebody typed for a line end."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _utc(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%SZ}"
