"""Short ways to make notices, a mail server's memory and its one account; a conftest cannot be imported."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from calbridge.model import State
from calbridge.provider import ClientNotice, ClinicNotice, Kind, NotifyReceipt, PublicClinic, Recipient, Visit

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


class Sink:
    """What reached the server. `answers` are replies to RCPT and to a message; "drop" breaks the connection instead."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.to: list[str] = []
        self.helo: list[str] = []
        self.mail_answers: list[str] = []
        self.rcpt_answers: list[str] = []
        self.data_answers: list[str] = []

    @property
    def mails(self) -> list[EmailMessage]:
        """The messages, read back by a parser that is not the one that wrote them."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.received]  # type: ignore[misc]

    async def handle_EHLO(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.helo.append(hostname)
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.mail_answers.pop(0) if self.mail_answers else "250 OK"
        envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.rcpt_answers.pop(0) if self.rcpt_answers else "250 OK"
        if answer == "drop":
            server.transport.close()
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.data_answers.pop(0) if self.data_answers else "250 OK"
        if answer in {"drop", "250 OK"}:
            self.received.append(bytes(envelope.content or b""))
            self.to += envelope.rcpt_tos
        if answer == "drop":
            server.transport.close()
        return answer


def trusted(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """One account."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"praxis", b"geheim")
    return AuthResult(success=right, handled=right)


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
