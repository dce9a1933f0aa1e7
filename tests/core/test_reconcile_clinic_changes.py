"""What the clinic changes is applied in any case; what it moved over, or how late, becomes a person's business."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest
from stories import (
    DAY,
    HALF,
    HOUR,
    NOW,
    TEN,
    ask,
    booked,
    client,
    codes,
    edited,
    kinds,
    phone,
    shadow,
    taken,
    told,
)

from calbridge.hub import Answers
from calbridge.interval import Interval
from calbridge.lifecycle import CommandKind
from calbridge.model import Absence, Closure, State
from calbridge.provider import AbsenceRecord, Busy, Gone
from calbridge.reconcile.commands import DEEDS
from calbridge.testing.pure import PureHub, changed

SIX = TEN + 8 * HOUR  # 18:00: closed
TODAY = NOW + 2 * HOUR  # Monday 11:00, two hours ahead


def drag(it: PureHub, start: int, where: str = "calendar", **more: Any) -> None:
    it.see(**{where: changed(edited(it, where, start=start, end=start + HALF, **more))})


def moves(it: PureHub, start: int) -> list[Any]:
    """The ways in which a clinic moves a booking."""
    return [
        lambda: drag(it, start),
        lambda: drag(it, start, "pms"),
        lambda: ask(it, "move", resource="anna", start=start, end=start + HALF),
    ]


WAYS = pytest.mark.parametrize("way", [0, 1, 2], ids=["calendar", "pms", "command"])


@WAYS
def test_a_move_inside_hours_and_into_free_time_is_nobodys_business(way: int) -> None:
    it = booked()
    moves(it, TEN + HOUR)[way]()
    it.settle()
    assert client(it).start == TEN + HOUR
    assert kinds(it) == set()
    assert {s.view.start for s in it.state.shadows.values() if s.view} == {TEN + HOUR}


@WAYS
@pytest.mark.parametrize("taken", ["an appointment", "a meeting", "an absence"])
def test_a_move_into_a_taken_time_is_applied_with_a_task(way: int, taken: str) -> None:
    it = booked()
    span = (Interval(TEN + 2 * HOUR, TEN + 3 * HOUR),)
    match taken:
        case "an appointment":
            it.see(pms=changed(phone(start=TEN + 2 * HOUR, end=TEN + 3 * HOUR)))
        case "a meeting":
            it.see(calendar=changed(Busy(ref="anna/m", version="1", resource="anna", spans=span)))
        case _:
            it.see(pms=changed(AbsenceRecord(ref="away/1", version="1", resource="anna", spans=span)))
    it.settle()
    moves(it, TEN + 2 * HOUR)[way]()
    assert client(it).start == TEN + 2 * HOUR
    assert client(it).exclusive is (taken != "an appointment")
    assert "overbooked" in kinds(it)
    plan = it.plans[-1]
    assert plan.appointments
    it.settle()
    moves(it, TEN + 5 * HOUR)[way]()
    assert f"overbooked:{client(it).id}" in it.plans[-1].settled


def test_a_move_while_the_resource_is_away_by_the_configuration_has_a_task() -> None:
    it = booked()
    anna = replace(it.clinic.resources["anna"], absences=(Absence(resource="anna", span=Interval(TEN + HOUR, SIX)),))
    it.clinic = replace(it.clinic, resources={**it.clinic.resources, "anna": anna})
    drag(it, TEN + 2 * HOUR)
    assert (client(it).start, kinds(it)) == (TEN + 2 * HOUR, {"overbooked"})


def test_what_stands_at_the_new_time_already_is_asked_about_because_both_will_stand_there() -> None:
    """Staff's own copy, made before the move, or somebody else: the bridge's entry is about to be dragged there."""
    it = booked()
    same = Busy(ref="anna/m", version="1", resource="anna", spans=(Interval(TEN + HOUR, TEN + HOUR + HALF),))
    it.see(calendar=changed(same))
    drag(it, TEN + HOUR, "pms")
    assert kinds(it) == {"overbooked"}


@WAYS
@pytest.mark.parametrize("closure", [False, True])
def test_a_move_outside_hours_is_applied_with_a_task_that_ends_when_it_is_moved_back(way: int, closure: bool) -> None:
    it = booked()
    target = SIX
    if closure:
        from datetime import date

        target = TEN + DAY
        it.clinic = replace(it.clinic, closures=(Closure(first=date(2026, 11, 25), last=date(2026, 11, 25)),))
    moves(it, target)[way]()
    it.settle()
    assert client(it).start == target
    assert kinds(it) == {"outside_hours"}
    assert "moved_outside_hours" in codes(it)
    moves(it, TEN + HOUR)[way]()
    assert f"outside_hours:{client(it).id}" in it.plans[-1].settled


def test_a_clinic_without_opening_hours_has_no_outside() -> None:
    it = booked()
    it.clinic = replace(it.clinic, opening_hours={})
    drag(it, SIX)
    assert kinds(it) == set()


# --- so late that the client could not ----------------------------------------------------------------


@pytest.mark.parametrize("policy", ["apply", "task"])
@pytest.mark.parametrize(("cutoff", "inside"), [(TEN - NOW, True), (TEN - NOW - 60, False), (None, False)])
def test_a_late_move_is_applied_and_may_ask_for_a_call(policy: str, cutoff: int | None, inside: bool) -> None:
    it = booked(client_move_cutoff=cutoff, late_change_policy=policy)
    it.now = NOW
    drag(it, TEN + DAY)
    assert client(it).start == TEN + DAY
    assert ("late_change" in codes(it)) is inside
    assert ("phone_client" in kinds(it)) is (inside and policy == "task")


def test_a_move_to_so_near_a_time_is_late_too() -> None:
    it = booked(client_move_cutoff=4 * HOUR, late_change_policy="task")
    drag(it, TODAY)
    assert (client(it).start, kinds(it)) == (TODAY, {"phone_client"})


def cancels(it: PureHub) -> list[Any]:
    """The ways in which a clinic cancels."""
    gone = Answers(probes={("calendar", shadow(it, "calendar").ref): Gone()})
    return [
        lambda: it.see(gone, calendar=changed(removed=(shadow(it, "calendar").ref,))),
        lambda: it.see(calendar=changed(edited(it, "calendar", state=State.CANCELLED))),
        lambda: it.see(pms=changed(edited(it, "pms", state=State.CANCELLED))),
        lambda: ask(it, "cancel"),
    ]


HOW = pytest.mark.parametrize("how", [0, 1, 2, 3], ids=["deleted", "STATUS:CANCELLED", "pms", "command"])


@HOW
@pytest.mark.parametrize("cutoff", [2 * DAY, HOUR])
def test_a_late_cancellation_by_the_clinic_is_applied_and_asks_for_a_call(how: int, cutoff: int) -> None:
    it = booked(client_cancel_cutoff=cutoff, late_change_policy="task")
    cancels(it)[how]()
    it.settle()
    assert client(it).state is State.CANCELLED
    assert kinds(it) == ({"phone_client"} if cutoff == 2 * DAY else set())


@HOW
def test_a_request_that_is_declined_late_needs_no_call(how: int) -> None:
    it = booked(client_cancel_cutoff=2 * DAY, late_change_policy="task", booking_mode="request")
    cancels(it)[how]()
    assert (client(it).state, kinds(it)) == (State.DECLINED, set())


def test_what_the_clinic_keeps_to_itself_concerns_no_client() -> None:
    it = booked(client_cancel_cutoff=2 * DAY, client_move_cutoff=2 * DAY, late_change_policy="task")
    it.see(pms=changed(phone(start=TEN + 2 * HOUR, end=TEN + 3 * HOUR)))
    it.settle()
    it.see(pms=changed(phone(start=TEN + 4 * HOUR, end=TEN + 5 * HOUR, version="2")))
    it.see(pms=changed(phone(state=State.CANCELLED, start=TEN + 4 * HOUR, end=TEN + 5 * HOUR, version="3")))
    assert kinds(it) == set()


def test_the_tasks_of_a_booking_end_with_it() -> None:
    it = booked()
    drag(it, SIX)
    it.settle()
    plan = ask(it, "cancel")
    assert {f"outside_hours:{client(it).id}", f"overbooked:{client(it).id}"} <= set(plan.settled)


# --- length, resource, text ---------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["calendar", "pms"])
@pytest.mark.parametrize("length", [HALF // 2, HOUR])
def test_shortened_and_lengthened_goes_everywhere(where: str, length: int) -> None:
    it = booked()
    it.see(**{where: changed(edited(it, where, end=TEN + length))})
    written = it.settle()
    assert {(s.view.start, s.view.end) for s in it.state.shadows.values() if s.view} == {(TEN, TEN + length)}
    assert where not in {effect.connection for effect in written}


@pytest.mark.parametrize("where", ["calendar", "pms"])
def test_another_resource_goes_everywhere(where: str) -> None:
    it = booked()
    it.see(**{where: changed(edited(it, where, resource="bernd"))})
    it.settle()
    assert {s.view.resource for s in it.state.shadows.values() if s.view} == {"bernd"}
    assert told(list(it.plans[-1].effects)) == []


def test_another_service_of_the_clinics_own_appointment_brings_its_buffers() -> None:
    it = booked()
    services = {**it.clinic.services, "long": replace(it.clinic.services["long"], buffer_after=15)}
    it.clinic = replace(it.clinic, services=services)
    it.see(pms=changed(phone(start=TEN + 2 * HOUR, end=TEN + 3 * HOUR, service="checkup")))
    it.settle()
    entry = phone(start=TEN + 2 * HOUR, end=TEN + 3 * HOUR, service="long", version="2")
    it.see(pms=changed(entry))
    (own,) = [each for each in it.state.appointments.values() if each.id != client(it).id]
    assert (own.service, own.buffer_after, own.end - own.start) == ("long", 15 * 60, HOUR)


def test_a_command_about_a_booking_nobody_knows_is_journalled() -> None:
    it = booked()
    plan = ask(it, "cancel", appointment="nobody")
    assert [(line.code, line.facts["why"]) for line in plan.journal] == [("refused", "unknown_booking")]


@pytest.mark.parametrize("kind", ["accept", "decline", "cancel", "move"])
def test_a_command_that_the_life_cycle_refuses_by_then_becomes_a_task(kind: Any) -> None:
    it = booked()
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    it.settle()
    ask(it, kind, resource="anna", start=TEN, end=TEN + HALF)
    over = kind in {"decline", "cancel"}  # it is over, as was asked: nobody needs to look at it
    assert (client(it).state, kinds(it)) == (State.CANCELLED, set() if over else {"command"})
    assert "refused" in codes(it)


def test_every_kind_of_command_is_carried_out() -> None:
    assert set(DEEDS) == set(get_args(CommandKind))


def test_the_clinics_move_after_a_refused_one_of_the_clients_is_no_refusal() -> None:
    """Her portal would say "your move was refused" of the practice's own move."""
    it = booked()
    meeting = Busy(ref="anna/m", version="1", resource="anna", spans=(Interval(TEN + HOUR, TEN + HOUR + HALF),))
    it.see(calendar=changed(meeting), portal=changed(edited(it, "portal", start=TEN + HOUR, end=TEN + HOUR + HALF)))
    it.settle()
    assert (client(it).start, client(it).decline_reason) == (TEN, "slot_unavailable")
    it.see(pms=changed(edited(it, "pms", start=TEN + 2 * HOUR, end=TEN + 2 * HOUR + HALF)))
    (effect,) = told(it.settle())
    assert (effect.change.view.start, effect.change.alternatives) == (TEN + 2 * HOUR, ())  # type: ignore[union-attr]
    assert effect.change.view.decline_reason == ""  # type: ignore[union-attr]


def test_a_move_without_a_message_says_nothing_of_the_next_one() -> None:
    it = booked()
    ask(it, "move", resource="anna", start=TEN + HOUR, end=TEN + HOUR + HALF, notify=False)
    assert [each.change.notify for each in told(it.settle())] == [False]  # type: ignore[union-attr]
    it.see(pms=changed(edited(it, "pms", start=TEN + 2 * HOUR, end=TEN + 2 * HOUR + HALF)))
    assert [each.change.notify for each in told(it.settle())] == [True]  # type: ignore[union-attr]


def test_a_side_that_refuses_a_status_says_nothing_of_a_move_that_nobody_made() -> None:
    it = booked()
    it.see(pms=changed(phone("pms/8", start=TEN, end=TEN + HALF)))  # staff put somebody over it
    it.see(calendar=changed(edited(it, "calendar", state=State.ARRIVED)))
    it.see(taken(it, "pms"))
    assert (client(it).state, client(it).decline_reason, client(it).alternatives) == (State.ARRIVED, "", ())
    assert "move_refused" not in codes(it)
