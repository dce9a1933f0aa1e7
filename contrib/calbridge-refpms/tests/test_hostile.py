"""What callers and receivers may send: too deep, too long, too late in time; a refusal each, never a fault of ours."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from calbridge_refpms.changes import announce
from calbridge_refpms.hooks import deliver_due, register
from calbridge_refpms.records import Records
from calbridge_refpms.wire import NewHook

FAR = ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z"]
NINE, TEN = "2026-11-25T09:00:00+01:00", "2026-11-25T10:00:00+01:00"


def test_brackets_without_end_are_a_bad_request(desk: Any) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "deep"}
    answer = desk.http.post("/v1/appointments", content=b"[" * 100_000, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("revision", ['"' + "9" * 5_000 + '"', '"٣"'.encode(), '"-1"'])
def test_a_revision_is_a_small_number(desk: Any, revision: Any) -> None:
    answer = desk.http.patch("/v1/appointments/a1", json={"title": "x"}, headers={"If-Match": revision})
    assert answer.status_code == 400


@pytest.mark.parametrize("far", FAR)
def test_a_time_that_no_zone_shows_is_refused(desk: Any, far: str) -> None:
    assert desk.patch("/v1/appointments/a1", 1, start=far).status_code == 400
    assert desk.book(far, far).status_code == 400
    assert desk.get("/v1/resources/anna/windows", **{"from": far, "to": TEN}).status_code == 400


@pytest.mark.parametrize("path", ["/desk?day=0001-01-01", "/desk?day=9999-12-31", "/desk/book?day=9999-12-31"])
def test_a_day_beyond_the_diary_is_a_page_that_says_so(world: Any, path: str) -> None:
    with httpx.Client(base_url=world.address, trust_env=False, follow_redirects=True) as browser:
        browser.get("/desk/sign-in")
        form = {"token": "desk-token", "_csrf_token": browser.cookies["csrftoken"]}
        browser.post("/desk/sign-in", data=form).raise_for_status()
        assert browser.get(path).status_code == 400


def test_one_receiver_that_cannot_be_reached_at_all_does_not_stop_the_others(tmp_path: Path) -> None:
    records = Records(path=tmp_path / "pms.sqlite3", clock=lambda: 1_795_000_000)
    records.prepare()
    with records.write("integration") as tx:
        for url in ("http://" + "a" * 70 + ".example/", "http://[::1", "http://odd.example/", "http://good.example/"):
            register(tx, NewHook(url=url))
        announce(tx, "block", "b1", 1)
    taken = []

    def receive(request: httpx.Request) -> httpx.Response:
        taken.append(request.url.host)
        if request.url.host == "good.example":
            return httpx.Response(204)
        raise UnicodeError("label too long")

    with httpx.Client(transport=httpx.MockTransport(receive)) as client:
        assert deliver_due(records, client) == 1
    assert "good.example" in taken


def test_the_description_says_that_every_call_may_be_refused(desk: Any) -> None:
    paths = desk.get("/schema").json()["paths"]
    operations = [operation for item in paths.values() for operation in item.values()]
    assert operations
    for operation in operations:
        assert "application/problem+json" in operation["responses"]["default"]["content"]
