"""The practice as the reference PMS takes it: the JSON document of its `seed` command."""

from __future__ import annotations

from datetime import date
from typing import Any

from calbridge.demo.clinic import DAY, KEY, NAME, OPENING, ROOMS, ZONE, Offer, Plan, Practice
from calbridge.demo.diary import COUNT, Visit, visits
from calbridge.demo.people import Person, people


def seed(today: date, count: int = COUNT, practice: Practice = DAY) -> dict[str, Any]:
    """Everything the PMS knows on the morning of the demo."""
    return {
        "locations": [{"id": KEY, "name": NAME, "time_zone": ZONE}],
        "resources": [
            *(_resource(vet.key, vet.name, "practitioner") | {"online": True} for vet in practice.vets),
            *(_resource(key, name, "room") for key, name in ROOMS.items()),
        ],
        "types": [_type(offer) for offer in practice.services],
        "windows": [
            {"resource": vet.key, "days": [day], "windows": list(windows), "kind": "work"}
            for vet in practice.vets
            for day, windows in OPENING.items()
        ]
        + [
            {"resource": vet.key} | plan_of(plan)
            for vet in practice.vets
            for plan in (vet.plans if practice.plans_in_pms else ())
        ],
        "clients": [_client(person) for person in people()],
        "patients": [
            {"id": animal.id, "client_id": person.id, "name": animal.name, "species": animal.species}
            for person in people()
            for animal in person.animals
        ],
        "appointments": [_appointment(visit) for visit in visits(today, count)],
    }


def plan_of(plan: Plan) -> dict[str, Any]:
    """A line of somebody's week, as the PMS takes it."""
    bounds = {"from": plan.first or None, "until": plan.last or None}
    return {"days": list(plan.days), "windows": list(plan.windows), "kind": "online", "weeks": plan.weeks} | bounds


def _resource(key: str, name: str, kind: str) -> dict[str, Any]:
    return {"id": key, "name": name, "kind": kind, "location": KEY}


def _type(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.key,
        "name": offer.name,
        "minutes": offer.minutes,
        "resources": [{"resource": vet} for vet in offer.vets],
        "species": list(offer.species),
        "online": offer.online,
        "instructions": offer.instructions,
    }


def _client(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "number": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "phone": person.phone,
        "address": person.address,
    }


def _appointment(visit: Visit) -> dict[str, Any]:
    return {
        "id": visit.id,
        "resource": visit.vet.key,
        "rooms": [visit.vet.room],
        "start": visit.start.isoformat(),
        "end": visit.end.isoformat(),
        "type": visit.service.key,
        "title": f"{visit.service.name} {visit.animal.name}",
        "description": visit.service.name,
        "client_id": visit.person.id,
        "patient_id": visit.animal.id,
    }
