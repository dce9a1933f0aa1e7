"""S3, Provet Cloud: services with instructions, strict matching, one animal, and no length or name shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from calbridge.demo.clinic import SERVICES, VETS, WORKDAYS, Plan, Practice
from calbridge.demo.days import BERLIN
from calbridge.demo.people import Animal, Person, booker, people
from calbridge.demo.steps.story import Check, Story, Unmet, expect, first_of
from calbridge.demo.vendors import acts, pages
from calbridge.demo.world import Picture

WINDOWS: Final = ("09:00-12:00", "14:00-15:00", "16:00-18:00")
NOT_ONLINE: Final = "ultrasound"
PARTS: Final = {"morning": (0, 12), "afternoon": (12, 17), "evening": (17, 24)}
OTHER_MAIL: Final = "neue.adresse@example.org"
TWIN: Final = Person(
    id="",
    first_name="Runa",
    last_name="Zwilling",
    email="runa@example.org",
    phone="+4930231259998",
    address="Ahornallee 1, 13599 Berlin",
    animals=(Animal(id="", name="Taps", species="dog"),),
)


def practice(today: date) -> Practice:
    """One vet has online shifts, the other has none."""
    del today
    alma, jonas = VETS
    services = tuple(replace(offer, online=offer.key != NOT_ONLINE) for offer in SERVICES)
    return Practice(
        vets=(replace(alma, plans=(Plan(days=WORKDAYS, windows=WINDOWS),)), replace(jonas, plans=())),
        services=services,
        keys={"preset": '"provet"'},
        rules={"show_duration": "false", "show_resource": "false"},
        notes=False,
    )


def listed(story: Story) -> Check:
    """A client opens the booking page."""
    world = story.world

    def check(picture: Picture) -> str:
        types = world.portal.types()
        dental = types.get("dental", {})
        return first_of(
            expect(
                set(types) == {"checkup", "vaccination", "dental", "exotics", "claws"},
                f"The page lists {sorted(types)}.",
            ),
            expect(dental.get("group") == "Behandlung", "The reason is not listed in its group."),
            expect("zwölf Stunden" in str(dental.get("instructions")), "The reason's instructions are not shown."),
            expect(sorted(dental.get("species", ())) == ["cat", "dog"], "The page does not say for which species."),
            expect(dental.get("duration_min", "") is None, "The page tells how long it takes."),
            expect(set(dental.get("calendars", {}).values()) == {None}, "The page tells who will be there."),
            picture.disagreement(),
        )

    return check


def offered(story: Story) -> Check:
    """She looks at a day, and at each part of it."""
    world = story.world
    asked = "slots", "--service", "vaccination", "--from", f"{world.day}", "--to", f"{world.day}"
    parts = {part: _starts(world.bridge.ask(*asked, "--part", part)) for part in PARTS}

    def check(picture: Picture) -> str:
        whole = {slot.start for slot in world.free("vaccination")}
        return first_of(
            acts.offered_exactly(story, "vaccination", "alma", world.day, WINDOWS),
            expect(not world.free_in("vaccination", _soon()), "Something is offered that begins within two hours."),
            *(
                expect(parts[part] == _between(whole, *hours), f"The {part} shows other times.")
                for part, hours in PARTS.items()
            ),
            picture.disagreement(),
        )

    return check


def _soon() -> tuple[datetime, datetime]:
    now = datetime.now(BERLIN)
    return now, now + timedelta(hours=2)


def _starts(answer: dict[str, Any]) -> set[datetime]:
    return {datetime.fromisoformat(slot["start"]) for slot in answer["slots"]}


def _between(starts: set[datetime], first: int, last: int) -> set[datetime]:
    return {start for start in starts if first <= start.astimezone(BERLIN).hour < last}


def wrong_species(story: Story) -> Check:
    """Somebody wants the dentist for a rabbit."""
    slot, person = story.pick("dental", "alma"), people()[4]
    rabbit = Animal(id="", name="Flocke", species="rabbit")
    portal = story.world.portal
    hold = portal.select(slot, "client-rabbit")
    acts.refusal(lambda: portal.book(hold, "client-rabbit", person, rabbit), "A rabbit was booked for cats and dogs.")
    portal.release(hold)

    def check(picture: Picture) -> str:
        return first_of(
            expect(not picture.portal, "What was refused is at the portal."),
            expect(not picture.pms, "What was refused is in the PMS."),
            picture.disagreement(),
        )

    return check


def strict(story: Story) -> Check:
    """She books from page to page. First name, last name and telephone are hers; the e-mail address is a new one."""
    person, world = booker(), story.world
    before = world.pms.record(person.id)
    animal = acts.dog_of(person)
    slot, who = story.pick("checkup", "alma"), replace(person, email=OTHER_MAIL, address="")
    booked = pages.booked(story, "a", slot, who, animal, language="fi")
    own = world.portal.own(booked.token)
    hidden = own["end"] is None and own["resource_name"] is None

    def check(picture: Picture) -> str:
        return first_of(
            acts.confirmed(story, picture, booked),
            acts.linked(story, picture, booked, person.id, animal.id),
            acts.told(story, booked, "confirmed"),
            expect(world.pms.record(person.id) == before, "The client's record was changed."),
            expect(hidden, "Her page tells how long it takes, or who is there."),
            expect(pages.NOTE in _written(story, picture, booked), "What she wrote is not in the appointment."),
        )

    return check


def _written(story: Story, picture: Picture, booked: Any) -> str:
    item = acts.record(story, picture, booked)
    return "\n".join(str(item.get(name, "")) for name in ("description", "note", "booking_info"))


def other_species(story: Story) -> Check:
    """The client matches, but her cat is no dog."""
    person = booker()
    animal = replace(acts.dog_of(person), species="cat")
    booked = acts.book(story, "species", story.pick("claws", "alma"), person, animal)

    def check(picture: Picture) -> str:
        return first_of(
            acts.confirmed(story, picture, booked),
            acts.linked(story, picture, booked, person.id, None),
        )

    return check


def last_name_only(story: Story) -> Check:
    """Phone and last name are those of a record, the first name is another."""
    person = replace(booker(), first_name="Somebody")
    booked = acts.book(story, "name", story.pick("claws", "alma", last=True), person, acts.dog_of(person))

    def check(picture: Picture) -> str:
        return first_of(
            acts.confirmed(story, picture, booked),
            acts.linked(story, picture, booked, None, None),
            expect(person.email in _written(story, picture, booked), "What she gave is not in the appointment's note."),
        )

    return check


def twins(story: Story) -> Check:
    """Two records of one name and telephone; the e-mail address would tell them apart, and must not."""
    names = {name: getattr(TWIN, name) for name in ("first_name", "last_name", "phone")}
    made = [story.world.pms.enter("/v1/clients", names | {"email": mail}) for mail in (TWIN.email, "")]
    booked = acts.book(story, "twin", story.pick("vaccination", "alma", last=True), TWIN, TWIN.animals[0])

    def check(picture: Picture) -> str:
        kept = [story.world.pms.record(each["id"]) for each in made]
        return first_of(
            acts.confirmed(story, picture, booked),
            acts.linked(story, picture, booked, None, None),
            expect(kept == made, "A twin's record was changed."),
        ) or acts.undecided(story.world, booked, match="ambiguous")

    return check


def one_animal(story: Story) -> Check:
    """A form with two animals is not taken."""
    slot, person = story.pick("checkup", "alma", last=True), people()[5]
    portal = story.world.portal
    hold = portal.select(slot, "client-two")
    customer = {"first_name": person.first_name, "last_name": person.last_name, "email": person.email}
    body = {"hold_id": hold, "client_ref": "client-two", "customer": customer}
    two = {"patient": {"name": "Eins", "species": "dog"}, "other_patients": [{"name": "Zwei", "species": "dog"}]}
    answer = portal.client.post(f"/public/sites/{portal.site}/bookings", json=body | two)
    if not answer.is_client_error or answer.json().get("rule") != "one_patient_per_booking":
        raise Unmet("The portal took a booking for two animals.")
    portal.release(hold)

    def check(picture: Picture) -> str:
        offered_again = slot.place in [each.place for each in story.world.free("checkup")]
        return first_of(
            expect(not picture.find("pms", slot.place), "The refused booking is in the PMS."),
            expect(offered_again, "Its time is not offered again."),
            picture.disagreement(),
        )

    return check


STEPS = acts.numbered(
    ("The page lists reasons in groups, with instructions and species, without length and name", listed),
    ("Times come from the online shifts; the parts of the day divide them", offered),
    ("An animal of another species is refused", wrong_species),
    (
        "Booked from page to page; names and telephone match, the e-mail does not: linked, the record stays as it is",
        strict,
    ),
    ("The client matches, the species does not: only the client is linked", other_species),
    ("A first name that differs: booked without a link, the details in its note", last_name_only),
    ("Two records with the same name and telephone: the match fails", twins),
    ("A form for two animals is refused", one_animal),
)
