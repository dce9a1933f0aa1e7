"""Rows of holds and bookings as the records the wire shows."""

import json
import sqlite3

from litestar.serialization import decode_json

from calbridge_portal.records import Account, Booking, Consent, Customer, FreeTime, Hold, Message, Patient, Sync
from calbridge_portal.store import Tx
from calbridge_portal.times import wire


def hold_of(tx: Tx, row: sqlite3.Row) -> Hold:
    """A hold; one past its end reads as expired even before the timer has written it down."""
    over = row["status"] == "held" and row["expires_at"] <= tx.now
    return Hold(
        id=row["id"],
        status="expired" if over else row["status"],
        type=row["type"],
        calendar=row["calendar"],
        start=wire(row["start_at"], tx.zone),
        end=wire(row["end_at"], tx.zone),
        expires_at=wire(row["expires_at"], tx.zone),
        client_ref=row["client_ref"],
        revision=row["revision"] + int(over),
        updated_at=wire(row["expires_at"] if over else row["updated_at"], tx.zone),
        reason=row["reason"],
        alternatives=_named(tx, row["alternatives"]),
    )


def booking_of(tx: Tx, row: sqlite3.Row) -> Booking:
    """A booking in full, for the bridge and for the client whose own it is."""
    return Booking(
        id=row["id"],
        account=row["account"],
        status=row["status"],
        revision=row["revision"],
        mode=row["mode"],
        type=row["type"],
        calendar=row["calendar"],
        start=wire(row["start_at"], tx.zone),
        end=wire(row["end_at"], tx.zone),
        hold_id=row["hold_id"],
        client_ref=row["client_ref"],
        customer=_customer(row),
        patient=_patient(row),
        other_patients=decode_json(row["other_patients"], target_type=list[Patient]),
        note=row["note"],
        consent=_consent(tx, row),
        language=row["language"],
        manage_url=f"{tx.address}/manage/{row['manage_token']}",
        created_at=wire(row["created_at"], tx.zone),
        updated_at=wire(row["updated_at"], tx.zone),
        last_changed_by=row["last_changed_by"],
        cancel_reason=row["cancel_reason"],
        decline_reason=row["decline_reason"],
        alternatives=_named(tx, row["alternatives"]),
        moves_to=row["moves_to"],
        sync=_sync(row),
    )


def account_of(tx: Tx, row: sqlite3.Row) -> Account:
    """An account, for the bridge."""
    return Account(
        id=row["id"],
        revision=row["revision"],
        customer=_customer(row),
        patient=_patient(row),
        consent=_consent(tx, row),
        language=row["language"],
        created_at=wire(row["created_at"], tx.zone),
        updated_at=wire(row["updated_at"], tx.zone),
    )


def messages_of(tx: Tx, booking: str) -> list[Message]:
    """The messages a booking's client was sent, oldest first."""
    rows = tx.all("SELECT * FROM messages WHERE booking = :id ORDER BY at, revision, kind", id=booking)
    return [Message(kind=row["kind"], revision=row["revision"], at=wire(row["at"], tx.zone)) for row in rows]


def _customer(row: sqlite3.Row) -> Customer:
    return Customer(
        first_name=row["first_name"],
        last_name=row["last_name"],
        email=row["email"],
        phone=row["phone"],
        address=row["address"],
    )


def _patient(row: sqlite3.Row) -> Patient | None:
    if row["patient_name"] is None:
        return None
    return Patient(name=row["patient_name"], species=row["patient_species"])


def _consent(tx: Tx, row: sqlite3.Row) -> Consent | None:
    return row["notice"] and Consent(version=row["notice"], agreed_at=wire(row["agreed_at"], tx.zone))


def _sync(row: sqlite3.Row) -> Sync:
    return Sync(
        state=row["sync_state"],
        match=row["sync_match"],
        external_ref=row["sync_external_ref"],
        detail=row["sync_detail"],
    )


def pairs_of(stored: str | None) -> list[tuple[str, int]]:
    """The (calendar, start) of stored alternatives."""
    return [(calendar, start) for calendar, start in json.loads(stored or "[]")]


def _named(tx: Tx, stored: str | None) -> list[FreeTime]:
    return [FreeTime(calendar=calendar, start=wire(start, tx.zone)) for calendar, start in pairs_of(stored)]
