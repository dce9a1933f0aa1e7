"""`offers`, `decide` and `alternatives` against each other; `test_oracle` holds them to the catalogue."""

import os
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle.clinics import ALL, worlds

from calbridge.interval import Interval, merge
from calbridge.model import Clinic, Resource, Rules, Service, WallWindow, WeeklyPlan
from calbridge.ruleset import ruleset
from calbridge.slots import Candidate, Facts, Slot, alternatives, decide, offers
from calbridge.wall import date_interval, day_interval

LONG = 20 if os.environ.get("CALBRIDGE_LONG") else 1

# --- agreement ------------------------------------------------------------------------------------


def listed(world, days=2):
    clinic, facts, first, asked = world
    return offers(clinic, facts, "visit", first, first + timedelta(days=days - 1), **asked)


def asked_for(world, start, resource="anna", *, listed=False):
    clinic, facts, _, asked = world
    return decide(clinic, facts, Candidate(service="visit", resource=resource, start=start, listed=listed, **asked))


def moments(world):
    """Half hours of the first day, every second offered start, and what lies just beside some of them."""
    clinic, _, first, _ = world
    start, end = day_interval(clinic.time_zone, first)
    offered = [slot.start for slot in listed(world, days=1)]
    beside = {at + offset for at in offered[:5] + offered[-5:] for offset in (-300, -60, -1, 1, 60, 300)}
    return sorted({*range(start, end, 1800), *offered[::2], *(t for t in beside if start <= t < end)})


@settings(max_examples=100 * LONG, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_decide_lists_exactly_what_offers_offer(world):
    offered = {(slot.start, slot.resource): slot.co_resources for slot in listed(world, days=1)}
    for moment in moments(world):
        decision = asked_for(world, moment, listed=True)
        assert decision.ok == ((moment, "anna") in offered)
        assert decision.co_resources == offered.get((moment, "anna"), ())


@settings(max_examples=4 * LONG, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_decide_and_offers_agree_on_every_minute_of_two_days(world):
    clinic, _, first, _ = world
    start, end = date_interval(clinic.time_zone, first, first + timedelta(days=1))
    offered = {slot.start for slot in listed(world) if slot.resource == "anna"}
    assert {t for t in range(start, end, 60) if asked_for(world, t, listed=True).ok} == offered


@settings(max_examples=25 * LONG, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_a_decision_shows_every_rule_and_gives_the_first_that_failed(world):
    for moment in moments(world)[::7]:
        decision = asked_for(world, moment)
        assert [verdict.code for verdict in decision.verdicts] == [rule.code for rule in ruleset(world[0])]
        failed = [verdict.code for verdict in decision.verdicts if not verdict.ok]
        assert decision.code == (failed[0] if failed else "")
        assert decision.ok == (not failed)


@settings(max_examples=25 * LONG, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_booking_refuses_nothing_that_is_listed_and_only_forgives_the_full_hour(world):
    for moment in moments(world)[::5]:
        booking, listing = asked_for(world, moment), asked_for(world, moment, listed=True)
        assert booking.ok or not listing.ok
        if booking.ok and not listing.ok:
            assert listing.code == "hour_full"


@settings(max_examples=25 * LONG, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_a_slot_does_not_depend_on_the_range_or_the_resource_it_was_asked_in(world):
    clinic, facts, first, asked = world
    whole = listed(world)
    by_day = [offers(clinic, facts, "visit", day, day, **asked) for day in (first, first + timedelta(days=1))]
    assert whole == by_day[0] + by_day[1]
    for key in ALL:
        mine = offers(clinic, facts, "visit", first, first + timedelta(days=1), resource=key, **asked)
        assert mine == tuple(slot for slot in whole if slot.resource == key)


@settings(max_examples=25 * LONG, suppress_health_check=list(HealthCheck))
@given(worlds(), st.integers(0, 2800))
def test_taking_time_never_makes_a_new_slot_without_throttles(world, minute):
    clinic, facts, first, asked = world
    plain = replace(clinic, rules=replace(clinic.rules, slots_per_hour=None, reserved_per_day=0))
    start = day_interval(clinic.time_zone, first).start + minute * 60
    more = replace(facts, taken=dict(facts.taken) | {"anna": (*facts.taken["anna"], Interval(start, start + 1800))})
    more = replace(more, taken={key: tuple(merge(spans)) for key, spans in more.taken.items()})
    before = {(s.start, s.resource) for s in listed((plain, facts, first, asked))}
    assert {(s.start, s.resource) for s in listed((plain, more, first, asked))} <= before


@settings(max_examples=25 * LONG, suppress_health_check=list(HealthCheck))
@given(worlds(), st.integers(0, 200), st.integers(1, 4))
def test_alternatives_are_the_next_starts_on_the_wanted_resource_where_it_is_free(world, step, n):
    clinic, facts, first, asked = world
    wanted = day_interval(clinic.time_zone, first).start + step * 900
    candidate = Candidate(service="visit", resource="anna", start=wanted, **asked)
    later = [s for s in listed(world, days=70) if s.start >= wanted and (s.start, s.resource) != (wanted, "anna")]
    expected = []
    for _, same in groupby(later, key=lambda slot: slot.start):
        expected.append(min(same, key=lambda slot: (slot.resource != "anna", slot.resource)))
    assert alternatives(clinic, facts, candidate, n) == tuple(expected[:n])


# --- examples -------------------------------------------------------------------------------------


def plain_clinic(**changes):
    week = (WeeklyPlan(days=frozenset(range(7)), windows=(WallWindow(start=540, end=720),)),)
    clinic = Clinic(
        key="hafen",
        name="Hafen",
        time_zone="Europe/Berlin",
        online=True,
        resources={key: Resource(key=key, name=key, online=True, week=week) for key in ("ben", "anna")},
        services={"visit": Service(key="visit", name="Visit", minutes=30, online=True, resources=("ben", "anna"))},
    )
    return replace(clinic, **changes)


MONDAY = date(2026, 11, 2)
NINE = day_interval("Europe/Berlin", MONDAY).start + 9 * 3600
EARLY = Facts(now=NINE - 3600)


def test_slots_come_by_start_then_resource_key():
    found = offers(plain_clinic(), EARLY, "visit", MONDAY, MONDAY)
    assert [slot.resource for slot in found[:4]] == ["anna", "ben", "anna", "ben"]
    assert [slot.start for slot in found] == sorted(slot.start for slot in found)
    assert found[0] == Slot(start=NINE, end=NINE + 1800, service="visit", resource="anna", co_resources=())
    assert found[-1].start == NINE + 9000


@pytest.mark.parametrize(("service", "resource"), [("surgery", "anna"), ("visit", "carl"), ("surgery", "carl")])
def test_what_does_not_exist_is_not_offered(service, resource):
    clinic = plain_clinic()
    decision = decide(clinic, EARLY, Candidate(service=service, resource=resource, start=NINE))
    assert (decision.ok, decision.code, len(decision.verdicts)) == (False, "not_offered", 1)
    assert offers(clinic, EARLY, service, MONDAY, MONDAY, resource=resource) == ()


def test_nothing_is_offered_in_a_range_that_ends_before_it_begins():
    assert offers(plain_clinic(), EARLY, "visit", MONDAY, MONDAY - timedelta(days=1)) == ()


def test_a_hold_on_one_resource_leaves_the_others_free():
    facts = replace(EARLY, taken={"anna": (Interval(NINE, NINE + 1800),)})
    free = [slot.resource for slot in offers(plain_clinic(), facts, "visit", MONDAY, MONDAY) if slot.start == NINE]
    assert free == ["ben"]


def test_alternatives_prefer_the_wanted_resource_and_go_on_over_the_days():
    facts = replace(EARLY, taken={"ben": (Interval(NINE, NINE + 7200),)})
    wanted = Candidate(service="visit", resource="ben", start=NINE + 6300)
    found = alternatives(plain_clinic(), facts, wanted, n=5)
    assert [(slot.start - NINE, slot.resource) for slot in found] == [
        (6300, "anna"),
        (7200, "ben"),
        (8100, "ben"),
        (9000, "ben"),
        (86_400, "ben"),
    ]


def test_alternatives_end_with_the_horizon():
    clinic = plain_clinic(rules=Rules(horizon_days=0))
    late = Candidate(service="visit", resource="anna", start=NINE + 86_400)
    assert alternatives(clinic, EARLY, late) == ()


def test_a_clinic_that_never_closes_books_over_midnight():
    day = (WallWindow(start=0, end=1440),)
    clinic = plain_clinic(opening_hours=dict.fromkeys(range(7), day), rules=Rules(availability="opening_hours"))
    midnight = day_interval("Europe/Berlin", MONDAY).end
    assert decide(clinic, EARLY, Candidate(service="visit", resource="anna", start=midnight - 900)).ok


def test_a_choice_of_rooms_is_told_by_group():
    clinic = plain_clinic()
    visit = replace(clinic.services["visit"], requires=(("room1",), ("room1", "room2")))
    clinic = replace(clinic, services={"visit": visit})
    wanted = Candidate(service="visit", resource="anna", start=NINE)
    assert decide(clinic, EARLY, wanted).co_resources == ("room1", "room2")
    facts = replace(EARLY, taken={"room2": (Interval(NINE, NINE + 60),)})
    decision = decide(clinic, facts, wanted)
    assert decision.code == "busy"
    assert decision.co_resources == ()
    assert next(v for v in decision.verdicts if v.code == "busy").facts == {"group": 2}
