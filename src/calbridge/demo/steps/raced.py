"""Step 8: portal and phone want the same time in the same moment. One gets it on all sides; the other is told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from calbridge.demo.people import people
from calbridge.demo.shown import Refused, Shown
from calbridge.demo.steps.story import Check, Story, expect, first_of
from calbridge.demo.world import Picture, World


@dataclass(frozen=True, slots=True, kw_only=True)
class _Online:
    """What the portal's client has in hand: a hold, and a booking where the hold lasted long enough."""

    hold: str = ""
    booking: str = ""
    token: str = ""


def raced(story: Story) -> Check:
    """Both press the button together."""
    world = story.world
    slot = story.pick("claws", "alma")
    start = threading.Barrier(2)
    with ThreadPoolExecutor(2) as both:
        online = both.submit(_online, world, slot, start)
        phone = both.submit(_phone, world, slot, start)
        client, appointment = online.result(), phone.result()

    def check(picture: Picture) -> str:
        won = bool(client.booking) and world.portal.booking(client.booking)["status"] == "confirmed"
        visits = [entry for entry in picture.pms if entry.resource == slot.resource and _meet(entry, slot)]
        events = [entry for entry in picture.bridged if entry.resource == slot.resource and _meet(entry, slot)]
        return first_of(
            expect(won != bool(appointment), "Not exactly one of client and receptionist has the time."),
            expect(len(visits) == len(events) == 1, "Calendar and PMS do not show exactly one visit at that time."),
            expect(not appointment or visits[0].ref == appointment, "The PMS shows another visit than the phone's."),
            expect(won or _told(world, client), "The client was not told that the time is gone."),
            picture.disagreement(),
        )

    return check


def _online(world: World, slot: Shown, start: threading.Barrier) -> _Online:
    person = people()[3]
    start.wait()
    try:
        hold = world.portal.select(slot, "client-d")
    except Refused:
        return _Online()
    try:
        made = world.portal.book(hold, "client-d", person, person.animals[0])
    except Refused:
        return _Online(hold=hold)
    return _Online(hold=hold, booking=made["booking"]["id"], token=made["manage_token"])


def _phone(world: World, slot: Shown, start: threading.Barrier) -> str:
    """The appointment's id; "" when the PMS told the receptionist that the time is taken."""
    start.wait()
    try:
        return str(world.pms.phone(slot.resource, slot.text, slot.start, slot.end, people()[9])["id"])
    except Refused:
        return ""


def _told(world: World, client: _Online) -> bool:
    """Refused at once, or the reservation given back with a reason, or the booking declined with a message."""
    if client.booking:
        return world.portal.own(client.token)["status"] == "declined" and world.portal.messages(client.booking) == [
            "declined"
        ]
    return not client.hold or world.portal.hold(client.hold)["status"] == "released"


def _meet(entry: Shown, slot: Shown) -> bool:
    return entry.start < slot.end and slot.start < entry.end
