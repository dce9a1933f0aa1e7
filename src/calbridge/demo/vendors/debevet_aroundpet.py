"""S1, debevet with around.pet: hours by weekday, requests, cancellations until the day before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from calbridge.demo.clinic import OPENING, SERVICES, Practice
from calbridge.demo.days import BERLIN, closure, weekday
from calbridge.demo.people import booker
from calbridge.demo.shown import Refused
from calbridge.demo.steps.story import Check, Story, expect, first_of
from calbridge.demo.vendors import acts, debevet_own
from calbridge.demo.vendors.debevet_reminders import reminded
from calbridge.demo.vendors.newcomers import NOTICE, newcomer, recorded
from calbridge.demo.world import Picture

HORIZON: Final = 60
LEAD: Final = timedelta(hours=4)
WITHIN: Final = timedelta(hours=20)
"""Less than the day that a client must leave, and more than the lead time."""


def practice(today: date) -> Practice:
    """Two services; the horizon lies behind the practice's holidays."""
    del today
    services = tuple(offer for offer in SERVICES if offer.key in {"checkup", "vaccination"})
    keys = {"preset": '"debevet-aroundpet"', "privacy_notice": f'"{NOTICE}"'}
    return Practice(services=services, keys=keys, days=HORIZON, mails=True, page="connect")


def offered(story: Story) -> Check:
    """The hours that the practice entered, weekday by weekday."""
    world = story.world
    days = [world.day + timedelta(days=offset) for offset in range(7)]

    def check(picture: Picture) -> str:
        return first_of(
            *(
                acts.offered_exactly(story, "vaccination", vet.key, day, OPENING.get(weekday(day), ()))
                for day in days
                for vet in world.practice.vets
            ),
            picture.disagreement(),
        )

    return check


def limits(story: Story) -> Check:
    """Too soon, too late, and the holidays."""
    world = story.world
    now = datetime.now(BERLIN)
    first, last = closure(world.today)
    end = world.today + timedelta(days=HORIZON)

    def check(picture: Picture) -> str:
        ahead = acts.starts(story, "vaccination", first - timedelta(days=7), end + timedelta(days=3))
        near = acts.starts(story, "vaccination", world.today, world.today + timedelta(days=8))
        return first_of(
            expect(min(near) >= now + LEAD, "Something is offered that begins within the lead time."),
            expect(not [start for start in ahead if first <= start.date() <= last], "The holidays are offered."),
            expect(any(start.date() < first for start in ahead), "Nothing is offered before the holidays."),
            expect(any(last < start.date() <= end for start in ahead), "Nothing is offered after the holidays."),
            expect(not [start for start in ahead if start.date() > end], "Something is offered beyond the horizon."),
            picture.disagreement(),
        )

    return check


def asked(story: Story) -> Check:
    """A client who is known by her e-mail address asks for three appointments."""
    wanted = [
        acts.booked_by(story, name, "checkup", vet, last=last)
        for name, vet, last in (("desk", "alma", False), ("list", "jonas", False), ("called off", "jonas", True))
    ]
    person = booker()

    def check(picture: Picture) -> str:
        return first_of(
            *(acts.requested(picture, booked) for booked in wanted),
            *(acts.linked(story, picture, booked, person.id, acts.dog_of(person).id) for booked in wanted),
            *(acts.told(story, booked, "request_received") for booked in wanted),
            picture.disagreement(),
        )

    return check


def connected(story: Story) -> Check:
    """Somebody new gives her full address and telephone, reads the privacy notice and agrees to it."""
    person = newcomer("Seestern")
    shown = story.world.portal.notice().get("text", "")
    slot = story.pick("vaccination", "jonas")
    booked = acts.book(story, "new", slot, person, person.animals[0], agrees=True)

    def check(picture: Picture) -> str:
        return first_of(
            expect(shown == NOTICE, "The form does not show the practice's privacy notice."),
            acts.requested(picture, booked),
            recorded(story, picture, booked, person),
            picture.disagreement(),
        )

    return check


def kept_waiting(story: Story) -> Check:
    """One who does not agree, and one who gives no address, ask for a time too."""
    unasked, partly = newcomer("Sandbank"), replace(newcomer("Sanddorn"), address="")
    wanted = [
        acts.book(story, "unasked", story.pick("vaccination", "jonas", last=True), unasked, unasked.animals[0]),
        acts.book(story, "partly", story.pick("vaccination", "alma"), partly, partly.animals[0], agrees=True),
    ]

    def check(picture: Picture) -> str:
        return first_of(
            *(acts.requested(picture, booked) for booked in wanted),
            *(acts.linked(story, picture, booked, None, None) for booked in wanted),
            picture.disagreement(),
        ) or first_of(*(acts.undecided(story.world, booked, match="unmatched") for booked in wanted))

    return check


def accepted(story: Story) -> Check:
    """The practice accepts one in its PMS, one from the list."""
    desk, listed = story.bookings["desk"], story.bookings["list"]
    acts.order(story, listed, "accept")
    story.world.pms.change(acts.at_side(story, "pms", desk).ref, status="confirmed")

    def check(picture: Picture) -> str:
        return first_of(
            *(acts.confirmed(story, picture, booked) for booked in (desk, listed)),
            *(acts.told(story, booked, "request_received", "confirmed") for booked in (desk, listed)),
        ) or first_of(acts.decided(story.world, desk), acts.decided(story.world, listed))

    return check


def called_off(story: Story) -> Check:
    """The practice calls off the third request, and one of the appointments."""
    request, appointment = story.bookings["called off"], story.bookings["list"]
    for booked in (request, appointment):
        story.world.pms.cancel(acts.at_side(story, "pms", booked).ref)

    def check(picture: Picture) -> str:
        return first_of(
            acts.gone(story, picture, request, "declined"),
            acts.gone(story, picture, appointment, "cancelled"),
            acts.told(story, request, "request_received", "declined"),
            acts.told(story, appointment, "request_received", "confirmed", "cancelled"),
        )

    return check


def cancelled(story: Story) -> Check:
    """The client cancels an appointment that is more than a day away."""
    booked = story.bookings["desk"]
    story.world.portal.cancel(booked.token)

    def check(picture: Picture) -> str:
        return first_of(
            acts.gone(story, picture, booked, "cancelled"),
            acts.told(story, booked, "request_received", "confirmed", "cancelled"),
        )

    return check


def moved(story: Story) -> Check:
    """Two more are accepted, and the practice moves one: to less than a day from now."""
    booked = acts.booked_by(story, "moved", "vaccination", "alma")
    wanted = (booked, acts.booked_by(story, "later", "vaccination", "jonas"))
    story.settle(lambda picture: first_of(*(acts.requested(picture, each) for each in wanted)))
    for each in wanted:
        story.world.pms.change(acts.at_side(story, "pms", each).ref, status="confirmed")
    story.settle(lambda picture: first_of(*(acts.confirmed(story, picture, each) for each in wanted)))
    now = acts.put_off(story, "moved", (datetime.now(BERLIN) + WITHIN).replace(second=0, microsecond=0))

    def check(picture: Picture) -> str:
        return first_of(
            acts.confirmed(story, picture, now),
            expect(set(acts.states(picture, booked)) == {"nothing"}, "A side still shows the old time."),
            acts.told(story, now, "request_received", "confirmed", "moved"),
        )

    return check


def too_late(story: Story) -> Check:
    """The client wants to cancel what is less than a day away."""
    world, booked = story.world, story.bookings["moved"]
    own = world.portal.own(booked.token)
    refused: Refused = acts.refusal(lambda: world.portal.cancel(booked.token), "The client cancelled too late.")

    def check(picture: Picture) -> str:
        return first_of(
            expect("phone" in str(refused), "The client was not told to telephone."),
            expect(not own["may_cancel"] and not own["may_move"], "Her page still offers to cancel or to move."),
            acts.confirmed(story, picture, booked),
        )

    return check


STEPS = acts.numbered(
    ("The opening hours of each weekday are offered, and a weekday without any is not", offered),
    ("Lead time, horizon and holidays limit what is offered", limits),
    ("A client asks for three appointments; her e-mail address says who she is", asked),
    (
        "Somebody new gives everything and agrees to the privacy notice: a record of her own, her consent filed",
        connected,
    ),
    ("Without her consent, or without an address, nobody is recorded: a person decides", kept_waiting),
    ("One request is accepted in the PMS, one from the list: the client is told, nothing waits any more", accepted),
    ("The practice calls off a request and an appointment: the client is told at once", called_off),
    ("The client cancels more than a day ahead", cancelled),
    ("The practice moves an appointment to less than a day from now: the client is told", moved),
    ("Less than a day ahead she cannot cancel: please phone", too_late),
    ("25 hours and one hour before an appointment its client is reminded", reminded),
    *debevet_own.STEPS,
)
