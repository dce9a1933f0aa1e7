"""The practice's shape: sites, resources, appointment types, weekly windows, and what is free or busy.

Windows and busy times are given whole when they touch the range asked for, so that a range that slides
with the clock does not make them look changed.
"""

import itertools
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from calbridge_refpms.changes import announce, last_seq
from calbridge_refpms.instants import closes, opens, render
from calbridge_refpms.problems import invalid, not_found
from calbridge_refpms.records import Transaction
from calbridge_refpms.wire import (
    DAYS,
    AppointmentType,
    Busy,
    FreeBusy,
    Location,
    Resource,
    TypeResource,
    WeeklyPlan,
    Window,
    WindowPage,
)

WINDOW = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")
DAY_MINUTES = 1440


def locations(tx: Transaction) -> list[Location]:
    """All sites."""
    return [Location(**dict(row)) for row in tx.rows("SELECT * FROM locations ORDER BY id")]


def resources(tx: Transaction, location: str | None = None) -> list[Resource]:
    """The resources of one site, or of all."""
    rows = tx.rows("SELECT * FROM resources WHERE ? IN (location, '*') ORDER BY rowid", location or "*")
    return [Resource(**dict(row) | {"online": bool(row["online"])}) for row in rows]


def types(tx: Transaction, resource: str | None = None) -> list[AppointmentType]:
    """What can be booked, of one resource or at all."""
    offered = [_type(tx, row) for row in tx.rows("SELECT * FROM appointment_types ORDER BY rowid")]
    if resource is None:
        return offered
    return [kind for kind in offered if any(place.resource == resource for place in kind.resources)]


def window_page(tx: Transaction, resource: str, start: int, end: int) -> WindowPage:
    """The windows in the range, and of which kinds the resource has any plan at all."""
    kinds = tx.rows("SELECT DISTINCT kind FROM weekly_windows WHERE resource = ? ORDER BY kind", resource)
    return WindowPage(items=windows(tx, resource, start, end), planned=[row["kind"] for row in kinds])


def windows(tx: Transaction, resource: str, start: int, end: int) -> list[Window]:
    """The windows of a resource's weekly plans that touch the range."""
    zone = _zone(tx, resource)
    plans = tx.rows("SELECT * FROM weekly_windows WHERE resource = ?", resource)
    found = set()
    for day in _days(render(start, zone).date(), render(end, zone).date()):
        for plan in plans:
            if _applies(plan, day):
                edges = opens(day, plan["start"], zone), closes(day, plan["end"], zone)
                found.add((*edges, plan["kind"]))
    return [
        Window(start=render(opening, zone), end=render(closing, zone), kind=kind)
        for opening, closing, kind in sorted(found)
        if opening < closing and opening < end and closing > start
    ]


def freebusy(tx: Transaction, resource: str, start: int, end: int) -> FreeBusy:
    """The windows, and what takes time in the range, also outside the windows."""
    zone = _zone(tx, resource)
    rows = tx.rows(
        'SELECT * FROM occupancy WHERE resource = ? AND start < ? AND "end" > ? ORDER BY start, id',
        resource,
        end,
        start,
    )
    busy = [
        Busy(start=render(row["start"], zone), end=render(row["end"], zone), kind=row["kind"], id=row["id"])
        for row in rows
    ]
    return FreeBusy(free=windows(tx, resource, start, end), busy=busy)


def set_plans(tx: Transaction, resource: str, plans: list[WeeklyPlan]) -> None:
    """Replace all weekly plans of a resource."""
    _zone(tx, resource)
    tx.run("DELETE FROM weekly_windows WHERE resource = ?", resource)
    for plan in plans:
        add_plan(tx, resource, plan)
    announce(tx, "windows", resource, last_seq(tx) + 1)


def add_plan(tx: Transaction, resource: str, plan: WeeklyPlan) -> None:
    """Add one weekly plan; 400 for a window or a date that is none."""
    bounds = {"valid_from": _date(plan.from_), "valid_until": _date(plan.until)}
    for day, window in itertools.product(plan.days, plan.windows):
        start, end = _minutes(window)
        values = {"day": DAYS.index(day), "start": start, "end": end, "kind": plan.kind, "weeks": plan.weeks}
        tx.insert("weekly_windows", resource=resource, **values, **bounds)


def _zone(tx: Transaction, resource: str) -> ZoneInfo:
    if resource not in tx.zones:
        raise not_found("resource", resource)
    return tx.zones[resource]


def _type(tx: Transaction, row: sqlite3.Row) -> AppointmentType:
    places = tx.rows("SELECT resource, minutes FROM type_resources WHERE type = ? ORDER BY rowid", row["id"])
    values = dict(row) | {"species": json.loads(row["species"]), "online": bool(row["online"])}
    return AppointmentType(**values, resources=[TypeResource(**dict(place)) for place in places])


def _days(first: date, last: date) -> Iterator[date]:
    day = first - timedelta(days=1)
    while day <= last:
        yield day
        day += timedelta(days=1)


def _applies(plan: sqlite3.Row, day: date) -> bool:
    """Odd and even are those of the ISO week number: 2026-W53 and 2027-W01 are both odd."""
    if plan["day"] != day.weekday():
        return False
    if plan["valid_from"] and day.isoformat() < plan["valid_from"]:
        return False
    if plan["valid_until"] and day.isoformat() > plan["valid_until"]:
        return False
    return plan["weeks"] in ("all", "odd" if day.isocalendar().week % 2 else "even")


def _minutes(window: str) -> tuple[int, int]:
    match = WINDOW.match(window)
    if not match:
        raise invalid(f"{window!r} is not a window like '09:00-12:30'.")
    hours = [int(part) for part in match.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if not start < end <= DAY_MINUTES:
        raise invalid(f"{window!r} must end after it starts, at 24:00 at the latest.")
    return start, end


def _date(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise invalid(f"{text!r} is not a date like '2026-11-23'.") from error
