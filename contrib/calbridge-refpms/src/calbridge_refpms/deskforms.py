"""What the desk types, as the contract's own requests: a form can do nothing the API cannot.

Times are typed as wall time of the resource's site; a wall time that does not exist is refused.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from calbridge_refpms import people, timetable
from calbridge_refpms.asked import NUMBER
from calbridge_refpms.problems import invalid, unprocessable
from calbridge_refpms.records import Transaction
from calbridge_refpms.wire import (
    AppointmentChange,
    Cancellation,
    NewAppointment,
    NewBlock,
    NewClient,
    NewPatient,
)

Form = Mapping[str, str]
T = TypeVar("T")
FIRST_YEAR, LAST_YEAR = 1970, 9000


def booking_form(tx: Transaction, form: Form) -> NewAppointment:
    """A booking by phone; its length is the type's unless minutes are given."""
    resource = form.get("resource", "")
    start, end = _times(tx, resource, form)
    values = _given(form, "type", "title", "description", "note", "client_id", "patient_id")
    rooms = [form["room"]] if form.get("room") else []
    return _checked(
        NewAppointment,
        values
        | {
            "resource": resource,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "rooms": rooms,
            "allow_double_booking": form.get("double") == "yes",
        },
    )


def move_form(tx: Transaction, form: Form) -> AppointmentChange:
    """Another time, length or resource."""
    resource = form.get("resource", "")
    start, end = _times(tx, resource, form)
    return _checked(
        AppointmentChange,
        {
            "resource": resource,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "allow_double_booking": form.get("double") == "yes",
        },
    )


def block_form(tx: Transaction, form: Form) -> NewBlock:
    """A blocked time."""
    resource = form.get("resource", "")
    start, end = _times(tx, resource, form)
    values = {
        "resource": resource,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "title": form.get("title", ""),
    }
    return _checked(NewBlock, values)


def status_form(form: Form) -> AppointmentChange:
    """Arrived, left, not come, confirmed."""
    return _checked(AppointmentChange, {"status": form.get("status", "")})


def link_form(tx: Transaction, form: Form) -> AppointmentChange:
    """The client with this number, and that client's patient of this name where one is given."""
    number, name = form.get("number", "").strip(), form.get("patient", "").strip()
    if not number:
        return AppointmentChange(client_id=None, patient_id=None)
    row = tx.row("SELECT id FROM clients WHERE number = ?", number)
    if row is None:
        raise unprocessable("unknown_reference", f"There is no client number {number!r}.")
    found = [animal for animal in people.patients(tx, row["id"]) if animal.name.casefold() == name.casefold()]
    if name and len(found) != 1:
        raise unprocessable("unknown_reference", f"Client {number} has {len(found)} patients of that name.")
    return AppointmentChange(client_id=row["id"], patient_id=found[0].id if name else None)


def category_form(form: Form) -> AppointmentChange:
    """The calendars or categories it belongs to, separated by commas."""
    words = [word.strip() for word in form.get("categories", "").split(",")]
    return _checked(AppointmentChange, {"categories": [word for word in words if word]})


def cancel_form(form: Form) -> Cancellation:
    """Why it is cancelled."""
    return _checked(Cancellation, {"reason": form.get("reason", "")})


def client_form(form: Form) -> NewClient:
    """A client as the desk records one."""
    names = ("first_name", "last_name", "email", "phone", "address", "number")
    return _checked(NewClient, _given(form, *names))


def patient_form(form: Form) -> NewPatient:
    """An animal as the desk records one."""
    return _checked(NewPatient, _given(form, "name", "species"))


def revision_of(form: Form) -> int:
    """The revision the page was made from."""
    text = form.get("revision", "")
    if not NUMBER.fullmatch(text):
        raise invalid("The form carries no revision; open the page again.")
    return int(text)


def _given(form: Form, *names: str) -> dict[str, Any]:
    return {name: form[name].strip() for name in names if form.get(name, "").strip()}


def _checked(shape: type[T], values: dict[str, Any]) -> T:
    try:
        return msgspec.convert(values, shape)
    except msgspec.ValidationError as error:
        raise invalid(f"{error}.") from error


def _minutes(tx: Transaction, form: Form) -> timedelta:
    given = form.get("minutes", "")
    if NUMBER.fullmatch(given) and int(given) > 0:
        return timedelta(minutes=min(int(given), 1440))
    for kind in timetable.types(tx):
        if kind.id == form.get("type"):
            return timedelta(minutes=kind.minutes)
    raise invalid("Give the minutes, or choose an appointment type.")


def _times(tx: Transaction, resource: str, form: Form) -> tuple[datetime, datetime]:
    """Start and end; the length is elapsed time, also across a change of the clocks."""
    if resource not in tx.zones:
        raise unprocessable("unknown_reference", f"There is no resource {resource!r}.")
    try:
        wall = datetime.fromisoformat(form.get("start", ""))
    except ValueError as error:
        raise invalid("The start must look like 2026-11-23T09:00.") from error
    if wall.tzinfo is not None:
        raise invalid("The start is typed as local time, without an offset.")
    start = _instant(tx.zones[resource], wall)
    return start, start + _minutes(tx, form)


def _instant(zone: ZoneInfo, wall: datetime) -> datetime:
    if not FIRST_YEAR <= wall.year < LAST_YEAR:
        raise invalid(f"The year {wall.year} is none of a diary's.")
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        raise invalid(f"{wall:%H:%M} does not exist on that day: the clocks go forward.")
    return moment
