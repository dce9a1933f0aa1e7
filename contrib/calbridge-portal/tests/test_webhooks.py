"""Webhooks: signed as the standard says, thin, retried from rows, never in the way of a request."""

import asyncio
import base64
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from calbridge_portal.background import tick
from calbridge_portal.deliveries import SCHEDULE_S, deliver_due
from calbridge_portal.feed import last_seq
from calbridge_portal.portal import Portal
from calbridge_portal.testing import SITE, Bridge, ManualClock

WEBHOOKS = f"/v1/sites/{SITE}/webhooks"
ANY_PORT = "https://bridge.example/hook"
Receiver = Callable[[httpx.Request], httpx.Response]


class Inbox:
    """A receiver: keeps what comes and answers as told."""

    def __init__(self, *statuses: int, **headers: str) -> None:
        self.statuses = list(statuses)
        self.headers = headers
        self.got: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        status = self.statuses.pop(0) if self.statuses else 204
        return httpx.Response(status, headers=self.headers)

    def types(self) -> list[str]:
        return [json.loads(request.content)["type"] for request in self.got]


@pytest.fixture(autouse=True)
def no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the test delivers: what the application's own loop finds due stays where it is."""

    async def nothing(*_: object) -> int:
        return 0

    monkeypatch.setattr("calbridge_portal.background.deliver_due", nothing)


def deliver(portal: Portal, inbox: Receiver) -> int:
    async def once() -> int:
        async with httpx.AsyncClient(transport=httpx.MockTransport(inbox), follow_redirects=False) as client:
            return await deliver_due(portal, client)

    return asyncio.run(once())


def register(clinic: Bridge, **more: Any) -> Any:
    return clinic.ok("POST", WEBHOOKS, json={"url": ANY_PORT, "events": ["hold.created"]} | more)


def state(clinic: Bridge) -> Any:
    (hook,) = clinic.ok("GET", WEBHOOKS)["items"]
    return hook


def test_the_reference_vector() -> None:
    """vendors.md section 9: the project's own test vector."""
    hook = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    moment = datetime.fromtimestamp(1_614_265_330, UTC)
    signature = hook.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", moment, '{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_portals_own_signature_of_the_reference_vector() -> None:
    from calbridge_portal.deliveries import sign

    row: Any = {
        "id": "msg_cb_0001",
        "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "previous_secret": None,
        "body": '{"type":"booking.created","timestamp":"2026-11-22T09:00:00Z",'
        '"data":{"id":"bk_01","revision":1,"seq":4711}}',
    }
    moment = datetime.fromtimestamp(1_795_338_000, UTC)
    assert sign(row, 0, moment) == "v1,Zclp+OBjc+e+gfV2WdYLduHgoTBG4bbMg/rczShP8g4="


def test_a_message_is_thin_and_verifies(clinic: Bridge, portal: Portal) -> None:
    secret = register(clinic)["secret"]
    hold = clinic.hold().json()["id"]
    inbox = Inbox()
    assert deliver(portal, inbox) == 1
    (request,) = inbox.got
    body = Webhook(secret).verify(request.content, dict(request.headers))
    assert (body["type"], body["data"]["site"], body["data"]["id"]) == ("hold.created", SITE, hold)
    assert body["data"].keys() == {"site", "object", "id", "revision", "seq"}
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()).verify(
            request.content, dict(request.headers)
        )
    assert deliver(portal, inbox) == 0


def test_the_secret_is_shown_once(clinic: Bridge) -> None:
    made = register(clinic)
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"))) == 32
    assert state(clinic)["secret"] is None


def test_only_what_was_asked_for(clinic: Bridge, portal: Portal) -> None:
    register(clinic, events=["booking.requested"])
    hold = clinic.hold().json()["id"]
    clinic.booked(hold_id=hold)
    inbox = Inbox()
    deliver(portal, inbox)
    assert inbox.types() == ["booking.requested"]


def test_rotation_signs_with_both_for_a_day(clinic: Bridge, portal: Portal, clock: ManualClock) -> None:
    made = register(clinic, events=[])
    fresh = clinic.ok("POST", f"{WEBHOOKS}/{made['id']}/rotate")["secret"]
    clinic.hold()
    inbox = Inbox()
    deliver(portal, inbox)
    request = inbox.got[-1]
    for secret in (made["secret"], fresh):
        Webhook(secret).verify(request.content, dict(request.headers))
    clock.advance(days=1)
    clinic.hold(ref="ref-2", start="2026-11-24T11:00:00+01:00")
    deliver(portal, inbox)
    assert len(inbox.got[-1].headers["webhook-signature"].split(" ")) == 1


FAILURES = [500, 404, 301, 429]


@pytest.mark.parametrize("status", FAILURES)
def test_a_failure_is_retried_under_the_same_id(
    clinic: Bridge, portal: Portal, clock: ManualClock, status: int
) -> None:
    register(clinic)
    clinic.hold()
    inbox = Inbox(status)
    assert [deliver(portal, inbox), deliver(portal, inbox)] == [1, 0]
    assert (state(clinic)["pending"], state(clinic)["last_status"]) == (1, str(status))
    clock.advance(seconds=6)
    deliver(portal, inbox)
    assert len({request.headers["webhook-id"] for request in inbox.got}) == 1
    assert (len(inbox.got), state(clinic)["pending"]) == (2, 0)


def test_retry_after_is_honoured(clinic: Bridge, portal: Portal, clock: ManualClock) -> None:
    register(clinic)
    clinic.hold()
    inbox = Inbox(503, **{"Retry-After": "120"})
    deliver(portal, inbox)
    clock.advance(seconds=119)
    assert deliver(portal, inbox) == 0
    clock.advance(seconds=1)
    assert deliver(portal, inbox) == 1


def test_an_unreachable_receiver_is_given_up_at_last(clinic: Bridge, portal: Portal, clock: ManualClock) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    register(clinic)
    clinic.hold()
    for pause in SCHEDULE_S:
        clock.advance(seconds=int(pause * 1.1) + 1)
        assert deliver(portal, nobody) == 1
    gone = state(clinic)
    assert (gone["status"], gone["last_status"], gone["pending"]) == ("disabled", "ConnectError", 0)


def test_410_disables_at_once(clinic: Bridge, portal: Portal) -> None:
    register(clinic)
    clinic.hold()
    deliver(portal, Inbox(410))
    assert state(clinic)["status"] == "disabled"
    clinic.hold(ref="ref-2", start="2026-11-24T11:00:00+01:00")
    assert state(clinic)["pending"] == 0


def test_a_heartbeat_says_where_the_feed_stands(clinic: Bridge, portal: Portal, clock: ManualClock) -> None:
    register(clinic, events=["booking.requested"])
    clinic.hold()
    clock.advance(seconds=300)
    tick(portal)
    inbox = Inbox()
    deliver(portal, inbox)
    beat = json.loads(inbox.got[0].content)
    with portal.read() as tx:
        newest = last_seq(tx)
    assert (beat["type"], beat["data"]) == ("site.heartbeat", {"site": SITE, "last_seq": newest})


def test_a_receiver_that_is_behind_gets_no_more_heartbeats(clinic: Bridge, portal: Portal, clock: ManualClock) -> None:
    register(clinic)
    clinic.hold()
    for _ in range(3):
        clock.advance(seconds=300)
        tick(portal)
    assert state(clinic)["pending"] == 1


def test_a_test_message_can_be_asked_for(clinic: Bridge, portal: Portal) -> None:
    hook = register(clinic)["id"]
    assert clinic.call("POST", f"{WEBHOOKS}/{hook}/test").status_code == 202
    inbox = Inbox()
    deliver(portal, inbox)
    assert inbox.types() == ["site.heartbeat"]


def test_a_removed_webhook_gets_nothing(clinic: Bridge, portal: Portal) -> None:
    hook = register(clinic)["id"]
    clinic.hold()
    assert clinic.call("DELETE", f"{WEBHOOKS}/{hook}").status_code == 204
    assert deliver(portal, Inbox()) == 0
    assert clinic.call("DELETE", f"{WEBHOOKS}/{hook}").status_code == 404


URLS = [
    ("https://bridge.example/hook", 201),
    ("http://127.0.0.1:9000/hook", 201),
    ("http://[::1]/hook", 201),
    ("http://localhost/hook", 201),
    ("http://bridge.example/hook", 400),
    ("http://127.0.0.1.example/hook", 400),
    ("ftp://bridge.example/", 400),
    ("https://", 400),
    ("hook", 400),
]


@pytest.mark.parametrize(("url", "status"), URLS)
def test_only_https_leaves_the_machine(clinic: Bridge, url: str, status: int) -> None:
    assert clinic.call("POST", WEBHOOKS, json={"url": url}).status_code == status


FAULTS = [("webhook_drop", 0), ("webhook_duplicate", 2)]


@pytest.mark.parametrize(("action", "arrivals"), FAULTS)
def test_webhook_faults(clinic: Bridge, portal: Portal, action: str, arrivals: int) -> None:
    register(clinic)
    clinic.ok("PUT", "/faults", json={"rules": [{"match": "WEBHOOK hold.", "action": action}]})
    clinic.hold()
    inbox = Inbox()
    deliver(portal, inbox)
    assert len(inbox.got) == arrivals
    assert len({request.headers["webhook-id"] for request in inbox.got}) == min(arrivals, 1)
    assert state(clinic)["pending"] == 0


def test_a_wrong_signature_on_purpose(clinic: Bridge, portal: Portal) -> None:
    secret = register(clinic)["secret"]
    rule = {"match": "WEBHOOK hold.", "action": "webhook_bad_signature"}
    clinic.ok("PUT", "/faults", json={"rules": [rule]})
    clinic.hold()
    inbox = Inbox()
    deliver(portal, inbox)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(inbox.got[0].content, dict(inbox.got[0].headers))
