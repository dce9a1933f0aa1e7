"""Every error code of the protocol, provoked over HTTP: one row each."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx import Response

from calbridge_portal.problems import CODES
from calbridge_portal.testing import CUSTOMER, DAY, SITE, STARTS, TOKEN, Bridge, ManualClock

FREE = {"type": "checkup", "calendar": "anna", "start": STARTS[0]}


def idempotency_key_missing(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.http.post(
        f"/v1/sites/{SITE}/holds",
        json=FREE | {"client_ref": "r"},
        headers={"Authorization": f"Bearer {TOKEN}"},
    )


def unquoted_key(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.call("POST", f"/v1/sites/{SITE}/holds", json={}, headers={"Idempotency-Key": "bare"})


def naive_time(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.hold("2026-11-24T09:00:00")


def wrong_body(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.call("POST", f"/v1/sites/{SITE}/holds", json={"type": 3})


def no_contact(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.book(customer={"first_name": "Mia", "last_name": "Albers"})


def unauthenticated(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.call("GET", f"/v1/sites/{SITE}", headers={"Authorization": "Bearer other"})


def forbidden(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.call("GET", "/v1/sites/another")


def cutoff(clinic: Bridge, clock: ManualClock) -> Response:
    booking = clinic.confirmed()
    clinic.settings(client_cancel_cutoff_s=86_400)
    clock.advance(days=1)
    return clinic.change(booking, "cancel", {"by": "client"})


def moved_too_often(clinic: Bridge, _: ManualClock) -> Response:
    booking = clinic.confirmed()
    clinic.settings(client_move_limit=0)
    return clinic.change(booking, "reschedule", {"by": "client", "start": STARTS[3]})


def not_found(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.call("GET", "/v1/bookings/bk_none")


def unknown_path(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.call("GET", "/v1/nothing")


def method_not_allowed(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.call("DELETE", f"/v1/sites/{SITE}")


def slot_unavailable(clinic: Bridge, _: ManualClock) -> Response:
    clinic.hold()
    return clinic.hold(ref="ref-2")


def never_published(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.hold("2026-11-24T09:05:00+01:00")


def in_the_past(clinic: Bridge, clock: ManualClock) -> Response:
    clock.advance(days=1, hours=1)
    return clinic.hold(STARTS[0])


def stale_availability(clinic: Bridge, _: ManualClock) -> Response:
    clinic.publish(STARTS[:1], revision=7)
    return clinic.publish(STARTS, revision=6)


def same_revision_other_body(clinic: Bridge, _: ManualClock) -> Response:
    clinic.publish(STARTS[:1], revision=7)
    return clinic.publish(STARTS, revision=7)


def hold_consumed(clinic: Bridge, _: ManualClock) -> Response:
    hold = clinic.hold().json()["id"]
    clinic.booked(hold_id=hold)
    return clinic.call("DELETE", f"/v1/holds/{hold}")


def notice_changed(clinic: Bridge, _: ManualClock) -> Response:
    clinic.settings("Wir speichern Ihre Angaben.")
    return clinic.book(consent={"version": "another"})


def not_pending(clinic: Bridge, _: ManualClock) -> Response:
    return clinic.change(clinic.confirmed(), "decision", {"decision": "accept"})


def already_booked(clinic: Bridge, _: ManualClock) -> Response:
    clinic.booked("ref-1")
    return clinic.book("ref-1", start=STARTS[3])


def release_expired(clinic: Bridge, clock: ManualClock) -> Response:
    hold = clinic.hold().json()["id"]
    clock.advance(minutes=5)
    return clinic.call("DELETE", f"/v1/holds/{hold}")


def late_refused(clinic: Bridge, clock: ManualClock) -> Response:
    clinic.settings(late_confirm="refuse")
    hold = clinic.hold().json()["id"]
    clock.advance(minutes=5)
    return clinic.book(hold_id=hold)


def cursor_expired(clinic: Bridge, _: ManualClock) -> Response:
    cursor = clinic.changes()["next_cursor"]
    clinic.hold()
    clinic.ok("POST", f"/v1/sites/{SITE}/changes/trim")
    return clinic.call("GET", f"/v1/sites/{SITE}/changes", params={"cursor": cursor})


def stale_revision(clinic: Bridge, _: ManualClock) -> Response:
    booking = clinic.booked()
    clinic.change(booking, "decision", {"decision": "accept"})
    return clinic.change(booking, "reschedule", {"by": "practice", "start": STARTS[3]})


def precondition_missing(clinic: Bridge, _: ManualClock) -> Response:
    ref = clinic.booked()["id"]
    return clinic.call("PUT", f"/v1/bookings/{ref}/sync", json={"state": "written"})


def rule_violation(clinic: Bridge, _: ManualClock) -> Response:
    kind = {
        "display_name": "Cats",
        "duration_min": 30,
        "calendars": ["anna"],
        "mode": "instant",
        "species": ["cat"],
    }
    clinic.ok("PUT", f"/v1/sites/{SITE}/appointment-types/checkup", json=kind | {"species": ["cat"]})
    return clinic.book(patient={"name": "Rex", "species": "dog"})


def slot_mismatch(clinic: Bridge, _: ManualClock) -> Response:
    hold = clinic.hold().json()["id"]
    return clinic.book(hold_id=hold, start=STARTS[2])


def idempotency_key_reused(clinic: Bridge, _: ManualClock) -> Response:
    headers = {"Idempotency-Key": '"same"'}
    path = f"/v1/sites/{SITE}/holds"
    clinic.call("POST", path, json=FREE | {"client_ref": "a"}, headers=headers)
    return clinic.call("POST", path, json=FREE | {"client_ref": "b"}, headers=headers)


def rate_limited(clinic: Bridge, _: ManualClock) -> Response:
    fault(clinic, "429")
    return clinic.call("GET", f"/v1/sites/{SITE}")


def internal(clinic: Bridge, _: ManualClock) -> Response:
    fault(clinic, "500_before")
    return clinic.call("GET", f"/v1/sites/{SITE}")


def maintenance(clinic: Bridge, _: ManualClock) -> Response:
    clinic.ok("PUT", f"/v1/sites/{SITE}/maintenance", json={"retry_after_s": 30})
    return clinic.hold()


def fault(clinic: Bridge, action: str) -> None:
    clinic.ok("PUT", "/faults", json={"rules": [{"match": "GET /v1", "action": action}]})


def _begun(clinic: Bridge, email: str) -> Any:
    body = {"customer": CUSTOMER | {"email": email}}
    return clinic.http.post(f"/public/sites/{SITE}/accounts", json=body).raise_for_status().json()


def wrong_code(clinic: Bridge, _: ManualClock) -> Response:
    begun = _begun(clinic, "mia@example.org")
    return clinic.http.post(f"/public/accounts/{begun['account_token']}/prove", json={"code": "x"})


def other_account(clinic: Bridge, _: ManualClock) -> Response:
    for email in ("mia@example.org", "ole@example.org"):
        begun = _begun(clinic, email)
        code = clinic.ok("GET", f"/v1/sites/{SITE}/accounts/{begun['id']}/code")["code"]
        clinic.http.post(f"/public/accounts/{begun['account_token']}/prove", json={"code": code}).raise_for_status()
        body = {"account": begun["id"], "calendar": "anna", "start": STARTS[0], "end": STARTS[1]}
        answer = clinic.call("PUT", f"/v1/sites/{SITE}/appointments/b1", json=body)
    return answer


Provocation = Callable[[Bridge, ManualClock], Response]
ROWS: list[tuple[Provocation, int, str]] = [
    (idempotency_key_missing, 400, "idempotency_key_missing"),
    (unquoted_key, 400, "invalid_request"),
    (naive_time, 400, "invalid_request"),
    (wrong_body, 400, "invalid_request"),
    (no_contact, 400, "invalid_request"),
    (unauthenticated, 401, "unauthenticated"),
    (forbidden, 403, "forbidden"),
    (wrong_code, 403, "wrong_code"),
    (cutoff, 403, "outside_cancellation_window"),
    (moved_too_often, 403, "reschedule_limit"),
    (not_found, 404, "not_found"),
    (unknown_path, 404, "not_found"),
    (method_not_allowed, 405, "method_not_allowed"),
    (slot_unavailable, 409, "slot_unavailable"),
    (never_published, 409, "slot_unavailable"),
    (in_the_past, 409, "slot_unavailable"),
    (stale_availability, 409, "stale_availability"),
    (same_revision_other_body, 409, "stale_availability"),
    (hold_consumed, 409, "hold_consumed"),
    (notice_changed, 409, "notice_changed"),
    (other_account, 409, "other_account"),
    (not_pending, 409, "not_pending"),
    (already_booked, 409, "already_booked_by_client"),
    (release_expired, 410, "hold_expired"),
    (late_refused, 410, "hold_expired"),
    (cursor_expired, 410, "cursor_expired"),
    (stale_revision, 412, "stale_revision"),
    (rule_violation, 422, "rule_violation"),
    (slot_mismatch, 422, "slot_mismatch"),
    (idempotency_key_reused, 422, "idempotency_key_reused"),
    (precondition_missing, 428, "precondition_missing"),
    (rate_limited, 429, "rate_limited"),
    (internal, 500, "internal"),
    (maintenance, 503, "maintenance"),
]
# Their own tests: one needs two calls at once, the other a body of more than 32 MiB.
ELSEWHERE = {"idempotency_in_progress", "too_large"}


@pytest.mark.parametrize(("provoke", "status", "code"), ROWS, ids=[row[0].__name__ for row in ROWS])
def test_each_refusal(clinic: Bridge, clock: ManualClock, provoke: Provocation, status: int, code: str) -> None:
    answer = provoke(clinic, clock)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["status"]) == (status, code, status)
    assert problem.keys() >= {"type", "title", "detail", "retryable"}
    assert CUSTOMER["email"] not in answer.text
    assert answer.headers["x-request-id"]


def test_the_table_has_every_code() -> None:
    assert {code for _, _, code in ROWS} | ELSEWHERE == CODES.keys()


@pytest.mark.parametrize("provoke", [slot_unavailable, late_refused])
def test_lost_slots_come_with_the_next_three(clinic: Bridge, clock: ManualClock, provoke: Provocation) -> None:
    alternatives: list[dict[str, Any]] = provoke(clinic, clock).json()["alternatives"]
    assert len(alternatives) == 3
    assert all(slot["start"] in clinic.free() for slot in alternatives)


def test_refusals_that_pass_say_when(clinic: Bridge, clock: ManualClock) -> None:
    assert maintenance(clinic, clock).headers["retry-after"] == "30"
    assert rate_limited(clinic, clock).headers["retry-after"] == "1"


def test_a_huge_body_is_refused(clinic: Bridge) -> None:
    starts = "x" * (33 * 1024 * 1024)
    answer = clinic.call("PUT", f"/v1/sites/{SITE}/availability/anna", params=DAY, content=starts)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
