"""Every column of an SQLite database searched for marked values: a state keeps people only where it must."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from calbridge.testing.marked import Marked, found


def columns(path: Path, marks: Collection[Marked]) -> dict[str, frozenset[str]]:
    """`table.column` -> the fields whose values are in it, for those that hold any."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        texts = {
            f"{table}.{column[1]}": "\n".join(
                str(row[0])
                for row in connection.execute(f'SELECT "{column[1]}" FROM "{table}"')  # noqa: S608  # names of its own schema
            )
            for table in tables
            for column in connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        }
    return {name: fields for name, text in texts.items() if (fields := found(text, marks))}
