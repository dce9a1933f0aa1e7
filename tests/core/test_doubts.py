"""What is legal and hardly meant, each with its sentence; and the same clinic, mended, raises no doubt."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from calbridge.doubts import doubts
from calbridge.model import Clinic
from calbridge.settings.build import clinic as build_clinic
from calbridge.settings.sections import ClinicSection
from calbridge.testing.listing import at

BASE = """
name = "Tierarztpraxis am Hafen"
time_zone = "Europe/Berlin"
online = true
[opening_hours]
mon = ["09:00-12:00"]
[rules]
horizon_days = 30
[resources.anna]
name = "Anna"
online = true
week = [{ days = ["mon"], windows = ["09:00-10:00", "11:00-12:00"] }]
[resources.ben]
name = "Ben"
online = true
week = [{ days = ["tue"], windows = ["09:00-09:30"] }]
[resources.room1]
name = "Room 1"
kind = "room"
[services.visit]
name = "Visit"
minutes = 30
online = true
resources = ["anna", "ben"]
[services.surgery]
name = "Surgery"
minutes = 60
online = true
resources = ["anna"]
"""


def merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}
    return above


def clinic_of(text: str) -> Clinic:
    table = merged(tomllib.loads(BASE), tomllib.loads(text))
    return build_clinic("hafen", ClinicSection.model_validate(table))


def told(text: str) -> list[tuple[str, str]]:
    """On a Friday at noon; read every minute."""
    clinic = clinic_of(text)
    return [(each.field, each.text) for each in doubts(clinic, at(clinic, "2026-11-20 12:00"), every=60)]


DOUBTS: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    "no service online": (
        "services.visit.online = false\nservices.surgery.online = false",
        "services.visit.online = true",
        [("services", "none is online: nothing is offered; set online = true at one")],
    ),
    "a service without anybody online": (
        "resources.anna.online = false",
        "resources.anna.online = true",
        [("services.surgery.resources", "is online, but of anna nobody is: nothing of it is offered")],
    ),
    "somebody online whom nobody can book": (
        'resources.room1.online = true\nresources.room1.week = [{ days = ["mon"], windows = ["09:00-12:00"] }]',
        ('resources.room1 = { online = true, week = [{ days = ["mon"], windows = ["09:00-12:00"] }] }\n'
        'services.surgery.resources = ["anna", "room1"]'),
        [("resources.room1.online", "is online, but no online service can be booked with it")],
    ),
    "no windows": (
        "resources.ben.week = []",
        'resources.ben.week = []\nrules.without_windows = "opening_hours"',
        [(
            "resources.ben.week",
            ("has no online window: nothing of it is offered, unless a calendar or the PMS brings windows "
            '(or rules.without_windows = "opening_hours")'),
        )],
    ),
    "windows that working time cuts away": (
        ('resources.ben.week = [{ days = ["tue"], windows = ["09:00-10:00"] },'
        ' { days = ["tue"], windows = ["10:00-12:00"], kind = "work" }]'),
        ('resources.ben.week = [{ days = ["tue"], windows = ["09:00-10:00"] },'
        ' { days = ["tue"], windows = ["09:30-12:00"], kind = "work" }]'),
        [("resources.ben.week", "has no bookable hour up to 2026-12-20: see weeks, from, until, and its working time")],
    ),
    "no windows and no opening hours instead": (
        'resources.ben.week = []\nrules.without_windows = "opening_hours"\nopening_hours.mon = []',
        'resources.ben.week = []\nrules.without_windows = "opening_hours"',
        [("resources.ben.week", "has no online window, and the opening hours that count instead leave none")],
    ),
    "no opening hours": (
        'rules.availability = "opening_hours"\nopening_hours.mon = []',
        'rules.availability = "opening_hours"',
        [("opening_hours", "are empty, and bookable time comes from them: nothing is offered")],
    ),
    "longer than every window": (
        "services.surgery.minutes = 61",
        "services.surgery.minutes = 60",
        [(
            "services.surgery.minutes",
            "is 61, longer than every window of anna (at most 60 minutes): never offered there",
        )],
    ),
    "longer than every window of one": (
        "services.visit.minutes = 31",
        "services.visit.minutes = 30",
        [(
            "services.visit.minutes",
            "is 31, longer than every window of ben (at most 30 minutes): never offered there",
        )],
    ),
    "a plan for no day": (
        ('resources.ben.week = [{ days = ["tue"], windows = ["09:00-09:30"] },'
        ' { days = ["tue"], windows = ["10:00-11:00"], weeks = "odd", from = 2026-11-24, until = 2026-11-30 }]'),
        ('resources.ben.week = [{ days = ["tue"], windows = ["09:00-09:30"] },'
        ' { days = ["tue"], windows = ["10:00-11:00"], weeks = "odd", from = 2026-11-24, until = 2026-12-01 }]'),
        [("resources.ben.week", "entry 2 applies on no day from 2026-11-20 on: see days, weeks, from and until")],
    ),
    "a plan that is over": (
        ('resources.ben.week = [{ days = ["tue"], windows = ["09:00-09:30"] },'
        ' { days = ["fri"], windows = ["10:00-11:00"], until = 2026-11-19 }]'),
        ('resources.ben.week = [{ days = ["tue"], windows = ["09:00-09:30"] },'
        ' { days = ["fri"], windows = ["10:00-11:00"], until = 2026-11-20 }]'),
        [("resources.ben.week", "entry 2 applies on no day from 2026-11-20 on: see days, weeks, from and until")],
    ),
    "an exclusion of everything": (
        'exclusions = [{ days = ["mon", "tue"], windows = ["00:00-24:00"] }]',
        ('exclusions = [{ days = ["mon", "tue"], windows = ["09:00-09:30", "11:15-12:00"] }]\n'
        "services.surgery.minutes = 30\nresources.ben.online = false"),
        [("exclusions", "entry 1 takes every bookable hour of anna, ben up to 2026-12-20")],
    ),
    "an exclusion of all that one has": (
        'exclusions = [{ days = ["tue"], windows = ["09:00-09:30"], resources = ["ben"], services = ["visit"] }]',
        'exclusions = [{ days = ["tue"], windows = ["09:00-09:30"], resources = ["anna"] }]',
        [("exclusions", "entry 1 takes every bookable hour of ben up to 2026-12-20")],
    ),
    "notice beyond the horizon": (
        "rules.lead_days = 31",
        "rules.lead_days = 17",
        [(
            "rules.horizon_days",
            "ends with 2026-12-20, before the shortest notice (lead_time, lead_days) is over: nothing is offered",
        )],
    ),
    "a throttle without effect": (
        "rules.slots_per_hour = 4",
        "rules.slots_per_hour = 3",
        [("rules.slots_per_hour", "is 4 and changes nothing: the grid has only 4 an hour")],
    ),
    "stale between two reads": (
        'rules.max_source_age = "PT1M"',
        'rules.max_source_age = "PT61S"',
        [(
            "rules.max_source_age",
            "is 60 seconds, and the sides are read every 60 (bridge.every): nothing is offered in between",
        )],
    ),
    "a co-resource that is booked herself": (
        'services.visit.requires = [{ any_of = ["ben"] }]',
        'services.visit.requires = [{ any_of = ["ben", "room1"] }]',
        [("services.visit.requires", "entry 1 has nobody left when ben is booked: never offered there")],
    ),
    "a species misspelt": (
        ('services.visit.species = ["rabbit", "dog"]\nservices.surgery.species = ["rabit", "dog"]\n'
        'exclusions = [{ days = ["mon"], windows = ["09:00-09:15"], species = ["rabbit"] }]\n'
        "services.surgery.minutes = 30"),
        ('services.visit.species = ["rabbit", "dog"]\nservices.surgery.species = ["rabbit", "dog"]\n'
        "services.surgery.minutes = 30"),
        [("services.surgery.species", 'names "rabit" and nothing else does; is "rabbit" meant?')],
    ),
    "closed all the time": (
        "closures = [{ from = 2026-11-21, until = 2026-12-31 }]",
        "closures = [{ from = 2026-11-21, until = 2026-12-10 }]",
        [
            (
                f"services.{key}",
                ("is online, but not one start up to 2026-12-20 passes the rules, with nothing booked (mostly closed): "
                '"calbridge explain slot" says why'),
            )
            for key in ("visit", "surgery")
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTS)
def test_a_doubt_is_said_once_and_alone(name: str) -> None:
    odd, _, expected = DOUBTS[name]
    assert told(odd) == expected


@pytest.mark.parametrize("name", DOUBTS)
def test_the_same_clinic_mended_raises_none(name: str) -> None:
    assert told(DOUBTS[name][1]) == []


def test_a_clinic_that_is_not_online_yet_is_judged_as_if_it_were() -> None:
    assert told("online = false") == []
    assert told("online = false\nservices.surgery.minutes = 61") == told("services.surgery.minutes = 61")


def test_several_doubts_come_together() -> None:
    fields = [
        field for field, _ in told("resources.ben.week = []\nservices.surgery.minutes = 90\nrules.slots_per_hour = 9")
    ]
    assert fields == ["resources.ben.week", "services.surgery.minutes", "rules.slots_per_hour"]
