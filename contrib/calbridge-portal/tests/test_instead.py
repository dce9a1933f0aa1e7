"""Who is refused is told what is free instead: kept with the refusal, shown while nobody has taken it."""

import re
from typing import Any

import pytest

from calbridge_portal.testing import CUSTOMER, SITE, STARTS, Bridge

INSTEAD = [{"calendar": "anna", "start": STARTS[2]}, {"calendar": "ben", "start": STARTS[4]}]
QUERY = [("reason", "slot_unavailable"), *(("alternative", f"{each['calendar']}@{each['start']}") for each in INSTEAD)]


def own(clinic: Bridge, ref: str = "ref-1") -> tuple[Any, str]:
    """A booking made at the pages, and its link."""
    hold = clinic.hold(ref=ref).json()["id"]
    body = {"hold_id": hold, "customer": CUSTOMER, "client_ref": ref}
    made = clinic.http.post(f"/public/sites/{SITE}/bookings", json=body).raise_for_status().json()
    return clinic.ok("GET", f"/v1/bookings/{made['booking']['id']}"), made["manage_token"]


def shown(clinic: Bridge, token: str) -> list[str]:
    return [each["start"] for each in clinic.http.get(f"/public/bookings/{token}").json()["alternatives"]]


def test_a_hold_that_was_taken_back_keeps_what_is_free_instead(clinic: Bridge) -> None:
    hold = clinic.hold().json()["id"]
    assert clinic.call("DELETE", f"/v1/holds/{hold}", params=QUERY).status_code == 204
    assert clinic.ok("GET", f"/v1/holds/{hold}")["alternatives"] == INSTEAD
    late = clinic.book(hold_id=hold).json()
    assert [each["start"] for each in late["alternatives"]] == [STARTS[2], STARTS[4]]


def test_what_the_bridge_named_is_shown_also_where_it_is_not_published_yet(clinic: Bridge) -> None:
    hold = clinic.hold().json()["id"]
    clinic.publish([], revision=2).raise_for_status()
    clinic.call("DELETE", f"/v1/holds/{hold}", params=QUERY)
    page = clinic.http.get(f"/book/{SITE}/details/{hold}")
    assert page.status_code == 409
    assert "Dr." not in page.text  # the list names times
    assert len(re.findall("<li>", page.text)) == 2


@pytest.mark.parametrize(("step", "body"), [("decision", {"decision": "decline"}), ("cancel", {"by": "practice"})])
def test_a_refused_booking_shows_them_on_its_clients_page(clinic: Bridge, step: str, body: dict[str, Any]) -> None:
    booking, token = own(clinic)
    told = body | {"reason": "slot_unavailable", "alternatives": INSTEAD}
    assert clinic.change(booking, step, told).json()["alternatives"] == INSTEAD
    assert shown(clinic, token) == [STARTS[2], STARTS[4]]
    page = clinic.http.get(f"/manage/{token}").text
    assert "These times are free" in page
    assert f"/book/{SITE}/times?type=checkup" in page


def test_one_that_somebody_took_since_is_not_shown_any_more(clinic: Bridge) -> None:
    booking, token = own(clinic)
    clinic.change(booking, "decision", {"decision": "decline", "alternatives": INSTEAD})
    clinic.hold(STARTS[2], ref="somebody")
    assert shown(clinic, token) == [STARTS[4]]


def test_a_clients_move_is_put_back_with_a_reason_and_her_next_move_forgets_it(clinic: Bridge) -> None:
    booking, token = own(clinic)
    sure = clinic.change(booking, "decision", {"decision": "accept"}).json()
    moved = clinic.change(sure, "reschedule", {"by": "client", "start": STARTS[3]}).json()
    back = {"by": "practice", "start": STARTS[0], "reason": "slot_unavailable", "alternatives": INSTEAD}
    kept = clinic.change(moved, "reschedule", back).json()
    assert (kept["status"], kept["start"], kept["decline_reason"]) == ("confirmed", STARTS[0], "slot_unavailable")
    assert clinic.messages(booking["id"]) == ["request_received", "confirmed", "move_refused"]
    assert shown(clinic, token) == [STARTS[2], STARTS[4]]
    assert "already taken" in clinic.http.get(f"/manage/{token}").text
    again = clinic.change(kept, "reschedule", {"by": "client", "start": STARTS[2]}).json()
    assert (again["decline_reason"], again["alternatives"]) == (None, [])


def test_too_late_to_move_says_please_phone(clinic: Bridge) -> None:
    booking, token = own(clinic)
    moved = clinic.change(booking, "reschedule", {"by": "client", "start": STARTS[3]}).json()
    clinic.change(moved, "reschedule", {"by": "practice", "start": STARTS[0], "reason": "too_late_to_move"})
    assert "Please phone us" in clinic.http.get(f"/manage/{token}").text


WRONG: list[dict[str, Any]] = [
    {"alternatives": [{"calendar": "nobody", "start": STARTS[2]}]},
    {"alternatives": [{"calendar": "anna", "start": "tomorrow"}]},
    {"alternatives": INSTEAD * 6},
]


@pytest.mark.parametrize("body", WRONG, ids=["unknown calendar", "no instant", "too many"])
def test_alternatives_that_make_no_sense_change_nothing(clinic: Bridge, body: dict[str, Any]) -> None:
    booking, _ = own(clinic)
    assert clinic.change(booking, "decision", {"decision": "decline"} | body).status_code == 400
    assert clinic.ok("GET", f"/v1/bookings/{booking['id']}") == booking


def test_an_alternative_in_a_query_names_calendar_and_instant(clinic: Bridge) -> None:
    hold = clinic.hold().json()["id"]
    assert clinic.call("DELETE", f"/v1/holds/{hold}", params={"alternative": STARTS[2]}).status_code == 400
    assert clinic.ok("GET", f"/v1/holds/{hold}")["status"] == "held"
