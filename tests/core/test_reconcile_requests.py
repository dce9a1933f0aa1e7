"""Requests: shown as tentative, answered from the command line, the calendar or the PMS, told as the rules say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import (
    MARA,
    NOW,
    RECORD,
    TEN,
    ask,
    booked,
    client,
    edited,
    held,
    hub,
    portal,
    shadow,
    submitted,
    taken,
    told,
)

from calbridge.hub import Answers
from calbridge.model import State
from calbridge.provider import ClientRecord, Gone
from calbridge.testing.pure import PureHub, changed

REQUEST = {"booking_mode": "request"}


def test_a_request_blocks_its_time_and_stands_as_tentative_on_the_clinics_sides() -> None:
    it = booked(**REQUEST)
    assert {name: shadow(it, name).view.state for name in ("calendar", "pms")} == {  # type: ignore[union-attr]
        "calendar": State.REQUESTED,
        "pms": State.REQUESTED,
    }
    assert shadow(it, "calendar").view.title.startswith("Angefragt: ")  # type: ignore[union-attr]
    plan = it.see(portal=changed(portal("hold/2", State.HELD)))
    assert [line.facts["rule"] for line in plan.journal if line.code == "slot_refused"] == ["busy"]


def accepts(it: PureHub) -> dict[str, Any]:
    """Every way to say yes."""
    return {
        "STATUS:CONFIRMED in the calendar": lambda: it.see(
            calendar=changed(edited(it, "calendar", state=State.CONFIRMED))
        ),
        "confirmed in the PMS": lambda: it.see(pms=changed(edited(it, "pms", state=State.CONFIRMED))),
        "requests accept": lambda: ask(it, "accept"),
    }


def declines(it: PureHub) -> dict[str, Any]:
    """Every way to say no."""
    ref = shadow(it, "calendar").ref
    gone = Answers(probes={("calendar", ref): Gone()})
    return {
        "deleted in the calendar": lambda: it.see(gone, calendar=changed(removed=(ref,))),
        "STATUS:CANCELLED in the calendar": lambda: it.see(
            calendar=changed(edited(it, "calendar", state=State.CANCELLED))
        ),
        "cancelled in the PMS": lambda: it.see(pms=changed(edited(it, "pms", state=State.CANCELLED))),
        "requests decline": lambda: ask(it, "decline"),
        "requests cancel": lambda: ask(it, "cancel"),
    }


@pytest.mark.parametrize("way", sorted(accepts(booked(**REQUEST))))
def test_every_way_to_accept_confirms_it_everywhere_and_tells_the_client_once(way: str) -> None:
    it = booked(**REQUEST)
    first = accepts(it)[way]()
    written = it.settle()
    assert client(it).state is State.CONFIRMED
    assert client(it).written
    assert [effect.change.view.state for effect in told(written)] == [State.CONFIRMED]
    assert {s.view.state for s in it.state.shadows.values() if s.view} == {State.CONFIRMED}
    assert "clinic accepts" in {line.code for line in first.journal}


@pytest.mark.parametrize("notifies", [True, False])
@pytest.mark.parametrize("way", sorted(declines(booked(**REQUEST))))
def test_every_way_to_decline_ends_it_everywhere_with_or_without_a_message(way: str, notifies: bool) -> None:
    it = booked(**REQUEST, decline_notifies=notifies)
    plan = declines(it)[way]()
    assert client(it).state is State.DECLINED
    (effect,) = told(plan)
    assert (effect.change.remove, effect.change.notify) == (True, notifies)  # type: ignore[union-attr]
    assert "clinic declines" in {line.code for line in plan.journal}
    it.settle()
    assert not [s for s in it.state.shadows.values() if s.view and not s.view.state.gone]


@pytest.mark.parametrize("rule", [True, False])
@pytest.mark.parametrize(("notify", "sent"), [(True, True), (False, False), (None, "rule")])
def test_each_decline_can_be_sent_with_or_without_a_message(rule: bool, notify: bool | None, sent: Any) -> None:
    it = booked(**REQUEST, decline_notifies=rule)
    (effect,) = told(ask(it, "decline", notify=notify))
    assert effect.change.notify is (rule if sent == "rule" else sent)  # type: ignore[union-attr]


@pytest.mark.parametrize("visible", [True, False])
def test_a_reason_reaches_the_client_only_where_the_clinic_shows_it(visible: bool) -> None:
    it = booked(**REQUEST, decline_reason_visible=visible)
    (effect,) = told(ask(it, "decline", reason="we are full"))
    assert effect.change.view.decline_reason == ("we are full" if visible else "")  # type: ignore[union-attr]


def test_a_refusal_of_the_bridge_itself_is_told_also_where_declines_are_silent() -> None:
    it = hub(**REQUEST, decline_notifies=False)
    it.see(portal=changed(portal("booking/1", State.REQUESTED, details=MARA)))
    it.see(taken(it, "pms"))
    (effect,) = told(it.see())
    assert effect.change.notify  # type: ignore[union-attr]
    assert effect.change.view.decline_reason == "slot_unavailable"  # type: ignore[union-attr]


# --- who is confirmed without a person ------------------------------------------------------------------

KNOWN = {**REQUEST, "auto_confirm_known_only": True}
SOMEBODY = replace(RECORD, id="c2")


@pytest.mark.parametrize(
    ("records", "rules", "state"),
    [
        ((RECORD,), KNOWN, State.CONFIRMED),
        ((), KNOWN, State.REQUESTED),
        ((RECORD, SOMEBODY), KNOWN, State.REQUESTED),
        ((RECORD,), REQUEST, State.REQUESTED),
        ((), {}, State.CONFIRMED),
        ((), {"on_unmatched": "ask"}, State.REQUESTED),
        ((RECORD, SOMEBODY), {"on_ambiguous": "ask"}, State.REQUESTED),
    ],
)
def test_who_is_confirmed_at_once(records: tuple[ClientRecord, ...], rules: dict[str, Any], state: State) -> None:
    it = held(hub(**rules))
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)
    it.see(Answers(clients={"portal/booking/1": records}), portal=changed(entry))
    it.settle()
    assert client(it).state is state


def test_a_person_who_links_a_request_has_not_accepted_it_yet() -> None:
    it = held(hub(**KNOWN))
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)
    it.see(Answers(clients={"portal/booking/1": ()}), portal=changed(entry))
    ask(it, "link", client="c9")
    assert (client(it).state, client(it).match) == (State.REQUESTED, "linked")


def test_a_hold_cannot_be_accepted_by_anybody() -> None:
    it = held(hub())
    it.see(calendar=changed(edited(it, "calendar", state=State.CONFIRMED)))
    assert client(it).state is State.HELD
    ask(it, "accept")
    assert client(it).state is State.HELD
    it.settle()
    assert shadow(it, "calendar").view.state is State.HELD  # type: ignore[union-attr]


def test_a_request_that_is_confirmed_and_moved_in_the_calendar_at_once_is_both() -> None:
    it = booked(**REQUEST)
    it.see(calendar=changed(edited(it, "calendar", state=State.CONFIRMED, start=TEN + 3600, end=TEN + 5400)))
    written = it.settle()
    assert (client(it).state, client(it).start) == (State.CONFIRMED, TEN + 3600)
    assert {effect.change.view.start for effect in told(written)} == {TEN + 3600}


def test_submitted_twice_by_its_client_is_one_request() -> None:
    it = booked(**REQUEST)
    submitted(it, modified=NOW)
    assert client(it).state is State.REQUESTED
