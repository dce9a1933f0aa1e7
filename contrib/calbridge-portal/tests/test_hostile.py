"""What people and callers may send: too much, too deep, too late in time; a refusal each, never a fault of ours."""

import asyncio
import html
import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from calbridge_portal.deliveries import deliver_due
from calbridge_portal.portal import Portal
from calbridge_portal.testing import CUSTOMER, SITE, STARTS, Bridge, ManualClock

SLOT = {"type": "checkup", "calendar": "anna", "start": STARTS[0]}
TOO_MUCH: list[dict[str, Any]] = [
    {"note": "x" * 5_001},
    {"client_ref": "x" * 301},
    {"customer": CUSTOMER | {"first_name": "x" * 301}},
    {"customer": CUSTOMER | {"last_name": "Albers\r\nATTENDEE:mailto:x@example.org"}},
    {"customer": CUSTOMER | {"email": "a@example.org\n"}},
    {"patient": {"name": "Rex\x00"}},
    {"note": "bell \x07"},
]


@pytest.mark.parametrize("more", TOO_MUCH)
def test_nobody_writes_without_bounds(clinic: Bridge, more: dict[str, Any]) -> None:
    body = {"slot": SLOT, "customer": CUSTOMER, "client_ref": "r"} | more
    answer = clinic.http.post(f"/public/sites/{SITE}/bookings", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert "Albers" not in answer.text
    assert clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"] == []


def test_lines_in_a_note_and_every_script_are_welcome(clinic: Bridge) -> None:
    written = {"first_name": "Zoë 🐕", "last_name": "עדן", "address": "Kai 1\nHamburg", "phone": "040"}
    body = {"slot": SLOT, "customer": written, "client_ref": "r", "note": "hustet\r\nseit gestern"}
    assert clinic.http.post(f"/public/sites/{SITE}/bookings", json=body).status_code == 201


@pytest.mark.parametrize("path", [f"/public/sites/{SITE}/bookings", f"/book/{SITE}/hold"])
def test_a_body_of_a_megabyte_is_not_even_read(clinic: Bridge, path: str) -> None:
    answer = clinic.http.post(path, content=b"x" * 1_000_000, headers={"Content-Type": "application/json"})
    assert answer.status_code in {403, 413}


@pytest.mark.parametrize("cursor", ["9" * 30, "9" * 5_000, "\u0663", "-1", ""])
def test_a_list_goes_on_only_from_its_own_cursor(clinic: Bridge, cursor: str) -> None:
    assert clinic.call("GET", f"/v1/sites/{SITE}/bookings", params={"cursor": cursor}).status_code == 400


@pytest.mark.parametrize("start", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_no_zone_shows_is_refused(clinic: Bridge, start: str) -> None:
    booking = clinic.confirmed()
    assert clinic.change(booking, "reschedule", {"by": "practice", "start": start}).status_code == 400
    assert clinic.hold(start).status_code == 400


def test_brackets_without_end_are_a_bad_request(clinic: Bridge) -> None:
    answer = clinic.http.post(
        f"/public/sites/{SITE}/holds", content=b"[" * 60_000, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400


def test_a_zone_with_an_endless_name_is_no_zone(clinic: Bridge) -> None:
    body = {"name": "x", "time_zone": "x" * 5_000, "settings": {}}
    assert clinic.call("PUT", f"/v1/sites/{SITE}", json=body).status_code == 400


@pytest.mark.parametrize("revision", [2**63, 2**64])
def test_a_revision_beyond_the_database_is_refused(clinic: Bridge, revision: int) -> None:
    assert clinic.publish(STARTS, revision=revision).status_code == 400


def test_a_booking_is_moved_to_a_calendar_that_exists(clinic: Bridge) -> None:
    booking = clinic.confirmed()
    wanted = {"by": "practice", "start": STARTS[2], "calendar": "nobody"}
    assert clinic.change(booking, "reschedule", wanted).status_code == 404
    assert clinic.ok("GET", f"/v1/bookings/{booking['id']}")["calendar"] == "anna"


@pytest.mark.parametrize("url", ["https://[::1", "https://a:99999/", "https://", "x"])
def test_a_webhook_goes_to_a_web_address(clinic: Bridge, url: str) -> None:
    assert clinic.call("POST", f"/v1/sites/{SITE}/webhooks", json={"url": url}).status_code == 400


@pytest.mark.parametrize("wait", [b"\xb2", b"9" * 40, b"9" * 5_000, b"Fri, 31 Dec 9999 23:59:59 -2359"])
def test_one_receiver_with_an_absurd_wait_does_not_stop_the_others(
    clinic: Bridge, portal: Portal, clock: ManualClock, wait: bytes
) -> None:
    for name in ("odd", "good"):
        clinic.ok("POST", f"/v1/sites/{SITE}/webhooks", json={"url": f"https://{name}.example/"})
    clinic.hold()
    taken = []

    def receive(request: httpx.Request) -> httpx.Response:
        taken.append(request.url.host)
        return (
            httpx.Response(204)
            if request.url.host == "good.example"
            else httpx.Response(503, headers=[(b"retry-after", wait)])
        )

    async def deliver() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as http:
            await deliver_due(portal, http)

    asyncio.run(deliver())
    assert sorted(taken) == ["good.example", "odd.example"]
    pending = {hook["url"]: hook["pending"] for hook in clinic.ok("GET", f"/v1/sites/{SITE}/webhooks")["items"]}
    assert pending == {"https://odd.example/": 1, "https://good.example/": 0}
    clock.advance(days=1, seconds=1)
    asyncio.run(deliver())
    assert "odd.example" in taken[2:]


@pytest.mark.parametrize(("seconds", "status"), [(86_401, 200), (86_400, 403), (86_399, 403)])
@pytest.mark.parametrize("day", ["2027-03-28", "2026-10-25"])
def test_the_cutoff_is_elapsed_time_also_when_the_clocks_change(
    clinic: Bridge, clock: ManualClock, day: str, seconds: int, status: int
) -> None:
    start = datetime.fromisoformat(f"{day}T10:00:00+{'02' if day == '2027-03-28' else '01'}:00")
    clinic.settings(client_cancel_cutoff_s=86_400)
    booking = clinic.confirmed()
    moved = clinic.change(booking, "reschedule", {"by": "practice", "start": start.isoformat()}).json()
    clock.moment = start
    clock.advance(seconds=-seconds)
    assert clinic.change(moved, "cancel", {"by": "client"}).status_code == status


def test_a_type_with_signs_of_an_address_stays_one_value(clinic: Bridge) -> None:
    kind = "check & up #1+x"
    body = {"display_name": "Check", "duration_min": 30, "calendars": ["anna"], "mode": "request"}
    clinic.ok("PUT", f"/v1/sites/{SITE}/appointment-types/{quote(kind)}", json=body)
    page = clinic.http.get(f"/book/{SITE}/times", params={"type": kind, "client_ref": "a&type=b"})
    (later,) = re.findall(r'href="([^"]+week=1)"', page.text)
    assert parse_qs(urlsplit(html.unescape(later)).query) == {"type": [kind], "client_ref": ["a&type=b"], "week": ["1"]}


def test_the_description_says_that_every_call_may_be_refused(clinic: Bridge) -> None:
    paths = clinic.http.get("/schema").json()["paths"]
    operations = [operation for item in paths.values() for operation in item.values()]
    assert operations
    for operation in operations:
        assert "application/problem+json" in operation["responses"]["default"]["content"]
