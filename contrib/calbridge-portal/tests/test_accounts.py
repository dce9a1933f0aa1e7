"""Connecting with the practice, and the appointments it makes for whoever is connected."""

import re
from datetime import timedelta
from typing import Any

import pytest

from calbridge_portal.accounts import PATIENCE_S, REQUESTS, TRIES
from calbridge_portal.background import tick
from calbridge_portal.portal import Portal
from calbridge_portal.testing import SITE, STARTS, Bridge, ManualClock

MIA = {"first_name": "Mia", "last_name": "Albers", "email": "mia@example.org", "phone": "040 1", "address": "Kai 1"}
END = "2026-11-24T09:30:00+01:00"


def asked(clinic: Bridge, **customer: Any) -> Any:
    body = {"customer": MIA | customer, "patient": {"name": "Bello", "species": "dog"}, "language": "de"}
    return clinic.http.post(f"/public/sites/{SITE}/accounts", json=body)


def code_of(clinic: Bridge, account: str) -> str:
    return str(clinic.ok("GET", f"/v1/sites/{SITE}/accounts/{account}/code")["code"])


def prove(clinic: Bridge, begun: Any, code: str) -> Any:
    return clinic.http.post(f"/public/accounts/{begun['account_token']}/prove", json={"code": code})


def connected(clinic: Bridge, **customer: Any) -> Any:
    begun = asked(clinic, **customer).raise_for_status().json()
    return prove(clinic, begun, code_of(clinic, begun["id"])).raise_for_status().json()


def made(clinic: Bridge, account: str, ref: str = "b1", if_match: int | None = None, **more: Any) -> Any:
    body = {
        "account": account,
        "calendar": "anna",
        "start": STARTS[0],
        "end": END,
        "type": "checkup",
        "note": "Impfung",
    }
    headers = {"If-Match": f'"{if_match}"'} if if_match else {}
    return clinic.call("PUT", f"/v1/sites/{SITE}/appointments/{ref}", json=body | more, headers=headers)


def page(clinic: Bridge, account: Any) -> Any:
    return clinic.http.get(f"/public/accounts/{account['account_token']}").raise_for_status().json()


# --- connecting -----------------------------------------------------------------------------------


def test_nobody_is_connected_before_the_address_is_proved(clinic: Bridge) -> None:
    begun = asked(clinic).raise_for_status().json()
    assert clinic.ok("GET", f"/v1/sites/{SITE}/accounts")["items"] == []
    assert made(clinic, begun["id"]).status_code == 404
    wrong = "0" * 8 if code_of(clinic, begun["id"]) != "0" * 8 else "1" * 8
    assert prove(clinic, begun, wrong).json()["code"] == "wrong_code"
    assert prove(clinic, begun, code_of(clinic, begun["id"])).json() == begun
    (account,) = clinic.ok("GET", f"/v1/sites/{SITE}/accounts")["items"]
    assert (account["customer"], account["patient"]["name"], account["language"]) == (MIA, "Bello", "de")
    assert clinic.ok("GET", f"/v1/accounts/{account['id']}") == account


def test_codes_cannot_be_tried_out(clinic: Bridge) -> None:
    """Neither under one request nor by asking again; the right one comes too late then."""
    for _ in range(REQUESTS):
        begun = asked(clinic).json()
        for _ in range(TRIES):
            assert prove(clinic, begun, "x").status_code == 403
        assert prove(clinic, begun, code_of(clinic, begun["id"])).json()["code"] == "wrong_code"
    assert asked(clinic, email="MIA@example.org").json()["code"] == "rate_limited"
    assert asked(clinic, email="ole@example.org").status_code == 201


def test_a_code_gets_too_old_and_what_was_told_goes(clinic: Bridge, clock: ManualClock, portal: Portal) -> None:
    begun = asked(clinic).json()
    connected(clinic, email="ole@example.org")
    code = code_of(clinic, begun["id"])
    clock.moment += timedelta(seconds=PATIENCE_S)
    assert prove(clinic, begun, code).json()["code"] == "wrong_code"
    tick(portal)
    with portal.read() as tx:
        assert [row["email"] for row in tx.all("SELECT email FROM accounts")] == ["ole@example.org"]
    assert asked(clinic).status_code == 201


def test_whoever_proves_an_address_again_comes_to_her_account(clinic: Bridge) -> None:
    first = connected(clinic)
    assert connected(clinic, email="MIA@example.org", first_name="Somebody") == first
    (account,) = clinic.ok("GET", f"/v1/sites/{SITE}/accounts")["items"]
    assert account["customer"] == MIA


@pytest.mark.parametrize("missing", ["first_name", "last_name", "email"])
def test_without_a_name_and_an_address_for_mail_there_is_no_account(clinic: Bridge, missing: str) -> None:
    assert asked(clinic, **{missing: ""}).json()["code"] == "invalid_request"


def test_the_feed_names_accounts_once_they_are_connected(clinic: Bridge) -> None:
    cursor = clinic.changes()["next_cursor"]
    asked(clinic)
    account = connected(clinic)
    page_ = clinic.changes(cursor=cursor, include="true")
    assert [(event["type"], event["id"]) for event in page_["events"]] == [("account.connected", account["id"])]
    assert [each["id"] for each in page_["objects"]["accounts"]] == [account["id"]]
    assert [each["id"] for each in clinic.changes(snapshot="true")["snapshot"]["accounts"]] == [account["id"]]


# --- what the practice makes ----------------------------------------------------------------------


def test_what_the_practice_made_is_confirmed_and_told_at_once(clinic: Bridge) -> None:
    account = connected(clinic)
    answer = made(clinic, account["id"])
    assert answer.status_code == 201
    booking = answer.json()
    assert (booking["status"], booking["account"], booking["client_ref"]) == ("confirmed", account["id"], "b1")
    assert (booking["sync"]["state"], booking["last_changed_by"], booking["customer"]) == ("written", "practice", MIA)
    assert clinic.messages(booking["id"]) == ["confirmed"]
    (shown,) = page(clinic, account)["appointments"]
    assert (shown["booking"]["start"], shown["booking"]["note"]) == (STARTS[0], "Impfung")
    assert made(clinic, account["id"]).json() == booking, "the same again changes nothing"
    assert clinic.messages(booking["id"]) == ["confirmed"]
    assert STARTS[0] not in clinic.free()


def test_what_was_there_before_is_shown_without_a_message(clinic: Bridge) -> None:
    account = connected(clinic)
    booking = made(clinic, account["id"], notify=False).json()
    assert clinic.messages(booking["id"]) == []


def test_a_change_needs_the_revision_and_a_move_is_told(clinic: Bridge) -> None:
    account = connected(clinic)
    booking = made(clinic, account["id"]).json()
    assert made(clinic, account["id"], note="Krallen").json()["code"] == "precondition_missing"
    assert made(clinic, account["id"], note="Krallen", if_match=9).json()["code"] == "stale_revision"
    text = made(clinic, account["id"], note="Krallen", if_match=1).json()
    assert (text["note"], text["revision"], clinic.messages(booking["id"])) == ("Krallen", 2, ["confirmed"])
    moved = made(clinic, account["id"], note="Krallen", start=STARTS[1], end=STARTS[2], if_match=2).json()
    assert (moved["id"], moved["start"]) == (booking["id"], STARTS[1])
    assert clinic.messages(booking["id"]) == ["confirmed", "moved"]


def test_to_withdraw_is_to_show_it_no_more_and_tells_nobody(clinic: Bridge) -> None:
    account = connected(clinic)
    booking = made(clinic, account["id"]).json()
    cursor = clinic.changes()["next_cursor"]
    for _ in range(2):
        assert clinic.call("DELETE", f"/v1/sites/{SITE}/appointments/b1").status_code == 204
    assert page(clinic, account)["appointments"] == []
    (event,) = clinic.changes(cursor=cursor, include="true")["events"]
    assert (event["type"], event["tombstone"]) == ("booking.withdrawn", True)
    assert clinic.call("GET", f"/v1/bookings/{booking['id']}").status_code == 404
    assert made(clinic, account["id"]).status_code == 201


def test_it_is_never_handed_to_somebody_else(clinic: Bridge) -> None:
    mia, ole = connected(clinic), connected(clinic, email="ole@example.org")
    made(clinic, mia["id"])
    assert made(clinic, ole["id"], if_match=1).json()["code"] == "other_account"
    assert page(clinic, ole)["appointments"] == []


def test_a_name_that_a_client_books_under_is_not_taken_over(clinic: Bridge) -> None:
    account = connected(clinic)
    clinic.booked("b1")
    assert made(clinic, account["id"]).json()["code"] == "already_booked_by_client"


def test_its_client_cancels_it(clinic: Bridge) -> None:
    account = connected(clinic)
    booking = made(clinic, account["id"]).json()
    (shown,) = page(clinic, account)["appointments"]
    clinic.http.post(f"/public/bookings/{shown['manage_token']}/cancel", json={}).raise_for_status()
    now = clinic.ok("GET", f"/v1/bookings/{booking['id']}")
    assert (now["status"], now["last_changed_by"]) == ("cancelled", "client")
    assert made(clinic, account["id"], note="Anders", if_match=2).json()["code"] == "not_pending"


def test_its_client_moves_it_and_it_keeps_its_length(clinic: Bridge) -> None:
    account = connected(clinic)
    made(clinic, account["id"], start="2026-11-24T14:00:00+01:00", end="2026-11-24T14:20:00+01:00")
    (shown,) = page(clinic, account)["appointments"]
    assert shown["booking"]["may_move"]
    moved = clinic.http.post(f"/public/bookings/{shown['manage_token']}/reschedule", json={"start": STARTS[0]})
    assert (moved.json()["start"], moved.json()["end"]) == (STARTS[0], "2026-11-24T09:20:00+01:00")


def test_what_names_no_type_is_not_moved_online(clinic: Bridge) -> None:
    account = connected(clinic)
    made(clinic, account["id"], type=None)
    (shown,) = page(clinic, account)["appointments"]
    assert (shown["booking"]["may_move"], shown["booking"]["type_name"]) == (False, "")
    answer = clinic.http.post(f"/public/bookings/{shown['manage_token']}/reschedule", json={"start": STARTS[1]})
    assert answer.json()["code"] == "rule_violation"
    assert clinic.http.get(f"/manage/{shown['manage_token']}").status_code == 200


def test_a_closed_account_takes_what_it_shows_along(clinic: Bridge) -> None:
    account = connected(clinic)
    made(clinic, account["id"])
    cursor = clinic.changes()["next_cursor"]
    clinic.http.delete(f"/public/accounts/{account['account_token']}").raise_for_status()
    events = [event["type"] for event in clinic.changes(cursor=cursor)["events"]]
    assert events == ["booking.withdrawn", "account.closed"]
    assert clinic.http.get(f"/public/accounts/{account['account_token']}").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{"end": STARTS[0]}, {"start": "tomorrow"}, {"calendar": "nobody"}, {"type": "nothing"}, {"note": "x" * 5_001}],
)
def test_what_cannot_be_is_refused_and_nothing_is_shown(clinic: Bridge, wrong: dict[str, str]) -> None:
    account = connected(clinic)
    assert made(clinic, account["id"], **wrong).status_code in {400, 404}
    assert page(clinic, account)["appointments"] == []


# --- the pages ------------------------------------------------------------------------------------


def submitted(clinic: Bridge, url: str, **fields: str) -> Any:
    """Open a page, fill in its form, send it; where it leads to."""
    html = clinic.http.get(url.removesuffix("/prove").removesuffix("/close")).text
    found = re.search(r'name="_csrf_token" value="([^"]+)"', html)
    assert found is not None
    return clinic.http.post(url, data={"_csrf_token": found[1]} | fields)


def test_from_the_form_to_ones_own_appointments(clinic: Bridge) -> None:
    """With pages alone, in German; opening a page changes nothing."""
    clinic.http.headers["Accept-Language"] = "de"
    try:
        asking = submitted(clinic, f"/connect/{SITE}", **MIA, patient_name="Bello", species="dog")
        address = asking.url.path
        assert "Ein Code ist unterwegs an mia@example.org" in asking.text
        with_code = clinic.http.get(address)
        assert 'name="code"' in with_code.text
        token = address.removeprefix("/account/")
        ref = clinic.http.post(f"/public/accounts/{token}/prove", json={"code": "no"})
        assert ref.status_code == 403
    finally:
        del clinic.http.headers["Accept-Language"]


def test_the_page_shows_time_person_and_reason(clinic: Bridge) -> None:
    account = connected(clinic)
    made(clinic, account["id"], note="Impfung & <b>mehr</b>")
    html = clinic.http.get(f"/account/{account['account_token']}").text
    assert "Check-up" in html
    assert "Dr. Anna Sommer" in html
    assert "Impfung &amp; &lt;b&gt;mehr" in html
    assert clinic.http.get("/account/unknown").status_code == 404
    closed = submitted(clinic, f"/account/{account['account_token']}/close")
    assert closed.status_code == 200
    assert clinic.http.get(f"/account/{account['account_token']}").status_code == 404
