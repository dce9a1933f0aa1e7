"""Faults on demand: what they break, and what was done although the answer was lost."""

import time
from typing import Any

import httpx
import pytest

NINE, TEN = "2026-11-25T09:00:00+01:00", "2026-11-25T10:00:00+01:00"
BOOKING = {"resource": "anna", "start": NINE, "end": TEN, "client_ref": "b-1"}


def arm(side: Any, action: str, match: str = "POST /v1/appointments", **more: Any) -> None:
    rules = [{"match": match, "action": action, **more}]
    assert side.http.put("/faults", json={"rules": rules}).status_code == 200


def made(side: Any) -> int:
    return len(side.get("/v1/appointments", client_ref="b-1").json()["items"])


def test_500_before_does_nothing(bridge: Any) -> None:
    arm(bridge, "500_before")
    assert bridge.post("/v1/appointments", BOOKING).status_code == 500
    assert made(bridge) == 0


@pytest.mark.parametrize("action", ["500_after_commit", "drop_after_commit"])
def test_a_lost_answer_is_done_and_can_be_asked_again(bridge: Any, action: str) -> None:
    arm(bridge, action)
    try:
        assert bridge.post("/v1/appointments", BOOKING, key="k").status_code == 500
        assert action == "500_after_commit"
    except httpx.TransportError:
        assert action == "drop_after_commit"
    assert made(bridge) == 1
    again = bridge.post("/v1/appointments", BOOKING, key="k")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert made(bridge) == 1


def test_429_says_when_to_come_back(bridge: Any) -> None:
    arm(bridge, "429", "GET /v1/appointments", seconds=7, times=2)
    for _ in range(2):
        answer = bridge.get("/v1/appointments")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert bridge.get("/v1/appointments").status_code == 200


def test_a_login_page_answers_200(bridge: Any) -> None:
    arm(bridge, "html_200", "* /v1/")
    answer = bridge.get("/v1/changes")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_a_delay_delays_only_what_matches(bridge: Any) -> None:
    arm(bridge, "delay", "GET /v1/capabilities", seconds=0.4)
    began = time.monotonic()
    assert bridge.get("/v1/locations").status_code == 200
    assert time.monotonic() - began < 0.35
    assert bridge.get("/v1/capabilities").status_code == 200
    assert time.monotonic() - began >= 0.4


def test_an_empty_list_disarms(bridge: Any) -> None:
    arm(bridge, "500_before", "* /", times=99)
    assert bridge.get("/v1/locations").status_code == 500
    assert bridge.http.put("/faults", json={"rules": []}).status_code == 200
    assert bridge.get("/v1/locations").status_code == 200
