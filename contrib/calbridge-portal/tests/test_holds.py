"""Holds: exclusive, without personal data, always ending; and what a confirmation that comes late gets."""

from typing import Any

import pytest

from calbridge_portal.testing import SITE, STARTS, Bridge, ManualClock


def test_a_hold_says_nothing_about_who_holds_it(clinic: Bridge) -> None:
    hold = clinic.hold().json()
    assert hold == {
        "id": hold["id"],
        "status": "held",
        "type": "checkup",
        "calendar": "anna",
        "start": STARTS[0],
        "end": STARTS[1],
        "expires_at": "2026-11-23T08:05:00+01:00",
        "client_ref": "ref-1",
        "revision": 1,
        "updated_at": "2026-11-23T08:00:00+01:00",
        "reason": None,
        "alternatives": [],
    }


@pytest.mark.parametrize(("wanted", "minutes"), [(60, 1), (900, 5), (None, 5)])
def test_the_portal_shortens_never_lengthens(clinic: Bridge, wanted: int | None, minutes: int) -> None:
    assert clinic.hold(ttl_s=wanted).json()["expires_at"] == f"2026-11-23T08:0{minutes}:00+01:00"


def test_a_hold_expires_at_its_second(clinic: Bridge, clock: ManualClock) -> None:
    ref = clinic.hold().json()["id"]
    cursor = clinic.changes()["next_cursor"]
    clock.advance(seconds=299)
    assert clinic.ok("GET", f"/v1/holds/{ref}")["status"] == "held"
    clock.advance(seconds=1)
    assert clinic.ok("GET", f"/v1/holds/{ref}")["status"] == "expired"
    assert STARTS[0] in clinic.free()
    (event,) = clinic.changes(cursor=cursor)["events"]
    assert {key: event[key] for key in ("type", "object", "id", "by", "tombstone")} == {
        "type": "hold.expired",
        "object": "hold",
        "id": ref,
        "by": "system",
        "tombstone": True,
    }


def test_the_bridge_releases_with_a_reason(clinic: Bridge) -> None:
    ref = clinic.hold().json()["id"]
    cursor = clinic.changes()["next_cursor"]
    released = clinic.call("DELETE", f"/v1/holds/{ref}", params={"reason": "slot_unavailable"})
    assert released.status_code == 204
    (event,) = clinic.changes(cursor=cursor)["events"]
    assert (event["type"], event["by"], event["tombstone"]) == ("hold.released", "practice", True)
    assert clinic.ok("GET", f"/v1/holds/{ref}")["reason"] == "slot_unavailable"
    late = clinic.book(hold_id=ref)
    assert late.json()["code"] == "slot_unavailable"
    assert late.json()["alternatives"]


def late(clinic: Bridge, clock: ManualClock) -> Any:
    hold = clinic.hold().json()["id"]
    clock.advance(minutes=6)
    return hold


def test_a_late_confirmation_takes_a_time_still_free(clinic: Bridge, clock: ManualClock) -> None:
    hold = late(clinic, clock)
    assert clinic.booked(hold_id=hold)["start"] == STARTS[0]


def test_a_late_confirmation_loses_a_time_taken(clinic: Bridge, clock: ManualClock) -> None:
    hold = late(clinic, clock)
    clinic.booked("ref-2")
    answer = clinic.book(hold_id=hold)
    assert (answer.status_code, answer.json()["code"]) == (410, "hold_expired")
    assert answer.json()["alternatives"][0]["start"] == STARTS[1]


def test_the_holds_own_gap_in_the_publication_does_not_count_as_taken(clinic: Bridge, clock: ManualClock) -> None:
    """The bridge publishes without the held start; only one after the hold's end says it is gone."""
    hold = clinic.hold().json()["id"]
    clinic.publish(STARTS[1:], revision=2)
    clock.advance(minutes=6)
    assert clinic.book(hold_id=hold).status_code == 201


def test_a_publication_after_the_end_says_the_start_is_gone(clinic: Bridge, clock: ManualClock) -> None:
    hold = late(clinic, clock)
    clinic.publish(STARTS[1:], revision=2)
    assert clinic.book(hold_id=hold).json()["code"] == "hold_expired"


def test_a_client_holds_one_slot(clinic: Bridge) -> None:
    """Choosing again gives the first one back: a browser's back button must not block the day."""
    path = f"/public/sites/{SITE}/holds"
    body = {"type": "checkup", "calendar": "anna", "client_ref": "browser"}
    first = clinic.http.post(path, json=body | {"start": STARTS[0]}).json()
    clinic.http.post(path, json=body | {"start": STARTS[2]}).raise_for_status()
    assert clinic.ok("GET", f"/v1/holds/{first['id']}")["status"] == "released"
    assert [start for start in STARTS if start not in clinic.free()] == [STARTS[2]]


def test_holds_are_looked_up_by_client_ref(clinic: Bridge) -> None:
    ref = clinic.hold(ref="lost-answer").json()["id"]
    found = clinic.ok("GET", f"/v1/sites/{SITE}/holds", params={"client_ref": "lost-answer"})["items"]
    assert [hold["id"] for hold in found] == [ref]
