"""The reference PMS as it is, behind its own server; each test begins with the seeded practice and a new provider."""

from __future__ import annotations

import itertools
import json
import logging
import random
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from calbridge.interval import Interval
from calbridge.model import Clinic, Resource, Service, State
from calbridge.provider import Change, Context, Entry, PmsChange
from calbridge.testing.clock import VirtualClock
from calbridge.transport import Transport
from calbridge.views import PmsView
from calbridge_pms.provider import Pms, create
from calbridge_pms.settings import PmsSettings
from calbridge_refpms.access import Tokens
from calbridge_refpms.app import Practice
from calbridge_refpms.instants import file_clock
from calbridge_refpms.live import running
from calbridge_refpms.records import Records, Terms
from calbridge_refpms.seed import plant

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
DAY = 86_400
HALF_HOUR = 1_800
START = int(datetime(2026, 11, 25, 9, tzinfo=UTC).timestamp())
WINDOW = Interval(START - DAY, START + 2 * DAY)
SEED: dict[str, Any] = {
    "locations": [{"id": "hafen", "name": "Praxis am Hafen", "time_zone": "Europe/Berlin"}],
    "resources": [
        {"id": name, "name": name, "kind": kind, "location": "hafen", "online": True}
        for name, kind in (("anna", "practitioner"), ("ben", "practitioner"), ("room1", "room"), ("XR", "equipment"))
    ],
    "types": [{"id": "checkup", "name": "Check-up", "minutes": 30}, {"id": "Z-1", "name": "Zahn", "minutes": 60}],
    "clients": [
        {
            "id": "c1",
            "first_name": "Erika",
            "last_name": "Muster",
            "email": "erika@example.org",
            "phone": "040 1234567",
            "address": "Kai 1",
        },
        {"id": "c2", "first_name": "Erik", "last_name": "Muster", "phone": "0171 7654321"},
    ],
    "patients": [{"id": "p1", "client_id": "c1", "name": "Rex", "species": "dog"}],
}
CLINIC = Clinic(
    key="hafen",
    name="Praxis am Hafen",
    time_zone="Europe/Berlin",
    region="DE",
    resources={key: Resource(key=key, name=key) for key in ("anna", "ben", "room1")},
    services={key: Service(key=key, name=key, minutes=30) for key in ("checkup",)},
)


def iso(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat()


def context_of(clinic: Clinic, transport: httpx.BaseTransport) -> Context:
    """What the host gives a provider; a secret is its own text."""
    return Context(
        connection="pms",
        clinic=clinic,
        transport=transport,
        clock=VirtualClock(int(NOW.timestamp())),
        secrets=lambda reference: reference.get_secret_value(),
        log=logging.getLogger("test"),
        random=random.Random(1),
    )


@dataclass
class Reception:
    """A running practice: reception's own client program, and the bridge's provider over the same server."""

    address: str
    database: Path
    clock: Path
    http: httpx.Client
    provider: Any = None
    clinic: Clinic = CLINIC
    resources: tuple[str, str] = ("anna", "ben")
    start: int = START
    _keys: Iterator[int] = field(default_factory=itertools.count)
    _made: list[Pms] = field(default_factory=list)

    # --- what conformance wants ---

    def phone(self, resource: str, start: int, end: int, **more: Any) -> str:
        body = {"resource": resource, "start": iso(start), "end": iso(end), **more}
        return f"appointment/{self.post('/v1/appointments', body)['id']}"

    def move(self, ref: str, start: int) -> None:
        found = self.get(ref)
        length = datetime.fromisoformat(found["end"]) - datetime.fromisoformat(found["start"])
        self.patch(ref, start=iso(start), end=iso(start + int(length.total_seconds())))

    def cancel(self, ref: str) -> None:
        self.http.post(f"{path(ref)}/cancel").raise_for_status()

    @contextmanager
    def outage(self) -> Iterator[None]:
        self.arm({"match": "* /v1", "action": "500_before", "times": 9_999})
        yield
        self.arm()

    def forget_cursors(self) -> None:
        with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            connection.execute("UPDATE meta SET value = 'restored' WHERE key = 'generation'")

    def sites(self, moved: dict[str, str]) -> None:
        """A second site, and who works there."""
        with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            connection.execute("INSERT INTO locations VALUES ('berg', 'Praxis am Berg', 'Europe/Berlin')")
            for resource, site in moved.items():
                connection.execute("UPDATE resources SET location = ? WHERE id = ?", (site, resource))

    # --- what the engine does ---

    def read(self, cursor: str = "", known: dict[str, str] | None = None, provider: Any = None) -> Any:
        """One read of the test's three days."""
        reader = provider or self.provider
        return reader.import_schedule(cursor=cursor, window=WINDOW, known=known or {})

    def view(self, offset: int = 0, **changes: Any) -> PmsView:
        """A confirmed visit of half an hour, `offset` seconds after `start`."""
        values: dict[str, Any] = {
            "state": State.CONFIRMED,
            "resource": "anna",
            "start": START + offset,
            "end": START + offset + HALF_HOUR,
            "service": "checkup",
            "title": "Check-up - Balu",
        }
        return PmsView(**{**values, **changes})

    def change(self, shown: PmsView | None = None, **changes: Any) -> Change:
        """The first write of one appointment."""
        values: dict[str, Any] = {"key": "key-1", "appointment": "b1", "revision": 1, "view": shown or self.view()}
        return PmsChange(**{**values, **changes})

    def after(self, entry: Entry, shown: PmsView, **changes: Any) -> Change:
        """The next write of what is there."""
        values: dict[str, Any] = {"ref": entry.ref, "version": entry.version, "previous": entry.view, "revision": 2}
        return self.change(shown, **{"key": "key-2", **values, **changes})

    def write(self, wanted: Change) -> Entry:
        """Carry it out; it must be written."""
        receipt = self.provider.propagate_change(change=wanted)
        assert receipt.outcome == "written", receipt
        assert receipt.entry is not None
        entry: Entry = receipt.entry
        return entry

    # --- reception ---

    def post(self, address: str, body: Any) -> Any:
        answer = self.http.post(address, json=body, headers={"Idempotency-Key": f"desk-{next(self._keys)}"})
        answer.raise_for_status()
        return answer.json()

    def get(self, ref: str) -> Any:
        return self.http.get(path(ref)).raise_for_status().json()

    def patch(self, ref: str, **body: Any) -> Any:
        revision = self.get(ref)["revision"]
        answer = self.http.patch(path(ref), json=body, headers={"If-Match": f'"{revision}"'})
        return answer.raise_for_status().json()

    def delete(self, ref: str) -> None:
        self.http.delete(path(ref)).raise_for_status()

    def diary(self) -> list[Any]:
        found: list[Any] = self.http.get("/v1/appointments").json()["items"]
        return found

    def arm(self, *rules: dict[str, Any]) -> None:
        self.http.put("/faults", json={"rules": list(rules)}).raise_for_status()

    def connect(self, clinic: Clinic = CLINIC, *, hear: Any = None, **settings: Any) -> Pms:
        """A provider of its own settings. `hear` is told each request."""
        values = {"url": self.address, "token": SecretStr("bridge-token"), **settings}
        made = create(
            PmsSettings(**values), context_of(clinic, Transport(allow_private=True, sleep=lambda _: None, faults=hear))
        )
        self._made.append(made)
        return made

    def close(self) -> None:
        while self._made:
            self._made.pop().close()


def path(ref: str) -> str:
    kind, ident = ref.split("/")
    return f"/v1/{kind}s/{ident}"


def serve(name: str, **terms: Any) -> Any:
    """A session's server, put back to its seed for each test."""

    @pytest.fixture(scope="session")
    def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reception, sqlite3.Connection]]:
        folder = tmp_path_factory.mktemp(name)
        clock, database, seed = folder / "clock", folder / "pms.sqlite3", folder / "seed.json"
        clock.write_text(NOW.isoformat())
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
        with ExitStack() as stack:
            fresh = stack.enter_context(closing(sqlite3.connect(":memory:")))
            with closing(sqlite3.connect(database)) as seeded:
                seeded.backup(fresh)
            address = stack.enter_context(running(practice))
            headers = {"Authorization": "Bearer desk-token"}
            http = stack.enter_context(httpx.Client(base_url=address, headers=headers, trust_env=False))
            yield Reception(address=address, database=database, clock=clock, http=http), fresh

    return served


_usual = serve("usual")
_slow = serve("slow", two_stage_s=30)
_narrow = serve("narrow", window_days=1, page_max=2)


def fresh(server: tuple[Reception, sqlite3.Connection]) -> Iterator[Reception]:
    reception, seeded = server
    reception.arm()
    reception.clock.write_text(NOW.isoformat())
    with closing(sqlite3.connect(reception.database, timeout=10)) as target:
        seeded.backup(target)
    reception.provider = reception.connect()
    yield reception
    reception.arm()
    reception.close()


@pytest.fixture
def side(_usual: Any) -> Iterator[Reception]:
    """Reception and the bridge at one practice."""
    yield from fresh(_usual)


@pytest.fixture
def slow(_slow: Any) -> Iterator[Reception]:
    """The same, where writes are filed half a minute later."""
    yield from fresh(_slow)


@pytest.fixture
def narrow(_narrow: Any) -> Iterator[Reception]:
    """The same, where a request covers one day and a page two records."""
    yield from fresh(_narrow)
