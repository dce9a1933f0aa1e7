"""The slot rules, case by case: each file of `cases/` is a clinic in the configuration's own language and its offers.

A new case is a new file, nothing else. `cites` names the article (S0 to S4), the incident (R1 to R32) or the section of
the booking rules it comes from. `clinic` is merged over BASE; times without offset are the clinic's wall clock.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calbridge.explain import explain
from calbridge.interval import Interval, merge
from calbridge.plugins import load_plugins
from calbridge.rules import RULES
from calbridge.settings.build import clinic as build_clinic
from calbridge.settings.extras import Extras, over
from calbridge.settings.sections import ClinicSection
from calbridge.slots import Candidate, Facts, decide, offers

FOLDER = Path(__file__).parent / "cases"
CASES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
PLUGINS = load_plugins()
BASE = tomllib.loads("""
name = "Tierarztpraxis am Hafen"
time_zone = "Europe/Berlin"
region = "DE"
online = true
[opening_hours]
mon = ["09:00-18:00"]
tue = ["09:00-18:00"]
wed = ["09:00-18:00"]
thu = ["09:00-18:00"]
fri = ["09:00-18:00"]
[resources.anna]
name = "Dr. Anna Sommer"
online = true
week = [{ days = ["mon", "tue", "wed", "thu", "fri"], windows = ["09:00-12:00"] }]
[resources.ben]
name = "Dr. Ben Winter"
online = true
week = [{ days = ["mon", "tue", "wed", "thu", "fri"], windows = ["09:00-12:00"] }]
[resources.room1]
name = "Raum 1"
kind = "room"
[resources.room2]
name = "Raum 2"
kind = "room"
[services.visit]
name = "Sprechstunde"
minutes = 30
online = true
resources = ["anna", "ben"]
""")
ASKED = {"service": "visit", "resource": "anna"}
OUTCOMES = ("starts", "day", "rooms")


def merged(below, above):
    """Tables are merged, everything else is replaced."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}
    return above


def clinic_of(case):
    table = merged(BASE, case.get("clinic", {}))
    preset = PLUGINS.presets[table["preset"]] if "preset" in table else {}
    own = table.get("rules", {})
    turned_on = over(preset.get("extra", {}), own.get("extra", {}))
    section = ClinicSection.model_validate({**table, "rules": {**preset, **own, "extra": turned_on}})
    names = {"services": tuple(table["services"]), "resources": tuple(table["resources"])}
    wrong = []
    extra = Extras(root=("clinics", "hafen", "rules", "extra"), names=names, plugins=PLUGINS).rules(turned_on, wrong)
    assert wrong == []
    return build_clinic("hafen", section, extra)


def instant(tz, text):
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(tz))).timestamp())


def facts_of(case, tz):
    given = case.get("facts", {})

    def spans(kind):
        pairs = {key: [text.split("/") for text in texts] for key, texts in given.get(kind, {}).items()}
        return {k: tuple(merge(Interval(instant(tz, a), instant(tz, b)) for a, b in p)) for k, p in pairs.items()}

    booked = {tuple(key.split()): number for key, number in given.get("counts", {}).items()}
    return Facts(
        now=instant(tz, case["now"]),
        taken=spans("taken"),
        absences=spans("absences"),
        closures=spans("closures"),
        windows=spans("windows"),
        work=spans("work"),
        stale=given.get("stale", {}),
        counts={(service, date.fromisoformat(day)): number for (service, day), number in booked.items()},
    )


def asks(outcome):
    """Every ask of every case that says something of this outcome."""
    found = ((name, case, *pair) for name, case in CASES.items() for pair in enumerate(case["ask"], 1))
    return [pytest.param(case, ask, id=f"{name}-{number}") for name, case, number, ask in found if outcome in ask]


def listed(clinic, facts, who, day):
    who = {key: value for key, value in who.items() if key != "listed"}
    return offers(clinic, facts, who.pop("service"), day, day, **who)


@pytest.mark.parametrize(("case", "ask"), asks("starts"))
def test_each_start_gets_its_reason(case, ask):
    clinic = clinic_of(case)
    facts = facts_of(case, clinic.time_zone)
    who = ASKED | {key: value for key, value in ask.items() if key not in OUTCOMES}
    for text, expected in ask["starts"].items():
        decision = decide(clinic, facts, Candidate(start=instant(clinic.time_zone, text), **who))
        assert (text, decision.code or "offered") == (text, expected)


@pytest.mark.parametrize(("case", "ask"), asks("starts"))
def test_each_start_is_explained_in_whole_sentences(case, ask):
    clinic = clinic_of(case)
    facts = facts_of(case, clinic.time_zone)
    who = ASKED | {key: value for key, value in ask.items() if key not in OUTCOMES}
    for text, expected in ask["starts"].items():
        found = explain(clinic, facts, Candidate(start=instant(clinic.time_zone, text), **who))
        assert (text, found.code or "offered") == (text, expected)
        for line in found.lines:
            said = (line.words.sentence, line.words.remedy)
            assert all(re.fullmatch(r"[A-Z0-9].*[^. ]\.", each) for each in said if each), said
            assert bool(said[1]) is not line.verdict.ok, said


@pytest.mark.parametrize(("case", "ask"), asks("starts"))
def test_a_list_shows_the_same(case, ask):
    clinic = clinic_of(case)
    facts = facts_of(case, clinic.time_zone)
    who = ASKED | {key: value for key, value in ask.items() if key not in OUTCOMES} | {"listed": True}
    for text in ask["starts"]:
        start = instant(clinic.time_zone, text)
        day = datetime.fromtimestamp(start, ZoneInfo(clinic.time_zone)).date()
        shown = {slot.start for slot in listed(clinic, facts, who, day)}
        assert (text, start in shown) == (text, decide(clinic, facts, Candidate(start=start, **who)).ok)


@pytest.mark.parametrize(("case", "ask"), asks("day"))
def test_a_day_lists_exactly_these(case, ask):
    clinic = clinic_of(case)
    facts = facts_of(case, clinic.time_zone)
    who = ASKED | {key: value for key, value in ask.items() if key not in OUTCOMES}
    for day, expected in ask["day"].items():
        found = listed(clinic, facts, who, date.fromisoformat(day))
        shown = [datetime.fromtimestamp(slot.start, ZoneInfo(clinic.time_zone)).strftime("%H:%M") for slot in found]
        assert (day, shown) == (day, expected)


@pytest.mark.parametrize(("case", "ask"), asks("rooms"))
def test_a_slot_takes_these_rooms(case, ask):
    clinic = clinic_of(case)
    facts = facts_of(case, clinic.time_zone)
    who = ASKED | {key: value for key, value in ask.items() if key not in OUTCOMES}
    for text, expected in ask["rooms"].items():
        start = instant(clinic.time_zone, text)
        assert decide(clinic, facts, Candidate(start=start, **who)).co_resources == tuple(expected)
        day = datetime.fromtimestamp(start, ZoneInfo(clinic.time_zone)).date()
        assert [s.co_resources for s in listed(clinic, facts, who, day) if s.start == start] == [tuple(expected)]


# --- the collection itself ------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_each_case_says_what_it_shows_and_where_it_comes_from(name):
    case = CASES[name]
    assert re.fullmatch(r"S[0-4]|R([1-9]|[12]\d|3[0-2])|rules [1-3]", case["cites"])
    assert case["says"].endswith(".")
    assert all(any(ask.get(outcome) for outcome in OUTCOMES) for ask in case["ask"])
    assert set(case) <= {"cites", "says", "now", "clinic", "facts", "ask"}


def test_there_are_many_cases_each_of_its_own():
    assert len(CASES) >= 150
    assert len({case["says"] for case in CASES.values()}) == len(CASES)


def test_every_article_has_cases_and_every_reason_five():
    found = [(name, code) for name, case in CASES.items() for ask in case["ask"] for code in reasons(ask)]
    files = Counter(code for _, code in set(found))
    wanted = {rule.code for rule in RULES} | {"offered"}
    assert {code for code in wanted if files[code] < 5} == set()
    assert set(files) - wanted <= set(PLUGINS.rules)
    cited = Counter(case["cites"] for case in CASES.values())
    assert all(cited[article] >= 3 for article in ("S0", "S1", "S2", "S3", "S4"))


def reasons(ask):
    return ask.get("starts", {}).values()
