"""What the vets keep in their own calendars, as iCalendar text that another program wrote.

A weekly meeting with one date left out, a colleague's holiday that takes no time, a day of training, and a call that
was entered in New York: what calendar apps really send. The bridge may read all of it and touch none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from calbridge.demo.days import at, booked_day, course_day

MEETING: Final = ("10:00", "10:45")
CALL: Final = ("05:30", "06:00")
NEW_YORK: Final = ZoneInfo("America/New_York")
WEEKS_SINCE: Final = 4
LEFT_OUT_WEEKS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One calendar object: the name of its resource in the collection, and its text."""

    name: str
    uid: str
    text: bytes


def meeting(today: date) -> tuple[datetime, datetime]:
    """The staff meeting on the booked day."""
    day = booked_day(today)
    return at(day, MEETING[0]), at(day, MEETING[1])


def left_out(today: date) -> date:
    """The week in which the meeting does not take place."""
    return booked_day(today) + timedelta(weeks=LEFT_OUT_WEEKS)


def call(today: date) -> tuple[datetime, datetime]:
    """The call on the booked day, at the hour somebody in New York chose."""
    day = booked_day(today)
    return at(day, CALL[0], NEW_YORK), at(day, CALL[1], NEW_YORK)


def blocked(today: date, vet: str) -> tuple[tuple[datetime, datetime], ...]:
    """Every time of the next weeks that `vet`'s own entries take."""
    weekly = [
        (first, last)
        for week in range(4)
        if (day := booked_day(today) + timedelta(weeks=week)) != left_out(today)
        for first, last in [(at(day, MEETING[0]), at(day, MEETING[1]))]
    ]
    if vet != "jonas":
        return tuple(weekly)
    course = course_day(today)
    return (*weekly, call(today), (at(course, "00:00"), at(course, "24:00")))


def notes(today: date, vet: str) -> tuple[Note, ...]:
    """The entries of one vet's calendar."""
    own = [_meeting(today, vet), _holiday(today, vet)]
    if vet == "jonas":
        own += [_course(today), _call(today)]
    return tuple(own)


def _meeting(today: date, vet: str) -> Note:
    first, last = meeting(today)
    ago = timedelta(weeks=WEEKS_SINCE)
    return _note(
        f"teamsitzung-{vet}",
        summary="Teamsitzung",
        dtstart=first - ago,
        dtend=last - ago,
        rrule={"FREQ": "WEEKLY"},
        exdate=at(left_out(today), MEETING[0]),
    )


def _holiday(today: date, vet: str) -> Note:
    day = booked_day(today)
    return _note(
        f"urlaub-{vet}",
        summary="Urlaub Svenja (Empfang)",
        dtstart=day,
        dtend=day + timedelta(days=3),
        transp="TRANSPARENT",
    )


def _course(today: date) -> Note:
    day = course_day(today)
    return _note("fortbildung-jonas", summary="Fortbildung Sonografie", dtstart=day, dtend=day + timedelta(days=1))


def _call(today: date) -> Note:
    first, last = call(today)
    return _note("call-jonas", summary="Call Herstellerschulung", dtstart=first, dtend=last)


def _note(name: str, **properties: Any) -> Note:
    """The wall clock stays with the zone's name: the library writes the VTIMEZONE for it."""
    from icalendar import Calendar, Event

    uid = f"{name}@praxis.example.org"
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", datetime(2026, 1, 5, 8, 0, tzinfo=ZoneInfo("UTC")))
    for key, value in properties.items():
        event.add(key, value)
    calendar = Calendar()
    calendar.add("prodid", "-//Praxiskalender//DE")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    day = properties["dtstart"]
    calendar.add_missing_timezones(first_date=date(day.year - 1, 1, 1), last_date=date(day.year + 2, 1, 1))
    return Note(name=f"{name}.ics", uid=uid, text=calendar.to_ical())
