"""Every pair of simultaneous changes through the whole engine and store, with all sides and the messages read back.

The pairs, and what must come of each, are those that the core is played against alone (`tests/core/simultaneous.toml`).
Here the clinic acts first and its client a second later, at sides of their own, before the bridge looks: a bridge that
took the last edit for the right one would let her win. She hears by mail, or from a portal that tells its own clients:
then no mail may say it again.
"""

from __future__ import annotations

import os
import pickle
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from beginnings import kept, put_back
from pairs import (
    CLIENT,
    CLIENTS,
    CLINIC,
    PLAIN,
    Cell,
    Confirm,
    Deed,
    Delete,
    Edit,
    Say,
    every_way,
    expected,
    whose,
    words,
)
from stories import MARA, NOW, RECORD, TEN, clinic

from calbridge.engine import Engine
from calbridge.host import ClinicHost
from calbridge.hub import Command
from calbridge.log import logger
from calbridge.model import Appointment, Clinic, Side, State, WallWindow
from calbridge.notify import Notifiers
from calbridge.provider import ClientNotice, ClientRecord, PortalChange
from calbridge.store import Store
from calbridge.store.database import Database
from calbridge.testing.clock import VirtualClock
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_notifier import Mailbox, MemoryNotifier
from calbridge.testing.memory_pms import MemoryPms, PmsModel
from calbridge.testing.memory_portal import PortalModel, Refused
from calbridge.testing.portal_provider import MemoryPortal

HAFEN = "hafen"
OTHER = ClientRecord(id="c9", first_name="Ida", last_name="Holm", emails=("ida@example.org",))
SENT = {"message_sent", "write_written"}
"""What only a whole bridge writes down; which messages were sent is in the cells."""
EXPECTED = expected()


def clinic_of(state: str) -> Clinic:
    """One morning is offered, so that a cycle costs little."""
    whole = clinic(horizon_days=1, booking_mode="request" if state == "requested" else "instant")
    return replace(whole, opening_hours={1: (WallWindow(start=480, end=780),)})


class Place:
    """The clinic with one client's booking in that state, which stands on all sides and of which she has heard."""

    def __init__(self, database: Database, state: str, *, tells: bool) -> None:
        self.state, self.clock, self.mailbox = state, VirtualClock(NOW), Mailbox()
        self.calendar, self.pms = CalendarModel(self.clock), PmsModel(self.clock, clients=(RECORD, OTHER))
        self.portal = PortalModel(self.clock, tells=tells)
        self.open(database)
        self.cycle()
        self.ref = self.portal.select("anna", "checkup", TEN)
        self.rest()
        if state != "held":
            self.ref = self.portal.confirm(self.ref, MARA)
            self.rest()
        if state == "arrived":
            self.pms.set_status(self.visit().ref, State.ARRIVED)
            self.rest()
        self.first = self.booking().id

    def open(self, database: Database) -> None:
        """The bridge over it."""
        self.store = Store(database, self.clock)
        sides: dict[str, Any] = {
            "pms": ("pms", MemoryPms(self.pms)),
            "calendar": ("calendar", MemoryCalendar(self.calendar)),
            "portal": ("portal", MemoryPortal(self.portal)),
        }
        self.host = ClinicHost.of(clinic_of(self.state), sides)
        self.notifiers = Notifiers.of({"mail": MemoryNotifier(self.mailbox)})

    def cycle(self) -> None:
        """One cycle of a process that was just started, a second later."""
        self.clock.advance(1)
        Engine(
            store=self.store,
            clinic=clinic_of(self.state),
            host=self.host,
            clock=self.clock,
            random=random.Random(1),
            log=logger("error"),
            first_run=dict.fromkeys(self.host.connections, "apply"),
            notifiers=self.notifiers,
        ).cycle()

    def rest(self) -> int:
        """Cycle until one writes nothing anywhere and sends nothing; how many did."""
        for busy in range(6):
            before = self.outside()
            self.cycle()
            if self.outside() == before:
                return busy
        raise AssertionError("it never comes to rest")

    # --- what people do ---

    def do(self, deed: Deed) -> None:
        """What somebody does at a side, or by a command."""
        match deed:
            case Edit(side="calendar"):
                self._drags(**deed.fields)
            case Edit(side="pms"):
                self.pms.edit(self.visit().ref, **_renamed(deed.fields, state="status"))
            case Edit():
                self._clicks(deed)
            case Delete():
                self.calendar.delete(self.event().ref)
            case Confirm():
                self.ref = self.portal.confirm(self.ref, MARA)
            case Say():
                self.store.add_command(HAFEN, Command(kind=deed.kind, appointment=self.first, **deed.fields))

    def _drags(self, **fields: Any) -> None:
        """In a calendar program; what goes into another calendar leaves the one it was in."""
        old = self.event()
        new = replace(old, **_renamed(fields, resource="collection"))
        if new.ref != old.ref:
            self.calendar.delete(old.ref)
        self.calendar.store(new)

    def _clicks(self, deed: Edit) -> None:
        """On her page; one that was opened earlier lets her do what a fresh one would not."""
        gone, start = deed.fields.get("state"), deed.fields.get("start")
        with suppress(Refused):
            if gone is State.RELEASED:
                return self.portal.abandon(self.ref)
            if gone is State.CANCELLED:
                return self.portal.cancel(self.ref)
            if start == CLIENTS:
                return self.portal.move(self.ref, CLIENTS)
        self.portal._client(replace(self.portal.bookings[self.ref], **deed.fields))
        return None

    # --- what is so ---

    def visit(self) -> Any:
        """The booking at the desk."""
        (found,) = [each for each in self.pms.live() if each.client_ref]
        return found

    def event(self) -> Any:
        """The booking in the calendar."""
        (found,) = self.calendar.stamped()
        return found

    def booking(self) -> Appointment:
        """What came of it: a hold that ended first leaves its confirmation to a booking of its own."""
        theirs = [each for each in self.store.appointments(HAFEN) if each.origin is Side.CLIENT]
        return max(theirs, key=lambda each: each.id != getattr(self, "first", ""))

    def outside(self) -> tuple[int, ...]:
        """How much was ever written and told anywhere."""
        told = sum(self.portal.messages.values()) + len(self.mailbox.delivered)
        return self.pms.writes, self.calendar.writes, self.portal.writes, told


def _renamed(fields: Mapping[str, Any], **names: str) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in fields.items()}


# --- both at once -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How much had been said before; what comes after it came of the pair."""

    journal: int
    tasks: frozenset[tuple[int, int]]
    received: int
    mails: int
    told: Counter[tuple[str, str]]


def mark(place: Place) -> Mark:
    journal = place.store.journal(HAFEN, limit=1)
    return Mark(
        journal=max((line.id for line in journal), default=0),
        tasks=frozenset((task.id, task.opened) for task in place.store.tasks(HAFEN)),
        received=len(place.portal.received),
        mails=len(place.mailbox.delivered),
        told=_told(place),
    )


def _told(place: Place) -> Counter[tuple[str, str]]:
    """Messages of the portal's own, by booking and kind."""
    found: Counter[tuple[str, str]] = Counter()
    for (ref, kind, _), times in place.portal.messages.items():
        found[ref, kind] += times
    return found


def lived(place: Place, clinic_does: Deed, client_does: Deed) -> tuple[Mark, int]:
    """Both act, and everybody comes to rest."""
    before = mark(place)
    place.do(clinic_does)
    place.clock.advance(1)
    place.do(client_does)
    return before, place.rest()


def heard(place: Place, since: Mark) -> Counter[str]:
    """What the client got since, by mail and from her portal."""
    mails = [each for each in place.mailbox.delivered[since.mails :] if isinstance(each, ClientNotice)]
    told = _told(place) - since.told
    return Counter(str(each.kind) for each in mails) + Counter({kind: times for (_, kind), times in told.items()})


def cell(place: Place, since: Mark) -> Cell:
    """What came of it."""
    changes = [each for each in place.portal.received[since.received :] if isinstance(each, PortalChange)]
    journal = [line for line in place.store.journal(HAFEN, limit=1_000) if line.id > since.journal]
    tasks = [each for each in place.store.tasks(HAFEN) if (each.id, each.opened) not in since.tasks]
    booking = place.booking()
    return Cell(
        state=booking.state,
        time=whose(booking),
        told=frozenset(word for change in changes for word in words(change)),
        because=frozenset(line.code for line in journal) - PLAIN - SENT,
        hears=frozenset(heard(place, since)),
        asks=frozenset(task.kind for task in tasks),
    )


# --- what the sides show ------------------------------------------------------------------------------

PLACE = ("state", "resource", "start", "end")
SHOWN = {
    "pms": (*PLACE, "service", "description", "note", "client", "patient"),
    "calendar": (*PLACE, "description"),
    "portal": (*PLACE, "service", "description"),
}
"""Fields that each side has as they stand; a title of the clinic's own stands in a subject that is made of several."""


def disagreements(place: Place) -> list[str]:
    """Where a side does not show the booking as it stands, or shows it twice, or still though it is over."""
    booking, found = place.booking(), []
    stands = _record(booking, SHOWN["pms"])
    for side, entries in _sides(place).items():
        wanted = [] if booking.state.gone else [{name: stands[name] for name in SHOWN[side]}]
        if entries != wanted:
            found.append(f"{side} shows {entries} for {wanted}")
    return found


def _sides(place: Place) -> dict[str, list[dict[str, Any]]]:
    """What each shows of this client's bookings and holds, while it takes time or took place."""
    visits = [each for each in place.pms.live() if each.client_ref]
    events = [each for each in place.calendar.stamped() if not each.state.gone]
    return {
        "pms": [_named(_record(each, SHOWN["pms"], state="status")) for each in visits],
        "calendar": [_record(each, SHOWN["calendar"], resource="collection") for each in events],
        "portal": [_record(each, SHOWN["portal"]) for each in place.portal.live()],
    }


def _named(visit: dict[str, Any]) -> dict[str, Any]:
    """The PMS knows its own record numbers only; the bridge puts the keeper's name before them (decision 0055)."""
    return visit | {"client": visit["client"] and f"pms/{visit['client']}"}


def _record(entry: Any, names: Iterable[str], **called: str) -> dict[str, Any]:
    return {name: getattr(entry, called.get(name, name)) for name in names}


def texts(place: Place, clinic_does: str, client_does: str) -> list[str]:
    """Title and note are the clinic's, what the visit is about the client's (design.md, who wins), on all its sides."""
    booking = place.booking()
    if booking.state.gone:
        return []
    if booking.state is State.HELD:  # the sides show that it is reserved, and no more
        wanted = {"bites": clinic_does == "retitles", "pays late": clinic_does == "notes"}
        return [text for text, kept in wanted.items() if (text in {booking.title, booking.note}) is not kept]
    visit, event = place.visit(), place.event()
    about = "the client's words" if client_does == "describes" else ""
    wrong = {
        "title": ("bites" in visit.title, "bites" in event.title) != ((clinic_does == "retitles",) * 2),
        "note": ("pays late" in visit.note, "pays late" in (event.note or "")) != ((clinic_does == "notes",) * 2),
        "description": booking.description != about,
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


# --- the tests ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    opened = Database.open(":memory:")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def at(database: Database) -> Callable[[str, bool], Place]:
    """A place whose booking is in that state; the way there is gone once."""
    empty, begun = kept(database), {}

    def place(state: str, tells: bool) -> Place:
        if (state, tells) not in begun:
            put_back(database, empty)
            first = Place(database, state, tells=tells)
            known = {name: each for name, each in first.__dict__.items() if name not in {"store", "host", "notifiers"}}
            begun[state, tells] = pickle.dumps(known), kept(database)
        known, rows = begun[state, tells]
        found = Place.__new__(Place)
        found.__dict__.update(pickle.loads(known))
        put_back(database, rows)
        found.open(database)
        return found

    return place


def some(cases: list[tuple[str, str, str, str]]) -> list[tuple[str, str, str, str, bool]]:
    """Each cell once, its ways and who tells her taken in turns; with CALBRIDGE_LONG each in every way."""
    if os.environ.get("CALBRIDGE_LONG"):
        return [(*case, tells) for case in cases for tells in (False, True)]
    ways: dict[tuple[str, str, str], list[tuple[str, str, str, str]]] = {}
    for case in cases:
        ways.setdefault((case[0], case[1], case[3]), []).append(case)
    return [(*each[number % len(each)], number % 5 == 0) for number, each in enumerate(ways.values())]


@pytest.mark.parametrize(("state", "clinic_does", "via", "client_does", "tells"), some(every_way(EXPECTED)))
def test_all_sides_come_to_what_the_table_says(
    state: str, clinic_does: str, via: str, client_does: str, tells: bool, at: Callable[[str, bool], Place]
) -> None:
    place = at(state, tells)
    since, busy = lived(place, CLINIC[clinic_does][via], CLIENT[client_does])
    found, wanted = cell(place, since), EXPECTED[state, clinic_does, client_does]
    if tells:  # a portal that tells its own clients does so as it likes
        found, wanted = replace(found, hears=frozenset()), replace(wanted, hears=frozenset())
    assert str(found) == str(wanted)
    assert disagreements(place) + texts(place, clinic_does, client_does) == []
    assert {kind: times for kind, times in heard(place, since).items() if times > 1} == {}
    assert busy <= 2


def test_each_cell_and_each_way_of_the_clinic_is_lived() -> None:
    lived_here = some(every_way(EXPECTED))
    assert {(state, clinic, client) for state, clinic, _, client, _ in lived_here} == set(EXPECTED)
    ways = {(state, clinic, via) for state, clinic, via, _ in every_way(EXPECTED)}
    assert {(state, clinic, via) for state, clinic, via, _, _ in lived_here} == ways
    assert {tells for *_, tells in lived_here} == {False, True}
