"""Making a booking: from a hold, from one that ran out, or from an offered start. Always `requested`."""

import re
import secrets
import sqlite3
from dataclasses import asdict, dataclass

from litestar.serialization import encode_json

from calbridge_portal import holds, notices
from calbridge_portal.booking_rows import hold_of
from calbridge_portal.documents import appointment_type
from calbridge_portal.feed import emit
from calbridge_portal.instead import given_away
from calbridge_portal.limits import check_texts
from calbridge_portal.messages import send_once
from calbridge_portal.problems import Problem, not_found
from calbridge_portal.records import BookingRequest, By, Patient, SlotRef
from calbridge_portal.site_records import AppointmentType
from calbridge_portal.slots import duration_s, is_occupied, is_offered, unavailable
from calbridge_portal.store import Tx
from calbridge_portal.times import parse_instant

MOST_OTHERS = 9
LANGUAGE = re.compile("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The time a booking takes, the hold it came from, and since when its client has been booking."""

    type: str
    calendar: str
    start: int
    end: int
    hold_id: str | None
    since: int


def make(tx: Tx, request: BookingRequest, by: By) -> sqlite3.Row:
    """Book. The clinic's system of record has it only when the bridge accepts, so it starts as a request."""
    check_texts(request)
    _check_details(request)
    twin = tx.one("SELECT * FROM bookings WHERE client_ref = :ref", ref=request.client_ref)
    if twin is not None:
        return _same_again(twin, request, by)
    place = _from_hold(tx, request) if request.hold_id else _from_offer(tx, request)
    kind = appointment_type(tx, place.type)
    _check_animals(tx, request)
    for patient in (request.patient, *request.other_patients):
        check_species(kind, patient)
    if request.consent:
        notices.check_seen(tx, request.consent.version, place.since)
    if place.hold_id:
        holds.end(tx, place.hold_id, "consumed", by)
    return _insert(tx, request, place, kind, by)


def row_of(tx: Tx, ref: str) -> sqlite3.Row:
    """The booking's row, or 404."""
    row = tx.one("SELECT * FROM bookings WHERE id = :id", id=ref)
    if row is None:
        raise not_found("booking", ref)
    return row


def check_species(kind: AppointmentType, patient: Patient | None) -> None:
    """A type that names species admits no animal of an unknown one."""
    if not kind.species and not kind.excluded_species:
        return
    species = (patient.species if patient else None) or ""
    admitted = species in kind.species if kind.species else species != ""
    if not admitted or species in kind.excluded_species:
        raise Problem(
            "rule_violation",
            "This appointment type is not offered for this species.",
            rule="species_not_admitted",
        )


def _check_animals(tx: Tx, request: BookingRequest) -> None:
    """One animal, or several where the practice takes them in one booking."""
    if request.other_patients and tx.site.settings.one_patient:
        raise Problem(
            "rule_violation", "A booking here is for one animal; book one for each.", rule="one_patient_per_booking"
        )
    if len(request.other_patients) > MOST_OTHERS or (request.other_patients and request.patient is None):
        raise Problem("invalid_request", f"other_patients are at most {MOST_OTHERS}, beside a patient.")


def _check_details(request: BookingRequest) -> None:
    customer = request.customer
    if not customer.first_name.strip() or not customer.last_name.strip():
        raise Problem("invalid_request", "customer.first_name and customer.last_name are needed.")
    if not (customer.email or customer.phone):
        raise Problem("invalid_request", "customer.email or customer.phone is needed.")
    if not request.client_ref:
        raise Problem("invalid_request", "client_ref is needed; make it unguessable and use it once.")
    if not request.hold_id and request.slot is None:
        raise Problem("invalid_request", "hold_id or slot is needed.")
    if request.language and not LANGUAGE.fullmatch(request.language):
        raise Problem("invalid_request", "language is a tag such as de or en-GB.")


def _same_again(twin: sqlite3.Row, request: BookingRequest, by: By) -> sqlite3.Row:
    """A client's double click gets the first booking; it proves itself with the hold's unguessable id."""
    if by == "client" and request.hold_id and request.hold_id == twin["hold_id"]:
        return twin
    raise Problem(
        "already_booked_by_client",
        "This client_ref has a booking already; look it up before you book again.",
        conflict={"id": twin["id"], "status": twin["status"]} if by == "practice" else None,
    )


def _from_offer(tx: Tx, request: BookingRequest) -> Place:
    slot = request.slot
    if slot is None:
        raise Problem("invalid_request", "slot is needed when there is no hold_id.")
    start = parse_instant(slot.start, "slot.start")
    if not is_offered(tx, slot.type, slot.calendar, start):
        raise unavailable(tx, slot.type, start)
    end = start + duration_s(appointment_type(tx, slot.type))
    return Place(type=slot.type, calendar=slot.calendar, start=start, end=end, hold_id=None, since=tx.now)


def _from_hold(tx: Tx, request: BookingRequest) -> Place:
    row = holds.row_of(tx, str(request.hold_id))
    _check_slot(row, request.slot)
    match hold_of(tx, row).status:
        case "consumed":
            raise Problem("hold_consumed", "The hold has become a booking already.")
        case "released":
            raise given_away(tx, row)
        case "expired":
            _check_late(tx, row)
        case "held":
            pass
    return Place(
        type=row["type"],
        calendar=row["calendar"],
        start=row["start_at"],
        end=row["end_at"],
        hold_id=row["id"],
        since=row["created_at"],
    )


def _check_slot(row: sqlite3.Row, slot: SlotRef | None) -> None:
    if slot is None:
        return
    named = (slot.type, slot.calendar, parse_instant(slot.start, "slot.start"))
    if named != (row["type"], row["calendar"], row["start_at"]):
        raise Problem("slot_mismatch", "slot is not the one the hold is for; leave it out or repeat the hold's.")


def _check_late(tx: Tx, row: sqlite3.Row) -> None:
    """A confirmation after the hold ran out: taken when the site retries and the time is still free."""
    retry = tx.site.settings.late_confirm == "retry" and row["start_at"] > tx.now
    taken = is_occupied(tx, row["calendar"], row["start_at"], row["end_at"])
    if not retry or taken or not _still_published(tx, row):
        raise unavailable(tx, row["type"], row["start_at"], "hold_expired")


def _still_published(tx: Tx, row: sqlite3.Row) -> bool:
    """A hold takes its start out of what the bridge publishes: only a later publication says it is gone."""
    if is_offered(tx, row["type"], row["calendar"], row["start_at"]):
        return True
    newer = tx.one(
        "SELECT 1 FROM publications WHERE calendar = :calendar AND from_at <= :start AND to_at > :start"
        " AND published_at > :ended",
        calendar=row["calendar"],
        start=row["start_at"],
        ended=row["expires_at"],
    )
    return newer is None


def _insert(tx: Tx, request: BookingRequest, place: Place, kind: AppointmentType, by: By) -> sqlite3.Row:
    ref = f"bk_{secrets.token_hex(10)}"
    patient = request.patient
    tx.run(
        "INSERT INTO bookings (id, status, revision, mode, type, calendar, start_at, end_at, hold_id,"
        " client_ref, first_name, last_name, email, phone, address, patient_name, patient_species, other_patients,"
        " note, notice, agreed_at, language, created_at, updated_at, last_changed_by, manage_token)"
        " VALUES (:id, 'requested', 1, :mode, :type, :calendar, :start, :end, :hold, :client_ref,"
        " :first_name, :last_name, :email, :phone, :address, :patient_name, :species, :others,"
        " :note, :notice, :agreed, :language, :now, :now, :by, :token)",
        id=ref,
        mode=kind.mode,
        type=place.type,
        calendar=place.calendar,
        start=place.start,
        end=place.end,
        hold=place.hold_id,
        client_ref=request.client_ref,
        first_name=request.customer.first_name.strip(),
        last_name=request.customer.last_name.strip(),
        email=request.customer.email or None,
        phone=request.customer.phone or None,
        address=request.customer.address or None,
        patient_name=patient.name if patient else None,
        species=patient.species if patient else None,
        others=encode_json([asdict(each) for each in request.other_patients]).decode(),
        note=request.note or None,
        notice=request.consent.version if request.consent else None,
        agreed=tx.now if request.consent else None,
        language=request.language or None,
        now=tx.now,
        by=by,
        token=secrets.token_urlsafe(32),
    )
    emit(tx, "booking.requested", ref, 1, by)
    if kind.mode == "request":
        send_once(tx, ref, "request_received", 1)
    return row_of(tx, ref)
