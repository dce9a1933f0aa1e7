"""Two in one time are never silent: whichever came later, on whichever side, and whatever becomes of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
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
)

from calbridge.hub import Answers, Task
from calbridge.interval import Interval
from calbridge.model import Appointment, Side, State
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


@pytest.mark.parametrize("mirrors", [True, False])
def test_an_entry_as_long_as_the_visit_is_its_copy_only_where_the_bridge_writes_nothing(mirrors: bool) -> None:
    """In a calendar that the bridge only reads, staff may keep every booking by hand."""
    it = booked()
    feed = replace(it.state.links["calendar"], name="feed")
    feed = replace(feed, capabilities=replace(feed.capabilities, mirrors=mirrors))
    it.state = replace(it.state, links={**it.state.links, "feed": feed})
    it.settle()
    it.see(feed=changed(busy(span=SAME)))
    assert bool(named(it)) is mirrors


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
    pairs = [(one, other.id) for one in hers for other in live if one.id != other.id and _meet(one, other)]
    pairs += [
        (one, f"of {side} {_when(record)}")
        for one in hers
        for (side, _), record in it.state.foreign.items()
        if in_the_way(record, one, it.state) and record.spans != (one.span,)
    ]
    wrong = [f"silent: {a.id} and {b}" for a, b in pairs if not any(a.id in s and b in s for s in asked.values())]
    concerned = {a.id for a, _ in pairs} | {name for _, name in pairs}
    alone = [a for a in live if a.id not in concerned and f"overbooked:{a.id}" in asked]
    return wrong + [f"about nothing: {asked[f'overbooked:{a.id}']}" for a in alone if not _over_its_own(it, a, live)]


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
        self.chance, self.it, self.count = random.Random(seed), hub(), 0

    def start(self) -> int:
        return TEN + self.chance.randrange(8) * 900

    def act(self) -> None:
        deeds = (self.books, self.books, self.phones, self.enters, self.takes_out, self.drags, self.moves, self.cancels)
        self.chance.choice(deeds)()
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
        self.it.see(calendar=changed(busy(ref, Interval(start, start + self.chance.choice((600, HOUR))))))

    def takes_out(self) -> None:
        refs = sorted(ref for _, ref in self.it.state.foreign)
        if refs:
            self.it.see(calendar=changed(removed=(self.chance.choice(refs),)))

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
    by_hand = what == "an entry of the same time"  # in a calendar where nothing of ours stands: its copy
    assert [client(it).id in s and name in s for s in named(it).values()] == ([] if by_hand else [True])


def test_a_side_that_has_no_room_for_what_was_promised_is_written_over_with_a_task() -> None:
    it = hub()
    it.see(portal=changed(portal("booking/9", State.CONFIRMED)))
    it.see(Answers(conflicts=frozenset({("pms", client(it).id)})))
    assert (client(it).state, client(it).exclusive) == (State.CONFIRMED, False)
    assert len(named(it)) == 1


def test_it_is_written_over_also_where_something_else_is_learnt_of_it_at_once() -> None:
    it = hub()
    it.see(portal=changed(portal("booking/9", State.CONFIRMED, details=MARA)))
    key = client(it).id
    plan = it.see(Answers(conflicts=frozenset({("pms", key)}), clients={key: (RECORD,)}))
    assert (client(it).client, client(it).exclusive) == ("c1", False)
    assert [each.change.overbook for each in plan.effects if each.connection == "pms"] == [True]
