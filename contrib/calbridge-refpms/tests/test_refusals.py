"""Every refusal is problem+json with a code and one sentence, and changes nothing."""

from typing import Any

import httpx
import pytest

NINE, TEN = "2026-11-25T09:00:00+01:00", "2026-11-25T10:00:00+01:00"
GOOD: dict[str, Any] = {"resource": "anna", "start": NINE, "end": TEN}
KEY = {"Idempotency-Key": "k"}

CREATE = [
    (GOOD, {}, 400, "idempotency_key_missing"),
    (GOOD, {"Idempotency-Key": '""'}, 400, "invalid_request"),
    (GOOD, {"Idempotency-Key": "k" * 256}, 400, "invalid_request"),
    (GOOD | {"start": "2026-11-25T09:00:00"}, KEY, 400, "invalid_request"),
    (GOOD | {"start": "tomorrow"}, KEY, 400, "invalid_request"),
    (GOOD | {"start": 1795338000}, KEY, 400, "invalid_request"),
    (GOOD | {"sart": NINE}, KEY, 400, "invalid_request"),
    (GOOD | {"status": "arrived"}, KEY, 400, "invalid_request"),
    (GOOD | {"title": "x" * 301}, KEY, 400, "invalid_request"),
    (GOOD | {"client_ref": ""}, KEY, 400, "invalid_request"),
    ({"resource": "anna"}, KEY, 400, "invalid_request"),
    ([], KEY, 400, "invalid_request"),
    (GOOD | {"end": NINE}, KEY, 422, "invalid_interval"),
    (GOOD | {"end": "2026-11-25T08:00:00+01:00"}, KEY, 422, "invalid_interval"),
    (GOOD | {"resource": "nobody"}, KEY, 422, "unknown_reference"),
    (GOOD | {"rooms": ["nowhere"]}, KEY, 422, "unknown_reference"),
    (GOOD | {"rooms": ["anna"]}, KEY, 422, "invalid_rooms"),
    (GOOD | {"type": "nothing"}, KEY, 422, "unknown_reference"),
    (GOOD | {"client_id": "c9"}, KEY, 422, "unknown_reference"),
    (GOOD | {"client_id": "c1", "patient_id": "p2"}, KEY, 422, "unknown_reference"),
    (GOOD | {"patient_id": "p1"}, KEY, 422, "unknown_reference"),
]


@pytest.mark.parametrize(("body", "headers", "status", "code"), CREATE)
def test_a_booking_is_refused(practice: Any, body: Any, headers: dict[str, str], status: int, code: str) -> None:
    answer = practice.bridge.http.post("/v1/appointments", json=body, headers=headers)
    _is_problem(answer, status, code)
    taken = practice.bridge.get("/v1/resources/anna/freebusy", **{"from": NINE, "to": TEN}).json()["busy"]
    assert taken == []


CHANGE = [
    (None, {"title": "x"}, 428, "precondition_required"),
    ("seven", {"title": "x"}, 400, "invalid_request"),
    ('"9"', {"title": "x"}, 412, "stale_revision"),
    ('"1"', {"client_ref": "x"}, 400, "invalid_request"),
    ('"1"', {"end": "2026-11-23T08:00:00+01:00"}, 422, "invalid_interval"),
    ('"1"', {"patient_id": "p2"}, 422, "unknown_reference"),
    ('"1"', {"client_id": None}, 422, "unknown_reference"),
    ('"1"', {"resource": "room1", "rooms": ["room1"]}, 422, "invalid_rooms"),
    ('"1"', {"status": "gone"}, 400, "invalid_request"),
]


@pytest.mark.parametrize(("match", "body", "status", "code"), CHANGE)
def test_a_change_is_refused(practice: Any, match: str | None, body: Any, status: int, code: str) -> None:
    headers = {"If-Match": match} if match else {}
    _is_problem(practice.bridge.http.patch("/v1/appointments/a1", json=body, headers=headers), status, code)
    assert practice.bridge.get("/v1/appointments/a1").json()["revision"] == 1


WINDOW = "from=2026-11-25T00:00:00%2B01:00&to=2026-11-26T00:00:00%2B01:00"
READ = [
    ("/v1/appointments?form=x", 400, "invalid_request"),
    ("/v1/appointments?from=2026-11-25T00:00:00%2B01:00", 400, "invalid_request"),
    ("/v1/appointments?from=2026-11-25T00:00:00&to=2026-11-26T00:00:00", 400, "invalid_request"),
    # an unencoded plus arrives as a blank: the message says so
    ("/v1/appointments?from=2026-11-25T00:00:00+01:00&to=2026-11-26T00:00:00+01:00", 400, "invalid_request"),
    ("/v1/appointments?limit=201", 400, "invalid_request"),
    ("/v1/appointments?limit=0", 400, "invalid_request"),
    ("/v1/appointments?limit=x", 400, "invalid_request"),
    ("/v1/appointments?cursor=!!", 400, "invalid_request"),
    ("/v1/appointments?cursor=eHh4", 400, "invalid_request"),
    ("/v1/appointments?updated_since=2026", 400, "invalid_request"),
    ("/v1/appointments/none", 404, "not_found"),
    ("/v1/resources/none/windows?" + WINDOW, 404, "not_found"),
    ("/v1/resources/anna/windows", 400, "invalid_request"),
    ("/v1/resources/anna/freebusy?from=2026-11-26T00:00:00Z&to=2026-11-25T00:00:00Z", 400, "invalid_request"),
    ("/v1/resources/anna/freebusy?from=2026-01-01T00:00:00Z&to=2028-01-01T00:00:00Z", 400, "invalid_request"),
    ("/v1/blocks", 400, "invalid_request"),
    ("/v1/blocks/none", 404, "not_found"),
    ("/v1/absences/none", 404, "not_found"),
    ("/v1/closures/none", 404, "not_found"),
    ("/v1/closures", 400, "invalid_request"),
    ("/v1/clients", 400, "invalid_request"),
    ("/v1/clients?first_name=Erika", 400, "invalid_request"),
    ("/v1/clients?email=", 400, "invalid_request"),
    ("/v1/clients/none", 404, "not_found"),
    ("/v1/clients/none/patients", 404, "not_found"),
    ("/v1/changes?cursor=x", 410, "cursor_expired"),
    ("/v1/changes?snapshot=1", 400, "invalid_request"),
    ("/v1/changes?" + WINDOW, 400, "invalid_request"),
    ("/v1/nothing", 404, "not_found"),
]


@pytest.mark.parametrize(("path", "status", "code"), READ)
def test_a_question_is_refused(practice: Any, path: str, status: int, code: str) -> None:
    _is_problem(practice.bridge.http.get(path), status, code)


OTHER = [
    ("PUT", "/v1/appointments", {}, 405, "method_not_allowed"),
    ("DELETE", "/v1/appointments/a1", None, 403, "forbidden"),
    ("DELETE", "/v1/blocks/none", None, 404, "not_found"),
    ("DELETE", "/v1/hooks/none", None, 404, "not_found"),
    ("POST", "/v1/hooks", {"url": "ftp://example.org"}, 400, "invalid_request"),
    ("POST", "/v1/clients", {"first_name": "Nameless"}, 400, "invalid_request"),
    ("POST", "/v1/clients", {"last_name": "Muster", "number": "100"}, 422, "number_taken"),
    ("POST", "/v1/clients/none/patients", {"name": "Rex"}, 404, "not_found"),
    ("POST", "/v1/appointments/none/cancel", {}, 404, "not_found"),
    ("POST", "/v1/blocks", {"resource": "anna", "start": TEN, "end": NINE}, 422, "invalid_interval"),
    (
        "POST",
        "/v1/blocks",
        {"resource": "anna", "start": "2026-11-23T09:00:00+01:00", "end": "2026-11-23T10:00:00+01:00"},
        409,
        "slot_unavailable",
    ),
    ("POST", "/v1/absences", {"resource": "none", "start": NINE, "end": TEN}, 422, "unknown_reference"),
    ("POST", "/v1/closures", {"location": "none", "start": NINE, "end": TEN}, 422, "unknown_reference"),
    ("POST", "/v1/closures", {"start": TEN, "end": NINE}, 422, "invalid_interval"),
    ("DELETE", "/v1/closures/none", None, 404, "not_found"),
    ("PUT", "/faults", {"rules": [{"match": "x", "action": "429"}]}, 400, "invalid_request"),
]


@pytest.mark.parametrize("case", OTHER, ids=lambda case: f"{case[0]} {case[1]} {case[3]}")
def test_a_request_is_refused(practice: Any, case: tuple[str, str, Any, int, str]) -> None:
    method, path, body, status, code = case
    _is_problem(practice.bridge.http.request(method, path, json=body, headers=KEY), status, code)


@pytest.mark.parametrize("token", [None, "Bearer", "Bearer wrong", "Basic bridge-token", "bridge-token", "Bearer ü"])
@pytest.mark.parametrize("path", ["/v1/capabilities", "/v1/appointments", "/v1/clients?email=x", "/v1/changes"])
def test_nobody_gets_in_without_a_token(practice: Any, path: str, token: str | None) -> None:
    headers = {} if token is None else {b"Authorization": token.encode()}
    answer = httpx.get(practice.address + path, headers=headers, trust_env=False)
    _is_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_body_that_is_no_json_is_refused(practice: Any) -> None:
    answer = practice.bridge.http.post(
        "/v1/appointments", content=b"{", headers=KEY | {"Content-Type": "application/json"}
    )
    _is_problem(answer, 400, "invalid_request")


def test_a_huge_body_is_refused(practice: Any) -> None:
    body = b'{"title": "' + b"x" * 1_100_000 + b'"}'
    answer = practice.bridge.http.post(
        "/v1/appointments", content=body, headers=KEY | {"Content-Type": "application/json"}
    )
    _is_problem(answer, 413, "too_large")


def test_a_refusal_names_the_field_and_not_what_was_in_it(practice: Any) -> None:
    body = GOOD | {"description": 5, "title": "Frau Geheim"}
    detail = practice.bridge.http.post("/v1/appointments", json=body, headers=KEY).json()["detail"]
    assert "description" in detail
    assert "Geheim" not in detail


def _is_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"].strip()
