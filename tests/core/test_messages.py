"""Which message is due: the table against rules.md section 7, and the stories that clients and clinics hear."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import taken

from calbridge.hub import Answers, Command, HubState
from calbridge.messages import (
    Heard,
    Kind,
    MessageDue,
    Told,
    due,
    message,
    reminders,
    superseded,
    untrue,
    worth_sending,
)
from calbridge.model import Appointment, Clinic, Details, Resource, Rules, Service, Side, State, WallWindow
from calbridge.provider import ClientRecord, Entry, Stamp
from calbridge.testing.pure import PORTAL, PureHub, changed, links
from calbridge.views import SYSTEM_REASONS, CalendarView, PmsView, PortalView

NOW = 1_795_420_800  # 2026-11-23 08:00 UTC, a Monday
HOUR, DAY = 3_600, 86_400
TEN = NOW + HOUR + DAY  # Tuesday 10:00 in Berlin
HALF = 1_800
MARA = Details(first_name="Mara", last_name="Voss", email="mara@example.org", patient_name="Bo", species="dog")
RECORD = ClientRecord(id="c1", first_name="Mara", last_name="Voss", emails=("mara@example.org",))


def booking(state: State = State.CONFIRMED, **changes: object) -> Appointment:
    base = Appointment(
        id="b1", clinic="hafen", state=state, origin=Side.CLIENT, resource="anna", start=TEN, end=TEN + HALF
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def told(state: State, **changes: object) -> Told:
    base = Told(state=state, start=TEN, end=TEN + HALF, resource="anna", at=NOW)
    return replace(base, **changes)  # type: ignore[arg-type]


# --- the table ------------------------------------------------------------------------------------

# Written from rules.md section 7 by hand: what she has heard, where it stands, whether she sees another time.
SAME, OTHER = False, True
EXPECTED = {
    ("nothing", "requested", SAME): "request_received",
    ("nothing", "requested", OTHER): "request_received",
    ("nothing", "confirmed", SAME): "confirmed",
    ("nothing", "confirmed", OTHER): "confirmed",
    ("nothing", "declined", SAME): "declined",
    ("nothing", "declined", OTHER): "declined",
    ("nothing", "cancelled", SAME): "cancelled",
    ("nothing", "cancelled", OTHER): "cancelled",
    ("requested", "requested", OTHER): "moved",
    ("requested", "confirmed", SAME): "confirmed",
    ("requested", "confirmed", OTHER): "confirmed",
    ("requested", "declined", SAME): "declined",
    ("requested", "declined", OTHER): "declined",
    ("requested", "cancelled", SAME): "cancelled",
    ("requested", "cancelled", OTHER): "cancelled",
    ("confirmed", "confirmed", OTHER): "moved",
    ("confirmed", "cancelled", SAME): "cancelled",
    ("confirmed", "cancelled", OTHER): "cancelled",
}


@pytest.mark.parametrize(("heard", "state", "other"), list(product(Heard, State, (SAME, OTHER))))
def test_every_cell_says_what_the_rules_say(heard: Heard, state: State, other: bool) -> None:
    known = None if heard is Heard.NOTHING else told(State(heard.value), start=TEN - other * HALF)
    assert due(booking(state), known, Rules()) == EXPECTED.get((heard, state, other))


@pytest.mark.parametrize("ended", [State.DECLINED, State.CANCELLED])
@pytest.mark.parametrize("state", list(State))
def test_who_heard_that_it_is_over_hears_no_more(ended: State, state: State) -> None:
    assert due(booking(state, start=TEN + DAY), told(ended), Rules()) is None


@pytest.mark.parametrize("reason", sorted(SYSTEM_REASONS))
def test_a_booking_that_was_never_hers_is_declined_not_cancelled(reason: str) -> None:
    lost = booking(State.CANCELLED, decline_reason=reason)
    assert due(lost, None, Rules()) is Kind.DECLINED
    assert due(lost, told(State.REQUESTED), Rules()) is Kind.DECLINED
    assert due(lost, told(State.CONFIRMED), Rules()) is Kind.CANCELLED


DIFFERENCES = [
    ({"start": TEN + HALF, "end": TEN + 2 * HALF}, Rules(show_resource=False, show_duration=False), True),
    ({"end": TEN + HOUR}, Rules(), True),
    ({"end": TEN + HOUR}, Rules(show_duration=False), False),
    ({"resource": "ben"}, Rules(), True),
    ({"resource": "ben"}, Rules(show_resource=False), False),
    ({"note": "bites", "title": "Bo", "description": "cough", "revision": 7}, Rules(), False),
]


@pytest.mark.parametrize(("change", "rules", "seen"), DIFFERENCES)
def test_she_is_told_of_what_she_can_see(change: dict[str, object], rules: Rules, seen: bool) -> None:
    assert due(booking(**change), told(State.CONFIRMED), rules) == (Kind.MOVED if seen else None)


STATES = st.sampled_from(State)
TOLD = st.none() | st.builds(
    told, st.sampled_from([State.REQUESTED, State.CONFIRMED, State.DECLINED, State.CANCELLED]), start=st.just(TEN)
)


@given(st.lists(st.tuples(STATES, st.integers(0, 3)), max_size=8))
def test_whatever_happens_to_a_booking_each_message_says_something_new(life: list[tuple[State, int]]) -> None:
    """After each message she knows exactly what is so, and no two say the same."""
    rules, known, keys = Rules(), None, []
    for revision, (state, hours) in enumerate(life, start=1):
        now = booking(state, start=TEN + hours * HOUR, end=TEN + hours * HOUR + HALF, revision=revision)
        kind = due(now, known, rules)
        if kind is None:
            continue
        letter = message(kind, now, known, rules, now=NOW)
        keys.append(letter.key)
        assert letter.told != known
        known = letter.told
        assert due(now, known, rules) is None
    assert len(keys) == len(set(keys))


@given(TOLD, STATES)
def test_a_reason_is_only_in_a_refusal(known: Told | None, state: State) -> None:
    rules = Rules(decline_reason_visible=True)
    ended = booking(state, decline_reason="Dr. Anna ist krank")
    kind = due(ended, known, rules)
    if kind is not None:
        letter = message(kind, ended, known, rules, now=NOW)
        assert bool(letter.reason) == (kind is Kind.DECLINED)


def test_what_is_over_is_told_with_the_time_she_knew() -> None:
    moved_and_cancelled = booking(State.CANCELLED, start=TEN + DAY, end=TEN + DAY + HALF, resource="ben")
    letter = message(Kind.CANCELLED, moved_and_cancelled, told(State.CONFIRMED), Rules(), now=NOW)
    assert (letter.start, letter.resource, letter.previous) == (TEN, "anna", None)


# --- reminders ------------------------------------------------------------------------------------


def at(known: Told | None, appointment: Appointment | None = None, *offsets: int) -> list[int]:
    rules = Rules(reminders=offsets or (25 * HOUR, HOUR))
    return [letter.at for letter in reminders(appointment or booking(), known, rules)]


def test_a_confirmed_visit_is_reminded_of_at_each_offset() -> None:
    """S1: 25 hours and one hour before."""
    early = told(State.CONFIRMED, at=TEN - 3 * DAY)
    assert at(early) == [TEN - 25 * HOUR, TEN - HOUR]


@pytest.mark.parametrize("known", [None, told(State.REQUESTED), told(State.CANCELLED), told(State.CONFIRMED, start=1)])
def test_only_who_knows_it_confirmed_at_this_time_is_reminded(known: Told | None) -> None:
    assert at(known) == []


@pytest.mark.parametrize("state", [state for state in State if state is not State.CONFIRMED])
def test_nobody_is_reminded_of_what_is_not_to_come(state: State) -> None:
    assert at(told(State.CONFIRMED, at=0), booking(state)) == []


@given(st.integers(0, 4 * DAY), st.lists(st.integers(60, 3 * DAY), min_size=1, max_size=4))
def test_no_reminder_is_due_before_she_was_told(before: int, offsets: list[int]) -> None:
    """S1: not sent when the booking was made later than that point."""
    known = told(State.CONFIRMED, at=TEN - before)
    assert set(at(known, None, *offsets)) == {TEN - offset for offset in offsets if TEN - offset > known.at}


def test_booked_late_counts_also_where_the_portal_told_her_first() -> None:
    made = booking(created=TEN - 2 * HOUR)
    assert at(told(State.CONFIRMED, at=0), made) == [TEN - HOUR]


def reminder(offset: int) -> MessageDue:
    (letter,) = reminders(booking(), told(State.CONFIRMED, at=0), Rules(reminders=(offset,)))
    return letter


@pytest.mark.parametrize(
    ("late", "worth"),
    [(0, True), (HOUR, True), (12 * HOUR + HALF, True), (12 * HOUR + HALF + 1, False), (25 * HOUR, False)],
)
def test_a_late_reminder_goes_while_half_of_its_time_is_left(late: int, worth: bool) -> None:
    assert worth_sending(reminder(25 * HOUR), TEN - 25 * HOUR + late) is worth


def test_of_two_late_reminders_only_the_later_one_goes() -> None:
    day, hour = reminder(25 * HOUR), reminder(HOUR)
    other = replace(hour, appointment="b2")
    assert superseded(day, (day, hour))
    assert not superseded(hour, (day, hour))
    assert not superseded(day, (day, other))


@pytest.mark.parametrize("kind", [Kind.CONFIRMED, Kind.MOVED, Kind.CANCELLED, Kind.PLEASE_PHONE])
def test_nothing_is_said_of_a_visit_that_has_begun(kind: Kind) -> None:
    letter = message(kind, booking(), None, Rules(), now=NOW)
    assert worth_sending(letter, TEN - 1)
    assert not worth_sending(letter, TEN)


def test_who_expects_a_later_time_is_told_although_the_new_one_has_begun() -> None:
    letter = message(Kind.MOVED, booking(), told(State.CONFIRMED, start=TEN + DAY), Rules(), now=NOW)
    assert worth_sending(letter, TEN + HOUR)
    assert not worth_sending(letter, TEN + DAY)


MOVED = {"start": TEN + HOUR, "end": TEN + HOUR + HALF}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    ("stands", "true"),
    [
        ({}, True),
        (MOVED, False),
        ({"resource": "ben"}, True),  # which this clinic does not show
        ({"state": State.CANCELLED}, False),
    ],
)
def test_only_a_refusal_is_untrue_once_the_booking_moved_or_ended(
    kind: Kind, stands: dict[str, Any], true: bool
) -> None:
    rules = Rules(show_resource=False)
    letter = message(kind, booking(), None, rules, now=NOW)
    refusal = kind in {Kind.MOVE_REFUSED, Kind.PLEASE_PHONE}
    assert untrue(letter, replace(booking(), **stands), rules) is (refusal and not true)


# --- stories --------------------------------------------------------------------------------------


def hub(*, tells: frozenset[str] = frozenset(), first: bool = False, **rules: object) -> PureHub:
    clinic = Clinic(
        key="hafen",
        name="Hafen",
        time_zone="Europe/Berlin",
        region="DE",
        online=True,
        opening_hours={day: (WallWindow(start=480, end=1080),) for day in range(7)},
        resources={key: Resource(key=key, name=key, online=True) for key in ("anna", "ben")},
        services={
            "checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna", "ben"))
        },
        rules=Rules(availability="opening_hours", **rules),  # type: ignore[arg-type]
    )
    known = links(NOW)
    portal = replace(known["portal"], capabilities=replace(PORTAL, tells=tells))
    if first:
        portal = replace(portal, last_success=None, last_full=None)
    return PureHub(clinic, NOW, HubState(links={**known, "portal": portal}))


def entry(state: State = State.REQUESTED, start: int = TEN, **more: object) -> Entry:
    view = PortalView(state=state, resource="anna", service="checkup", start=start, end=start + HALF)
    fields = {"version": f"{state}-{start}", "modified": NOW, "details": MARA} | more
    return Entry(ref="booking/1", view=view, **fields)  # type: ignore[arg-type]


def request(it: PureHub, known: ClientRecord | None = RECORD, **more: object) -> list[str]:
    """A client books; what is said at once."""
    answers = Answers(clients={"portal/booking/1": (known,) if known else ()})
    it.see(answers, portal=changed(entry(**more)))  # type: ignore[arg-type]
    return spoken(it)


def spoken(it: PureHub) -> list[str]:
    return [f"{letter.kind} to {letter.audience}" for letter in it.deliver()]


def settled(it: PureHub) -> list[str]:
    """Everything is written; what is said by the plan after that."""
    it.settle()
    return spoken(it)


RECEIVED = ["request_received to client", "request_received to clinic"]


def only(it: PureHub) -> Appointment:
    (found,) = [each for each in it.state.appointments.values() if each.origin is Side.CLIENT]
    return found


def test_a_request_is_confirmed_to_nobody_before_the_record_has_it() -> None:
    """S2: received to both, then confirmed. Accepted is not written."""
    it = hub(booking_mode="request")
    assert request(it) == RECEIVED
    assert settled(it) == []
    it.state = replace(it.state, commands=(Command(id=1, kind="accept", appointment=only(it).id),))
    it.see()
    assert only(it).state is State.CONFIRMED
    assert spoken(it) == []
    assert settled(it) == ["confirmed to client"]
    assert settled(it) == []


def test_an_instant_booking_is_confirmed_once_it_stands_and_the_clinic_hears_nothing() -> None:
    it = hub()
    assert request(it) == []
    assert settled(it) == ["confirmed to client"]


def test_the_clinics_message_is_one_also_when_the_request_is_moved_meanwhile() -> None:
    it = hub(booking_mode="request")
    keys = []
    for start in (TEN, TEN + HOUR):
        it.see(portal=changed(entry(start=start)))
        keys += [letter.key for letter in it.plans[-1].letters.notices]
        it.settle()
    assert len(set(keys)) == 1


@pytest.mark.parametrize(
    ("visible", "notifies", "quiet", "told_"),
    [
        (True, True, False, ["declined: krank"]),
        (False, True, False, ["declined: "]),
        (True, False, False, []),
        (True, True, True, []),
    ],
)
def test_a_decline_is_told_as_the_clinic_wants_it(visible: bool, notifies: bool, quiet: bool, told_: list[str]) -> None:
    """S2: with or without a message, with the reason only where it is shown."""
    it = hub(booking_mode="request", decline_reason_visible=visible, decline_notifies=notifies)
    request(it)
    no = Command(id=1, kind="decline", appointment=only(it).id, reason="krank", notify=notifies and not quiet)
    it.state = replace(it.state, commands=(no,))
    it.see()
    assert [f"{letter.kind}: {letter.reason}" for letter in it.deliver()] == told_
    if not told_:
        assert [each.why for each in it.plans[-1].letters.silent] == ["quiet"]
    assert settled(it) == []


def test_a_clients_move_is_told_once_the_record_has_it() -> None:
    """Lesson 21: the calendar was old when she heard that it was moved (crs#159)."""
    it = hub()
    request(it)
    settled(it)
    it.see(portal=changed(entry(State.CONFIRMED, TEN + HOUR)))
    assert only(it).start == TEN + HOUR
    assert spoken(it) == []
    it.settle()
    (letter,) = it.deliver()
    assert (letter.kind, letter.start, letter.previous) == (Kind.MOVED, TEN + HOUR, TEN)


def test_two_moves_that_she_heard_nothing_between_are_one_message() -> None:
    it = hub()
    request(it)
    settled(it)
    for start in (TEN + HOUR, TEN + 2 * HOUR):
        it.see(portal=changed(entry(State.CONFIRMED, start)))
        it.settle()
    (letter,) = it.deliver()
    assert (letter.start, letter.previous) == (TEN + 2 * HOUR, TEN)


def test_moved_and_back_is_nothing() -> None:
    it = hub()
    request(it)
    settled(it)
    for start in (TEN + HOUR, TEN):
        it.see(portal=changed(entry(State.CONFIRMED, start)))
        it.settle()
    assert spoken(it) == []


def test_a_cancellation_is_told_whoever_cancels() -> None:
    """S0: she hears it also where she did it herself."""
    it = hub()
    request(it)
    settled(it)
    it.see(portal=changed(entry(State.CANCELLED)))
    assert spoken(it) == ["cancelled to client"]
    assert settled(it) == []


def test_a_booking_that_was_cancelled_before_she_heard_of_it_is_only_cancelled() -> None:
    it = hub()
    request(it)
    it.settle()
    assert [letter.kind for letter in it.plans[-1].letters.due] == [Kind.CONFIRMED]
    it.see(portal=changed(entry(State.CANCELLED)))
    assert spoken(it) == ["cancelled to client"]


def test_what_staff_booked_by_phone_is_told_to_nobody() -> None:
    it = hub()
    it.see(
        pms=changed(
            Entry(
                ref="pms/7",
                version="1",
                view=PmsView(state=State.CONFIRMED, resource="anna", start=TEN, end=TEN + HALF, client="c1"),
            )
        )
    )
    assert settled(it) == []


def test_a_move_inside_the_cutoff_asks_her_to_phone() -> None:
    """S1: in less than 24 hours she has to call."""
    it = hub(client_move_cutoff=DAY)
    request(it)
    settled(it)
    it.now = TEN - 5 * HOUR
    late = replace(entry(State.CONFIRMED, TEN + HOUR), modified=it.now)
    it.see(portal=changed(late))
    assert (only(it).start, spoken(it)) == (TEN, ["please_phone to client"])
    assert settled(it) == []


def by_phone(it: PureHub, start: int) -> None:
    """Reception takes a time of Anna's."""
    view = PmsView(state=State.CONFIRMED, resource="anna", start=start, end=start + HALF, client="c9")
    it.see(pms=changed(Entry(ref="pms/7", version="1", view=view)))
    it.settle()


@pytest.mark.parametrize("mode", ["instant", "request"])
def test_a_move_that_she_does_not_get_is_told_with_what_stands(mode: str) -> None:
    """Her page said that it is being entered; without a word she would come at the wrong time."""
    it = hub(booking_mode=mode)
    request(it)
    settled(it)
    by_phone(it, TEN + HOUR)
    state = State.CONFIRMED if mode == "instant" else State.REQUESTED
    it.see(portal=changed(entry(state, TEN + HOUR, version="moved")))
    letters = it.deliver()
    assert [(letter.kind, letter.audience, letter.start) for letter in letters] == [("move_refused", "client", TEN)]
    assert settled(it) == []
    it.see(portal=changed(entry(state, TEN + HOUR, version="moved again")))
    again = it.deliver()
    assert [letter.kind for letter in again] == [Kind.MOVE_REFUSED]
    assert again[0].key != letters[0].key
    assert settled(it) == []


@pytest.mark.parametrize("mode", ["instant", "request"])
def test_who_was_refused_and_picks_another_time_gets_it(mode: str) -> None:
    """Her page still shows what she was refused: what it does not show yet is no move of the clinic's."""
    it = hub(booking_mode=mode)
    request(it)
    settled(it)
    by_phone(it, TEN + HOUR)
    state = State.CONFIRMED if mode == "instant" else State.REQUESTED
    it.see(portal=changed(entry(state, TEN + HOUR, version="moved")))
    assert spoken(it) == ["move_refused to client"]
    it.see(portal=changed(entry(state, TEN + 2 * HOUR, version="moved again")))
    assert only(it).start == TEN + 2 * HOUR
    assert [*spoken(it), *settled(it)] == ["moved to client"]


def test_a_wish_that_the_clinics_own_move_overrules_is_refused_aloud_where_she_hears_of_nothing_else() -> None:
    """The desk moved it away and back before she was told: to her it stands where it stood."""
    it = hub()
    request(it)
    settled(it)
    for start in (TEN + 2 * HOUR, TEN):
        there = it.state.shadows["pms", only(it).id]
        view = replace(there.view, start=start, end=start + HALF)  # type: ignore[type-var]  # it is there
        stamp = Stamp(appointment=there.appointment, revision=1)
        desk = Entry(ref=there.ref, version=f"desk {start}", view=view, stamp=stamp)
        it.see(pms=changed(desk))
        if start != TEN:
            it.settle()
    assert spoken(it) == []
    it.see(portal=changed(entry(State.CONFIRMED, TEN + HOUR, version="moved")))
    assert (only(it).start, [*spoken(it), *settled(it)]) == (TEN, ["move_refused to client"])


def test_a_move_that_the_record_refuses_later_is_told_too() -> None:
    it = hub()
    request(it)
    settled(it)
    it.see(portal=changed(entry(State.CONFIRMED, TEN + HOUR, version="moved")))
    assert spoken(it) == []
    it.see(taken(it, "pms", only(it).id))
    assert (only(it).start, spoken(it)) == (TEN, ["move_refused to client"])
    assert settled(it) == []


def test_who_is_told_of_the_clinics_own_move_is_not_told_that_hers_was_refused() -> None:
    """Both moved it at once: the clinic's time stands, and the message about it says so."""
    it = hub()
    request(it)
    settled(it)
    there = next(shadow for (name, _), shadow in it.state.shadows.items() if name == "pms")
    view = replace(there.view, start=TEN + 2 * HOUR, end=TEN + 2 * HOUR + HALF)  # type: ignore[type-var]  # it is there
    moved = Entry(ref=there.ref, version="desk", view=view, stamp=Stamp(appointment=there.appointment, revision=1))
    it.see(pms=changed(moved), portal=changed(entry(State.CONFIRMED, TEN + HOUR, version="moved")))
    assert (only(it).start, [*spoken(it), *settled(it)]) == (TEN + 2 * HOUR, ["moved to client"])


def test_a_portal_that_tells_its_clients_is_not_repeated_and_still_reminded_after() -> None:
    told_there = frozenset({"request_received", "confirmed", "declined", "moved", "move_refused", "cancelled"})
    it = hub(tells=told_there, booking_mode="request", reminders=(25 * HOUR, HOUR))
    assert request(it) == ["request_received to clinic"]
    it.settle()
    by_phone(it, TEN + 2 * HOUR)
    it.see(portal=changed(entry(start=TEN + 2 * HOUR, version="moved")))
    assert settled(it) == []  # her portal says that this could not be
    it.state = replace(it.state, commands=(Command(id=1, kind="accept", appointment=only(it).id),))
    it.see()
    assert settled(it) == []
    assert [letter.at for letter in it.plans[-1].letters.due] == [TEN - HOUR]  # 25 hours before is now
    why = {each.why for plan in it.plans for each in plan.letters.silent}
    assert why == {"portal"}


def test_a_portal_that_reminds_its_clients_is_not_repeated_either() -> None:
    it = hub(tells=frozenset(Kind), reminders=(HOUR,))
    request(it)
    it.settle()
    assert settled(it) == []
    assert it.plans[-1].letters.due == ()


@pytest.mark.parametrize("state", [State.REQUESTED, State.CONFIRMED])
def test_a_first_import_is_quiet_and_what_comes_after_it_is_not(state: State) -> None:
    """eTermin's lesson: nobody gets a hundred old confirmations."""
    it = hub(first=True, booking_mode="request")
    assert request(it, state=state) == []
    assert [each.why for each in it.plans[-1].letters.silent] == ["first_import"]
    known = it.state.links["portal"]
    it.state = replace(it.state, links={**it.state.links, "portal": replace(known, last_full=it.now)})
    assert settled(it) == []
    it.see(portal=changed(entry(State.CANCELLED)))
    assert spoken(it) == ["cancelled to client"]


def test_a_request_that_was_imported_is_confirmed_like_any_other() -> None:
    it = hub(first=True, booking_mode="request")
    request(it)
    known = it.state.links["portal"]
    it.state = replace(it.state, links={**it.state.links, "portal": replace(known, last_full=it.now)})
    settled(it)
    it.state = replace(it.state, commands=(Command(id=1, kind="accept", appointment=only(it).id),))
    it.see()
    assert settled(it) == ["confirmed to client"]


def test_what_the_hub_lost_and_the_portal_shows_confirmed_is_not_confirmed_again() -> None:
    it = hub()
    assert request(it, state=State.CONFIRMED) == []
    assert settled(it) == []


def test_a_full_reread_of_what_is_known_says_nothing() -> None:
    it = hub()
    request(it)
    settled(it)
    sides = {"portal": changed(entry(State.CONFIRMED))}
    it.see(**sides)
    assert settled(it) == []


def test_a_move_gives_up_the_old_reminders_and_makes_new_ones() -> None:
    it = hub(reminders=(5 * HOUR, HOUR))
    request(it)
    settled(it)
    assert settled(it) == []
    assert [letter.at for letter in it.plans[-1].letters.due] == [TEN - 5 * HOUR, TEN - HOUR]
    later = TEN + 4 * HOUR
    calendar = next(s for (name, _), s in it.state.shadows.items() if name == "calendar")
    assert isinstance(calendar.view, CalendarView)
    view = replace(calendar.view, start=later, end=later + HALF)
    it.see(calendar=changed(Entry(ref=calendar.ref, version="9", view=view)))
    assert [letter for letter in it.plans[-1].letters.due if letter.kind is Kind.REMINDER] == []
    it.settle()
    assert spoken(it) == ["moved to client"]
    settled(it)
    assert [letter.at for letter in it.plans[-1].letters.due] == [later - 5 * HOUR, later - HOUR]


def test_a_cancelled_visit_has_no_reminders() -> None:
    it = hub(reminders=(HOUR,))
    request(it)
    settled(it)
    it.settle()
    assert it.plans[-1].letters.due != ()
    it.see(portal=changed(entry(State.CANCELLED)))
    it.deliver()
    it.settle()
    assert it.plans[-1].letters.due == ()


def test_without_a_pms_the_calendars_word_is_awaited() -> None:
    it = hub()
    calendar, portal = replace(it.state.links["calendar"], rank=0), it.state.links["portal"]
    it.state = replace(it.state, links={"calendar": calendar, "portal": portal})
    it.see(portal=changed(entry()))
    assert spoken(it) == []
    assert settled(it) == ["confirmed to client"]


@pytest.mark.parametrize("notify", [None, True, False])
@pytest.mark.parametrize("kind", ["cancel", "move"])
def test_what_the_clinic_cancels_or_moves_without_a_message_has_none(kind: Any, notify: bool | None) -> None:
    """It has told her itself; of what comes after it she is told as ever."""
    it = hub()
    request(it)
    settled(it)
    place = {"resource": "anna", "start": TEN + HOUR, "end": TEN + HOUR + HALF} if kind == "move" else {}
    it.state = replace(
        it.state,
        commands=(Command(id=1, kind=kind, appointment=only(it).id, notify=notify, **place),),  # type: ignore[arg-type]
    )
    it.see()
    past = {"cancel": "cancelled", "move": "moved"}[kind]
    heard = [each.kind for each in it.deliver()]
    it.settle()
    heard += [each.kind for each in it.deliver()]
    assert heard == ([] if notify is False else [past])
    assert it.state.told[only(it).id].start == (TEN if kind == "cancel" else TEN + HOUR)
