"""Site, calendars and appointment types: whole documents the bridge sets, each with a revision."""

from dataclasses import asdict
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from litestar.serialization import decode_json, encode_json

from calbridge_portal.feed import emit
from calbridge_portal.limits import has_controls
from calbridge_portal.preconditions import check_optional
from calbridge_portal.problems import Problem, not_found
from calbridge_portal.site_records import AppointmentType, Calendar, Site
from calbridge_portal.store import Tx

MAX_HOLD_S = 900
MINUTES_A_DAY = 1_440
LONGEST_NOTICE = 50_000
T = TypeVar("T", Site, Calendar, AppointmentType)


def put(tx: Tx, kind: str, ref: str, document: Site | Calendar | AppointmentType, if_match: str | None) -> int:
    """Store a document; the revision rises only when it says something new. Returns the revision."""
    row = tx.one("SELECT body, revision FROM documents WHERE kind = :kind AND id = :id", kind=kind, id=ref)
    revision = 0 if row is None else int(row["revision"])
    check_optional(if_match, revision)
    body = encode_json(asdict(document)).decode()
    if row is not None and row["body"] == body:
        return revision
    tx.run(
        "INSERT OR REPLACE INTO documents VALUES (:kind, :id, :body, :revision)",
        kind=kind,
        id=ref,
        body=body,
        revision=revision + 1,
    )
    emit(tx, "settings.updated", f"{kind}:{ref}", revision + 1, "practice")
    return revision + 1


def get(tx: Tx, kind: str, ref: str, record: type[T]) -> tuple[T, int]:
    """Return a document and its revision."""
    row = tx.one("SELECT body, revision FROM documents WHERE kind = :kind AND id = :id", kind=kind, id=ref)
    if row is None:
        raise not_found(kind, ref)
    return decode_json(row["body"], target_type=record), int(row["revision"])


def listing(tx: Tx, kind: str, record: type[T]) -> list[tuple[str, T, int]]:
    """Every document of a kind as (id, document, revision), by id."""
    rows = tx.all("SELECT * FROM documents WHERE kind = :kind ORDER BY id", kind=kind)
    return [(row["id"], decode_json(row["body"], target_type=record), row["revision"]) for row in rows]


def appointment_type(tx: Tx, ref: str) -> AppointmentType:
    """The appointment type, or 404."""
    return get(tx, "appointment-type", ref, AppointmentType)[0]


def calendar_names(tx: Tx) -> dict[str, str | None]:
    """Every calendar of the site by id; a name only where the clinic shows it."""
    return {ref: calendar.name for ref, calendar, _ in listing(tx, "calendar", Calendar)}


def online_calendars(tx: Tx) -> dict[str, Calendar]:
    """The calendars that may be booked online."""
    return {ref: calendar for ref, calendar, _ in listing(tx, "calendar", Calendar) if calendar.online}


def check_site(site: Site) -> None:
    """Refuse a site the portal could not keep its promises with."""
    try:
        ZoneInfo(site.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _wrong("time_zone", f"{site.time_zone!r} is no IANA time zone") from None
    settings = site.settings
    if not 1 <= settings.hold_ttl_s <= MAX_HOLD_S:
        raise _wrong("settings.hold_ttl_s", f"must be 1 to {MAX_HOLD_S} seconds")
    check_notice(site.privacy_notice)
    limits = asdict(settings)
    for name in ("client_cancel_cutoff_s", "client_move_cutoff_s", "client_move_limit"):
        if limits[name] is not None and limits[name] < 0:
            raise _wrong(f"settings.{name}", "must not be negative")


def check_notice(text: str | None) -> None:
    """A page can hold it, and no control character travels on with it."""
    if text is not None and len(text) > LONGEST_NOTICE:
        raise _wrong("privacy_notice", f"is longer than {LONGEST_NOTICE} characters")
    if text is not None and has_controls(text, "\r\n\t"):
        raise _wrong("privacy_notice", "holds a control character")


def check_type(tx: Tx, kind: AppointmentType) -> None:
    """Refuse a type that no client could book."""
    if not 1 <= kind.duration_min <= MINUTES_A_DAY:
        raise _wrong("duration_min", f"must be 1 to {MINUTES_A_DAY}")
    known = {ref for ref, _, _ in listing(tx, "calendar", Calendar)}
    for ref in kind.calendars:
        if ref not in known:
            raise _wrong("calendars", f"{ref!r} is no calendar of this site; put the calendar first")


def _wrong(field: str, why: str) -> Problem:
    return Problem("invalid_request", f"{field}: {why}.")
