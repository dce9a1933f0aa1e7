"""How a hold becomes a booking, whatever the bridge had forgotten or not read by then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import (
    HALF,
    MARA,
    RECORD,
    TEN,
    booked,
    client,
    edited,
    held,
    hub,
    kinds,
    portal,
    shadow,
    submitted,
    taken,
)

from calbridge.hub import Answers
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import Busy, Unreadable
from calbridge.testing.pure import changed, everything

IN_TIME, LATE = 299, 301
STANDS = {
    # when she confirmed it, whether the bridge had ended the hold by then: every appointment's state
    (IN_TIME, False): {State.CONFIRMED},
    (IN_TIME, True): {State.EXPIRED, State.CONFIRMED},
    (LATE, False): {State.EXPIRED, State.DECLINED},
    (LATE, True): {State.EXPIRED, State.DECLINED},
}


@pytest.mark.parametrize(("confirmed", "swept"), STANDS)
def test_a_portal_may_keep_the_holds_ref_for_its_booking(confirmed: int, swept: bool) -> None:
    """Read late it was never seen: the hold had ended in the bridge, and its client waited for ever."""
    it = hub(late_confirm="refuse")
    begun = it.now
    it.see(portal=changed(portal("x/1", State.HELD, expires=begun + 300)))
    it.settle()
    it.now = begun + 400
    if swept:
        it.see()
    entry = portal("x/1", State.REQUESTED, details=MARA, modified=begun + confirmed)
    it.see(Answers(clients={"portal/x/1": (RECORD,)}), portal=changed(entry))
    assert {each.state for each in it.state.appointments.values()} == STANDS[confirmed, swept]


def test_a_hold_that_was_confirmed_while_its_portal_was_forgotten_is_submitted() -> None:
    """Another address of the portal makes the bridge forget what it showed; the booking ended with the hold."""
    it = held(hub())
    it.state = replace(it.state, shadows={key: each for key, each in it.state.shadows.items() if key[0] != "portal"})
    submitted(it)
    assert client(it).state is State.CONFIRMED


def test_a_known_entry_that_cannot_be_read_is_there() -> None:
    it = booked()
    it.now += 60
    broken = Unreadable(ref=shadow(it, "pms").ref, version="9", why="no start", resource="anna")
    assert it.asks(pms=everything(broken)) == ()
    plan = it.see(pms=everything(broken))
    assert [task.kind for task in plan.tasks] == ["unreadable"]
    assert client(it).state is State.CONFIRMED


def test_a_refused_write_sends_nobody_away_who_is_here() -> None:
    """The desk receives her; a calendar of the clinic takes no second entry at that time."""
    it = held(hub(booking_mode="request"))
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)
    it.see(Answers(clients={"portal/booking/1": (RECORD,)}), portal=changed(entry))
    it.see(pms=changed(edited(it, "pms", state=State.ARRIVED)))
    it.see(taken(it, "calendar"))
    assert client(it).state is State.ARRIVED
    it.settle()
    assert client(it).state is State.ARRIVED


@pytest.mark.parametrize("state", [State.ARRIVED, State.CONFIRMED])
def test_who_is_here_gives_way_to_nobody(state: State) -> None:
    """Received before her time was read again around: what is found there then is a person's business."""
    it = held(hub(booking_mode="request"))
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)
    it.see(Answers(clients={"portal/booking/1": (RECORD,)}), portal=changed(entry))
    waiting = replace(client(it), reserved=False)
    it.state = replace(it.state, appointments={waiting.id: waiting})
    meeting = Busy(ref="m", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF + 60),))
    it.see(pms=changed(edited(it, "pms", state=state)), calendar=changed(meeting))
    here = state is State.ARRIVED
    assert (client(it).state, client(it).reserved) == (state if here else State.CANCELLED, here)
    it.settle()
    assert kinds(it) == ({"overbooked"} if here else set())
