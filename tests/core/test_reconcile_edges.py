"""Histories that broke an earlier reconciliation: each is a story of two sides, a fault or a late read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import taken

from calbridge.hub import Answers, Command, HubState, Observation
from calbridge.interval import Interval
from calbridge.model import Clinic, Details, Resource, Rules, Service, Side, State, WallWindow
from calbridge.provider import (
    AbsenceRecord,
    Busy,
    ClosureRecord,
    Complete,
    Entry,
    Gone,
    Partial,
    Receipt,
    Stamp,
    Unknown,
    Unreadable,
)
from calbridge.reconcile import facts, questions, reconcile
from calbridge.testing.pure import ALL_TIME, PureHub, changed, everything, links
from calbridge.views import CalendarView, PmsView, PortalView

NOW = 1_795_420_800  # 2026-11-23 08:00 UTC, a Monday
DAY = 86_400
TEN = NOW + 3600 + DAY  # Tuesday 10:00 in Berlin
HALF = 1800
MARA = Details(first_name="Mara", last_name="Voss", patient_name="Bo")


def hub(**rules: object) -> PureHub:
    every_day = {day: (WallWindow(start=480, end=1080),) for day in range(7)}
    vets = ("anna", "bernd")
    clinic = Clinic(
        key="hafen",
        name="Hafen",
        time_zone="Europe/Berlin",
        region="DE",
        online=True,
        opening_hours=every_day,
        resources={key: Resource(key=key, name=key, online=True) for key in vets},
        services={
            "checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=vets),
            "long": Service(key="long", name="Long", minutes=60, online=True, resources=vets),
        },
        rules=Rules(availability="opening_hours", **rules),  # type: ignore[arg-type]
    )
    return PureHub(clinic, NOW, HubState(links=links(NOW)))


def portal(ref: str, state: State, **more: object) -> Entry:
    view: dict[str, object] = {"resource": "anna", "service": "checkup", "start": TEN, "end": TEN + HALF}
    view |= {k: more.pop(k) for k in list(more) if k in {"resource", "service", "start", "end", "description"}}
    fields: dict[str, object] = {"version": f"{ref}-{state}", "modified": NOW} | more
    return Entry(ref=ref, view=PortalView(state=state, **view), **fields)  # type: ignore[arg-type]


def phone(ref: str = "pms/7", **more: object) -> Entry:
    view: dict[str, object] = {"state": State.CONFIRMED, "resource": "anna", "start": TEN, "end": TEN + HALF}
    return Entry(ref=ref, version="1", view=PmsView(**(view | more)))  # type: ignore[arg-type]


def held(it: PureHub, ref: str = "hold/1", **more: object) -> PureHub:
    it.see(portal=changed(portal(ref, State.HELD, expires=NOW + 300, **more)))
    it.settle()
    return it


def booked(**rules: object) -> PureHub:
    it = held(hub(**rules))
    it.see(portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)))
    it.settle()
    return it


def client(it: PureHub):  # type: ignore[no-untyped-def]
    (found,) = [a for a in it.state.appointments.values() if a.origin is Side.CLIENT]
    return found


def edited(it: PureHub, connection: str, **fields: object) -> Entry:
    (shadow,) = [s for (name, _), s in it.state.shadows.items() if name == connection]
    assert shadow.view is not None
    stamp = Stamp(appointment=shadow.appointment, revision=shadow.revision) if connection != "portal" else None
    return Entry(ref=shadow.ref, version=f"{shadow.version}x", view=replace(shadow.view, **fields), stamp=stamp)  # type: ignore[arg-type]


def kinds(it: PureHub) -> set[str]:
    return {task.kind for plan in it.plans for task in plan.tasks}


# --- privacy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("visible", [False, True])
def test_the_clinics_words_for_a_refusal_reach_the_portal_only_where_it_wants_that(visible: bool) -> None:
    it = booked(booking_mode="request", decline_reason_visible=visible)
    decline = Command(id=1, kind="decline", appointment=client(it).id, reason="§owes us money§")
    it.state = replace(it.state, commands=(decline,))
    (told,) = [effect for effect in it.see().effects if effect.connection == "portal"]
    assert ("§" in repr(told)) is visible


# --- holds and late words ---------------------------------------------------------------------------


def test_a_booking_confirmed_late_and_read_before_the_hold_was_swept_does_not_push_out_the_phone() -> None:
    it = held(hub())
    it.now = NOW + 400
    late = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=NOW + 350)
    it.see(pms=changed(phone()), portal=changed(late))
    it.settle()
    assert {a.state for a in it.state.appointments.values() if a.origin is Side.CLIENT} <= {
        State.EXPIRED,
        State.DECLINED,
        State.CANCELLED,
    }


@pytest.mark.parametrize(("modified", "state"), [(NOW + 100, State.CONFIRMED), (NOW + 350, State.DECLINED)])
@pytest.mark.parametrize("swept", [False, True])
def test_whether_a_confirmation_was_late_is_judged_by_when_it_was_made_not_read(
    modified: int, state: State, swept: bool
) -> None:
    it = held(hub(late_confirm="refuse"))
    it.now = NOW + 400
    if swept:
        it.see()
        it.settle()
    it.see(portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=modified)))
    it.settle()
    assert {a.state for a in it.state.appointments.values()} - {State.EXPIRED} == {state}


def test_holds_that_end_are_no_cancellations_for_the_guard() -> None:
    it = hub()
    starts = [TEN + n * 3600 for n in range(5)]
    entries = [portal(f"hold/{n}", State.HELD, start=s, end=s + HALF) for n, s in enumerate(starts)]
    it.see(portal=changed(*entries))
    it.settle()
    lapsed = [replace(e, version="2", view=replace(e.view, state=State.RELEASED)) for e in entries]
    plan = it.see(portal=changed(*lapsed))
    assert "guard" not in kinds(it)
    assert "portal" in plan.reads


# --- read again around a hold -------------------------------------------------------------------------


def test_a_partial_listing_does_not_count_as_having_read_again() -> None:
    it = hub()
    for effect in it.see(portal=changed(portal("hold/1", State.HELD))).effects:
        it.write(effect)
    it.see(pms=changed(), calendar=Partial(window=ALL_TIME, items=()))
    assert not client(it).reserved
    it.see(pms=changed(), calendar=changed())
    assert client(it).reserved


def test_nothing_counts_as_reserved_while_a_connection_does_not_load() -> None:
    it = hub()
    it.see(portal=changed(portal("hold/1", State.HELD)))
    rest = {name: link for name, link in it.state.links.items() if name == "portal"}
    it.state = replace(it.state, links=rest, broken=frozenset({"pms", "calendar"}))
    it.see(portal=changed())
    assert not client(it).reserved


def test_a_refused_move_is_undone_also_while_the_portals_plugin_does_not_load() -> None:
    it = booked()
    drag = edited(it, "calendar", start=TEN + 3600, end=TEN + 3600 + HALF)
    it.see(calendar=changed(drag))
    rest = {name: link for name, link in it.state.links.items() if name != "portal"}
    it.state = replace(it.state, links=rest, broken=frozenset({"portal"}))
    it.see(taken(it, "pms"))
    assert (client(it).start, client(it).exclusive) == (TEN + 3600, False)


def test_a_clients_move_of_a_request_that_the_pms_refuses_is_undone_and_the_request_stands() -> None:
    it = booked(booking_mode="request")
    it.see(portal=changed(edited(it, "portal", start=TEN + 3600, end=TEN + 3600 + HALF)))
    it.see(taken(it, "pms"))
    assert (client(it).state, client(it).start, client(it).written) == (State.REQUESTED, TEN, False)


# --- what the client may change -----------------------------------------------------------------------


def test_the_portals_description_wins_and_goes_to_the_clinic() -> None:
    it = booked()
    it.see(portal=changed(edited(it, "portal", description="limps")))
    assert {e.connection for e in it.settle()} == {"pms", "calendar"}
    assert client(it).description == "limps"


@pytest.mark.parametrize(("taken", "service"), [(False, "long"), (True, "checkup")])
def test_another_service_is_a_move_with_another_length(taken: bool, service: str) -> None:
    it = booked()
    if taken:
        it.see(pms=changed(phone(start=TEN + HALF, end=TEN + 2 * HALF)))
    it.see(portal=changed(replace(edited_portal(it), view=replace(edited_portal(it).view, service="long"))))
    it.settle()
    assert (client(it).service, client(it).end - client(it).start) == (service, HALF * (1 + (service == "long")))


def edited_portal(it: PureHub) -> Entry:
    return edited(it, "portal")


def test_a_client_cannot_cancel_once_the_patient_is_here() -> None:
    it = booked()
    it.see(pms=changed(edited(it, "pms", state=State.ARRIVED)))
    it.settle()
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    assert client(it).state is State.ARRIVED
    assert [(e.connection, e.change.view.state) for e in it.settle()] == [("portal", State.ARRIVED)]


# --- lost and restored ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["instant", "request"])
def test_a_lost_database_finds_every_booking_again_and_makes_none_twice(mode: str) -> None:
    it = booked(booking_mode=mode)
    sides = {
        name: [edited(it, name)] if name != "portal" else [replace(edited(it, name), replaces="hold/1", details=MARA)]
        for name in it.state.links
    }
    fresh = replace(hub(booking_mode=mode), now=it.now)
    fresh.see(**{name: everything(*items) for name, items in sides.items()})
    fresh.settle()
    (found,) = fresh.state.appointments.values()
    assert (found.id, found.state, found.origin) == (client(it).id, client(it).state, Side.CLIENT)
    assert {s.ref for s in fresh.state.shadows.values()} == {items[0].ref for items in sides.values()}
    assert not fresh.state.foreign


def test_a_hold_that_its_portal_lost_and_shows_again_does_not_bring_the_released_one_back() -> None:
    it = held(hub())
    it.see(Answers(probes={("portal", "hold/1"): Gone()}), portal=changed(removed=("hold/1",)))
    it.settle()
    first = client(it).id
    it.see(portal=changed(portal("hold/1", State.HELD, version="again", expires=NOW + 300)))
    assert it.state.appointments[first].state is State.RELEASED


def test_what_was_over_before_the_window_is_not_taken_in_again() -> None:
    it = hub()
    long_ago = NOW - 20 * DAY
    it.see(
        pms=changed(phone(start=long_ago, end=long_ago + HALF)),
        portal=changed(portal("b", State.CONFIRMED, start=long_ago, end=long_ago + HALF)),
    )
    assert it.state.appointments == {}


# --- absence ------------------------------------------------------------------------------------------


def test_a_listing_says_nothing_of_foreign_time_outside_its_window() -> None:
    it = hub()
    near = Busy(ref="a", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF),))
    far = Busy(ref="b", version="1", resource="anna", spans=(Interval(TEN + 9 * DAY, TEN + 9 * DAY + HALF),))
    it.see(calendar=everything(near, far))
    it.see(calendar=Complete(window=Interval(NOW - DAY, TEN + DAY), items=()))
    assert set(it.state.foreign) == {("calendar", "b")}


def test_an_entry_that_cannot_be_proved_gone_becomes_a_task_until_it_is_seen_or_gone() -> None:
    it = booked()
    ref = edited(it, "calendar").ref
    plan = it.see(Answers(probes={("calendar", ref): Unknown(why="403")}), calendar=everything())
    assert {task.kind for task in plan.tasks} == {"missing"}
    back = it.see(calendar=everything(edited(it, "calendar")))
    assert f"missing:calendar/{client(it).id}" in back.settled


def test_after_an_outage_absence_waits_for_the_next_cycle_not_for_the_next_read_of_the_same() -> None:
    it = booked()
    it.now = NOW + 2 * DAY - 7200
    read = Observation(feed=everything(), started=it.now, silent_since=it.state.links["calendar"].last_success)
    again = replace(it.state.links["calendar"], last_success=it.now - 1)
    state = replace(it.state, links={**it.state.links, "calendar": again})
    assert questions(state, {"calendar": read}, it.clinic, it.now).probes == ()
    gone = Answers(probes={("calendar", edited(it, "calendar").ref): Gone()})
    assert reconcile(state, {"calendar": read}, gone, it.clinic, it.now).appointments == ()


# --- a new connection -----------------------------------------------------------------------------------


def test_a_portal_that_was_not_approved_brings_nothing() -> None:
    it = hub()
    it.state = replace(it.state, links={**it.state.links, "portal": replace(it.state.links["portal"], approved=False)})
    plan = it.see(portal=everything(portal("booking/1", State.CONFIRMED)))
    assert (it.state.appointments, plan.effects) == ({}, ())


# --- answers --------------------------------------------------------------------------------------------


def test_a_write_accepted_without_an_entry_is_not_asked_again_and_its_entry_is_not_adopted() -> None:
    it = booked()
    it.see(calendar=changed(edited(it, "calendar", state=State.CANCELLED)))
    (due,) = [e for e in it.see().effects if e.connection == "pms"]
    it.write(due, Receipt(outcome="pending"))
    assert [e for e in it.see().effects if e.connection == "pms"] == []
    it.see(pms=everything(edited(it, "pms")))
    assert len(it.state.appointments) == 1


def test_a_creation_accepted_without_an_entry_is_attached_when_it_shows() -> None:
    it = hub()
    (first, *_) = it.see(portal=changed(portal("booking/1", State.REQUESTED, details=MARA))).effects
    it.write(first, Receipt(outcome="pending"))
    assert [e.connection for e in it.see().effects] == ["calendar"]
    key = client(it).id
    view = first.change.view
    shown = Entry(ref="pms/1", version="1", view=view, stamp=Stamp(appointment=key, revision=1))
    it.see(pms=changed(shown))
    assert it.state.shadows["pms", key].ref == "pms/1"
    assert it.state.foreign == {}


def test_a_pms_entry_of_an_ended_hold_that_changes_again_becomes_no_hold_without_an_end() -> None:
    it = held(hub())
    it.now = NOW + 400
    it.see()
    key = client(it).id
    view = replace(it.state.shadows["pms", key].view, state=State.REQUESTED)  # type: ignore[type-var]
    it.see(pms=changed(Entry(ref=f"pms/{key}", version="9", view=view)))
    assert [a.state for a in it.state.appointments.values()] == [State.EXPIRED]


# --- staff ----------------------------------------------------------------------------------------------


def test_two_appointments_that_change_places_are_not_overbooked() -> None:
    it = hub()
    it.see(pms=everything(phone("pms/1"), phone("pms/2", start=TEN + HALF, end=TEN + 2 * HALF)))
    it.settle()
    it.see(
        pms=changed(
            replace(phone("pms/1", start=TEN + HALF, end=TEN + 2 * HALF), version="2"),
            replace(phone("pms/2", start=TEN, end=TEN + HALF), version="2"),
        )
    )
    assert kinds(it) == set()
    assert all(a.exclusive for a in it.state.appointments.values())


@pytest.mark.parametrize(
    ("title", "kept"),
    [("Angefragt: Impfung: nüchtern", "Impfung: nüchtern"), ("Impfung: nüchtern", "Impfung: nüchtern")],
)
def test_only_the_bridges_own_word_is_taken_off_a_title(title: str, kept: str) -> None:
    it = booked(booking_mode="request")
    it.see(calendar=changed(edited(it, "calendar", title=title)))
    assert client(it).title == kept
    shadow = next(s for (name, _), s in it.state.shadows.items() if name == "calendar")
    assert isinstance(shadow.view, CalendarView)
    assert shadow.view.title == title


def test_two_portals_may_use_the_same_refs() -> None:
    it = hub()
    it.state = replace(it.state, links={**it.state.links, "other": replace(it.state.links["portal"], name="other")})
    one = portal("1", State.REQUESTED, details=MARA)
    two = portal("1", State.REQUESTED, details=Details(last_name="Lind"), start=TEN + HALF, end=TEN + 2 * HALF)
    reads = {name: Observation(feed=changed(entry), started=NOW) for name, entry in (("portal", one), ("other", two))}
    asked = questions(it.state, reads, it.clinic, NOW).lookups
    assert {lookup.details.last_name for lookup in asked} == {"Voss", "Lind"}


@pytest.mark.parametrize(("where", "to"), [("pms", TEN + 7_200), ("calendar", TEN)], ids=["moves it", "moves it back"])
def test_a_clients_move_that_was_overtaken_before_the_pms_had_it_is_told_all_the_same(where: str, to: int) -> None:
    it = booked()
    it.see(portal=changed(edited(it, "portal", start=TEN + 3_600, end=TEN + 3_600 + HALF)))
    for effect in [e for e in it.see().effects if e.connection == "calendar"]:
        it.write(effect)  # the PMS does not answer
    it.see(**{where: changed(edited(it, where, start=to, end=to + HALF))})
    told = [e.change.view.start for e in it.settle() if e.connection == "portal"]
    assert (told, client(it).start, client(it).written) == ([to], to, True)


@pytest.mark.parametrize(
    ("resource", "closes", "spans", "kept"),
    [
        ("anna", False, (Interval(TEN, TEN + HALF),), "its time is kept blocked"),
        ("anna", False, (), "nothing is blocked for it"),
        ("", False, (Interval(TEN, TEN + HALF),), "nothing is blocked for it"),
        ("", True, (Interval(TEN, TEN + HALF),), "its time is kept blocked"),
        ("anna", True, (Interval(TEN, TEN + HALF),), "its time is kept blocked"),
        ("", True, (), "nothing is blocked for it"),
    ],
)
def test_what_cannot_be_read_says_whether_its_time_is_blocked(
    resource: str, closes: bool, spans: tuple[Interval, ...], kept: str
) -> None:
    it = hub()
    record = Unreadable(ref="it/1", version="1", why="line 3: x", resource=resource, spans=spans, closes=closes)
    (task,) = it.see(pms=changed(record)).tasks
    assert f"cannot be read (line 3: x); {kept}." in task.sentence
    found = facts(it.state, it.clinic, NOW)
    assert any(found.taken.values()) is (not closes and kept == "its time is kept blocked")
    assert found.closures == ({resource: spans} if closes else {})


def test_what_cannot_be_read_any_more_keeps_the_time_it_was_last_seen_to_take() -> None:
    """R7. A server that does not hand an entry out any more, or a torn file, moves nothing and frees nothing."""
    it, span = hub(), Interval(TEN, TEN + HALF)
    keeps = ("anna/x.ics", "anna/x.ics/absences")
    why = "the server does not hand it out (403)"
    broken = Unreadable(ref="anna/x.ics", version="", why=why, resource="anna", keeps=keeps)
    it.see(calendar=changed(Busy(ref="anna/x.ics", version="1", resource="anna", spans=(span,))))
    for _read in range(2):
        plan = it.see(calendar=changed(broken))
        assert facts(it.state, it.clinic, NOW).taken["anna"] == (span,)
    assert "its time is kept blocked" in plan.tasks[0].sentence
    moved = Interval(TEN + 2 * HALF, TEN + 3 * HALF)
    plan = it.see(calendar=changed(Busy(ref="anna/x.ics", version="2", resource="anna", spans=(moved,))))
    assert facts(it.state, it.clinic, NOW).taken["anna"] == (moved,)
    assert "unreadable:calendar/anna/x.ics" in plan.settled


def test_an_absence_that_breaks_keeps_somebody_away() -> None:
    """One entry gives busy time and an absence as two records; of what it cannot say any more both are kept."""
    it, span = hub(), Interval(TEN, TEN + HALF)
    ref = "anna/x.ics"
    away = AbsenceRecord(ref=f"{ref}/absences", version="1", resource="anna", spans=(span,))
    it.see(calendar=changed(Busy(ref=ref, version="1", resource="anna", spans=()), away))
    broken = Unreadable(ref=ref, version="2", why="line 4: x", resource="anna", keeps=(ref, away.ref))
    for _read in range(2):
        plan = it.see(calendar=changed(broken, removed=(away.ref,)))
        assert facts(it.state, it.clinic, NOW).taken["anna"] == (span,)
        assert ("calendar", away.ref) not in it.state.foreign
    assert "its time is kept blocked" in plan.tasks[0].sentence


def test_what_says_only_some_of_its_time_keeps_the_rest() -> None:
    """The rule of a series broke: its first occurrence can be read still, and the other ones are not free for that."""
    it, ref = hub(), "anna/x.ics"
    first, second, other = (Interval(TEN + days * DAY, TEN + days * DAY + HALF) for days in (0, 7, 1))
    it.see(calendar=changed(Busy(ref=ref, version="1", resource="anna", spans=(first, second))))
    broken = Unreadable(ref=ref, version="2", why="line 9: x", resource="anna", spans=(first,), keeps=(ref,))
    for _read in range(2):
        it.see(calendar=changed(broken))
        assert facts(it.state, it.clinic, NOW).taken["anna"] == (first, second)
    it.see(calendar=changed(replace(broken, version="3", spans=(other,))))
    assert facts(it.state, it.clinic, NOW).taken["anna"] == (first, other, second)
    it.see(calendar=changed(Busy(ref=ref, version="4", resource="anna", spans=(other,))))
    assert facts(it.state, it.clinic, NOW).taken["anna"] == (other,)


@pytest.mark.parametrize(("resource", "told"), [("", True), ("", False), ("anna", True), ("bernd", False)])
def test_a_closure_that_breaks_stays_one(resource: str, told: bool) -> None:
    """Its side may not say any more what it is: a closure of all of the clinic has no resource to keep it by."""
    it, span = hub(), Interval(TEN, TEN + HALF)
    it.see(pms=changed(ClosureRecord(ref="closure/1", version="1", spans=(span,), resource=resource)))
    given = resource if told else ""
    broken = Unreadable(ref="closure/1", version="2", why="no end", keeps=("closure/1",), resource=given, closes=told)
    for _read in range(2):
        plan = it.see(pms=changed(broken))
        assert facts(it.state, it.clinic, NOW).closures == {resource: (span,)}
    assert "its time is kept blocked" in plan.tasks[0].sentence
    it.see(pms=changed(ClosureRecord(ref="closure/1", version="3", spans=(), resource=resource)))
    assert not any(facts(it.state, it.clinic, NOW).closures.values())


def test_one_sites_closure_that_breaks_closes_no_other_site() -> None:
    """It is one record for each who works there, and what is kept of all of them is nobody else's time."""
    it, span, refs = hub(), Interval(TEN, TEN + HALF), ("closure/1@anna", "closure/1@bernd")
    it.see(pms=changed(*(ClosureRecord(ref=r, version="1", spans=(span,), resource=r.split("@")[1]) for r in refs)))
    broken = [
        Unreadable(ref=ref, version="2", why="no end", resource=ref.split("@")[1], keeps=(ref, *refs), closes=True)
        for ref in refs
    ]
    it.see(pms=changed(*broken))
    assert facts(it.state, it.clinic, NOW).closures == {"anna": (span,), "bernd": (span,)}
    everywhere = Unreadable(ref="closure/1", version="3", why="no end", keeps=("closure/1", *refs), closes=True)
    it.see(pms=changed(everywhere, removed=refs))
    assert facts(it.state, it.clinic, NOW).closures == {"": (span,)}


def test_what_is_faulty_and_says_that_it_takes_no_time_takes_none() -> None:
    """Staff freed a meeting whose time zone nobody knows: its fault is not its time."""
    it, span = hub(), Interval(TEN, TEN + HALF)
    faulty = Unreadable(ref="anna/x.ics", version="1", why="line 4: x", resource="anna", spans=(span,))
    it.see(calendar=changed(faulty))
    assert facts(it.state, it.clinic, NOW).taken["anna"] == (span,)
    it.see(calendar=changed(replace(faulty, version="2", spans=())))
    assert not facts(it.state, it.clinic, NOW).taken.get("anna")


def test_a_booking_that_cannot_be_read_is_a_persons_question_until_it_can() -> None:
    """R7. A client waits for an answer to it; once nobody at the clinic would have heard of it."""
    it = held(hub())
    record = Unreadable(ref="visit/9", version="1", why="the portal's record has no usable start")
    (task,) = it.see(portal=changed(record)).tasks
    assert (task.key, task.kind) == ("unreadable:portal/visit/9", "unreadable")
    assert "entry visit/9 cannot be read (the portal's record has no usable start)" in task.sentence
    assert ("portal", "visit/9") in it.state.foreign
    booked = portal("visit/9", State.REQUESTED, replaces="hold/1", details=MARA)
    plan = it.see(portal=changed(booked))
    assert "unreadable:portal/visit/9" in plan.settled
    assert ("portal", "visit/9") not in it.state.foreign
    assert client(it).state is not State.HELD
