"""Step 10: when nothing happens, nothing is written; the sides' own version marks say so."""

from __future__ import annotations

from calbridge.demo.steps.story import Check, Story, expect, first_of
from calbridge.demo.world import Picture, World

Marks = dict[str, dict[str, str]]


def quiet(story: Story) -> Check:
    """Stop the daemon, run two cycles by hand."""
    world = story.world
    world.bridge.stop()
    world.bridge.ask("sync")
    before = marks(world)
    report = world.bridge.ask("sync")
    after = marks(world)
    written = {name: count for clinic in report["clinics"] for name, count in clinic["writes"].items() if count}

    def check(picture: Picture) -> str:
        return first_of(
            expect(not written, f"The second cycle wrote: {written}."),
            *(expect(before[side] == after[side], f"Something was written to the {side}.") for side in before),
            picture.disagreement(),
        )

    return check


def marks(world: World) -> Marks:
    """ETags, revisions and feed positions of all three sides."""
    return {
        "calendar": world.calendar.fingerprint(),
        "portal": world.portal.fingerprint(),
        "PMS": world.pms.fingerprint(world.weeks),
    }
