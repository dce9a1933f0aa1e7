"""For tests against a portal: a server in a thread, a clock moved by hand, the bridge's side of the wire."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import uvicorn

from calbridge_portal.app import Options, create_app
from calbridge_portal.faults import FaultPlan
from calbridge_portal.portal import Portal

TOKEN = "a-token-for-tests"  # noqa: S105 - guards nothing
SITE = "hafen"
NOW = datetime.fromisoformat("2026-11-23T08:00:00+01:00")
DAY = {"from": "2026-11-24T00:00:00+01:00", "to": "2026-11-25T00:00:00+01:00"}
STARTS = [f"2026-11-24T{hour:02}:{minute:02}:00+01:00" for hour in (9, 10, 11) for minute in (0, 30)]
EMPTIED = (
    "offers",
    "moves",
    "publications",
    "holds",
    "messages",
    "bookings",
    "accounts",
    "notices",
    "events",
    "idempotency",
    "webhooks",
)
CUSTOMER = {"first_name": "Mia", "last_name": "Albers", "email": "mia@example.org"}


@dataclass
class ManualClock:
    """A clock that stands until it is moved."""

    moment: datetime = NOW

    def now(self) -> int:
        return int(self.moment.timestamp())

    def advance(self, **by: int) -> None:
        self.moment += timedelta(**by)


@dataclass
class Bridge:
    """The bridge's side of the wire."""

    http: httpx.Client
    keys: Iterator[int] = field(default_factory=itertools.count)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"} | more.pop("headers", {})
        if method == "POST":
            headers.setdefault("Idempotency-Key", f'"key-{next(self.keys)}"')
        return self.http.request(method, path, headers=headers, **more)

    def ok(self, method: str, path: str, **more: Any) -> Any:
        answer = self.call(method, path, **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def publish(
        self, starts: list[str], *, revision: int = 1, calendar: str = "anna", moves: list[str] | None = None
    ) -> httpx.Response:
        body: dict[str, Any] = {"source_revision": revision, "offers": [{"type": "checkup", "starts": starts}]}
        if moves is not None:
            body["moves"] = [{"type": "checkup", "starts": moves}]
        return self.call("PUT", f"/v1/sites/{SITE}/availability/{calendar}", params=DAY, json=body)

    def hold(self, start: str = STARTS[0], ref: str = "ref-1", **more: Any) -> httpx.Response:
        body = {"type": "checkup", "calendar": "anna", "start": start, "client_ref": ref} | more
        return self.call("POST", f"/v1/sites/{SITE}/holds", json=body)

    def book(self, ref: str = "ref-1", *, start: str = STARTS[0], **more: Any) -> httpx.Response:
        slot = {"type": "checkup", "calendar": "anna", "start": start}
        body = {"slot": slot, "customer": CUSTOMER, "client_ref": ref} | more
        return self.call("POST", f"/v1/sites/{SITE}/bookings", json=body)

    def booked(self, ref: str = "ref-1", **more: Any) -> Any:
        answer = self.book(ref, **more)
        return answer.raise_for_status().json()

    def change(self, booking: Any, step: str, body: dict[str, Any], **more: Any) -> httpx.Response:
        method = "PUT" if step == "sync" else "POST"
        headers = {"If-Match": f'"{booking["revision"]}"'} | more.pop("headers", {})
        return self.call(method, f"/v1/bookings/{booking['id']}/{step}", json=body, headers=headers, **more)

    def confirmed(self, ref: str = "ref-1", **more: Any) -> Any:
        answer = self.change(self.booked(ref, **more), "decision", {"decision": "accept"})
        return answer.raise_for_status().json()

    def changes(self, **params: Any) -> Any:
        return self.ok("GET", f"/v1/sites/{SITE}/changes", params=params)

    def settings(self, notice: str | None = None, **settings: Any) -> None:
        body = {"name": "Tierarztpraxis am Hafen", "time_zone": "Europe/Berlin", "settings": settings}
        self.ok("PUT", f"/v1/sites/{SITE}", json=body | {"privacy_notice": notice})

    def messages(self, booking: str) -> list[str]:
        items = self.ok("GET", f"/v1/sites/{SITE}/bookings/{booking}/messages")["items"]
        return [item["kind"] for item in items]

    def free(self, kind: str = "checkup") -> list[str]:
        items = self.ok("GET", f"/v1/sites/{SITE}/slots", params={"type": kind} | DAY)["items"]
        return [item["start"] for item in items]


def furnish(bridge: Bridge, **kind: Any) -> None:
    """Give the portal its clinic."""
    bridge.settings()
    for calendar, name in (("anna", "Dr. Anna Sommer"), ("ben", "Dr. Ben Winter")):
        bridge.ok("PUT", f"/v1/sites/{SITE}/calendars/{calendar}", json={"name": name, "online": True})
    body = {"display_name": "Check-up", "duration_min": 30, "calendars": ["anna", "ben"], "mode": "request"}
    bridge.ok("PUT", f"/v1/sites/{SITE}/appointment-types/checkup", json=body | kind)
    bridge.publish(STARTS).raise_for_status()


def empty(portal: Portal) -> None:
    """As it was made, with no fault planned: to make another takes longer than most tests."""
    portal.faults.plan(FaultPlan(rules=[]))
    with portal.admin() as tx:
        for table in EMPTIED:
            tx.run(f"DELETE FROM {table}")  # noqa: S608 - our own names
        tx.run("DELETE FROM documents WHERE kind <> 'site'")
        tx.run("UPDATE documents SET revision = 1, body = json_object('name', id, 'time_zone', 'UTC')")
        tx.set_fact("maintenance_retry_s", "0")


@contextmanager
def served(portal: Portal, options: Options | None = None) -> Iterator[str]:
    """The portal over real HTTP on a free loopback port; yields its address."""
    config = uvicorn.Config(create_app(portal, options), access_log=False, log_level="warning", http="h11")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # see server.serve
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            portal.reached_at(address)
            yield address
        finally:
            server.should_exit = True
            thread.join(timeout=10)
