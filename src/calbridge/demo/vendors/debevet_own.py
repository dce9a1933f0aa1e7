"""The second half of S1: clients are invited, connect with the practice, and see what it makes and marks for them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from calbridge.demo.browser import Browser
from calbridge.demo.clinic import EMAIL
from calbridge.demo.people import booker
from calbridge.demo.shown import Shown
from calbridge.demo.steps.story import Booked, Check, Story, Unmet, expect, first_of
from calbridge.demo.vendors import acts, letters
from calbridge.demo.vendors.newcomers import newcomer, on_record
from calbridge.demo.world import Picture, World

CATEGORY: Final = "around.pet"
TITLE: Final = "VERTRAULICH schwieriger Hund"
OTHER_MAIL: Final = "zweite.adresse@example.org"
REASON: Final = "Impfung gegen Tollwut"


def invited(story: Story) -> Check:
    """The practice invites a client, at the address in her record."""
    person, world = booker(), story.world
    world.bridge.ask("client", "invite", person.id)

    def check(picture: Picture) -> str:
        del picture
        sent = letters.box(story, person.email)
        links = [link for letter in sent for link in letter.links]
        others = {letter.to for letter in (world.mail.sent() if world.mail else ())} - {person.email, EMAIL}
        return first_of(
            expect([letter.kind for letter in sent] == ["invitation"], "She was not invited once."),
            expect(person.email in sent[0].text if sent else False, "She is not told to sign up with this address."),
            expect(not others, "Somebody else was written to."),
            expect(links and _asks_who(world, links[0]), "The link does not lead to where she connects."),
        )

    return check


def _asks_who(world: World, link: str) -> bool:
    page = Browser(client=world.portal.client).open(link)
    return any({"email", "address", "phone"} <= set(form.names) for form in page.forms)


def joined(story: Story) -> Check:
    """A known client connects, and somebody new with everything the practice asks for."""
    known, new = booker(), newcomer("Leuchtturm")
    story.accounts["known"] = story.world.portal.connect(known, acts.dog_of(known))
    story.accounts["new"] = story.world.portal.connect(new, new.animals[0], agrees=True)

    def check(picture: Picture) -> str:
        del picture
        return on_record(story, new)

    return check


def lacking(story: Story) -> Check:
    """One without an address cannot be entered: a person is asked."""
    partly = replace(newcomer("Wattwurm"), address="")
    story.world.portal.connect(partly, partly.animals[0], agrees=True)

    def check(picture: Picture) -> str:
        del picture
        tasks = story.world.bridge.ask("tasks", "list")["tasks"]
        asked = [task["sentence"] for task in tasks if task["kind"] == "account"]
        return first_of(
            expect(len(asked) == 1, "Nobody is asked about the account without an address."),
            expect("Wattwurm" not in json.dumps(tasks), "A task names the client."),
            expect(not story.world.pms.clients(partly.last_name), "She was entered without an address."),
        )

    return check


def unrecognised(story: Story) -> Check:
    """The same client once more, with an address that the practice did not write to: she may be anybody."""
    known = booker()
    other = replace(known, email=OTHER_MAIL, address="")
    before = story.world.pms.clients(known.last_name)
    story.accounts["other"] = story.world.portal.connect(other, acts.dog_of(other), agrees=True)

    def check(picture: Picture) -> str:
        del picture
        tasks = story.world.bridge.ask("tasks", "list")["tasks"]
        return first_of(
            expect(len([task for task in tasks if task["kind"] == "account"]) == 2, "Nobody is asked who that is."),  # noqa: PLR2004 - hers and the one before
            expect(story.world.pms.clients(known.last_name) == before, "The practice's records have changed."),
        )

    return check


def made(story: Story) -> Check:
    """The practice makes two appointments for her and her dog, and puts one of them into the portal's calendar."""
    _make(story, "own", "alma", [CATEGORY])
    _make(story, "kept", "jonas", [])
    own, kept = story.bookings["own"], story.bookings["kept"]

    def check(picture: Picture) -> str:
        shown = _page(story)
        return first_of(
            expect([_span(each) for each in shown] == [_place(own)], "Her account does not show what is marked."),
            expect([each["note"] for each in shown] == [REASON], "She does not see the description as the reason."),
            expect([_told(each) for each in shown] == [["confirmed"]], "She was not told of it once."),
            expect(TITLE not in json.dumps(story.world.portal.everything()), "The portal knows the private title."),
            expect(picture.find("portal", kept.slot.place) is None, "The portal shows what is not marked."),
            expect(own.slot.place not in _free(story), "Its time is offered."),
            expect(not _page(story, "other"), "It is shown to who connected with another address."),
            picture.disagreement(),
        )

    return check


def marked_later(story: Story) -> Check:
    """The one is taken out of the portal's calendar again, the other is put in."""
    own, kept = story.bookings["own"], story.bookings["kept"]
    story.world.pms.change(own.id, categories=[])
    story.world.pms.change(kept.id, categories=["Chirurgie", CATEGORY])

    def check(picture: Picture) -> str:
        shown = _page(story)
        return first_of(
            expect([_span(each) for each in shown] == [_place(kept)], "Her account does not follow the marks."),
            expect([_told(each) for each in shown] == [["confirmed"]], "She was not told of the other one once."),
            expect(picture.find("pms", own.slot.place), "What is not shown any more does not take place any more."),
            picture.disagreement(),
        )

    return check


def moved_for_her(story: Story) -> Check:
    """The practice moves it as usual."""
    now = acts.moved_to(story, "kept", story.pick("vaccination", "jonas").start)
    slot = now.slot
    story.world.pms.change(now.id, start=slot.start.isoformat(), end=slot.end.isoformat())

    def check(picture: Picture) -> str:
        shown = _page(story)
        return first_of(
            expect([_span(each) for each in shown] == [_place(now)], "Her account does not show the new time."),
            expect([_told(each) for each in shown] == [["confirmed", "moved"]], "She was not told of the move once."),
            picture.disagreement(),
        )

    return check


def called_off_by_her(story: Story) -> Check:
    """More than a day ahead she cancels it in her account."""
    kept = story.bookings["kept"]
    (shown,) = story.world.portal.account(story.accounts["known"])
    story.world.portal.cancel(shown["manage_token"])

    def check(picture: Picture) -> str:
        return first_of(
            expect([each["status"] for each in _page(story)] == ["cancelled"], "Her account says something else."),
            expect(picture.find("pms", kept.slot.place) is None, "The PMS still has it."),
            expect(picture.find("calendar", kept.slot.place) is None, "The calendar still has it."),
            picture.disagreement(),
        )

    return check


STEPS = (
    ("The practice invites a client by mail, at the address in her record", invited),
    ("Clients connect with the practice: somebody new is entered, with her consent", joined),
    ("Without a full address nobody new is entered: a person is asked", lacking),
    ("With another address than the invited one she is not recognised", unrecognised),
    ("The practice makes two appointments for her: she sees the one that is marked, and is told at once", made),
    ("Unmarked it is withdrawn without a message; the other one, marked later, is shown", marked_later),
    ("The practice moves it: she is told", moved_for_her),
    ("She cancels it in her account", called_off_by_her),
)


def _make(story: Story, name: str, vet: str, categories: list[str]) -> None:
    """At the desk, at the last time of the day that is free, for the known client and her dog."""
    slot, person = story.pick("vaccination", vet, last=True), booker()
    item = story.world.pms.enter(
        "/v1/appointments",
        {
            "resource": vet,
            "type": "vaccination",
            "start": slot.start.isoformat(),
            "end": slot.end.isoformat(),
            "title": TITLE,
            "note": TITLE,
            "description": REASON,
            "client_id": person.id,
            "patient_id": acts.dog_of(person).id,
            "categories": categories,
        },
    )
    story.bookings[name] = Booked(id=item["id"], token="", slot=slot)


def _page(story: Story, who: str = "known") -> list[Any]:
    if who not in story.accounts:
        raise Unmet("She is not connected.")
    return [each["booking"] for each in story.world.portal.account(story.accounts[who])]


def _told(booking: Any) -> list[str]:
    return [message["kind"] for message in booking["messages"]]


def _span(booking: Any) -> tuple[str, str]:
    return booking["calendar"], booking["start"]


def _place(booked: Booked) -> tuple[str, str]:
    return booked.slot.resource, booked.slot.start.isoformat()


def _free(story: Story) -> list[Any]:
    free: tuple[Shown, ...] = story.world.free("vaccination")
    return [slot.place for slot in free]
