"""Messages: one row per key, so each is sent once. What is due is renewed by every plan; what left is never due again.

The last row that left, or was settled without leaving, says what a client was told. A row goes `due` -> `sending` in a
transaction of its own, just before the step that cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, func, select, update

from calbridge.hub import Silent
from calbridge.messages import TELLING, MessageDue, Told
from calbridge.store import sqlite
from calbridge.store.deletion import delete_rows
from calbridge.store.errors import Superseded
from calbridge.store.hubrows import needed
from calbridge.store.records import MessageRow, MessageState
from calbridge.store.tables import messages

# --- what is due -----------------------------------------------------------------------------------


def renew(connection: Connection, clinic: str, due: Iterable[MessageDue], *, now: int, run: str) -> None:
    """`due` is all that clients must be told now: what was due before and is not among it is not told any more."""
    wanted = {message.key: message for message in due}
    rows = connection.execute(_STANDING, {"clinic": clinic}).all()
    delete_rows(connection, messages, [{"id": row.id} for row in rows if row.key not in wanted])
    known = {row.key for row in rows}
    fresh = [message for key, message in wanted.items() if key not in known]
    _add(connection, clinic, fresh, standing=True, now=now, run=run)


_STANDING = select(messages.c.id, messages.c.key).where(
    messages.c.clinic == bindparam("clinic"), messages.c.state == "due", messages.c.standing
)


def note(connection: Connection, clinic: str, notices: Iterable[MessageDue], *, now: int, run: str) -> None:
    """About something that happened: kept until it is sent."""
    _add(connection, clinic, notices, standing=False, now=now, run=run)


def settle(connection: Connection, clinic: str, silent: Iterable[Silent], *, now: int, run: str) -> None:
    """What clients know without a message."""
    for each in silent:
        values = {"state": "silent", "why": each.why, "handed": now}
        _add(connection, clinic, [each.message], standing=True, now=now, run=run, **values)


def _add(
    connection: Connection,
    clinic: str,
    added: Iterable[MessageDue],
    *,
    standing: bool,
    now: int,
    run: str,
    **values: Any,
) -> None:
    rows = [_values(clinic, message, standing, now, run) | values for message in added]
    if rows:
        connection.execute(sqlite.insert_new(messages), rows)


def _values(clinic: str, message: MessageDue, standing: bool, now: int, run: str) -> dict[str, Any]:
    return {
        "clinic": clinic,
        "key": message.key,
        "appointment": message.appointment or None,
        "state": "due",
        "standing": standing,
        "telling": message.audience == "client" and message.kind in TELLING,
        "at": message.at,
        "not_before": now,
        "attempts": 0,
        "notifier": "",
        "why": "",
        "run": run,
        "handed": None,
        "body": message,
    }


# --- what clients know ----------------------------------------------------------------------------

_LAST = (
    select(func.max(messages.c.id))
    .where(
        messages.c.clinic == bindparam("clinic"),
        messages.c.appointment.in_(needed()),
        messages.c.telling,
        messages.c.state != "due",
    )
    .group_by(messages.c.appointment)
)
_TOLD = select(messages.c.appointment, messages.c.body, messages.c.handed).where(messages.c.id.in_(_LAST))


def told(connection: Connection, clinic: str, *, since: int, also: Collection[str]) -> Mapping[str, Told]:
    """By appointment, of those a cycle looks at."""
    rows = connection.execute(_TOLD, {"clinic": clinic, "since": since, "also": list(also)}).all()
    return {row.appointment: _told(row.body, row.handed) for row in rows}


def _told(message: MessageDue, handed: int | None) -> Told:
    known = message.told
    return Told(
        state=known.state,
        start=known.start,
        end=known.end,
        resource=known.resource,
        at=message.at if handed is None else handed,
    )


# --- sending --------------------------------------------------------------------------------------


def due(connection: Connection, clinic: str, *, now: int, patient: bool) -> list[MessageRow]:
    """What may be sent now, in the order decided; `patient`: not what waits for its next attempt."""
    query = select(messages).where(messages.c.clinic == clinic, messages.c.state == "due", messages.c.at <= now)
    if patient:
        query = query.where(messages.c.not_before <= now)
    return [_row(row) for row in connection.execute(query.order_by(messages.c.id))]


def unanswered(connection: Connection, clinic: str) -> list[MessageRow]:
    """Handed over by a process that did not live to hear the answer."""
    query = select(messages).where(messages.c.clinic == clinic, messages.c.state == "sending")
    return [_row(row) for row in connection.execute(query.order_by(messages.c.id))]


def hand_over(connection: Connection, clinic: str, row: MessageRow, notifier: str, *, now: int) -> None:
    """From here on it may have been sent."""
    values = {"state": "sending", "notifier": notifier, "handed": now, "attempts": messages.c.attempts + 1}
    _change(connection, clinic, row, ("due",), values)


def answer(
    connection: Connection, clinic: str, row: MessageRow, state: MessageState, *, why: str, notifier: str, now: int
) -> None:
    """What became of it."""
    values = {"state": state, "why": why, "notifier": notifier, "handed": now}
    _change(connection, clinic, row, ("due", "sending"), values)


def postpone(connection: Connection, clinic: str, rows: Iterable[MessageRow], *, until: int, why: str) -> None:
    """They were surely not sent: due again, at `until`."""
    values = {"state": "due", "not_before": until, "why": why, "handed": None, "attempts": messages.c.attempts + 1}
    for row in rows:
        _change(connection, clinic, row, ("due", "sending"), values)


def overtaken(connection: Connection, clinic: str, message_id: int) -> int | None:
    """The last that its client was told, or is to be, of the same booking since; None: it is still how things stand."""
    row = connection.execute(select(messages.c.appointment, messages.c.body).where(_one(clinic, message_id))).first()
    if row is None or row.appointment is None or row.body.audience != "client":
        return None
    later = (messages.c.clinic == clinic, messages.c.appointment == row.appointment, messages.c.id > message_id)
    found: int | None = connection.scalar(select(func.max(messages.c.id)).where(*later, messages.c.telling))
    return found


def had_confirmed(connection: Connection, clinic: str, appointment: str, *, notifier: str) -> bool:
    """What was handed over and not answered may have arrived."""
    ours = (messages.c.clinic == clinic, messages.c.appointment == appointment, messages.c.notifier == notifier)
    left = connection.scalars(select(messages.c.body).where(*ours, messages.c.state.in_(("sent", "unknown"))))
    return any(message.audience == "client" and message.confirms for message in left)


def _one(clinic: str, message_id: int) -> ColumnElement[bool]:
    return and_(messages.c.clinic == clinic, messages.c.id == message_id)


def again(connection: Connection, clinic: str, message_id: int, *, now: int) -> bool:
    """A person wants it sent once more; False when there is no such message that left."""
    left = ("sent", "refused", "unknown", "nobody", "missed", "silent")
    ours = (_one(clinic, message_id), messages.c.state.in_(left))
    row = connection.execute(select(messages.c.id, messages.c.key, messages.c.body).where(*ours)).first()
    if row is None:
        return False
    body: Any = row.body
    repeated = replace(body, key=f"{row.key}/again/{now}", at=now)
    _add(connection, clinic, [repeated], standing=False, now=now, run="", telling=False)
    return True


def _change(
    connection: Connection, clinic: str, row: MessageRow, states: tuple[str, ...], values: dict[str, Any]
) -> None:
    ours = (messages.c.clinic == clinic, messages.c.id == row.id, messages.c.state.in_(states))
    if not connection.execute(update(messages).where(*ours).values(values)).rowcount:
        raise Superseded(
            f"message {row.id} is not due any more; read the messages again", item=f"message {row.message.key}"
        )


# --- looking --------------------------------------------------------------------------------------


def next_at(connection: Connection, clinic: str, *, after: int) -> int | None:
    """The next instant after `after` at which a message may go."""
    instant = case((messages.c.at > messages.c.not_before, messages.c.at), else_=messages.c.not_before)
    query = select(func.min(instant)).where(messages.c.clinic == clinic, messages.c.state == "due", instant > after)
    found: int | None = connection.scalar(query)
    return found


def listed(connection: Connection, clinic: str, *, appointment: str | None, limit: int) -> list[MessageRow]:
    """The last `limit`, oldest first; what is still due comes after what left."""
    query = select(messages).where(messages.c.clinic == clinic).order_by(messages.c.id.desc()).limit(limit)
    if appointment is not None:
        query = query.where(messages.c.appointment == appointment)
    return [_row(row) for row in connection.execute(query)][::-1]


def _row(row: Row[Any]) -> MessageRow:
    return MessageRow(
        id=row.id,
        message=row.body,
        state=row.state,
        attempts=row.attempts,
        not_before=row.not_before,
        notifier=row.notifier,
        why=row.why,
        handed=row.handed,
    )
