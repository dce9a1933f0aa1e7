"""Migrations run by themselves, forward, after a backup; what cannot be opened is said in one sentence."""

from __future__ import annotations

import shutil
import sqlite3
import stat

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from calbridge.errors import ConfigError
from calbridge.hub import Plan
from calbridge.store import Store, migrate
from calbridge.store.database import Database
from calbridge.store.tables import metadata

NEXT = '''
"""A revision that only this test knows."""
import sqlalchemy as sa
from alembic import op

revision = "r9999"
down_revision = "{before}"


def upgrade():
    op.create_table("waiting_list", sa.Column("client", sa.Text, primary_key=True))
    op.execute("UPDATE clinics SET revision = 41")
    {then}
'''


@pytest.fixture
def scripts(tmp_path):
    """Tomorrow's scripts: ours and one more. Give the last line of the new one."""

    def write(then="pass"):
        target = tmp_path / "scripts"
        shutil.copytree(migrate.SCRIPTS, target)
        (target / "versions" / "r9999_next.py").write_text(NEXT.format(before=migrate.HEAD, then=then))
        return target

    return write


@pytest.fixture
def filled(path, make):
    """A database of today's schema with a booking in it, closed."""
    store = Store.open(path)
    epoch = store.begin_cycle("hafen")
    store.commit("hafen", epoch, Plan(appointments=(make.appointment(),)), now=1, run="r")
    store.close()
    return path


@pytest.fixture
def database(filled):
    opened = Database.open(filled)
    yield opened
    opened.close()


def query(path, statement):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def backups(path):
    return sorted(each.name for each in path.parent.glob("*.backup-*"))


def test_the_migrations_make_the_tables_that_the_queries_expect(store):
    with store._database.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []


def test_the_head_is_the_newest_script():
    assert ScriptDirectory(str(migrate.SCRIPTS)).get_heads() == [migrate.HEAD]


def test_a_new_database_needs_no_backup(path):
    Store.open(path).close()
    assert query(path, "SELECT version_num FROM alembic_version") == [(migrate.HEAD,)]
    assert backups(path) == []


def test_a_new_database_is_its_owners_alone(path):
    store = Store.open(path)
    store.begin_cycle("hafen")
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}
    store.close()


def test_a_current_database_is_left_as_it_is(filled):
    before = filled.read_bytes()
    Store.open(filled).close()
    assert filled.read_bytes() == before
    assert backups(filled) == []


def test_an_older_database_is_saved_and_then_migrated(database, filled, scripts):
    saved = migrate.to_head(database, scripts=scripts(), head="r9999")
    assert query(filled, "SELECT version_num FROM alembic_version") == [("r9999",)]
    assert query(filled, "SELECT revision FROM clinics") == [(41,)]
    assert query(filled, "SELECT id FROM appointments") == [("a",)]
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert query(saved, "SELECT revision FROM clinics") == [(0,)]


def test_the_backup_is_a_database_to_go_on_with(database, filled, scripts, make):
    saved = migrate.to_head(database, scripts=scripts(), head="r9999")
    restored = Store.open(saved)
    assert restored.appointments("hafen") == [make.appointment()]
    restored.close()


def test_no_backup_is_ever_overwritten(database, filled, scripts):
    name = f"{filled.name}.backup-{migrate.HEAD}"
    filled.with_name(name).write_text("older")
    saved = migrate.to_head(database, scripts=scripts(), head="r9999")
    assert saved.name == f"{name}-2"
    assert filled.with_name(name).read_text() == "older"
    assert backups(filled) == [name, f"{name}-2"]


def test_without_a_backup_there_is_no_migration(database, filled, scripts):
    filled.with_name(f"{filled.name}.backup-{migrate.HEAD}.part").mkdir()
    with pytest.raises(ConfigError, match=r"cannot be written .* so the database was not migrated"):
        migrate.to_head(database, scripts=scripts(), head="r9999")
    assert query(filled, "SELECT version_num FROM alembic_version") == [(migrate.HEAD,)]


def test_a_migration_that_fails_changes_nothing(database, filled, scripts):
    broken = scripts(then="raise RuntimeError('half-way')")
    with pytest.raises(RuntimeError, match="half-way"):
        migrate.to_head(database, scripts=broken, head="r9999")
    assert query(filled, "SELECT version_num FROM alembic_version") == [(migrate.HEAD,)]
    assert query(filled, "SELECT revision FROM clinics") == [(0,)]
    assert query(filled, "SELECT name FROM sqlite_master WHERE name = 'waiting_list'") == []
    assert len(backups(filled)) == 1


# --- what cannot be opened ----------------------------------------------------------------------------------


def refused(location):
    with pytest.raises(ConfigError) as caught:
        Store.open(location)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_a_database_of_a_newer_version_is_refused_untouched(database, filled, scripts):
    migrate.to_head(database, scripts=scripts(), head="r9999")
    assert "written by a newer calbridge (schema r9999)" in refused(filled)
    assert query(filled, "SELECT version_num FROM alembic_version") == [("r9999",)]


def test_a_database_of_another_program_is_refused_untouched(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    assert "belongs to another program" in refused(path)
    assert query(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]


@pytest.mark.parametrize(
    "content", [b"BEGIN:VCALENDAR\r\n" * 400, b"\x00" * 5000, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database(path, content):
    path.write_bytes(content)
    assert f"the database {path} is damaged or is no database" in refused(path)


def test_a_truncated_database(filled):
    whole = filled.read_bytes()
    filled.write_bytes(whole[: len(whole) // 3])
    assert "is damaged" in refused(filled)


def test_damage_inside_is_found_when_it_is_read(filled):
    page = query(filled, "SELECT rootpage FROM sqlite_master WHERE name = 'appointments'")[0][0]
    size = query(filled, "PRAGMA page_size")[0][0]
    content = bytearray(filled.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    filled.write_bytes(content)
    store = Store.open(filled)
    with pytest.raises(ConfigError, match="is damaged"):
        store.appointments("hafen")
    store.close()


def test_a_damaged_database_is_not_migrated(database, filled, scripts):
    page = query(filled, "SELECT rootpage FROM sqlite_master WHERE name = 'appointments'")[0][0]
    size = query(filled, "PRAGMA page_size")[0][0]
    database.close()
    content = bytearray(filled.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    filled.write_bytes(content)
    with pytest.raises(ConfigError, match="damaged, so it was not migrated"):
        migrate.to_head(database, scripts=scripts(), head="r9999")
    assert query(filled, "SELECT version_num FROM alembic_version") == [(migrate.HEAD,)]
    assert backups(filled) == []


def test_a_missing_directory_is_named(tmp_path):
    sentence = refused(tmp_path / "nowhere" / "calbridge.db")
    assert f"the directory {tmp_path / 'nowhere'} of the database calbridge.db does not exist" in sentence


def test_a_directory_is_no_database(tmp_path):
    assert f"the database {tmp_path} cannot be opened" in refused(tmp_path)


def test_a_server_address_is_refused_without_its_password():
    sentence = refused("postgresql://praxis:geheim@127.0.0.1/calbridge")
    assert "postgresql" in sentence
    assert "geheim" not in sentence
