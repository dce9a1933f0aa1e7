"""The outbox: intent -> sent -> confirmed (deleted). A durable intent precedes every outside write.

For one appointment on one side at most one write is on its way and one waits behind it. The newest intent wins; what
was sent is never replaced, because its outcome is not known. Only the times that a refusal names are never old.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, case, delete, insert, select, update

from calbridge.changes import reworded
from calbridge.hub import Effect
from calbridge.store.errors import Superseded
from calbridge.store.records import OutboxRow
from calbridge.store.tables import outbox


def renew(connection: Connection, clinic: str, effects: Iterable[Effect], *, now: int, run: str) -> None:
    """`effects` is all that is due now: an intent that nobody wants any more is taken out before it does harm."""
    wanted = {(effect.connection, effect.change.appointment) for effect in effects}
    query = select(outbox.c.id, outbox.c.connection, outbox.c.appointment)
    for row in connection.execute(query.where(outbox.c.clinic == clinic, outbox.c.state == "intent")).all():
        if (row.connection, row.appointment) not in wanted:
            connection.execute(delete(outbox).where(outbox.c.id == row.id))
    add(connection, clinic, effects, now=now, run=run)


def add(connection: Connection, clinic: str, effects: Iterable[Effect], *, now: int, run: str) -> None:
    """Queue each effect, in order."""
    for effect in effects:
        _add(connection, clinic, effect, now, run)


def _add(connection: Connection, clinic: str, effect: Effect, now: int, run: str) -> None:
    pair = (outbox.c.clinic == clinic, outbox.c.connection == effect.connection)
    rows = connection.execute(select(outbox).where(*pair, outbox.c.appointment == effect.change.appointment)).all()
    by_state = {row.state: row for row in rows}
    sent, intent = by_state.get("sent"), by_state.get("intent")
    if intent is not None and _same(intent, effect):
        # Decided again: it keeps its place and its back-off (a write refused for ever was tried 50 times an hour).
        _say(connection, intent, effect)
        return
    if intent is not None:
        connection.execute(delete(outbox).where(outbox.c.id == intent.id))
    if sent is not None and reworded(sent.change, effect.change):
        # If it arrived, the side answers that it is done; if not, its client hears of no time that is taken by now.
        _say(connection, sent, effect)
    elif sent is None or not _same(sent, effect):
        connection.execute(insert(outbox).values(_fresh(clinic, effect, now, run)))


def _say(connection: Connection, row: Row[Any], effect: Effect) -> None:
    if row.change != effect.change:
        connection.execute(update(outbox).where(outbox.c.id == row.id).values(change=effect.change))


def _same(row: Row[Any], effect: Effect) -> bool:
    change: Any = row.change
    return (change.key, change.remove, row.asked) == (effect.change.key, effect.change.remove, effect.asked)


def _fresh(clinic: str, effect: Effect, now: int, run: str) -> dict[str, Any]:
    return {
        "clinic": clinic,
        "connection": effect.connection,
        "appointment": effect.change.appointment,
        "state": "intent",
        "asked": effect.asked,
        "change": effect.change,
        "attempts": 0,
        "not_before": now,
        "why": "",
        "run": run,
        "created": now,
    }


def _due() -> Select[Any]:
    first = outbox.alias("first")
    behind = select(first.c.id).where(
        first.c.clinic == outbox.c.clinic,
        first.c.connection == outbox.c.connection,
        first.c.appointment == outbox.c.appointment,
        first.c.state == "sent",
        outbox.c.state == "intent",
    )
    return (
        select(outbox)
        .where(outbox.c.clinic == bindparam("clinic"), outbox.c.not_before <= bindparam("now"), ~behind.exists())
        .order_by(case((outbox.c.state == "sent", 0), else_=1), outbox.c.id)
    )


_DUE = _due()
_SENT = select(outbox.c.connection, outbox.c.appointment).where(
    outbox.c.clinic == bindparam("clinic"), outbox.c.state == "sent"
)


def due(connection: Connection, clinic: str, *, now: int) -> list[OutboxRow]:
    """What may be written now: the unresolved first, then in the order decided; nothing behind a sent one."""
    return [_row(row) for row in connection.execute(_DUE, {"clinic": clinic, "now": now})]


def waiting(connection: Connection, clinic: str) -> list[OutboxRow]:
    """Every row, due or not, in the order decided."""
    return [
        _row(row) for row in connection.execute(select(outbox).where(outbox.c.clinic == clinic).order_by(outbox.c.id))
    ]


def _row(row: Row[Any]) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        connection=row.connection,
        effect=Effect(connection=row.connection, change=row.change, asked=row.asked),
        state=row.state,
        created=row.created,
        attempts=row.attempts,
        not_before=row.not_before,
        why=row.why,
    )


def unresolved(connection: Connection, clinic: str) -> frozenset[tuple[str, str]]:
    """(connection, appointment) of what was sent and not answered."""
    rows = connection.execute(_SENT, {"clinic": clinic})
    return frozenset((row.connection, row.appointment) for row in rows)


def mark_sent(connection: Connection, clinic: str, row: OutboxRow, *, now: int) -> None:
    """Before the provider is called: from here on the outcome is unknown until it is confirmed."""
    _change(connection, clinic, row, {"state": "sent", "sent": now})


def defer(connection: Connection, clinic: str, row: OutboxRow, *, until: int, why: str) -> None:
    """Keep it for later; one more attempt has failed."""
    _change(connection, clinic, row, {"not_before": until, "why": why, "attempts": outbox.c.attempts + 1})


def remove(connection: Connection, clinic: str, row: OutboxRow) -> None:
    """Resolved."""
    gone = connection.execute(delete(outbox).where(outbox.c.clinic == clinic, outbox.c.id == row.id))
    _must_exist(gone.rowcount, row)


def _change(connection: Connection, clinic: str, row: OutboxRow, values: dict[str, Any]) -> None:
    touched = connection.execute(update(outbox).where(outbox.c.clinic == clinic, outbox.c.id == row.id).values(values))
    _must_exist(touched.rowcount, row)


def _must_exist(count: int, row: OutboxRow) -> None:
    if not count:
        raise Superseded(
            f"write {row.id} was replaced by a newer one or its connection was reset; read the outbox again",
            connection=row.connection,
            item=f"appointment {row.effect.change.appointment}",
        )
