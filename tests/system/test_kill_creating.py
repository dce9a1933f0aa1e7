"""The bridge is killed at every write to the PMS while a new client's record is made there, before and after it.

By itself (`create_if_complete`) and by a person (`calbridge requests create-client`). Whatever the moment, after one
more sync the PMS has one record of hers with one animal, and the appointment is linked to both (R9).
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from itertools import count, islice
from typing import Any

import pytest
from killing import Killer, Moment

from calbridge.demo.clinic import DAY
from calbridge.demo.people import Animal, Person
from calbridge.demo.shown import Shown
from calbridge.demo.world import World

RULES = {**DAY.rules, "on_unmatched": '"create_if_complete"'}
BELLO = Animal(id="", name="Bello", species="dog")
LIVE = {"tentative", "confirmed"}
NUMBERS = count(8_000)
"""Nobody shares a telephone with anybody."""
ENOUGH = 5
"""Cases for one more kill than there are writes."""


class Newcomer:
    """One client whom the PMS does not have, and her booking."""

    def __init__(self, world: World, killer: Killer, start: Callable[..., Any], slot: Shown, who: str) -> None:
        self.world, self.killer, self.start, self.slot = world, killer, start, slot
        self.email, self.who = f"{who}@example.org", who

    def book(self, phone: str, address: str) -> None:
        person = Person(
            id="",
            first_name="Nova",
            last_name=self.who,
            email=self.email,
            phone=phone,
            address=address,
            animals=(BELLO,),
        )
        portal = self.world.portal
        portal.book(portal.select(self.slot, self.who), self.who, person, BELLO)

    def command(self, *words: str) -> Any:
        running = self.start(*words, "--json", "--config", str(self.world.bridge.config))
        self.killer.victim = running.process.pid
        code: int = running.wait()
        assert code in {0, 1, -signal.SIGKILL}, running.output.read_text("utf-8")
        return None if code == -signal.SIGKILL else running.answer()

    def sync(self) -> bool:
        """True when it was killed; then once more, unharmed."""
        if self.command("sync") is not None:
            return False
        self.killer.arm(0, "before")
        assert self.command("sync") is not None
        return True

    def faults(self) -> list[str]:
        """What is not as it should be, in sentences."""
        pms = self.world.pms
        records = pms.client.get("/v1/clients", params={"email": self.email}).raise_for_status().json()["items"]
        if len(records) != 1:
            return [f"the PMS has {len(records)} records of her"]
        (record,) = records
        animals = pms.client.get(f"/v1/clients/{record['id']}/patients").raise_for_status().json()["items"]
        visits = [v for v in pms.items(self.world.weeks) if v["client_id"] == record["id"] and v["status"] in LIVE]
        found = [f"she has {len(animals)} animals"] if [each["name"] for each in animals] != ["Bello"] else []
        if [visit["patient_id"] for visit in visits] != [each["id"] for each in animals]:
            found.append(f"linked are {[(visit['id'], visit['patient_id']) for visit in visits]}")
        shown = self.world.picture().find("pms", self.slot.place)
        if shown is None or shown.ref not in {visit["id"] for visit in visits}:
            found.append(f"at her time the PMS shows {shown}")
        return found


Cases = Iterator[Newcomer]


def _by_itself(cases: Cases) -> Cases:
    """She gave all that a record needs."""
    for case in cases:
        case.book(phone=f"+49 30 2312{next(NUMBERS)}", address="Ahornallee 5, 13599 Berlin")
        yield case


def _by_a_person(cases: Cases) -> Cases:
    """She gave too little for a record to be made by itself: a person asks for it."""
    known = list(islice(cases, ENOUGH))
    for case in known:
        case.book(phone="", address="")
    known[0].sync()
    waiting = {(r["resource"], datetime.fromisoformat(r["start"])): r["id"] for r in _waiting(known[0])}
    for case in known:
        case.command("requests", "create-client", waiting[case.slot.resource, case.slot.start])
        yield case


def _waiting(case: Newcomer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = case.command("requests", "list")["requests"]
    return [line for line in found if line["waits"]]


@pytest.fixture(scope="module")
def killer() -> Killer:
    return Killer(lambda call: True)


@pytest.fixture(scope="module")
def world(clinic: Callable[..., AbstractContextManager[World]], killer: Killer) -> Iterator[World]:
    practice = replace(DAY, visits=4, days=12, rules=RULES)
    with clinic(rules={"pms": killer}, practice=practice) as running_world:
        yield running_world


@pytest.fixture(scope="module")
def slots(world: World, start: Callable[..., Any]) -> Iterator[Shown]:
    """Slots that are really free: each case takes one."""
    first = start("sync", "--json", "--config", str(world.bridge.config))
    assert first.wait() == 0, first.output.read_text("utf-8")
    return iter(world.portal.free("claws", world.weeks)[::4])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("made", "fewest"), [(_by_itself, 4), (_by_a_person, 3)])
def test_r9_a_kill_at_every_write_makes_one_record_and_keeps_the_link(
    world: World,
    killer: Killer,
    slots: Iterator[Shown],
    start: Callable[..., Any],
    sync: Callable[[World], dict[str, Any]],
    moment: Moment,
    made: Callable[[Cases], Cases],
    fewest: int,
) -> None:
    """`fewest` writes: (the appointment,) the client, her animal, the link."""
    wrong: dict[int, list[str]] = {}
    names = (f"{made.__name__.strip('_')}.{moment}.{number}" for number in count(1))
    cases = (Newcomer(world, killer, start, slot, who) for slot, who in zip(slots, names, strict=False))
    killer.arm(0, moment)
    for chosen, case in enumerate(made(cases), start=1):
        killer.arm(chosen, moment)
        killed = case.sync()
        killer.arm(0, moment)
        if faults := case.faults():
            wrong[chosen] = faults
        if not killed:
            break
    assert not wrong
    assert not killed
    assert chosen > fewest
    sync(world)  # a case that was prepared and not needed gets its record too
    assert not any(sync(world)["writes"].values())
