"""GET /feeds/<secret>.ics and .ifb: a resource's free/busy to whoever knows the address, and to nobody else.

A wrong secret, a withdrawn one and a resource that the clinic no longer has get the same 404.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from litestar import HttpMethod, Request, Response, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from calbridge.freebusy import Shape, as_icalendar, busy_of, digest, window_of
from calbridge.reconcile import facts

if TYPE_CHECKING:
    from calbridge.daemon import Daemon, Lane
    from calbridge.provider import Clock
    from calbridge.store import Store

SHAPES: dict[str, Shape] = {"ics": "events", "ifb": "freebusy"}
HEADERS = {
    "Cache-Control": "private, no-cache",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}


def feed_handler(daemon: Daemon, store: Store, clock: Clock) -> HTTPRouteHandler:
    """The route."""

    @route("/feeds/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], sync_to_thread=True)
    def feed(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """One published resource, or 304 where the client has it already."""
        token, _, ending = name.rpartition(".")
        row = store.feed_under(hashlib.sha256(token.encode()).hexdigest()) if ending in SHAPES else None
        lane = daemon.lanes.get(row.clinic) if row else None
        if row is None or lane is None or row.resource not in lane.host.clinic.resources:
            raise HTTPException(status_code=404, detail="no such feed")
        return _answer(lane, row.resource, SHAPES[ending], clock.now(), request)

    return feed


def _answer(lane: Lane, resource: str, shape: Shape, now: int, request: Request[Any, Any, Any]) -> Response[bytes]:
    clinic = lane.host.clinic
    window = window_of(clinic, now)
    spans = busy_of(clinic, facts(lane.engine.state(), clinic, now), resource, window)
    etag = f'"{digest(spans, window, shape)}"'
    headers = {**HEADERS, "ETag": etag}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if known & {etag, "*"}:
        return Response(b"", status_code=304, headers=headers)
    body = as_icalendar(clinic, resource, spans, window, shape=shape)
    return Response(body, status_code=200, headers=headers, media_type="text/calendar; charset=utf-8")
