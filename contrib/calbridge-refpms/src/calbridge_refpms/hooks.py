"""Webhooks are hints: a thin notice, a static secret header, a few tries, then silence.

A peer that misses one loses nothing, because the change feed says the same.
"""

import logging
import secrets
import sqlite3
import time

import httpx

from calbridge_refpms.problems import not_found
from calbridge_refpms.records import Records, Transaction, new_id
from calbridge_refpms.wire import Hook, NewHook

HEADER = "X-Hook-Secret"
WAITS_S = (1, 5, 30, 120)
BATCH = 50
log = logging.getLogger(__name__)


def register(tx: Transaction, new: NewHook) -> Hook:
    """Register a hook; its secret is shown this once."""
    ident, secret = new_id("hook"), secrets.token_urlsafe(24)
    tx.insert("hooks", id=ident, url=new.url, secret=secret)
    return Hook(id=ident, url=new.url, failed=0, header=HEADER, secret=secret)


def registered(tx: Transaction) -> list[Hook]:
    """All hooks, without their secrets."""
    return [
        Hook(id=row["id"], url=row["url"], failed=row["failed"], header=HEADER)
        for row in tx.rows("SELECT * FROM hooks ORDER BY rowid")
    ]


def remove(tx: Transaction, ident: str) -> None:
    """Forget a hook and what it was still owed."""
    if not tx.run("DELETE FROM hooks WHERE id = ?", ident):
        raise not_found("hook", ident)


def deliver_due(records: Records, client: httpx.Client) -> int:
    """Send what is due, oldest first; how many notices arrived."""
    with records.read() as tx:
        rows = tx.rows(
            """SELECT deliveries.*, url, secret FROM deliveries JOIN hooks ON hooks.id = hook
                WHERE due <= ? ORDER BY seq LIMIT ?""",
            time.time(),
            BATCH,
        )
    arrived = 0
    for row in rows:
        taken = _send(client, row)
        arrived += taken
        with records.write("integration") as tx:
            _settle(tx, row, taken=taken)
    return arrived


def _send(client: httpx.Client, row: sqlite3.Row) -> bool:
    headers = {HEADER: row["secret"], "Content-Type": "application/json"}
    try:
        # only the status is of interest: a receiver's endless body is never read
        with client.stream("POST", row["url"], content=row["body"], headers=headers) as answer:
            return answer.is_success
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        log.info("hook %s: %s", row["hook"], type(error).__name__)
        return False


def _settle(tx: Transaction, row: sqlite3.Row, *, taken: bool) -> None:
    where = (row["hook"], row["seq"])
    if taken or row["attempts"] >= len(WAITS_S):
        tx.run("DELETE FROM deliveries WHERE hook = ? AND seq = ?", *where)
        tx.run("UPDATE hooks SET failed = failed + ? WHERE id = ?", not taken, row["hook"])
        return
    due = time.time() + WAITS_S[row["attempts"]]
    tx.run("UPDATE deliveries SET attempts = attempts + 1, due = ? WHERE hook = ? AND seq = ?", due, *where)
