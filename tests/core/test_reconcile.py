"""Reconciliation as data in, plan out: every story of a booking, and what must never happen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import taken

from calbridge.hub import Answers, Command, Foreign, HubState
from calbridge.interval import Interval
from calbridge.model import Clinic, Details, Resource, Rules, Service, Side, State, WallWindow
from calbridge.provider import (
    AbsenceRecord,
    Busy,
    ClientRecord,
    ClosureRecord,
    Entry,
    Gone,
    Partial,
    PatientRecord,
    Present,
    Receipt,
    Stamp,
    Unknown,
    Unreadable,
    WindowRecord,
)
from calbridge.reconcile import facts
from calbridge.testing.pure import ALL_TIME, PureHub, changed, echo, everything, links
from calbridge.views import CalendarView, PmsView, PortalView

NOW = 1_795_420_800  # 2026-11-23 08:00 UTC, a Monday
TEN = NOW + 3600 + 86_400  # Tuesday 10:00 in Berlin
HALF = 1800
ANNA = ClientRecord(
    id="c1",
    first_name="Mara",
    last_name="Voss",
    emails=("mara@example.org",),
    patients=(PatientRecord(id="p1", name="Bo"),),
)
MARA = Details(first_name="Mara", last_name="Voss", email="mara@example.org", patient_name="Bo", species="dog")


def clinic(**rules: object) -> Clinic:
    every_day = {day: (WallWindow(start=480, end=1080),) for day in range(7)}
    return Clinic(
        key="hafen",
        name="Hafen",
        time_zone="Europe/Berlin",
        region="DE",
        online=True,
        opening_hours=every_day,
        resources={
            "anna": Resource(key="anna", name="Anna", online=True),
            "bernd": Resource(key="bernd", name="Bernd", online=True),
            "room": Resource(key="room", name="Room", kind="room"),
        },
        services={
            "checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna", "bernd")),
            "op": Service(
                key="op", name="Surgery", minutes=60, online=True, resources=("anna",), requires=(("room",),)
            ),
        },
        rules=Rules(availability="opening_hours", **rules),  # type: ignore[arg-type]
    )


def hub(**rules: object) -> PureHub:
    return PureHub(clinic(**rules), NOW, HubState(links=links(NOW)))


def portal(ref: str, state: State, **more: object) -> Entry:
    view: dict[str, object] = {"resource": "anna", "service": "checkup", "start": TEN, "end": TEN + HALF}
    view |= {k: more.pop(k) for k in list(more) if k in {"resource", "service", "start", "end", "description"}}
    fields: dict[str, object] = {"version": f"{ref}-{state}", "modified": NOW} | more
    return Entry(ref=ref, view=PortalView(state=state, **view), **fields)  # type: ignore[arg-type]


def phone(ref: str = "pms/7", **more: object) -> Entry:
    view: dict[str, object] = {"state": State.CONFIRMED, "resource": "anna", "start": TEN, "end": TEN + HALF}
    return Entry(ref=ref, version="1", view=PmsView(**(view | more)))  # type: ignore[arg-type]


def only(plan_hub: PureHub, state: State | None = None):  # type: ignore[no-untyped-def]
    (found,) = [a for a in plan_hub.state.appointments.values() if state is None or a.state is state]
    return found


def booked(**rules: object) -> PureHub:
    """A hold, then a confirmed booking of a known client, on all sides."""
    it = hub(**rules)
    it.see(portal=changed(portal("hold/1", State.HELD, expires=NOW + 300)))
    it.settle()
    answers = Answers(clients={"portal/booking/1": (ANNA,)})
    it.see(answers, portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)))
    it.settle()
    return it


CAME_FIRST = [
    (Busy(ref="x", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF),)), True),
    (AbsenceRecord(ref="x", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF),)), True),
    (ClosureRecord(ref="x", version="1", spans=(Interval(TEN, TEN + HALF),)), True),
    (ClosureRecord(ref="x", version="1", spans=(Interval(TEN, TEN + HALF),), resource="anna"), True),
    (ClosureRecord(ref="x", version="1", spans=(Interval(TEN, TEN + HALF),), resource="bernd"), False),
    (ClosureRecord(ref="x", version="1", spans=(Interval(TEN + HALF, TEN + 2 * HALF),)), False),
    (Unreadable(ref="x", version="1", why="no id", spans=(Interval(TEN, TEN + HALF),), closes=True), True),
    (Unreadable(ref="x", version="1", why="no id", spans=(Interval(TEN, TEN + HALF),)), False),
    (WindowRecord(ref="x", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF),)), False),
]


@pytest.mark.parametrize(("record", "refused"), CAME_FIRST)
def test_a_hold_gives_way_to_what_was_there_when_its_sides_are_read_again(record: Foreign, refused: bool) -> None:
    it = hub()
    it.see(portal=changed(portal("hold/1", State.HELD, expires=NOW + 300)))
    it.see(pms=changed(record))
    assert only(it).state is (State.RELEASED if refused else State.HELD)


def shown(it: PureHub, connection: str):  # type: ignore[no-untyped-def]
    (shadow,) = [s for (name, _), s in it.state.shadows.items() if name == connection]
    return shadow


def edited(it: PureHub, connection: str, **fields: object) -> Entry:
    """The side's entry after somebody changed these fields of it."""
    shadow = shown(it, connection)
    return Entry(
        ref=shadow.ref,
        version=shadow.version + "x",
        view=replace(shadow.view, **fields),
        stamp=Stamp(appointment=shadow.appointment, revision=shadow.revision) if connection == "calendar" else None,
    )


# --- a booking's life -----------------------------------------------------------------------------


def test_a_hold_is_shown_without_a_name_and_then_counts_as_reserved() -> None:
    it = hub()
    plan = it.see(portal=changed(portal("hold/1", State.HELD, expires=NOW + 300)))
    assert [(e.connection, e.change.view.state) for e in plan.effects] == [("pms", "held"), ("calendar", "held")]
    assert "Reserviert" in plan.effects[1].change.view.title
    assert not only(it).reserved
    it.settle()
    assert only(it).reserved
    assert only(it).state is State.HELD


def test_a_confirmed_booking_is_linked_and_told_only_after_the_pms_has_it() -> None:
    it = hub()
    it.see(portal=changed(portal("hold/1", State.HELD)))
    it.settle()
    plan = it.see(
        Answers(clients={"portal/booking/1": (ANNA,)}),
        portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)),
    )
    assert [e.connection for e in plan.effects] == ["pms", "calendar"]
    told = [e for e in it.settle() if e.connection == "portal"]
    assert [e.change.view.state for e in told] == [State.CONFIRMED]
    booking = only(it)
    assert (booking.client, booking.patient, booking.match, booking.written) == ("c1", "p1", "linked", True)
    assert len({s.appointment for s in it.state.shadows.values()}) == 1


def test_a_quiet_reconciliation_decides_and_writes_nothing() -> None:
    it = booked()
    before = it.state
    plan = it.see(pms=changed(), calendar=changed(), portal=changed())
    assert (plan.appointments, plan.shadows, plan.journal, plan.effects) == ((), (), (), ())
    assert it.state.appointments == before.appointments


def test_ambiguous_details_go_into_the_private_note_and_a_task() -> None:
    it = hub()
    it.see(portal=changed(portal("hold/1", State.HELD)))
    it.settle()
    twins = (ANNA, replace(ANNA, id="c2"))
    it.see(
        Answers(clients={"portal/booking/1": twins}),
        portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)),
    )
    tasks = [task for plan in it.plans for task in plan.tasks]
    assert [task.kind for task in tasks] == ["link"]
    assert only(it).client == ""
    assert "Mara" in only(it).note
    written = it.settle()
    assert all("Mara" not in repr(e.change.view) for e in written if e.connection == "portal")


@pytest.mark.parametrize("silent", [False, True])
def test_without_the_pms_a_booking_is_still_made_and_matched_later(silent: bool) -> None:
    it = hub()
    it.see(portal=changed(portal("hold/1", State.HELD)))
    it.settle()
    it.see(portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)))
    assert only(it).state is State.CONFIRMED
    assert only(it).match == ""
    it.see(Answers() if silent else Answers(clients={only(it).id: (ANNA,)}))
    assert only(it).match == ("" if silent else "linked")


def test_request_mode_waits_for_the_clinic_and_its_calendar_may_accept() -> None:
    it = booked(booking_mode="request")
    assert only(it).state is State.REQUESTED
    assert shown(it, "calendar").view.title.startswith("Angefragt")
    it.see(calendar=changed(edited(it, "calendar", state=State.CONFIRMED)))
    written = it.settle()
    assert only(it).state is State.CONFIRMED
    assert [e.change.view.state for e in written if e.connection == "portal"] == [State.CONFIRMED]


@pytest.mark.parametrize(
    ("kind", "after", "told"),
    [("accept", State.CONFIRMED, State.CONFIRMED), ("decline", State.DECLINED, State.DECLINED)],
)
def test_people_accept_and_decline_by_command(kind: str, after: State, told: State) -> None:
    it = booked(booking_mode="request", decline_reason_visible=True)
    it.state = replace(it.state, commands=(Command(id=4, kind=kind, appointment=only(it).id, reason="voll"),))  # type: ignore[arg-type]
    plan = it.see()
    assert plan.commands == (4,)
    written = [e for e in (*plan.effects, *it.settle()) if e.connection == "portal"]
    assert only(it).state is after
    assert written[-1].change.view.state is told
    assert written[-1].change.remove is (kind == "decline")


@pytest.mark.parametrize(
    ("service", "records", "told"),
    [
        ({"clients": "new"}, (ANNA,), "client_not_admitted"),
        ({"clients": "known"}, (), "client_not_admitted"),
        ({"clients": "known"}, (ANNA,), ""),
        ({"species": frozenset({"cat"})}, (ANNA,), "species_not_admitted"),
        ({"species": frozenset({"dog"})}, (ANNA,), ""),
    ],
)
def test_client_and_species_are_judged_again_once_they_are_known(
    service: dict[str, object], records: tuple[ClientRecord, ...], told: str
) -> None:
    it = hub()
    services = {**it.clinic.services, "checkup": replace(it.clinic.services["checkup"], **service)}  # type: ignore[arg-type]
    it.clinic = replace(it.clinic, services=services)
    it.see(portal=changed(portal("hold/1", State.HELD)))
    it.settle()
    answers = Answers(clients={"portal/booking/1": records})
    it.see(answers, portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)))
    it.settle()
    assert only(it).state is (State.DECLINED if told else State.CONFIRMED)
    assert only(it).decline_reason == told


# --- changes from each side -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clients", "records", "mode"),
    [
        ("known", (ANNA,), "instant"),
        ("known", (ANNA,), "request"),
        ("known", (), "instant"),
        ("new", (), "instant"),
        ("new", (), "request"),
        ("new", (ANNA,), "instant"),
        ("new", (ANNA,), "request"),
    ],
)
def test_whom_a_service_is_for_is_asked_when_it_is_booked_and_not_when_it_is_moved_or_cancelled(
    clients: Any, records: tuple[ClientRecord, ...], mode: str
) -> None:
    """Rule 2: who booked as a new client has a record by the time she moves, and may still move and cancel it."""
    it = booked(booking_mode=mode)
    known = only(it)
    it.state = replace(
        it.state,
        appointments={
            known.id: replace(known, client="c1" if records else "", match="linked" if records else "unmatched")
        },
    )
    services = {**it.clinic.services, "checkup": replace(it.clinic.services["checkup"], clients=clients)}
    it.clinic = replace(it.clinic, services=services)
    it.see(portal=changed(edited(it, "portal", start=TEN + 3600, end=TEN + 3600 + HALF)))
    it.settle()
    assert (only(it).start, only(it).decline_reason) == (TEN + 3600, "")
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    assert only(it).state is State.CANCELLED


@pytest.mark.parametrize(("clients", "moved"), [("all", True), ("known", True), ("new", False)])
def test_a_move_to_another_service_is_asked_like_a_booking_of_it(clients: Any, moved: bool) -> None:
    it = booked()
    services = {**it.clinic.services, "op": replace(it.clinic.services["op"], clients=clients)}
    it.clinic = replace(it.clinic, services=services)
    it.see(portal=changed(edited(it, "portal", service="op", start=TEN + 3600, end=TEN + 7200)))
    assert (only(it).service == "op") is moved


@pytest.mark.parametrize(
    ("scope", "client", "state", "wide"),
    [
        ("opening_hours", "c1", State.CONFIRMED, True),
        ("opening_hours", "", State.CONFIRMED, False),
        ("opening_hours", "c1", State.REQUESTED, False),
        ("opening_hours", "c1", State.ARRIVED, False),
        ("online", "c1", State.CONFIRMED, False),
    ],
)
def test_a_portal_is_told_which_bookings_have_more_time_to_move_to(
    scope: Any, client: str, state: State, wide: bool
) -> None:
    """S4: known clients, confirmed appointments, where the clinic wants it."""
    it = booked()
    it.clinic = replace(it.clinic, rules=replace(it.clinic.rules, reschedule_scope=scope))
    it.state = replace(it.state, appointments={only(it).id: replace(only(it), client=client, state=state)})
    it.settle()
    shown = it.state.shadows["portal", only(it).id].view
    assert isinstance(shown, PortalView)
    assert shown.wide_moves is wide


@pytest.mark.parametrize(("where", "others"), [("calendar", {"pms", "portal"}), ("pms", {"calendar", "portal"})])
def test_a_drag_on_one_clinic_side_goes_to_the_others_and_not_back(where: str, others: set[str]) -> None:
    it = booked()
    it.see(**{where: changed(edited(it, where, start=TEN + 7200, end=TEN + 7200 + HALF))})
    written = it.settle()
    assert {e.connection for e in written} == others
    assert only(it).start == TEN + 7200
    assert all(s.view.start == TEN + 7200 for s in it.state.shadows.values() if s.view)


def test_when_calendar_and_pms_both_moved_the_last_edit_wins_and_the_other_is_written_back() -> None:
    it = booked()
    early = replace(edited(it, "calendar", start=TEN + 3600, end=TEN + 3600 + HALF), modified=NOW + 5)
    late = replace(edited(it, "pms", start=TEN + 7200, end=TEN + 7200 + HALF), modified=NOW + 9)
    plan = it.see(calendar=changed(early), pms=changed(late))
    assert only(it).start == TEN + 7200
    assert "overruled" in {line.code for line in plan.journal}
    it.settle()
    assert {s.view.start for s in it.state.shadows.values() if s.view} == {TEN + 7200}


def test_an_older_edit_that_is_read_later_does_not_undo_a_newer_one() -> None:
    it = booked()
    newer = replace(edited(it, "calendar", start=TEN + 3600, end=TEN + 3600 + HALF), modified=NOW + 60)
    older = replace(edited(it, "pms", start=TEN + 7200, end=TEN + 7200 + HALF), modified=NOW + 30)
    it.now = NOW + 90
    it.see(calendar=changed(newer))  # the PMS cannot be reached
    plan = it.see(pms=changed(older))
    assert "overruled" in {line.code for line in plan.journal}
    assert only(it).start == TEN + 3600
    it.settle()
    assert {s.view.start for s in it.state.shadows.values() if s.view} == {TEN + 3600}


def test_when_client_and_clinic_both_moved_the_clinic_wins_and_the_client_is_told() -> None:
    it = booked()
    moved = edited(it, "portal", start=TEN + 3600, end=TEN + 3600 + HALF)
    it.see(calendar=changed(edited(it, "calendar", start=TEN + 7200, end=TEN + 7200 + HALF)), portal=changed(moved))
    written = it.settle()
    assert only(it).start == TEN + 7200
    assert [e.change.view.start for e in written if e.connection == "portal"] == [TEN + 7200]


def test_a_client_move_inside_the_rules_goes_to_all_sides() -> None:
    it = booked()
    it.see(portal=changed(edited(it, "portal", start=TEN + 3600, end=TEN + 3600 + HALF)))
    assert [e.connection for e in it.settle()] == ["pms", "calendar"]
    assert only(it).start == TEN + 3600
    assert only(it).written


@pytest.mark.parametrize(
    ("rules", "target"),
    [({"client_move_cutoff": 2 * 86_400}, TEN + 3600), ({}, TEN + 12 * 3600)],
    ids=["inside the cutoff", "outside hours"],
)
def test_a_refused_client_move_is_written_back_to_the_portal(rules: dict[str, object], target: int) -> None:
    it = booked(**rules)
    it.see(portal=changed(edited(it, "portal", start=target, end=target + HALF)))
    written = it.settle()
    assert only(it).start == TEN
    assert [(e.connection, e.change.view.start) for e in written] == [("portal", TEN)]


def test_the_client_cancels_and_it_is_gone_everywhere_and_free_again() -> None:
    it = booked()
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    written = it.settle()
    assert {(e.connection, e.change.remove) for e in written} == {("pms", True), ("calendar", True)}
    assert not facts(it.state, it.clinic, NOW).taken.get("anna")


def test_cancelled_beats_moved() -> None:
    it = booked()
    moved = edited(it, "calendar", start=TEN + 7200, end=TEN + 7200 + HALF)
    it.see(calendar=changed(moved), pms=changed(edited(it, "pms", state=State.CANCELLED)))
    assert only(it).state is State.CANCELLED
    assert {e.connection for e in it.settle()} == {"calendar", "portal"}


def test_arrival_and_leaving_in_the_pms_reach_the_others() -> None:
    it = booked()
    it.see(pms=changed(edited(it, "pms", state=State.ARRIVED)))
    it.settle()
    assert only(it).state is State.ARRIVED
    it.see(pms=changed(edited(it, "pms", state=State.FULFILLED)))
    it.settle()
    assert only(it).state is State.FULFILLED


def test_private_title_and_note_follow_the_clinic_but_never_reach_the_portal() -> None:
    it = booked()
    it.see(calendar=changed(edited(it, "calendar", title="§secret§", note="§note§")))
    written = it.settle()
    assert only(it).title == "§secret§"
    assert {e.connection for e in written} == {"pms"}


# --- who comes first --------------------------------------------------------------------------------


def test_a_phone_booking_is_adopted_shown_in_the_calendar_and_takes_the_slot() -> None:
    it = hub()
    it.see(pms=changed(phone(title="Impfung Rex")))
    written = it.settle()
    assert [e.connection for e in written] == ["calendar"]
    assert only(it).origin is Side.CLINIC
    refused = it.see(portal=changed(portal("hold/1", State.HELD)))
    assert [line.facts.get("rule") for line in refused.journal if line.code == "slot_refused"] == ["busy"]
    assert [(e.connection, e.change.remove, e.change.view.decline_reason) for e in refused.effects] == [
        ("portal", True, "slot_unavailable")
    ]


def test_the_same_minute_goes_to_the_phone_and_the_client_is_told() -> None:
    it = hub()
    plan = it.see(pms=changed(phone()), portal=changed(portal("hold/1", State.HELD)))
    assert {a.state for a in it.state.appointments.values()} == {State.CONFIRMED, State.RELEASED}
    assert ("portal", True) in {(e.connection, e.change.remove) for e in plan.effects}


def test_a_foreign_event_found_when_reading_again_around_a_hold_wins() -> None:
    it = hub()
    for effect in it.see(portal=changed(portal("hold/1", State.HELD))).effects:
        it.write(effect)
    meeting = Busy(ref="anna/meeting", version="1", resource="anna", spans=(Interval(TEN, TEN + 900),))
    plan = it.see(calendar=changed(meeting), pms=changed(), portal=changed())
    assert only(it).state is State.RELEASED
    assert {(e.connection, e.change.remove) for e in plan.effects} == {
        ("pms", True),
        ("calendar", True),
        ("portal", True),
    }


def test_a_reserved_slot_is_not_lost_to_what_staff_puts_over_it_later() -> None:
    it = hub()
    it.see(portal=changed(portal("hold/1", State.HELD)))
    it.settle()
    meeting = Busy(ref="anna/meeting", version="1", resource="anna", spans=(Interval(TEN, TEN + 900),))
    it.see(calendar=changed(meeting))
    assert only(it).state is State.HELD


def test_a_pms_that_says_the_time_is_taken_ends_the_booking_with_a_reason() -> None:
    it = hub()
    plan = it.see(portal=changed(portal("booking/1", State.REQUESTED, details=MARA)))
    key = only(it).id
    it.write(plan.effects[0], Receipt(outcome="conflict"))
    it.see(taken(it, "pms", key))
    assert only(it).state is State.CANCELLED
    told = [e for e in it.settle() if e.connection == "portal"]
    assert [(e.change.remove, e.change.view.decline_reason) for e in told] == [(True, "slot_unavailable")]


def test_a_pms_that_refuses_a_clients_move_keeps_the_old_time_and_the_portal_is_moved_back() -> None:
    it = booked()
    plan = it.see(portal=changed(edited(it, "portal", start=TEN + 3600, end=TEN + 3600 + HALF)))
    assert [e.connection for e in plan.effects] == ["pms", "calendar"]
    it.see(taken(it, "pms", only(it).id))
    written = it.settle()
    assert (only(it).start, only(it).state) == (TEN, State.CONFIRMED)
    assert [(e.connection, e.change.view.start) for e in written] == [("portal", TEN)]


def test_a_two_stage_pms_keeps_the_client_waiting_until_it_has_written() -> None:
    it = hub()
    it.see(portal=changed(portal("hold/1", State.HELD)))
    it.settle()
    plan = it.see(portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)))
    waiting = replace(echo(plan.effects[0]), pending=True)
    it.write(plan.effects[0], Receipt(outcome="pending", entry=waiting))
    it.write(plan.effects[1])
    assert [e.connection for e in it.see(pms=changed(waiting)).effects] == []
    done = it.see(pms=changed(replace(waiting, version="filed", pending=False)))
    assert [(e.connection, e.change.view.state) for e in done.effects] == [("portal", State.CONFIRMED)]
    assert f"timed_out:pms/{only(it).id}" in done.settled


def test_a_clinic_move_the_pms_refuses_stands_and_is_written_over() -> None:
    it = booked()
    it.see(calendar=changed(edited(it, "calendar", start=TEN + 3600, end=TEN + 3600 + HALF)))
    plan = it.see(taken(it, "pms", only(it).id))
    assert [(e.connection, e.change.overbook) for e in plan.effects] == [("pms", True)]
    assert {e.connection for e in it.settle()} == {"pms", "portal"}


def test_two_holds_of_one_room_cannot_both_stand() -> None:
    it = hub()
    first = portal("hold/1", State.HELD, service="op", end=TEN + 3600, modified=NOW - 2)
    second = portal("hold/2", State.HELD, service="op", end=TEN + 3600, modified=NOW - 1)
    it.see(portal=changed(second, first))
    states = {a.state: a for a in it.state.appointments.values()}
    assert set(states) == {State.HELD, State.RELEASED}
    assert states[State.HELD].co_resources == ("room",)
    assert it.state.shadows["portal", states[State.HELD].id].ref == "hold/1"


# --- holds end --------------------------------------------------------------------------------------


def test_a_hold_ends_by_itself_and_is_taken_off_the_sides() -> None:
    it = hub()
    it.see(portal=changed(portal("hold/1", State.HELD, expires=NOW + 300)))
    it.settle()
    it.now = NOW + 300
    it.see()
    assert only(it).state is State.EXPIRED
    assert {(e.connection, e.change.remove) for e in it.settle()} == {("pms", True), ("calendar", True)}


def test_a_hold_never_outlives_the_clinics_own_limit() -> None:
    it = hub(hold_ttl=120)
    it.see(portal=changed(portal("hold/1", State.HELD, expires=NOW + 9_999)))
    assert only(it).hold_expires == NOW + 120


@pytest.mark.parametrize(("late_confirm", "taken", "state"), [
    ("retry", False, State.CONFIRMED), ("retry", True, State.DECLINED), ("refuse", False, State.DECLINED),
])  # fmt: skip
def test_a_late_confirmation(late_confirm: str, taken: bool, state: State) -> None:
    it = hub(late_confirm=late_confirm)
    it.see(portal=changed(portal("hold/1", State.HELD, expires=NOW + 300)))
    it.settle()
    it.now = NOW + 400
    it.see()
    it.settle()
    if taken:
        it.see(pms=changed(phone()))
    it.see(portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=NOW + 400)))
    it.settle()
    late = {a.state for a in it.state.appointments.values() if a.origin is Side.CLIENT} - {State.EXPIRED}
    assert late == {state}


def test_a_hold_confirmed_in_time_but_read_late_is_no_late_confirmation() -> None:
    it = hub()
    it.see(portal=changed(portal("hold/1", State.HELD, expires=NOW + 300)))
    it.settle()
    it.now = NOW + 400
    it.see(portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA)))
    assert only(it).state is State.CONFIRMED


@pytest.mark.parametrize(("asked", "state"), [(NOW - 1, State.HELD), (NOW, State.HELD), (NOW + 1, State.RELEASED)])
def test_a_client_who_asked_in_time_is_in_time_also_when_the_bridge_was_down(asked: int, state: State) -> None:
    it = hub(lead_time=TEN - NOW)
    it.now = NOW + 3600
    it.see(portal=changed(portal("hold/1", State.HELD, modified=asked, expires=NOW + 9_999)))
    assert only(it).state is state


def test_nobody_books_the_past_however_early_they_asked() -> None:
    it = hub()
    it.now = TEN + 1
    it.see(portal=changed(portal("booking/1", State.REQUESTED, details=MARA, modified=NOW)))
    assert only(it).state is State.DECLINED


@pytest.mark.parametrize(("asked", "tasks"), [(TEN - 86_401, set()), (TEN - 86_400, {"late_cancellation"})])
def test_a_cancellation_is_judged_by_when_it_was_made(asked: int, tasks: set[str]) -> None:
    it = booked(client_cancel_cutoff=86_400)
    it.now = TEN - 3600
    plan = it.see(portal=changed(replace(edited(it, "portal", state=State.CANCELLED), modified=asked)))
    assert only(it).state is State.CANCELLED
    assert {task.kind for task in plan.tasks} == tasks


# --- absence is not deletion ------------------------------------------------------------------------


def _gone(it: PureHub, answer: object) -> Answers:
    return Answers(probes={("calendar", shown(it, "calendar").ref): answer})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Gone(), State.CANCELLED), (Present(), State.CONFIRMED), (Unknown(why="401"), State.CONFIRMED)],
)
def test_a_missing_event_is_cancelled_only_on_proof(answer: object, state: State) -> None:
    it = booked()
    assert it.asks(calendar=everything()) == (("calendar", shown(it, "calendar").ref),)
    it.see(_gone(it, answer), calendar=everything())
    assert only(it).state is state


def test_without_proof_the_cursor_does_not_advance() -> None:
    it = booked()
    ref = shown(it, "calendar").ref
    plan = it.see(calendar=replace(changed(removed=(ref,)), cursor="next"))
    assert plan.reads["calendar"].feed.cursor == it.state.links["calendar"].cursor  # type: ignore[union-attr]


def test_a_partial_listing_or_another_window_says_nothing_about_what_it_lacks() -> None:
    it = booked()
    for feed in (Partial(window=ALL_TIME, items=()), replace(everything(), window=Interval(0, TEN))):
        assert it.asks(calendar=feed) == ()
        it.see(calendar=feed)
        assert only(it).state is State.CONFIRMED


def test_a_listing_that_began_before_the_write_is_no_evidence() -> None:
    it = booked()
    it.now = shown(it, "calendar").confirmed
    assert it.asks(calendar=everything()) == ()


def test_a_calendar_deletion_of_a_patient_who_is_here_is_undone() -> None:
    it = booked()
    it.see(pms=changed(edited(it, "pms", state=State.ARRIVED)))
    it.settle()
    it.see(_gone(it, Gone()), calendar=everything())
    assert only(it).state is State.ARRIVED
    assert [(e.connection, e.change.remove, e.change.ref) for e in it.settle()] == [("calendar", False, "")]


def _many(count: int) -> PureHub:
    it = hub()
    it.see(pms=everything(*(phone(f"pms/{n}", start=TEN + n * 3600, end=TEN + n * 3600 + HALF) for n in range(count))))
    it.settle(rounds=3)
    return it


@pytest.mark.parametrize(("lost", "applied"), [(3, True), (4, False)])
def test_the_guard_quarantines_a_read_that_would_cancel_too_much(lost: int, applied: bool) -> None:
    it = _many(12)
    refs = tuple(s.ref for (c, _), s in it.state.shadows.items() if c == "calendar")[:lost]
    feed = changed(removed=refs)
    probes = dict.fromkeys((("calendar", ref) for ref in refs), Gone())
    assert bool(it.asks(calendar=feed)) is applied
    plan = it.see(Answers(probes=probes), calendar=feed)  # type: ignore[arg-type]
    ended = sum(1 for a in it.state.appointments.values() if a.state is State.CANCELLED)
    assert ended == (lost if applied else 0)
    assert ("calendar" in plan.reads) is applied
    assert ("guard" in {task.kind for task in plan.tasks}) is not applied


def test_a_released_guard_lets_the_read_through() -> None:
    it = _many(6)
    it.state = replace(
        it.state, links={**it.state.links, "calendar": replace(it.state.links["calendar"], released=True)}
    )
    refs = [("calendar", s.ref) for (c, _), s in it.state.shadows.items() if c == "calendar"]
    it.see(Answers(probes=dict.fromkeys(refs, Gone())), calendar=everything())  # type: ignore[arg-type]
    assert {a.state for a in it.state.appointments.values()} == {State.CANCELLED}


def test_after_a_days_outage_the_first_read_only_adds() -> None:
    it = booked()
    it.now = NOW + 2 * 86_400 - 7200
    it.see(_gone(it, Gone()), calendar=everything())
    assert only(it).state is State.CONFIRMED


# --- echoes, copies, strays -------------------------------------------------------------------------


def test_a_server_that_rewrites_what_it_is_given_causes_no_second_write() -> None:
    it = hub()
    it.see(pms=changed(phone(title="Sehr langer Titel")))
    for _ in range(10):
        effects = it.see(calendar=changed()).effects
        for effect in effects:
            entry = Entry(ref="calendar/x", version="1", view=replace(effect.change.view, title="Sehr"))
            it.write(effect, Receipt(outcome="written", entry=entry))
    assert sum(len(plan.effects) for plan in it.plans) <= 2


def test_an_own_event_moved_to_another_calendar_is_a_change_of_resource() -> None:
    it = booked()
    old = shown(it, "calendar")
    moved = replace(edited(it, "calendar", resource="bernd"), ref="bernd/1")
    it.see(calendar=changed(moved, removed=(old.ref,)))
    assert only(it).resource == "bernd"
    assert shown(it, "calendar").ref == "bernd/1"


def test_a_copy_in_another_calendar_is_foreign() -> None:
    it = booked()
    copy = replace(edited(it, "calendar", resource="bernd"), ref="bernd/1")
    it.see(calendar=changed(copy))
    assert only(it).resource == "anna"
    assert ("calendar", "bernd/1") in it.state.foreign


def test_what_staff_keeps_by_hand_is_paired_not_written_twice() -> None:
    it = hub()
    by_hand = Busy(ref="anna/rex", version="1", resource="anna", spans=(Interval(TEN, TEN + HALF),))
    it.see(calendar=everything(by_hand), pms=everything(phone()))
    assert it.settle() == []


def test_nothing_is_adopted_from_or_written_to_a_connection_whose_first_run_was_not_approved() -> None:
    it = hub()
    it.state = replace(it.state, links={**it.state.links, "pms": replace(it.state.links["pms"], approved=False)})
    it.see(pms=everything(phone()))
    assert it.state.appointments == {}
    assert ("pms", "pms/7") in it.state.foreign
    it.see(portal=changed(portal("hold/1", State.HELD, start=TEN + 3600, end=TEN + 3600 + HALF)))
    assert {e.connection for e in it.settle()} == {"calendar"}


def test_a_cancelled_pms_entry_that_staff_reopens_is_a_new_appointment() -> None:
    it = booked()
    old = only(it).id
    it.see(pms=changed(edited(it, "pms", state=State.CANCELLED)))
    it.settle()
    it.see(pms=changed(edited(it, "pms", state=State.CONFIRMED)))
    assert it.state.appointments[old].state is State.CANCELLED
    assert len([a for a in it.state.appointments.values() if a.state is State.CONFIRMED]) == 1


def test_staff_may_overbook_their_own_day_and_it_holds_no_claim() -> None:
    it = booked()
    it.see(pms=changed(phone(start=TEN + 7200, end=TEN + 7200 + HALF)))
    it.settle()
    plan = it.see(calendar=changed(_drag_first(it, TEN + 7200)))
    moved = next(a for a in it.state.appointments.values() if a.origin is Side.CLIENT)
    assert (moved.start, moved.exclusive) == (TEN + 7200, False)
    assert {task.kind for task in plan.tasks} == {"overbooked"}


def _drag_first(it: PureHub, start: int) -> Entry:
    key = next(a.id for a in it.state.appointments.values() if a.origin is Side.CLIENT)
    shadow = it.state.shadows["calendar", key]
    assert isinstance(shadow.view, CalendarView)
    view = replace(shadow.view, start=start, end=start + HALF)
    return Entry(ref=shadow.ref, version="dragged", view=view, stamp=Stamp(appointment=key, revision=1))
