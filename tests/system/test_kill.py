"""The bridge is killed at every outside write of a booking, before it reached the server and after it was done.

Each time a real `calbridge sync` dies of SIGKILL while the three sides stay up; after one more sync they must agree,
with one event, one appointment and one message (design.md section 3, R9).
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from typing import Any

import pytest
from killing import Killer, Moment

from calbridge.demo.people import people
from calbridge.demo.shown import Shown
from calbridge.demo.world import World
from calbridge.testing.proxy import Call

SIDES = ("calendar", "portal", "pms")
FEWEST_WRITES = 4
"""Of a booking: PMS, calendar, the portal's booking and its availability, at least one each."""


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
    return Killer(lambda call: not _settings(call))


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
