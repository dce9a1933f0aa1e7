"""Connections: cursor, approval, and when each was last read well. The fingerprint says whether it is still the same.

Another URL, account or filter is another place: what was known of the old one is forgotten, never deleted from the
clinic (one project lost its users' calendars that way), and a person approves the first plan again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from calbridge.feeds import Complete, Delta, NotModified, Partial, Record
from calbridge.hub import JournalEntry, Link, Observation, People
from calbridge.store import foreignrows, journal, sqlite, tasks
from calbridge.store.records import ConnectionState
from calbridge.store.tables import connections, offers, outbox, shadows

NEVER_READ: Mapping[str, Any] = {
    "cursor": "",
    "approved": False,
    "released": 0,
    "last_success": None,
    "last_full": None,
    "reach": None,
    "full_due": False,
    "news": "",
    "asked": None,
    "failing_since": None,
    "attempts": 0,
    "why": "",
    "recovery": "",
    "retry_at": None,
    "quirks": {},
    "learned_at": None,
}
_RELEASED, _TAKEN = 1, 2


def _at(clinic: str, name: str) -> tuple[Any, Any]:
    return connections.c.clinic == clinic, connections.c.name == name


def _set(connection: Connection, clinic: str, name: str, values: Mapping[str, Any]) -> None:
    connection.execute(update(connections).where(*_at(clinic, name)).values(dict(values)))


def ensure(connection: Connection, clinic: str, name: str) -> Row[Any]:
    """The connection's row, made when it is new."""
    connection.execute(sqlite.insert_new(connections).values(clinic=clinic, name=name, **NEVER_READ))
    return connection.execute(select(connections).where(*_at(clinic, name))).one()


# --- loading --------------------------------------------------------------------------------------


_STORED = select(connections).where(connections.c.clinic == bindparam("clinic")).order_by(connections.c.name)


def stored(connection: Connection, clinic: str) -> dict[str, Row[Any]]:
    """What is known, by name."""
    rows = connection.execute(_STORED, {"clinic": clinic})
    return {row.name: row for row in rows}


def unsettled(known: Mapping[str, Row[Any]], links: Iterable[Link]) -> bool:
    """True when `settle` would write: a new or changed connection, or a release to take."""
    rows = [(link, known.get(link.name)) for link in links]
    return any(row is None or row.fingerprint != link.fingerprint or row.released == _RELEASED for link, row in rows)


def settle(connection: Connection, clinic: str, links: Iterable[Link], *, now: int) -> None:
    """Take in what is new, forget what belonged to another place, and note that releases were seen."""
    for link in links:
        row = ensure(connection, clinic, link.name)
        if row.fingerprint not in {None, link.fingerprint}:
            _forget(connection, clinic, link.name, now)
        connection.execute(update(connections).where(*_at(clinic, link.name)).values(fingerprint=link.fingerprint))
        taken = (*_at(clinic, link.name), connections.c.released == _RELEASED)
        connection.execute(update(connections).where(*taken).values(released=_TAKEN))


def _forget(connection: Connection, clinic: str, name: str, now: int) -> None:
    _set(connection, clinic, name, NEVER_READ)
    facts = {
        table.name: str(
            connection.execute(delete(table).where(table.c.clinic == clinic, table.c.connection == name)).rowcount
        )
        for table in (shadows, outbox, offers)
    }
    facts["foreign_records"] = str(foreignrows.forget(connection, clinic, name))
    entry = JournalEntry(code="connection.changed", connection=name, facts=facts)
    journal.add(connection, clinic, [entry], at=now)


def filled(link: Link, row: Row[Any] | None) -> Link:
    """The configured link with what the store knows of it."""
    if row is None:
        return Link(
            name=link.name,
            role=link.role,
            capabilities=link.capabilities,
            rank=link.rank,
            fingerprint=link.fingerprint,
            approved=False,
        )
    return replace(
        link,
        cursor=row.cursor,
        approved=row.approved,
        released=row.released > 0,
        last_success=row.last_success,
        last_full=row.last_full,
        reach=row.reach,
        full_due=row.full_due,
        people=People(news=row.news, asked=row.asked),
    )


# --- after a cycle --------------------------------------------------------------------------------


def advance(connection: Connection, clinic: str, reads: Mapping[str, Observation]) -> None:
    """Remember how far each good read came; a partial one leaves everything as it was."""
    for name, observation in reads.items():
        if not isinstance(observation.feed, Partial):
            row = ensure(connection, clinic, name)
            values = {
                "last_success": observation.started,
                "released": 0 if row.released == _TAKEN else row.released,
            }
            _set(connection, clinic, name, values | _cursor(observation.feed, observation.started))


def _cursor(feed: Complete[Record] | Delta[Record] | NotModified, started: int) -> dict[str, Any]:
    """Only a complete read may leave a connection without a cursor; else the old one is still good."""
    if isinstance(feed, Complete):
        return {"cursor": feed.cursor, "last_full": started, "reach": feed.window.end, "full_due": False}
    return {"cursor": feed.cursor} if feed.cursor else {}


def follow_people(connection: Connection, clinic: str, people: Mapping[str, People], full_due: Iterable[str]) -> None:
    """Remember which news of clients' records was heard, and what is to be read in full for it; after `advance`."""
    for name, heard in people.items():
        ensure(connection, clinic, name)
        _set(connection, clinic, name, {"news": heard.news, "asked": heard.asked})
    for name in sorted(full_due):
        _set(connection, clinic, name, {"full_due": True})


# --- health and people ------------------------------------------------------------------------------


def failed(
    connection: Connection, clinic: str, name: str, *, now: int, until: int | None, why: str, recovery: str
) -> None:
    """Note a failure; the journal gets the first of a row of equal ones, not every attempt."""
    row = ensure(connection, clinic, name)
    values = {
        "failing_since": row.failing_since if row.recovery else now,
        "retry_at": until,
        "why": why,
        "recovery": recovery,
        "attempts": row.attempts + 1,
    }
    _set(connection, clinic, name, values)
    if row.recovery != recovery:
        entry = JournalEntry(code="connection.failed", connection=name, facts={"recovery": recovery})
        journal.add(connection, clinic, [entry], at=now)


def well(connection: Connection, clinic: str, name: str) -> bool:
    """It is known and did not fail last time."""
    row = stored(connection, clinic).get(name)
    return row is not None and not row.recovery


def ok(connection: Connection, clinic: str, name: str, *, now: int) -> None:
    """It answers again."""
    row = ensure(connection, clinic, name)
    if not row.recovery:
        return
    values = {"retry_at": None, "why": "", "recovery": "", "attempts": 0, "failing_since": None}
    _set(connection, clinic, name, values)
    entry = JournalEntry(code="connection.recovered", connection=name, facts={"attempts": str(row.attempts)})
    journal.add(connection, clinic, [entry], at=now)


def learn(connection: Connection, clinic: str, name: str, quirks: Mapping[str, str], *, now: int) -> None:
    """Remember what its server is like, in place of what was known; the journal gets what is new."""
    before = ensure(connection, clinic, name).quirks
    _set(connection, clinic, name, {"quirks": dict(quirks), "learned_at": now})
    if before != quirks:
        facts = {key: value for key, value in quirks.items() if before.get(key) != value}
        journal.add(connection, clinic, [JournalEntry(code="connection.learned", connection=name, facts=facts)], at=now)


def approve(connection: Connection, clinic: str, name: str, *, now: int) -> None:
    """A person (or the clinic's setting) lets its plans be applied, also before it was first read.

    Until now its entries were only looked at; the next read is a full one, so that all of them are met again.
    """
    if not ensure(connection, clinic, name).approved:
        _set(connection, clinic, name, {"approved": True, "cursor": "", "last_full": None})
        journal.add(connection, clinic, [JournalEntry(code="connection.approved", connection=name)], at=now)


def release(connection: Connection, clinic: str, name: str, *, now: int) -> bool:
    """A person lets the next cycle past the guard; False when there is no such connection."""
    if name not in stored(connection, clinic):
        return False
    _set(connection, clinic, name, {"released": _RELEASED})
    journal.add(connection, clinic, [JournalEntry(code="guard.released", connection=name)], at=now)
    return True


def retire(connection: Connection, clinic: str, name: str, *, now: int) -> bool:
    """Forget a connection that is configured no longer, with its busy time and tasks; False when there is none.

    One whose secret was missing from the start was never read: there is only its task.
    """
    settled = tasks.settle_all_of(connection, clinic, name, now=now)
    if name not in stored(connection, clinic):
        return settled
    _forget(connection, clinic, name, now)
    connection.execute(delete(connections).where(*_at(clinic, name)))
    return True


def state(row: Row[Any]) -> ConnectionState:
    """A stored row as people see it."""
    return ConnectionState(
        name=row.name,
        approved=row.approved,
        released=row.released > 0,
        has_cursor=bool(row.cursor),
        last_success=row.last_success,
        last_full=row.last_full,
        failing_since=row.failing_since,
        attempts=row.attempts,
        why=row.why,
        recovery=row.recovery,
        retry_at=row.retry_at,
        quirks=row.quirks,
        learned_at=row.learned_at,
    )
