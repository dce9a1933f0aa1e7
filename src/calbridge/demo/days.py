"""Which days the demo lives on, as pure functions of today: it works at any hour, on weekends and at year's end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from calbridge.demo.clinic import OPENING, WEEKDAYS, WORKDAYS, ZONE

BERLIN = ZoneInfo(ZONE)
AHEAD = 2
"""Days between today and the booked day: no lead time and no midnight during the run can touch it."""


def weekday(day: date) -> str:
    """mon to sun."""
    return WEEKDAYS[day.weekday()]


def booked_day(today: date) -> date:
    """The first day, at least two days ahead, on which both vets are there."""
    return next_workday(today + timedelta(days=AHEAD))


def next_workday(day: date) -> date:
    """The day itself or the first one after it from Monday to Friday."""
    while weekday(day) not in WORKDAYS:
        day += timedelta(days=1)
    return day


def course_day(today: date) -> date:
    """The vet's day of training: the first working day after the booked one."""
    return next_workday(booked_day(today) + timedelta(days=1))


def open_days(today: date, days: int) -> tuple[date, ...]:
    """The days the practice opens on, from tomorrow on."""
    coming = (today + timedelta(days=offset) for offset in range(1, days + 1))
    return tuple(day for day in coming if weekday(day) in OPENING)


def closure(today: date) -> tuple[date, date]:
    """A week of holidays of the whole practice, well after everything the demo touches; both ends inclusive."""
    first = booked_day(today) + timedelta(days=35)
    return first, first + timedelta(days=6)


def at(day: date, clock: str, zone: ZoneInfo = BERLIN) -> datetime:
    """An instant from wall-clock text such as "09:30"; "24:00" is the next midnight."""
    hours, minutes = (int(part) for part in clock.split(":"))
    carried = day + timedelta(days=hours // 24)
    return datetime(carried.year, carried.month, carried.day, hours % 24, minutes, tzinfo=zone)


def day_span(day: date) -> tuple[datetime, datetime]:
    """Local midnight to local midnight: 23 or 25 hours when the clocks change."""
    return at(day, "00:00"), at(day, "24:00")
