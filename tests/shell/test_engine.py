"""The engine over in-memory sides: what a crash, an overtaken cycle or a stubborn side leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from small_clinic import HALF, NOW, SmallClinic, clinic

from calbridge.engine.pull import pull
from calbridge.errors import RetryLater
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.model import Authority, Details, State
from calbridge.provider import Change, Entry, ExportReceipt, Offer, Receipt
from calbridge.store import Store
from calbridge.store.errors import Fenced
from calbridge.testing.faults import Crash
from calbridge.testing.memory_calendar import MemoryCalendar
from calbridge.testing.memory_pms import MemoryPms
from calbridge.testing.portal_provider import MemoryPortal


class Place(SmallClinic):
    """A clinic where one side may be of another kind."""

    def __init__(
        self, *, pms: type[MemoryPms] = MemoryPms, portal: type[MemoryPortal] = MemoryPortal, **rules: Any
    ) -> None:
        super().__init__(clinic(**rules))
        self.sides |= {"pms": pms(self.pms), "portal": portal(self.portal)}


class DyingPortal(MemoryPortal):
    """The process dies just after the portal took an offer, once."""

    alive = True

    @hookimpl
    def export_availability(self, offer: Offer) -> ExportReceipt:
        receipt = super().export_availability(offer)
        if not self.alive:
            self.alive = True
            raise Crash
        return receipt


def test_an_offer_whose_answer_was_lost_is_made_again_even_where_everything_is_as_before() -> None:
    place = Place(portal=DyingPortal)
    place.engine().cycle()
    before = place.offered()
    ref = place.phone(min(before) + 7_200)
    place.sides["portal"].alive = False
    with pytest.raises(Crash):
        place.engine().cycle()
    assert place.offered() != before
    place.pms.cancel(ref)
    place.engine().cycle()
    assert place.offered() == before


def test_an_overtaken_cycle_offers_nothing() -> None:
    place = Place()
    place.engine().cycle()
    before = place.offered()
    place.phone(min(before) + 7_200)
    slow = place.engine()
    numbered = place.store.next_revision

    def overtaken(clinic: str) -> int:
        place.store.next_revision = numbered  # type: ignore[method-assign]
        place.store.begin_cycle(clinic)
        return numbered(clinic)

    place.store.next_revision = overtaken  # type: ignore[method-assign]
    with pytest.raises(Fenced):
        slow.cycle()
    assert place.offered() == before


class StubbornPms(MemoryPms):
    """It takes no second appointment at one time, whoever wants it."""

    calls = 0

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        StubbornPms.calls += 1
        return super().propagate_change(replace(change, overbook=False))


def test_an_overbooking_that_a_side_never_takes_is_asked_once_and_becomes_a_task() -> None:
    place = Place(pms=StubbornPms)
    place.engine().cycle()
    start = min(place.offered()) + 3_600
    place.phone(start)
    place.phone(start + HALF)
    place.engine().cycle()
    (dragged,) = [event for event in place.calendar.stamped() if event.start == start]
    place.calendar.drag(dragged.ref, start + HALF)
    StubbornPms.calls = 0
    for _ in range(3):
        place.engine().cycle()
        place.clock.advance(60)
    assert StubbornPms.calls == 1
    assert "write" in {task.kind for task in place.store.tasks("hafen")}


@pytest.mark.parametrize("ended", [State.CANCELLED, State.NO_SHOW])
@pytest.mark.parametrize("days", [1, 30])
def test_an_old_record_that_reception_gives_a_new_date_is_a_new_appointment(ended: State, days: int) -> None:
    """Ended a month ago it is not loaded any more: the new one took its id, and the old visit was overwritten."""
    place = Place()
    place.engine().cycle()
    start = min(place.offered()) + 3_600
    place.portal.confirm(place.portal.select("anna", "checkup", start), Details(last_name="Voss"))
    place.engine().cycle()
    (visit,) = place.pms.visits.values()
    place.clock.advance(start - place.clock.now() if ended is State.NO_SHOW else 0)
    place.pms.set_status(visit.ref, ended)
    place.engine().cycle()
    (old,) = place.store.appointments("hafen")
    place.clock.advance(days * 86_400)
    again = start + (days + 2) * 86_400
    place.pms.book_again(visit.ref, again)
    place.engine().cycle()
    place.engine().cycle()
    assert place.store.appointment("hafen", old.id) == old
    (fresh,) = place.store.appointments("hafen", states={State.CONFIRMED})
    assert (fresh.start, fresh.source) == (again, "pms")
    assert place.pms.visits[visit.ref].start == again
    assert [event.start for event in place.calendar.stamped() if event.start > place.clock.now()] == [again]


class SilentPms(MemoryPms):
    """While it is silent its answers are lost, and with them what it was told."""

    silent = False

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        if self.silent:
            raise RetryLater("it does not answer")
        return super().propagate_change(change)


def test_a_refusal_that_comes_late_is_of_the_time_that_was_asked_for() -> None:
    """Held against the time that its client wants by now, it would put her back to where she was first."""
    place = Place(pms=SilentPms)
    place.engine().cycle()
    first, asked, wanted = sorted(place.offered())[:6:2]
    ref = place.portal.confirm(place.portal.select("anna", "checkup", first), Details(last_name="Voss"))
    place.engine().cycle()
    place.portal.move(ref, asked)
    place.sides["pms"].silent = True
    assert set(place.engine().cycle().failures) == {"pms"}
    place.phone(asked)  # reception cannot know
    place.portal.move(ref, wanted)
    place.engine().cycle()
    place.sides["pms"].silent = False
    report = place.engine().cycle(at_once=True)
    assert report.codes["write_conflict"] == 1
    place.clock.advance(60)
    place.engine().cycle()
    (visit,) = (visit for visit in place.pms.live() if visit.client_ref)
    shown = place.portal.get(ref)
    assert (visit.start, shown.start, shown.state, shown.reason) == (wanted, wanted, State.CONFIRMED, "")
    assert {task.kind for task in place.store.tasks("hafen")} == {"link"}
    assert place.pms.overbooked == set()


class FinalPms(MemoryPms):
    """What is cancelled there never comes back, and an attempt is answered with what stands there."""

    calls = 0

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        shown = self._look(change.ref)
        if isinstance(shown, Entry) and shown.view.state.gone:
            FinalPms.calls += 1
            return Receipt(outcome="moved", entry=shown)
        return super().propagate_change(change)


def test_a_side_that_says_moved_of_what_nobody_moved_is_asked_once_more_and_becomes_a_task() -> None:
    place = Place(pms=FinalPms, authority=Authority(cancel="calendar"))
    place.engine().cycle()
    ref = place.phone(min(place.offered()) + 3_600)
    place.engine().cycle()
    place.pms.cancel(ref)
    FinalPms.calls = 0
    for _ in range(3):
        place.engine().cycle()
        place.clock.advance(60)
    assert FinalPms.calls == 2
    assert "write" in {task.kind for task in place.store.tasks("hafen")}
    assert [each.state for each in place.store.appointments("hafen")] == [State.CONFIRMED]


class TakenAwayAtOnce(MemoryCalendar):
    """Staff delete the first new entry before it is read back; no list of changes ever shows it."""

    taken = False

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        if change.ref or self.taken:
            return super().propagate_change(change)
        self.taken = True
        return Receipt(outcome="moved", gone="anna/at-once")


@pytest.mark.parametrize(("mode", "state"), [("request", State.DECLINED), ("instant", State.CANCELLED)])
@pytest.mark.parametrize("full", [True, False], ids=["read in full", "read what changed"])
def test_what_staff_take_away_as_soon_as_it_is_written_is_not_made_anew(mode: Any, state: State, full: bool) -> None:
    place = Place(booking_mode=mode)
    place.sides["calendar"] = TakenAwayAtOnce(place.calendar)
    place.engine().cycle()
    ref = place.portal.confirm(place.portal.select("anna", "checkup", max(place.offered())), Details(last_name="X"))
    if full:
        place.clock.advance(86_400)
    place.engine().cycle()
    place.clock.advance(1)
    place.engine().cycle()
    (booking,) = place.store.appointments("hafen")
    assert (booking.state, place.portal.bookings[ref].state) == (state, State.DECLINED)  # she never had it
    assert place.calendar.events == {}
    assert list(place.pms.live()) == []
    assert place.store.tasks("hafen") == []


def test_what_was_only_meant_is_not_written_before_the_sides_are_read_again() -> None:
    place = Place()
    place.engine().cycle()
    start = min(place.offered()) + 3_600
    ref = place.portal.confirm(place.portal.select("anna", "checkup", start), Details(last_name="Voss"))
    marked = place.store.mark_sent

    def dying(*args: Any, **options: Any) -> None:
        raise Crash

    place.store.mark_sent = dying  # type: ignore[method-assign]
    with pytest.raises(Crash):
        place.engine().cycle()
    place.store.mark_sent = marked  # type: ignore[method-assign]
    place.portal.cancel(ref)
    place.engine().cycle()
    assert place.pms.writes == 0


def test_an_approved_connection_is_read_in_full_so_that_what_it_held_is_taken_in() -> None:
    place = Place()
    place.phone(NOW + 7_200)
    only_plan = {"calendar": "apply", "portal": "apply"}
    place.engine(**only_plan).cycle()
    place.engine(**only_plan).cycle()
    assert place.store.appointments("hafen") == []
    place.store.approve("hafen", "pms")
    place.engine(**only_plan).cycle()
    assert [a.state for a in place.store.appointments("hafen")] == [State.CONFIRMED]


def test_absence_waits_for_the_next_cycle_after_a_days_silence() -> None:
    place = Place()
    place.engine().cycle()
    start = min(place.offered()) + 86_400 + 3_600
    place.phone(start)
    place.engine().cycle()
    place.clock.advance(86_400 + 600)
    (event,) = place.calendar.stamped()
    place.calendar.delete(event.ref)
    place.portal.select("anna", "checkup", max(place.offered()))  # makes the cycle read more than once
    place.engine().cycle()
    assert State.CANCELLED not in {a.state for a in place.store.appointments("hafen")}
    place.engine().cycle()
    assert State.CANCELLED in {a.state for a in place.store.appointments("hafen")}


def test_a_pull_reads_what_the_session_knew_before_the_cycle() -> None:
    place = Place()
    place.engine().cycle()
    place.clock.advance(600)
    session = place.engine()._session(place.store.begin_cycle("hafen"))
    reads = pull(session, session.state())
    assert {read.silent_since for read in reads.values()} == {NOW}


def test_a_quiet_cycle_looks_at_the_outbox_and_the_state_twice_and_no_more() -> None:
    place = Place()
    place.phone(NOW + 7_200)
    place.engine().cycle()
    asked: Counter[str] = Counter()
    for name in ("outbox", "load"):
        _counted(place.store, name, asked)
    place.engine().cycle()
    assert asked == {"outbox": 2, "load": 2}


def _counted(store: Store, name: str, asked: Counter[str]) -> None:
    real = getattr(store, name)

    def counted(*args: Any, **options: Any) -> Any:
        asked[name] += 1
        return real(*args, **options)

    setattr(store, name, counted)


class Down(MemoryCalendar):
    """It fails, each time in words of its own, as often as it is told to: reads, or only writes."""

    failing = ""

    @hookimpl
    def import_schedule(self, cursor: str, window: Interval, known: Mapping[str, str]) -> Any:
        if self.failing == "reads":
            raise RetryLater("The listing came back short.")
        return super().import_schedule(cursor, window, known)

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        if self.failing == "writes":
            raise RetryLater("the server is busy (503)")
        return super().propagate_change(change)


def for_hours(place: Place, hours: float) -> set[str]:
    """Cycles every twenty minutes; the kinds of task that are open at the end."""
    until = place.clock.now() + int(hours * 3_600)
    while place.clock.now() < until:
        place.clock.advance(1_200)
        place.engine().cycle()
    return {task.kind for task in place.store.tasks("hafen")}


def test_a_side_that_fails_for_hours_is_a_persons_matter_until_it_answers() -> None:
    """A server that lists too few entries for ever was tried again for ever, and nobody knew."""
    place = Place()
    place.sides["calendar"] = down = Down(place.calendar)
    place.engine().cycle()
    since = place.clock.now() + 1_200
    down.failing = "reads"
    assert for_hours(place, 2) == set()
    assert for_hours(place, 1.5) == {"connection"}
    (task,) = place.store.tasks("hafen")
    shown = datetime.fromtimestamp(since, ZoneInfo("Europe/Berlin"))
    assert f"The listing came back short. It has been so since {shown:%Y-%m-%d %H:%M}, " in task.sentence
    place.store.dismiss("hafen", task.id)
    assert for_hours(place, 3) == set()  # somebody knows
    down.failing = ""
    assert for_hours(place, 2) == set()
    down.failing = "reads"
    assert for_hours(place, 1) == set()
    assert for_hours(place, 2.5) == {"connection"}
    down.failing = ""
    assert for_hours(place, 2) == set()


def test_a_side_that_was_hardly_ever_asked_did_not_fail_for_hours() -> None:
    """The computer slept."""
    place = Place()
    place.sides["calendar"] = down = Down(place.calendar)
    place.engine().cycle()
    down.failing = "reads"
    place.clock.advance(60)
    place.engine().cycle()
    place.clock.advance(30_000)
    place.engine().cycle()
    assert place.store.tasks("hafen") == []


def test_a_write_that_is_not_wanted_any_more_is_nobodys_matter() -> None:
    """Its question ends with it, although nothing else is due in that cycle."""
    place = Place()
    place.sides["calendar"] = down = Down(place.calendar)
    place.engine().cycle()
    ref = place.portal.confirm(place.portal.select("anna", "checkup", max(place.offered())), Details(last_name="Voss"))
    for_hours(place, 0.5)
    assert len(list(place.calendar.stamped())) == 1
    down.failing = "writes"
    place.portal.cancel(ref)
    assert "waiting" in for_hours(place, 3)
    down.failing = ""
    assert "waiting" not in for_hours(place, 2)
    assert list(place.calendar.stamped()) == []


def test_a_side_that_was_well_again_starts_anew_with_its_next_failure() -> None:
    """An outage of hours is over; one refused write after it waits for seconds, not for an hour."""
    place = Place()
    place.sides["calendar"] = down = Down(place.calendar)
    place.engine().cycle()
    down.failing = "reads"
    for_hours(place, 6)
    place.portal.confirm(place.portal.select("anna", "checkup", max(place.offered())), Details(last_name="Voss"))
    down.failing = "writes"
    place.clock.advance(7_200)
    place.engine().cycle()
    down.failing = ""
    place.clock.advance(60)
    place.engine().cycle()
    assert len(list(place.calendar.stamped())) == 1


def test_a_write_that_is_put_off_for_hours_is_a_persons_matter_until_it_is_written() -> None:
    """The side can be read, so it seems well."""
    place = Place()
    place.sides["calendar"] = down = Down(place.calendar)
    place.engine().cycle()
    place.portal.confirm(place.portal.select("anna", "checkup", max(place.offered())), Details(last_name="Voss"))
    down.failing = "writes"
    assert "waiting" not in for_hours(place, 1.5)
    assert "waiting" in for_hours(place, 3)
    (task,) = [each for each in place.store.tasks("hafen") if each.kind == "waiting"]
    assert ": the server is busy (503). The bridge goes on trying." in task.sentence
    assert "Voss" not in task.sentence
    down.failing = ""
    assert "waiting" not in for_hours(place, 2)
    assert len(list(place.calendar.stamped())) == 1
