"""Writing to the reference PMS: once, under the version it was decided on, and found again when an answer is lost."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import Any

import pytest

from calbridge.errors import BridgeError, NeedsHuman, RetryLater, SkipItem
from calbridge.model import Details, State
from calbridge.provider import Receipt, Stamp
from calbridge.transport import Fault

HALF_HOUR, HOUR = 1_800, 3_600
LOST = ["500_after_commit", "drop_after_commit"]
ERIKA = Details(first_name="Erika", last_name="Muster", phone="040 1", patient_name="Rex")


def test_everything_arrives(side: Any) -> None:
    shown = side.view(
        co_resources=("room1",), description="limps", note="private", client="c1", patient="p1", state=State.REQUESTED
    )
    entry = side.write(side.change(shown, details=ERIKA))
    assert entry.view == replace(shown, state=State.HELD)
    assert entry.stamp == Stamp(appointment="b1", revision=1)
    stored = side.get(entry.ref)
    assert (stored["status"], stored["client_ref"], stored["client_revision"]) == ("tentative", "calbridge:b1", 1)
    assert stored["booking_info"] == ""  # linked: the record says it all


def test_details_stand_in_the_pms_until_somebody_is_linked(side: Any) -> None:
    held = side.write(side.change(side.view(state=State.HELD), details=ERIKA))
    assert side.get(held.ref)["booking_info"] == ""
    booked = side.write(side.after(held, side.view(), details=ERIKA))
    assert side.get(held.ref)["booking_info"].splitlines() == [
        "First name: Erika",
        "Last name: Muster",
        "Phone: 040 1",
        "Patient: Rex",
    ]
    linked = side.view(client="c1", patient="p1")
    side.write(side.after(booked, linked, details=ERIKA, key="key-3", revision=3))
    assert side.get(held.ref)["booking_info"] == ""


def test_only_what_changed_is_sent(side: Any) -> None:
    entry = side.write(side.change())
    # reception adds a device that the clinic's configuration does not name
    side.patch(entry.ref, rooms=["XR"])
    moved = side.write(side.after(entry, side.view(HOUR), version="2"))
    assert side.get(entry.ref)["rooms"] == ["XR"]
    assert moved.view.start == side.start + HOUR


ROADS = [
    (State.HELD, State.ARRIVED),
    (State.HELD, State.NO_SHOW),
    (State.CONFIRMED, State.FULFILLED),
    (State.CONFIRMED, State.ARRIVED),
    (State.REQUESTED, State.FULFILLED),
    (State.ARRIVED, State.CONFIRMED),
    (State.ARRIVED, State.NO_SHOW),
]


@pytest.mark.parametrize(("was", "will"), ROADS)
def test_a_state_is_reached_through_those_between(side: Any, was: State, will: State) -> None:
    entry = side.write(side.change(side.view(state=was)))
    assert side.write(side.after(entry, side.view(state=will))).view.state is will


def test_one_that_arrived_already_is_made_and_marked(side: Any) -> None:
    assert side.write(side.change(side.view(state=State.ARRIVED))).view.state is State.ARRIVED


@pytest.mark.parametrize("action", LOST)
def test_a_lost_answer_to_a_creation_is_found_again(side: Any, action: str) -> None:
    side.arm({"match": "POST /v1/appointments", "action": action, "times": 3})
    with pytest.raises(RetryLater):
        side.provider.propagate_change(change=side.change())
    side.arm()
    entry = side.write(side.change())
    assert [found["id"] for found in side.diary()] == [entry.ref.removeprefix("appointment/")]
    assert entry.version == "1"


@pytest.mark.parametrize("action", LOST)
def test_a_lost_answer_to_a_change_is_found_again(side: Any, action: str) -> None:
    entry = side.write(side.change())
    wanted = side.after(entry, side.view(HOUR))
    side.arm({"match": "PATCH /v1/appointments", "action": action, "times": 3})
    with pytest.raises(RetryLater):
        side.provider.propagate_change(change=wanted)
    side.arm()
    assert side.write(wanted).view.start == side.start + HOUR
    assert side.get(entry.ref)["revision"] == 2


@pytest.mark.parametrize("action", ["500_before", *LOST])
@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_road_that_broke_off_is_walked_to_its_end(side: Any, action: str, step: int) -> None:
    """Answered as moved, what stands half way would pass for somebody's edit: an arrival undone."""
    entry = side.write(side.change(side.view(state=State.HELD)))
    wanted = side.after(entry, side.view(state=State.FULFILLED))
    well = [{"match": "PATCH /v1/appointments", "action": "delay", "seconds": 0, "times": step}] if step else []
    side.arm(*well, {"match": "PATCH /v1/appointments", "action": action, "times": 3})
    with pytest.raises(RetryLater):
        side.provider.propagate_change(change=wanted)
    side.arm()
    assert side.write(wanted).view.state is State.FULFILLED
    assert side.get(entry.ref)["client_revision"] == 2


def test_a_road_is_not_walked_on_over_what_the_desk_did(side: Any) -> None:
    entry = side.write(side.change(side.view(state=State.HELD)))
    wanted = side.after(entry, side.view(state=State.ARRIVED))
    well = {"match": "PATCH /v1/appointments", "action": "delay", "seconds": 0}
    side.arm(well, {"match": "PATCH /v1/appointments", "action": "500_before", "times": 3})
    with pytest.raises(RetryLater):
        side.provider.propagate_change(change=wanted)
    side.arm()
    side.patch(entry.ref, note="calls back")
    receipt = side.provider.propagate_change(change=wanted)
    assert (receipt.outcome, receipt.entry.view.state) == ("moved", State.CONFIRMED)
    assert receipt.wrote == replace(entry.view, state=State.CONFIRMED)
    assert side.get(entry.ref)["status"] == "confirmed"


# --- half way -------------------------------------------------------------------------------------


def at_step(side: Any, number: int, deed: Any) -> Any:
    """A provider before whose step of that number, counted from 0, this happens."""
    sent = itertools.count()
    return side.connect(hear=lambda request: deed() if request.method == "PATCH" and next(sent) == number else None)


def cut_off(side: Any, number: int) -> Any:
    """A provider whose steps from that number on do not arrive."""
    sent = itertools.count()
    gone = Fault()
    return side.connect(hear=lambda request: gone if request.method == "PATCH" and next(sent) >= number else None)


def test_the_last_step_brings_everything_and_our_mark(side: Any) -> None:
    """So what bears the mark was carried out whole, and what stands half way differs in its state alone."""
    entry = side.write(side.change(side.view(state=State.HELD)))
    wanted = side.after(entry, side.view(HOUR, state=State.ARRIVED, title="Balu"))
    seen: list[Any] = []
    at_step(side, 1, lambda: seen.append(side.get(entry.ref))).propagate_change(change=wanted)
    (between,) = seen
    assert (between["status"], between["client_revision"], between["title"]) == ("confirmed", 1, entry.view.title)
    after = side.get(entry.ref)
    assert (after["status"], after["client_revision"], after["title"]) == ("arrived", 2, "Balu")


@pytest.mark.parametrize("known", [True, False], ids=["a known one", "a new one"])
def test_an_edit_between_two_steps_comes_back_with_what_stood_there_before_it(side: Any, known: bool) -> None:
    made = side.view(state=State.HELD if known else State.ARRIVED)
    entry = side.write(side.change(made)) if known else None
    wanted = side.after(entry, side.view(state=State.ARRIVED)) if entry else side.change(made)

    def desk() -> None:
        (visit,) = side.diary()
        side.patch(f"appointment/{visit['id']}", title="Anders")

    receipt = at_step(side, 1 if known else 0, desk).propagate_change(change=wanted)
    assert (receipt.outcome, receipt.entry.view.title) == ("moved", "Anders")
    assert receipt.wrote == replace(receipt.entry.view, title="Check-up - Balu")
    assert receipt.entry.view.state is State.CONFIRMED


def test_a_last_step_into_a_taken_time_is_a_conflict_of_what_stands_half_way(side: Any) -> None:
    entry = side.write(side.change(side.view(state=State.HELD)))
    side.phone("anna", side.start + HOUR, side.start + 2 * HOUR)
    wanted = side.after(entry, side.view(HOUR, state=State.ARRIVED))
    receipt = side.provider.propagate_change(change=wanted)
    assert receipt.outcome == "conflict"
    assert receipt.wrote == receipt.entry.view == replace(entry.view, state=State.CONFIRMED)


def test_one_that_the_desk_erases_before_it_could_arrive_is_named(side: Any) -> None:
    def desk() -> None:
        (visit,) = side.diary()
        side.delete(f"appointment/{visit['id']}")

    receipt = at_step(side, 0, desk).propagate_change(change=side.change(side.view(state=State.ARRIVED)))
    assert (receipt.outcome, receipt.entry) == ("moved", None)
    assert receipt.gone.startswith("appointment/")
    assert side.diary() == []


@pytest.mark.parametrize("lost", [False, True], ids=["at once", "asked again"])
def test_one_that_the_desk_cancels_before_it_could_arrive_is_not_made_again(side: Any, lost: bool) -> None:
    wanted = side.change(side.view(state=State.ARRIVED))

    def desk() -> None:
        (visit,) = side.diary()
        side.cancel(f"appointment/{visit['id']}")

    if lost:
        with pytest.raises(RetryLater):
            cut_off(side, 0).propagate_change(change=wanted)
        desk()
    provider = side.provider if lost else at_step(side, 0, desk)
    for again in (wanted, replace(wanted, key="another")):
        receipt = provider.propagate_change(change=again)
        assert (receipt.outcome, receipt.entry.view.state) == ("moved", State.CANCELLED)
        assert receipt.wrote.state is State.CONFIRMED
    assert len(side.diary()) == 1


def test_a_half_made_one_is_found_by_its_name_and_brought_to_its_end(side: Any) -> None:
    wanted = side.change(side.view(state=State.FULFILLED))
    with pytest.raises(RetryLater):
        cut_off(side, 1).propagate_change(change=wanted)
    assert side.diary()[0]["status"] == "arrived"
    entry = side.write(replace(wanted, key="another"))
    assert (entry.view.state, entry.stamp) == (State.FULFILLED, Stamp(appointment="b1", revision=1))
    assert len(side.diary()) == 1


@pytest.mark.parametrize("action", LOST)
def test_a_lost_answer_to_a_removal_is_found_again(side: Any, action: str) -> None:
    entry = side.write(side.change())
    wanted = side.after(entry, side.view(state=State.CANCELLED), remove=True, reason="ill")
    side.arm({"match": "POST /v1/appointments", "action": action, "times": 3})
    with pytest.raises(RetryLater):
        side.provider.propagate_change(change=wanted)
    side.arm()
    assert side.provider.propagate_change(change=wanted) == Receipt(outcome="written")
    assert side.get(entry.ref)["cancel_reason"] == "ill"


def test_a_creation_under_another_key_is_found_by_its_name(side: Any) -> None:
    entry = side.write(side.change())
    again = side.write(side.change(key="another"))
    assert again == entry


def test_an_earlier_state_of_ours_is_brought_forward(side: Any) -> None:
    held = side.write(side.change(side.view(state=State.HELD)))
    booked = side.write(side.change(side.view(HOUR), key="key-2", revision=2))
    assert (booked.ref, booked.view.state, booked.view.start) == (held.ref, State.CONFIRMED, side.start + HOUR)


def test_an_older_wish_does_not_undo_a_newer_one(side: Any) -> None:
    newer = side.write(side.change(revision=5))
    late = side.provider.propagate_change(change=side.change(side.view(HOUR), key="late", revision=4))
    assert late == Receipt(outcome="moved", entry=newer)


def test_what_the_desk_did_to_a_lost_creation_is_left_for_the_next_read(side: Any) -> None:
    """The shadow is what we wrote, so that the desk's move is seen as a move and not written over."""
    first = side.write(side.change())
    side.move(first.ref, side.start + 2 * HOUR)
    again = side.write(side.change(key="another"))
    assert again.view == first.view
    assert again.version != side.get(first.ref)["revision"]
    assert side.write(side.change()).view == first.view  # the same key: the first answer again
    feed = side.read(side.read().cursor, {again.ref: again.version})
    assert side.get(first.ref)["revision"] == 2
    shown = {record.ref: record for record in side.read().items}[first.ref]
    assert shown.view.start == side.start + 2 * HOUR
    assert type(feed).__name__ == "NotModified"


def test_what_the_desk_did_to_an_older_state_is_handed_back(side: Any) -> None:
    first = side.write(side.change())
    side.move(first.ref, side.start + 2 * HOUR)
    receipt = side.provider.propagate_change(change=side.change(side.view(HOUR), key="key-2", revision=2))
    assert receipt.outcome == "moved"
    assert receipt.entry.view.start == side.start + 2 * HOUR


def test_the_desks_edit_is_never_overwritten_unseen(side: Any) -> None:
    entry = side.write(side.change())
    side.patch(entry.ref, note="calls back")
    receipt = side.provider.propagate_change(change=side.after(entry, side.view(HOUR)))
    assert receipt.outcome == "moved"
    assert (receipt.entry.view.note, receipt.entry.view.start) == ("calls back", side.start)


def test_a_deleted_one_is_answered_moved_and_not_made_again(side: Any) -> None:
    entry = side.write(side.change())
    side.delete(entry.ref)
    assert side.provider.propagate_change(change=side.after(entry, side.view(HOUR))) == Receipt(outcome="moved")
    assert side.diary() == []


def test_a_cancelled_one_is_not_written_over(side: Any) -> None:
    entry = side.write(side.change())
    side.cancel(entry.ref)
    receipt = side.provider.propagate_change(change=side.after(entry, side.view(HOUR), version="2"))
    assert (receipt.outcome, receipt.entry.view.state) == ("moved", State.CANCELLED)


def test_a_cancelled_hold_can_be_followed_by_a_booking(side: Any) -> None:
    """A late confirmation takes the slot again; the PMS brings nothing back to life, so it gets a new entry."""
    held = side.write(side.change(side.view(state=State.HELD)))
    removed = side.after(held, side.view(state=State.EXPIRED), remove=True)
    assert side.provider.propagate_change(change=removed).outcome == "written"
    booked = side.write(side.change(key="key-3", revision=3))
    assert booked.ref != held.ref
    assert booked.stamp == Stamp(appointment="b1", revision=3)
    assert side.write(side.change(key="key-3", revision=3)).ref == booked.ref
    assert len(side.diary()) == 2


def test_removing_what_was_never_written_or_is_deleted(side: Any) -> None:
    removal = side.change(side.view(state=State.CANCELLED), remove=True)
    assert side.provider.propagate_change(change=removal) == Receipt(outcome="written")
    entry = side.write(side.change())
    # the answer to the creation was lost: no ref is known, and still it is taken away
    assert side.provider.propagate_change(change=removal) == Receipt(outcome="written")
    assert side.get(entry.ref)["status"] == "cancelled"
    side.delete(entry.ref)
    gone = side.after(entry, side.view(state=State.CANCELLED), remove=True)
    assert side.provider.propagate_change(change=gone) == Receipt(outcome="written")


def test_who_has_left_cannot_be_cancelled(side: Any) -> None:
    entry = side.write(side.change(side.view(state=State.ARRIVED)))
    side.patch(entry.ref, status="fulfilled")
    version = str(side.get(entry.ref)["revision"])
    wanted = side.after(entry, side.view(state=State.CANCELLED), remove=True, version=version)
    receipt = side.provider.propagate_change(change=wanted)
    assert (receipt.outcome, receipt.entry.view.state) == ("moved", State.FULFILLED)


def test_a_refused_move_hands_back_what_is_there(side: Any) -> None:
    entry = side.write(side.change())
    side.phone("anna", side.start + HOUR, side.start + 2 * HOUR)
    receipt = side.provider.propagate_change(change=side.after(entry, side.view(HOUR)))
    assert (receipt.outcome, receipt.entry) == ("conflict", entry)
    assert side.write(side.after(entry, side.view(HOUR), overbook=True)).view.start == side.start + HOUR


REFUSED = [
    ({"service": "nonsense"}, "written"),  # a service the clinic does not have is left out
    ({"client": "c9"}, "unknown_reference"),
    ({"resource": "nobody"}, "unknown_reference"),
    ({"end": 0}, "invalid_interval"),
]


@pytest.mark.parametrize(("fields", "said"), REFUSED)
def test_what_the_pms_will_never_take_is_set_aside(side: Any, fields: dict[str, Any], said: str) -> None:
    wanted = side.change(side.view(**fields))
    if said == "written":
        side.write(wanted)
        return
    with pytest.raises(SkipItem, match=said) as refused:
        side.provider.propagate_change(change=wanted)
    assert refused.value.item == "b1"
    assert side.diary() == []


@pytest.mark.parametrize("path", ["POST /v1/appointments", "GET /v1/capabilities"])
def test_a_web_page_is_no_answer_to_a_write(side: Any, path: str) -> None:
    side.arm({"match": path, "action": "html_200", "times": 9})
    with pytest.raises(NeedsHuman, match="web page"):
        side.connect().propagate_change(change=side.change())


def test_nothing_is_sent_while_the_pms_is_down(side: Any) -> None:
    with side.outage(), pytest.raises(BridgeError):
        side.connect().propagate_change(change=side.change())
    assert side.diary() == []


def settle(slow: Any, ref: str) -> None:
    slow.clock.write_text("2026-11-20T07:01:00+00:00")
    for _ in range(100):
        if slow.get(ref)["write_state"] != "pending":
            return
        time.sleep(0.05)
    raise AssertionError("the write stayed pending")


def test_a_two_stage_write_is_pending_first(slow: Any) -> None:
    receipt = slow.provider.propagate_change(change=slow.change())
    assert receipt.outcome == "pending"
    assert slow.provider.propagate_change(change=slow.change()) == receipt
    cursor = slow.read().cursor
    settle(slow, receipt.entry.ref)
    assert slow.provider.propagate_change(change=slow.change()).outcome == "written"
    (entry,) = slow.read(cursor, {receipt.entry.ref: receipt.entry.version}).changed
    assert entry.view == receipt.entry.view


def test_what_the_desk_did_to_a_two_stage_write_is_not_taken_for_the_write(slow: Any) -> None:
    """The answer was lost, the PMS wrote it, the desk moved it: asked again, the bridge is told what it wrote."""
    asked = slow.change()
    receipt = slow.provider.propagate_change(change=asked)
    settle(slow, receipt.entry.ref)
    slow.move(receipt.entry.ref, slow.start + HOUR)
    again = slow.provider.propagate_change(change=asked)
    assert (again.outcome, again.entry.view) == ("written", receipt.entry.view)
    (entry,) = slow.read().items
    assert entry.view.start == slow.start + HOUR


def test_what_the_desk_erased_before_it_was_read_again_is_named(slow: Any) -> None:
    """Asked again after a lost answer: it was made, and is not there any more."""
    asked = slow.change()
    receipt = slow.provider.propagate_change(change=asked)
    settle(slow, receipt.entry.ref)
    slow.delete(receipt.entry.ref)
    again = slow.provider.propagate_change(change=asked)
    assert (again.outcome, again.entry, again.gone) == ("moved", None, receipt.entry.ref)


def test_a_step_that_is_left_is_not_taken_over_what_the_desk_did(slow: Any) -> None:
    """Made as confirmed, then to arrive; between the two the desk edits it, which bears our mark."""
    wanted = slow.change(slow.view(state=State.ARRIVED))
    slow.arm({"match": "PATCH /v1/appointments", "action": "500_before", "times": 9})
    with pytest.raises(BridgeError):
        slow.provider.propagate_change(change=wanted)
    slow.arm()
    (made,) = slow.diary()
    settle(slow, f"appointment/{made['id']}")
    slow.patch(f"appointment/{made['id']}", title="Anders")
    again = slow.provider.propagate_change(change=wanted)
    assert (again.outcome, again.entry.view.title, again.entry.view.state) == ("moved", "Anders", State.CONFIRMED)
    assert again.entry.stamp == Stamp(appointment="b1", revision=0)
    assert (again.wrote.title, again.wrote.state) == ("Check-up - Balu", State.CONFIRMED)


def test_a_two_stage_write_that_fails_is_a_conflict(slow: Any) -> None:
    receipt = slow.provider.propagate_change(change=slow.change())
    slow.phone("anna", slow.start, slow.start + HALF_HOUR)
    cursor = slow.read().cursor
    settle(slow, receipt.entry.ref)
    (entry,) = slow.read(cursor, {receipt.entry.ref: receipt.entry.version}).changed
    assert (entry.view.state, entry.failed) == (State.CANCELLED, "slot_unavailable")
    assert slow.provider.propagate_change(change=slow.change()).outcome == "conflict"
    assert slow.provider.propagate_change(change=slow.change(key="another")).outcome == "conflict"


def test_a_two_stage_write_that_fails_for_no_reason_is_no_conflict(slow: Any) -> None:
    receipt = slow.provider.propagate_change(change=slow.change())
    cursor = slow.read().cursor
    slow.arm({"match": "SETTLE /v1/appointments", "action": "not_written"})
    settle(slow, receipt.entry.ref)
    (entry,) = slow.read(cursor, {receipt.entry.ref: receipt.entry.version}).changed
    assert (entry.view.state, entry.failed) == (State.CANCELLED, "unknown")
    with pytest.raises(SkipItem, match="could not write it"):
        slow.provider.propagate_change(change=slow.change())
    again = slow.change(revision=2, key="tried-again")
    assert slow.provider.propagate_change(change=again).outcome == "pending"


def test_a_two_stage_move_that_fails_shows_what_was_before(slow: Any) -> None:
    slow.phone("anna", slow.start, slow.start + HALF_HOUR)
    (entry,) = slow.read().items
    receipt = slow.provider.propagate_change(change=slow.after(entry, slow.view(HOUR)))
    cursor = slow.read().cursor
    slow.arm({"match": "SETTLE /v1/appointments", "action": "not_written"})
    settle(slow, receipt.entry.ref)
    (back,) = slow.read(cursor, {receipt.entry.ref: receipt.entry.version}).changed
    assert (back.view.start, back.failed) == (slow.start, "unknown")


def test_a_two_stage_move_is_pending_too(slow: Any) -> None:
    ref = slow.phone("anna", slow.start, slow.start + HALF_HOUR)
    (entry,) = slow.read().items
    receipt = slow.provider.propagate_change(change=slow.after(entry, slow.view(HOUR)))
    assert (receipt.outcome, receipt.entry.ref) == ("pending", ref)
