"""Step 6: a client's cancellation frees the time on every side, and it is offered again."""

from __future__ import annotations

from calbridge.demo.steps.story import Check, Story, expect, first_of
from calbridge.demo.world import Picture


def cancelled(story: Story) -> Check:
    """The first client cancels by the link."""
    world, booked = story.world, story.bookings["a"]
    world.portal.cancel(booked.token)

    def check(picture: Picture) -> str:
        left = [picture.find(side, booked.slot.place) for side in ("calendar", "portal", "pms")]
        offered = [slot.place for slot in world.free("checkup")]
        return first_of(
            expect(not any(left), "A side still shows the cancelled visit."),
            expect(booked.slot.place in offered, "The time is not offered again."),
            expect(
                world.portal.own(booked.token)["status"] == "cancelled", "The client's page does not say cancelled."
            ),
            picture.disagreement(),
        )

    return check
