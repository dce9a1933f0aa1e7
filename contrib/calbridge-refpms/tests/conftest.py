"""A small practice behind a real server, one database for each test."""

import itertools
import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from calbridge_refpms.access import Tokens
from calbridge_refpms.app import Practice
from calbridge_refpms.instants import file_clock
from calbridge_refpms.live import running
from calbridge_refpms.records import Records, Terms
from calbridge_refpms.seed import plant

NOW = "2026-11-20T08:00:00+01:00"
SEED: dict[str, Any] = {
    "locations": [{"id": "hafen", "name": "Praxis am Hafen", "time_zone": "Europe/Berlin"}],
    "resources": [
        {
            "id": "anna",
            "name": "Dr. Anna Sommer",
            "kind": "practitioner",
            "location": "hafen",
            "online": True,
        },
        {"id": "ben", "name": "Dr. Ben Winter", "kind": "practitioner", "location": "hafen", "online": True},
        {"id": "room1", "name": "Raum 1", "kind": "room", "location": "hafen"},
    ],
    "types": [
        {
            "id": "checkup",
            "name": "Check-up",
            "minutes": 30,
            "resources": [{"resource": "anna"}],
            "online": True,
        },
        {"id": "dental", "name": "Zähne", "minutes": 60, "resources": [{"resource": "ben", "minutes": 90}]},
    ],
    "windows": [
        {"resource": "anna", "days": ["mon", "wed"], "windows": ["09:00-12:00", "14:00-18:00"]},
        {"resource": "anna", "days": ["fri"], "windows": ["09:00-12:00"], "weeks": "odd"},
        {"resource": "anna", "days": ["sun"], "windows": ["01:00-04:00"], "kind": "work"},
        {
            "resource": "ben",
            "days": ["mon"],
            "windows": ["08:00-24:00"],
            "from": "2026-11-23",
            "until": "2026-11-30",
        },
    ],
    "absences": [
        {
            "resource": "ben",
            "start": "2026-12-01T00:00:00+01:00",
            "end": "2026-12-04T00:00:00+01:00",
            "reason": "sick",
        }
    ],
    "closures": [
        {"start": "2026-12-28T00:00:00+01:00", "end": "2026-12-29T00:00:00+01:00", "location": "hafen"},
    ],
    "clients": [
        {
            "id": "c1",
            "number": "100",
            "first_name": "Erika",
            "last_name": "Muster",
            "email": "Erika@example.org",
            "phone": "040 1234567",
            "address": "Kai 1, Hamburg",
        },
        {
            "id": "c2",
            "number": "101",
            "first_name": "Erik",
            "last_name": "Muster",
            "phone": "+49 171 7654321",
        },
    ],
    "patients": [
        {"id": "p1", "client_id": "c1", "name": "Rex", "species": "dog"},
        {"id": "p2", "client_id": "c2", "name": "Mia", "species": "cat"},
    ],
    "appointments": [
        {
            "id": "a1",
            "resource": "anna",
            "start": "2026-11-23T09:00:00+01:00",
            "end": "2026-11-23T09:30:00+01:00",
            "type": "checkup",
            "title": "Impfung Rex",
            "client_id": "c1",
            "patient_id": "p1",
            "rooms": ["room1"],
        },
        {
            "id": "a2",
            "resource": "anna",
            "start": "2026-11-23T09:00:00+01:00",
            "end": "2026-11-23T09:30:00+01:00",
            "status": "cancelled",
        },
    ],
    "blocks": [
        {
            "resource": "ben",
            "start": "2026-11-23T12:00:00+01:00",
            "end": "2026-11-23T13:00:00+01:00",
            "title": "Mittag",
        }
    ],
}


class Side:
    """One role's way in: httpx, with a fresh Idempotency-Key for each POST that brings none."""

    def __init__(self, address: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=address, headers=headers, timeout=10, trust_env=False)
        self._keys = (f"key-{number}" for number in itertools.count())

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> httpx.Response:
        return self.http.post(path, json=body, headers={"Idempotency-Key": key or next(self._keys), **headers})

    def patch(self, path: str, revision: int | None, **body: Any) -> httpx.Response:
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        return self.http.patch(path, json=body, headers=headers)

    def delete(self, path: str) -> httpx.Response:
        return self.http.delete(path)

    def book(self, start: str, end: str, **more: Any) -> httpx.Response:
        return self.post("/v1/appointments", {"resource": "anna", "start": start, "end": end, **more})


class World:
    """A running practice: the integration, the desk, and the clock's hand."""

    def __init__(self, address: str, clock: Path, database: Path) -> None:
        self.address, self.clock, self.database = address, clock, database
        self.bridge, self.desk = Side(address, "bridge-token"), Side(address, "desk-token")
        self.fresh = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(database)) as seeded:
            seeded.backup(self.fresh)

    def reset(self) -> "World":
        """As it was seeded, no fault armed, the clock at its start: starting a server for each test is slow."""
        self.set_clock(NOW)
        self.bridge.http.put("/faults", json={"rules": []})
        with closing(sqlite3.connect(self.database, timeout=10)) as target:
            self.fresh.backup(target)
        return self

    def set_clock(self, instant: str) -> None:
        self.clock.write_text(instant)


def begin(folder: Path, stack: ExitStack, **terms: Any) -> World:
    """Seed and serve a practice until the stack is unwound."""
    clock, database, seed = folder / "clock", folder / "pms.sqlite3", folder / "seed.json"
    clock.write_text(NOW)
    seed.write_text(json.dumps(SEED))
    records = Records(path=database, clock=file_clock(clock))
    records.prepare()
    plant(records, seed)
    practice = Practice(
        database=database,
        tokens=Tokens(integration="bridge-token", desk="desk-token"),
        clock=file_clock(clock),
        terms=Terms(**terms),
        faults=True,
    )
    world = World(stack.enter_context(running(practice)), clock, database)
    stack.callback(world.bridge.http.close)
    stack.callback(world.desk.http.close)
    stack.callback(world.fresh.close)
    return world


def server(folder: str, **terms: Any) -> Any:
    """A session's server; each user puts its records back to the seed first."""

    @pytest.fixture(scope="session")
    def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
        with ExitStack() as stack:
            yield begin(tmp_path_factory.mktemp(folder), stack, **terms)

    return started


_read_server = server("read")
_own_server = server("own")
_slow_server = server("slow", two_stage_s=30)
_forgetful_server = server("forgetful", keep_changes_days=2)


@pytest.fixture(scope="module")
def practice(_read_server: World) -> World:
    """One practice for a module's tests that only read, are refused, or keep to a day of their own."""
    return _read_server.reset()


@pytest.fixture
def world(_own_server: World) -> World:
    """A practice as it was seeded."""
    return _own_server.reset()


@pytest.fixture
def slow(_slow_server: World) -> World:
    """A practice whose diary takes writes half a minute later."""
    return _slow_server.reset()


@pytest.fixture
def forgetful(_forgetful_server: World) -> World:
    """A practice whose change feed goes back two days."""
    return _forgetful_server.reset()


@pytest.fixture
def bridge(world: World) -> Side:
    return world.bridge


@pytest.fixture
def desk(world: World) -> Side:
    return world.desk
