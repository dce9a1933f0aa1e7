"""Accepted is not written: nobody is told, nothing is given away, and a person has three ways out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest
from stories import (
    HALF,
    HOUR,
    MARA,
    NOW,
    RECORD,
    TEN,
    booked,
    client,
    codes,
    disagreements,
    edited,
    gives_up,
    held,
    hub,
    kinds,
    phone,
    portal,
    shadow,
    told,
)

from calbridge.hub import Answers, Command, Effect, Plan
from calbridge.interval import Interval
from calbridge.model import Side, State
from calbridge.provider import Busy, Entry, Receipt
from calbridge.testing.pure import PureHub, changed, echo, everything

Way = Literal["retry", "keep", "take_back"]
LATER = TEN + HOUR


def accept(it: PureHub, plan: Plan, name: str = "pms") -> Entry:
    """The side accepts what is due for it and does not write it yet; all others write theirs."""
    waiting: list[Entry] = []
    for effect in plan.effects:
        if effect.connection == name:
            waiting.append(replace(echo(effect), pending=True))
            it.write(effect, Receipt(outcome="pending", entry=waiting[-1]))
        else:
            it.write(effect)
    (entry,) = waiting
    return entry


def submitting() -> tuple[PureHub, Entry]:
    """A booking that the PMS has accepted and not written; its hold was written."""
    it = held(hub())
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)
    plan = it.see(Answers(clients={"portal/booking/1": (RECORD,)}), portal=changed(entry))
    return it, accept(it, plan)


def booking_at_once() -> tuple[PureHub, Entry]:
    """A booking without a hold before it, accepted and not written: the PMS has nothing else of it."""
    it = hub()
    entry = portal("booking/1", State.REQUESTED, details=MARA)
    plan = it.see(Answers(clients={"portal/booking/1": (RECORD,)}), portal=changed(entry))
    return it, accept(it, plan)


def moving() -> tuple[PureHub, Entry]:
    """A client's move that the PMS has accepted and not written."""
    it = booked()
    plan = it.see(portal=changed(edited(it, "portal", start=LATER, end=LATER + HALF)))
    return it, accept(it, plan)


def fails(it: PureHub, waiting: Entry, why: Literal["slot_unavailable", "unknown"] = "unknown", **feeds: Any) -> Plan:
    """The PMS could not write it: it shows what was there before."""
    before = shadow(it, "pms").before
    view = before if before is not None else replace(waiting.view, state=State.CANCELLED)
    return it.see(pms=changed(replace(waiting, version="failed", view=view, pending=False, failed=why)), **feeds)


def decide(it: PureHub, way: Way, connection: str = "pms") -> Plan:
    command = Command(id=1, kind=way, appointment=client(it).id, connection=connection)
    it.state = replace(it.state, commands=(command,))
    return it.see()


def due(plan: Plan, name: str) -> list[Effect]:
    return [effect for effect in plan.effects if effect.connection == name]


STORIES = [submitting, booking_at_once, moving]
every_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)


@every_story
def test_until_it_is_written_the_client_is_told_nothing_and_nothing_is_asked_twice(story: Any) -> None:
    it, waiting = story()
    for feed in (changed(), changed(waiting), everything(waiting)):
        plan = it.see(pms=feed)
        assert plan.effects == ()
        assert not client(it).written
    assert client(it).state is State.CONFIRMED
    done = it.see(pms=changed(replace(waiting, version="filed", pending=False)))
    assert client(it).written
    it.settle()
    assert not shadow(it, "pms").pending
    assert kinds(it) == set()
    assert [effect.connection for effect in done.effects] == [] if story is moving else ["portal"]


def test_what_is_only_accepted_stands_nowhere_yet_so_a_foreign_entry_still_comes_first() -> None:
    it, waiting = booking_at_once()
    meeting = Busy(ref="anna/m", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF),))
    it.see(pms=changed(waiting), calendar=changed(meeting))
    assert client(it).state is State.CANCELLED


def test_a_listing_without_what_is_only_accepted_says_nothing() -> None:
    it, _ = booking_at_once()
    it.now += 60
    assert it.asks(pms=everything()) == ()


# --- it failed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", [submitting, booking_at_once], ids=lambda story: story.__name__)
def test_a_booking_whose_time_was_taken_gives_way_by_itself_with_alternatives(story: Any) -> None:
    it, waiting = story()
    fails(it, waiting, "slot_unavailable")
    assert client(it).state is State.CANCELLED
    (effect,) = told(it.settle())
    assert effect.change.remove
    assert effect.change.view.decline_reason == "slot_unavailable"  # type: ignore[union-attr]
    assert effect.change.alternatives  # type: ignore[union-attr]
    assert kinds(it) == set()


def test_a_move_whose_time_was_taken_is_undone_by_itself() -> None:
    it, waiting = moving()
    fails(it, waiting, "slot_unavailable")
    written = it.settle()
    assert (client(it).start, client(it).state, client(it).written) == (TEN, State.CONFIRMED, True)
    assert {effect.connection for effect in written} == {"calendar", "portal"}


def test_a_clinics_move_whose_time_was_taken_is_written_over_it() -> None:
    it = booked()
    waiting = accept(it, it.see(calendar=changed(edited(it, "calendar", start=LATER, end=LATER + HALF))))
    plan = fails(it, waiting, "slot_unavailable")
    (effect,) = due(plan, "pms")
    assert (effect.change.overbook, effect.change.view.start) == (True, LATER)


@every_story
def test_another_failure_is_no_edit_of_anybodys_and_becomes_a_task(story: Any) -> None:
    it, waiting = story()
    wanted = client(it)
    plan = fails(it, waiting)
    assert (client(it).state, client(it).start) == (wanted.state, wanted.start)
    assert {task.kind for task in plan.tasks} == {"failed"}
    assert due(plan, "pms") == []
    assert "write_failed" in codes(it)
    for _ in range(3):  # it is shown as failed for ever: that is no news
        it.now += 60
        failed = replace(waiting, version="failed", pending=False, failed="unknown", view=_shown(it, waiting))
        again = it.see(pms=everything(failed))
        assert (again.effects, again.tasks, client(it).state) == ((), (), wanted.state)
    plan = it.see(portal=changed(portal("hold/9", State.HELD, start=wanted.start, end=wanted.end)))
    assert [line.facts["rule"] for line in plan.journal if line.code == "slot_refused"] == ["busy"]


def _shown(it: PureHub, waiting: Entry) -> Any:
    kept = it.state.shadows["pms", client(it).id].view
    return kept if kept is not None else replace(waiting.view, state=State.CANCELLED)


@pytest.mark.parametrize("story", [submitting, moving], ids=lambda story: story.__name__)
def test_a_side_that_forgets_that_it_failed_has_not_written_it(story: Any) -> None:
    it, waiting = story()
    fails(it, waiting)
    key = f"failed:pms/{client(it).id}"
    still = replace(waiting, version="later", pending=False, view=_shown(it, waiting))
    assert key not in it.see(pms=changed(still)).settled
    assert key in it.see(pms=changed(replace(waiting, version="filed", pending=False))).settled


@every_story
@pytest.mark.parametrize("late", [False, True], ids=["failed", "timed out"])
def test_trying_again_writes_it_as_a_new_revision(story: Any, late: bool) -> None:
    it, waiting = story()
    before = client(it).revision
    it.now += 901 if late else 0
    it.see() if late else fails(it, waiting)
    plan = decide(it, "retry")
    (effect,) = due(plan, "pms")
    assert effect.change.revision > before
    assert {f"failed:pms/{client(it).id}", f"timed_out:pms/{client(it).id}"} <= set(plan.settled)
    it.write(effect)
    it.settle()
    assert client(it).written


@every_story
@pytest.mark.parametrize("late", [False, True], ids=["failed", "timed out"])
def test_keeping_it_tells_the_client_and_asks_the_side_no_more(story: Any, late: bool) -> None:
    it, waiting = story()
    it.now += 901 if late else 0
    it.see() if late else fails(it, waiting)
    plan = decide(it, "keep")
    assert client(it).written
    assert due(plan, "pms") == []
    written = it.settle()
    assert {effect.connection for effect in written} == (set() if story is moving else {"portal"})


@every_story
@pytest.mark.parametrize("late", [False, True], ids=["failed", "timed out"])
def test_taking_it_back_ends_what_was_new_and_undoes_a_move(story: Any, late: bool) -> None:
    it, waiting = story()
    it.now += 901 if late else 0
    it.see() if late else fails(it, waiting)
    decide(it, "take_back")
    it.settle()
    told_to = {s.view.start for s in it.state.shadows.values() if s.view}
    if story is moving:
        assert (client(it).state, client(it).start, told_to) == (State.CONFIRMED, TEN, {TEN})
    else:
        assert client(it).state is State.CANCELLED
        assert client(it).alternatives
        assert told_to <= {TEN}


@pytest.mark.parametrize("who", ["portal", "calendar"])
@pytest.mark.parametrize("why", ["slot_unavailable", "unknown"])
@pytest.mark.parametrize("when", ["before", "with it"])
def test_a_failure_is_of_what_was_accepted_and_not_of_where_it_was_moved_since(why: Any, who: str, when: str) -> None:
    it, waiting = moving()
    latest = changed(edited(it, who, start=LATER + HOUR, end=LATER + HOUR + HALF))
    if when == "before":
        it.see(**{who: latest})
        plan = fails(it, waiting, why)
    else:
        plan = fails(it, waiting, why, **{who: latest})
    assert (client(it).start, client(it).exclusive, plan.tasks) == (LATER + HOUR, True, ())
    (effect,) = due(plan, "pms")
    assert (effect.change.view.start, effect.change.overbook) == (LATER + HOUR, False)
    it.settle()
    assert (client(it).start, client(it).written, disagreements(it)) == (LATER + HOUR, True, [])


@pytest.mark.parametrize("story", [submitting, moving], ids=lambda story: story.__name__)
@pytest.mark.parametrize("why", ["slot_unavailable", "unknown"])
def test_what_was_called_off_before_it_failed_is_taken_away(story: Any, why: Any) -> None:
    """The failure is of the booking or the move, not of its end."""
    it, waiting = story()
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    plan = fails(it, waiting, why)
    (effect,) = due(plan, "pms")
    assert (effect.change.remove, plan.tasks) == (True, ())
    it.settle()
    assert disagreements(it) == []


def test_what_staff_enters_by_hand_for_a_booking_that_could_not_be_written_is_that_booking() -> None:
    it, waiting = booking_at_once()
    fails(it, waiting)
    it.see(pms=changed(phone()))
    assert len(it.state.appointments) == 1
    assert shadow(it, "pms").ref == "pms/7"
    assert client(it).written
    it.settle()
    assert {s.appointment for s in it.state.shadows.values()} == {client(it).id}


def test_an_entry_of_staffs_elsewhere_is_another_appointment() -> None:
    it, waiting = booking_at_once()
    fails(it, waiting)
    it.see(pms=changed(phone(start=LATER, end=LATER + HALF)))
    assert {each.origin for each in it.state.appointments.values()} == {Side.CLIENT, Side.CLINIC}


# --- it takes too long ----------------------------------------------------------------------------------


@every_story
@pytest.mark.parametrize(("after", "kinds_"), [(899, set()), (900, {"timed_out"})])
def test_what_is_accepted_and_never_written_becomes_a_task_in_time(story: Any, after: int, kinds_: set[str]) -> None:
    it, waiting = story()
    accepted = shadow(it, "pms").confirmed
    it.now = accepted + after
    it.see(pms=changed(waiting))
    assert kinds(it) == kinds_
    done = it.see(pms=changed(replace(waiting, version="filed", pending=False)))
    assert f"timed_out:pms/{client(it).id}" in done.settled


def test_the_limit_is_the_clinics() -> None:
    it = held(hub(write_timeout=60))
    accept(it, it.see(portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA))))
    it.now += 61
    it.see()
    assert kinds(it) == {"timed_out"}


@pytest.mark.parametrize("way", ["retry", "keep", "take_back"])
def test_a_way_out_that_came_too_late_changes_nothing(way: Way) -> None:
    it, waiting = submitting()
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    it.settle()
    plan = decide(it, way)
    assert client(it).state is State.CANCELLED
    assert [(line.code, line.facts["why"]) for line in plan.journal] == [("refused", "nothing_unwritten")]
    assert it.now > NOW
    assert waiting.pending


# --- a side that says less than it should -----------------------------------------------------------------


def _before(it: PureHub, waiting: Entry) -> Entry:
    """What stood there before, shown as if nothing were on its way."""
    before = shadow(it, "pms").before
    assert before is not None
    return replace(waiting, version="listed", view=before, pending=False)


@pytest.mark.parametrize("story", [submitting, moving], ids=lambda story: story.__name__)
def test_a_listing_that_still_shows_what_was_before_is_no_edit_and_no_word_that_it_is_done(story: Any) -> None:
    it, waiting = story()
    wanted = client(it)
    for _ in range(2):
        it.now += 1
        plan = it.see(pms=everything(_before(it, waiting)))
        assert (client(it), plan.effects, plan.tasks) == (wanted, (), ())
    it.now += 901
    assert {task.kind for task in it.see(pms=changed(_before(it, waiting))).tasks} == {"timed_out"}
    it.see(pms=changed(replace(waiting, version="filed", pending=False)))
    assert client(it).written


def test_what_a_side_shows_as_pending_unasked_has_something_before_it() -> None:
    """Somebody else's write, or ours after its answer was lost: taking it back leads to what stood there."""
    it = booked()
    shown = shadow(it, "pms").view
    it.see(pms=changed(replace(edited(it, "pms", start=LATER, end=LATER + HALF), pending=True)))
    assert shadow(it, "pms").before == shown


def test_a_phone_booking_whose_move_the_pms_refused_is_written_again_once_it_is_taken_back() -> None:
    it = hub()
    it.see(pms=changed(phone()))
    it.settle()
    (booking,) = it.state.appointments.values()
    it.see(calendar=changed(replace(edited_of(it, booking.id), version="dragged")))
    (effect,) = [e for e in it.see().effects if e.connection == "pms"]
    gives_up(it, effect)
    command = Command(id=1, kind="take_back", appointment=booking.id, connection="pms")
    it.state = replace(it.state, commands=(command,))
    it.see()
    it.settle()
    (after,) = it.state.appointments.values()
    assert (after.start, after.written) == (TEN, True)


def edited_of(it: PureHub, key: str) -> Entry:
    known = it.state.shadows["calendar", key]
    assert known.view is not None
    return Entry(ref=known.ref, version="", view=replace(known.view, start=LATER, end=LATER + HALF))
