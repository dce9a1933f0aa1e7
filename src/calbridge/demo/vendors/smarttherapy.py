"""S2, smartTherapy: requests that the practice accepts or declines, in the list or in the calendar.

Clients and the practice are told by mail, as the article says.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from calbridge.demo.clinic import EMAIL, OPENING, Practice
from calbridge.demo.days import weekday
from calbridge.demo.people import Animal, booker, couple
from calbridge.demo.steps.story import Booked, Check, Story, expect, first_of
from calbridge.demo.vendors import acts, letters
from calbridge.demo.vendors.newcomers import NOTICE, newcomer, recorded
from calbridge.demo.world import Picture

REASON = "Wir sind an diesem Tag auf einer Fortbildung."


def practice(today: date) -> Practice:
    """Everything as the preset says; new patients are asked to agree to the practice's privacy notice."""
    del today
    keys = {"preset": '"smarttherapy"', "privacy_notice": f'"{NOTICE}"'}
    return Practice(keys=keys, mails=True, portal_tells=False)


def offered(story: Story) -> Check:
    """The practice's hours count, whatever anybody's plan says."""
    world = story.world

    def check(picture: Picture) -> str:
        hours = OPENING.get(weekday(world.day), ())
        return first_of(
            *(acts.offered_exactly(story, "vaccination", vet.key, world.day, hours) for vet in world.practice.vets),
            picture.disagreement(),
        )

    return check


def asked(story: Story) -> Check:
    """A patient's owner asks for a time."""
    booked, person = acts.booked_by(story, "one", "checkup", "alma"), booker()

    def check(picture: Picture) -> str:
        event = picture.find("calendar", booked.slot.place)
        name = f"{person.first_name} {person.last_name}"
        return first_of(
            acts.requested(picture, booked),
            letters.mailed(story, booked, "request_received"),
            expect(event and "Check-up" in event.text, "The service that was chosen is not in the entry's subject."),
            expect(booked.slot.place not in [slot.place for slot in story.world.free("checkup")], "Still offered."),
            picture.disagreement(),
        ) or acts.undecided(story.world, booked, state="requested", match="proposed", name=name)

    return check


def mailed(story: Story) -> Check:
    """The practice finds a mail about it, which says how to see the details and nobody's name; it looks at them."""
    booked, person = story.bookings["one"], booker()
    key = acts.key_of(story, booked)
    shown = json.dumps(story.world.bridge.ask("requests", "show", key, "--names"), ensure_ascii=False)
    private = (person.first_name, person.last_name, person.email, person.phone)

    def check(picture: Picture) -> str:
        sent = letters.box(story, EMAIL)
        text = " ".join(f"{letter.subject} {letter.text}" for letter in sent)
        return first_of(
            expect([letter.kind for letter in sent] == ["clinic_request"], "The practice was not mailed once."),
            expect(f"calbridge requests show {key}" in text, "The mail does not say which request it is about."),
            expect(not [word for word in private if word in text], "The mail to the practice bears a name."),
            expect(all(word in shown for word in private), "The details are not shown."),
            expect(person.id in shown, "The record that fits is not shown."),
            acts.requested(picture, booked),
        )

    return check


def accepted_in_calendar(story: Story) -> Check:
    """Staff take the record that fits, open the entry and turn it into a firm one."""
    booked, person = story.bookings["one"], booker()
    animal = acts.dog_of(person)
    acts.order(story, booked, "link", "--client", person.id, "--patient", animal.id)
    story.world.calendar.accept(acts.at_side(story, "calendar", booked).ref)

    def check(picture: Picture) -> str:
        return first_of(
            acts.confirmed(story, picture, booked),
            acts.linked(story, picture, booked, person.id, animal.id),
            letters.mailed(story, booked, "request_received", "confirmed"),
            letters.same_entry(story, booked, "REQUEST"),
        ) or acts.decided(story.world, booked)

    return check


def several(story: Story) -> Check:
    """The address that two records share: nobody is linked."""
    person = replace(couple()[0], first_name="Familie", phone="", address="")
    cat = Animal(id="", name="Balu", species="cat")
    booked = acts.book(story, "several", story.pick("vaccination", "jonas"), person, cat)

    def check(picture: Picture) -> str:
        return first_of(
            acts.requested(picture, booked),
            acts.linked(story, picture, booked, None, None),
        ) or acts.undecided(story.world, booked, match="ambiguous")

    return check


def chosen_and_accepted(story: Story) -> Check:
    """The practice chooses one of the two, and accepts."""
    booked, person = story.bookings["several"], couple()[1]
    acts.order(story, booked, "link", "--client", person.id, "--patient", person.animals[0].id)
    acts.order(story, booked, "accept")

    def check(picture: Picture) -> str:
        return first_of(
            acts.confirmed(story, picture, booked),
            acts.linked(story, picture, booked, person.id, person.animals[0].id),
            letters.mailed(story, booked, "request_received", "confirmed"),
        )

    return check


def somebody_new(story: Story) -> Check:
    """A patient whom the practice does not have; and one whose address is a known person's, who she is not."""
    first, other = newcomer("Brandung"), replace(newcomer("Strandhafer"), email=booker().email)
    wanted = {
        "new": acts.book(story, "new", story.pick("claws", "jonas"), first, first.animals[0], agrees=True),
        "other": acts.book(story, "other", story.pick("claws", "alma"), other, other.animals[0], agrees=True),
    }

    def check(picture: Picture) -> str:
        return first_of(
            *(acts.requested(picture, booked) for booked in wanted.values()),
            *(acts.linked(story, picture, booked, None, None) for booked in wanted.values()),
        ) or first_of(
            acts.undecided(story.world, wanted["new"], match="unmatched"),
            acts.undecided(story.world, wanted["other"], match="proposed"),
        )

    return check


def created_and_accepted(story: Story) -> Check:
    """The practice makes a record for each, the proposed one being somebody else's, and accepts."""
    people = {"new": newcomer("Brandung"), "other": replace(newcomer("Strandhafer"), email=booker().email)}
    before = story.world.pms.record(booker().id)
    acts.order(story, story.bookings["new"], "create-client")
    acts.order(story, story.bookings["other"], "create-client", "--anyway")
    for name in people:
        acts.order(story, story.bookings[name], "accept")

    def check(picture: Picture) -> str:
        return first_of(
            *(acts.confirmed(story, picture, story.bookings[name]) for name in people),
            *(recorded(story, picture, story.bookings[name], person) for name, person in people.items()),
            *(letters.mailed(story, story.bookings[name], "request_received", "confirmed") for name in people),
            expect(story.world.pms.record(booker().id) == before, "The proposed person's record was changed."),
        ) or first_of(*(acts.decided(story.world, story.bookings[name]) for name in people))

    return check


def to_be_declined(story: Story) -> Check:
    """Three more ask."""
    acts.booked_by(story, "reason", "vaccination", "alma", last=True)
    acts.booked_by(story, "quiet", "claws", "jonas", last=True)
    acts.booked_by(story, "deleted", "checkup", "alma")

    def check(picture: Picture) -> str:
        wanted = [story.bookings[name] for name in ("reason", "quiet", "deleted")]
        return first_of(*(acts.requested(picture, booked) for booked in wanted), picture.disagreement())

    return check


def declined_with_reason(story: Story) -> Check:
    """From the list, with a reason."""
    booked = story.bookings["reason"]
    acts.order(story, booked, "decline", "--reason", REASON)

    def check(picture: Picture) -> str:
        return first_of(
            acts.gone(story, picture, booked, "declined"),
            letters.mailed(story, booked, "request_received", "declined"),
            expect(_reason_is_told(story, booked), "The client is not told why."),
        )

    return check


def _reason_is_told(story: Story, booked: Booked) -> bool:
    """In the mail, and on her page."""
    written = any(REASON in letter.text for letter in letters.about(story, booked))
    return written and story.world.portal.own(booked.token)["decline_reason"] == REASON


def declined_quietly(story: Story) -> Check:
    """From the list, without a message."""
    booked = story.bookings["quiet"]
    acts.order(story, booked, "decline", "--quiet")

    def check(picture: Picture) -> str:
        return first_of(
            acts.gone(story, picture, booked, "declined"),
            letters.mailed(story, booked, "request_received"),
        )

    return check


def declined_in_calendar(story: Story) -> Check:
    """Staff delete the tentative entry."""
    booked = story.bookings["deleted"]
    story.world.calendar.remove(acts.at_side(story, "calendar", booked).ref)

    def check(picture: Picture) -> str:
        return first_of(
            acts.gone(story, picture, booked, "declined"),
            letters.mailed(story, booked, "request_received", "declined"),
        )

    return check


def declined_without_telling_why(story: Story) -> Check:
    """The practice sets that its reasons are its own; it declines one more with a reason."""
    story.world.bridge.configure("decline_reason_visible", "false")
    booked = acts.booked_by(story, "unsaid", "checkup", "alma", last=True)
    story.settle(lambda picture: acts.requested(picture, booked))
    acts.order(story, booked, "decline", "--reason", REASON)

    def check(picture: Picture) -> str:
        own = story.world.portal.own(booked.token)
        return first_of(
            acts.gone(story, picture, booked, "declined"),
            letters.mailed(story, booked, "request_received", "declined"),
            expect(not own["decline_reason"], "Her page says why."),
            expect(not [each for each in letters.about(story, booked) if REASON in each.text], "Her mail says why."),
        )

    return check


STEPS = acts.numbered(
    ("The booking page offers what the practice's hours leave", offered),
    (
        "A request: the client is mailed that it has arrived; tentative in the calendar, in the list with its details",
        asked,
    ),
    ("The practice is mailed too, without a name, and looks at the details and at the record that fits", mailed),
    (
        "The fitting record is taken, the entry made firm in the calendar: accepted, the client told",
        accepted_in_calendar,
    ),
    ("Several records fit the next request: none is linked", several),
    ("The practice chooses one and accepts from the list", chosen_and_accepted),
    ("Two new patients ask; for one of them the record of somebody else is proposed", somebody_new),
    (
        "None of the proposed fits: records of their own, with their consent, and both are accepted",
        created_and_accepted,
    ),
    ("Three more requests come", to_be_declined),
    ("One is declined with a reason, which the client is told", declined_with_reason),
    ("One is declined without a message", declined_quietly),
    ("One is declined by deleting it in the calendar", declined_in_calendar),
    ("Where the practice sets so, a reason is not told", declined_without_telling_why),
)
