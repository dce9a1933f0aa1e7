"""A calendar that the bridge only reads, on the whole engine: whoever stands at a booking's very time there is asked
about, or is its copy and in its history."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from calbridge.engine import Engine
from calbridge.explain.story import told
from calbridge.host import ClinicHost
from calbridge.log import logger
from calbridge.model import Clinic, Details, Resource, Rules, Service, WallWindow
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_pms import MemoryPms, PmsModel
from calbridge.testing.memory_portal import PortalModel
from calbridge.testing.portal_provider import MemoryPortal

NOW = 1_795_413_600  # 2026-11-23 07:00 in Berlin, a Monday
HALF = 1_800
CLINIC = Clinic(
    key="hafen",
    name="Hafen",
    time_zone="Europe/Berlin",
    region="DE",
    online=True,
    opening_hours={day: (WallWindow(start=480, end=720),) for day in range(7)},
    resources={"anna": Resource(key="anna", name="Anna", online=True)},
    services={"checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna",))},
    rules=Rules(availability="opening_hours", horizon_days=2, grid_minutes=30),
)


class Place:
    """A clinic with a PMS, a portal, and a calendar of its own that the bridge cannot write to."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.pms, self.diary, self.portal = PmsModel(self.clock), CalendarModel(self.clock), PortalModel(self.clock)
        self.store = Store.open(":memory:", clock=self.clock)
        diary = MemoryCalendar(self.diary)
        diary.capabilities = replace(diary.capabilities, mirrors=False)
        self.sides: dict[str, tuple[Any, Any]] = {
            "pms": ("pms", MemoryPms(self.pms)),
            "diary": ("calendar", diary),
            "portal": ("portal", MemoryPortal(self.portal)),
        }
        self.cycle()
        self.starts = sorted(start for _, start in self.portal.offers["anna"])

    def cycle(self) -> None:
        self.clock.advance(60)
        Engine(
            store=self.store,
            clinic=CLINIC,
            host=ClinicHost.of(CLINIC, self.sides, threads=False),
            clock=self.clock,
            random=random.Random(1),
            log=logger("error"),
            first_run=dict.fromkeys(self.sides, "apply"),
        ).cycle()

    def book(self, number: int) -> None:
        hold = self.portal.select("anna", "checkup", self.starts[number])
        self.cycle()
        self.portal.confirm(hold, Details(last_name="Voss"))
        self.cycle()

    def enter(self, number: int, text: str) -> None:
        """Staff puts this line into its own calendar, as long as a visit is."""
        start = self.starts[number]
        self.diary.add("anna", start, start + HALF, text)
        self.cycle()

    def tasks(self) -> list[str]:
        return [row.sentence for row in self.store.tasks("hafen") if row.kind == "overbooked" and row.state == "open"]

    def story(self) -> list[tuple[str, str]]:
        """What `explain booking` says of copies, with the connection it stands beside."""
        rows = self.store.journal("hafen")
        return [(r.connection, told(r.code, r.facts)) for r in rows if r.code == "copied"]


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.store.close()


def test_whoever_is_put_over_a_booking_to_the_minute_is_asked_about(place: Place) -> None:
    for number in range(4):
        place.book(number)
    place.enter(2, "Rex")
    (sentence,) = place.tasks()
    assert "entry of diary from 09:00 to 09:30" in sentence
    assert sentence.endswith("may be your own copy of it: then nothing needs to be done.")
    for _ in range(2):
        place.cycle()
    assert place.tasks() == [sentence]
    assert place.story() == []


def test_who_copies_by_hand_is_asked_at_first_and_then_no_more(place: Place) -> None:
    asked = []
    for number in range(4):
        place.book(number)
        place.enter(number, "copy")
        rows = [row for row in place.store.tasks("hafen") if row.kind == "overbooked"]
        asked.append(len(rows))
        for row in rows:
            place.store.dismiss("hafen", row.id)
    assert asked == [1, 1, 0, 0]
    line = ("diary", "An entry of exactly its time there counts as the clinic's own copy of it.")
    assert place.story() == [line, line]
    place.enter(3, "Rex")
    (sentence,) = place.tasks()
    assert "your own copy" not in sentence
