"""Only a side that showed the arrival can take it back; what is older, or slower, is written back (decision 0054)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import booked, client, codes, edited, shadow

from calbridge.hub import Plan
from calbridge.model import State
from calbridge.provider import Receipt
from calbridge.testing.pure import PureHub, changed, echo

REQUEST = {"booking_mode": "request"}


def stands_everywhere(it: PureHub, state: State) -> None:
    it.settle()
    assert client(it).state is state
    views = (shadow(it, name).view for name in it.state.links)
    assert {view.state for view in views if view is not None} == {state}


def accepts(it: PureHub, plan: Plan) -> None:
    """The PMS takes what is due for it and does not write it yet."""
    (effect,) = (each for each in plan.effects if each.connection == "pms")
    it.write(effect, Receipt(outcome="pending", entry=replace(echo(effect), pending=True)))


@pytest.mark.parametrize("at_once", [True, False], ids=["in one read", "the calendar is read later"])
def test_an_accept_that_is_older_than_the_arrival_does_not_undo_it(at_once: bool) -> None:
    it = booked(**REQUEST)
    accepted = changed(edited(it, "calendar", state=State.CONFIRMED))
    arrived = changed(edited(it, "pms", state=State.ARRIVED))
    if at_once:
        it.see(pms=arrived, calendar=accepted)
    else:
        it.see(pms=arrived)
        it.see(calendar=accepted)
    stands_everywhere(it, State.ARRIVED)
    assert "arrival undone" not in codes(it)


def test_not_having_come_is_an_end_that_whoever_says_it_means() -> None:
    it = booked()
    absent = changed(edited(it, "calendar", state=State.NO_SHOW))
    it.see(pms=changed(edited(it, "pms", state=State.ARRIVED)), calendar=absent)
    stands_everywhere(it, State.NO_SHOW)


@pytest.mark.parametrize("fields", [{"note": "bring the card"}, {}], ids=["edited", "as before"])
def test_a_side_that_is_still_writing_the_arrival_does_not_undo_it(fields: dict[str, str]) -> None:
    it = booked()
    accepts(it, it.see(calendar=changed(edited(it, "calendar", state=State.ARRIVED))))
    it.now += 1
    it.see(pms=changed(edited(it, "pms", state=State.CONFIRMED, **fields)))
    assert client(it).state is State.ARRIVED
    if fields:
        stands_everywhere(it, State.ARRIVED)
        assert client(it).note == fields["note"]


def test_a_side_that_showed_it_undoes_it_also_while_something_else_is_on_its_way() -> None:
    it = booked()
    it.see(pms=changed(edited(it, "pms", state=State.ARRIVED)))
    it.settle()
    accepts(it, it.see(calendar=changed(edited(it, "calendar", note="bring the card"))))
    it.see(pms=changed(edited(it, "pms", state=State.CONFIRMED, note="")))
    assert client(it).state is State.CONFIRMED
