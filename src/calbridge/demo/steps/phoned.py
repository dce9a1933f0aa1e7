"""Step 7: what the receptionist books by phone is no longer offered online, and stands in the vet's calendar."""

from __future__ import annotations

from calbridge.demo.people import people
from calbridge.demo.steps.story import Check, Story, expect, first_of
from calbridge.demo.world import Picture


def phoned(story: Story) -> Check:
    """The receptionist enters a visit in the PMS."""
    world = story.world
    slot = story.pick("claws", "jonas", last=True)
    world.pms.phone(slot.resource, slot.text, slot.start, slot.end, people()[7])

    def check(picture: Picture) -> str:
        offered = [other for other in world.free("claws") if other.resource == slot.resource]
        under = [other for other in offered if other.start < slot.end and slot.start < other.end]
        event = picture.find("calendar", slot.place)
        return first_of(
            expect(not under, "The portal still offers the time that was given away by phone."),
            expect(event and event.state == "CONFIRMED", "The calendar does not show the phone booking."),
            picture.disagreement(),
        )

    return check
