"""What the slot rules say is what happens: nothing takes back what they offered, and nobody gets what they refuse.

Holding, submitting, moving and reserving each look at one booking; none has a rule of its own (rules.md section 3).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import DAY, HALF, HOUR, MARA, NOW, RECORD, TEN, booked, client, edited, held, hub, portal, told

from calbridge.facts import Facts
from calbridge.hub import Answers
from calbridge.interval import Interval
from calbridge.model import Exclusion, ExtraRule, Service, State, WallWindow
from calbridge.provider import AbsenceRecord, Busy, ClosureRecord, Unreadable
from calbridge.reconcile import facts
from calbridge.rules import Answer, Case
from calbridge.slots import Candidate, decide, offers
from calbridge.testing.pure import PureHub, changed
from calbridge.wall import local_date

LATER = TEN + HOUR


def with_service(it: PureHub, key: str = "checkup", **changes: Any) -> PureHub:
    """The same hub, where this service is another."""
    service: Service = replace(it.clinic.services[key], **changes)
    it.clinic = replace(it.clinic, services={**it.clinic.services, key: service})
    return it


def known(it: PureHub) -> Facts:
    return facts(it.state, it.clinic, it.now)


# --- what is reserved -------------------------------------------------------------------------------

BUFFERS = {"buffer_before": 10, "buffer_after": 10}
VISIT = Interval(TEN, TEN + HALF)


def absence(start: int, end: int, resource: str = "anna") -> AbsenceRecord:
    return AbsenceRecord(ref="a", version="1", resource=resource, spans=(Interval(start, end),))


def closure(start: int, end: int, resource: str = "") -> ClosureRecord:
    return ClosureRecord(ref="a", version="1", resource=resource, spans=(Interval(start, end),))


def entry(start: int, end: int, resource: str = "anna", echo: str = "") -> Busy:
    return Busy(ref="a", version="1", resource=resource, spans=(Interval(start, end),), echo=echo)


def unreadable(start: int, end: int, resource: str = "anna") -> Unreadable:
    return Unreadable(ref="a", version="1", why="line 3", resource=resource, spans=(Interval(start, end),))


AROUND = {
    "nothing": (entry(TEN - DAY, TEN - DAY + HALF), True),
    "away until it begins": (absence(TEN - HOUR, TEN), True),
    "away from its end on": (absence(TEN + HALF, TEN + HOUR), True),
    "away in its first second": (absence(TEN - HOUR, TEN + 1), False),
    "away in its last second": (absence(TEN + HALF - 1, TEN + HOUR), False),
    "somebody else is away": (absence(TEN, TEN + HALF, "bernd"), True),
    "closed until it begins": (closure(TEN - HOUR, TEN), True),
    "closed from its end on": (closure(TEN + HALF, TEN + HOUR), True),
    "closed in its last second": (closure(TEN + HALF - 1, TEN + HOUR), False),
    "its site is closed from its end on": (closure(TEN + HALF, TEN + HOUR, "anna"), True),
    "its site is closed in its last second": (closure(TEN + HALF - 1, TEN + HOUR, "anna"), False),
    "another site is closed": (closure(TEN, TEN + HALF, "bernd"), True),
    "taken until its buffer begins": (entry(TEN - HOUR, TEN - 600), True),
    "taken in its buffer's first second": (entry(TEN - HOUR, TEN - 599), False),
    "taken from its buffer's end on": (entry(TEN + HALF + 600, TEN + HOUR), True),
    "taken in its buffer's last second": (entry(TEN + HALF + 599, TEN + HOUR), False),
    "something unreadable in its buffer": (unreadable(TEN + HALF + 599, TEN + HOUR), False),
}


@pytest.mark.parametrize(("record", "stays"), AROUND.values(), ids=AROUND.keys())
def test_a_hold_is_reserved_just_where_the_rules_would_offer_it(record: Any, stays: bool) -> None:
    """`record` comes to light when the hold stands on the clinic's sides and they are read again."""
    it = with_service(hub(), **BUFFERS)
    for effect in it.see(portal=changed(portal("hold/1", State.HELD, expires=NOW + 300))).effects:
        it.write(effect)
    before = facts(replace(it.state, foreign={("calendar", "a"): record}), it.clinic, it.now, without=client(it).id)
    wanted = Candidate(service="checkup", resource="anna", start=TEN)
    assert decide(it.clinic, before, wanted).ok is stays
    it.see(calendar=changed(record), pms=changed(), portal=changed())
    assert (client(it).state, client(it).reserved) == ((State.HELD, True) if stays else (State.RELEASED, False))


@pytest.mark.parametrize(("record", "stays"), [(absence, False), (entry, False), (closure, True)])
def test_of_a_room_only_absence_and_what_takes_its_time_count(record: Any, stays: bool) -> None:
    it = hub()
    for effect in it.see(portal=changed(portal("hold/1", State.HELD, service="op", end=TEN + HOUR))).effects:
        it.write(effect)
    it.see(calendar=changed(record(TEN, TEN + HOUR, "room")), pms=changed(), portal=changed())
    assert client(it).state is (State.HELD if stays else State.RELEASED)


def test_a_booking_is_not_in_its_own_way_by_way_of_a_feed() -> None:
    it = hub()
    for effect in it.see(portal=changed(portal("hold/1", State.HELD))).effects:
        it.write(effect)
    it.see(calendar=changed(entry(TEN, TEN + HALF, echo=client(it).id)), pms=changed(), portal=changed())
    assert (client(it).state, client(it).reserved) == (State.HELD, True)


def test_staff_may_move_a_booking_up_to_a_break_without_being_asked() -> None:
    it = with_service(booked(), **BUFFERS)
    it.see(pms=changed(absence(LATER + HALF, LATER + HOUR)))
    plan = it.see(pms=changed(edited(it, "pms", start=LATER, end=LATER + HALF)))
    assert client(it).start == LATER
    assert plan.tasks == ()


# --- rules of plugins -------------------------------------------------------------------------------


def one_entry_a_week(case: Case, options: None) -> Answer:
    """Looks at far more than the visit's own days."""
    week = Interval(case.start - 7 * DAY, case.start + 7 * DAY)
    there = sum(span.overlaps(week) for span in case.facts.taken.get(case.resource.key, ()))
    return there < 1, {"entries": there}


def mornings_are_for_known_clients(case: Case, options: None) -> Answer:
    """Whoever is not known yet passes, as in the catalogue's own rule."""
    return case.wanted.client != "new" or case.start >= TEN + 2 * HOUR, {}


def with_rule(it: PureHub, answer: Any) -> PureHub:
    it.clinic = replace(it.clinic, extra=(ExtraRule(code="extra", answer=answer),))
    return it


def test_a_rule_that_looks_far_away_says_the_same_of_a_hold_as_of_a_list() -> None:
    it = with_rule(hub(), one_entry_a_week)
    it.see(calendar=changed(entry(TEN + 6 * DAY, TEN + 6 * DAY + HALF)))
    day = local_date("Europe/Berlin", TEN)
    assert {slot.resource for slot in offers(it.clinic, known(it), "checkup", day, day)} == {"bernd"}
    plan = it.see(portal=changed(portal("hold/1", State.HELD)))
    assert [line.facts["rule"] for line in plan.journal if line.code == "slot_refused"] == ["extra"]


@pytest.mark.parametrize(("records", "state"), [((), State.DECLINED), ((RECORD,), State.CONFIRMED)])
def test_a_rule_that_asks_who_it_is_is_asked_again_once_that_is_known(records: Any, state: State) -> None:
    it = held(with_rule(hub(), mornings_are_for_known_clients))
    asked = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)
    plan = it.see(Answers(clients={"portal/booking/1": records}), portal=changed(asked))
    assert client(it).state is state
    if state is State.DECLINED:
        (effect,) = told(plan)
        assert effect.change.view.decline_reason == "slot_unavailable"  # type: ignore[union-attr]
        assert effect.change.alternatives[0].start == TEN + 2 * HOUR


# --- who it is, and what for ------------------------------------------------------------------------


def without_dogs(it: PureHub) -> PureHub:
    """No dogs on Tuesdays until noon."""
    morning = (WallWindow(start=480, end=720),)
    it.clinic = replace(
        it.clinic, exclusions=(Exclusion(days=frozenset({1}), windows=morning, species=frozenset({"dog"})),)
    )
    return it


@pytest.mark.parametrize(
    ("species", "state"), [("dog", State.DECLINED), ("", State.DECLINED), ("cat", State.CONFIRMED)]
)
def test_an_exclusion_for_a_species_applies_once_the_animal_is_known(species: str, state: State) -> None:
    it = held(without_dogs(hub()))
    details = replace(MARA, species=species)
    asked = portal("booking/1", State.REQUESTED, replaces="hold/1", details=details)
    plan = it.see(Answers(clients={"portal/booking/1": (RECORD,)}), portal=changed(asked))
    assert client(it).state is state
    if state is State.DECLINED:
        assert "excluded" in [line.facts.get("why") for line in plan.journal]
        (effect,) = told(plan)
        assert effect.change.alternatives[0].start == TEN + 2 * HOUR


def test_alternatives_are_for_this_animal() -> None:
    it = without_dogs(booked())
    it.see(calendar=changed(entry(TEN + 2 * HOUR, TEN + 3 * HOUR)))
    wanted = {"start": TEN + 2 * HOUR, "end": TEN + 2 * HOUR + HALF}
    it.see(portal=changed(edited(it, "portal", **wanted)))
    assert client(it).alternatives[0].resource == "bernd"
    assert client(it).alternatives[0].start - TEN == 2 * HOUR
    it.settle()
    it.see(portal=changed(edited(it, "portal", start=LATER, end=LATER + HALF)))
    assert client(it).start == TEN
    assert client(it).alternatives[0].start - TEN == 2 * HOUR


@pytest.mark.parametrize(("records", "moves"), [((), False), ((RECORD,), True)])
def test_who_is_no_client_yet_does_not_move_into_what_is_for_known_ones(records: Any, moves: bool) -> None:
    it = held(with_service(hub(), "long", clients="known"))
    asked = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)
    it.see(Answers(clients={"portal/booking/1": records}), portal=changed(asked))
    it.settle()
    it.see(portal=changed(edited(it, "portal", service="long")))
    assert client(it).service == ("long" if moves else "checkup")


# --- how long it is ---------------------------------------------------------------------------------


def lengthened(it: PureHub, minutes: int) -> PureHub:
    """Staff made it longer or shorter in the calendar."""
    it.see(calendar=changed(edited(it, "calendar", end=TEN + minutes * 60)))
    it.settle()
    return it


@pytest.mark.parametrize(("minutes", "moves"), [(60, True), (61, False), (30, True), (90, False)])
def test_a_move_needs_room_for_the_visit_as_long_as_it_really_is(minutes: int, moves: bool) -> None:
    it = lengthened(booked(), minutes)
    it.see(calendar=changed(entry(LATER + 2 * HOUR, LATER + 3 * HOUR)))
    it.see(portal=changed(edited(it, "portal", start=LATER + HOUR, end=LATER + HOUR + HALF)))
    it.settle()
    assert (client(it).start, client(it).minutes) == (LATER + HOUR if moves else TEN, minutes)
    assert client(it).exclusive
    if not moves:
        assert {each.end - each.start for each in client(it).alternatives} == {minutes * 60}


def test_a_shortened_visit_fits_where_its_service_would_not() -> None:
    it = lengthened(booked(), 15)
    it.see(calendar=changed(entry(LATER + 900, LATER + HOUR)))
    it.see(portal=changed(edited(it, "portal", start=LATER, end=LATER + HALF)))
    assert (client(it).start, client(it).minutes) == (LATER, 15)


def test_another_service_has_its_own_length() -> None:
    it = lengthened(booked(), 90)
    it.see(calendar=changed(entry(TEN + HOUR, TEN + 2 * HOUR)))
    it.see(portal=changed(edited(it, "portal", service="long", end=TEN + HOUR)))
    assert (client(it).service, client(it).minutes) == ("long", 60)


# --- out of this world ------------------------------------------------------------------------------

FAR = [253_402_300_799 - 1_800, 253_402_300_799]
"""The last half hour and the last second of the calendar."""


@pytest.mark.parametrize("start", FAR)
@pytest.mark.parametrize("tz", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("state", [State.HELD, State.REQUESTED, State.CONFIRMED])
def test_a_booking_at_the_end_of_the_calendar_stops_nobody(start: int, tz: str, state: State) -> None:
    it = hub()
    it.clinic = replace(it.clinic, time_zone=tz)
    far = portal("booking/far", state, start=start, end=min(start + HALF, 253_402_300_799), details=MARA)
    it.see(portal=changed(far, portal("hold/1", State.HELD, start=LATER, end=LATER + HALF)))
    it.see(portal=changed(portal("hold/2", State.HELD, start=LATER, end=LATER + HALF)))
    kept = {each.start: each.state for each in it.state.appointments.values() if not each.state.gone}
    assert (start in kept) is (state is State.CONFIRMED)
    assert kept.get(LATER, State.HELD) is State.HELD
