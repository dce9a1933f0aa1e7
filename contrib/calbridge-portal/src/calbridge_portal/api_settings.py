"""What the bridge sets: site, calendars, appointment types, availability, maintenance."""

from dataclasses import asdict, dataclass

from litestar import Response, get, put
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.router import Router

from calbridge_portal import documents, notices
from calbridge_portal.api_params import FromInstant, GivenPortal, IfMatch, ToInstant, TypeId
from calbridge_portal.availability import publish, published, window_of
from calbridge_portal.preconditions import etag
from calbridge_portal.problems import Problem
from calbridge_portal.records import Page
from calbridge_portal.site_records import (
    AppointmentType,
    AppointmentTypeState,
    Calendar,
    CalendarState,
    Notice,
    Publication,
    Site,
    SiteState,
    Slot,
)
from calbridge_portal.slots import free_slots
from calbridge_portal.store import Tx

LONGEST_RETRY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """0 ends it; else every change is answered 503 with this Retry-After."""

    retry_after_s: int


def _site_state(tx: Tx, site: str) -> SiteState:
    document, revision = documents.get(tx, "site", site, Site)
    return SiteState(
        id=site,
        revision=revision,
        name=document.name,
        time_zone=document.time_zone,
        settings=document.settings,
        privacy_notice=document.privacy_notice,
        maintenance=tx.fact("maintenance_retry_s") != "0",
    )


def _calendar_state(tx: Tx, calendar: str) -> CalendarState:
    document, revision = documents.get(tx, "calendar", calendar, Calendar)
    return CalendarState(id=calendar, revision=revision, **asdict(document))


def _type_state(tx: Tx, ref: str) -> AppointmentTypeState:
    document, revision = documents.get(tx, "appointment-type", ref, AppointmentType)
    return AppointmentTypeState(id=ref, revision=revision, **asdict(document))


@get("/", sync_to_thread=True)
def get_site(*, portal: GivenPortal, site: FromPath[str]) -> Response[SiteState]:
    """The site and its settings."""
    with portal.read() as tx:
        state = _site_state(tx, site)
    return Response(state, headers={"ETag": etag(state.revision)})


@put("/", sync_to_thread=True)
def put_site(
    *, portal: GivenPortal, site: FromPath[str], data: JSONBody[Site], if_match: IfMatch = None
) -> Response[SiteState]:
    """Set name, time zone, settings and privacy notice."""
    documents.check_site(data)
    with portal.write() as tx:
        revision = documents.put(tx, "site", site, data, if_match)
        notices.put_in_force(tx, data.privacy_notice)
        state = _site_state(tx, site)
    return Response(state, headers={"ETag": etag(revision)})


@get("/notices/{version:str}", sync_to_thread=True)
def get_notice(*, portal: GivenPortal, version: FromPath[str]) -> Notice:
    """What a client agreed to, word for word, in force or not."""
    with portal.read() as tx:
        return notices.notice(tx, version)


@put("/maintenance", sync_to_thread=True)
def put_maintenance(*, portal: GivenPortal, data: JSONBody[Maintenance]) -> Maintenance:
    """Start or end maintenance. It works under maintenance too."""
    if not 0 <= data.retry_after_s <= LONGEST_RETRY_S:
        raise Problem("invalid_request", f"retry_after_s must be 0 to {LONGEST_RETRY_S}.")
    with portal.admin() as tx:
        tx.set_fact("maintenance_retry_s", str(data.retry_after_s))
    return data


@get("/calendars", sync_to_thread=True)
def list_calendars(*, portal: GivenPortal) -> Page[CalendarState]:
    """Every calendar."""
    with portal.read() as tx:
        return Page(items=[_calendar_state(tx, ref) for ref, _, _ in documents.listing(tx, "calendar", Calendar)])


@get("/calendars/{calendar:str}", sync_to_thread=True)
def get_calendar(*, portal: GivenPortal, calendar: FromPath[str]) -> Response[CalendarState]:
    """One calendar."""
    with portal.read() as tx:
        state = _calendar_state(tx, calendar)
    return Response(state, headers={"ETag": etag(state.revision)})


@put("/calendars/{calendar:str}", sync_to_thread=True)
def put_calendar(
    *, portal: GivenPortal, calendar: FromPath[str], data: JSONBody[Calendar], if_match: IfMatch = None
) -> Response[CalendarState]:
    """Make or change a calendar."""
    with portal.write() as tx:
        revision = documents.put(tx, "calendar", calendar, data, if_match)
        state = _calendar_state(tx, calendar)
    return Response(state, headers={"ETag": etag(revision)})


@get("/appointment-types", sync_to_thread=True)
def list_types(*, portal: GivenPortal) -> Page[AppointmentTypeState]:
    """Every appointment type."""
    with portal.read() as tx:
        known = documents.listing(tx, "appointment-type", AppointmentType)
        return Page(items=[_type_state(tx, ref) for ref, _, _ in known])


@get("/appointment-types/{ref:str}", sync_to_thread=True)
def get_type(*, portal: GivenPortal, ref: FromPath[str]) -> Response[AppointmentTypeState]:
    """One appointment type."""
    with portal.read() as tx:
        state = _type_state(tx, ref)
    return Response(state, headers={"ETag": etag(state.revision)})


@put("/appointment-types/{ref:str}", sync_to_thread=True)
def put_type(
    *, portal: GivenPortal, ref: FromPath[str], data: JSONBody[AppointmentType], if_match: IfMatch = None
) -> Response[AppointmentTypeState]:
    """Make or change an appointment type."""
    with portal.write() as tx:
        documents.check_type(tx, data)
        revision = documents.put(tx, "appointment-type", ref, data, if_match)
        state = _type_state(tx, ref)
    return Response(state, headers={"ETag": etag(revision)})


@get("/availability/{calendar:str}", sync_to_thread=True)
def get_availability(*, portal: GivenPortal, calendar: FromPath[str], from_: FromInstant, to: ToInstant) -> Publication:
    """What is published in a window."""
    with portal.read() as tx:
        return published(tx, calendar, window_of(from_, to))


@put("/availability/{calendar:str}", sync_to_thread=True)
def put_availability(
    *,
    portal: GivenPortal,
    calendar: FromPath[str],
    from_: FromInstant,
    to: ToInstant,
    data: JSONBody[Publication],
) -> Publication:
    """Replace what is published in a window; no offers means nothing is free."""
    with portal.write() as tx:
        return publish(tx, calendar, window_of(from_, to), data)


@get("/slots", sync_to_thread=True)
def get_slots(
    *,
    portal: GivenPortal,
    kind: TypeId,
    from_: FromInstant,
    to: ToInstant,
    calendar: FromQuery[str | None] = None,
) -> Page[Slot]:
    """What a client could take now."""
    with portal.read() as tx:
        return Page(items=free_slots(tx, kind, window_of(from_, to), calendar))


settings_router = Router(
    path="/v1/sites/{site:str}",
    route_handlers=[
        get_site,
        put_site,
        get_notice,
        put_maintenance,
        list_calendars,
        get_calendar,
        put_calendar,
        list_types,
        get_type,
        put_type,
        get_availability,
        put_availability,
        get_slots,
    ],
)
