"""Rules of plugins: where they stand, what they are asked, and that one that fails refuses and says so."""

from collections import Counter
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from calbridge.facts import Facts
from calbridge.interval import Interval
from calbridge.model import Clinic, ExtraRule, Resource, Rules, Service, WallWindow, WeeklyPlan
from calbridge.rules import RULES
from calbridge.ruleset import extras, ruleset
from calbridge.slots import Candidate, decide, offers
from calbridge.wall import day_interval, local

TZ = "Europe/Berlin"
MONDAY = date(2026, 11, 2)
NINE = day_interval(TZ, MONDAY).start + 9 * 3600
WEEK = (WeeklyPlan(days=frozenset(range(7)), windows=(WallWindow(start=540, end=720),)),)
CLINIC = Clinic(
    key="hafen",
    name="Hafen",
    time_zone=TZ,
    online=True,
    resources={key: Resource(key=key, name=key, online=True, week=WEEK) for key in ("anna", "ben")},
    services={"visit": Service(key="visit", name="Visit", minutes=30, online=True, resources=("anna", "ben"))},
)
FACTS = Facts(now=NINE - 3600)


def not_after(case, options):
    """No start later than an hour of the wall clock."""
    hour = local(case.clinic.time_zone, case.start).hour
    return hour < options.hour, {"hour": options.hour}


def not_with(case, options):
    return case.resource.key != options.resource, {"resource": options.resource}


LATE = ExtraRule(code="too_late_in_the_day", answer=not_after, options=SimpleNamespace(hour=10), reach="visit")
BEN = ExtraRule(code="not_with_ben", answer=not_with, options=SimpleNamespace(resource="ben"), reach="fixed")


def turned_on(*extra, **rules):
    return replace(CLINIC, extra=extra, rules=Rules(**rules))


def asked(clinic, start=NINE, resource="anna", **who):
    return decide(clinic, FACTS, Candidate(service="visit", resource=resource, start=start, **who))


def day(clinic, resource="anna"):
    return [(slot.start - NINE) // 60 for slot in offers(clinic, FACTS, "visit", MONDAY, MONDAY, resource=resource)]


def test_they_stand_between_the_full_day_and_the_throttles():
    codes = [rule.code for rule in ruleset(turned_on(LATE, BEN))]
    assert codes[:12] == [rule.code for rule in RULES[:12]]
    assert codes[12:14] == ["too_late_in_the_day", "not_with_ben"]
    assert codes[14:] == ["hour_full", "kept_back", "source_stale"]
    assert [verdict.code for verdict in asked(turned_on(LATE, BEN)).verdicts] == codes


def test_a_clinic_that_turned_none_on_has_the_catalogue():
    assert ruleset(CLINIC) is RULES
    assert extras(CLINIC) == ()


def test_a_start_that_one_refuses_is_neither_listed_nor_booked_and_its_facts_are_told():
    decision = asked(turned_on(LATE), NINE + 3600)
    assert (decision.ok, decision.code) == (False, "too_late_in_the_day")
    assert next(v for v in decision.verdicts if v.code == decision.code).facts == {"hour": 10}
    assert asked(turned_on(LATE), NINE + 2700).ok
    assert day(turned_on(LATE)) == [0, 15, 30, 45]


def test_a_fixed_one_is_asked_once_for_a_resource():
    calls = Counter()

    def counted(case, options):
        calls[case.resource.key] += 1
        return not_with(case, options)

    clinic = turned_on(replace(BEN, answer=counted))
    assert day(clinic, "ben") == []
    assert len(day(clinic)) == 11
    assert calls == {"ben": 1, "anna": 1}


def test_it_is_asked_only_for_what_all_other_rules_leave():
    starts = []

    def noted(case, options):
        starts.append((case.start - NINE) // 60)
        return True, {}

    clinic = turned_on(ExtraRule(code="noted", answer=noted))
    facts = replace(FACTS, taken={"anna": (Interval(NINE, NINE + 9000),)})
    offers(clinic, facts, "visit", MONDAY, MONDAY, resource="anna")
    assert starts == [150]


def test_the_throttles_count_what_passes_it():
    def even_quarters(case, options):
        return case.start % 1800 == 0, {}

    halves = ExtraRule(code="halves", answer=even_quarters, reach="visit")
    assert day(turned_on(halves, slots_per_hour=2, reserved_per_day=1)) == [0, 30, 60, 90, 120]
    assert asked(turned_on(halves, reserved_per_day=1), NINE + 9000).code == "kept_back"


def test_it_sees_who_asks():
    def regulars(case, options):
        return case.wanted.client == "known", {}

    clinic = turned_on(ExtraRule(code="regulars", answer=regulars))
    assert asked(clinic, client="known").ok
    assert asked(clinic).code == "regulars"
    assert len(offers(clinic, FACTS, "visit", MONDAY, MONDAY, client="known")) == 22


# --- a rule that fails -------------------------------------------------------------------------------


def raising(error):
    def rule(case, options):
        raise error

    return rule


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (raising(ZeroDivisionError("client Muster")), "ZeroDivisionError"),
        (raising(SystemExit(3)), "SystemExit"),
        (lambda case, options: None, "no answer"),
        (lambda case, options: True, "no answer"),
        (lambda case, options: (1, {}), "no answer"),
        (lambda case, options: (True, None), "no answer"),
        (lambda case, options: (True, {"who": object()}), "no answer"),
        (lambda case, options: (True, {1: "x"}), "no answer"),
        (lambda case, options: (True, {"spans": ((1, 2),)}), "no answer"),
        (lambda case, options: (True, {"fault": "mine"}), "no answer"),
    ],
)
@pytest.mark.parametrize("reach", ["fixed", "visit", "clinic"])
def test_one_that_fails_refuses_and_names_itself(answer, fault, reach):
    clinic = turned_on(ExtraRule(code="broken", answer=answer, reach=reach), LATE)
    decision = asked(clinic)
    assert (decision.ok, decision.code) == (False, "broken")
    assert next(v for v in decision.verdicts if v.code == "broken").facts == {"fault": fault}
    assert next(v for v in decision.verdicts if v.code == "too_late_in_the_day").ok  # the others still answer
    assert day(clinic) == []


def test_what_asks_too_much_is_not_swallowed():
    clinic = turned_on(ExtraRule(code="interrupted", answer=raising(KeyboardInterrupt())))
    with pytest.raises(KeyboardInterrupt):
        asked(clinic)
