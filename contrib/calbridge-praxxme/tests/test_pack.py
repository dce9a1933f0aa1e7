"""The pack as a practice uses it: its preset by name, its slots, its words."""

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
    "without_windows": "closed",
    "lead_time": "PT0H",
    "horizon_days": 60,
    "grid_minutes": 15,
    "booking_mode": "request",
    "hold_ttl": "PT5M",
    "client_match": "unique",
    "patient_match": "name",
    "on_ambiguous": "ask",
    "on_unmatched": "ask",
    "one_patient_per_booking": False,
    "reschedule_scope": "opening_hours",
    "publish": "all",
}
"""The column of the vendor's pair in the booking rules' table of presets."""
PRACTICE = """
[clinics.praxis]
name = "Praxis für Ergotherapie"
time_zone = "Europe/Berlin"
preset = "smartvo-praxxme"
online = true
opening_hours = { mon = ["08:00-10:00"] }
[clinics.praxis.resources.jana]
name = "Jana Berg"
online = true
week = [
  { days = ["mon"], windows = ["09:00-10:00"], weeks = "odd" },
  { days = ["mon"], windows = ["13:00-13:45"], from = 2026-12-01, until = 2026-12-07 },
]
absences = [{ from = 2027-01-04, until = 2027-01-08, reason = "Krank" }]
[clinics.praxis.services.ergo]
name = "Ergotherapie"
minutes = 45
online = true
resources = ["jana"]
"""


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    path = tmp_path / "calbridge.toml"
    path.write_text(PRACTICE, encoding="utf-8")
    return load(path, {}, load_plugins()).clinics["praxis"].clinic


def test_the_preset_is_the_contracts() -> None:
    assert load_plugins().presets["smartvo-praxxme"] == PRESET


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 23), []),  # week 48 is even
        (date(2026, 11, 30), ["09:00 jana", "09:15 jana"]),
        (date(2026, 12, 7), ["13:00 jana"]),  # even, on the last day of the limited plan
        (date(2026, 12, 14), ["09:00 jana", "09:15 jana"]),
        (date(2026, 12, 28), ["09:00 jana", "09:15 jana"]),  # week 53
        (date(2027, 1, 4), []),  # week 1 is odd too, but she is ill
        (date(2027, 1, 18), ["09:00 jana", "09:15 jana"]),
    ],
)
def test_a_practice_gets_the_slots_of_its_vendor(clinic: Clinic, day: date, expected: list[str]) -> None:
    assert shown(clinic, Facts(now=at(clinic, "2026-11-20 12:00")), "ergo", day) == expected


def test_known_clients_move_anywhere_in_the_opening_hours(clinic: Clinic) -> None:
    now, even = Facts(now=at(clinic, "2026-11-20 12:00")), date(2026, 11, 23)
    hours = [f"{start} jana" for start in ("08:00", "08:15", "08:30", "08:45", "09:00", "09:15")]
    assert shown(clinic, now, "ergo", even, scope="reschedule", client="known") == hours
    assert shown(clinic, now, "ergo", even, scope="reschedule", client="new") == []
    assert shown(clinic, now, "ergo", date(2027, 1, 4), scope="reschedule", client="known") == []  # still ill


def test_the_vendors_words_are_in_the_glossary() -> None:
    (words,) = [each.words for each in load_plugins().brought.words if each.vendor == "SmartVO + Praxx.me"]
    assert (words["window"], words["resource"]) == ("Onlinebuchung", "Therapeut")
