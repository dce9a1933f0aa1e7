"""What the portal must know of the clinic: its site, calendars and appointment types, set from the configuration.

The portal keeps the revision of a document that says nothing new, so setting it again is not a change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from calbridge.provider import PublicClinic, PublicService
from calbridge_vetstoria.client import PortalClient
from calbridge_vetstoria.records import Reader

_CLIENTS = {"all": "both", "new": "new", "known": "existing"}
Document = tuple[tuple[str, ...], dict[str, Any]]


def documents(clinic: PublicClinic, reader: Reader) -> Iterator[Document]:
    """(path below the site, body) of each document; calendars before the types that name them."""
    yield (), _site(clinic)
    for resource in clinic.resources.values():
        online = clinic.online and resource.online
        body = {"name": resource.name or None, "external_ref": resource.key, "online": online}
        yield ("calendars", reader.resources.id(resource.key)), body
    for service in clinic.services.values():
        yield ("appointment-types", reader.services.id(service.key)), _type(clinic, service, reader)


def digest(clinic: PublicClinic, reader: Reader) -> str:
    """A fingerprint of all documents."""
    text = json.dumps(list(documents(clinic, reader)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def put_all(client: PortalClient, clinic: PublicClinic, reader: Reader) -> None:
    """Set every document."""
    for path, body in documents(clinic, reader):
        client.send("PUT", client.site(*path), json=body)


def _site(clinic: PublicClinic) -> dict[str, Any]:
    rules = clinic.rules
    settings = {
        "client_cancel_cutoff_s": rules.client_cancel_cutoff,
        "client_move_cutoff_s": rules.client_move_cutoff,
        "hold_ttl_s": rules.hold_ttl,
        "show_resource": rules.show_resource,
        "show_duration": rules.show_duration,
        "late_confirm": rules.late_confirm,
        "one_patient": rules.one_patient_per_booking,
    }
    return {
        "name": clinic.name,
        "time_zone": clinic.time_zone,
        "settings": settings,
        "privacy_notice": clinic.privacy_notice or None,
    }


def _type(clinic: PublicClinic, service: PublicService, reader: Reader) -> dict[str, Any]:
    """A service that is not online has no calendars: the portal shows nothing that cannot be booked."""
    bookable = service.resources if service.online else ()
    return {
        "display_name": service.name,
        "group": service.group or None,
        "duration_min": service.minutes,
        "instructions": service.instructions or None,
        "client_type": _CLIENTS[service.clients],
        "species": sorted(service.species),
        "excluded_species": sorted(service.excluded_species),
        "calendars": [reader.resources.id(key) for key in bookable if key in clinic.resources],
        "mode": service.booking_mode,
    }
