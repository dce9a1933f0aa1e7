"""An answer of a side speaks of what that side was asked, not of what the booking has become since."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from stories import (
    HALF,
    HOUR,
    TEN,
    ask,
    booked,
    client,
    codes,
    disagreements,
    edited,
    gives_up,
    kinds,
    shadow,
    taken,
    told,
)

from calbridge.hub import Command, Effect, Plan
from calbridge.interval import Interval
from calbridge.lifecycle import CommandKind
from calbridge.messages import Kind
from calbridge.model import Authority, State
from calbridge.provider import Busy, Receipt
from calbridge.testing.pure import PureHub, changed, echo
from calbridge.views import PmsView

LATER, LATEST = TEN + 2 * HOUR, TEN + 4 * HOUR
REQUEST = {"booking_mode": "request"}
Who = Literal["portal", "calendar"]
by_whom = pytest.mark.parametrize("who", ["portal", "calendar"], ids=["her", "staff"])


def move(it: PureHub, who: Who, start: int) -> Plan:
    return it.see(**{who: changed(edited(it, who, start=start, end=start + HALF, modified=it.now))})


def due(plan: Plan, name: str = "pms") -> Effect:
    (effect,) = (each for each in plan.effects if each.connection == name)
    return effect


def agrees(it: PureHub, start: int) -> None:
    it.settle()
    assert (client(it).start, client(it).written, disagreements(it)) == (start, True, [])


# --- a time that is taken -------------------------------------------------------------------------------


@by_whom
@pytest.mark.parametrize("when", ["before", "with it"])
def test_a_refusal_that_is_heard_after_it_was_moved_on_is_not_held_against_the_newer_place(who: Who, when: str) -> None:
    """The PMS was asked and could not be reached; its answer comes once the booking is to stand elsewhere."""
    it = booked()
    move(it, "portal", LATER)
    refused = taken(it, "pms")
    latest = changed(edited(it, who, start=LATEST, end=LATEST + HALF, modified=it.now))
    if when == "before":
        it.see(**{who: latest})
        it.see(refused)
    else:
        it.see(refused, **{who: latest})
    assert (client(it).start, client(it).decline_reason, client(it).exclusive) == (LATEST, "", True)
    agrees(it, LATEST)
    assert kinds(it) == set()


def test_a_refusal_of_a_longer_visit_is_none_of_the_shorter_one() -> None:
    it = booked()
    it.see(calendar=changed(edited(it, "calendar", end=TEN + HOUR)))
    refused = taken(it, "pms")
    it.see(refused, calendar=changed(edited(it, "calendar", end=TEN + HALF)))
    assert (client(it).end, client(it).exclusive, kinds(it)) == (TEN + HALF, True, set())


def test_what_goes_over_a_taken_time_still_does_after_another_reconciliation() -> None:
    """The PMS could not be reached meanwhile; asked without it, it would refuse the same again."""
    it = booked()
    move(it, "calendar", LATER)
    assert due(it.see(taken(it, "pms"))).change.overbook
    plan = it.see(calendar=changed(edited(it, "calendar", note="bring the card")))
    assert due(plan).change.overbook
    assert (client(it).exclusive, client(it).written_over) == (False, True)
    plan = move(it, "calendar", LATEST)
    assert not due(plan).change.overbook
    assert (client(it).exclusive, client(it).written_over) == (True, False)
    agrees(it, LATEST)


@pytest.mark.parametrize("free", [True, False], ids=["free", "taken since"])
def test_it_goes_back_only_to_where_nobody_has_come_since(free: bool) -> None:
    """Staff accepted her where she wants to be, and the PMS, which still has her where she was, has no room there."""
    it = booked(**REQUEST)
    it.deliver()
    move(it, "portal", LATER)
    ask(it, "accept")
    meeting = Busy(ref="m", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF + 60),))
    it.see(taken(it, "pms"), calendar=changed(*[] if free else [meeting]))
    told_of = [letter.kind for letter in it.plans[-1].letters.notices if letter.audience == "client"]
    assert told_of == ([Kind.MOVE_REFUSED] if free else [])
    assert (client(it).start, client(it).exclusive) == ((TEN, True) if free else (LATER, False))
    assert kinds(it) == (set() if free else {"overbooked"})


def test_what_was_never_reserved_is_looked_at_where_it_goes_back_to() -> None:
    it = booked(**REQUEST)
    it.state = replace(it.state, appointments={client(it).id: replace(client(it), reserved=False)})
    move(it, "portal", LATER)
    meeting = Busy(ref="m", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF + 60),))
    it.see(taken(it, "pms"), calendar=changed(meeting))
    assert (client(it).state, client(it).decline_reason) == (State.DECLINED, "slot_unavailable")


def test_it_goes_back_as_what_the_side_has_it() -> None:
    """A longer service, accepted by staff: the PMS still has the short one at the old time, without its room."""
    it = booked(**REQUEST)
    it.see(portal=changed(edited(it, "portal", start=LATER, end=LATER + HOUR, service="op", modified=it.now)))
    assert client(it).co_resources == ("room",)
    ask(it, "accept")
    it.see(taken(it, "pms"))
    after = client(it)
    assert (after.start, after.end, after.service, after.co_resources) == (TEN, TEN + HALF, "checkup", ())


# --- what is written, and how long ----------------------------------------------------------------------


def stretched() -> tuple[PureHub, Plan]:
    it = booked()
    return it, it.see(calendar=changed(edited(it, "calendar", end=TEN + HOUR)))


def test_a_longer_visit_is_written_once_the_record_has_it_as_long() -> None:
    it, plan = stretched()
    for _ in range(2):
        assert (client(it).written, told(plan)) == (False, [])
        assert Kind.MOVED not in {letter.kind for letter in it.deliver()}
        plan = it.see(pms=changed(edited(it, "pms")))
    it.write(due(plan))
    assert client(it).written
    agrees(it, TEN)


def test_a_longer_visit_that_the_record_never_takes_is_told_to_nobody() -> None:
    it, plan = stretched()
    gives_up(it, due(plan))
    for feed in ({}, {"pms": changed(edited(it, "pms"))}):
        plan = it.see(**feed)
        assert (client(it).written, plan.effects) == (False, ())


def test_another_service_is_written_once_the_record_has_it_as_long() -> None:
    it = booked()
    it.see(portal=changed(edited(it, "portal", service="long", modified=it.now)))
    for _ in range(2):
        assert (client(it).minutes, client(it).written) == (60, False)
        it.see()
    agrees(it, TEN)


def test_a_record_that_knows_no_such_length_has_it_all_the_same() -> None:
    it, plan = stretched()
    entry = echo(due(plan))
    it.write(due(plan), Receipt(outcome="written", entry=replace(entry, view=replace(entry.view, end=TEN + 2_700))))
    assert client(it).written
    it.state = replace(it.state, appointments={client(it).id: replace(client(it), written=False)})
    it.see()
    assert client(it).written


def test_the_answer_to_an_older_write_promises_nothing_of_a_newer_one() -> None:
    it, plan = stretched()
    older = due(plan)
    it.see(calendar=changed(edited(it, "calendar", end=TEN + HOUR + HALF)))
    it.write(older)
    assert not client(it).written
    it.see(pms=changed(echo(older)))
    assert not client(it).written
    agrees(it, TEN)


def test_a_request_is_told_as_moved_once_the_record_has_it_as_long() -> None:
    it = booked(**REQUEST)
    it.see()
    it.deliver()
    plan = it.see(calendar=changed(edited(it, "calendar", end=TEN + HOUR)))
    assert it.deliver() == []
    it.write(due(plan))
    it.see()
    assert [letter.kind for letter in it.deliver()] == [Kind.MOVED]


# --- what is accepted without a word of it --------------------------------------------------------------


def test_who_moves_back_while_the_move_is_only_accepted_is_written_back() -> None:
    """What will stand there is what was asked for, also where the side does not say so."""
    it = booked()
    plan = move(it, "portal", LATER)
    it.write(due(plan), Receipt(outcome="pending"))
    known = shadow(it, "pms")
    assert isinstance(known.view, PmsView)
    assert (known.view.start, known.before.start) == (LATER, TEN)  # type: ignore[union-attr]
    plan = move(it, "portal", TEN)
    assert due(plan).change.view.start == TEN
    agrees(it, TEN)


# --- what could not be written --------------------------------------------------------------------------


def failing() -> PureHub:
    """Her move was given up by the PMS, and somebody was asked."""
    it = booked()
    plan = move(it, "portal", LATER)
    gives_up(it, due(plan))
    it.see()
    return it


@by_whom
def test_once_it_is_moved_on_nobody_has_to_decide_any_more(who: Who) -> None:
    it = failing()
    plan = move(it, who, LATEST)
    assert {f"{kind}:pms/{client(it).id}" for kind in ("failed", "timed_out", "write")} <= set(plan.settled)
    assert due(plan).change.view.start == LATEST


def test_who_comes_back_to_what_could_not_be_written_is_written_there_anew() -> None:
    """The question was closed with the move; were it held for refused as before, nobody would know of it any more."""
    it = failing()
    move(it, "portal", LATEST)
    assert due(move(it, "portal", LATER)).change.view.start == LATER
    agrees(it, LATER)


def test_while_a_connection_does_not_load_its_questions_stay_open() -> None:
    it = failing()
    links, known = it.state.links, shadow(it, "pms")
    it.state = replace(it.state, links={n: each for n, each in links.items() if n != "pms"}, broken=frozenset({"pms"}))
    plan = it.see()
    assert (plan.settled, shadow(it, "pms")) == ((), known)


@by_whom
@pytest.mark.parametrize("when", ["before", "with it"])
@pytest.mark.parametrize("way", ["keep", "take_back", "retry"])
def test_a_way_out_is_of_what_could_not_be_written_and_of_nothing_newer(way: CommandKind, when: str, who: Who) -> None:
    """Kept, she would be told of a time that no side has; taken back, she would lose one that nobody has refused."""
    it = failing()
    if when == "before":
        move(it, who, LATEST)
        ask(it, way, connection="pms")
    else:
        feed = changed(edited(it, who, start=LATEST, end=LATEST + HALF, modified=it.now))
        it.state = replace(it.state, commands=(_command(it, way),))
        it.see(**{who: feed})
    assert (client(it).start, client(it).written) == (LATEST, False)
    assert "nothing_unwritten" in {line.facts.get("why") for line in it.plans[-1].journal}
    agrees(it, LATEST)


def _command(it: PureHub, way: CommandKind) -> Command:
    return Command(id=1, kind=way, appointment=client(it).id, connection="pms")


@pytest.mark.parametrize("way", ["keep", "take_back", "retry"])
def test_a_way_out_of_what_is_written_is_none(way: CommandKind) -> None:
    it = booked()
    before = client(it)
    plan = ask(it, way, connection="pms")
    assert (client(it), plan.effects) == (before, ())
    assert [line.facts["why"] for line in plan.journal] == ["nothing_unwritten"]


def test_a_visit_that_could_not_be_made_longer_is_as_long_as_it_was_once_that_is_taken_back() -> None:
    it, plan = stretched()
    gives_up(it, due(plan))
    ask(it, "take_back", connection="pms")
    assert client(it).end == TEN + HALF
    agrees(it, TEN)


# --- what she may not have ------------------------------------------------------------------------------


def test_who_may_not_change_the_service_is_told_why() -> None:
    it = booked(authority=Authority(service="clinic"))
    it.deliver()
    it.see(portal=changed(edited(it, "portal", service="long", modified=it.now)))
    assert [letter.kind for letter in it.deliver()] == [Kind.MOVE_REFUSED]
    (effect,) = told(it.settle())
    view = effect.change.view
    assert (view.service, view.decline_reason, effect.change.alternatives) == (  # type: ignore[union-attr]
        "checkup",
        "service_not_changeable",
        (),
    )
    assert client(it).service == "checkup"


@pytest.mark.parametrize("rules", [{}, REQUEST])
def test_who_moves_it_to_where_the_clinic_does_is_refused_nothing(rules: dict[str, str]) -> None:
    it = booked(**rules)
    it.deliver()
    same = {"start": LATER, "end": LATER + HALF, "modified": it.now}
    it.see(calendar=changed(edited(it, "calendar", **same)), portal=changed(edited(it, "portal", **same)))
    assert not {"overruled", "move_refused"} & codes(it)
    assert Kind.MOVE_REFUSED not in {letter.kind for letter in it.plans[-1].letters.notices}
    it.settle()
    assert (client(it).start, disagreements(it)) == (LATER, [])
