"""What clients agreed to: each notice's text once, by its digest, and who agreed to which, when. Proof, so it outlives
the booking it came with; it goes only when the client is erased.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from calbridge.feeds import AccountRecord
from calbridge.hub import Agreement, Foreign
from calbridge.model import Appointment, Consent
from calbridge.store import sqlite
from calbridge.store.tables import consents, notices


def keep(connection: Connection, clinic: str, agreements: Iterable[Agreement]) -> None:
    """Remember; the same again changes nothing."""
    for each in agreements:
        text = each.consent.notice
        digest = hashlib.sha256(text.encode()).hexdigest()
        connection.execute(sqlite.insert_new(notices).values(clinic=clinic, digest=digest, text=text))
        row = {
            "clinic": clinic,
            "appointment": each.appointment,
            "digest": digest,
            "agreed": each.consent.agreed_at,
            "client": "",
        }
        connection.execute(sqlite.insert_new(consents).values(row))


def follow(connection: Connection, clinic: str, saved: Iterable[Appointment]) -> None:
    """Whose consent it is, as the booking's link says it."""
    for each in saved:
        if each.agreed is not None:
            ours = (consents.c.clinic == clinic, consents.c.appointment == each.id)
            connection.execute(update(consents).where(*ours).values(client=each.client))


def follow_accounts(connection: Connection, clinic: str, saved: Iterable[tuple[str, Foreign]]) -> None:
    """The same of what came with an account."""
    for name, each in saved:
        if isinstance(each, AccountRecord) and each.client:
            ours = (consents.c.clinic == clinic, consents.c.appointment == f"{name}/{each.ref}")
            connection.execute(update(consents).where(*ours).values(client=each.client))


def of(connection: Connection, clinic: str, appointment: str) -> Consent | None:
    """The consent that came with a booking."""
    query = (
        select(notices.c.text, consents.c.agreed)
        .join(notices, (notices.c.clinic == consents.c.clinic) & (notices.c.digest == consents.c.digest))
        .where(consents.c.clinic == clinic, consents.c.appointment == appointment)
    )
    row = connection.execute(query).first()
    return None if row is None else Consent(notice=row.text, agreed_at=row.agreed)
