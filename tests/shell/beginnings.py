"""The rows of a store as they stood at some moment: what takes long to live is lived once and begun from many times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calbridge.store.database import Database
from calbridge.store.tables import metadata

Rows = Mapping[str, list[dict[str, Any]]]
"""The rows of a database by table."""


def rows_of(database: Database) -> Rows:
    """All of them."""
    with database.read() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in metadata.sorted_tables
        }


def put_back(database: Database, rows: Rows) -> None:
    """The database with these rows and no others."""
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        for table in metadata.sorted_tables:
            if rows.get(table.name):
                connection.execute(table.insert(), rows[table.name])
