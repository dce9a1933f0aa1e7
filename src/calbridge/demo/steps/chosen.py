"""Step 2: selecting is reserving. The calendar shows the time as taken, and by nobody (S0)."""

from __future__ import annotations

from calbridge.demo.people import booker
from calbridge.demo.shown import Refused
from calbridge.demo.steps.story import Check, Story, Unmet, expect, first_of
from calbridge.demo.world import Picture


def chosen(story: Story) -> Check:
    """One client selects a slot; another one wants the same."""
    portal = story.world.portal
    slot = story.slot = story.pick("checkup", "alma")
    story.hold = portal.select(slot, "client-a")
    try:
        portal.select(slot, "client-b")
    except Refused as refused:
        if not refused.alternatives:
            raise Unmet("The second client was refused without other times to choose from.") from refused
    else:
        raise Unmet("The second client got the slot that the first one holds.")

    def check(picture: Picture) -> str:
        event, visit = picture.find("calendar", slot.place), picture.find("pms", slot.place)
        return first_of(
            expect(event and event.state == "TENTATIVE", "The calendar does not show the reservation as tentative."),
            expect(visit and visit.state == "tentative", "The PMS does not show the reservation as tentative."),
            expect(picture.find("portal", slot.place), "The portal lost the reservation."),
            expect(event and _nameless(story.world.calendar.text(event.ref)), "The reservation bears a name."),
            picture.disagreement(),
        )

    return check


def _nameless(text: str) -> bool:
    person = booker()
    return not any(word in text for word in (person.first_name, person.last_name, person.email, person.phone))
