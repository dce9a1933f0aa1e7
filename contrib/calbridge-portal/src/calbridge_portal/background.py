"""What happens without a request: holds expire, old rows go, heartbeats and webhook messages leave.

All of it is rows with a due time, so a restart forgets nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from calbridge_portal import accounts, feed, idempotency, webhooks
from calbridge_portal.deliveries import TIMEOUT_S, deliver_due
from calbridge_portal.portal import Portal

TICK_S = 0.2
DUE = """
SELECT EXISTS (SELECT 1 FROM holds WHERE status = 'held' AND expires_at <= :now)
    OR EXISTS (SELECT 1 FROM idempotency WHERE at <= :answers)
    OR EXISTS (SELECT 1 FROM events WHERE at < :events)
    OR EXISTS (SELECT 1 FROM accounts WHERE status = 'unproved' AND created_at <= :codes)
    OR EXISTS (SELECT 1 FROM webhooks WHERE status = 'active' AND next_heartbeat_at <= :now) AS due
"""
log = logging.getLogger("calbridge_portal")


def tick(portal: Portal) -> None:
    """Do what is due now; a tick with nothing due writes nothing."""
    with portal.read() as tx:
        row = tx.one(
            DUE,
            now=tx.now,
            answers=tx.now - idempotency.KEPT_S,
            events=tx.now - feed.RETENTION_S,
            codes=tx.now - accounts.PATIENCE_S,
        )
    if row is None or not row["due"]:
        return
    with portal.admin() as tx:  # opening it expires the holds
        idempotency.forget_old(tx)
        accounts.forget_old(tx)
        feed.trim(tx, before=tx.now - feed.RETENTION_S)
        webhooks.heartbeats_due(tx, feed.last_seq(tx))


@asynccontextmanager
async def running(portal: Portal) -> AsyncIterator[None]:
    """Keep both loops going; deliveries have their own, so a slow receiver delays no timer."""
    async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
        loops = [
            asyncio.create_task(_forever(lambda: asyncio.to_thread(tick, portal))),
            asyncio.create_task(_forever(lambda: deliver_due(portal, client))),
        ]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)


async def _forever(step: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await step()
        except Exception:
            # A full disk or an unreadable clock file must not end the loop: the next tick may succeed.
            log.exception("a background step failed and will be tried again")
        await asyncio.sleep(TICK_S)
