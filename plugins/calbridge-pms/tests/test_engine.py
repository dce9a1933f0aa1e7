"""The bridge's own engine between the real reference PMS and a calendar and a portal in memory."""

from __future__ import annotations

import itertools
import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from calbridge.engine import Engine
from calbridge.host import ClinicHost
from calbridge.hub import Command
from calbridge.lifecycle import CommandKind
from calbridge.model import Clinic, Details, Resource, Service, State, WallWindow
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_portal import PortalModel
from calbridge.testing.portal_provider import MemoryPortal
from calbridge.transport import Fault

HOUR = 3_600
NOW = 1_795_158_000  # 2026-11-20 07:00 UTC, the clock of the seeded practice
CLINIC = Clinic(
    key="hafen",
    name="Praxis am Hafen",
    time_zone="Europe/Berlin",
    region="DE",
    online=True,
    opening_hours={day: (WallWindow(start=0, end=1_440),) for day in range(7)},
    resources={key: Resource(key=key, name=key, online=key != "room1") for key in ("anna", "ben", "room1")},
    services={"checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna", "ben"))},
)
CLINIC = replace(CLINIC, rules=replace(CLINIC.rules, availability="opening_hours"))
ASKING = replace(CLINIC, rules=replace(CLINIC.rules, booking_mode="request"))
ERIKA = Details(first_name="Erika", last_name="Muster", email="erika@example.org", patient_name="Rex")
NOBODY = Details(first_name="Eva", last_name="Neu", email="eva@example.org")


class Bridge:
    """Store, host and engine over the three sides; each `start` is a new process."""

    def __init__(self, side: Any, database: Path, clinic: Clinic = CLINIC) -> None:
        self.side, self.database, self.clinic = side, database, clinic
        self.clock = VirtualClock(NOW)
        self.hear: Callable[[httpx.Request], Fault | None] = lambda request: None
        self.calendar, self.portal = CalendarModel(self.clock), PortalModel(self.clock)
        self.start()

    def start(self) -> None:
        self.store = Store.open(self.database, clock=self.clock)
        sides: dict[str, tuple[Any, Any]] = {
            "pms": ("pms", self.side.connect(self.clinic, hear=self.hear)),
            "calendar": ("calendar", MemoryCalendar(self.calendar)),
            "portal": ("portal", MemoryPortal(self.portal)),
        }
        self.engine = Engine(
            store=self.store,
            clinic=self.clinic,
            host=ClinicHost.of(self.clinic, sides),
            clock=self.clock,
            random=random.Random(1),
            log=logging.getLogger("test"),
            first_run=dict.fromkeys(sides, "apply"),
        )

    def listen(self, searched: list[str]) -> None:
        """From now on, what the PMS is asked of its clients."""

        def hear(request: httpx.Request) -> None:
            if request.url.path.startswith("/v1/clients"):
                searched.append(request.url.path)

        self.hear = hear
        self.start()

    def cycle(self, after: int = 60) -> Any:
        self.side.clock.write_text(_iso(self.clock.advance(after)))
        report = self.engine.cycle()
        assert report.failures == {}
        return report

    def book(self, offset: int = 0, details: Details = ERIKA) -> str:
        """A client selects and confirms; the booking's ref."""
        hold = self.portal.select("anna", "checkup", self.side.start + offset)
        self.cycle()
        ref = self.portal.confirm(hold, details)
        self.cycle()
        return ref


def _iso(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat()


@pytest.fixture
def bridge(side: Any, tmp_path: Path) -> Iterator[Bridge]:
    made = Bridge(side, tmp_path / "hub.sqlite3")
    made.cycle()
    yield made
    made.store.close()


def test_a_booking_reaches_the_pms_linked_and_a_quiet_cycle_writes_nothing(bridge: Bridge) -> None:
    ref = bridge.book()
    (visit,) = bridge.side.diary()
    assert (visit["status"], visit["client_id"], visit["patient_id"]) == ("confirmed", "c1", "p1")
    assert bridge.portal.get(ref).state is State.CONFIRMED
    for _ in range(2):
        assert not bridge.cycle().writes
    assert bridge.side.diary() == [visit]


def test_a_hold_shows_no_name_and_ends_with_its_client(bridge: Bridge) -> None:
    hold = bridge.portal.select("anna", "checkup", bridge.side.start)
    bridge.cycle()
    (visit,) = bridge.side.diary()
    assert (visit["status"], visit["client_id"], visit["booking_info"]) == ("tentative", None, "")
    bridge.portal.abandon(hold)
    bridge.cycle()
    assert [each["status"] for each in bridge.side.diary()] == ["cancelled"]
    assert not bridge.cycle().writes


def test_one_whom_nobody_knows_is_booked_unlinked_with_her_details(bridge: Bridge) -> None:
    bridge.book(details=NOBODY)
    (visit,) = bridge.side.diary()
    assert (visit["status"], visit["client_id"]) == ("confirmed", None)
    assert "E-mail: eva@example.org" in visit["booking_info"]
    assert "E-mail: eva@example.org" in visit["note"]
    bridge.side.patch(f"appointment/{visit['id']}", client_id="c2")
    bridge.cycle()
    assert bridge.side.diary()[0]["client_id"] == "c2"
    assert not bridge.cycle().writes


def test_a_record_that_reception_makes_is_found_at_the_next_read(bridge: Bridge) -> None:
    """Linking later (rules.md section 5), with what it costs: nothing while nothing happens, then one look-up."""
    bridge.book(details=NOBODY)
    searched: list[str] = []
    bridge.listen(searched)
    for _ in range(3):
        bridge.cycle()
    assert len(searched) in {0, 2}, "its own turn in a quarter of an hour, or nothing"
    searched.clear()
    made = bridge.side.post("/v1/clients", {"first_name": "Eva", "last_name": "Neu", "email": "eva@example.org"})
    bridge.cycle()
    (visit,) = bridge.side.diary()
    assert (visit["client_id"], visit["note"], visit["booking_info"]) == (made["id"], "", "")
    assert sorted(searched) == ["/v1/clients", "/v1/clients", f"/v1/clients/{made['id']}/patients"]
    assert not bridge.cycle().writes


def test_an_animal_that_reception_enters_is_found_too(bridge: Bridge) -> None:
    bridge.book(details=replace(ERIKA, patient_name="Luna"))
    assert bridge.side.diary()[0]["patient_id"] is None
    made = bridge.side.post("/v1/clients/c1/patients", {"name": "Luna", "species": "cat"})
    bridge.cycle()
    (visit,) = bridge.side.diary()
    assert (visit["client_id"], visit["patient_id"]) == ("c1", made["id"])


def test_reception_moves_cancels_and_phones(bridge: Bridge) -> None:
    ref = bridge.book()
    visit = f"appointment/{bridge.side.diary()[0]['id']}"
    bridge.side.move(visit, bridge.side.start + 2 * HOUR)
    bridge.cycle()
    assert bridge.portal.get(ref).start == bridge.side.start + 2 * HOUR
    bridge.side.phone("ben", bridge.side.start, bridge.side.start + HOUR, title="Telefon")
    bridge.cycle()
    assert ("checkup", bridge.side.start) not in bridge.portal.offers["ben"]
    assert ("checkup", bridge.side.start) in bridge.portal.offers["anna"]
    bridge.side.cancel(visit)
    bridge.cycle()
    assert bridge.portal.get(ref).state is State.CANCELLED
    assert not bridge.cycle().writes


def test_one_that_reception_deletes_is_cancelled_after_a_probe_and_a_second_read(bridge: Bridge) -> None:
    ref = bridge.book()
    bridge.side.delete(f"appointment/{bridge.side.diary()[0]['id']}")
    bridge.cycle()
    assert bridge.portal.get(ref).state is State.CONFIRMED
    bridge.cycle(after=CLINIC.rules.recreated_within)
    assert bridge.portal.get(ref).state is State.CANCELLED
    assert bridge.side.diary() == []


@pytest.mark.parametrize(("ends", "reads"), [("delete", 0), ("delete", 1), ("cancel", 0)])
@pytest.mark.parametrize("offset", [0, 2 * HOUR])
def test_one_that_reception_ends_and_books_anew_is_still_the_same(
    bridge: Bridge, ends: str, reads: int, offset: int
) -> None:
    """Many PMS move a visit so: the client's link lives on, and she hears at most that it was moved."""
    ref = bridge.book()
    (visit,) = bridge.side.diary()
    getattr(bridge.side, ends)(f"appointment/{visit['id']}")
    for _ in range(reads):
        bridge.cycle()
    start = bridge.side.start + offset
    again = {name: visit[name] for name in ("type", "client_id", "patient_id", "title")}
    new = bridge.side.phone("anna", start, start + HOUR // 2, **again)
    bridge.cycle()
    assert (bridge.portal.get(ref).state, bridge.portal.get(ref).start) == (State.CONFIRMED, start)
    assert len({a.id for a in bridge.store.appointments(CLINIC.key)}) == 1
    assert [kind for (_, kind, _), _ in bridge.portal.messages.items()] == ["confirmed", *["moved"] * (offset > 0)]
    assert not bridge.cycle().writes
    bridge.portal.cancel(ref)
    bridge.cycle()
    assert bridge.side.get(new)["status"] == "cancelled"


def test_the_client_cancels_and_the_pms_follows(bridge: Bridge) -> None:
    bridge.portal.cancel(bridge.book())
    bridge.cycle()
    assert [visit["status"] for visit in bridge.side.diary()] == ["cancelled"]


def test_of_the_same_minute_exactly_one_gets_it(bridge: Bridge) -> None:
    hold = bridge.portal.select("anna", "checkup", bridge.side.start)
    phoned = bridge.side.phone("anna", bridge.side.start, bridge.side.start + HOUR)
    bridge.cycle()
    assert not bridge.portal.get(hold).live
    assert [f"appointment/{visit['id']}" for visit in bridge.side.diary() if visit["status"] != "cancelled"] == [phoned]


@pytest.mark.parametrize("action", ["500_after_commit", "drop_after_commit", "500_before"])
@pytest.mark.parametrize("match", ["POST /v1/appointments", "PATCH /v1/appointments"])
def test_whatever_answer_is_lost_the_sides_agree_in_the_end(bridge: Bridge, match: str, action: str) -> None:
    bridge.side.arm({"match": match, "action": action, "times": 4})
    ref = bridge.portal.select("anna", "checkup", bridge.side.start)
    for number in range(3):
        bridge.side.clock.write_text(_iso(bridge.clock.advance(60)))
        bridge.engine.cycle()
        if number == 0:
            ref = bridge.portal.confirm(ref, ERIKA)
        bridge.store.close()
        bridge.start()
    bridge.side.arm()
    for _ in range(3):
        bridge.side.clock.write_text(_iso(bridge.clock.advance(HOUR)))
        bridge.engine.cycle()
    live = [visit for visit in bridge.side.diary() if visit["status"] != "cancelled"]
    assert [visit["status"] for visit in live] == ["confirmed"]
    assert bridge.portal.get(ref).state is State.CONFIRMED
    assert not bridge.cycle().writes


# --- between two steps ----------------------------------------------------------------------------


@pytest.fixture
def asking(side: Any, tmp_path: Path) -> Iterator[Bridge]:
    """A request that staff lets in and whose client it receives in one go, in the calendar: two steps in the PMS."""
    made = Bridge(side, tmp_path / "hub.sqlite3", ASKING)
    made.cycle()
    made.book()
    (event,) = made.calendar.stamped()
    made.calendar.store(replace(event, state=State.ARRIVED))
    yield made
    made.store.close()


def patched(bridge: Bridge, answer: Callable[[int], Fault | None]) -> None:
    """What becomes of the steps that the bridge sends from now on, counted from 0."""
    sent = itertools.count()
    bridge.hear = lambda request: answer(next(sent)) if request.method == "PATCH" else None
    bridge.store.close()
    bridge.start()


def answers_again(bridge: Bridge) -> None:
    patched(bridge, lambda _: None)


def reception(bridge: Bridge, **fields: Any) -> Callable[[], None]:
    """What reception does to the only visit when it is called."""
    (visit,) = bridge.side.diary()

    def deed() -> None:
        bridge.side.patch(f"appointment/{visit['id']}", **fields)

    return deed


def unanswered(bridge: Bridge) -> Any:
    bridge.side.clock.write_text(_iso(bridge.clock.advance(60)))
    return bridge.engine.cycle()


def stands(bridge: Bridge, state: State, note: str) -> None:
    (visit,), (event,) = bridge.side.diary(), bridge.calendar.stamped()
    (booking,) = bridge.store.appointments(CLINIC.key)
    assert (visit["status"], event.state, booking.state) == (state, state, state)
    assert (visit["note"], event.note, booking.note) == (note, note, note)
    assert [shown.state for shown in bridge.portal.bookings.values() if not shown.consumed] == [state]


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("lost", [False, True], ids=["at once", "after a lost answer"])
def test_what_reception_writes_between_two_steps_is_neither_lost_nor_an_arrival_undone(
    asking: Bridge, step: int, lost: bool
) -> None:
    writes = reception(asking, note="bring the card")
    if lost:
        patched(asking, lambda number: Fault() if number >= step else None)
        assert set(unanswered(asking).failures) == {"pms"}
        writes()
        answers_again(asking)
    else:
        patched(asking, lambda number: writes() if number == step else None)
    asking.cycle(after=HOUR)
    stands(asking, State.ARRIVED, "bring the card")
    assert not asking.cycle().writes


def test_reception_that_takes_an_arrival_back_whose_answer_was_lost_means_it(asking: Bridge) -> None:
    """All of the write was carried out: what stands there since is staff's word."""
    takes_back = reception(asking, status="confirmed")
    patched(asking, lambda number: Fault(sent=number == 1) if number else None)
    assert set(unanswered(asking).failures) == {"pms"}
    takes_back()
    answers_again(asking)
    asking.cycle(after=HOUR)
    stands(asking, State.CONFIRMED, "")
    assert not asking.cycle().writes


@pytest.mark.parametrize(("status", "code"), [(409, "illegal_transition"), (422, "not_today")])
def test_a_later_step_that_is_refused_undoes_nothing_and_becomes_a_task(asking: Bridge, status: int, code: str) -> None:
    refusal = httpx.Response(status, json={"code": code})
    patched(asking, lambda number: Fault(answer=refusal) if number else None)
    for _ in range(2):
        asking.cycle()
    (visit,), (booking,) = asking.side.diary(), asking.store.appointments(CLINIC.key)
    assert (visit["status"], booking.state) == ("confirmed", State.ARRIVED)
    (task,) = asking.store.tasks(CLINIC.key)
    assert (task.kind, task.connection) == ("write", "pms")
    answers_again(asking)
    asking.store.add_command(CLINIC.key, Command(kind="retry", appointment=task.appointment, connection="pms"))
    asking.cycle()
    stands(asking, State.ARRIVED, "")
    assert asking.store.tasks(CLINIC.key) == []


# --- a PMS that files its writes later ------------------------------------------------------------


@pytest.fixture
def slowly(slow: Any, tmp_path: Path) -> Iterator[Bridge]:
    made = Bridge(slow, tmp_path / "hub.sqlite3")
    made.cycle()
    yield made
    made.store.close()


def filed(bridge: Bridge) -> None:
    """Half a minute later the PMS has decided on everything that it took."""
    bridge.side.clock.write_text(_iso(bridge.clock.advance(31)))
    for _ in range(200):
        if not any(visit["write_state"] == "pending" for visit in bridge.side.diary()):
            return
        time.sleep(0.05)
    raise AssertionError("the write stayed pending")


def taken(bridge: Bridge) -> str:
    """A booking that the PMS took and did not file yet."""
    hold = bridge.portal.select("anna", "checkup", bridge.side.start)
    bridge.cycle(after=1)
    filed(bridge)
    bridge.cycle(after=1)
    ref = bridge.portal.confirm(hold, ERIKA)
    bridge.cycle(after=1)
    return ref


def test_accepted_is_shown_as_pending_and_told_once_it_is_written(slowly: Bridge) -> None:
    ref = taken(slowly)
    (visit,) = slowly.side.diary()
    assert (visit["status"], visit["write_state"]) == ("confirmed", "pending")
    assert (slowly.portal.get(ref).state, slowly.portal.messages) == (State.REQUESTED, {})
    (booking,) = slowly.store.appointments(CLINIC.key)
    assert (booking.state, booking.written) == (State.CONFIRMED, False)
    assert [shadow.pending for shadow in slowly.store.shadows(CLINIC.key, booking.id)].count(True) == 1
    filed(slowly)
    slowly.cycle(after=1)
    assert slowly.portal.get(ref).state is State.CONFIRMED
    assert not slowly.cycle(after=1).writes


@pytest.mark.parametrize(
    ("way", "state", "status"),
    [
        ("retry", State.CONFIRMED, "confirmed"),
        ("keep", State.CONFIRMED, "tentative"),
        ("take_back", State.DECLINED, "cancelled"),
    ],
)
def test_what_could_not_be_filed_waits_for_a_person_who_has_a_way_out(
    slowly: Bridge, way: CommandKind, state: State, status: str
) -> None:
    ref = taken(slowly)
    slowly.side.arm({"match": "SETTLE /v1/appointments", "action": "not_written"})
    filed(slowly)
    slowly.side.arm()
    for _ in range(2):
        slowly.cycle(after=1)
        assert slowly.portal.get(ref).state is State.REQUESTED
    (task,) = slowly.store.tasks(CLINIC.key)
    assert (task.kind, task.connection) == ("failed", "pms")
    slowly.store.add_command(CLINIC.key, Command(kind=way, appointment=task.appointment, connection="pms"))
    slowly.cycle(after=1)
    filed(slowly)
    slowly.cycle(after=1)
    assert slowly.portal.get(ref).state is state
    assert slowly.store.tasks(CLINIC.key) == []
    assert slowly.side.diary()[0]["status"] == status
    assert not slowly.cycle(after=1).writes
