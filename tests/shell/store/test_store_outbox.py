"""The outbox: newest intent wins, nothing overtakes what was sent, the words of a write never change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calbridge.hub import Effect, Task
from calbridge.model import Alternative, Details, State
from calbridge.provider import PmsChange, PortalChange
from calbridge.store import Store, Superseded
from calbridge.views import PmsView, PortalView


@pytest.fixture
def booked(make, commit):
    """Two appointments to write about."""
    commit(appointments=(make.appointment("a"), make.appointment("b", start=make.now + 7200)))


@pytest.fixture
def queue(store, epoch, make, booked):
    """Queue effects; give back what is due."""

    def add(*effects):
        store.enqueue("hafen", epoch, effects, now=make.now, run="run-1")
        return store.outbox("hafen", now=make.now)

    return add


@pytest.fixture
def send(store, epoch, make):
    def mark(row):
        store.mark_sent("hafen", epoch, row, now=make.now)
        return row

    return mark


def words(rows):
    return [(row.connection, row.effect.change.key, row.state) for row in rows]


def test_effects_become_intents_in_the_order_decided(make, queue):
    effects = [make.effect(key, name) for name in ("pms", "calendar", "portal") for key in ("b", "a")]
    rows = queue(*effects)
    assert [row.effect for row in rows] == effects
    assert {(row.state, row.attempts, row.not_before, row.why) for row in rows} == {("intent", 0, make.now, "")}


def test_a_commit_queues_its_effects(store, make, commit):
    commit(appointments=(make.appointment(),), effects=(make.effect(),))
    assert [row.effect for row in store.outbox("hafen", now=make.now)] == [make.effect()]


def test_a_plan_says_all_that_is_due(store, make, commit, queue, send):
    """A write that nobody wants any more would do harm; what was sent has to be resolved all the same."""
    sent = send(queue(make.effect("a", "pms"))[0])
    queue(make.effect("a", "calendar"), make.effect("b", "calendar"), make.effect("a", "pms", word="2"))
    commit(effects=(make.effect("b", "calendar"),))
    assert words(store.waiting("hafen")) == [("pms", "a-1", "sent"), ("calendar", "b-1", "intent")]
    commit()
    assert [row.id for row in store.waiting("hafen")] == [sent.id]


def test_the_words_of_a_write_survive_a_restart(path, make):
    change = PmsChange(
        key="a-1",
        appointment="a",
        revision=1,
        view=PmsView(state=State.CONFIRMED, resource="anna", start=0, end=10, co_resources=("room1",)),
        version='"7"',
        ref="visit/a",
        previous=PmsView(state=State.HELD, resource="anna", start=0, end=10),
        details=Details(first_name="Ä"),
        remove=True,
        reason="slot_unavailable",
    )
    effect = Effect(connection="pms", change=change, asked="1")
    first = Store.open(path)
    epoch = first.begin_cycle("hafen")
    first.enqueue("hafen", epoch, [effect], now=1, run="r")
    first.mark_sent("hafen", epoch, first.outbox("hafen", now=1)[0], now=1)
    first.close()
    second = Store.open(path)
    (row,) = second.outbox("hafen", now=1)
    second.close()
    assert (row.effect, row.state) == (effect, "sent")


def test_a_new_intent_takes_the_place_of_one_never_sent(make, queue):
    queue(make.effect(word="1"), make.effect("b"))
    rows = queue(make.effect(word="2"))
    assert words(rows) == [("calendar", "b-1", "intent"), ("calendar", "a-2", "intent")]


def test_other_sides_and_other_appointments_are_left_alone(make, queue):
    before = queue(make.effect("a", "pms"), make.effect("b", "calendar"))
    assert queue(make.effect("a", "calendar"))[:2] == before


def test_the_same_write_decided_again_keeps_its_place_and_its_back_off(store, epoch, make, queue):
    """One project tried an item that could never be represented 50 times an hour."""
    (row,) = queue(make.effect())
    store.defer("hafen", epoch, row, until=make.now + 600, why="503")
    assert queue(make.effect()) == []
    (later,) = store.outbox("hafen", now=make.now + 600)
    assert (later.id, later.attempts, later.not_before, later.why) == (row.id, 1, make.now + 600, "503")


def test_a_different_write_does_not_inherit_the_back_off(store, epoch, make, queue):
    (row,) = queue(make.effect(word="1"))
    store.defer("hafen", epoch, row, until=make.now + 600, why="503")
    (fresh,) = queue(make.effect(word="2"))
    assert (fresh.attempts, fresh.why) == (0, "")


def test_an_intent_waits_behind_what_was_sent(store, epoch, make, queue, send):
    sent = send(queue(make.effect(word="1"))[0])
    assert words(queue(make.effect(word="2"), make.effect("b"))) == [
        ("calendar", "a-1", "sent"),
        ("calendar", "b-1", "intent"),
    ]
    store.defer("hafen", epoch, sent, until=make.now + 60, why="lost answer")
    assert words(store.outbox("hafen", now=make.now)) == [("calendar", "b-1", "intent")]
    store.drop("hafen", epoch, sent, journal=(), now=make.now, run="r")
    assert words(store.outbox("hafen", now=make.now)) == [
        ("calendar", "a-2", "intent"),
        ("calendar", "b-1", "intent"),
    ]


def test_what_waits_behind_a_sent_one_is_replaced_too(store, make, queue, send):
    send(queue(make.effect(word="1"))[0])
    queue(make.effect(word="2"))
    queue(make.effect(word="3"))
    assert words(store.waiting("hafen")) == [("calendar", "a-1", "sent"), ("calendar", "a-3", "intent")]


def test_what_is_on_its_way_already_is_not_queued_again(store, make, queue, send):
    send(queue(make.effect(word="1"))[0])
    queue(make.effect(word="2"))
    queue(make.effect(word="1"))
    assert words(store.waiting("hafen")) == [("calendar", "a-1", "sent")]


def refusal(word, *starts, reason="slot_unavailable"):
    """One that its client is to be told, with these times instead."""
    view = PortalView(state=State.DECLINED, resource="anna", start=0, end=10, decline_reason=reason)
    free = tuple(Alternative(resource="anna", start=start, end=start + 10) for start in starts)
    change = PortalChange(
        key=f"a-{word}", appointment="a", revision=int(word), view=view, remove=True, ref="b/1", alternatives=free
    )
    return Effect(connection="portal", change=change, asked="declined")


def test_the_same_write_says_what_is_so_now(store, epoch, queue, make):
    """Two plans made of one state have one key: the later one's words count, in its place and with its back-off."""
    (row,) = queue(refusal("1", 100))
    store.defer("hafen", epoch, row, until=make.now + 600, why="503")
    queue(refusal("1", 200))
    (later,) = store.outbox("hafen", now=make.now + 600)
    assert (later.id, later.attempts, later.effect) == (row.id, 1, refusal("1", 200))


def test_a_refusal_that_was_sent_names_no_times_that_are_taken_by_now(store, epoch, queue, send, make):
    sent = send(queue(refusal("1", 100, 200))[0])
    store.defer("hafen", epoch, sent, until=make.now + 600, why="lost answer")
    queue(refusal("2", 200, 300))
    (row,) = store.waiting("hafen")
    assert (row.id, row.state, row.attempts, row.not_before) == (sent.id, "sent", 1, make.now + 600)
    assert row.effect == refusal("2", 200, 300)
    queue(refusal("3"))  # nothing is free any more
    assert [row.effect.change.alternatives for row in store.waiting("hafen")] == [()]


@pytest.mark.parametrize(
    "other",
    [refusal("2", 200, reason="too_late_to_move"), replace(refusal("2", 200), asked="confirmed")],
    ids=["another reason", "another view"],
)
def test_whatever_else_was_sent_keeps_its_words(other, store, queue, send):
    first = refusal("1", 100)
    send(queue(first)[0])
    other = replace(other, change=replace(other.change, view=replace(other.change.view, start=5)))
    queue(other)
    assert [(row.state, row.effect) for row in store.waiting("hafen")] == [("sent", first), ("intent", other)]


def test_the_unresolved_come_first(make, queue, send, store):
    rows = queue(make.effect("a", "pms"), make.effect("b", "calendar"))
    send(rows[1])
    assert [row.state for row in store.outbox("hafen", now=make.now)] == ["sent", "intent"]
    assert store.load("hafen", [], since=0).unresolved == {("calendar", "b")}


def test_a_deferred_row_is_due_at_its_instant(store, epoch, make, queue):
    (row,) = queue(make.effect())
    for attempt in (1, 2):
        store.defer("hafen", epoch, row, until=make.now + 60, why="busy")
        assert store.waiting("hafen")[0].attempts == attempt
    assert store.outbox("hafen", now=make.now + 59) == []
    assert len(store.outbox("hafen", now=make.now + 60)) == 1


def test_a_confirmation_is_one_transaction(store, epoch, make, queue, send):
    row = send(queue(make.effect())[0])
    written = make.appointment(written=True)
    shadow = make.shadow(asked="asked-1", revision=1, confirmed=make.now)
    store.open_task("hafen", Task(key="old", kind="write", sentence="Stuck."), now=1)
    store.confirm(
        "hafen",
        epoch,
        row,
        shadow=shadow,
        appointment=written,
        journal=[make.entry("written", connection="calendar", appointment="a")],
        tasks=[Task(key="new", kind="echo", sentence="Look.")],
        settled=["old"],
        now=make.now,
        run="run-2",
    )
    state = store.load("hafen", [], since=0)
    assert (state.appointments["a"], state.shadows, state.unresolved) == (
        written,
        {("calendar", "a"): shadow},
        frozenset(),
    )
    assert store.waiting("hafen") == []
    assert [task.key for task in store.tasks("hafen")] == ["new"]
    assert [(line.code, line.run) for line in store.journal("hafen")] == [("written", "run-2")]


def test_a_confirmation_without_shadow_forgets_it(store, epoch, make, commit, queue):
    commit(shadows=(make.shadow(), make.shadow(connection="pms")))
    (row,) = queue(make.effect(remove=True))
    store.confirm("hafen", epoch, row, shadow=None, appointment=None, journal=(), now=1, run="r")
    state = store.load("hafen", [], since=0)
    assert set(state.shadows) == {("pms", "a")}
    assert state.appointments["a"] == make.appointment()


def test_a_write_given_up_says_why(store, epoch, make, queue):
    (row,) = queue(make.effect())
    task = Task(key="k", kind="conflict", sentence="Taken.")
    store.drop("hafen", epoch, row, journal=[make.entry("conflict")], tasks=[task], now=1, run="r")
    assert store.waiting("hafen") == []
    assert [line.code for line in store.journal("hafen")] == ["conflict"]
    assert [each.key for each in store.tasks("hafen")] == ["k"]


def test_a_row_that_was_replaced_cannot_be_used_any_more(store, epoch, make, queue, rows):
    (stale,) = queue(make.effect(word="1"))
    queue(make.effect(word="2"))
    before = rows(store)
    told = {"journal": [make.entry()], "now": 1, "run": "r"}
    for call in (
        lambda: store.mark_sent("hafen", epoch, stale, now=1),
        lambda: store.defer("hafen", epoch, stale, until=1, why=""),
        lambda: store.drop("hafen", epoch, stale, **told),
        lambda: store.confirm("hafen", epoch, stale, shadow=make.shadow(), appointment=None, **told),
    ):
        with pytest.raises(Superseded) as caught:
            call()
        assert (caught.value.recovery, caught.value.connection) == ("replan", "calendar")
    assert rows(store) == before
