"""Clients and patients, for matching only: each detail is asked for by itself, and the core compares."""

from __future__ import annotations

from typing import Any

from calbridge.errors import SkipItem
from calbridge.http import classify, json_of
from calbridge.model import Details
from calbridge.provider import ClientQuery, ClientRecord, PatientRecord
from calbridge_pms.api import Api, path_of, refusal
from calbridge_pms.wire import PmsClient, PmsPatient, read


def find(api: Api, query: ClientQuery) -> tuple[ClientRecord, ...]:
    """Everybody who shares the e-mail, the phone number or the name."""
    wanted: list[dict[str, str]] = []
    if query.email:
        wanted.append({"email": query.email})
    if query.phone:
        wanted.append({"phone": query.phone})
    if query.last_name:
        first = {"first_name": query.first_name} if query.first_name else {}
        wanted.append({"last_name": query.last_name, **first})
    found = {client.id: client for each in wanted for client in _search(api, each)}
    return tuple(_record(client, _patients(api, client.id)) for _, client in sorted(found.items()))


def create(api: Api, details: Details, key: str) -> ClientRecord:
    """A new client with her animal, once for each key."""
    body = {
        "first_name": details.first_name,
        "last_name": details.last_name,
        "email": details.email,
        "phone": details.phone,
        "address": details.address,
    }
    client = read(PmsClient, _post(api, "/v1/clients", body, key), "client")
    if not details.patient_name:
        return _record(client, ())
    animal = {"name": details.patient_name, "species": details.species}
    made = _post(api, f"{path_of('clients', client.id)}/patients", animal, f"{key}-patient")
    return _record(client, (read(PmsPatient, made, "patient"),))


def _search(api: Api, query: dict[str, str]) -> list[PmsClient]:
    return [read(PmsClient, raw, "client") for raw in api.each("/v1/clients", **query)]


def _patients(api: Api, client_id: str) -> tuple[PmsPatient, ...]:
    return tuple(read(PmsPatient, raw, "patient") for raw in api.all(f"{path_of('clients', client_id)}/patients"))


def _post(api: Api, path: str, body: dict[str, str], key: str) -> Any:
    response = api.write("POST", path, body, "client", **{"Idempotency-Key": key})
    if response.is_success:
        return json_of(response)
    error = classify(response, item="client")
    raise refusal(response, "client") if isinstance(error, SkipItem) else error


def _record(client: PmsClient, patients: tuple[PmsPatient, ...]) -> ClientRecord:
    return ClientRecord(
        id=client.id,
        first_name=client.first_name,
        last_name=client.last_name,
        emails=(client.email,) if client.email else (),
        phones=(client.phone,) if client.phone else (),
        addresses=(client.address,) if client.address else (),
        patients=tuple(PatientRecord(id=each.id, name=each.name, species=each.species) for each in patients),
    )
