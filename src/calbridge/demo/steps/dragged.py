"""Step 5: a move in any calendar app is the clinic's word; the booking keeps its id and its link (S0)."""

from __future__ import annotations

from dataclasses import replace

from calbridge.demo.steps.story import Check, Story, Unmet, expect, first_of
from calbridge.demo.world import Picture


def dragged(story: Story) -> Check:
    """Staff drag the first client's event to the last free time of the morning."""
    world, booked = story.world, story.bookings["a"]
    target = story.pick("checkup", "alma", last=True)
    event = world.picture().find("calendar", booked.slot.place)
    if event is None:
        raise Unmet("The event that staff want to drag is not in the calendar.")
    world.calendar.drag(event.ref, target.start)
    moved = story.bookings["a"] = replace(booked, slot=target)

    def check(picture: Picture) -> str:
        sides = [picture.find(side, moved.slot.place) for side in ("calendar", "portal", "pms")]
        old = [picture.find(side, booked.slot.place) for side in ("calendar", "portal", "pms")]
        return first_of(
            expect(all(sides), "Not all sides show the new time."),
            expect(not any(old), "A side still shows the old time."),
            expect(sides[0] and sides[0].ref == event.ref, "The event is another one than the one that was dragged."),
            expect(sides[1] and sides[1].ref == booked.id, "The portal's booking is another one than before."),
            expect(
                world.portal.messages(booked.id) == ["confirmed", "moved"], "The client was not told once of the move."
            ),
            picture.disagreement(),
        )

    return check
