"""Step 10: when nothing happens, nothing is written; the sides' own version marks say so."""

from __future__ import annotations

from calbridge.demo.steps.story import Check, Story, expect, first_of
from calbridge.demo.world import Picture, World

Marks = dict[str, dict[str, str]]


def quiet(story: Story) -> Check:
    """Stop the daemon and run a cycle by hand; one more, should the first have had something left to do."""
    world = story.world
    world.bridge.stop()
    for _ in range(2):
        before, written, after = marks(world), _written(world), marks(world)
        if not written:
            break

    def check(picture: Picture) -> str:
        return first_of(
            expect(not written, f"A cycle with nothing to do wrote: {written}."),
            *(expect(before[side] == after[side], f"Something was written to the {side}.") for side in before),
            picture.disagreement(),
        )

    return check


def _written(world: World) -> dict[str, int]:
    """One cycle's writes by connection, those without left out."""
    report = world.bridge.ask("sync")
    return {name: count for clinic in report["clinics"] for name, count in clinic["writes"].items() if count}


def marks(world: World) -> Marks:
    """ETags, revisions and feed positions of all three sides."""
    return {
        "calendar": world.calendar.fingerprint(),
        "portal": world.portal.fingerprint(),
        "PMS": world.pms.fingerprint(world.weeks),
    }
