"""A calendar that the bridge only reads, on the whole engine: whoever stands at a booking's very time there is asked
about, or is its copy and in its history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from small_clinic import HALF, MARA, SmallClinic, clinic

from calbridge.explain.story import told
from calbridge.testing.memory_calendar import MemoryCalendar
from calbridge.testing.memory_pms import MemoryPms
from calbridge.testing.portal_provider import MemoryPortal


class Place(SmallClinic):
    """A clinic with a PMS, a portal, and a calendar of its own that the bridge cannot write to."""

    roles: ClassVar[Mapping[str, str]] = {"diary": "calendar"}
    after = 60

    def __init__(self) -> None:
        super().__init__(clinic(grid_minutes=30))
        self.cycle()
        self.starts = sorted(self.offered())

    def connected(self) -> dict[str, Any]:
        diary = MemoryCalendar(self.calendar)
        diary.capabilities = replace(diary.capabilities, mirrors=False)
        return {"pms": MemoryPms(self.pms), "diary": diary, "portal": MemoryPortal(self.portal)}

    def book_at(self, number: int) -> None:
        hold = self.portal.select("anna", "checkup", self.starts[number])
        self.cycle()
        self.portal.confirm(hold, MARA)
        self.cycle()

    def enter(self, number: int, text: str) -> None:
        """Staff puts this line into its own calendar, as long as a visit is."""
        start = self.starts[number]
        self.calendar.add("anna", start, start + HALF, text)
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
        place.book_at(number)
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
        place.book_at(number)
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
