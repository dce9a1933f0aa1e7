"""A booking's life: requested first, the client bound by cutoffs, the practice not, each message once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from calbridge_portal.testing import CUSTOMER, SITE, STARTS, Bridge, ManualClock

# From the tests' present to the first start: 25 hours.
LEAD_S = 25 * 3600
PATIENT = {"name": "Rex", "species": "dog"}


def test_a_booking_carries_what_the_bridge_needs(clinic: Bridge) -> None:
    hold = clinic.hold().json()
    booking = clinic.booked(hold_id=hold["id"], patient=PATIENT, note="limps")
    moment = "2026-11-23T08:00:00+01:00"
    assert booking == {
        "id": booking["id"],
        "account": None,
        "status": "requested",
        "revision": 1,
        "mode": "request",
        "type": "checkup",
        "calendar": "anna",
        "start": STARTS[0],
        "end": STARTS[1],
        "hold_id": hold["id"],
        "client_ref": "ref-1",
        "customer": CUSTOMER | {"phone": None, "address": None},
        "patient": PATIENT,
        "other_patients": [],
        "note": "limps",
        "consent": None,
        "language": None,
        "manage_url": booking["manage_url"],
        "created_at": moment,
        "updated_at": moment,
        "last_changed_by": "practice",
        "cancel_reason": None,
        "decline_reason": None,
        "alternatives": [],
        "moves_to": "offers",
        "sync": {"state": "pending", "match": None, "external_ref": None, "detail": None},
    }
    assert clinic.ok("GET", f"/v1/holds/{hold['id']}")["status"] == "consumed"
    assert clinic.ok("GET", f"/v1/bookings/{booking['id']}") == booking


def test_instant_mode_waits_for_the_decision_too(retype: Callable[..., None], clinic: Bridge) -> None:
    retype(mode="instant")
    booking = clinic.booked()
    assert (booking["status"], booking["mode"]) == ("requested", "instant")
    assert clinic.messages(booking["id"]) == []
    confirmed = clinic.change(booking, "decision", {"decision": "accept"}).json()
    assert (confirmed["status"], confirmed["revision"]) == ("confirmed", 2)
    assert clinic.messages(booking["id"]) == ["confirmed"]


@pytest.mark.parametrize(("notify", "sent"), [(True, ["request_received", "declined"]), (False, ["request_received"])])
def test_a_decline_can_be_silent(clinic: Bridge, notify: bool, sent: list[str]) -> None:
    booking = clinic.booked()
    body = {"decision": "decline", "reason": "full", "reason_visible": True, "notify": notify}
    declined = clinic.change(booking, "decision", body).json()
    assert (declined["status"], declined["decline_reason"]) == ("declined", "full")
    assert clinic.messages(booking["id"]) == sent


STEPS: list[tuple[str, dict[str, Any]]] = [
    ("cancel", {"by": "client"}),
    ("reschedule", {"by": "client", "start": STARTS[4]}),
]


@pytest.mark.parametrize(("step", "body"), STEPS)
@pytest.mark.parametrize(("spare", "status"), [(-1, 403), (0, 403), (1, 200)], ids=["after", "exactly", "before"])
def test_cutoffs_are_strict(clinic: Bridge, step: str, body: dict[str, Any], spare: int, status: int) -> None:
    """Exactly the cutoff before the start is too late; one second earlier is not."""
    booking = clinic.confirmed()
    cutoff = LEAD_S - spare
    clinic.settings(client_cancel_cutoff_s=cutoff, client_move_cutoff_s=cutoff)
    assert clinic.change(booking, step, body).status_code == status


@pytest.mark.parametrize(("step", "body"), STEPS)
def test_the_practice_is_never_bound(clinic: Bridge, clock: ManualClock, step: str, body: dict[str, Any]) -> None:
    booking = clinic.confirmed()
    clinic.settings(client_cancel_cutoff_s=86_400, client_move_cutoff_s=86_400, client_move_limit=0)
    clock.advance(days=1, hours=3)
    assert clinic.change(booking, step, body | {"by": "practice"}).status_code == 200


def test_without_a_cutoff_the_start_itself_is_too_late(clinic: Bridge, clock: ManualClock) -> None:
    booking = clinic.confirmed()
    clock.moment = datetime.fromisoformat(STARTS[0])
    assert clinic.change(booking, "cancel", {"by": "client"}).json()["code"] == "outside_cancellation_window"


def test_a_request_can_always_be_withdrawn(clinic: Bridge) -> None:
    clinic.settings(client_cancel_cutoff_s=10**8)
    assert clinic.change(clinic.booked(), "cancel", {"by": "client"}).json()["status"] == "cancelled"


def test_cancelling_twice_answers_the_same(clinic: Bridge) -> None:
    booking = clinic.booked()
    first = clinic.change(booking, "cancel", {"by": "practice", "reason": "ill"})
    second = clinic.change(booking, "cancel", {"by": "practice"})
    assert (second.status_code, second.json()) == (200, first.json())
    assert clinic.messages(booking["id"]).count("cancelled") == 1


def test_the_practice_moves_over_anything_and_the_id_stays(clinic: Bridge) -> None:
    booking = clinic.confirmed()
    clinic.confirmed("ref-2", start=STARTS[3])
    body = {"by": "practice", "start": STARTS[3], "calendar": "anna", "end": "2026-11-24T11:30:00+01:00"}
    moved = clinic.change(booking, "reschedule", body).json()
    assert {key: moved[key] for key in ("id", "revision", "status", "start", "end")} == {
        "id": booking["id"],
        "revision": booking["revision"] + 1,
        "status": "confirmed",
        "start": STARTS[3],
        "end": "2026-11-24T11:30:00+01:00",
    }
    assert clinic.messages(booking["id"])[-1] == "moved"


def test_a_client_moves_only_to_what_is_offered(clinic: Bridge) -> None:
    booking = clinic.confirmed()
    other = clinic.confirmed("ref-2", start=STARTS[3])
    refused = clinic.change(booking, "reschedule", {"by": "client", "start": STARTS[3]})
    assert refused.json()["code"] == "slot_unavailable"
    clinic.change(other, "cancel", {"by": "practice"})
    assert clinic.change(booking, "reschedule", {"by": "client", "start": STARTS[3]}).status_code == 200


def test_ones_own_booking_is_not_in_the_way_of_its_move(retype: Callable[..., None], clinic: Bridge) -> None:
    retype(duration_min=60)
    booking = clinic.confirmed(start=STARTS[1])
    moved = clinic.change(booking, "reschedule", {"by": "client", "start": STARTS[2]})
    assert moved.json()["start"] == STARTS[2]


def test_a_client_moves_onto_a_hold(clinic: Bridge) -> None:
    booking = clinic.confirmed()
    hold = clinic.hold(STARTS[4], ref="ref-2").json()
    wrong = clinic.change(booking, "reschedule", {"by": "client", "start": STARTS[5], "hold_id": hold["id"]})
    assert wrong.json()["code"] == "slot_mismatch"
    body = {"by": "client", "start": STARTS[4], "hold_id": hold["id"]}
    assert clinic.change(booking, "reschedule", body).json()["start"] == STARTS[4]
    gone = clinic.ok("GET", f"/v1/holds/{hold['id']}")
    assert (gone["status"], gone["reason"]) == ("released", "moved")


def test_the_client_is_told_of_a_move_once_it_is_written(clinic: Bridge) -> None:
    """Accepted is not written: a client told too early comes while the diary shows the old time."""
    booking = clinic.confirmed()
    moved = clinic.change(booking, "reschedule", {"by": "client", "start": STARTS[4]}).json()
    assert moved["sync"]["state"] == "pending"
    assert "moved" not in clinic.messages(booking["id"])
    written = clinic.change(moved, "sync", {"state": "written", "external_ref": "pms-1"}).json()
    assert clinic.messages(booking["id"])[-1] == "moved"
    clinic.change(written, "sync", {"state": "written", "external_ref": "pms-2"})
    assert clinic.messages(booking["id"]).count("moved") == 1


def test_sync_says_nothing_new_twice(clinic: Bridge) -> None:
    booking = clinic.confirmed()
    report = {"state": "written", "match": "unmatched", "external_ref": "pms-7", "detail": None}
    first = clinic.change(booking, "sync", report).json()
    assert (first["revision"], first["sync"]) == (booking["revision"] + 1, report)
    cursor = clinic.changes()["next_cursor"]
    assert clinic.change(first, "sync", report).json() == first
    assert clinic.changes(cursor=cursor)["events"] == []


VISITS = [
    (["arrived", "fulfilled"], "fulfilled", "booking.updated"),
    (["no_show"], "no_show", "booking.no_show"),
    (["fulfilled"], "fulfilled", "booking.updated"),
    (["arrived", "confirmed", "no_show"], "no_show", "booking.no_show"),
]


@pytest.mark.parametrize(("path", "end", "event"), VISITS)
def test_a_visit_goes_forward(clinic: Bridge, path: list[str], end: str, event: str) -> None:
    booking = clinic.confirmed()
    cursor = clinic.changes()["next_cursor"]
    for status in path:
        booking = clinic.change(booking, "sync", {"state": "written", "status": status}).json()
    assert booking["status"] == end
    assert clinic.changes(cursor=cursor)["events"][-1]["type"] == event
    back = clinic.change(booking, "sync", {"state": "written", "status": "arrived"})
    assert back.json()["code"] == "not_pending"


def test_an_arrival_that_was_marked_by_mistake_is_taken_back(clinic: Bridge) -> None:
    booking = clinic.confirmed()
    for status in ("arrived", "confirmed"):
        booking = clinic.change(booking, "sync", {"state": "written", "status": status}).json()
    assert booking["status"] == "confirmed"
    moved = clinic.change(booking, "reschedule", {"by": "client", "start": STARTS[4]})
    assert moved.status_code == 200, "it is its client's to move again"


ENDED: list[tuple[str, dict[str, Any]]] = [
    ("decision", {"decision": "accept"}),
    ("reschedule", {"by": "practice", "start": STARTS[4]}),
    ("reschedule", {"by": "client", "start": STARTS[4]}),
]


@pytest.mark.parametrize(("step", "body"), ENDED)
def test_what_is_cancelled_stays_cancelled(clinic: Bridge, step: str, body: dict[str, Any]) -> None:
    cancelled = clinic.change(clinic.confirmed(), "cancel", {"by": "practice"}).json()
    assert clinic.change(cancelled, step, body).json()["code"] == "not_pending"
    assert clinic.ok("GET", f"/v1/bookings/{cancelled['id']}") == cancelled


SPECIES = [
    ({"species": ["dog"]}, PATIENT, 201),
    ({"species": ["cat"]}, PATIENT, 422),
    ({"species": ["dog"]}, None, 422),
    ({"excluded_species": ["dog"]}, PATIENT, 422),
    ({"excluded_species": ["cat"]}, PATIENT, 201),
    ({"excluded_species": ["cat"]}, {"name": "Rex"}, 422),
    ({}, None, 201),
]


@pytest.mark.parametrize(("kind", "patient", "status"), SPECIES)
def test_species(retype: Callable[..., None], clinic: Bridge, kind: dict[str, Any], patient: Any, status: int) -> None:
    retype(**kind)
    assert clinic.book(patient=patient).status_code == status


def test_bookings_are_listed_in_pages(clinic: Bridge) -> None:
    made = [clinic.booked(f"ref-{n}", start=STARTS[n])["id"] for n in range(5)]
    path, seen, cursor = f"/v1/sites/{SITE}/bookings", [], None
    for _ in range(3):
        page = clinic.ok("GET", path, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor, page["has_more"]) == (made, None, False)


FILTERS = [
    ({"client_ref": "ref-1"}, [1]),
    ({"status": "confirmed"}, [2]),
    ({"updated_since": "2026-11-23T09:00:00+01:00"}, [2]),
    ({"from": STARTS[1], "to": STARTS[2]}, [1]),
    ({"status": "declined"}, []),
]


@pytest.mark.parametrize(("params", "expected"), FILTERS)
def test_bookings_are_filtered(clinic: Bridge, clock: ManualClock, params: dict[str, str], expected: list[int]) -> None:
    made = [clinic.booked(f"ref-{n}", start=STARTS[n]) for n in range(3)]
    clock.advance(hours=1)
    clinic.change(made[2], "decision", {"decision": "accept"})
    items = clinic.ok("GET", f"/v1/sites/{SITE}/bookings", params=params)["items"]
    assert [item["id"] for item in items] == [made[n]["id"] for n in expected]
