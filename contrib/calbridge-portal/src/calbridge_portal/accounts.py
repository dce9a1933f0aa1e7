"""Clients who connect with the practice: an account for each, once she has proved that the e-mail address is hers.

An account shows what the practice makes for its owner, so nobody gets one under an address that is not hers: a code
goes there, and whoever has it is connected. Whoever proves an address again comes to the account there is.
"""

import secrets
import sqlite3

from calbridge_portal import notices
from calbridge_portal.feed import emit
from calbridge_portal.limits import check_texts
from calbridge_portal.problems import Problem, not_found
from calbridge_portal.public_records import ConnectRequest
from calbridge_portal.records import By
from calbridge_portal.store import Tx

DIGITS = 8
TRIES = 5
"""Wrong codes before a request takes no more."""
REQUESTS = 3
"""Requests for one address in a day: nobody tries out codes by asking again, or fills somebody's mail box."""
PATIENCE_S = 86_400
"""How long a code can be used, and a request that came to nothing is kept."""


def begin(tx: Tx, request: ConnectRequest) -> sqlite3.Row:
    """She wants to connect: not before the code that goes to her address has come back."""
    check_texts(request)
    customer = request.customer
    if not customer.first_name.strip() or not customer.last_name.strip() or not customer.email:
        raise Problem("invalid_request", "customer.first_name, customer.last_name and customer.email are needed.")
    if request.consent:
        notices.check_seen(tx, request.consent.version, tx.now)
    _check_patience(tx, customer.email)
    ref = f"ac_{secrets.token_hex(10)}"
    tx.run(
        "INSERT INTO accounts (id, status, revision, first_name, last_name, email, phone, address, patient_name,"
        " patient_species, notice, agreed_at, language, created_at, updated_at, code, token)"
        " VALUES (:id, 'unproved', 1, :first_name, :last_name, :email, :phone, :address, :patient_name, :species,"
        " :notice, :agreed, :language, :now, :now, :code, :token)",
        id=ref,
        first_name=customer.first_name.strip(),
        last_name=customer.last_name.strip(),
        email=customer.email.strip(),
        phone=customer.phone or None,
        address=customer.address or None,
        patient_name=request.patient.name if request.patient else None,
        species=request.patient.species if request.patient else None,
        notice=request.consent.version if request.consent else None,
        agreed=tx.now if request.consent else None,
        language=request.language,
        now=tx.now,
        code="".join(secrets.choice("0123456789") for _ in range(DIGITS)),
        token=secrets.token_urlsafe(32),
    )
    return row_of(tx, ref)


def prove(tx: Tx, row: sqlite3.Row, code: str) -> sqlite3.Row | None:
    """The account she is connected with from now on; None for a wrong code."""
    if row["status"] == "connected":
        return row
    over = row["created_at"] + PATIENCE_S <= tx.now or row["tries"] >= TRIES
    if over or not secrets.compare_digest(row["code"].encode(), code.encode()):
        tx.run("UPDATE accounts SET tries = tries + 1 WHERE id = :id", id=row["id"])
        return None
    there = tx.one(
        "SELECT * FROM accounts WHERE status = 'connected' AND lower(email) = lower(:email)", email=row["email"]
    )
    if there is not None:
        tx.run("DELETE FROM accounts WHERE id = :id", id=row["id"])
        return there
    tx.run(
        "UPDATE accounts SET status = 'connected', revision = revision + 1, updated_at = :now WHERE id = :id",
        id=row["id"],
        now=tx.now,
    )
    proved = row_of(tx, row["id"])
    emit(tx, "account.connected", proved["id"], proved["revision"], "client")
    return proved


def _check_patience(tx: Tx, email: str) -> None:
    row = tx.one(
        "SELECT count(*) AS n FROM accounts WHERE status = 'unproved' AND lower(email) = lower(:email)"
        " AND created_at > :since",
        email=email.strip(),
        since=tx.now - PATIENCE_S,
    )
    if row is not None and row["n"] >= REQUESTS:
        raise Problem("rate_limited", "Codes are on their way to this address already; use one, or ask again tomorrow.")


def forget_old(tx: Tx) -> None:
    """Requests that came to nothing go, with all that was told in them."""
    tx.run("DELETE FROM accounts WHERE status = 'unproved' AND created_at <= :before", before=tx.now - PATIENCE_S)


def close(tx: Tx, row: sqlite3.Row) -> None:
    """She leaves: what the practice had put there goes too, and takes place all the same."""
    for made in made_for(tx, row["id"]):
        forget(tx, made, "client")
    tx.run("DELETE FROM accounts WHERE id = :id", id=row["id"])
    if row["status"] == "connected":
        emit(tx, "account.closed", row["id"], row["revision"] + 1, "client", tombstone=True)


def forget(tx: Tx, made: sqlite3.Row, by: By) -> None:
    """An appointment of the practice's own is not shown any more."""
    tx.run("DELETE FROM messages WHERE booking = :id", id=made["id"])
    tx.run("DELETE FROM bookings WHERE id = :id", id=made["id"])
    emit(tx, "booking.withdrawn", made["id"], made["revision"] + 1, by, tombstone=True)


def made_for(tx: Tx, account: str) -> list[sqlite3.Row]:
    """What the practice made for her, by start."""
    return tx.all("SELECT * FROM bookings WHERE account = :account ORDER BY start_at, id", account=account)


def row_of(tx: Tx, ref: str) -> sqlite3.Row:
    """The account's row, or 404."""
    row = tx.one("SELECT * FROM accounts WHERE id = :id", id=ref)
    if row is None:
        raise not_found("account", ref)
    return row


def by_token(tx: Tx, token: str) -> sqlite3.Row:
    """The account a link stands for. The refusal does not repeat the link: it may end up in a log."""
    row = tx.one("SELECT * FROM accounts WHERE token = :token", token=token)
    if row is None:
        raise Problem("not_found", "This link stands for no account.")
    return row
