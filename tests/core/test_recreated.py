"""A PMS that cancels and books anew to move a visit, or to swap its record, does not lose the booking."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import HALF, HOUR, MARA, RECORD, TEN, booked, client, codes, edited, held, hub, phone, portal, shadow, told

from calbridge.hub import Answers
from calbridge.model import State
from calbridge.provider import Complete, Delta, Entry, Gone, Present, Record
from calbridge.testing.pure import PureHub, changed, everything

LATER = TEN + HOUR
NEW = "pms/anew"


def anew(it: PureHub, **fields: Any) -> Entry:
    """The same visit under another ref, without the bridge's mark."""
    return replace(edited(it, "pms", **fields), ref=NEW, version="1", stamp=None)


def gone(it: PureHub) -> Answers:
    return Answers(probes={("pms", shadow(it, "pms").ref): Gone()})


def deleted(it: PureHub, *new: Entry) -> Delta[Record]:
    return changed(*new, removed=(shadow(it, "pms").ref,))


def not_listed(it: PureHub, *new: Entry) -> Complete[Record]:
    it.now += 1
    return everything(*new)


def cancelled(it: PureHub, *new: Entry) -> Delta[Record]:
    return changed(edited(it, "pms", state=State.CANCELLED), *new)


ways = pytest.mark.parametrize("way", [deleted, not_listed, cancelled])


@ways
def test_the_same_visit_made_anew_is_the_same_booking(way: Any) -> None:
    it = booked()
    key = client(it).id
    it.see(gone(it), pms=way(it, anew(it)))
    assert (client(it).id, client(it).state, len(it.state.appointments)) == (key, State.CONFIRMED, 1)
    assert shadow(it, "pms").ref == NEW
    assert it.settle() == []
    assert "recreated" in codes(it)


@ways
def test_made_anew_at_another_time_it_was_moved(way: Any) -> None:
    it = booked()
    key, link = client(it).id, shadow(it, "portal").ref
    it.see(gone(it), pms=way(it, anew(it, start=LATER, end=LATER + HALF)))
    written = it.settle()
    assert (client(it).id, client(it).start, shadow(it, "portal").ref) == (key, LATER, link)
    assert {effect.connection for effect in written} == {"calendar", "portal"}
    (effect,) = told(written)
    assert (effect.change.view.state, effect.change.view.start) == (State.CONFIRMED, LATER)


def test_from_then_on_the_new_entry_is_the_bookings() -> None:
    it = booked()
    first = edited(it, "pms", state=State.CANCELLED)
    it.see(gone(it), pms=deleted(it, anew(it)))
    it.settle()
    it.see(pms=changed(first))  # the old one, cancelled, is listed once more
    it.see(pms=everything(first, anew(it)))
    assert client(it).state is State.CONFIRMED
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    assert {e.change.ref for e in it.settle() if e.connection == "pms"} == {NEW}


def test_what_nobody_is_linked_to_is_known_by_its_own_texts() -> None:
    it = held(hub(on_unmatched="book_unlinked"))
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)
    it.see(Answers(clients={"portal/booking/1": ()}), portal=changed(entry))
    it.settle()
    key = client(it).id
    it.see(gone(it), pms=deleted(it, anew(it, start=LATER, end=LATER + HALF)))
    assert (client(it).id, client(it).start, client(it).state) == (key, LATER, State.CONFIRMED)


@ways
@pytest.mark.parametrize(
    "other",
    [
        {"client": "c2"},
        {"patient": "p2"},
        {"patient": ""},
        {"service": "long"},
        {"client": "", "note": "", "title": ""},
    ],
)
def test_another_visit_is_another_booking(way: Any, other: dict[str, str]) -> None:
    it = booked()
    key = client(it).id
    it.see(gone(it), pms=way(it, anew(it, **other)))
    it.settle()
    assert it.state.appointments[key].state is State.CANCELLED
    assert [a.state for a in it.state.appointments.values() if a.id != key] == [State.CONFIRMED]


def test_of_two_that_may_be_it_neither_is() -> None:
    it = booked()
    second = replace(anew(it, start=LATER, end=LATER + HALF), ref="pms/second")
    it.see(gone(it), pms=deleted(it, anew(it), second))
    assert client(it).state is State.CANCELLED
    assert len(it.state.appointments) == 3


def test_a_patient_that_neither_names_is_no_evidence() -> None:
    """Reception cancels one visit of a client and books her another: who comes is not said."""
    it = hub()
    it.see(pms=changed(phone(client="c1", service="checkup", title="Voss", note="knows the owner")))
    it.settle()
    second = phone(
        "pms/8", client="c1", service="checkup", title="Voss", note="knows the owner", start=LATER, end=LATER + HALF
    )
    over = phone(
        version="2", client="c1", service="checkup", title="Voss", note="knows the owner", state=State.CANCELLED
    )
    it.see(pms=changed(over, second))
    assert sorted(a.state for a in it.state.appointments.values()) == [State.CANCELLED, State.CONFIRMED]


def test_of_what_staff_made_texts_alone_are_no_evidence() -> None:
    it = hub()
    it.see(pms=changed(phone(service="checkup", title="Voss", note="knows the owner")))
    it.settle()
    over = phone(version="2", service="checkup", title="Voss", note="knows the owner", state=State.CANCELLED)
    second = phone("pms/8", service="checkup", title="Voss", note="knows the owner", start=LATER, end=LATER + HALF)
    it.see(pms=changed(over, second))
    assert sorted(a.state for a in it.state.appointments.values()) == [State.CANCELLED, State.CONFIRMED]


def test_without_proof_nothing_was_made_anew() -> None:
    it = booked()
    there = Answers(probes={("pms", shadow(it, "pms").ref): Present()})
    it.see(there, pms=deleted(it, anew(it, start=LATER, end=LATER + HALF)))
    assert (client(it).state, client(it).start) == (State.CONFIRMED, TEN)
    assert len(it.state.appointments) == 2


def test_a_calendar_brings_nobody_back() -> None:
    """What staff pastes into a calendar bears no mark: it is their own event."""
    it = booked()
    pasted = replace(edited(it, "calendar"), ref="anna/pasted", stamp=None)
    ref = shadow(it, "calendar").ref
    it.see(Answers(probes={("calendar", ref): Gone()}), calendar=changed(pasted, removed=(ref,)))
    assert client(it).state is State.CANCELLED


def test_what_the_bridge_made_keeps_its_mark_and_is_known_by_it() -> None:
    it = booked()
    key = client(it).id
    moved = replace(edited(it, "pms", start=LATER, end=LATER + HALF), ref=NEW)
    it.see(gone(it), pms=deleted(it, moved))
    assert (client(it).id, client(it).start, shadow(it, "pms").ref) == (key, LATER, NEW)
    assert RECORD.id == client(it).client
