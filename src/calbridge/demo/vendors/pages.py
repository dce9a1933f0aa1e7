"""Booking as a client does it in her browser: reason, day and time, summary, details, done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from calbridge.demo.browser import Browser, Form, Page
from calbridge.demo.days import BERLIN, at
from calbridge.demo.people import Animal, Person
from calbridge.demo.shown import Shown
from calbridge.demo.steps.story import Booked, Story, Unmet, expect, first_of

WEEK: Final = timedelta(days=7)
NOTE: Final = "Kommt zum ersten Mal."


def booked(story: Story, name: str, slot: Shown, person: Person, animal: Animal, *, language: str) -> Booked:
    """Walk through the booking pages; Unmet at the first that does not show what it should."""
    portal = story.world.portal
    browser = Browser(client=portal.client, language=language)
    reasons = browser.open(f"/book/{portal.site}")
    _must(_lists_reasons(story, reasons, slot, language))
    week = (story.world.day - story.world.today) // WEEK
    before = _free_days(story, slot, week)
    times = browser.open(f"{reasons.links[_service(story, slot)]}&week={week}")
    _must(_marks_days(times, before, _free_days(story, slot, week)))
    summary = browser.press(times, time_button(times, slot))
    _must(_sums_up(story, summary, slot))
    done = browser.press(summary, _details(summary), **_given(person, animal))
    token = done.url.rsplit("/", 1)[1]
    made = story.bookings[name] = Booked(id=portal.own(token)["id"], token=token, slot=slot)
    return made


def time_button(page: Page, slot: Shown) -> Form:
    """The button with a time on it."""
    for form in page.forms:
        place = form.values.get("calendar"), datetime.fromisoformat(form.values["start"])
        if place == (slot.resource, slot.start):
            return form
    raise Unmet("The page has no button for a time that is free.")


def _must(complaint: str) -> None:
    if complaint:
        raise Unmet(complaint)


def _service(story: Story, slot: Shown) -> str:
    return next(offer.name for offer in story.world.practice.services if offer.key == slot.text)


def _lists_reasons(story: Story, page: Page, slot: Shown, language: str) -> str:
    offers = [offer for offer in story.world.practice.services if offer.online]
    return first_of(
        expect(page.language == language, "The page is not in her language."),
        expect({offer.group for offer in offers} <= set(page.headings), "The reasons are not in their groups."),
        expect({offer.name for offer in offers} <= set(page.links), "A reason is missing."),
        expect(all(offer.instructions in page.text for offer in offers), "A reason's instructions are missing."),
        expect(_service(story, slot) in page.links, "The reason she wants is missing."),
    )


def _free_days(story: Story, slot: Shown, week: int) -> int:
    """On how many days of a week, from today on, anything is free."""
    first = story.world.today + week * WEEK
    free = story.world.free_in(slot.text, (at(first, "00:00"), at(first + WEEK, "00:00")))
    return len({each.start.astimezone(BERLIN).date() for each in free})


def _marks_days(page: Page, *free: int) -> str:
    """A heading for each day on which anything is free; what was free just before and just after may differ."""
    shown = len(page.headings) - 2  # what the page is for, and the reason
    return expect(min(free) <= shown <= max(free), f"{shown} days are shown, {free} have free times.")


def _sums_up(story: Story, page: Page, slot: Shown) -> str:
    local = slot.start.astimezone(BERLIN)
    form = _details(page)
    return first_of(
        expect(_service(story, slot) in page.text, "The summary does not say what is booked."),
        expect(f"{local.hour}" in page.text and f"{local:%M}" in page.text, "The summary does not say when."),
        expect({"first_name", "last_name"} <= form.required, "What must be filled in is not marked."),
        expect({"patient_name", "species", "note"} <= set(form.names), "The page does not ask about the animal."),
        expect("other_patient_0" not in form.names, "The page has room for another animal."),
    )


def _details(page: Page) -> Form:
    return next(form for form in page.forms if "first_name" in form.names)


def _given(person: Person, animal: Animal) -> dict[str, str]:
    names = ("first_name", "last_name", "email", "phone", "address")
    return {each: getattr(person, each) for each in names} | {
        "patient_name": animal.name,
        "species": animal.species,
        "note": NOTE,
    }
