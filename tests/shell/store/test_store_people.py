"""Tasks, the journal, and what portals were told: one open task per key, every decision findable, hints once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calbridge.errors import ConfigError
from calbridge.hub import Task

TASK = Task(key="match:a", kind="match", sentence="Two clients fit.", appointment="a", connection="portal")
DAY = 86_400


def states(store):
    return [(task.key, task.state, task.sentence) for task in store.tasks("hafen", open_only=False)]


def test_a_task_keeps_what_it_was_given(store, commit, make):
    commit(tasks=(TASK,))
    (row,) = store.tasks("hafen")
    assert (row.key, row.kind, row.sentence, row.appointment, row.connection) == (
        "match:a", "match", "Two clients fit.", "a", "portal",
    )  # fmt: skip
    assert (row.state, row.opened, row.changed) == ("open", make.now, make.now)


def test_one_open_task_per_key(store, commit):
    commit(tasks=(TASK,))
    first = store.tasks("hafen")
    commit(tasks=(TASK, TASK))
    assert store.tasks("hafen") == first
    commit(tasks=(replace(TASK, sentence="Three clients fit."),))
    assert states(store) == [("match:a", "open", "Three clients fit.")]


def test_a_dismissed_task_stays_away_until_it_says_something_new(store, commit, clock):
    commit(tasks=(TASK,))
    clock.instant += 5
    store.dismiss("hafen", store.tasks("hafen")[0].id)
    commit(tasks=(TASK,))
    assert store.tasks("hafen") == []
    commit(tasks=(replace(TASK, sentence="Three clients fit."),))
    assert states(store) == [("match:a", "open", "Three clients fit.")]
    line = store.journal("hafen")[-1]
    assert (line.code, line.appointment, line.connection, line.at) == ("task.dismissed", "a", "portal", clock.instant)
    assert line.facts == {"task": "match:a", "kind": "match"}, "the sentence stays out of the journal"


@pytest.mark.parametrize("dismissed", [True, False])
def test_a_cause_that_went_and_came_back_opens_the_task_again(store, commit, dismissed):
    commit(tasks=(TASK,))
    if dismissed:
        store.dismiss("hafen", store.tasks("hafen")[0].id)
    commit(settled=("match:a", "nothing:b"))
    assert states(store) == [("match:a", "settled", "Two clients fit.")]
    commit(tasks=(TASK,))
    assert [task.key for task in store.tasks("hafen")] == ["match:a"]


def test_a_task_settled_and_raised_in_one_plan_is_open(store, commit):
    commit(tasks=(TASK,))
    commit(tasks=(TASK,), settled=("match:a",))
    assert [task.key for task in store.tasks("hafen")] == ["match:a"]


def test_tasks_outside_a_plan(store, commit):
    store.open_task("hafen", TASK, now=5)
    assert store.tasks("hafen")[0].opened == 5
    commit(settled=("match:a",))
    assert states(store) == [("match:a", "settled", "Two clients fit.")]


def test_only_an_open_task_of_this_clinic_can_be_dismissed(store, commit):
    commit(tasks=(TASK,))
    number = store.tasks("hafen")[0].id
    with pytest.raises(ConfigError, match=f"clinic berg has no open task {number}"):
        store.dismiss("berg", number)
    store.dismiss("hafen", number)
    with pytest.raises(ConfigError, match="no open task"):
        store.dismiss("hafen", number)


# --- journal --------------------------------------------------------------------------------------------


def test_the_journal_is_newest_last_and_can_be_narrowed(store, commit, epoch, make):
    facts = {"rule": "too_soon", "start": "5"}
    commit(
        journal=(make.entry("a1", appointment="a", connection="portal", facts=facts), make.entry("b1", appointment="b"))
    )
    store.enqueue("hafen", epoch, [make.effect()], now=1, run="run-2")
    row = store.outbox("hafen", now=1)[0]
    store.drop("hafen", epoch, row, journal=[make.entry("a2", appointment="a")], now=7, run="run-2")
    assert [line.code for line in store.journal("hafen")] == ["a1", "b1", "a2"]
    assert [line.code for line in store.journal("hafen", limit=2)] == ["b1", "a2"]
    assert [line.code for line in store.journal("hafen", appointment="a")] == ["a1", "a2"]
    assert [line.code for line in store.journal("hafen", run="run-2")] == ["a2"]
    assert store.journal("hafen", appointment="a", run="run-1", limit=1)[0].facts == facts
    first = store.journal("hafen")[0]
    assert (first.run, first.at, first.connection) == ("run-1", make.now, "portal")


# --- availability published -------------------------------------------------------------------------------


def test_published_days_are_remembered_until_they_are_emptied(store, epoch):
    days = {("anna", "2026-12-01"): "x", ("anna", "2026-12-02"): "y"}
    store.publish("hafen", epoch, "portal", days, revision=1)
    assert store.published("hafen", "portal") == days
    store.publish("hafen", epoch, "portal", {("anna", "2026-12-01"): "z", ("anna", "2026-12-02"): ""}, revision=2)
    assert store.published("hafen", "portal") == {("anna", "2026-12-01"): "z"}
    assert store.published("hafen", "other") == {}


def test_a_source_revision_never_repeats(store):
    first = store.next_revision("hafen")
    assert first >= 1_800_000_000  # at least the store's present: a restored database does not fall behind
    assert [store.next_revision("hafen") for _ in range(2)] == [first + 1, first + 2]
    assert store.next_revision("berg") == first, "clinics count apart"
    assert store.begin_cycle("hafen") == 1, "epochs count apart"


# --- webhooks -------------------------------------------------------------------------------------------------


def test_a_repeated_delivery_is_known_for_two_weeks(store):
    assert not store.seen_before("hafen", "portal", "msg-1", now=0)
    assert store.seen_before("hafen", "portal", "msg-1", now=1)
    assert store.seen_before("hafen", "portal", "msg-1", now=14 * DAY - 1), "76 hours of retries and more"
    assert not store.seen_before("hafen", "portal", "msg-1", now=14 * DAY)
    assert not store.seen_before("hafen", "other", "msg-1", now=14 * DAY)
    assert not store.seen_before("berg", "portal", "msg-1", now=14 * DAY)


def test_old_hints_are_forgotten(store, rows):
    for number in range(5):
        store.seen_before("hafen", "portal", f"old-{number}", now=0)
    store.seen_before("hafen", "portal", "new", now=15 * DAY)
    assert "old-" not in "".join(rows(store))


def test_a_hint_without_id_is_always_new(store):
    assert [store.seen_before("hafen", "portal", "", now=now) for now in (1, 1, 2)] == [False, False, False]
