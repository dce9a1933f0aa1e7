"""A clinic with portals and no side of its own: the hub is its record, and its word is as good as a PMS's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import HALF, HOUR, TEN, ask, client, edited, held, hub, submitted, told

from calbridge.model import State
from calbridge.testing.pure import PureHub, changed

LATER = {"start": TEN + HOUR, "end": TEN + HOUR + HALF}


def alone(**rules: Any) -> PureHub:
    it = hub(**rules)
    it.state = replace(it.state, links={"portal": it.state.links["portal"]})
    return it


def test_a_hold_that_is_confirmed_later_is_promised() -> None:
    it = submitted(held(alone()))
    assert (client(it).state, client(it).written) == (State.CONFIRMED, True)
    assert it.state.shadows["portal", client(it).id].view.state is State.CONFIRMED  # type: ignore[union-attr]


def test_a_request_that_is_accepted_is_promised() -> None:
    it = submitted(held(alone(booking_mode="request")))
    plan = ask(it, "accept")
    assert [effect.change.view.state for effect in told(plan)] == [State.CONFIRMED]


@pytest.mark.parametrize("who", ["client", "clinic"])
def test_a_move_is_promised(who: str) -> None:
    it = submitted(held(alone()))
    if who == "client":
        it.see(portal=changed(edited(it, "portal", state=State.REQUESTED, **LATER)))
    else:
        ask(it, "move", resource="anna", **LATER)
    it.settle()
    assert (client(it).start, client(it).written) == (LATER["start"], True)
    view = it.state.shadows["portal", client(it).id].view
    assert (view.state, view.start) == (State.CONFIRMED, LATER["start"])  # type: ignore[union-attr]
