"""Holds through the whole engine: exclusive, shown to everybody, without a name, and always over in the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_clinic import HALF, MARA, NOW, Watched, clinic

from calbridge.daemon import next_due
from calbridge.errors import RetryLater
from calbridge.hookspecs import hookimpl
from calbridge.model import State
from calbridge.provider import Change, Receipt
from calbridge.store import Store
from calbridge.store.database import Database
from calbridge.testing.memory_pms import MemoryPms, Visit
from calbridge.testing.memory_portal import Booking


class Place(Watched):
    """One clinic with its database on disk; each `cycle` is a process of its own that starts, works and is gone."""

    def __init__(self, path: Path, *, holds: bool = True) -> None:
        super().__init__(clinic(), database=Database.open(path))
        self.path, self.holds = path, holds
        self.cycle()

    def cycle(self, times: int = 1) -> Any:
        for _ in range(times):
            self.store.close()
            self.store = Store.open(self.path, clock=self.clock)
            self.__dict__.pop("sides", None)
            report = super().cycle()
        return report

    def due(self) -> int | None:
        return next_due(self.store, self.clinic.key, self.clock.now())


@pytest.fixture(params=[True, False], ids=["tentative", "placeholder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "state.db", holds=request.param)
    yield made
    made.store.close()


def visits(place: Place) -> list[Visit]:
    return list(place.pms.live())


def test_a_hold_is_reserved_everywhere_and_names_nobody(place: Place) -> None:
    place.select()
    place.cycle()
    (visit,), (event,) = visits(place), place.calendar.stamped()
    assert visit.status is (State.HELD if place.holds else State.CONFIRMED)
    assert visit.title == event.title == "Reserviert: Check-up"
    assert (visit.client, visit.patient, visit.note, visit.description) == ("", "", "", "")
    assert (event.state, event.note, event.description) == (State.HELD, "", "")
    assert (visit.span, event.span) == (event.span, event.span)


def test_the_reserved_entry_becomes_the_booking_in_place(place: Place) -> None:
    hold = place.select()
    place.cycle()
    (before,) = visits(place)
    ref = place.portal.confirm(hold, MARA)
    place.cycle()
    (visit,) = visits(place)
    assert (visit.ref, visit.status) == (before.ref, State.CONFIRMED)
    assert not visit.title.startswith("Reserviert")
    assert place.portal.get(ref).state is State.CONFIRMED
    writes = place.writes()
    place.cycle(2)
    assert place.writes() == writes


def test_the_client_waits_while_only_the_placeholder_stands_in_the_pms(tmp_path: Path) -> None:
    place = Place(tmp_path / "state.db", holds=False)
    hold = place.select()
    place.cycle()
    broken = MemoryPms.propagate_change
    ref = place.portal.confirm(hold, MARA)
    try:
        MemoryPms.propagate_change = _unreachable  # type: ignore[method-assign, assignment]
        place.cycle(2)
    finally:
        MemoryPms.propagate_change = broken  # type: ignore[method-assign]
    assert place.portal.get(ref).state is State.REQUESTED
    place.clock.advance(3_600)
    place.cycle()
    assert place.portal.get(ref).state is State.CONFIRMED


@hookimpl
def _unreachable(self: Any, change: Change) -> Receipt:
    raise RetryLater("the PMS is down")


def test_a_hold_ends_by_itself_although_the_process_was_killed_and_started_again(place: Place) -> None:
    start = place.first()
    place.select()
    place.cycle()
    assert place.first() > start
    assert place.due() == NOW + 300  # it is in the database: whoever starts next knows when to look
    place.clock.advance(301)
    assert place.due() is None  # overdue: done by the first cycle of the new process
    place.cycle()
    assert visits(place) == []
    assert list(place.calendar.stamped()) == []
    assert {b.state for b in place.portal.bookings.values()} == {State.EXPIRED}
    assert {a.state for a in place.bookings()} == {State.EXPIRED}
    place.cycle()
    assert place.first() == start


def test_a_hold_ends_also_while_its_portal_is_silent(place: Place) -> None:
    place.select()
    place.cycle()
    place.portal.tick = lambda: None  # type: ignore[method-assign]
    place.clock.advance(301)
    place.cycle()
    assert visits(place) == []
    assert list(place.calendar.stamped()) == []


# --- hold by one, phone booking by another (R18) ----------------------------------------------------------


def loser(place: Place, ref: str) -> Booking:
    place.cycle(2)
    found = place.portal.bookings[ref]
    assert found.state.gone
    assert found.reason == "slot_unavailable"
    assert len(found.alternatives) == 3
    taken = [visit.span for visit in visits(place)]
    assert not any(span.start < each.end and each.start < span.end for span in taken for each in found.alternatives)
    return found


def test_the_phone_was_first(place: Place) -> None:
    start = place.first()
    hold = place.select()
    place.phone(start)
    place.cycle()
    loser(place, hold)
    assert [visit.client_ref for visit in visits(place)] == [""]
    assert place.pms.overbooked == set()


def test_the_phone_was_first_in_the_calendar_and_seen_when_read_again(place: Place) -> None:
    start = place.first()
    hold = place.select()
    place.meanwhile["after writing calendar"] = lambda: place.calendar.add("anna", start, start + HALF, "phone")
    place.cycle()
    assert place.meanwhile == {}
    loser(place, hold)
    assert visits(place) == []


def test_the_hold_was_first_and_the_phone_booking_over_it_is_the_clinics_own_doing(place: Place) -> None:
    start = place.first()
    hold = place.select()
    place.cycle()
    place.pms.phone(Visit(ref="", resource="anna", start=start, end=start + HALF), overbook=True)
    ref = place.portal.confirm(hold, MARA)
    place.cycle(2)
    assert place.portal.get(ref).state is State.CONFIRMED
    assert len(visits(place)) == 2


@pytest.mark.parametrize("late", [False, True])
def test_confirmed_after_the_hold_ran_out(place: Place, late: bool) -> None:
    start = place.first()
    hold = place.select()
    place.cycle()
    place.clock.advance(301)
    place.cycle()
    if late:
        place.phone(start)
    ref = place.portal.confirm(hold, MARA)
    place.cycle(2)
    if late:
        loser(place, ref)
    else:
        assert place.portal.get(ref).state is State.CONFIRMED
