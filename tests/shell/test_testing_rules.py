"""The kit for rule authors finds every promise that a rule breaks, and none that it keeps."""

from __future__ import annotations

import itertools
import tomllib
from typing import Any

import pytest

from calbridge import bookable
from calbridge.interval import first_overlap
from calbridge.model import Clinic, ExtraRule, Reach
from calbridge.rules import Answer, Case
from calbridge.settings.build import clinic as build_clinic
from calbridge.settings.sections import ClinicSection
from calbridge.testing.rules import broken_promises
from calbridge.wall import minute_of_day

CLINIC = """
name = "Tierarztpraxis am Hafen"
time_zone = "Europe/Berlin"
[resources.anna]
name = "Anna"
week = [{ days = ["mon", "wed"], windows = ["09:00-12:00", "20:00-24:00"] }]
[resources.ben]
name = "Ben"
[services.visit]
name = "Visit"
minutes = 30
resources = ["anna", "ben"]
[services.night]
name = "Night"
minutes = 600
buffer_after = 60
resources = ["ben"]
"""


@pytest.fixture(scope="module")
def clinic() -> Clinic:
    return build_clinic("hafen", ClinicSection.model_validate(tomllib.loads(CLINIC)))


def of_resource(case: Case, options: Any) -> Answer:
    return case.resource.key == "anna", {"resource": case.resource.key}


def before_noon(case: Case, options: Any) -> Answer:
    return minute_of_day(case.clinic.time_zone, case.start) < 720, {}


def free_that_day(case: Case, options: Any) -> Answer:
    return first_overlap(case.facts.taken.get(case.resource.key, ()), case.visit) is None, {}


def free_around(case: Case, options: Any) -> Answer:
    whole = bookable.hours(case.clinic, case.facts, case.resource, *case.dates, wide=False)
    return sum(span.end - span.start for span in whole) > 40_000, {}


def not_today(case: Case, options: Any) -> Answer:
    return (case.dates[0] - case.today).days > 9, {}


def not_stale(case: Case, options: Any) -> Answer:
    return case.resource.key not in case.facts.stale, {}


COUNTER = itertools.count()


def every_other(case: Case, options: Any) -> Answer:
    return next(COUNTER) % 2 == 0, {}


def raises(case: Case, options: Any) -> Answer:
    raise LookupError("Rex")


def answers_nothing(case: Case, options: Any) -> Any:
    return None


def rule(answer: Any, reach: Reach, words: str = "no") -> ExtraRule:
    return ExtraRule(code="x", answer=answer, words=words, reach=reach)


KEPT: list[tuple[Any, Reach, str]] = [
    (of_resource, "fixed", "{resource} does not do this"),
    (before_noon, "visit", "no"),
    (free_that_day, "visit", "no"),
    (free_around, "clinic", "no"),
    (not_today, "clinic", "no"),
]


@pytest.mark.parametrize(("answer", "reach", "words"), KEPT)
def test_a_rule_that_keeps_its_promises(clinic: Clinic, answer: Any, reach: Reach, words: str) -> None:
    assert broken_promises(rule(answer, reach, words), clinic) == []


BROKEN: list[tuple[Any, Reach, str, str]] = [
    (before_noon, "fixed", "no", 'its reach is "fixed", but its answer changes with the start'),
    (free_that_day, "fixed", "no", 'its reach is "fixed", but its answer changes with the facts'),
    (free_around, "visit", "no", 'its reach is "visit", but its answer changes with facts of other dates'),
    (not_stale, "visit", "no", 'its reach is "visit", but its answer changes with facts of other dates'),
    (not_today, "visit", "no", 'its reach is "visit", but its answer changes with the present'),
    (every_other, "clinic", "no", "it answers the same case in two ways"),
    (raises, "clinic", "no", "it gives no answer (LookupError)"),
    (answers_nothing, "clinic", "no", "it gives no answer (no answer)"),
    (of_resource, "fixed", "{name} does not", "its words cannot be said with the facts resource (KeyError)"),
    (before_noon, "visit", "after {minute}", "its words cannot be said with the facts none (KeyError)"),
]


@pytest.mark.parametrize(("answer", "reach", "words", "expected"), BROKEN)
def test_a_broken_promise_is_found_and_said(
    clinic: Clinic, answer: Any, reach: Reach, words: str, expected: str
) -> None:
    found = broken_promises(rule(answer, reach, words), clinic)
    assert any(each.startswith(expected) for each in found)
    assert "Rex" not in str(found)


def test_a_clinic_without_services_breaks_nothing() -> None:
    assert broken_promises(rule(raises, "clinic"), Clinic(key="c", name="C", time_zone="UTC")) == []
