"""Idempotency-Key: effect and answer are one transaction, so a repeated call is answered, not done.

Answers are stored 24 hours, refusals too, except those of a precondition: after reading again the same change
is sent under the same key with another If-Match, and must then be tried.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response
from litestar.datastructures import State
from litestar.middleware import ASGIMiddleware
from litestar.serialization import decode_json, encode_json
from litestar.types import ASGIApp, Receive, Scope, Send

from calbridge_portal.portal import Portal
from calbridge_portal.problems import Problem
from calbridge_portal.records import Answer
from calbridge_portal.store import Tx

KEPT_S = 86_400
LONGEST = 255
SF_STRING = re.compile(r'"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])+"')
NOT_STORED = {"stale_revision", "precondition_missing"}
JSON = "application/json"
PROBLEM = "application/problem+json"
AnyRequest = Request[Any, Any, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One keyed call: its key, and what it asks for."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An answer as it is kept."""

    status: int
    headers: dict[str, str]
    body: bytes

    def response(self, *, replayed: bool) -> Response[Any]:
        """The answer as HTTP."""
        media = PROBLEM if self.status >= 400 else JSON  # noqa: PLR2004 - the first error status
        extra = {"Idempotent-Replayed": "true"} if replayed else {}
        return Response(self.body, status_code=self.status, headers=self.headers | extra, media_type=media)


async def provide_call(request: AnyRequest) -> Call:
    """Read the key and the fingerprint of a request: method, path, query and meaning of the body."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        raise Problem("idempotency_key_missing", 'Send Idempotency-Key: "<a fresh uuid>" with this call.')
    if not SF_STRING.fullmatch(key) or len(key) > LONGEST:
        raise Problem(
            "invalid_request",
            'Idempotency-Key must be a string in double quotes, such as "8e03978e-40d5", up to 255.',
        )
    body = json.dumps(await request.json(), sort_keys=True, separators=(",", ":"))
    parts = "\n".join([request.method, request.url.path, request.url.query, body])
    return Call(key=key, fingerprint=hashlib.sha256(parts.encode()).hexdigest())


def run(portal: Portal, call: Call, operation: Callable[[Tx], Answer]) -> Response[Any]:
    """Answer a keyed call: from what is stored, or by doing it once."""
    with portal.write() as tx:
        known = _known(tx, call)
        if known is not None:
            return known.response(replayed=True)
        try:
            with tx.attempt():
                done = _stored(operation(tx))
        except Problem as refusal:
            if refusal.code in NOT_STORED:
                raise
            done = Stored(status=refusal.status, headers=refusal.headers(), body=encode_json(refusal.body()))
        _keep(tx, call, done)
    return done.response(replayed=False)


def forget_old(tx: Tx) -> None:
    """Drop the answers that are older than a day."""
    tx.run("DELETE FROM idempotency WHERE at <= :limit", limit=tx.now - KEPT_S)


class OneAtATime(ASGIMiddleware):
    """Refuses a key whose first call is still running in this process; the claim dies with the process."""

    def __init__(self) -> None:
        self._running: set[tuple[str, str]] = set()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run the call unless its twin is running."""
        headers = AnyRequest(scope).headers
        key = headers.get("idempotency-key")
        claim = (headers.get("authorization", ""), key or "")
        if claim in self._running:
            raise Problem("idempotency_in_progress", "The first call with this key is still running.", retry_after=1)
        if key is None:
            await next_app(scope, receive, send)
            return
        self._running.add(claim)
        try:
            await next_app(scope, receive, send)
        finally:
            self._running.discard(claim)


def _known(tx: Tx, call: Call) -> Stored | None:
    row = tx.one("SELECT * FROM idempotency WHERE key = :key AND at > :limit", key=call.key, limit=tx.now - KEPT_S)
    if row is None:
        return None
    if row["fingerprint"] != call.fingerprint:
        raise Problem("idempotency_key_reused", "This Idempotency-Key was used for another request; make a new one.")
    return Stored(
        status=row["status"],
        headers=decode_json(row["headers"], target_type=dict[str, str]),
        body=row["body"],
    )


def _stored(answer: Answer) -> Stored:
    return Stored(status=answer.status, headers=answer.headers, body=encode_json(answer.body))


def _keep(tx: Tx, call: Call, done: Stored) -> None:
    tx.run(
        "INSERT OR REPLACE INTO idempotency VALUES (:key, :fingerprint, :status, :headers, :body, :now)",
        key=call.key,
        fingerprint=call.fingerprint,
        status=done.status,
        headers=json.dumps(done.headers),
        body=done.body,
        now=tx.now,
    )
