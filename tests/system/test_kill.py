"""The bridge is killed at every outside write of a booking, before it reached the server and after it was done.

Each time a real `calbridge sync` dies of SIGKILL while the three sides stay up; after one more sync they must agree,
with one event, one appointment and one message (design.md section 3, R9).
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from typing import Any, Literal

import pytest

from calbridge.demo.people import people
from calbridge.demo.shown import Shown
from calbridge.demo.world import World
from calbridge.testing.proxy import Answer, Call, Lost, Rule

Moment = Literal["before", "after"]
SIDES = ("calendar", "portal", "pms")
FEWEST_WRITES = 4
"""Of a booking: PMS, calendar, the portal's booking and its availability, at least one each."""


class Killer(Rule):
    """Counts the writes that pass any of the proxies, and at the chosen one kills whoever is at work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own = threading.local()
        self._seen = 0
        self._chosen = 0
        self._moment: Moment = "before"
        self.victim: int | None = None

    def arm(self, chosen: int, moment: Moment) -> None:
        """Kill at the write with this number, counted from now on; 0 is never."""
        with self._lock:
            self._seen, self._chosen, self._moment = 0, chosen, moment

    @property
    def seen(self) -> int:
        """Writes since it was armed."""
        return self._seen

    def before(self, call: Call) -> Call:
        self._own.number = 0
        if call.writes and not _settings(call):
            with self._lock:
                self._seen += 1
                self._own.number = self._seen
        self._strike("before")
        return call

    def after(self, call: Call, answer: Answer) -> Answer:
        self._strike("after")
        return answer

    def _strike(self, moment: Moment) -> None:
        if not self._own.number or (self._own.number, moment) != (self._chosen, self._moment):
            return
        assert self.victim is not None
        os.kill(self.victim, signal.SIGKILL)
        raise Lost


def _settings(call: Call) -> bool:
    """What the portal is told of the clinic, once a process: the same words again, and no part of a booking."""
    below = call.path.partition("/v1/sites/")[2].split("/", 1)[1:]
    return call.method == "PUT" and "/v1/sites/" in call.path and not "".join(below).startswith("availability/")


class Case:
    """One booking that is made, and the syncs that carry it, of which one may be killed."""

    def __init__(self, world: World, killer: Killer, start: Callable[..., Any], slot: Shown, who: str) -> None:
        self.world, self.killer, self.start, self.slot, self.who = world, killer, start, slot, who
        self.hold = ""
        self.booking: dict[str, Any] = {}

    def select(self) -> None:
        self.hold = self.world.portal.select(self.slot, self.who)

    def book(self) -> None:
        person = people()[11]
        self.booking = self.world.portal.book(self.hold, self.who, person, person.animals[0])

    def sync(self) -> bool:
        """True when it was killed; then once more, unharmed."""
        if self._run() == 0:
            return False
        self.killer.arm(0, "before")
        assert self._run() == 0
        return True

    def _run(self) -> int:
        running = self.start("sync", "--json", "--config", str(self.world.bridge.config))
        self.killer.victim = running.process.pid
        code: int = running.wait()
        assert code in {0, -signal.SIGKILL}, running.output.read_text("utf-8")
        return code

    def faults(self) -> list[str]:
        """What is not as it should be, in sentences."""
        world, picture = self.world, self.world.picture()
        sides = {side: picture.find(side, self.slot.place) for side in SIDES}
        states = {side: entry.state.lower() if entry else "nothing" for side, entry in sides.items()}
        told = world.portal.messages(self.booking["booking"]["id"])
        found = [f"{side} shows {state}" for side, state in states.items() if state != "confirmed"]
        found += [f"the client was told {told}"] if told != ["confirmed"] else []
        return [*found, picture.disagreement()] if picture.disagreement() else found


@pytest.fixture(scope="module")
def killer() -> Killer:
    return Killer()


@pytest.fixture(scope="module")
def world(clinic: Callable[..., AbstractContextManager[World]], killer: Killer) -> Iterator[World]:
    with clinic(rules=dict.fromkeys(SIDES, killer)) as running_world:
        yield running_world


@pytest.fixture(scope="module")
def slots(world: World, start: Callable[..., Any]) -> Iterator[Shown]:
    """Slots that are really free: each case takes one."""
    first = start("sync", "--json", "--config", str(world.bridge.config))
    assert first.wait() == 0, first.output.read_text("utf-8")
    return iter(world.portal.free("claws", world.weeks)[::4])


def _book_at_once(case: Case) -> bool:
    """Selected and confirmed before the bridge looks."""
    case.select()
    case.book()
    return case.sync()


def _reserve_then_book(case: Case) -> bool:
    """The bridge carries the reservation first."""
    case.select()
    killed = case.sync()
    case.book()
    return case.sync() or killed


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("live", [_book_at_once, _reserve_then_book])
def test_r9_a_kill_at_every_write_leaves_all_sides_equal(
    world: World,
    killer: Killer,
    slots: Iterator[Shown],
    start: Callable[..., Any],
    sync: Callable[[World], dict[str, Any]],
    moment: Moment,
    live: Callable[[Case], bool],
) -> None:
    wrong: dict[int, list[str]] = {}
    for chosen in count(1):
        case = Case(world, killer, start, next(slots), f"{live.__name__}-{moment}-{chosen}")
        killer.arm(chosen, moment)
        killed = live(case)
        if faults := case.faults():
            wrong[chosen] = faults
        if not killed:
            break
    killer.arm(0, moment)
    assert not wrong
    assert chosen > FEWEST_WRITES
    assert not any(sync(world)["writes"].values())
