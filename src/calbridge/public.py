"""What of a clinic may leave for a portal or a client (rules.md section 6), as records of their own.

A `Clinic` holds reasons of absences and closures, weekly plans and the names of people nobody can book. None of that
has a field here, so none can be handed out by mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from calbridge.model import Clinic, Language, Resource, Rules, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicResource:
    """A resource by its key. `name` is "" where clients may not know it (`show_resource`, or nobody can book it)."""

    key: str
    name: str = ""
    online: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicService:
    """What is booked, as clients see it. `minutes` is for the portal's arithmetic; `show_duration` says who is told."""

    key: str
    name: str
    minutes: int
    group: str = ""
    online: bool = False
    resources: tuple[str, ...] = ()
    species: frozenset[str] = frozenset()
    excluded_species: frozenset[str] = frozenset()
    clients: Literal["all", "new", "known"] = "all"
    instructions: str = ""
    booking_mode: Literal["instant", "request"] = "instant"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRules:
    """The rules that bind clients. Durations in seconds; None: no limit."""

    client_cancel_cutoff: int | None = None
    client_move_cutoff: int | None = None
    hold_ttl: int = 300
    late_confirm: Literal["retry", "refuse"] = "retry"
    show_resource: bool = True
    show_duration: bool = True
    one_patient_per_booking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicClinic:
    """The clinic as its clients know it; `booking_url` is where they book online.

    `privacy_notice` is what a new client must agree to, word for word; "" where the clinic has none.
    """

    key: str
    name: str
    time_zone: str
    language: Language = "en"
    region: str = ""
    phone: str = ""
    email: str = ""
    booking_url: str = ""
    privacy_notice: str = ""
    online: bool = False
    resources: Mapping[str, PublicResource] = field(default_factory=dict)
    services: Mapping[str, PublicService] = field(default_factory=dict)
    rules: PublicRules = field(default_factory=PublicRules)


def public(clinic: Clinic) -> PublicClinic:
    """What portals and notifiers are given of a clinic."""
    return PublicClinic(
        key=clinic.key,
        name=clinic.name,
        time_zone=clinic.time_zone,
        language=clinic.spoken,
        region=clinic.region,
        phone=clinic.phone,
        email=clinic.email,
        booking_url=clinic.booking_url,
        privacy_notice=clinic.privacy_notice,
        online=clinic.online,
        resources={key: _resource(each, clinic.rules) for key, each in clinic.resources.items()},
        services={key: _service(each, clinic.rules) for key, each in clinic.services.items()},
        rules=_rules(clinic.rules),
    )


def _resource(resource: Resource, rules: Rules) -> PublicResource:
    name = resource.name if resource.online and rules.show_resource else ""
    return PublicResource(key=resource.key, name=name, online=resource.online)


def _service(service: Service, rules: Rules) -> PublicService:
    return PublicService(
        key=service.key,
        name=service.name,
        minutes=service.minutes,
        group=service.group,
        online=service.online,
        resources=service.resources,
        species=service.species,
        excluded_species=service.excluded_species,
        clients=service.clients,
        instructions=service.instructions,
        booking_mode=service.booking_mode or rules.booking_mode,
    )


def _rules(rules: Rules) -> PublicRules:
    return PublicRules(
        client_cancel_cutoff=rules.client_cancel_cutoff,
        client_move_cutoff=rules.client_move_cutoff,
        hold_ttl=rules.hold_ttl,
        late_confirm=rules.late_confirm,
        show_resource=rules.show_resource,
        show_duration=rules.show_duration,
        one_patient_per_booking=rules.one_patient_per_booking,
    )
