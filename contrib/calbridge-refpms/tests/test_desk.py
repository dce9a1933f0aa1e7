"""The desk's pages: a receptionist's day by plain forms, behind a sign-in and CSRF tokens."""

import re
from typing import Any

import httpx
import pytest

DAY = "2026-11-25"


class Browser:
    """Follows forms as a browser would: each with its page's hidden fields."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(base_url=address, follow_redirects=True, trust_env=False, timeout=10)

    def open(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def submit(self, page: str, action: str, **fields: str) -> httpx.Response:
        text = self.open(page).text
        form = re.search(rf'<form method="post" action="{re.escape(action)}">(.*?)</form>', text, re.DOTALL)
        assert form, f"{page} has no form for {action}"
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[1]))
        return self.http.post(action, data=hidden | fields)

    def sign_in(self, token: str = "desk-token") -> httpx.Response:
        return self.submit("/desk/sign-in", "/desk/sign-in", token=token)


@pytest.fixture
def browser(world: Any) -> Any:
    started = Browser(world.address)
    assert started.sign_in().status_code == 200
    yield started
    started.http.close()


def test_nobody_sees_a_page_without_signing_in(practice: Any) -> None:
    stranger = Browser(practice.address)
    for path in (
        "/desk",
        "/desk/book",
        "/desk/clients?q=muster",
        "/desk/appointments/a1",
        "/desk/clients/c1",
    ):
        page = stranger.open(path)
        assert page.url.path == "/desk/sign-in"
        assert "Muster" not in page.text
    assert stranger.sign_in("bridge-token").status_code == 403
    assert stranger.open("/desk").url.path == "/desk/sign-in"
    stranger.http.close()


def test_a_form_without_its_token_is_refused(browser: Any, bridge: Any) -> None:
    answer = browser.http.post("/desk/appointments/a1/cancel", data={"revision": "1"})
    assert answer.status_code == 403
    assert bridge.get("/v1/appointments/a1").json()["status"] == "confirmed"


def test_the_day_shows_who_comes_when(browser: Any) -> None:
    page = browser.open("/desk?day=2026-11-23").text
    assert re.search(r"09:00–09:30.*Impfung Rex.*Erika Muster.*confirmed", page, re.DOTALL)
    assert "12:00–13:00" in page
    assert "Mittag" in page
    assert page.count('data-id="a1"') == 2  # under the practitioner and under the room
    assert 'data-id="a2"' not in page  # cancelled


def test_a_day_of_the_receptionist(browser: Any, bridge: Any) -> None:
    page = browser.submit(
        f"/desk/book?client=c1&day={DAY}",
        "/desk/book",
        resource="anna",
        room="room1",
        type="checkup",
        start=f"{DAY}T09:00",
        title="Telefon",
        patient_id="p1",
    )
    assert page.url.query == f"day={DAY}".encode()
    ident = re.search(r'data-id="(apt_\w+)"', page.text)[1]  # type: ignore[index]  # found or the test fails
    path = f"/desk/appointments/{ident}"
    booked = bridge.get(f"/v1/appointments/{ident}").json()
    assert (booked["start"], booked["end"]) == (f"{DAY}T09:00:00+01:00", f"{DAY}T09:30:00+01:00")
    assert (booked["client_id"], booked["patient_id"], booked["rooms"]) == ("c1", "p1", ["room1"])
    assert (booked["created_by"], booked["modified_by"]) == ("desk", "desk")

    browser.submit(path, f"{path}/move", resource="ben", start=f"{DAY}T10:00", minutes="45")
    moved = bridge.get(f"/v1/appointments/{ident}").json()
    assert (moved["resource"], moved["end"]) == ("ben", f"{DAY}T10:45:00+01:00")
    browser.submit(path, f"{path}/status", status="arrived")
    assert bridge.get(f"/v1/appointments/{ident}").json()["status"] == "arrived"
    browser.submit(path, f"{path}/status", status="fulfilled")
    assert bridge.get(f"/v1/appointments/{ident}").json()["status"] == "fulfilled"
    browser.submit(path, f"{path}/link", number="101", patient="mia")
    assert bridge.get(f"/v1/appointments/{ident}").json()["patient_id"] == "p2"
    browser.submit(path, f"{path}/delete")
    assert bridge.get(f"/v1/appointments/{ident}").status_code == 404


def test_not_come_and_cancelled(browser: Any, bridge: Any) -> None:
    path = "/desk/appointments/a1"
    browser.submit(path, f"{path}/cancel", reason="krank")
    gone = bridge.get("/v1/appointments/a1").json()
    assert (gone["status"], gone["cancel_reason"]) == ("cancelled", "krank")
    assert "Move" not in browser.open(path).text
    made = bridge.book(f"{DAY}T09:00:00+01:00", f"{DAY}T10:00:00+01:00").json()["id"]
    browser.submit(f"/desk/appointments/{made}", f"/desk/appointments/{made}/status", status="no_show")
    assert bridge.get(f"/v1/appointments/{made}").json()["status"] == "no_show"


def test_two_screens_do_not_overwrite_each_other(browser: Any, bridge: Any) -> None:
    path = "/desk/appointments/a1"
    stale = browser.open(path).text
    token = re.search(r'name="_csrf_token" value="(\w+)"', stale)[1]  # type: ignore[index]  # as above
    bridge.patch("/v1/appointments/a1", 1, title="elsewhere")
    answer = browser.http.post(f"{path}/cancel", data={"_csrf_token": token, "revision": "1"})
    assert answer.status_code == 412
    assert "Nothing was changed" in answer.text


REFUSED = [
    ({"start": "2026-11-23T09:00"}, 409, "is taken"),
    ({"start": "2026-11-23"}, 400, "minutes"),
    ({"start": "soon", "minutes": "30"}, 400, "must look like"),
    ({"start": "2026-11-23T09:00+01:00", "minutes": "30"}, 400, "without an offset"),
    ({"start": "2027-03-28T02:30", "minutes": "30"}, 400, "clocks go forward"),
    ({"start": "2026-11-23T10:00", "minutes": "30", "resource": "nobody"}, 422, "no resource"),
]


@pytest.mark.parametrize(("fields", "status", "said"), REFUSED)
def test_a_booking_by_phone_is_refused_in_words(browser: Any, fields: dict[str, str], status: int, said: str) -> None:
    filled = {"resource": "anna"} | fields
    if "minutes" not in filled and "T" in filled["start"]:
        filled["minutes"] = "30"
    answer = browser.submit("/desk/book", "/desk/book", **filled)
    assert answer.status_code == status
    assert said in answer.text


def test_the_desk_may_book_twice_on_purpose(browser: Any, bridge: Any) -> None:
    fields = {"resource": "anna", "start": "2026-11-23T09:00", "minutes": "30", "double": "yes"}
    assert browser.submit("/desk/book", "/desk/book", **fields).status_code == 200
    window = {"from": "2026-11-23T09:00:00+01:00", "to": "2026-11-23T09:30:00+01:00"}
    assert len(bridge.get("/v1/resources/anna/freebusy", **window).json()["busy"]) == 2


def test_blocks_by_form(browser: Any, bridge: Any) -> None:
    page = browser.submit(
        f"/desk?day={DAY}", "/desk/blocks", resource="ben", start=f"{DAY}T12:00", minutes="90", title="OP"
    )
    ident = re.search(r'data-id="(blk_\w+)"', page.text)[1]  # type: ignore[index]  # as above
    assert bridge.get(f"/v1/blocks/{ident}").json()["end"] == f"{DAY}T13:30:00+01:00"
    browser.submit(f"/desk?day={DAY}", f"/desk/blocks/{ident}/delete")
    assert bridge.get(f"/v1/blocks/{ident}").status_code == 404


def test_clients_are_searched_and_recorded(browser: Any) -> None:
    assert "Muster" not in browser.open("/desk/clients").text
    found = browser.open("/desk/clients?q=must").text
    assert "Muster, Erika" in found
    assert "Muster, Erik<" in found
    assert "Muster, Erik<" not in browser.open("/desk/clients?q=040-1234567").text
    page = browser.submit("/desk/clients", "/desk/clients", last_name='<b>"Böse"</b>', phone="1")
    assert "<b>" not in page.text
    assert "&lt;b&gt;" in page.text
    browser.submit(page.url.path, f"{page.url.path}/patients", name="Bello", species="dog")
    assert "Bello (dog)" in browser.open(page.url.path).text


def test_what_a_client_agreed_to_is_shown_with_its_date(browser: Any, bridge: Any) -> None:
    assert "None filed." in browser.open("/desk/clients/c1").text
    consent = {"kind": "consent", "text": "<i>Wir speichern</i>", "dated": "2026-11-19T12:00:00+01:00"}
    assert bridge.post("/v1/clients/c1/documents", consent).status_code == 201
    page = browser.open("/desk/clients/c1").text
    assert "&lt;i&gt;Wir speichern" in page
    assert "consent, 19.11.2026 11:00 UTC" in page


def test_signing_out_ends_it(browser: Any) -> None:
    browser.submit("/desk", "/desk/sign-out")
    assert browser.open("/desk").url.path == "/desk/sign-in"


def test_pages_forbid_scripts_and_caches(browser: Any) -> None:
    headers = browser.open("/desk").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Cache-Control"] == "no-store"
