"""The draft's pages by day find everything that a walk over all records would, whatever happened to them before."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from calbridge.feeds import AbsenceRecord, Busy, WindowRecord
from calbridge.hub import Answers, HubState
from calbridge.interval import Interval
from calbridge.model import Appointment, Clinic, Resource, Service, Side, State
from calbridge.reconcile.diary import DAY, Almanac
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import facts

NOW = 1_795_413_600
CLINIC = Clinic(
    key="hafen",
    name="Hafen",
    time_zone="Europe/Berlin",
    resources={key: Resource(key=key, name=key) for key in ("anna", "ben")},
    services={"visit": Service(key="visit", name="Visit", minutes=30)},
)
LENGTHS = st.sampled_from([60, 3600, DAY, 3 * DAY, 400 * DAY])
spans = st.tuples(st.integers(-5 * DAY, 9 * DAY), LENGTHS).map(lambda s: Interval(NOW + s[0], NOW + s[0] + s[1]))
refs = st.sampled_from("abcdef")


@st.composite
def records(draw):
    kind, resource = draw(st.sampled_from([Busy, AbsenceRecord, WindowRecord])), draw(st.sampled_from(["anna", "ben"]))
    taken = tuple(draw(st.lists(spans, min_size=1, max_size=3)))
    return kind(ref=draw(refs), version="1", resource=resource, spans=taken)


@st.composite
def appointments(draw):
    span = draw(spans.filter(lambda each: each.end - each.start < 9 * DAY))
    return Appointment(
        id=draw(refs),
        clinic="hafen",
        state=draw(st.sampled_from([State.HELD, State.CONFIRMED, State.CANCELLED])),
        origin=draw(st.sampled_from(list(Side))),
        resource=draw(st.sampled_from(["anna", "ben", "gone"])),
        co_resources=draw(st.sampled_from([(), ("ben",)])),
        start=span.start,
        end=span.end,
        service="visit",
        buffer_after=draw(st.sampled_from([0, 7200])),
    )


def changed(records_, changes):
    """An almanac after some changes, and a plain mapping after the same."""
    book, plain = Almanac(records_), dict(records_)
    for key, record in changes:
        for each in (book, plain):
            if record is None:
                each.pop(key, None)
            else:
                each[key] = record
    return book, plain


keyed = st.tuples(st.just("calendar"), refs)
histories = st.lists(st.tuples(keyed, st.none() | records()), max_size=12)


@given(st.dictionaries(keyed, records()), histories, spans)
def test_an_almanac_is_a_mapping_that_finds_what_is_near(before, changes, around):
    book, plain = changed(before, changes)
    assert list(book.items()) == list(plain.items())
    near = {key for key, record in plain.items() if any(span.overlaps(around) for span in record.spans)}
    assert near <= set(book.around(around)) <= set(plain)


@given(
    st.dictionaries(keyed, records(), max_size=6),
    histories,
    st.lists(appointments(), max_size=8),
    spans,
    st.sampled_from(["", "a"]),
)
def test_facts_of_some_days_are_the_same_whether_looked_up_or_walked(before, changes, put, around, without):
    draft = Draft(HubState(foreign=before), CLINIC, NOW, Answers())
    for key, record in changes:
        if record is None:
            draft.foreign.pop(key, None)
        else:
            draft.foreign[key] = record
    for appointment in put:
        draft.put(appointment)
    walked = facts(draft.current(), CLINIC, NOW, without=without, around=around)
    assert told(draft.facts(without=without, around=around)) == told(walked)


def told(known):
    """Nothing taken is the same as no word of it; of windows it is not."""
    given = {name: {key: each for key, each in getattr(known, name).items() if each} for name in ("taken", "absences")}
    return replace(known, **given)
