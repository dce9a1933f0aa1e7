"""Clients and patients, for matching only: each detail is asked for by itself, and the core compares."""

from __future__ import annotations

from typing import Any

from calbridge import folding
from calbridge.errors import SkipItem
from calbridge.http import classify, json_of
from calbridge.model import Animal, Consent, Details
from calbridge.provider import ClientQuery, ClientRecord, PatientRecord
from calbridge_pms.api import Api, code_of, path_of
from calbridge_pms.convert import instant
from calbridge_pms.names import Names
from calbridge_pms.wire import PmsClient, PmsPatient, read


def find(api: Api, names: Names, query: ClientQuery) -> tuple[ClientRecord, ...]:
    """Everybody who shares the e-mail, the phone number or the name; and the one with that id."""
    wanted: list[dict[str, str]] = [{"email": text} for text in _spellings(query.email)]
    if query.phone:
        wanted.append({"phone": query.phone})
    if query.last_name:
        first = {"first_name": query.first_name} if query.first_name else {}
        wanted.append({"last_name": query.last_name, **first})
    found = {client.id: client for each in wanted for client in _search(api, each)}
    found |= {client.id: client for client in _named(api, query.id)}
    return tuple(_record(client, _patients(api, client.id), names) for _, client in sorted(found.items()))


def _spellings(email: str) -> tuple[str, ...]:
    """A domain with umlauts has two, and a PMS finds only the one it is given."""
    looked_up = folding.email(email)
    return (email, looked_up) if looked_up not in {"", folding.folded(email)} else (email,) * bool(email)


def _named(api: Api, ident: str) -> list[PmsClient]:
    """An id that a person typed may lead to another address: only the record that bears it counts."""
    raw = api.look(path_of("clients", ident), "client") if ident else None
    found = isinstance(raw, dict) and raw.get("id") == ident
    return [read(PmsClient, raw, "client")] if found else []


def create(api: Api, names: Names, details: Details, key: str, consent: Consent | None) -> ClientRecord:
    """A new client with her animals and what she agreed to, once for each key."""
    body = {
        "first_name": details.first_name,
        "last_name": details.last_name,
        "email": details.email,
        "phone": details.phone,
        "address": details.address,
    }
    client = read(PmsClient, _post(api, "/v1/clients", body, key), "client")
    animals = (Animal(name=each.name, species=names.species_there(each.species)) for each in details.animals)
    patients = tuple(_animal(api, client, each, f"{key}-patient-{n}") for n, each in enumerate(animals))
    if consent is not None and api.abilities().documents:
        filed = {"kind": "consent", "text": consent.notice, "dated": instant(consent.agreed_at)}
        _post(api, f"{path_of('clients', client.id)}/documents", filed, f"{key}-consent")
    return _record(client, patients, names)


def _animal(api: Api, client: PmsClient, animal: Animal, key: str) -> PmsPatient:
    body = {"name": animal.name, "species": animal.species}
    return read(PmsPatient, _post(api, f"{path_of('clients', client.id)}/patients", body, key), "patient")


def _search(api: Api, query: dict[str, str]) -> list[PmsClient]:
    return [read(PmsClient, raw, "client") for raw in api.each("/v1/clients", **query)]


def _patients(api: Api, client_id: str) -> tuple[PmsPatient, ...]:
    return tuple(read(PmsPatient, raw, "patient") for raw in api.all(f"{path_of('clients', client_id)}/patients"))


def _post(api: Api, path: str, body: dict[str, str], key: str) -> Any:
    response = api.write("POST", path, body, "client", **{"Idempotency-Key": key})
    if response.is_success:
        return json_of(response)
    error = classify(response, item="client")
    if not isinstance(error, SkipItem):
        raise error
    reason = code_of(response) or "no reason given"
    raise SkipItem(f"the PMS refused the new client ({response.status_code}, {reason}): make the record there")


def _record(client: PmsClient, patients: tuple[PmsPatient, ...], names: Names) -> ClientRecord:
    return ClientRecord(
        id=client.id,
        first_name=client.first_name,
        last_name=client.last_name,
        emails=(client.email,) if client.email else (),
        phones=(client.phone,) if client.phone else (),
        addresses=(client.address,) if client.address else (),
        patients=tuple(
            PatientRecord(id=each.id, name=each.name, species=names.species_word(each.species)) for each in patients
        ),
    )
