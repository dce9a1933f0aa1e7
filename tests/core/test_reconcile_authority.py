"""Who wins, by clinic: what a side may not decide is overruled, journalled, and written back to it."""

from __future__ import annotations

from typing import Any

import pytest
from stories import HALF, HOUR, NOW, TEN, booked, client, edited, phone, shadow, told

from calbridge.hub import Answers, Plan
from calbridge.model import Authority, State
from calbridge.provider import Gone
from calbridge.testing.pure import PureHub, changed

LATER, LATEST = TEN + HOUR, TEN + 2 * HOUR


def to(start: int) -> dict[str, int]:
    return {"start": start, "end": start + HALF}


def ruled(**authority: Any) -> PureHub:
    return booked(authority=Authority(**authority))


def overruled(plan: Plan) -> set[str]:
    """The connections whose edits did not count."""
    return {line.connection for line in plan.journal if line.code == "overruled"}


def agreed(it: PureHub, field: str) -> set[Any]:
    """What all sides show in the end."""
    it.settle()
    return {getattr(s.view, field) for s in it.state.shadows.values() if s.view and hasattr(s.view, field)}


# --- time ---------------------------------------------------------------------------------------------

TIME = [
    # who may, who moved (side, when), where it stands in the end
    ("clinic", {"calendar": 5, "pms": 9}, "pms"),
    ("clinic", {"calendar": 9, "pms": 5}, "calendar"),
    ("clinic", {"calendar": 5, "portal": 9}, "calendar"),
    ("clinic", {"pms": 5, "portal": 9}, "pms"),
    ("clinic", {"portal": 9}, "portal"),
    ("last_edit", {"calendar": 5, "pms": 9}, "pms"),
    ("last_edit", {"calendar": 5, "portal": 9}, "portal"),
    ("last_edit", {"calendar": 9, "portal": 5}, "calendar"),
    ("last_edit", {"calendar": 9, "portal": 9}, "calendar"),
    ("pms", {"calendar": 9, "pms": 5}, "pms"),
    ("pms", {"calendar": 9}, ""),
    ("pms", {"pms": 9}, "pms"),
    ("pms", {"portal": 9}, "portal"),
    ("pms", {"calendar": 9, "portal": 5}, "portal"),
    ("calendar", {"calendar": 5, "pms": 9}, "calendar"),
    ("calendar", {"pms": 9}, ""),
    ("calendar", {"calendar": 9}, "calendar"),
]
TARGET = {"calendar": TEN + HOUR, "pms": TEN + 2 * HOUR, "portal": TEN + 3 * HOUR, "": TEN}


@pytest.mark.parametrize(("word", "moved", "winner"), TIME)
def test_whose_move_stands(word: str, moved: dict[str, int], winner: str) -> None:
    it = ruled(time=word)
    it.now = NOW + 60
    feeds = {side: changed(edited(it, side, modified=NOW + at, **to(TARGET[side]))) for side, at in moved.items()}
    plan = it.see(**feeds)
    assert client(it).start == TARGET[winner]
    losers = set(moved) - {winner}
    assert overruled(plan) == ({""} if winner == "portal" and losers and word == "last_edit" else losers)
    assert agreed(it, "start") == {TARGET[winner]}


def test_a_role_the_clinic_has_no_side_of_leaves_it_to_those_it_has() -> None:
    it = ruled(time="pms")
    rest = {name: link for name, link in it.state.links.items() if name != "pms"}
    it.state = it.state.__class__(**{**_fields(it), "links": rest})
    it.see(calendar=changed(edited(it, "calendar", **to(LATER))))
    assert client(it).start == LATER


def _fields(it: PureHub) -> dict[str, Any]:
    return {name: getattr(it.state, name) for name in ("appointments", "shadows", "foreign")}


# --- cancelling ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "state"), [("clinic", "cancelled"), ("calendar", "cancelled"), ("pms", "confirmed")])
@pytest.mark.parametrize("gesture", ["deleted", "STATUS:CANCELLED"])
def test_whether_a_calendar_may_cancel(word: str, state: str, gesture: str) -> None:
    it = ruled(cancel=word)
    ref = shadow(it, "calendar").ref
    if gesture == "deleted":
        plan = it.see(Answers(probes={("calendar", ref): Gone()}), calendar=changed(removed=(ref,)))
    else:
        plan = it.see(calendar=changed(edited(it, "calendar", state=State.CANCELLED)))
    assert client(it).state == state
    assert overruled(plan) == ({"calendar"} if state == "confirmed" else set())
    written = {effect.connection: effect.change.remove for effect in plan.effects}
    assert written.get("calendar", True) is (state == "cancelled")
    it.settle()
    alive = {name for (name, _), each in it.state.shadows.items() if each.view and not each.view.state.gone}
    assert alive == ({"pms", "calendar", "portal"} if state == "confirmed" else set())


@pytest.mark.parametrize(("word", "state"), [("clinic", "cancelled"), ("pms", "cancelled"), ("calendar", "confirmed")])
def test_whether_the_pms_may_cancel(word: str, state: str) -> None:
    it = ruled(cancel=word)
    it.see(pms=changed(edited(it, "pms", state=State.CANCELLED)))
    assert client(it).state == state


def test_of_two_who_cancel_one_who_may_is_enough() -> None:
    it = ruled(cancel="pms")
    both = {side: changed(edited(it, side, state=State.CANCELLED)) for side in ("calendar", "pms")}
    assert overruled(it.see(**both)) == {"calendar"}
    assert client(it).state is State.CANCELLED


# --- what the visit is for ----------------------------------------------------------------------------

WORDS = [
    ("portal", {"pms": 5}, ""),
    ("portal", {"portal": 5}, "portal"),
    ("portal", {"pms": 9, "portal": 5}, "portal"),
    ("clinic", {"pms": 5}, "pms"),
    ("clinic", {"portal": 5}, ""),
    ("clinic", {"pms": 5, "portal": 9}, "pms"),
    ("last_edit", {"pms": 5}, "pms"),
    ("last_edit", {"portal": 5}, "portal"),
    ("last_edit", {"pms": 9, "portal": 5}, "pms"),
    ("last_edit", {"pms": 5, "portal": 9}, "portal"),
]


@pytest.mark.parametrize(("word", "edits", "winner"), WORDS)
def test_whose_description_stands(word: str, edits: dict[str, int], winner: str) -> None:
    it = ruled(description=word)
    it.now = NOW + 60
    feeds = {side: changed(edited(it, side, modified=NOW + at, description=side)) for side, at in edits.items()}
    plan = it.see(**feeds)
    assert client(it).description == winner
    assert overruled(plan) >= set(edits) - {winner} - {"pms" if word == "last_edit" else ""}
    assert agreed(it, "description") == {winner}


@pytest.mark.parametrize(("word", "side", "stands"), [
    ("portal", "pms", False), ("portal", "portal", True), ("clinic", "pms", True), ("clinic", "portal", False),
    ("last_edit", "pms", True), ("last_edit", "portal", True),
])  # fmt: skip
def test_whose_service_stands(word: str, side: str, stands: bool) -> None:
    it = ruled(service=word)
    plan = it.see(**{side: changed(edited(it, side, service="long"))})
    assert client(it).service == ("long" if stands else "checkup")
    assert (side in overruled(plan)) is not stands
    assert agreed(it, "service") == {client(it).service}


def test_what_the_clinic_made_itself_is_the_clinics_to_describe() -> None:
    it = booked()
    it.see(pms=changed(phone(start=LATEST, end=LATEST + HALF)))
    it.settle()
    it.see(pms=changed(phone(start=LATEST, end=LATEST + HALF, description="limps", version="2")))
    assert {each.description for each in it.state.appointments.values()} == {"", "limps"}


# --- private texts ------------------------------------------------------------------------------------

TEXTS = [
    ("clinic", "calendar", True), ("clinic", "pms", True), ("pms", "calendar", False), ("pms", "pms", True),
    ("calendar", "calendar", True), ("calendar", "pms", False),
]  # fmt: skip


@pytest.mark.parametrize(("word", "side", "stands"), TEXTS)
@pytest.mark.parametrize("field", ["title", "note"])
def test_whose_private_text_stands(word: str, side: str, stands: bool, field: str) -> None:
    it = ruled(text=word)
    plan = it.see(**{side: changed(edited(it, side, **{field: "her own words"}))})
    assert (getattr(client(it), field) == "her own words") is stands
    assert overruled(plan) == (set() if stands else {side})
    assert told(it.settle()) == []
