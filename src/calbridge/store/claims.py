"""Claims: who holds which footprint on which resource. The database refuses two that overlap; this only asks.

Within one commit every release comes before the first claim, so two appointments can change places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from calbridge.model import Appointment, State
from calbridge.store import sqlite
from calbridge.store.deletion import delete_rows
from calbridge.store.errors import Overlap
from calbridge.store.tables import claims

_OVER = frozenset({State.FULFILLED, State.NO_SHOW})


def release(connection: Connection, clinic: str, appointments: Iterable[Appointment]) -> None:
    """Give up whatever these hold."""
    delete_rows(connection, claims, ({"clinic": clinic, "appointment": each.id} for each in appointments))


def hold(connection: Connection, clinic: str, appointments: Iterable[Appointment]) -> None:
    """Take what these need, or raise `Overlap` for the first that cannot have it."""
    wanted = [row for each in appointments for row in _rows(clinic, each)]
    if not wanted:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(claims), wanted)
    except IntegrityError as error:
        if not sqlite.is_overlap(error):
            raise
        _name_the_loser(connection, wanted)
        raise


def _rows(clinic: str, appointment: Appointment) -> list[dict[str, Any]]:
    start, end = appointment.footprint
    if not claims_time(appointment) or end <= start:
        return []
    return [
        {"clinic": clinic, "resource": resource, "appointment": appointment.id, "start": start, "end": end}
        for resource in dict.fromkeys(appointment.resources)
        if resource
    ]


def claims_time(appointment: Appointment) -> bool:
    """True while the database guards its footprint; staff may overbook their own day without it."""
    return appointment.exclusive and not appointment.state.gone and appointment.state not in _OVER


def _name_the_loser(connection: Connection, wanted: Sequence[dict[str, Any]]) -> None:
    for row in wanted:
        try:
            connection.execute(insert(claims).values(row))
        except IntegrityError as error:
            raise Overlap(row["appointment"], row["resource"]) from error
