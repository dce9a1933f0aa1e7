"""A client's move is under way until its new time was read again: what is kept meanwhile, and what comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import (
    HALF,
    HOUR,
    NOW,
    TEN,
    ask,
    booked,
    client,
    clinic,
    codes,
    disagreements,
    edited,
    gives_up,
    held,
    hub,
    kinds,
    portal,
    shadow,
    submitted,
    taken,
    told,
)

from calbridge.hub import Command, HubState
from calbridge.interval import Interval
from calbridge.lifecycle import CommandKind
from calbridge.messages import Kind
from calbridge.model import State
from calbridge.provider import Busy, Receipt
from calbridge.reconcile import standing
from calbridge.testing.pure import CALENDAR, PureHub, changed, echo, links

LATER, LATEST = TEN + 2 * HOUR, TEN + 4 * HOUR
REQUEST = {"booking_mode": "request"}


def wants(it: PureHub, start: int, **more: object) -> None:
    it.see(portal=changed(edited(it, "portal", start=start, end=start + HALF, modified=it.now, **more)))


def meeting(at: int) -> Busy:
    return Busy(ref=f"anna/{at}", version="1", resource="anna", spans=(Interval(at, at + HALF + 60),))


def test_a_move_is_told_once_it_was_read_again() -> None:
    it = booked()
    wants(it, LATER)
    assert (client(it).start, client(it).reserved) == (LATER, False)
    assert [each.code for each in standing(it.state, client(it))][:2] == ["not_reserved", "not_written"]
    assert "moving" in {each.code for each in standing(it.state, client(it))}
    for effect in it.plans[-1].effects:
        assert effect.connection != "portal"
        it.write(effect)
    assert told(it.see()) == []  # nobody has looked yet
    it.settle()
    assert (client(it).reserved, client(it).moved_from) == (True, None)


def test_it_goes_back_as_what_it_was() -> None:
    """Another service has another length and other buffers."""
    it = booked()
    services = {**it.clinic.services, "long": replace(it.clinic.services["long"], buffer_after=15)}
    it.clinic = replace(it.clinic, services=services)
    before = client(it)
    wants(it, LATER, service="long", resource="bernd")
    assert (client(it).service, client(it).resource, client(it).buffer_after) == ("long", "bernd", 900)
    it.see(calendar=changed(replace(meeting(LATER), resource="bernd")))
    it.settle()
    after = client(it)
    assert after.place == before.place
    assert (after.reserved, after.written, after.decline_reason) == (True, True, "slot_unavailable")
    assert {s.view.resource for s in it.state.shadows.values() if s.view} == {"anna"}


def test_who_moves_twice_goes_back_to_where_she_was_first() -> None:
    it = booked()
    wants(it, LATER)
    wants(it, LATEST)
    it.see(calendar=changed(meeting(LATEST)))
    it.settle()
    assert client(it).start == TEN


def test_who_comes_back_by_herself_is_where_she_was() -> None:
    it = booked()
    wants(it, LATER)
    wants(it, TEN)
    it.settle()
    assert (client(it).start, client(it).reserved, client(it).moved_from, kinds(it)) == (TEN, True, None, set())


@pytest.mark.parametrize("rules", [{}, REQUEST])
def test_where_the_old_time_has_passed_it_stays_with_a_task(rules: dict[str, str]) -> None:
    it = booked(**rules)
    wants(it, LATER)
    it.now = TEN + 60
    it.see(calendar=changed(meeting(LATER)))
    it.settle()
    assert (client(it).start, client(it).state.gone, kinds(it)) == (LATER, False, {"overbooked"})
    assert "move_stands" in codes(it)


def test_what_was_never_reserved_has_no_place_to_go_back_to() -> None:
    it = held(hub(**REQUEST))
    it.state = replace(it.state, appointments={client(it).id: replace(client(it), reserved=False)})
    entry = edited(it, "portal", state=State.REQUESTED)
    it.see(portal=changed(entry))
    wants(it, LATER)
    assert client(it).moved_from is None
    it.see(calendar=changed(meeting(LATER)))
    assert (client(it).state, client(it).decline_reason) == (State.DECLINED, "slot_unavailable")


def test_the_place_that_is_kept_is_offered_to_nobody_and_given_to_nobody() -> None:
    it = booked()
    wants(it, LATER)
    held(it, "hold/2", expires=it.now + 300)
    other = next(a for a in it.state.appointments.values() if a.id != client_of(it, "booking/1"))
    assert (other.state, other.decline_reason) == (State.RELEASED, "slot_unavailable")


def client_of(it: PureHub, ref: str) -> str:
    return next(s.appointment for s in it.state.shadows.values() if s.ref == ref)


def test_a_request_that_is_moved_is_told_when_it_is_sure_and_never_when_it_goes_back() -> None:
    for busy in (False, True):
        it = booked(**REQUEST)
        it.see()
        it.deliver()
        wants(it, LATER)
        assert it.deliver() == []
        if busy:
            it.see(calendar=changed(meeting(LATER)))
        heard = []
        for _ in range(4):
            for effect in it.see(**{name: changed() for name in it.state.links}).effects:
                it.write(effect)
            heard += it.deliver()
            it.now += 1
        assert [(each.kind, each.start) for each in heard] == ([] if busy else [(Kind.MOVED, LATER)])


def test_a_side_that_stands_elsewhere_was_not_read_at_the_new_time() -> None:
    """Its calendar could not be written yet: an old entry there, seen again, says nothing about the new time."""
    it = booked()
    wants(it, LATER)
    for effect in it.plans[-1].effects:
        if effect.connection == "pms":
            it.write(effect)
    it.now += 1
    it.see(pms=changed(), calendar=changed())
    view = shadow(it, "calendar").view
    assert view is not None
    assert (view.start, client(it).reserved) == (TEN, False)


def test_what_ends_meanwhile_keeps_no_place() -> None:
    it = submitted(held(hub()))
    wants(it, LATER)
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    assert (client(it).state, client(it).moved_from) == (State.CANCELLED, None)


# --- what staff decides about where she was -------------------------------------------------------------


@pytest.mark.parametrize("side", ["pms", "calendar"])
def test_who_is_accepted_where_she_was_stands_there(side: str) -> None:
    """Staff has not seen the move: at the new time somebody else was booked meanwhile, and nobody would have looked."""
    it = booked(**REQUEST)
    it.see()
    it.deliver()
    before = client(it).place
    wants(it, LATER, service="long")
    accepted = edited(it, side, state=State.CONFIRMED)
    it.see(**{"calendar": changed(meeting(LATER)), side: changed(accepted, *[meeting(LATER)][: side == "calendar"])})
    assert client(it).decline_reason == "slot_unavailable"
    letters = it.plans[-1].letters
    assert [each.kind for each in letters.notices if each.audience == "client"] == [Kind.MOVE_REFUSED]
    it.settle()
    assert (client(it).state, client(it).place, client(it).moved_from) == (State.CONFIRMED, before, None)
    assert (client(it).reserved, client(it).written, disagreements(it), kinds(it)) == (True, True, [], set())


@pytest.mark.parametrize("side", ["pms", "calendar"])
def test_who_is_accepted_for_as_long_as_she_was_there_for_is_given_no_longer_time(side: str) -> None:
    """She wants more at the same start; the side that accepts shows the short visit still."""
    it = booked(**REQUEST)
    before = client(it).place
    wants(it, TEN, service="long")
    it.see(**{side: changed(edited(it, side, state=State.CONFIRMED))})
    it.settle()
    assert (client(it).state, client(it).place, client(it).moved_from) == (State.CONFIRMED, before, None)
    assert disagreements(it) == []


@pytest.mark.parametrize("side", ["pms", "calendar"])
def test_who_is_accepted_between_two_moves_stands_there_as_what_is_shown(side: str) -> None:
    """She wanted a longer visit, then that at another time; the side that accepts shows the first wish."""
    it = booked(**REQUEST)
    wants(it, LATER, service="long")
    for effect in it.plans[-1].effects:
        it.write(effect)
    second = edited(it, "portal", start=LATEST, end=LATEST + HOUR, modified=it.now)
    it.see(portal=changed(second))
    assert client(it).service == "long"
    it.see(**{side: changed(edited(it, side, state=State.CONFIRMED))})
    it.settle()
    found = client(it)
    assert (found.state, found.start, found.end, found.service) == (State.CONFIRMED, LATER, LATER + HOUR, "long")
    assert (found.moved_from, disagreements(it)) == (None, [])


@pytest.mark.parametrize("state", [State.ARRIVED, State.FULFILLED, State.NO_SHOW])
@pytest.mark.parametrize("rules", [{}, REQUEST])
def test_who_is_received_where_she_was_is_moved_nowhere(state: State, rules: dict[str, str]) -> None:
    it = booked(**rules)
    wants(it, LATER)
    it.see(pms=changed(edited(it, "pms", state=state)))
    assert it.plans[-1].letters.notices == ()
    it.settle()
    assert (client(it).state, client(it).start, client(it).moved_from) == (state, TEN, None)
    assert disagreements(it) == []


def test_who_is_accepted_where_she_wants_to_be_is_decided() -> None:
    it = booked(**REQUEST)
    wants(it, LATER)
    for effect in it.plans[-1].effects:
        it.write(effect)
    it.see(pms=changed(edited(it, "pms", state=State.CONFIRMED)), calendar=changed(meeting(LATER)))
    it.settle()
    assert (client(it).state, client(it).start, kinds(it)) == (State.CONFIRMED, LATER, {"overbooked"})


@pytest.mark.parametrize("seen", [True, False], ids=["the move was known", "in the same cycle"])
def test_a_command_accepts_a_move_only_where_it_could_be_known(seen: bool) -> None:
    it = booked(**REQUEST)
    moved = changed(edited(it, "portal", start=LATER, end=LATER + HALF, modified=it.now))
    if seen:
        it.see(portal=moved)
    it.state = replace(it.state, commands=(Command(id=1, kind="accept", appointment=client(it).id),))
    it.see(calendar=changed(meeting(LATER))) if seen else it.see(portal=moved)
    if not seen:
        assert (client(it).start, client(it).reserved) == (LATER, False)
        it.see(calendar=changed(meeting(LATER)))
    it.settle()
    assert (client(it).state, client(it).start) == (State.CONFIRMED, LATER if seen else TEN)


def test_who_is_moved_by_staff_at_the_old_place_hears_that_she_does_not_get_the_new_one() -> None:
    """Her page had taken the new time: the desk lengthens the visit where it still sees it, before it is written."""
    it = booked(show_duration=False)
    it.deliver()
    wants(it, LATER)
    it.see(calendar=changed(edited(it, "calendar", end=TEN + HALF + 900, modified=it.now)))
    assert (client(it).start, client(it).end, client(it).moved_from) == (TEN, TEN + HALF + 900, None)
    assert [letter.kind for letter in it.deliver()] == [Kind.MOVE_REFUSED]
    it.settle()
    assert it.deliver() == []


def test_who_is_moved_by_staff_to_yet_another_time_is_told_that_alone() -> None:
    it = booked()
    it.deliver()
    wants(it, LATER)
    it.see(calendar=changed(edited(it, "calendar", start=LATEST, end=LATEST + HALF, modified=it.now)))
    it.settle()
    assert [letter.kind for letter in it.deliver()] == [Kind.MOVED]


def test_what_staff_moved_stands_although_the_portal_shows_it_already() -> None:
    """A request is shown at its new time before the PMS, which was down, says that it is taken there."""
    it = submitted(held(hub(**REQUEST)))
    it.see()
    it.deliver()
    ask(it, "move", resource="anna", start=LATER, end=LATER + HALF)
    for effect in it.plans[-1].effects:
        if effect.connection != "pms":
            it.write(effect)
    it.see()
    it.see(taken(it, "pms"))
    assert (client(it).start, kinds(it)) == (LATER, {"overbooked"})
    it.settle()
    assert Kind.MOVE_REFUSED not in {letter.kind for letter in it.deliver()}


def test_what_staff_enters_itself_after_it_was_given_up_is_nobodys_question() -> None:
    it = booked()
    plan = it.see(calendar=changed(edited(it, "calendar", start=LATER, end=LATER + HALF, modified=it.now)))
    gives_up(it, next(effect for effect in plan.effects if effect.connection == "pms"))
    it.see(pms=changed(edited(it, "pms", start=LATER, end=LATER + HALF, modified=it.now + 5)))
    assert f"write:pms/{client(it).id}" in it.plans[-1].settled


def test_a_refusal_of_an_earlier_wish_does_not_meet_the_newer_one() -> None:
    """The PMS has no room at the first time; she had picked another before the bridge heard that."""
    it = booked()
    wants(it, LATER)
    conflict = taken(it, "pms")
    entry = edited(it, "portal", start=LATEST, end=LATEST + HALF, modified=it.now)
    it.see(conflict, portal=changed(entry))
    assert client(it).start == LATEST
    it.settle()
    assert (client(it).start, client(it).reserved, client(it).decline_reason) == (LATEST, True, "")


def test_a_refusal_of_a_longer_visit_does_not_meet_who_wants_the_short_one_again() -> None:
    """At the same start: she hears of no refusal, because she has what she wants."""
    it = booked()
    it.see()
    it.deliver()
    it.see(portal=changed(edited(it, "portal", service="long", end=TEN + HOUR, modified=it.now)))
    conflict = taken(it, "pms")
    it.see(conflict, portal=changed(edited(it, "portal", service="checkup", end=TEN + HALF, modified=it.now)))
    assert it.deliver() == []
    it.settle()
    assert (client(it).service, client(it).minutes, client(it).decline_reason) == ("checkup", 30, "")
    assert it.deliver() == []


# --- what could not be written --------------------------------------------------------------------------


def never_taken(it: PureHub, name: str) -> None:
    """This side never takes what is due for it; the others write theirs, and everybody is read again."""
    for effect in it.plans[-1].effects:
        if effect.connection == name:
            gives_up(it, effect)
        else:
            it.write(effect)
    for _ in range(3):
        it.now += 1
        for effect in it.see(**{each: changed() for each in it.state.links}).effects:
            assert effect.connection != name
            it.write(effect)


def one_calendar_each() -> PureHub:
    """No PMS: each vet's calendar is a connection of its own."""
    known = links(NOW)
    vets = {
        vet: replace(known["calendar"], name=vet, rank=0, capabilities=replace(CALENDAR, resources=frozenset({vet})))
        for vet in ("anna", "bernd")
    }
    it = PureHub(clinic(), NOW, HubState(links={**vets, "portal": known["portal"]}))
    return submitted(held(it))


@pytest.mark.parametrize("fields", [{}, {"service": "long"}], ids=["later", "longer"])
def test_a_move_that_could_not_be_written_keeps_its_old_place_and_tells_nobody(fields: dict[str, str]) -> None:
    it = booked()
    wants(it, TEN if fields else LATER, **fields)
    never_taken(it, "pms")
    assert (client(it).minutes, client(it).reserved) == (60 if fields else 30, False)
    assert it.deliver() == []
    first = client(it).id
    it.see(portal=changed(portal("hold/2", State.HELD, expires=it.now + 300)))
    other = next(each for each in it.state.appointments.values() if each.id != first)
    assert (other.state, other.decline_reason) == (State.RELEASED, "slot_unavailable")
    assert it.state.appointments[first].moved_from is not None


@pytest.mark.parametrize("way", ["keep", "take_back", "retry"])
@pytest.mark.parametrize("vets", [False, True], ids=["in a PMS", "a calendar for each vet"])
def test_a_person_decides_about_a_move_that_could_not_be_written(way: CommandKind, vets: bool) -> None:
    """Between two calendars it stands nowhere meanwhile: taken back, it is at its old place, and not over."""
    it = one_calendar_each() if vets else booked()
    wants(it, LATER, **({"resource": "bernd"} if vets else {}))
    side = "bernd" if vets else "pms"
    never_taken(it, side)
    assert not client(it).reserved
    plan = ask(it, way, connection=side)
    if way == "retry":
        for effect in plan.effects:
            it.write(effect)
    it.settle()
    place = (TEN, "anna") if way == "take_back" else (LATER, "bernd" if vets else "anna")
    assert (client(it).state, client(it).start, client(it).resource) == (State.CONFIRMED, *place)
    assert (client(it).reserved, client(it).written, client(it).moved_from) == (True, True, None)
    shown = shadow(it, "portal").view
    assert shown is not None
    assert (shown.state, shown.start, shown.resource) == (State.CONFIRMED, *place)
    if way == "take_back" and vets:
        kept = shadow(it, "anna").view
        assert kept is not None
        assert kept.start == TEN


@pytest.mark.parametrize("passed", [False, True], ids=["taken", "passed"])
def test_what_cannot_go_back_is_not_taken_back_and_a_person_is_told(passed: bool) -> None:
    it = booked()
    wants(it, LATER)
    never_taken(it, "pms")
    if passed:
        it.now = TEN + 60
    else:
        it.see(calendar=changed(meeting(TEN)))
    plan = ask(it, "take_back", connection="pms")
    it.settle()
    assert (client(it).start, client(it).state) == (LATER, State.CONFIRMED)
    assert [task.key for task in plan.tasks] == [f"failed:pms/{client(it).id}"]
    assert plan.tasks[0].key not in plan.settled
    assert "move_stands" in codes(it)


def test_a_side_that_rewrites_the_new_time_has_it() -> None:
    """A server may know no other lengths than its own (R16): it shows the move, though not as it was asked for."""
    it = booked()
    wants(it, LATER)
    for effect in it.plans[-1].effects:
        entry = echo(effect)
        longer = replace(entry, view=replace(entry.view, end=entry.view.end + 60))
        it.write(effect, Receipt(outcome="written", entry=longer if effect.connection == "calendar" else entry))
    it.settle()
    assert (client(it).start, client(it).reserved) == (LATER, True)
