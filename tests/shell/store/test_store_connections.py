"""Connections: approval, health, and what happens when one turns out to be another place (R14, R27)."""

from __future__ import annotations

import pytest

from calbridge.errors import ConfigError
from calbridge.hub import Observation, Task
from calbridge.interval import Interval
from calbridge.provider import Busy, Complete


@pytest.fixture
def known(store, epoch, make, commit):
    """Two connections that have been read, approved and written to."""
    store.load("hafen", [make.link(), make.link("pms")], since=0)
    for name in ("calendar", "pms"):
        store.approve("hafen", name)  # before it is read: the first read after it is a full one
    full = Observation(feed=Complete(window=Interval(0, 1), items=(), cursor="token"), started=500)
    busy = Busy(ref="b", version="1", resource="anna", spans=())
    commit(
        appointments=(make.appointment(),),
        shadows=(make.shadow(), make.shadow(connection="pms")),
        foreign=(("calendar", busy), ("pms", busy)),
        reads={"calendar": full, "pms": full},
        effects=(make.effect(), make.effect(connection="pms")),
    )
    for name in ("calendar", "pms"):
        store.publish("hafen", epoch, name, {("anna", "2026-01-01"): "d"}, revision=1)
    store.release("hafen", "calendar")


def codes(store):
    return [(line.code, line.connection) for line in store.journal("hafen")]


def test_the_store_fills_in_what_it_knows(store, make, known):
    state = store.load("hafen", [make.link(rank=0)], since=0)
    assert state.links == {
        "calendar": make.link(
            rank=0, cursor="token", approved=True, released=True, last_success=500, last_full=500, reach=1
        )
    }


def test_another_fingerprint_is_another_place(store, make, known):
    store.connection_failed("hafen", "calendar", now=1, until=2, why="x", recovery="retry")
    state = store.load("hafen", [make.link(fingerprint="two"), make.link("pms")], since=0)
    fresh = state.links["calendar"]
    assert fresh == make.link(fingerprint="two", approved=False)
    assert state.links["pms"].cursor == "token"
    assert set(state.appointments) == {"a"}, "never a deletion of appointments"
    assert set(state.shadows) == {("pms", "a")}
    assert set(state.foreign) == {("pms", "b")}
    assert [row.connection for row in store.waiting("hafen")] == ["pms"], "its writes name refs of the old place"
    assert store.published("hafen", "calendar") == {}
    assert store.published("hafen", "pms")
    last = store.journal("hafen")[-1]
    assert (last.code, last.connection, last.at) == ("connection.changed", "calendar", make.now)
    assert last.facts == {"shadows": "1", "foreign_records": "1", "outbox": "1", "offers": "1"}
    assert [c.retry_at for c in store.connections("hafen") if c.name == "calendar"] == [None]


def test_the_change_is_noted_once(store, make, known):
    for _ in range(3):
        store.load("hafen", [make.link(fingerprint="two")], since=0)
    assert codes(store).count(("connection.changed", "calendar")) == 1


def test_a_rehearsal_sees_the_change_and_leaves_no_trace(store, make, known, rows):
    before = rows(store)
    changed = [make.link(fingerprint="two"), make.link("new")]
    state = store.load("hafen", changed, since=0, dry=True)
    assert set(state.shadows) == {("pms", "a")}
    assert state.links["calendar"].cursor == ""
    assert rows(store) == before


def test_a_connection_that_failed_before_it_was_ever_loaded_is_not_a_changed_one(store, make, epoch):
    store.connection_failed("hafen", "calendar", now=1, until=None, why="broken plugin", recovery="human")
    store.load("hafen", [make.link()], since=0)
    assert ("connection.changed", "calendar") not in codes(store)


def test_loading_again_writes_nothing(store, make, known, rows):
    links = [make.link(), make.link("pms")]
    store.load("hafen", links, since=0)
    before = rows(store)
    store.load("hafen", links, since=0)
    assert rows(store) == before


# --- approval and release -----------------------------------------------------------------------------


def test_a_new_connection_waits_for_approval(store, make):
    assert not store.load("hafen", [make.link()], since=0).links["calendar"].approved
    store.approve("hafen", "calendar")
    store.approve("hafen", "calendar")
    assert store.load("hafen", [make.link()], since=0).links["calendar"].approved
    assert codes(store) == [("connection.approved", "calendar")], "saying so again changes nothing"


def test_approval_may_come_before_the_first_read(store, make):
    store.approve("hafen", "calendar")
    assert store.load("hafen", [make.link()], since=0).links["calendar"].approved


@pytest.mark.parametrize("call", ["release", "retire"])
def test_an_unknown_connection_is_named(store, call):
    with pytest.raises(ConfigError, match="hafen has never met a connection 'calender'"):
        getattr(store, call)("hafen", "calender")


def test_a_release_is_journalled(store, make, known):
    assert codes(store)[-1] == ("guard.released", "calendar")


def test_a_retired_connection_blocks_no_time_any_more(store, make, known):
    store.retire("hafen", "calendar")
    state = store.load("hafen", [make.link("pms")], since=0)
    assert set(state.foreign) == {("pms", "b")}
    assert set(state.appointments) == {"a"}
    assert [each.name for each in store.connections("hafen")] == ["pms"]


# --- health -------------------------------------------------------------------------------------------


def test_failures_are_counted_until_it_answers(store, make, known):
    for number in (1, 2):
        store.connection_failed("hafen", "calendar", now=number, until=number + 60, why="503", recovery="retry")
    calendar, pms = store.connections("hafen")
    assert (calendar.failing_since, calendar.retry_at, calendar.attempts) == (1, 62, 2)
    assert (calendar.why, calendar.recovery, calendar.last_success) == ("503", "retry", 500)
    assert (calendar.approved, calendar.released, calendar.has_cursor) == (True, True, True)
    assert (pms.why, pms.recovery, pms.attempts) == ("", "", 0)
    store.connection_ok("hafen", "calendar", now=3)
    calendar = store.connections("hafen")[0]
    assert (calendar.failing_since, calendar.retry_at, calendar.attempts, calendar.why) == (None, None, 0, "")


def test_the_task_of_a_failing_connection_is_settled_when_it_answers(store):
    task = Task(key="connection:pms", kind="connection", sentence="Password refused.", connection="pms")
    store.open_task("hafen", task, now=1)
    store.connection_ok("hafen", "calendar", now=2)
    assert [each.key for each in store.tasks("hafen")] == ["connection:pms"]
    store.connection_ok("hafen", "pms", now=2)
    assert store.tasks("hafen") == []


def test_the_journal_gets_turns_not_attempts(store):
    for recovery in ("retry", "retry", "human", "human"):
        store.connection_failed("hafen", "pms", now=1, until=2, why="401 for Mustermann", recovery=recovery)
    store.connection_ok("hafen", "pms", now=3)
    store.connection_ok("hafen", "pms", now=4)
    assert [(line.code, dict(line.facts)) for line in store.journal("hafen")] == [
        ("connection.failed", {"recovery": "retry"}),
        ("connection.failed", {"recovery": "human"}),
        ("connection.recovered", {"attempts": "4"}),
    ]
