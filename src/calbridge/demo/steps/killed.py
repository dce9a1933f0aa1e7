"""Step 9: the bridge dies when the PMS has a booking and the calendar has not; after a restart all sides agree."""

from __future__ import annotations

import signal

from calbridge.demo.people import people
from calbridge.demo.shown import Shown
from calbridge.demo.steps.story import Check, Story, Unmet, expect, first_of
from calbridge.demo.world import Picture, World

REACHED_S = 10.0


def killed(story: Story) -> Check:
    """Stop the calendar's write at the gate, kill, restart."""
    world = story.world
    slot = story.pick("vaccination", "alma", last=True)
    person = people()[5]
    world.gate.arm()
    try:
        hold = world.portal.select(slot, "client-e")
        made = world.portal.book(hold, "client-e", person, person.animals[0])
        if not world.gate.wait(REACHED_S):
            raise Unmet("The bridge did not try to write the booking to the calendar.")
        _require_between(world, slot)
        if world.bridge.kill() != -signal.SIGKILL:
            raise Unmet("The bridge did not die of SIGKILL.")
    finally:
        world.gate.lose()
    world.bridge.start()
    booking = str(made["booking"]["id"])

    def check(picture: Picture) -> str:
        sides = [picture.find(side, slot.place) for side in ("calendar", "portal", "pms")]
        states = [entry.state.lower() if entry else "nothing" for entry in sides]
        return first_of(
            expect(states == ["confirmed"] * 3, f"Calendar, portal and PMS show {', '.join(states)}."),
            expect(sides[1] and sides[1].ref == booking, "The portal's booking is another one than before."),
            expect(world.portal.messages(booking) == ["confirmed"], "The client was not told exactly once."),
            picture.disagreement(),
        )

    return check


def _require_between(world: World, slot: Shown) -> None:
    """The moment must be the right one: written there, not here."""
    picture = world.picture()
    if picture.find("pms", slot.place) is None:
        raise Unmet(
            "The PMS does not have the booking yet: this is not the moment between its write and the calendar's."
        )
    if picture.find("calendar", slot.place) is not None:
        raise Unmet("The calendar shows the booking already: this is not the moment before its write.")
