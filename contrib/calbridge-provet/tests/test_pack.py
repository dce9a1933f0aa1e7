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
from calbridge.testing.rules import broken_promises

PRESET = {
    "availability": "windows",
    "without_windows": "closed",
    "lead_time": "PT2H",
    "horizon_days": 90,
    "grid_minutes": 15,
    "booking_mode": "instant",
    "hold_ttl": "PT5M",
    "client_match": "strict",
    "patient_match": "name_species",
    "on_ambiguous": "book_unlinked",
    "on_unmatched": "book_unlinked",
    "one_patient_per_booking": True,
    "reschedule_scope": "online",
    "publish": "all",
}
"""The column of the vendor in the booking rules' table of presets."""
CLINIC = """
[clinics.satama]
name = "Eläinklinikka Satama"
time_zone = "Europe/Helsinki"
preset = "provet"
online = true
opening_hours = { mon = ["08:00-16:00"] }
[clinics.satama.rules]
grid_minutes = 30
[clinics.satama.resources.aino]
name = "Aino"
online = true
week = [{ days = ["mon"], windows = ["09:15-11:15"] }]
[clinics.satama.resources.eero]
name = "Eero"
online = true
[clinics.satama.services.rokotus]
name = "Rokotus"
group = "Ennaltaehkäisy"
minutes = 15
online = true
resources = ["aino", "eero"]
species = ["dog"]
"""
MONDAY = date(2026, 11, 23)


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    path = tmp_path / "calbridge.toml"
    path.write_text(CLINIC, encoding="utf-8")
    return load(path, {}, load_plugins()).clinics["satama"].clinic


def test_the_preset_is_the_contracts() -> None:
    assert load_plugins().presets["provet"] == PRESET


def test_a_clinic_gets_the_slots_of_its_vendor(clinic: Clinic) -> None:
    """Half and full hours, two hours of notice, and only who has online shifts."""
    now = Facts(now=at(clinic, "2026-11-23 08:00"))
    assert shown(clinic, now, "rokotus", MONDAY) == ["10:00 aino", "10:30 aino", "11:00 aino"]
    assert shown(clinic, now, "rokotus", date(2026, 11, 30)) == [
        f"{start} aino" for start in ("09:30", "10:00", "10:30", "11:00")
    ]


@pytest.mark.parametrize(("switch", "starts"), [("false", ["09:30", "10:00"]), ("true", ["09:30"])])
def test_shifts_outside_the_opening_hours_are_the_clinics_choice(
    tmp_path: Path, switch: str, starts: list[str]
) -> None:
    """The visit may end exactly when the clinic closes."""
    text = CLINIC.replace("08:00-16:00", "08:00-09:45").replace("09:15-11:15", "09:15-10:15")
    path = tmp_path / "calbridge.toml"
    path.write_text(f"{text}[clinics.satama.rules.extra]\noutside_opening_hours = {switch}\n", encoding="utf-8")
    clinic = load(path, {}, load_plugins()).clinics["satama"].clinic
    listed = shown(clinic, Facts(now=at(clinic, "2026-11-20 08:00")), "rokotus", MONDAY)
    assert listed == [f"{start} aino" for start in starts]


def test_the_rule_keeps_its_promises(tmp_path: Path) -> None:
    path = tmp_path / "calbridge.toml"
    path.write_text(f"{CLINIC}[clinics.satama.rules.extra]\noutside_opening_hours = true\n", encoding="utf-8")
    clinic = load(path, {}, load_plugins()).clinics["satama"].clinic
    (rule,) = clinic.extra
    assert broken_promises(rule, clinic) == []


@pytest.mark.parametrize(("species", "count"), [("dog", 4), ("cat", 0), ("", 0), (None, 4)])
def test_the_reason_says_for_which_species_it_is(clinic: Clinic, species: str | None, count: int) -> None:
    now = Facts(now=at(clinic, "2026-11-23 08:00"))
    assert len(shown(clinic, now, "rokotus", date(2026, 11, 30), species=species)) == count


def test_clients_are_matched_as_the_vendor_does(clinic: Clinic) -> None:
    rules = clinic.rules
    assert (rules.client_match, rules.patient_match, rules.one_patient_per_booking) == ("strict", "name_species", True)


def test_the_vendors_words_are_in_the_glossary() -> None:
    (words,) = [each for each in load_plugins().brought.words if each.vendor == "Provet Cloud"]
    assert (words.language, words.words["service"], words.words["service_group"]) == ("fi", "syy", "syyryhmä")
