"""The pack as a practice uses it: its preset by name, its slots, its words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from calbridge.facts import Facts
from calbridge.model import Clinic
from calbridge.plugins import load_plugins
from calbridge.settings import ConfigErrors, load
from calbridge.slots import Candidate, decide
from calbridge.testing.listing import at, shown
from calbridge.testing.rules import broken_promises

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
"""The column of the vendor's pair in the booking rules' table of presets; the vendor's own rule comes on top."""
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
    return read(tmp_path, PRACTICE)


def read(tmp_path: Path, text: str) -> Clinic:
    path = tmp_path / "calbridge.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, {}, load_plugins()).clinics["praxis"].clinic


def test_the_preset_is_the_contracts() -> None:
    assert load_plugins().presets["smartvo-praxxme"] == {**PRESET, "extra": {"window_too_short": True}}


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


MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("settings", "starts"),
    [
        ("minimum = 'PT1H'", ["09:00", "09:15"]),  # the window is exactly as long
        ("minimum = 'PT61M'", []),
        ("services = { ergo = 'PT61M' }", []),
        ("services = { ergo = 'PT1H' }\nminimum = 'PT2H'", ["09:00", "09:15"]),  # the service's own goes first
        ("minimum = 'PT10M'", ["09:00", "09:15"]),
    ],
)
def test_a_window_has_the_least_length_of_its_offers(tmp_path: Path, settings: str, starts: list[str]) -> None:
    clinic = read(tmp_path, f"{PRACTICE}[clinics.praxis.rules.extra.window_too_short]\n{settings}\n")
    now = Facts(now=at(clinic, "2026-11-20 12:00"))
    assert shown(clinic, now, "ergo", MONDAY) == [f"{start} jana" for start in starts]
    moved = shown(clinic, now, "ergo", MONDAY, scope="reschedule", client="known")
    assert len(moved) == 6  # a known client moves in the opening hours, whatever the windows


def test_what_is_refused_says_by_which_window(tmp_path: Path) -> None:
    clinic = read(tmp_path, f"{PRACTICE}[clinics.praxis.rules.extra.window_too_short]\nminimum = 'PT2H'\n")
    wanted = Candidate(service="ergo", resource="jana", start=at(clinic, "2026-11-30 09:15"))
    decision = decide(clinic, Facts(now=at(clinic, "2026-11-20 12:00")), wanted)
    (verdict,) = [each for each in decision.verdicts if not each.ok]
    assert (decision.code, dict(verdict.facts)) == ("window_too_short", {"minutes": 60, "needed": 120})


@pytest.mark.parametrize("settings", ["minimum = 'PT2H'", "services = { ergo = 'PT1H' }", ""])
def test_the_rule_keeps_its_promises(tmp_path: Path, settings: str) -> None:
    clinic = read(tmp_path, f"{PRACTICE}[clinics.praxis.rules.extra.window_too_short]\n{settings}\n")
    (rule,) = clinic.extra
    assert broken_promises(rule, clinic) == []


def test_the_practice_may_turn_the_rule_off(tmp_path: Path) -> None:
    clinic = read(tmp_path, f"{PRACTICE}[clinics.praxis.rules.extra]\nwindow_too_short = false\n")
    assert clinic.extra == ()


def test_a_length_for_an_unknown_service_is_refused(tmp_path: Path) -> None:
    text = f"{PRACTICE}[clinics.praxis.rules.extra.window_too_short]\nservices = {{ ergoo = 'PT1H' }}\n"
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, text)
    assert str(caught.value) == (
        "calbridge.toml, line 22: clinic praxis: rules extra window_too_short services ergoo is wrong: "
        'there is no service "ergoo"; did you mean "ergo"?'
    )


def test_the_vendors_words_are_in_the_glossary() -> None:
    (words,) = [each.words for each in load_plugins().brought.words if each.vendor == "SmartVO + Praxx.me"]
    assert (words["window"], words["resource"]) == ("Onlinebuchung", "Therapeut")
