"""Commands: what a person asked for, kept until a cycle has decided on it and deleted in that cycle's commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, bindparam, insert, select

from calbridge.hub import Command
from calbridge.store.deletion import delete_rows
from calbridge.store.tables import commands


def add(connection: Connection, clinic: str, command: Command) -> int:
    """Queue; the id given is ignored, the new one comes back."""
    values = {"clinic": clinic, "appointment": command.appointment, "body": command}
    (made,) = connection.execute(insert(commands).values(values)).inserted_primary_key or (0,)
    return int(made)


_PENDING = select(commands).where(commands.c.clinic == bindparam("clinic")).order_by(commands.c.id)


def pending(connection: Connection, clinic: str) -> tuple[Command, ...]:
    """In the order they were given."""
    return tuple(replace(row.body, id=row.id) for row in connection.execute(_PENDING, {"clinic": clinic}))


def consume(connection: Connection, clinic: str, ids: Iterable[int]) -> None:
    """Decided."""
    delete_rows(connection, commands, ({"clinic": clinic, "id": each} for each in ids))
