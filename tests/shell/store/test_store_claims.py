"""No two appointments hold overlapping time on one resource: the database refuses it, whoever asks and however."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text, update
from sqlalchemy.exc import IntegrityError

from calbridge.hub import Plan
from calbridge.model import Appointment, Side, State
from calbridge.store import Overlap, Store
from calbridge.store.tables import claims

TIMELESS = {State.EXPIRED, State.RELEASED, State.DECLINED, State.CANCELLED, State.FULFILLED, State.NO_SHOW}


def held(store, clinic="hafen"):
    """Who holds what: {(resource, appointment): (start, end)}."""
    with store._database.read() as connection:
        rows = connection.execute(claims.select().where(claims.c.clinic == clinic)).all()
    return {(row.resource, row.appointment): (row.start, row.end) for row in rows}


@pytest.mark.parametrize("state", list(State))
def test_which_states_hold_time(store, make, commit, state):
    commit(appointments=(make.appointment(state=state),))
    assert bool(held(store)) is (state not in TIMELESS)


def test_a_footprint_is_held_on_every_resource_with_its_buffers(store, make, commit):
    commit(
        appointments=(make.appointment(start=1000, co_resources=("room1", "anna"), buffer_before=60, buffer_after=30),)
    )
    assert held(store) == {("anna", "a"): (940, 2830), ("room1", "a"): (940, 2830)}


def test_staff_may_overbook_their_own_day(store, make, commit):
    commit(appointments=(make.appointment(), make.appointment("b", exclusive=False)))
    assert held(store) == {("anna", "a"): (make.now, make.now + 1800)}


def test_time_that_is_empty_is_not_held(store, make, commit):
    commit(appointments=(make.appointment(), make.appointment("b", start=make.now + 60, end=make.now + 60)))
    assert set(held(store)) == {("anna", "a")}


def test_two_change_places_in_one_commit(store, make, commit):
    commit(appointments=(make.appointment("a", start=0), make.appointment("b", start=1800)))
    commit(appointments=(make.appointment("a", start=1800), make.appointment("b", start=0)))
    assert held(store) == {("anna", "a"): (1800, 3600), ("anna", "b"): (0, 1800)}


def test_one_takes_the_time_another_gives_up_in_the_same_commit(store, make, commit):
    commit(appointments=(make.appointment("a"),))
    commit(appointments=(make.appointment("b"), make.appointment("a", state=State.CANCELLED)))
    assert set(held(store)) == {("anna", "b")}


def test_a_confirmation_claims_too(store, make, commit, epoch):
    commit(appointments=(make.appointment("a"),), effects=(make.effect("b"),))
    (row,) = store.outbox("hafen", now=make.now)
    parts = {"shadow": None, "journal": (), "now": 1, "run": "r"}
    with pytest.raises(Overlap):
        store.confirm("hafen", epoch, row, appointment=make.appointment("b"), **parts)
    assert store.outbox("hafen", now=make.now) == [row]


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        (0, 100, False),
        (0, 101, True),
        (100, 200, True),
        (120, 130, True),
        (50, 250, True),
        (199, 300, True),
        (200, 300, False),
    ],
)
def test_the_database_itself_refuses(store, make, commit, start, end, refused):
    """Around all of our code: a plain INSERT and a plain UPDATE."""
    commit(
        appointments=(
            make.appointment("far", start=-900, end=-800),
            make.appointment("a", start=100, end=200),
            make.appointment("b", start=900, end=901),
        )
    )

    def attempt(statement):
        with store._database.write() as connection:
            connection.execute(statement)

    inserted = insert(claims).values(clinic="hafen", resource="anna", appointment="far", start=start, end=end)
    moved = update(claims).where(claims.c.appointment == "b").values(start=start, end=end)
    with store._database.write() as connection:
        connection.execute(text("DELETE FROM claims WHERE appointment = 'far'"))
    if refused:
        for statement in (inserted, moved):
            with pytest.raises(IntegrityError, match="claims_overlap"):
                attempt(statement)
        assert held(store)["anna", "b"] == (900, 901)
    else:
        attempt(inserted)
        assert held(store)["anna", "far"] == (start, end)


def test_an_appointment_does_not_stand_in_its_own_way(store, make, commit):
    commit(appointments=(make.appointment(start=0),))
    commit(appointments=(make.appointment(start=900),))
    with store._database.write() as connection:
        connection.execute(update(claims).values(start=600, end=2400))
    assert held(store) == {("anna", "a"): (600, 2400)}


def test_another_resource_or_clinic_is_another_time(store, make, commit):
    commit(appointments=(make.appointment("a"), make.appointment("b", resource="ben")))
    other = store.begin_cycle("berg")
    store.commit("berg", other, Plan(appointments=(make.appointment("c", clinic="berg"),)), now=1, run="r")
    assert set(held(store)) == {("anna", "a"), ("ben", "b")}
    assert set(held(store, "berg")) == {("anna", "c")}


# --- against a plain oracle -------------------------------------------------------------------------

BOOKINGS = st.builds(
    Appointment,
    id=st.sampled_from("abcdef"),
    clinic=st.just("x"),
    state=st.sampled_from([State.HELD, State.CONFIRMED, State.ARRIVED, State.CANCELLED, State.FULFILLED]),
    origin=st.just(Side.CLIENT),
    resource=st.sampled_from(["anna", "ben"]),
    co_resources=st.sampled_from([(), ("ben",), ("room",)]),
    start=st.integers(0, 40),
    end=st.integers(0, 60),
    buffer_after=st.integers(0, 3),
    exclusive=st.sampled_from([True, True, True, False]),
)
PLANS = st.lists(st.lists(BOOKINGS, min_size=1, max_size=3, unique_by=lambda each: each.id), min_size=1, max_size=8)


def wanted(appointment):
    start, end = appointment.start - appointment.buffer_before, appointment.end + appointment.buffer_after
    if appointment.state in TIMELESS or not appointment.exclusive or start >= end:
        return []
    return [(resource, start, end) for resource in sorted({appointment.resource, *appointment.co_resources})]


def decide(taken, plan):
    """The claims after `plan`, or the first appointment that cannot have its time."""
    after = {key: spans for key, spans in taken.items() if key not in {each.id for each in plan}}
    for each in plan:
        for resource, start, end in wanted(each):
            others = [s for key, spans in after.items() if key != each.id for s in spans]
            if any(r == resource and start < e and s < end for r, s, e in others):
                return each.id
        after[each.id] = wanted(each)
    return after


@settings(max_examples=150, deadline=None)
@given(PLANS)
def test_claims_agree_with_a_plain_oracle(shared, make, plans):
    clinic = make.clinic()
    epoch = shared.begin_cycle(clinic)
    taken = {}
    for plan in plans:
        verdict = decide(taken, plan)
        parts = Plan(appointments=tuple(plan))
        if isinstance(verdict, str):
            with pytest.raises(Overlap) as caught:
                shared.commit(clinic, epoch, parts, now=1, run="r")
            assert caught.value.appointment == verdict
        else:
            shared.commit(clinic, epoch, parts, now=1, run="r")
            taken = verdict
        expected = {(r, key): (s, e) for key, spans in taken.items() for r, s, e in spans}
        assert held(shared, clinic) == expected


@pytest.fixture(scope="module")
def shared():
    opened = Store.open(":memory:")
    yield opened
    opened.close()


# --- many at once -----------------------------------------------------------------------------------


def test_of_fifty_threads_exactly_one_gets_the_slot(on_disk, make):
    epoch = on_disk.begin_cycle("hafen")
    ready, outcomes = threading.Barrier(50), []

    def book(number):
        plan = Plan(appointments=(make.appointment(f"b{number}", start=make.now + number),), journal=(make.entry(),))
        ready.wait()
        try:
            on_disk.commit("hafen", epoch, plan, now=1, run=f"r{number}")
            outcomes.append(number)
        except Overlap:
            outcomes.append(None)

    threads = [threading.Thread(target=book, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    winners = [number for number in outcomes if number is not None]
    assert (len(outcomes), len(winners)) == (50, 1)
    assert [each.id for each in on_disk.appointments("hafen")] == [f"b{winners[0]}"]
    assert [line.run for line in on_disk.journal("hafen")] == [f"r{winners[0]}"]


def test_the_file_is_guarded_against_any_program(on_disk, make, path):
    epoch = on_disk.begin_cycle("hafen")
    both = (make.appointment("a"), make.appointment("b", exclusive=False))
    on_disk.commit("hafen", epoch, Plan(appointments=both), now=1, run="r")
    stranger = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="claims_overlap"):
        stranger.execute("INSERT INTO claims SELECT clinic, resource, 'b', start + 1, \"end\" FROM claims")
    stranger.close()
