"""What the store's tests share: a store in memory, one in a file, and short ways to make records."""

from __future__ import annotations

from itertools import count

import pytest

from calbridge.hub import Effect, JournalEntry, Link, Plan, Shadow
from calbridge.model import Appointment, Side, State
from calbridge.provider import CalendarChange, Capabilities
from calbridge.store import Store
from calbridge.views import CalendarView

NOW = 1_800_000_000


class Ticking:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> int:
        return self.instant


class Make:
    """Records with everything filled in but what a test is about."""

    now = NOW

    def __init__(self) -> None:
        self._numbers = count(1)

    def clinic(self) -> str:
        """A clinic nobody else uses."""
        return f"clinic-{next(self._numbers)}"

    def appointment(self, key: str = "a", start: int = NOW, **changes) -> Appointment:
        values = {
            "id": key,
            "clinic": "hafen",
            "state": State.CONFIRMED,
            "origin": Side.CLIENT,
            "resource": "anna",
            "start": start,
            "end": start + 1800,
        }
        return Appointment(**(values | changes))

    def view(self, **changes) -> CalendarView:
        values = {"state": State.CONFIRMED, "resource": "anna", "start": NOW, "end": NOW + 1800}
        return CalendarView(**(values | changes))

    def shadow(self, key: str = "a", connection: str = "calendar", **changes) -> Shadow:
        values = {"ref": f"cal/{key}", "version": "1", "view": self.view()}
        return Shadow(connection=connection, appointment=key, **(values | changes))

    def effect(self, key: str = "a", connection: str = "calendar", word: str = "1", **changes) -> Effect:
        change = CalendarChange(key=f"{key}-{word}", appointment=key, revision=1, view=self.view(), **changes)
        return Effect(connection=connection, change=change, asked=f"asked-{word}")

    def link(self, name: str = "calendar", **changes) -> Link:
        values = {"role": "calendar", "capabilities": Capabilities(fields=frozenset({"start"})), "fingerprint": "one"}
        return Link(name=name, **(values | changes))

    def entry(self, code: str = "booked", **changes) -> JournalEntry:
        return JournalEntry(code=code, **changes)


@pytest.fixture(scope="session")
def make():
    return Make()


@pytest.fixture
def clock():
    return Ticking()


@pytest.fixture
def store(clock):
    opened = Store.open(":memory:", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "calbridge.db"


@pytest.fixture
def on_disk(path, clock):
    opened = Store.open(path, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def epoch(store):
    return store.begin_cycle("hafen")


@pytest.fixture
def commit(store, epoch):
    """Commit a plan of these parts."""

    def carry_out(**parts):
        store.commit("hafen", epoch, Plan(**parts), now=NOW, run="run-1")

    return carry_out


def dump(opened: Store) -> list[str]:
    """Every table and row, as text."""
    with opened._database.read() as connection:
        return list(connection.connection.dbapi_connection.iterdump())


@pytest.fixture
def rows():
    return dump
