"""Idempotency-Key: a repeated call is answered and not done again; what may be retried is not remembered."""

import threading
import time
from typing import Any

import pytest
from httpx import Response

from calbridge_portal.background import tick
from calbridge_portal.portal import Portal
from calbridge_portal.testing import SITE, STARTS, Bridge, ManualClock

HOLDS = f"/v1/sites/{SITE}/holds"
BODY = {"type": "checkup", "calendar": "anna", "start": STARTS[0], "client_ref": "r"}


def hold(clinic: Bridge, key: str = '"k"', **body: Any) -> Response:
    return clinic.call("POST", HOLDS, json=BODY | body, headers={"Idempotency-Key": key})


def test_a_repeated_call_gets_the_first_answer(clinic: Bridge) -> None:
    first, second = hold(clinic), hold(clinic)
    assert (second.status_code, second.content) == (first.status_code, first.content) == (201, first.content)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert len(clinic.changes(snapshot=1)["snapshot"]["holds"]) == 1


def test_the_order_of_members_does_not_matter(clinic: Bridge) -> None:
    hold(clinic)
    text = "{" + ", ".join(f'"{key}":  "{value}"' for key, value in reversed(BODY.items())) + "}"
    headers = {"Idempotency-Key": '"k"', "Content-Type": "application/json"}
    assert clinic.call("POST", HOLDS, content=text, headers=headers).headers["idempotent-replayed"] == "true"


def test_a_refusal_is_remembered_too(clinic: Bridge) -> None:
    clinic.hold()
    refused = hold(clinic)
    clinic.call("DELETE", f"/v1/holds/{clinic.changes(snapshot=1)['snapshot']['holds'][0]['id']}")
    again = hold(clinic)
    assert (again.status_code, again.content) == (409, refused.content)
    assert again.headers["content-type"] == "application/problem+json"


def test_a_booking_replays_with_its_etag(clinic: Bridge) -> None:
    booking = clinic.booked()
    headers = {"Idempotency-Key": '"d"'}
    first = clinic.change(booking, "decision", {"decision": "accept"}, headers=headers)
    second = clinic.change(booking, "decision", {"decision": "accept"}, headers=headers)
    assert first.headers["etag"] == second.headers["etag"] == '"2"'
    assert clinic.messages(booking["id"]).count("confirmed") == 1


def test_a_precondition_that_failed_may_be_tried_again_under_the_same_key(clinic: Bridge) -> None:
    """After 412 the bridge reads again and sends the same change with the new revision: that must be done."""
    booking = clinic.confirmed()
    headers = {"Idempotency-Key": '"move"'}
    body = {"by": "practice", "start": STARTS[4]}
    stale = clinic.change(booking | {"revision": 1}, "reschedule", body, headers=headers)
    assert stale.status_code == 412
    assert clinic.change(booking, "reschedule", body, headers=headers).json()["start"] == STARTS[4]


@pytest.mark.parametrize("action", ["500_after_commit", "drop_after_commit"])
def test_a_lost_answer_is_found_under_its_key(clinic: Bridge, action: str) -> None:
    clinic.ok("PUT", "/faults", json={"rules": [{"match": f"POST {HOLDS}", "action": action}]})
    assert hold(clinic).status_code == 500
    found = hold(clinic)
    assert (found.status_code, found.headers["idempotent-replayed"]) == (201, "true")


def test_nothing_is_done_before_a_500(clinic: Bridge) -> None:
    clinic.ok("PUT", "/faults", json={"rules": [{"match": f"* {HOLDS}", "action": "500_before"}]})
    assert hold(clinic).status_code == 500
    assert clinic.free() == STARTS
    assert "idempotent-replayed" not in hold(clinic).headers


def test_answers_are_kept_a_day(clinic: Bridge, clock: ManualClock, portal: Portal) -> None:
    hold(clinic)
    clock.advance(seconds=86_399)
    tick(portal)
    assert hold(clinic).headers["idempotent-replayed"] == "true"
    clock.advance(seconds=1)
    tick(portal)
    assert "idempotent-replayed" not in hold(clinic).headers


def test_a_key_still_running_is_refused(clinic: Bridge) -> None:
    rule = {"match": f"POST {HOLDS}", "action": "delay", "seconds": 0.6}
    clinic.ok("PUT", "/faults", json={"rules": [rule]})
    answers: list[Response] = []
    first = threading.Thread(target=lambda: answers.append(hold(clinic)))
    first.start()
    time.sleep(0.2)
    second = hold(clinic)
    first.join()
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_progress")
    assert second.headers["retry-after"] == "1"
    assert [answer.status_code for answer in answers] == [201]


KEYS = [
    ('"a"', 201),
    ('"8e03978e-40d5-43e8-bc93-6894a57f9324"', 201),
    (r'"with \"quotes\""', 201),
    ("bare", 400),
    ('""', 400),
    ('"open', 400),
    (r'"bad \x"', 400),
    (f'"{"k" * 254}"', 400),
]


@pytest.mark.parametrize(("key", "status"), KEYS)
def test_the_key_is_a_structured_string(clinic: Bridge, key: str, status: int) -> None:
    assert hold(clinic, key).status_code == status
