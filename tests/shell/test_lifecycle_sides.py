"""Every cell of the life cycle's table through the whole engine, with all three sides read back.

Each cell is caused by every origin that can cause it: at a side, by a command, by time. What has ended at a side is
shown there once more (a restored event, a late click, a reopened visit), so that the refused cells are real ones too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from small_clinic import HALF, HOUR, MARA, Lives, SmallClinic, clinic

from calbridge.hub import Command
from calbridge.lifecycle import Event
from calbridge.model import Appointment, State
from calbridge.store.database import Database
from calbridge.testing.memory_calendar import Event as CalendarEvent
from calbridge.testing.memory_pms import Visit
from calbridge.testing.memory_portal import Booking

ROWS = """
held expired released requested confirmed . . released released . . . . . .
requested . . . . confirmed declined cancelled declined requested requested . . . .
confirmed . . . . . . cancelled cancelled confirmed confirmed arrived . no_show .
arrived . . . . . . . cancelled . arrived . fulfilled . confirmed
"""
"""rules.md section 4 and decision 0054, by hand; every other state has no way out of it."""
TABLE = {
    State(row.split()[0]): {
        event: State(cell) for event, cell in zip(Event, row.split()[1:], strict=True) if cell != "."
    }
    for row in ROWS.strip().splitlines()
}
IN_PASSING: Mapping[tuple[State, Event], State] = {
    # a side shows only where it got to: each step on the way there is one of the table's
    (State.CONFIRMED, Event.LEAVE): State.FULFILLED,
    (State.REQUESTED, Event.ARRIVE): State.ARRIVED,
    (State.REQUESTED, Event.LEAVE): State.FULFILLED,
    (State.REQUESTED, Event.ABSENT): State.NO_SHOW,
    # what a portal releases after it was submitted is a booking by now: its client cancels it
    (State.REQUESTED, Event.RELEASE): State.CANCELLED,
    (State.CONFIRMED, Event.RELEASE): State.CANCELLED,
    # whoever shows a request as confirmed accepts it; whoever did not come after all had not arrived
    (State.REQUESTED, Event.UNDO_ARRIVAL): State.CONFIRMED,
    (State.ARRIVED, Event.ABSENT): State.NO_SHOW,
}
KEPT = {(State.ARRIVED, "calendar, deleted"), (State.ARRIVED, "calendar, status")}
"""Nobody deletes a patient who is here out of a calendar."""
UNDONE = {(State.ARRIVED, Event.ACCEPT, "calendar"), (State.ARRIVED, Event.ACCEPT, "pms")}
"""A side that shows one who had arrived as confirmed takes the arrival back."""


class Place(SmallClinic):
    """The clinic with one booking, which every side showed at least once."""

    def __init__(self, database: Database, mode: str) -> None:
        super().__init__(clinic(horizon_days=0, booking_mode=mode), database=database)
        self.cycle()
        self.start = self.first()
        self.ref = self.select()
        self.cycle()
        self.key = self.booking().id
        self.seen()

    def hub(self) -> Appointment:
        return {each.id: each for each in self.bookings()}[self.key]

    def seen(self) -> None:
        """Remember what each side has, also for when it has it no more."""
        self.visit = next(v for v in self.pms.visits.values() if v.client_ref == self.key)
        self.event = next(e for e in self.calendar.stamped() if e.stamp and e.stamp.appointment == self.key)

    def submit(self) -> None:
        self.ref = self.portal.confirm(self.ref, MARA)
        self.cycle()
        self.seen()

    def says(self, kind: Any, **more: Any) -> None:
        self.store.add_command("hafen", Command(kind=kind, appointment=self.key, **more))

    def at_pms(self, **fields: Any) -> None:
        current = self.pms.visits[self.visit.ref]
        self.pms.store(replace(current, **fields))

    def in_calendar(self, **fields: Any) -> None:
        """Staff edits the event; one that was taken away is put back from the bin first."""
        event = self.calendar.events.get(self.event.ref, self.event)
        self.calendar.store(replace(event, **fields))

    def in_portal(self, **fields: Any) -> None:
        """The client's page shows it so; a page that was opened earlier lets her do what a fresh one would not."""
        self.portal._client(replace(self.portal.bookings[self.ref], **fields))


# --- before ---------------------------------------------------------------------------------------


def _marked(status: State) -> Callable[[Place], object]:
    def marked(place: Place) -> None:
        place.submit()
        place.at_pms(status=State.ARRIVED if status is State.FULFILLED else status)
        place.cycle()
        if status is State.FULFILLED:
            place.at_pms(status=status)

    return marked


def _ended(act: Callable[[Place], object], *, booked: bool = True) -> Callable[[Place], object]:
    def ended(place: Place) -> None:
        if booked:
            place.submit()
        act(place)

    return ended


BEFORE: Mapping[State, tuple[str, Callable[[Place], object]]] = {
    State.HELD: ("instant", lambda place: None),
    State.REQUESTED: ("request", Place.submit),
    State.CONFIRMED: ("instant", Place.submit),
    State.ARRIVED: ("instant", _marked(State.ARRIVED)),
    State.FULFILLED: ("instant", _marked(State.FULFILLED)),
    State.NO_SHOW: ("instant", _marked(State.NO_SHOW)),
    State.EXPIRED: ("instant", _ended(lambda place: place.clock.advance(301), booked=False)),
    State.RELEASED: ("instant", _ended(lambda place: place.portal.abandon(place.ref), booked=False)),
    State.DECLINED: ("request", _ended(lambda place: place.says("decline"))),
    State.CANCELLED: ("instant", _ended(lambda place: place.portal.cancel(place.ref))),
}

# --- who can cause it, and how --------------------------------------------------------------------


def _moves(place: Place) -> dict[str, int]:
    return {"start": place.start + 2 * HOUR, "end": place.start + 2 * HOUR + HALF}


def _pms(state: State) -> Callable[[Place], object]:
    return lambda place: place.at_pms(status=state)


def _calendar(state: State) -> Callable[[Place], object]:
    return lambda place: place.in_calendar(state=state)


def _portal(state: State) -> Callable[[Place], object]:
    return lambda place: place.in_portal(state=state)


def _deletes(place: Place) -> None:
    if place.event.ref not in place.calendar.events:
        place.in_calendar()
        place.cycle()
    place.calendar.delete(place.event.ref)


def _submits(mode: Any) -> Callable[[Place], object]:
    def submitted(place: Place) -> None:
        """The form is sent once more, by a browser that is not told what became of the first time."""
        place.clinic = replace(place.clinic, rules=replace(place.clinic.rules, booking_mode=mode))
        old = place.portal.bookings[place.ref]
        hold = old.replaces or old.ref
        place.portal._put(replace(place.portal.bookings[hold], consumed=True))
        place.portal._client(
            replace(old, ref="booking-again", state=State.REQUESTED, details=MARA, expires=None, replaces=hold)
        )
        if place.hub().state is State.HELD:
            place.ref = "booking-again"

    return submitted


CAUSES: Mapping[Event, Mapping[str, Callable[[Place], object]]] = {
    Event.EXPIRE: {"time": lambda place: place.clock.advance(600), "portal": _portal(State.EXPIRED)},
    Event.RELEASE: {"portal": _portal(State.RELEASED)},
    Event.SUBMIT_REQUEST: {"portal": _submits("request")},
    Event.SUBMIT_INSTANT: {"portal": _submits("instant")},
    Event.ACCEPT: {
        "calendar": _calendar(State.CONFIRMED),
        "pms": _pms(State.CONFIRMED),
        "command": lambda place: place.says("accept"),
    },
    Event.DECLINE: {"command": lambda place: place.says("decline")},
    Event.CLIENT_CANCEL: {"portal": _portal(State.CANCELLED)},
    Event.CLINIC_CANCEL: {
        "calendar, deleted": _deletes,
        "calendar, status": _calendar(State.CANCELLED),
        "pms": _pms(State.CANCELLED),
        "command": lambda place: place.says("cancel"),
    },
    Event.CLIENT_MOVE: {"portal": lambda place: place.in_portal(**_moves(place))},
    Event.CLINIC_MOVE: {
        "calendar": lambda place: place.in_calendar(**_moves(place)),
        "pms": lambda place: place.at_pms(**_moves(place)),
        "command": lambda place: place.says("move", resource="anna", **_moves(place)),
    },
    Event.ARRIVE: {"calendar": _calendar(State.ARRIVED), "pms": _pms(State.ARRIVED)},
    Event.LEAVE: {"calendar": _calendar(State.FULFILLED), "pms": _pms(State.FULFILLED)},
    Event.ABSENT: {"calendar": _calendar(State.NO_SHOW), "pms": _pms(State.NO_SHOW)},
    Event.UNDO_ARRIVAL: {"calendar": _calendar(State.CONFIRMED), "pms": _pms(State.CONFIRMED)},
}
CELLS = [(state, event, origin) for state in State for event in Event for origin in CAUSES[event]]


def expected(state: State, event: Event, origin: str) -> State:
    if event is Event.CLINIC_CANCEL and (state, origin) in KEPT:
        return state
    if (state, event, origin) in UNDONE:
        return State.CONFIRMED
    return IN_PASSING.get((state, event)) or TABLE.get(state, {}).get(event, state)


@pytest.fixture(scope="module")
def at() -> Iterator[Callable[[State], Place]]:
    """A booking in that state; the way there is gone once, and then begun from what stood at its end."""
    database = Database.open(":memory:")
    lives = Lives(database)
    yield lambda state: lives.again(state, lambda given: _lived(given, state))
    database.close()


def _lived(database: Database, state: State) -> Place:
    mode, lead = BEFORE[state]
    place = Place(database, mode)
    lead(place)
    place.cycle()
    place.clock.advance(1)
    return place


def visits(place: Place) -> list[Visit]:
    return [v for v in place.pms.live() if v.client_ref == place.key and v.ref == place.visit.ref]


def events(place: Place) -> list[CalendarEvent]:
    """One that staff cancelled stays as cancelled."""
    mine = (e for e in place.calendar.stamped() if e.stamp and e.stamp.appointment == place.key)
    return [e for e in mine if not e.state.gone]


def shown(place: Place) -> dict[str, tuple[State, int, int]]:
    """What each side shows of the booking, where it takes time or took place."""
    booking: Booking = place.portal.get(place.ref)
    sides: dict[str, Any] = {"pms": visits(place), "calendar": events(place)}
    found = {name: (each.status if name == "pms" else each.state, each.start, each.end)
             for name, entries in sides.items() for each in entries}  # fmt: skip
    return found | ({"portal": (booking.state, booking.start, booking.end)} if booking.live else {})


@pytest.mark.parametrize(("state", "event", "origin"), CELLS)
def test_a_cell_with_all_sides_read_back(state: State, event: Event, origin: str, at: Callable[[State], Place]) -> None:
    place = at(state)
    before = place.hub()
    assert before.state is state
    CAUSES[event][origin](place)
    place.cycle()
    after, wanted = place.hub(), expected(state, event, origin)
    assert after.state is wanted
    moved = event in {Event.CLIENT_MOVE, Event.CLINIC_MOVE} and event in TABLE.get(state, {})
    assert (after.start - before.start, after.end - after.start) == (2 * HOUR * moved, HALF)
    if wanted.ended and state.ended:
        assert "portal" not in shown(place) or not wanted.gone
    else:
        sides = set() if wanted.gone else {"pms", "calendar", "portal"}
        assert shown(place) == dict.fromkeys(sides, (wanted, after.start, after.end))
    writes = place.writes()
    place.cycle()
    assert place.writes() == writes


def test_no_cell_is_left_out() -> None:
    assert set(BEFORE) == set(State)
    assert set(CAUSES) == set(Event)
    assert {(state, event) for state, event, _ in CELLS} == {(state, event) for state in State for event in Event}
    assert all(state.ended == (state not in TABLE) for state in State)
