"""The pack as a practice uses it: its preset by name, its slots, its words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from calbridge.facts import Facts
from calbridge.interval import Interval
from calbridge.model import Clinic
from calbridge.plugins import load_plugins
from calbridge.settings import load
from calbridge.testing.listing import at, shown

PRESET = {
    "availability": "opening_hours",
    "lead_time": "PT0H",
    "horizon_days": 90,
    "grid_minutes": 15,
    "booking_mode": "request",
    "hold_ttl": "PT5M",
    "client_match": "propose",
    "on_ambiguous": "ask",
    "on_unmatched": "ask",
    "one_patient_per_booking": False,
    "reschedule_scope": "online",
    "publish": "all",
    "decline_reason_visible": True,
}
"""The column of the vendor in the booking rules' table of presets."""
PRACTICE = """
[clinics.praxis]
name = "Praxis für Physiotherapie"
time_zone = "Europe/Vienna"
preset = "smarttherapy"
online = true
opening_hours = { thu = ["13:00-15:00"] }
[clinics.praxis.resources.eva]
name = "Eva Lang"
online = true
[clinics.praxis.services.massage]
name = "Heilmassage"
minutes = 45
online = true
resources = ["eva"]
"""
THURSDAY = date(2026, 11, 26)


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    path = tmp_path / "calbridge.toml"
    path.write_text(PRACTICE, encoding="utf-8")
    return load(path, {}, load_plugins()).clinics["praxis"].clinic


def test_the_preset_is_the_contracts() -> None:
    assert load_plugins().presets["smarttherapy"] == PRESET


def test_a_practice_gets_the_slots_of_its_vendor(clinic: Clinic) -> None:
    """No notice is asked for: at 13:10 the next quarter is still offered."""
    now = Facts(now=at(clinic, "2026-11-26 13:10"))
    assert shown(clinic, now, "massage", THURSDAY) == [
        f"{start} eva" for start in ("13:15", "13:30", "13:45", "14:00", "14:15")
    ]
    assert shown(clinic, now, "massage", date(2026, 11, 27)) == []
    assert len(shown(clinic, now, "massage", date(2027, 2, 18))) == 6
    assert shown(clinic, now, "massage", date(2027, 2, 25)) == []  # the 91st day


def test_a_request_takes_its_time_until_it_is_decided(clinic: Clinic) -> None:
    requested = Interval(at(clinic, "2026-11-26 13:45"), at(clinic, "2026-11-26 14:15"))
    facts = Facts(now=at(clinic, "2026-11-25 08:00"), taken={"eva": (requested,)})
    assert shown(clinic, facts, "massage", THURSDAY) == ["13:00 eva", "14:15 eva"]
    assert clinic.rules.booking_mode == "request"
    assert clinic.rules.decline_reason_visible


def test_the_vendors_words_are_in_the_glossary() -> None:
    (words,) = [each.words for each in load_plugins().brought.words if each.vendor == "smartTherapy"]
    assert (words["service"], words["title"]) == ("Leistung", "Betreff")
