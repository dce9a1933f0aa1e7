"""The preset `animana-vetstoria` as a clinic uses it: by name, with its slots and its words."""

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
    "availability": "windows",
    "without_windows": "opening_hours",
    "lead_time": "PT0H",
    "horizon_days": 90,
    "grid_minutes": 15,
    "booking_mode": "instant",
    "hold_ttl": "PT5M",
    "client_match": "unique",
    "patient_match": "name",
    "on_ambiguous": "book_unlinked",
    "on_unmatched": "book_unlinked",
    "one_patient_per_booking": False,
    "reschedule_scope": "online",
    "publish": "all",
}
"""The column of the vendor's pair in the booking rules' table of presets."""
CLINIC = """
[clinics.hafen]
name = "Tierarztpraxis am Hafen"
time_zone = "Europe/Berlin"
preset = "animana-vetstoria"
online = true
opening_hours = { mon = ["09:00-10:30"] }
[clinics.hafen.resources.anna]
name = "Dr. Anna Sommer"
online = true
week = [{ days = ["mon"], windows = ["09:30-10:00"] }]
[clinics.hafen.resources.op]
name = "OP-Raum"
kind = "room"
online = true
[clinics.hafen.services.checkup]
name = "Check-up"
minutes = 30
online = true
resources = ["anna", "op"]
"""


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    path = tmp_path / "calbridge.toml"
    path.write_text(CLINIC, encoding="utf-8")
    return load(path, {}, load_plugins()).clinics["hafen"].clinic


def test_the_preset_is_the_contracts() -> None:
    assert load_plugins().presets["animana-vetstoria"] == PRESET


def test_without_a_diary_book_every_opening_hour_is_offered(clinic: Clinic) -> None:
    shown_on_monday = shown(clinic, Facts(now=at(clinic, "2026-11-23 08:00")), "checkup", date(2026, 11, 23))
    assert shown_on_monday == ["09:00 op", "09:15 op", "09:30 anna", "09:30 op", "09:45 op", "10:00 op"]


def test_the_number_of_times_is_the_accounts_to_set(tmp_path: Path) -> None:
    path = tmp_path / "calbridge.toml"
    path.write_text(f"{CLINIC}[clinics.hafen.rules]\nslots_per_hour = 1\n", encoding="utf-8")
    clinic = load(path, {}, load_plugins()).clinics["hafen"].clinic
    listed = shown(clinic, Facts(now=at(clinic, "2026-11-23 08:00")), "checkup", date(2026, 11, 23))
    assert listed == ["09:00 op", "09:30 anna", "10:00 op"]


def test_the_vendors_words_are_in_the_glossary() -> None:
    (words,) = [each.words for each in load_plugins().brought.words if each.vendor == "Animana + Vetstoria"]
    assert (words["hold"], words["service"]) == ("reserviert", "Terminart")
