"""Holds and bookings as the bridge sees and changes them."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.router import Router

from calbridge_portal import booking, changes, holds, instead
from calbridge_portal.api_params import Alternatives, GivenCall, GivenPortal, IfMatch, Limit, MaybeFrom, MaybeTo
from calbridge_portal.booking_rows import booking_of, hold_of, messages_of
from calbridge_portal.idempotency import run
from calbridge_portal.messages import send_once
from calbridge_portal.preconditions import check, etag
from calbridge_portal.problems import Problem
from calbridge_portal.records import (
    Answer,
    AskedMessage,
    Booking,
    BookingRequest,
    BookingStatus,
    Cancellation,
    Decision,
    Hold,
    HoldRequest,
    Message,
    Move,
    Page,
    SyncReport,
)
from calbridge_portal.store import Tx
from calbridge_portal.times import parse_instant

LISTING = """
SELECT rowid, * FROM bookings
WHERE rowid > :after
  AND (:client_ref IS NULL OR client_ref = :client_ref)
  AND (:status IS NULL OR status = :status)
  AND (:since IS NULL OR updated_at >= :since)
  AND (:first IS NULL OR end_at > :first)
  AND (:last IS NULL OR start_at < :last)
ORDER BY rowid LIMIT :n
"""
POSITION = re.compile("[0-9]{1,18}")
KEY = re.compile("[A-Za-z0-9._-]{1,100}")
Change = Callable[[Tx, Any], Any]


def booking_answer(tx: Tx, row: Any, status: int = 200) -> Answer:
    """A booking with its ETag."""
    return Answer(status=status, body=booking_of(tx, row), headers={"ETag": etag(row["revision"])})


def _changing(ref: str, if_match: str | None, step: Change) -> Callable[[Tx], Answer]:
    """A change of the revision the caller has read."""

    def operation(tx: Tx) -> Answer:
        row = booking.row_of(tx, ref)
        check(if_match, row["revision"])
        return booking_answer(tx, step(tx, row))

    return operation


@post("/sites/{site:str}/holds", sync_to_thread=True)
def post_hold(*, portal: GivenPortal, call: GivenCall, data: JSONBody[HoldRequest]) -> Response[Hold]:
    """Reserve a slot."""
    return run(portal, call, lambda tx: Answer(status=201, body=holds.place(tx, data, "practice")))


@get("/sites/{site:str}/holds", sync_to_thread=True)
def list_holds(*, portal: GivenPortal, client_ref: FromQuery[str]) -> Page[Hold]:
    """The holds of one client reference: how an unknown outcome is looked up."""
    with portal.read() as tx:
        rows = tx.all("SELECT * FROM holds WHERE client_ref = :ref ORDER BY created_at, id", ref=client_ref)
        return Page(items=[hold_of(tx, row) for row in rows])


@get("/holds/{hold:str}", sync_to_thread=True)
def get_hold(*, portal: GivenPortal, hold: FromPath[str]) -> Response[Hold]:
    """One hold."""
    with portal.read() as tx:
        state = hold_of(tx, holds.row_of(tx, hold))
    return Response(state, headers={"ETag": etag(state.revision)})


@delete("/holds/{hold:str}", sync_to_thread=True)
def delete_hold(
    *, portal: GivenPortal, hold: FromPath[str], reason: FromQuery[str | None] = None, alternative: Alternatives = None
) -> None:
    """Give a held slot back; `reason`, such as slot_unavailable, and what is free instead are kept on the hold."""
    with portal.write() as tx:
        kept = instead.keep(tx, instead.from_query(alternative or []))
        holds.release(tx, hold, "practice", reason, kept)


@post("/sites/{site:str}/bookings", sync_to_thread=True)
def post_booking(*, portal: GivenPortal, call: GivenCall, data: JSONBody[BookingRequest]) -> Response[Booking]:
    """Book; the booking is `requested` until it is decided."""
    return run(portal, call, lambda tx: booking_answer(tx, booking.make(tx, data, "practice"), 201))


@get("/sites/{site:str}/bookings", sync_to_thread=True)
def list_bookings(
    *,
    portal: GivenPortal,
    client_ref: FromQuery[str | None] = None,
    status: Annotated[BookingStatus | None, QueryParameter(name="status")] = None,
    updated_since: FromQuery[str | None] = None,
    from_: MaybeFrom = None,
    to: MaybeTo = None,
    cursor: FromQuery[str | None] = None,
    limit: Limit = 200,
) -> Page[Booking]:
    """Bookings in the order they were made."""
    if cursor is not None and not POSITION.fullmatch(cursor):
        raise Problem("invalid_request", "cursor is not one this list gave.")
    with portal.read() as tx:
        rows = tx.all(
            LISTING,
            after=int(cursor or 0),
            client_ref=client_ref,
            status=status,
            since=updated_since and parse_instant(updated_since, "updated_since"),
            first=from_ and parse_instant(from_, "from"),
            last=to and parse_instant(to, "to"),
            n=limit + 1,
        )
        items = [booking_of(tx, row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=items, has_more=more, next_cursor=str(rows[limit - 1]["rowid"]) if more else None)


@get("/bookings/{ref:str}", sync_to_thread=True)
def get_booking(*, portal: GivenPortal, ref: FromPath[str]) -> Response[Booking]:
    """One booking."""
    with portal.read() as tx:
        answer = booking_answer(tx, booking.row_of(tx, ref))
    return Response(answer.body, headers=answer.headers)


@post("/bookings/{ref:str}/reschedule", sync_to_thread=True)
def reschedule(
    *,
    portal: GivenPortal,
    ref: FromPath[str],
    call: GivenCall,
    data: JSONBody[Move],
    if_match: IfMatch = None,
) -> Response[Booking]:
    """Move a booking; its id stays."""
    return run(portal, call, _changing(ref, if_match, lambda tx, row: changes.move(tx, row, data)))


@post("/bookings/{ref:str}/cancel", sync_to_thread=True)
def cancel(
    *,
    portal: GivenPortal,
    ref: FromPath[str],
    call: GivenCall,
    data: JSONBody[Cancellation],
    if_match: IfMatch = None,
) -> Response[Booking]:
    """Cancel a booking; a cancelled one is answered as it is, whatever revision was read."""

    def operation(tx: Tx) -> Answer:
        row = booking.row_of(tx, ref)
        if row["status"] != "cancelled":
            check(if_match, row["revision"])
        return booking_answer(tx, changes.cancel(tx, row, data))

    return run(portal, call, operation)


@post("/bookings/{ref:str}/decision", sync_to_thread=True)
def decide(
    *,
    portal: GivenPortal,
    ref: FromPath[str],
    call: GivenCall,
    data: JSONBody[Decision],
    if_match: IfMatch = None,
) -> Response[Booking]:
    """Accept or decline a request."""
    return run(portal, call, _changing(ref, if_match, lambda tx, row: changes.decide(tx, row, data)))


@put("/bookings/{ref:str}/sync", sync_to_thread=True)
def put_sync(
    *, portal: GivenPortal, ref: FromPath[str], data: JSONBody[SyncReport], if_match: IfMatch = None
) -> Response[Booking]:
    """Report what became of the booking in the clinic's own system."""
    with portal.write() as tx:
        answer = _changing(ref, if_match, lambda tx, row: changes.sync(tx, row, data))(tx)
    return Response(answer.body, headers=answer.headers)


@get("/sites/{site:str}/bookings/{ref:str}/messages", sync_to_thread=True)
def list_messages(*, portal: GivenPortal, ref: FromPath[str]) -> Page[Message]:
    """Which messages the client was sent, without their text."""
    with portal.read() as tx:
        booking.row_of(tx, ref)
        return Page(items=messages_of(tx, ref))


@put("/bookings/{ref:str}/messages/{key:str}", sync_to_thread=True)
def put_message(
    *, portal: GivenPortal, ref: FromPath[str], key: FromPath[str], data: JSONBody[AskedMessage]
) -> Page[Message]:
    """Tell the client this, once for the key."""
    if not KEY.fullmatch(key):
        raise Problem("invalid_request", "key is 1 to 100 letters, digits, dots, dashes and underscores.")
    with portal.write() as tx:
        row = booking.row_of(tx, ref)
        send_once(tx, ref, data.kind, row["revision"], f"asked/{key}")
        return Page(items=messages_of(tx, ref))


bookings_router = Router(
    path="/v1",
    route_handlers=[
        post_hold,
        list_holds,
        get_hold,
        delete_hold,
        post_booking,
        list_bookings,
        get_booking,
        reschedule,
        cancel,
        decide,
        put_sync,
        list_messages,
        put_message,
    ],
)
