"""Short ways to make notices, and the mail server's one account; a conftest cannot be imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from calbridge.model import State
from calbridge.provider import ClientNotice, ClinicNotice, Kind, NotifyReceipt, PublicClinic, Recipient, Visit
from calbridge.testing.mail_server import account

CERTIFICATES = Path(__file__).parent / "certificates"
NOW = 1_795_420_800  # 2026-11-23 08:00 UTC
START = 1_795_594_200  # 2026-11-25 09:10 in Berlin
CLINIC = PublicClinic(
    key="hafen",
    name="Tierarztpraxis am Hafen",
    time_zone="Europe/Berlin",
    language="de",
    phone="+49 40 123456",
    email="praxis@example.org",
    booking_url="https://book.example.org/hafen",
)


trusted = account("praxis", "geheim")
"""The server's one account."""


class Gate:
    """Counts how often a message was handed over."""

    def __init__(self) -> None:
        self.passed = 0

    def __call__(self) -> None:
        self.passed += 1


def visit(**changes: Any) -> Visit:
    values: dict[str, Any] = {
        "state": State.CONFIRMED,
        "start": START,
        "end": START + 1_800,
        "service": "Check-up",
        "resource": "Dr. Anna Sommer",
        "description": "hustet seit gestern",
        "patient": "Bello",
        "instructions": "Bitte nüchtern.",
    }
    return Visit(**(values | changes))


def notice(kind: Kind = Kind.CONFIRMED, **changes: Any) -> ClientNotice:
    to = {"name": "Mia Albers", "email": "mia@example.net", "language": "de"}
    to |= {key: changes.pop(key) for key in list(changes) if key in to}
    values: dict[str, Any] = {
        "key": f"b1/{kind}/2",
        "kind": kind,
        "clinic": CLINIC,
        "to": Recipient(**to),
        "booking": "b1",
        "revision": 2,
        "visit": visit(),
        "manage_url": "https://book.example.org/manage/geheim",
    }
    return ClientNotice(**(values | changes))


def clinic_notice(**changes: Any) -> ClinicNotice:
    values: dict[str, Any] = {
        "key": "b1/request_received/clinic",
        "kind": Kind.REQUEST_RECEIVED,
        "clinic": CLINIC,
        "booking": "b1",
        "revision": 1,
        "start": START,
        "end": START + 1_800,
        "service": "Check-up",
        "resource": "Dr. Anna Sommer",
    }
    return ClinicNotice(**(values | changes))


SENT = NotifyReceipt()
