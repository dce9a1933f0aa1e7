"""Availability and settings: exact starts, joined windows, nothing written twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from calbridge.interval import Interval
from calbridge.model import Clinic
from calbridge.provider import Offer, OfferedSlot, OfferWindow
from calbridge.public import public
from calbridge_portal.testing import SITE
from calbridge_vetstoria.consents import Notices
from calbridge_vetstoria.documents import documents
from calbridge_vetstoria.offers import LONGEST, joined
from calbridge_vetstoria.records import Reader
from calbridge_vetstoria.settings import VetstoriaSettings

DAY = 86_400
READER = Reader.of(VetstoriaSettings(url="https://portal.example", site="hafen", token=SecretStr("t")), Notices(str))
WINDOWS = st.lists(st.tuples(st.sampled_from(["anna", "ben"]), st.integers(0, 200)), unique=True, max_size=40)


def part(resource: str, day: int, *starts: int, at: int = 0) -> OfferWindow:
    slots = tuple(OfferedSlot(service="checkup", start=start, end=start + 1800) for start in starts)
    return OfferWindow(resource=resource, window=Interval(at + day * DAY, at + (day + 1) * DAY), slots=slots)


@given(WINDOWS)
def test_joining_loses_nothing(days: list[tuple[str, int]]) -> None:
    windows = tuple(part(resource, day, day * DAY + 3600) for resource, day in days)
    parts = list(joined(windows))
    assert sum(count for _, count in parts) == len(windows)
    covered = {(p.resource, day) for p, _ in parts for day in range(p.window.start // DAY, p.window.end // DAY)}
    assert covered == set(days)
    assert sorted((p.resource, slot.start) for p, _ in parts for slot in p.slots) == sorted(
        (resource, day * DAY + 3600) for resource, day in days
    )
    assert all(p.window.end - p.window.start <= LONGEST for p, _ in parts)
    assert len(parts) <= len(windows)


def test_sixty_days_of_two_vets_are_two_requests() -> None:
    windows = tuple(part(resource, day) for day in range(60) for resource in ("anna", "ben"))
    assert [count for _, count in joined(windows)] == [60, 60]


def offer(side: Any, revision: int, *windows: OfferWindow, clinic: Clinic | None = None) -> Offer:
    return Offer(clinic=public(clinic or side.clinic), revision=revision, windows=windows)


def test_the_portal_offers_exactly_the_starts(side: Any) -> None:
    today = side.start
    starts = [today + 300, today + 2400]
    side.provider.export_availability(offer=offer(side, 1, part("anna", 0, *starts, at=today)))
    assert not side.refused("anna", starts[1])
    assert side.refused("anna", starts[0] + 60)
    side.provider.export_availability(offer=offer(side, 2, part("anna", 0, at=today)))
    assert side.refused("anna", starts[1])


def test_settings_come_first_and_say_nothing_twice(side: Any) -> None:
    window = part("anna", 0, at=side.start)
    for revision in (1, 2):
        side.provider.export_availability(offer=offer(side, revision, window))
    site = side.read(f"/v1/sites/{SITE}")
    assert (site["name"], site["time_zone"], site["revision"]) == (side.clinic.name, "Europe/Berlin", 2)
    types = side.read(f"/v1/sites/{SITE}/appointment-types")["items"]
    assert [(kind["id"], kind["calendars"], kind["revision"]) for kind in types] == [("checkup", ["anna", "ben"], 1)]


def test_a_second_bridge_life_writes_no_new_revision(connect: Callable[..., Any]) -> None:
    for revision in (1, 2):
        side = connect()
        side.provider.export_availability(offer=offer(side, revision, part("anna", 0, at=side.start)))
    assert side.read(f"/v1/sites/{SITE}")["revision"] == 2


def test_a_changed_clinic_is_told_again(side: Any) -> None:
    window = part("anna", 0, at=side.start)
    side.provider.export_availability(offer=offer(side, 1, window))
    renamed = replace(side.clinic, name="Tierklinik")
    side.provider.export_availability(offer=offer(side, 2, window, clinic=renamed))
    assert side.read(f"/v1/sites/{SITE}")["name"] == "Tierklinik"


def test_a_window_the_portal_has_newer_is_rejected_and_the_others_go_on(side: Any) -> None:
    first, second = part("anna", 0, at=side.start), part("ben", 0, at=side.start)
    side.provider.export_availability(offer=offer(side, 9, first))
    receipt = side.provider.export_availability(offer=offer(side, 8, first, second))
    assert receipt.accepted == 1
    (sentence,) = receipt.rejected
    assert "anna" in sentence


def test_the_settings_of_the_rules(clinic: Callable[..., Clinic]) -> None:
    given_rules = {"client_cancel_cutoff": DAY, "client_move_cutoff": 60, "hold_ttl": 120, "late_confirm": "refuse"}
    told = dict(documents(clinic(show_resource=False, one_patient_per_booking=True, **given_rules), READER))
    assert told[()]["settings"] == {
        "client_cancel_cutoff_s": DAY,
        "client_move_cutoff_s": 60,
        "hold_ttl_s": 120,
        "show_resource": False,
        "show_duration": True,
        "late_confirm": "refuse",
        "one_patient": True,
    }


def test_a_service_that_is_not_online_has_no_calendar(clinic: Callable[..., Clinic]) -> None:
    made = clinic(booking_mode="request")
    services = {key: replace(service, online=False, clients="known") for key, service in made.services.items()}
    told = dict(documents(public(replace(made, services=services)), READER))["appointment-types", "checkup"]
    assert (told["calendars"], told["client_type"], told["mode"]) == ([], "existing", "request")
