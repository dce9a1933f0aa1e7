"""A client who is refused is told with alternatives: with the refusal, in the journal, never over what others got."""

from __future__ import annotations

from typing import Any

import pytest
from stories import DAY, HALF, HOUR, MARA, NOW, TEN, booked, client, edited, held, hub, phone, portal, taken, told

from calbridge.hub import Plan
from calbridge.interval import Interval
from calbridge.model import Alternative, State
from calbridge.provider import Busy, Receipt
from calbridge.reconcile import facts, instead
from calbridge.slots import Candidate, alternatives
from calbridge.testing.pure import PureHub, changed

QUARTER = 900


def offered(it: PureHub, start: int = TEN, resource: str = "anna") -> tuple[Alternative, ...]:
    """What the slot rules themselves would name now."""
    wanted = Candidate(service="checkup", resource=resource, start=start)
    found = alternatives(it.clinic, facts(it.state, it.clinic, it.now), wanted)
    return tuple(Alternative(resource=slot.resource, start=slot.start, end=slot.end) for slot in found)


def journalled(plan: Plan) -> list[str]:
    return [line.facts.get("starts", "") for line in plan.journal if line.code == "alternatives"]


def refused_hold(it: PureHub) -> Plan:
    it.see(pms=changed(phone()))
    return it.see(portal=changed(portal("hold/1", State.HELD)))


def taken_in_the_pms(it: PureHub) -> Plan:
    it.see(portal=changed(portal("booking/1", State.REQUESTED, details=MARA)))
    key = client(it).id
    busy = Busy(ref="block", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF),))
    return it.see(taken(it, "pms", key), calendar=changed(busy))


def overtaken_while_reserving(it: PureHub) -> Plan:
    for effect in it.see(portal=changed(portal("hold/1", State.HELD))).effects:
        it.write(effect)
    busy = Busy(ref="anna/meeting", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF),))
    return it.see(calendar=changed(busy), pms=changed(), portal=changed())


def confirmed_late(it: PureHub) -> Plan:
    held(it)
    it.now = NOW + 400
    it.see(pms=changed(phone()))
    late = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=NOW + 400)
    return it.see(portal=changed(late))


REFUSALS = [refused_hold, taken_in_the_pms, overtaken_while_reserving, confirmed_late]


@pytest.mark.parametrize("story", REFUSALS, ids=lambda story: story.__name__)
def test_whoever_loses_a_slot_is_told_what_is_free_instead(story: Any) -> None:
    it = hub()
    plan = story(it)
    (loser,) = [a for a in it.state.appointments.values() if a.decline_reason and a.state is not State.EXPIRED]
    (effect,) = [each for each in told(plan) if each.change.appointment == loser.id]
    assert effect.change.remove
    assert effect.change.view.decline_reason == "slot_unavailable"
    assert effect.change.alternatives == loser.alternatives == offered(it)
    assert len(loser.alternatives) == 3
    (starts,) = journalled(plan)
    assert starts.split()[0] == "2026-11-24T10:00:00+01:00"  # Bernd is free at the very time


def test_a_refused_confirmation_says_that_the_hold_had_run_out() -> None:
    it = held(hub(late_confirm="refuse"))
    it.now = NOW + 400
    late = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=NOW + 400)
    (effect,) = told(it.see(portal=changed(late)))
    assert effect.change.view.decline_reason == "hold_expired"
    assert effect.change.alternatives


def test_a_refused_move_goes_back_with_alternatives_and_a_good_one_forgets_them() -> None:
    it = booked()
    it.see(pms=changed(phone(start=TEN + HOUR, end=TEN + HOUR + HALF)))
    it.settle()
    plan = it.see(portal=changed(edited(it, "portal", start=TEN + HOUR, end=TEN + HOUR + HALF)))
    (effect,) = told(plan)
    assert (effect.change.view.start, effect.change.view.decline_reason) == (TEN, "slot_unavailable")
    assert [each.start for each in effect.change.alternatives] == [TEN + HOUR, TEN + HOUR + QUARTER, TEN + HOUR + HALF]
    it.settle()
    it.see(portal=changed(edited(it, "portal", start=TEN + 2 * HOUR, end=TEN + 2 * HOUR + HALF)))
    assert (client(it).start, client(it).decline_reason, client(it).alternatives) == (TEN + 2 * HOUR, "", ())


def test_a_move_that_the_pms_refuses_is_undone_with_alternatives_to_what_was_wanted() -> None:
    it = booked()
    it.see(portal=changed(edited(it, "portal", start=TEN + HOUR, end=TEN + HOUR + HALF)))
    it.see(taken(it, "pms"))
    (effect,) = told(it.settle())
    assert (effect.change.view.start, effect.change.view.decline_reason) == (TEN, "slot_unavailable")
    assert effect.change.alternatives[0] == Alternative(resource="bernd", start=TEN + HOUR, end=TEN + HOUR + HALF)


def test_a_move_that_comes_too_late_is_answered_please_phone_without_alternatives() -> None:
    it = booked(client_move_cutoff=2 * DAY)
    plan = it.see(portal=changed(edited(it, "portal", start=TEN + HOUR, end=TEN + HOUR + HALF)))
    (effect,) = told(plan)
    assert (effect.change.view.start, effect.change.view.decline_reason) == (TEN, "too_late_to_move")
    assert effect.change.alternatives == ()


def test_what_the_winners_of_the_same_cycle_got_is_no_alternative() -> None:
    it = hub()
    wants = [
        portal(f"hold/{n}", State.HELD, modified=NOW - 9 + n, start=TEN + n // 2 * HALF, end=TEN + (n // 2 + 1) * HALF)
        for n in range(6)
    ]
    it.see(portal=changed(*wants))
    states = it.state.appointments.values()
    taken = {(a.resource, a.start) for a in states if a.state is State.HELD}
    assert len(taken) == 3
    named = {(b.resource, b.start) for a in states for b in a.alternatives}
    assert named
    assert not named & taken


def test_until_the_portal_was_told_they_are_looked_at_again() -> None:
    it = hub()
    it.see(pms=changed(phone()))
    it.see(portal=changed(portal("hold/1", State.HELD)))
    (loser,) = [a for a in it.state.appointments.values() if a.state is State.RELEASED]
    first = loser.alternatives[0]
    it.see(pms=changed(phone("pms/8", resource=first.resource, start=first.start, end=first.end)))
    (effect,) = told(it.see())
    assert effect.change.alternatives == offered(it)
    assert first not in effect.change.alternatives
    it.write(effect)
    taken = effect.change.alternatives[0]
    it.see(pms=changed(phone("pms/9", resource=taken.resource, start=taken.start, end=taken.end)))
    assert taken in it.state.appointments[loser.id].alternatives


def refused_move(it: PureHub) -> None:
    """She has TEN and wants eleven o'clock, which reception has given away."""
    it.see(pms=changed(phone(start=TEN + HOUR, end=TEN + HOUR + HALF)))
    it.settle()
    it.see(portal=changed(edited(it, "portal", start=TEN + HOUR, end=TEN + HOUR + HALF)))


def test_so_are_those_of_a_move() -> None:
    it = booked()
    refused_move(it)
    first = client(it).alternatives[0]
    assert (first.resource, first.start) == ("bernd", TEN + HOUR)
    it.see(pms=changed(phone("pms/8", resource=first.resource, start=first.start, end=first.end)))
    (effect,) = told(it.see())
    assert (effect.change.view.start, effect.change.view.decline_reason) == (TEN, "slot_unavailable")
    assert effect.change.alternatives == offered(it, TEN + HOUR)
    assert first not in effect.change.alternatives
    it.settle()
    known = client(it).alternatives
    taken = known[0]
    it.see(pms=changed(phone("pms/9", resource=taken.resource, start=taken.start, end=taken.end)))
    assert client(it).alternatives == known, "she was told"


@pytest.mark.parametrize("story", [refused_hold, confirmed_late, overtaken_while_reserving])
def test_a_message_names_what_is_free_when_it_leaves(story: Any) -> None:
    """A portal that tells nobody leaves it to the mail, and a mail may have to wait."""
    it = hub()
    story(it)
    (loser,) = [a for a in it.state.appointments.values() if a.alternatives]
    first = loser.alternatives[0]
    assert instead(it.state, it.clinic, loser, it.now) == loser.alternatives
    it.see(pms=changed(phone("pms/8", resource=first.resource, start=first.start, end=first.end)))
    assert instead(it.state, it.clinic, loser, it.now) == offered(it)
    assert first not in offered(it)


def test_who_was_refused_nothing_has_nothing_instead() -> None:
    it = booked()
    assert instead(it.state, it.clinic, client(it), it.now) == ()


def test_what_its_portal_took_or_never_takes_is_not_looked_at_again() -> None:
    """Accepted and not written yet, or given up: nothing goes there any more, and the journal has nothing to say."""
    it = hub()
    refused_hold(it)
    (loser,) = [a for a in it.state.appointments.values() if a.state is State.RELEASED]
    (effect,) = told(it.see())
    it.write(effect, Receipt(outcome="pending"))
    first = loser.alternatives[0]
    plan = it.see(pms=changed(phone("pms/8", resource=first.resource, start=first.start, end=first.end)))
    assert journalled(plan) == []
    assert told(plan) == []


def test_a_clinics_own_refusal_names_no_other_times() -> None:
    it = booked(booking_mode="request")
    it.see(calendar=changed(edited(it, "calendar", state=State.CANCELLED)))
    (effect,) = told(it.see())
    assert effect.change.alternatives == ()


def test_where_nothing_is_free_the_client_is_told_so() -> None:
    it = hub(horizon_days=1)
    away = Busy(ref="all", version="1", resource="anna", spans=(Interval(NOW, NOW + 9 * DAY),))
    both = Busy(ref="too", version="1", resource="bernd", spans=(Interval(NOW, NOW + 9 * DAY),))
    plan = it.see(calendar=changed(away, both), portal=changed(portal("hold/1", State.HELD)))
    (line,) = [line for line in plan.journal if line.code == "alternatives"]
    assert line.facts == {"count": "0"}
    assert told(plan)[0].change.alternatives == ()
