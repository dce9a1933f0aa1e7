"""Generated clinics with what is known of their time, around days on which clocks, weeks or whole dates are odd."""

from datetime import date, timedelta
from types import SimpleNamespace

from hypothesis import strategies as st
from oracle.wallclock import minutes_of, wall

from calbridge.facts import Facts
from calbridge.interval import Interval, merge
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

DAY = 86_400
KEYS = ("anna", "ben")
ROOMS = ("room1", "room2")
ALL = (*KEYS, *ROOMS)

PLACES = st.sampled_from(
    [
        ("Europe/Berlin", date(2026, 10, 24)),
        ("Europe/Berlin", date(2027, 3, 27)),
        ("Europe/Berlin", date(2026, 12, 27)),  # a Sunday, then ISO week 53
        ("Europe/Berlin", date(2027, 1, 3)),  # from one odd week into another
        ("America/New_York", date(2026, 10, 31)),
        ("America/New_York", date(2027, 3, 13)),
        ("Australia/Sydney", date(2026, 10, 3)),
        ("Australia/Sydney", date(2027, 4, 3)),
        ("Australia/Lord_Howe", date(2026, 10, 3)),  # half an hour
        ("Australia/Lord_Howe", date(2027, 4, 3)),
        ("America/Santiago", date(2026, 9, 5)),  # midnight is in the gap
        ("America/Santiago", date(2027, 4, 3)),  # the last hour of the day happens twice
        ("America/Havana", date(2026, 10, 31)),  # midnight happens twice
        ("Africa/Cairo", date(2027, 4, 29)),
        ("America/Nuuk", date(2027, 3, 27)),  # the last hour of the day is the gap
        ("Atlantic/Azores", date(2026, 10, 24)),
        ("Antarctica/Troll", date(2027, 3, 27)),  # two hours
        ("Antarctica/Troll", date(2026, 10, 24)),  # two hours happen twice, each in two pieces
        ("Pacific/Chatham", date(2027, 4, 3)),  # so do two hours here, by three quarters of an hour
        ("Asia/Kathmandu", date(2026, 11, 2)),
        ("Pacific/Apia", date(2011, 12, 29)),  # the next date does not exist
    ]
)


def mostly(usual, other):
    """Mostly the usual: a clinic in which everything is odd at once offers nothing."""
    return st.integers(0, 15).flatmap(lambda n: other if n == 7 else st.just(usual))


def rarely(usual, *others):
    """One of the others now and then."""
    return mostly(usual, st.sampled_from(others))


# --- what a clinic is -----------------------------------------------------------------------------

windows = st.lists(
    st.tuples(st.integers(0, 287), st.integers(6, 240)).map(
        lambda w: WallWindow(start=w[0] * 5, end=min((w[0] + w[1]) * 5, 1440))
    ),
    min_size=1,
    max_size=3,
).map(tuple)
weekdays = mostly(frozenset(range(7)), st.frozensets(st.integers(0, 6)))


@st.composite
def plans(draw, first):
    """A weekly plan, perhaps for odd weeks, perhaps from or until a date nearby."""
    bound = rarely(None, first, first + timedelta(days=1), first - timedelta(days=1))
    return WeeklyPlan(
        days=draw(weekdays),
        windows=draw(windows),
        kind=draw(rarely("online", "work")),
        weeks=draw(st.sampled_from(["all", "all", "all", "all", "odd", "even"])),
        first=draw(bound),
        last=draw(bound),
    )


@st.composite
def absences(draw, key, first, begin):
    """Some dates, an open end, or some hours."""
    kind = draw(st.sampled_from(["dates", "since", "hours"]))
    if kind == "hours":
        return Absence(resource=key, span=Interval(begin + 9 * 3600, begin + draw(st.integers(10, 40)) * 3600 + 30))
    last = None if kind == "since" else draw(st.sampled_from([first, first + timedelta(days=1)]))
    return Absence(resource=key, first=draw(st.sampled_from([first, first + timedelta(days=1)])), last=last)


@st.composite
def resources(draw, key, first, begin):
    """Rooms are as online, as planned and as absent as people."""
    return Resource(
        key=key,
        name=key,
        online=draw(mostly(True, st.booleans())),
        week=tuple(draw(st.lists(plans(first), max_size=2))),
        absences=tuple(draw(mostly([], st.lists(absences(key, first, begin), max_size=1)))),
    )


visits = st.builds(
    Service,
    key=st.just("visit"),
    name=st.just("Visit"),
    minutes=st.sampled_from([20, 5, 30, 45, 7, 90, 15, 1500]),
    buffer_before=st.sampled_from([0, 0, 5, 20, 1]),
    buffer_after=st.sampled_from([0, 0, 5, 10, 13]),
    online=mostly(True, st.booleans()),
    resources=mostly(KEYS, st.sampled_from([("anna",), ("ben", "anna"), ()])),
    requires=st.sampled_from(
        [(), (), (ROOMS,), (("room2",), ROOMS), (("ben", "room1"),), (ROOMS, ROOMS), (("anna",),)]
    ),
    species=rarely(frozenset(), frozenset({"dog"})),
    excluded_species=rarely(frozenset(), frozenset({"cat"})),
    clients=rarely("all", "new", "known"),
    max_per_day=rarely(None, 1, 2),
)
OTHER = Service(key="other", name="Other", minutes=35, buffer_before=15, online=True, resources=("ben", "anna"))
rules = st.builds(
    Rules,
    availability=rarely("windows", "opening_hours"),
    without_windows=st.sampled_from(["opening_hours", "opening_hours", "closed"]),
    lead_time=rarely(0, 3600, 14_400, 100_000),
    lead_days=rarely(0, 1, 2),
    horizon_days=rarely(60, 3, 1, 0),
    grid_minutes=st.sampled_from([5, 10, 15, 20, 30, 60]),
    slots_per_hour=st.sampled_from([None, None, 1, 2]),
    reserved_per_day=st.sampled_from([0, 0, 1, 3]),
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


def one_in_five(case, options):
    """Refuses every fifth five minutes, whatever the clock says."""
    return case.start // 300 % 5 != options.turn, {"turn": options.turn}


def free_day(case, options):
    """Refuses where somebody else has anything on the visit's first or last date, before it or after it."""
    there = [span for span in case.facts.taken.get(options.other, ()) if day_of(case, span.start) in case.dates]
    return len(there) <= options.most, {"booked": len(there)}


def day_of(case, instant):
    """Its local date."""
    return wall(case.clinic.time_zone, instant).date()


def never_ben(case, options):
    """One that does not look at the start."""
    return case.resource.key != "ben", {}


def broken(case, options):
    """A plugin's mistake."""
    raise ZeroDivisionError


extras = st.lists(
    st.sampled_from(
        [
            ExtraRule(code="one_in_five", answer=one_in_five, options=SimpleNamespace(turn=2), reach="visit"),
            ExtraRule(code="free_day", answer=free_day, options=SimpleNamespace(other="ben", most=2), reach="visit"),
            ExtraRule(code="late_thought", answer=one_in_five, options=SimpleNamespace(turn=0)),
            ExtraRule(code="never_ben", answer=never_ben, reach="fixed"),
        ]
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda rule: rule.code,
).map(tuple)


@st.composite
def clinics(draw, tz, first, begin):
    """A clinic at one place."""
    closures = [Closure(first=first + timedelta(days=1), last=first + timedelta(days=1))]
    return Clinic(
        key="hafen",
        name="Hafen",
        time_zone=tz,
        online=draw(mostly(True, st.booleans())),
        opening_hours={day: draw(windows) for day in draw(weekdays)},
        closures=tuple(draw(rarely([], closures))),
        exclusions=tuple(draw(mostly([], st.lists(exclusions, max_size=2)))),
        resources={key: draw(resources(key, first, begin)) for key in draw(st.permutations(ALL))},
        services={"visit": draw(visits), "other": OTHER},
        rules=draw(rules),
        extra=draw(mostly((), extras)),
    )


# --- what is known --------------------------------------------------------------------------------


@st.composite
def spans(draw, begin, size, least=0):
    """Intervals over three days, to the second."""
    moments = st.tuples(st.integers(-300, 3600), st.integers(1, 120), st.sampled_from([0, 0, 0, 1, 31]))
    found = draw(st.lists(moments, min_size=least, max_size=size))
    return tuple(merge(Interval(begin + a * 60 + odd, begin + (a + b) * 60) for a, b, odd in found if b * 60 > odd))


@st.composite
def known(draw, first, begin):
    """What takes and gives time, stale sources and counts, as of some instant before or on the first day."""
    some = mostly(set(), st.sets(st.sampled_from(ALL), max_size=2))
    return Facts(
        now=begin + draw(st.sampled_from([-2 * DAY, 0, 30_000, 30_001, 60_000])),
        taken={key: draw(spans(begin, 8, least=3)) for key in ALL},
        absences={key: draw(spans(begin, 1)) for key in draw(some)},
        closures={key: draw(spans(begin, 1)) for key in draw(mostly(set(), st.sets(st.sampled_from(["", *KEYS]))))},
        windows={key: draw(spans(begin, 3)) for key in draw(some)},
        work={key: draw(spans(begin, 3)) for key in draw(some)},
        stale=dict.fromkeys(draw(some), "calendar"),
        counts={("visit", first): draw(st.integers(0, 2)), ("other", first): 1},
    )


@st.composite
def worlds(draw):
    """A clinic, what is known, the first of the dates that are looked at, and who is asking."""
    tz, first = draw(PLACES)
    begin = minutes_of(tz, first)[0][0]
    clinic, facts = draw(clinics(tz, first, begin)), draw(known(first, begin))
    asked = {
        "client": draw(st.sampled_from([None, "known", "new"])),
        "species": draw(st.sampled_from([None, "dog", "Dog", "cat", ""])),
        "scope": draw(st.sampled_from(["book", "reschedule"])),
    }
    return clinic, facts, first, asked
