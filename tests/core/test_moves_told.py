"""What a client hears of a move that she does not get: once, and only where nothing else tells her where it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import DAY, HALF, HOUR, TEN, booked, client, edited

from calbridge.hub import Command
from calbridge.interval import Interval
from calbridge.messages import Kind
from calbridge.model import State
from calbridge.provider import Busy, Receipt
from calbridge.testing.pure import PureHub, changed, echo

LATER, LATEST = TEN + 2 * HOUR, TEN + 4 * HOUR
REQUEST = {"booking_mode": "request"}


def known(**rules: Any) -> PureHub:
    """A booking whose client was told of it."""
    it = booked(**rules)
    it.see()
    it.deliver()
    return it


def page(it: PureHub, start: int) -> Any:
    """She picks another time there."""
    return changed(edited(it, "portal", start=start, end=start + HALF, modified=it.now))


def desk(it: PureHub, side: str, start: int, **fields: Any) -> None:
    """Staff drags it there."""
    it.see(**{side: changed(edited(it, side, start=start, end=start + HALF, modified=it.now, **fields))})


def taken(it: PureHub, *starts: int) -> Any:
    meetings = (Busy(ref=f"m{at}", version="1", resource="anna", spans=(Interval(at, at + HALF),)) for at in starts)
    return changed(*meetings)


def heard(it: PureHub) -> list[tuple[Kind, int]]:
    return [(letter.kind, letter.start) for letter in it.deliver() if letter.audience == "client"]


def moves_to(it: PureHub, start: int, *, notify: bool | None = None) -> Command:
    """`requests move` on the command line."""
    return Command(
        id=1, kind="move", appointment=client(it).id, resource="anna", start=start, end=start + HALF, notify=notify
    )


@pytest.mark.parametrize("rules", [{}, REQUEST], ids=["confirmed", "requested"])
@pytest.mark.parametrize("first", ["gets it", "does not"])
def test_a_wish_that_is_refused_while_another_is_under_way_promises_neither(rules: dict[str, str], first: str) -> None:
    """It stays where she moved it before, she was told, and nobody knew yet whether it could."""
    it = known(**rules)
    it.see(portal=page(it, LATER))
    it.see(calendar=taken(it, LATEST))
    it.see(portal=page(it, LATEST))
    assert (client(it).start, heard(it)) == (LATER, [])
    if first == "does not":
        it.see(calendar=taken(it, LATER))
        assert heard(it) == [(Kind.MOVE_REFUSED, TEN)]
        it.settle()
        assert heard(it) == []
    else:
        it.settle()
        assert heard(it) == [(Kind.MOVED, LATER)]


def test_what_was_never_confirmed_to_her_is_not_said_to_stand() -> None:
    """Accepted is not written: its first message says where it is once that is sure."""
    it = booked()
    appointment = replace(client(it), written=False)
    shadows = {key: shadow for key, shadow in it.state.shadows.items() if key[0] != "pms"}
    it.state = replace(it.state, appointments={appointment.id: appointment}, shadows=shadows)
    it.see(calendar=taken(it, LATER))
    it.see(portal=page(it, LATER))
    assert (client(it).start, heard(it)) == (TEN, [])
    it.settle()
    assert heard(it) == [(Kind.CONFIRMED, TEN)]


@pytest.mark.parametrize("start", [TEN, TEN - HALF], ids=["where she was", "earlier"])
@pytest.mark.parametrize("pending", [False, True], ids=["not asked yet", "not written yet"])
def test_who_is_here_is_told_nothing_more(start: int, *, pending: bool) -> None:
    """Received while her own move was on its way, at a time that its side did not show before."""
    it = known()
    plan = it.see(portal=page(it, LATER))
    if pending:
        (effect,) = (each for each in plan.effects if each.connection == "pms")
        it.write(effect, Receipt(outcome="pending", entry=replace(echo(effect), pending=True)))
    desk(it, "pms", start, state=State.ARRIVED)
    it.settle()
    assert (client(it).state, client(it).start, client(it).moved_from) == (State.ARRIVED, start, None)
    assert [each for plan in it.plans for each in plan.letters.notices if each.kind is Kind.MOVE_REFUSED] == []


@pytest.mark.parametrize("notify", [None, False], ids=["told", "quietly"])
def test_who_is_moved_by_staff_in_the_same_cycle_hears_of_that_alone(*, notify: bool | None) -> None:
    it = known()
    it.see(calendar=taken(it, LATER))
    it.state = replace(it.state, commands=(moves_to(it, LATEST, notify=notify),))
    it.see(portal=page(it, LATER))
    assert heard(it) == []
    it.settle()
    assert heard(it) == ([(Kind.MOVED, LATEST)] if notify is None else [])


@pytest.mark.parametrize("notify", [None, False], ids=["told", "quietly"])
def test_a_wish_that_a_command_takes_back_is_refused_aloud(*, notify: bool | None) -> None:
    it = known()
    it.see(portal=page(it, LATER))
    it.state = replace(it.state, commands=(moves_to(it, TEN, notify=notify),))
    it.see()
    assert heard(it) == ([(Kind.MOVE_REFUSED, TEN)] if notify is None else [])
    it.settle()
    assert (client(it).start, heard(it)) == (TEN, [])


def test_a_wish_is_refused_aloud_also_where_staff_thinks_better_of_it() -> None:
    """They drag it away, and back where it was, before her page shows either."""
    it = known()
    it.see(portal=page(it, LATER))
    desk(it, "calendar", LATEST)
    assert heard(it) == []
    desk(it, "calendar", TEN)
    assert heard(it) == [(Kind.MOVE_REFUSED, TEN)]
    it.settle()
    assert (client(it).start, heard(it)) == (TEN, [])


def test_what_staff_moves_and_moves_back_by_itself_refuses_nobody_anything() -> None:
    it = known()
    desk(it, "calendar", LATEST)
    it.settle()
    desk(it, "calendar", TEN)
    assert heard(it) == []
    it.settle()
    assert heard(it) == []


def test_who_was_told_of_the_clinics_move_asks_for_nothing_while_her_page_is_behind() -> None:
    """The portal is down: it shows her first time still, and staff makes the visit longer where it stands by now."""
    it = known(**REQUEST, show_duration=False)
    desk(it, "calendar", LATEST)
    for _ in range(2):
        for effect in it.plans[-1].effects:
            if effect.connection != "portal":
                it.write(effect)
        it.see()
    assert heard(it) == [(Kind.MOVED, LATEST)]
    it.see(calendar=changed(edited(it, "calendar", end=LATEST + HOUR, modified=it.now)))
    assert heard(it) == []


def test_inside_the_cutoff_she_is_to_phone_whatever_time_she_picks() -> None:
    """Other times would be offered to her only to be refused (S1)."""
    it = known(client_move_cutoff=2 * DAY)
    it.see(calendar=taken(it, LATER))
    it.see(portal=page(it, LATER))
    assert (client(it).start, client(it).decline_reason) == (TEN, "too_late_to_move")
    assert heard(it) == [(Kind.PLEASE_PHONE, TEN)]
    assert client(it).alternatives == ()
