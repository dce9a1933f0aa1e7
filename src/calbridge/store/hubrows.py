"""The hub's own rows: appointments, what each side showed of them, and what is not ours. Saved and loaded whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, or_, select

from calbridge.hub import Foreign, Shadow
from calbridge.model import ENDED, Appointment, State
from calbridge.store import claims, sqlite
from calbridge.store.tables import appointments, commands, foreign_records, outbox, shadows

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
        }
        for shadow in saved
    ]
    if rows:
        connection.execute(sqlite.upsert(shadows), rows)


def forget_shadows(connection: Connection, clinic: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Drop the shadows of (connection, appointment)."""
    for name, appointment in pairs:
        ours = (
            shadows.c.clinic == clinic,
            shadows.c.connection == name,
            shadows.c.appointment == appointment,
        )
        connection.execute(delete(shadows).where(*ours))


def save_foreign(connection: Connection, clinic: str, records: Iterable[tuple[str, Foreign]]) -> None:
    """Insert or replace by (connection, ref)."""
    rows = [{"clinic": clinic, "connection": name, "ref": each.ref, "body": each} for name, each in records]
    if rows:
        connection.execute(sqlite.upsert(foreign_records), rows)


def drop_foreign(connection: Connection, clinic: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Drop the foreign rows of (connection, ref)."""
    table = foreign_records
    for name, ref in pairs:
        connection.execute(
            delete(table).where(table.c.clinic == clinic, table.c.connection == name, table.c.ref == ref)
        )


# --- loading --------------------------------------------------------------------------------------


def _needed(clinic: str, since: int) -> Select[Any]:
    """Ids of what a cycle looks at: alive, ended since, or with a write or a command still open."""
    at_work = (select(table.c.appointment).where(table.c.clinic == clinic) for table in (outbox, commands))
    return select(appointments.c.id).where(
        appointments.c.clinic == clinic,
        or_(
            appointments.c.state.not_in(sorted(each.value for each in ENDED)),
            appointments.c.end >= since,
            *(appointments.c.id.in_(each) for each in at_work),
        ),
    )


def load_appointments(connection: Connection, clinic: str, *, since: int) -> dict[str, Appointment]:
    """By id."""
    query = select(appointments.c.body).where(
        appointments.c.clinic == clinic, appointments.c.id.in_(_needed(clinic, since))
    )
    return {each.id: each for each in connection.scalars(query.order_by(appointments.c.start, appointments.c.id)).all()}


def load_shadows(connection: Connection, clinic: str, *, since: int) -> dict[tuple[str, str], Shadow]:
    """Of the same appointments, by (connection, appointment)."""
    query = select(shadows).where(shadows.c.clinic == clinic, shadows.c.appointment.in_(_needed(clinic, since)))
    rows = connection.execute(query.order_by(shadows.c.connection, shadows.c.appointment))
    return {(row.connection, row.appointment): _shadow(row) for row in rows.all()}


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
    )


def load_foreign(connection: Connection, clinic: str) -> dict[tuple[str, str], Foreign]:
    """All of the clinic, by (connection, ref)."""
    table = foreign_records
    query = select(table).where(table.c.clinic == clinic).order_by(table.c.connection, table.c.ref)
    return {(row.connection, row.ref): row.body for row in connection.execute(query).all()}


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
