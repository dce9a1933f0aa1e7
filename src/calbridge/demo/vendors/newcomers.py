"""People whom the practice does not have yet, the notice they agree to, and the record that is made of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from calbridge.demo.days import BERLIN
from calbridge.demo.people import Animal, Person
from calbridge.demo.steps.story import Booked, Story, expect, first_of
from calbridge.demo.vendors import acts
from calbridge.demo.world import Picture

NOTICE: Final = "Wir speichern Ihre Angaben, um Ihr Tier zu behandeln, und geben sie an niemanden weiter."
AGREED: Final = timedelta(minutes=5)
"""How long ago she may have agreed, at most: the demo is quicker."""


def newcomer(last_name: str) -> Person:
    """Somebody with a full address, a telephone and a dog."""
    number = sum(map(ord, last_name)) % 1_000
    return Person(
        id="",
        first_name="Rieke",
        last_name=last_name,
        email=f"rieke.{last_name.lower()}@example.org",
        phone=f"+493023126{number:03}",
        address="Möwenweg 7, 13599 Berlin",
        animals=(Animal(id="", name="Wolke", species="dog"),),
    )


def recorded(story: Story, picture: Picture, booked: Booked, person: Person) -> str:
    """ "" when the PMS has a record of her own with her animal and what she agreed to, and links the booking to it."""
    client = str(acts.record(story, picture, booked).get("client_id") or "")
    if not client:
        return "The PMS links the booking to nobody."
    animals = story.world.pms.animals(client)
    return first_of(
        _complete(story, client, person),
        acts.linked(story, picture, booked, client, animals[0]["id"] if animals else None),
    )


def on_record(story: Story, person: Person) -> str:
    """ "" when exactly one record is hers, with her animal and what she agreed to, and no booking."""
    found = story.world.pms.clients(person.last_name)
    if len(found) != 1:
        return f"The PMS has {len(found)} records of her."
    return _complete(story, str(found[0]["id"]), person)


def _complete(story: Story, client: str, person: Person) -> str:
    pms = story.world.pms
    made = pms.record(client)
    wanted = {name: getattr(person, name) for name in ("first_name", "last_name", "email", "phone", "address")}
    animals = pms.animals(client)
    return first_of(
        expect({name: made[name] for name in wanted} == wanted, "The new record says something else of her."),
        expect([each["name"] for each in animals] == [person.animals[0].name], "Her animal is not in the record."),
        _filed(story, client),
    )


def _filed(story: Story, client: str) -> str:
    """Exactly one document: the notice, word for word, with the date of today."""
    documents = story.world.pms.filed(client)
    return first_of(
        expect(
            [(each["kind"], each["text"]) for each in documents] == [("consent", NOTICE)], "Her consent is not filed."
        ),
        expect(
            all(abs(datetime.now(BERLIN) - datetime.fromisoformat(each["dated"])) < AGREED for each in documents),
            "Her consent bears another date.",
        ),
    )
