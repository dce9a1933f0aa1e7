"""A refusal that could not be told at once names what is free when it is told: on the whole engine, whatever broke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from small_clinic import SmallClinic, clinic

from calbridge.model import Details, State
from calbridge.testing.faults import Crash, Fault, Faulty
from calbridge.testing.memory_portal import Booking, PortalModel
from calbridge.testing.portal_provider import MemoryPortal


class NextWrite:
    """Does this to the portal's next write, once."""

    fault: Fault | None = None

    def __call__(self, hook: str) -> Fault | None:
        if hook != "propagate_change" or self.fault is None:
            return None
        fault, self.fault = self.fault, None
        return fault


class Place(SmallClinic):
    """A clinic with two portals; what goes to the first may fail."""

    roles: ClassVar[Mapping[str, str]] = {"other": "portal"}
    after = 60

    def __init__(self) -> None:
        super().__init__(clinic(grid_minutes=30))
        self.other, self.next = PortalModel(self.clock), NextWrite()
        self.cycle()
        self.starts = sorted(self.offered())

    def connected(self) -> dict[str, Any]:
        sides = super().connected()
        return sides | {"portal": Faulty(sides["portal"], self.next), "other": MemoryPortal(self.other)}

    def broken(self, fault: Fault) -> None:
        """A cycle in which the portal's first write meets this; it may kill the process."""
        self.next.fault = fault
        try:
            self.cycle()
        except Crash:
            return
        finally:
            assert self.next.fault is None, "the portal was told nothing"

    def book_at(self, portal: PortalModel, start: int) -> str:
        return portal.confirm(portal.select("anna", "checkup", start), Details(last_name="Voss"))


def booked(place: Place) -> str:
    """Whose time is taken by the telephone before the bridge has heard of her."""
    ref = place.book_at(place.portal, place.starts[0])
    place.phone(place.starts[0])
    return ref


def held(place: Place) -> str:
    ref = place.portal.select("anna", "checkup", place.starts[0])
    place.phone(place.starts[0])
    return ref


def moved(place: Place) -> str:
    """Who moves a booking that she has to a time that is taken."""
    ref = place.book_at(place.portal, place.starts[-1])
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
        place.book_at(place.other, first.start)
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
