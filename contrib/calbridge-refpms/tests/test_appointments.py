"""Appointments through the API: made once, changed under a revision, one at a time on a resource."""

import threading
from typing import Any

import pytest

NINE, HALF, TEN, ELEVEN, TWELVE = (
    f"2026-11-25T{time}:00+01:00" for time in ("09:00", "09:30", "10:00", "11:00", "12:00")
)


def test_a_booking_comes_back_as_it_was_made(bridge: Any) -> None:
    made = bridge.book(
        NINE,
        HALF,
        type="checkup",
        rooms=["room1"],
        title="private",
        description="public",
        note="private too",
        client_id="c1",
        patient_id="p1",
        booking_info="Phone: 1",
        categories=["around.pet"],
        client_ref="b-1",
        client_revision=7,
    )
    assert made.status_code == 201
    body = made.json()
    assert made.headers["ETag"] == '"1"'
    assert made.headers["Location"] == f"/v1/appointments/{body['id']}"
    assert bridge.get(f"/v1/appointments/{body['id']}").json() == body
    assert bridge.get("/v1/appointments", client_ref="b-1").json()["items"] == [body]
    del body["id"]
    assert body == {
        "revision": 1,
        "status": "confirmed",
        "resource": "anna",
        "rooms": ["room1"],
        "type": "checkup",
        "start": NINE,
        "end": HALF,
        "title": "private",
        "description": "public",
        "note": "private too",
        "client_id": "c1",
        "patient_id": "p1",
        "booking_info": "Phone: 1",
        "categories": ["around.pet"],
        "client_ref": "b-1",
        "client_revision": 7,
        "cancel_reason": "",
        "created_by": "integration",
        "modified_by": "integration",
        "modified": "2026-11-20T08:00:00+01:00",
        "write_state": "written",
        "write_problem": "",
    }


@pytest.mark.parametrize(
    ("start", "end", "more", "taken"),
    [
        (NINE, TEN, {}, True),
        ("2026-11-25T08:30:00+01:00", "2026-11-25T09:00:01+01:00", {}, True),
        ("2026-11-25T09:59:59+01:00", ELEVEN, {}, True),
        (TEN, ELEVEN, {}, False),
        ("2026-11-25T08:00:00+01:00", NINE, {}, False),
        (NINE, TEN, {"resource": "ben"}, False),
        (NINE, TEN, {"resource": "ben", "rooms": ["room1"]}, True),
        (NINE, TEN, {"resource": "room1"}, True),
        (NINE, TEN, {"status": "tentative"}, True),
    ],
)
def test_live_times_exclude_each_other(bridge: Any, start: str, end: str, more: dict[str, Any], taken: bool) -> None:
    assert bridge.book(NINE, TEN, rooms=["room1"], status="tentative").status_code == 201
    answer = bridge.book(start, end, **more)
    assert answer.status_code == (409 if taken else 201)
    if taken:
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["code"] == "slot_unavailable"
        assert answer.json()["conflict"] == {"start": NINE, "end": TEN}


def test_a_block_excludes_an_appointment_and_an_absence_does_not(bridge: Any) -> None:
    lunch = bridge.book("2026-11-23T12:30:00+01:00", "2026-11-23T13:30:00+01:00", resource="ben")
    assert lunch.json()["conflict"]["start"] == "2026-11-23T12:00:00+01:00"
    away = bridge.book("2026-12-02T09:00:00+01:00", "2026-12-02T10:00:00+01:00", resource="ben")
    assert away.status_code == 201


@pytest.mark.parametrize("freed", ["cancelled", "moved", "deleted", "no_show"])
def test_time_is_free_again(bridge: Any, desk: Any, freed: str) -> None:
    made = bridge.book(NINE, TEN).json()
    path = f"/v1/appointments/{made['id']}"
    match freed:
        case "cancelled":
            assert bridge.post(f"{path}/cancel").status_code == 200
        case "moved":
            assert bridge.patch(path, 1, start=TEN, end=ELEVEN).status_code == 200
        case "deleted":
            assert desk.delete(path).status_code == 204
        case "no_show":
            assert desk.patch(path, 1, status="no_show").status_code == 200
    assert bridge.book(NINE, TEN).status_code == 201


def test_two_parallel_bookings_of_one_slot_leave_one(world: Any) -> None:
    answers: list[int] = []
    barrier = threading.Barrier(8)

    def book(number: int) -> None:
        side = world.bridge if number % 2 else world.desk
        barrier.wait()
        answers.append(side.book(NINE, TEN, title=str(number)).status_code)

    threads = [threading.Thread(target=book, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [409] * 7


def test_the_same_key_is_answered_the_same_and_makes_one(bridge: Any) -> None:
    body = {"resource": "anna", "start": NINE, "end": TEN, "client_ref": "b-1"}
    first = bridge.post("/v1/appointments", body, key='"k"')
    again = bridge.post("/v1/appointments", body, key='"k"')
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    other = bridge.post("/v1/appointments", body | {"title": "x"}, key='"k"')
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_the_same_key_in_parallel_makes_one(world: Any) -> None:
    body = {"resource": "anna", "start": NINE, "end": TEN}
    ids: list[str] = []

    def book() -> None:
        ids.append(world.bridge.post("/v1/appointments", body, key="k").json()["id"])

    threads = [threading.Thread(target=book) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1


def test_a_key_belongs_to_one_role(world: Any) -> None:
    body = {"resource": "anna", "start": NINE, "end": TEN}
    assert world.bridge.post("/v1/appointments", body, key="k").status_code == 201
    assert world.desk.post("/v1/appointments", body, key="k").status_code == 409


def test_a_refusal_is_not_remembered(bridge: Any, desk: Any) -> None:
    in_the_way = desk.book(NINE, TEN).json()
    body = {"resource": "anna", "start": NINE, "end": TEN}
    assert bridge.post("/v1/appointments", body, key="k").status_code == 409
    desk.post(f"/v1/appointments/{in_the_way['id']}/cancel")
    assert bridge.post("/v1/appointments", body, key="k").status_code == 201


def test_a_client_ref_is_made_once_also_under_another_key(bridge: Any) -> None:
    made = bridge.book(NINE, TEN, client_ref="b-1").json()
    again = bridge.book(TEN, ELEVEN, client_ref="b-1")
    assert again.status_code == 409
    assert again.json()["code"] == "already_exists"
    assert again.json()["existing"] == made["id"]


def test_a_change_changes_only_what_it_names(bridge: Any, desk: Any) -> None:
    made = bridge.book(NINE, TEN, title="t", note="n", client_id="c1", client_revision=1).json()
    path = f"/v1/appointments/{made['id']}"
    moved = desk.patch(path, 1, start=TEN, end=ELEVEN)
    assert moved.headers["ETag"] == '"2"'
    assert moved.json() == made | {"start": TEN, "end": ELEVEN, "revision": 2, "modified_by": "desk"}
    unlinked = bridge.patch(path, 2, client_id=None, client_revision=2).json()
    assert (unlinked["client_id"], unlinked["client_revision"], unlinked["title"]) == (None, 2, "t")


def test_a_change_that_changes_nothing_is_no_revision(bridge: Any) -> None:
    made = bridge.book(NINE, TEN, rooms=["room1"]).json()
    before = bridge.get("/v1/changes").json()["next_cursor"]
    same = bridge.patch(f"/v1/appointments/{made['id']}", 1, start=NINE, end=TEN, rooms=["room1"], title="")
    assert same.json() == made
    assert bridge.get("/v1/changes", cursor=before).json()["events"] == []


def test_a_move_may_overlap_its_own_old_time(bridge: Any) -> None:
    made = bridge.book(NINE, TEN).json()
    moved = bridge.patch(f"/v1/appointments/{made['id']}", 1, start=HALF, end="2026-11-25T10:30:00+01:00")
    assert moved.status_code == 200


def test_a_double_booking_takes_a_word(bridge: Any, desk: Any) -> None:
    bridge.book(NINE, TEN)
    made = bridge.book(TEN, ELEVEN).json()
    path = f"/v1/appointments/{made['id']}"
    assert desk.patch(path, 1, start=NINE, end=TEN).status_code == 409
    for side in (desk, bridge):
        revision = bridge.get(path).json()["revision"]
        assert side.patch(path, revision, start=TEN, end=ELEVEN).status_code == 200
        revision = bridge.get(path).json()["revision"]
        answer = side.patch(path, revision, start=NINE, end=TEN, allow_double_booking=True)
        assert answer.status_code == 200
    assert bridge.book(NINE, TEN).status_code == 409
    assert bridge.book(NINE, TEN, allow_double_booking=True).status_code == 201
    assert desk.book(NINE, TEN, allow_double_booking=True).status_code == 201
    # an overbooked appointment can still be renamed: only a change of its place is judged
    revision = bridge.get(path).json()["revision"]
    assert bridge.patch(path, revision, title="renamed").status_code == 200


STEPS = {
    ("tentative", "confirmed"): 200,
    ("tentative", "arrived"): 409,
    ("confirmed", "arrived"): 200,
    ("confirmed", "no_show"): 200,
    ("confirmed", "tentative"): 409,
    ("confirmed", "fulfilled"): 409,
    ("arrived", "fulfilled"): 200,
    ("arrived", "confirmed"): 200,
    ("arrived", "no_show"): 409,
    ("fulfilled", "confirmed"): 409,
    ("cancelled", "confirmed"): 409,
    ("no_show", "arrived"): 409,
}
ROADS = {
    "tentative": ["tentative"],
    "confirmed": ["confirmed"],
    "arrived": ["confirmed", "arrived"],
    "fulfilled": ["confirmed", "arrived", "fulfilled"],
    "no_show": ["confirmed", "no_show"],
    "cancelled": ["confirmed", "cancelled"],
}


@pytest.mark.parametrize(("was", "will"), STEPS)
def test_states_follow_the_table(practice: Any, was: str, will: str) -> None:
    bridge = practice.bridge
    first, *road = ROADS[was]
    day = f"2027-02-{list(STEPS).index((was, will)) + 1:02}"  # one practice for the table, a day for each row
    made = bridge.book(f"{day}T09:00:00+01:00", f"{day}T10:00:00+01:00", status=first).json()
    path = f"/v1/appointments/{made['id']}"
    for revision, step in enumerate(road, start=1):
        assert bridge.patch(path, revision, status=step).status_code == 200
    answer = bridge.patch(path, len(road) + 1, status=will)
    assert answer.status_code == STEPS[was, will]
    if answer.status_code == 409:
        assert answer.json()["code"] == "illegal_transition"


def test_what_is_over_is_not_moved_but_can_be_linked(bridge: Any) -> None:
    made = bridge.book(NINE, TEN).json()
    path = f"/v1/appointments/{made['id']}"
    assert bridge.post(f"{path}/cancel", {"reason": "ill", "client_revision": 4}).json()["cancel_reason"] == "ill"
    assert bridge.patch(path, 2, start=TEN, end=ELEVEN).json()["code"] == "illegal_transition"
    assert bridge.patch(path, 2, client_id="c1", patient_id="p1").json()["client_id"] == "c1"


def test_cancelling_twice_is_no_error_and_no_change(bridge: Any) -> None:
    made = bridge.book(NINE, TEN).json()
    path = f"/v1/appointments/{made['id']}"
    first = bridge.post(f"{path}/cancel", {"client_revision": 2})
    assert (first.status_code, first.json()["status"], first.json()["client_revision"]) == (
        200,
        "cancelled",
        2,
    )
    again = bridge.post(f"{path}/cancel")
    assert (again.status_code, again.json()) == (200, first.json())
    assert bridge.get(path).json()["status"] == "cancelled"


def test_a_cancellation_may_insist_on_a_revision(bridge: Any, desk: Any) -> None:
    made = bridge.book(NINE, TEN).json()
    path = f"/v1/appointments/{made['id']}"
    desk.patch(path, 1, title="other")
    assert bridge.post(f"{path}/cancel", **{"If-Match": '"1"'}).status_code == 412
    assert bridge.post(f"{path}/cancel", **{"If-Match": '"2"'}).status_code == 200


def test_only_the_desk_deletes(bridge: Any, desk: Any) -> None:
    made = bridge.book(NINE, TEN).json()
    path = f"/v1/appointments/{made['id']}"
    assert bridge.delete(path).status_code == 403
    assert desk.delete(path).status_code == 204
    assert bridge.get(path).status_code == 404
    assert desk.delete(path).status_code == 404
    assert bridge.patch(path, 1, title="x").status_code == 404


def test_lists_page_without_drift(bridge: Any) -> None:
    made = [
        bridge.book(f"2026-11-26T{hour:02}:00:00+01:00", f"2026-11-26T{hour:02}:30:00+01:00").json()["id"]
        for hour in range(8, 15)
    ]
    window = {"from": "2026-11-26T00:00:00+01:00", "to": "2026-11-27T00:00:00+01:00", "limit": 3}
    first = bridge.get("/v1/appointments", **window).json()
    # something booked before the page that was read may not shift the next one
    bridge.book("2026-11-26T07:00:00+01:00", "2026-11-26T07:30:00+01:00")
    second = bridge.get("/v1/appointments", cursor=first["next_cursor"], **window).json()
    third = bridge.get("/v1/appointments", cursor=second["next_cursor"], **window).json()
    pages = [[item["id"] for item in page["items"]] for page in (first, second, third)]
    assert [ident for page in pages for ident in page] == made
    assert [page["has_more"] for page in (first, second, third)] == [True, True, False]
    assert third["next_cursor"] is None


def test_a_list_knows_its_window_and_what_changed_since(world: Any, bridge: Any) -> None:
    day = {"from": "2026-11-23T09:30:00+01:00", "to": "2026-11-24T00:00:00+01:00"}
    assert bridge.get("/v1/appointments", **day).json()["items"] == []
    day["from"] = "2026-11-23T09:29:59+01:00"
    listed = bridge.get("/v1/appointments", **day).json()["items"]
    assert {item["id"]: item["status"] for item in listed} == {"a1": "confirmed", "a2": "cancelled"}
    world.set_clock("2026-11-20T09:00:00+01:00")
    bridge.patch("/v1/appointments/a1", 1, title="later")
    since = bridge.get("/v1/appointments", updated_since="2026-11-20T09:00:00+01:00").json()["items"]
    assert [item["id"] for item in since] == ["a1"]
