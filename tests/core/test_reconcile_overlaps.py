"""Two in one time are never silent: whichever came later, on whichever side, and whatever becomes of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from stories import (
    DAY,
    HALF,
    HOUR,
    MARA,
    RECORD,
    TEN,
    ask,
    booked,
    client,
    edited,
    held,
    hub,
    phone,
    portal,
    shadow,
    submitted,
    taken,
)

from calbridge.hub import Task
from calbridge.interval import Interval
from calbridge.model import Absence, Appointment, Closure, Side, State
from calbridge.provider import AbsenceRecord, Busy, ClosureRecord, Entry, Record, Unreadable
from calbridge.reconcile.facts import in_the_way
from calbridge.testing.pure import PureHub, changed

LONGER = Interval(TEN, TEN + HALF + 600)
SAME = Interval(TEN, TEN + HALF)


def named(it: PureHub) -> dict[str, str]:
    """The open tasks about overlaps, as the store would have them: key -> sentence."""
    found: dict[str, Task] = {}
    for plan in it.plans:
        found |= {task.key: task for task in plan.tasks if task.kind == "overbooked"}
        for key in plan.settled:
            found.pop(key, None)
    return {key: task.sentence for key, task in found.items()}


def busy(ref: str = "anna/m", span: Interval = LONGER, **more: Any) -> Busy:
    return Busy(ref=ref, version=f"{span}", resource="anna", spans=(span,), **more)


LONG, DAYLONG = "from 10:00 to 10:40", "from 2026-11-24 10:00 to 2026-11-25 10:00"
PUT: dict[str, tuple[str, Callable[[], Record], str]] = {
    # on which side, what, and what a person finds it by
    "a longer entry": ("calendar", busy, f"entry of calendar {LONG}"),
    "an entry of the same time": ("calendar", lambda: busy(span=SAME), "entry of calendar from 10:00 to 10:30"),
    "what the PMS keeps as busy": ("pms", lambda: busy("block/1"), f"entry of pms {LONG}"),
    "a phone booking": ("pms", phone, "appointment "),
    "an absence": (
        "pms",
        lambda: AbsenceRecord(ref="away/1", version="1", resource="anna", spans=(Interval(TEN, TEN + DAY),)),
        f"the absence of pms {DAYLONG}",
    ),
    "a closure": (
        "pms",
        lambda: ClosureRecord(ref="shut/1", version="1", spans=(Interval(TEN, TEN + DAY),)),
        f"the closure of pms {DAYLONG}",
    ),
    "an entry that cannot be read": (
        "calendar",
        lambda: Unreadable(ref="anna/x", version="1", why="no start", resource="anna", spans=(LONGER,)),
        f"the unreadable entry of calendar {LONG}",
    ),
}


def confirmed() -> PureHub:
    return booked()


def requested() -> PureHub:
    return booked(booking_mode="request")


def accepted() -> PureHub:
    it = requested()
    ask(it, "accept")
    it.settle()
    return it


def moved() -> PureHub:
    """By its client, from another time."""
    it = submitted(held(hub(), start=TEN + HOUR, end=TEN + HOUR + HALF), start=TEN + HOUR, end=TEN + HOUR + HALF)
    it.see(portal=changed(edited(it, "portal", start=TEN, end=TEN + HALF)))
    it.settle()
    assert (client(it).start, client(it).reserved, client(it).moved_from) == (TEN, True, None)
    return it


STANDING = {"confirmed": confirmed, "requested": requested, "accepted": accepted, "moved": moved}


@pytest.mark.parametrize("stands", STANDING)
@pytest.mark.parametrize("what", PUT)
def test_what_staff_puts_over_a_booking_stands_and_a_person_is_asked(stands: str, what: str) -> None:
    it = STANDING[stands]()
    before = client(it)
    side, made, name = PUT[what]
    it.see(**{side: changed(made())})
    (sentence,) = named(it).values()
    assert before.id in sentence
    assert name in sentence
    assert "on 2026-11-24 from 10:00 to 10:30" in sentence
    assert not [ref for _, ref in it.state.foreign if ref in sentence], "a file may have a person's name"
    assert (client(it).state, client(it).start) == (before.state, TEN)
    it.settle()
    it.see(**{side: changed(made())})  # the daily full read shows it once more
    assert list(named(it).values()) == [sentence]


@pytest.mark.parametrize("stands", STANDING)
@pytest.mark.parametrize("ends", ["the entry goes", "the entry moves", "the booking moves", "the booking ends"])
def test_the_question_is_over_with_the_overlap(stands: str, ends: str) -> None:
    it = STANDING[stands]()
    it.see(calendar=changed(busy()))
    assert len(named(it)) == 1
    later = Interval(TEN + 3 * HOUR, TEN + 4 * HOUR)
    match ends:
        case "the entry goes":
            it.see(calendar=changed(removed=("anna/m",)))
        case "the entry moves":
            it.see(calendar=changed(busy(span=later)))
        case "the booking moves":
            it.see(pms=changed(edited(it, "pms", start=TEN + HOUR, end=TEN + HOUR + HALF)))
        case _:
            it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    assert named(it) == {}


def test_the_question_about_a_phone_booking_is_over_when_either_goes() -> None:
    for goes in ("pms", "portal"):
        it = booked()
        it.see(pms=changed(phone()))
        it.settle()
        assert len(named(it)) == 1
        over = phone(version="2", state=State.CANCELLED) if goes == "pms" else edited(it, goes, state=State.CANCELLED)
        it.see(**{goes: changed(over)})
        assert named(it) == {}


def test_a_request_over_which_somebody_was_put_is_accepted_with_the_question_open() -> None:
    it = requested()
    it.see(calendar=changed(busy()))
    ask(it, "accept")
    it.settle()
    assert (client(it).state, len(named(it))) == (State.CONFIRMED, 1)


def test_an_end_that_staff_drags_over_the_next_client_names_both() -> None:
    it = booked()
    submitted(
        held(it, "hold/2", start=TEN + HALF, end=TEN + HOUR), "booking/2", "hold/2", start=TEN + HALF, end=TEN + HOUR
    )
    first, second = sorted(it.state.appointments.values(), key=lambda a: a.start)
    view = shadow(it, "calendar", first.id).view
    assert view is not None
    entry = Entry(ref=shadow(it, "calendar", first.id).ref, version="9", view=replace(view, end=TEN + HOUR))
    it.see(calendar=changed(entry))
    (sentence,) = named(it).values()
    assert first.id in sentence
    assert second.id in sentence


# --- what may be the clinic's own copy ----------------------------------------------------------------

MAYBE = "may be your own copy of it"


def with_feed(it: PureHub, *, mirrors: bool = False) -> PureHub:
    """One more calendar, which the bridge only reads (or writes to like the other)."""
    feed = replace(it.state.links["calendar"], name="feed")
    feed = replace(feed, capabilities=replace(feed.capabilities, mirrors=mirrors))
    it.state = replace(it.state, links={**it.state.links, "feed": feed})
    it.settle()
    return it


def at(number: int) -> Interval:
    """The n-th half hour after ten."""
    return Interval(TEN + number * HALF, TEN + (number + 1) * HALF)


def with_bookings(count: int, *, phoned: int = 0) -> PureHub:
    """So many clients of Anna, one after the other, and before them so many who phoned; the feed shows none of them."""
    it = hub()
    it.see(pms=changed(*(phone(f"pms/{n}", start=at(-n).start, end=at(-n).end) for n in range(1, phoned + 1))))
    for number in range(count):
        start, end = at(number).start, at(number).end
        held(it, f"hold/{number}", start=start, end=end)
        submitted(it, f"booking/{number}", f"hold/{number}", start=start, end=end)
    return with_feed(it)


def copies(it: PureHub, *numbers: int, side: str = "feed") -> None:
    """Staff enters these by hand."""
    it.see(**{side: changed(*(busy(f"anna/{number}", at(number)) for number in numbers))})


def about(it: PureHub, number: int) -> list[str]:
    """What the last reconciliation asks and notes about an exact entry of the n-th: "asked", "perhaps", "copied"."""
    (key,) = [each.id for each in it.state.appointments.values() if each.span == at(number)]
    plan = it.plans[-1]
    asked = ["perhaps" if MAYBE in t.sentence else "asked" for t in plan.tasks if t.key == f"overbooked:{key}"]
    return asked + [line.code for line in plan.journal if (line.code, line.appointment) == ("copied", key)]


@pytest.mark.parametrize("stands", STANDING)
def test_an_entry_of_exactly_its_time_is_asked_about_where_nothing_speaks_for_a_copy(stands: str) -> None:
    """Most visits of a clinic are equally long: it may be somebody else, and the vet has two."""
    it = with_feed(STANDING[stands]())
    it.see(feed=changed(busy(span=SAME)))
    (sentence,) = named(it).values()
    assert "entry of feed from 10:00 to 10:30" in sentence
    assert MAYBE in sentence
    it.see(feed=changed(busy(span=SAME)))
    assert list(named(it).values()) == [sentence]
    it.see(feed=changed(removed=("anna/m",)))
    assert named(it) == {}


@pytest.mark.parametrize(
    ("others", "before", "then"),
    [
        (4, (), "perhaps"),
        (4, (0,), "perhaps"),
        (4, (0, 1), "perhaps"),
        (4, (0, 1, 2), "copied"),
        (4, (0, 1, 2, 3), "copied"),
        (2, (0, 1), "copied"),
        (1, (0,), "perhaps"),
    ],
)
def test_it_is_a_copy_where_most_others_are_copied_too(others: int, before: tuple[int, ...], then: str) -> None:
    """One alone may be chance, and half of them is no habit."""
    it = with_bookings(others + 1)
    copies(it, *before)
    copies(it, others)
    assert about(it, others) == [then]


def test_a_visit_is_copied_once_so_the_second_entry_is_somebody_else() -> None:
    it = with_bookings(4)
    copies(it, 0, 1, 2, 3)
    it.see(feed=changed(busy("anna/second", at(3))))
    assert about(it, 3) == ["asked"]
    it.see(feed=changed(removed=("anna/3",)))
    assert f"overbooked:{client_at(it, 3)}" in it.plans[-1].settled


def client_at(it: PureHub, number: int) -> str:
    (key,) = [each.id for each in it.state.appointments.values() if each.span == at(number)]
    return key


def test_those_who_phoned_need_not_be_copied_too() -> None:
    """Staff enters by hand what a portal brought; the others are in the PMS, and nowhere else."""
    it = with_bookings(3, phoned=4)
    copies(it, 0, 1)
    copies(it, 2)
    assert about(it, 2) == ["copied"]


def test_the_export_of_a_pms_shows_everybody_and_the_first_booking_too() -> None:
    it = with_bookings(1, phoned=4)
    copies(it, -1, -2, -3, -4)
    copies(it, 0)
    assert about(it, 0) == ["copied"]
    assert named(it) == {}


def test_what_a_colleague_is_copied_for_says_nothing_of_her() -> None:
    it = with_bookings(1)
    bernds = [phone(f"pms/{n}", resource="bernd", start=at(n).start, end=at(n).end) for n in (1, 2, 3)]
    it.see(pms=changed(*bernds))
    it.settle()
    it.see(feed=changed(*(replace(busy(f"bernd/{n}", at(n)), resource="bernd") for n in (1, 2, 3))))
    copies(it, 0)
    assert about(it, 0) == ["perhaps"]


def test_who_was_here_yesterday_still_counts_and_who_was_last_week_does_not() -> None:
    for days, then in ((1, "copied"), (5, "perhaps")):
        it = with_bookings(1, phoned=3)
        copies(it, -1, -2, -3)
        key = client_at(it, 0)
        later = replace(it.state.appointments[key], start=TEN + days * DAY, end=TEN + days * DAY + HALF)
        it.state = replace(it.state, appointments={**it.state.appointments, key: later})
        it.now = TEN + days * DAY - HOUR
        it.see(feed=changed(busy(span=later.span)))
        assert [MAYBE in each for each in named(it).values()] == ([] if then == "copied" else [True])


def test_where_a_feed_shows_the_bridges_own_entry_another_of_that_time_is_somebody_else() -> None:
    """A feed of the very calendar that the bridge writes to."""
    it = with_bookings(4)
    keys = [client_at(it, number) for number in range(4)]
    ours = [busy(f"own/{number}", at(number), echo=key) for number, key in enumerate(keys)]
    it.see(feed=changed(*ours))
    assert named(it) == {}
    copies(it, 3)
    assert about(it, 3) == ["asked"]


def with_surgeries(count: int) -> PureHub:
    """So many of Anna in the room, each in its hour, after two check-ups; the feed shows none of them."""
    it = hub()
    for number in range(count + 2):
        hour = {"start": TEN + number * HOUR, "end": TEN + (number + 1) * HOUR, "service": "op"}
        short = {"start": TEN + number * HOUR, "end": TEN + number * HOUR + HALF}
        place = hour if number > 1 else short
        held(it, f"hold/{number}", **place)
        submitted(it, f"booking/{number}", f"hold/{number}", **place)
    return with_feed(it)


def enters(it: PureHub, resource: str, *bookings: Appointment) -> None:
    """Staff puts exactly their times into the feed's calendar of this resource."""
    entries = [replace(busy(f"{resource}/{each.id}", each.span), resource=resource) for each in bookings]
    it.see(feed=changed(*entries))


@pytest.mark.parametrize("rooms", [0, 1, 2, 3])
def test_that_a_vets_visits_are_copied_says_nothing_of_an_entry_of_her_room(rooms: int) -> None:
    """Somebody else may have booked the room for the very hour."""
    it = with_surgeries(3)
    bookings = sorted(it.state.appointments.values(), key=lambda each: each.start)
    last = bookings[-1]
    enters(it, "anna", *bookings[:-1])
    enters(it, "room", *bookings[2 : 2 + min(rooms, 2)])
    if rooms == 3:
        enters(it, "anna", last)  # the visit is copied with all that it needs, one entry of each
    enters(it, "room", last)
    lines = [line for plan in it.plans for line in plan.journal if (line.code, line.appointment) == ("copied", last.id)]
    asked = named(it).get(f"overbooked:{last.id}", "")
    assert (MAYBE in asked, "entry of feed from 14:00 to 15:00" in asked) == ((rooms < 2,) * 2)
    assert bool(lines) is (rooms >= 2)


# --- and in a calendar that the bridge writes to -------------------------------------------------------


def test_beside_the_bridges_own_entry_it_is_no_copy() -> None:
    it = with_feed(booked(), mirrors=True)
    it.see(feed=changed(busy(span=SAME)))
    (sentence,) = named(it).values()
    assert MAYBE not in sentence


def test_nor_where_the_bridges_own_entry_is_about_to_be_dragged() -> None:
    """Reception moves it in the PMS to a time at which somebody has been put in the calendar: both stand there."""
    it = booked()
    it.see(calendar=changed(busy(span=at(2))))
    it.see(pms=changed(edited(it, "pms", start=at(2).start, end=at(2).end)))
    (sentence,) = named(it).values()
    assert "entry of calendar from 11:00 to 11:30" in sentence
    assert MAYBE not in sentence
    it.settle()
    assert list(named(it).values()) == [sentence]


@pytest.mark.parametrize(("count", "by_hand", "then"), [(1, 1, "perhaps"), (4, 4, "copied"), (4, 1, "perhaps")])
def test_what_staff_had_copied_before_the_bridge_was_there(count: int, by_hand: int, then: str) -> None:
    """A first import: some of the portal's bookings stand in the calendar by hand. Those are not written again."""
    it = hub()
    confirmed = [
        portal(f"booking/{n}", State.CONFIRMED, start=at(n).start, end=at(n).end, version=f"v{n}") for n in range(count)
    ]
    entered = [busy(f"anna/{n}", at(n)) for n in range(by_hand)]
    it.see(portal=changed(*confirmed), calendar=changed(*entered))
    assert [about(it, n) for n in range(by_hand)] == [[then]] * by_hand
    assert {about(it, n) == [] for n in range(by_hand, count)} <= {True}
    written = {e.change.appointment for e in it.settle() if e.connection == "calendar"}
    assert written == {client_at(it, n) for n in range(by_hand, count)}


# --- what the settings say -----------------------------------------------------------------------------

DATE = date(2026, 11, 24)


@pytest.mark.parametrize("stands", STANDING)
def test_an_absence_that_is_written_into_the_settings_over_a_booking_is_asked_about(stands: str) -> None:
    """Nothing happens on any side, so nothing but the settings tells."""
    it = STANDING[stands]()
    it.see(pms=changed(phone(start=TEN + HOUR, end=TEN + HOUR + HALF)))
    it.settle()
    away = Absence(resource="anna", first=DATE, last=DATE)
    anna = replace(it.clinic.resources["anna"], absences=(away,))
    it.clinic = replace(it.clinic, resources={**it.clinic.resources, "anna": anna})
    it.see()
    (sentence,) = named(it).values()
    assert client(it).id in sentence
    assert "an absence in the settings" in sentence
    it.see()
    assert list(named(it).values()) == [sentence], "in the same words, so that it may be put away"
    it.see(pms=changed(edited(it, "pms", start=TEN + DAY, end=TEN + DAY + HALF)))
    assert named(it) == {}


@pytest.mark.parametrize("stands", STANDING)
def test_so_is_a_closure_and_the_question_is_over_when_its_client_moves(stands: str) -> None:
    it = STANDING[stands]()
    it.see(pms=changed(phone(start=TEN + HOUR, end=TEN + HOUR + HALF)))
    it.settle()
    it.clinic = replace(it.clinic, closures=(Closure(first=DATE, last=DATE),))
    for _ in range(2):  # in the same words, so that it may be put away
        (task,) = it.see().tasks
        assert task.sentence == (
            f"Clinic hafen: booking {client(it).id} stands on 2026-11-24 at 10:00, when the clinic is closed by its "
            "settings. Move or cancel it if that was not meant."
        )
    it.see(portal=changed(edited(it, "portal", start=TEN + DAY, end=TEN + DAY + HALF, modified=it.now)))
    it.settle()
    assert client(it).start == TEN + DAY
    assert any(task.key in plan.settled for plan in it.plans)
    assert it.plans[-1].tasks == ()


def test_what_the_clinic_keeps_double_of_its_own_is_its_own_business() -> None:
    it = hub()
    it.see(pms=changed(phone("pms/1"), phone("pms/2")), calendar=changed(busy()))
    it.settle()
    assert named(it) == {}


def test_a_question_in_which_no_client_is_left_is_over() -> None:
    """Two of the clinic's own stand over hers; once she cancels, what they are to each other is the clinic's."""
    it = booked()
    it.see(pms=changed(phone("pms/1"), phone("pms/2")))
    it.settle()
    assert named(it)
    it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    it.settle()
    assert named(it) == {}


def three(order: tuple[str, ...]) -> PureHub:
    """Two clients (each by her portal's word) and somebody who phoned, in one time."""
    it = hub()
    links = {**it.state.links, "other": replace(it.state.links["portal"], name="other")}
    it.state = replace(it.state, links=links)
    for who in order:
        match who:
            case "phone":
                it.see(pms=changed(phone("pms/1")))
            case _:
                it.see(**{who: changed(portal(f"{who}/1", State.CONFIRMED))})
        it.settle()
    return it


def leaves(it: PureHub, who: str, how: str) -> None:
    source = {"phone": "pms"}.get(who, who)
    (key,) = [each.id for each in it.state.appointments.values() if each.source == source]
    known = it.state.shadows["pms" if how == "moves" else source, key]
    assert known.view is not None
    gone: dict[str, Any] = {"state": State.CANCELLED}
    changes = {"start": TEN + 3 * HOUR, "end": TEN + 3 * HOUR + HALF} if how == "moves" else gone
    it.see(**{known.connection: changed(Entry(ref=known.ref, version="9", view=replace(known.view, **changes)))})


@pytest.mark.parametrize("how", ["cancels", "moves"])
@pytest.mark.parametrize("who", ["portal", "other", "phone"])
@pytest.mark.parametrize("order", list(permutations(("portal", "other", "phone"))), ids="-".join)
def test_when_one_of_three_leaves_the_other_two_are_asked_about_and_nobody_else(
    order: tuple[str, ...], who: str, how: str
) -> None:
    it = three(order)
    assert silent(it) == []
    leaves(it, who, how)
    it.settle()
    assert silent(it) == []
    assert len(named(it)) == 1
    second = next(each for each in order if each != who)
    leaves(it, second, "cancels")
    it.settle()
    assert named(it) == {}


@pytest.mark.parametrize("how", ["goes", "moves"])
@pytest.mark.parametrize("order", list(permutations(("portal", "other", "entry"))), ids="-".join)
def test_when_an_entry_leaves_two_clients_no_question_goes_on_naming_it(order: tuple[str, ...], how: str) -> None:
    it = hub()
    it.state = replace(it.state, links={**it.state.links, "other": replace(it.state.links["portal"], name="other")})
    for who in order:
        came = busy() if who == "entry" else portal(f"{who}/1", State.CONFIRMED)
        it.see(**{"calendar" if who == "entry" else who: changed(came)})
        it.settle()
    assert silent(it) == []
    later = changed(busy(span=Interval(TEN + 3 * HOUR, TEN + 4 * HOUR)))
    it.see(calendar=changed(removed=("anna/m",)) if how == "goes" else later)
    it.settle()
    (sentence,) = named(it).values()
    assert "entry of" not in sentence
    assert silent(it) == []


def test_nor_does_that_of_an_appointment_that_staff_dragged_over_a_client_and_the_entry() -> None:
    """Both were asked about it; what is left is asked once."""
    it = hub()
    it.see(pms=changed(phone("pms/1")))
    it.settle()
    it.see(portal=changed(portal("booking/9", State.CONFIRMED)), calendar=changed(busy()))
    it.settle()
    it.see(pms=changed(phone("pms/1", version="2", start=TEN + 600, end=TEN + 600 + HALF)))
    it.settle()
    assert len(named(it)) == 2
    it.see(calendar=changed(removed=("anna/m",)))
    (sentence,) = named(it).values()
    assert "entry of" not in sentence
    assert silent(it) == []


def test_what_is_written_over_stays_a_question_when_a_neighbour_has_come_and_gone() -> None:
    """The side's word that the time is taken stands until the booking moves."""
    it = booked()
    it.see(pms=changed(edited(it, "pms", start=TEN + HOUR, end=TEN + HOUR + HALF)))
    it.see(taken(it, "calendar"))
    it.settle()
    assert client(it).written_over
    it.see(calendar=changed(busy(span=Interval(TEN + HOUR, TEN + 2 * HOUR))))
    assert ["entry of calendar from 11:00 to 12:00" in each for each in named(it).values()] == [True]
    it.see(calendar=changed(removed=("anna/m",)))
    (sentence,) = named(it).values()
    assert sentence == (
        f"Clinic hafen: booking {client(it).id} stands on anna on 2026-11-24 from 11:00 to 11:30, and so does what one "
        "side refused it for. Move or cancel one of them if that was not meant."
    )
    it.see(pms=changed(edited(it, "pms", start=TEN + 4 * HOUR, end=TEN + 4 * HOUR + HALF)))
    it.settle()
    assert (client(it).written_over, named(it)) == (False, {})


def test_what_is_over_is_nobodys_business() -> None:
    it = booked()
    it.now = TEN + HOUR
    it.see(calendar=changed(busy()))
    assert named(it) == {}


# --- any day, beside a plain look at everything -------------------------------------------------------


def silent(it: PureHub) -> list[str]:
    """Whatever overlaps a client's booking and is not named; and every question about nothing."""
    live = [a for a in it.state.appointments.values() if a.state in {State.REQUESTED, State.CONFIRMED, State.ARRIVED}]
    hers, asked = [a for a in live if a.origin is Side.CLIENT], named(it)
    noted = {(j.appointment, j.connection) for plan in it.plans for j in plan.journal if j.code == "copied"}
    pairs = [(one, other.id) for one in hers for other in live if one.id != other.id and _meet(one, other)]
    pairs += [
        (one, f"of {side} {_when(record)}")
        for one in hers
        for (side, _), record in it.state.foreign.items()
        if in_the_way(record, one, it.state)
        if not ((one.id, side) in noted and record.spans == (one.span,) and not _written(it, side, one.id))
    ]
    wrong = [f"silent: {a.id} and {b}" for a, b in pairs if not any(a.id in s and b in s for s in asked.values())]
    concerned = {a.id for a, _ in pairs} | {name for _, name in pairs}
    alone = [a for a in live if a.id not in concerned and f"overbooked:{a.id}" in asked]
    wrong += [f"about nothing: {asked[f'overbooked:{a.id}']}" for a in alone if not _over_its_own(it, a, live)]
    gone = {a.id for a in it.state.appointments.values()} - {a.id for a in live}
    return wrong + [f"about who is gone: {each}" for each in asked.values() if any(key in each for key in gone)]


def _written(it: PureHub, side: str, key: str) -> bool:
    """Stands the bridge's own entry there? Then nothing beside it is a copy."""
    found = it.state.shadows.get((side, key))
    return found is not None and found.view is not None


def _when(record: Any) -> str:
    """How a task names the time of an entry."""
    times = (
        datetime.fromtimestamp(at, ZoneInfo("Europe/Berlin")) for at in (record.spans[0].start, record.spans[0].end)
    )
    return "from {:%H:%M} to {:%H:%M}".format(*times)


def _meet(one: Appointment, other: Appointment) -> bool:
    return one.resource == other.resource and one.footprint.overlaps(other.footprint)


def _over_its_own(it: PureHub, a: Appointment, live: list[Appointment]) -> bool:
    """Staff moved an appointment of the clinic over another or an entry: asked, as ever."""
    entries = (r for r in it.state.foreign.values() if in_the_way(r, a, it.state))
    return a.origin is Side.CLINIC and (any(_meet(a, b) for b in live if b.id != a.id) or any(entries))


class Days:
    """A few hours of one vet, in which everybody acts at random."""

    def __init__(self, seed: int) -> None:
        self.chance, self.it, self.count = random.Random(seed), with_feed(hub()), 0

    def start(self) -> int:
        return TEN + self.chance.randrange(8) * 900

    def act(self) -> None:
        often = (self.books, self.books, self.copies)
        self.chance.choice((*often, self.phones, self.enters, self.takes_out, self.drags, self.moves, self.cancels))()
        if self.chance.random() < 0.8:
            self.it.settle()

    def number(self) -> int:
        self.count += 1
        return self.count

    def books(self) -> None:
        start, number = self.start(), self.number()
        held(self.it, f"hold/{number}", start=start, end=start + HALF, expires=self.it.now + 300)
        entry = portal(
            f"booking/{number}", State.REQUESTED, replaces=f"hold/{number}", start=start, end=start + HALF,
            modified=self.it.now,
        )  # fmt: skip
        self.it.see(portal=changed(entry))

    def phones(self) -> None:
        start = self.start()
        self.it.see(
            pms=changed(phone(f"pms/{self.number()}", start=start, end=start + self.chance.choice((900, HALF))))
        )

    def enters(self) -> None:
        start = self.start()
        ref = f"anna/{self.chance.choice((self.number(), 1, 2, 3))}"
        entry = busy(ref, Interval(start, start + self.chance.choice((600, HALF, HOUR))))
        self.it.see(**{self.chance.choice(("calendar", "feed")): changed(entry)})

    def copies(self) -> None:
        """By hand, into the calendar that the bridge only reads."""
        live = sorted(a.id for a in self.it.state.appointments.values() if not a.state.gone)
        if live:
            found = self.it.state.appointments[self.chance.choice(live)]
            self.it.see(feed=changed(busy(f"copy/{found.id}", found.span)))

    def takes_out(self) -> None:
        known = sorted(self.it.state.foreign)
        if known:
            side, ref = self.chance.choice(known)
            self.it.see(**{side: changed(removed=(ref,))})

    def edits(self, side: str, **fields: Any) -> None:
        shown = sorted((s for s in self.it.state.shadows.values() if s.connection == side), key=lambda s: s.appointment)
        shown = [s for s in shown if s.view is not None and not s.view.state.gone]
        if shown:
            found = self.chance.choice(shown)
            assert found.view is not None
            entry = Entry(ref=found.ref, version=f"{found.version}x", view=replace(found.view, **fields))
            self.it.see(**{side: changed(replace(entry, modified=self.it.now))})

    def drags(self) -> None:
        start = self.start()
        self.edits(self.chance.choice(("pms", "calendar")), start=start, end=start + HALF)

    def moves(self) -> None:
        start = self.start()
        self.edits("portal", start=start, end=start + HALF)

    def cancels(self) -> None:
        self.edits(self.chance.choice(("pms", "portal")), state=State.CANCELLED)


@pytest.mark.parametrize("block", range(6))
def test_on_any_day_every_overlap_is_named_and_nothing_else(block: int) -> None:
    for seed in range(block * 20, block * 20 + 20):
        days = Days(seed)
        for _ in range(12):
            days.act()
        days.it.settle()
        assert silent(days.it) == [], seed


# --- what was promised before the bridge was there ----------------------------------------------------


@pytest.mark.parametrize("what", PUT)
def test_a_booking_that_its_portal_had_confirmed_before_gives_way_to_nobody(what: str) -> None:
    """A first import: the clinic has entered its online bookings by hand. One was cancelled for its own copy."""
    it = hub()
    side, made, name = PUT[what]
    feeds = {side: changed(made()), "portal": changed(portal("booking/9", State.CONFIRMED))}
    it.see(**feeds)
    it.settle()
    assert client(it).state is State.CONFIRMED
    assert [client(it).id in s and name in s for s in named(it).values()] == [True]


def test_a_side_that_has_no_room_for_what_was_promised_is_written_over_with_a_task() -> None:
    it = hub()
    it.see(portal=changed(portal("booking/9", State.CONFIRMED)))
    it.see(taken(it, "pms"))
    assert (client(it).state, client(it).exclusive) == (State.CONFIRMED, False)
    assert len(named(it)) == 1


def test_it_is_written_over_also_where_something_else_is_learnt_of_it_at_once() -> None:
    it = hub()
    it.see(portal=changed(portal("booking/9", State.CONFIRMED, details=MARA)))
    key = client(it).id
    plan = it.see(replace(taken(it, "pms", key), clients={key: (RECORD,)}))
    assert (client(it).client, client(it).exclusive) == ("c1", False)
    assert [each.change.overbook for each in plan.effects if each.connection == "pms"] == [True]
