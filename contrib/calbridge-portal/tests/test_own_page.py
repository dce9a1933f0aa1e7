"""What travels with a booking: the client's consent to the privacy notice, her own page, the language she booked in."""

import html
from typing import Any

import pytest

from calbridge_portal.notices import version_of
from calbridge_portal.testing import CUSTOMER, NOW, SITE, STARTS, Bridge, ManualClock

PUBLIC = f"/public/sites/{SITE}"
NOTICE = "Wir speichern Ihre Angaben.\nNur für die Behandlung <Ihres> Tieres."
OLDER = "Wir speichern fast nichts."


def held(clinic: Bridge, start: str = STARTS[0], ref: str = "browser-1") -> str:
    body = {"type": "checkup", "calendar": "anna", "start": start, "client_ref": ref}
    return str(clinic.http.post(f"{PUBLIC}/holds", json=body).raise_for_status().json()["id"])


def book(clinic: Bridge, hold: str, ref: str = "browser-1", **more: Any) -> Any:
    request = {"hold_id": hold, "customer": CUSTOMER, "client_ref": ref} | more
    return clinic.http.post(f"{PUBLIC}/bookings", json=request)


def on_the_wire(clinic: Bridge) -> Any:
    (booking,) = clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"]
    return booking


def form(page: Any, **more: str) -> dict[str, str]:
    token = page.text.partition('name="_csrf_token" value="')[2].partition('"')[0]
    return {"_csrf_token": token, "first_name": "Mia", "last_name": "Albers", "email": "mia@example.org"} | more


# --- how she can be reached -----------------------------------------------------------------------

RIGHT = {"email": "mia.albers@example.org", "phone": "+49 40 12 34 56", "address": "Lindenweg 4, 20095 Hamburg"}


def own(clinic: Bridge) -> str:
    return f"/public/bookings/{book(clinic, held(clinic)).json()['manage_token']}"


def test_she_corrects_how_she_can_be_reached_and_the_practice_learns_it(clinic: Bridge) -> None:
    mine = own(clinic)
    cursor = clinic.changes()["next_cursor"]
    before = on_the_wire(clinic)
    clinic.http.put(f"{mine}/contact", json=RIGHT).raise_for_status()
    now = on_the_wire(clinic)
    assert now["customer"] == before["customer"] | RIGHT
    assert (now["revision"], now["last_changed_by"], now["status"]) == (before["revision"] + 1, "client", "requested")
    (event,) = clinic.changes(cursor=cursor)["events"]
    assert (event["type"], event["id"], event["by"]) == ("booking.updated", now["id"], "client")
    clinic.http.put(f"{mine}/contact", json=RIGHT).raise_for_status()
    assert on_the_wire(clinic) == now, "the same again changes nothing"


@pytest.mark.parametrize("nothing", [{}, {"email": None}, {"email": " ", "phone": ""}])
def test_what_she_leaves_out_stays_as_it_was(clinic: Bridge, nothing: dict[str, str]) -> None:
    mine = own(clinic)
    before = on_the_wire(clinic)
    clinic.http.put(f"{mine}/contact", json=nothing).raise_for_status()
    assert on_the_wire(clinic) == before


def test_what_is_over_is_not_corrected(clinic: Bridge) -> None:
    mine = own(clinic)
    clinic.http.post(f"{mine}/cancel", json={}).raise_for_status()
    answer = clinic.http.put(f"{mine}/contact", json=RIGHT)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_pending")
    assert not clinic.http.get(mine).json()["may_correct"]


def test_a_line_break_in_a_number_is_refused(clinic: Bridge) -> None:
    answer = clinic.http.put(f"{own(clinic)}/contact", json={"phone": "1\r\nSUMMARY:x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_her_page_has_the_form_and_takes_it(clinic: Bridge) -> None:
    token = own(clinic).rpartition("/")[2]
    page = clinic.http.get(f"/manage/{token}")
    assert f'value="{CUSTOMER["email"]}"' in page.text
    sent = {"_csrf_token": form(page)["_csrf_token"], "email": RIGHT["email"], "phone": "", "address": ""}
    clinic.http.post(f"/manage/{token}/contact", data=sent).raise_for_status()
    assert on_the_wire(clinic)["customer"] == CUSTOMER | {"email": RIGHT["email"]} | {
        name: on_the_wire(clinic)["customer"][name] for name in ("phone", "address")
    }


# --- consent --------------------------------------------------------------------------------------


@pytest.mark.parametrize("agrees", [True, False])
def test_the_form_shows_the_notice_word_for_word_and_takes_a_tick_or_none(clinic: Bridge, agrees: Any) -> None:
    """S1: who agrees reads what it is she agrees to; who does not can book all the same."""
    clinic.settings(NOTICE)
    page = clinic.http.get(f"/book/{SITE}/details/{held(clinic)}")
    assert html.escape(NOTICE) in page.text
    assert page.text.count('type="checkbox"') == 1
    assert "checked" not in page.text
    ticked = {"consent": page.text.partition('name="consent" value="')[2].partition('"')[0]} if agrees else {}
    clinic.http.post(str(page.url), data=form(page, **ticked)).raise_for_status()
    consent = on_the_wire(clinic)["consent"]
    assert consent == ({"version": version_of(NOTICE), "agreed_at": NOW.isoformat()} if agrees else None)


def test_a_site_without_a_notice_asks_for_nothing(clinic: Bridge) -> None:
    page = clinic.http.get(f"/book/{SITE}/details/{held(clinic)}")
    assert "checkbox" not in page.text
    assert clinic.http.get(PUBLIC).json()["privacy_notice"] is None


def test_what_she_agreed_to_stays_readable_after_the_practice_has_another(clinic: Bridge) -> None:
    clinic.settings(NOTICE)
    version = clinic.http.get(PUBLIC).json()["privacy_notice"]["version"]
    book(clinic, held(clinic), consent={"version": version}).raise_for_status()
    for other in ("Ganz anders.", None):
        clinic.settings(other)
        agreed = clinic.ok("GET", f"/v1/sites/{SITE}/notices/{on_the_wire(clinic)['consent']['version']}")
        assert agreed == {"version": version, "text": NOTICE}
    assert clinic.call("GET", f"/v1/sites/{SITE}/notices/none").status_code == 404


def test_the_notice_she_has_read_counts_when_it_changes_while_she_types(clinic: Bridge, clock: ManualClock) -> None:
    clinic.settings(OLDER)
    hold = held(clinic)
    clock.advance(seconds=30)
    clinic.settings(NOTICE)
    book(clinic, hold, consent={"version": version_of(OLDER)}).raise_for_status()
    assert on_the_wire(clinic)["consent"]["version"] == version_of(OLDER)


@pytest.mark.parametrize("version", [version_of(OLDER), version_of("never shown"), ""])
def test_nobody_agrees_to_a_notice_that_is_not_the_practices(clinic: Bridge, clock: ManualClock, version: str) -> None:
    """A page of a web site that was never renewed must not file what nobody may agree to any more."""
    clinic.settings(OLDER)
    clock.advance(seconds=30)
    clinic.settings(NOTICE)
    clock.advance(seconds=30)
    hold = held(clinic)
    refused = book(clinic, hold, consent={"version": version})
    assert (refused.status_code, refused.json()["code"]) == (409, "notice_changed")
    assert refused.json()["conflict"] == {"version": version_of(NOTICE)}
    book(clinic, hold, consent={"version": version_of(NOTICE)}).raise_for_status()


def test_a_notice_that_comes_back_is_in_force_again(clinic: Bridge, clock: ManualClock) -> None:
    for text in (OLDER, NOTICE, OLDER):
        clinic.settings(text)
        clock.advance(seconds=30)
    assert clinic.http.get(PUBLIC).json()["privacy_notice"] == {"version": version_of(OLDER), "text": OLDER}


@pytest.mark.parametrize("text", ["x" * 50_001, "a\x00b", "a\x1bb"])
def test_a_notice_no_page_can_show_is_refused(clinic: Bridge, text: str) -> None:
    body = {"name": "x", "time_zone": "Europe/Berlin", "privacy_notice": text}
    refused = clinic.call("PUT", f"/v1/sites/{SITE}", json=body)
    assert (refused.status_code, "privacy_notice" in refused.json()["detail"]) == (400, True)


# --- her own page -----------------------------------------------------------------------------------


def test_the_bridge_learns_the_clients_own_page(clinic: Bridge) -> None:
    token = book(clinic, held(clinic)).json()["manage_token"]
    assert on_the_wire(clinic)["manage_url"] == f"https://book.example.org/manage/{token}"


def test_r23_opening_the_manage_link_of_a_mail_changes_nothing(clinic: Bridge) -> None:
    """R23: a mail scanner follows the link with HEAD and GET, and everything the page links to."""
    book(clinic, held(clinic)).raise_for_status()
    before = clinic.changes(snapshot=1)
    path = before["snapshot"]["bookings"][0]["manage_url"].removeprefix("https://book.example.org")
    pages = [clinic.http.request(method, path) for method in ("HEAD", "GET", "GET")]
    assert {page.status_code for page in pages} == {200}
    for link in {each.partition('"')[0] for each in pages[-1].text.split('href="')[1:]}:
        assert clinic.http.get(html.unescape(link)).status_code == 200
    assert clinic.changes(snapshot=1) == before


# --- language -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("header", "language"), [("de-AT,de;q=0.9", "de"), ("fi-FI", "fi"), ("fr", "en")])
def test_the_page_says_in_which_language_she_booked(clinic: Bridge, header: str, language: str) -> None:
    page = clinic.http.get(f"/book/{SITE}/details/{held(clinic)}")
    clinic.http.post(str(page.url), data=form(page), headers={"Accept-Language": header}).raise_for_status()
    assert on_the_wire(clinic)["language"] == language


@pytest.mark.parametrize("language", ["fi", "de-AT", None])
def test_a_web_site_of_the_practice_says_its_own(clinic: Bridge, language: str | None) -> None:
    book(clinic, held(clinic), language=language).raise_for_status()
    assert on_the_wire(clinic)["language"] == language


@pytest.mark.parametrize("language", ["d", "de_AT", "<de>", "de-" + "x" * 9])
def test_a_language_that_is_none_is_refused(clinic: Bridge, language: str) -> None:
    refused = book(clinic, held(clinic), language=language)
    assert (refused.status_code, "language" in refused.json()["detail"]) == (400, True)
