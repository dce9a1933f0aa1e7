"""S4, SmartVO with Praxx.me: online times of one therapist, and moves of known clients in all the opening hours.

The online times are drawn in the practice's own system, beside the working time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from calbridge.demo.clinic import OPENING, VETS, WORKDAYS, Plan, Practice
from calbridge.demo.days import at, booked_day, day_span, weekday
from calbridge.demo.people import booker
from calbridge.demo.shown import Shown
from calbridge.demo.steps.story import Check, Story, expect, first_of
from calbridge.demo.vendors import acts
from calbridge.demo.vendors.newcomers import newcomer
from calbridge.demo.world import Picture

WHOLE: Final = "08:00-18:00"
SMALL: Final = ("08:30-09:30", "11:00-11:30")
TOO_SHORT: Final = "12:00-12:15"
SHORT: Final = {"vaccination", "claws"}
"""What takes a quarter of an hour."""
EVEN: Final = "09:00-10:00"
ODD: Final = "10:00-11:00"
BEYOND: Final = "11:30-15:00"
"""Over noon, when nobody works."""
GAP: Final = timedelta(hours=1)


def practice(today: date) -> Practice:
    """Alma has small online times, until the booked week is over; Jonas has other ones in odd than in even weeks."""
    day = booked_day(today)
    alma, jonas = VETS
    until = (day + timedelta(days=6)).isoformat()
    return Practice(
        vets=(
            replace(alma, plans=(Plan(days=WORKDAYS, windows=(*SMALL, TOO_SHORT), last=until),)),
            replace(
                jonas,
                plans=(
                    Plan(days=WORKDAYS, windows=(EVEN,), weeks="even"),
                    Plan(days=WORKDAYS, windows=(ODD,), weeks="odd"),
                ),
            ),
        ),
        keys={"preset": '"smartvo-praxxme"'},
        notes=False,
        plans_in_pms=True,
    )


def proposed(story: Story) -> Check:
    """Nobody acts: the proposals are the online times."""
    world = story.world
    week = timedelta(days=7)

    def check(picture: Picture) -> str:
        days = (world.day, world.day + week)
        return first_of(
            acts.offered_exactly(story, "vaccination", "alma", world.day, (*SMALL, TOO_SHORT)),
            acts.offered_exactly(story, "vaccination", "alma", world.day + week, ()),
            *(acts.offered_exactly(story, "vaccination", "jonas", day, (_of_week(day),)) for day in days),
            expect(_of_week(days[0]) != _of_week(days[1]), "Odd and even weeks are the same."),
            expect(_at(story, "alma", "12:00") == SHORT, "The short online time is offered for what does not fit."),
            picture.disagreement(),
        )

    return check


def _of_week(day: date) -> str:
    return ODD if day.isocalendar().week % 2 else EVEN


def _at(story: Story, vet: str, clock: str) -> set[str]:
    """The services that are offered with somebody at a time of the booked day."""
    world = story.world
    place = vet, at(world.day, clock)
    slots = [slot for offer in world.practice.services for slot in world.free(offer.key)]
    return {slot.text for slot in slots if (slot.resource, slot.start) == place}


def drawn(story: Story) -> Check:
    """A whole day is opened for Jonas; Alma's small times are put together, moved, and drawn beyond her working time.

    The bridge does not run: somebody asks for the synchronisation by hand.
    """
    world = story.world
    world.bridge.stop()
    world.pms.plan("jonas", Plan(days=WORKDAYS, windows=(WHOLE,)))
    world.pms.plan("alma", Plan(days=WORKDAYS, windows=(BEYOND,)))
    world.bridge.ask("sync")
    whole = acts.offered_exactly(story, "vaccination", "jonas", world.day, _at_work(world.day, WHOLE))
    cut = acts.offered_exactly(story, "vaccination", "alma", world.day, _at_work(world.day, BEYOND))
    world.bridge.start()

    def check(picture: Picture) -> str:
        return first_of(whole, cut, picture.disagreement())

    return check


def _at_work(day: date, window: str) -> Iterator[str]:
    """What of a window lies in the working time, which is the opening hours."""
    first, last = window.split("-")
    for hours in OPENING[weekday(day)]:
        opens, closes = hours.split("-")
        if max(first, opens) < min(last, closes):
            yield f"{max(first, opens)}-{min(last, closes)}"


def put_back(story: Story) -> Check:
    """The plans are drawn as they were; the bridge sees it by itself."""
    world = story.world
    for vet in world.practice.vets:
        world.pms.plan(vet.key, *vet.plans)

    def check(picture: Picture) -> str:
        return first_of(
            acts.offered_exactly(story, "vaccination", "alma", world.day, (*SMALL, TOO_SHORT)),
            acts.offered_exactly(story, "vaccination", "jonas", world.day, (_of_week(world.day),)),
            picture.disagreement(),
        )

    return check


def sick(story: Story) -> Check:
    """The practice enters in its PMS that Jonas is sick on the booked day."""
    world = story.world
    first, last = day_span(world.day)
    times = {"start": first.isoformat(), "end": last.isoformat()}
    world.pms.enter("/v1/absences", {"resource": "jonas", "reason": "Krank"} | times)

    def check(picture: Picture) -> str:
        next_week = world.day + timedelta(days=7)
        return first_of(
            acts.offered_exactly(story, "vaccination", "jonas", world.day, ()),
            acts.offered_exactly(story, "vaccination", "jonas", next_week, (_of_week(next_week),)),
            acts.offered_exactly(story, "vaccination", "alma", world.day, (*SMALL, TOO_SHORT)),
            picture.disagreement(),
        )

    return check


def requested(story: Story) -> Check:
    """A known client asks for one of the proposals."""
    booked = acts.booked_by(story, "a", "checkup", "alma")

    def check(picture: Picture) -> str:
        return first_of(
            acts.requested(picture, booked),
            acts.linked(story, picture, booked, booker().id, acts.dog_of(booker()).id),
            acts.told(story, booked, "request_received"),
        )

    return check


def accepted(story: Story) -> Check:
    """The practice accepts it."""
    booked = story.bookings["a"]
    acts.order(story, booked, "accept")

    def check(picture: Picture) -> str:
        return first_of(
            acts.confirmed(story, picture, booked),
            acts.told(story, booked, "request_received", "confirmed"),
        )

    return check


def wide(story: Story) -> Check:
    """She opens her booking's page to move it, and finds every free time of the opening hours."""
    world, booked = story.world, story.bookings["a"]

    def check(picture: Picture) -> str:
        wanted = set(_opening(story, booked.slot))
        seen = set(world.portal.targets(booked.token, day_span(world.day)))
        offered = {slot.start for slot in world.free(booked.slot.text) if slot.resource == booked.slot.resource}
        return first_of(
            expect(
                seen == wanted, f"She may move to {len(seen - wanted)} times too many, {len(wanted - seen)} missing."
            ),
            expect(seen > offered, "She has no more to choose from than anybody who books."),
            picture.disagreement(),
        )

    return check


def _opening(story: Story, slot: Shown) -> Iterator[datetime]:
    """The free starts of the day, with what comes after a visit, of a day on which she alone has an appointment."""
    offer = next(each for each in story.world.practice.services if each.key == slot.text)
    after = timedelta(minutes=offer.after)
    taken = ((slot.start - after, slot.end + after),)
    return acts.grid(story.world.day, OPENING[weekday(story.world.day)], offer.minutes, taken)


def moved(story: Story) -> Check:
    """She takes the last time of the day, at which nobody could book online."""
    world, old = story.world, story.bookings["a"]
    target = max(world.portal.targets(old.token, day_span(world.day)))
    online = {slot.start for slot in world.free(old.slot.text)}
    world.portal.move(old.token, target)
    booked = acts.moved_to(story, "a", target)

    def check(picture: Picture) -> str:
        return first_of(
            expect(target not in online, "The last time of the day can be booked by anybody."),
            acts.confirmed(story, picture, booked),
            expect(set(acts.states(picture, old)) == {"nothing"}, "A side still shows the old time."),
            acts.told(story, booked, "request_received", "confirmed", "moved"),
        )

    return check


def online_only(story: Story) -> Check:
    """Somebody whom the practice does not know has an appointment too, and wants to move it as far."""
    world, person = story.world, newcomer("Seestern")
    first = acts.book(story, "b", story.pick("checkup", "alma"), person, person.animals[0])
    story.settle(lambda picture: acts.requested(picture, first))
    acts.order(story, first, "accept")
    story.settle(lambda picture: acts.confirmed(story, picture, first))
    target = max(each for each in _opening(story, first.slot) if each < story.bookings["a"].slot.start - GAP)
    refused = acts.refusal(
        lambda: world.portal.move(first.token, target), "Somebody unknown moved outside the online times."
    )

    def check(picture: Picture) -> str:
        seen = set(world.portal.targets(first.token, day_span(world.day)))
        offered = {slot.start for slot in world.free("checkup") if slot.resource == "alma"}
        return first_of(
            expect(seen == offered, "She may move to other times than anybody may book."),
            expect("not offered" in str(refused), "She was refused for another reason."),
            acts.linked(story, picture, first, None, None),
            acts.confirmed(story, picture, first),
        )

    return check


STEPS = acts.numbered(
    (
        "Proposals are the online times: odd and even weeks, until a plan's last day, where the visit fits in",
        proposed,
    ),
    ("Online times are moved and drawn anew, a whole day is opened; no synchronisation but the one asked for", drawn),
    ("Drawn as they were, the proposals follow by themselves; outside of working time nothing is proposed", put_back),
    ("Somebody is sick: the times fall away, whatever the plan says", sick),
    ("A known client asks for a proposed time", requested),
    ("The practice accepts it", accepted),
    ("To move it she may choose any free time in the opening hours; the online times do not limit her", wide),
    ("She moves it to where nobody can book online: every side has it, and she is told", moved),
    ("Somebody whom the practice does not know moves within the online times only", online_only),
)
