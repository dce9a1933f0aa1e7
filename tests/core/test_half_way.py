"""A side that takes a change step by step took some of them and then no more: only those are the base of what it shows.

The steps are the bridge's own. Taken for staff's they would undo an arrival (decision 0054) or bring back what is over;
and what staff did between two of them would be lost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest
from stories import booked, client, codes, disagreements, edited, hub, phone, shadow

from calbridge.hub import Answers, Effect, Plan
from calbridge.model import State
from calbridge.provider import Entry, Receipt, Stamp
from calbridge.testing.pure import PureHub, changed, echo
from calbridge.views import PmsView

REQUEST = {"booking_mode": "request"}
Refusal = Literal["moved", "conflict"]


def received(it: PureHub) -> Effect:
    """Staff lets a request in and receives its client in one go, in the calendar; the write that is due for the PMS."""
    return due(it.see(calendar=changed(edited(it, "calendar", state=State.ARRIVED))))


def due(plan: Plan) -> Effect:
    (effect,) = (each for each in plan.effects if each.connection == "pms")
    return effect


def half_way(effect: Effect, outcome: Refusal = "moved", **desk: Any) -> Receipt:
    """The PMS took the step to confirmed and not the one to arrived; the desk may have done something in between."""
    before = effect.change.previous
    assert isinstance(before, PmsView)
    left = replace(before, state=State.CONFIRMED)
    stamp = Stamp(appointment=effect.change.appointment, revision=1)
    entry = Entry(ref=effect.change.ref, version="half", view=replace(left, **desk), stamp=stamp)
    return Receipt(outcome=outcome, entry=entry, wrote=left)


def told(it: PureHub, effect: Effect, receipt: Receipt) -> Plan:
    """The answer, and the read that follows it."""
    it.write(effect, receipt)
    it.now += 1
    assert receipt.entry is not None
    refused = {("pms", effect.change.appointment): effect.change.view} if receipt.outcome == "conflict" else {}
    return it.see(Answers(conflicts=refused), pms=changed(receipt.entry))


@pytest.mark.parametrize("outcome", ["moved", "conflict"])
@pytest.mark.parametrize("desk", [{}, {"note": "bring the card"}], ids=["nothing", "an edit"])
def test_what_was_not_reached_is_no_arrival_undone(desk: dict[str, str], outcome: Refusal) -> None:
    it = booked(**REQUEST)
    effect = received(it)
    plan = told(it, effect, half_way(effect, outcome, **desk))
    assert client(it).state is State.ARRIVED
    assert client(it).note == desk.get("note", "")
    rest = due(plan)
    assert (rest.change.version, rest.change.previous.state) == ("half", State.CONFIRMED)  # type: ignore[union-attr]
    assert rest.change.key != effect.change.key
    it.settle()
    assert (client(it).state, disagreements(it)) == (State.ARRIVED, [])
    assert not {"arrival undone", "refused"} & codes(it)


def test_our_own_steps_bring_nothing_back_to_life() -> None:
    """It was called off before the PMS could be read again: what stands there was confirmed by the bridge itself."""
    it = booked(**REQUEST)
    effect = received(it)
    receipt = half_way(effect)
    it.write(effect, receipt)
    key = client(it).id
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))  # the patient is here: refused
    it.state = replace(it.state, appointments={key: replace(client(it), state=State.CANCELLED)})
    assert receipt.entry is not None
    plan = it.see(pms=changed(receipt.entry))
    assert list(it.state.appointments) == [key]
    assert due(plan).change.remove


def test_a_new_one_is_known_as_it_was_made() -> None:
    """Staff took the patient in before the PMS had heard of the booking: made as confirmed, edited, not yet arrived."""
    it = hub()
    it.see(pms=changed(phone()))
    it.settle()
    (key,) = it.state.appointments
    it.state = replace(it.state, shadows={k: s for k, s in it.state.shadows.items() if k[0] != "calendar"})
    arrived = replace(it.state.appointments[key], state=State.ARRIVED)
    it.state = replace(it.state, appointments={key: arrived})
    (effect,) = (each for each in it.see().effects if each.connection == "calendar")
    made = replace(echo(effect), version="made", stamp=Stamp(appointment=key, revision=0))
    left = replace(effect.change.view, state=State.CONFIRMED)
    it.write(effect, Receipt(outcome="moved", entry=replace(made, view=replace(left, note="card")), wrote=left))
    known = it.state.shadows["calendar", key]
    assert (known.view, known.version, known.asked, known.revision) == (left, "made", "", 0)
    it.see(calendar=changed(replace(made, view=replace(left, note="card"))))
    assert (it.state.appointments[key].state, it.state.appointments[key].note) == (State.ARRIVED, "card")
    it.settle()
    shown = it.state.shadows["calendar", key].view
    assert shown is not None
    assert shown.state is State.ARRIVED


def test_steps_that_are_only_accepted_leave_what_was_before_them() -> None:
    it = booked(**REQUEST)
    before = shadow(it, "pms").view
    effect = received(it)
    receipt = half_way(effect)
    assert receipt.entry is not None
    it.write(effect, replace(receipt, entry=replace(receipt.entry, pending=True)))
    known = shadow(it, "pms")
    assert (known.pending, known.before, known.view) == (True, before, receipt.wrote)
