"""A practice from one JSON file: all of it or nothing, and one clear sentence for the first fault.

The file's shape is `Seed`; appointments have the shape of a POST, with an `id` and a `status` of their own.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from calbridge_refpms import closures, diary, people
from calbridge_refpms.problems import ProblemError
from calbridge_refpms.records import Records, Transaction
from calbridge_refpms.wire import (
    DAYS,
    AppointmentType,
    Location,
    NewAbsence,
    NewAppointment,
    NewBlock,
    NewClient,
    NewPatient,
    Ref,
    Resource,
    Status,
    WeeklyWindows,
)
from calbridge_refpms.zones import zone_exists

WINDOW = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")
DAY_MINUTES = 1440


class SeedError(Exception):
    """The file cannot be used; says what, where and why."""


class SeedClient(NewClient, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A client with an id of its own."""

    id: Ref


class SeedPatient(NewPatient, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A patient with an id of its own."""

    id: Ref
    client_id: Ref


class SeedAppointment(NewAppointment, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An appointment with an id of its own, in any state."""

    id: Ref | None = None
    status: Status = "confirmed"  # type: ignore[assignment]  # wider than a POST: a seed also brings the past


class Seed(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    locations: list[Location]
    resources: list[Resource]
    types: list[AppointmentType] = []
    windows: list[WeeklyWindows] = []
    absences: list[NewAbsence] = []
    clients: list[SeedClient] = []
    patients: list[SeedPatient] = []
    appointments: list[SeedAppointment] = []
    blocks: list[NewBlock] = []


def plant(records: Records, file: Path) -> dict[str, int]:
    """Fill an empty database from a file; how many of each."""
    seed = _read(file)
    with records.write("desk") as tx:
        if tx.row("SELECT 1 FROM locations"):
            raise SeedError(f"{records.path} holds a practice already; seed an empty database.")
        for section, add in _SECTIONS.items():
            _each(tx, file, section, getattr(seed, section), add)
    return {section: len(getattr(seed, section)) for section in _SECTIONS}


def _read(file: Path) -> Seed:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Seed)
    except OSError as error:
        raise SeedError(f"{file} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise SeedError(f"{file} does not have the shape of a seed: {error}.") from error


def _each(
    tx: Transaction,
    file: Path,
    section: str,
    entries: Iterable[Any],
    add: Callable[[Transaction, Any], object],
) -> None:
    for position, entry in enumerate(entries):
        try:
            add(tx, entry)
        except (ProblemError, ValueError) as error:
            raise SeedError(f"{file}: {section}[{position}]: {error}") from error
        except tx.connection.IntegrityError as error:
            raise SeedError(f"{file}: {section}[{position}]: {_constraint(error)}") from error


def _constraint(error: Exception) -> str:
    if "FOREIGN KEY" in str(error):
        return "it refers to something that the file does not define before it."
    return f"it contradicts an entry before it ({error})."


def _location(tx: Transaction, location: Location) -> None:
    if not zone_exists(location.time_zone):
        raise ValueError(f"{location.time_zone!r} is not an IANA time zone.")
    tx.insert("locations", **structs.asdict(location))


def _resource(tx: Transaction, resource: Resource) -> None:
    tx.insert("resources", **structs.asdict(resource))
    tx.__dict__.pop("zones", None)


def _type(tx: Transaction, kind: AppointmentType) -> None:
    values = structs.asdict(kind) | {"species": msgspec.json.encode(kind.species).decode()}
    del values["resources"]
    tx.insert("appointment_types", **values)
    for place in kind.resources:
        tx.insert("type_resources", type=kind.id, **structs.asdict(place))


def _windows(tx: Transaction, plan: WeeklyWindows) -> None:
    bounds = {"valid_from": _date(plan.from_), "valid_until": _date(plan.until)}
    for day in plan.days:
        for window in plan.windows:
            start, end = _minutes(window)
            values = {
                "day": DAYS.index(day),
                "start": start,
                "end": end,
                "kind": plan.kind,
                "weeks": plan.weeks,
            }
            tx.insert("weekly_windows", resource=plan.resource, **values, **bounds)


def _minutes(window: str) -> tuple[int, int]:
    match = WINDOW.match(window)
    if not match:
        raise ValueError(f"{window!r} is not a window like '09:00-12:30'.")
    hours = [int(part) for part in match.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if not start < end <= DAY_MINUTES:
        raise ValueError(f"{window!r} must end after it starts, at 24:00 at the latest.")
    return start, end


def _date(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date like '2026-11-23'.") from error


def _client(tx: Transaction, client: SeedClient) -> None:
    people.create(tx, client, ident=client.id)


def _patient(tx: Transaction, patient: SeedPatient) -> None:
    people.create_patient(tx, patient.client_id, patient, ident=patient.id)


def _appointment(tx: Transaction, entry: SeedAppointment) -> None:
    values = structs.asdict(entry)
    ident, status = values.pop("id"), values.pop("status")
    double = entry.allow_double_booking or status in ("cancelled", "no_show")
    made = diary.create(tx, NewAppointment(**(values | {"allow_double_booking": double})), ident=ident)
    if status != "confirmed":
        tx.run("UPDATE appointments SET status = ? WHERE id = ?", status, made.id)


_SECTIONS: dict[str, Callable[[Transaction, Any], object]] = {
    "locations": _location,
    "resources": _resource,
    "types": _type,
    "windows": _windows,
    "absences": closures.add_absence,
    "clients": _client,
    "patients": _patient,
    "appointments": _appointment,
    "blocks": closures.add_block,
}
