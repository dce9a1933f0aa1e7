"""Two-stage writes: what an integration wrote is pending first, and may fail when it is written."""

import time
from typing import Any

NINE, TEN, ELEVEN = (f"2026-11-25T{hour}:00:00+01:00" for hour in ("09", "10", "11"))
LATER = "2026-11-20T08:01:00+01:00"


def settled(world: Any, path: str) -> dict[str, Any]:
    """The appointment once its write is no longer pending."""
    for _ in range(100):
        found: dict[str, Any] = world.bridge.get(path).json()
        if found["write_state"] != "pending":
            return found
        time.sleep(0.05)
    raise AssertionError("the write stayed pending")


def test_a_booking_is_pending_then_written(slow: Any) -> None:
    assert slow.bridge.get("/v1/capabilities").json()["write"] == "two_stage"
    made = slow.bridge.book(NINE, TEN).json()
    assert made["write_state"] == "pending"
    path = f"/v1/appointments/{made['id']}"
    cursor = slow.bridge.get("/v1/changes").json()["next_cursor"]
    time.sleep(0.3)
    assert slow.bridge.get(path).json() == made
    slow.set_clock(LATER)
    assert settled(slow, path) == made | {"write_state": "written", "revision": 2}
    events = slow.bridge.get("/v1/changes", cursor=cursor).json()["events"]
    assert [(event["id"], event["revision"]) for event in events] == [(made["id"], 2)]


def test_a_booking_fails_when_the_desk_was_first(slow: Any) -> None:
    path = f"/v1/appointments/{slow.bridge.book(NINE, TEN).json()['id']}"
    assert slow.desk.book(NINE, TEN).status_code == 201
    slow.set_clock(LATER)
    failed = settled(slow, path)
    assert (failed["write_state"], failed["status"]) == ("failed", "cancelled")
    assert failed["write_problem"] == "slot_unavailable"
    assert failed["cancel_reason"]


def test_a_move_that_fails_goes_back(slow: Any) -> None:
    made = slow.desk.book(NINE, TEN, rooms=["room1"], title="before").json()
    path = f"/v1/appointments/{made['id']}"
    moved = slow.bridge.patch(path, 1, start=TEN, end=ELEVEN, rooms=[], title="after").json()
    assert (moved["write_state"], moved["start"]) == ("pending", TEN)
    again = slow.bridge.patch(path, 2, client_revision=9).json()
    assert again["write_state"] == "pending"
    slow.desk.book(TEN, ELEVEN)
    slow.set_clock(LATER)
    back = settled(slow, path)
    assert (back["write_state"], back["start"], back["end"]) == ("failed", NINE, TEN)
    assert (back["rooms"], back["title"], back["client_revision"]) == (["room1"], "before", None)


def test_a_write_fails_for_no_reason_on_demand_and_can_be_made_again(slow: Any) -> None:
    rules = [{"match": "SETTLE /v1/appointments", "action": "not_written"}]
    assert slow.bridge.http.put("/faults", json={"rules": rules}).status_code == 200
    path = f"/v1/appointments/{slow.bridge.book(NINE, TEN, rooms=[]).json()['id']}"
    slow.set_clock(LATER)
    failed = settled(slow, path)
    assert (failed["write_state"], failed["write_problem"], failed["status"]) == ("failed", "not_written", "cancelled")
    moved = slow.desk.book(TEN, ELEVEN).json()
    path = f"/v1/appointments/{moved['id']}"
    slow.bridge.http.put("/faults", json={"rules": rules})
    slow.bridge.patch(path, 1, note="first")
    slow.set_clock("2026-11-20T08:02:00+01:00")
    assert settled(slow, path)["write_problem"] == "not_written"
    again = slow.bridge.patch(path, 3, note="second").json()
    assert (again["write_state"], again["write_problem"]) == ("pending", "")
    slow.set_clock("2026-11-20T08:03:00+01:00")
    assert settled(slow, path)["note"] == "second"


def test_an_overbooking_settles(slow: Any) -> None:
    slow.desk.book(TEN, ELEVEN)
    path = f"/v1/appointments/{slow.desk.book(NINE, TEN).json()['id']}"
    slow.bridge.patch(path, 1, start=TEN, end=ELEVEN, allow_double_booking=True)
    slow.set_clock(LATER)
    assert settled(slow, path)["write_state"] == "written"


def test_the_desk_writes_at_once(slow: Any) -> None:
    path = f"/v1/appointments/{slow.bridge.book(NINE, TEN).json()['id']}"
    assert slow.desk.patch(path, 1, start=TEN, end=ELEVEN).json()["write_state"] == "written"
    assert slow.desk.book(NINE, TEN).json()["write_state"] == "written"


def test_a_cancellation_is_written_at_once(slow: Any) -> None:
    path = f"/v1/appointments/{slow.bridge.book(NINE, TEN).json()['id']}"
    assert slow.bridge.post(f"{path}/cancel").json()["write_state"] == "written"
