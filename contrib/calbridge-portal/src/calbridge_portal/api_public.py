"""The public JSON: the same few things the pages do, for a clinic's own web site."""

from litestar import delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.router import Router

from calbridge_portal import holds, public
from calbridge_portal.api_params import FromInstant, GivenPortal, ToInstant, TypeId
from calbridge_portal.availability import window_of
from calbridge_portal.booking_rows import hold_of
from calbridge_portal.limits import BODY
from calbridge_portal.portal import Portal
from calbridge_portal.problems import not_found
from calbridge_portal.public_records import (
    Booked,
    OwnBooking,
    OwnCancellation,
    OwnContact,
    OwnMove,
    PublicSite,
    PublicType,
)
from calbridge_portal.records import BookingRequest, Hold, HoldRequest, Page
from calbridge_portal.site_records import Slot
from calbridge_portal.slots import free_slots, mover


def check_public_site(portal: Portal, site: str) -> None:
    """404 for a site this portal does not serve."""
    if site != portal.site:
        raise not_found("site", site)


@get("/sites/{site:str}", sync_to_thread=True)
def public_site(*, portal: GivenPortal, site: FromPath[str]) -> PublicSite:
    """Whose site it is, and what a new client is asked to agree to."""
    check_public_site(portal, site)
    with portal.read() as tx:
        return public.site(tx)


@get("/sites/{site:str}/types", sync_to_thread=True)
def public_types(*, portal: GivenPortal, site: FromPath[str]) -> Page[PublicType]:
    """What can be booked."""
    check_public_site(portal, site)
    with portal.read() as tx:
        return Page(items=public.types(tx))


@get("/sites/{site:str}/slots", sync_to_thread=True)
def public_slots(
    *,
    portal: GivenPortal,
    site: FromPath[str],
    kind: TypeId,
    from_: FromInstant,
    to: ToInstant,
    calendar: FromQuery[str | None] = None,
) -> Page[Slot]:
    """When it can be booked."""
    check_public_site(portal, site)
    with portal.read() as tx:
        return Page(items=free_slots(tx, kind, window_of(from_, to), calendar))


@post("/sites/{site:str}/holds", sync_to_thread=True)
def public_hold(*, portal: GivenPortal, site: FromPath[str], data: JSONBody[HoldRequest]) -> Hold:
    """Reserve a slot; an earlier reservation under the same client_ref is given back."""
    check_public_site(portal, site)
    with portal.write() as tx:
        return holds.choose_again(tx, data)


@get("/holds/{hold:str}", sync_to_thread=True)
def public_hold_state(*, portal: GivenPortal, hold: FromPath[str]) -> Hold:
    """One's own reservation; its id is the secret."""
    with portal.read() as tx:
        return hold_of(tx, holds.row_of(tx, hold))


@delete("/holds/{hold:str}", sync_to_thread=True)
def public_release(*, portal: GivenPortal, hold: FromPath[str]) -> None:
    """Give a reservation back."""
    with portal.write() as tx:
        holds.release(tx, hold, "client", None)


@post("/sites/{site:str}/bookings", sync_to_thread=True)
def public_booking(*, portal: GivenPortal, site: FromPath[str], data: JSONBody[BookingRequest]) -> Booked:
    """Book."""
    check_public_site(portal, site)
    with portal.write() as tx:
        return public.book(tx, data)


@get("/bookings/{token:str}", sync_to_thread=True)
def public_own_booking(*, portal: GivenPortal, token: FromPath[str]) -> OwnBooking:
    """One's own booking."""
    with portal.read() as tx:
        return public.own_booking(tx, public.by_token(tx, token))


@get("/bookings/{token:str}/slots", sync_to_thread=True)
def public_own_slots(
    *,
    portal: GivenPortal,
    token: FromPath[str],
    from_: FromInstant,
    to: ToInstant,
    calendar: FromQuery[str | None] = None,
) -> Page[Slot]:
    """When one's own booking can be instead."""
    with portal.read() as tx:
        row = public.by_token(tx, token)
        return Page(items=free_slots(tx, row["type"], window_of(from_, to), calendar, mover(row)))


@post("/bookings/{token:str}/cancel", status_code=200, sync_to_thread=True)
def public_cancel(*, portal: GivenPortal, token: FromPath[str], data: JSONBody[OwnCancellation]) -> OwnBooking:
    """Cancel one's own booking."""
    with portal.write() as tx:
        return public.cancel(tx, token, data)


@post("/bookings/{token:str}/reschedule", status_code=200, sync_to_thread=True)
def public_move(*, portal: GivenPortal, token: FromPath[str], data: JSONBody[OwnMove]) -> OwnBooking:
    """Move one's own booking."""
    with portal.write() as tx:
        return public.move(tx, token, data)


@put("/bookings/{token:str}/contact", sync_to_thread=True)
def public_correct(*, portal: GivenPortal, token: FromPath[str], data: JSONBody[OwnContact]) -> OwnBooking:
    """Correct how one can be reached."""
    with portal.write() as tx:
        return public.correct(tx, token, data)


public_router = Router(
    path="/public",
    route_handlers=[
        public_site,
        public_types,
        public_slots,
        public_hold,
        public_hold_state,
        public_release,
        public_booking,
        public_own_booking,
        public_own_slots,
        public_cancel,
        public_move,
        public_correct,
    ],
    request_max_body_size=BODY,
)
