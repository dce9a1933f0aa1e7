"""The change feed and its snapshot: in order, without a gap, and honest when it cannot go on."""

import base64
from typing import Any

NINE, TEN, ELEVEN = (f"2026-11-25T{hour}:00:00+01:00" for hour in ("09", "10", "11"))
WEEK = {"from": "2026-11-23T00:00:00+01:00", "to": "2026-11-30T00:00:00+01:00"}


def test_without_a_cursor_the_feed_starts_now(bridge: Any) -> None:
    assert bridge.get("/v1/changes").json()["events"] == []


def test_every_write_is_one_event_in_order(bridge: Any, desk: Any) -> None:
    cursor = bridge.get("/v1/changes").json()["next_cursor"]
    made = bridge.book(NINE, TEN).json()["id"]
    desk.patch(f"/v1/appointments/{made}", 1, start=TEN, end=ELEVEN)
    desk.post(f"/v1/appointments/{made}/cancel")
    desk.delete(f"/v1/appointments/{made}")
    block = desk.post("/v1/blocks", {"resource": "anna", "start": NINE, "end": TEN}).json()["id"]
    desk.delete(f"/v1/blocks/{block}")
    absence = desk.post("/v1/absences", {"resource": "anna", "start": NINE, "end": TEN}).json()["id"]
    desk.delete(f"/v1/absences/{absence}")
    closure = desk.post("/v1/closures", {"start": NINE, "end": TEN}).json()["id"]
    desk.delete(f"/v1/closures/{closure}")
    plan = {"days": ["sat"], "windows": ["09:00-12:00"], "from": "2026-11-28"}
    assert desk.http.put("/v1/resources/anna/windows", json={"plans": [plan]}).status_code == 200
    events = bridge.get("/v1/changes", cursor=cursor).json()["events"]
    seen = [(event["object"], event["id"], event["revision"], event.get("tombstone", False)) for event in events]
    assert seen == [
        ("appointment", made, 1, False),
        ("appointment", made, 2, False),
        ("appointment", made, 3, False),
        ("appointment", made, 4, True),
        ("block", block, 1, False),
        ("block", block, 2, True),
        ("absence", absence, 1, False),
        ("absence", absence, 2, True),
        ("closure", closure, 1, False),
        ("closure", closure, 2, True),
        ("windows", "anna", events[-1]["seq"], False),
    ]
    numbers = [event["seq"] for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + 11))


def test_the_feed_pages_and_repeats(bridge: Any) -> None:
    cursor = bridge.get("/v1/changes").json()["next_cursor"]
    for hour in range(9, 14):
        bridge.book(f"2026-11-26T{hour:02}:00:00+01:00", f"2026-11-26T{hour:02}:30:00+01:00")
    seen: list[int] = []
    more = True
    while more:
        page = bridge.get("/v1/changes", cursor=cursor, limit=2).json()
        assert bridge.get("/v1/changes", cursor=cursor, limit=2).json() == page
        seen += [event["seq"] for event in page["events"]]
        cursor, more = page["next_cursor"], page["has_more"]
    assert seen == sorted(set(seen))
    assert len(seen) == 5


def test_a_snapshot_and_its_cursor_leave_no_gap(bridge: Any, desk: Any) -> None:
    snapshot = bridge.get("/v1/changes", snapshot=1, **WEEK).json()
    assert {item["id"]: item["status"] for item in snapshot["appointments"]} == {
        "a1": "confirmed",
        "a2": "cancelled",
    }
    assert [block["title"] for block in snapshot["blocks"]] == ["Mittag"]
    assert (snapshot["absences"], snapshot["closures"]) == ([], [])
    assert bridge.get("/v1/changes", cursor=snapshot["next_cursor"]).json()["events"] == []
    desk.patch("/v1/appointments/a1", 1, title="moved on")
    events = bridge.get("/v1/changes", cursor=snapshot["next_cursor"]).json()["events"]
    assert [event["id"] for event in events] == ["a1"]


def test_a_refused_write_leaves_no_event(bridge: Any) -> None:
    bridge.book(NINE, TEN)
    cursor = bridge.get("/v1/changes").json()["next_cursor"]
    assert bridge.book(NINE, TEN).status_code == 409
    assert bridge.get("/v1/changes", cursor=cursor).json()["events"] == []


def test_a_cursor_that_is_too_old_expires(forgetful: Any) -> None:
    world = forgetful
    old = world.bridge.get("/v1/changes").json()["next_cursor"]
    world.bridge.book(NINE, TEN)
    recent = world.bridge.get("/v1/changes").json()["next_cursor"]
    world.set_clock("2026-11-24T08:00:00+01:00")
    world.bridge.book(TEN, ELEVEN)
    assert world.bridge.get("/v1/changes", cursor=old).status_code == 410
    assert len(world.bridge.get("/v1/changes", cursor=recent).json()["events"]) == 1


def test_a_cursor_of_another_database_or_of_the_future_expires(bridge: Any) -> None:
    cursor = bridge.get("/v1/changes").json()["next_cursor"]
    generation, seq = base64.urlsafe_b64decode(cursor + "==").decode().split(".")
    for text in (f"other.{seq}", f"{generation}.{int(seq) + 1}", f"{generation}.x", f"{generation}.-5"):
        foreign = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        assert bridge.get("/v1/changes", cursor=foreign).status_code == 410
