"""S0, Animana with Vetstoria: a clinic without calendar books, reserved times, links that are never guessed.

Clients are mailed, and change and cancel by the link that they find in their mail.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from calbridge.demo import staff
from calbridge.demo.browser import Browser
from calbridge.demo.clinic import OPENING, SERVICES, Practice
from calbridge.demo.days import day_span, weekday
from calbridge.demo.people import couple, people
from calbridge.demo.steps.chosen import chosen as reserved
from calbridge.demo.steps.confirmed import ambiguous
from calbridge.demo.steps.confirmed import confirmed as linked
from calbridge.demo.steps.story import Check, Story, expect, first_of
from calbridge.demo.vendors import acts, letters
from calbridge.demo.vendors.pages import time_button
from calbridge.demo.world import Picture

NOT_ONLINE: Final = "ultrasound"
ASKED: Final = {"first_name", "last_name", "email", "phone", "patient_name", "species"}
"""What the page asks of the client and of the animal."""


def practice(today: date) -> Practice:
    """Calendar groups alone: nobody has a plan of online times. One service is kept for the phone."""
    del today
    services = tuple(replace(offer, online=offer.key != NOT_ONLINE) for offer in SERVICES)
    vets = tuple(replace(vet, plans=()) for vet in Practice().vets)
    keys = {"preset": '"animana-vetstoria"'}
    return Practice(vets=vets, services=services, keys=keys, mails=True, portal_tells=False)


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


def chosen(story: Story) -> Check:
    """A client selects a time, and is led to the page for her own and her animal's details."""
    stands = reserved(story)
    portal = story.world.portal
    page = Browser(client=portal.client).open(f"/book/{portal.site}/details/{story.hold}")
    asked = {name for form in page.forms for name in form.names}

    def check(picture: Picture) -> str:
        return first_of(expect(asked >= ASKED, "The page does not ask who she is and what animal."), stands(picture))

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


def confirmed(story: Story) -> Check:
    """The client confirms, and is mailed."""
    stands = linked(story)
    booked = story.bookings["a"]

    def check(picture: Picture) -> str:
        return first_of(stands(picture), letters.mailed(story, booked, "confirmed"))

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
    """The client opens the link in her mail, which changes nothing, and takes the last time of the day."""
    world, old = story.world, story.bookings["a"]
    browser = Browser(client=world.portal.client)
    page = browser.open(letters.link_to_her_page(story, old))
    own = world.portal.own(old.token)
    may = own["status"] == "confirmed" and own["may_move"] and any("/cancel" in form.action for form in page.forms)
    target = story.pick("checkup", "alma", last=True)
    times = browser.open(f"{page.url}/move?week={(world.day - world.today).days // 7}")
    browser.press(times, time_button(times, target))
    booked = acts.moved_to(story, "a", target.start)

    def check(picture: Picture) -> str:
        return first_of(
            expect(may, "Her link does not let her move and cancel."),
            acts.confirmed(story, picture, booked),
            expect(set(acts.states(picture, old)) == {"nothing"}, "A side still shows the old time."),
            letters.mailed(story, booked, "confirmed", "moved"),
        )

    return check


def cancelled(story: Story) -> Check:
    """The client opens the link of her last mail, and cancels there."""
    booked = story.bookings["a"]
    browser = Browser(client=story.world.portal.client)
    page = browser.open(letters.link_to_her_page(story, booked))
    browser.press(page, next(form for form in page.forms if form.action.endswith("/cancel")))

    def check(picture: Picture) -> str:
        return first_of(
            acts.gone(story, picture, booked, "cancelled"),
            letters.mailed(story, booked, "confirmed", "moved", "cancelled"),
            letters.same_entry(story, booked, "REQUEST", "REQUEST", "CANCEL"),
        )

    return check


def limited(story: Story) -> Check:
    """The clinic says in its account that no more than one time an hour is to be offered."""
    world = story.world
    world.bridge.configure("slots_per_hour", "1")
    day = world.day + timedelta(days=7)

    def check(picture: Picture) -> str:
        return first_of(
            *(expect(_offered(story, vet.key, day) == _hourly(story, vet.key, day), "Other times than one an hour.")
              for vet in world.practice.vets),
            picture.disagreement(),
        )  # fmt: skip

    return check


def _offered(story: Story, vet: str, day: date) -> set[datetime]:
    return {slot.start for slot in story.world.free_in("vaccination", day_span(day)) if slot.resource == vet}


def _hourly(story: Story, vet: str, day: date) -> set[datetime]:
    """The first free start of each hour."""
    taken = staff.blocked(story.world.today, vet)
    free = sorted(acts.grid(day, OPENING.get(weekday(day), ()), 15, taken), reverse=True)
    return set({start.hour: start for start in free}.values())


STEPS = acts.numbered(
    ("No calendar books: every free opening hour is offered, for the kinds that are booked online", offered),
    ("A time is selected: reserved on all sides, without a name, for nobody else; the page asks who she is", chosen),
    ("The receptionist cannot give the reserved time to anybody on the phone", not_given_away),
    ("Confirmed: one record fits, the appointment is linked to client and patient, the client is mailed", confirmed),
    ("Two records might fit: booked without a link, the details in its note", ambiguous),
    ("Staff link it by hand", linked_by_hand),
    ("The client moves her appointment by the link in her mail: the calendar follows, she is mailed", moved),
    ("She cancels by the link: gone everywhere, she is mailed", cancelled),
    ("The clinic limits how many times are offered: one an hour", limited),
)
