"""One database serves many days: migrating takes longer than a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calbridge.store.tables import metadata

if TYPE_CHECKING:
    from calbridge.store.database import Database


def empty(database: Database) -> None:
    """Nothing of the day before is left."""
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
