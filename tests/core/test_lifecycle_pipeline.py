"""Every cell of the life cycle's table, caused by every origin that can cause it, through the whole of reconciling.

`step` alone is tested beside the table; here the same table must come out of what the sides show and people command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from stories import (
    DAY,
    HALF,
    HOUR,
    MARA,
    NOW,
    RECORD,
    TEN,
    booked,
    client,
    codes,
    edited,
    held,
    hub,
    kinds,
    portal,
    told,
)

from calbridge.feeds import Entry
from calbridge.hub import Answers, Command
from calbridge.lifecycle import TABLE, Event
from calbridge.model import State
from calbridge.provider import Gone
from calbridge.testing.pure import PureHub, changed

REQUEST: dict[str, Any] = {"booking_mode": "request"}
LATER = TEN + HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A hub with one booking, its id, and what each side showed of it last (also where it has ended since)."""

    it: PureHub
    key: str
    sides: Mapping[str, Entry]


def _case(it: PureHub, *end: Callable[[PureHub], object]) -> Case:
    sides = {name: edited(it, name) for name in it.state.links}
    key = client(it).id
    for each in end:
        each(it)
        it.settle()
    return Case(it=it, key=key, sides=sides)


def _shows(side: str, state: State) -> Callable[[PureHub], object]:
    return lambda it: it.see(**{side: changed(edited(it, side, state=state))})


def _expires(it: PureHub) -> None:
    it.now = NOW + 400
    it.see()


def _commands(kind: Any, **more: Any) -> Callable[[PureHub], object]:
    def said(it: PureHub) -> None:
        it.state = replace(it.state, commands=(Command(id=1, kind=kind, appointment=client(it).id, **more),))
        it.see()

    return said


BEFORE: Mapping[State, Callable[[], Case]] = {
    State.HELD: lambda: _case(held(hub())),
    State.REQUESTED: lambda: _case(booked(**REQUEST)),
    State.CONFIRMED: lambda: _case(booked()),
    State.ARRIVED: lambda: _case(booked(), _shows("pms", State.ARRIVED)),
    State.FULFILLED: lambda: _case(booked(), _shows("pms", State.FULFILLED)),
    State.NO_SHOW: lambda: _case(booked(), _shows("pms", State.NO_SHOW)),
    State.EXPIRED: lambda: _case(held(hub()), _expires),
    State.RELEASED: lambda: _case(held(hub()), _shows("portal", State.RELEASED)),
    State.DECLINED: lambda: _case(booked(**REQUEST), _commands("decline")),
    State.CANCELLED: lambda: _case(booked(), _shows("portal", State.CANCELLED)),
}


# --- who can cause it, and how ------------------------------------------------------------------------


def _entry(case: Case, side: str, **fields: Any) -> Entry:
    """What the side shows now: the entry that it has, or had, with these fields changed."""
    entry = case.sides[side]
    present = case.it.state.shadows.get((side, case.key))
    base = present.view if present is not None and present.view is not None else entry.view
    version = f"{present.version if present else entry.version}y"
    return replace(entry, version=version, modified=case.it.now, view=replace(base, **fields))


def _by(side: str, **fields: Any) -> Callable[[Case], object]:
    return lambda case: case.it.see(**{side: changed(_entry(case, side, **fields))})


def _deletes(case: Case) -> None:
    ref = case.sides["calendar"].ref
    case.it.see(Answers(probes={("calendar", ref): Gone()}), calendar=changed(removed=(ref,)))


def _says(kind: Any, **more: Any) -> Callable[[Case], object]:
    def said(case: Case) -> None:
        case.it.state = replace(case.it.state, commands=(Command(id=1, kind=kind, appointment=case.key, **more),))
        case.it.see()

    return said


def _time(case: Case) -> None:
    case.it.now += 10 * 60
    case.it.see()


def _submits(mode: str) -> Callable[[Case], object]:
    def submitted(case: Case) -> None:
        case.it.clinic = replace(case.it.clinic, rules=replace(case.it.clinic.rules, booking_mode=mode))  # type: ignore[arg-type]
        entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=case.it.now)
        case.it.see(Answers(clients={"portal/booking/1": (RECORD,)}), portal=changed(entry))

    return submitted


MOVED = {"start": LATER, "end": LATER + HALF}
CAUSES: Mapping[Event, Mapping[str, Callable[[Case], object]]] = {
    Event.EXPIRE: {"time": _time, "portal": _by("portal", state=State.EXPIRED)},
    Event.RELEASE: {"portal": _by("portal", state=State.RELEASED)},
    Event.SUBMIT_REQUEST: {"portal": _submits("request")},
    Event.SUBMIT_INSTANT: {"portal": _submits("instant")},
    Event.ACCEPT: {
        "calendar": _by("calendar", state=State.CONFIRMED),
        "pms": _by("pms", state=State.CONFIRMED),
        "command": _says("accept"),
    },
    Event.DECLINE: {"command": _says("decline")},
    Event.CLIENT_CANCEL: {"portal": _by("portal", state=State.CANCELLED)},
    Event.CLINIC_CANCEL: {
        "calendar, deleted": _deletes,
        "calendar, status": _by("calendar", state=State.CANCELLED),
        "pms": _by("pms", state=State.CANCELLED),
        "command": _says("cancel"),
    },
    Event.CLIENT_MOVE: {"portal": _by("portal", **MOVED)},
    Event.CLINIC_MOVE: {
        "calendar": _by("calendar", **MOVED),
        "pms": _by("pms", **MOVED),
        "command": _says("move", resource="anna", **MOVED),
    },
    Event.ARRIVE: {"calendar": _by("calendar", state=State.ARRIVED), "pms": _by("pms", state=State.ARRIVED)},
    Event.LEAVE: {"calendar": _by("calendar", state=State.FULFILLED), "pms": _by("pms", state=State.FULFILLED)},
    Event.ABSENT: {"calendar": _by("calendar", state=State.NO_SHOW), "pms": _by("pms", state=State.NO_SHOW)},
    Event.UNDO_ARRIVAL: {
        "calendar": _by("calendar", state=State.CONFIRMED),
        "pms": _by("pms", state=State.CONFIRMED),
    },
}
IN_PASSING: Mapping[tuple[State, Event], State] = {
    # a side shows only where it got to: each step on the way there is one of the table's
    (State.CONFIRMED, Event.LEAVE): State.FULFILLED,
    (State.REQUESTED, Event.ARRIVE): State.ARRIVED,
    (State.REQUESTED, Event.LEAVE): State.FULFILLED,
    (State.REQUESTED, Event.ABSENT): State.NO_SHOW,
    # what a portal releases after it was submitted is a booking by now: its client cancels it
    (State.REQUESTED, Event.RELEASE): State.CANCELLED,
    (State.CONFIRMED, Event.RELEASE): State.CANCELLED,
    # whoever shows a request as confirmed accepts it; whoever did not come after all had not arrived
    (State.REQUESTED, Event.UNDO_ARRIVAL): State.CONFIRMED,
    (State.ARRIVED, Event.ABSENT): State.NO_SHOW,
}
KEPT = {(State.ARRIVED, "calendar, deleted"), (State.ARRIVED, "calendar, status")}
"""Nobody deletes a patient who is here out of a calendar."""
AS_IT_IS = (
    (State.CONFIRMED, Event.ACCEPT),
    (State.CONFIRMED, Event.UNDO_ARRIVAL),
    (State.ARRIVED, Event.ARRIVE),
)
"""What a side shows that shows no change."""
UNDONE = {(State.ARRIVED, Event.ACCEPT, "calendar"), (State.ARRIVED, Event.ACCEPT, "pms")}
"""A side that shows one who had arrived as confirmed takes the arrival back."""
CELLS = [(state, event, origin) for state in State for event in Event for origin in CAUSES[event]]


def _expected(state: State, event: Event, origin: str) -> State:
    if event is Event.CLINIC_CANCEL and (state, origin) in KEPT:
        return state
    if (state, event, origin) in UNDONE:
        return State.CONFIRMED
    return IN_PASSING.get((state, event)) or TABLE.get(state, {}).get(event, state)


@pytest.mark.parametrize(("state", "event", "origin"), CELLS)
def test_a_cell(state: State, event: Event, origin: str) -> None:
    case = BEFORE[state]()
    assert case.it.state.appointments[case.key].state is state
    CAUSES[event][origin](case)
    assert case.it.state.appointments[case.key].state is _expected(state, event, origin)
    case.it.settle()
    assert case.it.state.appointments[case.key].state is _expected(state, event, origin)
    quiet = case.it.see()
    assert (quiet.effects, quiet.appointments, quiet.journal) == ((), (), ())


@pytest.mark.parametrize(("state", "event", "origin"), [c for c in CELLS if c[1] not in TABLE.get(c[0], {})])
def test_a_refused_cell_changes_nothing_and_says_so_where_it_was_an_act(
    state: State, event: Event, origin: str
) -> None:
    """What a side says of something that has ended, and what time does, is no act that anybody waits an answer for."""
    case = BEFORE[state]()
    before = case.it.state.appointments[case.key]
    case.it.plans.clear()
    CAUSES[event][origin](case)
    case.it.settle()
    after = case.it.state.appointments[case.key]
    if (state, event) not in IN_PASSING:
        assert (after.start, after.end, after.resource) == (before.start, before.end, before.resource)
    live = not before.state.ended
    acted = origin != "time" and event not in {Event.SUBMIT_REQUEST, Event.SUBMIT_INSTANT}
    same = (state, event) in AS_IT_IS and origin != "command"
    if live and acted and not same and (state, event) not in IN_PASSING and (state, event, origin) not in UNDONE:
        assert codes(case.it) & {"refused", "overruled", "restored", "move_refused"}


def test_every_cell_of_the_table_is_caused_by_somebody() -> None:
    assert set(CAUSES) == set(Event)
    assert set(BEFORE) == set(State)


# --- the cells with a star ------------------------------------------------------------------------------


@pytest.mark.parametrize(("spare", "inside"), [(-1, False), (0, False), (1, True)])
def test_a_client_moves_only_while_strictly_more_than_the_cutoff_is_left(spare: int, inside: bool) -> None:
    it = booked(client_move_cutoff=DAY)
    it.now = TEN - DAY - spare
    it.see(portal=changed(edited(it, "portal", modified=it.now, **MOVED)))
    assert client(it).start == (LATER if inside else TEN)
    if not inside:
        (effect,) = told(it.settle())
        assert (effect.change.view.start, effect.change.view.decline_reason) == (TEN, "too_late_to_move")  # type: ignore[union-attr]


@pytest.mark.parametrize(("spare", "inside"), [(-1, False), (0, False), (1, True)])
def test_a_cancellation_that_a_portal_let_through_too_late_is_kept_with_a_call(spare: int, inside: bool) -> None:
    it = booked(client_cancel_cutoff=DAY)
    it.now = TEN - DAY - spare
    it.see(portal=changed(edited(it, "portal", modified=it.now, state=State.CANCELLED)))
    assert client(it).state is State.CANCELLED
    assert kinds(it) == (set() if inside else {"late_cancellation"})
    assert ("client cancels" in codes(it)) is inside


@pytest.mark.parametrize("way", ["calendar", "pms", "command"])
def test_the_clinic_is_never_bound(way: str) -> None:
    it = booked(client_move_cutoff=2 * DAY, client_cancel_cutoff=2 * DAY)
    case = Case(it=it, key=client(it).id, sides={name: edited(it, name) for name in it.state.links})
    CAUSES[Event.CLINIC_MOVE][way](case)
    assert client(it).start == LATER


def test_a_move_keeps_the_id_the_link_and_the_history() -> None:
    it = booked()
    key, refs = client(it).id, {name: s.ref for (name, _), s in it.state.shadows.items()}
    for start in (LATER, LATER + HOUR, TEN):
        it.see(pms=changed(edited(it, "pms", start=start, end=start + HALF)))
        it.settle()
    assert client(it).id == key
    assert {name: s.ref for (name, _), s in it.state.shadows.items()} == refs
    assert [line.appointment for plan in it.plans for line in plan.journal if line.code == "clinic moves"] == [key] * 3
