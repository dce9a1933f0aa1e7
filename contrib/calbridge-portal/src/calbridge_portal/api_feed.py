"""The change feed and the webhooks that hint at it."""

from dataclasses import dataclass
from typing import Annotated

from litestar import Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.router import Router

from calbridge_portal import feed, webhooks
from calbridge_portal.api_params import GivenPortal, Limit
from calbridge_portal.records import Changes, Page, Webhook, WebhookRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """How many changes were forgotten."""

    removed: int


@get("/changes", sync_to_thread=True)
def get_changes(
    *,
    portal: GivenPortal,
    cursor: FromQuery[str | None] = None,
    limit: Limit = 200,
    snapshot: FromQuery[bool] = False,
    include: Annotated[bool, QueryParameter(description="1 adds the present state of what changed")] = False,
) -> Changes:
    """What changed after a cursor, or with snapshot=1 everything alive and the cursor of the same moment."""
    with portal.admin() as tx:  # opening it writes down what has expired by now
        return feed.snapshot(tx) if snapshot else feed.changes(tx, cursor, limit, include=include)


@post("/changes/trim", status_code=200, sync_to_thread=True)
def trim_changes(*, portal: GivenPortal) -> Trimmed:
    """Forget every change so far, as the retention would: older cursors answer 410."""
    with portal.admin() as tx:
        return Trimmed(removed=feed.trim(tx))


@post("/webhooks", sync_to_thread=True)
def post_webhook(*, portal: GivenPortal, data: JSONBody[WebhookRequest]) -> Webhook:
    """Register a webhook; the secret is shown here and never again."""
    with portal.write() as tx:
        return webhooks.register(tx, data)


@get("/webhooks", sync_to_thread=True)
def list_webhooks(*, portal: GivenPortal) -> Page[Webhook]:
    """Every webhook, without its secret."""
    with portal.read() as tx:
        return Page(items=webhooks.listing(tx))


@delete("/webhooks/{ref:str}", sync_to_thread=True)
def delete_webhook(*, portal: GivenPortal, ref: FromPath[str]) -> None:
    """Forget a webhook."""
    with portal.write() as tx:
        webhooks.remove(tx, ref)


@post("/webhooks/{ref:str}/test", status_code=202, sync_to_thread=True)
def check_webhook(*, portal: GivenPortal, ref: FromPath[str]) -> Response[None]:
    """Send a heartbeat now."""
    with portal.write() as tx:
        webhooks.heartbeat(tx, ref, feed.last_seq(tx))
    return Response(None, status_code=202)


@post("/webhooks/{ref:str}/rotate", status_code=200, sync_to_thread=True)
def rotate_webhook(*, portal: GivenPortal, ref: FromPath[str]) -> Webhook:
    """Give a new secret; the old one signs too for a day."""
    with portal.write() as tx:
        return webhooks.rotate(tx, ref)


feed_router = Router(
    path="/v1/sites/{site:str}",
    route_handlers=[
        get_changes,
        trim_changes,
        post_webhook,
        list_webhooks,
        delete_webhook,
        check_webhook,
        rotate_webhook,
    ],
)
