"""S0, Animana with Vetstoria: a clinic without calendar books, reserved times, links that are never guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from calbridge.demo.clinic import OPENING, SERVICES, Practice
from calbridge.demo.days import weekday
from calbridge.demo.people import couple, people
from calbridge.demo.steps.chosen import chosen
from calbridge.demo.steps.confirmed import ambiguous, confirmed
from calbridge.demo.steps.story import Check, Story, expect, first_of
from calbridge.demo.vendors import acts
from calbridge.demo.world import Picture

NOT_ONLINE = "ultrasound"


def practice(today: date) -> Practice:
    """Calendar groups alone: nobody has a plan of online times. One service is kept for the phone."""
    del today
    services = tuple(replace(offer, online=offer.key != NOT_ONLINE) for offer in SERVICES)
    vets = tuple(replace(vet, plans=()) for vet in Practice().vets)
    return Practice(vets=vets, services=services, keys={"preset": '"animana-vetstoria"'})


def offered(story: Story) -> Check:
    """Nobody acts: the bridge was started, that is all."""
    world = story.world
    days = [world.day + timedelta(days=offset) for offset in range(7)]

    def check(picture: Picture) -> str:
        hours = {day: OPENING.get(weekday(day), ()) for day in days}
        return first_of(
            *(
                acts.offered_exactly(story, "vaccination", vet.key, day, hours[day])
                for day in days
                for vet in world.practice.vets
            ),
            expect(NOT_ONLINE not in world.portal.types(), "The portal lists what is for the phone only."),
            picture.disagreement(),
        )

    return check


def not_given_away(story: Story) -> Check:
    """The receptionist wants to give the reserved time to somebody on the phone."""
    slot = story.slot or story.pick("checkup", "alma")
    person = people()[9]
    acts.refusal(
        lambda: story.world.pms.phone(slot.resource, slot.text, slot.start, slot.end, person),
        "The PMS gave a reserved time to somebody else.",
    )

    def check(picture: Picture) -> str:
        event = picture.find("calendar", slot.place)
        return first_of(
            expect(event and event.state == "TENTATIVE", "The reservation is no longer in the calendar."),
            picture.disagreement(),
        )

    return check


def linked_by_hand(story: Story) -> Check:
    """Staff know who wrote: one of the two."""
    booked, person = story.bookings["c"], couple()[1]
    acts.order(story, booked, "link", "--client", person.id, "--patient", person.animals[0].id)

    def check(picture: Picture) -> str:
        return first_of(
            acts.confirmed(story, picture, booked),
            acts.linked(story, picture, booked, person.id, person.animals[0].id),
        ) or acts.decided(story.world, booked)

    return check


def moved(story: Story) -> Check:
    """The client opens her link, which changes nothing, and takes the last time of the day."""
    world, old = story.world, story.bookings["a"]
    own = world.portal.own(old.token)
    may = own["status"] == "confirmed" and own["may_move"] and own["may_cancel"]
    target = story.pick("checkup", "alma", last=True)
    world.portal.move(old.token, target.start)
    booked = acts.moved_to(story, "a", target.start)

    def check(picture: Picture) -> str:
        return first_of(
            expect(may, "Her link does not let her move and cancel."),
            acts.confirmed(story, picture, booked),
            expect(set(acts.states(picture, old)) == {"nothing"}, "A side still shows the old time."),
            acts.told(story, booked, "confirmed", "moved"),
        )

    return check


def cancelled(story: Story) -> Check:
    """The client cancels by the same link."""
    booked = story.bookings["a"]
    story.world.portal.cancel(booked.token)

    def check(picture: Picture) -> str:
        return first_of(
            acts.gone(story, picture, booked, "cancelled"),
            acts.told(story, booked, "confirmed", "moved", "cancelled"),
        )

    return check


STEPS = acts.numbered(
    ("No calendar books: every free opening hour is offered, for the kinds that are booked online", offered),
    ("A time is selected: reserved on all sides, without a name; a second client is refused it", chosen),
    ("The receptionist cannot give the reserved time to anybody on the phone", not_given_away),
    ("Confirmed: one record fits, the appointment is linked to client and patient, the client is told", confirmed),
    ("Two records might fit: booked without a link, the details in its note", ambiguous),
    ("Staff link it by hand", linked_by_hand),
    ("The client moves her appointment by the link: the calendar follows, she is told", moved),
    ("She cancels by the link: gone everywhere, she is told", cancelled),
)
