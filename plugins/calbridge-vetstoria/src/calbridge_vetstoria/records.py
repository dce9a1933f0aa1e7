"""The portal's holds, bookings and accounts as records. One that cannot be read is reported; it never hides the others.

A ref says what it names: "hold/<id>" or "visit/<id>". The words are chosen so that, in one second, a hold sorts
before the visit: a hold given up for a move must free its time before the move is judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from calbridge.model import Animal, Details, State
from calbridge.provider import AccountRecord, Entry, Stamp, Unreadable
from calbridge.views import PortalView
from calbridge_vetstoria.consents import Notices
from calbridge_vetstoria.settings import VetstoriaSettings
from calbridge_vetstoria.wire import Account, Booking, Hold

HOLD, VISIT, ACCOUNT = "hold/", "visit/", "account/"
ID = re.compile(r"[A-Za-z0-9._~:-]{1,100}")
NOT_YET_WRITTEN = frozenset({"pending", "accepted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The clinic's keys and the portal's ids of the same resource or service."""

    ours: Mapping[str, str]
    theirs: Mapping[str, str]

    @classmethod
    def of(cls, pairs: Mapping[str, str]) -> Names:
        """From the clinic's key to the portal's id."""
        return cls(theirs=dict(pairs), ours={other: key for key, other in pairs.items()})

    def id(self, key: str) -> str:
        """What the portal calls it."""
        return self.theirs.get(key, key)

    def key(self, other: str) -> str:
        """What the clinic calls it."""
        return self.ours.get(other, other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Turns the portal's records into entries."""

    resources: Names
    services: Names
    notices: Notices

    @classmethod
    def of(cls, settings: VetstoriaSettings, notices: Notices) -> Reader:
        """With the translations of a connection."""
        return cls(resources=Names.of(settings.resources), services=Names.of(settings.services), notices=notices)

    def hold(self, document: Mapping[str, Any]) -> Entry | Unreadable | None:
        """A hold; None for one that has become a booking, which says so itself."""
        try:
            hold = Hold.model_validate(document)
        except ValidationError as error:
            return unreadable(HOLD, document, error)
        return None if hold.status == "consumed" else self.hold_entry(hold)

    def booking(self, document: Mapping[str, Any]) -> Entry | Unreadable:
        """A booking."""
        try:
            return self.booking_entry(Booking.model_validate(document))
        except ValidationError as error:
            return unreadable(VISIT, document, error)

    def hold_entry(self, hold: Hold) -> Entry:
        """A hold as an entry; it names nobody."""
        view = PortalView(
            state=State(hold.status),
            resource=self.resources.key(hold.calendar),
            start=int(hold.start.timestamp()),
            end=int(hold.end.timestamp()),
            service=self.services.key(hold.type),
        )
        return Entry(
            ref=HOLD + hold.id,
            version=str(hold.revision),
            view=view,
            modified=int(hold.updated_at.timestamp()),
            expires=int(hold.expires_at.timestamp()),
        )

    def booking_entry(self, booking: Booking) -> Entry:
        """A booking as an entry."""
        view = PortalView(
            state=state_of(booking),
            resource=self.resources.key(booking.calendar),
            start=int(booking.start.timestamp()),
            end=int(booking.end.timestamp()),
            service=self.services.key(booking.type) if booking.type else "",
            description=booking.note or "",
            decline_reason=booking.decline_reason or "",
            wide_moves=booking.moves_to == "moves",
            account=ACCOUNT + booking.account if booking.account else "",
        )
        return Entry(
            ref=VISIT + booking.id,
            version=str(booking.revision),
            view=view,
            stamp=Stamp(appointment=booking.client_ref, revision=0) if booking.account else None,
            modified=int(booking.updated_at.timestamp()),
            replaces=HOLD + booking.hold_id if booking.hold_id else "",
            details=None if booking.account else _details(booking),
            consent=self.notices.consent(booking.consent),
            manage_url=booking.manage_url or "",
        )

    def account(self, document: Mapping[str, Any]) -> AccountRecord | Unreadable:
        """A client's account."""
        try:
            account = Account.model_validate(document)
        except ValidationError as error:
            return unreadable(ACCOUNT, document, error)
        return AccountRecord(
            ref=ACCOUNT + account.id,
            version=str(account.revision),
            details=_details(account),
            consent=self.notices.consent(account.consent),
        )


def state_of(booking: Booking) -> State:
    """A confirmed booking whose last change the clinic has not written yet shows its client "being entered"."""
    if booking.status == "confirmed" and booking.sync.state in NOT_YET_WRITTEN:
        return State.REQUESTED
    return State(booking.status)


def unreadable(kind: str, document: Mapping[str, Any], error: ValidationError) -> Unreadable:
    """A record of another shape: which field, never what stood in it, not even where its id belongs."""
    ident, revision = document.get("id"), document.get("revision")
    fields = ", ".join(sorted({".".join(str(part) for part in fault["loc"]) for fault in error.errors()}))
    return Unreadable(
        ref=kind + (ident if isinstance(ident, str) and ID.fullmatch(ident) else "without-an-id"),
        version=str(revision) if isinstance(revision, int) else "",
        why=f"the portal's record has no usable {fields}",
    )


def _details(booking: Booking | Account) -> Details:
    customer, patient = booking.customer, booking.patient
    return Details(
        first_name=customer.first_name,
        last_name=customer.last_name,
        email=customer.email or "",
        phone=customer.phone or "",
        address=customer.address or "",
        patient_name=patient.name if patient else "",
        species=(patient.species or "") if patient else "",
        others=tuple(Animal(name=each.name, species=each.species or "") for each in booking.other_patients),
        language=booking.language or "",
    )
