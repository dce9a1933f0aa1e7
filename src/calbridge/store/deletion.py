"""Deleting many rows by key in one round trip: a first listing or a lost calendar has thousands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete


def delete_rows(connection: Connection, table: Table, keys: Iterable[dict[str, Any]]) -> None:
    """Delete the rows that have these column values; every key names the same columns."""
    wanted = [{f"key_{name}": value for name, value in key.items()} for key in keys]
    if not wanted:
        return
    columns = [name.removeprefix("key_") for name in wanted[0]]
    statement = delete(table).where(*(table.c[name] == bindparam(f"key_{name}") for name in columns))
    connection.execute(statement, wanted)
