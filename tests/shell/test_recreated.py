"""A visit that staff deletes in the PMS and enters anew, through the whole engine: when which side is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from small_clinic import HOUR, SmallClinic, clinic

from calbridge.daemon import next_due
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import ClientRecord, Feed, PatientRecord
from calbridge.testing.memory_pms import MemoryPms

RECORD = ClientRecord(
    id="c1",
    first_name="Mara",
    last_name="Voss",
    emails=("mara@example.org",),
    patients=(PatientRecord(id="p1", name="Bo"),),
)
WAIT = 120


class ListedPms(MemoryPms):
    """A PMS without a list of changes: every read is one of everything."""

    @hookimpl
    def import_schedule(self, cursor: str, window: Interval, known: Mapping[str, str]) -> Feed[Any]:
        feed: Feed[Any] = super().import_schedule("", window, known)
        return feed


class Desk(SmallClinic):
    """Mara's booking, which stands on all sides; the bridge reads once a minute."""

    after = 60

    def __init__(self, pms: type[MemoryPms]) -> None:
        super().__init__(clinic(), clients=[RECORD])
        self.sides["pms"] = pms(self.pms)
        self.cycle()
        self.ref = self.book()
        self.cycle()
        (self.visit,) = self.pms.live()
        self.start, self.key = self.visit.start, self.booking().id
        self.before = self.told()

    def enter(self, start: int) -> str:
        """Reception types the same visit in once more; nothing of the bridge is in it."""
        same = {name: getattr(self.visit, name) for name in ("service", "title", "note", "client", "patient")}
        return self.phone(start, **same)

    def told(self) -> Counter[str]:
        return Counter({kind: n for (_, kind, _), n in self.portal.messages.items()})

    def heard(self) -> dict[str, int]:
        """What she was told since."""
        return dict(self.told() - self.before)


@pytest.fixture(params=[MemoryPms, ListedPms], ids=["a list of changes", "full reads"])
def desk(request: pytest.FixtureRequest) -> Desk:
    return Desk(request.param)


@pytest.mark.parametrize("later", [0, HOUR], ids=["as it was", "moved"])
@pytest.mark.parametrize("reads", [0, 1], ids=["in one read", "a read between"])
def test_deleted_and_entered_anew_it_is_still_her_booking(desk: Desk, later: int, reads: int) -> None:
    desk.pms.delete(desk.visit.ref)
    for _ in range(reads):
        desk.cycle()
    new = desk.enter(desk.start + later)
    desk.cycle(2)
    booking, shown = desk.booking(), desk.portal.get(desk.ref)
    assert (booking.id, booking.state, booking.start) == (desk.key, State.CONFIRMED, desk.start + later)
    assert (shown.state, shown.start) == (State.CONFIRMED, desk.start + later)
    assert [(event.start, event.end) for event in desk.calendar.stamped()] == [(booking.start, booking.end)]
    assert [visit.ref for visit in desk.pms.live()] == [new]
    assert desk.heard() == ({"moved": 1} if later else {})
    assert len(desk.store.appointments(desk.clinic.key)) == 1
    writes = desk.writes()
    desk.cycle(3)
    assert desk.writes() == writes
    assert desk.store.tasks(desk.clinic.key) == []


def test_one_that_is_not_entered_anew_is_cancelled_and_its_time_offered_when_the_wait_is_over(desk: Desk) -> None:
    desk.pms.delete(desk.visit.ref)
    desk.cycle()
    seen = desk.clock.now()
    assert (desk.booking().state, desk.heard()) == (State.CONFIRMED, {})
    assert desk.start not in desk.offered()
    assert next_due(desk.store, desk.clinic.key, seen) == seen + WAIT
    desk.cycle()
    assert desk.booking().state is State.CONFIRMED
    desk.cycle()
    assert desk.clock.now() == seen + WAIT
    assert desk.booking().state is State.CANCELLED
    assert (desk.portal.get(desk.ref).state, desk.heard()) == (State.CANCELLED, {"cancelled": 1})
    assert desk.start in desk.offered()
    assert list(desk.calendar.stamped()) == []
    assert next_due(desk.store, desk.clinic.key, desk.clock.now()) is None


def test_what_the_pms_says_is_cancelled_is_told_at_the_next_read_and_stays_cancelled(desk: Desk) -> None:
    desk.pms.cancel(desk.visit.ref)
    desk.cycle()
    assert (desk.booking().state, desk.heard()) == (State.CANCELLED, {"cancelled": 1})
    desk.enter(desk.start)
    desk.cycle(2)
    found = {each.id: each.state for each in desk.store.appointments(desk.clinic.key)}
    assert found.pop(desk.key) is State.CANCELLED
    assert list(found.values()) == [State.CONFIRMED]
    assert desk.heard() == {"cancelled": 1}


def test_whoever_gets_the_deleted_ones_time_has_it_at_once(desk: Desk) -> None:
    desk.pms.delete(desk.visit.ref)
    desk.cycle()
    desk.phone(desk.start, title="somebody else")
    desk.cycle()
    assert (desk.booking().state, desk.heard()) == (State.CANCELLED, {"cancelled": 1})
    assert desk.store.tasks(desk.clinic.key) == []


def test_it_is_waited_for_until_the_pms_was_read_again_however_long_that_takes(desk: Desk) -> None:
    """The bridge was down in between: the wait is over, but nobody has looked."""
    desk.pms.delete(desk.visit.ref)
    desk.cycle()
    desk.clock.advance(HOUR)
    new = desk.enter(desk.start)
    desk.cycle()
    assert (desk.booking().state, [visit.ref for visit in desk.pms.live()]) == (State.CONFIRMED, [new])
    assert desk.heard() == {}
