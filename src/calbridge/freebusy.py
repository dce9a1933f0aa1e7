"""What the bridge tells others of a resource's time: merged busy spans as iCalendar, without a word about anybody.

Two shapes of the same: events, which every calendar product can subscribe to, and one VFREEBUSY (RFC 5545 3.6.4) for
programs that know it. Both are a function of spans and window, so that "unchanged" can be told by a digest of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from icalendar import Calendar, Event, FreeBusy, vPeriod

from calbridge import bookable
from calbridge.facts import Facts
from calbridge.interval import Interval, intersect, merge
from calbridge.model import Clinic
from calbridge.uids import product_of

Shape = Literal["events", "freebusy"]
DAY = 86_400
SUMMARY = "busy"


def window_of(clinic: Clinic, now: int) -> Interval:
    """From yesterday's midnight (UTC) to a day past the horizon: it moves once a day, not with every request."""
    today = now - now % DAY
    return Interval(today - DAY, today + (clinic.rules.horizon_days + 2) * DAY)


def busy_of(clinic: Clinic, facts: Facts, resource: str, window: Interval) -> list[Interval]:
    """All of a resource's taken time in the window: appointments and holds, foreign entries, absences, closures."""
    taken = facts.taken.get(resource, ())
    away = bookable.absences(clinic, facts, resource)
    return intersect(merge([*taken, *away, *bookable.closures(clinic, facts, resource)]), [window])


def digest(spans: Sequence[Interval], window: Interval, shape: Shape) -> str:
    """The same for the same answer, now and after a restart. A VFREEBUSY also says how far it goes."""
    told = [tuple(span) for span in ([window, *spans] if shape == "freebusy" else spans)]
    return hashlib.sha256(f"{shape};{told}".encode()).hexdigest()[:32]


def as_icalendar(clinic: Clinic, resource: str, spans: Sequence[Interval], window: Interval, *, shape: Shape) -> bytes:
    """The feed's text. DTSTAMP is the window's start: the same spans give the same text all day."""
    calendar = Calendar()
    calendar.add("PRODID", product_of(clinic.key))
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    stamp = _instant(window.start + DAY)
    made: list[tuple[int, Event | FreeBusy]]
    made = [(window.start, _freebusy(spans, window))] if shape == "freebusy" else [(s.start, _event(s)) for s in spans]
    for begins, component in made:
        component.add("UID", _uid(clinic, resource, begins))
        component.add("DTSTAMP", stamp)
        calendar.add_component(component)
    return bytes(calendar.to_ical())


def _event(span: Interval) -> Event:
    event = Event()
    event.add("DTSTART", _instant(span.start))
    event.add("DTEND", _instant(span.end))
    event.add("SUMMARY", SUMMARY)
    event.add("TRANSP", "OPAQUE")
    return event


def _freebusy(spans: Sequence[Interval], window: Interval) -> FreeBusy:
    component = FreeBusy()
    component.add("DTSTART", _instant(window.start))
    component.add("DTEND", _instant(window.end))
    for span in spans:
        component.add("FREEBUSY", vPeriod((_instant(span.start), _instant(span.end))), parameters={"FBTYPE": "BUSY"})
    return component


def _uid(clinic: Clinic, resource: str, begins: int) -> str:
    """Stable while the span's start is; nobody's name in it, and none of the bridge's appointment ids."""
    return hashlib.sha256(f"{clinic.key}/{resource}/{begins}".encode()).hexdigest()[:24] + "@free-busy.calbridge"


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
