"""The pack as a clinic uses it: its preset by name, its slots, its words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from calbridge.facts import Facts
from calbridge.model import Clinic
from calbridge.plugins import load_plugins
from calbridge.settings import load
from calbridge.testing.listing import at, shown

PRESET = {
    "availability": "opening_hours",
    "lead_time": "PT4H",
    "horizon_days": 60,
    "grid_minutes": 15,
    "booking_mode": "request",
    "hold_ttl": "PT5M",
    "client_match": "email",
    "patient_match": "name",
    "on_ambiguous": "ask",
    "on_unmatched": "create_if_complete",
    "one_patient_per_booking": False,
    "client_cancel_cutoff": "PT24H",
    "client_move_cutoff": "PT24H",
    "reschedule_scope": "online",
    "reminders": ["PT25H", "PT1H"],
    "publish": "marked",
    "publish_categories": ["around.pet"],
}
"""The column of the vendor's pair in the booking rules' table of presets."""
PRACTICE = """
[clinics.hafen]
name = "Tierarztpraxis am Hafen"
time_zone = "Europe/Berlin"
preset = "debevet-aroundpet"
online = true
opening_hours = { mon = ["10:00-12:00", "14:00-15:00"], thu = ["10:00-11:00"] }
closures = [{ from = 2026-12-24, until = 2027-01-01, reason = "Betriebsurlaub" }]
[clinics.hafen.resources.anna]
name = "Dr. Anna Sommer"
online = true
week = [{ days = ["tue"], windows = ["09:00-12:00"] }]
[clinics.hafen.services.checkup]
name = "Check-up"
minutes = 30
online = true
resources = ["anna"]
"""


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    path = tmp_path / "calbridge.toml"
    path.write_text(PRACTICE, encoding="utf-8")
    return load(path, {}, load_plugins()).clinics["hafen"].clinic


def test_the_preset_is_the_contracts() -> None:
    assert load_plugins().presets["debevet-aroundpet"] == PRESET


HOUR = ["10:00 anna", "10:15 anna", "10:30 anna"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 23), ["11:00 anna", "11:15 anna", "11:30 anna", "14:00 anna", "14:15 anna", "14:30 anna"]),
        (date(2026, 11, 24), []),  # an empty weekday, whatever the plan of the resource says
        (date(2026, 11, 26), HOUR),
        (date(2026, 12, 24), []),  # Betriebsurlaub
        (date(2026, 12, 31), []),
        (date(2027, 1, 7), HOUR),
        (date(2027, 1, 21), HOUR),  # the 59th day
        (date(2027, 1, 25), []),  # the 63rd
    ],
)
def test_a_clinic_gets_the_slots_of_its_vendor(clinic: Clinic, day: date, expected: list[str]) -> None:
    """On a Monday at 7:00, so that four hours of notice end at 11:00."""
    now = Facts(now=at(clinic, "2026-11-23 07:00"))
    assert shown(clinic, now, "checkup", day) == expected


def test_bookings_are_requests_with_the_vendors_cutoff(clinic: Clinic) -> None:
    rules = clinic.rules
    assert (rules.booking_mode, rules.client_cancel_cutoff, rules.client_move_cutoff) == ("request", 86_400, 86_400)
    assert rules.reminders == (90_000, 3_600)


def test_the_vendors_words_are_in_the_glossary() -> None:
    (words,) = [each.words for each in load_plugins().brought.words if each.vendor == "debevet + around.pet"]
    assert (words["closure"], words["lead_time"], words["request"]) == (
        "Betriebsurlaub",
        "Vorlaufzeit",
        "Terminanfrage",
    )
