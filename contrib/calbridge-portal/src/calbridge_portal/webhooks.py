"""Webhook registration, and the rows of what is still to be sent. Bodies are thin: a hint, never data."""

import base64
import ipaddress
import json
import secrets
import sqlite3
from typing import Any

import httpx

from calbridge_portal.problems import Problem, not_found
from calbridge_portal.records import Webhook, WebhookRequest
from calbridge_portal.store import Tx
from calbridge_portal.times import utc

HEARTBEAT_S = 300
HIGHEST_PORT = 65_535
ROTATION_OVERLAP_S = 86_400


def register(tx: Tx, request: WebhookRequest) -> Webhook:
    """Store a webhook; its secret is in this answer and in no other."""
    _check_url(request.url)
    ref, secret = f"wh_{secrets.token_hex(8)}", _secret()
    tx.run(
        "INSERT INTO webhooks (id, url, events, secret, next_heartbeat_at) VALUES (:id, :url, :events, :secret, :at)",
        id=ref,
        url=request.url,
        events=json.dumps(request.events),
        secret=secret,
        at=tx.now + HEARTBEAT_S,
    )
    return webhook_of(tx, _row(tx, ref), secret=secret)


def rotate(tx: Tx, ref: str) -> Webhook:
    """Give a new secret; for a day messages bear the signatures of both."""
    _row(tx, ref)
    secret = _secret()
    tx.run(
        "UPDATE webhooks SET previous_secret = secret, previous_until = :until, secret = :secret WHERE id = :id",
        id=ref,
        secret=secret,
        until=tx.now + ROTATION_OVERLAP_S,
    )
    return webhook_of(tx, _row(tx, ref), secret=secret)


def remove(tx: Tx, ref: str) -> None:
    """Forget a webhook and what it was still to be sent."""
    _row(tx, ref)
    tx.run("DELETE FROM webhooks WHERE id = :id", id=ref)


def listing(tx: Tx) -> list[Webhook]:
    """Every webhook, without secrets."""
    return [webhook_of(tx, row) for row in tx.all("SELECT * FROM webhooks ORDER BY id")]


def enqueue(tx: Tx, kind: str, data: dict[str, Any]) -> None:
    """One message for each active webhook that wants this kind."""
    for row in tx.all("SELECT id, events FROM webhooks WHERE status = 'active'"):
        wanted = json.loads(row["events"])
        if not wanted or kind in wanted:
            queue(tx, row["id"], kind, data)


def queue(tx: Tx, webhook: str, kind: str, data: dict[str, Any]) -> None:
    """Store one message to be sent at once."""
    body = {"type": kind, "timestamp": utc(tx.now), "data": {"site": site_key(tx)} | data}
    tx.run(
        "INSERT INTO deliveries (id, webhook, type, body, due_at) VALUES (:id, :webhook, :type, :body, :now)",
        id=f"msg_{secrets.token_hex(12)}",
        webhook=webhook,
        type=kind,
        body=json.dumps(body, separators=(",", ":")),
        now=tx.now,
    )


def heartbeat(tx: Tx, ref: str, last_seq: int) -> None:
    """Say where the feed stands, so that a silent loss of messages is noticed."""
    _row(tx, ref)
    queue(tx, ref, "site.heartbeat", {"last_seq": last_seq})
    tx.run("UPDATE webhooks SET next_heartbeat_at = :at WHERE id = :id", id=ref, at=tx.now + HEARTBEAT_S)


def heartbeats_due(tx: Tx, last_seq: int) -> None:
    """Heartbeats whose time has come; a receiver that is behind gets none on top of what it has not taken."""
    due = "SELECT id FROM webhooks WHERE status = 'active' AND next_heartbeat_at <= :now"
    for row in tx.all(due, now=tx.now):
        waiting = tx.one("SELECT 1 FROM deliveries WHERE webhook = :id", id=row["id"])
        if waiting is None:
            heartbeat(tx, row["id"], last_seq)
        else:
            tx.run(
                "UPDATE webhooks SET next_heartbeat_at = :at WHERE id = :id",
                id=row["id"],
                at=tx.now + HEARTBEAT_S,
            )


def site_key(tx: Tx) -> str:
    """The key of the one site this database serves."""
    row = tx.one("SELECT id FROM documents WHERE kind = 'site'")
    return "" if row is None else str(row["id"])


def webhook_of(tx: Tx, row: sqlite3.Row, secret: str | None = None) -> Webhook:
    """A webhook as the wire shows it."""
    pending = tx.one("SELECT count(*) AS n FROM deliveries WHERE webhook = :id", id=row["id"])
    return Webhook(
        id=row["id"],
        url=row["url"],
        events=json.loads(row["events"]),
        status=row["status"],
        last_status=row["last_status"],
        pending=0 if pending is None else pending["n"],
        secret=secret,
    )


def _row(tx: Tx, ref: str) -> sqlite3.Row:
    row = tx.one("SELECT * FROM webhooks WHERE id = :id", id=ref)
    if row is None:
        raise not_found("webhook", ref)
    return row


def _secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _check_url(url: str) -> None:
    """https, except to this machine itself: a hint names bookings and must not travel in clear."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise Problem("invalid_request", "url is not a web address.") from None
    if (parts.port or 0) > HIGHEST_PORT:
        raise Problem("invalid_request", f"url has a port above {HIGHEST_PORT}.")
    if parts.scheme == "https" and parts.host:
        return
    if parts.scheme == "http" and _is_loopback(parts.host):
        return
    raise Problem("invalid_request", "url must be https; http is accepted for loopback addresses only.")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
