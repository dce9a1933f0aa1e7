"""Webhooks: verified, answered at once, never twice; the body is bounded and nothing of it is said back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from calbridge.calls import Stopped
from calbridge.daemon import Lane
from calbridge.errors import ConfigError, NeedsHuman, RetryLater, SkipItem
from calbridge.hookspecs import hookimpl
from calbridge.host import ClinicHost
from calbridge.log import logger
from calbridge.model import Clinic
from calbridge.provider import Capabilities, Hint, InboundRequest
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.web import LARGEST, WebServer, application

CLINIC = Clinic(key="hafen", name="Hafen", time_zone="UTC")


class Portal:
    """Takes webhooks that bear the right signature."""

    capabilities = Capabilities(fields=frozenset(), webhooks=True)
    error: BaseException | None = None

    @hookimpl
    def receive(self, request: InboundRequest) -> tuple[Hint, ...]:
        if self.error is not None:
            raise self.error
        if request.headers.get("webhook-signature") != "right":
            raise SkipItem("wrong signature")
        return (Hint(id=request.body.decode()),)


class Calendar:
    """Takes none."""

    capabilities = Capabilities(fields=frozenset())


@dataclass
class Daemonic:
    """What the web server needs of the daemon."""

    lanes: dict[str, Lane]
    stopping: bool = False
    woken: list[str] = field(default_factory=list)

    def wake(self, clinic: str) -> None:
        self.woken.append(clinic)


@dataclass
class Web:
    client: Any
    daemon: Daemonic
    portal: Portal

    def post(self, body: str, connection: str = "portal", clinic: str = "hafen", signature: str = "right") -> int:
        path = f"/hooks/{clinic}/{connection}"
        return int(self.client.post(path, content=body, headers={"Webhook-Signature": signature}).status_code)


@pytest.fixture
def web() -> Iterator[Web]:
    portal = Portal()
    host = ClinicHost.of(CLINIC, {"portal": ("portal", portal), "calendar": ("calendar", Calendar())})
    daemon: Any = Daemonic({"hafen": Lane(clinic="hafen", engine=None, host=host)})  # type: ignore[arg-type]
    clock = VirtualClock(1_000)
    store = Store.open(":memory:", clock=clock)
    with TestClient(application(daemon, store, clock, logger("error"))) as client:
        yield Web(client, daemon, portal)
    store.close()


def test_a_signed_webhook_is_answered_with_204_and_wakes_its_clinic_once(web: Web) -> None:
    assert [web.post("m1"), web.post("m1"), web.post("m2")] == [204, 204, 204]
    assert web.daemon.woken == ["hafen", "hafen"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"signature": "wrong"}, 401),
        ({"clinic": "other"}, 404),
        ({"connection": "other"}, 404),
        ({"connection": "calendar"}, 404),
    ],
)
def test_what_is_not_accepted_wakes_nobody(web: Web, options: dict[str, str], status: int) -> None:
    assert web.post("m1", **options) == status
    assert web.daemon.woken == []


@pytest.mark.parametrize(
    ("error", "status"),
    [(RetryLater("busy"), 503), (ConfigError("no secret"), 500), (NeedsHuman("x"), 500), (KeyError("Rex"), 500)],
)
def test_our_own_faults_make_the_sender_try_again(web: Web, error: BaseException, status: int) -> None:
    web.portal.error = error
    assert web.post("Rex") == status
    assert web.daemon.woken == []


def test_a_stopping_process_answers_503(web: Web) -> None:
    web.daemon.lanes["hafen"].host.stop()
    assert web.post("m1") == 503
    assert web.daemon.woken == []


def test_a_large_body_is_refused(web: Web) -> None:
    assert web.post("x" * (LARGEST + 1)) == 413


def test_health_names_no_person(web: Web) -> None:
    answer = web.client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["clinics"] == {"hafen": {"running": False, "read": False}}
    assert web.client.get("/hooks/hafen/portal").status_code == 405
    assert web.client.get("/schema").status_code == 404


def test_the_real_server_listens_and_gives_its_port_back(web: Web) -> None:
    server = WebServer(web.client.app, "127.0.0.1", 0)
    port = int(server.address.rpartition(":")[2])
    with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port} cannot be listened on"):
        WebServer(web.client.app, "127.0.0.1", port)
    server.start()
    try:
        assert httpx.get(f"{server.address}/health", timeout=10).json()["status"] == "ok"
    finally:
        server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.address}/health", timeout=10)


def test_an_answer_waits_for_no_acknowledgement(web: Web) -> None:
    """Its head and its body leave one after the other: with Nagle's algorithm the second waits 40 ms."""
    server = WebServer(web.client.app, "127.0.0.1", 0)
    assert server._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    server.stop()


def test_stopped_is_no_exception_that_a_handler_could_swallow() -> None:
    assert not issubclass(Stopped, Exception)
