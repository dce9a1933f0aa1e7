"""What is kept and mended is what would be worked out anew, over any history; and little of it is worked out anew."""

import os
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle.clinics import ALL, KEYS, broken, free_day, one_in_five, worlds

from calbridge.availability import compute
from calbridge.changes import OfferedSlot
from calbridge.facts import Facts
from calbridge.interval import Interval, merge, subtract
from calbridge.model import Clinic, ExtraRule, Resource, Rules, Service, WallWindow, WeeklyPlan
from calbridge.slots import offers
from calbridge.wall import day_interval

LONG = 20 if os.environ.get("CALBRIDGE_LONG") else 1
HORIZON = 5
everything = settings(max_examples=100 * LONG, suppress_health_check=list(HealthCheck))


def shortly(world):
    """The same clinic with a near horizon: each step is worked out twice."""
    clinic, facts, first, _ = world
    near = min(clinic.rules.horizon_days, HORIZON)
    return replace(clinic, rules=replace(clinic.rules, horizon_days=near)), facts, first


# --- any history ----------------------------------------------------------------------------------

KINDS = ("taken", "absences", "closures", "windows", "work")
moments = st.tuples(st.integers(-1440, 5 * 1440), st.sampled_from([1, 20, 45, 300, 3000]), st.sampled_from([0, 0, 7]))


@st.composite
def steps(draw):
    """One thing that happens to a clinic's time."""
    kind = draw(st.sampled_from(["more", "less", "less", "gone", "stale", "count", "later", "later", "back"]))
    return kind, draw(st.sampled_from(KINDS)), draw(st.sampled_from(ALL)), draw(moments), draw(st.integers(0, 3))


def after(facts, first, begin, step):
    kind, name, key, (minute, length, odd), number = step
    key = "" if name == "closures" and number == 0 else key
    span = Interval(begin + minute * 60 + odd, begin + (minute + length) * 60)
    spans = dict(getattr(facts, name))
    match kind:
        case "more":
            spans[key] = tuple(merge((*spans.get(key, ()), span)))
        case "less":
            spans[key] = tuple(subtract(spans.get(key, ()), [span]))
        case "gone":
            spans.pop(key, None)
        case "stale":
            there = key in facts.stale
            return replace(
                facts, stale={k: v for k, v in facts.stale.items() if k != key} | ({} if there else {key: "x"})
            )
        case "count":
            return replace(facts, counts=dict(facts.counts) | {("visit", first + timedelta(days=number)): minute % 3})
        case "later":
            return replace(facts, now=facts.now + (1, 59, 7200, 86_400)[number] * max(odd, 1))
        case "back":
            return replace(facts, now=facts.now - 60 * number)
    return replace(facts, **{name: spans})


@everything
@given(worlds(), st.lists(steps(), min_size=1, max_size=5))
def test_what_was_mended_is_what_would_be_worked_out_anew(world, history):
    clinic, facts, first = shortly(world)
    begin = day_interval(clinic.time_zone, first).start
    known = compute(clinic, facts)
    for step in history:
        facts = after(facts, first, begin, step)
        whole, known = compute(clinic, facts), compute(clinic, facts, known)
        assert known.days == whole.days
        assert (known.first, known.last, known.tick) == (whole.first, whole.last, whole.tick)
        assert known.renewed <= whole.renewed == whole.days.keys()


@everything
@given(worlds())
def test_it_is_what_a_list_of_each_service_offers(world):
    clinic, facts, _ = shortly(world)
    found = compute(clinic, facts)
    slots = [(slot.start, key, slot.end, slot.service) for (key, _), day in found.days.items() for slot in day.slots()]
    listed = [
        slot[:4] for service in clinic.services for slot in offers(clinic, facts, service, found.first, found.last)
    ]
    assert sorted(slots) == sorted(listed)
    assert len(slots) + len(moves(found)) == sum(len(day) for day in found.days.values())
    for (_, date_), day in found.days.items():
        whole = day_interval(clinic.time_zone, date_)
        assert all(whole.start <= slot.start < whole.end for slot in (*day.slots(), *day.targets()))


def moves(found):
    """Everything that known clients may move to."""
    days = found.days.items()
    return sorted((slot.start, key, slot.end, slot.service) for (key, _), day in days for slot in day.targets())


@everything
@given(worlds(), st.sampled_from(["online", "opening_hours"]))
def test_what_is_offered_for_moves_is_what_a_known_client_could_move_to(world, scope):
    """S4; where moves stay online there is no second list."""
    clinic, facts, _ = shortly(world)
    clinic = replace(clinic, rules=replace(clinic.rules, reschedule_scope=scope))
    found = compute(clinic, facts)
    asked = {"client": "known", "scope": "reschedule"}
    listed = [
        slot[:4]
        for service in clinic.services
        for slot in offers(clinic, facts, service, found.first, found.last, **asked)
    ]
    assert moves(found) == (sorted(listed) if scope == "opening_hours" else [])


@everything
@given(worlds(), steps())
def test_a_digest_tells_slots_apart(world, step):
    clinic, facts, first = shortly(world)
    later = after(facts, first, day_interval(clinic.time_zone, first).start, step)
    before, behind = compute(clinic, facts), compute(clinic, later)
    for day in before.days.keys() & behind.days.keys():
        shown = [(list(each.days[day].slots()), list(each.days[day].targets())) for each in (before, behind)]
        same = shown[0] == shown[1]
        assert (before.days[day].digest == behind.days[day].digest) == same


# --- little work ----------------------------------------------------------------------------------

TZ = "Europe/Berlin"
MONDAY = date(2026, 11, 2)
MIDNIGHT = day_interval(TZ, MONDAY).start
HOUR, DAY = 3600, 86_400
WEEK = (WeeklyPlan(days=frozenset(range(7)), windows=(WallWindow(start=0, end=1440),)),)
BOTH = ("anna", "ben")


def service(key, **more):
    return Service(key=key, name=key, minutes=30, online=True, **more)


CLINIC = Clinic(
    key="hafen",
    name="Hafen",
    time_zone=TZ,
    online=True,
    resources={key: Resource(key=key, name=key, online=True, week=WEEK) for key in BOTH}
    | {"room": Resource(key="room", name="Room")},
    services={
        "visit": service("visit", resources=BOTH, buffer_before=10, buffer_after=5, max_per_day=3),
        "x-ray": service("x-ray", resources=("ben",), requires=(("room",),)),
    },
    rules=Rules(horizon_days=9, lead_time=HOUR),
)
FACTS = Facts(now=MIDNIGHT + 6 * HOUR + 60, taken={"anna": (Interval(MIDNIGHT + 5 * DAY, MIDNIGHT + 5 * DAY + HOUR),)})
BEFORE = compute(CLINIC, FACTS)


def renewed(facts, clinic=CLINIC, before=BEFORE):
    return sorted((key, (day - MONDAY).days) for key, day in compute(clinic, facts, before).renewed)


def taking(key, start, end, kind="taken"):
    spans = dict(getattr(FACTS, kind))
    span = Interval(MIDNIGHT + start, MIDNIGHT + end)
    return replace(FACTS, **{kind: {**spans, key: tuple(merge((*spans.get(key, ()), span)))}})


def test_the_first_time_is_the_whole_horizon():
    assert len(BEFORE.days) == len(BEFORE.renewed) == 20
    assert {key for key, _ in BEFORE.days} == set(BOTH)  # the room is not online


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (replace(FACTS), []),
        (taking("anna", 3 * DAY + 9 * HOUR, 3 * DAY + 10 * HOUR), [("anna", 3)]),
        (taking("anna", 5 * DAY + 9 * HOUR, 5 * DAY + 10 * HOUR), [("anna", 5)]),
        (taking("anna", 4 * DAY - HOUR // 2, 4 * DAY), [("anna", 3), ("anna", 4)]),  # a buffer before reaches over it
        (taking("anna", 4 * DAY - HOUR, 4 * DAY - HOUR // 2), [("anna", 3)]),
        (taking("anna", 3 * DAY + 60, 3 * DAY + HOUR), [("anna", 2), ("anna", 3)]),
        (taking("anna", 3 * DAY + HOUR, 3 * DAY + 2 * HOUR), [("anna", 3)]),
        (taking("room", 3 * DAY + 9 * HOUR, 3 * DAY + 10 * HOUR), [("ben", 3)]),
        (taking("anna", 2 * DAY + 9 * HOUR, 4 * DAY), [("anna", 2), ("anna", 3), ("anna", 4)]),
        (taking("anna", -3 * DAY, -2 * DAY), []),
        (taking("anna", 20 * DAY, 21 * DAY), []),
        (taking("carl", 3 * DAY, 4 * DAY), []),
        (taking("ben", 3 * DAY + HOUR, 3 * DAY + 2 * HOUR, "absences"), [("ben", 3)]),
        (taking("", 3 * DAY + HOUR, 3 * DAY + 2 * HOUR, "closures"), [("anna", 3), ("ben", 3)]),
        (taking("ben", 3 * DAY + HOUR, 3 * DAY + 2 * HOUR, "closures"), [("ben", 3)]),
        (taking("anna", 3 * DAY + HOUR, 3 * DAY + 2 * HOUR, "work"), [("anna", day) for day in range(10)]),
        (replace(FACTS, stale={"room": "calendar"}), [("ben", day) for day in range(10)]),
        (replace(FACTS, counts={("visit", MONDAY + timedelta(days=2)): 3}), [("anna", 2), ("ben", 2)]),
        (replace(FACTS, counts={("x-ray", MONDAY + timedelta(days=2)): 3}), [("ben", 2)]),
        (replace(FACTS, counts={("nothing", MONDAY): 3}), []),
        (replace(FACTS, now=FACTS.now + 13 * 60), []),  # no start of the grid lies between
        (replace(FACTS, now=FACTS.now + 15 * 60), [("anna", 0), ("ben", 0)]),
        (replace(FACTS, now=FACTS.now - 60), [("anna", 0), ("ben", 0)]),
        (replace(FACTS, now=FACTS.now + 17 * HOUR), [("anna", 0), ("anna", 1), ("ben", 0), ("ben", 1)]),
        (replace(FACTS, now=FACTS.now + DAY), [("anna", 1), ("anna", 10), ("ben", 1), ("ben", 10)]),
    ],
)
def test_only_the_days_that_a_change_can_touch_are_worked_out_anew(facts, expected):
    assert renewed(facts) == expected


def test_two_changes_at_both_ends_cost_two_days():
    both = replace(
        FACTS, taken={"anna": tuple(Interval(MIDNIGHT + d * DAY + 36_000, MIDNIGHT + d * DAY + 36_060) for d in (1, 8))}
    )
    assert renewed(both) == [("anna", 1), ("anna", 4), ("anna", 5), ("anna", 8)]


def test_another_clinic_is_worked_out_whole():
    other = replace(CLINIC, rules=replace(CLINIC.rules, grid_minutes=30))
    assert len(renewed(FACTS, clinic=other)) == 20


# --- rules of plugins -----------------------------------------------------------------------------


def with_rule(reach, answer=free_day):
    rule = ExtraRule(code="x", answer=answer, options=SimpleNamespace(other="ben", most=0, turn=1), reach=reach)
    return replace(CLINIC, extra=(rule,))


def test_a_rule_that_reaches_as_far_as_the_visit_is_asked_again_for_everybody_on_these_dates():
    clinic = with_rule("visit")
    before = compute(clinic, FACTS)
    found = renewed(taking("room", 3 * DAY + 9 * HOUR, 3 * DAY + 10 * HOUR), clinic=clinic, before=before)
    assert {day for _, day in found} == {2, 3}  # a visit that starts the day before may end on it
    assert {key for key, _ in found} == set(BOTH)


def test_such_a_rule_may_look_at_the_whole_date_on_which_the_last_dates_visits_end():
    clinic = with_rule("visit")
    before, facts = compute(clinic, FACTS), taking("ben", 10 * DAY + 20 * HOUR, 10 * DAY + 21 * HOUR)
    assert ("anna", 9) in renewed(facts, clinic=clinic, before=before)
    assert compute(clinic, facts, before).days == compute(clinic, facts).days


def test_a_rule_that_reaches_anywhere_is_asked_again_everywhere():
    clinic = with_rule("clinic", one_in_five)
    assert len(renewed(FACTS, clinic=clinic, before=compute(clinic, FACTS))) == 20


@pytest.mark.parametrize("reach", ["fixed", "visit", "clinic"])
def test_a_rule_that_fails_is_named_as_long_as_it_does(reach):
    clinic = with_rule(reach, broken)
    known = compute(clinic, FACTS)
    assert known.faults == {"x": "ZeroDivisionError"}
    assert not any(len(day) for day in known.days.values())
    assert compute(clinic, taking("anna", 3 * DAY, 4 * DAY), known).faults == {"x": "ZeroDivisionError"}
    assert compute(CLINIC, FACTS, known).faults == {}


# --- days -----------------------------------------------------------------------------------------


def test_slots_come_by_service_in_the_clinics_order_then_by_start():
    found = list(BEFORE.days["ben", MONDAY + timedelta(days=1)].slots())
    assert [slot.service for slot in found] == sorted((slot.service for slot in found), key=list(CLINIC.services).index)
    starts = [slot.start for slot in found if slot.service == "x-ray"]
    assert starts == sorted(starts)
    assert found[0] == OfferedSlot(service="visit", start=MIDNIGHT + DAY, end=MIDNIGHT + DAY + 1800)


def test_an_empty_day_has_one_digest_wherever_it_is():
    closed = compute(replace(CLINIC, online=False), FACTS)
    assert len({day.digest for day in closed.days.values()}) == 1
    assert KEYS == BOTH
