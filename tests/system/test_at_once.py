"""Staff are as quick as the bridge: they edit an entry between its being written and its being read back.

Real servers, and the engine with its store in a process of its own. What staff did in that instant is carried on to all
sides, whether the entry was new or changed, and whether the server says by an ETag what it wrote or not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from calbridge.demo.calendar_side import CalendarSide
from calbridge.demo.clinic import DAY
from calbridge.demo.days import BERLIN
from calbridge.demo.people import booker
from calbridge.demo.shown import Shown
from calbridge.demo.steps.story import Booked, Story
from calbridge.demo.vendors import acts
from calbridge.demo.world import World
from calbridge.testing.proxy import Answer, Call, Rule

LATER = timedelta(minutes=15)
RULES = dict(DAY.rules) | {"booking_mode": '"request"'}
REQUESTS = replace(DAY, visits=0, days=12, notes=False, rules=RULES, keys={"guard.max_cancellations": "10"})
Edit = Callable[[CalendarSide, str, Shown], None]


def accepted(calendar: CalendarSide, ref: str, slot: Shown) -> None:
    del slot
    calendar.accept(ref)


def dragged(calendar: CalendarSide, ref: str, slot: Shown) -> None:
    calendar.drag(ref, slot.start + LATER)


def deleted(calendar: CalendarSide, ref: str, slot: Shown) -> None:
    del slot
    calendar.remove(ref)


EDITS: dict[str, Edit] = {"accepted": accepted, "dragged": dragged, "deleted": deleted}
CASES = [
    pytest.param(edit, first, etag, id=f"{edit}-{'created' if first else 'changed'}-{'etag' if etag else 'no etag'}")
    for edit, first, etag in itertools.product(EDITS, (True, False), (True, False))
]


@dataclass(frozen=True, kw_only=True)
class Quick:
    """One entry that staff have their eye on."""

    slot: Shown
    edit: Edit
    etag: bool


@dataclass
class AtOnce(Rule):
    """Does to each entry that is watched what staff do to it, when it was written and before the bridge hears so."""

    calendar: CalendarSide | None = None
    watched: dict[str, Quick] = field(default_factory=dict)
    done: int = 0

    def watch(self, quick: Quick) -> None:
        """The next time an entry is written at the slot's place."""
        self.watched[_place(quick.slot.resource, quick.slot.start)] = quick

    def after(self, call: Call, answer: Answer) -> Answer:
        if call.method != "PUT" or answer.status >= 300 or self.calendar is None:
            return answer
        quick = self.watched.pop(_written(call), None)
        if quick is None:
            return answer
        quick.edit(self.calendar, call.path, quick.slot)
        self.done += 1
        kept = tuple(pair for pair in answer.headers if quick.etag or pair[0].lower() != "etag")
        return replace(answer, headers=kept)


def _place(vet: str, start: datetime) -> str:
    return f"{vet} {start.astimezone(BERLIN):%Y%m%dT%H%M%S}"


def _written(call: Call) -> str:
    vet = call.path.rsplit("/", 2)[1]
    text = call.body.decode()
    return f"{vet} {text[text.index('BEGIN:VEVENT') :].partition('DTSTART;TZID=Europe/Berlin:')[2][:15]}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The clinic afterwards, and what was booked in it, by case."""

    story: Story
    edits: int
    quiet: dict[str, Any]


@pytest.fixture(scope="module")
def lived(
    clinic: Callable[..., AbstractContextManager[World]],
    start: Any,
) -> Any:
    """All cases in one clinic: half of the entries stand as reservations first, then everybody is booked."""
    rule = AtOnce()
    with clinic(practice=REQUESTS, rules={"calendar": rule}) as world:
        rule.calendar = world.calendar
        story = Story(world=world)
        _sync(start, world)
        slots = dict(zip([case.id for case in CASES], _free(world), strict=False))
        assert len(slots) == len(CASES)
        holds = {id_: world.portal.select(slots[id_], id_) for id_ in slots if "changed" in id_}
        _sync(start, world)
        person = booker()
        for case in CASES:
            name, slot = str(case.id), slots[case.id]
            edit, _, etag = case.values
            hold = holds.get(name) or world.portal.select(slot, name)
            made = world.portal.book(hold, name, person, acts.dog_of(person))
            story.bookings[name] = Booked(id=made["booking"]["id"], token=made["manage_token"], slot=slot)
            rule.watch(Quick(slot=slot, edit=EDITS[str(edit)], etag=bool(etag)))
        _sync(start, world)
        yield Outcome(story=story, edits=rule.done, quiet=_sync(start, world))


def _free(world: World) -> list[Shown]:
    """Times that leave room for a visit to be dragged to, of both vets, on the booked day."""
    found = world.free("vaccination")
    return [slot for vet in ("alma", "jonas") for slot in [each for each in found if each.resource == vet][:24:2]]


def _sync(start: Any, world: World) -> dict[str, Any]:
    running = start("sync", "--json", "--config", str(world.bridge.config))
    assert running.wait() == 0, running.output.read_text("utf-8")
    clinics: list[dict[str, Any]] = running.answer()["clinics"]
    return clinics[0]


def test_everybody_was_as_quick_as_that_and_then_it_is_quiet(lived: Outcome) -> None:
    assert lived.edits == len(CASES)
    assert lived.quiet["writes"] == {"pms": 0, "calendar": 0, "portal": 0}
    assert lived.quiet["tasks"] == []
    assert lived.story.world.picture().disagreement() == ""


@pytest.mark.parametrize(("edit", "first", "etag"), CASES)
def test_what_staff_did_in_that_instant_is_on_all_sides(
    lived: Outcome, edit: str, first: bool, etag: bool, request: pytest.FixtureRequest
) -> None:
    del first, etag
    story, picture = lived.story, lived.story.world.picture()
    booked = story.bookings[request.node.callspec.id]
    match edit:
        case "accepted":
            assert acts.confirmed(story, picture, booked) == ""
        case "deleted":
            assert acts.gone(story, picture, booked, "declined") == ""
        case _:
            slot = replace(booked.slot, start=booked.slot.start + LATER, end=booked.slot.end + LATER)
            assert acts.requested(picture, replace(booked, slot=slot)) == ""
            assert set(acts.states(picture, booked)) == {"nothing"}
