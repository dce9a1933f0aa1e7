"""What a client may do, for the pages and the public JSON alike. Nobody else's data passes here."""

import sqlite3
from dataclasses import asdict

from calbridge_portal import booking, changes, documents, notices
from calbridge_portal.booking_rows import booking_of, messages_of
from calbridge_portal.instead import still_free
from calbridge_portal.limits import check_texts
from calbridge_portal.problems import Problem, not_found
from calbridge_portal.public_records import (
    Booked,
    OwnBooking,
    OwnCancellation,
    OwnContact,
    OwnMove,
    PublicSite,
    PublicType,
)
from calbridge_portal.records import BookingRequest, Cancellation, Move
from calbridge_portal.site_records import AppointmentType, Calendar, Slot
from calbridge_portal.store import Tx
from calbridge_portal.times import wire


def site(tx: Tx) -> PublicSite:
    """The site, and what a new client is asked to agree to."""
    return PublicSite(name=tx.site.name, time_zone=tx.site.time_zone, privacy_notice=notices.in_force(tx))


def types(tx: Tx) -> list[PublicType]:
    """The appointment types that can be booked on at least one online calendar."""
    known = documents.listing(tx, "appointment-type", AppointmentType)
    shown = [_public_type(tx, ref, kind) for ref, kind, _ in known]
    return [kind for kind in shown if kind.calendars]


def public_type(tx: Tx, ref: str) -> PublicType:
    """One bookable type, or 404."""
    for kind in types(tx):
        if kind.id == ref:
            return kind
    raise not_found("appointment type", ref)


def book(tx: Tx, request: BookingRequest) -> Booked:
    """Book as a client."""
    row = booking.make(tx, request, "client")
    return Booked(manage_token=row["manage_token"], booking=own_booking(tx, row))


def by_token(tx: Tx, token: str) -> sqlite3.Row:
    """The booking a manage link stands for. The refusal does not repeat the link: it may end up in a log."""
    row = tx.one("SELECT * FROM bookings WHERE manage_token = :token", token=token)
    if row is None:
        raise Problem("not_found", "This link stands for no appointment.")
    return row


def cancel(tx: Tx, token: str, wish: OwnCancellation) -> OwnBooking:
    """Cancel one's own booking."""
    check_texts(wish)
    row = changes.cancel(tx, by_token(tx, token), Cancellation(by="client", reason=wish.reason))
    return own_booking(tx, row)


def move(tx: Tx, token: str, wish: OwnMove) -> OwnBooking:
    """Move one's own booking."""
    wanted = Move(by="client", start=wish.start, calendar=wish.calendar, hold_id=wish.hold_id)
    return own_booking(tx, changes.move(tx, by_token(tx, token), wanted))


def correct(tx: Tx, token: str, contact: OwnContact) -> OwnBooking:
    """Correct how one can be reached. What an account has made for it goes by the account's own address."""
    check_texts(contact)
    row = by_token(tx, token)
    if not _may_correct(row):
        raise changes.not_pending(row, "corrected")
    given = {name: value.strip() for name, value in asdict(contact).items() if value is not None and value.strip()}
    if any(row[name] != value for name, value in given.items()):
        row = changes.change(tx, row, "booking.updated", "client", **given)
    return own_booking(tx, row)


def own_booking(tx: Tx, row: sqlite3.Row) -> OwnBooking:
    """A booking as its own client sees it."""
    full = booking_of(tx, row)
    settings = tx.site.settings
    return OwnBooking(
        id=full.id,
        status=full.status,
        mode=full.mode,
        sync_state=full.sync.state,
        change_pending=row["owed_message"] is not None,
        type=full.type,
        type_name=documents.appointment_type(tx, full.type).display_name if full.type else "",
        calendar=full.calendar,
        resource_name=_resource_name(tx, full.calendar),
        start=full.start,
        end=wire(row["end_at"], tx.zone) if settings.show_duration else None,
        customer=full.customer,
        patient=full.patient,
        other_patients=full.other_patients,
        note=full.note,
        decline_reason=full.decline_reason if row["decline_reason_visible"] else None,
        alternatives=_instead(tx, row),
        may_cancel=_may(tx, row, settings.client_cancel_cutoff_s),
        may_move=_may(tx, row, settings.client_move_cutoff_s) and _can_move(tx, row),
        may_correct=_may_correct(row),
        messages=messages_of(tx, full.id),
    )


def _public_type(tx: Tx, ref: str, kind: AppointmentType) -> PublicType:
    online = documents.online_calendars(tx)
    settings = tx.site.settings
    return PublicType(
        id=ref,
        display_name=kind.display_name,
        group=kind.group,
        instructions=kind.instructions,
        client_type=kind.client_type,
        mode=kind.mode,
        duration_min=kind.duration_min if settings.show_duration else None,
        species=kind.species,
        excluded_species=kind.excluded_species,
        calendars={ref: _resource_name(tx, ref) for ref in kind.calendars if ref in online},
    )


def _resource_name(tx: Tx, calendar: str) -> str | None:
    if not tx.site.settings.show_resource:
        return None
    return documents.get(tx, "calendar", calendar, Calendar)[0].name


def _may(tx: Tx, row: sqlite3.Row, cutoff: int | None) -> bool:
    if row["status"] not in changes.CLIENT_MAY_CHANGE:
        return False
    try:
        changes.check_cutoff(tx, row, cutoff)
    except Problem:
        return False
    return True


def _may_correct(row: sqlite3.Row) -> bool:
    return row["account"] is None and row["status"] in changes.OPEN


def _instead(tx: Tx, row: sqlite3.Row) -> list[Slot]:
    if row["type"] is None:
        return []
    return still_free(tx, row["type"], row["alternatives"], row["end_at"] - row["start_at"])


def _can_move(tx: Tx, row: sqlite3.Row) -> bool:
    """Only what can be booked online can be moved online."""
    if row["type"] is None or not documents.appointment_type(tx, row["type"]).calendars:
        return False
    limit = tx.site.settings.client_move_limit
    return limit is None or row["client_moves"] < limit
