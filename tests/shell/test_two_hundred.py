"""Two hundred threads confirm forty slots at once on a real database file: forty are confirmed, nobody overlaps.

Each thread is one client whose booking has reached the bridge, and decides on it as a cycle does: load, reconcile,
commit, and all anew when the database refuses. A gate makes every thread decide before the first one commits, so that
each believes that its slot is free: what keeps them apart is the database alone. (Cycles of one clinic also follow each
other by their fencing epoch; here all share one, because the guard must hold without it.) Then an ordinary engine
carries the result to all sides, and every client is asked what she was told.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from calbridge.engine import Engine
from calbridge.errors import RetryLater
from calbridge.host import ClinicHost
from calbridge.hub import Answers, HubState, Link, Observation, Plan
from calbridge.interval import Interval
from calbridge.log import logger
from calbridge.model import Clinic, Details, Resource, Rules, Service, State, WallWindow
from calbridge.provider import Complete, Delta, Entry
from calbridge.reconcile import reconcile
from calbridge.store import Overlap, Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_pms import MemoryPms, PmsModel
from calbridge.testing.memory_portal import PortalModel
from calbridge.testing.portal_provider import MemoryPortal

NOW = 1_795_413_600  # 2026-11-23 07:00 in Berlin, a Monday
VETS = ("anna", "bernd")
PORTALS, SLOTS = 5, 40
"""Five portals, each exclusive in itself: so that five clients want each of the forty slots."""
CLINIC = Clinic(
    key="hafen",
    name="Hafen",
    time_zone="Europe/Berlin",
    region="DE",
    online=True,
    opening_hours={day: (WallWindow(start=480, end=1_080),) for day in range(7)},
    resources={key: Resource(key=key, name=key, online=True) for key in VETS},
    services={"checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=VETS)},
    rules=Rules(availability="opening_hours", horizon_days=3, grid_minutes=30),
)


class Crowd:
    """The clinic with its five portals, in which two hundred clients have confirmed, each her own slot."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = VirtualClock(NOW)
        self.store = Store.open(path, clock=self.clock)
        self.calendar, self.pms = CalendarModel(self.clock), PmsModel(self.clock)
        self.portals = {f"portal{n}": PortalModel(self.clock) for n in range(PORTALS)}
        sides: dict[str, tuple[Any, Any]] = {
            "pms": ("pms", MemoryPms(self.pms)),
            "calendar": ("calendar", MemoryCalendar(self.calendar)),
            **{name: ("portal", MemoryPortal(model)) for name, model in self.portals.items()},
        }
        self.host = ClinicHost.of(CLINIC, sides, threads=False)
        self.links = [
            Link(name=name, role=c.role, capabilities=c.capabilities, rank=c.rank, fingerprint=c.fingerprint)
            for name, c in self.host.connections.items()
        ]
        self.engine().cycle()
        self.wanted = sorted(self.portals["portal0"].offers["anna"])[: SLOTS // 2]
        self.entries = {name: self._book(name) for name in self.portals}
        self.epoch = self.store.begin_cycle(CLINIC.key)
        self.gate = threading.Barrier(PORTALS * SLOTS)
        self.refused: list[str] = []

    def engine(self) -> Engine:
        return Engine(
            store=self.store,
            clinic=CLINIC,
            host=self.host,
            clock=self.clock,
            random=random.Random(1),
            log=logger("error"),
            first_run=dict.fromkeys(self.host.connections, "apply"),
        )

    def _book(self, name: str) -> list[Entry]:
        model = self.portals[name]
        for vet, (service, start) in self.wanted_at(name):
            model.confirm(model.select(vet, service, start), Details(last_name=f"{name} {vet} {start}"))
        listed = MemoryPortal(model).import_bookings("", Interval(NOW, NOW + 4 * 86_400), {})
        assert isinstance(listed, Complete)
        return [each for each in listed.items if each.view.state is State.REQUESTED]

    def wanted_at(self, name: str) -> Iterable[tuple[str, tuple[str, int]]]:
        """Who is wanted when by the clients of a portal."""
        return product(VETS, self.wanted)

    # --- one client's thread ---

    def confirm(self, portal: str, entry: Entry) -> None:
        """Decide on this one booking until the database has it."""
        first = True
        while not self._decided(portal, entry, first=first):
            first = False

    def _decided(self, portal: str, entry: Entry, *, first: bool) -> bool:
        state = self.loaded()
        if first:
            self.gate.wait()
        plan = self.plan(portal, entry, state)
        try:
            self.store.commit(CLINIC.key, self.epoch, plan, now=NOW, run=entry.ref)
        except Overlap:
            self.refused.append("overlap")
            return False
        except RetryLater:  # the machine is slow, and two hundred want the one writer's place
            self.refused.append("busy")
            return False
        return True

    def plan(self, portal: str, entry: Entry, state: HubState) -> Plan:
        """What is decided on this one booking, of the state as it was."""
        observation = {portal: Observation(feed=Delta(changed=(entry,)), started=NOW)}
        return reconcile(state, observation, Answers(clients={f"{portal}/{entry.ref}": ()}), CLINIC, NOW)

    def loaded(self) -> HubState:
        while True:
            try:
                return self.store.load(CLINIC.key, self.links, since=0)
            except RetryLater:
                continue

    def all_at_once(self) -> None:
        threads = [
            threading.Thread(target=self.confirm, args=(name, entry))
            for name, entries in self.entries.items()
            for entry in entries
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    # --- what came of it ---

    def count(self) -> Counter[str]:
        with sqlite3.connect(self.path) as connection:
            return Counter(state for (state,) in connection.execute("SELECT state FROM appointments"))

    def overlaps(self) -> list[tuple[str, str]]:
        """Looked for twice, and without anything of the bridge: in its claims, and in the appointments themselves."""
        with sqlite3.connect(self.path) as connection:
            claims = connection.execute(
                "SELECT a.appointment, b.appointment FROM claims a JOIN claims b ON a.resource = b.resource"
                ' AND a.appointment < b.appointment AND a.start < b."end" AND b.start < a."end"'
            ).fetchall()
            bodies = [
                json.loads(body)
                for (body,) in connection.execute(
                    "SELECT body FROM appointments WHERE state IN ('held', 'requested', 'confirmed', 'arrived')"
                )
            ]
        pairs = [
            (one["id"], other["id"])
            for one, other in combinations(bodies, 2)
            if one["resource"] == other["resource"] and one["start"] < other["end"] and other["start"] < one["end"]
        ]
        return [*claims, *pairs]


@pytest.fixture
def crowd(tmp_path: Path) -> Any:
    made = Crowd(tmp_path / "state.db")
    yield made
    made.store.close()


def test_two_hundred_threads_confirm_forty_slots(crowd: Crowd) -> None:
    assert {len(entries) for entries in crowd.entries.values()} == {SLOTS}
    crowd.all_at_once()
    assert crowd.count() == {"confirmed": SLOTS, "declined": (PORTALS - 1) * SLOTS}
    assert crowd.overlaps() == []
    assert len(crowd.refused) >= (PORTALS - 1) * SLOTS  # everybody had thought that it was free
    for _ in range(3):
        crowd.engine().cycle()
        crowd.clock.advance(60)
    bookings = [b for model in crowd.portals.values() for b in model.bookings.values() if b.expires is None]
    assert Counter(b.state for b in bookings) == {State.CONFIRMED: SLOTS, State.DECLINED: (PORTALS - 1) * SLOTS}
    taken = {(b.resource, b.start) for b in bookings if b.state is State.CONFIRMED}
    assert len(taken) == SLOTS
    for loser in (b for b in bookings if b.state is State.DECLINED):
        assert loser.reason == "slot_unavailable"
        assert len(loser.alternatives) == 3
        assert not {(each.resource, each.start) for each in loser.alternatives} & taken
        for each in loser.alternatives:  # she could choose it now, in her own portal
            assert all(m.offers[each.resource]["checkup", each.start] == each.end for m in crowd.portals.values())
    assert len(list(crowd.pms.live())) == len(list(crowd.calendar.stamped())) == SLOTS
    assert all(count == 1 for model in crowd.portals.values() for count in model.messages.values())


def test_without_the_databases_guard_they_would_all_have_had_them(crowd: Crowd) -> None:
    """What the test above rests on: with the trigger dropped, everybody gets the slot that she thought was free."""
    with sqlite3.connect(crowd.path) as connection:
        for event in ("INSERT", "UPDATE"):
            connection.execute(f"DROP TRIGGER claims_guard_{event}")
    crowd.all_at_once()
    assert crowd.count() == {"confirmed": PORTALS * SLOTS}
    assert len(crowd.overlaps()) == 2 * SLOTS * 10  # of five in one slot there are ten pairs, found both ways
    assert "overlap" not in crowd.refused


class Few(Crowd):
    """Four clients want Anna's first slot; at the first portal two more want her next one and Bernd's first."""

    def wanted_at(self, name: str) -> Iterable[tuple[str, tuple[str, int]]]:
        """See the class."""
        first, second = self.wanted[:2]
        more = (("anna", second), ("bernd", first)) if name == "portal0" else ()
        return (("anna", first), *more) if name != "portal4" else ()

    def decide(self, name: str, number: int, state: HubState) -> Plan:
        """The plan for one of its clients, made of that state."""
        return self.plan(name, self.entries[name][number], state)

    def commit(self, plan: Plan) -> None:
        self.store.commit(CLINIC.key, self.epoch, plan, now=NOW, run="r")


def test_of_two_plans_that_were_made_of_one_state_the_later_ones_times_are_told(tmp_path: Path) -> None:
    """How a loser came to be offered what somebody had, once in many runs: two losers decided again what a third is to
    be offered, from one revision of it, and the one who knew less was first to say it to the outbox."""
    crowd = Few(tmp_path / "state.db")
    crowd.commit(crowd.decide("portal0", 0, crowd.loaded()))
    early = crowd.loaded()
    bernd_is_taken = crowd.decide("portal0", 2, early)
    for plan in (crowd.decide("portal1", 0, early), crowd.decide("portal0", 1, early)):
        crowd.commit(plan)
    knows_less = crowd.decide("portal2", 0, crowd.loaded())
    crowd.commit(bernd_is_taken)
    knows_all = crowd.decide("portal3", 0, crowd.loaded())
    for plan in (knows_less, knows_all):
        crowd.commit(plan)
    crowd.engine().cycle()
    losers = [b for name in ("portal1", "portal2", "portal3") for b in crowd.portals[name].bookings.values()]
    told = [b.alternatives for b in losers if b.state is State.DECLINED]
    assert [len(each) for each in told] == [3, 3, 3]
    taken = {(b.resource, b.start) for b in crowd.portals["portal0"].bookings.values() if b.state is State.CONFIRMED}
    assert len(taken) == 3
    assert not {(each.resource, each.start) for offered in told for each in offered} & taken
    crowd.store.close()
