"""A practice from one JSON file: all of it or nothing, and one clear sentence for the first fault.

The file's shape is `Seed`; appointments have the shape of a POST, with an `id` and a `status` of their own.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from calbridge_refpms import closures, diary, people, timetable
from calbridge_refpms.problems import ProblemError
from calbridge_refpms.records import Records, Transaction
from calbridge_refpms.wire import (
    AppointmentType,
    Location,
    NewAbsence,
    NewAppointment,
    NewBlock,
    NewClient,
    NewClosure,
    NewPatient,
    Ref,
    Resource,
    Status,
    WeeklyPlan,
)
from calbridge_refpms.zones import zone_exists


class SeedError(Exception):
    """The file cannot be used; says what, where and why."""


class SeedClient(NewClient, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A client with an id of its own."""

    id: Ref


class SeedPatient(NewPatient, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A patient with an id of its own."""

    id: Ref
    client_id: Ref


class SeedWindows(WeeklyPlan, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A weekly plan and whose it is."""

    resource: Ref


class SeedAppointment(NewAppointment, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An appointment with an id of its own, in any state."""

    id: Ref | None = None
    status: Status = "confirmed"  # type: ignore[assignment]  # wider than a POST: a seed also brings the past


class Seed(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    locations: list[Location]
    resources: list[Resource]
    types: list[AppointmentType] = []
    windows: list[SeedWindows] = []
    absences: list[NewAbsence] = []
    closures: list[NewClosure] = []
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


def _windows(tx: Transaction, entry: SeedWindows) -> None:
    values = structs.asdict(entry)
    del values["resource"]
    timetable.add_plan(tx, entry.resource, WeeklyPlan(**values))


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
    "closures": closures.add_closure,
    "clients": _client,
    "patients": _patient,
    "appointments": _appointment,
    "blocks": closures.add_block,
}
