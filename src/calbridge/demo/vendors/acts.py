"""What the stories share: booking as a client does, reading the sides back, and the times that should be offered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from calbridge.demo import staff
from calbridge.demo.days import at, day_span
from calbridge.demo.people import Animal, Person, booker
from calbridge.demo.shown import Refused, Shown
from calbridge.demo.steps.story import Booked, Check, Step, Story, Unmet, expect, first_of
from calbridge.demo.world import Picture, World

SIDES = ("calendar", "portal", "pms")
GRID = timedelta(minutes=15)
Span = tuple[datetime, datetime]
Act = tuple[str, Callable[[Story], Check]]


def numbered(*acts: Act, patience: float = 60.0) -> tuple[Step, ...]:
    """The story in order; the first step waits until everything has been read and offered for the first time."""
    return tuple(
        Step(number=number, title=title, act=act, patience=patience + (30 if number == 1 else 0))
        for number, (title, act) in enumerate(acts, start=1)
    )


# --- acting ---------------------------------------------------------------------------------------


def dog_of(person: Person) -> Animal:
    """Her dog."""
    return next(animal for animal in person.animals if animal.species == "dog")


def book(story: Story, name: str, slot: Shown, person: Person, animal: Animal, *, agrees: bool = False) -> Booked:
    """Select a slot and send the form; the story keeps the booking under `name`."""
    portal = story.world.portal
    made = portal.book(portal.select(slot, f"client-{name}"), f"client-{name}", person, animal, agrees=agrees)
    booked = story.bookings[name] = Booked(id=made["booking"]["id"], token=made["manage_token"], slot=slot)
    return booked


def booked_by(story: Story, name: str, service: str, vet: str, *, last: bool = False) -> Booked:
    """The person whom exactly one record fits books for her dog."""
    person = booker()
    return book(story, name, story.pick(service, vet, last=last), person, dog_of(person))


def moved_to(story: Story, name: str, start: datetime) -> Booked:
    """The story's booking at another time."""
    old = story.bookings[name]
    slot = replace(old.slot, start=start, end=start + (old.slot.end - old.slot.start))
    booked = story.bookings[name] = replace(old, slot=slot)
    return booked


def put_off(story: Story, name: str, start: datetime) -> Booked:
    """The practice gives it another time, as usual, in its PMS."""
    ref = at_side(story, "pms", story.bookings[name]).ref
    booked = moved_to(story, name, start)
    story.world.pms.change(ref, start=booked.slot.start.isoformat(), end=booked.slot.end.isoformat())
    return booked


def refusal(act: Callable[[], object], otherwise: str) -> Refused:
    """What somebody is told when it must be refused; Unmet when it is not."""
    try:
        act()
    except Refused as refused:
        return refused
    raise Unmet(otherwise)


def at_side(story: Story, side: str, booked: Booked) -> Shown:
    """How a side shows a booking now; Unmet when it does not."""
    found = story.world.picture().find(side, booked.slot.place)
    if found is None:
        raise Unmet(f"The {side} does not show the booking.")
    return found


def waiting(world: World, booked: Booked) -> dict[str, Any]:
    """The line of `requests list` for a booking, {} when nobody has to decide anything about it."""
    lines: list[dict[str, Any]] = world.bridge.ask("requests", "list", "--names")["requests"]
    place = booked.slot.resource, booked.slot.start
    return next((each for each in lines if (each["resource"], datetime.fromisoformat(each["start"])) == place), {})


def key_of(story: Story, booked: Booked) -> str:
    """The bridge's id of a booking, as the PMS bears it in the reference of its appointment."""
    ref = str(record(story, story.world.picture(), booked).get("client_ref") or "")
    if not ref:
        raise Unmet("The PMS does not say whose appointment it is.")
    return ref.removeprefix("calbridge:").partition("~")[0]


def order(story: Story, booked: Booked, verb: str, *words: str) -> None:
    """`calbridge requests <verb>` for a booking."""
    story.world.bridge.ask("requests", verb, key_of(story, booked), *words)


def decided(world: World, booked: Booked) -> str:
    """ "" when nobody has to decide anything about it. It starts a command: ask it when all else is as it should be."""
    return expect(not waiting(world, booked), "It still waits for the clinic's word.")


def undecided(world: World, booked: Booked, **wanted: str) -> str:
    """ "" when it waits, and the list says this of it."""
    line = waiting(world, booked)
    shown = {name: line.get(name, "nothing") for name in wanted}
    return expect(shown == wanted, f"The list of what waits says {shown}, not {wanted}.")


# --- reading back ---------------------------------------------------------------------------------


def states(picture: Picture, booked: Booked) -> tuple[str, str, str]:
    """The three sides' own words for a booking, "nothing" where one does not show it."""
    calendar, portal, pms = (picture.find(side, booked.slot.place) for side in SIDES)
    return tuple(entry.state.lower() if entry else "nothing" for entry in (calendar, portal, pms))  # type: ignore[return-value]  # three sides


def requested(picture: Picture, booked: Booked) -> str:
    """ "" when all sides show it as a request."""
    seen = states(picture, booked)
    return expect(seen == ("tentative", "requested", "tentative"), f"Not a request on all sides: {', '.join(seen)}.")


def confirmed(story: Story, picture: Picture, booked: Booked) -> str:
    """ "" when all sides have it as an appointment, and the portal was told that the PMS has it."""
    seen = states(picture, booked)
    synced = story.world.portal.booking(booked.id)["sync"]["state"]
    return first_of(
        expect(set(seen) == {"confirmed"}, f"Not confirmed on all sides: {', '.join(seen)}."),
        expect(synced == "written", f"The portal was told {synced}, not written."),
        picture.disagreement(),
    )


def gone(story: Story, picture: Picture, booked: Booked, status: str) -> str:
    """ "" when it has left all sides, its time is offered again, and the client's page says why."""
    seen = states(picture, booked)
    own = story.world.portal.own(booked.token)["status"]
    offered = [slot.place for slot in story.world.free(booked.slot.text)]
    return first_of(
        expect(set(seen) == {"nothing"}, f"A side still shows it: {', '.join(seen)}."),
        expect(own == status, f"The client's page says {own}, not {status}."),
        expect(booked.slot.place in offered, "Its time is not offered again."),
        picture.disagreement(),
    )


def told(story: Story, booked: Booked, *kinds: str) -> str:
    """ "" when the client was sent exactly these messages by the portal, each once."""
    sent = story.world.portal.messages(booked.id)
    return expect(sent == list(kinds), f"The client was told {', '.join(sent) or 'nothing'}, not {', '.join(kinds)}.")


def linked(story: Story, picture: Picture, booked: Booked, client: str | None, patient: str | None) -> str:
    """ "" when the PMS links the appointment to exactly these records."""
    item = record(story, picture, booked)
    have = item.get("client_id"), item.get("patient_id")
    return expect(item and have == (client, patient), f"The PMS links it to {have}, not to {(client, patient)}.")


def record(story: Story, picture: Picture, booked: Booked) -> dict[str, Any]:
    """The PMS's own record of a booking, {} while it has none."""
    visit = picture.find("pms", booked.slot.place)
    items = story.world.pms.items((booked.slot.start, booked.slot.end)) if visit else []
    return next((item for item in items if visit and item["id"] == visit.ref), {})


# --- what should be offered -----------------------------------------------------------------------


def grid(day: date, windows: Iterable[str], minutes: int, taken: Iterable[Span]) -> Iterator[datetime]:
    """Every quarter of an hour at which the visit fits into one window and touches nothing that is taken."""
    spans = tuple(taken)
    for window in windows:
        start, closes = (at(day, clock) for clock in window.split("-"))
        while start + timedelta(minutes=minutes) <= closes:
            end = start + timedelta(minutes=minutes)
            if not any(first < end and start < last for first, last in spans):
                yield start
            start += GRID


def starts(story: Story, service: str, first: date, last: date) -> set[datetime]:
    """What is offered of a service from one day to before another, at most a month later."""
    return {slot.start for slot in story.world.free_in(service, (at(first, "00:00"), at(last, "00:00")))}


def offered_exactly(story: Story, service: str, vet: str, day: date, windows: Iterable[str]) -> str:
    """ "" when the portal offers a service without buffers at just the times that windows and staff's entries leave."""
    world = story.world
    minutes = next(offer.minutes for offer in world.practice.services if offer.key == service)
    taken = staff.blocked(world.today, vet) if world.practice.notes else ()
    wanted = set(grid(day, windows, minutes, taken))
    seen = {slot.start for slot in world.free_in(service, day_span(day)) if slot.resource == vet}
    return expect(
        seen == wanted,
        f"{service} with {vet} on {day}: {len(seen - wanted)} times too many, {len(wanted - seen)} missing.",
    )
