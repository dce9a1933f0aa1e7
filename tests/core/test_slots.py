"""`offers` and `decide` against a plain oracle that reads the catalogue of rules literally, minute by minute."""

import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbridge.interval import Interval, merge
from calbridge.model import Absence, Clinic, Closure, Exclusion, Resource, Rules, Service, WallWindow, WeeklyPlan
from calbridge.rules import RULES
from calbridge.slots import Candidate, Facts, Slot, alternatives, decide, offers
from calbridge.wall import day_interval

LONG = 20 if os.environ.get("CALBRIDGE_LONG") else 1

# --- generated clinics, around days on which clocks change ----------------------------------------

PLACES = st.sampled_from(
    [
        ("Europe/Berlin", date(2026, 10, 24)),
        ("Europe/Berlin", date(2027, 3, 27)),
        ("Europe/Berlin", date(2026, 12, 31)),  # ISO week 53, an odd week before another odd week
        ("Australia/Lord_Howe", date(2026, 10, 3)),
        ("Australia/Lord_Howe", date(2027, 4, 3)),
        ("America/Santiago", date(2026, 9, 5)),
        ("America/Santiago", date(2027, 4, 3)),
        ("America/Havana", date(2026, 10, 31)),
        ("Asia/Kathmandu", date(2026, 11, 2)),
    ]
)
KEYS = ("anna", "ben")
ROOMS = ("room1", "room2")
ALL = (*KEYS, *ROOMS)
DAY = 86_400


def mostly(usual, other):
    """Nine times in ten the usual: a clinic in which everything is odd at once offers nothing."""
    return st.integers(0, 9).flatmap(lambda n: other if n == 9 else st.just(usual))


def rarely(usual, *others):
    return mostly(usual, st.sampled_from(others))


windows = st.lists(
    st.tuples(st.integers(0, 95), st.integers(1, 80)).map(
        lambda w: WallWindow(start=w[0] * 15, end=min((w[0] + w[1]) * 15, 1440))
    ),
    min_size=1,
    max_size=3,
).map(tuple)
weekdays = mostly(frozenset(range(7)), st.frozensets(st.integers(0, 6)))


@st.composite
def plans(draw, first):
    bound = rarely(None, first, first + timedelta(days=1), first - timedelta(days=1))
    return WeeklyPlan(
        days=draw(weekdays),
        windows=draw(windows),
        kind=draw(rarely("online", "work")),
        weeks=draw(rarely("all", "odd", "even")),
        first=draw(bound),
        last=draw(bound),
    )


@st.composite
def spans(draw, begin, size, least=0):
    starts = draw(st.lists(st.tuples(st.integers(-300, 3600), st.integers(1, 120)), min_size=least, max_size=size))
    return tuple(merge(Interval(begin + a * 60, begin + (a + b) * 60) for a, b in starts))


@st.composite
def absences(draw, key, first, begin):
    if draw(st.booleans()):
        return Absence(resource=key, first=first, last=draw(st.sampled_from([first, first + timedelta(days=1)])))
    return Absence(resource=key, span=Interval(begin + 9 * 3600, begin + draw(st.integers(10, 40)) * 3600))


@st.composite
def resources(draw, key, first, begin):
    return Resource(
        key=key,
        name=key,
        online=draw(mostly(True, st.booleans())),
        week=tuple(draw(st.lists(plans(first), max_size=2))),
        absences=tuple(draw(mostly([], st.lists(absences(key, first, begin), max_size=1)))),
    )


services = st.builds(
    Service,
    key=st.just("visit"),
    name=st.just("Visit"),
    minutes=st.sampled_from([20, 5, 30, 45, 90, 1500]),
    buffer_before=st.sampled_from([0, 0, 5, 20]),
    buffer_after=st.sampled_from([0, 0, 5, 10]),
    online=mostly(True, st.booleans()),
    resources=mostly(KEYS, st.sampled_from([("anna",), ("ben", "anna"), ()])),
    requires=st.sampled_from([(), (), (("room1", "room2"),), (("room2",), ("room1", "room2")), (("ben", "room1"),)]),
    species=rarely(frozenset(), frozenset({"dog"})),
    excluded_species=rarely(frozenset(), frozenset({"cat"})),
    clients=rarely("all", "new", "known"),
    max_per_day=rarely(None, 1, 2),
)
rules = st.builds(
    Rules,
    availability=rarely("windows", "opening_hours"),
    without_windows=st.sampled_from(["opening_hours", "closed"]),
    lead_time=rarely(0, 3600, 14_400, 100_000),
    lead_days=rarely(0, 1, 2),
    horizon_days=rarely(60, 3, 1, 0),
    grid_minutes=st.sampled_from([5, 10, 15, 20, 30, 60]),
    slots_per_hour=st.sampled_from([None, None, None, 1, 2]),
    reserved_per_day=st.sampled_from([0, 0, 0, 1, 3]),
    reschedule_scope=st.sampled_from(["online", "opening_hours"]),
)
exclusions = st.builds(
    Exclusion,
    days=weekdays,
    windows=windows,
    services=st.sampled_from([frozenset(), frozenset({"visit"}), frozenset({"other"})]),
    resources=st.sampled_from([frozenset(), frozenset({"anna"})]),
    species=st.sampled_from([frozenset(), frozenset({"cat"})]),
)


@st.composite
def worlds(draw):
    """A clinic, its facts, two dates and who is asking."""
    tz, first = draw(PLACES)
    begin = day_interval(tz, first).start
    closures = [Closure(first=first + timedelta(days=1), last=first + timedelta(days=1))]
    clinic = Clinic(
        key="hafen",
        name="Hafen",
        time_zone=tz,
        online=draw(mostly(True, st.booleans())),
        opening_hours={day: draw(windows) for day in draw(weekdays)},
        closures=tuple(draw(rarely([], closures))),
        exclusions=tuple(draw(mostly([], st.lists(exclusions, max_size=2)))),
        resources={key: draw(resources(key, first, begin)) for key in draw(st.permutations(ALL))},
        services={"visit": draw(services)},
        rules=draw(rules),
    )
    facts = Facts(
        now=begin + draw(st.sampled_from([-2 * DAY, 0, 30_000, 30_001, 60_000])),
        taken={key: draw(spans(begin, 8, least=3)) for key in ALL},
        absences={key: draw(spans(begin, 1)) for key in draw(mostly(set(), st.sets(st.sampled_from(ALL), max_size=2)))},
        closures={key: draw(spans(begin, 1)) for key in draw(rarely(set(), {""}, {KEYS[0]}))},
        windows={key: draw(spans(begin, 3)) for key in draw(mostly(set(), st.sets(st.sampled_from(KEYS), max_size=1)))},
        work={key: draw(spans(begin, 3)) for key in draw(mostly(set(), st.sets(st.sampled_from(KEYS), max_size=1)))},
        stale=dict.fromkeys(draw(mostly(set(), st.sets(st.sampled_from(ALL), max_size=1))), "calendar"),
        counts={("visit", first): draw(st.integers(0, 2))},
    )
    asked = {
        "client": draw(st.sampled_from([None, "known", "new"])),
        "species": draw(st.sampled_from([None, "dog", "Dog", "cat", ""])),
        "scope": draw(st.sampled_from(["book", "reschedule"])),
    }
    return clinic, facts, first, asked


# --- the oracle: the catalogue read literally, with datetime and nothing of the code ----------------


@cache
def wall(tz, t):
    return datetime.fromtimestamp(t, ZoneInfo(tz))


@cache
def minutes_of(tz, day):
    """Every minute of a local day, as (instant, minutes the wall shows)."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(tz)).timestamp())
    shown = ((t, wall(tz, t)) for t in range(noon - 50_400, noon + 50_400, 60))
    return [(t, here.hour * 60 + here.minute) for t, here in shown if here.date() == day]


@cache
def minutes_in(tz, day, window):
    """From the first time the wall shows the start to the last time it shows the end, or past the gap."""
    shown = minutes_of(tz, day)
    late = shown[-1][0] + 60
    first = next((t for t, minute in shown if minute >= window.start), late)
    ends = [t for t, minute in shown if minute == window.end]
    last = ends[-1] if ends else next((t for t, minute in shown if minute > window.end), late)
    return frozenset(range(first, last, 60))


class Oracle:
    """Rules 1 to 15 for one service of one clinic; slow, plain, in sets of minutes."""

    def __init__(self, clinic, facts, asked, first):
        self.clinic, self.facts, self.service, self.rules = clinic, facts, clinic.services["visit"], clinic.rules
        self.tz, self.client, self.scope = clinic.time_zone, asked["client"], asked["scope"]
        self.species = asked["species"].lower() if asked["species"] else asked["species"]
        self.today = self.day_of(facts.now)
        self.days = [first + timedelta(days=n) for n in range(4)]
        self.every = frozenset(t for day in self.days for t, _ in minutes_of(self.tz, day))

    def day_of(self, t):
        return wall(self.tz, t).date()

    def on_days(self, windows_of):
        """All minutes of the windows that each day has."""
        return {t for day in self.days for window in windows_of(day) for t in minutes_in(self.tz, day, window)}

    def inside(self, intervals):
        return self.every & {t for a, b in intervals for t in range(a, b, 60)}  # all intervals here are whole minutes

    def dates(self, first, last):
        return {t for day in self.days if first <= day <= last for t, _ in minutes_of(self.tz, day)}

    @property
    def wide(self):
        return self.scope == "reschedule" and self.client == "known" and self.rules.reschedule_scope == "opening_hours"

    def bookable(self, key):
        """Section 2 and rule 6."""
        week, given, work = self.clinic.resources[key].week, self.facts.windows, self.facts.work
        opening = self.on_days(lambda day: self.clinic.opening_hours.get(day.weekday(), ()))
        if self.wide or self.rules.availability == "opening_hours":
            return opening
        if any(p.kind == "online" and p.days for p in week) or key in given:
            online = self.planned(week, "online") | self.inside(given.get(key, ()))
        else:
            online = opening if self.rules.without_windows == "opening_hours" else set()
        if any(p.kind == "work" and p.days for p in week):
            online &= self.planned(week, "work")
        if key in work:
            online &= self.inside(work[key])
        return online

    def planned(self, week, kind):
        return self.on_days(lambda day: [w for p in week if p.kind == kind and plan_holds(p, day) for w in p.windows])

    def allowed(self, key):
        """The minutes that rules 6, 7, 8 and 9 leave."""
        closed = {t for c in self.clinic.closures for t in self.dates(c.first, c.last)}
        closed |= self.inside((*self.facts.closures.get("", ()), *self.facts.closures.get(key, ())))
        excluded = self.on_days(
            lambda day: [w for e in self.exclusions(key) if day.weekday() in e.days for w in e.windows]
        )
        return self.bookable(key) - closed - excluded - self.away(key)

    def exclusions(self, key):
        return [
            e
            for e in self.clinic.exclusions
            if (not e.services or "visit" in e.services)
            and (not e.resources or key in e.resources)
            and (not e.species or self.species == "" or self.species in e.species)
        ]

    def away(self, key):
        away = set(self.inside(self.facts.absences.get(key, ())))
        for absence in self.clinic.resources[key].absences:
            away |= self.inside([absence.span]) if absence.span else self.dates(absence.first, absence.last)
        return away

    def offered_at_all(self, key):
        """Rules 1, 2, 3 and 15."""
        service, resource = self.service, self.clinic.resources[key]
        if not (self.clinic.online and service.online and resource.online and key in service.resources):
            return False
        if key in self.facts.stale or (self.client is not None and service.clients not in ("all", self.client)):
            return False
        if self.species is None or not (service.species or service.excluded_species):
            return True
        if not self.species or self.species in service.excluded_species:
            return False
        return not service.species or self.species in service.species

    def timely(self, start, minute):
        """Rules 4, 5, 10 and 12."""
        day, rules, most = self.day_of(start), self.rules, self.service.max_per_day
        return (
            minute % rules.grid_minutes == 0
            and start >= self.facts.now + rules.lead_time
            and day >= self.today + timedelta(days=rules.lead_days)
            and day <= self.today + timedelta(days=rules.horizon_days)
            and (most is None or self.facts.counts.get(("visit", day), 0) < most)
        )

    def free(self, key, start):
        low = start - self.service.buffer_before * 60
        high = start + (self.service.minutes + self.service.buffer_after) * 60
        return not any(a < high and low < b for a, b in self.facts.taken.get(key, ()))

    def chosen(self, key, start, away):
        visit = range(start, start + self.service.minutes * 60, 60)
        used = [key]
        for group in self.service.requires:
            options = [o for o in group if o not in used and o not in self.facts.stale and self.free(o, start)]
            options = [o for o in options if away[o].isdisjoint(visit)]
            if not options:
                return None
            used.append(options[0])
        return tuple(used[1:])

    def passing(self, key, days):
        """Starts that pass rules 1 to 12 and 15, with what each takes."""
        if not self.offered_at_all(key):
            return {}
        allowed, away = self.allowed(key), {option: self.away(option) for option in ALL}
        found = {}
        for start, minute in (pair for day in days for pair in minutes_of(self.tz, day)):
            visit = range(start, start + self.service.minutes * 60, 60)
            if self.timely(start, minute) and allowed.issuperset(visit) and self.free(key, start):
                found[start] = self.chosen(key, start, away)
        return {start: chosen for start, chosen in found.items() if chosen is not None}

    def shown(self, key, days):
        """What a list shows, after rules 13 and 14."""
        found = self.passing(key, days)
        if self.wide:
            return found
        kept = []
        for day in days:
            starts = [t for t in found if self.day_of(t) == day]
            if self.rules.slots_per_hour is not None:
                hours = groupby(starts, key=lambda t: wall(self.tz, t).hour)
                starts = [t for _, hour in hours for t in list(hour)[: self.rules.slots_per_hour]]
            kept += starts[: max(len(starts) - self.rules.reserved_per_day, 0)]
        return {t: found[t] for t in kept}

    def slots(self, days):
        shown = {key: self.shown(key, days) for key in self.clinic.resources}
        return sorted((start, key, chosen) for key, found in shown.items() for start, chosen in found.items())


def plan_holds(plan, day):
    week = "odd" if day.isocalendar()[1] % 2 == 1 else "even"
    return (
        day.weekday() in plan.days
        and plan.weeks in ("all", week)
        and (plan.first is None or day >= plan.first)
        and (plan.last is None or day <= plan.last)
    )


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


@settings(max_examples=100 * LONG, deadline=None)
@given(worlds())
def test_offers_are_what_the_catalogue_says(world):
    clinic, facts, first, asked = world
    days = (first, first + timedelta(days=1))
    found = [(slot.start, slot.resource, slot.co_resources) for slot in listed(world)]
    assert found == Oracle(clinic, facts, asked, first).slots(days)


@settings(max_examples=100 * LONG, deadline=None)
@given(worlds())
def test_decide_lists_exactly_what_offers_offer(world):
    offered = {(slot.start, slot.resource): slot.co_resources for slot in listed(world, days=1)}
    for moment in moments(world):
        decision = asked_for(world, moment, listed=True)
        assert decision.ok == ((moment, "anna") in offered)
        assert decision.co_resources == offered.get((moment, "anna"), ())


@settings(max_examples=4 * LONG, deadline=None)
@given(worlds())
def test_decide_and_offers_agree_on_every_minute_of_two_days(world):
    clinic, _, first, _ = world
    span = Interval(day_interval(clinic.time_zone, first).start, day_interval(clinic.time_zone, first).start + 172_800)
    offered = {slot.start for slot in listed(world) if slot.resource == "anna" and slot.start < span.end}
    assert {t for t in range(span.start, span.end, 60) if asked_for(world, t, listed=True).ok} == offered


@settings(max_examples=25 * LONG, deadline=None)
@given(worlds())
def test_a_decision_shows_every_rule_and_gives_the_first_that_failed(world):
    for moment in moments(world)[::7]:
        decision = asked_for(world, moment)
        assert [verdict.code for verdict in decision.verdicts] == [rule.code for rule in RULES]
        failed = [verdict.code for verdict in decision.verdicts if not verdict.ok]
        assert decision.code == (failed[0] if failed else "")
        assert decision.ok == (not failed)


@settings(max_examples=25 * LONG, deadline=None)
@given(worlds())
def test_booking_refuses_nothing_that_is_listed_and_only_forgives_the_full_hour(world):
    for moment in moments(world)[::5]:
        booking, listing = asked_for(world, moment), asked_for(world, moment, listed=True)
        assert booking.ok or not listing.ok
        if booking.ok and not listing.ok:
            assert listing.code == "hour_full"


@settings(max_examples=25 * LONG, deadline=None)
@given(worlds())
def test_a_slot_does_not_depend_on_the_range_or_the_resource_it_was_asked_in(world):
    clinic, facts, first, asked = world
    whole = listed(world)
    by_day = [offers(clinic, facts, "visit", day, day, **asked) for day in (first, first + timedelta(days=1))]
    assert whole == by_day[0] + by_day[1]
    for key in ALL:
        mine = offers(clinic, facts, "visit", first, first + timedelta(days=1), resource=key, **asked)
        assert mine == tuple(slot for slot in whole if slot.resource == key)


@settings(max_examples=25 * LONG, deadline=None)
@given(worlds(), st.integers(0, 2800))
def test_taking_time_never_makes_a_new_slot_without_throttles(world, minute):
    clinic, facts, first, asked = world
    plain = replace(clinic, rules=replace(clinic.rules, slots_per_hour=None, reserved_per_day=0))
    start = day_interval(clinic.time_zone, first).start + minute * 60
    more = replace(facts, taken=dict(facts.taken) | {"anna": (*facts.taken["anna"], Interval(start, start + 1800))})
    more = replace(more, taken={key: tuple(merge(spans)) for key, spans in more.taken.items()})
    before = {(s.start, s.resource) for s in listed((plain, facts, first, asked))}
    assert {(s.start, s.resource) for s in listed((plain, more, first, asked))} <= before


@settings(max_examples=25 * LONG, deadline=None)
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
