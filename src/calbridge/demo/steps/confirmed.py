"""Steps 3 and 4: a booking reaches calendar and PMS; it is linked where one record fits, never guessed (S0, R28)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from calbridge.demo.days import day_span
from calbridge.demo.people import Animal, Person, booker, couple
from calbridge.demo.shown import Shown
from calbridge.demo.steps.story import Booked, Check, Story, expect, first_of
from calbridge.demo.world import Picture, World


def confirmed(story: Story) -> Check:
    """The first client fills in the form."""
    slot = story.slot or story.pick("checkup", "alma")
    person = booker()
    animal = next(animal for animal in person.animals if animal.species == "dog")
    booked = story.bookings["a"] = _book(story.world, "client-a", story.hold, slot, person, animal)

    def check(picture: Picture) -> str:
        item = item_at(story.world, picture, booked)
        return first_of(
            _stands(story.world, picture, booked),
            expect(item.get("client_id") == person.id, "The PMS does not link the appointment to the client."),
            expect(item.get("patient_id") == animal.id, "The PMS does not link the appointment to the patient."),
        )

    return check


def ambiguous(story: Story) -> Check:
    """A client writes with the address that two records share."""
    shared, animal = couple()[0], Animal(id="", name="Balu", species="cat")
    person = replace(shared, first_name="Familie", phone="")
    slot = story.pick("vaccination", "jonas")
    hold = story.world.portal.select(slot, "client-c")
    booked = story.bookings["c"] = _book(story.world, "client-c", hold, slot, person, animal)

    def check(picture: Picture) -> str:
        item = item_at(story.world, picture, booked)
        private = f"{item.get('note', '')}\n{item.get('booking_info', '')}"
        shown = first_of(
            _stands(story.world, picture, booked),
            expect(item.get("client_id") is None, "The PMS links the appointment to a client nobody can be sure of."),
            expect(person.email in private, "The private note lacks what the client gave."),
        )
        return shown or expect(_open_task(story.world, item), "No task asks somebody to link the booking.")

    return check


def item_at(world: World, picture: Picture, booked: Booked) -> dict[str, Any]:
    """The PMS's own record of a booking, {} while it has none."""
    visit = picture.find("pms", booked.slot.place)
    items = world.pms.items(day_span(world.day)) if visit else []
    return next((item for item in items if visit and item["id"] == visit.ref), {})


def _book(world: World, who: str, hold: str, slot: Shown, person: Person, animal: Animal) -> Booked:
    made = world.portal.book(hold, who, person, animal)
    return Booked(id=made["booking"]["id"], token=made["manage_token"], slot=slot)


def _stands(world: World, picture: Picture, booked: Booked) -> str:
    """Confirmed on all three sides, at the booked time."""
    sides = {side: picture.find(side, booked.slot.place) for side in ("calendar", "portal", "pms")}
    states = [entry.state.lower() if entry else "nothing" for entry in sides.values()]
    told = world.portal.booking(booked.id)["sync"]
    return first_of(
        expect(states == ["confirmed"] * 3, f"Calendar, portal and PMS show {', '.join(states)}."),
        expect(told["state"] == "written", f"The portal was told {told['state']}, not written."),
        expect(world.portal.messages(booked.id) == ["confirmed"], "The client was not told once that it is confirmed."),
        picture.disagreement(),
    )


def _open_task(world: World, item: dict[str, Any]) -> bool:
    tasks = world.bridge.ask("tasks", "list")
    ours = [task for task in tasks["tasks"] if task["appointment"] and task["state"] == "open"]
    return any(task["appointment"] in str(item.get("client_ref")) for task in ours)
