"""What a cycle commits is what the next cycle loads; all of a plan or nothing of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calbridge.hub import Command, HubState, Observation, People, Plan, Task
from calbridge.interval import Interval
from calbridge.model import Details, Side, State
from calbridge.provider import AbsenceRecord, Busy, Complete, Delta, NotModified, Partial, Unreadable, WindowRecord
from calbridge.store import Fenced, Overlap
from calbridge.views import PmsView, PortalView


def test_an_empty_clinic_loads_empty(store, make):
    state = store.load("hafen", [make.link()], since=0)
    assert state == HubState(links={"calendar": make.link(approved=False)})


def test_a_whole_plan_comes_back(store, make, commit):
    full = make.appointment(
        co_resources=("room1",),
        buffer_after=300,
        details=Details(first_name="Ä", email="a@b"),
        hold_expires=7,
        state=State.HELD,
        origin=Side.CLINIC,
        match="ambiguous",
    )
    views = {
        "pms": PmsView(state=State.HELD, resource="anna", start=1, end=2, co_resources=("room1",)),
        "portal": PortalView(state=State.HELD, resource="anna", start=1, end=2),
        "calendar": None,
    }
    shadows = [
        make.shadow(connection=name, view=view, asked="x", revision=3, confirmed=4) for name, view in views.items()
    ]
    foreign = [
        Busy(ref="b", version="1", resource="anna", spans=(Interval(1, 2),), tentative=True),
        WindowRecord(ref="w", version="1", resource="anna", spans=(Interval(1, 2), Interval(3, 4)), kind="work"),
        AbsenceRecord(ref="h", version="1", resource="anna", spans=()),
        Unreadable(ref="u", version="1", why="line 3"),
    ]
    commit(appointments=(full,), shadows=tuple(shadows), foreign=tuple(("calendar", each) for each in foreign))
    state = store.load("hafen", [], since=0)
    assert state.appointments == {"a": full}
    assert state.shadows == {(each.connection, "a"): each for each in shadows}
    assert state.foreign == {("calendar", each.ref): each for each in foreign}


def test_a_later_plan_replaces_forgets_and_drops(store, make, commit):
    busy = Busy(ref="b", version="1", resource="anna", spans=())
    commit(
        appointments=(make.appointment(),),
        shadows=(make.shadow(), make.shadow(connection="pms")),
        foreign=(("calendar", busy), ("pms", busy)),
    )
    moved, newer = make.appointment(start=make.now + 60, revision=2), make.shadow(version="2")
    later = replace(busy, version="2")
    commit(
        appointments=(moved,),
        shadows=(newer,),
        forgotten=(("pms", "a"),),
        foreign=(("pms", later),),
        foreign_gone=(("calendar", "b"),),
    )
    state = store.load("hafen", [], since=0)
    assert state.appointments == {"a": moved}
    assert state.shadows == {("calendar", "a"): newer}
    assert state.foreign == {("pms", "b"): later}


def test_clinics_do_not_see_each_other(store, make, commit):
    commit(
        appointments=(make.appointment(),),
        shadows=(make.shadow(),),
        foreign=(("calendar", Busy(ref="b", version="1", resource="anna", spans=())),),
        journal=(make.entry(),),
        tasks=(Task(key="k", kind="match", sentence="Look."),),
        effects=(make.effect(),),
    )
    store.add_command("hafen", Command(kind="accept", appointment="a"))
    other = store.begin_cycle("berg")
    store.commit("berg", other, Plan(appointments=(make.appointment(clinic="berg"),)), now=1, run="r")
    state = store.load("berg", [], since=0)
    assert state == HubState(appointments={"a": make.appointment(clinic="berg")})
    assert [store.journal("berg"), store.tasks("berg"), store.waiting("berg")] == [[], [], []]


# --- which appointments are loaded ------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
def test_the_ended_are_loaded_only_when_they_end_late_enough(store, make, commit, state):
    old = make.appointment("old", start=1000, state=state)
    edge = make.appointment("edge", start=make.now - 1800, state=state)
    commit(appointments=(old, edge), shadows=(make.shadow("old"), make.shadow("edge")))
    loaded = store.load("hafen", [], since=make.now)
    expected = {"edge"} if state.ended else {"old", "edge"}
    assert set(loaded.appointments) == expected
    assert {key for _, key in loaded.shadows} == expected


def test_an_old_ended_one_is_loaded_while_a_write_or_a_command_is_open(store, make, commit, epoch):
    ended = [make.appointment(key, start=1000, state=State.CANCELLED) for key in ("intent", "sent", "asked", "quiet")]
    commit(appointments=tuple(ended), effects=(make.effect("sent"),))
    (row,) = store.outbox("hafen", now=make.now)
    store.mark_sent("hafen", epoch, row, now=make.now)
    store.enqueue("hafen", epoch, [make.effect("intent")], now=make.now, run="r")
    store.add_command("hafen", Command(kind="link", appointment="asked"))
    state = store.load("hafen", [], since=make.now)
    assert set(state.appointments) == {"intent", "sent", "asked"}
    assert state.unresolved == {("calendar", "sent")}


# --- cursors ------------------------------------------------------------------------------------------


def read(feed, started=500):
    return {"calendar": Observation(feed=feed, started=started)}


def linked(store, make):
    return store.load("hafen", [make.link()], since=0).links["calendar"]


@pytest.mark.parametrize(
    ("feed", "cursor", "last_success", "last_full"),
    [
        (Complete(window=Interval(0, 1), items=(), cursor="new"), "new", 500, 500),
        (Complete(window=Interval(0, 1), items=()), "", 500, 500),
        (Delta(changed=(), cursor="new"), "new", 500, 100),
        (Delta(changed=()), "old", 500, 100),
        (NotModified(cursor="new"), "new", 500, 100),
        (NotModified(), "old", 500, 100),
        (Partial(window=Interval(0, 1), items=()), "old", 100, 100),
    ],
)
def test_how_far_each_kind_of_read_came(store, make, commit, feed, cursor, last_success, last_full):
    commit(reads=read(Complete(window=Interval(0, 1), items=(), cursor="old"), started=100))
    commit(reads=read(feed))
    link = linked(store, make)
    assert (link.cursor, link.last_success, link.last_full, link.reach) == (cursor, last_success, last_full, 1)


def test_news_of_clients_that_was_heard_is_known_also_of_a_read_that_is_not_kept(store, make, commit):
    assert linked(store, make).people == People()
    for heard in (People(news="7", asked=100), People(news="7", asked=None), People(news="8", asked=200)):
        commit(people={"calendar": heard})
        assert linked(store, make).people == heard
    assert linked(store, make).last_success is None
    assert store.load("hafen", [make.link(fingerprint="two")], since=0).links["calendar"].people == People()


def test_what_is_to_be_read_in_full_is_until_it_was(store, make, commit):
    whole = Complete(window=Interval(0, 1), items=(), cursor="c")
    commit(reads=read(whole), full_due=frozenset({"calendar"}))
    for feed in (Delta(changed=(), cursor="d"), NotModified(), Partial(window=Interval(0, 1), items=())):
        commit(reads=read(feed))
        assert linked(store, make).full_due
    commit(reads=read(whole))
    assert not linked(store, make).full_due


def test_what_is_waited_for_is_kept_and_wakes_the_bridge(store, make, commit):
    assert store.next_awaited("hafen", after=0) is None
    first, second = make.shadow(awaited=make.now + 60), make.shadow("b", awaited=make.now + 30)
    commit(appointments=(make.appointment(), make.appointment("b", start=9_000)), shadows=(first, second))
    assert set(store.load("hafen", [], since=0).shadows.values()) == {first, second}
    assert store.next_awaited("hafen", after=make.now) == make.now + 30
    assert store.next_awaited("hafen", after=make.now + 30) == make.now + 60
    assert store.next_awaited("elsewhere", after=0) is None
    commit(forgotten=(("calendar", "a"), ("calendar", "b")))
    assert store.next_awaited("hafen", after=0) is None


def test_a_release_lasts_for_the_cycle_that_saw_it(store, make, commit):
    linked(store, make)
    store.release("hafen", "calendar")
    assert linked(store, make).released
    commit()
    assert linked(store, make).released, "a cycle that did not read the connection leaves the release alone"
    commit(reads=read(Partial(window=Interval(0, 1), items=())))
    assert linked(store, make).released, "a partial read cannot have passed the guard"
    commit(reads=read(NotModified()))
    assert not linked(store, make).released


def test_a_release_given_during_a_cycle_is_kept_for_the_next(store, make, commit):
    assert not linked(store, make).released
    store.release("hafen", "calendar")
    commit(reads=read(NotModified()))
    assert linked(store, make).released


# --- commands -----------------------------------------------------------------------------------------


def test_commands_wait_until_a_plan_consumes_them(store, make, commit):
    first = store.add_command("hafen", Command(kind="accept", appointment="a"))
    second = store.add_command("hafen", Command(kind="decline", appointment="b", reason="voll", notify=False))
    third = store.add_command("hafen", Command(kind="link", appointment="c", client="k1", patient="p1"))
    assert store.load("hafen", [], since=0).commands == (
        Command(id=first, kind="accept", appointment="a"),
        Command(id=second, kind="decline", appointment="b", reason="voll", notify=False),
        Command(id=third, kind="link", appointment="c", client="k1", patient="p1"),
    )
    commit(commands=(first, third))
    assert [each.id for each in store.load("hafen", [], since=0).commands] == [second]


# --- all or nothing -----------------------------------------------------------------------------------


def test_an_overlap_rolls_the_whole_plan_back(store, make, commit, rows):
    commit(appointments=(make.appointment("holder"),))
    store.add_command("hafen", Command(kind="accept", appointment="a"))
    before = rows(store)
    with pytest.raises(Overlap) as caught:
        commit(
            appointments=(make.appointment("other", start=make.now + 7200), make.appointment("late", make.now + 60)),
            shadows=(make.shadow("other"),),
            foreign=(("calendar", Busy(ref="b", version="1", resource="anna", spans=())),),
            reads=read(NotModified(cursor="new")),
            journal=(make.entry(),),
            tasks=(Task(key="k", kind="match", sentence="Look."),),
            commands=(1,),
            effects=(make.effect("other"),),
        )
    assert (caught.value.appointment, caught.value.resource, caught.value.recovery) == ("late", "anna", "replan")
    assert rows(store) == before


def fenced_calls(make, row):
    """Every write that belongs to a cycle."""
    plan = Plan(appointments=(make.appointment("new", start=make.now + 9999),), journal=(make.entry(),))
    told = {"journal": [make.entry()], "now": 1, "run": "r"}
    return {
        "commit": lambda store, epoch: store.commit("hafen", epoch, plan, now=1, run="r"),
        "mark_sent": lambda store, epoch: store.mark_sent("hafen", epoch, row, now=1),
        "confirm": lambda store, epoch: store.confirm(
            "hafen", epoch, row, shadow=make.shadow(), appointment=make.appointment(revision=9), **told
        ),
        "drop": lambda store, epoch: store.drop("hafen", epoch, row, **told),
        "defer": lambda store, epoch: store.defer("hafen", epoch, row, until=1, why="x"),
        "enqueue": lambda store, epoch: store.enqueue("hafen", epoch, [make.effect("z")], now=1, run="r"),
        "publish": lambda store, epoch: store.publish(
            "hafen", epoch, "portal", {("anna", "2026-01-01"): "d"}, revision=1
        ),
    }


@pytest.mark.parametrize("name", ["commit", "mark_sent", "confirm", "drop", "defer", "enqueue", "publish"])
def test_a_stale_epoch_writes_nothing(store, make, commit, epoch, rows, name):
    commit(appointments=(make.appointment(),), effects=(make.effect(),))
    (row,) = store.outbox("hafen", now=make.now)
    call = fenced_calls(make, row)[name]
    newer = store.begin_cycle("hafen")
    assert newer == epoch + 1
    before = rows(store)
    for stale in (epoch, 0, newer + 1):
        with pytest.raises(Fenced, match="overtaken") as caught:
            call(store, stale)
        assert caught.value.recovery == "replan"
    assert rows(store) == before
    call(store, newer)
    assert rows(store) != before


def test_epochs_are_of_one_clinic(store, epoch):
    assert store.begin_cycle("berg") == 1
    assert store.begin_cycle("hafen") == epoch + 1
    assert store.begin_cycle("berg") == 2


def test_a_clinic_that_never_began_a_cycle_accepts_no_write(store, make):
    with pytest.raises(Fenced):
        store.commit("berg", 0, Plan(), now=1, run="r")


# --- listing ------------------------------------------------------------------------------------------


def test_appointments_are_listed_by_start_inside_a_half_open_range(store, make, commit):
    early, middle, late = (make.appointment(key, start=at) for key, at in (("c", 0), ("b", 1800), ("a", 3600)))
    point = make.appointment("p", start=1800, end=1800, state=State.CANCELLED)
    commit(appointments=(late, middle, early, point))
    listed = store.appointments
    assert listed("hafen") == [early, middle, point, late]
    assert listed("hafen", frm=1800) == [middle, point, late]
    assert listed("hafen", to=1800) == [early]
    assert listed("hafen", frm=1801, to=3600) == [middle]
    assert listed("hafen", states={State.CANCELLED}) == [point]
    assert listed("hafen", states=set()) == []
