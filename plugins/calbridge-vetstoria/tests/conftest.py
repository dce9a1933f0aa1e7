"""The provider against the real portal over real HTTP, through the bridge's own transport."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from pydantic import SecretStr

from calbridge.model import Clinic, Resource, Rules, Service, State
from calbridge.provider import PublicContext
from calbridge.public import public
from calbridge.testing.processes import PLAIN
from calbridge.transport import Limits, Transport
from calbridge_portal.app import Options
from calbridge_portal.faults import FaultPlan, FaultRule
from calbridge_portal.portal import Portal
from calbridge_portal.store import Store
from calbridge_portal.testing import NOW, SITE, TOKEN, ManualClock, empty, served
from calbridge_vetstoria.provider import VetstoriaPortal, create
from calbridge_vetstoria.settings import VetstoriaSettings

CUSTOMER = {"first_name": "Mia", "last_name": "Albers", "email": "mia@example.org", "phone": "+49 40 123"}
DAY = 86_400


def clinic_of(**rules: Any) -> Clinic:
    """Two vets, one service of half an hour."""
    resources = {key: Resource(key=key, name=f"Dr. {key.title()}", online=True) for key in ("anna", "ben")}
    service = Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna", "ben"))
    return Clinic(
        key="hafen",
        name="Tierarztpraxis am Hafen",
        time_zone="Europe/Berlin",
        online=True,
        resources=resources,
        services={"checkup": service},
        rules=Rules(**rules),
    )


def context_of(clinic: Clinic, clock: ManualClock, transport: httpx.BaseTransport) -> PublicContext:
    """What the host would hand to the provider."""
    return PublicContext(
        connection="portal",
        clinic=public(clinic),
        transport=transport,
        clock=clock,
        secrets=lambda reference: str(reference.get_secret_value()),
        log=structlog.get_logger(),
    )


class Clients:
    """People at the booking page, and a portal that can fail: the driver of the conformance tests."""

    service = "checkup"
    resources = ("anna", "ben")

    def __init__(self, portal: Portal, url: str, provider: VetstoriaPortal, clinic: Clinic) -> None:
        assert isinstance(portal.clock, ManualClock)
        self.portal = portal
        self.clock = portal.clock
        self.provider = provider
        self.clinic = clinic
        self.start = portal.clock.now() + 4 * DAY
        self.http = httpx.Client(base_url=url, trust_env=False, verify=PLAIN)
        self.tokens: dict[str, str] = {}

    def fail(self, action: Any, match: str = "* /v1", times: int = 1) -> None:
        """The next matching requests meet a fault."""
        self.portal.faults.plan(FaultPlan(rules=[FaultRule(match=match, action=action, times=times)]))

    def outage(self) -> AbstractContextManager[None]:
        @contextmanager
        def failing() -> Iterator[None]:
            self.fail("500_before", times=10_000)
            yield
            self.portal.faults.plan(FaultPlan(rules=[]))

        return failing()

    def forget_cursors(self) -> None:
        with self.portal.admin() as tx:
            tx.set_fact("feed_id", secrets.token_hex(4))

    def choose(self, resource: str, start: int) -> httpx.Response:
        body = {"type": self.service, "calendar": resource, "start": instant(start), "client_ref": secrets.token_hex(8)}
        return self.http.post(f"/public/sites/{SITE}/holds", json=body)

    def select(self, resource: str, start: int) -> str:
        return f"hold/{self.choose(resource, start).raise_for_status().json()['id']}"

    def refused(self, resource: str, start: int) -> bool:
        answer = self.choose(resource, start)
        if answer.is_success:
            self.http.delete(f"/public/holds/{answer.json()['id']}").raise_for_status()
        return not answer.is_success

    def confirm(self, hold: str, **more: Any) -> str:
        ref = hold.removeprefix("hold/")
        body = {"hold_id": ref, "client_ref": secrets.token_hex(8), "customer": CUSTOMER} | more
        made = self.http.post(f"/public/sites/{SITE}/bookings", json=body).raise_for_status().json()
        visit = f"visit/{made['booking']['id']}"
        self.tokens[visit] = made["manage_token"]
        return visit

    def cancel(self, ref: str) -> None:
        self.http.post(f"/public/bookings/{self.tokens[ref]}/cancel", json={}).raise_for_status()

    def move(self, ref: str, start: int) -> None:
        body = {"start": instant(start)}
        self.http.post(f"/public/bookings/{self.tokens[ref]}/reschedule", json=body).raise_for_status()

    def alternatives(self, ref: str) -> tuple[int, ...]:
        if ref.startswith("hold/"):
            shown = self.http.get(f"/public/holds/{ref.removeprefix('hold/')}").raise_for_status().json()
        else:
            shown = self.http.get(f"/public/bookings/{self.tokens[ref]}").raise_for_status().json()
        return tuple(int(datetime.fromisoformat(each["start"]).timestamp()) for each in shown["alternatives"])

    def connect(self) -> str:
        body = {"customer": CUSTOMER, "patient": {"name": "Bello", "species": "dog"}, "language": "de"}
        begun = self.http.post(f"/public/sites/{SITE}/accounts", json=body).raise_for_status().json()
        code = self.read(f"/v1/sites/{SITE}/accounts/{begun['id']}/code")["code"]
        url = f"/public/accounts/{begun['account_token']}/prove"
        proved = self.http.post(url, json={"code": code}).raise_for_status().json()
        account = f"account/{proved['id']}"
        self.tokens[account] = proved["account_token"]
        return account

    def leave(self, account: str) -> None:
        self.http.delete(f"/public/accounts/{self.tokens[account]}").raise_for_status()

    def page(self, account: str) -> list[tuple[State, int, str]]:
        shown = self.http.get(f"/public/accounts/{self.tokens[account]}").raise_for_status().json()["appointments"]
        return [
            (State(b["status"]), int(datetime.fromisoformat(b["start"]).timestamp()), b["note"] or "")
            for b in (each["booking"] for each in shown)
        ]

    def messages(self, ref: str) -> int:
        """Those about the practice's word: the client's own doings are confirmed to her too."""
        return len([kind for kind in self.kinds(ref) if kind in {"confirmed", "declined", "moved"}])

    def kinds(self, ref: str) -> list[str]:
        """Which messages the client got."""
        items = self.read(f"/v1/sites/{SITE}/bookings/{ref.removeprefix('visit/')}/messages")["items"]
        return [item["kind"] for item in items]

    def booking(self, ref: str) -> Any:
        """What the portal holds of a booking."""
        return self.read(f"/v1/bookings/{ref.removeprefix('visit/')}")

    def read(self, path: str) -> Any:
        """Read the portal's own interface, past the provider."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return self.http.get(path, headers=headers).raise_for_status().json()


def instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    store = Store(Path(tmp_path_factory.mktemp("portal")) / "portal.db", SITE)
    yield Portal(store=store, clock=ManualClock(), site=SITE, token=TOKEN)
    store.close()


@pytest.fixture(scope="session")
def url(portal: Portal) -> Iterator[str]:
    with served(portal, Options(faults=True, public_per_minute=0)) as address:
        yield address


@pytest.fixture
def fresh(portal: Portal) -> Portal:
    """The same portal, emptied."""
    assert isinstance(portal.clock, ManualClock)
    portal.clock.moment = NOW
    empty(portal)
    return portal


@pytest.fixture
def connect(fresh: Portal, url: str) -> Iterator[Callable[..., Clients]]:
    """Make a connection with a clinic of its own. `hear` is told each request of the provider."""
    made: list[tuple[Transport, Clients]] = []

    def connecting(clinic: Clinic | None = None, *, hear: Any = None, **settings: Any) -> Clients:
        assert isinstance(fresh.clock, ManualClock)
        ours, limits = clinic or clinic_of(), Limits(connect=5, read=10, total=20)
        transport = Transport(allow_private=True, limits=limits, sleep=lambda _: None, faults=hear)
        values: dict[str, Any] = {"url": url, "site": SITE, "token": SecretStr(TOKEN)} | settings
        provider = create(VetstoriaSettings(**values), context_of(ours, fresh.clock, transport))
        side = Clients(fresh, url, provider, ours)
        made.append((transport, side))
        return side

    yield connecting
    for transport, side in made:
        side.http.close()
        transport.close()


@pytest.fixture
def side(connect: Callable[..., Clients]) -> Clients:
    return connect()


@pytest.fixture
def clinic() -> Callable[..., Clinic]:
    """Makes clinics with rules of their own."""
    return clinic_of


@pytest.fixture
def speaking() -> Callable[[httpx.MockTransport], VetstoriaPortal]:
    """Makes providers that talk to a transport instead of a portal."""

    def making(transport: httpx.MockTransport) -> VetstoriaPortal:
        settings = VetstoriaSettings(url="https://portal.example", site="hafen", token=SecretStr("a-very-secret-token"))
        return create(settings, context_of(clinic_of(), ManualClock(), transport))

    return making
