"""A refusal that could not be told at once names what is free when it is told: on the whole engine, whatever broke."""

from __future__ import annotations

import random
from typing import Any

import pytest

from calbridge.engine import Engine
from calbridge.host import ClinicHost
from calbridge.log import logger
from calbridge.model import Clinic, Details, Resource, Rules, Service, State, WallWindow
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.faults import Crash, Fault, Faulty
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_pms import MemoryPms, PmsModel, Visit
from calbridge.testing.memory_portal import Booking, PortalModel
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


class NextWrite:
    """Does this to the portal's next write, once."""

    fault: Fault | None = None

    def __call__(self, hook: str) -> Fault | None:
        if hook != "propagate_change" or self.fault is None:
            return None
        fault, self.fault = self.fault, None
        return fault


class Place:
    """A clinic with two portals; what goes to the first may fail."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.pms, self.calendar = PmsModel(self.clock), CalendarModel(self.clock)
        self.portal, self.other = PortalModel(self.clock), PortalModel(self.clock)
        self.store = Store.open(":memory:", clock=self.clock)
        self.next = NextWrite()
        self.sides: dict[str, tuple[Any, Any]] = {
            "pms": ("pms", MemoryPms(self.pms)),
            "calendar": ("calendar", MemoryCalendar(self.calendar)),
            "portal": ("portal", Faulty(MemoryPortal(self.portal), self.next)),
            "other": ("portal", MemoryPortal(self.other)),
        }
        self.cycle()
        self.starts = sorted(start for _, start in self.portal.offers["anna"])

    def cycle(self) -> None:
        """One cycle of a process that was just started."""
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

    def broken(self, fault: Fault) -> None:
        """A cycle in which the portal's first write meets this; it may kill the process."""
        self.next.fault = fault
        try:
            self.cycle()
        except Crash:
            return
        finally:
            assert self.next.fault is None, "the portal was told nothing"

    def phone(self, start: int) -> None:
        self.pms.phone(Visit(ref="", resource="anna", start=start, end=start + HALF))

    def book(self, portal: PortalModel, start: int) -> str:
        return portal.confirm(portal.select("anna", "checkup", start), Details(last_name="Voss"))


def booked(place: Place) -> str:
    """Whose time is taken by the telephone before the bridge has heard of her."""
    ref = place.book(place.portal, place.starts[0])
    place.phone(place.starts[0])
    return ref


def held(place: Place) -> str:
    ref = place.portal.select("anna", "checkup", place.starts[0])
    place.phone(place.starts[0])
    return ref


def moved(place: Place) -> str:
    """Who moves a booking that she has to a time that is taken."""
    ref = place.book(place.portal, place.starts[-1])
    place.cycle()
    place.portal.move(ref, place.starts[0])
    place.phone(place.starts[0])
    return ref


STORIES = {"booked": booked, "held": held, "moved": moved}


def free(place: Place, told: Booking) -> list[str]:
    """What is wrong with what she was offered."""
    taken = [*place.pms.live(), *place.portal.live(), *place.other.live()]
    wrong = [f"{e.start} is taken" for e in told.alternatives for t in taken if t.start < e.end and e.start < t.end]
    return wrong + ([] if len(told.alternatives) == 3 else [f"{len(told.alternatives)} times"])


@pytest.mark.parametrize("by", ["phone", "portal"])
@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.THROTTLED, Fault.CRASH_BEFORE])
@pytest.mark.parametrize("story", STORIES)
def test_who_is_told_later_is_told_what_is_free_then(story: str, fault: Fault, by: str) -> None:
    place = Place()
    ref = STORIES[story](place)
    place.broken(fault)
    key = next(row.effect.change.appointment for row in place.store.waiting("hafen") if row.connection == "portal")
    (first, *_) = next(each for each in place.store.appointments("hafen") if each.id == key).alternatives
    if by == "phone":
        place.phone(first.start)
    else:
        place.book(place.other, first.start)
    for _ in range(3):
        place.cycle()
    told = place.portal.bookings[ref]
    assert told.reason == "slot_unavailable"
    assert first.start not in {each.start for each in told.alternatives}
    assert free(place, told) == []
    assert place.store.waiting("hafen") == []
    heard = [kind for name, kind, _ in place.portal.messages if name == ref]
    assert heard == {"booked": ["declined"], "moved": ["confirmed", "move_refused"], "held": []}[story]
    assert set(place.portal.messages.values()) <= {1}


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.CRASH_AFTER])
@pytest.mark.parametrize("story", ["booked", "moved"])
def test_who_heard_it_already_does_not_hear_it_again(story: str, fault: Fault) -> None:
    """The answer was lost, not the refusal: it was true when she read it."""
    place = Place()
    ref = STORIES[story](place)
    place.broken(fault)
    heard = place.portal.bookings[ref]
    assert len(heard.alternatives) == 3
    place.phone(heard.alternatives[0].start)
    for _ in range(3):
        place.cycle()
    assert place.portal.bookings[ref].alternatives == heard.alternatives
    assert set(place.portal.messages.values()) == {1}
    assert place.store.waiting("hafen") == []
    state = State.DECLINED if story == "booked" else State.CONFIRMED
    assert place.portal.bookings[ref].state is state
