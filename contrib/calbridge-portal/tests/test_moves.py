"""Two lists: what anybody may book, and what a booking may be moved to whose client has more time for that (S4)."""

import html
from typing import Any

import pytest

from calbridge_portal.testing import DAY, SITE, STARTS, Bridge

LATE = ["2026-11-24T16:00:00+01:00", "2026-11-24T17:30:00+01:00"]
MOVES = [*STARTS[1:], *LATE]


@pytest.fixture
def two_lists(clinic: Bridge) -> Bridge:
    clinic.publish(STARTS, revision=2, moves=MOVES).raise_for_status()
    return clinic


def own(clinic: Bridge, booking: Any) -> str:
    return str(booking["manage_url"]).removeprefix("https://book.example.org/manage/")


def may(clinic: Bridge, booking: Any) -> list[str]:
    """What her own page and the public interface let her choose from; both say the same."""
    page = clinic.http.get(f"/manage/{own(clinic, booking)}/move")
    shown = [html.unescape(each.partition('"')[0]) for each in page.text.split('name="start" value="')[1:]]
    slots = clinic.http.get(f"/public/bookings/{own(clinic, booking)}/slots", params=DAY).raise_for_status().json()
    assert [slot["start"] for slot in slots["items"]] == shown
    return shown


def move(clinic: Bridge, booking: Any, start: str) -> Any:
    return clinic.http.post(f"/public/bookings/{own(clinic, booking)}/reschedule", json={"start": start})


def widened(clinic: Bridge, booking: Any) -> Any:
    report = {"state": "written", "moves_to": "moves"}
    return clinic.change(booking, "sync", report).raise_for_status().json()


def test_only_a_booking_of_which_it_was_said_is_moved_to_the_second_list(two_lists: Bridge) -> None:
    known, other = two_lists.confirmed(), two_lists.confirmed("ref-2", start=STARTS[2])
    known = widened(two_lists, known)
    assert may(two_lists, known) == [each for each in MOVES if each != STARTS[2]]
    assert may(two_lists, other) == [each for each in STARTS if each != STARTS[0]]
    refused = move(two_lists, other, LATE[0])
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_unavailable")
    assert move(two_lists, known, LATE[0]).json()["start"] == LATE[0]


def test_nobody_books_or_holds_what_is_for_moves(two_lists: Bridge) -> None:
    assert two_lists.free() == STARTS
    assert two_lists.hold(LATE[0]).status_code == 409
    assert two_lists.book(start=LATE[0]).status_code == 409


def test_a_request_is_moved_like_a_new_booking(two_lists: Bridge) -> None:
    """S4: it is a confirmed appointment that has all the opening hours."""
    asked = two_lists.change(two_lists.booked(), "sync", {"state": "pending", "moves_to": "moves"}).json()
    assert asked["moves_to"] == "moves"
    assert may(two_lists, asked) == STARTS
    assert move(two_lists, asked, LATE[0]).status_code == 409


def test_two_who_move_to_one_time(two_lists: Bridge) -> None:
    """What is taken in the portal itself is nobody's to move to, whichever list it stands in."""
    first, second = [widened(two_lists, two_lists.confirmed(f"ref-{n}", start=STARTS[n])) for n in range(2)]
    assert move(two_lists, first, LATE[0]).status_code == 200
    refused = move(two_lists, second, LATE[0])
    assert refused.status_code == 409
    assert [each["start"] for each in refused.json()["alternatives"]] == LATE[1:]


def test_a_report_that_does_not_say_which_list_leaves_it(two_lists: Bridge) -> None:
    known = widened(two_lists, two_lists.confirmed())
    again = two_lists.change(known, "sync", {"state": "accepted"}).json()
    assert again["moves_to"] == "moves"
    back = two_lists.change(again, "sync", {"state": "written", "moves_to": "offers"}).json()
    assert may(two_lists, back) == STARTS


def test_a_publication_replaces_both_lists_and_is_read_back(two_lists: Bridge) -> None:
    path = f"/v1/sites/{SITE}/availability/anna"
    both = two_lists.ok("GET", path, params=DAY)
    assert both["offers"] == [{"type": "checkup", "starts": STARTS}]
    assert both["moves"] == [{"type": "checkup", "starts": MOVES}]
    two_lists.publish(STARTS, revision=3).raise_for_status()
    assert two_lists.ok("GET", path, params=DAY)["moves"] == []


def test_the_same_revision_with_other_moves_is_another_publication(two_lists: Bridge) -> None:
    assert two_lists.publish(STARTS, revision=2, moves=MOVES).status_code == 200
    refused = two_lists.publish(STARTS, revision=2, moves=LATE)
    assert (refused.status_code, refused.json()["code"]) == (409, "stale_availability")


def test_a_move_outside_the_window_refuses_the_whole_body(two_lists: Bridge) -> None:
    refused = two_lists.publish(STARTS[:1], revision=3, moves=["2026-11-25T09:00:00+01:00"])
    assert (refused.status_code, "moves[checkup]" in refused.json()["detail"]) == (400, True)
    assert two_lists.free() == STARTS
