"""The booking site as a browser sees it: five steps, own booking only, and no GET that changes anything."""

import re
from collections.abc import Callable
from string import Formatter
from typing import Any

import pytest
from httpx import Response

from calbridge_portal.language import LANGUAGES, chosen
from calbridge_portal.testing import CUSTOMER, DAY, SITE, STARTS, Bridge, ManualClock

PUBLIC = f"/public/sites/{SITE}"
FORM = {"first_name": "Mia", "last_name": "Albers", "email": "mia@example.org", "phone": "", "species": ""}


def fields(page: Response, nth: int = 0) -> dict[str, str]:
    """The hidden fields of the nth form."""
    forms = re.findall(r"<form.*?</form>", page.text, flags=re.DOTALL)
    pairs: list[tuple[str, str]] = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', forms[nth])
    return {name: value.replace("&#43;", "+") for name, value in pairs}


def choose(clinic: Bridge) -> Response:
    page = clinic.http.get(f"/book/{SITE}/times", params={"type": "checkup"})
    return clinic.http.post(f"/book/{SITE}/hold", data=fields(page))


def book(clinic: Bridge) -> tuple[str, Response]:
    details = choose(clinic)
    page = clinic.http.post(str(details.url), data=FORM | fields(details))
    assert page.status_code == 200, page.text
    return str(page.url), page


def test_from_service_to_done(clinic: Bridge) -> None:
    home = clinic.http.get("/")
    assert "Check-up" in home.text
    times = clinic.http.get(f"/book/{SITE}/times", params={"type": "checkup"})
    assert times.text.count('name="start"') == len(STARTS)
    url, page = book(clinic)
    assert "/manage/" in url
    assert 'data-status="requested"' in page.text
    (booking,) = clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"]
    assert booking["customer"]["email"] == "mia@example.org"
    assert booking["last_changed_by"] == "client"
    assert booking["patient"] is None


def test_instant_booking_refreshes_until_it_is_in_the_diary(retype: Callable[..., None], clinic: Bridge) -> None:
    retype(mode="instant")
    url, page = book(clinic)
    assert 'http-equiv="refresh"' in page.text
    (booking,) = clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"]
    clinic.change(booking, "decision", {"decision": "accept"})
    settled = clinic.http.get(url)
    assert 'data-status="confirmed"' in settled.text
    assert 'http-equiv="refresh"' not in settled.text


def test_a_double_click_books_once(clinic: Bridge) -> None:
    details = choose(clinic)
    form = FORM | fields(details)
    pages = [clinic.http.post(str(details.url), data=form) for _ in range(2)]
    assert len({str(page.url) for page in pages}) == 1
    assert len(clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"]) == 1


def test_the_time_can_be_given_back(clinic: Bridge) -> None:
    details = choose(clinic)
    again = clinic.http.post(f"/book/{SITE}/release/{str(details.url).split('/')[-1]}", data=fields(details, 1))
    assert again.text.count('name="start"') == len(STARTS)


def test_looking_changes_nothing(clinic: Bridge) -> None:
    """R23: mail scanners follow every link of a message, with GET and HEAD."""
    url, _ = book(clinic)
    before = clinic.changes(snapshot=1)
    for method in ("GET", "HEAD"):
        for path in ("", "/cancel", "/move"):
            clinic.http.request(method, f"{url}{path}")
    assert clinic.changes(snapshot=1) == before
    assert clinic.http.head(url).status_code == 200
    assert clinic.http.get(f"{url}/cancel").status_code == 405


def test_the_client_cancels_with_a_button(clinic: Bridge) -> None:
    url, page = book(clinic)
    done = clinic.http.post(f"{url}/cancel", data=fields(page))
    assert 'data-status="cancelled"' in done.text
    (booking,) = clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"]
    assert (booking["status"], booking["last_changed_by"]) == ("cancelled", "client")


def test_the_client_moves_with_a_button(clinic: Bridge) -> None:
    url, _ = book(clinic)
    page = clinic.http.get(f"{url}/move")
    clinic.http.post(f"{url}/move", data=fields(page, 3)).raise_for_status()
    (booking,) = clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"]
    assert booking["start"] == fields(page, 3)["start"] != STARTS[0]


def test_past_the_cutoff_the_page_says_to_phone(clinic: Bridge) -> None:
    url, _ = book(clinic)
    (booking,) = clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"]
    clinic.change(booking, "decision", {"decision": "accept"})
    clinic.settings(client_cancel_cutoff_s=10**8, client_move_cutoff_s=10**8)
    page = clinic.http.get(url)
    here = f"/manage/{url.rpartition('/')[2]}"
    assert [f'action="{here}/{deed}"' in page.text for deed in ("cancel", "contact")] == [False, True]
    assert f"{here}/move" not in page.text
    assert "cannot be changed online" in page.text


@pytest.mark.parametrize(("visible", "shown"), [(True, 1), (False, 0)])
def test_a_reason_is_shown_only_where_the_clinic_says_so(clinic: Bridge, visible: Any, shown: int) -> None:
    url, _ = book(clinic)
    (booking,) = clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"]
    body = {"decision": "decline", "reason": "Anna is ill", "reason_visible": visible}
    clinic.change(booking, "decision", body)
    assert clinic.http.get(url).text.count("Anna is ill") == shown


def test_a_forged_form_is_refused(clinic: Bridge) -> None:
    url, _ = book(clinic)
    answer = clinic.http.post(f"{url}/cancel", data={"_csrf_token": "forged"})
    assert answer.status_code == 403
    (booking,) = clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"]
    assert booking["status"] == "requested"


def test_a_lost_slot_is_a_page_with_other_times(clinic: Bridge) -> None:
    page = clinic.http.get(f"/book/{SITE}/times", params={"type": "checkup"})
    clinic.hold()
    answer = clinic.http.post(f"/book/{SITE}/hold", data=fields(page))
    assert answer.status_code == 409
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.count("<li>") == 3


def test_a_hold_the_bridge_took_back_says_so(clinic: Bridge) -> None:
    details = choose(clinic)
    hold = str(details.url).split("/")[-1]
    clinic.call("DELETE", f"/v1/holds/{hold}", params={"reason": "slot_unavailable"})
    assert clinic.http.get(str(details.url)).status_code == 409


def test_what_a_client_writes_is_escaped(clinic: Bridge) -> None:
    details = choose(clinic)
    form = FORM | fields(details) | {"first_name": "<script>alert(1)</script>"}
    page = clinic.http.post(str(details.url), data=form)
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("path", ["/manage/none", f"/book/{SITE}x", f"/book/{SITE}/details/none", "/nowhere"])
def test_unknown_pages(clinic: Bridge, path: str) -> None:
    assert clinic.http.get(path).status_code == 404


HEADERS = [
    ("de-AT,de;q=0.9,en;q=0.5", "de"),
    ("en-GB", "en"),
    ("fr, de;q=0.1", "de"),
    ("de;q=0.2, en;q=0.8", "en"),
    ("fi-FI,fi;q=0.9,en;q=0.8", "fi"),
    ("sv, fi;q=0.8, en;q=0.5", "fi"),
    ("fr", "en"),
    (None, "en"),
    ("de;q=nonsense", "en"),
    (";;,,=", "en"),
]


@pytest.mark.parametrize(("header", "code"), HEADERS)
def test_the_language_is_the_browsers(header: str | None, code: str) -> None:
    assert chosen(header).code == code


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_every_text_with_the_same_places_to_fill_in(code: str) -> None:
    texts, english = chosen(code).texts, chosen("en").texts
    assert texts.keys() == english.keys()
    assert {key: places(text) for key, text in texts.items()} == {key: places(text) for key, text in english.items()}
    assert all(text.strip() == text != "" for text in texts.values())


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


SAME_WORD = {("de", "code")}
"""Texts that are the same in English."""


def test_no_text_of_another_language_was_left_in_english() -> None:
    english = chosen("en").texts
    others = [(code, key, text) for code in LANGUAGES if code != "en" for key, text in chosen(code).texts.items()]
    assert {(code, key) for code, key, text in others if text == english[key]} == SAME_WORD


SPOKEN = {
    "en": ("Tuesday, November 24, 2026", "When suits you?"),
    "de": ("Dienstag, 24. November 2026", "Wann passt es?"),
    "fi": ("tiistai 24. marraskuuta 2026", "Milloin sopii?"),
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_page_is_in_one_language_with_its_dates(clinic: Bridge, code: str) -> None:
    page = clinic.http.get(f"/book/{SITE}/times?type=checkup", headers={"Accept-Language": code})
    assert f'<html lang="{code}">' in page.text
    for of, words in SPOKEN.items():
        assert [word in page.text for word in words] == [of == code] * 2


NAMES = [("de", "Meerschweinchen"), ("fi", "Marsu"), ("en", "Guinea pig")]


@pytest.mark.parametrize(("code", "name"), NAMES)
def test_a_species_of_two_words_has_its_everyday_name(code: str, name: str) -> None:
    assert chosen(code).species("guinea pig") == name
    assert chosen(code).species("axolotl") == "axolotl"


def test_hidden_resources_and_durations_stay_hidden(clinic: Bridge) -> None:
    clinic.settings(show_resource=False, show_duration=False)
    clinic.publish(STARTS, calendar="ben")
    page = clinic.http.get(f"/book/{SITE}/times", params={"type": "checkup"})
    assert page.text.count('name="start"') == len(STARTS), "one button a start, not one a vet"
    slots = clinic.http.get(f"{PUBLIC}/slots", params={"type": "checkup"} | DAY)
    types = clinic.http.get(f"{PUBLIC}/types")
    details = choose(clinic)
    for answer in (page, slots, types, details):
        assert "Sommer" not in answer.text
    assert {slot["end"] for slot in slots.json()["items"]} == {None}
    assert types.json()["items"][0]["duration_min"] is None


def public_booking(clinic: Bridge, ref: str = "browser-1") -> Any:
    body = {"type": "checkup", "calendar": "anna", "start": STARTS[0], "client_ref": ref}
    hold = clinic.http.post(f"{PUBLIC}/holds", json=body).raise_for_status().json()
    request = {"hold_id": hold["id"], "customer": CUSTOMER, "client_ref": ref}
    return clinic.http.post(f"{PUBLIC}/bookings", json=request).raise_for_status().json()


def test_the_public_json_does_the_same(clinic: Bridge) -> None:
    booked = public_booking(clinic)
    own = f"/public/bookings/{booked['manage_token']}"
    assert clinic.http.get(own).json() == booked["booking"]
    moved = clinic.http.post(f"{own}/reschedule", json={"start": STARTS[2]}).json()
    assert (moved["start"], moved["id"]) == (STARTS[2], booked["booking"]["id"])
    cancelled = [clinic.http.post(f"{own}/cancel", json={}).json() for _ in range(2)]
    assert cancelled[0] == cancelled[1]
    assert cancelled[0]["status"] == "cancelled"
    assert clinic.http.post(f"{own}/reschedule", json={"start": STARTS[0]}).status_code == 409


def test_a_client_ref_alone_opens_nothing(clinic: Bridge) -> None:
    public_booking(clinic)
    slot = {"type": "checkup", "calendar": "anna", "start": STARTS[3]}
    body = {"slot": slot, "customer": CUSTOMER, "client_ref": "browser-1"}
    answer = clinic.http.post(f"{PUBLIC}/bookings", json=body)
    assert answer.json()["code"] == "already_booked_by_client"
    assert "manage_token" not in answer.text
    assert "bk_" not in answer.text


def test_a_booking_past_is_only_shown(clinic: Bridge, clock: ManualClock) -> None:
    own = public_booking(clinic)
    clock.advance(days=2)
    page = clinic.http.get(f"/manage/{own['manage_token']}")
    assert page.status_code == 200


def test_the_description_names_every_path(clinic: Bridge) -> None:
    paths = clinic.http.get("/schema").json()["paths"]
    assert {
        "/v1/sites/{site}/changes",
        "/v1/bookings/{ref}/decision",
        "/public/sites/{site}/holds",
    } <= paths.keys()
    assert not any(path.startswith(("/book", "/faults")) for path in paths)
