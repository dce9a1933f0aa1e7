"""Sending webhooks: signed by the Standard Webhooks library, retried from rows, never in a request.

The signature's timestamp is the machine's own clock even where the portal's day is driven by a file:
it is what receivers compare with theirs.
"""

import asyncio
import random
import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from standardwebhooks import Webhook

from calbridge_portal.faults import FaultRule
from calbridge_portal.portal import Portal
from calbridge_portal.store import Tx

SCHEDULE_S = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1
LONGEST_WAIT_S = 86_400
NUMBER = re.compile("[0-9]{1,9}")
TIMEOUT_S = 15.0
BATCH = 8
WRONG_SECRET = "whsec_d3Jvbmd3cm9uZ3dyb25nd3Jvbmd3cm9uZ3dyb25n"  # noqa: S105 - on purpose not anybody's


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt ended: a status, or why there is none."""

    status: int | None
    note: str
    retry_after: int = 0


async def deliver_due(portal: Portal, client: httpx.AsyncClient) -> int:
    """Send what is due now; returns how many messages were tried."""
    due = await asyncio.to_thread(_due, portal)
    outcomes = await asyncio.gather(*(_attempt(portal, client, row) for row in due))
    if due:
        await asyncio.to_thread(_settle, portal, due, outcomes)
    return len(due)


def sign(row: sqlite3.Row, now: int, moment: datetime, *, wrong: bool = False) -> str:
    """The signature header: of the present secret, and of the one before while a rotation overlaps."""
    secrets = [WRONG_SECRET] if wrong else [row["secret"]]
    if row["previous_secret"] and row["previous_until"] > now:
        secrets.append(row["previous_secret"])
    return " ".join(Webhook(secret).sign(row["id"], moment, row["body"]) for secret in secrets)


def _due(portal: Portal) -> list[sqlite3.Row]:
    with portal.read() as tx:
        return tx.all(
            "SELECT d.*, w.url, w.secret, w.previous_secret, w.previous_until FROM deliveries AS d"
            " JOIN webhooks AS w ON w.id = d.webhook"
            " WHERE d.due_at <= :now ORDER BY d.due_at, d.id LIMIT :batch",
            now=tx.now,
            batch=BATCH,
        )


async def _attempt(portal: Portal, client: httpx.AsyncClient, row: sqlite3.Row) -> Outcome:
    fault = portal.faults.take("WEBHOOK", row["type"])
    if fault is not None and fault.action == "webhook_drop":
        return Outcome(status=204, note="dropped by a fault")
    outcome = await _post(portal, client, row, fault)
    if fault is not None and fault.action == "webhook_duplicate":
        outcome = await _post(portal, client, row, fault)
    return outcome


async def _post(portal: Portal, client: httpx.AsyncClient, row: sqlite3.Row, fault: FaultRule | None) -> Outcome:
    moment = datetime.now(UTC)
    wrong = fault is not None and fault.action == "webhook_bad_signature"
    headers = {
        "Content-Type": "application/json",
        "webhook-id": row["id"],
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": sign(row, portal.clock.now(), moment, wrong=wrong),
    }
    try:
        # Only the status is of interest: a hostile receiver's endless body is never read.
        async with client.stream("POST", row["url"], content=row["body"], headers=headers) as answer:
            return Outcome(
                status=answer.status_code,
                note=str(answer.status_code),
                retry_after=_retry_after(answer.headers.get("retry-after"), moment),
            )
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Outcome(status=None, note=type(error).__name__)


def _settle(portal: Portal, due: list[sqlite3.Row], outcomes: list[Outcome]) -> None:
    with portal.admin() as tx:
        for row, outcome in zip(due, outcomes, strict=True):
            _note(tx, row, outcome)


def _note(tx: Tx, row: sqlite3.Row, outcome: Outcome) -> None:
    attempts = row["attempts"] + 1
    tx.run("UPDATE webhooks SET last_status = :note WHERE id = :id", id=row["webhook"], note=outcome.note)
    if outcome.status is not None and httpx.codes.is_success(outcome.status):
        tx.run("DELETE FROM deliveries WHERE id = :id", id=row["id"])
    elif outcome.status == httpx.codes.GONE or attempts >= len(SCHEDULE_S):
        tx.run("UPDATE webhooks SET status = 'disabled' WHERE id = :id", id=row["webhook"])
        tx.run("DELETE FROM deliveries WHERE webhook = :id", id=row["webhook"])
    else:
        tx.run(
            "UPDATE deliveries SET attempts = :attempts, due_at = :due WHERE id = :id",
            id=row["id"],
            attempts=attempts,
            due=tx.now + max(_pause(attempts), outcome.retry_after),
        )


def _pause(attempts: int) -> int:
    base = SCHEDULE_S[attempts]
    return base + int(base * JITTER * random.random())  # noqa: S311 - spreads load, keeps no secret


def _retry_after(text: str | None, moment: datetime) -> int:
    """Seconds of a Retry-After, given as seconds or as a date, a day at most; nonsense counts as none."""
    return min(_asked(text, moment), LONGEST_WAIT_S)


def _asked(text: str | None, moment: datetime) -> int:
    if text is None:
        return 0
    if NUMBER.fullmatch(text):
        return int(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0
    return max(0, int((until - moment).total_seconds())) if until.tzinfo else 0
