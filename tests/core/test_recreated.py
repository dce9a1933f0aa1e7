"""A PMS that cancels and books anew to move a visit, or to swap its record, does not lose the booking."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import (
    DAY,
    HALF,
    HOUR,
    MARA,
    RECORD,
    TEN,
    ask,
    booked,
    client,
    codes,
    disagreements,
    edited,
    held,
    hub,
    phone,
    portal,
    shadow,
    submitted,
    told,
)

from calbridge.hub import Answers, Plan
from calbridge.messages import Kind
from calbridge.model import State
from calbridge.provider import Complete, Delta, Entry, Gone, NotModified, Present, Record, Unknown
from calbridge.testing.pure import PureHub, changed, everything

LATER = TEN + HOUR
NEW = "pms/anew"


def anew(it: PureHub, **fields: Any) -> Entry:
    """The same visit under another ref, without the bridge's mark."""
    return replace(edited(it, "pms", **fields), ref=NEW, version="1", stamp=None)


def gone(it: PureHub) -> Answers:
    return Answers(probes={("pms", shadow(it, "pms").ref): Gone()})


def deleted(it: PureHub, *new: Entry) -> Delta[Record]:
    return changed(*new, removed=(shadow(it, "pms").ref,))


def not_listed(it: PureHub, *new: Entry) -> Complete[Record]:
    it.now += 1
    return everything(*new)


def cancelled(it: PureHub, *new: Entry) -> Delta[Record]:
    return changed(edited(it, "pms", state=State.CANCELLED), *new)


ways = pytest.mark.parametrize("way", [deleted, not_listed, cancelled])


@ways
def test_the_same_visit_made_anew_is_the_same_booking(way: Any) -> None:
    it = booked()
    key = client(it).id
    it.see(gone(it), pms=way(it, anew(it)))
    assert (client(it).id, client(it).state, len(it.state.appointments)) == (key, State.CONFIRMED, 1)
    assert shadow(it, "pms").ref == NEW
    assert it.settle() == []
    assert "recreated" in codes(it)


@ways
def test_made_anew_at_another_time_it_was_moved(way: Any) -> None:
    it = booked()
    key, link = client(it).id, shadow(it, "portal").ref
    it.see(gone(it), pms=way(it, anew(it, start=LATER, end=LATER + HALF)))
    written = it.settle()
    assert (client(it).id, client(it).start, shadow(it, "portal").ref) == (key, LATER, link)
    assert {effect.connection for effect in written} == {"calendar", "portal"}
    (effect,) = told(written)
    assert (effect.change.view.state, effect.change.view.start) == (State.CONFIRMED, LATER)


def test_from_then_on_the_new_entry_is_the_bookings() -> None:
    it = booked()
    first = edited(it, "pms", state=State.CANCELLED)
    it.see(gone(it), pms=deleted(it, anew(it)))
    it.settle()
    it.see(pms=changed(first))  # the old one, cancelled, is listed once more
    it.see(pms=everything(first, anew(it)))
    assert client(it).state is State.CONFIRMED
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    assert {e.change.ref for e in it.settle() if e.connection == "pms"} == {NEW}


def test_what_nobody_is_linked_to_is_known_by_its_own_texts() -> None:
    it = held(hub(on_unmatched="book_unlinked"))
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)
    it.see(Answers(clients={"portal/booking/1": ()}), portal=changed(entry))
    it.settle()
    key = client(it).id
    it.see(gone(it), pms=deleted(it, anew(it, start=LATER, end=LATER + HALF)))
    assert (client(it).id, client(it).start, client(it).state) == (key, LATER, State.CONFIRMED)


@ways
@pytest.mark.parametrize(
    "other",
    [
        {"client": "c2"},
        {"patient": "p2"},
        {"patient": ""},
        {"service": "long"},
        {"client": "", "note": "", "title": ""},
    ],
)
def test_another_visit_is_another_booking(way: Any, other: dict[str, str]) -> None:
    it = booked()
    key = client(it).id
    it.see(gone(it), pms=way(it, anew(it, **other)))
    it.settle()
    assert it.state.appointments[key].state is State.CANCELLED
    assert [a.state for a in it.state.appointments.values() if a.id != key] == [State.CONFIRMED]


def test_of_two_that_may_be_it_neither_is() -> None:
    it = booked()
    second = replace(anew(it, start=LATER, end=LATER + HALF), ref="pms/second")
    it.see(gone(it), pms=deleted(it, anew(it), second))
    assert client(it).state is State.CANCELLED
    assert len(it.state.appointments) == 3


def test_a_patient_that_neither_names_is_no_evidence() -> None:
    """Reception cancels one visit of a client and books her another: who comes is not said."""
    it = hub()
    it.see(pms=changed(phone(client="c1", service="checkup", title="Voss", note="knows the owner")))
    it.settle()
    second = phone(
        "pms/8", client="c1", service="checkup", title="Voss", note="knows the owner", start=LATER, end=LATER + HALF
    )
    over = phone(
        version="2", client="c1", service="checkup", title="Voss", note="knows the owner", state=State.CANCELLED
    )
    it.see(pms=changed(over, second))
    assert sorted(a.state for a in it.state.appointments.values()) == [State.CANCELLED, State.CONFIRMED]


def test_of_what_staff_made_texts_alone_are_no_evidence() -> None:
    it = hub()
    it.see(pms=changed(phone(service="checkup", title="Voss", note="knows the owner")))
    it.settle()
    over = phone(version="2", service="checkup", title="Voss", note="knows the owner", state=State.CANCELLED)
    second = phone("pms/8", service="checkup", title="Voss", note="knows the owner", start=LATER, end=LATER + HALF)
    it.see(pms=changed(over, second))
    assert sorted(a.state for a in it.state.appointments.values()) == [State.CANCELLED, State.CONFIRMED]


def test_without_proof_nothing_was_made_anew() -> None:
    it = booked()
    there = Answers(probes={("pms", shadow(it, "pms").ref): Present()})
    it.see(there, pms=deleted(it, anew(it, start=LATER, end=LATER + HALF)))
    assert (client(it).state, client(it).start) == (State.CONFIRMED, TEN)
    assert len(it.state.appointments) == 2


def test_a_calendar_brings_nobody_back() -> None:
    """What staff pastes into a calendar bears no mark: it is their own event."""
    it = booked()
    pasted = replace(edited(it, "calendar"), ref="anna/pasted", stamp=None)
    ref = shadow(it, "calendar").ref
    it.see(Answers(probes={("calendar", ref): Gone()}), calendar=changed(pasted, removed=(ref,)))
    assert client(it).state is State.CANCELLED


def test_what_the_bridge_made_keeps_its_mark_and_is_known_by_it() -> None:
    it = booked()
    key = client(it).id
    moved = replace(edited(it, "pms", start=LATER, end=LATER + HALF), ref=NEW)
    it.see(gone(it), pms=deleted(it, moved))
    assert (client(it).id, client(it).start, shadow(it, "pms").ref) == (key, LATER, NEW)
    assert RECORD.id == client(it).client


# --- deleted in one read, entered in another ----------------------------------------------------------

WAIT = 120
QUIET: Delta[Record] = Delta(changed=())
MOVED = {"start": LATER, "end": LATER + HALF}


def wait_of(it: PureHub) -> int | None:
    return shadow(it, "pms").awaited


def looked(it: PureHub, feed: Any = QUIET, after: int = 60) -> Plan:
    """The next read, which finds that the old entry is gone."""
    it.now += after
    plan = it.see(gone(it), pms=feed)
    for effect in plan.effects:
        it.write(effect)
    it.deliver()
    return plan


def spoken(it: PureHub) -> list[Any]:
    """Which messages its client was sent since."""
    return [each.kind for plan in it.plans for each in (*plan.letters.due, *plan.letters.notices)]


def removed() -> PureHub:
    """Her booking, whose entry the last read of the PMS proved gone."""
    it = booked()
    it.deliver()
    it.plans.clear()
    it.see(gone(it), pms=deleted(it))
    return it


@pytest.mark.parametrize("way", [deleted, not_listed])
@pytest.mark.parametrize("fields", [{}, MOVED], ids=["as it was", "moved"])
@pytest.mark.parametrize("between", [(), (QUIET,), (NotModified(),)], ids=["next read", "a read later", "no news"])
@pytest.mark.parametrize("full", [True, False], ids=["a listing", "a list of changes"])
def test_deleted_in_one_read_and_entered_in_a_later_one_it_is_the_same_booking(
    way: Any, fields: dict[str, int], between: tuple[Any, ...], full: bool
) -> None:
    it = booked()
    key, link, new = client(it).id, shadow(it, "portal").ref, anew(it, **fields)
    it.deliver()
    it.plans.clear()
    it.see(gone(it), pms=way(it))
    assert (client(it).state, it.plans[-1].effects) == (State.CONFIRMED, ())
    for feed in between:
        looked(it, feed, 10)
    looked(it, everything(new) if full else changed(new), 10)
    assert (client(it).id, client(it).state, len(it.state.appointments)) == (key, State.CONFIRMED, 1)
    assert (client(it).start, shadow(it, "portal").ref) == (new.view.start, link)
    assert (shadow(it, "pms").ref, wait_of(it)) == (NEW, None)
    assert spoken(it) == ([Kind.MOVED] if fields else [])
    assert {task.kind for plan in it.plans for task in plan.tasks} == set()
    assert it.settle() == []


@pytest.mark.parametrize("feed", [QUIET, NotModified(), everything()], ids=["Delta", "NotModified", "Complete"])
def test_what_is_not_entered_anew_is_cancelled_and_told_once_the_wait_is_over(feed: Any) -> None:
    it = removed()
    it.now += WAIT - 1
    looked(it, feed, 0)
    assert (client(it).state, spoken(it)) == (State.CONFIRMED, [])
    plan = looked(it, feed, 1)
    assert (client(it).state, spoken(it)) == (State.CANCELLED, [Kind.CANCELLED])
    assert {effect.connection for effect in plan.effects} == {"calendar", "portal"}
    assert ("pms", client(it).id) not in it.state.shadows
    assert it.settle() == []


@pytest.mark.parametrize(
    ("rules", "feed"),
    [
        ({"recreated_within": 0}, deleted),
        ({}, cancelled),
        ({}, lambda it: deleted(it, phone(NEW, title="somebody else"))),
        ({}, lambda it: deleted(it, anew(it, client="c2", patient="p2"))),
    ],
    ids=["the clinic wants no wait", "it says cancelled", "its time is given away", "to another client"],
)
def test_a_cancellation_that_is_one_is_told_at_once(rules: dict[str, Any], feed: Any) -> None:
    it = booked(**rules)
    it.deliver()
    it.see(gone(it), pms=feed(it))
    assert client(it).state is State.CANCELLED
    assert [letter.kind for letter in it.plans[-1].letters.due] == [Kind.CANCELLED]


def test_who_is_given_its_time_in_a_later_read_ends_the_wait() -> None:
    it = removed()
    looked(it, changed(phone(NEW, title="somebody else")), 10)
    assert client(it).state is State.CANCELLED
    assert spoken(it) == [Kind.CANCELLED]
    assert not any(task.kind == "overbooked" for plan in it.plans for task in plan.tasks)


def test_what_nobody_hears_of_is_not_waited_for() -> None:
    it = hub()
    it.see(pms=changed(phone(client="c1", patient="p1", service="checkup")))
    it.settle()
    (own,) = it.state.appointments
    it.see(Answers(probes={("pms", "pms/7"): Gone()}), pms=changed(removed=("pms/7",)))
    assert it.state.appointments[own].state is State.CANCELLED


def test_a_request_is_waited_for_too_and_then_declined() -> None:
    it = booked(booking_mode="request")
    it.see(gone(it), pms=deleted(it))
    assert client(it).state is State.REQUESTED
    looked(it, QUIET, WAIT)
    assert client(it).state is State.DECLINED


def test_a_request_that_staff_enters_as_a_visit_of_its_own_is_accepted() -> None:
    it = booked(booking_mode="request")
    key, new = client(it).id, anew(it, state=State.CONFIRMED)
    it.see(gone(it), pms=deleted(it))
    looked(it, changed(new))
    assert (client(it).id, client(it).state, len(it.state.appointments)) == (key, State.CONFIRMED, 1)


def test_meanwhile_nothing_is_written_over_what_is_gone_and_what_the_client_wants_comes_with_the_new_entry() -> None:
    it = removed()
    new = anew(it)
    it.see(portal=changed(edited(it, "portal", **MOVED)))
    assert client(it).start == LATER
    assert "pms" not in {effect.connection for effect in it.plans[-1].effects}
    for effect in it.plans[-1].effects:
        it.write(effect)
    looked(it, changed(new), 10)
    it.settle()
    assert (shadow(it, "pms").ref, shadow(it, "pms").view.start) == (NEW, LATER)  # type: ignore[union-attr]
    assert disagreements(it) == []


def test_what_its_client_corrects_meanwhile_ends_no_wait() -> None:
    """The old entry's note was what told whose it is, and it says what she said before."""
    it = held(hub(on_unmatched="book_unlinked"))
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)
    it.see(Answers(clients={"portal/booking/1": ()}), portal=changed(entry))
    it.settle()
    key, new = client(it).id, anew(it)
    it.see(gone(it), pms=deleted(it))
    corrected = replace(edited(it, "portal"), details=replace(MARA, phone="030 23125001"))
    answers = replace(gone(it), clients={"portal/booking/1": ()})
    it.see(answers, pms=QUIET, portal=changed(corrected))
    looked(it, QUIET, 10)
    assert (client(it).state, wait_of(it) is not None) == (State.CONFIRMED, True)
    looked(it, changed(new), 10)
    assert (client(it).id, len(it.state.appointments)) == (key, 1)
    it.settle()
    assert "030 23125001" in shadow(it, "pms").view.note  # type: ignore[union-attr]


@pytest.mark.parametrize("by", ["client", "command"])
def test_what_is_cancelled_meanwhile_is_over_at_once(by: str) -> None:
    it = removed()
    if by == "client":
        it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    else:
        ask(it, "cancel")
    assert client(it).state is State.CANCELLED
    assert "pms" not in {effect.connection for effect in it.plans[-1].effects}
    looked(it)
    assert ("pms", client(it).id) not in it.state.shadows
    assert it.settle() == []


def test_what_is_there_again_as_it_was_is_not_waited_for() -> None:
    it = removed()
    it.now += 10
    it.see(pms=changed(replace(edited(it, "pms"), version="3")))
    assert (client(it).state, wait_of(it)) == (State.CONFIRMED, None)
    assert it.settle() == []


def test_a_side_that_lists_nothing_of_it_and_has_it_all_the_same_is_believed() -> None:
    it = removed()
    it.see(Answers(probes={("pms", shadow(it, "pms").ref): Present()}), pms=QUIET)
    assert wait_of(it) is None
    it.now += WAIT
    it.see(gone(it), pms=QUIET)
    assert client(it).state is State.CONFIRMED, "no read says that it is missing"


def test_a_side_that_cannot_be_asked_again_ends_nothing_and_asks_a_person_once_the_wait_is_over() -> None:
    it, away = removed(), Answers(probes={("pms", shadow(removed(), "pms").ref): Unknown(why="503")})
    it.now += 60
    it.see(away, pms=QUIET)
    assert it.plans[-1].tasks == ()
    it.now += 60
    it.see(away, pms=QUIET)
    assert (client(it).state, [task.kind for task in it.plans[-1].tasks]) == (State.CONFIRMED, ["missing"])
    looked(it)
    assert client(it).state is State.CANCELLED
    assert any(key.startswith("missing:pms/") for key in it.plans[-1].settled)


def test_what_comes_back_under_another_ref_with_the_bridges_mark_is_it() -> None:
    it = removed()
    looked(it, changed(replace(edited(it, "pms", **MOVED), ref=NEW)), 10)
    assert (client(it).start, shadow(it, "pms").ref, len(it.state.appointments)) == (LATER, NEW, 1)
    assert spoken(it) == [Kind.MOVED]


def test_one_after_the_other_they_are_no_more_at_once_than_the_guard_believes() -> None:
    """Each was counted in the read that ended it."""
    it = hub(max_cancellations=1)
    for n in range(3):
        submitted(held(it, f"hold/{n}", start=TEN + n * HOUR, end=TEN + n * HOUR + HALF), f"booking/{n}", f"hold/{n}",
                  start=TEN + n * HOUR, end=TEN + n * HOUR + HALF)  # fmt: skip
    refs = [each.ref for (name, _), each in sorted(it.state.shadows.items()) if name == "pms"]
    proved = Answers(probes={("pms", ref): Gone() for ref in refs})
    for ref in refs:
        it.now += 10
        it.see(proved, pms=changed(removed=(ref,)))
    it.now += WAIT
    it.see(proved, pms=QUIET)
    assert {each.state for each in it.state.appointments.values()} == {State.CANCELLED}
    assert "guarded" not in codes(it)


@pytest.mark.parametrize("feed", [QUIET, NotModified(), everything()], ids=["Delta", "NotModified", "Complete"])
def test_after_a_days_silence_the_first_read_ends_nothing(feed: Any) -> None:
    it = removed()
    looked(it, feed, 2 * DAY)
    assert client(it).state is State.CONFIRMED
    looked(it, everything(), 60)
    assert client(it).state is State.CANCELLED


def test_nothing_new_is_promised_of_what_is_gone_and_waited_for() -> None:
    """Staff deletes the visit when her move is written and not told yet: she would hear of it, and then of its end."""
    it = booked()
    it.see()
    it.deliver()
    plan = it.see(portal=changed(edited(it, "portal", start=LATER, end=LATER + HALF, modified=it.now)))
    for effect in plan.effects:
        it.write(effect)
    it.now += 1
    it.see(gone(it), pms=deleted(it), calendar=changed(), portal=changed())
    assert (client(it).reserved, wait_of(it) is not None, it.deliver()) == (False, True, [])
    it.now += 200
    it.see(gone(it), pms=NotModified(), calendar=changed(), portal=changed())
    it.settle()
    assert [each.kind for each in it.deliver()] == [Kind.CANCELLED]


def test_who_was_not_told_yet_that_it_is_confirmed_is_not_told_so_while_it_is_gone() -> None:
    """The process ended after the write."""
    it = booked()
    plan = it.see(gone(it), pms=deleted(it), calendar=changed(), portal=changed())
    assert wait_of(it) is not None
    assert [each.kind for each in it.deliver() if each.kind is not Kind.REMINDER] == []
    assert told(plan) == []


def test_what_could_not_be_proved_and_is_there_again_is_nobodys_question() -> None:
    it = removed()
    it.now += 200
    it.see(Answers(probes={("pms", shadow(it, "pms").ref): Unknown()}), pms=NotModified())
    assert [task.kind for task in it.plans[-1].tasks] == ["missing"]
    it.see(Answers(probes={("pms", shadow(it, "pms").ref): Present()}), pms=NotModified())
    assert f"missing:pms/{client(it).id}" in it.plans[-1].settled
