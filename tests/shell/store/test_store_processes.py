"""Several processes on one file: a killed one loses nothing it acknowledged, readers never wait, one claim wins."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback

import pytest

from calbridge.errors import RetryLater
from calbridge.hub import Plan
from calbridge.store import Overlap, Store, sqlite

PRELUDE = """
import sys
from calbridge.hub import Effect, JournalEntry, Plan
from calbridge.model import Appointment, Side, State
from calbridge.provider import CalendarChange, Change
from calbridge.store import Overlap, Store
from calbridge.views import CalendarView

store = Store.open(sys.argv[1])

def booking(key, start):
    return Appointment(id=key, clinic="hafen", state=State.CONFIRMED, origin=Side.CLIENT, resource="anna",
                       start=start, end=start + 10)

def effect(key):
    view = CalendarView(state=State.CONFIRMED, resource="anna", start=0, end=10)
    change = CalendarChange(key=key, appointment=key, revision=1, view=view)
    return Effect(connection="calendar", change=change, asked=key)
"""

WRITER = (
    PRELUDE
    + """
SIZE = 8
epoch = store.begin_cycle("hafen")
first = int(sys.argv[2])
for number in range(first, first + 100_000):
    keys = [f"{number}-{part}" for part in range(SIZE)]
    plan = Plan(
        appointments=tuple(booking(key, 10 * (SIZE * number + part)) for part, key in enumerate(keys)),
        journal=tuple(JournalEntry(code="booked", appointment=key) for key in keys),
        effects=tuple(effect(key) for key in keys),
    )
    store.commit("hafen", epoch, plan, now=1, run=str(number))
    print(number, flush=True)
"""
)

CLAIMER = (
    PRELUDE
    + """
epoch = int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
won = 0
for slot in range(40):
    plan = Plan(appointments=(booking(f"{sys.argv[3]}-{slot}", 100 * slot),))
    try:
        store.commit("hafen", epoch, plan, now=1, run=sys.argv[3])
        won += 1
    except Overlap:
        pass
print(won)
"""
)

OPENER = PRELUDE + "print(store.begin_cycle('hafen'))"


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_writer_loses_nothing_acknowledged_and_leaves_no_half_plan(path):
    acknowledged = []
    for number, lines in enumerate((3, 17, 40)):
        child = start(WRITER, path, number * 100_000)
        acknowledged += [int(child.stdout.readline()) for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in child.communicate(timeout=30)[0].splitlines() if line.strip()]
        assert child.returncode == -signal.SIGKILL
        whole_plans(path, acknowledged)


def whole_plans(path, acknowledged):
    store = Store.open(path)
    kept = {each.id for each in store.appointments("hafen")}
    queued = {row.effect.change.appointment for row in store.waiting("hafen")}
    explained = {line.appointment for line in store.journal("hafen", limit=100_000)}
    assert store.begin_cycle("hafen") > 1
    store.close()
    plans = {int(key.partition("-")[0]) for key in kept}
    assert kept == explained == {f"{number}-{part}" for number in plans for part in range(8)}
    assert queued == {f"{max(plans)}-{part}" for part in range(8)}, "the newest plan says all that is due"
    assert set(acknowledged) <= plans


def test_of_two_processes_exactly_one_gets_each_slot(on_disk, path):
    epoch = on_disk.begin_cycle("hafen")
    children = [start(CLAIMER, path, epoch, name) for name in ("left", "right")]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    won = [int(child.communicate(timeout=60)[0]) for child in children]
    assert sum(won) == 40
    assert sorted(each.start for each in on_disk.appointments("hafen")) == [100 * slot for slot in range(40)]


def test_several_processes_may_open_a_new_file_at_once(path):
    children = [start(OPENER, path) for _ in range(4)]
    epochs = [int(child.communicate(timeout=60)[0]) for child in children]
    assert sorted(epochs) == [1, 2, 3, 4]


# --- readers and writers --------------------------------------------------------------------------------


@pytest.fixture
def writing(on_disk, path):
    """Another program is in the middle of a write."""
    on_disk.begin_cycle("hafen")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE clinics SET epoch = 99")
    yield other
    other.close()


def test_readers_do_not_wait_for_a_writer(on_disk, make, writing):
    began = time.monotonic()
    assert on_disk.tasks("hafen") == []
    on_disk.load("hafen", [], since=0)
    on_disk.outbox("hafen", now=1)
    assert time.monotonic() - began < 5, "they would have waited for the write lock"


def test_a_writer_does_not_wait_for_a_reader(on_disk, path):
    on_disk.begin_cycle("hafen")
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT epoch FROM clinics").fetchone() == (1,)
    assert on_disk.begin_cycle("hafen") == 2
    assert reader.execute("SELECT epoch FROM clinics").fetchone() == (1,), "and the reader keeps its moment"
    reader.close()


def test_a_writer_waits_for_another_and_then_goes_on(on_disk, writing):
    results = []
    thread = threading.Thread(target=lambda: results.append(on_disk.begin_cycle("hafen")))
    thread.start()
    time.sleep(0.2)
    assert results == []
    writing.execute("COMMIT")
    thread.join(30)
    assert results == [100]


def test_a_writer_that_never_gets_its_turn_is_told_to_come_back(path, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    store = Store.open(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RetryLater, match="held by another process"):
        store.begin_cycle("hafen")
    other.close()
    assert store.begin_cycle("hafen") == 1
    store.close()


def test_every_commit_is_forced_to_disk(on_disk):
    with on_disk._database.write() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_an_error_repeats_nobodys_name(store, make, commit, epoch):
    commit(appointments=(make.appointment(),))
    named = make.appointment("b", title="Mustermann")
    with pytest.raises(Overlap) as caught:
        store.commit("hafen", epoch, Plan(appointments=(named,)), now=1, run="r")
    assert "Mustermann" not in "".join(traceback.format_exception(caught.value))
