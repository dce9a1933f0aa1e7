"""The change feed: ordered, at least once, by an opaque cursor; snapshot and cursor are of one moment."""

import threading

import pytest

from calbridge_portal.background import tick
from calbridge_portal.portal import Portal
from calbridge_portal.testing import SITE, STARTS, Bridge, ManualClock

CHANGES = f"/v1/sites/{SITE}/changes"


def kinds(page: dict[str, list[dict[str, str]]]) -> list[str]:
    return [event["type"] for event in page["events"]]


def test_without_a_cursor_the_feed_starts_now(clinic: Bridge) -> None:
    page = clinic.changes()
    assert (page["events"], page["has_more"]) == ([], False)
    clinic.hold()
    assert kinds(clinic.changes(cursor=page["next_cursor"])) == ["hold.created"]


def test_a_booking_leaves_its_steps_in_order(clinic: Bridge) -> None:
    cursor = clinic.changes()["next_cursor"]
    hold = clinic.hold().json()["id"]
    booking = clinic.booked(hold_id=hold)
    booking = clinic.change(booking, "decision", {"decision": "accept"}).json()
    booking = clinic.change(booking, "reschedule", {"by": "client", "start": STARTS[4]}).json()
    clinic.change(booking, "cancel", {"by": "client"})
    page = clinic.changes(cursor=cursor)
    assert [(event["type"], event["by"], event["revision"]) for event in page["events"]] == [
        ("hold.created", "practice", 1),
        ("booking.requested", "practice", 1),
        ("booking.confirmed", "practice", 2),
        ("booking.rescheduled", "client", 3),
        ("booking.cancelled", "client", 4),
    ]
    assert [event["seq"] for event in page["events"]] == sorted(event["seq"] for event in page["events"])
    assert [event["tombstone"] for event in page["events"]] == [False, False, False, False, True]


def test_pages_join_without_a_gap(clinic: Bridge) -> None:
    cursor = clinic.changes()["next_cursor"]
    for n in range(5):
        clinic.hold(STARTS[n], ref=f"ref-{n}")
    seen, more = [], True
    while more:
        page = clinic.changes(cursor=cursor, limit=2)
        seen += [event["seq"] for event in page["events"]]
        cursor, more = page["next_cursor"], page["has_more"]
    assert len(seen) == len(set(seen)) == 5


def test_the_same_cursor_gives_the_same_again(clinic: Bridge) -> None:
    cursor = clinic.changes()["next_cursor"]
    clinic.hold()
    assert clinic.changes(cursor=cursor) == clinic.changes(cursor=cursor)


def test_include_adds_the_present_state_once(clinic: Bridge) -> None:
    cursor = clinic.changes()["next_cursor"]
    hold = clinic.hold().json()["id"]
    booking = clinic.confirmed(hold_id=hold)
    page = clinic.changes(cursor=cursor, include=1)
    assert page["objects"]["bookings"] == [booking]
    assert [(item["id"], item["status"]) for item in page["objects"]["holds"]] == [(hold, "consumed")]


def test_settings_and_availability_are_changes_too(clinic: Bridge) -> None:
    cursor = clinic.changes()["next_cursor"]
    clinic.settings(show_resource=False)
    clinic.publish([], revision=5)
    events = clinic.changes(cursor=cursor)["events"]
    assert [(event["type"], event["id"], event["revision"]) for event in events] == [
        ("settings.updated", f"site:{SITE}", 3),
        ("availability.replaced", "anna", 5),
    ]


def test_a_snapshot_holds_what_is_alive(clinic: Bridge, clock: ManualClock) -> None:
    old = clinic.confirmed("old", start=STARTS[0])
    clock.advance(days=1, hours=4)
    clinic.publish(["2026-11-24T15:00:00+01:00"], revision=2)
    hold = clinic.hold("2026-11-24T15:00:00+01:00").json()
    taken = clinic.changes(snapshot=1)
    assert taken["snapshot"]["window_from"] == "2026-11-23T00:00:00+01:00"
    assert [item["id"] for item in taken["snapshot"]["bookings"]] == [old["id"]]
    assert taken["snapshot"]["holds"] == [hold]
    assert clinic.changes(cursor=taken["next_cursor"])["events"] == []
    clock.advance(days=2)
    later = clinic.changes(snapshot=1)["snapshot"]
    assert (later["bookings"], later["holds"]) == ([], [])


def test_a_snapshot_is_one_moment(clinic: Bridge) -> None:
    """A booking made meanwhile is in the snapshot or after its cursor, never in neither."""
    made: list[str] = []

    def busily() -> None:
        made.extend(clinic.booked(f"ref-{n}", start=STARTS[n])["id"] for n in range(6))

    writer = threading.Thread(target=busily)
    writer.start()
    taken = []
    while writer.is_alive():
        taken.append(clinic.changes(snapshot=1))
    writer.join()
    assert len(made) == 6
    for one in taken:
        inside = {item["id"] for item in one["snapshot"]["bookings"]}
        after = {event["id"] for event in clinic.changes(cursor=one["next_cursor"])["events"]}
        assert inside | after == set(made)
        assert not inside & after


def test_trimmed_cursors_expire_and_later_ones_do_not(clinic: Bridge) -> None:
    old = clinic.changes()["next_cursor"]
    clinic.hold()
    assert clinic.ok("POST", f"{CHANGES}/trim")["removed"] > 0
    assert clinic.call("GET", CHANGES, params={"cursor": old}).status_code == 410
    fresh = clinic.changes(snapshot=1)["next_cursor"]
    clinic.hold(STARTS[3], ref="ref-2")
    assert kinds(clinic.changes(cursor=fresh)) == ["hold.created"]


def test_old_changes_go_by_themselves(clinic: Bridge, clock: ManualClock, portal: Portal) -> None:
    old = clinic.changes()["next_cursor"]
    clinic.hold()
    clock.advance(days=15)
    tick(portal)
    assert clinic.call("GET", CHANGES, params={"cursor": old}).json()["code"] == "cursor_expired"


def test_a_cursor_of_another_database_is_expired(clinic: Bridge, portal: Portal) -> None:
    cursor = clinic.changes()["next_cursor"]
    with portal.admin() as tx:
        tx.set_fact("feed_id", tx.fact("feed_id")[::-1] + "0")
    assert clinic.call("GET", CHANGES, params={"cursor": cursor}).json()["code"] == "cursor_expired"


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "%00", "Zm9v"])
def test_a_forged_cursor_is_a_wrong_request(clinic: Bridge, cursor: str) -> None:
    answer = clinic.call("GET", CHANGES, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
