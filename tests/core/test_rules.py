"""Both sides of every rule's boundary, to the second, and the facts each verdict carries for `explain`."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.interval import Interval
from calbridge.model import Absence, Clinic, Closure, Exclusion, Resource, Rules, Service, WallWindow, WeeklyPlan
from calbridge.rules import RULES, choose
from calbridge.slots import Candidate, Facts, decide
from calbridge.wall import day_interval

TZ = "Europe/Berlin"
MONDAY = date(2026, 11, 2)
MIDNIGHT = day_interval(TZ, MONDAY).start
HOUR = 3600
MINUTES = 30
NINE, TWELVE = MIDNIGHT + 9 * HOUR, MIDNIGHT + 12 * HOUR
NOON = WallWindow(start=9 * 60, end=12 * 60)
WEEK = (WeeklyPlan(days=frozenset(range(7)), windows=(NOON,)),)
VISIT = Service(key="visit", name="Visit", minutes=MINUTES, online=True, resources=("anna",))
CLINIC = Clinic(
    key="hafen",
    name="Hafen",
    time_zone=TZ,
    online=True,
    resources={
        "anna": Resource(key="anna", name="Anna", online=True, week=WEEK),
        "room1": Resource(key="room1", name="Room 1"),
        "room2": Resource(key="room2", name="Room 2"),
    },
    services={"visit": VISIT},
)
FACTS = Facts(now=MIDNIGHT - 7 * 86_400)
SECONDS = st.integers(0, 20 * 86_400)


def verdict(code, *, clinic=CLINIC, facts=FACTS, start=NINE, **asked):
    decision = decide(clinic, facts, Candidate(service="visit", resource="anna", start=start, **asked))
    (found,) = [each for each in decision.verdicts if each.code == code]
    return found


def passes(code, **given):
    return verdict(code, **given).ok


def ruled(**values):
    return replace(CLINIC, rules=Rules(**values))


def served(**values):
    return replace(CLINIC, services={"visit": replace(VISIT, **values)})


def test_the_catalogue_is_complete_and_in_order():
    assert [rule.code for rule in RULES] == [
        "not_offered",
        "client_not_admitted",
        "species_not_admitted",
        "too_soon",
        "beyond_horizon",
        "outside_hours",
        "closed",
        "absent",
        "excluded",
        "off_grid",
        "busy",
        "day_full",
        "hour_full",
        "kept_back",
        "source_stale",
    ]


def test_an_ordinary_slot_passes_everything():
    decision = decide(CLINIC, FACTS, Candidate(service="visit", resource="anna", start=NINE))
    assert decision.ok
    assert all(each.ok for each in decision.verdicts)


# --- 1: off until switched on ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clinic", "off"),
    [
        (replace(CLINIC, online=False), "clinic"),
        (served(online=False), "service"),
        (replace(CLINIC, resources={"anna": replace(CLINIC.resources["anna"], online=False)}), "resource"),
        (served(resources=("room1",)), "assignment"),
        (replace(served(resources=(), online=False), online=False), "clinic, service, assignment"),
    ],
)
def test_what_is_off_is_named(clinic, off):
    assert verdict("not_offered", clinic=clinic) == replace(verdict("not_offered"), ok=False, facts={"off": off})


def test_services_and_resources_are_off_by_default():
    assert not Service(key="s", name="s", minutes=5).online
    assert not Resource(key="r", name="r").online
    assert not Clinic(key="c", name="c", time_zone=TZ).online


# --- 2 and 3: who ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clients", "client", "ok"),
    [
        ("all", None, True),
        ("all", "new", True),
        ("all", "known", True),
        ("new", None, True),
        ("new", "new", True),
        ("new", "known", False),
        ("known", None, True),
        ("known", "new", False),
        ("known", "known", True),
    ],
)
def test_clients(clients, client, ok):
    assert passes("client_not_admitted", clinic=served(clients=clients), client=client) is ok


@pytest.mark.parametrize(
    ("admitted", "excluded", "species", "ok"),
    [
        ((), (), None, True),
        ((), (), "", True),
        ((), (), "yak", True),
        (("dog",), (), None, True),
        (("dog",), (), "dog", True),
        (("dog",), (), "DOG", True),
        (("dog",), (), "cat", False),
        (("dog",), (), "", False),
        ((), ("cat",), None, True),
        ((), ("cat",), "dog", True),
        ((), ("cat",), "cat", False),
        ((), ("cat",), "", False),
        (("dog", "cat"), ("cat",), "cat", False),
    ],
)
def test_species(admitted, excluded, species, ok):
    clinic = served(species=frozenset(admitted), excluded_species=frozenset(excluded))
    assert passes("species_not_admitted", clinic=clinic, species=species) is ok


# --- 4 and 5: when --------------------------------------------------------------------------------


@given(lead=SECONDS, now=st.integers(MIDNIGHT, MIDNIGHT + 90 * 86_400))
def test_exactly_the_lead_time_is_enough_and_a_second_less_is_not(lead, now):
    clinic, facts = ruled(lead_time=lead), Facts(now=now)
    assert passes("too_soon", clinic=clinic, facts=facts, start=now + lead)
    assert not passes("too_soon", clinic=clinic, facts=facts, start=now + lead - 1)
    assert verdict("too_soon", clinic=clinic, facts=facts).facts == {"earliest": now + lead}


@given(lead=st.integers(1, 30), second=st.integers(0, 86_399))
def test_lead_days_are_the_clinics_midnights(lead, second):
    clinic, facts = ruled(lead_days=lead), Facts(now=MIDNIGHT + second)
    first = day_interval(TZ, MONDAY + timedelta(days=lead)).start
    assert passes("too_soon", clinic=clinic, facts=facts, start=first)
    assert not passes("too_soon", clinic=clinic, facts=facts, start=first - 1)


@given(days=st.integers(0, 200), second=st.integers(0, 86_399))
def test_the_last_day_of_the_horizon_counts_to_its_last_second(days, second):
    clinic, facts = ruled(horizon_days=days), Facts(now=MIDNIGHT + second)
    end = day_interval(TZ, MONDAY + timedelta(days=days)).end
    assert passes("beyond_horizon", clinic=clinic, facts=facts, start=end - 1)
    assert not passes("beyond_horizon", clinic=clinic, facts=facts, start=end)


# --- 6: bookable time -----------------------------------------------------------------------------


@given(start=st.integers(NINE - 7200, TWELVE + 7200))
def test_the_visit_lies_inside_the_window(start):
    assert passes("outside_hours", start=start) == (start >= NINE and start + MINUTES * 60 <= TWELVE)


def test_the_windows_of_the_day_are_among_the_facts():
    assert verdict("outside_hours", start=TWELVE).facts == {"windows": (Interval(NINE, TWELVE),)}


def test_a_visit_that_ends_at_midnight_is_told_the_windows_of_its_own_day_only():
    shown = verdict("outside_hours", start=MIDNIGHT + 86_400 - MINUTES * 60).facts["windows"]
    assert shown == (Interval(NINE, TWELVE),)


@given(before=st.integers(0, 300), after=st.integers(0, 300))
def test_buffers_need_not_lie_inside_the_window(before, after):
    clinic = served(buffer_before=before, buffer_after=after)
    assert passes("outside_hours", clinic=clinic, start=NINE)
    assert passes("outside_hours", clinic=clinic, start=TWELVE - MINUTES * 60)


# --- 7, 8, 9: what takes time away ----------------------------------------------------------------


def overlaps(start, span):
    return start < span.end and span.start < start + MINUTES * 60


@given(start=st.integers(MIDNIGHT - 7200, MIDNIGHT + 86_400 + 7200))
def test_no_part_of_the_visit_is_in_a_closure(start):
    clinic = replace(CLINIC, closures=(Closure(first=MONDAY, last=MONDAY),))
    assert passes("closed", clinic=clinic, start=start) == (not overlaps(start, day_interval(TZ, MONDAY)))


@given(start=st.integers(NINE, TWELVE), begin=st.integers(NINE, TWELVE), length=st.integers(1, 7200))
def test_no_part_of_the_visit_is_in_an_absence(start, begin, length):
    span = Interval(begin, begin + length)
    anna = replace(CLINIC.resources["anna"], absences=(Absence(resource="anna", span=span),))
    configured = replace(CLINIC, resources={**CLINIC.resources, "anna": anna})
    read = replace(FACTS, absences={"anna": (span,)})
    expected = not overlaps(start, span)
    assert passes("absent", clinic=configured, start=start) is expected
    assert passes("absent", facts=read, start=start) is expected


@pytest.mark.parametrize(
    ("first", "last", "away"),
    [
        (None, None, True),
        (None, MONDAY, True),
        (MONDAY, None, True),
        (None, MONDAY - timedelta(days=1), False),
        (MONDAY + timedelta(days=1), None, False),
        (MONDAY - timedelta(days=1), MONDAY + timedelta(days=1), True),
    ],
)
def test_an_absence_without_an_end_goes_on(first, last, away):
    anna = replace(CLINIC.resources["anna"], absences=(Absence(resource="anna", first=first, last=last),))
    clinic = replace(CLINIC, resources={**CLINIC.resources, "anna": anna})
    assert passes("absent", clinic=clinic) is not away


def test_who_is_away_and_until_when_is_told():
    facts = replace(FACTS, absences={"anna": (Interval(NINE, TWELVE),)})
    assert verdict("absent", facts=facts).facts == {"resource": "anna", "from": NINE, "until": TWELVE}


@given(start=st.integers(NINE, TWELVE))
def test_no_part_of_the_visit_is_in_an_exclusion(start):
    ten = WallWindow(start=600, end=660)
    clinic = replace(CLINIC, exclusions=(Exclusion(days=frozenset({0}), windows=(ten,)),))
    span = Interval(MIDNIGHT + 10 * HOUR, MIDNIGHT + 11 * HOUR)
    assert passes("excluded", clinic=clinic, start=start) == (not overlaps(start, span))


@pytest.mark.parametrize(
    ("scope", "asked", "ok"),
    [
        ({}, {}, False),
        ({"days": frozenset({1})}, {}, True),
        ({"services": frozenset({"visit"})}, {}, False),
        ({"services": frozenset({"surgery"})}, {}, True),
        ({"resources": frozenset({"anna"})}, {}, False),
        ({"resources": frozenset({"room1"})}, {}, True),
        ({"species": frozenset({"cat"})}, {"species": "cat"}, False),
        ({"species": frozenset({"cat"})}, {"species": "dog"}, True),
        ({"species": frozenset({"cat"})}, {"species": ""}, False),
        ({"species": frozenset({"cat"})}, {"species": None}, True),
        ({"services": frozenset({"visit"}), "resources": frozenset({"room1"})}, {}, True),
    ],
)
def test_an_exclusion_applies_where_all_of_its_scope_does(scope, asked, ok):
    exclusion = replace(Exclusion(days=frozenset({0}), windows=(NOON,)), **scope)
    assert passes("excluded", clinic=replace(CLINIC, exclusions=(exclusion,)), **asked) is ok


# --- 10, 11, 12 -----------------------------------------------------------------------------------


@given(grid=st.sampled_from([5, 10, 15, 20, 30, 60]), second=st.integers(0, 86_399))
def test_the_grid_counts_from_midnight(grid, second):
    assert passes("off_grid", clinic=ruled(grid_minutes=grid), start=MIDNIGHT + second) == (second % (grid * 60) == 0)


@given(
    start=st.integers(NINE, TWELVE),
    begin=st.integers(NINE - HOUR, TWELVE + HOUR),
    length=st.integers(1, 7200),
    before=st.integers(0, 60),
    after=st.integers(0, 60),
)
def test_the_footprint_is_free(start, begin, length, before, after):
    taken = Interval(begin, begin + length)
    footprint = Interval(start - before * 60, start + (MINUTES + after) * 60)
    found = verdict(
        "busy",
        clinic=served(buffer_before=before, buffer_after=after),
        facts=replace(FACTS, taken={"anna": (taken,)}),
        start=start,
    )
    assert found.ok == (not taken.overlaps(footprint))
    assert found.facts == ({} if found.ok else {"resource": "anna", "from": taken.start, "until": taken.end})


@given(most=st.integers(1, 5), made=st.integers(0, 7))
def test_the_day_is_full_at_the_limit(most, made):
    facts = replace(FACTS, counts={("visit", MONDAY): made, ("visit", MONDAY + timedelta(days=1)): 9, ("x", MONDAY): 9})
    found = verdict("day_full", clinic=served(max_per_day=most), facts=facts)
    assert found.ok == (made < most)
    assert found.facts == {"max_per_day": most, "booked": made}


# --- 13, 14, 15 -----------------------------------------------------------------------------------


@given(most=st.integers(1, 5), quarter=st.integers(0, 10))
def test_an_hour_lists_its_earliest_starts(most, quarter):
    start = NINE + quarter * 900
    clinic = ruled(slots_per_hour=most)
    assert passes("hour_full", clinic=clinic, start=start, listed=True) == (quarter % 4 < most)
    assert passes("hour_full", clinic=clinic, start=start)


@given(kept=st.integers(0, 12), quarter=st.integers(0, 10))
def test_the_last_starts_of_the_day_are_kept(kept, quarter):
    starts = 11  # 09:00 to 11:30
    assert passes("kept_back", clinic=ruled(reserved_per_day=kept), start=NINE + quarter * 900) == (
        quarter < starts - kept
    )


def test_a_stale_source_is_named():
    found = verdict("source_stale", facts=replace(FACTS, stale={"anna": "calendar"}))
    assert not found.ok
    assert found.facts == {"resource": "anna", "source": "calendar"}


@pytest.mark.parametrize(
    ("stale", "ok", "told"),
    [
        ({}, True, {}),  # both rooms are taken: that is rule 11's to say, not this one's
        ({"room1": "calendar"}, True, {}),
        ({"anna": "calendar"}, False, {"resource": "anna", "source": "calendar"}),
    ],
)
def test_a_stale_room_is_blamed_only_where_it_would_have_been_free(stale, ok, told):
    clinic = served(requires=(("room1", "room2"),))
    everywhere = {"room1": (Interval(NINE, TWELVE),), "room2": (Interval(NINE, TWELVE),)}
    found = verdict("source_stale", clinic=clinic, facts=replace(FACTS, taken=everywhere, stale=stale))
    assert (found.ok, found.facts) == (ok, told)


def test_a_room_that_is_free_but_stale_is_blamed():
    clinic = served(requires=(("room1",),))
    assert verdict("source_stale", clinic=clinic, facts=replace(FACTS, stale={"room1": "calendar"})).facts == {
        "group": 1
    }


# --- co-resources ---------------------------------------------------------------------------------

KEYS = ("anna", "room1", "room2", "room3", "room4")
GROUPS = st.lists(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True).map(tuple), max_size=4).map(
    tuple
)


@given(requires=GROUPS, wider=st.sets(st.sampled_from(KEYS)), missing=st.sets(st.sampled_from(KEYS)))
def test_a_choice_among_fewer_is_also_one_among_more(requires, wider, missing):
    """Why rules 8, 11 and 15 all pass where `offers` found a choice by the strictest of them."""
    case = _Stub(served(requires=requires))
    narrower = wider - missing
    if isinstance(choose(case, lambda _, key: key in narrower), tuple):
        assert isinstance(choose(case, lambda _, key: key in wider), tuple)


@given(requires=GROUPS, free=st.sets(st.sampled_from(KEYS)))
def test_a_choice_takes_one_of_each_group_once_and_the_first_that_fits(requires, free):
    chosen = choose(_Stub(served(requires=requires)), lambda _, key: key in free)
    assert chosen == ways(requires, free)[0] if ways(requires, free) else isinstance(chosen, int)


@given(requires=GROUPS, free=st.sets(st.sampled_from(KEYS)))
def test_the_first_group_without_one_is_named(requires, free):
    found = choose(_Stub(served(requires=requires)), lambda _, key: key in free)
    if isinstance(found, int):
        assert not ways(requires[: found + 1], free)
        assert ways(requires[:found], free)


def ways(requires, free):
    """Every choice, in the listed order."""
    every = product(*([key for key in group if key in free] for group in requires))
    return [choice for choice in every if len({"anna", *choice}) == len(choice) + 1]


class _Stub:
    """The two fields of a case that choosing looks at."""

    def __init__(self, clinic):
        self.service = clinic.services["visit"]
        self.resource = clinic.resources["anna"]
