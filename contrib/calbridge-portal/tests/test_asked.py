"""What only the bridge knows to be due, and asks the portal to tell."""

import pytest

from calbridge_portal.testing import Bridge

WORDS = [
    ("reminder", "de", "Erinnerung"),
    ("please_phone", "de", "Bitte rufen Sie uns an"),
    ("reminder", "fi", "Muistutus"),
    ("please_phone", "fi", "Soita meille"),
]


@pytest.mark.parametrize(("kind", "language", "shown"), WORDS)
def test_it_stands_on_her_page_in_her_words(clinic: Bridge, kind: str, language: str, shown: str) -> None:
    booking = clinic.confirmed()
    clinic.ok("PUT", f"/v1/bookings/{booking['id']}/messages/k1", json={"kind": kind})
    path = booking["manage_url"].removeprefix("https://book.example.org")
    assert f"{shown}:" in clinic.http.get(path, headers={"Accept-Language": language}).text


def test_it_is_no_change_of_the_booking(clinic: Bridge) -> None:
    """A reminder must not look to the bridge as if somebody had edited something."""
    booking = clinic.confirmed()
    before = clinic.changes(snapshot=1)
    clinic.ok("PUT", f"/v1/bookings/{booking['id']}/messages/k1", json={"kind": "reminder"})
    assert clinic.changes(snapshot=1) == before


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [("k1", {"kind": "confirmed"}, 400), ("k1", {}, 400), ("k" * 101, {"kind": "reminder"}, 400)],
)
def test_what_the_portal_tells_by_itself_and_what_has_no_name_is_refused(
    clinic: Bridge, key: str, body: dict[str, str], status: int
) -> None:
    booking = clinic.confirmed()
    assert clinic.call("PUT", f"/v1/bookings/{booking['id']}/messages/{key}", json=body).status_code == status
    assert clinic.messages(booking["id"]) == ["request_received", "confirmed"]


def test_nobody_is_told_about_a_booking_that_is_not_there(clinic: Bridge) -> None:
    assert clinic.call("PUT", "/v1/bookings/bk_none/messages/k1", json={"kind": "reminder"}).status_code == 404
