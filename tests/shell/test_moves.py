"""A client moves her booking while staff puts somebody into the same time: never two in one time without a word.

The whole engine and store over in-memory sides. Staff acts at every moment of the cycle that carries the move, on every
side, at the new time, at the old one, or at both; what comes of it is judged by what the sides show in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from small_clinic import HALF, HOUR, Lives, Watched, clinic

from calbridge.errors import RetryLater
from calbridge.interval import Interval
from calbridge.model import Appointment, Side, State
from calbridge.provider import ClientRecord
from calbridge.store.database import Database
from calbridge.testing.memory_pms import Visit
from calbridge.testing.memory_portal import Booking

RECORD = ClientRecord(id="c1", first_name="Mara", last_name="Voss", emails=("mara@example.org",))

KINDS = ("confirmed", "requested", "without holds", "wide")
"""`without holds`: a request, in a PMS that can show it only as a plain appointment. `wide`: a known client moves it to
a time that nobody may book, inside the opening hours (S4).
"""
SIDES = ("pms", "calendar", "portal")
EARLY = (
    "before the cycle",
    *(f"{when} reading {side}" for side in SIDES for when in ("before", "after")),
    *(f"{when} writing {side}" for side in ("pms", "calendar") for when in ("before", "after")),
)
"""Before the time was read again: staff comes first."""
LATE = "after the cycle"
"""The booking comes first: what staff puts over it stands, and a person is asked."""


def rules(kind: str) -> dict[str, Any]:
    """Anna is bookable online until 10:00, the clinic is open until noon."""
    return {
        "horizon_days": 0,
        "booking_mode": "request" if kind in {"requested", "without holds"} else "instant",
        "lead_time": HOUR,
        "reschedule_scope": "opening_hours" if kind == "wide" else "online",
        "reserved_per_day": 8 if kind == "wide" else 0,  # new clients may not have the last eight: moves may
    }


class Place(Watched):
    """A clinic whose client has a booking at `old` and wants it at `new`."""

    after = 1

    def __init__(self, database: Database, kind: str) -> None:
        super().__init__(clinic(**rules(kind)), clients=[RECORD], database=database)
        self.holds = kind != "without holds"
        self.cycle()
        self.old = self.first()
        self.ref = self.book()
        starts = self.portal.moves if kind == "wide" else self.portal.offers
        self.new = sorted(start for _, start in starts["anna"])[-6]

    # --- what is so ---

    def shown(self) -> Booking:
        return self.portal.get(self.ref)

    def places(self) -> set[tuple[int, int]]:
        """Where the sides of the clinic and the portal have the booking."""
        key = self.booking().id
        visits = [(v.start, v.end) for v in self.pms.live() if v.client_ref == key]
        events = [(e.start, e.end) for e in self.calendar.stamped() if e.stamp and e.stamp.appointment == key]
        return {*visits, *events, (self.shown().start, self.shown().end)}

    def staffs(self) -> list[tuple[str, Interval]]:
        """What staff made, by the name that a task must give it, and when it is."""
        adopted = {a.start: a.id for a in self.bookings() if a.origin is Side.CLINIC}
        visits = [(adopted[v.start], v.span) for v in self.pms.live() if not v.client_ref]
        away = [(f"of pms {_when(record.spans[0])}", record.spans[0]) for record in self.pms.absences.values()]
        return visits + away + [(f"of calendar {_when(e.span)}", e.span) for e in self.calendar.foreign.values()]

    def tasks(self) -> list[str]:
        return [t.sentence for t in self.store.tasks("hafen") if t.kind == "overbooked" and t.state == "open"]


def _when(span: Interval) -> str:
    """How a task names the time of an entry."""
    times = (datetime.fromtimestamp(at, ZoneInfo("Europe/Berlin")) for at in (span.start, span.end))
    return "from {:%H:%M} to {:%H:%M}".format(*times)


@pytest.fixture(scope="module")
def at() -> Iterator[Callable[[str], Place]]:
    """A place of that kind; how its client came to her booking is lived once."""
    database = Database.open(":memory:")
    lives = Lives(database)
    yield lambda kind: lives.again(kind, lambda given: Place(given, kind))
    database.close()


# --- what staff does ----------------------------------------------------------------------------------


def entry(place: Place, start: int) -> object:
    """A line in the calendar, longer than the visit."""
    return place.calendar.add("anna", start, start + HALF + 600, "meeting")


def same(place: Place, start: int) -> object:
    """A line in the calendar, as long as the visit would be."""
    return place.calendar.add("anna", start, start + HALF, "somebody else")


def phoned(place: Place, start: int) -> object:
    """Reception books somebody in the PMS, over whoever is there."""
    return place.pms.phone(Visit(ref="", resource="anna", start=start, end=start + HALF), overbook=True)


def sick(place: Place, start: int) -> object:
    """Reception enters that Anna is away."""
    return place.pms.away("anna", start, start + HALF)


DEEDS = {"entry": entry, "same": same, "phone": phoned, "absence": sick}
TARGETS = ("new", "old", "both")
USUAL = (("entry", "new"), ("phone", "new"), ("entry", "both"))
ALL = (*product(("entry", "phone"), TARGETS), ("same", "new"), ("absence", "new"))


def judged(place: Place) -> list[str]:
    """Everything that is wrong once nobody acts any more."""
    found, mine = [], place.booking()
    if place.places() != {(mine.start, mine.end)}:
        found.append(f"the sides differ: {place.places()} for {mine.start}")
    overlaps = [name for name, span in place.staffs() if span.overlaps(mine.span)]
    tasks = place.tasks()
    if overlaps and len(tasks) != 1:
        found.append(f"{len(tasks)} tasks for {overlaps}")
    found += [f"silent: {name}" for name in overlaps for task in tasks if name not in task or mine.id not in task]
    if not overlaps and tasks:
        found.append(f"a task for nothing: {tasks}")
    if mine.moved_from is not None or not mine.reserved:
        found.append("still on its way")
    return found + list(_told(place, mine))


def _told(place: Place, mine: Appointment) -> Iterator[str]:
    """A client who does not get what she wants hears why, and of times that are free."""
    shown = place.shown()
    if shown.state is not mine.state:
        yield f"the portal shows {shown.state} for {mine.state}"
    if mine.start == place.new:
        return
    if shown.reason != "slot_unavailable" or not shown.alternatives:
        yield f"she is not told: {shown.reason}, {shown.alternatives}"
    taken = [span for _, span in place.staffs()]
    if any(span.overlaps(Interval(each.start, each.end)) for span in taken for each in shown.alternatives):
        yield "she is offered what is taken"


def lived(place: Place, moment: str, deed: str, target: str) -> list[str]:
    """The client moves, staff acts at that moment, and everybody comes to rest; all that is wrong then."""
    starts = {"new": (place.new,), "old": (place.old,), "both": (place.new, place.old)}[target]
    place.portal.move(place.ref, place.new)
    place.meanwhile[moment] = lambda: [DEEDS[deed](place, start) for start in starts]
    place.act("before the cycle")
    place.cycle()
    place.act("after the cycle")
    for _ in range(2):
        place.cycle()
    found, writes = judged(place), place.writes()
    place.cycle()
    return found + (["it writes again"] if place.writes() != writes else [])


CASES = [(kind, moment) for kind in KINDS for moment in (*EARLY, LATE)]


@pytest.mark.parametrize(("kind", "moment"), CASES)
def test_whenever_staff_acts_nobody_is_booked_over_in_silence(
    kind: str, moment: str, at: Callable[[str], Place]
) -> None:
    wrong: dict[tuple[str, str], list[str]] = {}
    for deed, target in ALL if kind == "confirmed" else USUAL:
        place = at(kind)
        wrong[deed, target] = lived(place, moment, deed, target)
        assert place.meanwhile == {}
        start = place.booking().start
        if target == "new" and (start == place.old) is not (moment in EARLY):
            wrong[deed, target].append("the first to come did not get the time")
        if target == "old" and start != place.new:
            wrong[deed, target].append("the move was refused for nothing")
    assert {case: found for case, found in wrong.items() if found} == {}


# --- what takes longer than a cycle -------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone, whatever it was doing."""


@pytest.mark.parametrize("moment", ["before writing pms", "after writing pms", "after writing calendar"])
@pytest.mark.parametrize("came_first", [True, False])
def test_a_process_that_dies_while_it_carries_a_move_loses_no_place(
    moment: str, came_first: bool, at: Callable[[str], Place]
) -> None:
    def die() -> None:
        raise Killed

    place = at("confirmed")
    place.portal.move(place.ref, place.new)
    place.meanwhile[moment] = die
    with pytest.raises(Killed):
        place.cycle()
    back = place.booking().moved_from
    assert back is not None
    assert back.start == place.old
    if came_first:
        entry(place, place.new)
    for _ in range(3):
        place.cycle()
    assert judged(place) == []
    assert place.booking().start == (place.old if came_first else place.new)


def test_the_old_place_is_kept_for_her_while_a_side_cannot_be_reached(at: Callable[[str], Place]) -> None:
    """Offered to others meanwhile, she could not go back to it when the new one turns out to be taken."""

    def down() -> None:
        place.meanwhile["before writing calendar"] = down
        raise RetryLater("the calendar is down")

    place = at("confirmed")
    place.portal.move(place.ref, place.new)
    place.meanwhile["before writing calendar"] = down
    place.cycle()
    for _ in range(2):
        place.clock.advance(HOUR // 4)
        place.cycle()
        assert not place.offered() & {place.old, place.new}
        assert place.booking().moved_from is not None
    entry(place, place.new)
    place.meanwhile.clear()
    place.clock.advance(HOUR // 4)
    for _ in range(2):
        place.cycle()
    assert judged(place) == []
    assert place.booking().start == place.old


def test_what_staff_decides_about_a_move_that_is_under_way_is_no_wish_any_more(at: Callable[[str], Place]) -> None:
    """Accepted at the new time, over somebody: it stays there, and a person is asked."""
    place = at("requested")
    place.portal.move(place.ref, place.new)

    def accepted() -> None:
        (event,) = place.calendar.stamped()
        place.calendar.store(replace(event, state=State.CONFIRMED))
        entry(place, place.new)

    place.meanwhile["after writing calendar"] = accepted
    for _ in range(3):
        place.cycle()
    assert (place.booking().state, place.booking().start) == (State.CONFIRMED, place.new)
    assert judged(place) == []
