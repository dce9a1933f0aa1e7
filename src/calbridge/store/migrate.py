"""Forward migrations, run by themselves when a store is opened, with a backup first where there is something to lose.

All of it happens under the write lock: of two processes that open an old file, one migrates and one waits.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from calbridge.errors import ConfigError
from calbridge.store import sqlite

if TYPE_CHECKING:
    from calbridge.store.database import Database

SCRIPTS = Path(__file__).parent / "migrations"
HEAD = "r0001"
"""The newest revision among the scripts; said here so that a current database opens without loading Alembic."""

_ONE_AT_A_TIME = threading.Lock()  # Alembic's environment is a module-level proxy


def to_head(database: Database, *, scripts: Path = SCRIPTS, head: str = HEAD) -> Path | None:
    """Bring the schema to `head`; the backup's path when one was made."""
    with database.read() as connection:
        if _revision(connection) == head:
            return None
    with database.write() as connection:
        revision = _revision(connection)
        if revision == head:
            return None
        _refuse_strangers(connection, revision, database.location, scripts)
        saved = _save(connection, revision, database.location)
        _upgrade(connection, scripts)
        return saved


def _revision(connection: Connection) -> str:
    """The schema's revision; "" where there is none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _refuse_strangers(connection: Connection, revision: str, location: str, scripts: Path) -> None:
    if not revision and inspect(connection).get_table_names():
        raise ConfigError(f"the database {location} belongs to another program; give calbridge a file of its own")
    if revision and revision not in _known(scripts):
        raise ConfigError(
            f"the database {location} was written by a newer calbridge (schema {revision}); "
            "install that version, or restore a backup from before the upgrade"
        )


def _known(scripts: Path) -> set[str]:
    from alembic.script import ScriptDirectory

    return {each.revision for each in ScriptDirectory(str(scripts)).walk_revisions()}


def _save(connection: Connection, revision: str, location: str) -> Path | None:
    if not revision:
        return None
    if not sqlite.sound(connection):
        raise ConfigError(
            f"the database {location} is damaged, so it was not migrated; put the latest backup in its place"
        )
    return sqlite.backup(location, revision)


def _upgrade(connection: Connection, scripts: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")
