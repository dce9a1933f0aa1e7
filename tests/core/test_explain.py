"""Every verdict in words: what each sentence says of each rule, passed and failed, and who it names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from calbridge.explain import Explanation, Line, explain
from calbridge.explain.texts import clock, lasting, listed, period, stretch, times
from calbridge.explain.words import CORE
from calbridge.facts import Facts
from calbridge.interval import Interval
from calbridge.model import (
    Absence,
    Clinic,
    Closure,
    Exclusion,
    ExtraRule,
    Resource,
    Rules,
    Service,
    WallWindow,
    WeeklyPlan,
)
from calbridge.origins import Origin
from calbridge.rules import RULES, Candidate

ZONE = "Europe/Berlin"
MIDNIGHT = 1_795_388_400  # Monday 2026-11-23, of the even week 2026-W48, in Berlin
NINE, TEN, NOON = MIDNIGHT + 9 * 3600, MIDNIGHT + 10 * 3600, MIDNIGHT + 12 * 3600
MORNING = (WallWindow(start=540, end=720),)
MONDAY = frozenset({0})
ANNA = Resource(key="anna", name="Dr. Anna Sommer", online=True, week=(WeeklyPlan(days=MONDAY, windows=MORNING),))
VISIT = Service(key="visit", name="Check-up", minutes=30, online=True, resources=("anna",))
CLINIC = Clinic(
    key="hafen",
    name="Hafen",
    time_zone=ZONE,
    online=True,
    opening_hours={0: MORNING},
    resources={
        "anna": ANNA,
        "room1": Resource(key="room1", name="Raum 1"),
        "room2": Resource(key="room2", name="Raum 2"),
    },
    services={"visit": VISIT},
)


def explained(
    *,
    clinic: dict[str, Any] | None = None,
    rules: dict[str, Any] | None = None,
    service: dict[str, Any] | None = None,
    resource: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    origins: tuple[Origin, ...] = (),
    reads: dict[str, int] | None = None,
    **wanted: Any,
) -> Explanation:
    """One start, Monday at nine unless said otherwise, asked for at midnight."""
    more = dict(clinic or {})
    given = replace(
        CLINIC,
        resources={**CLINIC.resources, "anna": replace(ANNA, **(resource or {})), **more.pop("resources", {})},
        **more,
        rules=Rules(**(rules or {})),
        services={"visit": replace(VISIT, **(service or {}))},
    )
    asked: dict[str, Any] = {"service": "visit", "resource": "anna", "start": NINE, "listed": True} | wanted
    known: dict[str, Any] = {"now": MIDNIGHT} | (facts or {})
    return explain(given, Facts(**known), Candidate(**asked), origins=origins, reads=reads)


def line(code: str, **given: Any) -> Line:
    (found,) = [each for each in explained(**given).lines if each.verdict.code == code]
    return found


def said(code: str, **given: Any) -> str:
    return line(code, **given).words.sentence


def test_every_rule_of_the_catalogue_has_words_and_a_name() -> None:
    assert list(CORE) == [rule.code for rule in RULES]


def test_what_is_offered_says_so_of_every_rule() -> None:
    found = explained()
    assert (found.offered, found.code, found.first, found.instead) == (True, "", None, ())
    assert all(each.verdict.ok and each.words.sentence.endswith(".") and not each.words.remedy for each in found.lines)


def test_the_first_rule_that_fails_gives_the_reason_and_every_failed_one_says_what_to_change() -> None:
    closures = (Closure(first=date(2026, 11, 23), last=date(2026, 11, 23)),)
    found = explained(start=NINE + 60, clinic={"closures": closures}, facts={"taken": {"anna": (Interval(NINE, TEN),)}})
    assert found.first is not None
    assert (found.code, found.first.verdict.code) == ("closed", "closed")
    failed = [each for each in found.lines if not each.verdict.ok]
    assert [each.verdict.code for each in failed] == ["closed", "off_grid", "busy"]
    assert all(each.words.remedy for each in failed)


def test_what_is_offered_instead_comes_next() -> None:
    found = explained(facts={"taken": {"anna": (Interval(NINE, TEN),)}})
    assert [(slot.start, slot.resource) for slot in found.instead] == [(TEN + n * 900, "anna") for n in range(3)]


def test_one_of_them_is_with_whom_was_asked_for() -> None:
    ben = replace(ANNA, key="ben", name="Dr. Ben Winter", week=(WeeklyPlan(days=frozenset(range(7)), windows=MORNING),))
    busy = {"taken": {"anna": (Interval(NINE, NOON),)}}
    found = explained(service={"resources": ("anna", "ben")}, clinic={"resources": {"ben": ben}}, facts=busy)
    assert [(slot.start, slot.resource) for slot in found.instead] == [
        (NINE, "ben"), (NINE + 900, "ben"), (NINE + 1800, "ben"), (NINE + 7 * 86_400, "anna")
    ]  # fmt: skip
    stranger = explained(service={"resources": ("ben",)}, clinic={"resources": {"ben": ben}})
    assert {slot.resource for slot in stranger.instead} == {"ben"}


def test_nobody_explains_what_is_not_there() -> None:
    for service, resource in (("surgery", "anna"), ("visit", "carl")):
        with pytest.raises(KeyError, match=r"surgery|carl"):
            explain(CLINIC, Facts(now=0), Candidate(service=service, resource=resource, start=NINE))


# --- rule by rule ---------------------------------------------------------------------------------

WINDOW = "Dr. Anna Sommer's online window on Mon 2026-11-23 is"
PLAIN: list[tuple[str, dict[str, Any], str]] = [
    ("not_offered", {}, "The clinic, Check-up and Dr. Anna Sommer are online and belong together."),
    (
        "not_offered",
        {"service": {"online": False, "resources": ()}},
        "Service visit is not online and resource anna is not among the resources of service visit.",
    ),
    ("client_not_admitted", {}, "New and known clients may book it."),
    (
        "client_not_admitted",
        {"service": {"clients": "new"}},
        "Only new clients may book it; nobody has said yet whether this one is new, so it is asked again.",
    ),
    (
        "client_not_admitted",
        {"service": {"clients": "new"}, "client": "new"},
        "Only new clients may book it, and so is this one.",
    ),
    (
        "client_not_admitted",
        {"service": {"clients": "new"}, "client": "known"},
        "Only new clients may book it, and this one is known.",
    ),
    ("species_not_admitted", {}, "It is for every species."),
    (
        "species_not_admitted",
        {"service": {"species": frozenset({"dog", "cat"}), "excluded_species": frozenset({"ferret"})}},
        "It is for cat and dog only and not for ferret; nobody has asked for which animal yet.",
    ),
    (
        "species_not_admitted",
        {"service": {"species": frozenset({"dog"})}, "species": "Bird"},
        "It is for dog only; asked for: bird.",
    ),
    (
        "species_not_admitted",
        {"service": {"species": frozenset({"dog"})}, "species": ""},
        "It is for dog only; the species is not known.",
    ),
    ("too_soon", {}, "What begins Mon 2026-11-23 00:00 or later may be booked."),
    (
        "too_soon",
        {"rules": {"lead_time": 34_200, "lead_days": 1}},
        (
            "It is Mon 2026-11-23 00:00; only what begins Tue 2026-11-24 00:00 or later may be booked "
            "(lead_time is 9 h 30 min and lead_days is 1)."
        ),
    ),
    ("too_soon", {"facts": {"now": TEN}}, "It lies in the past: it is Mon 2026-11-23 10:00."),
    ("beyond_horizon", {}, "2027-01-22 is the last day that may be booked (horizon_days is 60)."),
    (
        "beyond_horizon",
        {"rules": {"horizon_days": 2}, "start": NINE + 7 * 86_400},
        "Mon 2026-11-30 is too far ahead: 2026-11-25 is the last day that may be booked (horizon_days is 2).",
    ),
    ("closed", {}, "The clinic is not closed at 09:00-09:30."),
    (
        "closed",
        {"clinic": {"closures": (Closure(first=date(2026, 11, 20), last=date(2026, 11, 23), reason="Umbau"),)}},
        "The clinic is closed from 2026-11-20 to 2026-11-23, Umbau (configuration).",
    ),
    ("absent", {}, "Dr. Anna Sommer is not away."),
    (
        "absent",
        {"resource": {"absences": (Absence(resource="anna", first=date(2026, 11, 23), reason="sick"),)}},
        "Dr. Anna Sommer is away from 2026-11-23, sick (configuration).",
    ),
    (
        "absent",
        {"resource": {"absences": (Absence(resource="anna", span=Interval(NINE, TEN)),)}},
        "Dr. Anna Sommer is away on Mon 2026-11-23 09:00-10:00 (configuration).",
    ),
    ("excluded", {}, "No exclusion is in the way: none applies."),
    (
        "excluded",
        {"clinic": {"exclusions": (Exclusion(days=MONDAY, windows=(WallWindow(start=600, end=660),)),)}},
        "No exclusion is in the way: none of those that apply touches it.",
    ),
    (
        "excluded",
        {"clinic": {"exclusions": (Exclusion(days=MONDAY, windows=MORNING, services=frozenset({"visit"})),)}},
        "Nothing is offered on Mondays 09:00-12:00 for service visit (exclusions).",
    ),
    ("off_grid", {}, "A visit begins every quarter of an hour, counted from midnight."),
    (
        "off_grid",
        {"rules": {"grid_minutes": 20}, "start": NINE + 1500},
        "A visit begins every 20 minutes, counted from midnight; 09:25 is between.",
    ),
    ("busy", {}, "Dr. Anna Sommer is free 09:00-09:30."),
    (
        "busy",
        {"service": {"buffer_before": 5, "buffer_after": 10}},
        "Dr. Anna Sommer is free 08:55-09:40 (the visit with its buffers).",
    ),
    ("day_full", {}, "There is no limit of how many Check-up may be booked online a day."),
    (
        "day_full",
        {"service": {"max_per_day": 3}, "facts": {"counts": {("visit", date(2026, 11, 23)): 3}}},
        "3 of at most 3 Check-up a day are booked online on Mon 2026-11-23.",
    ),
    ("hour_full", {}, "There is no limit of how many starts of an hour are shown."),
    (
        "hour_full",
        {"rules": {"slots_per_hour": 2}},
        "Only the first 2 starts of each hour are shown (slots_per_hour); this is one of them.",
    ),
    (
        "hour_full",
        {"rules": {"slots_per_hour": 2}, "start": NINE + 1800},
        "Only the first 2 starts of each hour are shown (slots_per_hour), and those are 09:00 and 09:15.",
    ),
    ("kept_back", {}, "No starts are kept for the phone."),
    (
        "kept_back",
        {"rules": {"reserved_per_day": 2, "slots_per_hour": 1}, "start": TEN},
        (
            "The last 2 starts of a day are kept for the phone (reserved_per_day); on Mon 2026-11-23 they "
            "are 10:00 and 11:00."
        ),
    ),
    (
        "kept_back",
        {"rules": {"reserved_per_day": 9}},
        (
            "The last 9 starts of a day are kept for the phone (reserved_per_day); on Mon 2026-11-23 they are "
            "09:30, 09:45, 10:00, 10:15, 10:30, 10:45 and 3 more."
        ),
    ),
    ("source_stale", {}, "There is no connection whose knowledge could be out of date."),
    (
        "source_stale",
        {"reads": {"pms": MIDNIGHT}},
        "Everything that knows of Dr. Anna Sommer's time was read; how long ago does not matter here.",
    ),
    (
        "source_stale",
        {"reads": {"pms": MIDNIGHT}, "rules": {"max_source_age": 1800}},
        "Everything that knows of Dr. Anna Sommer's time was read within 30 min (max_source_age).",
    ),
    (
        "source_stale",
        {
            "facts": {"stale": {"anna": "pms"}},
            "reads": {"pms": MIDNIGHT - 7200},
            "rules": {"max_source_age": 1800},
        },
        (
            "Connection pms was last read Sun 2026-11-22 22:00, 2 h ago; max_source_age is 30 min, so nothing of Dr. "
            "Anna Sommer is promised."
        ),
    ),
    (
        "source_stale",
        {"facts": {"stale": {"anna": "pms"}}},
        "Connection pms was never read, or does not load, so nothing of Dr. Anna Sommer is promised.",
    ),
]


@pytest.mark.parametrize(("code", "given", "sentence"), PLAIN)
def test_a_rule_in_words(code: str, given: dict[str, Any], sentence: str) -> None:
    assert said(code, **given) == sentence


REMEDIES: list[tuple[str, dict[str, Any], str]] = [
    ("not_offered", {"clinic": {"online": False}}, "Set online = true in [clinics.hafen]."),
    ("not_offered", {"resource": {"online": False}}, "Set online = true in [clinics.hafen.resources.anna]."),
    ("not_offered", {"service": {"resources": ()}}, 'Add "anna" to resources in [clinics.hafen.services.visit].'),
    ("too_soon", {"rules": {"lead_time": 36_000}}, "Choose a start from Mon 2026-11-23 10:00 on."),
    ("off_grid", {"start": NINE + 300}, "The nearest are 09:00 and 09:15."),
    ("off_grid", {"start": MIDNIGHT + 86_400 - 60}, "The nearest are 23:45."),
    ("outside_hours", {"start": NOON}, "On Mon 2026-11-23 it may begin from 09:00 to 11:30."),
    ("outside_hours", {"start": NOON, "service": {"minutes": 180}}, "On Mon 2026-11-23 it may begin at 09:00."),
    ("outside_hours", {"service": {"minutes": 181}}, "No start on Mon 2026-11-23 leaves room for 181 minutes."),
    (
        "hour_full",
        {"rules": {"slots_per_hour": 1}, "start": NINE + 900},
        "A booking of this start would still be accepted: the rule thins lists only.",
    ),
    (
        "source_stale",
        {"facts": {"stale": {"anna": "pms"}}},
        'Run "calbridge sync"; "calbridge status" says what is wrong with the connection.',
    ),
]


@pytest.mark.parametrize(("code", "given", "remedy"), REMEDIES)
def test_what_would_make_it_pass(code: str, given: dict[str, Any], remedy: str) -> None:
    assert line(code, **given).words.remedy == remedy


# --- hours ----------------------------------------------------------------------------------------


def week(**plan: Any) -> dict[str, Any]:
    return {"resource": {"week": (WeeklyPlan(**{"days": MONDAY, "windows": MORNING} | plan),)}}


HOURS: list[tuple[dict[str, Any], str]] = [
    ({}, f"09:00-09:30 is inside the bookable time: {WINDOW} 09:00-12:00 (configuration)."),
    (
        week(weeks="even"),
        f"09:00-09:30 is inside the bookable time: {WINDOW} 09:00-12:00 (configuration, even weeks).",
    ),
    (
        week(weeks="odd"),
        (
            "09:00-09:30 is not inside the bookable time: Dr. Anna Sommer has no online window on Mon 2026-11-23; "
            "09:00-12:00 is for odd weeks, and 2026-W48 is even."
        ),
    ),
    (
        week(first=date(2026, 12, 1)),
        (
            "09:00-09:30 is not inside the bookable time: Dr. Anna Sommer has no online window on Mon 2026-11-23; "
            "09:00-12:00 is valid only from 2026-12-01 on."
        ),
    ),
    (
        week(last=date(2026, 11, 22)),
        (
            "09:00-09:30 is not inside the bookable time: Dr. Anna Sommer has no online window on Mon 2026-11-23; "
            "09:00-12:00 is valid only until 2026-11-22."
        ),
    ),
    (
        week(days=frozenset({1})),
        "09:00-09:30 is not inside the bookable time: Dr. Anna Sommer has no online window on Mon 2026-11-23.",
    ),
    (
        {"resource": {"week": ()}},
        (
            "09:00-09:30 is not inside the bookable time: Dr. Anna Sommer has no online window at all, which means "
            'closed (without_windows = "closed").'
        ),
    ),
    (
        {"resource": {"week": ()}, "rules": {"without_windows": "opening_hours"}},
        (
            "09:00-09:30 is inside the bookable time: Dr. Anna Sommer has no online window at all, so the opening "
            'hours count (without_windows = "opening_hours"); the clinic\'s opening hours: Mondays 09:00-12:00.'
        ),
    ),
    (
        {"rules": {"availability": "opening_hours"}, "start": NINE + 86_400},
        "09:00-09:30 is not inside the bookable time: the clinic's opening hours: closed on Tuesdays.",
    ),
    (
        {"rules": {"reschedule_scope": "opening_hours"}, "scope": "reschedule", "client": "known"},
        (
            "09:00-09:30 is inside the bookable time: a known client may move it anywhere in the opening hours; the "
            "clinic's opening hours: Mondays 09:00-12:00."
        ),
    ),
    (
        {
            "facts": {"windows": {"anna": (Interval(NOON, NOON + 3600),)}},
            "origins": (
                Origin(kind="online", resource="anna", spans=(Interval(NOON, NOON + 3600),), connection="pms"),
            ),
            "start": NOON,
        },
        (
            "12:00-12:30 is inside the bookable time: Dr. Anna Sommer's online windows on Mon 2026-11-23 are "
            "09:00-12:00 (configuration) and 12:00-13:00 (connection pms)."
        ),
    ),
    (
        {
            "resource": {"week": ()},
            "facts": {"windows": {"anna": ()}},
            "rules": {"without_windows": "opening_hours"},
        },
        "09:00-09:30 is not inside the bookable time: Dr. Anna Sommer has no online window on Mon 2026-11-23.",
    ),
    (
        {
            "facts": {"work": {"anna": (Interval(TEN, NOON),)}},
            "origins": (Origin(kind="work", resource="anna", spans=(Interval(TEN, NOON),), connection="pms"),),
        },
        (
            f"09:00-09:30 is not inside the bookable time: {WINDOW} 09:00-12:00 (configuration); Dr. Anna Sommer's "
            "working time on Mon 2026-11-23 is 10:00-12:00 (connection pms)."
        ),
    ),
    (
        {"start": MIDNIGHT + 86_400 - 900},
        (
            "Mon 2026-11-23 23:45 to Tue 2026-11-24 00:15 is not inside the bookable time: Dr. Anna Sommer's online "
            "window on Mon 2026-11-23 and Tue 2026-11-24 is 09:00-12:00 (configuration)."
        ),
    ),
]


@pytest.mark.parametrize(("given", "sentence"), HOURS)
def test_hours_in_words(given: dict[str, Any], sentence: str) -> None:
    assert said("outside_hours", **given) == sentence


# --- who takes the time ---------------------------------------------------------------------------


def taking(kind: Any, *, connection: str = "", appointment: str = "", resource: str = "anna") -> dict[str, Any]:
    span = Interval(NINE, TEN)
    origin = Origin(kind=kind, resource=resource, spans=(span,), connection=connection, appointment=appointment)
    return {"facts": {"taken": {resource: (span,)}}, "origins": (origin,)}


TAKEN = [
    (taking("held", appointment="b1"), "a slot that is being held for a client (b1)"),
    (taking("requested", appointment="b1"), "a request that waits for the clinic (b1)"),
    (taking("appointment", appointment="b1"), "an appointment (b1)"),
    (taking("entry", connection="calendar"), "an entry of connection calendar"),
    (taking("unreadable", connection="calendar"), "an entry that cannot be read of connection calendar"),
]


@pytest.mark.parametrize(("given", "who"), TAKEN)
def test_who_takes_the_time(given: dict[str, Any], who: str) -> None:
    found = line("busy", **given)
    assert found.words.sentence == f"Dr. Anna Sommer is taken on Mon 2026-11-23 09:00-10:00 by {who}."
    assert found.words.sources == given["origins"]


def test_two_that_take_the_time_are_both_named() -> None:
    one, two = taking("entry", connection="calendar"), taking("appointment", appointment="b1")
    given = one | {"origins": (*one["origins"], *two["origins"])}
    assert said("busy", **given).count(" by ") == 2


def test_a_buffer_that_is_in_the_way_is_said() -> None:
    given = taking("entry", connection="calendar") | {"service": {"buffer_after": 10}, "start": NINE - 1800}
    assert said("busy", **given) == (
        "Dr. Anna Sommer is taken on Mon 2026-11-23 09:00-10:00 by an entry of connection calendar; needed is "
        "08:30-09:10 (the visit with its buffers)."
    )


def test_closures_and_absences_name_the_connection() -> None:
    day = Interval(MIDNIGHT, MIDNIGHT + 86_400)
    away = Origin(kind="absence", resource="anna", spans=(day,), connection="pms")
    given: dict[str, Any] = {"facts": {"absences": {"anna": (day,)}}, "origins": (away,)}
    assert said("absent", **given) == "Dr. Anna Sommer is away on 2026-11-23 (connection pms)."
    shut = Origin(kind="closure", resource="", spans=(Interval(NINE, TEN),), connection="pms")
    given = {"facts": {"closures": {"": (Interval(NINE, TEN),)}}, "origins": (shut,)}
    assert said("closed", **given) == "The clinic is closed on Mon 2026-11-23 09:00-10:00 (connection pms)."


# --- co-resources ---------------------------------------------------------------------------------

ROOMS: dict[str, Any] = {"requires": (("room1", "room2"),)}


def test_what_is_needed_too_is_said_when_it_is_there() -> None:
    assert said("busy", service=ROOMS) == "Dr. Anna Sommer is free 09:00-09:30, and so is what is needed too: Raum 1."
    assert said("absent", service=ROOMS) == "Dr. Anna Sommer is not away, nor is what is needed too: Raum 1."


def test_why_each_room_fails() -> None:
    room = taking("entry", connection="calendar", resource="room1")
    away = Absence(resource="room2", first=date(2026, 11, 23), last=date(2026, 11, 23), reason="Reparatur")
    rooms = {"room2": replace(CLINIC.resources["room2"], absences=(away,))}
    assert said("busy", service=ROOMS, clinic={"resources": rooms}, **room) == (
        "Raum 1 or Raum 2 is needed too, and none of them is free 09:00-09:30: Raum 1 is taken on Mon 2026-11-23 "
        "09:00-10:00 by an entry of connection calendar; Raum 2 is away on 2026-11-23, Reparatur (configuration)."
    )


def test_a_room_that_the_slot_uses_already_is_said() -> None:
    twice = {"requires": (("room1",), ("room1", "anna"))}
    assert said("busy", service=twice) == (
        "Raum 1 or Dr. Anna Sommer is needed too, and none of them is free 09:00-09:30: Raum 1 is used by this slot "
        "already; Dr. Anna Sommer is used by this slot already."
    )


def test_a_room_that_nobody_has_looked_at_is_said() -> None:
    assert said("source_stale", service={"requires": (("room1",),)}, facts={"stale": {"room1": "pms"}}) == (
        "Raum 1 is needed too and cannot be promised: what knows of its time was not read in time."
    )


# --- rules of plugins -----------------------------------------------------------------------------


def plugin(answer: Any, words: str = "") -> dict[str, Any]:
    rule = ExtraRule(code="op_day", answer=answer, words=words, source="plugin acme 1.0")
    return {"clinic": {"extra": (rule,)}}


PLUGINS = [
    (lambda case, options: (True, {}), "", "Nothing against it (plugin acme 1.0)."),
    (
        lambda case, options: (False, {"most": 2, "from": NINE}),
        "at most {most} operations from {from}",
        "At most 2 operations from Mon 2026-11-23 09:00 (plugin acme 1.0).",
    ),
    (
        lambda case, options: (False, {"most": 2, "taken": (Interval(NINE, TEN),)}),
        "at most {least}",
        "Most 2 and taken on Mon 2026-11-23 09:00-10:00 (plugin acme 1.0).",
    ),
    (lambda case, options: (False, {}), "", "It says no (plugin acme 1.0)."),
    (
        lambda case, options: 1 / 0,
        "never seen",
        "The rule could not answer (plugin acme 1.0): ZeroDivisionError. What cannot be judged is not promised.",
    ),
]


@pytest.mark.parametrize(("answer", "template", "sentence"), PLUGINS)
def test_a_plugins_rule_speaks_its_own_words(answer: Any, template: str, sentence: str) -> None:
    given = plugin(answer, template)
    found = explained(**given)
    assert [each.title for each in found.lines].index("op day") == 12
    assert said("op_day", **given) == sentence


# --- texts ----------------------------------------------------------------------------------------

BACK = 1_792_886_400  # 2026-10-25 02:00 in Berlin, before the clocks go back at 03:00


def test_the_hour_that_happens_twice_is_told_with_its_offset() -> None:
    assert [clock(ZONE, BACK + n * 1800) for n in (-1, 0, 1, 2, 3, 4)] == [
        "01:30", "02:00+02:00", "02:30+02:00", "02:00+01:00", "02:30+01:00", "03:00"
    ]  # fmt: skip


SPANS = [
    (Interval(NINE, NOON), "09:00-12:00", "on Mon 2026-11-23 09:00-12:00"),
    (Interval(NINE, MIDNIGHT + 86_400), "09:00-24:00", "on Mon 2026-11-23 09:00-24:00"),
    (Interval(MIDNIGHT, MIDNIGHT + 86_400), "00:00-24:00", "on 2026-11-23"),
    (
        Interval(MIDNIGHT, MIDNIGHT + 3 * 86_400),
        "Mon 2026-11-23 00:00 to Thu 2026-11-26 00:00",
        "from 2026-11-23 to 2026-11-25",
    ),
    (
        Interval(NINE, NOON + 86_400),
        "Mon 2026-11-23 09:00 to Tue 2026-11-24 12:00",
        "from Mon 2026-11-23 09:00 to Tue 2026-11-24 12:00",
    ),
]


@pytest.mark.parametrize(("span", "short", "long"), SPANS)
def test_spans(span: Interval, short: str, long: str) -> None:
    assert (times(ZONE, span), stretch(ZONE, span)) == (short, long)


def test_small_words() -> None:
    assert [listed(list(words)) for words in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
    assert [lasting(n) for n in (0, 59, 3600, 90_061, 172_800)] == [
        "0 min", "59 s", "1 h", "1 day 1 h 1 min 1 s", "2 days"
    ]  # fmt: skip
    assert [period(None, date(2026, 1, 2)), period(None, None)] == ["until 2026-01-02", "always"]
