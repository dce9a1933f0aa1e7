"""What travels with a booking: consent with its words and its date, the client's own page, her language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from calbridge.errors import RetryLater
from calbridge.interval import Interval
from calbridge.model import Animal, Consent, State
from calbridge.provider import Entry, Offer, OfferedSlot, OfferWindow
from calbridge.public import public
from calbridge_portal.testing import NOW, SITE
from calbridge_vetstoria.consents import Notices, version_of
from calbridge_vetstoria.wire import Consent as Given

DAY, HALF_HOUR = 86_400, 1_800
NOTICE = "Wir speichern Ihre Angaben.\n  Nur für die Behandlung Ihres Tieres."


@pytest.fixture
def practice(clinic: Callable[..., Any]) -> Any:
    return replace(clinic(), privacy_notice=NOTICE)


def offered(side: Any) -> None:
    slot = OfferedSlot(service="checkup", start=side.start, end=side.start + HALF_HOUR)
    part = OfferWindow(resource="anna", window=Interval(side.start, side.start + DAY), slots=(slot,))
    side.provider.export_availability(offer=Offer(clinic=public(side.clinic), revision=1, windows=(part,)))


def entry(side: Any, ref: str) -> Entry:
    window = Interval(side.start - DAY, side.start + 2 * DAY)
    feed = side.provider.import_bookings(cursor="", window=window, known={})
    return next(item for item in feed.items if item.ref == ref and isinstance(item, Entry))


def shown(side: Any) -> Any:
    return side.http.get(f"/public/sites/{SITE}").raise_for_status().json()["privacy_notice"]


def test_the_portal_shows_the_clinics_notice_and_a_consent_comes_back_with_its_words(
    connect: Callable[..., Any], practice: Any
) -> None:
    """S1: filed as proof, so the words must be those she read and the date that on which she did."""
    side = connect(practice)
    offered(side)
    assert shown(side) == {"version": version_of(NOTICE), "text": NOTICE}
    ref = side.confirm(side.select("anna", side.start), consent={"version": shown(side)["version"]})
    assert entry(side, ref).consent == Consent(notice=NOTICE, agreed_at=int(NOW.timestamp()))


def test_who_does_not_agree_has_no_consent(connect: Callable[..., Any], practice: Any) -> None:
    side = connect(practice)
    offered(side)
    assert entry(side, side.confirm(side.select("anna", side.start))).consent is None


def test_a_clinic_without_a_notice_shows_none(side: Any) -> None:
    offered(side)
    assert shown(side) is None


def test_after_the_clinic_has_another_notice_the_old_words_are_asked_for(
    connect: Callable[..., Any], practice: Any
) -> None:
    """A bridge that starts with a new text, or lost its database, still files what the client read."""
    old = connect(practice)
    offered(old)
    ref = old.confirm(old.select("anna", old.start), consent={"version": version_of(NOTICE)})
    later = connect(replace(practice, privacy_notice="Ganz anders."))
    consent = entry(later, ref).consent
    assert consent is not None
    assert consent.notice == NOTICE


def test_a_portal_that_cannot_say_the_words_now_is_asked_again(connect: Callable[..., Any], practice: Any) -> None:
    old = connect(practice)
    offered(old)
    ref = old.confirm(old.select("anna", old.start), consent={"version": version_of(NOTICE)})
    later = connect(replace(practice, privacy_notice=""))
    later.fail("500_before", match=f"GET /v1/sites/{SITE}/notices", times=9)
    with pytest.raises(RetryLater):
        entry(later, ref)
    later.fail("500_before", match="GET /nothing")
    assert entry(later, ref).consent is not None


@pytest.mark.parametrize("said", ["", "Other words under that name."])
def test_a_consent_nobody_can_prove_is_none(said: str) -> None:
    given = Given.model_validate({"version": version_of(NOTICE), "agreed_at": NOW})
    assert Notices(lambda _: said).consent(given) is None


def test_words_are_asked_for_once() -> None:
    asked: list[str] = []

    def ask(version: str) -> str:
        asked.append(version)
        return NOTICE

    notices = Notices(ask)
    given = Given.model_validate({"version": version_of(NOTICE), "agreed_at": NOW})
    assert [notices.consent(given) for _ in range(2)] == [Consent(notice=NOTICE, agreed_at=int(NOW.timestamp()))] * 2
    assert asked == [version_of(NOTICE)]


def test_the_clients_own_page_comes_with_her_booking_and_opens_it(side: Any, url: str) -> None:
    offered(side)
    ref = side.confirm(side.select("anna", side.start))
    link = entry(side, ref).manage_url
    assert link == f"{url}/manage/{side.tokens[ref]}"
    assert "Check-up" in httpx.get(link, trust_env=False).text


def test_all_her_animals_come_with_her_details(side: Any) -> None:
    offered(side)
    animals = {"patient": {"name": "Bo", "species": "dog"}, "other_patients": [{"name": "Minka"}]}
    details = entry(side, side.confirm(side.select("anna", side.start), **animals)).details
    assert details is not None
    assert details.animals == (Animal(name="Bo", species="dog"), Animal(name="Minka"))


@pytest.mark.parametrize(("language", "said"), [("fi", "fi"), (None, "")])
def test_the_language_she_booked_in_comes_with_her_details(side: Any, language: str | None, said: str) -> None:
    offered(side)
    shown = entry(side, side.confirm(side.select("anna", side.start), language=language))
    assert shown.details is not None
    assert shown.details.language == said


def test_what_a_client_corrects_comes_with_the_changes(side: Any) -> None:
    """She mends it on her own page; the booking is what it was, of another revision."""
    offered(side)
    ref = side.confirm(side.select("anna", side.start))
    window = Interval(side.start - DAY, side.start + 2 * DAY)
    before = side.provider.import_bookings(cursor="", window=window, known={})
    right = {"phone": "+49 40 999", "address": "Lindenweg 4, 20095 Hamburg"}
    side.http.put(f"/public/bookings/{side.tokens[ref]}/contact", json=right).raise_for_status()
    feed = side.provider.import_bookings(cursor=before.cursor, window=window, known={})
    (now,) = feed.changed
    assert (now.ref, now.view.state) == (ref, State.REQUESTED)
    assert (now.details.email, now.details.phone, now.details.address) == ("mia@example.org", *right.values())
