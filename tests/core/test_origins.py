"""Facts and origins are two views of one state: whatever makes a rule say no has somebody who says it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from calbridge.explain import explain
from calbridge.hub import HubState
from calbridge.interval import Interval, intersect, merge
from calbridge.model import Appointment, Clinic, Resource, Service, Side, State
from calbridge.origins import TAKING, Origin, during
from calbridge.provider import AbsenceRecord, Busy, ClosureRecord, Unreadable, WindowRecord
from calbridge.reconcile import facts, origins
from calbridge.rules import Candidate

NOW = 1_795_420_800
CLINIC = Clinic(key="hafen", name="Hafen", time_zone="Europe/Berlin")
spans = st.builds(lambda start, length: Interval(NOW + start, NOW + start + length), *2 * (st.integers(1, 9_000),))
people = st.sampled_from(("anna", "ben", "room"))


@st.composite
def states(draw: st.DrawFn) -> HubState:
    foreign: dict[tuple[str, str], Any] = {}
    for number in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from((Busy, AbsenceRecord, ClosureRecord, Unreadable, WindowRecord)))
        more: dict[str, Any] = {"why": "line 3", "closes": draw(st.booleans())} if kind is Unreadable else {}
        if kind is WindowRecord:
            more = {"kind": draw(st.sampled_from(("online", "work")))}
        wide = kind is ClosureRecord or more.get("closes")
        resource = draw(people | st.just("")) if wide else draw(people)
        given_spans = tuple(draw(st.lists(spans, max_size=2)))
        record = kind(ref=str(number), version="1", resource=resource, spans=given_spans, **more)
        foreign[draw(st.sampled_from(("pms", "calendar"))), record.ref] = record
    booked = {str(n): draw(appointments(str(n))) for n in range(draw(st.integers(0, 4)))}
    return HubState(foreign=foreign, appointments=booked)


@st.composite
def appointments(draw: st.DrawFn, key: str) -> Appointment:
    span = draw(spans)
    return Appointment(
        id=key,
        clinic="hafen",
        state=draw(st.sampled_from(State)),
        origin=Side.CLIENT,
        resource=draw(st.sampled_from(("anna", "ben"))),
        co_resources=draw(st.sampled_from(((), ("room",)))),
        start=span.start,
        end=span.end,
        buffer_after=draw(st.sampled_from((0, 600))),
        hold_expires=draw(st.sampled_from((None, NOW - 1, NOW + 1))),
    )


def gathered(found: tuple[Origin, ...], *kinds: str) -> dict[str, tuple[Interval, ...]]:
    said: defaultdict[str, list[Interval]] = defaultdict(list)
    for origin in found:
        if origin.kind in kinds:
            said[origin.resource] += origin.spans
    return {resource: tuple(merge(parts)) for resource, parts in said.items()}


@given(states(), st.sampled_from(("", "0", "1")))
def test_what_the_facts_hold_somebody_has_said(state: HubState, without: str) -> None:
    known = facts(state, CLINIC, NOW, without=without)
    found = origins(state, NOW, without=without)
    assert gathered(found, *TAKING) == known.taken
    assert gathered(found, "absence") == known.absences
    assert gathered(found, "closure") == known.closures
    assert gathered(found, "online") == known.windows
    shifts = gathered(found, "work")
    assert shifts.keys() == known.work.keys()
    assert all(intersect(shifts[key], known.work[key]) == list(known.work[key]) for key in shifts)


OPEN = replace(
    CLINIC,
    online=True,
    resources={key: Resource(key=key, name=key.title(), online=True) for key in ("anna", "ben", "room")},
    services={
        "visit": Service(
            key="visit", name="Visit", minutes=15, buffer_before=5, online=True, resources=("anna", "ben"),
            requires=(("room", "ben"),),
        )
    },
)  # fmt: skip


@given(states(), st.integers(-600, 9_600), st.sampled_from(("anna", "ben")))
def test_whoever_says_no_is_named(state: HubState, offset: int, resource: str) -> None:
    wanted = Candidate(service="visit", resource=resource, start=NOW + offset)
    found = explain(OPEN, facts(state, OPEN, NOW), wanted, origins=origins(state, NOW))
    for line in found.lines:
        assert line.words.sentence.endswith(".")
        if line.verdict.ok or line.verdict.code not in {"closed", "absent", "busy"}:
            continue
        named = [each.connection or each.appointment for each in line.words.sources]
        assert named or "used by this slot already" in line.words.sentence
        assert all(name in line.words.sentence for name in named)


@given(states())
def test_only_bookings_have_an_id_and_only_what_was_read_a_connection(state: HubState) -> None:
    for origin in origins(state, NOW):
        assert bool(origin.connection) is not bool(origin.appointment)
        assert not origin.appointment or origin.appointment in state.appointments


def test_a_closure_of_the_whole_clinic_is_everybodys() -> None:
    day = (Interval(NOW, NOW + 60),)
    found = [
        Origin(kind="closure", resource="", spans=day, connection="pms"),
        Origin(kind="closure", resource="ben", spans=day, connection="calendar"),
        Origin(kind="absence", resource="anna", spans=day, connection="calendar"),
    ]
    assert [o.connection for _, o in during(found, ["closure"], "anna", Interval(NOW, NOW + 1))] == ["pms"]
    assert [o.connection for _, o in during(found, ["closure"], "ben", Interval(NOW, NOW + 1))] == ["pms", "calendar"]
    assert not list(during(found, ["closure"], "ben", Interval(NOW + 60, NOW + 61)))
