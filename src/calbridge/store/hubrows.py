"""The hub's own rows: appointments, and what each side showed of them. Saved and loaded whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, Connection, Row, and_, bindparam, func, or_, select, union

from calbridge.hub import Shadow
from calbridge.model import Appointment, State
from calbridge.store import claims, sqlite
from calbridge.store.deletion import delete_rows
from calbridge.store.tables import appointments, commands, outbox, shadows

# --- saving ---------------------------------------------------------------------------------------


def save_appointments(connection: Connection, clinic: str, saved: Collection[Appointment]) -> None:
    """Insert or replace (the last of one id counts), and bring the claims into line, or raise `Overlap`."""
    latest = {each.id: each for each in saved}.values()
    if not latest:
        return
    rows = [
        {
            "clinic": clinic,
            "id": each.id,
            "state": each.state.value,
            "start": each.start,
            "end": each.end,
            "body": each,
        }
        for each in latest
    ]
    connection.execute(sqlite.upsert(appointments), rows)
    claims.release(connection, clinic, latest)
    claims.hold(connection, clinic, latest)


def save_shadows(connection: Connection, clinic: str, saved: Iterable[Shadow]) -> None:
    """Insert or replace."""
    rows = [
        {
            "clinic": clinic,
            "connection": shadow.connection,
            "appointment": shadow.appointment,
            "ref": shadow.ref,
            "version": shadow.version,
            "view": shadow.view,
            "asked": shadow.asked,
            "revision": shadow.revision,
            "confirmed": shadow.confirmed,
            "pending": shadow.pending,
            "before": shadow.before,
            "unwritten": shadow.unwritten,
            "awaited": shadow.awaited,
            "manage_url": shadow.manage_url,
        }
        for shadow in saved
    ]
    if rows:
        connection.execute(sqlite.upsert(shadows), rows)


def forget_shadows(connection: Connection, clinic: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Drop the shadows of (connection, appointment)."""
    keys = ({"clinic": clinic, "connection": name, "appointment": appointment} for name, appointment in pairs)
    delete_rows(connection, shadows, keys)


# --- loading --------------------------------------------------------------------------------------


_CLINIC: BindParameter[str] = bindparam("clinic")
ALIVE = sorted(state.value for state in State if not state.ended)


def needed() -> CompoundSelect[Any]:
    """Ids of what a cycle looks at: alive, ended since, with a write or a command still open, or asked for by name.

    A union, because each part has its index; one condition with `OR` would read every appointment there ever was.
    """
    ours = select(appointments.c.id).where(appointments.c.clinic == _CLINIC)
    at_work = (select(table.c.appointment).where(table.c.clinic == _CLINIC) for table in (outbox, commands))
    recent = ours.where(appointments.c.end >= bindparam("since"))
    named = ours.where(appointments.c.id.in_(bindparam("also", expanding=True)))
    return union(ours.where(appointments.c.state.in_(ALIVE)), recent, named, *at_work)


# Built once: a cycle runs these many times, and building such a statement takes six times as long as running it.
_APPOINTMENTS = (
    select(appointments.c.body)
    .where(appointments.c.clinic == _CLINIC, appointments.c.id.in_(needed()))
    .order_by(appointments.c.start, appointments.c.id)
)
# No order: asked for one, SQLite walks the primary key past every shadow there ever was.
_SHADOWS = select(shadows).where(shadows.c.clinic == _CLINIC, shadows.c.appointment.in_(needed()))


def load_appointments(
    connection: Connection, clinic: str, *, since: int, also: Collection[str]
) -> dict[str, Appointment]:
    """By id."""
    found = connection.scalars(_APPOINTMENTS, {"clinic": clinic, "since": since, "also": list(also)})
    return {each.id: each for each in found.all()}


def load_shadows(
    connection: Connection, clinic: str, *, since: int, also: Collection[str]
) -> dict[tuple[str, str], Shadow]:
    """Of the same appointments, by (connection, appointment)."""
    rows = connection.execute(_SHADOWS, {"clinic": clinic, "since": since, "also": list(also)})
    found = sorted((_shadow(row) for row in rows.all()), key=_place)
    return {_place(shadow): shadow for shadow in found}


def one(connection: Connection, clinic: str, key: str) -> Appointment | None:
    """One appointment by id."""
    table = appointments
    found: Appointment | None = connection.scalar(
        select(table.c.body).where(table.c.clinic == clinic, table.c.id == key)
    )
    return found


def next_awaited(connection: Connection, clinic: str, *, after: int) -> int | None:
    """The next instant at which a deleted entry is waited for no longer."""
    column = shadows.c.awaited
    query = select(func.min(column)).where(shadows.c.clinic == clinic, column > after)
    found: int | None = connection.scalar(query)
    return found


def shadows_of(connection: Connection, clinic: str, appointment: str) -> list[Shadow]:
    """Of one appointment, by connection."""
    table = shadows
    query = select(table).where(table.c.clinic == clinic, table.c.appointment == appointment)
    return [_shadow(row) for row in connection.execute(query.order_by(table.c.connection))]


def _place(shadow: Shadow) -> tuple[str, str]:
    return shadow.connection, shadow.appointment


def _shadow(row: Row[Any]) -> Shadow:
    return Shadow(
        connection=row.connection,
        appointment=row.appointment,
        ref=row.ref,
        version=row.version,
        view=row.view,
        asked=row.asked,
        revision=row.revision,
        confirmed=row.confirmed,
        pending=row.pending,
        before=row.before,
        unwritten=row.unwritten,
        awaited=row.awaited,
        manage_url=row.manage_url,
    )


def listed(
    connection: Connection, clinic: str, *, states: Collection[State] | None, frm: int | None, to: int | None
) -> list[Appointment]:
    """Appointments in any of `states` that touch `[frm, to)`, by start."""
    table = appointments
    query = select(table.c.body).where(table.c.clinic == clinic).order_by(table.c.start, table.c.id)
    if states is not None:
        query = query.where(table.c.state.in_(sorted(each.value for each in states)))
    if frm is not None:
        query = query.where(or_(table.c.end > frm, and_(table.c.start == table.c.end, table.c.end == frm)))
    if to is not None:
        query = query.where(table.c.start < to)
    return list(connection.scalars(query))
