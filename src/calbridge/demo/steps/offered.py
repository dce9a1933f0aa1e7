"""Step 1: what is really free is offered, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from calbridge.demo import staff
from calbridge.demo.clinic import SERVICES, VETS
from calbridge.demo.days import BERLIN, day_span
from calbridge.demo.shown import Shown, on
from calbridge.demo.steps.story import Check, Story, expect, first_of
from calbridge.demo.world import Picture, World


def offered(story: Story) -> Check:
    """Nobody acts: the bridge was started, that is all."""
    world = story.world

    def check(picture: Picture) -> str:
        slots = {offer.key: world.free(offer.key) for offer in SERVICES}
        vets = {slot.resource for found in slots.values() for slot in found}
        return first_of(
            *(expect(slots[offer.key], f"The portal offers no {offer.name}.") for offer in SERVICES),
            expect(vets == {vet.key for vet in VETS}, "The portal does not offer both vets."),
            *(_covered(world, picture, slot) for found in slots.values() for slot in found),
            expect(_week_later(world), "The meeting does not take place in a week, but its time is not offered."),
            picture.disagreement(),
        )

    return check


def _covered(world: World, picture: Picture, slot: Shown) -> str:
    """Does something stand where the slot is?"""
    taken = [*staff.blocked(world.today, slot.resource), *_places(picture, slot.resource)]
    return expect(
        not any(first < slot.end and slot.start < last for first, last in taken),
        f"The portal offers {slot.text} {slot.line()} although the time is taken.",
    )


def _places(picture: Picture, resource: str) -> Iterator[tuple[datetime, datetime]]:
    return ((entry.start, entry.end) for entry in on(picture.pms, picture.day) if entry.resource == resource)


def _week_later(world: World) -> bool:
    """In the week with the EXDATE somebody may book into the meeting's hour."""
    day = staff.left_out(world.today)
    first, last = staff.meeting(world.today)
    hours = (first.time(), last.time())
    return any(
        hours[0] <= slot.start.astimezone(BERLIN).time() < hours[1]
        for slot in world.portal.free("claws", day_span(day))
    )
